"""Runs as they show themselves: a table, a metric's history. Both stay usable as records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..domain.records import PropertyValue
from ..domain.runs import History, RunDetail
from .display import Html, age_html, age_text, cut, dim, element, frame, html_table, join, plain, text_table
from .listing import Listing
from .run_card import is_system
from .run_curves import RunCurves
from .run_series import Point, Series, points_of, sparkline
from .run_words import duration_text, number_text, run_link, status_html, status_text, waiting_notes

if TYPE_CHECKING:
    from ..client.journals import Waiting

_COLUMNS = ("run", "experiment", "status", "metrics", "params", "duration", "author", "started")
_FIELDS = ("id", "name", "experiment", "status", "author", "parent", "device")
_SHOWN = 4
"""So many metrics and params stand in a table's row."""


class RunTable(Listing[RunDetail]):
    """Runs with their metrics, as a list that shows itself as a table.

    Of the params those are shown that differ; those that all runs share stand below. A run that is a part of
    another one stands below it, unless `nested` is false: then all stand in the order of the list.
    """

    def __init__(
        self,
        runs: Sequence[RunDetail],
        *,
        project: str,
        more: bool = False,
        next_page_token: str = "",
        nested: bool = True,
        waiting: Waiting | None = None,
    ) -> None:
        super().__init__(runs)
        self.next_page_token = next_page_token
        """What `page_token` takes for the runs after these; "" when there are none."""
        self._project = project
        self._nested = nested
        self._shared = shared_params([detail.run.params for detail in self._items])
        self._notes = waiting_notes(waiting)
        if more or next_page_token:
            count = len(self._items)
            self._notes.insert(
                0, f"The first {count}; there are more: %runs --limit {10 * count}, or search."
            )

    def to_pandas(self) -> Any:
        """A DataFrame with a row per run: `name`, …, `params.lr`, `metrics.loss` (the last values)."""
        return runs_frame(self._items)

    def __repr__(self) -> str:
        rows = [
            (
                f"{'  ' * depth}{'↳ ' if depth else ''}{detail.run.name}",
                *self._cells(detail, status_text(detail)),
                detail.run.author,
                age_text(detail.run.started),
            )
            for depth, detail in self._in_order()
        ]
        table = text_table(_COLUMNS, rows) if rows else self._nothing()
        return "\n".join([table, *map(plain, self._remarks())])

    def _repr_html_(self) -> str:
        rows = [
            (
                _indented(depth, detail),
                *self._cells(detail, status_html(detail)),
                detail.run.author,
                age_html(detail.run.started),
            )
            for depth, detail in self._in_order()
        ]
        table = html_table(_COLUMNS, rows) if rows else dim(self._nothing())
        return frame(table, *(element("div", dim(note)) for note in self._remarks()))

    def _in_order(self) -> Iterator[tuple[int, RunDetail]]:
        """How deep each run stands, and the run."""
        if not self._nested:
            yield from ((0, detail) for detail in self._items)
            return
        ids = {detail.run.id for detail in self._items}
        below: dict[str, list[RunDetail]] = {}
        for detail in self._items:
            parent = detail.run.parent if detail.run.parent in ids else ""
            below.setdefault(parent, []).append(detail)
        waiting = [(0, detail) for detail in reversed(below.get("", []))]
        while waiting:
            depth, detail = waiting.pop()
            yield depth, detail
            waiting += [(depth + 1, part) for part in reversed(below.get(detail.run.id, []))]

    def _cells(self, detail: RunDetail, status: str) -> tuple[str, str, str, str, str]:
        run = detail.run
        own = [metric for metric in detail.metrics if not is_system(metric.key)]
        metrics = _some([f"{metric.key} {number_text(metric.last)}" for metric in own])
        params = _some(
            [f"{key}={param_text(value)}" for key, value in run.params.items() if key not in self._shared]
        )
        return run.experiment, status, metrics, params, duration_text(run)

    def _remarks(self) -> list[str]:
        shared = _some([f"{key}={param_text(value)}" for key, value in self._shared.items()])
        return [*([f"Params of all: {shared}"] if shared else []), *self._notes]

    def _nothing(self) -> str:
        return f"No runs in project {self._project!r} yet, or none that match."


def shared_params(runs: Sequence[dict[str, PropertyValue]]) -> dict[str, PropertyValue]:
    """The params that have the same value in all of several runs."""
    if len(runs) < 2:
        return {}
    first, *others = runs
    return {
        key: value
        for key, value in first.items()
        if all(key in each and same(each[key], value) for each in others)
    }


def same(one: PropertyValue | None, other: PropertyValue | None) -> bool:
    """Whether two params are the same: 1, 1.0 and True are not."""
    return type(one) is type(other) and one == other


def param_text(value: PropertyValue) -> str:
    """A param in a cell."""
    return number_text(value) if isinstance(value, float) else str(value)


def runs_frame(details: Sequence[RunDetail]) -> Any:
    """Runs as a DataFrame of pandas."""
    import pandas

    rows = []
    for detail in details:
        run = detail.run
        row: dict[str, Any] = {name: getattr(run, name) for name in _FIELDS}
        for name in ("started", "ended"):
            row[name] = pandas.to_datetime(getattr(run, name), unit="ms", utc=True)
        row.update({f"params.{key}": value for key, value in run.params.items()})
        row.update({f"metrics.{metric.key}": float(metric.last) for metric in detail.metrics})
        row.update({f"tags.{key}": value for key, value in run.tags.items()})
        rows.append(row)
    return pandas.DataFrame(rows)


class MetricHistory(Listing[Point]):
    """All points of a metric, in the order of step, time and arrival. It shows itself as a curve."""

    def __init__(self, history: History, *, waiting: Waiting | None = None) -> None:
        self.key = history.key
        self.steps = history.steps
        self.times = history.times
        self.values = [float(value) for value in history.values]
        self._notes = waiting_notes(waiting)
        super().__init__(points_of(history))

    @property
    def curve(self) -> RunCurves:
        """Its curve."""
        return RunCurves([Series("", self.key, self._items, self.times[0] if self.times else 0)])

    def to_pandas(self) -> Any:
        """A DataFrame with `step`, `time` and the metric."""
        import pandas

        times = pandas.to_datetime(self.times, unit="ms", utc=True)
        return pandas.DataFrame({"step": self.steps, "time": times, self.key: self.values})

    def __repr__(self) -> str:
        rows = [(str(point.step), number_text(point.value)) for point in self[-10:]]
        earlier = f"\n{len(self) - 10:,} earlier points" if len(self) > 10 else ""
        line = [sparkline(self._items, 48)] if len(self) > 1 else []
        table = text_table(("step", cut(self.key, 48)), rows)
        return "\n".join([*line, table + earlier, *map(plain, self._notes)])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The curve; as text also the last points."""
        return {**self.curve._repr_mimebundle_(), "text/plain": repr(self)}


def _indented(depth: int, detail: RunDetail) -> Html:
    name = run_link(detail.run)
    if not depth:
        return name
    return join([element("span", "↳ ", class_="aip-dim", style=f"margin-left:{depth - 1}.2em"), name])


def _some(texts: Sequence[str]) -> str:
    shown = ", ".join(cut(text, 40) for text in texts[:_SHOWN])
    return shown if len(texts) <= _SHOWN else f"{shown} and {len(texts) - _SHOWN} more"
