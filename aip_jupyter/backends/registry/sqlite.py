"""The registry in SQLite. The default."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import BackendConfig
from ..records.sqlite import SqliteRecords, store_path


def open_registry(config: BackendConfig) -> SqliteRegistry:
    """The registry in `store.db` of the home, or in the file that `sqlite:///<path>` names."""
    return SqliteRegistry(store_path(config, "registry"))


class SqliteRegistry(SqliteRecords):
    """`RegistryBackend` over one file."""

    capabilities = SqliteRecords.capabilities | {"models"}

    def digests(self) -> Iterator[str]:
        return self._opened().digests()

    def intents(self) -> list[tuple[str, str]]:
        return self._opened().intents()
