"""`%gpu peek`, `stack`, `restart`, and which session is meant without a name; over a pool without kernels."""

from __future__ import annotations

import time

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.domain.sessions import Peek
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook.gpu_look import PeekedValue, split_peek

from ..contracts.gpus import asking
from .conftest import Notebook


@pytest.fixture
def pool(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """The notebook `work/digits.ipynb`, with one session of its own, and one of another."""
    monkeypatch.setenv("AIP_GPUS", "memory")
    monkeypatch.setenv("AIP_GPUS_URL", "L4:2,A10")
    monkeypatch.setenv("JPY_SESSION_NAME", "work/digits.ipynb")
    disconnect()
    start("train", notebook="work/digits.ipynb")
    start("other", notebook="else.ipynb")
    return notebook


def start(name: str, notebook: str, gpu: str = "L4") -> None:
    time.sleep(0.002)  # the newest is listed first
    connect().services.sessions.start_session(asking(name, notebook=notebook, gpu=gpu, environment={}))


def test_without_a_name_the_notebooks_only_session_is_meant(pool: Notebook) -> None:
    assert repr(pool.run("%gpu interrupt")).startswith("GPU session 'train' (L4) ")
    assert aip.session_stack().startswith("It has no kernel")
    assert aip.session_log() == ""
    with pytest.raises(Invalid, match="expression: session 'train' has no kernel"):
        aip.peek_session("x")


@pytest.mark.parametrize("line", ["%gpu peek x", "%gpu stack", "%gpu interrupt", "%gpu logs"])
def test_of_several_one_has_to_be_named(pool: Notebook, line: str) -> None:
    start("more", notebook="work/digits.ipynb", gpu="A10")
    error = pool.fail(line)
    assert isinstance(error, Invalid)
    assert error.message == "session: this notebook has more and train; name one of them"


def test_without_any_those_that_there_are_are_named(pool: Notebook) -> None:
    pool.run("%gpu stop train")
    error = pool.fail("%gpu stack")
    assert isinstance(error, NotFound)
    assert error.message == "session: this notebook has no GPU session; name one: there is other"
    assert error.nearest == ["other"]
    pool.run("%gpu stop other")
    assert "start one with %%gpu" in str(pool.fail("%gpu stack"))


def test_one_of_another_notebook_is_reached_by_its_name(pool: Notebook) -> None:
    for line in ("%gpu peek --session other x", "%gpu peek x --session other", "%gpu peek other x"):
        assert "session 'other' has no kernel" in str(pool.fail(line))
    assert aip.session_stack("other").startswith("It has no kernel")
    assert "there is no session 'no'" in str(pool.fail("%gpu stack no"))


def test_restart_keeps_what_a_session_is(pool: Notebook) -> None:
    old = {session.name: session for session in aip.list_sessions()}["other"]
    note = pool.run("%gpu restart other")
    assert repr(note) == (
        "GPU session 'other' (L4) has begun again, without its variables (forgot it; started it again)"
    )
    new = {session.name: session for session in aip.list_sessions()}["other"]
    assert new.id != old.id
    assert (new.gpu, new.requested, new.notebook, new.count) == ("L4", "L4", "else.ipynb", 1)
    assert "name the session, as in %gpu restart NAME" in str(pool.fail("%gpu restart"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("losses[-1]", (None, None, "losses[-1]")),
        ("--session big losses[-1]", ("big", None, "losses[-1]")),
        ("losses[-1] --session big", ("big", None, "losses[-1]")),
        ("--session=big --project vision a - b", ("big", "vision", "a - b")),
        ("big losses", ("big", None, "losses")),
        ("l4-2 'a b' + c", ("l4-2", None, "'a b' + c")),
        ("a + b", (None, None, "a + b")),
        ("big -1", (None, None, "big -1")),
        ("f('--session x')", (None, None, "f('--session x')")),
        ("1 +", (None, None, "1 +")),
    ],
)
def test_what_is_the_expression(words: str, found: tuple[str | None, str | None, str]) -> None:
    assert split_peek(words) == found


@pytest.mark.parametrize("words", ["", "  ", "--session big"])
def test_an_expression_is_needed(words: str) -> None:
    with pytest.raises(Invalid, match=r"as in %gpu peek losses\[-1\]"):
        split_peek(words)


def test_a_value_shows_itself_as_in_its_session() -> None:
    value = PeekedValue(Peek(type="DataFrame", data={"text/plain": "a", "text/html": "<b>a</b>"}))
    assert (repr(value), value.type, value.text) == ("a", "DataFrame", "a")
    assert value._repr_mimebundle_() == {"text/plain": "a", "text/html": "<b>a</b>"}
