"""What a session logs that cannot reach the server: its notebook stores it, over the kernel's channels."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.client.context import Context, RunContext
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import GetHistory, GetRun, ListRuns, StoreJournal
from aip_jupyter.domain.texts import GetText
from aip_jupyter.errors import Denied
from aip_jupyter.sessions.deliveries import Deliveries, Handed
from aip_jupyter.sessions.messages import Message
from aip_jupyter.sessions.relay import Cell, Relay
from aip_jupyter.sessions.zmq_link import ZmqLink
from aip_jupyter.wire.journal import AnyEntry, Notes, RunStarted, encode_record

from ..support.live import LiveServer, live_server
from .agents import Agent, running_agent, spec, wait_for

CUT_OFF = """
import socket
connect = socket.socket.connect
def refuse(self, address):
    if address[1:2] == ({port},):
        raise ConnectionRefusedError(111, "Connection refused")
    return connect(self, address)
socket.socket.connect = refuse
"""
LOG = """
import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS
for step in range({count}):
    aip.log_metrics({{"m": step}}, step=step)
aip.log_text("x" * 600_000, "large.txt")
aip.log_metrics({{"behind": 1.0}}, step=0)
print(JOURNALS.flush(60))
"""
LATER = """
import os, threading, time
def work():
    while not os.path.exists({gate!r}): time.sleep(0.01)
    for step in range(50):
        aip.log_metrics({{"later": step}}, step=step)
    open({done!r}, "w").close()
threading.Thread(target=work).start()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """A session with a home of its own, as on another machine."""
    folder = tmp_path_factory.mktemp("session")
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "AIP_HOME": str(folder / "home")}
    with running_agent(folder, spec(folder, environment=environment)) as agent:
        agent.until("idle")
        yield agent


@pytest.fixture
def notebook(server: LiveServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process, which can reach the server."""
    disconnect()
    monkeypatch.setenv("AIP_URL", server.url)
    monkeypatch.setenv("AIP_TOKEN", server.token)
    yield
    disconnect()


def context(server: LiveServer) -> Context:
    """That of a cell in a new run of the notebook."""
    run = RunContext(id=new_id(), name="there", experiment="digits", started=now_ms())
    return Context(project="default", run=run, url=server.url, token=server.token, session="test", gpu="cpu")


async def _run(agent: Agent, of: Context, *codes: str) -> str:
    """What cells in a row print, to which a notebook is attached."""
    relay, shown = Relay(await ZmqLink.open(agent.grant)), list[Message]()
    try:
        for code in codes:
            reply = await asyncio.wait_for(relay.run(Cell(code, 1, of), shown.append), 100)
            assert reply["status"] == "ok", reply
    finally:
        await relay.close()
    return "".join(message.read()["text"] for message in shown if message.type == "stream")


@pytest.mark.usefixtures("notebook")
def test_the_notebook_stores_it_once_and_in_order(server: LiveServer, agent: Agent) -> None:
    of = context(server)
    assert of.run is not None
    said = asyncio.run(_run(agent, of, CUT_OFF.format(port=server.port), LOG.format(count=10_000)))
    assert said == "0 records wait in the journal\n"
    services = server.services()
    history = services.runs.get_history(GetHistory(run=of.run.id, key="m"))
    assert history.steps == history.values == list(range(10_000))
    detail = services.runs.get_run(GetRun(run=of.run.id))
    assert (detail.run.name, detail.run.device) == ("there", "cpu")
    assert [metric.key for metric in detail.metrics] == ["behind", "m"]
    assert len(services.runs.get_text(GetText(run=of.run.id, name="large.txt")).text) == 600_000
    services.close()


@pytest.mark.usefixtures("notebook")
def test_what_is_logged_while_no_notebook_is_there_waits_for_one(
    server: LiveServer, agent: Agent, tmp_path: Path, gate: Path
) -> None:
    of = context(server)
    assert of.run is not None
    done = tmp_path / "done"
    later = LATER.format(gate=str(gate), done=str(done))
    asyncio.run(_run(agent, of, CUT_OFF.format(port=server.port), LOG.format(count=1) + later))
    services = server.services()
    known = services.runs.get_run(GetRun(run=of.run.id)).metrics
    assert "later" not in [metric.key for metric in known]
    gate.touch()
    wait_for(done.exists)
    asyncio.run(_run(agent, of, "while JOURNALS.flush(60): time.sleep(0.1)"))
    assert services.runs.get_history(GetHistory(run=of.run.id, key="later")).steps == list(range(50))
    services.close()


@pytest.mark.usefixtures("notebook")
def test_what_is_for_another_project_is_not_taken(server: LiveServer, agent: Agent) -> None:
    """The notebook may more than its session."""
    of = context(server)
    assert of.run is not None
    services = server.services()
    services.projects.create_project(CreateProject(name="vision"))
    elsewhere = Context(project="vision", run=of.run, url=of.url, token=of.token)
    said = asyncio.run(_run(agent, elsewhere, CUT_OFF.format(port=server.port), LOG.format(count=1)))
    assert "records wait in the journal: " in said
    assert services.runs.list_runs(ListRuns(project="vision")).items == []
    services.close()


def test_without_a_server_a_session_has_no_more_rights_either(home: Path, agent: Agent) -> None:
    runs, session = connect().services.runs, agent.grant.session
    came, foreign, own = (RunStarted(new_id(), now_ms(), name, "default") for name in ("a", "b", "own"))
    link: Any = SimpleNamespace(session=session)
    deliveries = Deliveries(link)
    there = RunContext(id=came.run, name="a", experiment="default", started=came.time)
    deliveries.note(Context(project=session.project, run=there))

    def hand_over(*entries: AnyEntry) -> int:
        (store,) = connect().stores
        about = Handed(id="1", project=session.project, store=store, journal=new_id(), start=0)
        return deliveries._store(about, b"".join(map(encode_record, entries)))

    records = encode_record(came) + encode_record(foreign)
    runs.store_journal(StoreJournal(journal=new_id(), start=0, records=records))
    hand_over(Notes(came.run, "by the session"))
    hand_over(own)
    hand_over(Notes(own.run, "by the session"))
    with pytest.raises(Denied):
        hand_over(Notes(foreign.run, "by the session"))
    stored = {detail.run.name: detail.run for detail in runs.list_runs(ListRuns()).items}
    assert [stored[name].notes for name in ("a", "b", "own")] == ["by the session", "", "by the session"]
    assert stored["own"].properties == {"session": session.id}
    disconnect()
