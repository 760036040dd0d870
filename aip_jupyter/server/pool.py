"""The one place where the server crosses from the event loop to threads.

Backends are synchronous. Each seam has its own few threads and a deadline, so that a backend that hangs
starves neither the other one nor the Jupyter server. The threads are daemons: a call that never returns must
not keep the server from ending, as it would in concurrent.futures' own executor.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from ..errors import RateLimited, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

QUEUE = 32
"""Calls per thread that may wait; one more is refused at once."""

_Call = tuple["Future[Any]", Callable[[], Any]]


class Pool:
    """Threads of one backend, started as they are needed."""

    def __init__(self, name: str, workers: int, deadline: float) -> None:
        self._name = name
        self._deadline = deadline
        self._workers = workers
        self._limit = workers * (1 + QUEUE)
        self._pending = 0
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. RateLimited when too many wait, Unavailable after the deadline.

        A call that has not begun by then is dropped; one that has goes on in its thread, since threads cannot
        be stopped.
        """
        return await self.run_within(self._deadline, call, *args, **kwargs)

    async def run_within(
        self, deadline: float, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same with another deadline, in seconds."""
        if self._pending >= self._limit:
            raise RateLimited(f"the {self._name} backend is busy; try again in a moment")
        self._pending += 1
        future = self._submit(lambda: call(*args, **kwargs))
        waiting = asyncio.wrap_future(future)
        waiting.add_done_callback(self._done)
        await asyncio.wait((waiting,), timeout=deadline)
        if waiting.done():
            return waiting.result()
        future.cancel()
        raise Unavailable(f"the {self._name} backend did not answer within {deadline:g} s; try again later")

    def always(self, call: Callable[[], Any]) -> None:
        """Do this as soon as a thread is free, however many wait: for what must not be left undone."""
        self._submit(call)

    def _submit(self, call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._calls.put((future, call))
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name=f"aip-{self._name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001  # the outermost guard: the caller gets it
                    future.set_exception(error)

    def _done(self, waiting: asyncio.Future[T]) -> None:
        self._pending -= 1
        if not waiting.cancelled():
            waiting.exception()  # of a call that nobody waits for any more

    def close(self) -> None:
        """Let the threads end when they have done what waits."""
        for _ in self._threads:
            self._calls.put(None)
