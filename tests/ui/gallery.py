"""A project that has something of everything, as people leave it behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.changes import AddPoints, Put
from aip_jupyter.domain.datasets import Column, LogDataset
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import Experiment, Run
from aip_jupyter.domain.sessions import GetSession, ListSessions
from aip_jupyter.services.local import Platform, open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.services import put
from ..support.live import LiveServer

HOUR = 3_600_000


@contextmanager
def opened(server: LiveServer) -> Iterator[Platform]:
    """The server's store, as another process has it open."""
    platform = open_platform(Settings(home=server.home))
    yield platform
    platform.close()


def experiment(platform: Platform, project: str, name: str) -> Experiment:
    """Put an experiment."""
    made = Experiment(id=new_id(), project=project, name=name, created=now_ms())
    platform.tracking.apply([Put(made)])
    return made


def run(platform: Platform, of: Experiment, name: str, **fields: object) -> Run:
    """Put a run."""
    given = {"id": new_id(), "started": now_ms(), "created": now_ms(), **fields}
    made = Run(project=of.project, name=name, experiment_id=of.id, experiment=of.name, **given)  # type: ignore[arg-type]
    platform.tracking.apply([Put(made)])
    return made


def log(platform: Platform, of: Run, **values: list[float]) -> None:
    """Append points, one per value."""
    points = [(key, step, value) for key, each in values.items() for step, value in enumerate(each)]
    keys, steps, numbers = (list(column) for column in zip(*points, strict=True))
    times = [now_ms()] * len(points)
    added = AddPoints(project=of.project, run_id=of.id, keys=keys, steps=steps, times=times, values=numbers)
    platform.tracking.apply([added])


def fill(platform: Platform, services: HttpServices, project: str) -> None:
    """A new project with models, experiments with runs in every state, datasets."""
    services.projects.create_project(CreateProject(name=project))
    put(services, "digits-clf", project=project, category="Image Classification", tags={"team": "vision"})
    put(services, "churn", b"more", project=project, category="Tabular Classification")
    now = now_ms()
    digits = experiment(platform, project, "digits")
    sweep = experiment(platform, project, "learning-rate-sweep")
    run(platform, sweep, "lr-0.1", status="completed", started=now - 30 * HOUR, ended=now - 29 * HOUR)
    failed = {"status": "failed", "started": now - 5 * HOUR, "ended": now - 5 * HOUR + 8_000}
    run(platform, digits, "too-deep", device="L40S", **failed)
    stopped = {"status": "killed", "started": now - 3 * HOUR, "ended": now - 2 * HOUR}
    run(platform, digits, "a-very-long-name-for-a-run-of-a-sweep-over-many-things", **stopped)
    done = {"status": "completed", "started": now - HOUR, "ended": now - HOUR + 192_000}
    best = run(platform, digits, "digits-baseline", device="L40S", params={"depth": 8, "lr": 0.01}, **done)
    log(platform, best, accuracy=[0.41, 0.83, 0.971], loss=[1.9, 0.4, 0.083])
    live = run(platform, digits, "digits-wide", device="cpu", started=now - 95_000)
    log(platform, live, accuracy=[0.52], loss=[float("nan")], val_accuracy=[0.51], val_loss=[1.25])
    columns = [
        Column(name="pixel_0_0", type="float", nulls=0, minimum=0.0, maximum=16.0),
        Column(name="taken", type="time", nulls=12, minimum="2024-01-01", maximum="2024-12-31"),
        Column(name="target", type="int", nulls=0, minimum=0, maximum=9),
    ]
    data = LogDataset(
        id=new_id(),
        project=project,
        name="digits",
        digest="5e1f" * 16,
        source="data/digits.csv",
        size=494_000,
        rows=1797,
        columns=columns,
        run=best.id,
        context="training",
    )
    services.datasets.log_dataset(data)
    lake = LogDataset(
        id=new_id(), project=project, name="clickstream", source="s3://lake/clicks/2024", source_type="uri"
    )
    services.datasets.log_dataset(lake)


def stop_sessions(services: HttpServices, project: str) -> None:
    """End those that a test has left."""
    for session in services.sessions.list_sessions(ListSessions(project=project)):
        services.sessions.stop_session(GetSession(project=project, session=session.id))
