"""Two projects in which everything has the same names and is something else."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.datasets import LogDataset
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import StartSession
from aip_jupyter.services.local import Platform

from ..contracts.services import put
from ..support.live import LiveServer
from . import gallery

NAMES = ("speech", "vision")

# What each row of a project says, and no row of the other.
FACTS = {
    "speech": {
        "model": "1 version",
        "run": "accuracy 0.5",
        "dataset": "5555aaaa · 55 B",
        "session": "cpu for L40S",
    },
    "vision": {
        "model": "2 versions",
        "run": "accuracy 0.875",
        "dataset": "7777bbbb · 77 B",
        "session": "cpu for A10",
    },
}


@contextmanager
def two_projects(server: LiveServer, services: HttpServices) -> Iterator[None]:
    """`speech` and `vision`, until their GPU sessions are ended."""
    for name in NAMES:
        services.projects.create_project(CreateProject(name=name, description=f"What is in {name}"))
    put(services, "digits", b"heard", project="speech")
    for content in (b"seen", b"seen again"):
        put(services, "digits", content, project="vision")
    with gallery.opened(server) as platform:
        _run(platform, "speech", "heard", 0.5)
        _run(platform, "vision", "seen", 0.875)
    _dataset(services, "speech", "5555aaaa", 55)
    _dataset(services, "vision", "7777bbbb", 77)
    try:
        _session(server, services, "speech", "L40S")
        _session(server, services, "vision", "A10")
        yield
    finally:
        for name in NAMES:
            gallery.stop_sessions(services, name)


def _run(platform: Platform, project: str, notes: str, accuracy: float) -> None:
    experiment = gallery.experiment(platform, project, "digits")
    gallery.log(platform, gallery.run(platform, experiment, "baseline", device=notes), accuracy=[accuracy])


def _dataset(services: HttpServices, project: str, digits: str, size: int) -> None:
    made = LogDataset(
        id=new_id(), project=project, name="digits", digest=digits * 8, source="d.csv", size=size
    )
    services.datasets.log_dataset(made)


def _session(server: LiveServer, services: HttpServices, project: str, gpu: str) -> None:
    start = StartSession(
        project=project,
        id=new_id(),
        name="trainer",
        gpu=gpu,
        host=socket.gethostname(),
        python=sys.executable,
        folder=str(server.folder / "work"),
    )
    services.sessions.start_session(start)
