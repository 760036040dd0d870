"""Finding, comparing, deleting and restoring runs, by magic and by function; what Tab offers for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.errors import Conflict, Invalid, NotFound
from aip_jupyter.notebook import run_state
from aip_jupyter.notebook.completion import Completions

from .conftest import Notebook


@pytest.fixture
def notebook(notebook: Notebook) -> Iterator[Notebook]:
    """With three runs: the first is the best and the slowest learner."""
    for n, name in enumerate(("baseline", "wider", "deeper")):
        with aip.start_run(name, experiment="digits" if n else "letters", tags=[f"team={name[0]}"]) as run:
            aip.log_params({"lr": 0.1 * (n + 1), "opt": "adam" if n < 2 else "sgd"})
            for step in range(3):
                aip.log_metrics({"loss": 1 / (step + n + 1), "val/acc": n}, step=step)
            run.log_metric("once", n)
    yield notebook
    run_state.forget_all()


def names(runs: Any) -> list[str]:
    """Of the runs of a table."""
    return [detail.run.name for detail in runs]


def test_searching(notebook: Notebook) -> None:
    assert names(aip.search_runs()) == ["deeper", "wider", "baseline"]
    assert names(aip.search_runs("digits")) == ["deeper", "wider"]
    found = aip.search_runs(filter="metrics.loss < 0.3 and params.opt = 'adam' and status = 'completed'")
    assert names(found) == ["wider"]
    assert names(aip.search_runs(order_by="metrics.loss desc")) == ["baseline", "wider", "deeper"]
    first = aip.search_runs(order_by="name", limit=2)
    assert (names(first), bool(first.next_page_token)) == (["baseline", "deeper"], True)
    rest = aip.search_runs(order_by="name", limit=2, page_token=first.next_page_token)
    assert (names(rest), rest.next_page_token) == (["wider"], "")
    for given, field in (({"filter": "metrics.loss <"}, "filter"), ({"order_by": "nothing"}, "order_by")):
        with pytest.raises(Invalid) as caught:
            aip.search_runs(**given)  # type: ignore[arg-type]
        assert caught.value.field == field
    wrong: Any
    for wrong in ("3", 0, 2.5):
        with pytest.raises(Invalid, match="is not a number of runs; give 1 or more"):
            aip.search_runs(limit=wrong)


def test_searching_by_magic(notebook: Notebook) -> None:
    line = "%runs --filter \"params.opt = 'adam' and metrics.loss.max >= 0.5\" --order-by 'metrics.loss desc'"
    assert names(notebook.run(line)) == ["baseline", "wider"]
    assert names(notebook.run("%runs WID --experiment digits --status completed --author ada")) == ["wider"]
    assert notebook.fail("%runs --filter 'and'").field == "filter"
    assert "'complete' is not one of running, completed" in notebook.fail("%runs --status complete").message
    assert "did you mean completed?" in notebook.fail("%runs --status complete").message


def test_histories(notebook: Notebook) -> None:
    assert aip.get_metric_history("baseline", "loss").steps == [0, 1, 2]
    with aip.start_run("long") as run:
        for step in range(200):
            aip.log_metric("m", 100.0 if step == 77 else 1.0, step=step)
    history = aip.get_metric_history(run, "m", points=10)
    assert len(history) <= 10
    assert {0, 77, 199} <= set(history.steps)
    assert aip.get_metric_history(run.id, "m", 0).steps == list(range(200))


def test_comparing(notebook: Notebook) -> None:
    found = aip.compare_runs(["wider", "baseline"])
    assert list(found.runs) == ["wider", "baseline"]
    assert {key for of_run in found.histories.values() for key in of_run} == {"loss", "val/acc"}
    shown = notebook.run("%compare_runs baseline deeper --metrics once,loss")
    assert {key for of_run in shown.histories.values() for key in of_run} == {"once", "loss"}
    assert isinstance(notebook.fail("%compare_runs baseline base-line"), NotFound)
    with pytest.raises(Invalid) as caught:
        aip.compare_runs("baseline")
    assert caught.value.field == "ids"
    with pytest.raises(Invalid, match="name the runs to compare"):
        aip.compare_runs([])


def test_deleting_asks(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = []
    answers = iter(["", "no", "y"])

    def answer(question: str) -> str:
        questions.append(question)
        return next(answers)

    monkeypatch.setattr("builtins.input", answer)
    for left in (3, 3, 2):
        notebook.run("%delete_run wider")
        assert len(aip.list_runs()) == left
    assert questions[0].startswith("Delete run wider (completed, id ")
    assert questions[0].endswith("[y/N] ")
    assert names(notebook.run("%runs --deleted")) == ["wider"]
    restored = notebook.run("%restore_run wider")
    assert "%restore_run" not in repr(restored)
    deleted = notebook.run("%delete_run wider --yes")
    assert repr(deleted).endswith(f"It is deleted; %restore_run {restored.run.id} takes that back.")
    assert isinstance(notebook.fail("%delete_run wider --yes"), NotFound)
    assert len(questions) == 3


def test_where_nobody_can_be_asked_nothing_is_deleted(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    assert "--yes" in notebook.fail("%delete_run wider").message
    assert len(aip.list_runs()) == 3


def test_deleting_takes_the_parts_along(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", refuse)
    with aip.start_run("whole") as whole:
        with aip.start_run("part", nested=True):
            pass
        with pytest.raises(Conflict):
            aip.delete_run(whole)
    notebook.run("%delete_run whole")
    assert "its 1 part?" in asked[0]
    aip.delete_run(whole)
    assert len(aip.list_runs()) == 3
    aip.restore_run(whole.id)
    assert aip.get_run("part").run.parent == whole.id


def offered(completions: Completions, line: str) -> list[str]:
    """What Tab offers, once the answer is there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := completions.complete(line)[1]:
            return found
    return []


def test_completion(notebook: Notebook) -> None:
    assert not JOURNALS.flush(30)
    completions = Completions(notebook.shell)
    all_names = ["deeper", "wider", "baseline"]
    for magic in ("%run_info", "%watch_run", "%delete_run", "%start_run --resume", "%compare_runs", "%runs"):
        assert offered(completions, f"{magic} ") == all_names
    assert offered(completions, "%compare_runs wider ") == ["deeper", "baseline"]
    assert offered(completions, "%compare_runs wider --metrics loss,v") == ["loss,val/acc"]
    assert offered(completions, "%set_experiment d") == ["digits"]
    assert offered(completions, "%%run name --experiment l") == ["letters"]
    assert offered(completions, "%%gpu --run name --experiment l") == ["letters"]
    assert offered(completions, '%runs --filter "metrics.lo') == ['"metrics.loss']
    assert offered(completions, "%runs --filter \"params.opt = 'adam' and metrics.v") == [
        "\"params.opt = 'adam' and metrics.val/acc"
    ]
    assert offered(completions, "%runs --order-by params.") == ['"params.lr', '"params.opt']
    assert completions.complete('%runs --filter "metrics.loss <')[1] == []
    assert completions.complete("%runs --status ")[1] == ["running", "completed", "failed", "killed"]
    assert completions.complete("%end_run --status k")[1] == ["killed"]
    notebook["report"] = "all is well"
    assert completions.complete("%log_text report.txt repo")[1] == ["report"]
    assert completions.complete("%log_text ")[1] == []
    assert completions.complete("%autolog ")[1] == ["sklearn", "lightning"]
    for line in ("%%run ", "%start_run ", "%end_run ", "%restore_run wi", "%%gpu --run "):
        assert completions.complete(line)[1] == []
    aip.delete_run("wider")
    assert offered(Completions(notebook.shell), "%restore_run ") == ["wider"]
    assert "%run" not in Completions(notebook.shell).complete("%run wi")[1]
