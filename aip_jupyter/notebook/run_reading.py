"""Reading runs: what this process has logged is stored first, and what dead ones left."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..client.journals import JOURNALS, Waiting
from ..client.sender import adopt_left
from ..domain.pages import MAX_PAGE
from ..domain.runs import GetHistory, GetRun, ListRuns, RunDetail
from ..errors import AipError, Invalid
from ..services.journal_files import left_journals
from .connection import connect
from .run_tables import MetricHistory, RunCard, RunTable

if TYPE_CHECKING:
    from ..client.connect import Connection

PATIENCE = 10.0
"""Seconds that reading waits for what is being stored; a server that does not answer is not waited for."""


def store_what_waits(connection: Connection) -> Waiting:
    """Have the journals stored: this process's own, and those of dead ones; what still waits of its own."""
    waiting = JOURNALS.flush(PATIENCE)
    if not waiting:
        with contextlib.suppress(AipError):  # reading tells what is wrong
            adopt_left(connection, connection.settings.home)
    return waiting


def what_waits(connection: Connection) -> str:
    """What is not stored, of this process and of dead ones, in one line; "" when all is."""
    waiting = store_what_waits(connection)
    left = len(left_journals(connection.settings.home))
    others = f"{left} {'journals' if left > 1 else 'journal'} of ended processes: aip flush says why"
    return "; ".join(filter(None, [str(waiting) if waiting else "", others if left else ""]))


def list_runs(
    search: str, *, experiment: str, status: str, author: str, limit: int, project: str | None
) -> RunTable:
    """See `runs.list_runs`."""
    if limit < 1:
        raise Invalid(f"limit: {limit} is not a number of runs; give 1 or more", field="limit")
    connection = connect()
    waiting = store_what_waits(connection)
    project = project or connection.project
    found: list[RunDetail] = []
    token = ""
    while len(found) < limit:
        request = ListRuns(
            project=project,
            search=search,
            experiment=experiment,
            status=status,
            author=author,
            limit=min(limit - len(found), MAX_PAGE),
            page_token=token,
        )
        page = connection.services.runs.list_runs(request)
        found += page.items
        token = page.next_page_token
        if not token:
            break
    return RunTable(found, project=project, more=bool(token), waiting=waiting)


def get_run(run: str, *, project: str | None) -> RunCard:
    """See `runs.get_run`."""
    connection = connect()
    waiting = store_what_waits(connection)
    detail = connection.services.runs.get_run(GetRun(project=project or connection.project, run=run))
    return RunCard(detail, waiting=waiting)


def get_metric_history(run: str, key: str, *, project: str | None) -> MetricHistory:
    """See `runs.get_metric_history`."""
    connection = connect()
    waiting = store_what_waits(connection)
    request = GetHistory(project=project or connection.project, run=run, key=key)
    return MetricHistory(connection.services.runs.get_history(request), waiting=waiting)
