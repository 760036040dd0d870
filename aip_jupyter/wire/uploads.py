"""Bytes that do not pass through the server: the routes."""

from __future__ import annotations

from ..domain import artifacts, uploads
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="POST",
        path=f"{PROJECT}/claims/{{claim}}/uploads",
        operation="uploads.begin_upload",
        right="publish",
        request=uploads.BeginUpload,
        reply=uploads.UploadOffer,
        summary="Ask how bytes are to come: through the server, straight to the store, or not at all",
        pool="storage",
        status=201,
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/claims/{{claim}}/finished-uploads",
        operation="uploads.finish_upload",
        right="publish",
        request=uploads.FinishUpload,
        reply=artifacts.Blob,
        summary="Verify what was sent straight to the store, and publish it under a claim",
        pool="verifying",
        deadline=3600,
        status=201,
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/aborted-uploads",
        operation="uploads.abort_upload",
        right="publish",
        request=uploads.AbortUpload,
        reply=None,
        summary="Drop what was sent straight to the store",
        pool="storage",
        status=204,
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/artifacts/{{artifact}}/address",
        operation="uploads.get_address",
        right="read",
        request=artifacts.GetArtifact,
        reply=uploads.ContentAddress,
        summary="Where the store itself gives an artifact's bytes, for some minutes",
        pool="storage",
        status=201,
    ),
)
