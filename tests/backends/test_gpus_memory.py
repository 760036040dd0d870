"""The pool in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.memory import MemoryPool, open_gpus
from aip_jupyter.errors import Invalid

from ..contracts.gpus import GpuContract


class TestMemoryPool(GpuContract):
    @pytest.fixture
    def pool(self, tmp_path: Path) -> MemoryPool:
        return open_gpus(BackendConfig(home=tmp_path, url="L4:2, A10"))


def test_without_an_address_it_has_no_gpu(tmp_path: Path) -> None:
    assert open_gpus(BackendConfig(home=tmp_path)).offers() == []


@pytest.mark.parametrize("url", ["L4:x", ":2", "L4:-1", "L4,"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="such as L4:2"):
        open_gpus(BackendConfig(home=tmp_path, url=url))
