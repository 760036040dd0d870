"""The files of runs: indexes for lists of them, for how much they are, and for who has what bytes."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_artifact_owner", "artifact", ["project", "state", "owner_id", "path", "size"])
    op.create_index("ix_artifact_digest", "artifact", ["project", "digest", "id"])
