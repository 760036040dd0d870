"""What is deleted is only put out of sight at first; what nobody restores in time, `purging` removes."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from ..domain.query import Compare
from ..domain.records import Record

R = TypeVar("R", bound=Record)

RESTORABLE = 30 * 24 * 3600 * 1000
"""Milliseconds for which what is deleted can be restored."""

DELETED, DELETED_WITH = "deleted", "deleted_with"
"""The properties of what was deleted: when, and of a run with which run, whose restoration restores it."""

LIVE = Compare("state", "=", "LIVE")
ARCHIVED = Compare("state", "=", "ARCHIVED")


def put_away(record: R, now: int, **properties: str) -> R:
    """The record as it is when it was deleted at this time."""
    marks = {**record.properties, DELETED: now, **properties}
    return replace(record, state="ARCHIVED", properties=marks)


def brought_back(record: R) -> R:
    """The record as it is when that is taken back."""
    kept = {key: value for key, value in record.properties.items() if key not in (DELETED, DELETED_WITH)}
    return replace(record, state="LIVE", properties=kept)


def is_overdue(record: Record, now: int) -> bool:
    """Whether it was deleted so long ago that nobody can restore it any more."""
    deleted = record.properties.get(DELETED)
    return isinstance(deleted, int) and deleted < now - RESTORABLE
