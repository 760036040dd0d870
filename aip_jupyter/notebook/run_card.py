"""A run as it shows itself: a card, and below it the curves of its metrics."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..domain.comparison import CompareRuns
from ..domain.records import PropertyValue
from ..domain.runs import History, ListRuns, Metric, RunDetail
from ..domain.texts import ListTexts, TextInfo
from ..errors import AipError
from .display import (
    Html,
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
from .run_curves import METRICS, RunCurves
from .run_series import POINTS, Series, points_of, sparkline
from .run_svg import spark_svg
from .run_words import (
    count_text,
    duration_text,
    folded,
    number_text,
    run_link,
    status_html,
    status_text,
    waiting_notes,
)

if TYPE_CHECKING:
    from ..client.connect import Connection
    from ..client.journals import Waiting

SYSTEM = ("system/", "system.")
"""How the keys of metrics begin that are recorded unasked."""
_PARTS = 20
"""So many of the runs that are a part of it are listed."""
_METRIC_COLUMNS = ("metric", "last", "step", "min", "max", "points")
_PART_COLUMNS = ("part", "status", "metrics", "duration")


class Insides(NamedTuple):
    """What a card shows besides the run itself."""

    histories: Sequence[History] = ()
    parts: Sequence[RunDetail] = ()
    """The runs that are a part of it, the newest first."""
    texts: Sequence[TextInfo] = ()
    fault: str = ""
    """Why something is missing; "" when nothing is."""


def read_insides(connection: Connection, detail: RunDetail) -> Insides:
    """Ask for what a card shows. What cannot be had is left out, and said."""
    run, runs = detail.run, connection.services.runs
    keys = drawn_keys([metric.key for metric in detail.metrics])
    try:
        request = CompareRuns(project=run.project, runs=[run.id], keys=keys, points=POINTS)
        found = runs.compare_runs(request).histories if keys else []
        parts = ListRuns(project=run.project, parent=run.id, limit=_PARTS)
        return Insides(
            histories=[history for each in found for history in each.histories],
            parts=runs.list_runs(parts).items if detail.children else [],
            texts=runs.list_texts(ListTexts(project=run.project, run=run.id)),
        )
    except AipError as error:
        return Insides(fault=error.message)


def drawn_keys(keys: Sequence[str]) -> list[str]:
    """The metrics that are worth a curve: what people log before what is recorded unasked."""
    return sorted(keys, key=is_system)[:METRICS]


def is_system(key: str) -> bool:
    """Whether a metric is one of the machine's, recorded unasked."""
    return key.startswith(SYSTEM)


class RunCard:
    """A run, its params, its metrics and what is recorded with it.

    Its curves, its parts and its texts are asked for when they are first needed: by `curves`, `parts` and
    `texts`, and when it shows itself.
    """

    def __init__(
        self,
        detail: RunDetail,
        *,
        waiting: Waiting | None = None,
        read: Callable[[], Insides] | None = None,
    ) -> None:
        self.run = detail.run
        self.detail = detail
        self.metrics = {metric.key: metric for metric in detail.metrics}
        """By key."""
        self._notes = waiting_notes(waiting)
        self._read = read
        self._insides: Insides | None = None

    @property
    def params(self) -> dict[str, PropertyValue]:
        """The run's params."""
        return self.run.params

    @property
    def curves(self) -> RunCurves:
        """The curves of its metrics, without those of the machine."""
        own = [history for history in self.insides.histories if not is_system(history.key)]
        return RunCurves(map(self._series, own))

    @property
    def system_curves(self) -> RunCurves:
        """The curves of what was recorded of the machine."""
        return RunCurves(
            self._series(history) for history in self.insides.histories if is_system(history.key)
        )

    @property
    def parts(self) -> list[RunDetail]:
        """The newest of the runs that are a part of it."""
        return list(self.insides.parts)

    @property
    def texts(self) -> list[TextInfo]:
        """The texts that were logged or captured."""
        return list(self.insides.texts)

    @property
    def insides(self) -> Insides:
        """What had to be asked for; asked once."""
        if self._insides is None:
            self._insides = self._read() if self._read else Insides()
        return self._insides

    def _series(self, history: History) -> Series:
        return Series(self.run.name, history.key, points_of(history), self.run.started)

    def __repr__(self) -> str:
        run = self.run
        facts = [("run", run.name), *self._facts(), ("tags", " ".join(tag_labels(run.tags)))]
        facts.insert(4, ("status", status_text(self.detail)))
        parts = [text_facts([*facts, ("started", age_text(run.started))])]
        if run.params:
            parts.append(text_table(("param", "value"), _params(run.params)))
        if self.metrics:
            lines = {history.key: sparkline(points_of(history)) for history in self.insides.histories}
            rows = [(*metric_cells(metric), lines.get(key, "")) for key, metric in self.metrics.items()]
            parts.append(text_table((*_METRIC_COLUMNS, "curve" if lines else ""), rows))
        if self.parts:
            rows = [(part.run.name, status_text(part), *_part_cells(part)) for part in self.parts]
            parts.append(text_table(_PART_COLUMNS, rows))
        if self.texts:
            parts.append(text_table(("text", "length"), map(_text_cells, self.texts)))
        return "\n\n".join([*parts, *map(plain, self._remarks())])

    def _repr_html_(self) -> str:
        run = self.run
        facts: list[tuple[str, str]] = [*self._facts(), ("tags", tags_html(run.tags))]
        facts.insert(3, ("status", status_html(self.detail)))
        captured = [text for text in self.texts if text.captured]
        logged = [text for text in self.texts if not text.captured]
        return frame(
            element("div", run_link(run), class_="aip-title"),
            html_facts([*facts, ("started", age_html(run.started))]),
            html_table(("param", "value"), _params(run.params)) if run.params else None,
            self._metrics_html([key for key in self.metrics if not is_system(key)]),
            self._parts_html(),
            html_table(("text", "length"), map(_text_cells, logged)) if logged else None,
            *self._recorded_html(captured),
            *(element("div", dim(note)) for note in self._remarks()),
        )

    def _ipython_display_(self) -> None:
        """The card, and then the curves: as HTML, the card would hide what Vega-Lite draws."""
        from IPython import display

        show: Any = display.display
        show({"text/html": self._repr_html_(), "text/plain": repr(self)}, raw=True)
        if (curves := self.curves).keys and in_notebook():
            show(curves)

    def _facts(self) -> list[tuple[str, str]]:
        run = self.run
        return [
            ("id", run.id),
            ("project", run.project),
            ("experiment", run.experiment),
            ("duration", duration_text(run)),
            ("notebook", run.notebook),
            ("author", run.author),
            ("part of", run.parent),
            ("notes", run.notes),
        ]

    def _metrics_html(self, keys: Sequence[str]) -> Html | None:
        if not keys:
            return None
        drawn = {history.key: spark_svg(self._series(history)) for history in self.insides.histories}
        rows = [(*metric_cells(self.metrics[key]), drawn.get(key, "")) for key in keys]
        return html_table((*_METRIC_COLUMNS, ""), rows)

    def _parts_html(self) -> Html | None:
        if not self.parts:
            return None
        rows: list[tuple[str, ...]] = [
            (run_link(part.run), status_html(part), *_part_cells(part)) for part in self.parts
        ]
        rest = self.detail.children - len(rows)
        words = dim(f"and {count_text(rest, 'more part')}") if rest > 0 else None
        return element("div", html_table(_PART_COLUMNS, rows), words)

    def _recorded_html(self, captured: Sequence[TextInfo]) -> list[Html]:
        """What nobody asked for, folded."""
        machine = self._metrics_html([key for key in self.metrics if is_system(key)])
        source = html_table(("captured", "length"), map(_text_cells, captured)) if captured else None
        found = [("machine", machine), ("captured source and environment", source)]
        return [folded(title, table) for title, table in found if table]

    def _remarks(self) -> list[str]:
        fault, notes = self.insides.fault, list(self._notes)
        if self.run.state == "ARCHIVED":
            notes.append(f"It is deleted; %restore_run {self.run.id} takes that back.")
        return [*notes, *([f"Curves, parts and texts are missing: {fault}"] if fault else [])]


def in_notebook() -> bool:
    """Whether a front end shows what is displayed, and not a terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def metric_cells(metric: Metric) -> tuple[str, ...]:
    """A row of the table of metrics."""
    numbers = [number_text(value) for value in (metric.minimum, metric.maximum)]
    return (metric.key, number_text(metric.last), str(metric.last_step), *numbers, f"{metric.count:,}")


def _params(params: dict[str, PropertyValue]) -> list[tuple[str, str]]:
    return [(key, cut(str(value), 200)) for key, value in params.items()]


def _part_cells(part: RunDetail) -> tuple[str, str]:
    own = [metric for metric in part.metrics if not is_system(metric.key)]
    metrics = ", ".join(f"{metric.key} {number_text(metric.last)}" for metric in own[:3])
    return metrics, duration_text(part.run)


def _text_cells(text: TextInfo) -> tuple[str, str]:
    return text.name, count_text(text.length, "character")
