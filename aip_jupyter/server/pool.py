"""The one place where the server crosses from the event loop to threads.

Backends are synchronous. Each seam has its own few threads and a deadline, so that a backend that hangs
starves neither the other one nor the Jupyter server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from ..errors import RateLimited, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

QUEUE = 32
"""Calls per thread that may wait; one more is refused at once."""


class Pool:
    """Threads of one backend."""

    def __init__(self, name: str, workers: int, deadline: float) -> None:
        self._name = name
        self._deadline = deadline
        self._limit = workers * (1 + QUEUE)
        self._pending = 0
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix=f"aip-{name}")

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. RateLimited when too many wait, Unavailable after the deadline.

        A call past its deadline goes on in its thread, since threads cannot be stopped.
        """
        return await self.run_within(self._deadline, call, *args, **kwargs)

    async def run_within(
        self, deadline: float, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same with another deadline, in seconds."""
        if self._pending >= self._limit:
            raise RateLimited(f"the {self._name} backend is busy; try again in a moment")
        self._pending += 1
        future = self._executor.submit(call, *args, **kwargs)
        waiting = asyncio.wrap_future(future)
        waiting.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), deadline)
        except asyncio.TimeoutError as error:
            message = f"the {self._name} backend did not answer within {deadline:g} s; try again later"
            raise Unavailable(message) from error

    def _done(self, waiting: asyncio.Future[T]) -> None:
        self._pending -= 1
        if not waiting.cancelled():
            waiting.exception()  # of a call that nobody waits for any more

    def close(self) -> None:
        """Take no more calls; those waiting are dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)
