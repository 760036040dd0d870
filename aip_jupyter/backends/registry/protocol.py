"""What a registry backend does: it keeps models, versions, artifacts, and intents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ..records.protocol import RecordBackend


class RegistryBackend(RecordBackend, Protocol):
    """`RecordBackend` of Model, Version, Artifact, Intent.

    Names are taken by (project, name) of a model, (model, number) and (model, name) of a version,
    (owner, path) of an artifact. The tests in `tests/contracts/registry.py` are the definition.
    """

    def digests(self) -> Iterator[str]:
        """The digest of every stored artifact of every project, for the garbage collection. May repeat."""

    def intents(self) -> list[tuple[str, str]]:
        """(project, id) of all intents of all projects."""
