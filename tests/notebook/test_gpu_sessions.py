"""What is told of a session that was opened, and errors of a session as exceptions here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.sessions import Session
from aip_jupyter.errors import NotFound
from aip_jupyter.notebook.gpu_api import wish_for
from aip_jupyter.notebook.gpu_errors import local_error
from aip_jupyter.notebook.gpu_sessions import OpenSession, Wish, grant_for, notices_of

from .conftest import Notebook


def session(**changes: object) -> Session:
    facts = {"id": "1", "name": "l40s", "gpu": "L40S", "requested": "L40S", "state": "idle"}
    return Session(**{**facts, "created": 1, "active": 1, **changes})  # type: ignore[arg-type]


def test_a_new_session_on_its_gpu_needs_no_word() -> None:
    assert notices_of(session(), began=True) == []
    assert notices_of(session(gpu="cpu", requested="cpu"), began=True) == []


def test_a_stand_in_is_told_of() -> None:
    text = "There is no GPU here: the CPU stands in for L40S (session 'l40s')."
    assert notices_of(session(gpu="cpu"), began=True) == [(text, "cpu")]


def test_a_session_that_goes_on_is_told_of() -> None:
    text = "GPU session 'l40s' goes on after 1 cell: its variables are there."
    assert notices_of(session(cells=1), began=False) == [(text, "attached")]


def test_a_session_in_place_of_a_dead_one_is_told_of() -> None:
    died = "session: 'l40s' has ended: it was stopped. Its variables are gone; run the cell again"
    text = "GPU session 'l40s' has ended: it was stopped. A new one runs this cell, without its variables."
    assert notices_of(session(), began=True, died=died) == [(text, "died")]


def reply(name: str, text: str = "why") -> dict[str, object]:
    return {"ename": name, "evalue": text, "traceback": ["line 1", "line 2"]}


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("ValueError", ValueError),
        ("UnicodeDecodeError", UnicodeDecodeError),
        ("KeyError", KeyError),
        ("KeyboardInterrupt", KeyboardInterrupt),
        ("SyntaxError", Exception),
        ("SystemExit", Exception),
        ("StopIteration", Exception),
        ("ExceptionGroup", Exception),
        ("OutOfMemoryError", Exception),
        ("print", Exception),
    ],
)
def test_an_error_is_of_the_class_that_it_was(name: str, base: type[BaseException]) -> None:
    error = local_error(reply(name))
    assert isinstance(error, base)
    assert (type(error).__name__, str(error)) == (name, "why")
    assert error._render_traceback_() == ["line 1", "line 2"]  # type: ignore[attr-defined]  # it has it


def test_what_an_interrupt_causes_is_an_interrupt() -> None:
    assert isinstance(local_error(reply("CancelledError"), interrupted=True), KeyboardInterrupt)
    assert isinstance(local_error(reply("ValueError"), interrupted=True), ValueError)


def test_a_session_of_another_project_is_not_meant() -> None:
    relay: Any = SimpleNamespace()
    open_session = OpenSession(session(project="vision"), relay, "L40S")
    assert open_session.fits(Wish(gpu="L40S", project="vision"))
    assert open_session.fits(Wish(name="l40s", project="vision"))
    for wish in (Wish(gpu="L40S", project="default"), Wish(name="l40s", project="default")):
        assert not open_session.fits(wish)


def test_a_session_starts_in_the_project_that_was_in_use(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_GPUS", "memory")
    monkeypatch.setenv("AIP_GPUS_URL", "L4:3")
    disconnect()
    connect().services.projects.create_project(CreateProject(name="vision"))
    before = wish_for("L4", "", strict=False, project=None)
    notebook.run("%aip project vision")
    wishes = before, wish_for("L4", "", strict=False, project=None), wish_for("L4", "x", False, "default")
    grants = [grant_for(wish) for wish in wishes]
    assert [grant.session.project for grant, _ in grants] == ["default", "vision", "default"]
    assert [s.name for s in notebook.run("%gpu")] == ["l4"]
    assert {s.name for s in notebook.run("%gpu list --project default")} == {"l4", "x"}
    with pytest.raises(NotFound):
        grant_for(wish_for("", "x", strict=False, project="vision"))
