"""SIGKILL of kernel and of server at random moments of `%register_model`.

Afterwards every version has its bytes, the check finds nothing orphaned, and the command succeeds when
repeated. Twenty rounds each, or AIP_ROUNDS; `make soak` does 500.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aip_jupyter.domain.models import ListVersions
from aip_jupyter.domain.system import CheckStore
from aip_jupyter.errors import NotFound
from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from ..support.kernels import run_cell, running_kernel
from ..support.live import LiveServer, server_environ, start_server

ROUNDS = int(os.environ.get("AIP_ROUNDS", "20"))
SIZE = 3_000_000

CELL = """
import numpy as np
from IPython import get_ipython
ip = get_ipython()
if "aip_jupyter" not in ip.extension_manager.loaded:
    ip.run_line_magic("load_ext", "aip_jupyter")
print("begins", flush=True)
for n in range({count}):
    weights = np.random.default_rng().integers(0, 256, {size}, dtype="uint8")
    ip.run_line_magic("register_model", "killed weights")
    print("registered", flush=True)
"""


def _assert_whole(services: Services) -> int:
    """What a crash left is mended at once, and nothing of it was a version; how many there are."""
    first = services.system.check_store(CheckStore())
    assert all(finding.mended for finding in first.findings), first
    assert {finding.kind for finding in first.findings} <= {"cut_registration", "left_over"}, first
    report = services.system.check_store(CheckStore(verify=True))
    assert report.findings == []
    assert report.named == report.blobs
    versions = _numbers(services)
    assert versions == list(range(1, len(versions) + 1))
    return len(versions)


def _numbers(services: Services) -> list[int]:
    try:
        page = services.models.list_versions(ListVersions(model="killed", limit=1000))
    except NotFound:
        return []
    return sorted(version.number for version in page.items)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kernel(tmp_path: Path) -> None:
    server = start_server(tmp_path / "server")
    services = open_platform(Settings(home=server.home)).services()
    try:
        versions = 0
        for n in range(ROUNDS):
            environ = server.client_environ if n % 2 else server.environ
            before, acknowledged = versions, _kill_a_kernel(environ, server.folder / "work")
            versions = _assert_whole(services)
            assert versions >= before + acknowledged
        with running_kernel(server.client_environ, server.folder / "work") as client:
            run_cell(client, CELL.format(count=1, size=SIZE))
        _assert_whole(services)
        assert list((server.home / "blobs" / "staging").iterdir()) == []
    finally:
        services.close()
        server.stop()


def _kill_a_kernel(environ: dict[str, str], folder: Path) -> int:
    """Kill it some milliseconds after it began; how many registrations it had reported."""
    reported = 0
    with running_kernel(environ, folder) as client:
        client.execute(CELL.format(count=1000, size=SIZE))
        deadline = None
        while deadline is None or time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                message = client.get_iopub_msg(timeout=0.005)
                assert message["msg_type"] != "error", message["content"]
                text = str(message["content"].get("text", ""))
                reported += text.count("registered\n")
                if deadline is None and "begins" in text:
                    deadline = time.monotonic() + random.uniform(0, 0.6)
    return reported


LOOP = """
import pathlib, os
import aip_jupyter as aip
path = pathlib.Path("weights.bin")
aip.describe()
print("begins", flush=True)
while True:
    path.write_bytes(os.urandom({size}))
    try:
        aip.register_model("killed", path)
        print("registered", flush=True)
    except aip.errors.Unavailable:
        break
"""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    services = open_platform(Settings(home=home)).services()
    server, versions = None, 0
    try:
        for n in range(ROUNDS):
            server = server or start_server(tmp_path / "server", home)
            before, acknowledged = versions, _kill_the_server(server)
            # Sometimes it is the next server's start that cleans up.
            server = start_server(tmp_path / "server", home) if n % 4 == 3 else None
            versions = _assert_whole(services)
            assert versions >= before + acknowledged
        environ = server_environ(tmp_path / "server", home)
        once = LOOP.format(size=SIZE).replace("while True:", "for _ in range(1):")
        subprocess.run([sys.executable, "-c", once], env=environ, cwd=tmp_path, check=True)
        _assert_whole(services)
        assert list((home / "blobs" / "staging").iterdir()) == []
    finally:
        services.close()
        if server is not None:
            server.stop()


def _kill_the_server(server: LiveServer) -> int:
    command = [sys.executable, "-c", LOOP.format(size=SIZE)]
    with subprocess.Popen(
        command, env=server.client_environ, cwd=server.folder / "work", stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "begins\n"
        time.sleep(random.uniform(0, 0.6))
        server.kill()
        return client.communicate(timeout=60)[0].count("registered")
