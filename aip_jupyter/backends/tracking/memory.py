"""Tracking in this process's memory."""

from __future__ import annotations

from ...domain.lineage import Link
from ...domain.runs import Experiment, Journal, Run
from ..config import BackendConfig
from ..records.memory import MemoryRecords


def open_tracking(config: BackendConfig) -> MemoryTracking:
    """A new, empty backend; the configuration does not matter."""
    return MemoryTracking()


class MemoryTracking(MemoryRecords):
    """`TrackingBackend` over dictionaries."""

    capabilities = MemoryRecords.capabilities | {"runs"}

    def __init__(self) -> None:
        super().__init__(Experiment, Run, Journal, Link)
