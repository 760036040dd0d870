"""The relay: runs cells over a link, and hands on what they print, draw and return to whoever shows it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..client.context import Context
from ..errors import AipError
from ..wire.agent import Answer, Order
from .deliveries import Deliveries
from .handing import HANDED
from .link import Link
from .messages import Header, Message, request

COMMS = frozenset(("comm_open", "comm_msg", "comm_close"))
"""The messages of widgets, and of what else has a comm."""
SHOWN = COMMS | {
    "stream",
    "display_data",
    "execute_result",
    "update_display_data",
    "clear_output",
    "error",
    "input_request",
}
"""The types of messages that are handed on."""
LATE = 5.0
"""Seconds that a reply may come behind the `idle` of its request; the kernel sends it before."""
LOST = {"status": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": ["KeyboardInterrupt"]}
"""What stands for the reply of a cell that was interrupted before it began."""
REMEMBERED = 100
"""How many ended cells are remembered for what their threads print later, and messages to widgets."""

Show = Callable[[Message], object]
"""Shows a message; called in the link's thread, in the order in which the kernel has sent."""

_log = logging.getLogger(__name__)


class Cell(Struct, frozen=True):
    """What is to be run."""

    code: str
    count: int
    """The number that the notebook gives it."""
    context: Context
    id: str = ""
    """The id of the front end's own request, by which `Output` widgets know their cell and the session says
    what it runs. One that has run here before, or "", is replaced by a new one."""
    stdin: bool = False
    """Whether it may ask: `input_request` is shown like an output, and `Relay.answer` answers it."""


class _Status(Struct):
    execution_state: str = ""


class _Shows(dict[str, Show]):
    """Who shows what comes of a request, by its id: of all that have not ended, and of the last that have."""

    def __init__(self) -> None:
        super().__init__()
        self._ended: dict[str, None] = {}

    def ended(self, id: str) -> None:
        """Keep it only until so many others have ended too."""
        self._ended.pop(id, None)
        self._ended[id] = None
        if len(self._ended) > REMEMBERED:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self.pop(oldest, None)


class Relay:
    """One session as its user sees it. All of it belongs to the link's event loop."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.death: AipError | None = None
        """Why nothing comes any more."""
        self.ended: asyncio.Future[AipError] = asyncio.get_running_loop().create_future()
        """Done when nothing comes any more; `death` says why."""
        self.others: Show | None = None
        """Shows the comm messages that belong to no request of ours."""
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._idles: dict[str, asyncio.Future[None]] = {}
        self._cell = ""
        self._shows = _Shows()
        self._answers = _Shows()
        self._orders = set[asyncio.Task[Answer | None]]()
        self._deliveries = Deliveries(link)
        self._free = asyncio.Event()
        if link.session.state == "idle":
            self._free.set()
        self._pump_task = asyncio.create_task(self._pump())

    @property
    def is_free(self) -> bool:
        """Whether it runs nothing just now, for us or for another notebook."""
        return self._free.is_set()

    @property
    def asked(self) -> str:
        """The id of the request that the session works on, or will, for us: of our cell, or of the values
        that travel; "" for none."""
        return self._cell or next(reversed(self._replies), "")

    async def until_free(self) -> None:
        """Wait until it runs nothing. SessionDied."""
        await self._free.wait()
        self._check()

    def show(self, cell: str, show: Show) -> None:
        """Show what comes from the cell of this id from now on, to its end and behind it."""
        self._shows[cell] = show
        self._shows.ended(cell)  # it is not for us to say when

    def shows(self, cell: str) -> bool:
        """Whether what comes from the cell of this id is shown."""
        return cell in self._shows

    def hide(self, cell: str) -> None:
        """Show no more of it."""
        self._shows.pop(cell, None)

    async def run(self, cell: Cell, show: Show) -> dict[str, Any]:
        """Run the cell to its end; the content of its reply. SessionDied when the session ends first."""
        content = {"code": cell.code, "silent": False, "store_history": True, "allow_stdin": cell.stdin}
        # Only one cell runs at a time, so there is no queue that an error would have to empty.
        content["stop_on_error"] = False
        note = {"aip": {"context": cell.context, "count": cell.count}}
        message = request("shell", "execute_request", content, note)
        if cell.id and cell.id not in self._shows:
            message = replace(message, header=Header(cell.id, "execute_request"))
        id = self._cell = message.header.msg_id
        self._shows[id] = show
        self._deliveries.note(cell.context)
        try:
            with self._idle(id, self._shows) as idle:
                reply = await self._ended_with(message, idle)
                self._check()
        finally:
            self._cell = ""
        self._order_later(Order(do="seen", cell=id))
        return reply

    async def pass_on(self, message: Message, show: Show) -> None:
        """Pass a front end's comm message on, and show what comes of it. Returns when the session has dealt
        with it, or has ended."""
        id = message.header.msg_id
        self._answers[id] = show
        with self._idle(id, self._answers) as idle, contextlib.suppress(AipError):
            self._check()
            await self.link.send(message)
            await idle

    async def answer(self, text: str) -> None:
        """Answer the question that the running cell has asked."""
        await self.link.send(request("stdin", "input_reply", {"value": text}))

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

    async def _ended_with(self, message: Message, idle: asyncio.Future[None]) -> dict[str, Any]:
        """Send a cell; the content of its reply once all that it has printed is there, which comes on another
        channel. An interrupt just before its first line takes the reply away: then it ended with that.
        """
        asking = asyncio.ensure_future(self._ask(message))
        try:
            either: list[asyncio.Future[Any]] = [asking, idle]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                await asyncio.wait([asking], timeout=LATE)
                if not asking.done():
                    return dict(LOST)
            reply = asking.result()
            await idle
            return reply.read()
        finally:
            asking.cancel()

    @contextlib.contextmanager
    def _idle(self, id: str, shows: _Shows) -> Iterator[asyncio.Future[None]]:
        """The future of the `idle` of this request."""
        idle = self._idles[id] = asyncio.get_running_loop().create_future()
        try:
            yield idle
        finally:
            self._idles.pop(id, None)
            shows.ended(id)

    def _order_later(self, order: Order) -> None:
        """Order it, and do not wait."""
        task = asyncio.create_task(self._try(order))
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _try(self, order: Order) -> Answer | None:
        with contextlib.suppress(AipError):
            return await self.order(order)
        return None

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
            _resolve(self.ended, error)
            await self.link.close()

    def _dispatch(self, message: Message) -> None:
        parent = message.parent.msg_id
        if message.channel == "shell":
            _resolve(self._replies.get(parent), message)
        elif message.type == "status":
            self._note(message, msgspec.json.decode(message.content, type=_Status).execution_state)
        elif message.type == HANDED:
            self._deliveries.take(message)
        elif message.type in SHOWN:
            show = self._shows.get(parent) or self._answers.get(parent)
            if show is None and message.type in COMMS:
                show = self.others
            if show is not None:
                _show(show, message)

    def _note(self, message: Message, state: str) -> None:
        is_cell = message.parent.msg_type == "execute_request"
        if state == "busy" and is_cell:
            self._free.clear()
        elif state == "idle":
            if is_cell:
                self._free.set()
            _resolve(self._idles.get(message.parent.msg_id), None)


def _show(show: Show, message: Message) -> None:
    try:
        show(message)
    except Exception:  # noqa: BLE001  # whatever a front end does with it, the next message must come through
        _log.exception("an output of a GPU session could not be shown")


def _resolve(future: asyncio.Future[Any] | None, result: Any) -> None:
    if future is not None and not future.done():
        future.set_result(result)
