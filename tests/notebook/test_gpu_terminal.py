"""`%%gpu` in plain IPython, without a kernel: it blocks, prints, and hears Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.sessions.background import background

from .conftest import Notebook
from .gpu_cells import end_sessions


@pytest.fixture
def terminal(notebook: Notebook, home: Path) -> Iterator[Notebook]:
    from aip_jupyter.notebook.gpu_sessions import open_sessions

    yield notebook
    background().submit(open_sessions().close("terminal")).result()
    end_sessions(home)


def test_it_prints_raises_and_hears_an_interrupt(terminal: Notebook, work: Path) -> None:
    terminal["x"] = [1, 2]
    code = "import sys\nprint('here')\nprint('there', file=sys.stderr)\ny = x * 2\ny"
    terminal.run(f"%%gpu cpu --session terminal --in x --out y\n{code}")
    assert terminal.printed == "here\nOut[1]: [1, 2, 1, 2]\n"
    assert terminal.stderr == "there\n"
    assert terminal["y"] == [1, 2, 1, 2]

    failed = terminal.shell.run_cell("%%gpu cpu --session terminal\n1 / 0", store_history=False)
    assert isinstance(failed.error_in_exec, ZeroDivisionError)
    assert "unrecognized arguments" in terminal.fail("%%gpu cpu --session terminal --nonsense\n1").message

    begun = work / "begun"
    code = f"import pathlib, time\nkept = 5\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)"
    watch = threading.Thread(target=_interrupt_when, args=[begun])
    watch.start()
    interrupted = terminal.shell.run_cell(f"%%gpu cpu --session terminal\n{code}", store_history=False)
    watch.join()
    assert isinstance(interrupted.error_in_exec, KeyboardInterrupt)
    terminal.run("%%gpu cpu --session terminal\nkept")
    assert terminal.printed == "Out[1]: 5\n"


def _interrupt_when(begun: Path) -> None:
    while not begun.exists():
        threading.Event().wait(0.01)
    os.kill(os.getpid(), signal.SIGINT)
