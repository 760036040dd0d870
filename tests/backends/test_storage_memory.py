"""The storage contract for memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage.memory import open_storage
from aip_jupyter.backends.storage.protocol import StorageBackend

from ..contracts.storage import StorageContract
from ..contracts.storage_bytes import put


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> StorageBackend:
        return open_storage(BackendConfig(home=tmp_path))


def test_each_store_is_its_own(tmp_path: Path) -> None:
    first, second = (open_storage(BackendConfig(home=tmp_path)) for _ in range(2))
    put(first, b"bytes")
    assert list(second.blobs()) == []
    assert list(tmp_path.iterdir()) == []
