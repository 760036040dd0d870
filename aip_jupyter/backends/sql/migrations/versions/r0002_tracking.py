"""Experiments, runs, metrics and their points, journals, datasets, links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from aip_jupyter.backends.sql.migrations.columns import number, records, text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records(
        "experiment",
        text("name"),
        text("description"),
        text("tags"),
        sa.UniqueConstraint("project", "name", name="uq_experiment_name"),
    )
    _run()
    records("journal", number("mark"))
    _dataset()
    records("link", text("source"), text("target"), text("context"))
    for field in ("source", "target"):
        op.create_index(f"ix_link_{field}", "link", ["project", field])
    _points()


def _run() -> None:
    texts = ("name", "experiment_id", "experiment", "status")
    after = ("params", "tags", "notes", "device", "notebook", "holder")
    times = (number("started"), number("ended", optional=True))
    records("run", *map(text, texts), *times, *map(text, after))
    for field in ("started", "updated", "name"):
        op.create_index(f"ix_run_{field}", "run", ["project", field, "id"])
    op.create_index("ix_run_experiment", "run", ["project", "experiment", "started", "id"])


def _dataset() -> None:
    records(
        "dataset",
        *map(text, ("name", "digest", "source", "source_type")),
        number("size", optional=True),
        number("rows", optional=True),
        *map(text, ("columns", "tags", "identity")),
        sa.UniqueConstraint("project", "name", "identity", name="uq_dataset_identity"),
    )
    op.create_index("ix_dataset_updated", "dataset", ["project", "updated", "id"])
    op.create_index("ix_dataset_digest", "dataset", ["project", "digest"])


def _points() -> None:
    op.create_table(
        "metric",
        sa.Column("key", sa.Integer, primary_key=True),
        text("project"),
        text("run_id"),
        text("name"),
        sa.Column("last", sa.Float),
        number("last_step"),
        number("last_time"),
        sa.Column("minimum", sa.Float),
        sa.Column("maximum", sa.Float),
        number("count"),
        sa.UniqueConstraint("project", "run_id", "name", name="uq_metric_name"),
    )
    op.create_table(
        "point",
        sa.Column("metric", sa.Integer, primary_key=True),
        sa.Column("arrival", sa.Integer, primary_key=True),
        number("step"),
        number("time"),
        sa.Column("value", sa.Float),
        sqlite_with_rowid=False,
    )
