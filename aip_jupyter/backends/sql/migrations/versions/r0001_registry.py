"""Models, versions, artifacts, intents, and the change feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _records("model", *_model())
    _records("version", *_version())
    _records("artifact", *_artifact())
    _records("intent", _text("action"), _text("target"), _text("holder"))
    for field in ("created", "updated", "version_count"):
        op.create_index(f"ix_model_{field}", "model", ["project", field, "id", "name"])
    op.create_table(
        "change",
        sa.Column("sequence", sa.Integer, primary_key=True),
        _text("project"),
        _text("kind"),
        _text("id"),
        _text("action"),
        sqlite_autoincrement=True,
    )


def _model() -> list[SchemaItem]:
    return [
        _text("name"),
        _text("description"),
        _text("category"),
        _text("tags"),
        _number("version_count"),
        _number("last_number"),
        _text("latest_id", optional=True),
        _number("latest_number", optional=True),
        _text("latest_name", optional=True),
        sa.Column("latest_pinned", sa.Integer, nullable=False),
        sa.UniqueConstraint("project", "name", name="uq_model_name"),
    ]


def _version() -> list[SchemaItem]:
    return [
        _text("model_id"),
        _number("number"),
        _text("name"),
        _text("description"),
        _text("tags"),
        _text("stage"),
        _text("aliases"),
        _text("format"),
        _number("size"),
        _number("file_count"),
        _text("digest"),
        sa.UniqueConstraint("model_id", "number", name="uq_version_number"),
        sa.UniqueConstraint("model_id", "name", name="uq_version_name"),
    ]


def _artifact() -> list[SchemaItem]:
    return [
        _text("owner_id"),
        _text("path"),
        _number("size", optional=True),
        _text("digest", optional=True),
        _text("uri", optional=True),
        _text("media_type"),
        sa.UniqueConstraint("owner_id", "path", name="uq_artifact_path"),
    ]


def _records(name: str, *items: SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("key", sa.Integer, primary_key=True),
        _text("id"),
        _text("project"),
        _text("author"),
        _number("created"),
        _number("updated"),
        _text("properties"),
        _text("external_id", optional=True),
        _text("state"),
        _number("revision"),
        *items,
        sa.UniqueConstraint("id", name=f"uq_{name}_id"),
        sa.UniqueConstraint("project", "external_id", name=f"uq_{name}_external_id"),
        sa.CheckConstraint("key <= 999999999", name=f"ck_{name}_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_project_id", name, ["project", "id"])


def _text(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional)


def _number(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=optional)
