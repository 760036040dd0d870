"""The steps from nothing to today's tables, one file each, applied in order by Alembic.

A new step: `versions/r0002_<what>.py` with `down_revision = "0001"`, and `files.SCHEMA_VERSION` one higher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(connection: Connection) -> None:
    """Apply the steps that the store lacks, inside the caller's transaction."""
    from alembic import command

    configuration = alembic_config()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def alembic_config() -> Config:
    """No ini file; the steps are those of this package, wherever it is installed."""
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", "aip_jupyter.backends.sql:migrations")
    return configuration
