"""The agent's control socket: who may give orders, and the way they take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import zmq
from msgspec.structs import replace
from zmq.utils import z85

from ..wire.agent import Answer, Order
from .sockets import Stream

ZAP = "inproc://zeromq.zap.01"
LINGER = 1000
"""Milliseconds that the last answers have to leave, at the end."""

LAST_ANSWERS = 0.1
"""Seconds in which they must be ready then."""

Obey = Callable[[Order], Awaitable[Answer]]


class ControlSocket:
    """A ROUTER that one key pair opens: whoever else connects is refused before it can say anything."""

    def __init__(self, obey: Obey) -> None:
        self._obey = obey
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        public, self._secret = zmq.curve_keypair()
        self._client_public, client_secret = zmq.curve_keypair()
        self.keys: dict[str, str | int] = {
            "public_key": public.decode(),
            "client_public_key": self._client_public.decode(),
            "client_secret_key": client_secret.decode(),
        }
        self._watchers: set[bytes] = set()
        self._running: set[asyncio.Task[None]] = set()

    def open(self, host: str) -> None:
        """Listen on a free port, and take orders; one that takes long holds up no other."""
        zap = self._context.socket(zmq.REP)
        zap.bind(ZAP)
        self._zap = Stream(zap, self._admit)
        router = self._context.socket(zmq.ROUTER)
        router.curve_secretkey = self._secret
        router.curve_server = True
        router.linger = LINGER
        port = router.bind_to_random_port(f"tcp://{host}")
        self._router = Stream(router, self._take)
        self.keys["address"] = f"tcp://{host}:{port}"

    def tell(self, answer: Answer) -> None:
        """Send this to those who watch, unasked."""
        for peer in self._watchers:
            self._router.send([peer, msgspec.msgpack.encode(answer)])

    async def finish(self) -> None:
        """Wait for the answers of those who have waited for the end."""
        if self._running:
            await asyncio.wait(self._running, timeout=LAST_ANSWERS)

    def close(self) -> None:
        """Let the last answers leave."""
        for task in self._running:
            task.cancel()
        self._router.close()
        self._zap.close()
        self._context.term()

    def _admit(self, request: list[bytes]) -> None:
        """ZeroMQ asks here about every connection: https://rfc.zeromq.org/spec/27/."""
        version, sequence, mechanism, key = request[0], request[1], request[5], request[6]
        ours = mechanism == b"CURVE" and key == z85.decode(self._client_public)
        status = (b"200", b"OK") if ours else (b"400", b"not the key of the session")
        self._zap.send([version, sequence, *status, b"", b""])

    def _take(self, frames: list[bytes]) -> None:
        peer, encoded = frames
        task = asyncio.create_task(self._answer(peer, encoded))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, peer: bytes, encoded: bytes) -> None:
        order = msgspec.msgpack.decode(encoded, type=Order)
        if order.do == "watch":
            self._watchers.add(peer)
        answer = replace(await self._obey(order), id=order.id)
        self._router.send([peer, msgspec.msgpack.encode(answer)])
