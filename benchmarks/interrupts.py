"""What the Interrupt button does to a `%%gpu` cell, whatever that waits for.

Target: control within a second in every case, and the session's variables are kept.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.notebook.gpu_cells import Cell, Notebook, end_sessions, running_notebook
from tests.support.interrupts import CASES, Case, inside, prepare

SVD = inside("numpy.linalg.svd(matrix)")
MORE = {"numpy.linalg.svd": Case(SVD), "a loop that catches everything": Case(inside("while going: catch()"))}
PREPARE = """%%gpu cpu
import numpy
matrix = numpy.random.default_rng(0).random((2400, 2400))
going = True
def catch():
    try:
        time.sleep(0.1)
    except BaseException:
        pass
"""


class Row(NamedTuple):
    """What became of one case."""

    name: str
    seconds: float
    kept: bool
    said: str


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            with running_notebook(home, Path(folder) / "work") as notebook:
                prepare(notebook)
                notebook.run(PREPARE)
                print("interrupts of a %%gpu cell; target: control within 1 s, state kept")
                print(f"{'case':<40}{'seconds until control':>22}  {'state kept':<12}what the session said")
                for name, case in (CASES | MORE).items():
                    row = _row(notebook, name, case)
                    kept = "yes" if row.kept else "NO"
                    print(f"{row.name:<40}{row.seconds:>22.2f}  {kept:<12}{row.said}", flush=True)
        finally:
            end_sessions(home)


def _row(notebook: Notebook, name: str, case: Case) -> Row:
    cell = case.start(notebook)
    begin = time.perf_counter()
    notebook.interrupt()
    cell.end()
    seconds = time.perf_counter() - begin
    if "catches" in name:
        notebook.run("%gpu peek globals().update(going=False)")
    for code in case.after:
        notebook.run(code)
    kept = notebook.run("%%gpu cpu\nkept").shown == ["'kept'"]
    return Row(name, seconds, kept, _said(cell))


def _said(cell: Cell) -> str:
    error = f"{cell.reply['ename']}" if cell.reply["status"] == "error" else "ended"
    notices = [text for kind, text in cell.notices.items() if kind in ("left", "stopped")]
    return "; ".join([error, *notices])
