"""`%gpu export`: a script that does what this notebook's cells did, without the notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import Conflict, Invalid
from .display import element, frame, plain
from .gpu_export_cells import Exporter
from .gpu_export_text import commented

_HEAD = '''\
"""What a notebook did, as a script: by `%gpu export`."""

'''
_IMPORTS = {"asyncio": "asyncio.", "os": "os.", "subprocess": "subprocess.", "sys": "sys."}


class ExportNote:
    """The script that was written, and how much of the notebook is in it."""

    def __init__(self, path: Path, cells: int, left_out: int) -> None:
        self.path = path
        self.cells = cells
        self.left_out = left_out
        """How many cells are in it as comments only, since they had failed."""

    def __repr__(self) -> str:
        cells = f"{self.cells} cell{'' if self.cells == 1 else 's'}"
        failed = f"; {self.left_out} that failed as comments" if self.left_out else ""
        return plain(f"{self.path}: {cells} of this notebook{failed}")

    def _repr_html_(self) -> str:
        return frame(element("div", repr(self)))


def export(shell: Any, file: str, *, force: bool = False, failed: Iterable[int] = ()) -> ExportNote:
    """Write the cells that this kernel has run, in their order, into a script.

    Cells stay as they are; each `%%gpu` cell becomes a call of `aip.run_on_gpu`, our own magics become calls
    of the API, and what only IPython understands becomes plain Python, or a comment that says so. `failed`
    are the numbers of cells that had failed: those are comments.

    Raises Conflict when there is such a file and `force` does not say to write over it; Invalid.
    """
    path = Path(file).expanduser()
    numbered = list(enumerate(shell.history_manager.input_hist_raw))[1:]
    cells = {number: cell for number, cell in numbered if _is_worth(cell)}
    if not cells:
        raise Invalid("name: this kernel has run no cells yet that could be exported", field="name")
    text = script(cells, namespace=shell.user_ns, failed=set(failed))
    descriptor = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with open(os.open(path, descriptor, 0o666), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        message = f"name: there is a file {file!r}; add --force to write over it"
        raise Conflict(message, field="name") from None
    except OSError as error:
        raise Invalid(f"name: {file!r} cannot be written: {error.strerror}", field="name") from error
    return ExportNote(path, len(cells), len(set(failed) & cells.keys()))


def script(cells: Mapping[int, str], *, namespace: Mapping[str, Any], failed: set[int]) -> str:
    """The script of these cells, by their numbers. `namespace` is what they may mean by `$name`."""
    exporter = Exporter(namespace)
    body = "\n\n".join(_parts(exporter, cells, failed))
    needed = [f"import {module}\n" for module, use in _IMPORTS.items() if use in body]
    ours = ["\nimport aip_jupyter as aip\n"] if "aip." in body else []
    return f"{_HEAD}{''.join([*needed, *ours])}\n{body}\n"


def _parts(exporter: Exporter, cells: Mapping[int, str], failed: set[int]) -> Iterator[str]:
    for number, cell in cells.items():
        if number in failed:
            yield f"# %% [{number}] failed in the notebook, and is left out\n{commented(cell)}"
        else:
            yield f"# %% [{number}]\n{exporter.convert(number, cell)}".rstrip()


def _is_worth(cell: str) -> bool:
    """Not what only looks, such as this command itself."""
    words = cell.split()
    return bool(words) and words[:2] != ["%gpu", "export"]
