"""Projects and tokens in memory and in SQLite; stores from before there were any."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from aip_jupyter.backends import plugins
from aip_jupyter.backends.access.protocol import AccessBackend
from aip_jupyter.backends.access.sqlite import open_access
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.sql.engine import Database
from aip_jupyter.backends.sql.files import APPLICATION_ID
from aip_jupyter.backends.sql.migrations import alembic_config
from aip_jupyter.domain.access import EVERYWHERE, Project
from aip_jupyter.domain.query import Order, Query

from ..contracts.access import AccessContract


class TestMemoryAccess(AccessContract):
    @pytest.fixture
    def access(self, tmp_path: Path) -> Iterator[AccessBackend]:
        with closing(plugins.open_backend("access", "memory", BackendConfig(home=tmp_path))) as access:
            yield access


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without records: migrating once is enough for the contract."""
    home = tmp_path_factory.mktemp("empty")
    with closing(open_access(BackendConfig(home=home))) as access:
        access.check()
    return home / "store.db"


class TestSqliteAccess(AccessContract):
    @pytest.fixture
    def access(self, tmp_path: Path, empty_store: Path) -> Iterator[AccessBackend]:
        shutil.copy(empty_store, tmp_path)
        with closing(plugins.open_backend("access", "sqlite", BackendConfig(home=tmp_path))) as access:
            yield access


def test_what_was_a_project_by_name_only_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    _make_store_of_version_2(path, ["vision", "it's", "default", "vision"])
    with closing(open_access(BackendConfig(home=tmp_path))) as access:
        found = access.find(Project, EVERYWHERE, Query(order=Order("name"))).items
    assert [(project.name, project.state, project.roles) for project in found] == [
        ("default", "LIVE", {}),
        ("it's", "LIVE", {}),
        ("vision", "LIVE", {}),
    ]
    assert len({project.id for project in found}) == 3
    assert all(project.created for project in found)


def _make_store_of_version_2(path: Path, projects: list[str]) -> None:
    path.touch(0o600)
    database = Database(path)
    config = alembic_config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.exec_driver_sql("PRAGMA user_version = 2")
    database.close()
    insert = (
        "INSERT INTO experiment (id, project, author, created, updated, properties, state, revision, name, "
        "description, tags) VALUES (?, ?, '', 0, 0, '{}', 'LIVE', 1, ?, '', '{}')"
    )
    with closing(sqlite3.connect(path)) as store:
        store.executemany(insert, [(f"{n:032}", project, f"e{n}") for n, project in enumerate(projects)])
        store.commit()
