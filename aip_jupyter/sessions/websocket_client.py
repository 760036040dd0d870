"""The connection of a link through the server. Loads the websockets package."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.client import ClientConnection, connect

GONE = 120.0
"""Seconds without a byte of the server, which pings every 20 s, after which it is gone."""


class Connect(connect):
    """Opens one."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Nowhere else: the token is for this server."""
        return exc


class Connection(ClientConnection):
    """Ends when nothing comes any more.

    The answers to our own pings would not tell: the server reads them behind what it cannot pass on yet.
    """

    def connection_made(self, transport: Any) -> None:
        """Begin to watch."""
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._watch = self.loop.call_later(GONE, self._look)

    def data_received(self, data: bytes) -> None:
        """A sign of life."""
        self._heard = self.loop.time()
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no more."""
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        rest = self._heard + GONE - self.loop.time()
        if rest > 0:
            self._watch = self.loop.call_later(rest, self._look)
        else:
            self.transport.abort()
