"""Our own API as one table: the server makes its handlers and the OpenAPI document from it, the client
its calls.

A request's fields come from the path, then the query (GET, DELETE, uploads) or the JSON body (POST).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from ..domain import artifacts, models, system
from ..domain.pages import Page
from ..domain.records import Request

PREFIX = "/aip/v1"
VERSION_HEADER = "X-AIP-Version"
"""Both sides name their version, so that a difference can be told in one line."""

JSON_BODY_LIMIT = 8 * 2**20
"""Bytes of a request body outside streams."""

CHUNK = 4 * 2**20
"""Bytes that cross between the event loop and a thread at once."""


class Route(Struct, frozen=True, kw_only=True):
    """One use case over HTTP."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    """Below PREFIX; `{name}` is a field of the request."""
    operation: str
    """`feature.method` of `services.interface.Services`."""
    request: type[Request]
    reply: Any
    """A type, or None for an empty reply."""
    summary: str
    pool: Literal["registry", "storage"] = "registry"
    """Whose threads do the work."""
    stream: Literal["", "up", "down"] = ""
    """`up`: the body is the bytes; `down`: the reply is."""
    status: int = 200
    body_limit: int = JSON_BODY_LIMIT
    """The most bytes of a JSON body."""
    deadline: float = 0.0
    """Seconds that the work may take; 0: the backend's usual deadline."""


_P = "/projects/{project}"

ROUTES = (
    Route(
        method="GET",
        path="/capabilities",
        operation="system.describe",
        request=system.Nothing,
        reply=system.Description,
        summary="What is in use and what it can do",
    ),
    Route(
        method="GET",
        path="/doctor",
        operation="system.doctor",
        request=system.Nothing,
        reply=list[system.DoctorCheck],
        summary="Look at each backend",
    ),
    Route(
        method="POST",
        path="/check",
        operation="system.check_store",
        request=system.CheckStore,
        reply=system.CheckReport,
        summary="Find and mend what a crash left behind",
        pool="storage",
        deadline=3600.0,
    ),
    Route(
        method="GET",
        path=f"{_P}/models",
        operation="models.list_models",
        request=models.ListModels,
        reply=Page[models.Model],
        summary="List models",
    ),
    Route(
        method="GET",
        path=f"{_P}/models/{{model}}",
        operation="models.get_model",
        request=models.GetModel,
        reply=models.ModelDetail,
        summary="A model and its newest versions",
    ),
    Route(
        method="GET",
        path=f"{_P}/models/{{model}}/versions",
        operation="models.list_versions",
        request=models.ListVersions,
        reply=Page[models.Version],
        summary="List a model's versions, newest first",
    ),
    Route(
        method="POST",
        path=f"{_P}/models/{{model}}/versions",
        operation="models.register_version",
        request=models.RegisterVersion,
        reply=models.VersionDetail,
        summary="Make a version out of uploaded files",
        status=201,
        body_limit=4 * JSON_BODY_LIMIT,  # for the names of 100,000 files
    ),
    Route(
        method="GET",
        path=f"{_P}/versions/{{reference}}",
        operation="models.get_version",
        request=models.GetVersion,
        reply=models.VersionDetail,
        summary="The version that a reference means, with its files",
    ),
    Route(
        method="PUT",
        path=f"{_P}/claims/{{claim}}/blobs",
        operation="blobs.upload",
        request=artifacts.UploadBlob,
        reply=artifacts.Blob,
        summary="Upload bytes under a claim",
        pool="storage",
        stream="up",
        status=201,
    ),
    Route(
        method="DELETE",
        path=f"{_P}/claims/{{claim}}",
        operation="blobs.release_claim",
        request=artifacts.ReleaseClaim,
        reply=None,
        summary="Give up a claim",
        pool="storage",
        status=204,
    ),
    Route(
        method="GET",
        path=f"{_P}/artifacts/{{artifact}}",
        operation="blobs.get_artifact",
        request=artifacts.GetArtifact,
        reply=artifacts.Artifact,
        summary="An artifact's record",
    ),
    Route(
        method="GET",
        path=f"{_P}/artifacts/{{artifact}}/content",
        operation="blobs.download",
        request=artifacts.GetArtifact,
        reply=bytes,
        summary="Download an artifact",
        pool="storage",
        stream="down",
    ),
)
