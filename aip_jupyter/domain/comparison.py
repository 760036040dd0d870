"""Runs side by side."""

from __future__ import annotations

from msgspec import Struct, field

from .records import DEFAULT_PROJECT, Request
from .runs import History, RunDetail

MAX_RUNS = 100
"""How many can be compared at once."""
MAX_WHOLE = 10
"""Histories that one answer has with all their points."""
MAX_POINTS = 2_500_000
"""Points that can be asked for of more histories, of all together."""


class CompareRuns(Request, frozen=True, kw_only=True):
    """Some runs, and what is to be drawn of them."""

    project: str = DEFAULT_PROJECT
    runs: list[str]
    """Their ids or names, in the order in which they are shown."""
    keys: list[str] = field(default_factory=list)
    """The metrics of which the histories are wanted; what a run does not have is left out."""
    points: int = 500
    """At most so many of each history, among them the first, the last and every peak; 0 for all.

    Of at most MAX_WHOLE histories all can be asked for at once, of more MAX_POINTS together.
    """


class RunHistories(Struct, frozen=True, kw_only=True):
    """The histories of one run."""

    run: str
    """Its id."""
    histories: list[History]


class Comparison(Struct, frozen=True, kw_only=True):
    """The answer: runs in the order that was asked for."""

    runs: list[RunDetail]
    histories: list[RunHistories] = []
