"""Our own API as one table: the server makes its handlers and the OpenAPI document from it, the client
its calls.
"""

from __future__ import annotations

from . import (
    artifacts,
    blobs,
    datasets,
    lineage,
    models,
    projects,
    runs,
    sessions,
    system,
    tokens,
    uploads,
)
from .route import CHUNK, JSON_BODY_LIMIT, PREFIX, VERSION_HEADER, Route

ROUTES: tuple[Route, ...] = (
    *system.ROUTES,
    *projects.ROUTES,
    *tokens.ROUTES,
    *models.ROUTES,
    *runs.ROUTES,
    *datasets.ROUTES,
    *lineage.ROUTES,
    *sessions.ROUTES,
    *artifacts.ROUTES,
    *blobs.ROUTES,
    *uploads.ROUTES,
)

__all__ = ["CHUNK", "JSON_BODY_LIMIT", "PREFIX", "ROUTES", "VERSION_HEADER", "Route"]
