"""What records of a journal make of the runs that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ParamSpec

from msgspec.structs import replace

from ..domain import names
from ..domain.changes import AddPoints
from ..domain.datasets import LogDataset
from ..domain.records import PropertyValue, now_ms
from ..domain.runs import DEFAULT_EXPERIMENT, MAX_NOTES, Experiment, Run, check_params, check_text
from ..errors import Invalid
from ..wire.journal import AnyEntry, DatasetUsed, Notes, Params, Points, RunEnded, RunStarted, Tags

P = ParamSpec("P")
ONCE = ("notes", "device", "notebook", "holder")
"""What the first that knows it says of a run."""
MAX_NOTE = 1000
"""Characters of what the notes tell of one fault."""


@dataclass
class Recorded:
    """What was recorded of one run, in order."""

    entries: list[AnyEntry] = field(default_factory=list)
    """All but points and datasets."""
    datasets: list[LogDataset] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What of the points no store can hold, which is left out."""

    def check_keys(self) -> None:
        """Leave out the points of keys that cannot be."""
        bad = set()
        for key in dict.fromkeys(key for entry in self.points for key in entry.values):
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
        return AddPoints(
            project=project,
            run_id=run_id,
            keys=[key for entry in self.points for key in entry.values],
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


class Draft:
    """A run while entries are added to it. Of what cannot be stored its notes tell; the rest is."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._params = dict(run.params)
        self._tags = dict(run.tags)
        self._notes = [run.notes]

    def finish(self) -> Run:
        """The run after all that was added."""
        notes = "\n".join(filter(None, self._notes))[:MAX_NOTES]
        return replace(self._run, params=self._params, tags=self._tags, notes=notes)

    def note(self, text: str) -> None:
        """One more line in its notes."""
        self._notes.append(text[:MAX_NOTE].replace("\0", "\ufffd"))

    def add(self, entry: AnyEntry) -> None:
        """What this entry says."""
        match entry:
            case RunStarted():
                for name in ONCE:
                    self._say_once(name, getattr(entry, name))
                self._tag({key: value for key, value in entry.tags.items() if key not in self._tags})
                self._log_params(entry.params)
            case Params():
                self._log_params(entry.values)
            case Tags():
                self._tag(entry.values)
            case Notes():
                if self._can_be(check_text, entry.text, "notes"):
                    self._notes = [entry.text]
            case RunEnded():
                self._run = replace(self._run, status=entry.status, ended=entry.time)
            case _:
                raise Invalid(f"records: {type(entry).__name__} is no state of a run", field="records")

    def _say_once(self, name: str, text: str) -> None:
        known = any(self._notes) if name == "notes" else getattr(self._run, name)
        if not text or known or not self._can_be(check_text, text, name):
            return
        if name == "notes":
            self._notes = [text]
        else:
            self._run = replace(self._run, **{name: text})

    def _tag(self, tags: dict[str, str]) -> None:
        for key, value in tags.items():
            if self._can_be(names.check_tags, {key: value}):
                self._tags[key] = value

    def _log_params(self, params: dict[str, PropertyValue]) -> None:
        """What was logged first stays; another value later is told in the notes."""
        for key, value in params.items():
            if not self._can_be(check_params, {key: value}):
                continue
            first = self._params.setdefault(key, value)
            if first != value or type(first) is not type(value):
                self.note(f"param {key}: {value!r} was logged later; {first!r} stays")

    def _can_be(self, check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            check(*args, **kwargs)
        except Invalid as error:
            self.note(f"not recorded: {error.message}")
            return False
        return True
