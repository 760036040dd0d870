"""Datasets in memory and in SQLite."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aip_jupyter.backends import plugins
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.datasets.protocol import DatasetBackend
from aip_jupyter.backends.datasets.sqlite import open_datasets
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.datasets import Dataset
from aip_jupyter.errors import Invalid

from ..contracts.datasets import DatasetContract, a_dataset


class TestMemoryDatasets(DatasetContract):
    @pytest.fixture
    def datasets(self, tmp_path: Path) -> Iterator[DatasetBackend]:
        with closing(plugins.open_backend("datasets", "memory", BackendConfig(home=tmp_path))) as datasets:
            yield datasets


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without records: migrating once is enough for the contract."""
    home = tmp_path_factory.mktemp("empty")
    with closing(open_datasets(BackendConfig(home=home))) as datasets:
        datasets.check()
    return home / "store.db"


class TestSqliteDatasets(DatasetContract):
    @pytest.fixture
    def datasets(self, tmp_path: Path, empty_store: Path) -> Iterator[DatasetBackend]:
        shutil.copy(empty_store, tmp_path)
        with closing(plugins.open_backend("datasets", "sqlite", BackendConfig(home=tmp_path))) as datasets:
            yield datasets


def test_a_store_of_their_own(tmp_path: Path) -> None:
    config = BackendConfig(home=tmp_path, url="sqlite:///datasets.db")
    record = a_dataset()
    with closing(open_datasets(config)) as datasets:
        datasets.apply([Put(record)])
    assert (tmp_path / "datasets.db").exists()
    assert not (tmp_path / "store.db").exists()
    with closing(open_datasets(config)) as datasets:
        assert datasets.get(Dataset, "default", record.id).name == "digits"
    with pytest.raises(Invalid, match="datasets"):
        open_datasets(BackendConfig(home=tmp_path, url="postgresql://host/db"))
