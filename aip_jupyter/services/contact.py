"""Whether the process that records a run is still there, as far as the store's side can tell.

It says so every BEAT. Who has missed three is out of contact: its machine may be asleep, its network gone.
Only who can prove that the process is dead (`backends.process.is_dead`) says that the run has failed, and
whatever is stored of the run later takes that back.
"""

from __future__ import annotations

from ..domain.records import now_ms
from ..domain.runs import Run

BEAT = 30_000
"""Milliseconds between two signs of life."""
MISSED = 3
"""Beats after whose absence a run is out of contact."""

ENDED_BY = "ended_by"
"""The property of a run whose end nobody has logged: who says that it has ended, and why."""
RESUMED_FROM = "resumed_from"
"""The property of a run that was resumed: the process that recorded it before, which ends it no more."""


def is_lost(run: Run, now: int | None = None) -> bool:
    """Whether the run is said to be running, and nothing was heard of its process for MISSED beats."""
    heard = run.beat or min(run.started, run.created)
    return run.status == "running" and (now_ms() if now is None else now) - heard > MISSED * BEAT
