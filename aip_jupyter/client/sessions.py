"""GPU sessions over HTTP."""

from __future__ import annotations

from ..domain.access import DerivedToken, DeriveToken
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
from ..errors import NotSupported
from .transport import Transport


class HttpSessions:
    """`services.interface.Sessions` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def list_gpus(self, request: GetGpus) -> list[GpuOffer]:
        reply: list[GpuOffer] = self._call("sessions.list_gpus", request)
        return reply

    def list_sessions(self, request: ListSessions) -> list[Session]:
        reply: list[Session] = self._call("sessions.list_sessions", request)
        return reply

    def start_session(self, request: StartSession) -> Grant:
        reply: Grant = self._call("sessions.start_session", request)
        return reply

    def get_session(self, request: GetSession) -> Session:
        reply: Session = self._call("sessions.get_session", request)
        return reply

    def attach_session(self, request: GetSession) -> Grant:
        reply: Grant = self._call("sessions.attach_session", request)
        return reply

    def open_channels(self, request: GetSession) -> Grant:
        message = "channels: they are a websocket; open it with sessions.websocket_link"
        raise NotSupported(message, capability="channels")

    def interrupt_session(self, request: GetSession) -> Interruption:
        reply: Interruption = self._call("sessions.interrupt_session", request)
        return reply

    def peek_session(self, request: PeekSession) -> Peek:
        reply: Peek = self._call("sessions.peek_session", request)
        return reply

    def get_stack(self, request: GetSession) -> Stack:
        reply: Stack = self._call("sessions.get_stack", request)
        return reply

    def get_output(self, request: GetOutput) -> SessionOutput:
        reply: SessionOutput = self._call("sessions.get_output", request)
        return reply

    def list_usage(self, request: ListUsage) -> list[SessionUsage]:
        reply: list[SessionUsage] = self._call("sessions.list_usage", request)
        return reply

    def stop_session(self, request: GetSession) -> Ending:
        reply: Ending = self._call("sessions.stop_session", request)
        return reply

    def derive_token(self, request: DeriveToken) -> DerivedToken:
        reply: DerivedToken = self._call("sessions.derive_token", request)
        return reply
