"""What a registry backend applies as one transaction, and what it tells of it afterwards."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .artifacts import Artifact
from .models import Model, Version
from .records import Record

Action = Literal["created", "updated", "deleted"]


class Intent(Record, frozen=True, kw_only=True):
    """A registration under way: written before its records, deleted in the transaction that writes them.

    One that is left over, and whose holder is dead, was cut; start-up and `%aip check` undo it.
    """

    action: Literal["register_version"] = "register_version"
    target: str
    """The id of the version that it makes, which is also the claim on its bytes."""
    holder: str = ""


AnyRecord = Model | Version | Artifact | Intent


class Put(Struct, frozen=True):
    """Insert the record, or replace the one with its id."""

    record: AnyRecord


class Delete(Struct, frozen=True):
    """Remove a record. Deleting what is not there is no error."""

    kind: type[AnyRecord]
    id: str


Change = Put | Delete


class ChangeEvent(Struct, frozen=True, kw_only=True):
    """That a record changed: a hint to read it again, never the record itself."""

    sequence: int
    """Increases by the order of the transactions; gaps may occur."""
    project: str
    kind: str
    """`model`, `version` or `artifact`; intents are not told."""
    id: str
    action: Action
