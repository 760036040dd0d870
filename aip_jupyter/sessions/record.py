"""The agent's record: the one file in which others see how a session stands."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..wire.agent import AgentRecord

PACE = 0.05
"""Seconds between two writes, at least: short cells do not wait for files."""
RETRY = 5.0
"""Seconds until the next try after one that failed."""

_log = logging.getLogger(__name__)
"""Into the agent's log; where that cannot be written either, as on a full disk, logging fails nobody."""


def write_record(path: Path, record: AgentRecord) -> None:
    """Replace the file at once, readable by its owner only."""
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(record))
    new.replace(path)


class RecordWriter:
    """Writes the record soon after it has changed, however often that is."""

    def __init__(self, path: Path, record: Callable[[], AgentRecord]) -> None:
        self._path = path
        self._record = record
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """There is something new to write."""
        self._changed.set()

    def write(self) -> None:
        """Write now."""
        self._changed.clear()
        write_record(self._path, self._record())

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._changed.wait()
            try:
                self.write()
                await asyncio.sleep(PACE)
            except OSError as error:  # such as a full disk: must not cost the session its variables
                _log.error("the record cannot be written: %s", error)
                self._changed.set()
                await asyncio.sleep(RETRY)
