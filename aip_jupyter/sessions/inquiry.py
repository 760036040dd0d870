"""How an agent asks its kernel something while that runs a cell: by the control channel, or by a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ..domain.sessions import Peek, Stack
from .frames import Thread, tell, where
from .messages import Signer, request
from .reports import Reports
from .sockets import Stream

PATIENCE = 2.0
"""Seconds that the kernel has to answer."""
DUMPED = 0.1
"""Seconds that the fault handler has."""
HOLDS = "it is inside native code that holds the interpreter"

Connect = Callable[[Callable[[list[bytes]], None]], Stream]
"""Connects to the kernel's control channel, and hands on what comes."""


class Look(Struct, frozen=True):
    """Where the threads of a kernel are."""

    threads: list[Thread]
    native: bool
    """The interpreter did not answer: its fault handler did."""

    @property
    def where(self) -> str:
        """The line of the user's cell, and what it is inside of; "" when that is not known."""
        return where(self.threads)

    @property
    def has_ended(self) -> bool:
        """No line of a cell is worked on: what is left to do is to show its result or its traceback."""
        return bool(self.threads) and not self.where


class Inquiry:
    """Asks one kernel. Connects when it is asked for the first time."""

    def __init__(self, connect: Connect, signer: Signer, reports: Reports) -> None:
        self._connect = connect
        self._signer = signer
        self._reports = reports
        self._stream: Stream | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def peek(self, expression: str) -> Peek | str:
        """The value of an expression; why there is none, in one line."""
        found = await self._ask("aip_peek_request", {"expression": expression}, PATIENCE)
        if found is None:  # where it is, the signal could tell; but who only looks must not disturb it
            return f"the session does not answer: {HOLDS}; `%gpu stack` says where, or try again later"
        return found["fault"] if "fault" in found else msgspec.convert(found, Peek)

    async def interrupt(self, patience: float) -> bool:
        """Interrupt what runs, though the process ignores signals; whether there was anybody to hear it."""
        found = await self._ask("aip_interrupt_request", {}, patience)
        return found is not None and bool(found["heard"])

    async def stack(self) -> Stack | str:
        """Where its threads are; why that is not known."""
        look = await self.look(PATIENCE)
        if not look.threads:
            return "the session does not say where it is; try again"
        text = tell(look.threads)
        return Stack(text=f"{text}\n\n{HOLDS.capitalize()}." if look.native else text, native=look.native)

    async def look(self, patience: float) -> Look:
        """The same, within `patience` seconds and a little."""
        found = await self._ask("aip_stack_request", {}, patience)
        if found is None:
            return Look(await self._reports.threads(DUMPED), native=True)
        return Look(msgspec.convert(found["threads"], list[Thread]), native=False)

    def shut_down(self) -> None:
        """Ask the kernel to end."""
        self._send("shutdown_request", {"restart": False})

    async def _ask(self, kind: str, content: Mapping[str, Any], patience: float) -> dict[str, Any] | None:
        """The content of the reply; None without one in time."""
        number = self._send(kind, content)
        reply = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(reply, patience)
        except asyncio.TimeoutError:
            return None
        finally:
            del self._waiting[number]

    def _send(self, kind: str, content: Mapping[str, Any]) -> str:
        if self._stream is None:
            self._stream = self._connect(self._take)
        message = request("control", kind, content)
        self._stream.send(self._signer.pack(message))
        return message.header.msg_id

    def _take(self, frames: list[bytes]) -> None:
        message = self._signer.unpack("control", frames)
        waiting = self._waiting.get(message.parent.msg_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(message.read())
