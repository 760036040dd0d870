"""The notebooks are tests: with a server and without one, with the same outputs and the same records."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from .support.live import live_server, server_environ
from .support.notebooks import QUICKSTART, ROOT, printed, records, run_notebook
from .support.sessions import ending_sessions

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

VARYING = re.compile(
    r"\b[0-9a-f]{12,64}\b|\d+ (?:second|minute)s? ago|just now|http://\S+|[\d.]+ (?:[kM]?i?B|s)\b| +"
)
"""Ids, digests, ages, durations, addresses, sizes of files that hold times; and the widths of columns."""


def _told(texts: list[str]) -> list[str]:
    return [VARYING.sub(" ", text) for text in texts]


@pytest.mark.slow
def test_the_quickstart_gives_the_same_with_a_server_and_without(tmp_path: Path) -> None:
    off = {"AIP_SYSTEM_METRICS": "off"}  # what is measured of the machine is never twice the same
    alone = server_environ(tmp_path / "alone", tmp_path / "alone" / "home", off)
    (tmp_path / "alone").mkdir()
    platform = open_platform(Settings(home=tmp_path / "alone" / "home"))
    with ending_sessions(platform.services()) as without:
        embedded = run_notebook(QUICKSTART, alone, tmp_path / "alone")
        found = records(without)
    with live_server(tmp_path / "server") as server, ending_sessions(server.services()) as services:
        served = run_notebook(QUICKSTART, {**server.client_environ, **off}, server.folder / "work")
        assert records(services) == found
        assert found["models"]
    assert _told(printed(served)) == _told(printed(embedded))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_passes_nbval(notebook: Path, tmp_path: Path) -> None:
    shutil.copy(notebook, tmp_path)
    environ = server_environ(tmp_path, tmp_path / "home")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-q", notebook.name]
    reply = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True)
    with ending_sessions(open_platform(Settings(home=tmp_path / "home")).services()):
        assert reply.returncode == 0, reply.stdout


def test_no_output_is_committed() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        text = path.read_text()
        assert '"outputs": []' in text
        assert '"output_type"' not in text, f"clear the outputs of {path.name}"
