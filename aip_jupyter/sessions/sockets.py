"""Sockets to a kernel's channels, encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import zmq
import zmq.asyncio

Channel = Literal["shell", "iopub", "control"]


def kernel_socket(
    context: zmq.asyncio.Context, connection: Mapping[str, str | int], channel: Channel
) -> zmq.asyncio.Socket:
    """Connect to a channel of the kernel that this connection information describes."""
    socket = context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
    socket.linger = 0
    # What a kernel prints faster than we read waits here, and is not thrown away.
    socket.rcvhwm = 0
    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = str(connection["curve_publickey"]).encode()
    socket.connect(f"{connection['transport']}://{connection['ip']}:{connection[f'{channel}_port']}")
    if channel == "iopub":
        socket.subscribe(b"")
    return socket
