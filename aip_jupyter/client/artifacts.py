"""The files of runs over HTTP."""

from __future__ import annotations

from ..domain.artifacts import Artifact, ArtifactPage, Changed, GetArtifacts, ListArtifacts, LogArtifacts
from .transport import Transport


class HttpArtifacts:
    """`services.interface.Artifacts` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def log_artifacts(self, request: LogArtifacts) -> list[Artifact]:
        reply: list[Artifact] = self._call("artifacts.log_artifacts", request)
        return reply

    def list_artifacts(self, request: ListArtifacts) -> ArtifactPage:
        reply: ArtifactPage = self._call("artifacts.list_artifacts", request)
        return reply

    def delete_artifacts(self, request: GetArtifacts) -> Changed:
        reply: Changed = self._call("artifacts.delete_artifacts", request)
        return reply

    def restore_artifacts(self, request: GetArtifacts) -> Changed:
        reply: Changed = self._call("artifacts.restore_artifacts", request)
        return reply
