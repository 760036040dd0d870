"""Fifty registrations of one new name from two kernels, a script without a server and the server at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.models import GetModel
from aip_jupyter.domain.system import CheckStore

from ..contracts.services import put
from ..support.kernels import run_cell, running_kernel
from ..support.live import LiveServer, live_server

KERNEL = """
%load_ext aip_jupyter
import pathlib, sys
for n in range({count}):
    pathlib.Path(f"{name}-{{n}}.bin").write_bytes(f"{name} {{n}}".encode())
    get_ipython().run_line_magic("register_model", f"fresh {name}-{{n}}.bin")
"""
SCRIPT = """
import pathlib
import aip_jupyter as aip
for n in range(12):
    path = pathlib.Path(f"script-{n}.bin")
    path.write_bytes(f"script {n}".encode())
    aip.register_model("fresh", path)
"""


def _kernel(server: LiveServer, name: str, count: int) -> None:
    with running_kernel(server.client_environ, server.folder / "work") as client:
        run_cell(client, KERNEL.format(name=name, count=count))


def _script(server: LiveServer) -> None:
    command = [sys.executable, "-c", SCRIPT]
    reply = subprocess.run(
        command, env=server.environ, cwd=server.folder / "work", capture_output=True, text=True
    )
    assert reply.returncode == 0, reply.stderr


def _server(services: HttpServices) -> None:
    for n in range(12):
        put(services, "fresh", f"server {n}".encode())


def test_numbers_have_no_gap_and_no_duplicate(tmp_path: Path) -> None:
    with live_server(tmp_path) as server, ThreadPoolExecutor(4) as pool:
        services = HttpServices(server.url, server.token)
        work = [
            pool.submit(_kernel, server, "one", 13),
            pool.submit(_kernel, server, "two", 13),
            pool.submit(_script, server),
            pool.submit(_server, services),
        ]
        for future in work:
            future.result()
        model = services.models.get_model(GetModel(model="fresh", limit=100))
        numbers = sorted(version.number for version in model.versions.items)
        assert numbers == list(range(1, 51))
        assert (model.model.version_count, model.model.latest_number) == (50, 50)
        assert len({version.digest for version in model.versions.items}) == 50
        report = services.system.check_store(CheckStore(verify=True))
        assert (report.named, report.findings) == (50, [])
        services.close()
