"""Change events: the store's feed of changes, by whatever process, onto Jupyter's event bus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from ..domain.changes import ChangeEvent
from ..errors import AipError
from ..services.local import Feed
from .pool import Pool

SCHEMA_ID = "https://aip-jupyter.org/events/change/v1"
SCHEMA_FILE = Path(__file__).with_name("change_event.yaml")

INTERVAL = 0.1
"""Seconds between looks at the store; a look without news costs microseconds."""
BACKOFF = 5.0
"""Seconds to the next look after one that failed."""
MANY = 50
"""More changes than this in one look are told as one per kind."""


async def watch(
    feed: Feed, pool: Pool, event_logger: Any, log: logging.Logger, *, discreet: bool = False
) -> None:
    """Tell of changes until cancelled. What cannot be read is told once, and tried again later.

    `discreet`: whoever may listen has not a part in every project; so only what kind has changed is told.
    """
    sequence = -1
    failing = False
    while True:
        try:
            sequence, events = await pool.run(feed.changes_since, sequence)
            for event in blurred(events) if discreet else condense(events):
                event_logger.emit(schema_id=SCHEMA_ID, data=msgspec.to_builtins(event))
            failing = False
        except AipError as error:
            if not failing:
                log.warning("aip: cannot watch the store: %s", error.message)
            failing = True
        except Exception:  # the outermost guard: the sidebar would hear of nothing any more
            if not failing:
                log.exception("aip: cannot watch the store")
            failing = True
        await asyncio.sleep(BACKOFF if failing else INTERVAL)


def condense(events: Iterable[ChangeEvent]) -> list[ChangeEvent]:
    """The last event of each record; of very many, the last of each project and kind, with an empty id."""
    latest = {(event.project, event.kind, event.id): event for event in events}
    if len(latest) <= MANY:
        return list(latest.values())
    by_kind = {(event.project, event.kind): event for event in latest.values()}
    return [msgspec.structs.replace(event, id="") for event in by_kind.values()]


def blurred(events: Iterable[ChangeEvent]) -> list[ChangeEvent]:
    """The last event of each kind, without project and id."""
    by_kind = {event.kind: event for event in events}
    return [msgspec.structs.replace(event, project="", id="") for event in by_kind.values()]
