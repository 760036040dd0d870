"""Tracking in SQLite: the contract, and what belongs to a file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends import plugins
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.sql.writer import Writer
from aip_jupyter.backends.tracking.protocol import TrackingBackend
from aip_jupyter.backends.tracking.sqlite import open_tracking
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import Journal
from aip_jupyter.errors import Invalid

from ..contracts.tracking import TrackingContract, points


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without records: migrating once is enough for the contract."""
    home = tmp_path_factory.mktemp("empty")
    with closing(open_tracking(BackendConfig(home=home))) as tracking:
        tracking.check()
    return home / "store.db"


@pytest.fixture
def tracking(tmp_path: Path, empty_store: Path) -> Iterator[TrackingBackend]:
    shutil.copy(empty_store, tmp_path)
    with closing(plugins.open_backend("tracking", "sqlite", BackendConfig(home=tmp_path))) as tracking:
        yield tracking


class TestSqliteTracking(TrackingContract):
    @pytest.fixture
    def tracking(self, tracking: TrackingBackend) -> TrackingBackend:
        return tracking


def test_two_connections_append_to_one_metric(tracking: TrackingBackend, tmp_path: Path) -> None:
    id = new_id()
    with closing(open_tracking(BackendConfig(home=tmp_path))) as other:

        def append(n: int) -> None:
            (tracking, other)[n % 2].apply([points(id, ("m", n, 0, float(n)))])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(append, range(40)))
        assert other.history("default", id, "m").steps == list(range(40))
        assert other.metrics("default", [id])[id][0].count == 40


def test_not_a_number_is_null(tracking: TrackingBackend, tmp_path: Path) -> None:
    """So that comparisons in SQL leave it out."""
    tracking.apply([points(new_id(), ("m", 0, 0, float("nan")), ("m", 1, 0, float("inf")))])
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        rows = connection.execute("SELECT value FROM point ORDER BY step").fetchall()
        assert rows == [(None,), (float("inf"),)]
        assert connection.execute("SELECT last FROM metric WHERE last > 1").fetchall() == rows[1:]


def test_what_a_journal_says_is_stored_is_on_the_disk(
    tracking: TrackingBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since it is deleted where it came from; a power cut may undo other commits."""
    modes = []
    run = Writer.run

    def look(self: Writer, *arguments: Any) -> None:
        modes.append(self._connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
        run(self, *arguments)

    monkeypatch.setattr(Writer, "run", look)
    for _ in range(2):
        tracking.apply([Put(Journal(id=new_id())), points(new_id(), ("m", 0, 0, 1.0))])
        tracking.apply([points(new_id(), ("m", 0, 0, 1.0))])
    normal, full = 1, 2
    assert modes == [full, normal, full, normal]


def test_where_it_is(tmp_path: Path) -> None:
    elsewhere = BackendConfig(home=tmp_path, url=f"sqlite:///{tmp_path / 'runs.db'}")
    with closing(open_tracking(elsewhere)) as tracking:
        assert tracking.location == str(tmp_path / "runs.db")
    with pytest.raises(Invalid, match="tracking"):
        open_tracking(BackendConfig(home=tmp_path, url="postgresql://host/db"))
