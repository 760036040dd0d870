"""Lineage: the routes."""

from __future__ import annotations

from ..domain import lineage
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path=f"{PROJECT}/lineage/{{reference}}",
        operation="lineage.get_lineage",
        right="read",
        request=lineage.GetLineage,
        reply=lineage.Lineage,
        summary="What a thing came out of, and what came out of it",
        pool="tracking",
    ),
)
