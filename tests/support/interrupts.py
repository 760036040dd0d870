"""Cells that wait in every way that there is, so that it can be seen what an interrupt does to each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.notebook.gpu_cells import Cell, Notebook

NATIVE = 4
"""Seconds for which native code cannot be interrupted: longer than anybody waits for it."""
PREPARE = """%%gpu cpu
import asyncio, ctypes, os, socket, subprocess, time
kept = "kept"
def native(library):
    "Wait in C, which no signal cuts short; PyDLL keeps the interpreter to itself, CDLL does not."
    condition, mutex = ctypes.create_string_buffer(256), ctypes.create_string_buffer(256)
    until = (ctypes.c_long * 2)(int(time.time()) + SECONDS, 0)
    library(None).pthread_mutex_init(mutex, None)
    library(None).pthread_cond_init(condition, None)
    library(None).pthread_mutex_lock(mutex)
    library(None).pthread_cond_timedwait(condition, mutex, until)
class Slow:
    def __reduce__(self):
        return time.sleep, (60,)
class SlowToPack:
    def __reduce__(self):
        time.sleep(60)
""".replace("SECONDS", str(NATIVE))
_BEGIN = "%%gpu cpu\nprint('inside', flush=True); time.sleep(0.1)\n"


class Case(NamedTuple):
    """A way to wait."""

    start: Callable[[Notebook], Cell]
    """Begins, and returns once there is something to interrupt."""
    where: str = ""
    """The line that is named when the session cannot be stopped; "" when it can."""
    after: Sequence[str] = ()
    """Cells that end what the case has left."""


def prepare(notebook: Notebook) -> None:
    """Start the session `cpu`, with all that the cases need."""
    notebook.run(PREPARE)
    notebook.run(PREPARE.removeprefix("%%gpu cpu\n"))


def inside(code: str) -> Callable[[Notebook], Cell]:
    """A cell that waits in this code."""

    def start(notebook: Notebook) -> Cell:
        cell = notebook.start(_BEGIN + code).until("inside")
        time.sleep(0.3)  # from the line that tells to what comes after it
        return cell

    return start


def _asking(notebook: Notebook) -> Cell:
    cell = notebook.start("%%gpu cpu\ninput('name? ')")
    notebook.client.get_stdin_msg(timeout=100)
    return cell


def _opening(notebook: Notebook) -> Cell:
    cell = notebook.start("%%gpu cpu --session another\n1")
    time.sleep(0.3)
    return cell


def _waiting(notebook: Notebook) -> Cell:
    notebook.run("%%gpu cpu --background --as job\nawait asyncio.sleep(60)")
    return notebook.start("%%gpu cpu\n1").until_notice("waits")


def _sending(notebook: Notebook) -> Cell:
    notebook.run("slow = Slow()")
    cell = notebook.start("%%gpu cpu --in slow\n1")
    time.sleep(0.5)
    return cell


def _fetching(notebook: Notebook) -> Cell:
    cell = notebook.start("%%gpu cpu --out slow\nslow = SlowToPack()\nprint('inside', flush=True)")
    cell.until("inside")
    time.sleep(0.5)
    return cell


CASES = {
    "a Python loop": Case(inside("while True: pass")),
    "time.sleep": Case(inside("time.sleep(60)")),
    "await asyncio.sleep": Case(inside("await asyncio.sleep(60)")),
    "subprocess.run": Case(inside("subprocess.run(['sleep', '60'])")),
    "os.system in a loop": Case(inside("while True: os.system('sleep 60')")),
    "!sleep": Case(inside("!sleep 60")),
    "a blocking socket": Case(inside("here, there = socket.socketpair(); here.recv(1)")),
    "input()": Case(_asking),
    "native code": Case(inside("native(ctypes.CDLL)"), "native(ctypes.CDLL)"),
    "native code that holds the interpreter": Case(inside("native(ctypes.PyDLL)"), "native(ctypes.PyDLL)"),
    "opening a session": Case(_opening, after=["%%gpu cpu --session another\n1", "%gpu stop another"]),
    "waiting for a busy session": Case(_waiting, after=["job.cancel()"]),
    "values on their way in": Case(_sending),
    "values on their way back": Case(_fetching),
}
