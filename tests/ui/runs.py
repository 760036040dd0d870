"""Runs as people leave them behind, straight in the store."""

from __future__ import annotations

import math

from playwright.sync_api import Locator, Page

from aip_jupyter.domain.changes import AddPoints, Put
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import Run
from aip_jupyter.services.local import Platform

from . import gallery

_BATCH = 2000
"""Runs that are written at once."""


def sweep(platform: Platform, project: str, experiment: str, **logged: int) -> list[Run]:
    """Three runs that differ in their params and in what came out, with curves of so many points."""
    of = gallery.experiment(platform, project, experiment)
    made = []
    for index, rate in enumerate((0.1, 0.01, 0.001)):
        run = gallery.run(
            platform,
            of,
            f"{experiment}-{index}",
            params={"lr": rate, "opt": "adam" if index else "sgd", "depth": 4},
            status="completed" if index else "failed",
            ended=now_ms() + 60_000 * (index + 1),
        )
        for key, count in logged.items():
            add_curve(platform, run, key, count, rate)
        made.append(run)
    return made


def add_curve(platform: Platform, run: Run, key: str, count: int, rate: float = 0.01) -> None:
    """A curve that falls, with noise and one peak."""
    steps = list(range(count))
    values = [math.exp(-step * 4 / count) + 0.05 * math.sin(step * (1 + rate * 40)) + rate for step in steps]
    values[count // 3] = 3.0
    times = [run.started + 100 * step for step in steps]
    added = AddPoints(
        project=run.project, run_id=run.id, keys=[key] * count, steps=steps, times=times, values=values
    )
    platform.tracking.apply([added])


def add_many(platform: Platform, project: str, experiment: str, count: int) -> None:
    """So many runs, numbered by the time of their start; every twentieth has a metric."""
    of = gallery.experiment(platform, project, experiment)
    now = now_ms()
    for first in range(0, count, _BATCH):
        changes: list[Put | AddPoints] = []
        for number in range(first, min(first + _BATCH, count)):
            started = now - (count - number) * 1000
            run = Run(
                id=new_id(),
                project=project,
                name=f"many-{number:05}",
                experiment_id=of.id,
                experiment=experiment,
                status="failed" if number % 10 == 7 else "completed",
                started=started,
                created=started,
                ended=started + 1000 + number % 777,
                params={"lr": number / count, "opt": "adam"},
            )
            changes.append(Put(run))
            if number % 20 == 0:
                loss = abs(number - count // 2) / count
                changes.append(_point(run, loss))
        platform.tracking.apply(changes)


def _point(run: Run, loss: float) -> AddPoints:
    return AddPoints(
        project=run.project, run_id=run.id, keys=["loss"], steps=[1], times=[run.started], values=[loss]
    )


def chart(page: Page | Locator, metric: str) -> Locator:
    """The drawing of a metric on the page that is shown."""
    return page.locator(f'.jp-AipCurves-card[data-metric="{metric}"]').filter(visible=True)


def marks(drawing: Locator) -> Locator:
    """The lines of a drawing."""
    return drawing.locator("svg .mark-line.role-mark path[d]")


def width_of(drawing: Locator) -> int:
    """How many corners its first line has."""
    path = marks(drawing).first.get_attribute("d") or ""
    return path.count("L")
