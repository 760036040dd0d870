"""What a backend of records applies as one transaction, and what it tells of it afterwards."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .access import AccessToken, Project
from .artifacts import Artifact
from .datasets import Dataset
from .lineage import Link
from .models import Model, Version
from .records import Record
from .runs import Experiment, Journal, Run
from .texts import Text

Action = Literal["created", "updated", "deleted"]


class Intent(Record, frozen=True, kw_only=True):
    """Work under way that turns claimed bytes into records: written before it looks at the claim.

    A registration deletes it in the transaction that writes its records, the logging of artifacts afterwards.
    One that is left over, and whose holder is dead, was cut; start-up and `%aip check` undo it.
    """

    action: Literal["register_version", "log_artifacts"] = "register_version"
    target: str
    """The claim on the bytes; of a registration also the id of the version that it makes."""
    holder: str = ""


AnyRecord = (
    Model
    | Version
    | Artifact
    | Intent
    | Experiment
    | Run
    | Text
    | Journal
    | Dataset
    | Link
    | Project
    | AccessToken
)

SILENT: frozenset[type[Record]] = frozenset((Intent, Journal, AccessToken, Text))
"""The kinds whose changes are not told: nobody shows them."""


class Put(Struct, frozen=True):
    """Insert the record, or replace the one with its id."""

    record: AnyRecord


class Delete(Struct, frozen=True):
    """Remove a record. Deleting what is not there is no error."""

    kind: type[AnyRecord]
    id: str


class AddPoints(Struct, frozen=True, kw_only=True):
    """Append points to a run, column by column, in the order of their arrival.

    Told as an update of the run.
    """

    project: str
    run_id: str
    keys: list[str]
    steps: list[int]
    times: list[int]
    """Milliseconds since the epoch."""
    values: list[float]
    """NaN and infinities too."""


Change = Put | Delete | AddPoints


class ChangeEvent(Struct, frozen=True, kw_only=True):
    """That a record changed: a hint to read it again, never the record itself."""

    sequence: int
    """Increases by the order of the transactions; gaps may occur."""
    project: str
    """`*` for a project's own record; "" when it is not told which."""
    kind: str
    """`model`, `version`, `run`, …; what is in SILENT is not told. `session` for a GPU session."""
    id: str
    action: Action
