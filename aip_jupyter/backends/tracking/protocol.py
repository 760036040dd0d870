"""What a tracking backend does: it keeps experiments, runs, their points and files, and links of lineage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ...domain.runs import History, Metric
from ...domain.texts import TextInfo
from ..records.protocol import RecordBackend


class TrackingBackend(RecordBackend, Protocol):
    """`RecordBackend` of Experiment, Run, Text, Artifact, Journal and Link; `apply` also takes `AddPoints`.

    Runs can also be found and ordered by `metrics.<key>` (the last value), `minimum.<key>`, `maximum.<key>`,
    and `duration` (milliseconds, of those that have ended): a value that is not a number is a missing one.
    Deleting a run deletes its points, texts and artifacts too.

    Points are append-only, and written in the transaction that says how far their journal is stored: so each
    is stored once. A run's points may come before its record. The tests in `tests/contracts/tracking.py` are
    the definition.
    """

    def metrics(self, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
        """The state of each of these runs' metrics, by key; [] for a run without points."""

    def history(self, project: str, run_id: str, key: str, points: int = 0) -> History:
        """The points of one key, in the order (step, time, arrival); empty when there are none.

        With `points`, at most so many (4 or more): the first, the last, and of each stretch the lowest and
        the highest.
        """

    def texts(self, project: str, run_id: str) -> list[TextInfo]:
        """What texts a run has, by name, without reading them."""

    def parts(self, project: str, run_ids: Sequence[str]) -> dict[str, int]:
        """How many runs that are not deleted are a part of each of these."""

    def digests(self) -> Iterator[str]:
        """The digest of every stored artifact of every project, for the garbage collection. May repeat."""

    def stored(self, project: str, run_id: str) -> tuple[int, int]:
        """How many artifacts a run has that are not deleted, and the bytes of those whose size is known."""

    def beat(self, project: str, run_ids: Sequence[str], time: int) -> None:
        """Set the runs' `beat`, without a new revision and without telling of it.

        Ids that are not there are no error.
        """
