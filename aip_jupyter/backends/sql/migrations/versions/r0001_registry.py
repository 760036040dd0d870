"""Models, versions, artifacts, intents, and the change feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from aip_jupyter.backends.sql.migrations.columns import number, records, text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    records("model", *_model())
    records("version", *_version())
    records("artifact", *_artifact())
    records("intent", text("action"), text("target"), text("holder"))
    for field in ("created", "updated", "version_count"):
        op.create_index(f"ix_model_{field}", "model", ["project", field, "id", "name"])
    op.create_table(
        "change",
        sa.Column("sequence", sa.Integer, primary_key=True),
        text("project"),
        text("kind"),
        text("id"),
        text("action"),
        sqlite_autoincrement=True,
    )


def _model() -> list[SchemaItem]:
    return [
        text("name"),
        text("description"),
        text("category"),
        text("tags"),
        number("version_count"),
        number("last_number"),
        text("latest_id", optional=True),
        number("latest_number", optional=True),
        text("latest_name", optional=True),
        sa.Column("latest_pinned", sa.Integer, nullable=False),
        sa.UniqueConstraint("project", "name", name="uq_model_name"),
    ]


def _version() -> list[SchemaItem]:
    return [
        text("model_id"),
        number("number"),
        text("name"),
        text("description"),
        text("tags"),
        text("stage"),
        text("aliases"),
        text("format"),
        number("size"),
        number("file_count"),
        text("digest"),
        sa.UniqueConstraint("model_id", "number", name="uq_version_number"),
        sa.UniqueConstraint("model_id", "name", name="uq_version_name"),
    ]


def _artifact() -> list[SchemaItem]:
    return [
        text("owner_id"),
        text("path"),
        number("size", optional=True),
        text("digest", optional=True),
        text("uri", optional=True),
        text("media_type"),
        sa.UniqueConstraint("owner_id", "path", name="uq_artifact_path"),
    ]
