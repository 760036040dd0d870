"""The services in process: backends opened by name, the use cases bound to a caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..backends.config import BackendConfig
from ..backends.plugins import open_registry, open_storage
from ..backends.registry.protocol import RegistryBackend
from ..backends.storage.protocol import StorageBackend
from .blobs import LocalBlobs
from .callers import Caller
from .models import LocalModels
from .settings import Settings
from .system import LocalSystem


@dataclass(frozen=True)
class Platform:
    """The backends in use, opened once and shared by all callers."""

    settings: Settings
    registry: RegistryBackend
    storage: StorageBackend
    mode: Literal["server", "embedded"] = "embedded"
    base_url: str = ""

    def services(self, caller: Caller | None = None) -> LocalServices:
        """The use cases for this caller; cheap."""
        return LocalServices(self, caller or Caller())

    def close(self) -> None:
        """Give back connections and files."""
        self.registry.close()
        self.storage.close()


def open_platform(
    settings: Settings, mode: Literal["server", "embedded"] = "embedded", base_url: str = ""
) -> Platform:
    """Open the configured backends. Nothing is written before the first use."""
    registry = open_registry(settings.registry, BackendConfig(home=settings.home, url=settings.registry_url))
    storage = open_storage(settings.storage, BackendConfig(home=settings.home, url=settings.storage_url))
    return Platform(settings, registry, storage, mode, base_url)


class LocalServices:
    """All use cases in this process: `services.interface.Services`."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self._platform = platform
        self.models = LocalModels(platform.registry, platform.storage, platform.settings, caller)
        self.blobs = LocalBlobs(platform.registry, platform.storage)
        self.system = LocalSystem(platform, caller)

    def close(self) -> None:
        """Close the platform too: meant for whoever opened both."""
        self._platform.close()
