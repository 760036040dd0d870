"""Tracking in SQLite. The default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...domain.runs import History, Metric
from ...domain.texts import TextInfo
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

    def history(self, project: str, run_id: str, key: str, points: int = 0) -> History:
        return self._opened().history(project, run_id, key, points)

    def texts(self, project: str, run_id: str) -> list[TextInfo]:
        return self._opened().texts(project, run_id)

    def parts(self, project: str, run_ids: Sequence[str]) -> dict[str, int]:
        return self._opened().parts(project, run_ids)

    def digests(self) -> Iterator[str]:
        return self._opened().digests()

    def stored(self, project: str, run_id: str) -> tuple[int, int]:
        return self._opened().stored(project, run_id)

    def beat(self, project: str, run_ids: Sequence[str], time: int) -> None:
        self._opened().beat(project, run_ids, time)
