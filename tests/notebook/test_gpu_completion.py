"""What a press of Tab offers on the lines of `%%gpu` and `%gpu`, and that help names all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.notebook.arguments import options
from aip_jupyter.notebook.completion import Completions
from aip_jupyter.notebook.gpu_commands import SUBCOMMANDS, GpuCommands
from aip_jupyter.notebook.gpu_magics import GpuMagics

from ..support.sessions import stop_all, wait_for
from .conftest import Notebook
from .test_completion import offered

MAGICS = {"%%gpu": GpuMagics.gpu_cell, "%gpu": GpuCommands.gpu}


def tab(notebook: Notebook, line: str, below: str = "") -> list[str]:
    """The words that are offered at the end of the line, with the cell below it."""
    from IPython.core.completer import provisionalcompleter

    completer, cell = notebook.shell.Completer, f"{line}\n{below}"
    with provisionalcompleter():
        found = list(completer.completions(cell, len(line)))
    return [(cell[: one.start] + one.text).rpartition(" ")[2] for one in found]


@pytest.mark.parametrize("magic", list(MAGICS))
def test_every_option_is_offered_and_in_the_help(notebook: Notebook, magic: str) -> None:
    expected = [name for name in options(MAGICS[magic]) if name.startswith("--")]
    assert len(expected) > 3
    assert [text.rpartition(" ")[2] for text in offered(notebook, f"{magic} --")] == expected
    notebook.run(f"{magic}?")
    for word in (*expected, *(SUBCOMMANDS if magic == "%gpu" else ())):
        assert word in notebook.printed, word


@pytest.mark.parametrize(
    ("line", "offer"),
    [
        ("%%gpu l4", ["L4", "L40S"]),
        ("%%gpu L4 --count ", ["1", "2", "4", "8"]),
        ("%%gpu L4 --fraction 5", ["50"]),
        ("%%gpu L4 --timeout 1", ["10m", "1h", "12h"]),
        ("%gpu sto", ["stop"]),
        ("%%gpu L4 --in dat", ["data"]),
        ("%%gpu L4 --in other,da", ["other,data"]),
        ("%gpu types ", []),
    ],
)
def test_words(notebook: Notebook, line: str, offer: list[str]) -> None:
    notebook.run("data, other = 1, 2")
    wait_for(lambda: tab(notebook, line)[: len(offer)] == offer)  # a slow answer comes at the next press


@pytest.fixture
def session(notebook: Notebook, home: Path) -> Iterator[Notebook]:
    notebook.run("%%gpu L40S --session big\nmodel = scores = 1\n_hidden = 2\ndef fit(): ...")
    yield notebook
    stop_all(LocalPool(BackendConfig(home=home), []))


def test_variables_of_the_cell_and_of_the_session(session: Notebook) -> None:
    wait_for(lambda: tab(session, "%%gpu --session ") == ["big"])
    assert tab(session, "%gpu stop ") == tab(session, "%gpu attach b") == ["big"]
    for line in ("%%gpu --session big --out ", "%%gpu --out "):
        wait_for(lambda line=line: tab(session, line) == ["fit", "model", "scores"])  # type: ignore[misc]
    assert tab(session, "%%gpu --out s", "score = scores * 2") == ["score", "scores"]
    assert tab(session, "%%gpu --out model,s") == ["model,scores"]
    assert tab(session, "%gpu peek ") == ["fit", "model", "scores"]
    assert tab(session, "%gpu peek model+s") == ["model+scores"]
    assert Completions(session.shell).complete("%gpu peek model.s") == ("model.s", [])
    assert tab(session, "%gpu peek --session big len(m") == ["len(model"]
    session.run("data = [1]")
    session.run("zeta = 2")
    assert tab(session, "%%gpu --in ", "print(zeta)")[:2] == ["zeta", "data"]
