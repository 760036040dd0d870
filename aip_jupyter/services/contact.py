"""Whether the process that records a run is still heard of."""

from __future__ import annotations

from ..domain.records import now_ms
from ..domain.runs import Run

BEAT = 30.0
"""Seconds between two signs of life of a process that records."""

MISSED = 3
"""After so many that did not come, contact is lost."""


def is_lost(run: Run, now: int | None = None) -> bool:
    """Whether the run is said to be running, and nobody was heard of it for three beats."""
    if run.status != "running":
        return False
    silence = (now_ms() if now is None else now) - max(run.beat, run.started)
    return silence > MISSED * BEAT * 1000
