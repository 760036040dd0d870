"""What records of a journal make of the runs that they name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from ..domain import names
from ..domain.changes import AddPoints
from ..domain.datasets import LogDataset
from ..domain.records import PropertyValue, now_ms
from ..domain.runs import MAX_NOTES, Experiment, Run, check_params, check_text
from ..errors import Invalid
from ..wire.journal import AnyEntry, DatasetUsed, Notes, Params, Points, RunEnded, RunStarted, Tags

ONCE = ("notes", "device", "notebook", "holder")
"""What the first that knows it says of a run."""


@dataclass
class Recorded:
    """What was recorded of one run, in order."""

    entries: list[AnyEntry] = field(default_factory=list)
    """All but points and datasets."""
    datasets: list[LogDataset] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)

    def add_points(self, project: str, run_id: str) -> AddPoints:
        """Its points, as one change."""
        keys = [key for entry in self.points for key in entry.values]
        for key in set(keys):
            names.check_store_name(key, "key")
        return AddPoints(
            project=project,
            run_id=run_id,
            keys=keys,
            steps=[entry.step for entry in self.points for _ in entry.values],
            times=[entry.time for entry in self.points for _ in entry.values],
            values=[value for entry in self.points for value in entry.values.values()],
        )


def by_run(entries: Iterable[AnyEntry]) -> dict[str, Recorded]:
    """The entries of each run."""
    found: dict[str, Recorded] = {}
    for entry in entries:
        recorded = found.get(entry.run)
        if recorded is None:
            recorded = found[names.check_id(entry.run, "run")] = Recorded()
        if isinstance(entry, Points):
            recorded.points.append(entry)
        elif isinstance(entry, DatasetUsed):
            recorded.datasets.append(entry.dataset)
        else:
            recorded.entries.append(entry)
    return found


def new_run(project: str, entry: RunStarted, experiment: Experiment, author: str) -> Run:
    """The run as it starts."""
    names.check_store_name(entry.name, "name")
    names.check_tags(entry.tags)
    check_params(entry.params)
    for name in ONCE:
        check_text(getattr(entry, name), name)
    return Run(
        id=entry.run,
        project=project,
        author=author,
        created=now_ms(),
        name=entry.name,
        experiment_id=experiment.id,
        experiment=experiment.name,
        started=entry.time,
        params=entry.params,
        tags=entry.tags,
        notes=entry.notes,
        device=entry.device,
        notebook=entry.notebook,
        holder=entry.holder,
    )


def with_entry(run: Run, entry: AnyEntry) -> Run:
    """The run after this entry. Invalid for what a run cannot be."""
    match entry:
        case RunStarted():
            run = _with_params(_with_tags(run, {**entry.tags, **run.tags}), entry.params)
            for name in ONCE:
                check_text(getattr(entry, name), name)
            return replace(run, **{name: getattr(run, name) or getattr(entry, name) for name in ONCE})
        case Params():
            return _with_params(run, entry.values)
        case Tags():
            return _with_tags(run, {**run.tags, **entry.values})
        case Notes():
            check_text(entry.text, "notes")
            return replace(run, notes=entry.text)
        case RunEnded():
            return replace(run, status=entry.status, ended=entry.time)
        case _:
            raise Invalid(f"records: {type(entry).__name__} is no state of a run", field="records")


def with_note(run: Run, note: str) -> Run:
    """The run with one more line in its notes."""
    return replace(run, notes="\n".join(filter(None, [run.notes, note]))[:MAX_NOTES])


def _with_tags(run: Run, tags: dict[str, str]) -> Run:
    return replace(run, tags=names.check_tags(tags))


def _with_params(run: Run, params: dict[str, PropertyValue]) -> Run:
    """What was logged first stays; another value later is told in the notes."""
    check_params(params)
    for key, value in params.items():
        first = run.params.get(key, value)
        if first != value or type(first) is not type(value):
            run = with_note(run, f"param {key}: {value!r} was logged later; {first!r} stays")
    new = {key: value for key, value in params.items() if key not in run.params}
    return replace(run, params={**run.params, **new})
