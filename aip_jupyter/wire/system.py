"""What is in use: the routes."""

from __future__ import annotations

from ..domain import system
from .route import Route

ROUTES = (
    Route(
        method="GET",
        path="/capabilities",
        operation="system.describe",
        right="read",
        request=system.Nothing,
        reply=system.Description,
        summary="What is in use and what it can do",
    ),
    Route(
        method="GET",
        path="/doctor",
        operation="system.doctor",
        right="read",
        request=system.Nothing,
        reply=list[system.DoctorCheck],
        summary="Look at each backend",
    ),
    Route(
        method="POST",
        path="/check",
        operation="system.check_store",
        right="admin",
        request=system.CheckStore,
        reply=system.CheckReport,
        summary="Find and mend what a crash left behind",
        pool="storage",
        deadline=3600.0,
    ),
)
