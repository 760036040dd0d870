"""Tracking in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aip_jupyter.backends import plugins
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.memory import open_registry
from aip_jupyter.backends.tracking.protocol import TrackingBackend
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import NotSupported

from ..contracts.tracking import TrackingContract, points


class TestMemoryTracking(TrackingContract):
    @pytest.fixture
    def tracking(self, tmp_path: Path) -> Iterator[TrackingBackend]:
        with closing(plugins.open_backend("tracking", "memory", BackendConfig(home=tmp_path))) as tracking:
            yield tracking


def test_a_registry_in_memory_refuses_points(tmp_path: Path) -> None:
    registry = open_registry(BackendConfig(home=tmp_path))
    with pytest.raises(NotSupported):
        registry.apply([points(new_id(), ("m", 0, 0, 1.0))])
