"""The registry in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends import plugins
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.protocol import RegistryBackend

from ..contracts.registry import RegistryContract


class TestMemoryRegistry(RegistryContract):
    @pytest.fixture
    def registry(self, tmp_path: Path) -> Iterator[RegistryBackend]:
        registry = plugins.open_backend("registry", "memory", BackendConfig(home=tmp_path))
        yield registry
        registry.close()
