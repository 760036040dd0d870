"""Tracking in SQLite. The default."""

from __future__ import annotations

from ..config import BackendConfig
from ..records.sqlite import SqliteRecords, store_path


def open_tracking(config: BackendConfig) -> SqliteTracking:
    """The runs in `store.db` of the home, or in the file that `sqlite:///<path>` names."""
    return SqliteTracking(store_path(config, "tracking"))


class SqliteTracking(SqliteRecords):
    """`TrackingBackend` over one file."""

    capabilities = SqliteRecords.capabilities | {"runs"}
