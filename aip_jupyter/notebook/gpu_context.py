"""What travels with each cell into a session: the project, the run, and a token for these two alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

from ..client.connect import Connection, connect
from ..client.context import Context, RunContext
from ..domain.access import DerivedToken, DeriveToken
from ..domain.sessions import Session
from ..errors import AipError
from ..redaction import redact


def notebook_path() -> str:
    """The notebook of this kernel, as its server names it; "" elsewhere."""
    return redact(os.environ.get("JPY_SESSION_NAME", ""))


class SessionGrant:
    """The token with which one session records for this notebook; renewed long before it ends.

    It names the runs that came with the session's cells: what an earlier cell has logged may still have to
    be stored when the next one runs.
    """

    def __init__(self) -> None:
        self._runs: list[str] = []
        self._url = ""
        self._token: DerivedToken | None = None
        self._renew = 0.0

    async def token(self, connection: Connection, session: Session, run: RunContext | None) -> str:
        """The token for this cell. "" without a server, or when it gives none: the cell runs all the same."""
        if connection.server is None:
            return ""
        if connection.url != self._url:
            self._url, self._token, self._renew = connection.url, None, 0.0
        if run is not None and run.id not in self._runs:
            self._runs.append(run.id)
            self._renew = 0.0
        if time.time() >= self._renew:
            with contextlib.suppress(AipError):  # what the session logs meanwhile stays in its journal
                await asyncio.to_thread(self._derive, connection, session)
        return "" if self._token is None else self._token.text

    def _derive(self, connection: Connection, session: Session) -> None:
        now = time.time()
        request = DeriveToken(project=session.project, session=session.id, runs=self._runs)
        self._token = connection.services.sessions.derive_token(request)
        self._renew = now + (self._token.expires / 1000 - now) / 2


async def context_for(
    session: Session, grant: SessionGrant, run: RunContext | None = None, experiment: str = ""
) -> Context:
    """What travels with the next cell of this session. Asks the server now and then, for its token.

    A run of another project than the session's stays where it is.
    """
    connection = connect()
    if run is not None and (run.project or connection.first_project) != session.project:
        run = None
    return Context(
        project=session.project,
        run=run,
        experiment=experiment,
        url=connection.url,
        token=await grant.token(connection, session, run),
        session=session.name,
        gpu=session.gpu,
        request=_request(session),
        notebook=notebook_path(),
        user=connection.settings.user,
    )


def _request(session: Session) -> str:
    gpu = session.requested or session.gpu
    gpu = f"{gpu} × {session.count}" if session.count > 1 else gpu
    return f"{gpu}, {session.fraction} %" if session.fraction < 100 else gpu
