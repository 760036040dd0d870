"""The relay: runs cells over a link, and hands on what they print, draw and return to whoever shows it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ..client.context import Context
from ..errors import AipError
from ..wire.agent import Answer, Order
from .link import Link
from .messages import Message, request

SHOWN = frozenset(("stream", "display_data", "execute_result", "update_display_data", "clear_output"))
"""The types of messages that are handed on."""
REMEMBERED = 100
"""How many cells are remembered for what their threads print later."""

Show = Callable[[Message], object]
"""Shows a message; called in the link's thread, in the order in which the kernel has sent."""

_log = logging.getLogger(__name__)


class Cell(Struct, frozen=True):
    """What is to be run."""

    code: str
    count: int
    """The number that the notebook gives it."""
    context: Context


class _Status(Struct):
    execution_state: str = ""


class Relay:
    """One session as its user sees it. All of it belongs to the link's event loop."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.death: AipError | None = None
        """Why nothing comes any more."""
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._idles: dict[str, asyncio.Future[None]] = {}
        self._shows: OrderedDict[str, Show] = OrderedDict()
        self._free = asyncio.Event()
        if link.session.state == "idle":
            self._free.set()
        self._pump_task = asyncio.create_task(self._pump())

    @property
    def is_free(self) -> bool:
        """Whether it runs nothing just now, for us or for another notebook."""
        return self._free.is_set()

    async def until_free(self) -> None:
        """Wait until it runs nothing. SessionDied."""
        await self._free.wait()
        self._check()

    async def run(self, cell: Cell, show: Show) -> dict[str, Any]:
        """Run the cell to its end; the content of its reply. SessionDied when the session ends first."""
        content = {"code": cell.code, "silent": False, "store_history": True, "allow_stdin": False}
        # Only one cell runs at a time, so there is no queue that an error would have to empty.
        content["stop_on_error"] = False
        note = {"aip": {"context": cell.context, "count": cell.count}}
        message = request("shell", "execute_request", content, note)
        self._shows[message.header.msg_id] = show
        while len(self._shows) > REMEMBERED:
            self._shows.popitem(last=False)
        idle = self._idles[message.header.msg_id] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._ask(message)
            # What it has printed comes on another channel, and may come later than the reply.
            await idle
            self._check()
        finally:
            self._idles.pop(message.header.msg_id, None)
        return reply.read()

    async def ask(
        self, kind: str, content: Mapping[str, Any] | None = None, buffers: Sequence[Any] = ()
    ) -> Message:
        """Send a request of another kind; its reply. SessionDied."""
        return await self._ask(request("shell", kind, content, buffers=buffers))

    async def order(self, order: Order) -> Answer:
        """Have the agent do something. SessionDied, Unavailable."""
        self._check()
        return await self.link.order(order)

    async def close(self) -> None:
        """Let go of the session, which lives on."""
        self._pump_task.cancel()
        await self.link.close()

    async def _ask(self, message: Message) -> Message:
        self._check()
        reply = self._replies[message.header.msg_id] = asyncio.get_running_loop().create_future()
        try:
            await self.link.send(message)
            answer: Message = await reply
            return answer
        finally:
            self._replies.pop(message.header.msg_id, None)

    def _check(self) -> None:
        if self.death is not None:
            raise self.death

    async def _pump(self) -> None:
        """Hand on all that comes, also between cells."""
        try:
            while True:
                self._dispatch(await self.link.receive())
        except AipError as error:
            self.death = error
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(error)
            for idle in self._idles.values():
                _resolve(idle, None)
            self._free.set()
            await self.link.close()

    def _dispatch(self, message: Message) -> None:
        parent = message.parent.msg_id
        if message.channel == "shell":
            _resolve(self._replies.get(parent), message)
        elif message.type == "status" and message.parent.msg_type == "execute_request":
            self._note(parent, msgspec.json.decode(message.content, type=_Status).execution_state)
        elif message.type in SHOWN and parent in self._shows:
            try:
                self._shows[parent](message)
            except Exception:  # noqa: BLE001  # whatever a front end does with it, the next message must come through
                _log.exception("an output of a GPU session could not be shown")

    def _note(self, parent: str, state: str) -> None:
        if state == "busy":
            self._free.clear()
        elif state == "idle":
            self._free.set()
            _resolve(self._idles.get(parent), None)


def _resolve(future: asyncio.Future[Any] | None, result: Any) -> None:
    if future is not None and not future.done():
        future.set_result(result)
