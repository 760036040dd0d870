"""`%gpu attach` in real notebook kernels, with a real session."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .gpu_cells import Cell, Notebook, agents, running_notebook


@pytest.fixture(scope="module")
def other(nb: Notebook, gpu_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A second notebook, with no session of its own."""
    with running_notebook(gpu_home, tmp_path_factory.mktemp("other"), "other.ipynb") as notebook:
        yield notebook


def gated(gate: Path) -> str:
    """A cell that prints, waits for the gate, and prints again."""
    wait = f"while not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    return f"%%gpu cpu\nprint('first')\n{wait}\nprint('last')"


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
    cell = nb.run("%gpu attach")
    assert kinds(cell) == kinds(before)
    contents = [output["content"] for output in cell.outputs[1:]]
    assert contents == [output["content"] for output in before.outputs]
    count = before.reply["execution_count"]
    line = rf"In \[{count}\] of GPU session 'cpu', begun at \d\d:\d\d:\d\d, took \d+\.\d s:"
    assert re.fullmatch(line, cell.notices["cell"]), cell.notices


def test_buffers_come_as_they_were(nb: Notebook) -> None:
    code = """%%gpu cpu
kernel = get_ipython().kernel
sent = kernel.session.send(kernel.iopub_socket, "display_data", {"data": {}, "metadata": {}, "transient": {}},
    parent=kernel.get_parent("shell"), metadata={"mine": 1}, buffers=[b"\\x00\\x01"])"""
    nb.run(code)
    shown = nb.run("%gpu attach cpu").outputs[-1]
    assert shown["metadata"] == {"mine": 1}
    assert [bytes(buffer) for buffer in shown["buffers"]] == [b"\x00\x01"]


def test_errors_are_shown_and_do_not_fail_the_cell(nb: Notebook) -> None:
    error = nb.fail("%%gpu cpu\nprint('before')\n1 / 0")
    cell = nb.run("%gpu attach --last 1")
    assert kinds(cell) == ["stream", "error"]
    assert cell.outputs[-1]["content"]["traceback"] == error["traceback"]
    assert "failed after" in cell.notices["cell"]


def test_the_last_cells_come_one_after_the_other_each_under_its_line(nb: Notebook) -> None:
    for number in range(3):
        nb.run(f"%%gpu cpu\nprint('cell', {number})")
    cell = nb.run("%gpu attach cpu --last 3")
    assert kinds(cell) == ["stream"] * 3
    assert cell.text == "cell 0\ncell 1\ncell 2\n"
    assert [o["msg_type"] for o in cell.outputs] == ["display_data", "stream"] * 3


def test_what_threads_print_behind_their_cell_is_shown_too(nb: Notebook, tmp_path: Path) -> None:
    late = "import threading; t = threading.Timer(0.1, lambda: print('late', flush=True)); t.start()"
    first = nb.run(f"%%gpu cpu\n{late}\nprint('early')")
    first.late("late")
    assert nb.run("%gpu attach").text == "early\nlate\n"


REFUSED = {
    "%gpu attach": (
        "NotFound",
        "session: this notebook has no GPU session; name one: there is ",
    ),
    "%gpu attach nope": ("NotFound", "session: there is no session 'nope' in project 'default'"),
    "%gpu attach cpu --last 0": ("Invalid", "last: 0 is not a number of cells; give 1 or more"),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_typed_wrong_gets_one_clear_line(other: Notebook, code: str) -> None:
    name, begin = REFUSED[code]
    error = other.fail(code)
    assert error["ename"] == name
    assert error["evalue"].startswith(begin)
    assert error["traceback"] == [f"{name}: {error['evalue']}"]


def test_two_viewers_follow_a_cell_that_runs_and_see_the_same(
    nb: Notebook, other: Notebook, gate: Path
) -> None:
    running = nb.start(gated(gate)).until("first")
    viewer = other.start("%gpu attach cpu").until("first")
    assert "still runs" in viewer.notices["cell"]
    assert "last" not in viewer.text
    gate.touch()
    assert viewer.end().text == running.end().text == "first\nlast\n"
    assert viewer.reply["status"] == "ok"
    # It is open in that notebook now, and goes on there.
    assert other.run("%%gpu\n'os' in globals()").shown == ["True"]


def test_an_interrupt_ends_the_watching_only(nb: Notebook, other: Notebook, gate: Path) -> None:
    running = nb.start(gated(gate)).until("first")
    viewer = other.start("%gpu attach cpu").until("first")
    other.interrupt()
    viewer.end()
    assert (viewer.reply["status"], viewer.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert viewer.notices["left"].startswith("The cell goes on: `%gpu attach cpu` shows it again, ")
    assert "last" not in running.text
    gate.touch()
    assert running.end().text == "first\nlast\n"
    assert running.reply["status"] == "ok"


def test_the_loop_goes_on_while_a_cell_is_followed(nb: Notebook, other: Notebook, gate: Path) -> None:
    running = nb.start(gated(gate)).until("first")
    await_ = "await asyncio.sleep(0.2); open(gate, 'w').close()"
    opening = f"import asyncio\nasync def opens(gate): {await_}"
    other.run(opening)
    viewer = other.run(
        f"opening = asyncio.ensure_future(opens({str(gate)!r}))\n%gpu attach cpu\nopening.done()"
    )
    assert viewer.shown == ["True"]
    assert viewer.text == "first\nlast\n"
    running.end()


def test_from_python_and_inside_other_code_it_blocks(nb: Notebook) -> None:
    nb.run("%%gpu cpu\nprint('here')")
    assert nb.run("import aip_jupyter as aip\naip.attach_session('cpu')").text == "here\n"
    assert nb.run("if True:\n    %gpu attach cpu --last 1").text == "here\n"


def test_the_end_of_the_session_ends_the_watching(nb: Notebook, other: Notebook, gpu_home: Path) -> None:
    nb.run("%%gpu cpu --session brief\nimport time")
    running = nb.start("%%gpu --session brief\nprint('begun', flush=True)\ntime.sleep(60)").until("begun")
    viewer = other.start("%gpu attach brief").until("begun")
    (record,) = [record for record in agents(gpu_home) if record.session.name == "brief"]
    os.kill(int(record.kernel.split("|")[2]), signal.SIGKILL)
    for cell in (running.end(), viewer.end()):
        assert cell.reply["ename"] == "SessionDied", cell.reply
        assert "\n" not in cell.reply["evalue"]
    # What it had printed is still there.
    assert "`%gpu logs brief` shows what it has printed" in other.fail("%gpu attach brief")["evalue"]
    assert nb.run("%gpu logs brief").text == "begun\n"


def test_inside_a_session_there_is_nothing_to_attach_to(nb: Notebook) -> None:
    assert nb.fail("%%gpu cpu\n%gpu attach cpu")["evalue"].startswith("this cell runs in GPU session 'cpu'")
