"""What is told of a session that was opened, and errors of a session as exceptions here."""

from __future__ import annotations

import pytest

from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.sessions import Session
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook.gpu_default import wish_for
from aip_jupyter.notebook.gpu_errors import local_error
from aip_jupyter.notebook.gpu_sessions import grant_for, notices_of
from aip_jupyter.notebook.gpu_wishes import Wish, choose, default_name, fits, misfit

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
        ("SystemExit", SystemExit),
        ("GeneratorExit", GeneratorExit),
        ("BaseExceptionGroup", BaseException),
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


def test_a_class_of_the_users_is_caught_by_what_it_is_derived_from() -> None:
    error = local_error({**reply("Lost"), "aip_base": "LookupError"})
    assert isinstance(error, LookupError)
    assert not isinstance(local_error({**reply("Gone"), "aip_base": "BaseException"}), Exception)


def test_what_an_interrupt_causes_is_an_interrupt() -> None:
    assert isinstance(local_error(reply("CancelledError"), interrupted=True), KeyboardInterrupt)
    assert isinstance(local_error(reply("ValueError"), interrupted=True), ValueError)


def test_a_session_of_another_project_is_not_meant() -> None:
    theirs = session(project="vision")
    assert fits(theirs, Wish(gpu="L40S", project="vision"))
    assert fits(theirs, Wish(name="l40s", project="vision"))
    for wish in (Wish(gpu="L40S", project="default"), Wish(name="l40s", project="default")):
        assert not fits(theirs, wish)


def test_a_session_starts_in_the_project_that_was_in_use(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_GPUS", "memory")
    monkeypatch.setenv("AIP_GPUS_URL", "L4:3")
    disconnect()
    connect().services.projects.create_project(CreateProject(name="vision"))
    before = wish_for("L4")
    notebook.run("%aip project vision")
    wishes = before, wish_for("L4"), wish_for("L4", "x", project="default")
    grants = [grant_for(wish) for wish in wishes]
    assert [grant.session.project for grant, _ in grants] == ["default", "vision", "default"]
    assert [s.name for s in notebook.run("%gpu")] == ["l4"]
    assert {s.name for s in notebook.run("%gpu list --project default")} == {"l4", "x"}
    with pytest.raises(NotFound):
        grant_for(wish_for(session="x", project="vision"))


def test_a_part_of_a_gpu_is_told_of_once() -> None:
    half = session(fraction=50, devices=["GPU-1"])
    ((text, kind),) = notices_of(half, began=True)
    assert kind == "fraction"
    assert "50 % of the memory of its L40S" in text
    assert "fraction" not in [kind for _, kind in notices_of(half, began=False)]


def several(**amounts: object) -> Session:
    return session(name="l40s-x2", count=2, **amounts)


@pytest.mark.parametrize(
    ("found", "wish", "other"),
    [
        (session(), Wish(gpu="l40s"), ""),
        (session(requested="A10"), Wish(gpu="a10g"), ""),
        (several(), Wish(), ""),
        (several(), Wish(name="l40s-x2"), ""),
        (several(), Wish(name="l40s-x2", gpu="L40S"), ""),
        (several(), Wish(gpu="L40S", count=2), ""),
        (several(), Wish(gpu="L40S"), "2 L40S, not 1"),
        (several(), Wish(name="l40s-x2", count=1), "2 L40S, not 1"),
        (session(), Wish(gpu="L40S", fraction=50), "100 % of its L40S, not 50 %"),
        (session(fraction=25), Wish(gpu="L40S"), "25 % of its L40S, not 100 %"),
        (session(), Wish(name="l40s", gpu="L4"), "L40S, not L4"),
    ],
)
def test_a_session_with_other_gpus_is_not_meant(found: Session, wish: Wish, other: str) -> None:
    assert misfit(found, wish) == other


def test_which_of_several_is_meant() -> None:
    usual, second, big, small = (session(name=name) for name in ("l40s", "l40s-2", "big", "small"))
    asked = Wish(gpu="L40S")
    assert choose([], asked) is None
    assert choose([big], asked) is big
    assert choose([big, second, usual], asked) is usual
    assert choose([big, second, small], asked) is second
    with pytest.raises(Invalid, match="'big' and 'small' fit L40S; say which one: %%gpu --session big"):
        choose([big, small], asked)
    with pytest.raises(Invalid, match="'l40s' and 'big' are this notebook's; say which one"):
        choose([usual, big], Wish())
    with pytest.raises(Invalid, match=r"say which one: %%gpu --session 'my big'$"):
        choose([session(name="my big"), big], asked)


def test_names_of_sessions_say_what_they_have() -> None:
    assert default_name("L40S", 1, 100) == "l40s"
    assert default_name("L40S", 2, 100) == "l40s-x2"
    assert default_name("L40S", 1, 50) == "l40s-50pct"


def test_a_session_is_found_again_by_what_was_asked_for(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart of the notebook's kernel: only the pool knows of it."""
    monkeypatch.setenv("AIP_GPUS", "memory")
    monkeypatch.setenv("AIP_GPUS_URL", "A10:4")
    monkeypatch.setenv("JPY_SESSION_NAME", "digits.ipynb")
    disconnect()
    first, began = grant_for(wish_for("a10g"))
    assert began
    assert first.session.name == "a10"
    assert not grant_for(wish_for("A10G"))[1]
    pair, began = grant_for(wish_for("a10", count=2))
    assert (began, pair.session.name, len(pair.session.devices)) == (True, "a10-x2", 2)
    half, began = grant_for(wish_for("a10", fraction=50))
    assert (began, half.session.name) == (True, "a10-50pct")
    again = [
        grant_for(wish_for("a10g", count=2)),
        grant_for(wish_for("A10", fraction=50)),
        grant_for(wish_for("A10")),
    ]
    assert [(grant.session.name, began) for grant, began in again] == [
        ("a10-x2", False),
        ("a10-50pct", False),
        ("a10", False),
    ]
    with pytest.raises(Invalid, match="'a10-x2' has 2 A10, not 4; leave that out"):
        grant_for(wish_for("A10", "a10-x2", count=4))
    with pytest.raises(Invalid, match="say which one"):
        grant_for(wish_for())
    marked = [line for line in repr(notebook.run("%gpu list")).splitlines() if "(this one)" in line]
    assert len(marked) == 3
