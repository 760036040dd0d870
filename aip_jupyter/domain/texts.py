"""Texts of runs: what people log, and what is captured of where a run came from."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from .records import DEFAULT_PROJECT, Record, Request

MAX_TEXT = 900_000
"""Characters of one: it fits into one record of a journal, unless most of it is not ASCII."""


class Text(Record, frozen=True, kw_only=True):
    """A text of a run; the last one under a name stays. Its id is made of the run's and the name."""

    run_id: str
    name: str
    """Like a path: `notes/prompt.txt`; what is captured has `source/…` and `environment/…`."""
    text: str
    captured: bool = False
    """Whether it was recorded unasked."""


def text_id(run: str, name: str) -> str:
    """The id of a run's text of this name."""
    return hashlib.sha256(f"{run}/{name}".encode()).hexdigest()[:32]


class TextInfo(Struct, frozen=True, kw_only=True):
    """A text in a list."""

    name: str
    length: int
    """Characters."""
    captured: bool
    updated: int
    """Milliseconds since the epoch."""


class ListTexts(Request, frozen=True, kw_only=True):
    """The texts of a run, by name."""

    project: str = DEFAULT_PROJECT
    run: str
    """The run's id or name."""


class GetText(Request, frozen=True, kw_only=True):
    """A text of a run."""

    project: str = DEFAULT_PROJECT
    run: str
    """The run's id or name."""
    name: str
