"""What a kernel works on, as its agent sees it in the states that it publishes."""

from __future__ import annotations

import asyncio
from collections import deque

from msgspec import Struct

CELL = "execute_request"
_OURS = frozenset(
    (
        "kernel_info_request",
        "shutdown_request",
        "aip_peek_request",
        "aip_stack_request",
        "aip_interrupt_request",
        "aip_stored_request",
    )
)
"""The agent's own requests, and pokes: they are no work."""


REMEMBERED = 1000
"""How many requests are remembered as ended."""


class Request(Struct, frozen=True):
    """What a state is told of: the header of the request."""

    msg_id: str = ""
    msg_type: str = ""
    subshell_id: str | None = None

    @property
    def is_cell(self) -> bool:
        """Whether it is a cell; what a subshell runs beside it is none."""
        return self.msg_type == CELL and self.subshell_id is None


class Works:
    """The requests that the kernel's main thread works on: one, or none."""

    def __init__(self) -> None:
        self.current = ""
        """The id of the request; "" for none. Of a cell, of values that travel, of a widget's event."""
        self._ended: deque[str] = deque(maxlen=REMEMBERED)
        self._changed = asyncio.Event()

    def note(self, request: Request, state: str) -> None:
        """The kernel is `busy` with this request, or `idle` again."""
        if request.msg_type in _OURS or request.subshell_id is not None:
            return
        if state == "busy":
            self.current = request.msg_id
            return
        self._ended.append(request.msg_id)
        if request.msg_id == self.current:
            self.current = ""
            self._changed.set()

    def may_be(self, work: str) -> bool:
        """Whether the kernel may be at this: it says so, or says nothing and has not ended it. "" is any."""
        if self.current:
            return work in ("", self.current)
        return work not in self._ended

    async def over(self, work: str, seconds: float) -> bool:
        """Wait until this work has ended, at most so long; whether it has."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.current == work and (left := end - loop.time()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                break
        return self.current != work
