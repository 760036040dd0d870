"""The GPUs of this machine."""

from __future__ import annotations

from ..config import BackendConfig
from .memory import MemoryPool


def open_gpus(config: BackendConfig) -> MemoryPool:
    """The pool of this machine."""
    return MemoryPool({})
