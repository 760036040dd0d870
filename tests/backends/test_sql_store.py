"""The store's file: many processes, crashes, other versions, full disks, damage."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import SqliteRegistry, open_registry
from aip_jupyter.backends.sql import engine, faults, files, migrate
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import Model
from aip_jupyter.domain.query import Query
from aip_jupyter.errors import AipError, Incompatible, StorageFull, Unavailable

from ..contracts.records import a_model

PROCESSES = 8
REPETITIONS = 5


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SqliteRegistry]:
    with closing(open_registry(BackendConfig(home=tmp_path))) as registry:
        yield registry


def sql(home: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "store.db", isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def names(registry: SqliteRegistry) -> set[str]:
    return {model.name for model in registry.find(Model, "default", Query(limit=1_000)).items}


def open_and_write(home: Path, number: int, start: Barrier) -> None:
    for repetition in range(REPETITIONS):
        start.wait()
        with closing(open_registry(BackendConfig(home=home / str(repetition)))) as registry:
            for n in range(5):
                registry.apply([Put(a_model(f"{number}-{n}"))])
            assert registry.changes_since(0)[0] >= 5


def test_many_processes_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    workers = [context.Process(target=open_and_write, args=(tmp_path, n, start)) for n in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    for repetition in range(REPETITIONS):
        with closing(open_registry(BackendConfig(home=tmp_path / str(repetition)))) as registry:
            assert names(registry) == {f"{number}-{n}" for number in range(PROCESSES) for n in range(5)}
            assert registry.changes_since(-1) == (PROCESSES * 5, [])


DIE_IN_MIGRATION = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from aip_jupyter.backends.sql.migrate import prepare

def die(connection, cursor, statement, *rest):
    if statement.strip().startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", die)
prepare(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE alembic_version",
        "CREATE TABLE version",
        "CREATE INDEX ix_model_created",
        "CREATE TRIGGER model_name_update",
        "PRAGMA user_version =",
    ],
)
def test_a_migration_that_was_killed_is_done_by_the_next(
    registry: SqliteRegistry, tmp_path: Path, statement: str
) -> None:
    command = [sys.executable, "-c", DIE_IN_MIGRATION, str(tmp_path / "store.db"), statement]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL
    assert sql(tmp_path, "SELECT name FROM sqlite_master") == []
    assert sql(tmp_path, "PRAGMA user_version") == [(0,)]
    assert registry.changes_since(-1) == (0, [])
    registry.apply([Put(a_model())])
    assert names(registry) == {"digits"}


def test_a_newer_store_is_refused(registry: SqliteRegistry, tmp_path: Path) -> None:
    registry.apply([Put(a_model())])
    sql(tmp_path, f"PRAGMA user_version = {files.SCHEMA_VERSION + 1}")
    with closing(open_registry(BackendConfig(home=tmp_path))) as fresh:
        for old in (registry, fresh):  # whether opened before or after somebody upgraded it
            for operation in (old.intents, old.check, lambda old=old: old.changes_since(0)):
                with pytest.raises(Incompatible, match="pip install -U aip-jupyter"):
                    operation()
            with pytest.raises(Incompatible):
                old.apply([Put(a_model("late"))])
    assert sql(tmp_path, "SELECT name FROM model") == [("digits",)]


def test_an_older_store_is_brought_up_to_date(registry: SqliteRegistry, tmp_path: Path) -> None:
    sql(tmp_path, "PRAGMA user_version")  # a file without tables, as after a crash
    assert registry.changes_since(0) == (0, [])
    registry.apply([Put(a_model())])
    assert sql(tmp_path, "PRAGMA journal_mode") == [("wal",)]
    assert sql(tmp_path, "PRAGMA application_id") == [(files.APPLICATION_ID,)]


def test_a_store_copied_without_its_log_gets_one(registry: SqliteRegistry, tmp_path: Path) -> None:
    registry.apply([Put(a_model())])
    (tmp_path / "copy").mkdir()
    sql(tmp_path, f"VACUUM INTO '{tmp_path}/copy/store.db'")
    assert sql(tmp_path / "copy", "PRAGMA journal_mode") == [("delete",)]
    with closing(open_registry(BackendConfig(home=tmp_path / "copy"))) as copied:
        assert names(copied) == {"digits"}
        assert sql(tmp_path / "copy", "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("version", [0, 1, 17])
def test_another_programs_database_is_left_alone(
    registry: SqliteRegistry, tmp_path: Path, version: int
) -> None:
    sql(tmp_path, "CREATE TABLE theirs (x)")
    sql(tmp_path, f"PRAGMA user_version = {version}")
    before = (tmp_path / "store.db").read_bytes()
    for operation in (registry.intents, lambda: registry.changes_since(0)):
        with pytest.raises(Unavailable, match="another program"):
            operation()
    assert (tmp_path / "store.db").read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_damaged_file_is_told(registry: SqliteRegistry, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    for operation in (registry.intents, lambda: registry.changes_since(0)):
        with pytest.raises(Unavailable, match="damaged") as caught:
            operation()
        assert str(tmp_path / "store.db") in caught.value.message
    assert (tmp_path / "store.db").read_bytes() == content


def test_damage_inside_is_told(registry: SqliteRegistry, tmp_path: Path) -> None:
    registry.apply([Put(a_model(str(n), description="x" * 5_000)) for n in range(100)])
    registry.close()
    with (tmp_path / "store.db").open("r+b") as file:
        file.seek(8_192)
        file.write(b"\xff" * 200_000)
    damaged = open_registry(BackendConfig(home=tmp_path))
    with closing(damaged), pytest.raises(Unavailable, match="damaged"):
        names(damaged)


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with closing(open_registry(BackendConfig(home=home))) as registry:
            assert registry.changes_since(0) == (0, [])
            with pytest.raises(Unavailable, match="AIP_HOME"):
                registry.check()


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(open_registry(BackendConfig(home=tmp_path / "home"))) as registry:
            registry.apply([Put(a_model())])
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "home").iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["store.db", "store.db-wal", "store.db-shm", "store.db.lock"], 0o600)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements for every new connection of the store."""
    statements: list[str] = []

    def connect(path: Path) -> sqlite3.Connection:
        connection = files.connect(path)
        for statement in statements:
            connection.execute(statement)
        return connection

    monkeypatch.setattr(engine, "connect", connect)
    return statements


def test_a_full_disk(registry: SqliteRegistry, tmp_path: Path, limited: list[str]) -> None:
    registry.apply([Put(a_model("before"))])
    registry.close()
    limited.append("PRAGMA max_page_count = 60")
    with closing(open_registry(BackendConfig(home=tmp_path))) as full:
        with pytest.raises(StorageFull, match="make free space") as caught:
            full.apply([Put(a_model("a")), Put(a_model("big", description="x" * 1_000_000))])
        assert str(tmp_path) in caught.value.message
        assert names(full) == {"before"}
        full.apply([Put(a_model("small"))])
    limited.clear()
    with closing(open_registry(BackendConfig(home=tmp_path))) as roomy:
        roomy.apply([Put(a_model("big", description="x" * 1_000_000))])
        assert names(roomy) == {"before", "small", "big"}


REACH_THE_LIMIT = """
import resource, sys
from pathlib import Path
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import Model
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Unavailable
registry = open_registry(BackendConfig(home=Path(sys.argv[1])))
registry.apply([Put(Model(id=new_id(), name="first"))])
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
done = 1
try:
    while True:
        registry.apply([Put(Model(id=new_id(), name=str(done), description="x" * 10_000))])
        done += 1
except Unavailable as error:
    print(error.message)
print(done)
"""


def test_a_disk_that_fails_while_writing(registry: SqliteRegistry, tmp_path: Path) -> None:
    command = [sys.executable, "-c", REACH_THE_LIMIT, str(tmp_path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    message, done = output.splitlines()
    assert "quota" in message
    assert len(names(registry)) == int(done) > 1
    registry.apply([Put(a_model("afterwards", description="x" * 100_000))])
    assert sql(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_no_room_for_shared_memory_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    assert type(faults.fault(error, tmp_path / "store.db")) is Unavailable
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert type(faults.fault(error, tmp_path / "store.db")) is StorageFull


def test_a_store_that_may_not_be_written(
    registry: SqliteRegistry, tmp_path: Path, limited: list[str]
) -> None:
    registry.apply([Put(a_model())])
    registry.close()
    limited.append("PRAGMA query_only = ON")
    with closing(open_registry(BackendConfig(home=tmp_path))) as readonly:
        with pytest.raises(Unavailable, match="permissions"):
            readonly.apply([Put(a_model("more"))])
        with pytest.raises(Unavailable, match="permissions"):
            readonly.check()
        assert names(readonly) == {"digits"}


def test_a_writer_that_does_not_end(
    registry: SqliteRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BUSY_SECONDS", 0.1)
    registry.apply([Put(a_model())])
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process"):
            registry.apply([Put(a_model("more"))])
        assert names(registry) == {"digits"}  # reading goes on
    registry.apply([Put(a_model("more"))])


def test_too_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CONNECTIONS", 5)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    migrate.prepare(tmp_path / "store.db")
    database = engine.Database(tmp_path / "store.db")
    with closing(database):
        with ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(database.reading())
            with pytest.raises(Unavailable, match="5 requests"):
                stack.enter_context(database.reading())
        with database.reading() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_a_migration_that_does_not_end(
    registry: SqliteRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "PATIENCE", 0.1)
    with FileLock(tmp_path / "store.db.lock"), pytest.raises(Unavailable, match="setting up"):
        registry.check()
    registry.check()


def test_errors_do_not_show_what_is_stored(registry: SqliteRegistry) -> None:
    registry.apply([Put(a_model("taken"))])
    with pytest.raises(AipError) as caught:
        registry.apply([Put(a_model("taken", description="hunter2"))])
    causes = [caught.value, caught.value.__cause__, caught.value.__cause__.__cause__]  # type: ignore[union-attr]
    assert "hunter2" not in "".join(map(str, causes))
