"""A link that speaks ZMQ to a kernel that can be reached: on this host, or in a network that allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn

import msgspec
import zmq
import zmq.asyncio

from ..backends.gpus.control import agent_socket
from ..domain.sessions import Grant
from ..errors import SessionDied, Unavailable
from ..wire.agent import Answer, Order
from .link import LinkCapability
from .messages import Message, Signer
from .sockets import Channel, kernel_socket

OPEN_PATIENCE = 10.0
"""Seconds within which kernel and agent must answer."""
LAST_WORDS = 0.5
"""Seconds to wait for the agent's reason once a connection has broken."""


class ZmqLink:
    """A `Link`. The agent tells it of the session's end, and the end of its connection of the agent's own."""

    capabilities: frozenset[LinkCapability] = frozenset(("large_values",))

    def __init__(self, grant: Grant) -> None:
        self.session = grant.session
        self._context = zmq.asyncio.Context()
        self._signer = Signer(str(grant.connection["key"]).encode())
        self._shell = kernel_socket(self._context, grant.connection, "shell")
        self._iopub = kernel_socket(self._context, grant.connection, "iopub")
        self._agent: zmq.asyncio.Socket = agent_socket(self._context, grant.agent)
        self._monitor: zmq.asyncio.Socket = self._agent.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._arrived: asyncio.Queue[Message | None] = asyncio.Queue()
        self._reason = ""
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
        copy = not message.buffers
        await self._shell.send_multipart(self._signer.pack(message), copy=copy)

    async def receive(self) -> Message:
        message = await self._arrived.get()
        if message is None:
            self._arrived.put_nowait(None)  # and so it stays
            self._died()
        return message

    async def interrupt(self) -> None:
        await self._order(Order(do="interrupt"))

    async def close(self) -> None:
        if self._context.closed:
            return
        for task in self._tasks:
            task.cancel()
        self._agent.disable_monitor()
        self._context.destroy(linger=0)

    async def _open(self) -> None:
        # Its first message says that we are subscribed: from then on nothing is missed.
        self._start(self._watch_connection())
        await self._iopub.recv_multipart()
        await self._order(Order(do="watch"))
        self._take(await self._agent.recv())
        self._start(self._read_agent())
        self._start(self._read("shell", self._shell))
        self._start(self._read("iopub", self._iopub))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _read(self, channel: Channel, socket: zmq.asyncio.Socket) -> None:
        while True:
            if channel == "iopub":
                frames: list[Any] = await socket.recv_multipart()
            else:
                received = await socket.recv_multipart(copy=False)
                # Not copied, buffers stay writable, and so do the arrays in them.
                frames = [frame.bytes for frame in received[:6]] + [frame.buffer for frame in received[6:]]
            self._arrived.put_nowait(self._signer.unpack(channel, frames))

    async def _read_agent(self) -> None:
        while not self._reason:
            self._take(await self._agent.recv())

    def _take(self, encoded: bytes) -> None:
        self.session = msgspec.msgpack.decode(encoded, type=Answer).session
        if self.session.state == "dead":
            self._end(self.session.reason)

    async def _watch_connection(self) -> None:
        await self._monitor.recv_multipart()
        await asyncio.sleep(LAST_WORDS)
        self._end("its agent was killed")

    def _end(self, reason: str) -> None:
        if not self._reason:
            self._reason = reason
            self._arrived.put_nowait(None)

    async def _order(self, order: Order) -> None:
        await self._agent.send(msgspec.msgpack.encode(order))

    def _died(self) -> NoReturn:
        raise SessionDied(
            f"session: {self.session.name!r} has ended: {self._reason}. Its variables are gone; "
            "run the cell again to start a new session",
            field="session",
        )
