"""Tracking in this process's memory."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import asdict, replace

from ...domain.artifacts import Artifact
from ...domain.changes import AddPoints
from ...domain.lineage import Link
from ...domain.records import Record
from ...domain.runs import Experiment, History, Journal, MeasuredRun, Metric, Run, spell_number
from ...domain.sampling import sampled
from ...domain.texts import Text, TextInfo
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
        super().__init__(Experiment, Run, Text, Artifact, Journal, Link)
        self._points: defaultdict[tuple[str, str], _Points] = defaultdict(dict)

    def _add_points(self, points: Sequence[AddPoints]) -> None:
        for added in points:
            of_run = self._points[added.project, added.run_id]
            for key, step, time, value in zip(
                added.keys, added.steps, added.times, added.values, strict=True
            ):
                of_key = of_run.setdefault(key, [])
                of_key.append(_Point(step, time, len(of_key), value))

    def _seen(self, record: Record) -> Record:
        if not isinstance(record, Run):
            return record
        known = _state(self._points.get((record.project, record.id), {}))
        return MeasuredRun(
            **asdict(record),
            metrics={each.key: value for each in known if not math.isnan(value := float(each.last))},
            minimum={each.key: value for each in known if not math.isnan(value := float(each.minimum))},
            maximum={each.key: value for each in known if not math.isnan(value := float(each.maximum))},
            duration=None if record.ended is None else record.ended - record.started,
        )

    def _forget(self, deleted: Sequence[Record]) -> None:
        for run in deleted:
            if isinstance(run, Run):
                self._points.pop((run.project, run.id), None)
                self._drop(Text, "run_id", run)
                self._drop(Artifact, "owner_id", run)

    def _drop(self, kind: type[Record], field: str, run: Run) -> None:
        table = self._tables[kind]
        of_run = (run.project, run.id)
        for id in [id for id, each in table.items() if (each.project, getattr(each, field)) == of_run]:
            del table[id]

    def metrics(self, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
        check_value([project, *run_ids], "id")
        with self._lock:
            return {id: _state(self._points.get((project, id), {})) for id in run_ids}

    def history(self, project: str, run_id: str, key: str, points: int = 0) -> History:
        check_value([project, run_id, key], "id")
        with self._lock:
            every = sorted(self._points.get((project, run_id), {}).get(key, []))
        kept = [every[place] for place in sampled([point.value for point in every], points)]
        return History(
            key=key,
            steps=[point.step for point in kept],
            times=[point.time for point in kept],
            values=[spell_number(point.value) for point in kept],
        )

    def texts(self, project: str, run_id: str) -> list[TextInfo]:
        check_value([project, run_id], "id")
        with self._lock:
            texts: list[Text] = [text for text in self._tables[Text].values() if text.run_id == run_id]
        return [
            TextInfo(name=text.name, length=len(text.text), captured=text.captured, updated=text.updated)
            for text in sorted(texts, key=lambda text: text.name)
            if text.project == project
        ]

    def parts(self, project: str, run_ids: Sequence[str]) -> dict[str, int]:
        check_value([project, *run_ids], "id")
        with self._lock:
            runs: list[Run] = list(self._tables[Run].values())
        counts = Counter(run.parent for run in runs if run.project == project and run.state == "LIVE")
        return {id: counts[id] for id in run_ids}

    def digests(self) -> Iterator[str]:
        with self._lock:
            artifacts = list(self._tables[Artifact].values())
        return (each.digest for each in artifacts if each.digest and each.uri is None)

    def stored(self, project: str, run_id: str) -> tuple[int, int]:
        check_value([project, run_id], "id")
        with self._lock:
            every: list[Artifact] = list(self._tables[Artifact].values())
        of_run = [each for each in every if (each.project, each.owner_id) == (project, run_id)]
        live = [each for each in of_run if each.state == "LIVE"]
        return len(live), sum(each.size or 0 for each in live)

    def beat(self, project: str, run_ids: Sequence[str], time: int) -> None:
        check_value([project, *run_ids, time], "id")
        with self._lock:
            runs = self._tables[Run]
            for id in run_ids:
                if id in runs and runs[id].project == project:
                    runs[id] = replace(runs[id], beat=time)


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
