"""What every backend that keeps records does. It stores; the rules are the services'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from ...domain.changes import AnyRecord, Change, ChangeEvent
from ...domain.pages import Page
from ...domain.query import Query
from ...domain.system import Capability

R = TypeVar("R", bound=AnyRecord)


class RecordBackend(Protocol):
    """Records by kind; which kinds, each seam's protocol says. Safe to use from several threads.

    Every method may raise Unavailable, and Invalid for what cannot be stored or asked (`backends.checks`).
    The tests in `tests/contracts/` are the definition.
    """

    capabilities: frozenset[Capability]

    @property
    def location(self) -> str:
        """Where the records are, for people; never with credentials."""

    @property
    def feed(self) -> str:
        """Names the log that `changes_since` reads: of backends that share one, one is asked."""

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
        Conflict when one has another, or when a name is taken: any kind by (project, external_id), and by
        what `records.memory.UNIQUE` says. The store gives `key` on insert, raises `revision` by one, and sets
        `updated` to now, but at least one more than it was; the record given needs none of these.
        """

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        """What was applied after `sequence`, by any process, and the newest sequence number.

        With -1 only the newest number. Cheap when nothing changed: asked ten times a second.
        """

    def check(self) -> str:
        """Try a read and a write without effect; what was found, in one line. Raises when it fails."""

    def close(self) -> None:
        """Give back files and connections. Closing twice is no error."""
