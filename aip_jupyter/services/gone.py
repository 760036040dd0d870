"""Runs whose process is dead, and that nobody has ended: they have failed, as far as anybody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from ..backends.process import is_dead
from ..domain.pages import MAX_PAGE
from ..domain.records import new_id, now_ms
from ..domain.runs import ListRuns, Run, RunDetail, StoreJournal
from ..wire.journal import RunGone, encode_record
from .interface import Runs
from .journal_files import About, is_recorded


def fail_runs_of(home: Path, runs: Runs, about: About) -> int:
    """End the runs of the process of this journal, all of which is stored; how many. Raises AipError."""
    if not is_dead(about.holder, unlocked=True):
        return 0
    found = [detail.run for detail in _running(runs, about.project) if detail.run.holder == about.holder]
    return _fail(home, runs, about.project, found, about.journal)


def fail_lost_runs(home: Path, runs: Runs, project: str) -> int:
    """End the runs out of contact whose processes are provably dead; how many. Raises AipError."""
    lost = [detail.run for detail in _running(runs, project) if detail.is_lost]
    return _fail(home, runs, project, [run for run in lost if is_dead(run.holder)])


def _fail(home: Path, runs: Runs, project: str, found: list[Run], journal: str = "") -> int:
    """End those of them to which no living process of this home logs, such as a forked child.

    `journal` is the one that is being adopted, which looks as if somebody wrote it.
    """
    gone = [_gone(run) for run in found if not is_recorded(home, run.id, journal)]
    if gone:
        records = b"".join(map(encode_record, gone))
        runs.store_journal(StoreJournal(project=project, journal=new_id(), start=0, records=records))
    return len(gone)


def _gone(run: Run) -> RunGone:
    host, _, pid, *_ = run.holder.split("|")
    why = f"aip: its process ({pid} on {host}) is dead, and has not said how the run ended"
    return RunGone(run.id, max(run.started, run.beat or now_ms()), run.holder, why)


def _running(runs: Runs, project: str) -> Iterator[RunDetail]:
    request = ListRuns(project=project, status="running", limit=MAX_PAGE)
    while True:
        page = runs.list_runs(request)
        yield from page.items
        if not page.next_page_token:
            return
        request = replace(request, page_token=page.next_page_token)
