"""A link that speaks ZMQ to a kernel that can be reached: on this host, or in a network that allows it."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from typing import Any

import msgspec
import zmq
from msgspec import Struct
from msgspec.structs import replace

from ..backends.gpus.control import agent_socket
from ..backends.process import is_alive
from ..domain.records import new_id
from ..domain.sessions import Grant
from ..errors import AipError, SessionDied, Unavailable
from ..wire.agent import Answer, Order, wait_of
from .link import LinkCapability, broken, closed
from .messages import Message, Signer, request
from .shared import LARGE, Lender, Loan, borrow, can_share
from .sockets import Stream, kernel_socket

OPEN_PATIENCE = 10.0
"""Seconds within which kernel and agent must answer."""
ORDER_PATIENCE = 5.0
"""Seconds that the agent has to answer an order, besides those that it is to wait."""
ROOM = 16 * 2**20
"""Bytes of output that may wait to be received, where that is bounded."""
WAITING = 50
"""Messages that may wait to be taken in, there."""
LEAVING = 4
"""Those that may wait for a kernel to take them, there: each may be large."""
LAST_WORDS = 0.5
"""Seconds to wait for the agent's reason once a connection has broken."""
_SHARES = b'{"shares":true}'


class _Loans(Struct):
    loans: list[Loan] = []


class ZmqLink:
    """A `Link`. The agent tells it of the session's end, and the end of its connection of the agent's own."""

    def __init__(self, grant: Grant, *, bounded: bool = False) -> None:
        self.session = grant.session
        self._room = ROOM if bounded else 0
        self._waiting = 0
        self.capabilities: frozenset[LinkCapability] = frozenset()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._signer = Signer(str(grant.connection["key"]).encode())
        self._arrived: asyncio.Queue[Message | None] = asyncio.Queue()
        self._subscribed, self._known, self._can_ask = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._lenders: dict[str, Lender] = {}
        self._numbers = itertools.count(1)
        self._orders: dict[int, asyncio.Future[Answer]] = {}
        self._error: AipError | None = None
        agent: zmq.Socket[bytes] = agent_socket(self._context, grant.agent, zmq.EVENT_DISCONNECTED)
        monitor: zmq.Socket[bytes] = agent.get_monitor_socket()
        identity = new_id().encode()
        self._connection = grant.connection
        self._leaving = LEAVING if bounded else 0
        shell = kernel_socket(self._context, grant.connection, "shell", identity, leaving=self._leaving)
        stdin = kernel_socket(
            self._context,
            grant.connection,
            "stdin",
            identity,
            leaving=self._leaving,
            watched=zmq.EVENT_HANDSHAKE_SUCCEEDED,
        )
        greeted: zmq.Socket[bytes] = stdin.get_monitor_socket()
        self._shell = Stream(shell, self._reply, copy=False)
        iopub = kernel_socket(self._context, grant.connection, "iopub", waiting=WAITING if bounded else 0)
        self._iopub = Stream(iopub, self._output)
        self._stdin = Stream(stdin, partial(self._take, "stdin"))
        self._greeted = Stream(greeted, lambda event: self._can_ask.set())
        self._control: Stream | None = None
        self._agent = Stream(agent, self._told)
        self._monitor = Stream(monitor, self._disconnected)
        self._monitored = agent, stdin

    @classmethod
    async def open(cls, grant: Grant, *, bounded: bool = False) -> ZmqLink:
        """Connect. Unavailable when kernel or agent do not answer, SessionDied when they have ended.

        `bounded`: output that nobody receives waits at the kernel, and not in this process.
        """
        link = cls(grant, bounded=bounded)
        try:
            await asyncio.wait_for(link._open(), OPEN_PATIENCE)
        except asyncio.TimeoutError:
            message = f"session: {grant.session.name!r} does not answer; look at `%gpu list`, or stop it"
            raise Unavailable(message, field="session") from None
        finally:
            if not link._known.is_set():
                await link.close()
        return link

    async def send(self, message: Message) -> None:
        self._check()
        if message.channel != "shell":
            await self._stream(message.channel).send_slowly(self._signer.pack(message))
            return
        if "shared_memory" in self.capabilities:
            message = await self._lent(message)
        await self._shell.send_slowly(self._signer.pack(message), copy=not message.buffers)

    async def receive(self) -> Message:
        message = await self._arrived.get()
        if message is None:
            self._arrived.put_nowait(None)  # and so it stays
            raise self._error or closed()
        self._weigh(message, -1)
        return message

    async def order(self, order: Order) -> Answer:
        self._check()
        number = next(self._numbers)
        answer = self._orders[number] = asyncio.get_running_loop().create_future()
        self._order(replace(order, id=number))
        try:
            return await asyncio.wait_for(answer, ORDER_PATIENCE + wait_of(order))
        except asyncio.TimeoutError:
            text = f"session: the agent of {self.session.name!r} does not answer; look at `%gpu list`"
            raise Unavailable(text, field="session") from None
        finally:
            self._orders.pop(number, None)

    async def close(self) -> None:
        if self._context.closed:
            return
        for socket in self._monitored:
            socket.disable_monitor()
        streams = (self._shell, self._iopub, self._stdin, self._control)
        for stream in (*streams, self._agent, self._monitor, self._greeted):
            if stream is not None:
                stream.close()
        for lender in self._lenders.values():
            lender.release()
        self._context.term()
        self._end(closed())

    async def _open(self) -> None:
        # Its first message says that we are subscribed: what the agent tells then, nothing comes before.
        await self._subscribed.wait()
        self._order(Order(do="watch"))
        # What the kernel asks before it knows our stdin is lost.
        await self._can_ask.wait()
        await self._known.wait()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _stream(self, channel: str) -> Stream:
        if channel == "stdin":
            return self._stdin
        if self._control is None:  # few ever use it
            socket = kernel_socket(self._context, self._connection, "control", leaving=self._leaving)
            self._control = Stream(socket, partial(self._take, "control"))
        return self._control

    async def _lent(self, message: Message) -> Message:
        """The same, with its large buffers, and those of its reply, in shared memory."""
        if message.type == "aip_fetch_request":
            return replace(message, metadata=_SHARES)
        if not message.type.startswith("aip_"):  # a comm's: the kernel takes them from the message only
            return message
        if max((memoryview(buffer).nbytes for buffer in message.buffers), default=0) < LARGE:
            return message
        lender = self._lenders[message.header.msg_id] = Lender()
        try:
            loans, left = await asyncio.to_thread(lender.lend, message.buffers)
        except OSError:  # no room, or not allowed here: through the socket, then
            lender.release()
            return message
        return replace(message, metadata=msgspec.json.encode({"loans": loans}), buffers=left)

    def _borrowed(self, message: Message) -> Message:
        """The same, with the buffers that the kernel has lent."""
        loans = msgspec.json.decode(message.metadata, type=_Loans).loans
        if not loans:
            return message
        buffers = borrow(loans, message.buffers)
        self._shell.send(
            self._signer.pack(request("shell", "aip_release_request", {"of": message.parent.msg_id}))
        )
        return replace(message, buffers=buffers)

    def _reply(self, received: list[Any]) -> None:
        # Not copied, buffers stay writable, and so do the arrays in them.
        frames = [frame.bytes for frame in received[:6]] + [frame.buffer for frame in received[6:]]
        try:
            message = self._signer.unpack("shell", frames)
            if (lender := self._lenders.pop(message.parent.msg_id, None)) is not None:
                lender.release()
            if message.type == "aip_fetch_reply":
                message = self._borrowed(message)
        except (ValueError, OSError) as error:
            self._failed(error)
        else:
            self._arrived.put_nowait(message)

    def _output(self, frames: list[Any]) -> None:
        self._subscribed.set()
        self._take("iopub", frames)

    def _take(self, channel: str, frames: list[Any]) -> None:
        try:
            message = self._signer.unpack(channel, frames)
        except ValueError as error:
            self._failed(error)
            return
        self._arrived.put_nowait(message)
        self._weigh(message, 1)

    def _weigh(self, message: Message, sign: int) -> None:
        """Count what waits, and take nothing more while that is too much."""
        if self._room and message.channel == "iopub":
            self._waiting += sign * (len(message.content) + sum(map(len, message.buffers)))
            if self._waiting > self._room:
                self._iopub.pause()
            elif sign < 0:
                self._iopub.resume()

    def _told(self, frames: list[bytes]) -> None:
        """Something that the agent says."""
        answer = msgspec.msgpack.decode(frames[0], type=Answer)
        self.session = answer.session
        if not self._known.is_set() and can_share() and is_alive(answer.kernel):
            self.capabilities = frozenset(("shared_memory",))
        self._known.set()
        waiting = self._orders.get(answer.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        if self.session.state == "dead":
            self._died(self.session.reason)

    def _disconnected(self, event: list[bytes]) -> None:
        asyncio.get_running_loop().call_later(LAST_WORDS, self._died, "its agent was killed")

    def _order(self, order: Order) -> None:
        self._agent.send([msgspec.msgpack.encode(order)])

    def _died(self, reason: str) -> None:
        text = f"session: {self.session.name!r} has ended: {reason}. Its variables are gone"
        self._end(SessionDied(f"{text}; run the cell again to start a new session", field="session"))

    def _failed(self, error: Exception) -> None:
        self._end(broken(self.session, error))

    def _end(self, error: AipError) -> None:
        if self._error is None:
            self._error = error
            self._arrived.put_nowait(None)
            for waiting in self._orders.values():
                if not waiting.done():
                    waiting.set_exception(error)
