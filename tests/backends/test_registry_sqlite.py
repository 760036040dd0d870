"""The registry in SQLite: the contract, and what only a file shared between processes can get wrong."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from aip_jupyter.backends import plugins
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.protocol import RegistryBackend
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.backends.sql import files, store
from aip_jupyter.domain.artifacts import Artifact
from aip_jupyter.domain.changes import AnyRecord, Delete, Put
from aip_jupyter.domain.models import Model, Version
from aip_jupyter.domain.query import Compare, Order, Query, all_of
from aip_jupyter.errors import Invalid, StorageFull, Unavailable

from ..contracts.records import a_model, a_version, an_artifact
from ..contracts.registry import RegistryContract


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without records: migrating once is enough for the contract."""
    home = tmp_path_factory.mktemp("empty")
    with closing(open_registry(BackendConfig(home=home))) as registry:
        registry.check()
    return home / "store.db"


@pytest.fixture
def registry(tmp_path: Path, empty_store: Path) -> Iterator[RegistryBackend]:
    shutil.copy(empty_store, tmp_path)
    with closing(plugins.open_backend("registry", "sqlite", BackendConfig(home=tmp_path))) as registry:
        yield registry


class TestSqliteRegistry(RegistryContract):
    @pytest.fixture
    def registry(self, registry: RegistryBackend) -> RegistryBackend:
        return registry


def run(script: str, *arguments: object) -> str:
    """What another Python prints; it must end well."""
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


PUT = """
import sys
from pathlib import Path
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import Model
from aip_jupyter.domain.records import new_id
registry = open_registry(BackendConfig(home=Path(sys.argv[1])))
for name in sys.argv[2:]:
    model = Model(id=new_id(), name=name)
    registry.apply([Put(model)])
    print(model.id)
registry.close()
"""


def test_changes_of_other_processes_are_seen(tmp_path: Path) -> None:
    with closing(open_registry(BackendConfig(home=tmp_path))) as registry:
        assert registry.changes_since(-1) == (0, [])
        assert list(tmp_path.iterdir()) == []  # asking makes no store
        ids = run(PUT, tmp_path, "one", "two").split()
        newest, events = registry.changes_since(0)
        assert [(e.id, e.kind, e.action) for e in events] == [(id, "model", "created") for id in ids]
        more = run(PUT, tmp_path, "three")
        assert [e.id for e in registry.changes_since(newest)[1]] == [more]
        assert registry.get(Model, "default", more).name == "three"


def test_changes_are_seen_while_the_store_is_being_made(tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    with closing(open_registry(BackendConfig(home=tmp_path))) as registry:
        assert registry.changes_since(0) == (0, [])
        registry.apply([Put(a_model())])
        assert registry.changes_since(0)[0] == 1


def test_a_store_that_was_removed_is_made_again(registry: RegistryBackend, tmp_path: Path) -> None:
    registry.apply([Put(a_model("lost")), Put(a_model("too"))])
    assert registry.changes_since(-1) == (2, [])
    for file in tmp_path.iterdir():
        file.unlink()
    assert registry.changes_since(2) == (0, [])
    registry.apply([Put(a_model("kept"))])
    assert [m.name for m in registry.find(Model, "default", Query()).items] == ["kept"]
    assert [m["name"] for m in rows(tmp_path, "SELECT name FROM model")] == ["kept"]
    assert registry.changes_since(0)[0] == 1


def test_a_file_that_just_vanished_is_not_made_empty(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        files.connect(tmp_path / "store.db")
    assert list(tmp_path.iterdir()) == []


def rows(home: Path, statement: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(home / "store.db")) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(statement).fetchall()


def test_the_feed_keeps_the_newest_changes(registry: RegistryBackend, tmp_path: Path) -> None:
    model = a_model()
    for _ in range(13):
        registry.apply([Put(model)] * 1_000)
    newest, events = registry.changes_since(0)
    assert newest == 13_000
    assert 10_000 <= len(events) <= 11_000
    assert events[-1].sequence == 13_000
    assert len(rows(tmp_path, "SELECT 1 FROM change")) == len(events)


def test_importing_and_watching_load_no_database_library(tmp_path: Path, empty_store: Path) -> None:
    shutil.copy(empty_store, tmp_path)
    script = """
import sys
from pathlib import Path
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import open_registry
registry = open_registry(BackendConfig(home=Path(sys.argv[1])))
registry.changes_since(-1)
registry.changes_since(0)
print([name for name in ("sqlalchemy", "alembic") if name in sys.modules])
registry.intents()
print([name for name in ("sqlalchemy", "alembic") if name in sys.modules])
registry.close()
"""
    assert run(script, tmp_path).splitlines() == ["[]", "['sqlalchemy']"]


def test_a_forked_child_uses_its_own_connections(registry: RegistryBackend, tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.backends.sql import engine, feed, files
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import Model
from aip_jupyter.domain.query import Query
from aip_jupyter.domain.records import new_id
opened = []

def connect(path):
    opened.append(os.getpid())
    return files.connect(path)

engine.connect = feed.connect = connect
registry = open_registry(BackendConfig(home=Path(sys.argv[1])))
registry.apply([Put(Model(id=new_id(), name="parent"))])
registry.changes_since(0)
child = os.fork()
if not child:
    for n in range(20):
        registry.apply([Put(Model(id=new_id(), name=f"child {n}"))])
    assert registry.changes_since(0)[0] == 21
    assert opened.count(os.getpid()) == 2  # one for the records, one for the feed
    registry.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
registry.apply([Put(Model(id=new_id(), name="again"))])
print(len(registry.find(Model, "default", Query()).items), registry.changes_since(0)[0])
registry.close()
"""
    assert run(script, tmp_path) == "22 22"
    assert rows(tmp_path, "PRAGMA integrity_check")[0][0] == "ok"


def test_digests_are_read_in_portions(registry: RegistryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_DIGESTS", 2)
    version = a_version(a_model())
    registry.apply([Put(an_artifact(version, str(n), digest=f"{n:064x}")) for n in range(5)])
    digests = registry.digests()
    assert next(digests) == f"{0:064x}"
    registry.apply([Put(an_artifact(version, "late", digest=f"{9:064x}"))])  # no transaction is left open
    assert list(digests) == [f"{n:064x}" for n in (1, 2, 3, 4, 9)]


def test_where_it_is(tmp_path: Path) -> None:
    def location(url: str) -> str:
        return open_registry(BackendConfig(home=tmp_path, url=url)).location

    assert location("") == str(tmp_path / "store.db")
    assert location("sqlite:///team.db") == str(tmp_path / "team.db")
    assert location("sqlite:////srv/team store#1.db") == "/srv/team store#1.db"
    with pytest.raises(Invalid) as caught:
        location("postgresql://ada:secret@db/aip")
    assert "secret" not in caught.value.message


def test_an_odd_path_is_only_a_path(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a ?mode=memory&x=#1 %41é/s.db"
    with closing(open_registry(BackendConfig(home=tmp_path, url=url))) as registry:
        registry.apply([Put(a_model())])
        assert registry.changes_since(-1)[0] == 1
    assert (tmp_path / "a ?mode=memory&x=#1 %41é" / "s.db").stat().st_size > 0


def test_after_closing_nothing_is_done(registry: RegistryBackend, tmp_path: Path) -> None:
    registry.apply([Put(a_model())])
    registry.changes_since(0)
    registry.close()
    assert not (tmp_path / "store.db-wal").exists()  # SQLite removes it with the last connection
    for operation in (registry.intents, registry.check, lambda: registry.changes_since(0)):
        with pytest.raises(Unavailable, match="closed"):
            operation()


def test_the_last_key(registry: RegistryBackend, tmp_path: Path) -> None:
    registry.apply([Put(a_model("first"))])
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 999999998 WHERE name = 'model'")
    last = a_model("last")
    registry.apply([Put(last)])
    assert registry.get(Model, "default", last.id).key == 999_999_999
    with pytest.raises(StorageFull, match="keys"):
        registry.apply([Put(a_model("one too many"))])


def plan(registry: RegistryBackend, tmp_path: Path, kind: type[AnyRecord], query: Query) -> list[str]:
    """How SQLite answers the statement that `find` sends."""
    sent: list[str] = []
    traced: list[sqlite3.Connection] = []

    def trace(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(sent.append)
        traced.append(driver)

    event.listen(Engine, "begin", trace)
    try:
        registry.find(kind, "default", query)
    finally:
        event.remove(Engine, "begin", trace)
        for driver in traced:
            driver.set_trace_callback(None)
    (statement,) = (each for each in sent if each.startswith("SELECT"))
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


LIVE = Compare("state", "=", "LIVE")
OF_MODEL = Compare("model_id", "=", "0" * 32)
PAGES: list[tuple[type[AnyRecord], Query, str]] = [
    *[
        (Model, Query(where=LIVE, order=Order(field, descending)), index)
        for field, index in (
            ("name", "sqlite_autoindex_model"),
            ("updated", "ix_model_updated"),
            ("created", "ix_model_created"),
            ("version_count", "ix_model_version_count"),
        )
        for descending in (False, True)
    ],
    (Model, Query(where=LIVE, order=Order("id", descending=True)), "ix_model_project_id"),
    (Model, Query(where=Compare("name", "=", "a"), limit=1), "sqlite_autoindex_model"),
    (Model, Query(where=Compare("id", "in", ("0" * 32,)), limit=1), "sqlite_autoindex_model"),
    (Version, Query(where=OF_MODEL, order=Order("number", descending=True)), "sqlite_autoindex_version"),
    (Version, Query(where=all_of([OF_MODEL, Compare("number", "=", 1)])), "sqlite_autoindex_version"),
    (Version, Query(where=all_of([OF_MODEL, Compare("name", "=", "v")])), "sqlite_autoindex_version"),
    (
        Artifact,
        Query(where=Compare("owner_id", "=", "0" * 32), order=Order("path")),
        "sqlite_autoindex_artifact",
    ),
]


@pytest.mark.parametrize(("kind", "query", "index"), PAGES, ids=str)
def test_pages_come_from_an_index_in_order(
    registry: RegistryBackend, tmp_path: Path, kind: type[AnyRecord], query: Query, index: str
) -> None:
    model, version = a_model("a", id="0" * 32), a_version(a_model(), id="0" * 32)
    registry.apply([Put(model), Put(a_model("b")), Put(a_version(model, 1)), Put(a_version(model, 2))])
    registry.apply([Put(an_artifact(version, "a")), Put(an_artifact(version, "b"))])
    first = registry.find(kind, "default", replace(query, limit=1))
    assert bool(first.next_page_token) == (query.order != Order())
    for page_token in ("", first.next_page_token):
        steps = plan(registry, tmp_path, kind, replace(query, page_token=page_token))
        assert len(steps) == 1, steps
        assert steps[0].startswith("SEARCH")
        assert index in steps[0]


def test_deleting_a_model_leaves_its_versions_to_the_services(registry: RegistryBackend) -> None:
    model = a_model()
    version = a_version(model)
    registry.apply([Put(model), Put(version), Delete(Model, model.id)])
    assert registry.get(Version, "default", version.id) == registry.find(Version, "default", Query()).items[0]
