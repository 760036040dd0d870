"""What is captured without being asked for holds no secret: sources of data, places of runs and sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from aip_jupyter.client.context import Context, RunContext, set_context
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.notebook import run_start, run_state
from aip_jupyter.notebook.capture import capture
from aip_jupyter.notebook.gpu_context import notebook_path
from aip_jupyter.notebook.progress import Progress
from aip_jupyter.redaction import MARK

TOKEN = "aip_0123456789abcdef0123456789abcdef_Ab-Cd_Ef0123456789"


@pytest.mark.parametrize(
    ("given", "source"),
    [
        (f"s3://bucket/{TOKEN}/a.csv", f"s3://bucket/{MARK}/a.csv"),
        ("abfs://data/x;AccountKey=hunter2aaaa==/a.csv", f"abfs://data/x;AccountKey={MARK}"),
        (f"https://host/x#page={TOKEN}", f"https://host/x#page={MARK}"),
        ("s3://bucket/as-hunter2/a.csv", f"s3://bucket/{MARK}/a.csv"),
    ],
)
def test_an_address(monkeypatch: pytest.MonkeyPatch, given: str, source: str) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "as-hunter2")
    found = capture(given, "", Progress("reading", show=None))
    assert found.source == source
    assert "What looks like a secret in its name is not recorded." in found.notes


def test_a_file_is_read_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / f"{TOKEN}.csv"
    path.write_text("a\n1\n")
    found = capture(path, "", Progress("reading", show=None))
    assert (found.source, found.rows) == (str(tmp_path / f"{MARK}.csv"), 1)
    path = tmp_path / "tokens.csv"
    path.write_text("a\n1\n")
    found = capture(path, "", Progress("reading", show=None))
    assert (found.source, found.notes) == (str(path), [])


def test_a_runs_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", f"work/{TOKEN}.ipynb")
    assert run_start._whereabouts() == f"work/{MARK}.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", "work/digits.ipynb")
    assert run_start._whereabouts() == "work/digits.ipynb"


def test_a_runs_notebook_in_a_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIP_HOME", str(tmp_path))
    monkeypatch.setattr(run_state, "_of_context", None)
    run = RunContext(id="0" * 32, name="a", experiment="b", started=1)
    context = Context(project="default", run=run, notebook=f"work/{TOKEN}.ipynb")
    try:
        set_context(context)
        joined = run_state.active_run()
    finally:
        set_context(None)  # type: ignore[arg-type]  # as before the first cell
        JOURNALS.close()
    assert joined is not None
    assert joined._entry.notebook == f"work/{MARK}.ipynb"


def test_a_sessions_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", f"work/{TOKEN}.ipynb")
    assert notebook_path() == f"work/{MARK}.ipynb"
