"""Following the cells of a session through its journal, message by message."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ..sessions.messages import Header, Message
from ..sessions.relay import COMMS, SHOWN, Relay
from ..wire.agent import CellMark, Order, Output
from .gpu_front import Front
from .gpu_twins import Twins

WAIT = 10.0
"""Seconds that one order waits for more."""
BATCH = 100
"""Messages after which others of this thread have their turn."""


class _Status(Struct):
    execution_state: str = ""


class _Comm(Struct):
    comm_id: str = ""


class Follower:
    """Shows the output of these cells, each message once, in the order in which the session has sent them.

    Of cells that have ended also what their threads have printed since, up to the number `newest`. All of it
    belongs to the links' event loop.
    """

    def __init__(self, relay: Relay, front: Front, marks: Sequence[CellMark], newest: int) -> None:
        self._relay = relay
        self._front = front
        self._marks = marks
        self._ahead = deque(marks)
        """Those whose first message has not come yet."""
        self._begun = set[str]()
        self._number = marks[0].first - 1
        """That of the last message that was read."""
        self._until = newest if marks[-1].last else 0
        """That of the last one to read; 0 while the last cell runs."""
        self._newest = newest
        self._twins = Twins()
        self._known = frozenset[str]()
        """Comms that the front end has: what the journal had of them at the beginning is old."""

    async def run(self) -> None:
        """To the end of the last cell. SessionDied, Unavailable."""
        relay, last = self._relay, self._marks[-1]
        self._front.join(relay)
        if relay.is_free:
            await self._front.bring(relay)
        self._known = self._front.known(relay)
        if last.last or relay.shows(last.id):
            await self._follow()
        else:
            relay.show(last.id, self._twins.live)
            try:
                await self._follow()
            finally:
                relay.hide(last.id)
            relay.show(last.id, self._twins.after(self._front.show))  # what its threads print from now on
            self._front.bring(relay)
        for mark in self._marks:
            await relay.order(Order(do="seen", cell=mark.id))

    async def _follow(self) -> None:
        while not self._until or self._number < self._until:
            answer = await self._relay.order(Order(do="output", after=self._number, wait=WAIT))
            if answer.messages:
                await self._read(answer.messages)
            else:
                await self._look()

    async def _look(self) -> None:
        """Nothing has come for long: perhaps its end is not in the journal, as when the disk was full."""
        for mark in (await self._relay.order(Order(do="cells"))).cells:
            if (mark.id, mark.first) == (self._marks[-1].id, self._marks[-1].first) and mark.last:
                self._until = self._number

    async def _read(self, messages: Sequence[bytes]) -> None:
        for index, packed in enumerate(messages):
            if self._until and self._number >= self._until:
                return
            self._take(msgspec.msgpack.decode(packed, type=Output))
            if index % BATCH == BATCH - 1:
                await asyncio.sleep(0)

    def _take(self, output: Output) -> None:
        is_lost, self._number = output.number > self._number + 1, output.number
        while self._ahead and self._ahead[0].first <= self._number:
            mark = self._ahead.popleft()
            self._begun.add(mark.id)
            self._front.count = mark.count
            self._front.notice(header(mark, self._relay.link.session.name), "cell")
        if is_lost:
            text = "What came before this is lost: the session keeps the last 64 MB of what it sends."
            self._front.notice(text, "lost")
        message = message_of(output)
        cell = message.parent.msg_id
        if cell == self._marks[-1].id and message.type in SHOWN:
            self._twins.read(message)
        if cell in self._begun and message.type in SHOWN and not self._is_old(message):
            self._front.show(message)
        elif cell == self._marks[-1].id and not self._ahead and _is_idle(message):
            self._until = self._until or self._number

    def _is_old(self, message: Message) -> bool:
        """Whether it tells of a widget what the front end knows, or what is true no longer."""
        if message.type not in COMMS or self._number > self._newest:
            return False
        return msgspec.json.decode(message.content, type=_Comm).comm_id in self._known


def _is_idle(message: Message) -> bool:
    if message.type != "status":
        return False
    return msgspec.json.decode(message.content, type=_Status).execution_state == "idle"


def message_of(output: Output) -> Message:
    """The message that the journal has kept."""
    header, parent, metadata, content, *buffers = output.frames
    return Message(
        channel="iopub",
        header=msgspec.json.decode(header, type=Header),
        parent=msgspec.json.decode(parent, type=Header),
        metadata=metadata,
        content=content,
        buffers=buffers,
        raw_header=header,
        raw_parent=parent,
    )


def header(mark: CellMark, session: str) -> str:
    """Which cell it is, for people: what stands above its output."""
    began = time.strftime("%H:%M:%S", time.localtime(mark.began / 1000))
    which = f"In [{mark.count}]" if mark.count else "A cell"
    if not mark.last:
        return f"{which} of GPU session {session!r}, begun at {began}, still runs:"
    end = "failed after" if mark.status == "error" else "took"
    return (
        f"{which} of GPU session {session!r}, begun at {began}, {end} {_duration(mark.ended - mark.began)}:"
    )


def _duration(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds / 1000, 60)
    return f"{minutes:.0f} min {seconds:.0f} s" if minutes else f"{seconds:.1f} s"
