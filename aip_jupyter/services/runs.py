"""Experiments and runs, in process: what journals record. How it is found again: `run_reading`."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..backends.process import is_dead
from ..domain import names
from ..domain.changes import Change, Put
from ..domain.pages import MAX_PAGE
from ..domain.query import Compare, Query
from ..domain.records import new_id, now_ms
from ..domain.runs import Experiment, Journal, Run, RunBeat, Stored, StoreJournal
from ..errors import Conflict, Invalid
from ..wire.journal import AnyEntry, Fault, RunStarted, decode_records
from .callers import Caller, author_of
from .contact import BEAT, ENDED_BY
from .datasets import LocalDatasets
from .finding import records_by_id
from .recording import Recorded, by_run, instead_of, new_run, tidy_start
from .rights import BEGAN_IN, check_run
from .run_draft import Draft
from .run_removal import RunRemoval

if TYPE_CHECKING:
    from .local import Platform

ATTEMPTS = 30
"""How often to begin again when others change the same runs meanwhile."""


class LocalRuns(RunRemoval):
    """`services.interface.Runs` over a tracking backend."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        super().__init__(platform, caller)
        self._datasets = LocalDatasets(platform, caller)
        self._user = platform.settings.user

    def store_journal(self, request: StoreJournal) -> Stored:
        """Store what of the records is new, in one transaction with how far the journal is stored."""
        names.check_store_name(request.project, "project")
        names.check_id(request.journal, "journal")
        if not 0 <= request.start < 2**62:
            raise Invalid(f"start: {request.start} is no place in a journal", field="start")
        entries = decode_records(request.records, request.start)
        for attempt in range(ATTEMPTS):
            journal = self._journal(request)
            fresh = _fresh(request, entries, journal.mark)
            if not fresh:
                return Stored(mark=journal.mark)
            advanced = replace(journal, mark=fresh[-1][0])
            try:
                self._store(advanced, by_run(entry for _, entry in fresh))
                return Stored(mark=advanced.mark)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, 0.01 * attempt))  # noqa: S311
        raise AssertionError  # the last attempt returns or raises

    def beat(self, request: RunBeat) -> None:
        """Note that the process of these runs lives, by the clock of this side."""
        if len(request.runs) > MAX_PAGE:
            message = f"runs: {len(request.runs):,} are too many for one beat, at most {MAX_PAGE:,}"
            raise Invalid(message, field="runs")
        ids = [names.check_id(id, "runs") for id in request.runs]
        known = records_by_id(self._tracking, Run, request.project, ids)
        for run in known.values():
            check_run(self._caller, run)
        now = now_ms()
        if ids:
            self._tracking.beat(request.project, ids, now)
        for run in known.values():
            if ENDED_BY in run.properties:
                draft = Draft(replace(run, beat=now))
                draft.take_back()
                with contextlib.suppress(Conflict):  # the next beat does it
                    self._tracking.apply([Put(draft.finish())], {run.id: run.revision})

    def _journal(self, request: StoreJournal) -> Journal:
        """How far it is stored."""
        found = records_by_id(self._tracking, Journal, request.project, [request.journal])
        new = Journal(id=request.journal, project=request.project, created=now_ms())
        return found.get(request.journal, new)

    def _store(self, journal: Journal, recorded: dict[str, Recorded]) -> None:
        project = journal.project
        known = records_by_id(self._tracking, Run, project, recorded)
        new = [id for id in recorded if id not in known]
        for run in known.values():
            check_run(self._caller, run)
        experiments: dict[str, Experiment] = {}
        drafts = {
            id: self._draft(project, known.get(id), what, experiments)
            for id, what in recorded.items()
            if what.entries or what.datasets or (id in known and _touches(known[id], what))
        }
        # Nothing is written before all has been looked at.
        if any(what.datasets for what in recorded.values()):
            self._check_project(Run, project, new)
        for id, draft in drafts.items():
            self._log_datasets(project, id, recorded[id], draft)
        runs = {id: run for id, draft in drafts.items() if (run := draft.finish()) != known.get(id)}
        now = now_ms()
        for id, run in runs.items():
            if recorded[id].is_of_its_process and not is_dead(run.holder):
                runs[id] = replace(run, beat=now)
        changes: list[Change] = [Put(journal), *map(Put, runs.values())]
        changes += [Put(text) for draft in drafts.values() for text in draft.texts]
        changes += [what.add_points(project, id) for id, what in recorded.items() if what.points]
        changes += [Put(experiment) for experiment in experiments.values() if not experiment.revision]
        # A run that is new here must not be one of another project either.
        expect = {**dict.fromkeys(new, 0), **{run.id: run.revision for run in runs.values()}}
        try:
            self._tracking.apply(changes, {**expect, journal.id: journal.revision})
        except Conflict:
            self._check_project(Run, project, new)
            self._check_project(Journal, project, [] if journal.revision else [journal.id])
            raise
        there = {**known, **runs}  # points may come before their run
        told = [id for id, what in recorded.items() if what.is_of_its_process]
        self._hear(project, [there[id] for id in told if id in there])

    def _hear(self, project: str, runs: Collection[Run]) -> None:
        """Who records a run lives. Of one that is dead, somebody else has found what it had recorded."""
        now = now_ms()
        ids = [run.id for run in runs if now - run.beat >= BEAT and not is_dead(run.holder)]
        if ids:
            self._tracking.beat(project, ids, now)

    def _check_project(self, kind: type[Run | Journal], project: str, ids: Collection[str]) -> None:
        """Invalid when one of these ids, which were not there, is that of another project."""
        try:
            self._tracking.apply([], dict.fromkeys(ids, 0))
            return
        except Conflict:
            pass
        for id in ids:
            try:
                self._tracking.apply([], {id: 0})
            except Conflict:
                if not records_by_id(self._tracking, kind, project, [id]):
                    what = kind.__name__.lower()
                    message = f"records: the {what} {id} is one of another project than {project!r}"
                    raise Invalid(f"{message}; send it there", field="records") from None

    def _draft(
        self, project: str, run: Run | None, what: Recorded, experiments: dict[str, Experiment]
    ) -> Draft:
        """The run with what was recorded of it. Makes it when there is none."""
        faults = list(what.faults)
        if run is None:
            first = what.entries[0] if what.entries else None
            if isinstance(first, Fault):
                first = instead_of(first)
            if not isinstance(first, RunStarted):
                message = "records: a run is named that has not begun; its start comes first in a journal"
                raise Invalid(message, field="records")
            start, wrong = tidy_start(first)
            faults += wrong
            experiment = self._experiment(project, start, experiments)
            run = new_run(project, start, experiment, self._author(start))
            if self._caller.session:
                run = replace(run, properties={BEGAN_IN: self._caller.session})
        draft = Draft(run)
        if what.points or what.datasets:
            draft.take_back()
        for entry in what.entries:
            draft.add(entry)
        for fault in faults:
            draft.note(f"not recorded: {fault}")
        return draft

    def _log_datasets(self, project: str, run_id: str, what: Recorded, draft: Draft) -> None:
        for dataset in what.datasets:
            try:
                self._datasets.log_dataset(replace(dataset, project=project, run=run_id))
            except (Invalid, Conflict) as error:  # what came with it is recorded all the same
                if isinstance(error, Conflict) and error.field != "id":
                    raise
                draft.note(f"dataset {dataset.name}: not recorded ({error.message})")

    def _experiment(self, project: str, entry: RunStarted, known: dict[str, Experiment]) -> Experiment:
        """The experiment of this name, found or made."""
        name = entry.experiment
        if name not in known:
            query = Query(where=Compare("name", "=", name), limit=1)
            found = self._tracking.find(Experiment, project, query).items
            new = Experiment(
                id=new_id(), project=project, name=name, author=self._author(entry), created=now_ms()
            )
            known[name] = found[0] if found else new
        return known[name]

    def _author(self, entry: RunStarted) -> str:
        return names.storable(author_of(entry.author or None, self._user, self._caller))


def _touches(run: Run, what: Recorded) -> bool:
    """Whether points alone change the run."""
    return bool(what.faults) or (bool(what.points) and ENDED_BY in run.properties)


def _fresh(
    request: StoreJournal, entries: list[tuple[int, AnyEntry | Fault]], mark: int
) -> list[tuple[int, AnyEntry | Fault]]:
    """The entries, each with the place behind it, that are not stored yet."""
    if request.start > mark:
        message = f"start: the journal is stored up to {mark}; send what comes from there on"
        raise Invalid(message, field="start")
    fresh = entries if request.start >= mark else [entry for entry in entries if entry[0] > mark]
    known = len(entries) - len(fresh)
    if fresh and mark != (entries[known - 1][0] if known else request.start):
        raise Invalid(
            f"start: no record of this journal ends at {mark}, where it is stored up to", field="start"
        )
    return fresh
