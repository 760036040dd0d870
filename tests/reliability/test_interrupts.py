"""Interrupting gives the notebook back whatever its session does, and keeps the session's variables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..notebook.gpu_cells import Notebook, end_sessions, running_notebook
from ..sessions.agents import wait_for
from ..support.interrupts import CASES, prepare


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    yield home
    end_sessions(home)


@pytest.fixture(scope="module")
def nb(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with running_notebook(home, tmp_path_factory.mktemp("work")) as notebook:
        prepare(notebook)
        yield notebook


@pytest.fixture(scope="module")
def other(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with running_notebook(home, tmp_path_factory.mktemp("else"), "else.ipynb") as notebook:
        yield notebook


@pytest.mark.parametrize("name", CASES)
def test_control_comes_back_and_the_variables_stay(nb: Notebook, name: str) -> None:
    case = CASES[name]
    cell = case.start(nb)
    nb.interrupt()
    cell.end()
    if case.where:
        cell.late("`%gpu stop cpu` ends it")
    left = cell.notices.get("left", "")
    if case.where:
        assert cell.reply["ename"] == "KeyboardInterrupt"
        assert "GPU session 'cpu' could not be stopped and goes on (interrupted it; " in left
        assert f"it is at Cell In[{cell.reply['execution_count']}], line 3: {case.where}" in left
        assert ("holds the interpreter" in left) == ("holds the interpreter" in name)
        assert left.endswith("`%gpu stop cpu` ends it, with its variables.")
    elif name == "!sleep":  # IPython ends the command, and the cell goes on, as it does anywhere
        assert cell.reply["status"] == "ok"
    else:
        assert cell.reply["ename"] == "KeyboardInterrupt"
        assert "goes on" not in left
    for code in case.after:
        nb.run(code)
    assert nb.run("%%gpu cpu\nkept").shown == ["'kept'"]


def test_a_second_press_gives_control_at_once(nb: Notebook) -> None:
    cell = nb.start("%%gpu cpu\nprint('inside', flush=True)\nnative(ctypes.CDLL)").until("inside")
    nb.interrupt()
    nb.interrupt_again(cell)
    assert cell.reply["ename"] == "KeyboardInterrupt"
    assert "GPU session 'cpu' has not stopped yet and goes on" in cell.notices["left"]
    assert nb.run("%%gpu cpu\nkept").shown == ["'kept'"]


def test_a_cell_ends_when_its_time_is_up(nb: Notebook) -> None:
    cell = nb.start("%%gpu cpu --timeout 1\nlate = 1\nwhile True: pass").end()
    assert cell.reply["ename"] == "ExecutionTimeout"
    assert cell.reply["evalue"] == (
        "timeout: the cell ran for 1 s on 'cpu' and was interrupted; its variables stay"
    )
    assert nb.run("%%gpu cpu --timeout 1h\nkept, late").shown == ["('kept', 1)"]
    refused = nb.fail("%%gpu cpu --timeout soon\n1")
    assert refused["evalue"].startswith("timeout: 'soon' is not a length of time")


def test_one_that_cannot_be_stopped_then_says_so(nb: Notebook) -> None:
    code = """
import aip_jupyter as aip
late = aip.run_on_gpu("native(ctypes.CDLL)", session="cpu", timeout=0.5)
print(late.raised.execution_id, late.raised)
"""
    id, _, text = nb.run(code).text.partition(" ")
    assert len(id) > 20
    assert text.startswith("timeout: after 0.5 s GPU session 'cpu' could not be stopped and goes on (")
    assert "native(ctypes.CDLL)" in text
    assert "`%gpu stop cpu` ends it" in text
    assert nb.run("%%gpu cpu\nkept").shown == ["'kept'"]


def test_a_busy_session_is_looked_into(nb: Notebook, other: Notebook) -> None:
    """From another notebook, and from the same one beside a cell in the background."""
    nb.run("%%gpu cpu --background --as job\nkept = 'changed'\nprint('so far', flush=True)\ntime.sleep(60)")
    for notebook, name in ((nb, ""), (other, "cpu")):
        wait_for(lambda: "so far" in notebook.run(f"%gpu logs {name}").text)  # noqa: B023  # used at once
        assert notebook.run(f"%gpu peek {name} kept").shown == ["'changed'"]
        assert "line 4: time.sleep(60)" in notebook.run(f"%gpu stack {name}").text
    said = other.run("%gpu interrupt cpu").shown[0]
    assert said == "GPU session 'cpu' (cpu) is interrupted; its variables stay (interrupted it)"
    assert nb.fail("job.result()")["ename"] == "KeyboardInterrupt"
    nb.run("%%gpu cpu\nkept = 'kept'")


def test_only_stop_and_restart_end_what_cannot_be_stopped(nb: Notebook) -> None:
    """The last test: the session that all have used begins again."""
    nb.run("%%gpu cpu --background --as job\nprint('inside', flush=True)\nwhile True: native(ctypes.PyDLL)")
    wait_for(lambda: nb.run("job.output").shown == ["'inside\\n'"])
    said = nb.run("%gpu restart cpu").shown[0]
    assert said.startswith("GPU session 'cpu' (cpu) has begun again, without its variables (asked its kernel")
    assert "but it did not within 1 s; sent SIGTERM to its processes; " in said
    assert said.endswith("started it again)")
    assert nb.fail("job.result()")["ename"] == "SessionDied"
    assert nb.fail("%%gpu cpu\nkept")["ename"] == "NameError"
    said = nb.run("%gpu stop cpu").shown[0]
    assert "has ended; its variables are gone and its GPU is free (asked its kernel to end, " in said
