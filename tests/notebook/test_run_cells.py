"""`%%run` and `%%gpu --run` in a real notebook kernel, and functions that are runs on a real session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..support.sessions import wait_for
from .gpu_cells import Notebook, end_sessions, running_notebook

DEFINITIONS = """
import asyncio, os, threading, time
import aip_jupyter as aip

def status(name):
    run = aip.get_run(name).run
    return run.status, run.experiment, run.device

@aip.run("outside")
@aip.gpu("cpu")
def above(x):
    aip.log_metric("x", x)
    return os.getpid()

@aip.gpu("cpu")
@aip.run("inside")
def below(x):
    aip.log_metric("x", x)
    if x < 0:
        raise ValueError("too small")
    return os.getpid()

@aip.experiment("letters")
@aip.gpu("cpu")
@aip.run
async def waits(x):
    aip.log_metric("x", x)
    return aip.active_run().experiment
"""


TRIAL = """
async def trial(n):
    with aip.run(f"t{n}") as run:
        await asyncio.sleep(0)
        aip.log_metric("n", n)
        return run is aip.active_run(), run.parent == outer.id
"""

OF = """
def of(name):
    card, caller = aip.get_run(name), aip.get_run("caller").run
    return card.run.status, card.metrics["x"].last, card.params.get("gpu_type"), card.run.parent == caller.id
"""


def becomes(nb: Notebook, cell: str, shown: str) -> None:
    """What the cell shows once the session, which sends by itself what it logs, has sent it."""

    def is_there() -> bool:
        done = nb.start(cell).end()
        return done.reply["status"] == "ok" and done.shown == [shown]

    wait_for(is_there)


@pytest.fixture(scope="module")
def nb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    home = tmp_path_factory.mktemp("home")
    try:
        with running_notebook(home, tmp_path_factory.mktemp("work")) as notebook:
            notebook.run(DEFINITIONS)
            yield notebook
    finally:
        end_sessions(home)


def test_a_cell_is_a_run(nb: Notebook) -> None:
    cell = nb.run("%%run whole --experiment digits --tag a=1 --notes about\naip.log_metric('m', 1)\n6 * 7")
    assert cell.shown == ["42"]
    assert nb.run("aip.active_run(), status('whole')").shown == ["(None, ('completed', 'digits', ''))"]
    shown = nb.run("run = aip.get_run('whole').run; run.tags, run.notes, run.notebook").shown
    assert shown == ["({'a': '1'}, 'about', 'work/digits.ipynb')"]


def test_it_stays_a_cell(nb: Notebook) -> None:
    assert nb.run("%%run\nx = 5\nawait asyncio.sleep(0, x)").shown == ["5"]
    assert nb.run("name = 'named'").shown == []
    assert nb.run("%%run {name}\naip.active_run().name").shown == ["'named'"]
    assert nb.run("%%run mixed\n!echo hello\n%time y = 3\ny").text.startswith("hello")
    assert nb.run("x, y, aip.active_run()").shown == ["(5, 3, None)"]


def test_a_cell_that_raises_has_failed_with_the_users_own_traceback(nb: Notebook) -> None:
    reply = nb.fail("%%run broken\nz = 1\n\nz / 0")
    assert reply["ename"] == "ZeroDivisionError"
    trace = "\n".join(reply["traceback"])
    assert "line 4" in trace
    assert "aip_jupyter" not in trace
    assert nb.run("status('broken')[0], aip.active_run()").shown == ["('failed', None)"]
    assert nb.fail("%%run unparsed\nz = = 1")["ename"] == "SyntaxError"
    assert nb.run("len(aip.list_runs('unparsed'))").shown == ["0"]


def test_what_is_wrong_is_told_in_one_line(nb: Notebook) -> None:
    for cell, field in (
        ("%%run a b\n1", "unrecognized"),
        ("%%run --tag =x\n1", "tags"),
        ("# a word\n%%run a\n1", "%%run must be the first line"),
    ):
        reply = nb.fail(cell)
        assert (reply["ename"], len(reply["traceback"])) == ("Invalid", 1)
        assert field in reply["evalue"]
    nb.run("%start_run outer")
    try:
        assert nb.fail("%%run inner\n1")["ename"] == "Conflict"
        nested = "%%run inner --nested\naip.active_run().parent == aip.get_run('outer').run.id"
        assert nb.run(nested).shown == ["True"]
        assert nb.run("aip.active_run().name").shown == ["'outer'"]
    finally:
        nb.run("%end_run")


@pytest.mark.parametrize("waiting", ["while True: time.sleep(0.01)", "while True: await asyncio.sleep(0.01)"])
def test_stopping_the_cell_kills_the_run(nb: Notebook, waiting: str) -> None:
    cell = nb.start(f"%%run stopped\nprint('here', flush=True)\n{waiting}").until("here")
    nb.interrupt()
    assert cell.end().reply["status"] == "error"
    assert nb.run("status('stopped')[0], aip.active_run()").shown == ["('killed', None)"]


def test_it_works_within_other_magics_and_when_it_is_called(nb: Notebook) -> None:
    nb.run("%%capture taken\n%%run captured\nprint('text')\naip.log_metric('m', 1)")
    assert nb.run("taken.stdout, status('captured')[0]").shown == ["('text\\n', 'completed')"]
    nb.run("get_ipython().run_cell_magic('run', 'called', 'called = 7')")
    assert nb.run("called, status('called')[0]").shown == ["(7, 'completed')"]
    assert nb.fail("get_ipython().run_cell_magic('run', 'called', '1 / 0')")["ename"] == "ZeroDivisionError"
    assert nb.run("status('called')[0]").shown == ["'failed'"]


def test_ipythons_own_run_is_as_ever(nb: Notebook) -> None:
    nb.run("with open('script.py', 'w') as file:\n    file.write('import sys\\nfound = sys.argv[1:]\\n')")
    nb.run("%run script.py one two")
    assert nb.run("found").shown == ["['one', 'two']"]
    offered = nb.client.complete("%run scr", reply=True, timeout=60)["content"]["matches"]
    assert offered == ["script.py"]
    line, cell = (nb.run(f"{sign}run?").reply["payload"][0]["data"]["text/plain"] for sign in ("%", "%%"))
    assert "Run the named file inside IPython" in line
    assert "Let the cell be a run" in cell


def test_a_run_of_one_cell_is_there_in_the_next_and_tasks_have_their_own(nb: Notebook) -> None:
    nb.run("outer = aip.start_run('kept')")
    try:
        assert nb.run("await asyncio.sleep(0); aip.active_run() is outer").shown == ["True"]
        nb.run(TRIAL)
        assert nb.run("await asyncio.gather(*map(trial, range(3)))").shown == [
            "[(True, True), (True, True), (True, True)]"
        ]
        assert nb.run("inner = aip.start_run('later', nested=True); await asyncio.sleep(0)").shown == []
        assert nb.run("aip.active_run() is inner").shown == ["True"]
        assert nb.run("await asyncio.sleep(0); aip.end_run() is inner").shown == ["True"]
        assert nb.run("aip.active_run() is outer").shown == ["True"]
    finally:
        nb.run("outer.end()")
    assert nb.run("[list(aip.get_run(f't{n}').metrics) for n in range(3)]").shown == ["[['n'], ['n'], ['n']]"]


def test_a_gpu_cell_is_a_run(nb: Notebook) -> None:
    nb.run("%%gpu cpu --run remote --experiment digits\nimport os, time\nimport aip_jupyter as aip")
    assert nb.run("status('remote'), aip.active_run()").shown == ["(('completed', 'digits', 'cpu'), None)"]
    nb.run("%start_run around")
    try:
        nb.run("%%gpu cpu --run part\naip.log_metric('m', 5)")
        assert nb.run("aip.active_run().name").shown == ["'around'"]
        becomes(nb, "aip.get_run('part').metrics['m'].last", "5.0")
        assert nb.run("aip.get_run('part').run.parent == aip.active_run().id").shown == ["True"]
    finally:
        nb.run("%end_run")
    assert nb.run("list(aip.get_run('around').metrics)").shown == ["[]"]


def test_what_a_gpu_cell_has_logged_is_there_when_it_has_ended(nb: Notebook) -> None:
    nb.run("%%gpu cpu\nfrom aip_jupyter.sessions import storing; storing.PATIENCE = 60.0")
    for n in range(5):
        nb.run(f"%%gpu cpu --run told-{n}\nimport aip_jupyter as aip; aip.log_metric('seen', {n})")
        assert nb.run(f"aip.get_run('told-{n}').metrics['seen'].last").shown == [f"{n}.0"]


def test_how_a_gpu_cell_ends_its_run_ends(nb: Notebook) -> None:
    nb.run("%%gpu cpu\nimport time")
    assert nb.fail("%%gpu cpu --run failing\n1 / 0")["ename"] == "ZeroDivisionError"
    assert nb.fail("%%gpu cpu --run late --timeout 1\ntime.sleep(1000)")["ename"] == "ExecutionTimeout"
    cell = nb.start("%%gpu cpu --run ended\nprint('here', flush=True)\ntime.sleep(1000)").until("here")
    nb.interrupt()
    cell.end()
    names = "'failing', 'late', 'ended'"
    assert nb.run(f"[status(name)[0] for name in ({names})]").shown == ["['failed', 'failed', 'killed']"]
    assert nb.fail("%%gpu cpu --experiment digits\n1")["evalue"].startswith("experiment: ")
    assert nb.fail("%%gpu cpu --run never --in missing\n1")["ename"] == "NotFound"
    assert nb.fail("%%gpu cpu --run never --as job\n1")["evalue"].startswith("as: ")
    assert nb.run("len(aip.list_runs('never'))").shown == ["0"]


def test_a_gpu_cell_in_the_background_ends_its_run_by_itself(nb: Notebook) -> None:
    nb.run("%%gpu cpu --background --as job --run behind\naip.log_metric('m', 1)")
    assert nb.run("job.result(); status('behind')[0], aip.active_run()").shown == ["('completed', None)"]
    nb.run("%%gpu cpu --background --as job --run behind\n1 / 0")
    assert nb.fail("job.result()")["ename"] == "ZeroDivisionError"
    assert nb.run("status('behind')[0]").shown == ["'failed'"]


def test_functions_that_are_runs_and_run_on_a_gpu(nb: Notebook) -> None:
    nb.run("%start_run caller")
    try:
        assert nb.run("above(1) == below(2) != os.getpid()").shown == ["True"]
        assert nb.fail("below(-1)")["ename"] == "ValueError"
        assert nb.run("await waits(3), aip.active_run().name").shown == ["('letters', 'caller')"]
    finally:
        nb.run("%end_run")
    nb.run(OF)
    becomes(nb, "of('outside')", "('completed', 1.0, 'cpu', True)")
    becomes(nb, "of('inside')", "('failed', -1.0, 'cpu', True)")
    becomes(nb, "of('waits')", "('completed', 3.0, 'cpu', True)")
    becomes(nb, "caller = aip.get_run('caller'); 'x' in caller.metrics, caller.detail.children", "(False, 4)")
