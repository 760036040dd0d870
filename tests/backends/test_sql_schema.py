"""The tables: the same in the migrations, in the code and in the records."""

from __future__ import annotations

import importlib.resources
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from aip_jupyter.backends.records.memory import UNIQUE
from aip_jupyter.backends.sql.engine import Database
from aip_jupyter.backends.sql.files import SCHEMA_VERSION
from aip_jupyter.backends.sql.migrate import prepare
from aip_jupyter.backends.sql.migrations import alembic_config
from aip_jupyter.backends.sql.schema import TABLES, metadata
from aip_jupyter.domain.changes import AnyRecord
from aip_jupyter.domain.records import Record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    prepare(path)
    return path


def is_of_metadata(name: str | None, kind: str, parents: object) -> bool:
    """All but the index of parts of names, whose tables are SQLite's own."""
    return kind != "table" or not (name or "").startswith("model_name")


def test_the_migrations_make_the_tables_of_the_code(path: Path) -> None:
    database = Database(path)
    with database.reading() as connection:
        options = {"compare_type": True, "include_name": is_of_metadata}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    database.close()


def test_the_tables_are_the_records() -> None:
    assert set(TABLES) == set(get_args(AnyRecord))
    for kind, table in TABLES.items():
        fields = {field.name for field in msgspec.structs.fields(kind)}
        assert set(table.columns.keys()) == fields


@pytest.mark.parametrize("kind", TABLES)
def test_the_tables_keep_unique_what_the_reference_does(path: Path, kind: type[Record]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        name = TABLES[kind].name
        unique = [row[1] for row in connection.execute(f"PRAGMA index_list({name})") if row[2]]
        columns = {
            tuple(row[2] for row in connection.execute(f"PRAGMA index_info({index})")) for index in unique
        }
    assert columns == {("id",), *UNIQUE[kind]}


def test_the_newest_step_is_the_version_of_the_store(path: Path) -> None:
    steps = ScriptDirectory.from_config(alembic_config())
    assert len(steps.get_heads()) == 1
    assert int(steps.get_heads()[0]) == SCHEMA_VERSION
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (f"{SCHEMA_VERSION:04}",)
        ]


def test_the_steps_are_in_the_package() -> None:
    """Alembic finds them by the package's name, so they must be installed with it."""
    folder = importlib.resources.files("aip_jupyter.backends.sql").joinpath("migrations")
    assert folder.joinpath("env.py").is_file()
    steps = [entry.name for entry in folder.joinpath("versions").iterdir() if entry.name.startswith("r")]
    assert len(steps) == SCHEMA_VERSION
