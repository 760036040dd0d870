"""Runs within runs, and side by side, in threads, tasks and forked processes; runs that go on; texts."""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import disconnect
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.client.journals import JOURNALS, Waiting
from aip_jupyter.errors import Conflict, Invalid, NotFound, Unavailable
from aip_jupyter.notebook import run_state

from ..support.live import free_port
from .conftest import Notebook

pytestmark = pytest.mark.usefixtures("no_run")


def in_thread(function: Callable[[], Any]) -> Any:
    """What it returns when another thread calls it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result(60)


def test_leaving_the_inner_restores_the_outer() -> None:
    with aip.start_run("outer", experiment="parts") as outer:
        with aip.start_run("inner", nested=True) as inner:
            with aip.start_run("innermost", nested=True) as innermost:
                assert aip.active_run() is innermost
                aip.log_metric("m", 3)
            assert aip.active_run() is inner
            aip.log_metric("m", 2)
        assert aip.active_run() is outer
        aip.log_metric("m", 1)
        assert (outer.parent, inner.parent, innermost.parent) == ("", outer.id, inner.id)
    assert aip.active_run() is None
    for run, value in ((outer, 1), (inner, 2), (innermost, 3)):
        card = aip.get_run(run.id)
        assert (card.run.parent, card.metrics["m"].last, card.metrics["m"].count) == (run.parent, value, 1)
        assert card.run.experiment == "parts"
    assert aip.get_run("outer").detail.children == 1


def test_the_outer_may_end_first() -> None:
    outer = aip.start_run("outer")
    inner = aip.start_run("inner", nested=True)
    outer.end()
    assert aip.active_run() is inner
    assert aip.end_run("failed") is inner
    assert aip.active_run() is None
    assert [aip.get_run(name).run.status for name in ("outer", "inner")] == ["completed", "failed"]


def test_another_run_beside_says_what_to_do(notebook: Notebook) -> None:
    notebook.run("%start_run outer")
    error = notebook.fail("%start_run another")
    assert isinstance(error, Conflict)
    assert "--nested" in error.message
    assert notebook.run("%start_run inner --nested").parent == aip.get_run("outer").run.id
    assert notebook.run("%end_run").name == "inner"
    assert notebook.run("%end_run").name == "outer"
    assert notebook.run("%start_run alone --nested").parent == ""


def test_a_part_is_in_the_project_of_the_whole(home: Path) -> None:
    aip.create_project("vision")
    with aip.start_run("outer", project="vision") as outer:
        with aip.start_run("inner", nested=True) as inner:
            pass
        with pytest.raises(Invalid, match="its parts") as caught:
            aip.start_run("inner", nested=True, project="default")
        assert caught.value.field == "project"
        assert aip.active_run() is outer
    assert aip.get_run(inner.id, project="vision").run.parent == outer.id


def test_all_threads_see_the_cells_run_and_each_may_have_its_own() -> None:
    with aip.start_run("cell") as cell:
        inside, over = threading.Barrier(4), threading.Barrier(4)

        def work(n: int) -> None:
            assert aip.active_run() is cell
            aip.log_metric("shared", n, step=n)
            with aip.start_run(f"own-{n}", nested=n == 0) as own:
                inside.wait(60)
                assert aip.active_run() is own
                aip.log_metric("own", n)
                cell.log_metric("direct", n, step=n)
                over.wait(60)
            assert aip.active_run() is cell

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(work, n) for n in range(4)]:
                done.result(60)
        assert aip.active_run() is cell
    metrics = aip.get_run("cell").metrics
    assert (metrics["shared"].count, metrics["direct"].count, "own" in metrics) == (4, 4, False)
    for n in range(4):
        card = aip.get_run(f"own-{n}")
        assert (card.metrics["own"].last, card.run.parent) == (n, cell.id if n == 0 else "")


def test_one_thread_has_one_run_at_a_time() -> None:
    def twice() -> None:
        with aip.start_run("one"), pytest.raises(Conflict, match="one is active"):
            aip.start_run("two")

    in_thread(twice)
    assert aip.active_run() is None


def test_a_run_that_a_thread_leaves_open_is_nobody_elses() -> None:
    run = in_thread(lambda: aip.start_run("left open"))
    assert aip.active_run() is None
    with aip.start_run("mine"):
        aip.log_metric("m", 1)
    run.log_metric("m", 2)
    run.end()
    assert aip.get_run("left open").metrics["m"].last == 2


def test_steps_and_params_of_many_threads() -> None:
    with aip.start_run("many") as run:
        begin = threading.Barrier(8)

        def work(n: int) -> int:
            begin.wait(60)
            for _ in range(200):
                aip.log_metrics({"m": n})
            try:
                run.log_params({"who": n})
            except Invalid:
                return 0
            return 1

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(work, range(8))) == 1
    assert sorted(aip.get_metric_history("many", "m").steps) == list(range(1600))


class _Meeting:
    """Lets tasks go on once all of them are here."""

    def __init__(self, count: int) -> None:
        self._missing = count
        self._all = asyncio.Event()

    async def wait(self) -> None:
        self._missing -= 1
        if not self._missing:
            self._all.set()
        await self._all.wait()


async def _trial(n: int, begun: _Meeting, logged: _Meeting) -> None:
    with aip.start_run(f"trial-{n}", nested=True) as run:
        await begun.wait()
        assert aip.active_run() is run
        aip.log_metric("n", n)
        await asyncio.to_thread(aip.log_metric, "thread", n)
        await logged.wait()
        with pytest.raises(Conflict):
            aip.start_run("another")


async def _sweep(count: int) -> None:
    begun, logged = _Meeting(count), _Meeting(count)
    with aip.start_run("sweep") as sweep:
        await asyncio.gather(*(_trial(n, begun, logged) for n in range(count)))
        assert aip.active_run() is sweep
        await asyncio.get_running_loop().run_in_executor(None, aip.log_metric, "helper", 1)


def _check_sweep(count: int) -> None:
    sweep = aip.get_run("sweep")
    assert (sweep.run.status, sweep.detail.children, list(sweep.metrics)) == ("completed", count, ["helper"])
    for n in range(count):
        card = aip.get_run(f"trial-{n}")
        assert (card.run.parent, card.metrics["n"].last, card.metrics["thread"].last) == (sweep.run.id, n, n)


def test_tasks_do_not_mix() -> None:
    asyncio.run(_sweep(3))
    assert aip.active_run() is None
    _check_sweep(3)


FORKS = """
import os, sys
import aip_jupyter as aip

with aip.start_run("parent") as run:
    aip.log_metric("m", 0, step=0)
    children = []
    for n in (1, 2):
        child = os.fork()
        if child == 0:
            assert aip.active_run() is run
            aip.log_metric("m", n, step=n)
            with aip.start_run(f"child-{n}", nested=n == 1):
                aip.log_metric("own", n)
            assert aip.active_run() is run
            try:
                aip.end_run()
            except aip_error as error:
                assert "is ended there" in str(error)
            else:
                os._exit(3)
            aip.start_run(f"open-{n}")
            sys.exit(0)  # leaves the block of the parent's run, which goes on
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    aip.log_metric("m", 3, step=3)
""".replace("aip_error", "__import__('aip_jupyter.errors').errors.Invalid")


def test_forked_processes(home: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(FORKS)
    ended = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert ended.returncode == 0, ended.stderr
    parent = aip.get_run("parent").run
    assert parent.status == "completed"
    assert aip.get_metric_history("parent", "m").values == [0, 1, 2, 3]
    for n in (1, 2):
        card = aip.get_run(f"child-{n}")
        assert (card.metrics["own"].last, card.run.parent) == (n, parent.id if n == 1 else "")
        assert aip.get_run(f"open-{n}").run.status == "completed"


def _worker(n: int) -> None:
    aip.log_metric("m", n, step=n)
    with aip.start_run(f"worker-{n}"):
        aip.log_metric("own", n)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_workers_of_multiprocessing() -> None:
    fork = multiprocessing.get_context("fork")
    with aip.start_run("pool"):
        workers = [fork.Process(target=_worker, args=[n]) for n in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
    assert sorted(aip.get_metric_history("pool", "m").values) == [0, 1, 2]
    assert [aip.get_run(f"worker-{n}").run.status for n in range(3)] == ["completed"] * 3


ALL_END = """
import threading
import aip_jupyter as aip
aip.start_run("outer")
aip.start_run("inner", nested=True)
thread = threading.Thread(target=aip.start_run, args=["thread"])
thread.start(); thread.join()
1 / 0
"""


def test_a_script_ends_all_its_runs(home: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ALL_END)
    subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True)
    assert [aip.get_run(name).run.status for name in ("outer", "inner", "thread")] == ["failed"] * 3


def test_going_on_with_a_run() -> None:
    with aip.start_run("baseline", experiment="digits", tags=["a=1"]) as first:
        aip.log_params({"lr": 0.1})
        aip.log_metrics({"loss": 1.0})
        aip.log_metrics({"loss": 0.5})
    run_state.forget_all()  # as another process
    with aip.start_run(resume="baseline", tags=["b=2"], notes="longer") as run:
        assert (run.id, run.experiment, run.started) == (first.id, "digits", first.started)
        assert aip.get_run().run.status == "running"
        aip.log_metrics({"loss": 0.25})
        with pytest.raises(Invalid, match="does not change"):
            aip.log_param("lr", 0.2)
        aip.log_param("lr", 0.1)
        with pytest.raises(Conflict, match="is running"):
            aip.start_run(resume=run, nested=True)
    card = aip.get_run(first.id)
    assert (card.run.status, card.run.tags, card.run.notes) == ("completed", {"a": "1", "b": "2"}, "longer")
    assert aip.get_metric_history("baseline", "loss").steps == [0, 1, 2]
    assert len(aip.list_runs("baseline")) == 1


def test_what_cannot_go_on() -> None:
    with aip.start_run("baseline"):
        pass
    with pytest.raises(NotFound) as caught:
        aip.start_run(resume="base-line")
    assert caught.value.nearest == ["baseline"]
    for given in ({"name": "other"}, {"experiment": "other"}):
        with pytest.raises(Invalid) as invalid:
            aip.start_run(resume="baseline", **given)  # type: ignore[arg-type]
        assert invalid.value.field == next(iter(given))
    aip.delete_run("baseline")
    with pytest.raises((Conflict, NotFound)):
        aip.start_run(resume="baseline")
    assert aip.active_run() is None


def test_a_run_of_a_living_process_is_not_taken_over(home: Path) -> None:
    go_on = "import aip_jupyter as aip\naip.start_run(resume='ours')"
    with aip.start_run("ours") as run:
        aip.log_metric("m", 1.0)
        assert not JOURNALS.flush(30)
        said = subprocess.run([sys.executable, "-c", go_on], capture_output=True, text=True)
        assert "Conflict: run: ours is recorded by another process" in said.stderr
        assert aip.get_run(run.id).run.status == "running"
    subprocess.run([sys.executable, "-c", go_on], check=True)
    assert aip.get_run(run.id).run.properties["resumed_from"] == run._entry.holder


def test_a_run_of_this_process_goes_on_without_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    monkeypatch.setenv("AIP_URL", url)
    disconnect()
    with aip.start_run("alone", tags=["a"]) as first:
        aip.log_params({"lr": 0.1})
        aip.log_metrics({"m": 1.0})
    with aip.start_run(resume="alone") as run:
        assert run.id == first.id
        aip.log_metrics({"m": 2.0})
        with pytest.raises(Invalid, match="does not change"):
            aip.log_param("lr", 0.2)
    with pytest.raises(Unavailable):
        aip.start_run(resume="somebody else's")
    assert run._steps == {"m": 2}


def test_what_is_not_found_may_still_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JOURNALS, "flush", lambda patience: Waiting(records=3, reason="the store is slow"))
    with pytest.raises(
        NotFound, match=r"no run 'late'.*; but 3 records wait in the journal: the store is slow"
    ):
        aip.get_run("late")


def test_in_a_session_a_run_may_be_a_part_of_the_notebooks(home: Path) -> None:
    aip.set_experiment("digits")
    with aip.start_run("ours") as run:
        context = run_state.run_context()
        experiment = run_state.experiment_now()
        run_state.forget_all()  # the session's kernel is another process
        set_context(Context(project="default", run=context, experiment=experiment, gpu="L40S"))
        with pytest.raises(Conflict):
            aip.start_run("another")
        with aip.start_run("inner", nested=True) as inner:
            aip.log_metric("m", 1)
        assert (inner.parent, inner.experiment) == (run.id, "digits")
        active = aip.active_run()
        assert active is not None
        assert active.id == run.id


def test_the_experiment_of_runs_that_name_none(notebook: Notebook) -> None:
    with aip.start_run("before") as run:
        assert run.experiment == "default"
    assert notebook.run("%set_experiment digits") == "digits"
    with aip.start_run("after") as run:
        assert run.experiment == "digits"
    assert in_thread(lambda: aip.start_run("in a thread")).experiment == "digits"
    with aip.start_run("own", experiment="letters") as run:
        assert run.experiment == "letters"
    assert notebook.fail("%set_experiment ''").field == "experiment"
    with pytest.raises(Invalid):
        aip.set_experiment(5)  # type: ignore[arg-type]


def test_a_system_exit_is_no_failure() -> None:
    for code, status in ((0, "completed"), (None, "completed"), (1, "failed")):
        with pytest.raises(SystemExit), aip.start_run() as run:
            raise SystemExit(code)
        assert run.status == status


def test_texts_and_notes() -> None:
    with aip.start_run("texts", notes="first") as run:
        aip.log_text("prompt one", "prompts/a.txt")
        aip.log_text("prompt two", "prompts/a.txt")
        aip.log_text("", "empty")
        aip.update_notes("second")
        bad: list[tuple[Any, Any, str]] = [
            (5, "name", "text"),
            ("text", None, "name"),
            ("text", "", "name"),
            ("\0", "name", "text"),
            ("\ud800", "name", "text"),
            ("x" * 900_001, "name", "text"),
        ]
        for text, name, field in bad:
            with pytest.raises(Invalid) as caught:
                aip.log_text(text, name)
            assert caught.value.field == field
        for notes in (None, "\0", "x" * 100_001):
            with pytest.raises(Invalid) as caught:
                aip.update_notes(notes)  # type: ignore[arg-type]
            assert caught.value.field == "notes"
        logged = [text.name for text in aip.list_texts() if not text.captured]
        assert logged == ["empty", "prompts/a.txt"]
    assert aip.get_text("texts", "prompts/a.txt") == "prompt two"
    assert aip.get_text(run, "empty") == ""
    assert aip.get_run("texts").run.notes == "second"
    with pytest.raises(NotFound, match=r"prompts/a\.txt"):
        aip.get_text("texts", "prompts/b.txt")
    with pytest.raises(Conflict, match="has ended"):
        run.log_text("late", "name")


@pytest.mark.parametrize("alone", ["at first", "later"])
def test_a_task_stays_what_it_was(alone: str) -> None:
    """Its second run is refused, whatever tasks have come or gone meanwhile."""

    async def main() -> None:
        done = asyncio.Event()
        if alone == "later":
            other = asyncio.create_task(done.wait())
        with aip.start_run("outer"):
            if alone == "at first":
                other = asyncio.create_task(done.wait())
            else:
                done.set()
                await other
            with pytest.raises(Conflict, match="is active"):
                aip.start_run("second")
            done.set()
            await other

    asyncio.run(main())
