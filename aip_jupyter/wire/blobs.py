"""Bytes on their way in and out: the routes."""

from __future__ import annotations

from ..domain import access, artifacts
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="PUT",
        path=f"{PROJECT}/claims/{{claim}}/blobs",
        operation="blobs.upload",
        right="publish",
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
        right="publish",
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
        right="read",
        request=artifacts.GetArtifact,
        reply=artifacts.Artifact,
        summary="An artifact's record",
    ),
    Route(
        method="GET",
        path=f"{PROJECT}/artifacts/{{artifact}}/content",
        operation="blobs.download",
        right="read",
        request=artifacts.GetArtifact,
        reply=bytes,
        summary="Download an artifact",
        pool="storage",
        stream="down",
        linked=True,
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/artifacts/{{artifact}}/link",
        operation="blobs.sign_download",
        right="read",
        request=access.SignDownload,
        reply=access.DownloadLink,
        summary="An address that gives the bytes to whoever has it, for a short time",
        status=201,
    ),
)
