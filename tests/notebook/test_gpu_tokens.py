"""What a session's cells may: record for their notebook, in its project and runs, with their own token."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.runs import GetRun

from ..support.live import TOKEN, LiveServer, live_server
from .gpu_cells import Notebook, end_sessions, running_notebook


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server")) as server:
        services = server.services()
        services.projects.create_project(CreateProject(name="vision"))
        services.close()
        yield server
        end_sessions(server.home)


@pytest.fixture(scope="module")
def nb(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIP_URL", server.url)
        patch.setenv("AIP_TOKEN", server.token)
        with running_notebook(server.home, tmp_path_factory.mktemp("work")) as notebook:
            notebook.run("import aip_jupyter as aip")
            notebook.run("%%gpu cpu\nimport aip_jupyter as aip, os\n%load_ext aip_jupyter")
            yield notebook


def error_of(reply: dict[str, str]) -> str:
    return f"{reply['ename']}: {reply['evalue']}"


def test_a_session_logs_into_the_runs_that_came_with_its_cells(nb: Notebook, server: LiveServer) -> None:
    ids = []
    for step in range(2):
        nb.run(f"run = aip.start_run('r{step}')")
        nb.run("%%gpu cpu\naip.log_metric('loss', 1.0)\naip.list_runs()")
        ids.append(ast.literal_eval(nb.run("run.id").shown[0]))
        nb.run("aip.end_run()\naip.list_runs()")  # which has all stored
    services = server.services()
    for id in ids:
        detail = services.runs.get_run(GetRun(run=id))
        assert (detail.run.status, detail.metrics[0].count) == ("completed", 1)
    services.close()


def test_a_session_can_neither_make_tokens_nor_start_sessions_nor_see_other_projects(nb: Notebook) -> None:
    nb.run("%%gpu cpu\nfrom aip_jupyter.client.connect import connect\nservices = connect().services")
    nb.run("%%gpu cpu\nfrom aip_jupyter.domain import access, models, sessions")
    for call, error in (
        ("services.tokens.create_token(access.CreateToken(name='x'))", "Denied"),
        ("services.tokens.list_tokens(access.ListTokens())", "Denied"),
        ("services.projects.create_project(access.CreateProject(name='x'))", "Denied"),
        ("services.sessions.attach_session(sessions.GetSession(session='cpu'))", "Denied"),
        ("services.models.list_models(models.ListModels(project='vision'))", "NotFound"),
        ("services.projects.get_project(access.GetProject(project='vision'))", "NotFound"),
    ):
        assert error in error_of(nb.fail(f"%%gpu cpu\n{call}")), call
    assert nb.run("%%gpu cpu\nlen(services.models.list_models(models.ListModels()).items)").shown == ["0"]


def test_no_other_key_is_in_the_sessions_hands(nb: Notebook, server: LiveServer) -> None:
    (runtime,) = (server.folder / "runtime").glob("aip-*.json")
    kernel_token = ast.literal_eval(runtime.read_text())["token"]
    nb.run("%%gpu cpu\nfrom aip_jupyter.client.context import get_context\ncontext = get_context()")
    token = ast.literal_eval(nb.run("%%gpu cpu\ncontext.token").shown[0])
    assert token.count(".") == 2
    values = "[getattr(context, name) for name in context.__struct_fields__]"
    seen = nb.run(f"%%gpu cpu\nprint(dict(os.environ), {values})")
    for key in (TOKEN, kernel_token):
        assert key not in seen.text
        assert key != token


def test_a_session_of_another_project_records_there(nb: Notebook, server: LiveServer) -> None:
    """The run of the notebook's own project stays out of it."""
    nb.run("run = aip.start_run('here')")
    nb.run("%%gpu cpu --project vision\nimport aip_jupyter as aip")
    assert nb.run("%%gpu cpu --project vision\naip.active_run()").shown in ([], ["None"])
    nb.run("%%gpu cpu --project vision\nwith aip.start_run('there'): aip.log_metric('loss', 1.0)")
    assert nb.run("%%gpu cpu --project vision\nlen(aip.list_runs())").shown == ["1"]
    nb.run("aip.end_run()")
    services = server.services()
    assert services.runs.get_run(GetRun(project="vision", run="there")).run.project == "vision"
    services.close()


HAND_OVER = """
from aip_jupyter.client.connect import destination
from aip_jupyter.client.handover import get_way
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.wire.journal import Notes, RunStarted, encode_record
def hand_over(*entries):
    return get_way()("default", destination().store, new_id(), 0, b"".join(map(encode_record, entries)))
"""


def test_what_the_notebook_stores_for_a_session_has_no_more_rights(nb: Notebook, server: LiveServer) -> None:
    """A session that cannot reach the server hands its records over; any of its code may do so."""
    nb.run("foreign = aip.start_run('foreign')\naip.end_run()\naip.list_runs()")
    foreign = ast.literal_eval(nb.run("foreign.id").shown[0])
    nb.run(f"%%gpu cpu\n{HAND_OVER}")
    reply = nb.fail(f"%%gpu cpu\nhand_over(Notes({foreign!r}, 'taken over'))")
    assert "may not add to the run" in error_of(reply)
    nb.run("%%gpu cpu\nown = RunStarted(new_id(), now_ms(), 'own', 'default')\nhand_over(own)")
    own = ast.literal_eval(nb.run("%%gpu cpu\nown.run").shown[0])
    send = "StoreJournal(journal=new_id(), start=0, records=encode_record(Notes(own.run, 'by itself')))"
    nb.run("%%gpu cpu\nfrom aip_jupyter.client.connect import connect\nfrom aip_jupyter.domain.runs import *")
    nb.run(f"%%gpu cpu\nconnect().services.runs.store_journal({send})")
    nb.run("%%gpu cpu\nconnect().services.runs.beat(RunBeat(runs=[own.run]))")
    services = server.services()
    assert services.runs.get_run(GetRun(run=foreign)).run.notes == ""
    assert services.runs.get_run(GetRun(run=own)).run.notes == "by itself"
    services.close()


def test_cells_run_while_the_server_is_away(nb: Notebook, server: LiveServer, tmp_path: Path) -> None:
    """Last of this file: what they log is stored by whoever comes next."""
    server.kill()
    nb.run("run = aip.start_run('away')")
    assert nb.run("%%gpu cpu\naip.log_metric('loss', 1.0)\n1 + 1").shown == ["2"]
