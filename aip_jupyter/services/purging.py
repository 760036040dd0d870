"""What was deleted and nobody has restored in time: removed for good, in all projects.

Links to it stay, and say that it is gone. The bytes of files go when nothing else names them: `recovery`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..backends.records.protocol import R, RecordBackend
from ..backends.tracking.protocol import TrackingBackend
from ..domain.access import EVERYWHERE, Project
from ..domain.artifacts import Artifact
from ..domain.changes import Delete
from ..domain.datasets import Dataset
from ..domain.query import EVERYTHING, Compare, Order
from ..domain.records import DEFAULT_PROJECT, now_ms
from ..domain.runs import Run
from ..errors import Conflict
from .deletion import ARCHIVED, is_overdue
from .finding import BATCH, records_of
from .run_inheritance import handed_on, referring

if TYPE_CHECKING:
    from .local import Platform

_BY_OWNER = Order("owner_id")
"""Along the index that has the states."""


@dataclass
class Purged:
    """What was purged, or would be."""

    runs: int = 0
    files: int = 0
    """Those that were deleted by themselves."""
    datasets: int = 0
    bytes_of_runs: list[str] = field(default_factory=list)
    """The digests that files of runs name which would be purged, as often as they do."""
    bytes_of_files: list[str] = field(default_factory=list)
    """The same of files that were deleted by themselves."""

    def told(self) -> list[tuple[str, list[str]]]:
        """In words, a line for each kind of which there is any, with the digests that it named."""
        kinds: tuple[tuple[int, str, list[str]], ...] = (
            (self.runs, "runs", self.bytes_of_runs),
            (self.files, "files of runs", self.bytes_of_files),
            (self.datasets, "datasets", []),
        )
        return [
            (f"{count:,} {kind} that were deleted more than 30 days ago", digests)
            for count, kind, digests in kinds
            if count
        ]


def purge(platform: Platform, now: int | None = None) -> Purged:
    """Remove what was deleted so long ago; what somebody restores this very moment stays."""
    now, purged = now_ms() if now is None else now, Purged()
    tracking = platform.tracking
    for project in projects_of(platform):
        purged.runs += _purge_runs(tracking, project, now)
        purged.files += _purge(tracking, _files(tracking, project, now))
        datasets = _overdue(platform.datasets, Dataset, project, now)
        purged.datasets += _purge(platform.datasets, datasets)
    return purged


def to_purge(platform: Platform, now: int | None = None) -> Purged:
    """What `purge` would remove, with the bytes that nobody would name for it any more."""
    now, found = now_ms() if now is None else now, Purged()
    tracking = platform.tracking
    for project in projects_of(platform):
        runs = {run.id for run in _overdue(tracking, Run, project, now)}
        for run in runs:
            of_run = records_of(tracking, Artifact, project, Compare("owner_id", "=", run), Order("path"))
            found.bytes_of_runs += stored_digests(of_run)
        files = [file for file in _files(tracking, project, now) if file.owner_id not in runs]
        found.bytes_of_files += stored_digests(files)
        found.runs += len(runs)
        found.files += len(files)
        found.datasets += len(_overdue(platform.datasets, Dataset, project, now))
    return found


def only_named_by(platform: Platform, purged: Purged) -> set[str]:
    """The bytes that nothing else names."""
    named = Counter(purged.bytes_of_runs + purged.bytes_of_files)
    if not named:
        return set()
    # One store may have the files of versions and of runs: there each is counted once.
    backends = {backend.feed: backend for backend in (platform.registry, platform.tracking)}.values()
    known = Counter(each for backend in backends for each in backend.digests() if each in named)
    return {digest for digest, count in named.items() if known[digest] <= count}


def projects_of(platform: Platform) -> list[str]:
    """All projects in which there can be anything."""
    known = records_of(platform.access, Project, EVERYWHERE, EVERYTHING)
    always = {DEFAULT_PROJECT, platform.settings.project or DEFAULT_PROJECT}
    return sorted({*always, *(each.name for each in known)})


def stored_digests(artifacts: Iterator[Artifact] | Sequence[Artifact]) -> list[str]:
    """The digests of those whose bytes are ours."""
    return [each.digest for each in artifacts if each.digest and each.uri is None]


def _files(tracking: TrackingBackend, project: str, now: int) -> list[Artifact]:
    return _overdue(tracking, Artifact, project, now, _BY_OWNER)


def _overdue(
    backend: RecordBackend, kind: type[R], project: str, now: int, order: Order | None = None
) -> list[R]:
    """Few are deleted: to ask for those alone, and to look when that was, is the least work."""
    deleted = records_of(backend, kind, project, ARCHIVED, order)
    return [record for record in deleted if is_overdue(record, now)]


def _purge(backend: RecordBackend, records: Sequence[Artifact | Dataset]) -> int:
    """Remove the records; how many. Those of which one has changed meanwhile are tried one by one."""
    removed = 0
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        removed += _removed(backend, batch) or sum(_removed(backend, [each]) for each in batch)
    return removed


def _removed(backend: RecordBackend, records: Sequence[Artifact | Dataset]) -> int:
    """How many: all or none of them."""
    changes = [Delete(type(each), each.id) for each in records]
    try:
        backend.apply(changes, {each.id: each.revision for each in records})
    except Conflict:  # somebody restores it
        return 0
    return len(changes)


def _purge_runs(tracking: TrackingBackend, project: str, now: int) -> int:
    runs = {run.id: run for run in _overdue(tracking, Run, project, now)}
    ids = list(runs)
    return sum(
        _purge_batch(tracking, project, runs, ids[start : start + BATCH])
        for start in range(0, len(ids), BATCH)
    )


def _purge_batch(tracking: TrackingBackend, project: str, runs: Mapping[str, Run], ids: Sequence[str]) -> int:
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
