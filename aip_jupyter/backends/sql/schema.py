"""The tables: one per kind of record, with a column per field of its struct, and the change feed.

The migrations make them; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from ...domain.access import AccessToken, Project, Role
from ...domain.artifacts import Artifact
from ...domain.changes import Intent
from ...domain.datasets import Column as DataColumn
from ...domain.datasets import Dataset
from ...domain.lineage import Link
from ...domain.models import Model, Version
from ...domain.records import PropertyValue, Record
from ...domain.runs import Experiment, Journal, Run
from ...domain.texts import Text as RunText

MAX_KEY = 999_999_999
"""Kubeflow's clients read keys as 32-bit integers."""

metadata = MetaData()


class Json(TypeDecorator[Any]):
    """A map or list as JSON text. `holds` is its Python type: what is read back is exactly that."""

    impl = Text
    cache_ok = True

    def __init__(self, holds: Any) -> None:
        super().__init__()
        self.holds = holds
        self._decoder = msgspec.json.Decoder(holds)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return msgspec.json.encode(value).decode()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Every driver gives text as it is: what wraps this otherwise costs more than it does."""
        return self._decoder.decode


class Flag(TypeDecorator[bool]):
    """True and False as 1 and 0, so that they compare with numbers in every database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        return int(bool(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> bool:
        return bool(value)


def _text(name: str, *, optional: bool = False) -> Column[str]:
    return Column(name, Text, nullable=optional)


def _number(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


def _table(name: str, *items: SchemaItem) -> Table:
    """A kind's table: what every record has, then its own columns, names and orders."""
    return Table(
        name,
        metadata,
        Column("key", Integer, primary_key=True),
        _text("id"),
        _text("project"),
        _text("author"),
        _number("created"),
        _number("updated"),
        Column("properties", Json(dict[str, PropertyValue]), nullable=False),
        _text("external_id", optional=True),
        _text("state"),
        _number("revision"),
        *items,
        UniqueConstraint("id", name=f"uq_{name}_id"),
        UniqueConstraint("project", "external_id", name=f"uq_{name}_external_id"),
        Index(f"ix_{name}_project_id", "project", "id"),
        CheckConstraint(f"key <= {MAX_KEY}", name=f"ck_{name}_key"),
        sqlite_autoincrement=True,
    )


def _order(field: str) -> Index:
    """Lists of models by this field. The name is in it too, so that a search need not read the rows."""
    return Index(f"ix_model_{field}", "project", field, "id", "name")


model = _table(
    "model",
    _text("name"),
    _text("description"),
    _text("category"),
    Column("tags", Json(dict[str, str]), nullable=False),
    _number("version_count"),
    _number("last_number"),
    _text("latest_id", optional=True),
    _number("latest_number", optional=True),
    _text("latest_name", optional=True),
    Column("latest_pinned", Flag, nullable=False),
    UniqueConstraint("project", "name", name="uq_model_name"),
    _order("created"),
    _order("updated"),
    _order("version_count"),
)

version = _table(
    "version",
    _text("model_id"),
    _number("number"),
    _text("name"),
    _text("description"),
    Column("tags", Json(dict[str, str]), nullable=False),
    _text("stage"),
    Column("aliases", Json(list[str]), nullable=False),
    _text("format"),
    _number("size"),
    _number("file_count"),
    _text("digest"),
    UniqueConstraint("model_id", "number", name="uq_version_number"),
    UniqueConstraint("model_id", "name", name="uq_version_name"),
)

artifact = _table(
    "artifact",
    _text("owner_id"),
    _text("path"),
    _number("size", optional=True),
    _text("digest", optional=True),
    _text("uri", optional=True),
    _text("media_type"),
    UniqueConstraint("owner_id", "path", name="uq_artifact_path"),
    # Also what a run has in all, and what was deleted long ago, without the rows.
    Index("ix_artifact_owner", "project", "state", "owner_id", "path", "size"),
    Index("ix_artifact_digest", "project", "digest", "id"),
)

intent = _table("intent", _text("action"), _text("target"), _text("holder"))

experiment = _table(
    "experiment",
    _text("name"),
    _text("description"),
    Column("tags", Json(dict[str, str]), nullable=False),
    UniqueConstraint("project", "name", name="uq_experiment_name"),
)

run = _table(
    "run",
    _text("name"),
    _text("experiment_id"),
    _text("experiment"),
    _text("status"),
    _number("started"),
    _number("ended", optional=True),
    Column("params", Json(dict[str, PropertyValue]), nullable=False),
    Column("tags", Json(dict[str, str]), nullable=False),
    _text("notes"),
    _text("device"),
    _text("notebook"),
    _text("holder"),
    _text("parent"),
    _number("beat"),
    # What people search for is in them too, so that a search need not read the rows.
    Index("ix_run_started", "project", "started", "id", "name", "state", "status"),
    Index("ix_run_parent", "project", "parent", "started", "id", "name", "state", "status"),
    Index("ix_run_updated", "project", "updated", "id"),
    Index("ix_run_name", "project", "name", "id"),
    Index("ix_run_experiment", "project", "experiment", "started", "id"),
)

text = _table(
    "text",
    _text("run_id"),
    _text("name"),
    _text("text"),
    Column("captured", Flag, nullable=False),
    UniqueConstraint("run_id", "name", name="uq_text_name"),
)

journal = _table("journal", _number("mark"))

dataset = _table(
    "dataset",
    _text("name"),
    _text("digest"),
    _text("source"),
    _text("source_type"),
    _number("size", optional=True),
    _number("rows", optional=True),
    Column("columns", Json(list[DataColumn]), nullable=False),
    Column("tags", Json(dict[str, str]), nullable=False),
    _text("identity"),
    UniqueConstraint("project", "name", "identity", name="uq_dataset_identity"),
    Index("ix_dataset_updated", "project", "updated", "id"),
    Index("ix_dataset_digest", "project", "digest"),
)

link = _table(
    "link",
    _text("source"),
    _text("target"),
    _text("context"),
    Index("ix_link_source", "project", "source"),
    Index("ix_link_target", "project", "target"),
)

project = _table(
    "project",
    _text("name"),
    _text("description"),
    Column("roles", Json(dict[str, Role]), nullable=False),
    UniqueConstraint("project", "name", name="uq_project_name"),
)

accesstoken = _table(
    "accesstoken",
    _text("name"),
    _text("of_project"),
    _text("owner"),
    _text("scope"),
    _text("digest"),
    _number("expires"),
    _number("last_used"),
    UniqueConstraint("of_project", "owner", "name", name="uq_accesstoken_name"),
)

TABLES: dict[type[Record], Table] = {
    Model: model,
    Version: version,
    Artifact: artifact,
    Intent: intent,
    Experiment: experiment,
    Run: run,
    RunText: text,
    Journal: journal,
    Dataset: dataset,
    Link: link,
    Project: project,
    AccessToken: accesstoken,
}

metric = Table(
    "metric",
    metadata,
    Column("key", Integer, primary_key=True),
    _text("project"),
    _text("run_id"),
    _text("name"),
    Column("last", Float, nullable=True),
    _number("last_step"),
    _number("last_time"),
    Column("minimum", Float, nullable=True),
    Column("maximum", Float, nullable=True),
    _number("count"),
    Column("in_order", Flag, nullable=False),
    UniqueConstraint("project", "run_id", "name", name="uq_metric_name"),
    *(
        Index(f"ix_metric_{value}", "project", "name", value, "run_id")
        for value in ("last", "minimum", "maximum")
    ),
)
"""The state of each metric of a run. A value that is not a number is NULL.

`in_order`: its points came in the order (step, time), as far as it is known.
"""

point = Table(
    "point",
    metadata,
    Column("metric", Integer, primary_key=True),
    Column("arrival", Integer, primary_key=True),
    _number("step"),
    _number("time"),
    Column("value", Float, nullable=True),
    sqlite_with_rowid=False,
)
"""The points, clustered by metric, counted by arrival. A value that is not a number is NULL."""

change = Table(
    "change",
    metadata,
    Column("sequence", Integer, primary_key=True),
    _text("project"),
    _text("kind"),
    _text("id"),
    _text("action"),
    sqlite_autoincrement=True,
)
