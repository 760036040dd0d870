"""Datasets in this process's memory."""

from __future__ import annotations

from ...domain.datasets import Dataset
from ..config import BackendConfig
from ..records.memory import MemoryRecords


def open_datasets(config: BackendConfig) -> MemoryDatasets:
    """A new, empty backend; the configuration does not matter."""
    return MemoryDatasets()


class MemoryDatasets(MemoryRecords):
    """`DatasetBackend` over dictionaries."""

    capabilities = MemoryRecords.capabilities | {"datasets"}

    def __init__(self) -> None:
        super().__init__(Dataset)
