"""Tracking in SQLite. The default."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.runs import History, Metric
from ..config import BackendConfig
from ..records.sqlite import SqliteRecords, store_path


def open_tracking(config: BackendConfig) -> SqliteTracking:
    """The runs in `store.db` of the home, or in the file that `sqlite:///<path>` names."""
    return SqliteTracking(store_path(config, "tracking"))


class SqliteTracking(SqliteRecords):
    """`TrackingBackend` over one file."""

    capabilities = SqliteRecords.capabilities | {"runs"}

    def metrics(self, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
        return self._opened().metrics(project, run_ids)

    def history(self, project: str, run_id: str, key: str) -> History:
        return self._opened().history(project, run_id, key)
