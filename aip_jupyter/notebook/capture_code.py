"""The code of runs: the cells of a notebook that were executed while they were active, or a script."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .capture_profile import cut_clean

MAX_CODE = 200_000
"""Characters of the code of one run: it fits into a record of the journal, whatever letters it has."""
_LEFT_OUT = "# Earlier cells are left out here.\n\n"


def notebook_shell() -> Any:
    """The IPython shell that this process runs cells in; None in a script."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def earlier_cells(shell: Any) -> tuple[list[str], str]:
    """The cells before this one, and this one as it was typed; "" when nobody knows it."""
    history = list(shell.history_manager.input_hist_raw)  # where cells are missing, they are empty
    current = _current_cell(shell)
    if current and history and history[-1] == current:
        history.pop()
    return list(filter(None, history)), current


def _current_cell(shell: Any) -> str:
    """As the front end has sent it; without one, the last of the history is being executed."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        content = (kernel.get_parent("shell") or {}).get("content") or {}
        return str(content.get("code") or "")
    return str(shell.history_manager.input_hist_raw[-1])


def cells_text(cells: Sequence[str]) -> str:
    """The cells as one text; the last of them when they are too many."""
    parts: list[str] = []
    room = MAX_CODE
    for cell in reversed(cells):
        part = f"# %%\n{cell.strip()}\n\n"
        room -= len(part)
        if room < 0:
            parts.append(_LEFT_OUT if parts else part)
            break
        parts.append(part)
    return "".join(reversed(parts))


def script() -> Path | None:
    """The file that this process was started with."""
    name = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(name) if isinstance(name, str) else None


@functools.cache
def script_source(path: Path) -> str:
    """Its source when this process first asked; "" when it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MAX_CODE + 1)
    except OSError:
        return ""


def script_arguments() -> str:
    """What stood behind the script's name."""
    return cut_clean(shlex.join(sys.argv[1:]), 1000)
