"""`python -m aip_jupyter.notebook.gpu_kernel -f FILE`: the kernel of a notebook that runs on a GPU session.

It stands in for the session's kernel: whatever a front end sends goes there, and whatever comes from there
goes to the front ends, message by message. To shut it down ends the session; to kill it does not, and the
next kernel of the notebook goes on with it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ..errors import AipError, SessionDied, Unavailable
from ..sessions.front_ends import FrontEnds, answer
from ..sessions.messages import Message
from ..wire.agent import Order
from .gpu_alone import answers_alone
from .gpu_whole import WholeNotebook, open_whole

ENDED = "aip_ended"
"""In the connection file: how the session ended with which the last process of this kernel ended. Jupyter
starts the next one by itself, which then takes a GPU only when a cell needs one."""
WATCH = 1.0
"""Seconds between looks at the process that started this one."""


class GpuKernel:
    """Lives in one event loop, until `run` returns."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._connection = json.loads(file.read_text())
        self._died = str(self._connection.pop(ENDED, ""))
        self._shell: asyncio.Queue[Message] = asyncio.Queue()
        self._notebook: WholeNotebook | None = None
        self._fault: AipError = Unavailable("session: there is none; run a cell to start one")
        self._cell: Message | None = None
        """What the session runs: the `busy` that told of it."""
        self._ours: dict[str, None] = {}
        """The ids of the cells that have been passed on and have not ended, in order."""
        self._closing = False
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._works: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()
        self._front = FrontEnds(self._connection, self._take)

    async def run(self) -> int:
        """Serve until the session, the front end or whoever started this ends it; the exit code."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._start, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._leave)
        self._start(self._serve)
        self._start(self._watch_parent)
        try:
            return await self._exit
        finally:
            for work in self._works:
                work.cancel()
            if self._notebook is not None:
                await self._notebook.link.close()
            self._front.close()

    def _start(self, work: Any, *arguments: Any) -> None:
        task = asyncio.ensure_future(self._guarded(work(*arguments)))
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Whatever fails ends the process, so that somebody sees it."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  # it is raised where `run` waits
            if not self._exit.done():
                self._exit.set_exception(error)

    def _leave(self, code: int = 0) -> None:
        if not self._exit.done() and not self._closing:
            self._exit.set_result(code)

    async def _watch_parent(self) -> None:
        """Nobody could use this kernel when its server is gone; the session lives on."""
        parent = os.getppid()
        if os.environ.get("JPY_PARENT_PID") != str(parent):
            return  # who started it does not want that
        while os.getppid() == parent:  # noqa: ASYNC110  # nobody tells of that
            await asyncio.sleep(WATCH)
        self._leave()

    # From the front ends

    def _take(self, message: Message) -> None:
        if message.channel == "shell":
            self._shell.put_nowait(message)
        elif message.type == "shutdown_request":
            self._start(self._shut_down, message)
        elif message.type == "interrupt_request":
            self._start(self._interrupt, message)
        elif self._notebook is not None:
            self._start(self._notebook.link.send, message)
        else:
            self._answer_alone(message)

    async def _serve(self) -> None:
        """The shell channel, one message after the other."""
        if not self._died:
            await self._open()
        while True:
            message = await self._shell.get()
            if message.type == "shutdown_request":
                await self._shut_down(message)
            else:
                await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        is_cell = message.type == "execute_request"
        if self._notebook is None and is_cell:
            await self._open()
        if self._notebook is None:
            self._answer_alone(message)
            return
        if is_cell:
            self._ours[message.header.msg_id] = None
        with contextlib.suppress(AipError):  # it has just ended, which is seen elsewhere
            await self._notebook.link.send(await self._notebook.with_context(message) if is_cell else message)

    async def _open(self) -> None:
        """Find the session, or start one; `_fault` says why there is none."""
        async with self._opening:
            try:
                self._notebook = await open_whole(self._died)
            except AipError as error:
                self._fault = error
                return
        if not self._closing:
            self._died = ""
            self._note(None)
            self._start(self._pump, self._notebook)

    async def _interrupt(self, request: Message | None = None) -> None:
        ours = next(iter(self._ours), "")
        if self._notebook is not None and (ours or self._cell is None):  # else it is another notebook's cell
            with contextlib.suppress(AipError):
                done = await self._notebook.link.order(Order(do="interrupt", cell=ours))
                if not done.stopped and done.where:
                    self._complain(f"The cell has not stopped yet and goes on: {done.where}\n")
        if request is not None:
            self._front.send(answer(request, request.channel, "interrupt_reply", {"status": "ok"}))

    async def _shut_down(self, request: Message) -> None:
        """End the session, and then this."""
        if self._closing:
            return
        self._closing = True
        async with self._opening:  # what is being started has to be ended too
            if self._notebook is not None:
                with contextlib.suppress(AipError):
                    await self._notebook.stop()
        self._note(None)
        content = {"status": "ok", "restart": bool(request.read().get("restart"))}
        self._front.send(answer(request, request.channel, "shutdown_reply", content))
        self._front.send(answer(request, "iopub", "shutdown_reply", content))
        self._exit.set_result(0)

    # From the session

    async def _pump(self, notebook: WholeNotebook) -> None:
        try:
            while True:
                self._forward(notebook, await notebook.link.receive())
        except SessionDied as error:
            if not self._closing:
                self._note(str(error))
                self._complain(f"{error.message.removeprefix('session: ').partition(';')[0]}.\n")
                self._leave(1)
        except AipError as error:  # the next process of this kernel finds the session again
            self._complain(f"{error.message}\n")
            self._leave(1)

    def _forward(self, notebook: WholeNotebook, message: Message) -> None:
        if message.type == "status" and message.parent.msg_type == "execute_request":
            self._follow(message, ended=b'"idle"' in message.content)
        elif message.type == "kernel_info_reply":
            content = message.read()
            content["banner"] = f"{content.get('banner', '')}\n{notebook.about}\n"
            message = replace(message, content=msgspec.json.encode(content))
        self._front.send(message)
        if message.type == "execute_input":
            for text, kind in notebook.notices:
                content = {"data": {"text/plain": text}, "metadata": {"aip_notice": kind}, "transient": {}}
                self._tell(message, "display_data", content)
            notebook.notices.clear()

    def _follow(self, message: Message, *, ended: bool) -> None:
        """A cell has begun, or ended; those of ours before it have come to no beginning."""
        self._cell = None if ended else message
        cell = message.parent.msg_id
        if cell in self._ours:
            while (first := next(iter(self._ours))) != cell:
                del self._ours[first]
            if ended:
                del self._ours[cell]

    # Of our own

    def _tell(self, told: Message, kind: str, content: dict[str, Any]) -> None:
        """Say something on iopub, under the request to which `told` belongs."""
        request = replace(told, header=told.parent, raw_header=told.raw_parent)
        self._front.send(answer(request, "iopub", kind, content))

    def _complain(self, text: str) -> None:
        """Say it in the cell that runs."""
        if self._cell is not None:
            self._tell(self._cell, "stream", {"name": "stderr", "text": text})

    def _answer_alone(self, request: Message) -> None:
        for message in answers_alone(request, self._fault):
            self._front.send(message)

    def _note(self, ended: str | None) -> None:
        """Let the next process of this kernel know how the session ended."""
        content = self._connection if ended is None else {**self._connection, ENDED: ended}
        new = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):
            new.touch(0o600)
            new.write_text(json.dumps(content))
            new.replace(self._file)


async def _main(file: Path) -> int:
    return await GpuKernel(file).run()


if __name__ == "__main__":
    _parser = argparse.ArgumentParser(description="The kernel of a notebook that runs on a GPU session")
    _parser.add_argument("-f", dest="file", type=Path, required=True, help="Jupyter's connection file")
    raise SystemExit(asyncio.run(_main(_parser.parse_known_args()[0].file)))
