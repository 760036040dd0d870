"""Sockets to a kernel's channels, encrypted, and a lean way to read them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import zmq

Channel = Literal["shell", "iopub", "stdin", "control"]
FULL = 0.01
"""Seconds until the next try when a socket takes nothing more."""
BATCH = 100
"""Messages that are handed on before the loop may serve others."""


class Stream:
    """Hands on what a socket receives, in the running event loop.

    pyzmq's own asyncio sockets, with a future and a task's step for each message, take twice the time.
    """

    def __init__(
        self, socket: zmq.Socket[bytes], take: Callable[[list[Any]], None], *, copy: bool = True
    ) -> None:
        self._socket = socket
        self._take = take
        self._copy = copy
        self._paused = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(socket.FD, self._read)
        self._loop.call_soon(self._read)

    def send(self, frames: Sequence[Any], *, copy: bool = True) -> None:
        """Send a message. ZeroMQ has it then, and sends it as soon as it can."""
        self._socket.send_multipart(frames, copy=copy)
        # The descriptor tells of something new only once, and sending has looked at it.
        self._loop.call_soon(self._read)

    async def send_slowly(self, frames: Sequence[Any], *, copy: bool = True) -> None:
        """The same, where the other side may not take anything for a while: waits for it, and others work."""
        while not self._socket.closed:
            try:
                self._socket.send_multipart(frames, zmq.NOBLOCK, copy=copy)
            except zmq.Again:
                await asyncio.sleep(FULL)
            else:
                self._loop.call_soon(self._read)
                return

    def pause(self) -> None:
        """Take nothing more for now: it waits in the socket, then at the other side."""
        self._paused = True

    def resume(self) -> None:
        """Go on."""
        if self._paused:
            self._paused = False
            self._loop.call_soon(self._read)

    def close(self) -> None:
        """Close the socket."""
        if not self._socket.closed:
            self._loop.remove_reader(self._socket.FD)
            self._socket.close()

    def _read(self) -> None:
        for _ in range(BATCH):
            if self._socket.closed or self._paused:
                return
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=self._copy)
            except zmq.Again:
                return
            try:
                self._take(frames)
            except BaseException:
                self._loop.call_soon(self._read)  # whatever became of this message, the next one must come
                raise
        self._loop.call_soon(self._read)


def kernel_socket(
    context: zmq.Context[zmq.Socket[bytes]],
    connection: Mapping[str, str | int],
    channel: Channel,
    identity: bytes = b"",
    waiting: int = 0,
    leaving: int = 0,
    watched: int = 0,
) -> zmq.Socket[bytes]:
    """Connect to a channel of the kernel that this connection information describes.

    The kernel asks on stdin whoever has the identity that a request on shell came from. `waiting`: the most
    messages that may wait to be read, before the kernel has to keep them; 0 for any number. `leaving`: those
    that may wait to be sent, before sending has to wait; 0 for ZeroMQ's own number. `watched`: the events for
    its `get_monitor_socket()`, none of which is missed.
    """
    socket = context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
    if identity:
        socket.routing_id = identity
    socket.linger = 0
    # What a kernel prints faster than we read waits here, and is not thrown away.
    socket.rcvhwm = waiting
    if leaving:
        socket.sndhwm = leaving
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = str(connection["curve_publickey"]).encode()
    if watched:
        socket.get_monitor_socket(watched)  # connecting goes on at once, in a thread of ZeroMQ's own
    socket.connect(f"{connection['transport']}://{connection['ip']}:{connection[f'{channel}_port']}")
    if channel == "iopub":
        socket.subscribe(b"")
    return socket
