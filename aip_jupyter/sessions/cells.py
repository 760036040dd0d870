"""The cells of a session: where the output of each stands in the journal, and who waits for more of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..domain.records import now_ms
from ..domain.sessions import Session
from ..wire.agent import Answer, CellMark, Order, wait_of
from .journal import OutputJournal

REMEMBERED = 100
"""How many cells are told of."""


class _Input(Struct):
    execution_count: int = 0


class _Status(Struct):
    execution_state: str = ""


_decode_input = msgspec.json.Decoder(_Input).decode
_decode_status = msgspec.json.Decoder(_Status).decode


class Cells:
    """Reads along what goes into the journal, and answers `output`, `cells` and `seen`."""

    def __init__(self, journal: OutputJournal, session: Callable[[], Session]) -> None:
        self._journal = journal
        self._session = session
        self._marks: deque[CellMark] = deque(maxlen=REMEMBERED)
        self._waiting: set[asyncio.Future[None]] = set()
        self._answered = asyncio.Event()
        """Set when nobody waits any more."""
        self._seen = ""
        """The cell that runs, once somebody has said that it was seen to its end."""
        self._closed = False

    def keep(self, kind: str, cell: str, frames: list[bytes]) -> None:
        """Keep a message of this type that belongs to this cell."""
        time = now_ms()
        try:
            number = self._journal.append(time, frames)
        except OSError:  # no room: what is printed is seen all the same, but not again
            number = self._journal.newest
        if kind == "status":
            state = _decode_status(frames[3]).execution_state
            if state == "busy":
                self._marks.append(CellMark(id=cell, count=0, first=number, began=time))
            elif state == "idle":
                status = self._marks[-1].status if self._marks else "ok"
                status = "ok" if status == "busy" else status
                self._change(cell, last=number, ended=time, status=status, seen=cell == self._seen)
        elif kind == "execute_input":
            self._change(cell, count=_decode_input(frames[3]).execution_count)
        elif kind == "error":
            self._change(cell, status="error")
        self._wake()

    async def obey(self, order: Order) -> Answer:
        """The answer to one of these orders."""
        if order.do == "seen":
            self._see(order.cell)
        if order.do != "output":
            return Answer(session=self._session(), cells=list(self._marks), newest=self._journal.newest)
        if seconds := wait_of(order):
            await self._arrival(order.after, seconds)
        messages, newest = self._journal.read(order.after)
        return Answer(session=self._session(), messages=messages, oldest=self._journal.oldest, newest=newest)

    async def close(self) -> None:
        """Nothing comes any more: let all who wait have the last of it."""
        self._closed = True
        self._wake()
        if self._waiting:
            await self._answered.wait()

    async def _arrival(self, after: int, seconds: float) -> None:
        """Wait for a message behind this one."""
        if self._journal.newest > after or self._closed:
            return
        arrival = asyncio.get_running_loop().create_future()
        self._waiting.add(arrival)
        self._answered.clear()
        try:
            await asyncio.wait([arrival], timeout=seconds)
        finally:
            self._waiting.discard(arrival)
            if not self._waiting:
                self._answered.set()

    def _wake(self) -> None:
        for arrival in self._waiting:
            if not arrival.done():
                arrival.set_result(None)

    def _change(self, cell: str, **changes: object) -> None:
        """The mark of the cell that runs. Only one runs at a time."""
        if self._marks and self._marks[-1].id == cell and not self._marks[-1].last:
            self._marks[-1] = replace(self._marks[-1], **changes)

    def _see(self, cell: str) -> None:
        """Its output was got, to its end; which may not have come here yet."""
        if self._marks and not self._marks[-1].last and self._marks[-1].id == cell:
            self._seen = cell
        for index, mark in enumerate(self._marks):
            if mark.id == cell and mark.last:
                self._marks[index] = replace(mark, seen=True)
