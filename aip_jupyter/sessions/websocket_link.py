"""A link through the server, by its websocket: for kernels that cannot be reached in any other way."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ..domain.records import new_id
from ..domain.sessions import Session
from ..errors import AipError, Invalid, SessionDied, Unavailable
from ..wire.agent import Answer, Order, wait_of
from ..wire.channels import CLOSED, LIMIT, PIECE, Assembler, encode_pieces
from ..wire.errors import decode_error
from ..wire.route import PREFIX
from .link import LinkCapability, broken, closed
from .messages import Message, message_of, parts_of
from .zmq_link import ORDER_PATIENCE

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

OPEN_PATIENCE = 15.0
"""Seconds that the server has to open the channels."""
CLOSE_PATIENCE = 1.0


class WebsocketLink:
    """A `Link`. The server tells it of the session's end, and the end of the connection of its own."""

    capabilities: frozenset[LinkCapability] = frozenset()

    def __init__(self, session: Session, socket: ClientConnection) -> None:
        self.session = session
        self._socket = socket
        self._sender = new_id()
        self._arrived: asyncio.Queue[Message | None] = asyncio.Queue()
        self._incoming = Assembler()
        self._sending = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._orders: dict[int, asyncio.Future[Answer]] = {}
        self._error: AipError | None = None
        self._pump_task = asyncio.create_task(self._pump())

    @classmethod
    async def open(cls, session: Session, url: str, token: str) -> WebsocketLink:
        """Connect to the server at `url` with this token. Raises what it refuses with; Unavailable."""
        from websockets.exceptions import InvalidHandshake, InvalidStatus

        from .websocket_client import Connect, Connection

        path = f"{PREFIX}/projects/{session.project}/sessions/{session.id}/channels"
        try:
            socket = await Connect(
                "ws" + url.removeprefix("http").rstrip("/") + path,
                additional_headers={"Authorization": f"Bearer {token}"},
                proxy=None,  # a token for a local server must not travel through one
                compression=None,
                open_timeout=OPEN_PATIENCE,
                close_timeout=CLOSE_PATIENCE,
                ping_interval=None,  # the server pings; see Connection
                create_connection=Connection,
                max_size=PIECE,
            )
        except InvalidStatus as error:
            raise decode_error(error.response.status_code, bytes(error.response.body or b"")) from None
        except (OSError, asyncio.TimeoutError, InvalidHandshake) as error:
            text = f"the server at {url} does not open a websocket ({type(error).__name__}); is it running?"
            raise Unavailable(f"{text} See %aip") from None
        return cls(session, socket)

    async def send(self, message: Message) -> None:
        self._check()
        size = sum(memoryview(buffer).nbytes for buffer in message.buffers)
        if size > LIMIT - PIECE:
            text = f"in: the values have {size:,} bytes; through the server, {LIMIT - PIECE:,} can go at once"
            advice = "send fewer at a time, or set AIP_LINK to zmq where the session can be reached directly"
            raise Invalid(f"{text}: {advice}", field="in")
        await self._send(message.channel, parts_of(message, self._sender))

    async def receive(self) -> Message:
        message = await self._arrived.get()
        if message is None:
            self._arrived.put_nowait(None)  # and so it stays
            raise self._error or closed()
        return message

    async def order(self, order: Order) -> Answer:
        self._check()
        number = next(self._numbers)
        answer = self._orders[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send("agent", [msgspec.msgpack.encode(replace(order, id=number))])
            return await asyncio.wait_for(answer, ORDER_PATIENCE + wait_of(order))
        except asyncio.TimeoutError:
            text = f"session: the agent of {self.session.name!r} does not answer; look at `%gpu list`"
            raise Unavailable(text, field="session") from None
        finally:
            self._orders.pop(number, None)

    async def close(self) -> None:
        self._pump_task.cancel()
        self._end(closed())
        await self._socket.close()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    async def _send(self, channel: str, parts: list[Any]) -> None:
        from websockets.exceptions import ConnectionClosed

        # What ended it, if it has ended, is told to whoever waits for an answer.
        with contextlib.suppress(ConnectionClosed):
            async with self._sending:
                for piece in encode_pieces(channel, parts):
                    await self._socket.send(piece)

    async def _pump(self) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                whole = self._incoming.add(await self._socket.recv(decode=False))
                if whole is not None:
                    self._take(*whole)
        except ConnectionClosed as error:
            self._end(self._closed(error))
        except (ValueError, msgspec.MsgspecError) as error:
            self._end(self._failed(str(error)))

    def _take(self, channel: str, parts: list[memoryview]) -> None:
        if channel == "agent":
            answer = msgspec.msgpack.decode(parts[0], type=Answer)
            self.session = answer.session
            _settle(self._orders.get(answer.id), answer)
        elif channel == "error":
            error, order = decode_error(500, bytes(parts[0])), int(bytes(parts[1]))
            if order:
                _settle(self._orders.get(order), error)
            else:
                self._end(error)
        else:
            self._arrived.put_nowait(message_of(channel, parts))

    def _closed(self, error: ConnectionClosed) -> AipError:
        code = error.rcvd.code if error.rcvd else 0
        if code == CLOSED + 410:
            text = f"session: {self.session.name!r} has ended. Its variables are gone; run the cell again"
            return SessionDied(f"{text} to start a new session", field="session")
        return self._failed(f"the connection was closed: {code or 'without a word'}")

    def _failed(self, reason: str) -> AipError:
        return broken(self.session, reason)

    def _end(self, error: AipError) -> None:
        if self._error is None:
            self._error = error
            self._arrived.put_nowait(None)
            for waiting in self._orders.values():
                _settle(waiting, error)


def _settle(waiting: asyncio.Future[Answer] | None, outcome: Answer | AipError) -> None:
    if waiting is None or waiting.done():
        return
    if isinstance(outcome, AipError):
        waiting.set_exception(outcome)
    else:
        waiting.set_result(outcome)
