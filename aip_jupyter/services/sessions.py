"""GPU sessions in process: which GPU a request gets, whose session a name means."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..domain.access import DerivedToken, DeriveToken
from ..domain.names import check_id, check_model_name, check_store_name
from ..domain.runs import check_text
from ..domain.sessions import (
    Ending,
    GetGpus,
    GetOutput,
    GetSession,
    GpuOffer,
    Grant,
    Interruption,
    ListSessions,
    ListUsage,
    Peek,
    PeekSession,
    Session,
    SessionOutput,
    SessionUsage,
    Stack,
    StartSession,
)
from ..errors import AipError, Conflict, GpuNotAvailable, Invalid, NotFound, Unavailable
from ..wire.agent import BEHIND_ALL, Answer, Order, decode_output
from .callers import Caller, author_of, claims_of
from .placing import Placing

if TYPE_CHECKING:
    from .local import Platform

MAX_PLACE = 4096
"""Characters of a path, or of a machine's name: Linux takes no more."""


class LocalSessions:
    """`services.interface.Sessions` over the pool of a platform."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._pool = platform.gpus
        self._settings = platform.settings
        self._signer = platform.signer
        self._caller = caller

    def list_gpus(self, request: GetGpus) -> list[GpuOffer]:
        """The GPU types of the pool."""
        return self._pool.offers()

    def list_sessions(self, request: ListSessions) -> list[Session]:
        """The sessions of a project, the newest first."""
        found = (session for session in self._pool.sessions() if session.project == request.project)
        return sorted(found, key=lambda session: (session.created, session.id), reverse=True)

    def start_session(self, request: StartSession) -> Grant:
        """Start a session, on the GPU that was asked for or, in a pool without any, on the CPU."""
        check_id(request.id, "id")
        check_store_name(request.project, "project")
        check_model_name(request.name, "session")
        for field in ("notebook", "host", "python", "folder"):
            check_text(getattr(request, field), field, MAX_PLACE)
        if request.notebook:
            check_store_name(request.notebook[-255:], "notebook")
        started = self._started(request)
        if started is not None:
            return self._pool.grant(started.id)
        placing = Placing(
            self._pool.offers(),
            request.gpu,
            strict=request.strict,
            count=request.count,
            fraction=request.fraction,
        )
        author = author_of(request.author, self._settings.user, self._caller)
        try:
            return self._pool.start(replace(request, gpu=placing.requested, author=author), placing.gpu)
        except GpuNotAvailable as error:
            raise placing.taken(self._pool.sessions(), request.project) from error

    def get_session(self, request: GetSession) -> Session:
        """A session by id or name."""
        sessions = self.list_sessions(ListSessions(project=request.project))
        # A name may be used again after its session has died: the living one is meant.
        living = sorted(sessions, key=lambda session: session.state == "dead")
        for session in living:
            if request.session in (session.id, session.name):
                return session
        raise _no_session(request, [session.name for session in living])

    def attach_session(self, request: GetSession) -> Grant:
        """The keys of a living session."""
        return self._pool.grant(self.get_session(request).id)

    def open_channels(self, request: GetSession) -> Grant:
        """What the server needs to pass the channels of a session on; it gives nobody the keys."""
        return self.attach_session(request)

    def interrupt_session(self, request: GetSession) -> Interruption:
        """Interrupt the cell that it runs."""
        answer = self._ask(request, Order(do="interrupt"))
        return Interruption(
            session=answer.session, stopped=answer.stopped, steps=answer.steps, where=answer.where
        )

    def peek_session(self, request: PeekSession) -> Peek:
        """A value in a session."""
        answer = self._ask(request, Order(do="peek", expression=request.expression))
        if answer.peek is None:
            raise Invalid(f"expression: {answer.fault}", field="expression")
        return answer.peek

    def get_stack(self, request: GetSession) -> Stack:
        """What its threads do."""
        answer = self._ask(request, Order(do="stack"))
        if answer.stack is None:
            raise Unavailable(f"session: {answer.fault}", field="session")
        return answer.stack

    def get_output(self, request: GetOutput) -> SessionOutput:
        """What it has printed and shown."""
        if not 1 <= request.limit <= 1000:
            raise Invalid(f"limit: {request.limit} is not between 1 and 1000", field="limit")
        after = request.after
        if not -BEHIND_ALL <= after <= BEHIND_ALL:
            raise Invalid(f"after: {str(after)[:20]}… is no message's number", field="after")
        if after < 0:  # behind all there is, the answer is only the newest number
            after = max(self._ask(request, Order(do="output", after=BEHIND_ALL)).newest + after, 0)
        answer = self._ask(request, Order(do="output", after=after))
        messages = [decode_output(each) for each in answer.messages[: request.limit]]
        newest = messages[-1].number if messages else answer.newest
        return SessionOutput(messages=messages, oldest=answer.oldest, newest=newest)

    def list_usage(self, request: ListUsage) -> list[SessionUsage]:
        """What the living sessions of a project use."""
        found = []
        for session in self.list_sessions(ListSessions(project=request.project)):
            if session.state in ("idle", "busy"):
                with contextlib.suppress(AipError):  # it ends just now, or has no time to answer
                    found.append(self._pool.ask(session.id, Order(do="usage")).usage)
        return [usage for usage in found if usage is not None]

    def stop_session(self, request: GetSession) -> Ending:
        """End it."""
        session = self.get_session(request)
        return Ending(session=session, steps=self._pool.stop(session.id))

    def derive_token(self, request: DeriveToken) -> DerivedToken:
        """A token with which the session records for its notebook."""
        for run in request.runs:
            check_id(run, "runs")
        session = self.get_session(GetSession(project=request.project, session=request.session))
        return self._signer.sign(
            "session",
            self._settings.session_grant,
            **{**claims_of(self._caller), "session": session.id},
            project=request.project,
            runs=request.runs,
        )

    def _ask(self, request: GetSession | PeekSession | GetOutput, order: Order) -> Answer:
        session = self.get_session(GetSession(project=request.project, session=request.session))
        return self._pool.ask(session.id, order)

    def _started(self, request: StartSession) -> Session | None:
        """The session that an earlier call with this id has started."""
        for session in self._pool.sessions():
            if session.id == request.id:
                if session.project != request.project:
                    raise Conflict(f"id: {request.id!r} is taken", field="id")
                return session
        return None


def _no_session(request: GetSession, names: Iterable[str]) -> NotFound:
    known = list(dict.fromkeys(names))
    nearest = difflib.get_close_matches(request.session, known, n=3, cutoff=0.5) or known[:5]
    advice = f"; there is {' and '.join(nearest)}" if nearest else "; there is none yet: start one with %%gpu"
    return NotFound(
        f"session: there is no session {request.session[:80]!r} in project {request.project!r}{advice}",
        field="session",
        nearest=nearest,
    )
