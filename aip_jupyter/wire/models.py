"""Models and their versions: the routes."""

from __future__ import annotations

from ..domain import models
from ..domain.pages import Page
from .route import JSON_BODY_LIMIT, PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path=f"{PROJECT}/models",
        operation="models.list_models",
        right="read",
        request=models.ListModels,
        reply=Page[models.Model],
        summary="List models",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/models/{{model}}",
        operation="models.get_model",
        right="read",
        request=models.GetModel,
        reply=models.ModelDetail,
        summary="A model and its newest versions",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/models/{{model}}/versions",
        operation="models.list_versions",
        right="read",
        request=models.ListVersions,
        reply=Page[models.Version],
        summary="List a model's versions, newest first",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/models/{{model}}/versions",
        operation="models.register_version",
        right="publish",
        request=models.RegisterVersion,
        reply=models.VersionDetail,
        summary="Make a version out of uploaded files",
        status=201,
        body_limit=4 * JSON_BODY_LIMIT,  # for the names of 100,000 files
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/versions/{{reference}}",
        operation="models.get_version",
        right="read",
        request=models.GetVersion,
        reply=models.VersionDetail,
        summary="The version that a reference means, with its files",
    ),
)
