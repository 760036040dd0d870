"""The use cases as `services` does them in process and `client` asks for them over HTTP.

Each method takes one request from `domain` and returns one reply; `wire.routes` gives each its route.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..backends.storage.protocol import Progress
from ..domain.artifacts import Artifact, Blob, GetArtifact, ReleaseClaim, UploadBlob
from ..domain.models import (
    GetModel,
    GetVersion,
    ListModels,
    ListVersions,
    Model,
    ModelDetail,
    RegisterVersion,
    Version,
    VersionDetail,
)
from ..domain.pages import Page
from ..domain.system import CheckReport, CheckStore, Description, DoctorCheck, Nothing


class Models(Protocol):
    """Models and their versions."""

    def register_version(self, request: RegisterVersion) -> VersionDetail:
        """Make a version out of uploaded files. Invalid, Conflict (name of the version is taken)."""

    def list_models(self, request: ListModels) -> Page[Model]:
        """One page of models."""

    def get_model(self, request: GetModel) -> ModelDetail:
        """A model by name. NotFound with the nearest names."""

    def list_versions(self, request: ListVersions) -> Page[Version]:
        """One page of a model's versions, newest first."""

    def get_version(self, request: GetVersion) -> VersionDetail:
        """The version that a reference means. NotFound with what there is instead."""


class Blobs(Protocol):
    """Bytes on their way in and out."""

    def upload(self, request: UploadBlob, source: Path | bytes, progress: Progress | None = None) -> Blob:
        """Store a file or bytes under a claim."""

    def release_claim(self, request: ReleaseClaim) -> None:
        """Give up a claim."""

    def get_artifact(self, request: GetArtifact) -> Artifact:
        """An artifact's record."""

    def download(self, request: GetArtifact, target: Path, progress: Progress | None = None) -> Path:
        """Write the artifact's bytes to `target`: verified against its digest, published atomically."""


class System(Protocol):
    """What is in use, and whether it is well."""

    def describe(self, request: Nothing) -> Description:
        """What is in use."""

    def doctor(self, request: Nothing) -> list[DoctorCheck]:
        """Look at each backend."""

    def check_store(self, request: CheckStore) -> CheckReport:
        """Find, and mend, what a crash left behind."""


class Services(Protocol):
    """All use cases."""

    @property
    def models(self) -> Models: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def system(self) -> System: ...

    def close(self) -> None:
        """Give back connections and files."""
