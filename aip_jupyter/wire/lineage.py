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
    Route(
        method="GET",
        path=f"{PROJECT}/models/{{model}}/lineage",
        operation="lineage.get_model_lineage",
        right="read",
        request=lineage.GetModelLineage,
        reply=lineage.ModelLineage,
        summary="What each version of a model came out of",
        pool="tracking",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/datasets/{{dataset}}/impact",
        operation="lineage.get_impact",
        right="read",
        request=lineage.GetImpact,
        reply=lineage.Impact,
        summary="Every run and version that used some data",
        pool="tracking",
    ),
)
