"""What records of a journal make of the runs that they name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from msgspec.structs import replace

from ..domain import names
from ..domain.changes import AddPoints
from ..domain.datasets import LogDataset
from ..domain.records import now_ms
from ..domain.runs import DEFAULT_EXPERIMENT, Experiment, Run
from ..errors import Invalid
from ..wire.journal import AnyEntry, DatasetUsed, Fault, Points, RunGone, RunStarted


@dataclass
class Recorded:
    """What was recorded of one run, in order."""

    entries: list[AnyEntry | Fault] = field(default_factory=list)
    """All but points and datasets."""
    datasets: list[LogDataset] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What of the points no store can hold, which is left out."""

    @property
    def is_of_its_process(self) -> bool:
        """Whether it tells that somebody records the run: all does but that its process is gone."""
        gone_only = all(isinstance(entry, RunGone) for entry in self.entries)
        return bool(self.datasets or self.points) or not gone_only

    def check_keys(self) -> None:
        """Leave out the points of keys that cannot be."""
        bad = set()
        for key in dict.fromkeys(chain.from_iterable(entry.values for entry in self.points)):
            try:
                names.check_store_name(key, "key")
            except Invalid as error:
                bad.add(key)
                self.faults.append(error.message)
        if bad:
            self.points = [
                replace(entry, values={key: value for key, value in entry.values.items() if key not in bad})
                for entry in self.points
            ]

    def add_points(self, project: str, run_id: str) -> AddPoints:
        """Its points, as one change."""
        keys, steps, times, values = list[str](), list[int](), list[int](), list[float]()
        for entry in self.points:
            of = entry.values
            keys += of
            values += of.values()
            if (count := len(of)) == 1:
                steps.append(entry.step)
                times.append(entry.time)
            else:
                steps += [entry.step] * count
                times += [entry.time] * count
        return AddPoints(project=project, run_id=run_id, keys=keys, steps=steps, times=times, values=values)


def by_run(entries: Iterable[AnyEntry | Fault]) -> dict[str, Recorded]:
    """The entries of each run."""
    found: dict[str, Recorded] = {}
    for entry in entries:
        if not entry.run and isinstance(entry, Fault):
            continue
        recorded = found.get(entry.run)
        if recorded is None:
            recorded = found[names.check_id(entry.run, "run")] = Recorded()
        if type(entry) is Points:  # most of them
            recorded.points.append(entry)
        elif isinstance(entry, DatasetUsed):
            recorded.datasets.append(entry.dataset)
        else:
            recorded.entries.append(entry)
    for recorded in found.values():
        recorded.check_keys()
    return found


def tidy_start(entry: RunStarted) -> tuple[RunStarted, list[str]]:
    """The start with a name, an experiment and an author that can be; and what was wrong with them."""
    faults = []
    for name, instead in (
        ("name", f"run-{entry.run[-6:]}"),
        ("experiment", DEFAULT_EXPERIMENT),
        ("author", ""),
    ):
        value = getattr(entry, name)
        if not value and name == "author":
            continue
        try:
            names.check_store_name(value, name)
        except Invalid as error:
            faults.append(error.message)
            entry = replace(entry, **{name: names.storable(value) or instead})
    return entry, faults


def instead_of(fault: Fault) -> RunStarted:
    """The start of a run, when that is what cannot be read of it."""
    return RunStarted(fault.run, now_ms(), f"run-{fault.run[-6:]}", DEFAULT_EXPERIMENT)


def new_run(project: str, entry: RunStarted, experiment: Experiment, author: str) -> Run:
    """The run as it starts, before its start and what follows are added."""
    return Run(
        id=entry.run,
        project=project,
        author=author,
        created=now_ms(),
        name=entry.name,
        experiment_id=experiment.id,
        experiment=experiment.name,
        started=entry.time,
    )
