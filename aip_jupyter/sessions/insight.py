"""The kernel's part of looking into a session that is busy.

Requests come on the control channel, whose thread works while a cell runs. When that cannot work either,
because native code holds the interpreter, a signal makes Python's fault handler write the lines of all
threads to the agent; the agent has been told which file is which cell.
"""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import difflib
import faulthandler
import inspect
import linecache
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import msgspec

from .frames import DUMP, MAIN, CellFile, Frame, Thread

PATIENCE = 1.5
"""Seconds that a value has to show itself."""
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex")
LONGEST = 20_000
"""Characters of a value's text, and of a cell that the agent is told whole."""


class Insight:
    """Answers what a kernel's variables are, and where its threads are."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._cells: dict[str, CellFile] = {}
        self.handlers = {
            "aip_peek_request": self.peek_request,
            "aip_stack_request": self.stack_request,
            "aip_interrupt_request": self.interrupt_request,
        }

    def tell_agent(self, descriptor: int, write: Callable[[bytes], object]) -> None:
        """Let the agent see the threads when nothing else works, by what is written to this descriptor."""
        faulthandler.register(DUMP, file=descriptor, all_threads=True)
        compiler = self._kernel.shell.compile
        cache = compiler.cache

        def told(transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
            file: str = cache(transformed_code, number, raw_code)
            code = raw_code or transformed_code
            if len(code.splitlines()) != len(transformed_code.splitlines()):
                code = transformed_code  # whose lines Python counts
            self._cells[file] = cell = CellFile(file, number, code)
            if len(code) > LONGEST:  # more than fits into a line
                cell = CellFile(file, number, "")
            with contextlib.suppress(OSError):  # the agent has ended, and so does this
                write(msgspec.json.encode(cell) + b"\n")
            return file

        compiler.cache = told

    def peek_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer with a value's texts; in a thread of its own, as showing it may take for ever."""
        loop = asyncio.get_running_loop()
        waiting = True

        def answer(content: dict[str, Any]) -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                self._kernel.session.send(stream, "aip_peek_reply", content, parent, ident)

        def look() -> None:
            content = self._look(parent["content"]["expression"])
            loop.call_soon_threadsafe(answer, content)

        slow = f"the value takes more than {PATIENCE:g} seconds to show itself; peek at a part of it"
        loop.call_later(PATIENCE, answer, {"fault": slow})
        threading.Thread(target=look, name="aip-peek", daemon=True).start()

    def stack_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer with the lines that all threads are in."""
        content = {"threads": msgspec.to_builtins(list(self._threads()))}
        self._kernel.session.send(stream, "aip_stack_reply", content, parent, ident)

    def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Interrupt the main thread as a signal would, which the process ignores while `os.system` waits."""
        heard = callable(signal.getsignal(signal.SIGINT))
        if heard:
            _thread.interrupt_main()
        self._kernel.session.send(stream, "aip_interrupt_reply", {"heard": heard}, parent, ident)

    def _look(self, expression: str) -> dict[str, Any]:
        shell = self._kernel.shell
        try:
            code = compile(expression.strip(), "<peek>", "eval")
            value = eval(code, shell.user_global_ns, shell.user_ns)  # noqa: S307  # whoever asks may run code
            return {"type": type(value).__name__, "data": _texts(shell.display_formatter.formatters, value)}
        except SyntaxError as error:
            return {"fault": f"{expression[:80]!r} is not a Python expression: {error.msg}"}
        except NameError as error:
            return {"fault": _no_name(error, shell.user_ns)}
        except BaseException as error:  # noqa: BLE001  # whatever the value's own code raises
            return {"fault": _line(error)}

    def _threads(self) -> Iterator[Thread]:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        main = threading.main_thread().ident
        for ident, frame in sys._current_frames().items():
            if ident == main:
                yield Thread(MAIN, [*self._awaited(), *map(self._frame, _called(frame))])
            elif ident != threading.get_ident():
                yield Thread(names.get(ident, "?"), list(map(self._frame, _called(frame))))

    def _awaited(self) -> Iterator[Frame]:
        """Where a cell is that awaits: it is not on the stack of its thread then."""
        for task in asyncio.all_tasks(self._kernel.io_loop.asyncio_loop):
            frames = [self._frame(place) for place in _suspended(task.get_coro())]
            if any(frame.cell for frame in frames):
                yield from frames

    def _frame(self, place: tuple[FrameType, int]) -> Frame:
        frame, line = place
        code = frame.f_code
        cell = self._cells.get(code.co_filename)
        if cell is not None:
            return Frame(cell.file, line, code.co_name, cell.cell, cell.line(line))
        return Frame(
            code.co_filename, line, code.co_name, 0, linecache.getline(code.co_filename, line).strip()
        )


def _called(frame: FrameType | None) -> list[tuple[FrameType, int]]:
    """From the outermost to this one."""
    found = []
    while frame is not None:
        found.append((frame, frame.f_lineno or 0))
        frame = frame.f_back
    return found[::-1]


def _suspended(waiting: Any) -> Iterator[tuple[FrameType, int]]:
    """The frames of a coroutine and of those that it awaits."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None:
            yield frame, frame.f_lineno or 0
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)


def _texts(formatters: Any, value: Any) -> dict[str, str]:
    """How the value shows itself, by MIME type."""
    found: dict[str, str] = {}
    for kind in TEXTS:
        show = formatters[kind]
        try:
            # As it is below what prints the traceback of a `__repr__` that fails into the cell that runs.
            text = inspect.unwrap(type(show).__call__)(show, value)
        except Exception:
            if kind == "text/plain":
                raise
            continue
        if isinstance(text, str) and len(text) <= LONGEST:
            found[kind] = text
        elif isinstance(text, str) and kind == "text/plain":
            found[kind] = f"{text[:LONGEST]}… (cut: it has {len(text):,} characters)"
    return found


def _no_name(error: NameError, namespace: dict[str, Any]) -> str:
    name = str(error.name or "")
    known = [known for known in namespace if not known.startswith("_")]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    advice = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"the session has no variable {name!r}{advice}"


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
