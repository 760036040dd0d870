"""Bytes on their way in and out: the routes."""

from __future__ import annotations

from ..domain import artifacts
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="PUT",
        path=f"{PROJECT}/claims/{{claim}}/blobs",
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
        path=f"{PROJECT}/claims/{{claim}}",
        operation="blobs.release_claim",
        request=artifacts.ReleaseClaim,
        reply=None,
        summary="Give up a claim",
        pool="storage",
        status=204,
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/artifacts/{{artifact}}",
        operation="blobs.get_artifact",
        request=artifacts.GetArtifact,
        reply=artifacts.Artifact,
        summary="An artifact's record",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/artifacts/{{artifact}}/content",
        operation="blobs.download",
        request=artifacts.GetArtifact,
        reply=bytes,
        summary="Download an artifact",
        pool="storage",
        stream="down",
    ),
)
