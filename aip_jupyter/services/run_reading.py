"""Runs, in process, as they are found again: lists, single ones, histories, texts, and side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..backends.tracking.protocol import TrackingBackend
from ..domain import names
from ..domain.comparison import MAX_POINTS, MAX_RUNS, MAX_WHOLE, CompareRuns, Comparison, RunHistories
from ..domain.filters import parse_filter, parse_order
from ..domain.pages import MAX_PAGE, Page
from ..domain.query import EVERYTHING, Compare, Condition, Order, Query, all_of
from ..domain.records import now_ms
from ..domain.runs import Experiment, GetHistory, GetRun, History, ListExperiments, ListRuns, Run, RunDetail
from ..domain.sampling import check_points
from ..domain.texts import GetText, ListTexts, Text, TextInfo
from ..errors import Invalid, NotFound
from .callers import Caller
from .contact import is_lost
from .finding import nearest, records_by_id
from .models import check_limit

if TYPE_CHECKING:
    from .local import Platform

MAX_KEYS = 50
"""Of how many metrics the histories can be compared at once."""

_LISTED = 20
"""So many names a message has; a run may have thousands of metrics."""
_NEWEST = Order("started", descending=True)
_LIVE = Compare("state", "=", "LIVE")
_DELETED = Compare("state", "=", "ARCHIVED")


class RunReading:
    """What of `services.interface.Runs` only reads."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._tracking = platform.tracking
        self._caller = caller

    def list_experiments(self, request: ListExperiments) -> Page[Experiment]:
        """One page of experiments, by name."""
        search = [Compare("name", "contains", request.search)] if request.search else []
        query = Query(
            where=all_of([_LIVE, *search]),
            order=Order("name"),
            limit=check_limit(request.limit),
            page_token=request.page_token,
        )
        return self._tracking.find(Experiment, request.project, query)

    def list_runs(self, request: ListRuns) -> Page[RunDetail]:
        """One page of runs: a query for them, one for their metrics, one for their parts."""
        terms: list[Condition] = [_DELETED if request.deleted else _LIVE]
        if request.search:
            terms.append(Compare("name", "contains", request.search))
        terms += [
            Compare(field, "=", value)
            for field in ("experiment", "status", "author", "parent")
            if (value := getattr(request, field))
        ]
        if request.top:
            terms.append(Compare("parent", "=", ""))
        if request.filter:
            terms.append(parse_filter(request.filter))
        query = Query(
            where=all_of(terms),
            order=parse_order(request.order_by),
            limit=check_limit(request.limit),
            page_token=request.page_token,
        )
        page = self._tracking.find(Run, request.project, query)
        return Page(items=self._details(request.project, page.items), next_page_token=page.next_page_token)

    def get_run(self, request: GetRun) -> RunDetail:
        """A run by id or name; by id also one that was deleted."""
        return self._detail(find_run(self._tracking, request.project, request.run))

    def get_history(self, request: GetHistory) -> History:
        """The points of one key of a run."""
        points = check_points(request.points)
        run = find_run(self._tracking, request.project, request.run)
        history = self._tracking.history(run.project, run.id, request.key, points)
        if history.steps:
            return history
        keys = [metric.key for metric in self._tracking.metrics(run.project, [run.id])[run.id]]
        message = f"key: {run.name} has no metric {request.key[:80]!r}; it has: {_listed(keys)}"
        raise NotFound(message, field="key", nearest=nearest(request.key, keys))

    def compare_runs(self, request: CompareRuns) -> Comparison:
        """Runs in the order that was asked for, each once, with the histories that they have."""
        for field, asked, most in (("runs", request.runs, MAX_RUNS), ("keys", request.keys, MAX_KEYS)):
            if len(asked) > most:
                message = f"{field}: {len(asked)} are too many to compare at once, at most {most}"
                raise Invalid(message, field=field)
        points = check_points(request.points)
        number = len(set(request.runs)) * len(set(request.keys))
        if number > MAX_WHOLE and not 0 < points * number <= MAX_POINTS:
            message = f"points: of {number:,} histories one answer has at most {MAX_POINTS // number:,} each"
            raise Invalid(f"{message}; all only of {MAX_WHOLE} and fewer", field="points")
        found = {run.id: run for run in self._runs(request.project, request.runs)}
        details = self._details(request.project, list(found.values()))
        histories = []
        for detail in details if request.keys else ():
            known = {metric.key for metric in detail.metrics}
            keys = [key for key in dict.fromkeys(request.keys) if key in known]
            of_run = [self._tracking.history(request.project, detail.run.id, key, points) for key in keys]
            histories.append(RunHistories(run=detail.run.id, histories=of_run))
        return Comparison(runs=details, histories=histories)

    def list_texts(self, request: ListTexts) -> list[TextInfo]:
        """The texts of a run, by name."""
        run = find_run(self._tracking, request.project, request.run)
        return self._tracking.texts(run.project, run.id)

    def get_text(self, request: GetText) -> Text:
        """A text of a run."""
        run = find_run(self._tracking, request.project, request.run)
        terms = [Compare("run_id", "=", run.id), Compare("name", "=", request.name)]
        for text in self._tracking.find(Text, run.project, Query(where=all_of(terms), limit=1)).items:
            return text
        known = [text.name for text in self._tracking.texts(run.project, run.id)]
        message = f"name: {run.name} has no text {request.name[:80]!r}; it has: {_listed(known)}"
        raise NotFound(message, field="name", nearest=nearest(request.name, known))

    def _runs(self, project: str, asked: Sequence[str]) -> Iterator[Run]:
        """The runs of these ids or names."""
        for text in asked:
            names.check_store_name(text, "runs")
        by_id = records_by_id(self._tracking, Run, project, asked)
        for text in asked:
            yield by_id.get(text) or find_run(self._tracking, project, text)

    def _detail(self, run: Run) -> RunDetail:
        return self._details(run.project, [run])[0]

    def _details(self, project: str, runs: Sequence[Run]) -> list[RunDetail]:
        ids = [run.id for run in runs]
        metrics, parts = self._tracking.metrics(project, ids), self._tracking.parts(project, ids)
        now = now_ms()
        return [
            RunDetail(run=run, metrics=metrics[run.id], children=parts[run.id], is_lost=is_lost(run, now))
            for run in runs
        ]


def find_run(tracking: TrackingBackend, project: str, text: str) -> Run:
    """The run of this id, or the newest of this name. NotFound with the nearest names."""
    names.check_store_name(text, "run")
    if by_id := records_by_id(tracking, Run, project, [text]):
        return by_id[text]
    for run in _newest(tracking, project, Compare("name", "=", text), 1):
        return run
    near = nearest(text, dict.fromkeys(run.name for run in _newest(tracking, project, EVERYTHING, MAX_PAGE)))
    advice = f"; did you mean {' or '.join(near)}?" if near else "; %runs lists what there is"
    message = f"run: there is no run {text!r} in project {project!r}{advice}"
    raise NotFound(message, field="run", nearest=near)


def _listed(known: Sequence[str]) -> str:
    more = len(known) - _LISTED
    return ", ".join(known[:_LISTED]) + (f" and {more:,} more" if more > 0 else "") or "none"


def _newest(tracking: TrackingBackend, project: str, where: Condition, limit: int) -> list[Run]:
    query = Query(where=all_of([_LIVE, where]), order=_NEWEST, limit=limit)
    return tracking.find(Run, project, query).items
