"""GPU sessions outlive notebooks and servers, and their end is told at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.backends.process import is_dead
from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.sessions import ListSessions, Session

from ..support.kernels import run_cell, running_kernel
from ..support.live import LiveServer, start_server
from ..support.sessions import pid_of, record_of, stop_all

WAITING = """%%gpu L40S --session long
import os, time
before = os.getpid()
print("begun", flush=True)
while not os.path.exists("go on"):
    time.sleep(0.01)
print("ended")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    server = start_server(tmp_path / "server")
    yield server
    server.stop()
    stop_all(LocalPool(BackendConfig(home=server.home), []))


def _sessions(server: LiveServer) -> list[Session]:
    services = HttpServices(server.url, server.token)
    try:
        return services.sessions.list_sessions(ListSessions())
    finally:
        services.close()


def _printed(client: Any, code: str) -> str:
    """What the cell has printed, returned or shown; it must not fail."""
    found: list[str] = []

    def show(message: Mapping[str, Any]) -> None:
        content = message["content"]
        found.append(content.get("text") or content.get("data", {}).get("text/plain", ""))

    reply = client.execute_interactive(code, timeout=100, output_hook=show)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "\n".join(found)


def _begin(client: Any, code: str, word: str) -> None:
    """Run the cell until it has printed the word."""
    client.execute(code)
    while word not in client.get_iopub_msg(timeout=60)["content"].get("text", ""):
        pass


def test_a_session_outlives_notebook_and_server(server: LiveServer, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with running_kernel(server.client_environ, work) as first:
        run_cell(first, "%load_ext aip_jupyter")
        _begin(first, WAITING, "begun")
    # The kernel was killed in the middle of the cell; the session works on, and a new kernel sees it.
    with running_kernel(server.client_environ, work) as second:
        run_cell(second, "%load_ext aip_jupyter")
        assert "long  cpu for L40S  busy" in _printed(second, "%gpu list")
    (session,) = _sessions(server)
    server.kill()
    assert not is_dead(record_of(server.home, session.id).kernel)

    again = start_server(tmp_path / "again", server.home)
    try:
        assert [(each.id, each.state) for each in _sessions(again)] == [(session.id, "busy")]
        with running_kernel(again.client_environ, work) as third:
            run_cell(third, "%load_ext aip_jupyter")
            assert "long  cpu for L40S  busy" in _printed(third, "%gpu list")
            (work / "go on").touch()
            found = _printed(third, "%%gpu --session long\nprint(before == os.getpid(), before)")
            session_pid = pid_of(record_of(server.home, session.id).kernel)
            assert f"True {session_pid}" in found
            run_cell(third, "import os, aip_jupyter as aip\npid = aip.run_on_gpu(os.getpid, session='long')")
            assert str(session_pid) in _printed(third, "pid")
            log = _printed(third, "%gpu logs long")
            assert log.split()[:2] == ["begun", "ended"], "the cell whose notebook had died came to its end"

            # A killed kernel of a session fails the cell, and says what to do.
            (work / "go on").unlink()
            _begin(third, WAITING.replace("L40S ", ""), "begun")
            os.kill(pid_of(record_of(server.home, session.id).kernel), signal.SIGKILL)
            content = third.get_shell_msg(timeout=60)["content"]
            assert (content["status"], content["ename"]) == ("error", "SessionDied"), content
            assert "'long'" in content["evalue"]
            assert "killed" in content["evalue"]
        assert [each.state for each in _sessions(again)] == ["dead"]
    finally:
        again.stop()
