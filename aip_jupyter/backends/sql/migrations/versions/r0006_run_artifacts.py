"""The files of runs: an index for lists of them and for how much they are together."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_artifact_owner", "artifact", ["project", "state", "owner_id", "path", "size"])
