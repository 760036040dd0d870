"""Runs that are looked at while they train: the growing curves, and the form that compares."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook import run_live, run_state
from aip_jupyter.notebook.run_curves import VEGA_LITE
from aip_jupyter.notebook.run_form import RunForm
from aip_jupyter.notebook.run_live import RunWatch

from .conftest import Notebook

pytestmark = pytest.mark.usefixtures("no_run")


class Shown(list[dict[str, Any]]):
    """What was shown, in order."""

    def __call__(self, bundle: dict[str, Any]) -> None:
        self.append(bundle)


def drawn(watch: RunWatch) -> dict[str, list[float]]:
    return {series.key: [point.value for point in series.points] for series in watch.series()}


def test_curves_grow_with_what_is_logged_and_stay_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_live, "PACE", 1000.0)  # the thread draws once: the test draws itself
    monkeypatch.setattr(run_live, "ASK", 1000.0)
    shown = Shown()
    with aip.start_run("base") as run:
        watch = RunWatch(run)
        watch.start(shown)
        assert "no metric yet" in shown[0]["text/html"]
        aip.log_metrics({"loss": 2.0, "system/cpu": 5.0}, step=0)
        aip.log_metrics({"loss": math.nan})
        watch.draw()
        assert "<svg" in shown[-1]["text/html"]
        assert "loss nan" in shown[-1]["text/plain"]
        before = len(shown)
        watch.draw()
        assert len(shown) == before, "nothing is new"
        aip.log_metrics({"loss": 1.0})
        assert [repr(value) for value in drawn(watch)["loss"]] == ["2.0", "nan"], "nothing is taken yet"
    watch.draw()
    assert shown[-1][VEGA_LITE]["title"]["text"] == "base – completed"
    assert [repr(value) for value in drawn(watch)["loss"]] == ["2.0", "nan", "1.0"]
    assert "system/cpu" not in drawn(watch)
    assert run.listeners == ()
    before = len(shown)
    watch.draw()
    assert len(shown) == before


def test_what_was_logged_before_and_elsewhere_is_asked_for() -> None:
    with aip.start_run("base") as run:
        for value in (4.0, 3.0):
            aip.log_metrics({"loss": value})
        watch = RunWatch(run)
        aip.log_metrics({"loss": 2.0})
        JOURNALS.flush(10)
        watch.ask()
        watch.draw_into(shown := Shown())
        assert drawn(watch)["loss"] == [4.0, 3.0, 2.0], "each point once, though two tell of the last"
        aip.log_metrics({"loss": 1.0})
        watch.draw_into(shown)
        assert drawn(watch)["loss"] == [4.0, 3.0, 2.0, 1.0]


def test_every_way_of_logging_is_seen_as_it_was() -> None:
    with aip.start_run("base") as run:
        watch = RunWatch(run)
        values = {"loss": 1.0}
        aip.log_metrics(values, step=0)
        values["loss"] = 2.0
        aip.log_metrics(values)
        values["loss"] = 3.0
        aip.log_metric("loss", 4.0)
        aip.log_metric("loss", 5, step=7)
        watch.draw_into(Shown())
        (series,) = watch.series()
        assert [(point.step, point.value) for point in series.points] == [
            (0, 1.0),
            (1, 2.0),
            (2, 4.0),
            (7, 5.0),
        ]


def test_a_run_of_another_process_is_followed_by_name(home: Path) -> None:
    with aip.start_run("other"):
        aip.log_metrics({"loss": 4.0, "acc": 0.1})
        JOURNALS.flush(10)
        watch = RunWatch(None, ["loss"], name="other")
        watch.ask()
        assert drawn(watch) == {"loss": [4.0]}
        aip.log_metrics({"loss": 3.0})
    JOURNALS.flush(10)
    watch.ask()
    watch.draw_into(shown := Shown())
    assert VEGA_LITE in shown[-1]
    with pytest.raises(NotFound):
        RunWatch(None, name="nobody")


def test_a_run_of_this_process_is_followed_where_it_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown()
    monkeypatch.setattr(run_live, "in_notebook", lambda: True)
    monkeypatch.setattr(run_live, "_output", lambda: shown)
    with aip.start_run("own") as run:
        aip.watch_run("own")  # the store has not heard of it yet
        aip.watch_run(run.id)
        assert len(run.listeners) == 2
        assert "own" in shown[0]["text/plain"]
    aip.watch_run("own")
    assert len(run.listeners) <= 2


def test_a_run_of_many_metrics_is_drawn() -> None:
    with aip.start_run("many"):
        aip.log_metrics({f"m{n}": float(n) for n in range(60)})
        JOURNALS.flush(10)
        watch = RunWatch(None, name="many")
        watch.ask()
        assert run_live.PANELS <= len(drawn(watch)) <= 50


def test_a_run_out_of_contact_may_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with aip.start_run("other"):
        aip.log_metrics({"loss": 4.0})
        JOURNALS.flush(10)
        watch = RunWatch(None, name="other")
        watch.draw_into(shown := Shown())
        with monkeypatch.context() as patch:
            patch.setattr("aip_jupyter.services.run_reading.is_lost", lambda run, now: True)
            watch.ask()
        watch.draw()
        assert "lost contact" in shown[-1]["text/plain"]
        watch.ask()
        watch.draw()
        assert "(running)" in shown[-1]["text/plain"]
        aip.log_metrics({"loss": 3.0})
    JOURNALS.flush(10)
    watch.ask()
    watch.draw()
    assert shown[-1][VEGA_LITE]["title"]["text"] == "other – completed"
    assert drawn(watch) == {"loss": [4.0, 3.0]}


def test_in_a_session_the_curves_stay_when_the_cell_ends() -> None:
    run = aip.start_run("base")
    context = run_state.run_context()
    run_state.forget_all()
    set_context(Context(project="default", run=context))
    joined = run_state.active_run()
    assert joined is not None
    watch = RunWatch(joined)
    watch.draw_into(shown := Shown())
    joined.log_metrics({"loss": 1.0})
    joined.log_metrics({"loss": 2.0})
    watch._cell_ended()
    assert shown[-1][VEGA_LITE]["title"]["text"] == "base"
    assert joined.listeners == ()
    assert run.id == joined.id


def test_long_runs_take_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_live, "MOST", 1000)
    with aip.start_run("long") as run:
        watch = RunWatch(run)
        watch.draw_into(Shown())
        for step in range(5000):
            run.log_metrics({"loss": 100.0 if step == 777 else 1.0}, step=step)
            if step % 500 == 0:
                watch.draw()
        watch.draw()
        (points,) = drawn(watch).values()
        assert len(points) <= 1500
        assert 100.0 in points


def test_outside_a_notebook_nothing_is_watched(notebook: Notebook) -> None:
    assert notebook.fail("%watch_run").field == "run"
    notebook.run("%start_run base")
    assert notebook.run("%watch_run") is None
    run = run_state.active_run()
    assert run is not None
    assert run.listeners == ()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("aip-watch")]


def test_a_forked_child_logs_and_draws_nothing() -> None:
    with aip.start_run("base") as run:
        watch = RunWatch(run)
        child = os.fork()
        if not child:
            try:
                run.log_metrics({"loss": 1.0}, step=0)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        assert drawn(watch) == {}


@pytest.fixture
def form(notebook: Notebook) -> Iterator[RunForm]:
    """The form over three runs of two experiments."""
    for name, experiment, lr in (("one", "a", 0.1), ("two", "a", 0.01), ("three", "b", 1.0)):
        with aip.start_run(name, experiment=experiment):
            aip.log_params({"lr": lr})
            for step in range(3):
                aip.log_metrics({"loss": lr / (step + 1), "acc": lr + step}, step=step)
    JOURNALS.flush(10)
    made = aip.panels.RunComparison()
    yield made
    made.close()


def fill(form: RunForm, **values: object) -> None:
    """Choose, and wait until it is shown."""
    for name, value in values.items():
        form.fields[name].input.value = value
    form.wait()


def labels(form: RunForm, name: str) -> list[str]:
    return [label for label, _ in form.fields[name].input.options]


def test_the_form_finds_runs_and_compares_them(form: RunForm) -> None:
    assert labels(form, "experiment") == ["all experiments", "a", "b"]
    assert labels(form, "runs") == ["✓ three – b", "✓ two – a", "✓ one – a"]
    assert form.comparison is not None
    assert form.comparison.names == ["three", "two", "one"]
    assert "<svg" in form.result.value
    fill(form, experiment="a")
    assert labels(form, "runs") == ["✓ two", "✓ one"]
    fill(form, filter="params.lr < 0.05")
    assert form.comparison.names == ["two"]
    fill(form, filter="")
    fill(form, runs=(form.comparison.details[0].run.id,), metrics=("acc",))
    assert [series.key for series in form.comparison.series] == ["acc"]
    assert ">loss</text>" not in form.result.value
    plain = form.result.value
    fill(form, axis="time", log=True, smoothing=0.9)
    assert form.result.value != plain
    data, _ = form._repr_mimebundle_()
    assert "two" in data["text/plain"]
    assert "<table" in data["text/html"]


def test_what_is_wrong_is_said_where_it_is(form: RunForm) -> None:
    fill(form, filter="metrics.loss <")
    assert form.fields["filter"].problem
    fill(form, filter="name = 'one'")
    assert not form.fields["filter"].problem
    fill(form, filter="name = 'nobody'")
    assert form.comparison is None
    assert "none that match" in form.result.value


def test_the_form_follows_a_run_that_is_running(form: RunForm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aip_jupyter.notebook.run_form.EVERY", 0.01)
    grown = threading.Event()
    with aip.start_run("live", experiment="c"):
        aip.log_metrics({"loss": 1.0})
        JOURNALS.flush(10)
        form.refresh_button.click()
        form.wait()
        fill(form, experiment="c")

        def look(change: Any) -> None:
            if "0.125" in change.new:
                grown.set()

        form.result.observe(look, names="value")
        aip.log_metrics({"loss": 0.125})
        assert grown.wait(20)
    JOURNALS.flush(10)
    form.refresh_button.click()
    form.wait()
    assert labels(form, "runs") == ["✓ live"]


def test_a_form_that_is_closed_looks_no_more(form: RunForm) -> None:
    form.close()
    form._thread.join(10)
    assert not form._thread.is_alive()


def test_the_form_shows_what_is_missing_in_place(form: RunForm, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise Invalid("nothing works", field="elsewhere")

    monkeypatch.setattr(connect().services.runs, "compare_runs", refuse, raising=False)
    form.refresh_button.click()
    form.wait()
    assert "nothing works" in form.message.value
