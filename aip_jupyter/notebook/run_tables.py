"""Runs as they show themselves: a table, a card, a metric's history. All stay usable as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..domain.records import PropertyValue, now_ms
from ..domain.runs import History, Metric, Number, Run, RunDetail
from .display import (
    age_html,
    age_text,
    cut,
    dim,
    element,
    frame,
    html_facts,
    html_table,
    plain,
    tag_labels,
    tags_html,
    text_facts,
    text_table,
)
from .listing import Listing

if TYPE_CHECKING:
    from ..client.journals import Waiting

_COLUMNS = ("run", "experiment", "status", "metrics", "params", "duration", "author", "started")
_METRIC_COLUMNS = ("metric", "last", "step", "min", "max", "points")
_SHOWN = 4
"""So many metrics and params stand in a table's row."""


class RunTable(Listing[RunDetail]):
    """Runs with their metrics, as a list that shows itself as a table."""

    def __init__(
        self,
        runs: Sequence[RunDetail],
        *,
        project: str,
        more: bool = False,
        next_page_token: str = "",
        waiting: Waiting | None = None,
    ) -> None:
        super().__init__(runs)
        self.next_page_token = next_page_token
        """What `page_token` takes for the runs after these; "" when there are none."""
        self._project = project
        self._notes = _notes(waiting)
        if more or next_page_token:
            count = len(self._items)
            self._notes.insert(
                0, f"The first {count}; there are more: %runs --limit {10 * count}, or search."
            )

    def __repr__(self) -> str:
        rows = [
            (detail.run.name, *_cells(detail), detail.run.author, age_text(detail.run.started))
            for detail in self._items
        ]
        table = text_table(_COLUMNS, rows) if rows else self._nothing()
        return "\n".join([table, *map(plain, self._notes)])

    def _repr_html_(self) -> str:
        rows = [
            (
                detail.run.name,
                *_cells(detail),
                detail.run.author,
                age_html(detail.run.started),
            )
            for detail in self._items
        ]
        table = html_table(_COLUMNS, rows) if rows else dim(self._nothing())
        return frame(table, *(element("div", dim(note)) for note in self._notes))

    def _nothing(self) -> str:
        return f"No runs in project {self._project!r} yet, or none that match."


class RunCard:
    """A run, its params and its metrics."""

    def __init__(self, detail: RunDetail, *, waiting: Waiting | None = None) -> None:
        self.run = detail.run
        self.metrics = {metric.key: metric for metric in detail.metrics}
        """By key."""
        self._notes = _notes(waiting)

    @property
    def params(self) -> dict[str, PropertyValue]:
        """The run's params."""
        return self.run.params

    def __repr__(self) -> str:
        run = self.run
        facts = [("run", run.name), *self._facts(), ("tags", " ".join(tag_labels(run.tags)))]
        parts = [text_facts(facts)]
        if run.params:
            parts.append(text_table(("param", "value"), _params(run)))
        if self.metrics:
            parts.append(text_table(_METRIC_COLUMNS, map(_metric_cells, self.metrics.values())))
        return "\n\n".join([*parts, *map(plain, self._notes)])

    def _repr_html_(self) -> str:
        run = self.run
        metrics = map(_metric_cells, self.metrics.values())
        return frame(
            element("div", run.name, class_="aip-title"),
            html_facts([*self._facts(), ("tags", tags_html(run.tags))]),
            html_table(("param", "value"), _params(run)) if run.params else None,
            html_table(_METRIC_COLUMNS, metrics) if self.metrics else None,
            *(element("div", dim(note)) for note in self._notes),
        )

    def _facts(self) -> list[tuple[str, str]]:
        run = self.run
        return [
            ("id", run.id),
            ("project", run.project),
            ("experiment", run.experiment),
            ("status", run.status),
            ("duration", duration_text(run)),
            ("device", run.device),
            ("notebook", run.notebook),
            ("author", run.author),
            ("notes", run.notes),
        ]


class Point(NamedTuple):
    """A point of a metric."""

    step: int
    time: int
    """Milliseconds since the epoch."""
    value: float


class MetricHistory(Listing[Point]):
    """All points of a metric, in the order of step, time and arrival."""

    def __init__(self, history: History, *, waiting: Waiting | None = None) -> None:
        self.key = history.key
        self.steps = history.steps
        self.times = history.times
        self.values = [float(value) for value in history.values]
        self._notes = _notes(waiting)
        super().__init__(map(Point, self.steps, self.times, self.values))

    def __repr__(self) -> str:
        rows = [(str(point.step), number_text(point.value)) for point in self[-10:]]
        earlier = f"\n{len(self) - 10:,} earlier points" if len(self) > 10 else ""
        return "\n".join([text_table(("step", self.key), rows) + earlier, *map(plain, self._notes)])


def number_text(value: Number) -> str:
    """Six digits are enough to read."""
    return f"{float(value):.6g}"


def duration_text(run: Run) -> str:
    """From start to end, or until now."""
    end = now_ms() if run.ended is None and run.status == "running" else run.ended
    if end is None or end < run.started:
        return ""
    seconds = (end - run.started) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min {int(seconds % 60)} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _cells(detail: RunDetail) -> tuple[str, str, str, str, str]:
    run = detail.run
    status = f"{run.status} on {run.device}" if run.device else run.status
    metrics = _some([f"{metric.key} {number_text(metric.last)}" for metric in detail.metrics])
    params = _some([f"{key}={value}" for key, value in run.params.items()])
    return run.experiment, status, metrics, params, duration_text(run)


def _some(texts: Sequence[str]) -> str:
    shown = ", ".join(cut(text, 40) for text in texts[:_SHOWN])
    return shown if len(texts) <= _SHOWN else f"{shown} and {len(texts) - _SHOWN} more"


def _params(run: Run) -> list[tuple[str, str]]:
    return [(key, cut(str(value), 200)) for key, value in run.params.items()]


def _metric_cells(metric: Metric) -> tuple[str, ...]:
    numbers = [number_text(value) for value in (metric.minimum, metric.maximum)]
    return (metric.key, number_text(metric.last), str(metric.last_step), *numbers, f"{metric.count:,}")


def _notes(waiting: Waiting | None) -> list[str]:
    return [f"{waiting}."] if waiting else []
