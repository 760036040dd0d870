"""The agent's control socket: who may give orders, and the way they take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import zmq
import zmq.asyncio
from zmq.utils import z85

from ..wire.agent import Answer, Order

ZAP = "inproc://zeromq.zap.01"
LINGER = 1000
"""Milliseconds that the last answers have to leave, at the end."""

Obey = Callable[[Order], Awaitable[Answer]]


class ControlSocket:
    """A ROUTER that one key pair opens: whoever else connects is refused before it can say anything."""

    def __init__(self, context: zmq.asyncio.Context, obey: Obey) -> None:
        self._obey = obey
        self._zap = context.socket(zmq.REP)
        self._zap.bind(ZAP)
        self._router = context.socket(zmq.ROUTER)
        public, secret = zmq.curve_keypair()
        self._client_public, client_secret = zmq.curve_keypair()
        self._router.curve_secretkey = secret
        self._router.curve_publickey = public
        self._router.curve_server = True
        self._router.linger = LINGER
        self.keys: dict[str, str | int] = {
            "public_key": public.decode(),
            "client_public_key": self._client_public.decode(),
            "client_secret_key": client_secret.decode(),
        }
        self._watchers: set[bytes] = set()
        self._running: set[asyncio.Task[None]] = set()

    def open(self, host: str) -> None:
        """Listen on a free port."""
        port = self._router.bind_to_random_port(f"tcp://{host}")
        self.keys["address"] = f"tcp://{host}:{port}"

    async def run(self) -> None:
        """Take orders until it is cancelled; one that takes long holds up no other."""
        await asyncio.gather(self._admit(), self._listen())

    async def tell(self, answer: Answer) -> None:
        """Send this to those who watch, unasked."""
        encoded = msgspec.msgpack.encode(answer)
        for peer in self._watchers:
            await self._router.send_multipart([peer, encoded])

    def close(self) -> None:
        """Let the last answers leave."""
        self._router.close()
        self._zap.close()

    async def _admit(self) -> None:
        """ZeroMQ asks here about every connection: https://rfc.zeromq.org/spec/27/."""
        while True:
            request = await self._zap.recv_multipart()
            version, sequence, mechanism, key = request[0], request[1], request[5], request[6]
            ours = mechanism == b"CURVE" and key == z85.decode(self._client_public)
            status = (b"200", b"OK") if ours else (b"400", b"not the key of the session")
            await self._zap.send_multipart([version, sequence, *status, b"", b""])

    async def _listen(self) -> None:
        while True:
            peer, encoded = await self._router.recv_multipart()
            task = asyncio.create_task(self._answer(peer, encoded))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer(self, peer: bytes, encoded: bytes) -> None:
        order = msgspec.msgpack.decode(encoded, type=Order)
        if order.do == "watch":
            self._watchers.add(peer)
        answer = await self._obey(order)
        await self._router.send_multipart([peer, msgspec.msgpack.encode(answer)])
