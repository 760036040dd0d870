"""A link that speaks ZMQ to a kernel that can be reached: on this host, or in a network that allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec
import zmq
import zmq.asyncio
from msgspec import Struct
from msgspec.structs import replace

from ..backends.gpus.control import agent_socket
from ..backends.process import is_alive
from ..domain.sessions import Grant
from ..errors import AipError, SessionDied, Unavailable
from ..wire.agent import Answer, Order
from .link import LinkCapability
from .messages import Message, Signer, request
from .shared import LARGE, Lender, Loan, borrow, can_share
from .sockets import Channel, kernel_socket

OPEN_PATIENCE = 10.0
"""Seconds within which kernel and agent must answer."""
LAST_WORDS = 0.5
"""Seconds to wait for the agent's reason once a connection has broken."""
_SHARES = b'{"shares":true}'


class _Loans(Struct):
    loans: list[Loan] = []


class ZmqLink:
    """A `Link`. The agent tells it of the session's end, and the end of its connection of the agent's own."""

    def __init__(self, grant: Grant) -> None:
        self.session = grant.session
        self.capabilities: frozenset[LinkCapability] = frozenset()
        self._context = zmq.asyncio.Context()
        self._signer = Signer(str(grant.connection["key"]).encode())
        self._shell = kernel_socket(self._context, grant.connection, "shell")
        self._iopub = kernel_socket(self._context, grant.connection, "iopub")
        self._agent: zmq.asyncio.Socket = agent_socket(self._context, grant.agent)
        self._monitor: zmq.asyncio.Socket = self._agent.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._arrived: asyncio.Queue[Message | None] = asyncio.Queue()
        self._lenders: dict[str, Lender] = {}
        self._error: AipError | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, grant: Grant) -> ZmqLink:
        """Connect. Unavailable when kernel or agent do not answer, SessionDied when they have ended."""
        link = cls(grant)
        try:
            await asyncio.wait_for(link._open(), OPEN_PATIENCE)
        except asyncio.TimeoutError:
            await link.close()
            message = f"session: {grant.session.name!r} does not answer; look at `%gpu list`, or stop it"
            raise Unavailable(message, field="session") from None
        except SessionDied:
            await link.close()
            raise
        return link

    async def send(self, message: Message) -> None:
        if "shared_memory" in self.capabilities:
            message = await self._lent(message)
        copy = not message.buffers
        await self._shell.send_multipart(self._signer.pack(message), copy=copy)

    async def _lent(self, message: Message) -> Message:
        """The same, with its large buffers, and those of its reply, in shared memory."""
        if message.type == "aip_fetch_request":
            return replace(message, metadata=_SHARES)
        if max((memoryview(buffer).nbytes for buffer in message.buffers), default=0) < LARGE:
            return message
        lender = self._lenders[message.header.msg_id] = Lender()
        try:
            loans, left = await asyncio.to_thread(lender.lend, message.buffers)
        except OSError:  # no room, or not allowed here: through the socket, then
            lender.release()
            return message
        return replace(message, metadata=msgspec.json.encode({"loans": loans}), buffers=left)

    async def _borrowed(self, message: Message) -> Message:
        """The same, with the buffers that the kernel has lent."""
        if (lender := self._lenders.pop(message.parent.msg_id, None)) is not None:
            lender.release()
        if message.type != "aip_fetch_reply":
            return message
        loans = msgspec.json.decode(message.metadata, type=_Loans).loans
        if not loans:
            return message
        buffers = borrow(loans, message.buffers)
        await self.send(request("shell", "aip_release_request"))
        return replace(message, buffers=buffers)

    async def receive(self) -> Message:
        message = await self._arrived.get()
        if message is None:
            self._arrived.put_nowait(None)  # and so it stays
            raise self._error or Unavailable("session: the link is closed")
        return message

    async def interrupt(self) -> None:
        await self._order(Order(do="interrupt"))

    async def close(self) -> None:
        if self._context.closed:
            return
        for task in self._tasks:
            task.cancel()
        for lender in self._lenders.values():
            lender.release()
        self._agent.disable_monitor()
        self._context.destroy(linger=0)

    async def _open(self) -> None:
        # Its first message says that we are subscribed: from then on nothing is missed.
        self._start(self._watch_connection())
        await self._iopub.recv_multipart()
        await self._order(Order(do="watch"))
        answer = self._take(await self._agent.recv())
        if can_share() and is_alive(answer.kernel):
            self.capabilities = frozenset(("shared_memory",))
        self._start(self._read_agent())
        self._start(self._read("shell", self._shell))
        self._start(self._read("iopub", self._iopub))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._worked)
        self._tasks.append(task)

    def _worked(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._end(
                Unavailable(
                    f"session: the link to {self.session.name!r} failed ({error}); run the cell again"
                )
            )

    async def _read(self, channel: Channel, socket: zmq.asyncio.Socket) -> None:
        while True:
            if channel == "iopub":
                frames: list[Any] = await socket.recv_multipart()
            else:
                received = await socket.recv_multipart(copy=False)
                # Not copied, buffers stay writable, and so do the arrays in them.
                frames = [frame.bytes for frame in received[:6]] + [frame.buffer for frame in received[6:]]
            message = self._signer.unpack(channel, frames)
            if channel == "shell":
                message = await self._borrowed(message)
            self._arrived.put_nowait(message)

    async def _read_agent(self) -> None:
        while self._error is None:
            self._take(await self._agent.recv())

    def _take(self, encoded: bytes) -> Answer:
        answer = msgspec.msgpack.decode(encoded, type=Answer)
        self.session = answer.session
        if self.session.state == "dead":
            self._end(self._death(self.session.reason))
        return answer

    async def _watch_connection(self) -> None:
        await self._monitor.recv_multipart()
        await asyncio.sleep(LAST_WORDS)
        self._end(self._death("its agent was killed"))

    def _end(self, error: AipError) -> None:
        if self._error is None:
            self._error = error
            self._arrived.put_nowait(None)

    async def _order(self, order: Order) -> None:
        await self._agent.send(msgspec.msgpack.encode(order))

    def _death(self, reason: str) -> SessionDied:
        message = f"session: {self.session.name!r} has ended: {reason}. Its variables are gone"
        return SessionDied(f"{message}; run the cell again to start a new session", field="session")
