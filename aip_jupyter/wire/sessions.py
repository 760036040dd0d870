"""GPU sessions: the routes."""

from __future__ import annotations

from ..domain import sessions
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path="/gpus",
        operation="sessions.list_gpus",
        request=sessions.GetGpus,
        reply=list[sessions.GpuOffer],
        summary="The GPU types of the pool",
        pool="gpus",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/sessions",
        operation="sessions.list_sessions",
        request=sessions.ListSessions,
        reply=list[sessions.Session],
        summary="List GPU sessions",
        pool="gpus",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/sessions",
        operation="sessions.start_session",
        action="execute",
        request=sessions.StartSession,
        reply=sessions.Grant,
        summary="Start a GPU session for a notebook",
        pool="gpus",
        status=201,
        deadline=90.0,
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/sessions/{{session}}",
        operation="sessions.get_session",
        request=sessions.GetSession,
        reply=sessions.Session,
        summary="A GPU session",
        pool="gpus",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/sessions/{{session}}/grant",
        operation="sessions.attach_session",
        action="execute",
        request=sessions.GetSession,
        reply=sessions.Grant,
        summary="The keys with which to talk to a GPU session",
        pool="gpus",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/sessions/{{session}}/interrupt",
        operation="sessions.interrupt_session",
        action="execute",
        request=sessions.GetSession,
        reply=sessions.Session,
        summary="Interrupt the cell that a GPU session runs",
        pool="gpus",
    ),
    Route(
        method="DELETE",
        path=f"{PROJECT}/sessions/{{session}}",
        operation="sessions.stop_session",
        action="execute",
        request=sessions.GetSession,
        reply=None,
        summary="End a GPU session",
        pool="gpus",
        status=204,
        deadline=90.0,
    ),
)
