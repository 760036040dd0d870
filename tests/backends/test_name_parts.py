"""Searches for a part of a model's name: the same with the index of parts, without it, and by definition."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.engine import Engine

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.protocol import RegistryBackend
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.backends.sql import pages
from aip_jupyter.backends.sql.engine import Database
from aip_jupyter.backends.sql.files import APPLICATION_ID
from aip_jupyter.backends.sql.migrations import alembic_config
from aip_jupyter.domain.changes import Delete, Put
from aip_jupyter.domain.models import Model
from aip_jupyter.domain.query import Compare, Query, all_of, matches

from ..contracts.records import a_model

NAMES = [
    "digits",
    "DIGITS-2",
    "100%_sure",
    'it\'s "quoted"',
    "größe-Ärger",
    "a/b*c",
    "日本語のモデル",
    "dig",
    "x" * 255,
]
PARTS = [
    *("dig", "DIGITS", "gits", 'its "', "0%_", "_su", '"quoted"', "größe", "GRÖSSE", "ärger", "Ärg", "/b*"),
    *("日本語", "本語の", "di", "x", "", "x" * 255, "x" * 256, "none of them", "dig OR its", "dig*"),
]


@pytest.fixture(scope="module", params=["with", "without"])
def registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryBackend]:
    """One with the index, and one that was made where the library has no FTS5."""
    with closing(open_registry(BackendConfig(home=tmp_path_factory.mktemp("home")))) as registry:
        listened = (Engine, "before_cursor_execute", _other_module)
        if request.param == "without":
            event.listen(*listened, retval=True)
        try:
            registry.check()
        finally:
            if request.param == "without":
                event.remove(*listened)
        registry.apply([Put(a_model(name)) for name in NAMES])
        registry.apply([Put(a_model(name, project="other")) for name in NAMES])
        yield registry


def _other_module(
    connection: object, cursor: object, statement: str, parameters: Any, *_: object
) -> tuple[str, Any]:
    return statement.replace("USING fts5", "USING fts_unknown"), parameters


def found(registry: RegistryBackend, part: str) -> set[str]:
    query = Query(where=all_of([Compare("state", "=", "LIVE"), Compare("name", "contains", part)]))
    return {model.name for model in registry.find(Model, "default", query).items}


@pytest.mark.parametrize("part", PARTS)
def test_what_is_found_is_what_matches(registry: RegistryBackend, part: str) -> None:
    where = Compare("name", "contains", part)
    assert found(registry, part) == {name for name in NAMES if matches(a_model(name), where)}


def test_models_that_change(registry: RegistryBackend) -> None:
    model = a_model("before-it")
    registry.apply([Put(model)])
    assert found(registry, "efore") == {"before-it"}
    registry.apply([Put(replace(model, description="changed"))])
    assert found(registry, "efore") == {"before-it"}
    registry.apply([Put(replace(model, name="later-on"))])
    assert found(registry, "efore") == set()
    assert found(registry, "later") == {"later-on"}
    registry.apply([Delete(Model, model.id)])
    assert found(registry, "later") == set()


def test_of_very_many_all_are_found(registry: RegistryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "FEW", 1)
    assert found(registry, "dig") == {"digits", "DIGITS-2", "dig"}


def test_names_from_before_are_in_the_index_which_is_what_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    _make_store_of_version_4(path)
    with closing(open_registry(BackendConfig(home=tmp_path))) as registry:
        assert found(registry, "older") == {"older-1", "older-2"}
        with closing(sqlite3.connect(path)) as store, store:
            store.execute("INSERT INTO model_name (model_name, rowid, name) VALUES ('delete', 1, 'older-1')")
        assert found(registry, "older") == {"older-2"}
        assert found(registry, "ol") == {"older-1", "older-2"}


def _make_store_of_version_4(path: Path) -> None:
    path.touch(0o600)
    database = Database(path)
    config = alembic_config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.exec_driver_sql("PRAGMA user_version = 4")
    database.close()
    insert = (
        "INSERT INTO model (id, project, author, created, updated, properties, state, revision, name, "
        "description, category, tags, version_count, last_number, latest_pinned) "
        "VALUES (?, 'default', '', 0, 0, '{}', 'LIVE', 1, ?, '', '', '{}', 0, 0, 0)"
    )
    with closing(sqlite3.connect(path)) as store, store:
        store.executemany(insert, [(f"{n:032}", f"older-{n}") for n in (1, 2)])
