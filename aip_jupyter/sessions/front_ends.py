"""The five sockets of a kernel, as a connection file describes them: there front ends find who stands in.

https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
import zmq

from ..domain.records import new_id
from .messages import DELIMITER, Header, Message, Signer
from .sockets import Stream

LINGER = 1000
"""Milliseconds that the last messages have to leave, at the end."""
WAITING = 50_000
"""Messages that may wait for a slow front end before any is lost."""
REMEMBERED = 10_000
"""Requests whose senders are remembered; some are never answered."""

_log = logging.getLogger(__name__)


class FrontEnds:
    """Receives what front ends send, and sends to them what they are to get. Belongs to one event loop."""

    def __init__(self, connection: Mapping[str, Any], take: Callable[[Message], None]) -> None:
        """`take` gets each message of shell, stdin and control that is signed with the connection's key."""
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._connection = connection
        self._signer = Signer(str(connection["key"]).encode())
        self._take = take
        self._asked: OrderedDict[str, list[bytes]] = OrderedDict()
        """By the id of a request: the identities of who has sent it."""
        self._routers = {
            channel: self._open(channel, zmq.ROUTER, partial(self._received, channel))
            for channel in ("shell", "stdin", "control")
        }
        self._iopub = self._open("iopub", zmq.XPUB, self._subscribed)
        self._heart = self._open("hb", zmq.ROUTER, lambda beat: self._heart.send(beat))

    def send(self, message: Message) -> None:
        """Send it to all who listen, or to who has sent its parent."""
        frames = self._signer.pack(message)
        if message.channel == "iopub":
            self._iopub.send([message.type.encode(), *frames])
            return
        asked = self._asked.get(message.parent.msg_id)
        if asked is not None:
            if message.channel != "stdin":  # a question stands before the answer to the same request
                del self._asked[message.parent.msg_id]
            self._routers[message.channel].send([*asked, *frames])

    def close(self) -> None:
        """Let the last messages leave."""
        for stream in (*self._routers.values(), self._iopub, self._heart):
            stream.close()
        self._context.term()

    def _open(self, channel: str, kind: int, take: Callable[[list[Any]], None]) -> Stream:
        info = self._connection
        socket = self._context.socket(kind)
        socket.linger = LINGER
        if kind == zmq.ROUTER:
            socket.router_handover = 1  # who comes again with the same identity is the same
        else:
            socket.sndhwm = WAITING
            socket.xpub_verbose = 1
        if "curve_secretkey" in info:
            socket.curve_secretkey = info["curve_secretkey"].encode()
            socket.curve_server = True
        joint = ":" if info["transport"] == "tcp" else "-"
        socket.bind(f"{info['transport']}://{info['ip']}{joint}{info[f'{channel}_port']}")
        return Stream(socket, take)

    def _received(self, channel: str, frames: list[bytes]) -> None:
        try:
            message = self._signer.unpack(channel, frames)
        except (ValueError, msgspec.MsgspecError) as error:
            _log.warning("a message of a front end is dropped: %s", error)
            return
        if message.type.endswith("_request"):
            self._asked[message.header.msg_id] = frames[: frames.index(DELIMITER)]
            while len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
        self._take(message)

    def _subscribed(self, frames: list[bytes]) -> None:
        """Greet who listens from now on, as kernels do."""
        if frames[0][:1] == b"\x01":
            topic = frames[0][1:]
            content = {"subscription": topic.decode(errors="replace")}
            welcome = Message(
                channel="iopub",
                header=Header(new_id(), "iopub_welcome"),
                content=msgspec.json.encode(content),
            )
            self._iopub.send([topic, *self._signer.pack(welcome)])


def answer(request: Message, channel: str, kind: str, content: Mapping[str, Any]) -> Message:
    """A message of our own that belongs to this request."""
    return Message(
        channel=channel,
        header=Header(new_id(), kind),
        parent=request.header,
        raw_parent=request.raw_header,
        content=msgspec.json.encode(content),
    )
