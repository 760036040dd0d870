"""The registry in this process's memory."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.artifacts import Artifact
from ...domain.changes import Intent
from ...domain.models import Model, Version
from ..config import BackendConfig
from ..records.memory import MemoryRecords


def open_registry(config: BackendConfig) -> MemoryRegistry:
    """A new, empty registry; the configuration does not matter."""
    return MemoryRegistry()


class MemoryRegistry(MemoryRecords):
    """`RegistryBackend` over dictionaries."""

    capabilities = MemoryRecords.capabilities | {"models"}

    def __init__(self) -> None:
        super().__init__(Model, Version, Artifact, Intent)

    def digests(self) -> Iterator[str]:
        with self._lock:
            artifacts = list(self._tables[Artifact].values())
        return (each.digest for each in artifacts if each.digest and each.uri is None)

    def intents(self) -> list[tuple[str, str]]:
        with self._lock:
            return [(record.project, record.id) for record in self._tables[Intent].values()]
