"""`%%gpu --background` in a real notebook kernel, with a real session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .gpu_cells import Notebook, end_sessions, running_notebook


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


def gated(gate: Path, code: str = "") -> str:
    """A cell that prints, waits for the gate, and goes on."""
    return f"print('first')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint('last')\n{code}"


def test_the_cell_returns_at_once_and_its_output_appears_below_it(nb: Notebook, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    cell = nb.run(f"%%gpu cpu --background --as job --out found\n{gated(gate, 'found = 42; found')}")
    shown = next(output["content"] for output in cell.outputs if output["msg_type"] == "execute_result")
    assert re.fullmatch(
        r"<GPU cell \[\d+\] (waiting|running), \d+\.\d s, session cpu>", shown["data"]["text/plain"]
    )
    assert "GPU cell" in shown["data"]["text/html"]
    cell.late("first")
    assert nb.run("job.done, job.state, job.output, _ is job").shown == [
        "(False, 'running', 'first\\n', True)"
    ]
    assert nb.fail("job.result(0.05)")["ename"] == "TimeoutError"
    gate.touch()
    assert nb.run("job.result()").shown == ["{'found': 42}"]
    assert nb.run("job.result() is (await job), job.state, job.output").shown == [
        "(True, 'done', 'first\\nlast\\n')"
    ]
    assert cell.late("last").text.endswith("first\nlast\n")
    assert nb.run("'found' in globals()").shown == ["False"]
