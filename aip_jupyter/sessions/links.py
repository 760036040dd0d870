"""Which link leads to a session: straight to its kernel, or through the server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

from ..client.connect import Connection
from ..domain.sessions import Grant
from ..errors import Invalid
from .link import Link

_HERE = ("127.0.0.1", "::1", "localhost")
REACH_PATIENCE = 1.0
"""Seconds that a session's machine has to take a connection."""


async def open_link(grant: Grant, connection: Connection) -> Link:
    """Open the link that `AIP_LINK` asks for; `auto`: ZMQ where the session can be reached, else a websocket.

    Unavailable when nothing answers, SessionDied when the session has ended, or what the server refuses with.
    """
    server, how = connection.server, connection.settings.link
    if how == "websocket" and server is None:
        message = "AIP_LINK: there is no server here that a websocket could lead through; take auto or zmq"
        raise Invalid(message, field="AIP_LINK")
    if server is None or how == "zmq" or (how == "auto" and await _can_reach(grant)):
        from .zmq_link import ZmqLink

        return await ZmqLink.open(grant)
    from .websocket_link import WebsocketLink

    return await WebsocketLink.open(grant.session, server.url, server.token)


async def _can_reach(grant: Grant) -> bool:
    """Whether the session's agent can be reached from here."""
    address = urlsplit(str(grant.agent["address"]))
    if address.hostname in _HERE and grant.host != socket.gethostname():
        return False  # what listens there is another machine's
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        connecting = asyncio.open_connection(address.hostname, address.port)
        _, writer = await asyncio.wait_for(connecting, REACH_PATIENCE)
        writer.close()
        return True
    return False
