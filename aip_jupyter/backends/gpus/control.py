"""The client of an agent's control socket: one order, one answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...errors import Unavailable
from ...wire.agent import Answer, Order, wait_of


def order(control: Mapping[str, str | int], what: Order, *, patience: float = 5.0) -> Answer:
    """Have an agent do something; `control` is from its record.

    Unavailable without an answer within `patience` seconds.
    """
    import zmq

    context: Any = zmq.Context.instance()
    with agent_socket(context, control) as socket:
        socket.send(msgspec.msgpack.encode(what))
        if not socket.poll(int((patience + wait_of(what)) * 1000)):
            message = f"the session's agent did not answer within {patience:g} seconds; look at `%gpu list`"
            raise Unavailable(message)
        return msgspec.msgpack.decode(socket.recv(), type=Answer)


def agent_socket(context: Any, control: Mapping[str, str | int], watched: int = 0) -> Any:
    """A socket of this ZMQ context, connected to the agent's control socket with the keys of its record.

    `watched`: the events for its `get_monitor_socket()`, none of which is missed.
    """
    import zmq

    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.curve_serverkey = str(control["public_key"]).encode()
    socket.curve_publickey = str(control["client_public_key"]).encode()
    socket.curve_secretkey = str(control["client_secret_key"]).encode()
    if watched:
        socket.get_monitor_socket(watched)
    socket.connect(str(control["address"]))
    return socket
