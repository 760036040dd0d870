"""Look-ups that several use cases share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from msgspec.structs import replace

from ..backends.registry.protocol import RegistryBackend
from ..domain.artifacts import Artifact
from ..domain.changes import Intent
from ..domain.models import Model, Version
from ..domain.pages import MAX_PAGE
from ..domain.query import Compare, Order, Query
from ..errors import NotFound


def find_model(registry: RegistryBackend, project: str, name: str) -> Model | None:
    """The model of this exact name, or None."""
    query = Query(where=Compare("name", "=", name), limit=1)
    found = registry.find(Model, project, query).items
    return found[0] if found else None


def artifacts_of(registry: RegistryBackend, version: Version) -> list[Artifact]:
    """All files of a version, by path."""
    items: list[Artifact] = []
    query = Query(where=Compare("owner_id", "=", version.id), order=Order("path"), limit=MAX_PAGE)
    while True:
        page = registry.find(Artifact, version.project, query)
        items += page.items
        if not page.next_page_token:
            return items
        query = replace(query, page_token=page.next_page_token)


def open_intents(registry: RegistryBackend) -> Iterator[Intent]:
    """The registrations under way, of all projects."""
    for project, id in registry.intents():
        # One that is not found any more has finished meanwhile.
        with contextlib.suppress(NotFound):
            yield registry.get(Intent, project, id)
