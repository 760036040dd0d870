"""Backends by entry point; one that hangs, or has no room, harms nobody else."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.artifacts import ReleaseClaim, UploadBlob
from aip_jupyter.domain.models import ListModels
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.system import CheckStore, Nothing
from aip_jupyter.errors import StorageFull, Unavailable
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.services import put
from ..support.live import LiveServer, live_server, server_environ

HANGING = """
import time
from aip_jupyter.backends.storage.memory import open_storage as open_memory

def open_storage(config):
    storage = open_memory(config)
    storage.release = lambda claim: time.sleep(3600)
    return storage
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed package that brings a storage backend."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "hanging.py").write_text(HANGING)
    info = folder / "hanging-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[aip_jupyter.storage]\nhanging = hanging:open_storage\n")
    return folder


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Iterator[LiveServer]:
    environ = {"PYTHONPATH": str(packages), "AIP_STORAGE": "hanging"}
    environ |= {"AIP_WORKERS": "2", "AIP_DEADLINE": "10"}
    folder = tmp_path_factory.mktemp("hanging")
    made = open_platform(Settings(home=folder / "home")).services()  # that takes its time
    assert made.models.list_models(ListModels()).items == []
    made.close()
    with live_server(folder, environ=environ) as server:
        yield server
        server.process.terminate()
        assert server.process.wait(20) == 0, "a backend that hangs keeps the server from ending"


def test_a_backend_that_hangs_is_told_and_starves_nobody(hanging: LiveServer) -> None:
    services = HttpServices(hanging.url, hanging.token)
    claims = []
    for _ in range(8):
        claims.append(new_id())
        services.blobs.upload(UploadBlob(claim=claims[-1]), b"x")

    def release(claim: str) -> str:
        with pytest.raises(Unavailable, match="did not answer within 10 s") as caught:
            services.blobs.release_claim(ReleaseClaim(claim=claim))
        return caught.value.message

    with ThreadPoolExecutor(8) as pool, hanging.http() as client:
        told = [pool.submit(release, claim) for claim in claims]
        answers = 0
        while not all(future.done() for future in told):
            assert client.get("api/status").status_code == 200
            assert services.models.list_models(ListModels()).items == []
            answers += 1
            time.sleep(0.1)
        assert {future.result() for future in told}
        assert answers > 2, "who has to wait for the others has one answer or two"
    services.close()


def test_a_backend_that_is_not_installed_is_told_with_those_that_are(packages: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aip_jupyter.cli.main", "status"]
    settings = {"AIP_STORAGE": "tape", "PYTHONPATH": str(packages)}
    environ = server_environ(tmp_path, tmp_path / "home", settings)
    reply = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=tmp_path)
    assert reply.returncode == 1
    installed = "hanging, local, memory, s3"
    assert reply.stderr == f"Invalid: storage: there is no backend 'tape'; installed are: {installed}\n"


def test_the_servers_help_lists_the_backends(packages: Path, tmp_path: Path) -> None:
    environ = server_environ(tmp_path, tmp_path / "home", {"PYTHONPATH": str(packages)})
    command = [sys.executable, "-m", "aip_jupyter.server.app", "--help-all"]
    reply = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=tmp_path)
    assert "--AipApp.storage=" in reply.stdout
    assert "Installed: hanging, local, memory, s3." in reply.stdout


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process' files")
def test_a_full_disk_is_told_and_leaves_nothing(live: LiveServer, services: HttpServices) -> None:
    put(services, "before-it-is-full")
    before = services.system.check_store(CheckStore())
    unlimited = resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, (6_000_000, unlimited[1]))
    try:
        with pytest.raises(StorageFull, match="no room") as caught:
            services.blobs.upload(UploadBlob(claim=new_id()), b"x" * 20_000_000)
        assert "\n" not in caught.value.message
    finally:
        resource.prlimit(live.process.pid, resource.RLIMIT_FSIZE, unlimited)
    assert list((live.home / "blobs" / "staging").iterdir()) == []
    assert services.system.check_store(CheckStore()) == before
    assert put(services, "after-it-was-full").version.number == 1
    assert services.system.describe(Nothing()).mode == "server"
