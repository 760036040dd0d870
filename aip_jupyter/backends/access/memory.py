"""Projects and access tokens in this process's memory."""

from __future__ import annotations

from ...domain.access import AccessToken, Project
from ..config import BackendConfig
from ..records.memory import MemoryRecords


def open_access(config: BackendConfig) -> MemoryAccess:
    """A new, empty backend; the configuration does not matter."""
    return MemoryAccess()


class MemoryAccess(MemoryRecords):
    """`AccessBackend` over dictionaries."""

    capabilities = MemoryRecords.capabilities | {"projects"}

    def __init__(self) -> None:
        super().__init__(Project, AccessToken)
