"""Runs that are deleted: first only out of sight, for RESTORABLE; then purged with all that they recorded."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from ..backends.tracking.protocol import TrackingBackend
from ..domain import names
from ..domain.access import EVERYWHERE, Project
from ..domain.changes import Delete, Put
from ..domain.query import EVERYTHING, Compare, Condition, Order, Query, all_of
from ..domain.records import DEFAULT_PROJECT, now_ms
from ..domain.runs import GetRun, Run, RunDetail
from ..errors import Conflict, NotFound
from .contact import is_lost
from .finding import BATCH, nearest, records_by_id, records_of
from .rights import check_run
from .run_draft import DELETED, DELETED_WITH
from .run_inheritance import handed_on, referring
from .run_reading import RunReading, find_run

if TYPE_CHECKING:
    from .local import Platform

RESTORABLE = 30 * 24 * 3600 * 1000
"""Milliseconds for which what is deleted can be restored."""

_ARCHIVED = Compare("state", "=", "ARCHIVED")
_ATTEMPTS = 30


class _Changed(NamedTuple):
    """What is to be stored, about a run."""

    run: Run
    runs: Sequence[Run] = ()
    """In their new states."""
    seen: Sequence[Run] = ()
    """Those that must not have changed meanwhile either, or a part would be restored of what is deleted."""


class RunRemoval(RunReading):
    """What of `services.interface.Runs` deletes and restores."""

    def delete_run(self, request: GetRun) -> RunDetail:
        """Put a run and its parts out of sight."""

        def changed() -> _Changed:
            run = find_run(self._tracking, request.project, request.run)
            if run.state == "ARCHIVED":
                return _Changed(run)
            below = _below(self._tracking, run)
            runs = [run, *(each for each in below if each.state == "LIVE")]
            for each in runs:
                check_run(self._caller, each)
                if each.status == "running" and not is_lost(each):
                    message = f"run: {each.name} is running; end it before it is deleted"
                    raise Conflict(message, field="run")
            now = now_ms()
            return _Changed(run, [_deleted(each, now, run.id) for each in runs], below)

        return self._apply(changed)

    def restore_run(self, request: GetRun) -> RunDetail:
        """Take that back, for the run and what was deleted with it."""

        def changed() -> _Changed:
            run = self._find_deleted(request)
            if run.state == "LIVE":
                return _Changed(run)
            above = records_by_id(self._tracking, Run, run.project, [run.parent] if run.parent else [])
            for parent in above.values():
                if parent.state == "ARCHIVED":
                    message = f"run: {run.name} is a part of {parent.name}, which is deleted; restore that"
                    raise Conflict(message, field="run")
            with_it = all_of([_ARCHIVED, Compare(f"properties.{DELETED_WITH}", "=", run.id)])
            runs = {run.id: run, **{each.id: each for each in self._all(run.project, with_it)}}
            for each in runs.values():
                check_run(self._caller, each)
            return _Changed(run, [_restored(each) for each in runs.values()], list(above.values()))

        return self._apply(changed)

    def _apply(self, changed: Callable[[], _Changed]) -> RunDetail:
        """Store the changes of a run and others, found again when somebody else was faster."""
        for attempt in range(_ATTEMPTS):
            run, runs, seen = changed()
            try:
                if runs:
                    expect = {each.id: each.revision for each in (*seen, *runs)}
                    self._tracking.apply([Put(each) for each in runs], expect)
                return self._detail(self._tracking.get(Run, run.project, run.id))
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311
        raise AssertionError  # the last attempt returns or raises

    def _find_deleted(self, request: GetRun) -> Run:
        """The run of this id, or the one of this name that was deleted last."""
        project, text = request.project, names.check_store_name(request.run, "run")
        if by_id := records_by_id(self._tracking, Run, project, [text]):
            return by_id[text]
        order = Order(f"properties.{DELETED}", descending=True)
        named = Query(where=all_of([_ARCHIVED, Compare("name", "=", text)]), order=order, limit=1)
        for run in self._tracking.find(Run, project, named).items:
            return run
        near = nearest(text, [run.name for run in self._all(project, _ARCHIVED)])
        advice = f"; did you mean {' or '.join(near)}?" if near else ""
        message = f"run: no run {text!r} was deleted in project {project!r}, or not lately{advice}"
        raise NotFound(message, field="run", nearest=near)

    def _all(self, project: str, where: Condition) -> Iterator[Run]:
        return records_of(self._tracking, Run, project, where)


def purge(platform: Platform, now: int | None = None) -> int:
    """Remove the runs whose time is over, with all that they recorded, from all projects; how many."""
    end = (now_ms() if now is None else now) - RESTORABLE
    over = all_of([_ARCHIVED, Compare(f"properties.{DELETED}", "<", end)])
    known = records_of(platform.access, Project, EVERYWHERE, EVERYTHING)
    projects = {DEFAULT_PROJECT, platform.settings.project or DEFAULT_PROJECT, *(each.name for each in known)}
    removed = 0
    for project in sorted(projects):
        runs = {run.id: run for run in records_of(platform.tracking, Run, project, over)}
        ids = list(runs)
        for start in range(0, len(ids), BATCH):
            removed += _purge(platform.tracking, project, runs, ids[start : start + BATCH])
    return removed


def _purge(tracking: TrackingBackend, project: str, runs: Mapping[str, Run], ids: Sequence[str]) -> int:
    """Remove these of the runs that are to go; how many. To find who refers to a run is to look at all."""
    others = referring(tracking, project, ids)

    def is_removed(id: str, others: Sequence[Run]) -> bool:
        run, left = runs[id], [each for each in others if each.id not in runs]
        changes = [*handed_on(tracking, run, left), Delete(Run, id)]
        try:
            tracking.apply(changes, {each.id: each.revision for each in (run, *left)})
        except Conflict:  # somebody restores it, or one of the others has changed
            return False
        return True

    return sum(
        is_removed(id, others[id]) or is_removed(id, referring(tracking, project, [id])[id]) for id in ids
    )


def _below(tracking: TrackingBackend, run: Run) -> list[Run]:
    """The parts of a run, and theirs, also those that are deleted."""
    found = {run.id: run}
    above = [run.id]
    while above:
        some, above = above[:BATCH], above[BATCH:]
        where = Compare("parent", "in", tuple(some))
        parts = [part for part in records_of(tracking, Run, run.project, where) if part.id not in found]
        found.update((part.id, part) for part in parts)
        above += [part.id for part in parts]
    return list(found.values())[1:]


def _deleted(run: Run, now: int, with_run: str) -> Run:
    return replace(run, state="ARCHIVED", properties={**run.properties, DELETED: now, DELETED_WITH: with_run})


def _restored(run: Run) -> Run:
    kept = {key: value for key, value in run.properties.items() if key not in (DELETED, DELETED_WITH)}
    return replace(run, state="LIVE", properties=kept)
