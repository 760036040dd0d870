"""`%gpu`, its tables and its completions, over a pool without kernels."""

from __future__ import annotations

import re
import time

import pytest

from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.domain.records import now_ms
from aip_jupyter.domain.sessions import Session
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook.gpu_commands import SUBCOMMANDS
from aip_jupyter.notebook.gpu_tables import GpuTable, SessionTable

from ..contracts.gpus import asking
from .conftest import Notebook
from .test_completion import offered


@pytest.fixture
def pool(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """The notebook with a pool of two L4 and an A10, and two sessions."""
    monkeypatch.setenv("AIP_GPUS", "memory")
    monkeypatch.setenv("AIP_GPUS_URL", "L4:2,A10")
    disconnect()
    sessions = connect().services.sessions
    sessions.start_session(asking("train", environment={}))
    time.sleep(0.002)  # the newest is listed first
    sessions.start_session(asking("big.1", gpu="cpu", environment={}))
    return notebook


def test_list(pool: Notebook) -> None:
    for line in ("%gpu", "%gpu list"):
        table = pool.run(line)
        assert isinstance(table, SessionTable)
        assert [session.name for session in table] == ["big.1", "train"]
    header, first, second = repr(table).splitlines()
    assert header.split("  ")[0] == "name"
    assert re.split(r"\s{2,}", second) == [
        "train",
        "L4",
        "idle",
        "digits.ipynb",
        "0",
        "ada",
        "just now",
        "just now",
    ]
    assert first.startswith("big.1  cpu")
    assert "<td>train</td><td>L4</td>" in table._repr_html_()


def test_types(pool: Notebook) -> None:
    table = pool.run("%gpu types")
    assert isinstance(table, GpuTable)
    assert [re.split(r"\s{2,}", line) for line in repr(table).splitlines()[1:]] == [
        ["L4", "2", "1"],
        ["A10", "1", "1"],
    ]


def test_stop_says_what_ended(pool: Notebook) -> None:
    note = pool.run("%gpu stop train")
    said = "GPU session 'train' (L4) has ended; its variables are gone and its GPU is free (forgot it)"
    assert repr(note) == said
    assert [session.name for session in pool.run("%gpu")] == ["big.1"]
    error = pool.fail("%gpu stop train")
    assert isinstance(error, NotFound)
    assert "there is big.1" in error.message


def test_interrupt(pool: Notebook) -> None:
    assert repr(pool.run("%gpu interrupt train")) == "GPU session 'train' (L4) runs nothing just now"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "%gpu L40S",
            "command: L40S is a GPU type; begin the cell with %%gpu L40S, with two signs",
        ),
        (
            "%gpu start",
            f"command: 'start' is not one of {', '.join(SUBCOMMANDS)}; a cell begins with %%gpu",
        ),
        ("%gpu stop", "name: name the session, as in %gpu stop NAME; %gpu lists them"),
        ("%gpu list train", "name: %gpu list takes no name"),
        ("%gpu logs train --lines 0", "lines: 0 is not a number of lines; give 1 or more"),
    ],
)
def test_what_it_does_not_understand(notebook: Notebook, line: str, message: str) -> None:
    error = notebook.fail(line)
    assert isinstance(error, Invalid)
    assert error.message == message


def test_nothing_yet(notebook: Notebook) -> None:
    nothing = "No GPU sessions in project 'default'. Start one with %%gpu L40S"
    assert repr(notebook.run("%gpu list")) == nothing
    assert repr(notebook.run("%gpu types")) == "There is no GPU here: the CPU stands in for every type."


def test_what_stands_in_and_what_died_is_said() -> None:
    then = now_ms()
    stand_in = Session(
        id="1",
        name="<b>",
        gpu="cpu",
        requested="L40S",
        state="dead",
        reason="it was <i>killed</i>",
        created=then,
        active=then,
    )
    table = SessionTable([stand_in], project="p")
    assert "cpu for L40S" in repr(table)
    assert repr(table).splitlines()[-1] == "<b> ended: it was <i>killed</i>"
    html = table._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<i>" not in html


@pytest.mark.parametrize(
    ("typed", "offer"),
    [
        ("%%gpu L4", ["%%gpu L4", "%%gpu L40S"]),
        ("%%gpu a10", ["%%gpu A10", "%%gpu A100-40G", "%%gpu A100-80G"]),
        ("%%gpu L4 --se", ["%%gpu L4 --session"]),
        ("%%gpu --session tr", ["%%gpu --session train"]),
        ("%%gpu L4 --in some", ["%%gpu L4 --in something"]),
        ("%%gpu L4 --in something,some", ["%%gpu L4 --in something,something"]),
        ("%gpu sto", ["%gpu stop"]),
        ("%gpu stop ", ["%gpu stop big.1", "%gpu stop train"]),
        ("%gpu logs tr", ["%gpu logs train"]),
        ("%gpu types L", []),
    ],
)
def test_tab(pool: Notebook, typed: str, offer: list[str]) -> None:
    pool["something"] = 1
    assert [found for found in offered(pool, typed) if "gpu" in found] == offer
