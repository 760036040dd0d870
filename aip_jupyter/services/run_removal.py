"""Runs that are deleted, with their parts, and restored. What nobody restores is purged: `purging`."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..backends.tracking.protocol import TrackingBackend
from ..domain import names
from ..domain.changes import Put
from ..domain.query import Compare, Condition, Order, Query, all_of
from ..domain.records import now_ms
from ..domain.runs import GetRun, Run, RunDetail
from ..errors import Conflict, NotFound
from .contact import is_lost
from .deletion import ARCHIVED, DELETED, DELETED_WITH, brought_back, put_away
from .finding import BATCH, nearest, records_by_id, records_of
from .rights import check_run
from .run_reading import RunReading, find_run

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
            return _Changed(run, [put_away(each, now, **{DELETED_WITH: run.id}) for each in runs], below)

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
            with_it = all_of([ARCHIVED, Compare(f"properties.{DELETED_WITH}", "=", run.id)])
            runs = {run.id: run, **{each.id: each for each in self._all(run.project, with_it)}}
            for each in runs.values():
                check_run(self._caller, each)
            return _Changed(run, [brought_back(each) for each in runs.values()], list(above.values()))

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
        named = Query(where=all_of([ARCHIVED, Compare("name", "=", text)]), order=order, limit=1)
        for run in self._tracking.find(Run, project, named).items:
            return run
        near = nearest(text, [run.name for run in self._all(project, ARCHIVED)])
        advice = f"; did you mean {' or '.join(near)}?" if near else ""
        message = f"run: no run {text!r} was deleted in project {project!r}, or not lately{advice}"
        raise NotFound(message, field="run", nearest=near)

    def _all(self, project: str, where: Condition) -> Iterator[Run]:
        return records_of(self._tracking, Run, project, where)


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
