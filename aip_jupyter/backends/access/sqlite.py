"""Projects and access tokens in SQLite. The default."""

from __future__ import annotations

from ..config import BackendConfig
from ..records.sqlite import SqliteRecords, store_path


def open_access(config: BackendConfig) -> SqliteAccess:
    """The projects in `store.db` of the home, or in the file that `sqlite:///<path>` names."""
    return SqliteAccess(store_path(config, "access"))


class SqliteAccess(SqliteRecords):
    """`AccessBackend` over one file."""

    capabilities = SqliteRecords.capabilities | {"projects"}
