"""Reading runs: what this process has logged is stored first, and what dead ones left."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from msgspec.structs import replace

from ..client.journals import JOURNALS, Waiting
from ..client.kept_sender import KEPT_SENDER, what_is_kept
from ..client.sender import adopt_left
from ..domain.comparison import CompareRuns
from ..domain.pages import MAX_PAGE
from ..domain.runs import GetHistory, GetRun, ListRuns, RunDetail, Status
from ..domain.texts import GetText, ListTexts, TextInfo
from ..errors import AipError, Invalid, NotFound
from ..services.journal_files import left_journals
from .active_run import ActiveRun
from .connection import connect
from .run_card import RunCard, drawn_keys, read_insides
from .run_state import needed_run
from .run_tables import MetricHistory, RunTable
from .words import at_least_one, one_of

if TYPE_CHECKING:
    from ..client.connect import Connection
    from .run_comparison import RunComparison

PATIENCE = 10.0
"""Seconds that reading waits for what is being stored; a server that does not answer is not waited for."""
NEWEST = "started desc"


def store_what_waits(connection: Connection) -> Waiting:
    """Have the journals stored: this process's own, and those of dead ones; what still waits of its own."""
    waiting = JOURNALS.flush(PATIENCE)
    if not waiting:
        with contextlib.suppress(AipError):  # reading tells what is wrong
            adopt_left(connection, connection.settings.home)
    return waiting


@contextlib.contextmanager
def reading() -> Iterator[tuple[Connection, Waiting]]:
    """The connection, and what is not stored yet: of what is not found because of that it is told."""
    connection = connect()
    waiting = store_what_waits(connection)
    try:
        yield connection, waiting
    except NotFound as error:
        if not waiting:
            raise
        message = f"{error.message}; but {waiting}"
        raise NotFound(message, field=error.field, nearest=error.nearest) from error


def what_waits(connection: Connection) -> str:
    """What is not stored, of this process and of dead ones, and why, in one line; "" when all is."""
    waiting, home = JOURNALS.flush(PATIENCE), connection.settings.home
    try:
        why = adopt_left(connection, home).kept
    except AipError as error:
        why = [error.message]
    left = len(left_journals(home))
    others = f"{left} {'journals' if left > 1 else 'journal'} of ended processes, see aip flush --list"
    first = f": {why[0]}" if why else ""
    KEPT_SENDER.soon(home)
    uploads = what_is_kept(home, KEPT_SENDER.reason)
    return "; ".join(
        filter(None, [str(waiting) if waiting else "", f"{others}{first}" if left else "", uploads])
    )


def list_runs(
    search: str = "",
    *,
    experiment: str = "",
    status: str = "",
    author: str = "",
    filter: str = "",
    order_by: str = NEWEST,
    deleted: bool = False,
    limit: int = 100,
    project: str | None = None,
) -> RunTable:
    """Runs, the last started first: those whose name contains `search`, of this experiment, status, author.

    `filter` and `order_by` are as in `search_runs`; `deleted` lists those that can be restored. Returns a
    list of runs with their metrics, which shows itself as a table. Raises Invalid, Unavailable.

        aip.list_runs("base", experiment="digits")
    """
    request = ListRuns(
        search=search,
        experiment=experiment,
        status=one_of(status, "status", get_args(Status)) if status else "",
        author=author,
        filter=filter,
        order_by=order_by or NEWEST,
        deleted=deleted,
    )
    return _list(request, limit, project)


def search_runs(
    experiment: str | None = None,
    filter: str = "",
    order_by: str = "",
    limit: int = 100,
    page_token: str = "",
    *,
    project: str | None = None,
) -> RunTable:
    """Runs that a condition holds for, over their name, status, times, author, params, tags and metrics.

    `metrics.loss` is the last value, `metrics.loss.min` and `.max` the extremes. `order_by` is such a field,
    then `asc` or `desc`; the last started come first without. `.next_page_token` of what is returned is the
    `page_token` for those that follow.

    Returns a list of runs with their metrics, which shows itself as a table. Raises Invalid, which names what
    cannot be understood, Unavailable.

        aip.search_runs("digits", "metrics.loss < 0.3 and params.opt = 'adam'", "metrics.acc desc", limit=10)
    """
    request = ListRuns(
        experiment=experiment or "", filter=filter, order_by=order_by or NEWEST, page_token=page_token
    )
    return _list(request, limit, project)


def _list(request: ListRuns, limit: int, project: str | None) -> RunTable:
    limit = at_least_one(limit, "limit", "runs")
    connection = connect()
    waiting = store_what_waits(connection)
    request = replace(request, project=project or connection.project)
    found: list[RunDetail] = []
    token = request.page_token
    while len(found) < limit:
        at_once = min(limit - len(found), MAX_PAGE)
        page = connection.services.runs.list_runs(replace(request, limit=at_once, page_token=token))
        found += page.items
        token = page.next_page_token
        if not token:
            break
    by_time = request.order_by == NEWEST  # else a part may stand before what it is a part of
    return RunTable(found, project=request.project, next_page_token=token, nested=by_time, waiting=waiting)


def get_run(run: str | ActiveRun = "", *, project: str | None = None) -> RunCard:
    """A run by its id, or the newest of this name; the active one when left out. NotFound: what is near.

    aip.get_run("baseline").params["lr"]
    """
    id, project = meant_run(run, project)
    with reading() as (connection, waiting):
        detail = connection.services.runs.get_run(GetRun(project=project or connection.project, run=id))
    return RunCard(detail, waiting=waiting, read=lambda: read_insides(connection, detail))


def get_metric_history(
    run: str | ActiveRun, key: str, points: int = 0, *, project: str | None = None
) -> MetricHistory:
    """The points of one metric of a run, in the order of step, time and arrival.

    All of them, or at most so many `points` that every peak survives. NotFound with the keys that there are,
    or with the runs whose names are near.

        aip.get_metric_history("baseline", "loss").values
    """
    id, project = meant_run(run, project)
    with reading() as (connection, waiting):
        request = GetHistory(project=project or connection.project, run=id, key=key, points=points)
        return MetricHistory(connection.services.runs.get_history(request), waiting=waiting)


def compare_runs(
    ids: Sequence[str | ActiveRun],
    metric_keys: Sequence[str] | None = None,
    *,
    points: int = 500,
    project: str | None = None,
) -> RunComparison:
    """Runs side by side, by their ids or names: params and metrics with the differences marked, and curves.

    `metric_keys` are the metrics to draw; without them, those that have more than one point.
    Raises NotFound with what is near, Invalid.

        aip.compare_runs(["baseline", "wider"], metric_keys=["loss"])
    """
    from .run_comparison import RunComparison

    if isinstance(ids, str):
        raise Invalid(f"ids: give a list, such as [{ids!r}]", field="ids")
    if not ids:
        raise Invalid("ids: name the runs to compare; %runs lists them", field="ids")
    meant = [run.id if isinstance(run, ActiveRun) else run for run in ids]
    with reading() as (connection, waiting):
        request = CompareRuns(
            project=project or connection.project, runs=meant, keys=list(metric_keys or ()), points=points
        )
        compared = connection.services.runs.compare_runs(request)
        if metric_keys is None and (keys := _worth_drawing(compared.runs)):
            compared = connection.services.runs.compare_runs(replace(request, keys=keys))
    return RunComparison(compared, waiting=waiting)


def _worth_drawing(runs: Sequence[RunDetail]) -> list[str]:
    """The metrics that have a curve, those first that most runs have, those of the machine last."""
    count = Counter(metric.key for detail in runs for metric in detail.metrics if metric.count > 1)
    return drawn_keys([key for key, _ in count.most_common()])


def delete_run(run: str | ActiveRun, *, project: str | None = None) -> RunCard:
    """Delete a run, by its id or name, and those that are a part of it. For 30 days `restore_run` undoes it.

    Raises NotFound with what is near, Conflict while it is running, Denied.

        aip.delete_run("a mistake")
    """
    id, project = meant_run(run, project)
    with reading() as (connection, waiting):
        detail = connection.services.runs.delete_run(GetRun(project=project or connection.project, run=id))
    return RunCard(detail, waiting=waiting)


def restore_run(run: str | ActiveRun, *, project: str | None = None) -> RunCard:
    """Take back that a run was deleted: by its id, or the one last deleted of this name. NotFound.

    aip.restore_run("a mistake")
    """
    id, project = meant_run(run, project)
    connection = connect()
    detail = connection.services.runs.restore_run(GetRun(project=project or connection.project, run=id))
    return RunCard(detail)


def list_texts(run: str | ActiveRun = "", *, project: str | None = None) -> list[TextInfo]:
    """The texts of a run, by name: what was logged, and what was captured; of the active one when left out.

    [text.name for text in aip.list_texts("baseline")]
    """
    id, project = meant_run(run, project)
    with reading() as (connection, _):
        request = ListTexts(project=project or connection.project, run=id)
        return connection.services.runs.list_texts(request)


def get_text(run: str | ActiveRun, name: str, *, project: str | None = None) -> str:
    """A text of a run. NotFound with the names that there are.

    print(aip.get_text("baseline", "report.txt"))
    """
    id, project = meant_run(run, project)
    with reading() as (connection, _):
        request = GetText(project=project or connection.project, run=id, name=name)
        return connection.services.runs.get_text(request).text


def meant_run(run: str | ActiveRun, project: str | None) -> tuple[str, str | None]:
    """The run's id or name, and its project where that is known; the active one without."""
    active = run if isinstance(run, ActiveRun) else None if run else needed_run()
    if active is None:
        return str(run), project
    return active.id, project or active.project or None
