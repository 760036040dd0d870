"""What all tests share: no test may see the home, the settings or the servers of whoever runs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.sql.migrate import prepare
from aip_jupyter.client.connect import disconnect
from aip_jupyter.services.settings import SETTINGS

pytest.register_assert_rewrite("tests.contracts", "tests.support")
pytest_plugins = ["pytest_jupyter.jupyter_server"]

for _name in [*(setting.variable for setting in SETTINGS), "JPY_PARENT_PID", "JUPYTERHUB_API_TOKEN"]:
    os.environ.pop(_name, None)
_HOME = os.environ["AIP_HOME"] = tempfile.mkdtemp(prefix="aip-tests-")


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that in the end no process waits for another's."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with nothing in it."""
    path = tmp_path_factory.mktemp("fresh") / "store.db"
    prepare(path)
    return path


@pytest.fixture(scope="module", autouse=True)
def stores(request: pytest.FixtureRequest, fresh_store: Path) -> Iterator[None]:
    """Nearly each test makes a store: only those about that do it step by step."""
    from .support.stores import copied_stores  # its asserts are rewritten only now

    with contextlib.nullcontext() if "test_sql_" in request.path.name else copied_stores(fresh_store):
        yield


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file that cells wait for. In the end it is there, lest one waits for ever whose test has failed."""
    gate = tmp_path / "gate"
    yield gate
    gate.touch()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh AIP_HOME, and no connection left over."""
    monkeypatch.setenv("AIP_HOME", str(tmp_path / "home"))
    disconnect()
    yield tmp_path / "home"
    disconnect()
