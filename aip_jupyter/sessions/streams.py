"""What a session prints: lines leave sooner than ipykernel lets them, and nobody waits for nothing."""

from __future__ import annotations

from typing import Any

from ipykernel import iostream

FLUSH = 0.02
"""Seconds that printed text may wait for more; ipykernel's own 0.2 would be seen as a delay."""

_OutStream: Any = iostream.OutStream


class SessionStream(_OutStream):  # type: ignore[misc]  # a class of Any
    """Stdout or stderr. ipykernel flushes both twice a cell; each time two threads meet, also for nothing."""

    flush_interval = FLUSH
    _sending = False

    def flush(self) -> None:
        """Wait until all that was written is on its way."""
        # In this order: what another thread has just taken out of the buffers, it has begun to send before.
        if self._buffers or self._sending:
            super().flush()

    def _flush(self) -> None:
        self._sending = True
        try:
            super()._flush()
        finally:
            self._sending = False
