"""How a kernel finds its server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.client.discovery import find_server
from aip_jupyter.domain.system import Nothing
from aip_jupyter.errors import Invalid, Unauthenticated, Unavailable
from aip_jupyter.services.settings import Settings

from ..support.live import LiveServer, free_port, live_server

SETTINGS = Settings(home=Path("/nowhere"))
PARENT = {"JPY_PARENT_PID": str(os.getpid())}
HUB = {"JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:8888/user/a/", "JUPYTERHUB_API_TOKEN": "hub"}


def write(folder: Path, pid: int, mode: int = 0o600) -> Path:
    path = folder / f"aip-{pid}.json"
    path.write_text(json.dumps({"url": "http://127.0.0.1:1/", "token": "t", "pid": pid, "version": "0"}))
    path.chmod(mode)
    return path


def test_nothing_found_means_embedded(tmp_path: Path) -> None:
    assert find_server(SETTINGS, {}, [tmp_path]) is None
    assert find_server(SETTINGS, PARENT, [tmp_path]) is None


def test_the_order(tmp_path: Path) -> None:
    write(tmp_path, os.getpid())
    explicit = Settings(home=Path("/nowhere"), url="http://explicit/", token="x")
    found = find_server(explicit, {**PARENT, **HUB}, [tmp_path])
    assert found is not None
    assert (found.url, found.how) == ("http://explicit/", "AIP_URL")
    found = find_server(SETTINGS, {**PARENT, **HUB}, [tmp_path / "none", tmp_path])
    assert found is not None
    assert (found.url, found.token) == ("http://127.0.0.1:1/", "t")
    found = find_server(SETTINGS, HUB, [tmp_path])
    assert found is not None
    assert (found.url, found.token, found.how) == (HUB["JUPYTERHUB_SERVICE_URL"], "hub", "JupyterHub")


def test_the_file_of_a_dead_server_is_no_server(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    write(tmp_path, dead.pid)
    assert find_server(SETTINGS, {"JPY_PARENT_PID": str(dead.pid)}, [tmp_path]) is None


def test_a_file_that_others_could_have_written_is_refused(tmp_path: Path) -> None:
    write(tmp_path, os.getpid(), 0o644)
    with pytest.raises(Invalid, match="0600"):
        find_server(SETTINGS, PARENT, [tmp_path])


def test_the_address_that_jupyter_prints_may_be_pasted() -> None:
    found = find_server(Settings(home=Path("/nowhere"), url="http://h:1/a/?token=abc"), {}, [])
    assert found is not None
    assert (found.url, found.token) == ("http://h:1/a/", "abc")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"url": 1}', b'{"url": "http://h/"', b'{"url": "\xff"}'])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, os.getpid()).write_bytes(content)
    with pytest.raises(Invalid, match="damaged"):
        find_server(SETTINGS, PARENT, [tmp_path])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "localhost:8888", "javascript:x", "http://u:pw@h/", "http://h/\x00"]
)
def test_an_explicit_url_must_be_http(url: str) -> None:
    with pytest.raises(Invalid, match="AIP_URL"):
        find_server(Settings(home=Path("/nowhere"), url=url), {}, [])


@pytest.mark.usefixtures("home")
def test_a_configured_server_without_an_answer_is_an_error_never_a_local_store(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("AIP_URL", f"http://127.0.0.1:{free_port()}/")
    connection = connect()
    assert connection.mode == "server"
    with pytest.raises(Unavailable, match="does not answer"):
        connection.services.system.describe(Nothing())
    assert not home.exists()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("discovery")) as server:
        yield server


@pytest.mark.usefixtures("home")
def test_a_wrong_token_is_told(monkeypatch: pytest.MonkeyPatch, live: LiveServer) -> None:
    monkeypatch.setenv("AIP_URL", live.url)
    monkeypatch.setenv("AIP_TOKEN", "wrong")
    with pytest.raises(Unauthenticated, match="token"):
        connect().services.system.describe(Nothing())


SCRIPT = """
from aip_jupyter.client.connect import connect
from aip_jupyter.domain.system import Nothing
connection = connect()
description = connection.services.system.describe(Nothing())
print(connection.mode, connection.how, description.mode, description.home, sep="|")
"""


def test_a_kernel_of_the_server_finds_it(live: LiveServer) -> None:
    environ = {**live.environ, "JPY_PARENT_PID": str(live.process.pid), "AIP_HOME": "/another/home"}
    command = [sys.executable, "-c", SCRIPT]
    reply = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=live.folder, check=True)
    mode, how, far_mode, home = reply.stdout.strip().split("|")
    assert (mode, far_mode, home) == ("server", "server", str(live.home))
    assert how == "the Jupyter server of this kernel"


@pytest.mark.usefixtures("home")
def test_looking_again_keeps_a_connection_that_is_still_right(monkeypatch: pytest.MonkeyPatch) -> None:
    first = connect()
    assert connect(refresh=True) is first
    monkeypatch.setenv("AIP_PROJECT", "another")
    assert connect().project == "default"
    assert connect(refresh=True).project == "another"


@pytest.mark.usefixtures("home")
def test_the_project_is_the_kernels_own_choice_else_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_server(tmp_path, "--AipApp.project=team") as server:
        monkeypatch.setenv("AIP_URL", server.url)
        monkeypatch.setenv("AIP_TOKEN", server.token)
        assert connect(refresh=True).project == "team"
        monkeypatch.setenv("AIP_PROJECT", "mine")
        assert connect(refresh=True).project == "mine"
        disconnect()


def test_the_file_goes_with_the_server(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        runtime = tmp_path / "runtime"
        assert [path.name for path in runtime.glob("aip-*")] == [f"aip-{server.process.pid}.json"]
    assert list(runtime.glob("aip-*")) == []


@pytest.mark.usefixtures("home")
def test_a_forked_child_makes_its_own_connection() -> None:
    parent = id(connect())
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        same = id(connect()) == parent
        os.write(writing, b"same" if same else b"own")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 10) == b"own"
    os.close(reading)
    os.close(writing)
    disconnect()
