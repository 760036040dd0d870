"""A session's channels over a websocket, for notebooks that cannot reach its kernel: see `wire.channels`.

Whoever asks is let in, or refused, like anywhere else, before the upgrade; and is looked at again now and
then, since a token may be revoked while the channels are open. What one side does not take waits at the
other, and not here.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..domain.sessions import GetSession, Grant
from ..errors import AipError, Denied, Invalid, NotFound, RateLimited, SessionDied, Unauthenticated
from ..sessions.link import Link
from ..sessions.messages import message_of, parts_of
from ..sessions.zmq_link import ZmqLink
from ..wire.agent import Order
from ..wire.channels import CLOSED, LIMIT, PIECE, Assembler, Part, encode_pieces
from ..wire.errors import encode_error
from .credentials import identify
from .handlers import ApiHandler
from .roles import admitted

if TYPE_CHECKING:
    from .app import AipApp

AGAIN = 2.0
"""Seconds after which a caller's credential and rights are looked at again."""
PING = 20.0
"""Seconds between pings. They also tell the other side that this one lives."""
GONE = 120.0
"""Seconds without a sign of life after which the other side is gone: a piece may take long on a slow way, and
pings and pongs wait behind it.
"""
MANY = 200
"""Channels that may be open at once; each takes some of the files that this process may open."""
EACH = 50
"""Those of one person."""
ORDERS = 4
"""Orders of one channel that may be under way; each may hold an answer of megabytes."""
_ENDS = (Unauthenticated, Denied, NotFound, SessionDied)
"""What ends channels when they are looked at again."""
_TO_KERNEL = ("shell", "control", "stdin")


class ChannelsHandler(ApiHandler, WebSocketHandler):
    """Passes messages on, both ways: the next one is taken when the one before has left."""

    @property
    def ping_interval(self) -> float:
        return 0.0  # `_watch` does it: tornado takes for gone whoever's pong it has only not read yet

    @property
    def max_message_size(self) -> int:
        return PIECE

    def initialize(self, app: AipApp) -> None:
        super().initialize(app)
        self._works: set[asyncio.Task[None]] = set()
        self._heard = 0.0

    async def answer(self, **path: str) -> None:
        """Open the channels, and serve them until they end."""
        self._request: GetSession = self.request_of(path)
        grant = await self._grant()
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise Invalid("this address is for websockets; see wire/channels.py for what goes through")
        with self._place():
            self._link: Link = await ZmqLink.open(grant, bounded=True)
            self._incoming = Assembler(LIMIT)
            self._room = 0
            self._sending = asyncio.Lock()
            self._orders = asyncio.Semaphore(ORDERS)
            try:
                await WebSocketHandler.get(self)  # returns when the websocket is closed
            finally:
                self.on_close()
                self._reserved(0)
                await self._link.close()

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """One of those that may be open at once. RateLimited."""
        users = self.app.channels
        if len(users) >= MANY or list(users.values()).count(self.caller.user) >= EACH:
            raise RateLimited(
                "too many channels of GPU sessions are open here; close notebooks that use some"
            )
        users[self] = self.caller.user
        try:
            yield
        finally:
            del users[self]

    def open(self, *path: str, **named: str) -> None:
        self.set_nodelay(True)
        self._begin(self._pump())
        self._begin(self._look_again())
        self._begin(self._watch())

    def on_close(self) -> None:
        for work in list(self._works):
            work.cancel()

    def on_pong(self, data: bytes) -> None:
        if not self._room:  # who has begun a large message has to go on with it
            self._hear()

    def _hear(self) -> None:
        self._heard = asyncio.get_running_loop().time()

    async def on_message(self, message: str | bytes) -> None:
        """Take a piece; tornado reads the next one, or a pong, when this returns."""
        self._heard = math.inf
        taking = self._begin(self._receive(message))  # which ends with the connection
        await asyncio.wait([taking])
        self._hear()
        if not taking.cancelled():
            taking.result()

    async def _receive(self, message: str | bytes) -> None:
        try:
            if isinstance(message, str):
                raise ValueError("a message is not binary")
            whole = self._incoming.add(message)
            if whole is not None:
                await self._take(*whole)
                self._reserved(0)
            elif not self._room:
                await self.app.room.take(self._incoming.size)
                self._reserved(self._incoming.size)
        except (ValueError, msgspec.MsgspecError) as error:
            await self._end(Invalid(f"channels: {error}; see wire/channels.py for their form"))
        except AipError as error:
            await self._end(error)

    def _reserved(self, size: int) -> None:
        """A message of so many bytes is being received; 0: none is."""
        self.app.room.give(self._room)
        self._room = size

    async def _take(self, channel: str, parts: list[memoryview]) -> None:
        if channel == "agent" and parts:
            order = msgspec.msgpack.decode(parts[0], type=Order)
            await self._orders.acquire()
            self._begin(self._order(order)).add_done_callback(lambda done: self._orders.release())
        elif channel in _TO_KERNEL:
            await self._link.send(message_of(channel, parts))
        else:
            raise ValueError("a message has no channel that leads to a kernel")

    async def _order(self, order: Order) -> None:
        try:
            answer = await self._link.order(order)
        except AipError as error:
            await self._tell(error, order.id)
        else:
            await self._send("agent", [msgspec.msgpack.encode(msgspec.structs.replace(answer, id=order.id))])

    async def _pump(self) -> None:
        """All that the session says."""
        try:
            while True:
                message = await self._link.receive()
                await self._send(message.channel, parts_of(message, ""))
        except AipError as error:
            await self._end(error)

    async def _watch(self) -> None:
        """End the channels when the other side is gone."""
        self._hear()
        loop = asyncio.get_running_loop()
        with contextlib.suppress(WebSocketClosedError):
            while loop.time() - self._heard < GONE:
                self.ping()
                await asyncio.sleep(PING)
            self.close(reason="nothing was heard")

    async def _look_again(self) -> None:
        """Whether whoever opened the channels may still use them."""
        while True:
            await asyncio.sleep(AGAIN)
            try:
                token = await identify(self, self.came)
                self.caller = await admitted(self, token, self.current_user, self.named_project(token))
                await self._grant()
            except (AipError, HTTPError) as error:
                told = self._domain_error(getattr(error, "status_code", 500), error)
                if isinstance(told, _ENDS):
                    await self._end(told)
                    return
                # Nobody can tell just now, which is no reason to cut off whoever works here.
                self.log.debug("aip: cannot look at the rights to a session's channels: %s", told.message)

    async def _grant(self) -> Grant:
        operation = self.services().sessions.open_channels
        grant: Grant = await self.pool().run(operation, self._request)
        return grant

    async def _end(self, error: AipError) -> None:
        await self._tell(error, 0)
        status, body = encode_error(error)
        self.close(CLOSED + status, body.error.code)

    async def _tell(self, error: AipError, order: int) -> None:
        await self._send("error", [msgspec.json.encode(encode_error(error)[1]), str(order).encode()])

    async def _send(self, channel: str, parts: list[Part]) -> None:
        with contextlib.suppress(WebSocketClosedError):
            async with self._sending:
                for piece in encode_pieces(channel, parts):
                    await self.write_message(piece, binary=True)
                    self._heard = max(self._heard, asyncio.get_running_loop().time())

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return task
