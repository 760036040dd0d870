"""The files of runs: the routes. Their bytes are those of `wire.blobs`."""

from __future__ import annotations

from ..domain import artifacts
from .route import PROJECT, Route

ROUTES = (
    Route(
        method="GET",
        path=f"{PROJECT}/runs/{{run}}/artifacts",
        operation="artifacts.list_artifacts",
        right="read",
        request=artifacts.ListArtifacts,
        reply=artifacts.ArtifactPage,
        summary="List the files of a run",
        pool="tracking",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/runs/{{run}}/artifacts",
        operation="artifacts.log_artifacts",
        right="write",
        request=artifacts.LogArtifacts,
        reply=list[artifacts.Artifact],
        summary="Record files of a run",
        pool="tracking",
        status=201,
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/runs/{{run}}/deleted-artifacts",
        operation="artifacts.delete_artifacts",
        right="write",
        request=artifacts.GetArtifacts,
        reply=artifacts.Changed,
        summary="Delete a file or a folder of a run; it can be restored for 30 days",
        pool="tracking",
    ),
    Route(
        method="POST",
        path=f"{PROJECT}/runs/{{run}}/restored-artifacts",
        operation="artifacts.restore_artifacts",
        right="write",
        request=artifacts.GetArtifacts,
        reply=artifacts.Changed,
        summary="Restore files of a run that were deleted",
        pool="tracking",
    ),
)
