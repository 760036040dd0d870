"""What an agent does once its kernel is started: it listens, keeps the clock, obeys, and tells of the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import zmq
from msgspec import Struct
from msgspec.structs import replace

from ..backends.process import process_of, this_process
from ..domain.records import now_ms
from ..domain.sessions import SessionState, SessionUsage
from ..wire.agent import RECORD, AgentRecord, AgentSpec, Answer, Order
from .cells import Cells
from .child import Child, death
from .control import ControlSocket
from .handing import HANDED
from .inquiry import Inquiry
from .interrupting import Interrupter
from .journal import OutputJournal
from .messages import DELIMITER, Header, Signer, request
from .record import RecordWriter
from .reports import Reports
from .sockets import Channel, Stream, kernel_socket
from .works import CELL, Request, Works

if TYPE_CHECKING:
    from .usage import Meter

HOST = "127.0.0.1"
LOOK = 10.0
"""Seconds between two looks at whether the session's folder is still there."""
SHUTDOWN = 1.0
"""Seconds that a kernel has to end by itself."""


class _Status(Struct):
    execution_state: str = ""


_log = logging.getLogger(__name__)
_decode_header = msgspec.json.Decoder(Header).decode
_decode_request = msgspec.json.Decoder(Request).decode
_decode_status = msgspec.json.Decoder(_Status).decode


class Owner:
    """Owns one kernel until it ends."""

    def __init__(self, folder: Path, spec: AgentSpec, child: Child) -> None:
        self._session = spec.session
        self._folder = folder
        self._idle = spec.idle
        self._child = child
        self._kernel = process_of(child.pid)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._control = ControlSocket(self._obey)
        self._streams: list[Stream] = []
        self._journal = OutputJournal(folder)
        self._cells = Cells(self._journal, lambda: self._session)
        self._record = RecordWriter(folder / RECORD, self._make_record)
        self._connection = _new_connection()
        self._signer = Signer(str(self._connection["key"]).encode())
        self._shell: Stream | None = None
        self._subscribed = asyncio.Event()
        self._ready = asyncio.Event()
        self._works = Works()
        self._reports = Reports(child)
        self._inquiry = Inquiry(self._connect_control, self._signer, self._reports)
        self._interrupter = Interrupter(child, self._works, self._inquiry, self._poke)
        self._meter: Meter | None = None
        self._measuring = asyncio.Lock()
        self._active = time.monotonic()
        """When it last began or ended a cell, by a clock that nobody sets."""
        self._stop = asyncio.Event()
        self._reason = ""
        self._ending: list[str] = []
        """What was done to end the kernel."""
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Until the kernel has ended."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end, "it was stopped")
        ended = loop.run_in_executor(None, self._child.wait)
        self._control.open(HOST)
        self._record.changed()  # who gives up on a start that hangs must know the kernel's process
        works = (self._follow(), self._record.run(), self._stop.wait())
        tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(work) for work in works]
        await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self._end(_fault(tasks))
        if not ended.done():
            await self._shut_down(ended)
        else:
            self._end(death(ended.result()))
        self._session = replace(self._session, state="dead", reason=self._reason, active=now_ms())
        # First to all, then to those who wait for it: who hears of it and looks, sees it too.
        with contextlib.suppress(OSError):
            self._record.write()
        await self._cells.close()
        self._control.tell(Answer(session=self._session))
        self._ending += await loop.run_in_executor(None, self._child.end)
        await ended
        for task in tasks:
            task.cancel()
        self._ended.set()
        await self._control.finish()
        self._clean_up()

    async def _follow(self) -> None:
        """Connect to the kernel, then look at the clock while its messages come."""
        await self._exchange()
        self._shell = self._connect("shell", lambda reply: self._ready.set())
        self._connect("iopub", self._take)
        # Its first message says that we are subscribed, so that from here on nothing is missed; the first
        # reply, that the kernel can run cells.
        await self._subscribed.wait()
        self._poke()
        await self._ready.wait()
        self._change("idle")
        await asyncio.gather(
            self._reports.read(self._pair[0]), self._watch_the_clock(), self._watch_the_folder()
        )

    def _connect(self, channel: Channel, take: Callable[[list[bytes]], None]) -> Stream:
        stream = Stream(kernel_socket(self._context, self._connection, channel), take)
        self._streams.append(stream)
        return stream

    def _connect_control(self, take: Callable[[list[bytes]], None]) -> Stream:
        return self._connect("control", take)

    async def _exchange(self) -> None:
        """Give the kernel its keys, and get the ports that it has bound, and its Python's version."""
        reader, writer = await asyncio.open_unix_connection(sock=self._child.socket)
        # Kept open: the kernel sees our end in the end of this.
        self._pair = reader, writer
        writer.write(json.dumps(self._connection).encode() + b"\n")
        try:
            line = await reader.readline()
        except ConnectionError:
            line = b""
        if not line:
            await asyncio.Event().wait()  # the kernel has ended, which is seen elsewhere
        told = json.loads(line)
        self._session = replace(self._session, python=told.pop("python"))
        self._connection.update(told)

    def _take(self, received: list[bytes]) -> None:
        """Keep what the kernel has sent on iopub."""
        self._subscribed.set()
        # What stands before is the topic, which not every message has, and behind is the signature.
        frames = received[received.index(DELIMITER) + 2 :]
        header, parent = _decode_header(frames[0]), _decode_header(frames[1])
        if header.msg_type in ("iopub_welcome", HANDED):
            return  # for another reader; records for whoever can store them now
        if header.msg_type == "status":
            about = _decode_request(frames[1])
            state = _decode_status(frames[3]).execution_state
            self._works.note(about, state)
            if about.msg_type != CELL:
                return  # of pokes, of values that come and go
            if about.is_cell:
                self._note(about.msg_id, state)
        self._cells.keep(header.msg_type, parent.msg_id, frames)

    def _note(self, cell: str, state: str) -> None:
        if state == "busy":
            self._session = replace(self._session, cell=cell, cells=self._session.cells + 1)
            self._change("busy")
        elif state == "idle":
            self._session = replace(self._session, cell="")
            self._change("idle")

    def _change(self, state: SessionState) -> None:
        self._session = replace(self._session, state=state, active=now_ms())
        self._active = time.monotonic()
        self._record.changed()

    async def _watch_the_clock(self) -> None:
        while True:
            rest = self._idle - (time.monotonic() - self._active)
            if self._session.state == "busy":
                rest = self._idle
            elif rest <= 0:
                self._end(f"it had run no cell for {_duration(self._idle)}")
            await asyncio.sleep(max(rest, 0.01))

    async def _watch_the_folder(self) -> None:
        """End with the folder: without its record nobody would find the session again."""
        while self._folder.exists():  # noqa: ASYNC110  # no event tells of files
            await asyncio.sleep(LOOK)
        self._end("its folder was removed")

    async def _obey(self, order: Order) -> Answer:
        match order.do:
            case "interrupt":
                done = await self._interrupter.interrupt(order.cell)
                return Answer(session=self._session, stopped=done.stopped, steps=done.steps, where=done.where)
            case "stop":
                self._end("it was stopped")
                await self._ended.wait()
                return Answer(session=self._session, steps=self._ending, stopped=True)
            case "peek":
                peek = await self._inquiry.peek(order.expression)
                if isinstance(peek, str):
                    return Answer(session=self._session, fault=peek)
                return Answer(session=self._session, peek=peek)
            case "stack":
                stack = await self._inquiry.stack()
                if isinstance(stack, str):
                    return Answer(session=self._session, fault=stack)
                return Answer(session=self._session, stack=stack)
            case "usage":
                return Answer(session=self._session, usage=await self._measure())
            case "output" | "cells" | "seen":
                return await self._cells.obey(order)
        return Answer(session=self._session, kernel=self._kernel)

    async def _measure(self) -> SessionUsage:
        """Nothing of it is loaded before somebody asks."""
        async with self._measuring:
            if self._meter is None:
                from .usage import Meter

                self._meter = Meter(self._child.pid)
            return await asyncio.to_thread(self._meter.measure, self._session)

    def _poke(self) -> None:
        if self._shell is not None:
            self._shell.send(self._signer.pack(request("shell", "kernel_info_request")))

    async def _shut_down(self, ended: asyncio.Future[int]) -> None:
        """Let the kernel end by itself: what it has to do at its exit, it does."""
        if self._shell is None:
            return
        self._inquiry.shut_down()
        await asyncio.wait([ended], timeout=SHUTDOWN)
        outcome = "and it did" if ended.done() else f"but it did not within {SHUTDOWN:g} s"
        self._ending.append(f"asked its kernel to end, {outcome}")

    def _end(self, reason: str) -> None:
        """End the session; the first reason counts."""
        self._reason = self._reason or reason
        if reason:
            self._stop.set()

    def _clean_up(self) -> None:
        """The last record, which has no keys: what they opened is gone."""
        self._journal.close()
        self._kernel, self._connection, self._control.keys = "", {}, {}
        with contextlib.suppress(OSError):
            self._record.write()
        for stream in self._streams:
            stream.close()
        self._context.term()
        self._control.close()

    def _make_record(self) -> AgentRecord:
        return AgentRecord(
            session=self._session,
            agent=this_process(),
            kernel=self._kernel,
            connection=self._connection if self._session.state != "starting" else {},
            control=self._control.keys,
        )


def _new_connection() -> dict[str, str | int]:
    """Jupyter's connection information with new keys; the ports are for the kernel to choose."""
    public, secret = zmq.curve_keypair()
    return {
        "transport": "tcp",
        "ip": HOST,
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
        "curve_publickey": public.decode(),
        "curve_secretkey": secret.decode(),
    }


def _fault(tasks: Iterable[asyncio.Future[Any]]) -> str:
    """Why one of our own works has ended by itself; "" when none has."""
    for task in tasks:
        if task.done() and (error := task.exception()) is not None:
            _log.error("the agent failed", exc_info=error)
            return f"its agent failed: {type(error).__name__}: {error}"
    return ""


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
