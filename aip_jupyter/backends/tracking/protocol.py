"""What a tracking backend does: it keeps experiments, runs, their points, and the links of lineage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...domain.runs import History, Metric
from ..records.protocol import RecordBackend


class TrackingBackend(RecordBackend, Protocol):
    """`RecordBackend` of Experiment, Run, Journal and Link, whose `apply` also takes `AddPoints`.

    Points are append-only, and written in the transaction that says how far their journal is stored: so each
    is stored once. A run's points may come before its record. The tests in `tests/contracts/tracking.py` are
    the definition.
    """

    def metrics(self, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
        """The state of each of these runs' metrics, by key; [] for a run without points."""

    def history(self, project: str, run_id: str, key: str) -> History:
        """All points of one key, in the order (step, time, arrival); empty when there are none."""
