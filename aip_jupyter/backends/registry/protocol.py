"""What a registry backend does. It stores; the rules (numbering, rights, events) are the services'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from ...domain.changes import AnyRecord, Change, ChangeEvent
from ...domain.pages import Page
from ...domain.query import Query
from ...domain.system import Capability

R = TypeVar("R", bound=AnyRecord)


class RegistryBackend(Protocol):
    """Records by kind: Model, Version, Artifact, Intent. Safe to use from several threads.

    Every method may raise Unavailable, and Invalid for what cannot be stored or asked (`backends.checks`).
    The tests in `tests/contracts/registry.py` are the definition.
    """

    capabilities: frozenset[Capability]

    @property
    def location(self) -> str:
        """Where the records are, for people; never with credentials."""

    def get(self, kind: type[R], project: str, id: str) -> R:
        """The record. NotFound when the project has none with this id, whoever else has it."""

    def find(self, kind: type[R], project: str, query: Query) -> Page[R]:
        """One page of the records that match, in the query's order, ties by id.

        Invalid for a field that the kind does not have, or a token of another order.
        `limit` is taken as it is; the services bound it.
        """

    def apply(self, changes: Sequence[Change], expect: Mapping[str, int] | None = None) -> None:
        """All changes or none, as one transaction, in order.

        `expect` maps record ids to the revision they must still have (0: must not exist yet).
        Conflict when one has another, or when a name is taken: models by (project, name), versions
        by (model, number) and (model, name), artifacts by (owner, path), any kind by
        (project, external_id). The store gives `key` on insert, raises `revision` by one, and sets
        `updated` to now, but at least one more than it was; the record given needs none of these.
        """

    def digests(self) -> Iterator[str]:
        """The digest of every artifact of every project, for the garbage collection. May repeat."""

    def intents(self) -> list[tuple[str, str]]:
        """(project, id) of all intents of all projects."""

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        """What was applied after `sequence`, by any process, and the newest sequence number.

        With -1 only the newest number. Cheap when nothing changed: asked ten times a second.
        """

    def check(self) -> str:
        """Try a read and a write without effect; what was found, in one line. Raises when it fails."""

    def close(self) -> None:
        """Give back files and connections. Closing twice is no error."""
