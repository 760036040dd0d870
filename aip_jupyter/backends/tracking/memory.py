"""Tracking in this process's memory."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ...domain.changes import AddPoints
from ...domain.lineage import Link
from ...domain.runs import Experiment, History, Journal, Metric, Run, spell_number
from ..checks import check_value
from ..config import BackendConfig
from ..records.memory import MemoryRecords


class _Point(NamedTuple):
    """In the order of `History`, as far as step and time tell."""

    step: int
    time: int
    arrival: int
    value: float


_Points = dict[str, list[_Point]]
"""Those of a run by key."""


def open_tracking(config: BackendConfig) -> MemoryTracking:
    """A new, empty backend; the configuration does not matter."""
    return MemoryTracking()


class MemoryTracking(MemoryRecords):
    """`TrackingBackend` over dictionaries."""

    capabilities = MemoryRecords.capabilities | {"runs"}

    def __init__(self) -> None:
        super().__init__(Experiment, Run, Journal, Link)
        self._points: defaultdict[tuple[str, str], _Points] = defaultdict(dict)

    def _add_points(self, points: Sequence[AddPoints]) -> None:
        for added in points:
            of_run = self._points[added.project, added.run_id]
            for key, step, time, value in zip(
                added.keys, added.steps, added.times, added.values, strict=True
            ):
                of_key = of_run.setdefault(key, [])
                of_key.append(_Point(step, time, len(of_key), value))

    def metrics(self, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
        check_value([project, *run_ids], "id")
        with self._lock:
            return {id: _state(self._points.get((project, id), {})) for id in run_ids}

    def history(self, project: str, run_id: str, key: str) -> History:
        check_value([project, run_id, key], "id")
        with self._lock:
            points = sorted(self._points.get((project, run_id), {}).get(key, []))
        return History(
            key=key,
            steps=[point.step for point in points],
            times=[point.time for point in points],
            values=[spell_number(point.value) for point in points],
        )


def _state(points: _Points) -> list[Metric]:
    return [_metric(key, points[key]) for key in sorted(points)]


def _metric(key: str, points: list[_Point]) -> Metric:
    last = max(points)
    numbers = [point.value for point in points if not math.isnan(point.value)] or [math.nan]
    return Metric(
        key=key,
        last=spell_number(last.value),
        last_step=last.step,
        minimum=spell_number(min(numbers)),
        maximum=spell_number(max(numbers)),
        count=len(points),
    )
