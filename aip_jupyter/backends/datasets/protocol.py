"""What a dataset backend does: it keeps datasets."""

from __future__ import annotations

from typing import Protocol

from ..records.protocol import RecordBackend


class DatasetBackend(RecordBackend, Protocol):
    """`RecordBackend` of Dataset; one per (project, name, identity)."""
