"""What takes long is not done on the event loop; what a crash left is swept when the server starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.datasets import ListDatasets
from aip_jupyter.domain.records import new_id

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


def test_bodies_are_decoded_in_a_thread(tmp_path: Path) -> None:
    (tmp_path / "spying.py").write_text(SPYING)
    info = tmp_path / "spying-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spying\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[aip_jupyter.storage]\nspying = spying:open_storage\n")
    environ = {"PYTHONPATH": str(tmp_path), "AIP_STORAGE": "spying"}
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
