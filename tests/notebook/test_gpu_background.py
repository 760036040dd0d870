"""`%%gpu --background` in a real notebook kernel, with a real session."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from .gpu_cells import Notebook, agents


def gated(gate: Path, code: str = "") -> str:
    """A cell that prints, waits for the gate, and goes on."""
    return f"print('first')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint('last')\n{code}"


def test_the_cell_returns_at_once_and_its_output_appears_below_it(nb: Notebook, gate: Path) -> None:
    cell = nb.run(f"%%gpu cpu --background --as job --out found\n{gated(gate, 'found = 42; found')}")
    shown = next(output["content"] for output in cell.outputs if output["msg_type"] == "execute_result")
    assert re.fullmatch(
        r"<GPU cell \[\d+\] (waiting, \d+\.\d s, type|running, \d+\.\d s, session) cpu>",
        shown["data"]["text/plain"],
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


def test_a_failure_is_told_in_one_line_and_raised_where_somebody_asks(nb: Notebook) -> None:
    cell = nb.run("%%gpu cpu --background --as job\nprint('before')\n1 / 0")
    cell.late("has failed")
    line = "The background cell has failed: ZeroDivisionError: division by zero; `job.result()` shows where."
    assert cell.notices["failed"] == line
    assert [o["msg_type"] for o in cell.outputs if o["msg_type"] == "error"] == []
    for asking in ("job.result()", "await job"):
        error = nb.fail(asking)
        assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
        assert "----> 3 1 / 0" in re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error["traceback"]))
    assert nb.run("job.state, job.done").shown == ["('failed', True)"]


def test_cells_queue_in_order_and_what_was_cancelled_never_begins(nb: Notebook, gate: Path) -> None:
    nb.run("%%gpu cpu\nran = []")
    first = nb.run(f"%%gpu cpu --background --as one\nran.append(1)\n{gated(gate)}").late("first")
    nb.run("%%gpu cpu --background --as two\nran.append(2)")
    nb.run("%%gpu cpu --background --as three --out ran\nran.append(3)")
    assert nb.run("[job.state for job in (one, two, three)]").shown == ["['running', 'waiting', 'waiting']"]
    nb.run("two.cancel()")
    error = nb.fail("two.result()")
    assert (error["ename"], error["evalue"]) == ("CancelledError", "the cell was cancelled")
    gate.touch()
    assert nb.run("three.result()['ran'], two.state, one.state").shown == ["([1, 3], 'cancelled', 'done')"]
    assert "failed" not in first.late("last").notices


def test_a_cancelled_cell_is_interrupted_and_its_session_goes_on(nb: Notebook) -> None:
    nb.run("%%gpu cpu --background --as job\nkept = 7\nprint('begun', flush=True)\ntime.sleep(60)").late(
        "begun"
    )
    nb.run("job.cancel()")
    for asking in ("await job", "job.result()"):
        error = nb.fail(asking)
        assert error["ename"] == "CancelledError"
        assert error["traceback"] == ["CancelledError: the cell was cancelled"]
    assert nb.run("job.cancel(); job.state").shown == ["'cancelled'"]
    assert nb.run("%%gpu cpu\nkept").shown == ["7"]


def test_its_type_is_no_session(nb: Notebook) -> None:
    nb.run("%%gpu cpu --background --as job\ntime.sleep(0.5)")
    nb.run("import types; job._run = types.SimpleNamespace(session=None)")
    assert nb.run("'type cpu' in repr(job), 'session' in repr(job)").shown == ["(True, False)"]


@pytest.mark.parametrize("asking", ["job.result()", "await job"])
def test_an_interrupt_ends_the_waiting_and_not_the_cell(nb: Notebook, gate: Path, asking: str) -> None:
    nb.run(f"%%gpu cpu --background --as job\n{gated(gate)}").late("first")
    waiting = nb.start(f"print('waits', flush=True)\n{asking}").until("waits")
    nb.interrupt()
    assert waiting.end().reply["status"] == "error"
    assert waiting.reply["ename"] in ("KeyboardInterrupt", "CancelledError")
    assert nb.run("job.done").shown == ["False"]
    gate.touch()
    assert nb.run(f"{asking} is None, job.state").shown == ["(True, 'done')"]


def test_the_end_of_its_session_is_told(nb: Notebook, gpu_home: Path) -> None:
    nb.run("%%gpu cpu --session brief\nimport time")
    cell = nb.run("%%gpu --session brief --background\nprint('begun', flush=True)\ntime.sleep(60)").late(
        "begun"
    )
    (record,) = [record for record in agents(gpu_home) if record.session.name == "brief"]
    os.kill(int(record.kernel.split("|")[2]), signal.SIGKILL)
    cell.late("has failed: session: 'brief' has ended")
    assert nb.fail("_.result()")["ename"] == "SessionDied"


REFUSED = {
    "%%gpu cpu --as job\n1": "as: it names a handle; write --background --as job",
    "%%gpu cpu --background --as exit\n1": "as: 'exit' is IPython's own; take another name: "
    "--background --as job",
    "%%gpu cpu --background --as 1x\n1": "as: '1x' is not a variable's name; write --background --as job",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_typed_wrong_gets_one_clear_line(nb: Notebook, code: str) -> None:
    error = nb.fail(code)
    assert error["traceback"] == [f"Invalid: {REFUSED[code]}"]
