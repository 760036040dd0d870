"""`%%run`: a cell that is a run.

The cell is not handed to the magic as a text: it stays what it is, with a line before it that starts the run,
and the run ends with the cell. So its results, its lines in a traceback, `await` and the Interrupt button are
those of any cell, and Run All stops where it fails.
"""

from __future__ import annotations

import ast
import threading
from typing import TYPE_CHECKING, Any

from ..errors import Invalid
from .arguments import parse
from .cell_hooks import CellHooks

if TYPE_CHECKING:
    from .active_run import ActiveRun

BEGINS = "--begins "
"""Stands before the arguments of a call that only starts the run; only the transformer puts it there."""
_CALL = "get_ipython().run_cell_magic('run', "


class RunCells(CellHooks):
    """The cells of one shell that are runs."""

    def __init__(self, shell: Any) -> None:
        self._open: dict[int, list[list[ActiveRun]]] = {}
        """The runs of the cells that run now, the outer cell first, by the thread that runs them."""
        super().__init__(shell)

    def transform(self, lines: list[str]) -> list[str]:
        """Put a call that starts the run where the line of the magic was."""
        if not lines or not lines[0].startswith(_CALL):
            return lines
        call: Any = ast.parse("".join(lines), mode="eval").body
        _, line, cell = (ast.literal_eval(each) for each in call.args)
        if not cell.strip():
            return lines
        begin = f"{_CALL}{BEGINS + line!r}, '...')\n"
        return [begin, *self._shell.transform_cell(cell).splitlines(keepends=True)]

    def begin(self, line: str) -> None:
        """Start the run of the cell that runs now."""
        run = _started(line)
        cells = self._cells()
        if not cells:  # that of the cell in which the extension was loaded began unseen
            cells.append([])
        cells[-1].append(run)

    def _cells(self) -> list[list[ActiveRun]]:
        return self._open.setdefault(threading.get_ident(), [])

    def _begins(self, info: Any) -> None:
        self._cells().append([])

    def _ended(self, result: Any) -> None:
        """Its runs end with it."""
        from .active_run import status_after

        cells = self._cells()
        for run in reversed(cells.pop() if cells else []):
            if run.is_running:
                error = KeyboardInterrupt() if result is None else _error_of(result)
                run.end(status_after(error))


def _error_of(result: Any) -> BaseException | None:
    before: BaseException | None = result.error_before_exec
    return before if before is not None else result.error_in_exec


def _started(line: str) -> ActiveRun:
    from .run_magics import RunMagics, start_with

    return start_with(parse(RunMagics.run_cell, line))


def run_cell(shell: Any, line: str, cell: str) -> None:
    """Start the run of the cell that runs now; or run this text, for a program that calls the magic."""
    if line.startswith(BEGINS) and _cells is not None:
        _cells.begin(line.removeprefix(BEGINS))
        return
    if not cell.strip():
        raise Invalid("cell: there is nothing below %%run to run", field="cell")
    code = compile(shell.transform_cell(cell), "<%%run>", "exec")
    with _started(line):
        exec(code, shell.user_ns)  # noqa: S102  # it is what the user has typed


_cells: RunCells | None = None


def install(shell: Any) -> None:
    """Let cells of this shell be runs."""
    global _cells
    uninstall(shell)
    _cells = RunCells(shell)


def uninstall(shell: Any) -> None:
    """Undo it."""
    global _cells
    if _cells is not None:
        _cells.remove()
        _cells = None
