"""Look-ups that several use cases share."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ..backends.records.protocol import R, RecordBackend
from ..backends.registry.protocol import RegistryBackend
from ..backends.tracking.protocol import TrackingBackend
from ..domain.artifacts import Artifact
from ..domain.changes import Intent
from ..domain.models import Model, Version
from ..domain.pages import MAX_PAGE
from ..domain.query import Compare, Condition, Order, Query
from ..errors import NotFound

BATCH = 500
"""How many ids one query names."""


def find_model(registry: RegistryBackend, project: str, name: str) -> Model | None:
    """The model of this exact name, or None."""
    query = Query(where=Compare("name", "=", name), limit=1)
    found = registry.find(Model, project, query).items
    return found[0] if found else None


def artifacts_of(registry: RegistryBackend, version: Version) -> list[Artifact]:
    """All files of a version, by path."""
    where = Compare("owner_id", "=", version.id)
    return list(records_of(registry, Artifact, version.project, where, Order("path")))


def open_intents(registry: RegistryBackend) -> Iterator[Intent]:
    """The registrations under way, of all projects."""
    for project, id in registry.intents():
        # One that is not found any more has finished meanwhile.
        with contextlib.suppress(NotFound):
            yield registry.get(Intent, project, id)


def named_digests(registry: RegistryBackend, tracking: TrackingBackend) -> Iterator[str]:
    """The digests of all stored files, of versions and of runs."""
    yield from registry.digests()
    yield from tracking.digests()


def records_of(
    backend: RecordBackend, kind: type[R], project: str, where: Condition, order: Order | None = None
) -> Iterator[R]:
    """All records that match, page by page."""
    query = Query(where=where, order=order or Order(), limit=MAX_PAGE)
    while True:
        page = backend.find(kind, project, query)
        yield from page.items
        if not page.next_page_token:
            return
        query = replace(query, page_token=page.next_page_token)


def records_by_id(backend: RecordBackend, kind: type[R], project: str, ids: Iterable[str]) -> dict[str, R]:
    """Those of these records that are there, by id: with a query per BATCH, not per record."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, R] = {}
    for start in range(0, len(wanted), BATCH):
        batch = tuple(wanted[start : start + BATCH])
        page = backend.find(kind, project, Query(where=Compare("id", "in", batch), limit=BATCH))
        found.update((record.id, record) for record in page.items)
    return found


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three similar names, best first, in any case."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=3, cutoff=0.5)
    return [by_lower[lower] for lower in close]
