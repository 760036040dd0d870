"""Experiments, runs and what they record."""

from __future__ import annotations

import math
from typing import Literal

from msgspec import Struct, field

from ..errors import Invalid
from . import names
from .records import DEFAULT_PROJECT, PropertyValue, Record, Request

DEFAULT_EXPERIMENT = "default"
"""The experiment of a run that names none."""

MAX_NOTES = 100_000
"""Characters of a run's notes, and of a param that is a text."""

Status = Literal["running", "completed", "failed", "killed"]

Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""A metric's value where JSON may carry it, which has no NaN and no infinity (RFC 8259 §6)."""


class Experiment(Record, frozen=True, kw_only=True):
    """A named group of runs; made when its first run starts."""

    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


class Run(Record, frozen=True, kw_only=True):
    """One tracked execution."""

    name: str
    experiment_id: str
    experiment: str
    """The experiment's name, so that a list needs no second query."""
    status: Status = "running"
    started: int = 0
    """Milliseconds since the epoch, by the clock of the process that started it."""
    ended: int | None = None
    params: dict[str, PropertyValue] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    notes: str = ""
    device: str = ""
    """What its cells ran on, when they ran in a session: a GPU type, or `cpu` for a stand-in."""
    notebook: str = ""
    """The notebook's or script's path, as far as it is known."""
    holder: str = ""
    """The process that records, as `backends.process.this_process` spells it."""
    parent: str = ""
    """The id of the run that it is a part of; "" when it stands by itself."""
    beat: int = 0
    """When its process was last heard of: milliseconds since the epoch, by the clock of the store's side."""


class MeasuredRun(Run, frozen=True, kw_only=True):
    """A run as queries see it: these can be asked for, and ordered by, too.

    What is not a number is missing.
    """

    metrics: dict[str, float]
    """The last value of each metric."""
    minimum: dict[str, float]
    maximum: dict[str, float]
    duration: int | None
    """Milliseconds, once it has ended."""


class Metric(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one key of a run without reading its points."""

    key: str
    last: Number
    """The value of the last point by (step, time, arrival)."""
    last_step: int
    minimum: Number
    """Among the values that are numbers; NaN when none is."""
    maximum: Number
    count: int


class Journal(Record, frozen=True, kw_only=True):
    """How far a process's journal of log calls is stored. Its id is the journal's."""

    mark: int = 0
    """Bytes of the journal that are stored: what is before it is never stored again."""


class RunDetail(Struct, frozen=True, kw_only=True, gc=False):
    """A run with the state of its metrics."""

    run: Run
    metrics: list[Metric]
    children: int = 0
    """How many runs are a part of it."""
    is_lost: bool = False
    """Whether it is said to be running, and its process was not heard of for three beats."""


class History(Struct, frozen=True, kw_only=True):
    """The points of one key, in the order (step, time, arrival), column by column."""

    key: str
    steps: list[int]
    times: list[int]
    """Milliseconds since the epoch."""
    values: list[Number]


class Stored(Struct, frozen=True, kw_only=True):
    """The answer to records that were sent."""

    mark: int
    """What the journal's mark is now; whoever sends goes on from here."""


class StoreJournal(Request, frozen=True, kw_only=True):
    """Store what a process has logged: records of its journal, as they are (see `wire.journal`)."""

    project: str = DEFAULT_PROJECT
    journal: str
    start: int
    """Where the records begin in the journal, in bytes."""
    records: bytes


class ListExperiments(Request, frozen=True, kw_only=True):
    """One page of a project's experiments, by name."""

    project: str = DEFAULT_PROJECT
    search: str = ""
    limit: int = 100
    page_token: str = ""


class ListRuns(Request, frozen=True, kw_only=True):
    """One page of a project's runs, with the state of their metrics."""

    project: str = DEFAULT_PROJECT
    experiment: str = ""
    """The experiment's exact name."""
    search: str = ""
    """Part of the name, in any case."""
    filter: str = ""
    """A condition as `domain.filters` spells it: `metrics.loss < 0.3 and params.opt = 'adam'`."""
    status: str = ""
    author: str = ""
    parent: str = ""
    """Only the parts of the run with this id."""
    top: bool = False
    """Only runs that are no part of another."""
    deleted: bool = False
    """Those that were deleted, and can be restored, instead of the others."""
    order_by: str = "started desc"
    """A field as in `filter`, such as `metrics.acc`; then `asc` or `desc`."""
    limit: int = 100
    page_token: str = ""


class GetRun(Request, frozen=True, kw_only=True):
    """A run by its id, or the newest of this name."""

    project: str = DEFAULT_PROJECT
    run: str


class RunBeat(Request, frozen=True, kw_only=True):
    """The process that records these runs is alive."""

    project: str = DEFAULT_PROJECT
    runs: list[str]
    """Their ids."""


class GetHistory(Request, frozen=True, kw_only=True):
    """The points of one key of a run."""

    project: str = DEFAULT_PROJECT
    run: str
    """The run's id or name."""
    key: str
    points: int = 0
    """At most so many, among them the first, the last and every peak; 0 for all."""


def spell_number(value: float) -> Number:
    """The value as JSON may carry it."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def check_params(params: dict[str, PropertyValue], field: str = "params") -> None:
    """Invalid, naming the param, for a value that would not come back as it is."""
    for key, value in params.items():
        names.check_store_name(key, field)
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid(f"{field}: {key!r} is {value}, which is not a number; give it as text", field=key)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Invalid(f"{field}: {key!r} does not fit 64 bits; give it as text", field=key)
        if isinstance(value, str):
            check_text(value, f"{field}.{key}")


def check_text(text: str, field: str, most: int = MAX_NOTES) -> None:
    """Invalid for a text that is too long, or that no store can hold."""
    if len(text) > most:
        raise Invalid(f"{field}: {len(text):,} characters are too many, at most {most:,}", field=field)
    try:
        storable = b"\0" not in text.encode()
    except UnicodeEncodeError:
        storable = False
    if not storable:
        raise Invalid(f"{field}: has characters that cannot be stored (NUL or half a pair)", field=field)
