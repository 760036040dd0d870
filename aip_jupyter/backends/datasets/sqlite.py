"""Datasets in SQLite. The default."""

from __future__ import annotations

from ..config import BackendConfig
from ..records.sqlite import SqliteRecords, store_path


def open_datasets(config: BackendConfig) -> SqliteDatasets:
    """The datasets in `store.db` of the home, or in the file that `sqlite:///<path>` names."""
    return SqliteDatasets(store_path(config, "datasets"))


class SqliteDatasets(SqliteRecords):
    """`DatasetBackend` over one file."""

    capabilities = SqliteRecords.capabilities | {"datasets"}
