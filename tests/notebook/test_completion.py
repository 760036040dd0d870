"""What a press of Tab offers on the magics' lines."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.notebook import completion_lists
from aip_jupyter.notebook.completion import Completions
from aip_jupyter.notebook.completion_lists import Remembered

from .conftest import Notebook


def offered(notebook: Notebook, cell: str) -> list[str]:
    """The whole cell as it would be after each choice, as a front end makes it."""
    completer = notebook.shell.Completer
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = list(completer.completions(cell, len(cell)))
    return [cell[: one.start] + one.text + cell[one.end :] for one in found]


@pytest.fixture
def models(notebook: Notebook, clf: Any) -> None:
    for name in ("digits-clf", "letters"):
        notebook.run(f"%register_model {name} clf")


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("typed", "offer"),
    [
        ("%load_model dig", ["%load_model digits-clf"]),
        ("x = %load_model DIG", ["x = %load_model digits-clf"]),
        ("1\n%model let", ["1\n%model letters"]),
        ("%load_model --trust dig", ["%load_model --trust digits-clf"]),
        ("%load_model --to out dig", ["%load_model --to out digits-clf"]),
        ("%load_model digits-clf@l", ["%load_model digits-clf@latest"]),
        ("%load_model digits-clf --as cl", ["%load_model digits-clf --as clf"]),
        ("%load_model digits-clf --tr", ["%load_model digits-clf --trust"]),
        ("%register_model dig", ["%register_model digits-clf"]),
        ("%register_model new cl", ["%register_model new clf"]),
        ("%register_model new clf --cat", ["%register_model new clf --category"]),
        ("%models --category ot", ["%models --category Other"]),
        ('%models --category "Tabular R', ['%models --category "Tabular Regression"']),
        ("%models --category tabular", None),
        ("%aip d", ["%aip doctor"]),
        (
            "%aip ",
            [f"%aip {word}" for word in ("status", "doctor", "check", "help", "project", "role", "token")],
        ),
    ],
)
def test_tab(notebook: Notebook, typed: str, offer: list[str] | None) -> None:
    if offer is None:
        offer = ['%models --category "Tabular Classification"', '%models --category "Tabular Regression"']
    assert offered(notebook, typed) == offer


def test_estimators_come_first(notebook: Notebook, clf: Any) -> None:
    notebook["aaa"] = [1]
    assert offered(notebook, "%register_model new ") == ["%register_model new clf", "%register_model new aaa"]


def test_paths_and_other_lines_are_left_to_ipython(notebook: Notebook, work: Path) -> None:
    (work / "weights.bin").touch()
    assert "%register_model new ./weights.bin" in offered(notebook, "%register_model new ./wei")
    assert "impo" not in offered(notebook, "impo")
    assert Completions(notebook.shell).complete("load_model dig") == ("", [])


def test_nothing_is_raised_when_nobody_answers(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIP_URL", "http://127.0.0.1:9/")
    disconnect()
    assert Completions(notebook.shell).complete("%load_model x") == ("x", [])
    assert capsys.readouterr() == ("", "")


def test_a_slow_server_is_asked_once_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion_lists, "PATIENCE", 0.01)
    answer, asked = threading.Event(), []

    def fetch() -> list[str]:
        asked.append(1)
        answer.wait(60)
        return ["digits"]

    names = Remembered(fetch)
    assert names() == []
    assert names() == []
    answer.set()
    assert names._thread is not None
    names._thread.join()
    assert names() == ["digits"]
    assert asked == [1]


def test_completion_does_not_connect_for_options(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aip_jupyter.notebook.connection.connect", None)
    assert Completions(notebook.shell).complete("%models --l") == ("--l", ["--limit"])
    assert connect().mode == "embedded"
