"""What takes long is not done on the event loop; what a crash left is swept when the server starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from msgspec.structs import replace

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.datasets import ListDatasets
from aip_jupyter.domain.query import Query
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import GetRun, Run
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings
from aip_jupyter.wire.journal import RunEnded

from ..contracts.services_run_faults import Sender, started
from ..support.live import live_server, server_environ

SPYING = """
import threading
from aip_jupyter.backends.storage.local import open_storage as open_local
from aip_jupyter.server import handlers

def open_storage(config):
    build = handlers.build_request
    def spy(*args):
        with open("built.txt", "a") as file:
            print(threading.current_thread() is threading.main_thread(), file=file)
        return build(*args)
    handlers.build_request = spy
    return open_local(config)
"""

STAGED = """
import os, sys
from pathlib import Path
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage.local import open_storage
storage = open_storage(BackendConfig(home=Path(os.environ["AIP_HOME"])))
staging = storage.stage(sys.argv[1], "default", "nobody")
staging.write(b"half of it")
os._exit(1)
"""


FAILING = """
from aip_jupyter.backends.storage.local import open_storage as open_local

def open_storage(config):
    def claims():
        raise RuntimeError("a fault of this backend")
    storage = open_local(config)
    storage.claims = claims
    return storage
"""


def _installed(folder: Path, code: str) -> dict[str, str]:
    """The environment of a server with this module as its storage."""
    (folder / "spying.py").write_text(code)
    info = folder / "spying-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spying\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[aip_jupyter.storage]\nspying = spying:open_storage\n")
    return {"PYTHONPATH": str(folder), "AIP_STORAGE": "spying"}


def test_bodies_are_decoded_in_a_thread(tmp_path: Path) -> None:
    environ = _installed(tmp_path, SPYING)
    with live_server(tmp_path / "server", environ=environ) as server:
        services = HttpServices(server.url, server.token)
        services.datasets.list_datasets(ListDatasets())
        services.close()
        assert set((server.folder / "work" / "built.txt").read_text().split()) == {"False"}


def test_half_an_upload_is_swept_when_the_server_starts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = server_environ(tmp_path, home)
    assert subprocess.run([sys.executable, "-c", STAGED, new_id()], env=environ, check=False).returncode == 1
    staging = home / "blobs" / "staging"
    assert len(os.listdir(staging)) == 1
    with live_server(tmp_path / "server", environ={"AIP_HOME": str(home)}):
        while os.listdir(staging):
            time.sleep(0.02)


def test_one_sweep_that_fails_keeps_no_other_from_being_done(tmp_path: Path) -> None:
    environ = _installed(tmp_path, FAILING)
    platform = open_platform(Settings(home=tmp_path / "server" / "home"))
    run, journal = new_id(), Sender(platform.services())
    journal.send(started(run), RunEnded(run, "completed", 2))
    deleted = platform.services().runs.delete_run(GetRun(run=run)).run
    long_ago = replace(deleted, properties={**deleted.properties, "deleted": 1})
    platform.tracking.apply([Put(long_ago)])
    with live_server(tmp_path / "server", environ=environ) as server:
        while "aip: purged 1 runs" not in server.log:
            time.sleep(0.02)
        assert "registrations that were cut are looked for later" in server.log
    assert platform.tracking.find(Run, "default", Query()).items == []
    platform.close()
