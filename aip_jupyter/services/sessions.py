"""GPU sessions and the pool that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.sessions import GetGpus, GetSession, GpuOffer, Grant, ListSessions, Session, StartSession
from .callers import Caller

if TYPE_CHECKING:
    from .local import Platform


class LocalSessions:
    """`services.interface.Sessions` over the pool of a platform."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self._caller = caller

    def list_gpus(self, request: GetGpus) -> list[GpuOffer]:
        return self._platform.gpus.offers()

    def list_sessions(self, request: ListSessions) -> list[Session]:
        return [each for each in self._platform.gpus.sessions() if each.project == request.project]

    def start_session(self, request: StartSession) -> Grant:
        return self._platform.gpus.start(request, request.gpu)

    def get_session(self, request: GetSession) -> Session:
        return self._platform.gpus.grant(request.session).session

    def attach_session(self, request: GetSession) -> Grant:
        return self._platform.gpus.grant(request.session)

    def interrupt_session(self, request: GetSession) -> Session:
        self._platform.gpus.interrupt(request.session)
        return self.get_session(request)

    def stop_session(self, request: GetSession) -> None:
        self._platform.gpus.stop(request.session)
