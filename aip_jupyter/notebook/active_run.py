"""The run that is being recorded: what is logged becomes records of this process's journal.

A call takes microseconds and asks nobody: the journal is sent by a thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..client.journals import JOURNALS
from ..domain.datasets import LogDataset
from ..domain.names import check_tags
from ..domain.records import PropertyValue, now_ms
from ..domain.runs import Status
from ..errors import Conflict, Invalid
from ..wire.journal import (
    POINTS,
    AnyEntry,
    DatasetUsed,
    Params,
    RunEnded,
    RunStarted,
    Tags,
    encode_entry,
    encode_points,
)
from .run_values import check_key, metric_value, plain_params, step_number
from .words import Tags as TagWords
from .words import tidy_tags

if TYPE_CHECKING:
    from ..client.connect import Destination

_MILLISECOND = 1_000_000
"""In nanoseconds."""


class ActiveRun:
    """A run to log to. As a context manager it ends the run: `failed` when the block raises."""

    def __init__(self, entry: RunStarted, to: Destination) -> None:
        self.id = entry.run
        self.name = entry.name
        self.experiment = entry.experiment
        self.started = entry.time
        """Milliseconds since the epoch."""
        self.status: Status = "running"
        self.process = os.getpid()
        self._entry = entry
        self._journal = JOURNALS.journal(to)
        self._begun = ""
        """The journal that knows of the run: another one after a fork."""
        self._params: dict[str, PropertyValue] = dict(entry.params)
        self._steps: dict[str, int] = {}
        """The next step of each metric."""

    @property
    def project(self) -> str:
        """Where it is recorded; "" until the server that stores it says which is in use."""
        return self._journal.project

    def __repr__(self) -> str:
        return f"run {self.name} (experiment {self.experiment}, {self.status}, id {self.id})"

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        from .runs import close_run

        if self.status == "running":
            killed = kind is not None and not issubclass(kind, Exception)
            close_run(self, "killed" if killed else "failed" if kind else "completed")

    def begin(self) -> None:
        """Tell the journal of the run: what else it holds of it can then be stored by whoever comes first."""
        self._journal.append(_encoded(self._entry))
        self._begun = self._journal.id
        self._journal.running[self.id] = bool(self._entry.holder)  # not the notebook's, in a session

    def _append(self, entry: AnyEntry) -> None:
        if self._journal.id != self._begun:
            self.begin()
        self._journal.append(_encoded(entry))

    def _append_points(self, step: int, now: int, values: dict[str, float]) -> None:
        if self._journal.id != self._begun:
            self.begin()
        self._journal.append(encode_points(self.id, step, now, values), len(values))

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """A point of each of these metrics. Without `step`, each metric counts up by itself."""
        if self.status != "running":
            raise self._ended()
        if type(metrics) is not dict and not isinstance(metrics, Mapping):
            raise Invalid(f"metrics: give a dict, not a {type(metrics).__name__}", field="metrics")
        now = time.time_ns() // _MILLISECOND
        steps = self._steps
        values = {}
        for key, value in metrics.items():
            if key not in steps:
                check_key(key)
            values[key] = value if type(value) is float else metric_value(key, value)
        if step is None:
            for at, of_step in _by_step(values, steps).items():
                self._append_points(at, now, of_step)
        elif values:
            if type(step) is not int or step.bit_length() > 63:
                step = step_number(step)
            # as _append_points does, without the call
            if self._journal.id != self._begun:
                self.begin()
            self._journal.append(encode_entry((POINTS, self.id, step, now, values)), len(values))
            for key in values:
                steps[key] = step + 1

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Params, which never change. Invalid names the one that had another value before."""
        if self.status != "running":
            raise self._ended()
        plain = plain_params(params)
        new = {}
        for key, value in plain.items():
            if key not in self._params:
                new[key] = value
            elif (first := self._params[key]) != value or type(first) is not type(value):
                message = (
                    f"params: {key!r} is {first!r} already and does not change; log {value!r} as a metric"
                )
                raise Invalid(f"{message} or under another name", field=key)
        if new:
            self._append(Params(self.id, new))
            self._params.update(new)

    def set_tags(self, tags: TagWords) -> None:
        """Tags; a new value replaces the old one."""
        tidy = check_tags(tidy_tags(tags))
        if tidy:
            self._append(Tags(self.id, tidy))

    def append_dataset(self, dataset: LogDataset) -> None:
        """Record data, and that this run uses it."""
        self._append(DatasetUsed(self.id, dataset))

    def end(self, status: Status) -> None:
        """What is logged from now on is refused."""
        if self.status != "running":
            raise self._ended()
        self._append(RunEnded(self.id, status, now_ms(), self._entry.holder))
        self._journal.running.pop(self.id, None)
        self.status = status

    def _ended(self) -> Conflict:
        return Conflict(f"run: {self.name} has ended ({self.status}); start another with %start_run NAME")


def _encoded(entry: AnyEntry) -> bytes:
    """The entry's payload. Invalid for a text that is none, such as the name of a file of another coding."""
    try:
        return encode_entry(entry)
    except UnicodeEncodeError as error:
        what = f"{type(entry).__name__}: {error.object[:80]!a} has characters that cannot be stored"
        raise Invalid(f"{what} (half a pair); replace them", field="journal") from error


def _by_step(values: dict[str, float], steps: dict[str, int]) -> dict[int, dict[str, float]]:
    """The values by the next step of each metric."""
    found: dict[int, dict[str, float]] = {}
    for key, value in values.items():
        step = steps.get(key, 0)
        steps[key] = step + 1
        found.setdefault(step, {})[key] = value
    return found
