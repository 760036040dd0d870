"""Requests to the store itself, by addresses that are signed: nothing else is sent with them."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from urllib.parse import SplitResult, urlsplit

from ..domain.uploads import PartAddress

_CONNECT, _ANSWER = 5.0, 60.0
"""Seconds."""
_BLOCK = 2**20
_log = logging.getLogger(__name__)


class Failed(Exception):
    """Of these nothing reaches people: they say what to try next. No address is in them."""


class Unreachable(Failed):
    """There is no way there from here."""


class Cut(Failed):
    """The connection broke, or the store has no time: again."""


class Expired(Failed):
    """The address's time is over, or it was never right."""


class Refused(Failed):
    """Something else; to repeat it is no use."""


class Stopped(Failed):
    """Whoever waits for it does not any more."""


class Reach:
    """Whether the store can be reached from here, as far as one connection to a server has found out."""

    def __init__(self) -> None:
        self.is_there = True

    def tell(self, error: Failed) -> None:
        """What was not done straight. Where no way leads, none is looked for again."""
        if isinstance(error, Unreachable):
            self.is_there = False
        _log.debug("not straight to the store (%s), but through the server", type(error).__name__)


class Endpoint:
    """Connections to a store, as many as are used at once. No proxy of the environment is asked."""

    def __init__(self, ca: str) -> None:
        self._ca = ca
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._reached = False

    def put(
        self, part: PartAddress, handle: int, sent: Callable[[int, int], None], stop: threading.Event
    ) -> None:
        """Send a part of an open file; `sent` is told the part's number and how much of it has gone."""
        with self._connection(part.url) as (connection, target):
            connection.putrequest("PUT", target, skip_accept_encoding=True)
            connection.putheader("Content-Length", str(part.size))
            for name, value in part.headers.items():
                connection.putheader(name, value)
            try:
                connection.endheaders()
                for done in range(0, part.size, _BLOCK):
                    if stop.is_set():
                        raise Stopped
                    count = min(_BLOCK, part.size - done)
                    data = os.pread(handle, count, part.start + done)
                    if len(data) != count:  # the file was cut
                        raise Refused
                    connection.send(data)
                    sent(part.number, done + count)
            except ConnectionError:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    _answer(connection)  # it may have said why
                raise
            _answer(connection)

    def get(self, url: str, start: int, end: int) -> bytes:
        """The bytes from the first number up to the second."""
        with self._connection(url) as (connection, target):
            connection.putrequest("GET", target, skip_accept_encoding=True)
            connection.putheader("Range", f"bytes={start}-{end - 1}")
            connection.endheaders()
            data = _answer(connection)
            if len(data) != end - start:
                raise Refused
            return data

    def close(self) -> None:
        """Let go of them."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextlib.contextmanager
    def _connection(self, url: str) -> Iterator[tuple[http.client.HTTPConnection, str]]:
        """One of them, and what to ask for; it is used again unless something fails."""
        parts = urlsplit(url)
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect(parts)
        with contextlib.ExitStack() as undo:
            undo.callback(connection.close)
            try:
                yield connection, f"{parts.path}?{parts.query}"
            except (OSError, http.client.HTTPException):
                raise Cut from None
            undo.pop_all()
        with self._lock:
            self._idle.append(connection)

    def _connect(self, parts: SplitResult) -> http.client.HTTPConnection:
        try:
            connection = self._made(parts)
            connection.connect()
        except (OSError, ValueError):  # ssl.SSLError is an OSError
            raise (Cut if self._reached else Unreachable) from None
        self._reached = True
        connection.sock.settimeout(_ANSWER)
        return connection

    def _made(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=_CONNECT)
        context = ssl.create_default_context(cadata=self._ca or None)
        return http.client.HTTPSConnection(host, parts.port, timeout=_CONNECT, context=context)


def _answer(connection: http.client.HTTPConnection) -> bytes:
    """The body of an answer that is well."""
    reply = connection.getresponse()
    body = reply.read()
    if reply.status in (200, 206):
        return body
    if reply.status == 403:
        raise Expired
    raise Cut if reply.status >= 500 or reply.status in (408, 429) else Refused
