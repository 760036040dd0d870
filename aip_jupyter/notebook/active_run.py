"""The run that is being recorded: what is logged becomes records of this process's journal.

A call takes microseconds and asks nobody: the journal is sent by a thread.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast, get_args

from msgspec.structs import replace

from ..backends.process import this_process
from ..client.journals import JOURNALS
from ..client.kept_sender import KEPT_SENDER
from ..domain.datasets import LogDataset
from ..domain.names import check_tags
from ..domain.records import PropertyValue, now_ms
from ..domain.runs import RunDetail, Status
from ..errors import Conflict, Invalid
from ..wire.journal import (
    POINTS,
    AnyEntry,
    Captured,
    DatasetUsed,
    Notes,
    Params,
    RunEnded,
    RunResumed,
    RunStarted,
    Tags,
    TextLogged,
    encode_entry,
    encode_points,
)
from .run_values import check_key, check_logged_text, check_notes, metric_value, plain_params, step_number
from .words import Tags as TagWords
from .words import plain_text, tidy_tags

if TYPE_CHECKING:
    from ..client.connect import Destination
    from .artifact_tables import LoggedArtifacts

Listener = Callable[[tuple[int, int, dict[str, float]]], object]
"""Takes the step, the time in milliseconds since the epoch, and the values by key."""

_MILLISECOND = 1_000_000
"""In nanoseconds."""
_LAST_STEP = 2**63 - 1
"""Where counting up ends."""


class ActiveRun:
    """A run to log to, from any thread. A `with` statement ends it: as failed when its block raises."""

    def __init__(self, entry: RunStarted, to: Destination) -> None:
        self.id = entry.run
        self.name = entry.name
        self.experiment = entry.experiment
        self.started = entry.time
        """Milliseconds since the epoch."""
        self.parent = entry.parent
        """The id of the run that it is a part of; "" when it stands by itself."""
        self.status: Status = "running"
        self.is_running = True
        """Whether it has not ended yet."""
        self.process = os.getpid()
        self.to = to
        self._entry = entry
        self._journal = JOURNALS.journal(to)
        self._begun = ""
        """The journal that knows of the run: another one after a fork."""
        self._params: dict[str, PropertyValue] = dict(entry.params)
        self._steps: dict[str, int] = {}
        """The next step of each metric."""
        self._lock = threading.RLock()
        """Two threads neither take the same step nor give a param two values."""
        self.listeners: tuple[Listener, ...] = ()
        """Who is told of each point that is logged here, in the thread that logs: they must be quick."""

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
        # A forked child that leaves the block is not the one that has begun it.
        if self.status == "running" and self.process == os.getpid():
            self.end(status_after(error))

    def begin(self) -> None:
        """Tell the journal of the run: what else it holds of it can then be stored by whoever comes first."""
        self._journal.append(_encoded(self._entry))
        self._begun = self._journal.id
        self._journal.running[self.id] = bool(self._entry.holder)  # not the notebook's, in a session

    def note_device(self, device: str) -> None:
        """What its cell runs on, in a session."""
        if not self._entry.device:
            self._entry = replace(self._entry, device=device)
            self.begin()

    def again(self) -> ActiveRun:
        """The same run, for this process to go on with."""
        return ActiveRun(replace(self._entry, holder=this_process()), self.to)

    def resume(self, known: RunDetail | None, before: ActiveRun | None) -> None:
        """Go on after the end: with what the store knows of it, and what this process had logged before."""
        for metric in known.metrics if known else ():
            self._steps[metric.key] = metric.last_step + 1
        self._params.update(known.run.params if known else {})
        if before is not None:
            self._params.update(before._params)
            self._steps.update({key: max(n, self._steps.get(key, n)) for key, n in before._steps.items()})
        self._append(RunResumed(self.id, now_ms(), this_process()))

    def after_fork(self) -> None:
        """In the child: whoever holds the lock is not there."""
        self._lock = threading.RLock()

    def _append(self, entry: AnyEntry) -> None:
        if self._journal.id != self._begun:
            self.begin()
        self._journal.append(_encoded(entry))

    def _append_points(self, step: int, now: int, values: dict[str, float]) -> None:
        if self._journal.id != self._begun:
            self.begin()
        self._journal.append(encode_points(self.id, step, now, values), len(values))
        for listener in self.listeners:
            listener((step, now, values))

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """A point of each of these metrics. Without `step`, each metric counts up by itself."""
        if not self.is_running:
            raise self._ended()
        now = time.time_ns() // _MILLISECOND
        if now < 0:  # a clock that was never set
            now = 0
        steps = self._steps
        if type(metrics) is dict:
            values = metrics
            for key, value in metrics.items():
                if type(value) is not float or key not in steps:
                    values = _checked(metrics, steps)
                    break
        else:
            values = _checked(metrics, steps)
        if step is None:
            with self._lock:
                by_step = _by_step(values, steps)
            for at, of_step in by_step.items():
                self._append_points(at, now, of_step)
        elif values:
            if type(step) is not int or step.bit_length() > 63:
                step = step_number(step)
            # as _append_points does, without the call
            journal = self._journal
            if journal.id != self._begun:
                self.begin()
            journal.append(encode_entry((POINTS, self.id, step, now, values)), len(values))
            after = step + 1
            for key in values:
                steps[key] = after
            if self.listeners:
                for listener in self.listeners:
                    listener((step, now, dict(values)))

    def log_metric(self, key: str, value: Any, step: int | None = None) -> None:
        """`log_metrics` of one metric."""
        self.log_metrics({key: value}, step)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Params, which never change. Invalid names the one that had another value before."""
        if not self.is_running:
            raise self._ended()
        plain = plain_params(params)
        with self._lock:
            new = {}
            for key, value in plain.items():
                if key not in self._params:
                    new[key] = value
                elif (first := self._params[key]) != value or type(first) is not type(value):
                    raise _other_value(key, first, value)
            if new:
                self._append(Params(self.id, new))
                self._params.update(new)

    def log_param(self, key: str, value: Any) -> None:
        """`log_params` of one param."""
        self.log_params({key: value})

    def set_tags(self, tags: TagWords) -> None:
        """Tags; a new value replaces the old one."""
        tidy = check_tags(tidy_tags(tags))
        if tidy:
            self._append(Tags(self.id, tidy))

    def set_tag(self, key: str, value: str = "") -> None:
        """`set_tags` of one tag; without a value it is a bare tag."""
        self.set_tags({key: value})

    def log_text(self, text: str, name: str) -> None:
        """A text, such as a prompt or a report, under a name like a path; instead of what it had before."""
        if not self.is_running:
            raise self._ended()
        text, name = check_logged_text(text, name)
        self._append(TextLogged(self.id, name, text))

    def log_artifact(
        self, path_or_object: Any, artifact_path: str | None = None, *, name: str | None = None
    ) -> LoggedArtifacts:
        """`aip.log_artifact` to this run; also after its end."""
        from .artifacts import log_artifact

        return log_artifact(path_or_object, artifact_path, name=name, run=self)

    def update_notes(self, text: str) -> None:
        """The run's notes, instead of those that it has; also after its end."""
        self._append(Notes(self.id, check_notes(text)))

    def append_captured(self, entry: Captured | TextLogged) -> None:
        """What was found out unasked; also after its end."""
        self._append(entry)

    def append_dataset(self, dataset: LogDataset) -> None:
        """Record data, and that this run uses it."""
        self._append(DatasetUsed(self.id, dataset))

    def end(self, status: Status = "completed") -> None:
        """End it as `completed`, `failed` or `killed`. What is logged from now on is refused."""
        if status not in get_args(Status) or status == "running":
            raise Invalid(f"status: {status!r} is not one of completed, failed, killed", field="status")
        if not self.is_running:
            raise self._ended()
        from .run_capture import end

        status = cast("Status", plain_text(status))
        self._append(RunEnded(self.id, status, now_ms(), self._entry.holder))
        self._journal.running.pop(self.id, None)
        self.status, self.is_running = status, False
        end(self)
        KEPT_SENDER.soon(self.to.home)

    def _ended(self) -> Conflict:
        return Conflict(f"run: {self.name} has ended ({self.status}); start another with %start_run NAME")


def status_after(error: BaseException | None) -> Status:
    """How a run has ended whose code has raised this, or nothing."""
    if isinstance(error, SystemExit):
        return "failed" if error.code else "completed"
    if error is None or isinstance(error, GeneratorExit):  # nobody wants more of a generator
        return "completed"
    return "failed" if isinstance(error, Exception) else "killed"


def _other_value(key: str, first: PropertyValue, value: PropertyValue) -> Invalid:
    message = f"params: {key!r} is {_shown(first)} already and does not change"
    return Invalid(f"{message}; log {_shown(value)} as a metric or under another name", field=key)


def _shown(value: PropertyValue) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _encoded(entry: AnyEntry) -> bytes:
    """The entry's payload. Invalid for a text that is none, such as the name of a file of another coding."""
    try:
        return encode_entry(entry)
    except UnicodeEncodeError as error:
        what = f"{type(entry).__name__}: {error.object[:80]!a} has characters that cannot be stored"
        raise Invalid(f"{what} (half a pair); replace them", field="journal") from error


def _checked(metrics: Mapping[str, Any], steps: dict[str, int]) -> dict[str, float]:
    """The values as plain numbers. Invalid, naming the key, for what is none."""
    if not isinstance(metrics, Mapping):
        raise Invalid(f"metrics: give a dict, not a {type(metrics).__name__}", field="metrics")
    values = {}
    for key, value in metrics.items():
        if key not in steps:
            check_key(key)
        values[key] = value if type(value) is float else metric_value(key, value)
    return values


def _by_step(values: dict[str, float], steps: dict[str, int]) -> dict[int, dict[str, float]]:
    """The values by the next step of each metric."""
    found: dict[int, dict[str, float]] = {}
    for key, value in values.items():
        step = min(steps.get(key, 0), _LAST_STEP)
        steps[key] = step + 1
        found.setdefault(step, {})[key] = value
    return found
