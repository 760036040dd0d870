"""Runs from a notebook and from Python: the magics, the API, and how both are shown."""

from __future__ import annotations

import enum
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.client.journals import JOURNALS, Waiting
from aip_jupyter.domain.datasets import LogDataset
from aip_jupyter.domain.runs import Run
from aip_jupyter.domain.texts import GetText
from aip_jupyter.errors import AipError, Conflict, Invalid, NotFound
from aip_jupyter.notebook import run_state
from aip_jupyter.notebook.completion import Completions
from aip_jupyter.notebook.run_words import duration_text

from ..support.live import free_port
from .conftest import Notebook

pytestmark = pytest.mark.usefixtures("no_run")


def test_a_run_in_a_notebook(notebook: Notebook) -> None:
    started = notebook.run(
        '%start_run baseline --experiment digits --tag demo --tag team=a --notes "about it"'
    )
    assert repr(started) == f"run baseline (experiment digits, running, id {started.id})"
    notebook.run("import aip_jupyter as aip")
    notebook.run("aip.log_params({'lr': 0.1, 'layers': 3})")
    notebook.run("for step in range(5): aip.log_metrics({'loss': 1 / (step + 1)}, step=step)")
    card = notebook.run("%run_info")
    assert (card.run.status, card.run.author, card.run.tags) == ("running", "ada", {"demo": "", "team": "a"})
    notebook["report"] = "all is well"
    notebook.run("%log_text report.txt report")
    Path("prompt.md").write_bytes("größer\r\n".encode())
    notebook.run("%log_text prompts/system.md prompt.md")
    assert aip.get_text(started, "report.txt") == "all is well"
    assert aip.get_text(started, "prompts/system.md") == "größer\r\n"
    Path("weights.bin").write_bytes(b"\xff\xfe\xfd")
    for line, why in (
        ("weights.bin", "text: 'weights.bin' cannot be read as a text in UTF-8"),
        (".", "text: '.' cannot be read"),
        ("started", "text: give a text, not a ActiveRun"),
        ("reprot", "text: there is no variable and no file 'reprot'; did you mean report?"),
    ):
        notebook["started"] = started
        assert notebook.fail(f"%log_text name {line}").message.startswith(why)
    assert notebook.run("%end_run").status == "completed"
    table = notebook.run("%runs BASE --experiment digits")
    assert [detail.run.id for detail in table] == [started.id]
    assert table[0].metrics[0].last == 0.2
    assert notebook.run("%run_info baseline").params == {"lr": 0.1, "layers": 3}
    assert len(notebook.run("%runs nothing")) == 0


def test_log_calls_need_a_run(notebook: Notebook) -> None:
    for cell in ("%end_run", "%run_info", "import aip_jupyter as aip; aip.log_metric('m', 1)"):
        message = notebook.fail(cell).message if cell[0] == "%" else _error(cell)
        assert "%start_run NAME" in message


def _error(code: str) -> str:
    with pytest.raises(AipError) as caught:
        exec(code)
    return caught.value.message


def test_one_run_at_a_time(notebook: Notebook) -> None:
    notebook.run("%start_run one")
    error = notebook.fail("%start_run two")
    assert isinstance(error, Conflict)
    assert "one is active" in error.message
    assert "%end_run" in error.message
    assert notebook.run("%end_run --status failed").status == "failed"
    notebook.run("%start_run two")
    assert notebook.fail("%end_run --status great").field == "status"


def test_the_first_call_after_the_end_is_refused() -> None:
    run = aip.start_run("one")
    aip.end_run()
    with pytest.raises(Conflict, match="has ended"):
        run.log_metrics({"m": 1})
    with pytest.raises(Conflict, match="has ended"):
        run.log_params({"p": 1})


def test_a_with_statement_ends_the_run() -> None:
    with aip.start_run("fine", experiment="e") as run:
        assert aip.active_run() is run
        aip.log_metric("m", 1)
    assert (run.status, aip.active_run()) == ("completed", None)
    for error, status in ((ValueError(), "failed"), (KeyboardInterrupt(), "killed")):
        with pytest.raises(type(error)), aip.start_run() as run:
            raise error
        assert run.status == status
        assert aip.get_run(run.id).run.status == status
    with aip.start_run() as run:
        aip.end_run("killed")
    assert run.status == "killed"


def test_scalars_of_libraries_are_numbers() -> None:
    class Tensor:
        """What PyTorch's looks like from here."""

        def __init__(self, *values: float) -> None:
            self.values = values

        def item(self) -> float:
            if len(self.values) != 1:
                raise RuntimeError("a Tensor with 2 elements cannot be converted to Scalar")
            return self.values[0]

    with aip.start_run("scalars"):
        values = [
            np.float32(0.5),
            np.int64(3),
            np.array(2.0),
            np.array([4.0]),
            True,
            7,
            Tensor(1.5),
            math.nan,
        ]
        for value in values:
            aip.log_metrics({"m": value})
        aip.log_metric("m", -math.inf, step=np.int64(100))
        refused: list[Any] = ["0.5", None, [1.0], 1j, np.zeros(3), Tensor(1, 2), 10**400, {}]
        for bad in refused:
            with pytest.raises(Invalid, match="'loss/val'") as caught:
                aip.log_metrics({"fine": 1.0, "loss/val": bad})
            assert caught.value.field == "loss/val"
        with pytest.raises(Invalid, match="larger than a float can be"):
            aip.log_metric("m", 10**400)
        history = aip.get_metric_history("scalars", "m")
        assert [repr(value) for value in history.values] == [
            "0.5", "3.0", "2.0", "4.0", "1.0", "7.0", "1.5", "nan", "-inf"
        ]  # fmt: skip
        assert list(aip.get_run().metrics) == ["m"]


@pytest.mark.parametrize(
    ("metrics", "step", "field"),
    [
        ({"": 1.0}, 0, "key"),
        ({5: 1.0}, 0, "key"),
        ({"a\n": 1.0}, 0, "key"),
        ({"x" * 256: 1.0}, 0, "key"),
        ([("m", 1.0)], 0, "metrics"),
        ({"m": 1.0}, 0.5, "step"),
        ({"m": 1.0}, "1", "step"),
        ({"m": 1.0}, 2**63, "step"),
    ],
)
def test_what_cannot_be_logged_is_named(metrics: Any, step: Any, field: str) -> None:
    with aip.start_run(), pytest.raises(Invalid) as caught:
        aip.log_metrics(metrics, step=step)
    assert caught.value.field == field


def test_steps_count_up_by_themselves() -> None:
    with aip.start_run("steps"):
        for _ in range(3):
            aip.log_metrics({"a": 1.0})
        aip.log_metrics({"b": 1.0}, step=10)
        aip.log_metrics({"a": 1.0, "b": 1.0})
        assert aip.get_metric_history("steps", "a").steps == [0, 1, 2, 3]
        assert aip.get_metric_history("steps", "b").steps == [10, 11]


def test_steps_count_up_to_the_largest_and_stay_there() -> None:
    last = 2**63 - 1
    with aip.start_run("steps") as run:
        aip.log_metrics({"a": 1.0}, step=last)
        aip.log_metrics({"a": 2.0, "b": 1.0})
    with aip.start_run(resume=run.id):
        aip.log_metrics({"a": 3.0})
    assert aip.get_metric_history("steps", "a").steps == [last] * 3
    assert aip.get_metric_history("steps", "b").steps == [0]


def test_a_clock_before_1970_says_1970(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as clock:
        clock.setattr(time, "time_ns", lambda: -(10**15))
        with aip.start_run("early") as run:
            aip.log_metrics({"a": 1.0})
            aip.log_metrics({"a": 1.0}, step=1)
    assert aip.get_metric_history(run.id, "a").times == [0, 0]
    assert aip.get_run(run.id).run.started == 0


def test_params_keep_their_type_and_do_not_change() -> None:
    with aip.start_run("params"):
        aip.log_params({"lr": 0.1, "n": np.int32(3), "flag": True, "opt": "adam", "long": "x" * 5000})
        aip.log_param("lr", 0.1)
        for key, other in (("lr", 0.2), ("n", 3.0), ("flag", 1)):
            with pytest.raises(Invalid, match="does not change") as caught:
                aip.log_param(key, other)
            assert caught.value.field == key
        bad = {
            "nan": math.nan,
            "list": [1],
            "none": None,
            "big": 2**63,
            "nul": "\0",
            "too long": "x" * 100_001,
        }
        for key, value in bad.items():
            with pytest.raises(Invalid, match=key):
                aip.log_params({"fine": 1, key: value})
        params = aip.get_run().params
        assert params == {"lr": 0.1, "n": 3, "flag": True, "opt": "adam", "long": "x" * 5000}
        assert [type(value) for value in params.values()] == [float, int, bool, str, str]


def test_tags() -> None:
    with aip.start_run("tags", tags=["a=1"]):
        aip.set_tag("a", "2")
        aip.set_tags(["bare", "b=3"])
        assert aip.get_run().run.tags == {"a": "2", "bare": "", "b": "3"}
        with pytest.raises(Invalid):
            aip.set_tag("a", 5)  # type: ignore[arg-type]
        for bad in ("\0", "\udce9"):
            with pytest.raises(Invalid) as caught:
                aip.set_tag("a", bad)
            assert caught.value.field == "tags"


@pytest.mark.parametrize(
    "how",
    [
        {"name": "a\n"},
        {"experiment": "x" * 256},
        {"tags": "one"},
        {"notes": "\0"},
        {"tags": {"": ""}},
        {"tags": {"a": "\0"}},
    ],
)
def test_a_run_that_cannot_start(how: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        aip.start_run(**how)
    assert caught.value.field == next(iter(how))
    assert aip.active_run() is None


def test_what_nobody_has_typed_stops_no_run(home: Path, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    script = Path(os.fsdecode(folder), "script.py")
    script.write_text(SCRIPT.format(end=""))
    environ = {**os.environ, "AIP_USER": "Ann\tLee\udce9"}
    subprocess.run([sys.executable, script], cwd=tmp_path, check=True, env=environ)
    run = aip.get_run("script").run
    assert (run.author, run.status) == ("Ann\ufffdLee\ufffd", "completed")
    assert run.notebook == f"{tmp_path}/caf\ufffd/script.py"


def test_what_cannot_be_encoded_is_named() -> None:
    with aip.start_run("fine") as run, pytest.raises(Invalid, match="half a pair"):
        run.append_dataset(LogDataset(id="0" * 32, name="d", digest="", source="caf\udce9.csv"))


def test_in_a_session_a_run_stays_in_its_project(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aip.create_project("another")
    monkeypatch.setenv("AIP_PROJECT", "vision")
    connect(refresh=True)
    with aip.start_run("ours") as run:
        context = run_state.run_context()
        assert context is not None
        assert context.project == "vision"
        run_state.RUNS.clear()  # the session's kernel is another process
        set_context(Context(project="another", run=context))
        aip.log_metrics({"m": 1.0})
        card = aip.get_run()
        assert (card.run.id, card.run.project, card.metrics["m"].count) == (run.id, "vision", 1)


def test_nothing_waits_for_a_server_that_is_down(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIP_URL", f"http://127.0.0.1:{free_port()}/")
    notebook.run("%start_run alone")
    aip.log_params({"lr": 0.1})
    aip.log_metrics({"m": 1.0})
    waiting = JOURNALS.flush(30)
    assert waiting.records >= 3
    assert "does not answer" in waiting.reason
    assert notebook.run("%end_run").status == "completed"


def test_aip_says_what_waits(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook.run("%start_run one")
    assert notebook.run("%aip").waiting == ""
    monkeypatch.setattr(JOURNALS, "flush", lambda patience: Waiting(records=7, reason="because"))
    status = notebook.run("%aip")
    assert status.waiting == "7 records wait in the journal: because"
    assert "7 records wait" in repr(status)
    assert "7 records wait" in status._repr_html_()
    assert "7 records wait" in repr(notebook.run("%runs"))


def test_what_is_not_there_is_told(notebook: Notebook) -> None:
    with aip.start_run("baseline"):
        aip.log_metric("loss", 1.0)
    error = notebook.fail("%run_info base-line")
    assert isinstance(error, NotFound)
    assert error.nearest == ["baseline"]
    with pytest.raises(NotFound, match="it has: loss"):
        aip.get_metric_history("baseline", "accuracy")
    assert notebook.fail("%runs --limit 0").field == "limit"


def test_completion(notebook: Notebook) -> None:
    with aip.start_run("a name", experiment="digits"):
        pass
    assert not JOURNALS.flush(30)
    completions = Completions(notebook.shell)
    found: list[str] = []
    deadline = time.monotonic() + 60
    while not found and time.monotonic() < deadline:  # it never waits long for an answer
        found = completions.complete("%run_info ")[1]
    assert found == ['"a name"']
    assert completions.complete("%runs --experiment ")[1] == ["digits"]
    assert completions.complete("%start_run ")[1] == []


def test_in_a_session_log_calls_go_to_the_notebooks_run(home: Path) -> None:
    with aip.start_run("ours", experiment="digits") as run:
        context = run_state.run_context()
        assert context is not None
        assert (context.id, context.name, context.experiment) == (run.id, "ours", "digits")
        run_state.RUNS.clear()  # the session's kernel is another process
        set_context(Context(project="default", run=context, gpu="L40S", notebook="n.ipynb", user="ada"))
        aip.log_metrics({"m": 1.0})
        joined = aip.active_run()
        set_context(Context(project="default", run=context, gpu="L40S"))
        aip.log_metrics({"m": 2.0})
        assert aip.active_run() is joined
        with pytest.raises(Invalid, match="end it there"):
            aip.end_run()
        with pytest.raises(Conflict):
            aip.start_run("another")
        card = aip.get_run()
        assert (card.run.name, card.run.device, card.run.status) == ("ours", "L40S", "running")
        assert card.metrics["m"].count == 2
        set_context(Context(project="default"))
        assert aip.active_run() is None


SCRIPT = """
import sys
import aip_jupyter as aip
aip.start_run("script")
aip.log_metric("m", 1.0)
{end}
"""


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", "completed"),
        ("1 / 0", "failed"),
        ("raise KeyboardInterrupt", "killed"),
        ("aip.end_run()", "completed"),
    ],
)
def test_a_script_ends_its_run(home: Path, tmp_path: Path, end: str, status: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(end=end))
    subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True)
    card = aip.get_run("script")
    assert (card.run.status, card.run.notebook) == (status, str(script))
    assert card.metrics["m"].count == 1


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(1500, "1.5 s"), (61_000, "1 min 1 s"), (7_260_000, "2 h 1 min"), (-5, "")]
)
def test_durations(milliseconds: int, text: str) -> None:
    began = 10_000_000
    run = Run(
        id="0" * 32,
        name="n",
        experiment_id="1" * 32,
        experiment="e",
        status="completed",
        started=began,
        ended=began + milliseconds,
    )
    assert duration_text(run) == text


class Word(str, enum.Enum):
    """Texts of a program's own."""

    NAME = "name"
    STATUS = "failed"


@pytest.mark.parametrize("text", [np.str_("name"), Word.NAME])
def test_texts_of_subclasses_are_texts(text: Any) -> None:
    failed: Any = np.str_("failed") if isinstance(text, np.str_) else Word.STATUS
    run = aip.start_run(text, experiment=text, tags={text: text}, notes=text)
    run.set_tag("tag", text)
    run.log_metrics({text: 1.0})
    run.log_metrics({text: 2.0}, step=7)
    run.log_params({text: 1, "same": text})
    run.log_text(text, text)
    run.end(failed)
    card = aip.get_run(run.id)
    assert (card.run.name, card.run.experiment, card.run.status) == ("name", "name", "failed")
    assert (card.run.tags, card.run.params) == ({"name": "name", "tag": "name"}, {"name": 1, "same": "name"})
    assert card.run.notes == "name"
    assert aip.get_metric_history(run.id, "name").steps == [0, 7]
    assert connect().services.runs.get_text(GetText(run=run.id, name="name")).text == "name"
