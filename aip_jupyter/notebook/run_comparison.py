"""Runs side by side as they show themselves: what differs, the curves, and which params lead where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ..domain.comparison import Comparison
from ..domain.records import PropertyValue
from ..domain.runs import RunDetail
from .display import Html, age_text, cut, dim, element, frame, html_table, join, plain, text_table
from .run_card import in_notebook, is_system
from .run_curves import RunCurves, shown_names
from .run_parallel import ParallelCoordinates
from .run_series import Series, points_of
from .run_svg import line_style
from .run_tables import MetricHistory, param_text, runs_frame, same
from .run_words import count_text, duration_text, folded, number_text, run_link, status_of, waiting_notes

if TYPE_CHECKING:
    from ..client.journals import Waiting

COLUMNS = 8
"""With more runs than this, each has a row, not a column."""
_MARK = "≠"


class Row(NamedTuple):
    """Something of all runs."""

    kind: str
    """`metric`, `param`, or "" for what each run has."""
    name: str
    cells: list[str]
    """One per run; "" where it has none."""
    differs: bool


class RunComparison:
    """Some runs: a table in which what differs comes first and is marked, the curves, parallel coordinates.

    All of it is data too: `runs`, `params`, `metrics`, `histories`, `to_pandas()`.
    """

    def __init__(self, comparison: Comparison, *, waiting: Waiting | None = None) -> None:
        self.details = list(comparison.runs)
        """The runs with the state of their metrics, in the order that was asked for."""
        self.names = shown_names([(detail.run.name, detail.run.id) for detail in self.details])
        """What each is called here: its name, with the end of its id where several have one name."""
        self._comparison = comparison
        self._notes = waiting_notes(waiting)

    @property
    def runs(self) -> dict[str, RunDetail]:
        """The runs by what they are called here."""
        return dict(zip(self.names, self.details, strict=True))

    @property
    def params(self) -> dict[str, dict[str, PropertyValue]]:
        """By param: what it is in each run that has it."""
        keys = dict.fromkeys(key for detail in self.details for key in detail.run.params)
        return {
            key: {name: each.run.params[key] for name, each in self.runs.items() if key in each.run.params}
            for key in keys
        }

    @cached_property
    def metrics(self) -> dict[str, dict[str, float]]:
        """By metric: the last value of each run that has it."""
        found: dict[str, dict[str, float]] = {}
        for name, detail in self.runs.items():
            for metric in detail.metrics:
                found.setdefault(metric.key, {})[name] = float(metric.last)
        return found

    @cached_property
    def histories(self) -> dict[str, dict[str, MetricHistory]]:
        """By run and metric: the points that the curves are drawn of."""
        names = {detail.run.id: name for name, detail in self.runs.items()}
        return {
            names[each.run]: {history.key: MetricHistory(history) for history in each.histories}
            for each in self._comparison.histories
        }

    @property
    def curves(self) -> RunCurves:
        """The curves, those of each metric in one panel."""
        return RunCurves(self.series)

    @property
    def series(self) -> list[Series]:
        """The same as data; what was recorded of the machines comes last."""
        names = {detail.run.id: name for name, detail in self.runs.items()}
        started = {detail.run.id: detail.run.started for detail in self.details}
        found = [
            Series(names[each.run], history.key, points_of(history), started[each.run])
            for each in self._comparison.histories
            for history in each.histories
        ]
        return sorted(found, key=lambda series: is_system(series.key))

    @property
    def parallel(self) -> ParallelCoordinates:
        """A line per run through the params in which they differ and their metrics."""
        keys = [series.key for series in self.series] or list(self.metrics)
        shown = [key for key in dict.fromkeys(keys) if not is_system(key) and key in self.metrics]
        params: dict[str, list[PropertyValue | None]] = {
            key: [values.get(name) for name in self.names] for key, values in self.params.items()
        }
        metrics = {key: [self.metrics[key].get(name) for name in self.names] for key in shown}
        return ParallelCoordinates(self.names, params, metrics)

    def to_pandas(self) -> Any:
        """A DataFrame with a row per run: `name`, …, `params.lr`, `metrics.loss` (the last values)."""
        return runs_frame(self.details)

    @cached_property
    def rows(self) -> list[Row]:
        """What the table says: first what differs, then what is the same."""
        return sorted(self._rows(), key=lambda row: not row.differs)

    def _rows(self) -> Iterator[Row]:
        both = self.metrics.keys() & self.params.keys()
        for key, numbers in self.metrics.items():
            if not is_system(key):
                values = [numbers.get(name) for name in self.names]
                label = f"{key} (metric)" if key in both else key
                yield Row("metric", label, [_number(value) for value in values], _differ(values))
        for key, given in self.params.items():
            params = [given.get(name) for name in self.names]
            cells = ["" if value is None else cut(param_text(value), 60) for value in params]
            label = f"{key} (param)" if key in both else key
            yield Row("param", label, cells, not all(same(value, params[0]) for value in params))
        runs = [detail.run for detail in self.details]
        for name, cells in (
            ("experiment", [run.experiment for run in runs]),
            ("device", [run.device for run in runs]),
            ("author", [run.author for run in runs]),
        ):
            if any(cells):
                yield Row("", name, cells, len(set(cells)) > 1)

    def _always(self) -> list[Row]:
        """What is shown of each run whether it differs or not."""
        return [
            Row("", "status", [status_of(detail) for detail in self.details], False),
            Row("", "duration", [duration_text(detail.run) for detail in self.details], False),
            Row("", "started", [age_text(detail.run.started) for detail in self.details], False),
        ]

    def __repr__(self) -> str:
        rows = [*self._always(), *self.rows]
        if len(self.names) > COLUMNS:
            columns = [row for row in rows if row.differs or not row.kind]
            lines = [(name, *(row.cells[place] for row in columns)) for place, name in enumerate(self.names)]
            table = text_table(("run", *(row.name for row in columns)), lines, width=24)
        else:
            marked = [(f"{_MARK if row.differs else ' '} {row.name}", *row.cells) for row in rows]
            table = text_table(("", *self.names), marked, width=24)
        return "\n".join([table, *map(plain, self._notes)])

    def _repr_html_(self) -> str:
        differing = [row for row in self.rows if row.differs]
        equal = [row for row in self.rows if not row.differs]
        wide = len(self.names) > COLUMNS
        first = self._tall(differing) if wide else self._wide([*self._always(), *differing])
        words = f"{count_text(len(equal), 'line')} the same in all runs"
        same_in_all = html_table(("", "in all"), [(row.name, dim(row.cells[0])) for row in equal])
        return frame(
            element("div", count_text(len(self.names), "run"), class_="aip-title"),
            element("div", first, style="overflow-x:auto"),
            folded(words, same_in_all) if equal else None,
            *(element("div", dim(note)) for note in self._notes),
            wide=True,
        )

    def _wide(self, rows: Sequence[Row]) -> Html:
        """A column per run."""
        marked = [
            (
                element("span", _MARK, title="differs") if row.differs else "",
                element("span", row.name, **({} if row.kind else {"class_": "aip-dim"})),
                *(element("span", cell) if row.kind else dim(cell) for cell in row.cells),
            )
            for row in rows
        ]
        return html_table(("", "", *(self._head(place) for place in range(len(self.names)))), marked)

    def _tall(self, rows: Sequence[Row]) -> Html:
        """A row per run."""
        columns = [*self._always()[:2], *rows]
        lines = [
            (self._head(place), *(row.cells[place] for row in columns)) for place in range(len(self.names))
        ]
        return html_table(("run", *(row.name for row in columns)), lines)

    def _head(self, place: int) -> Html:
        """The run's name with the line that it has in the curves."""
        line = element("path", d="M0 5h18", stroke_width="3", **line_style(place))
        sample = element("svg", line, width="22", height="10", aria_hidden="true")
        detail = self.details[place]
        name = run_link(detail.run, self.names[place])
        return element("span", join([sample, name]), style="white-space:nowrap")

    def _ipython_display_(self) -> None:
        """The table, then what Vega-Lite draws: one output with HTML would hide that."""
        from IPython import display

        show: Any = display.display
        show({"text/html": self._repr_html_(), "text/plain": repr(self)}, raw=True)
        if in_notebook():
            if (curves := self.curves).keys:
                show(curves)
            if parallel := self.parallel:
                show(parallel)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The table alone, for who asks for one thing."""
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def _number(value: float | None) -> str:
    return "" if value is None else number_text(value)


def _differ(values: Sequence[float | None]) -> bool:
    """Whether numbers differ; NaN is the same as NaN."""
    return len({"nan" if value is not None and math.isnan(value) else value for value in values}) > 1
