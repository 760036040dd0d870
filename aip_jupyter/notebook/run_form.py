"""The comparison as a form: `aip.panels.RunComparison()`. It follows runs that are running.

One thread asks and draws; what a person chooses only wakes it. While none of the chosen runs is running it
sleeps, and it ends with the form.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from ..domain.comparison import MAX_RUNS, CompareRuns, Comparison
from ..domain.runs import ListExperiments, ListRuns, RunDetail
from ..errors import AipError
from ..services.interface import Runs
from .connection import connect
from .display import Html, cut, dim, element, frame, join
from .form import Field
from .form_rules import without_field
from .run_card import is_system
from .run_comparison import RunComparison
from .run_curves import METRICS
from .run_series import POINTS
from .run_svg import Look, curves_svg
from .run_words import folded, status_text

EVERY = 2.0
"""Seconds between two looks while a run that is shown is running."""
SHARE = 0.1
"""Of the time at most so much goes into looks."""
CHOSEN = 4
"""So many runs, and metrics, are shown until others are chosen."""
ALL = "all experiments"

_log = logging.getLogger(__name__)


class RunForm:
    """A form that compares runs: choose an experiment, a condition, runs and metrics; see how they compare.

    `experiment` and `filter` are what it begins with, `project` is the one in use when left out.
    """

    def __init__(self, experiment: str = "", filter: str = "", *, project: str | None = None) -> None:
        self._project = project or connect().project
        self._fault: AipError | None = None
        self._is_live = False
        self._wishes = self._granted = 0
        self._changed = threading.Condition()
        self._is_closed = False
        self.comparison: RunComparison | None = None
        """What is shown; None when no run is chosen."""
        self.fields = {
            "experiment": Field(widgets.Dropdown, "Experiment", options=[(ALL, "")]),
            "filter": Field(
                widgets.Text,
                "Filter",
                placeholder="metrics.loss < 0.3 and params.opt = 'adam'",
                continuous_update=False,
            ),
            "runs": Field(widgets.SelectMultiple, "Runs"),
            "metrics": Field(widgets.SelectMultiple, "Metrics", rows=5),
            "axis": Field(widgets.Dropdown, "Along", options=["step", "time"]),
            "log": Field(widgets.Checkbox, "log scale", indent=False),
            "smoothing": Field(
                widgets.FloatSlider, "Smoothing", max=0.99, step=0.01, continuous_update=False
            ),
        }
        self.fields["filter"].input.value = filter
        self.fields["axis"].input.layout.width = "220px"
        self.fields["smoothing"].input.layout.width = "360px"
        self.fields["runs"].input.rows = 10
        self.message = widgets.HTML()
        self.result = widgets.HTML()
        self.refresh_button = widgets.Button(description="Refresh", icon="refresh")
        self.box = self._layout()
        self._look(experiment)
        for field in self.fields.values():
            field.input.observe(lambda _: self._wish(), names="value")
        self.refresh_button.on_click(lambda _: self._wish())
        self._thread = threading.Thread(target=self._work, name="aip-comparison", daemon=True)
        self._thread.start()

    def _layout(self) -> widgets.VBox:
        half = widgets.Layout(flex="1 1 300px", width="auto", min_width="0")
        boxes = {name: field.box for name, field in self.fields.items()}
        left = widgets.VBox([boxes[name] for name in ("experiment", "filter", "metrics")], layout=half)
        right = widgets.VBox([boxes["runs"]], layout=half)
        looks = widgets.HBox([boxes["axis"], boxes["smoothing"], boxes["log"], self.refresh_button])
        looks.layout = widgets.Layout(flex_flow="row wrap", align_items="center")
        choices = widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap"))
        return widgets.VBox([choices, looks, self.message, self.result])

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """The widgets; where none show, the comparison."""
        shown = self.box._repr_mimebundle_(**how)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        text = repr(self.comparison) if self.comparison else "No runs to compare."
        page = self.comparison._repr_html_() if self.comparison else frame(dim(text))
        return {**data, "text/plain": text, "text/html": page}, metadata

    def close(self) -> None:
        """Take it away, and look no more."""
        self.box.close()
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def wait(self) -> None:
        """Until what was chosen is shown."""
        with self._changed:
            wished = self._wishes
            self._changed.wait_for(lambda: self._granted >= wished or self._is_closed)

    def _wish(self) -> None:
        if threading.current_thread() is not self._thread:  # else it is what the thread itself has set
            with self._changed:
                self._wishes += 1
                self._changed.notify_all()

    def _work(self) -> None:
        pause = EVERY
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._wishes > self._granted or self._is_over(), pause if self._is_live else None
                )
                wished = self._wishes
            if self._is_over():
                return
            began = time.monotonic()
            try:
                self._look()
            except Exception:  # noqa: BLE001  # the outermost guard of a thread
                _log.exception("the comparison cannot be shown")
            pause = max(EVERY, (time.monotonic() - began) / SHARE)
            with self._changed:
                self._granted = wished
                self._changed.notify_all()

    def _is_over(self) -> bool:
        """Whether nobody has it any more: the front end may have closed it, too."""
        return self._is_closed or self.box.comm is None

    def _look(self, experiment: str | None = None) -> None:
        """Ask for what the fields say, and show it; errors where they belong."""
        fault: AipError | None = None
        try:
            runs = connect().services.runs
            self._offer_experiments(runs, experiment)
            self._offer_runs(self._found(runs))
            self._compare(runs)
        except AipError as error:
            fault = error
            self._is_live = self._is_live and fault.field is None
        at = fault.field if fault is not None and fault.field in self.fields else None
        for name, field in self.fields.items():
            field.say(without_field(fault) if fault is not None and name == at else "")
        told = fault is not None and at is None
        self.message.value = _bad(fault.message) if told and fault is not None else ""

    def _offer_experiments(self, runs: Runs, wanted: str | None) -> None:
        page = runs.list_experiments(ListExperiments(project=self._project, limit=1000))
        names = [(ALL, ""), *((cut(each.name, 60), each.name) for each in page.items)]
        field = self.fields["experiment"].input
        chosen = field.value if wanted is None else wanted
        if chosen and chosen not in [name for _, name in names]:
            names.append((cut(chosen, 60), chosen))
        if tuple(names) != field.options:
            field.options = names
        field.value = chosen

    def _found(self, runs: Runs) -> list[RunDetail]:
        condition = self.fields["filter"].value.strip()
        experiment = self.fields["experiment"].value
        request = ListRuns(project=self._project, experiment=experiment, filter=condition, limit=MAX_RUNS)
        return runs.list_runs(request).items

    def _offer_runs(self, found: Sequence[RunDetail]) -> None:
        field = self.fields["runs"].input
        several = not self.fields["experiment"].value
        labels = [
            cut(f"{status_text(each).partition(' ')[0]} {each.run.name}", 50)
            + (f" – {cut(each.run.experiment, 20)}" if several else "")
            for each in found
        ]
        offered = tuple(zip(labels, (each.run.id for each in found), strict=True))
        chosen = [id for id in field.value if id in [each.run.id for each in found]]
        if offered != field.options:
            field.options = offered
        field.value = tuple(chosen or [each.run.id for each in found[:CHOSEN]])
        keys = {metric.key for each in found if each.run.id in field.value for metric in each.metrics}
        self._offer_metrics(sorted(keys, key=lambda key: (is_system(key), key)))

    def _offer_metrics(self, keys: Sequence[str]) -> None:
        field = self.fields["metrics"].input
        chosen = [key for key in field.value if key in keys]
        if tuple(keys) != field.options:
            field.options = tuple(keys)
        own = [key for key in keys if not is_system(key)]
        field.value = tuple(chosen or own[:CHOSEN])

    def _compare(self, runs: Runs) -> None:
        ids, keys = self.fields["runs"].input.value, self.fields["metrics"].input.value[:METRICS]
        request = CompareRuns(project=self._project, runs=list(ids), keys=list(keys), points=POINTS)
        found = runs.compare_runs(request) if ids else Comparison(runs=[])
        self._is_live = any(each.run.status == "running" and not each.is_lost for each in found.runs)
        self.comparison = RunComparison(found) if ids else None
        self.result.value = self._page(self.comparison)

    def _page(self, comparison: RunComparison | None) -> str:
        if comparison is None:
            return frame(dim("No runs, or none that match."))
        look = Look(
            self.fields["axis"].input.value,
            self.fields["log"].input.value,
            self.fields["smoothing"].input.value,
        )
        series = [each for each in comparison.series if len(each.points) > 1]
        curves = curves_svg(series, look, width=330, columns=3) if series else None
        parallel = comparison.parallel
        page = frame(curves, Html(comparison._repr_html_()), wide=True)
        return page + (
            frame(folded("params beside metrics", Html(parallel.svg)), wide=True) if parallel else ""
        )


def _bad(problem: str) -> str:
    return frame(join([element("span", problem, class_="aip-bad", role="alert")]))
