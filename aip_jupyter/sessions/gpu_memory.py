"""A session that has a part of a GPU takes that part of its memory, as far as PyTorch can be held to it.

Nothing is imported for this: PyTorch is told when a cell imports it, and obeys once it uses the GPU.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from .imports import AfterImport

_VARIABLE = "AIP_SESSION_FRACTION"
"""Percent of a GPU; the pool sets it for a session that has less than all."""


def limit_memory() -> None:
    """Let PyTorch keep to the session's part of its GPU, when somebody imports it."""
    text = os.environ.get(_VARIABLE, "")
    if not text:
        return
    fraction = int(text) / 100

    def limit(module: ModuleType) -> None:
        cuda: Any = getattr(module, "cuda", None)
        # What it puts off until the GPU is first used: to use it now would take seconds, and forbid to fork.
        later = getattr(cuda, "_lazy_call", None)
        if later is not None:
            later(lambda: cuda.set_per_process_memory_fraction(fraction))

    AfterImport("torch", limit).wait()
