"""Projects and access tokens. What was a project by its name only becomes one with a record."""

from __future__ import annotations

import time
import uuid

import sqlalchemy as sa
from alembic import op

from aip_jupyter.backends.sql.migrations.columns import number, records, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records(
        "project",
        text("name"),
        text("description"),
        text("roles"),
        sa.UniqueConstraint("project", "name", name="uq_project_name"),
    )
    records(
        "accesstoken",
        *map(text, ("name", "of_project", "owner", "scope", "digest")),
        number("expires"),
        number("last_used"),
        sa.UniqueConstraint("of_project", "owner", "name", name="uq_accesstoken_name"),
    )
    _known_projects()


def _known_projects() -> None:
    connection = op.get_bind()
    tables = ("model", "experiment", "run", "dataset")
    every = " UNION ".join(f"SELECT project FROM {table}" for table in tables)  # noqa: S608
    names = [name for (name,) in connection.execute(sa.text(every))]
    now = time.time_ns() // 1_000_000
    insert = sa.text(
        "INSERT INTO project (id, project, author, created, updated, properties, state, revision, name, "
        "description, roles) VALUES (:id, '*', '', :now, :now, '{}', 'LIVE', 1, :name, '', '{}')"
    )
    for name in names:
        connection.execute(insert, {"id": uuid.uuid4().hex, "now": now, "name": name})
