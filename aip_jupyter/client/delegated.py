"""The services as a GPU session may use them, for what its notebook stores in its stead."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ..domain.access import SESSION_RIGHTS
from ..domain.sessions import Session
from ..errors import Unavailable
from .connect import Connection

if TYPE_CHECKING:
    from ..services.interface import Services


@contextlib.contextmanager
def services_of(
    connection: Connection, session: Session, token: str, runs: Collection[str]
) -> Iterator[Services]:
    """With the rights of its token; without a server with the same, for these runs and its own.

    Unavailable while a server has given it no token.
    """
    if connection.server is None:
        from ..services.callers import Caller
        from ..services.local import LocalServices

        caller = Caller(
            rights=SESSION_RIGHTS, project=session.project, runs=frozenset(runs), session=session.id
        )
        assert isinstance(connection.services, LocalServices)  # noqa: S101
        yield connection.services.of(caller)
        return
    if not token:
        message = "token: this notebook has none for the session yet; run a cell there"
        raise Unavailable(message, field="token")
    from .http import HttpServices

    services = HttpServices(connection.url, token)
    try:
        yield services
    finally:
        services.close()
