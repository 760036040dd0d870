"""How long a session takes to start, beside a bare kernel: each until its first cell has run.

Target: a session at most 1.3 times as long.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aip_jupyter.client.context import Context
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import GetSession, Grant, StartSession
from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings
from aip_jupyter.sessions.relay import Cell, Relay
from aip_jupyter.sessions.zmq_link import ZmqLink

from .notebooks import measure, notebook_kernel

ROUNDS = 7
TARGET = 1.3


def main() -> None:
    """Print the medians of the rounds, which are interleaved."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        services = open_platform(Settings(home=Path(folder))).services()
        ways: dict[str, Callable[[], float]] = {
            "bare kernel": lambda: _kernel(folder, "python3"),
            "session": lambda: _session(services, folder),
            "whole notebook": lambda: _kernel(folder, "aip-gpu"),
        }
        for way in ways.values():
            way()  # reads the files for the first time
        for _ in range(ROUNDS):
            for name, way in ways.items():
                times.setdefault(name, []).append(way())
        services.close()
    print(f"seconds from a start until the first cell has run, median of {ROUNDS}")
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, median in medians.items():
        target = f"   (target: at most {TARGET})" if name == "session" else ""
        print(f"  {name:<16}{median:6.2f}   {median / medians['bare kernel']:.2f} of a bare one{target}")


def _kernel(folder: str, name: str) -> float:
    begin = time.perf_counter()
    with notebook_kernel(folder, {"JPY_SESSION_NAME": new_id()}, name) as client:
        measure(client, "pass")
        return time.perf_counter() - begin


def _session(services: Services, folder: str) -> float:
    id = new_id()
    request = StartSession(
        id=id,
        name=id,
        gpu="cpu",
        host=socket.gethostname(),
        python=sys.executable,
        folder=folder,
        environment=dict(os.environ),
    )
    begin = time.perf_counter()
    asyncio.run(_run_one(services.sessions.start_session(request)))
    took = time.perf_counter() - begin
    services.sessions.stop_session(GetSession(session=id))
    return took


async def _run_one(grant: Grant) -> None:
    relay = Relay(await ZmqLink.open(grant))
    await relay.run(Cell("pass", 1, Context(project="default")), lambda message: None)
    await relay.close()
