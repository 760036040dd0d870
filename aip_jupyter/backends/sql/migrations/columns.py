"""What the steps make tables of. A step that was released keeps its meaning: change nothing here, add."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem


def records(name: str, *items: SchemaItem) -> None:
    """A kind's table: what every record has, then its own columns and names."""
    op.create_table(
        name,
        sa.Column("key", sa.Integer, primary_key=True),
        text("id"),
        text("project"),
        text("author"),
        number("created"),
        number("updated"),
        text("properties"),
        text("external_id", optional=True),
        text("state"),
        number("revision"),
        *items,
        sa.UniqueConstraint("id", name=f"uq_{name}_id"),
        sa.UniqueConstraint("project", "external_id", name=f"uq_{name}_external_id"),
        sa.CheckConstraint("key <= 999999999", name=f"ck_{name}_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_project_id", name, ["project", "id"])


def text(name: str, *, optional: bool = False) -> sa.Column[str]:
    """A column of texts."""
    return sa.Column(name, sa.Text, nullable=optional)


def number(name: str, *, optional: bool = False) -> sa.Column[int]:
    """A column of 64-bit integers."""
    return sa.Column(name, sa.BigInteger, nullable=optional)
