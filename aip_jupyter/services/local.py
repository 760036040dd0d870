"""The services in process: backends opened by name, the use cases bound to a caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..backends.config import BackendConfig
from ..backends.datasets.protocol import DatasetBackend
from ..backends.gpus.protocol import GpuBackend
from ..backends.plugins import Seam, open_datasets, open_gpus, open_registry, open_storage, open_tracking
from ..backends.registry.protocol import RegistryBackend
from ..backends.storage.protocol import StorageBackend
from ..backends.tracking.protocol import TrackingBackend
from .blobs import LocalBlobs
from .callers import Caller
from .datasets import LocalDatasets
from .lineage import LocalLineage
from .models import LocalModels
from .runs import LocalRuns
from .sessions import LocalSessions
from .settings import Settings
from .system import LocalSystem

Backend = RegistryBackend | StorageBackend | TrackingBackend | DatasetBackend | GpuBackend
Feed = RegistryBackend | TrackingBackend | DatasetBackend | GpuBackend


@dataclass(frozen=True)
class Platform:
    """The backends in use, opened once and shared by all callers."""

    settings: Settings
    registry: RegistryBackend
    storage: StorageBackend
    tracking: TrackingBackend
    datasets: DatasetBackend
    gpus: GpuBackend
    mode: Literal["server", "embedded"] = "embedded"
    base_url: str = ""

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
        )

    @property
    def feeds(self) -> list[Feed]:
        """Those that tell of changes; one of those that share a feed."""
        found: list[Feed] = [self.registry, self.tracking, self.datasets, self.gpus]
        return list({backend.feed: backend for backend in found}.values())

    def close(self) -> None:
        """Give back connections and files."""
        for _, backend in self.seams:
            backend.close()


def open_platform(
    settings: Settings, mode: Literal["server", "embedded"] = "embedded", base_url: str = ""
) -> Platform:
    """Open the configured backends. Nothing is written before the first use."""

    def config(url: str) -> BackendConfig:
        return BackendConfig(home=settings.home, url=url, session_idle=settings.session_idle)

    return Platform(
        settings,
        registry=open_registry(settings.registry, config(settings.registry_url)),
        storage=open_storage(settings.storage, config(settings.storage_url)),
        tracking=open_tracking(settings.tracking, config(settings.tracking_url)),
        datasets=open_datasets(settings.datasets, config(settings.datasets_url)),
        gpus=open_gpus(settings.gpus, config(settings.gpus_url)),
        mode=mode,
        base_url=base_url,
    )


class LocalServices:
    """All use cases in this process: `services.interface.Services`."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self.models = LocalModels(platform, caller)
        self.runs = LocalRuns(platform, caller)
        self.datasets = LocalDatasets(platform, caller)
        self.lineage = LocalLineage(platform)
        self.sessions = LocalSessions(platform, caller)
        self.blobs = LocalBlobs(platform.registry, platform.storage)
        self.system = LocalSystem(platform, caller)

    def close(self) -> None:
        """Close the platform too: meant for whoever opened both."""
        self._platform.close()
