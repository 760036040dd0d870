"""`%gpu attach` in real notebook kernels, with a real session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .gpu_cells import Cell, Notebook, end_sessions, running_notebook


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    yield home
    end_sessions(home)


@pytest.fixture(scope="module")
def nb(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with running_notebook(home, tmp_path_factory.mktemp("work")) as notebook:
        notebook.run("%%gpu cpu\nimport os, time\nprint('begun')")
        yield notebook


def kinds(cell: Cell) -> list[str]:
    """The outputs' types, without our notices."""
    outputs = [o for o in cell.outputs if "aip_notice" not in o["content"].get("metadata", {})]
    return [output["msg_type"] for output in outputs]


ALL_KINDS = """%%gpu cpu
from IPython.display import HTML, clear_output, display
handle = display(HTML("<b>1</b>"), display_id="mine")
handle.update(HTML("<b>2</b>"))
clear_output(wait=True)
print("printed")
40 + 2"""


def test_what_was_seen_is_shown_again_as_it_was(nb: Notebook) -> None:
    before = nb.run(ALL_KINDS)
    cell = nb.run("%gpu attach cpu")
    assert kinds(cell) == kinds(before)
    assert [o["content"].get("data") for o in cell.outputs[1:]] == [o["content"].get("data") for o in before.outputs]
    count = before.reply["execution_count"]
    line = rf"In \[{count}\] of GPU session 'cpu', begun at \d\d:\d\d:\d\d, took \d+\.\d s:"
    assert re.fullmatch(line, cell.notices["cell"]), cell.notices
    assert cell.outputs[-1]["content"]["execution_count"] == count
