"""Signs of life: who records a run says every 30 seconds that it is there, from the first moment on."""

from __future__ import annotations

import logging
import time

from ..domain.runs import RunBeat
from ..errors import AipError
from ..services.contact import BEAT
from .connect import Connection
from .context import get_context
from .journal import Journal

RETRY = 5.0
"""Seconds after which one that failed is tried again."""

_log = logging.getLogger(__name__)


class Beats:
    """When which runs were spoken for. It goes by a clock that nobody can set."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[frozenset[str], float]] = {}
        """Of which runs of a journal, and when next."""

    def are_due(self, journal: Journal) -> bool:
        """Whether it is time to speak for the runs of this journal, or one of them is new."""
        runs = _running(journal)
        said, due = self._said.get(journal.id, (frozenset(), 0.0))
        return bool(runs) and (not runs <= said or time.monotonic() >= due)

    def send(self, journal: Journal, connection: Connection) -> None:
        """Speak for them, when it is time. Raises nothing."""
        if not self.are_due(journal):
            return
        runs, again = _running(journal), BEAT / 1000
        try:
            connection.services.runs.beat(RunBeat(project=journal.project, runs=sorted(runs)))
        except AipError as error:
            _log.debug("a sign of life is sent later: %s", error.message)
            again = RETRY
        self._said[journal.id] = runs, time.monotonic() + again


def _running(journal: Journal) -> frozenset[str]:
    """The runs that this process stands for: in a session also the notebook's, while its cells log to it."""
    context = get_context()
    joined = context.run.id if context is not None and context.run is not None else ""
    return frozenset(id for id, is_own in list(journal.running.items()) if is_own or id == joined)
