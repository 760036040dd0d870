"""What every record has, and how its public id is made."""

from __future__ import annotations

import os
import time
import uuid
from typing import Literal

from msgspec import Struct, field

PropertyValue = bool | int | float | str
"""Values of the typed map that every record carries."""

State = Literal["LIVE", "ARCHIVED"]

DEFAULT_PROJECT = "default"
"""The project in use until another is chosen."""


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """The fields that models, versions, artifacts and all later records share.

    Nothing in a record refers back to it, so that the garbage collector need not look at thousands of them.
    """

    id: str
    """32 hex digits, a UUIDv7 made by the client, so that work can start while the server is down."""
    project: str = DEFAULT_PROJECT
    key: int = 0
    """A small integer given by the store (≤ 999,999,999); 0 until stored."""
    author: str = ""
    created: int = 0
    """Milliseconds since the epoch, UTC."""
    updated: int = 0
    """Milliseconds since the epoch, UTC; strictly increases with each change of the record."""
    properties: dict[str, PropertyValue] = field(default_factory=dict)
    external_id: str | None = None
    """The id that another system gave it; unique per project and kind."""
    state: State = "LIVE"
    revision: int = 0
    """Counts the changes; the store raises it. Used as `expect` to detect a concurrent change."""


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a use case is asked with: one per method of `services.interface`."""


def new_id() -> str:
    """A new public id: UUIDv7 (RFC 9562 §5.7) as 32 hex digits; sorts by time of creation."""
    value = now_ms() << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value).hex


def now_ms() -> int:
    """The time of a record's `created` and `updated`: not before 1970, whatever the clock says."""
    return max(0, time.time_ns() // 1_000_000)
