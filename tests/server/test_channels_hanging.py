"""Channels stay open while the pool of GPUs is slow, and while sessions do not come up."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.domain.records import new_id
from aip_jupyter.server.channels import AGAIN

from ..support.live import live_server
from ..support.sessions import wait_for
from .test_channels import CONFIG, OLGA, Place, execute

DEADLINE = 6
HANGING = """
import time
from pathlib import Path
from aip_jupyter.backends.gpus.local import LocalPool
grant = LocalPool.grant
def slowly(self, id):
    while Path("hang").exists():
        Path("hung").touch()
        time.sleep(0.02)
    return grant(self, id)
LocalPool.grant = slowly
"""
NEVER_UP = "#!/bin/sh\ntouch began-$$\nwhile [ -e wait ]; do sleep 0.1; done\nexit 1\n"


def start(place: Place, folder: Path, name: str, python: str = sys.executable, id: str = "") -> Any:
    environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    body = {"name": name, "gpu": "cpu", "host": socket.gethostname(), "python": python}
    more = {"id": id or new_id(), "folder": str(folder), "environment": environment}
    return place.ask("POST", "projects/own/sessions", OLGA, **body, **more)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("hanging")
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_server_config.py").write_text(CONFIG + HANGING)
    with live_server(folder, environ={"AIP_WORKERS": "2", "AIP_DEADLINE": str(DEADLINE)}) as server:
        place = Place(server, new_id())
        assert place.ask("POST", "projects", OLGA, name="own").status_code == 201
        assert start(place, folder, "big", id=place.session).status_code == 201
        yield place
        place.ask("DELETE", f"projects/own/sessions/{place.session}", OLGA)


def test_channels_live_on_while_the_pool_does_not_answer(place: Place) -> None:
    work = place.server.folder / "work"

    async def main() -> None:
        async with place.connect(OLGA) as channels:
            assert await execute(channels, "6 * 7") == "42"
            (work / "hang").touch()
            try:
                await asyncio.to_thread(wait_for, (work / "hung").exists)
                await asyncio.sleep(DEADLINE + AGAIN)
            finally:
                (work / "hang").unlink()
            assert await execute(channels, "6 * 8") == "48"

    asyncio.run(main())


def test_sessions_that_do_not_come_up_take_nobody_elses_threads(place: Place, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(NEVER_UP)
    python.chmod(0o755)
    (tmp_path / "wait").touch()
    replies: list[int] = []

    def begin(name: str) -> None:
        replies.append(start(place, tmp_path, name, str(python)).status_code)

    starts = [threading.Thread(target=begin, args=(f"never{n}",)) for n in range(4)]
    for each in starts:
        each.start()
    try:
        wait_for(lambda: len(list(tmp_path.glob("began-*"))) == 4)
        assert place.ask("GET", f"projects/own/sessions/{place.session}", OLGA).status_code == 200
        assert place.ask("GET", "gpus", OLGA).status_code == 200
    finally:
        (tmp_path / "wait").unlink()
        for each in starts:
            each.join()
    assert replies == [503] * 4
