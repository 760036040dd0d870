"""The services in process: backends opened by name, the use cases bound to a caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ..backends.access.protocol import AccessBackend
from ..backends.config import BackendConfig
from ..backends.datasets.protocol import DatasetBackend
from ..backends.gpus.protocol import GpuBackend
from ..backends.plugins import Seam, open_backend
from ..backends.registry.protocol import RegistryBackend
from ..backends.storage.protocol import StorageBackend
from ..backends.tracking.protocol import TrackingBackend
from ..domain.access import Right
from ..wire.routes import ROUTES
from . import interface
from .artifacts import LocalArtifacts
from .blobs import LocalBlobs
from .callers import Caller
from .credentials import Credentials
from .datasets import LocalDatasets
from .lineage import LocalLineage
from .models import LocalModels
from .projects import LocalProjects
from .rights import Admitted, Gate
from .runs import LocalRuns
from .sessions import LocalSessions
from .settings import Settings
from .signing import Signer
from .system import LocalSystem
from .tokens import LocalTokens, Pickups
from .uploads import LocalUploads

Backend = RegistryBackend | StorageBackend | TrackingBackend | DatasetBackend | GpuBackend | AccessBackend
Feed = RegistryBackend | TrackingBackend | DatasetBackend | GpuBackend | AccessBackend

RIGHTS: dict[str, Right] = {
    **{route.operation: route.right for route in ROUTES},
    # Both ways of bytes, as the server streams them.
    "blobs.stage": "publish",
    "blobs.open": "read",
    "blobs.read_head": "read",
    "uploads.browser_address": "read",
}
"""What each use case needs."""


@dataclass(frozen=True)
class Platform:
    """The backends in use, opened once and shared by all callers."""

    settings: Settings
    registry: RegistryBackend
    storage: StorageBackend
    tracking: TrackingBackend
    datasets: DatasetBackend
    gpus: GpuBackend
    access: AccessBackend
    mode: Literal["server", "embedded"] = "embedded"
    base_url: str = ""
    pickups: Pickups = field(default_factory=Pickups)

    @cached_property
    def signer(self) -> Signer:
        """Signs what this home's servers read again."""
        return Signer(self.settings.home)

    @cached_property
    def credentials(self) -> Credentials:
        """Judges tokens."""
        return Credentials(self.access, self.gpus, self.settings, self.signer)

    def services(self, caller: Caller | None = None) -> LocalServices:
        """The use cases for this caller; cheap."""
        return LocalServices(self, caller or Caller())

    @property
    def seams(self) -> tuple[tuple[Seam, Backend], ...]:
        """The backends in use, each with the word for its seam."""
        return (
            ("registry", self.registry),
            ("storage", self.storage),
            ("tracking", self.tracking),
            ("datasets", self.datasets),
            ("gpus", self.gpus),
            ("access", self.access),
        )

    @property
    def feeds(self) -> list[Feed]:
        """Those that tell of changes; one of those that share a feed."""
        found: list[Feed] = [self.registry, self.tracking, self.datasets, self.gpus, self.access]
        return list({backend.feed: backend for backend in found}.values())

    def close(self) -> None:
        """Give back connections and files."""
        for _, backend in self.seams:
            backend.close()


def open_platform(
    settings: Settings, mode: Literal["server", "embedded"] = "embedded", base_url: str = ""
) -> Platform:
    """Open the configured backends. Nothing is written before the first use."""

    def opened(seam: Seam) -> Any:
        url: str = getattr(settings, f"{seam}_url")
        config = BackendConfig(home=settings.home, url=url, session_idle=settings.session_idle)
        return open_backend(seam, getattr(settings, seam), config)

    return Platform(
        settings,
        registry=opened("registry"),
        storage=opened("storage"),
        tracking=opened("tracking"),
        datasets=opened("datasets"),
        gpus=opened("gpus"),
        access=opened("access"),
        mode=mode,
        base_url=base_url,
    )


class LocalServices:
    """All use cases in this process: `services.interface.Services`."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        gate = Gate(platform.access, platform.settings, caller)

        def admitted(name: str, feature: object) -> Any:
            return Admitted(name, feature, gate, RIGHTS)

        self.projects: interface.Projects = admitted("projects", LocalProjects(platform, caller))
        self.tokens: interface.Tokens = admitted("tokens", LocalTokens(platform, caller))
        self.models: interface.Models = admitted("models", LocalModels(platform, caller))
        self.runs: interface.Runs = admitted("runs", LocalRuns(platform, caller))
        self.artifacts: interface.Artifacts = admitted("artifacts", LocalArtifacts(platform, caller))
        self.datasets: interface.Datasets = admitted("datasets", LocalDatasets(platform, caller))
        self.lineage: interface.LineageOf = admitted("lineage", LocalLineage(platform))
        self.sessions: interface.Sessions = admitted("sessions", LocalSessions(platform, caller))
        self.blobs: interface.Blobs = admitted("blobs", LocalBlobs(platform, caller))
        self.uploads: interface.Uploads = admitted("uploads", LocalUploads(platform, caller))
        self.system: interface.System = admitted("system", LocalSystem(platform, caller))

    def of(self, caller: Caller) -> LocalServices:
        """The same for another caller."""
        return self._platform.services(caller)

    def close(self) -> None:
        """Close the platform too: meant for whoever opened both."""
        self._platform.close()
