"""What runs are a part of and when they were heard of, their texts, and the order of their metrics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from aip_jupyter.backends.sql.migrations.columns import records, text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("parent", sa.Text, nullable=False, server_default=""))
    op.add_column("run", sa.Column("beat", sa.BigInteger, nullable=False, server_default="0"))
    op.drop_index("ix_run_started", "run")
    op.create_index("ix_run_started", "run", ["project", "started", "id", "name", "state", "status"])
    op.create_index("ix_run_parent", "run", ["project", "parent", "started", "id", "name", "state", "status"])
    records(
        "text",
        *map(text, ("run_id", "name", "text")),
        sa.Column("captured", sa.Integer, nullable=False),
        sa.UniqueConstraint("run_id", "name", name="uq_text_name"),
    )
    # Of metrics that were there before, nobody knows whether their points came in order.
    op.add_column("metric", sa.Column("in_order", sa.Integer, nullable=False, server_default="0"))
    for value in ("last", "minimum", "maximum"):
        op.create_index(f"ix_metric_{value}", "metric", ["project", "name", value, "run_id"])
