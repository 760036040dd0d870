"""Backends by name: entry points in one group per seam, `aip_jupyter.registry`, `aip_jupyter.storage`, ….

    [project.entry-points."aip_jupyter.registry"]
    mine = "my_package.registry:open_registry"      # a function BackendConfig -> RegistryBackend

The built-in ones come through the same door.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from ..errors import Invalid, NotSupported
from .config import BackendConfig
from .datasets.protocol import DatasetBackend
from .gpus.protocol import GpuBackend
from .registry.protocol import RegistryBackend
from .storage.protocol import StorageBackend
from .tracking.protocol import TrackingBackend

Seam = Literal["registry", "storage", "tracking", "datasets", "gpus"]


def installed(seam: Seam) -> dict[str, EntryPoint]:
    """The backends of a seam by the name that the configuration uses."""
    return {point.name: point for point in entry_points(group=f"aip_jupyter.{seam}")}


def open_registry(name: str, config: BackendConfig) -> RegistryBackend:
    """The registry backend of this name. Invalid names the choices."""
    backend: RegistryBackend = _factory("registry", name)(config)
    return backend


def open_storage(name: str, config: BackendConfig) -> StorageBackend:
    """The storage backend of this name. Invalid names the choices."""
    backend: StorageBackend = _factory("storage", name)(config)
    return backend


def open_tracking(name: str, config: BackendConfig) -> TrackingBackend:
    """The tracking backend of this name. Invalid names the choices."""
    backend: TrackingBackend = _factory("tracking", name)(config)
    return backend


def open_datasets(name: str, config: BackendConfig) -> DatasetBackend:
    """The dataset backend of this name. Invalid names the choices."""
    backend: DatasetBackend = _factory("datasets", name)(config)
    return backend


def open_gpus(name: str, config: BackendConfig) -> GpuBackend:
    """The pool of GPUs of this name. Invalid names the choices."""
    backend: GpuBackend = _factory("gpus", name)(config)
    return backend


def _factory(seam: Seam, name: str) -> Callable[[BackendConfig], Any]:
    points = installed(seam)
    if name not in points:
        choices = ", ".join(sorted(points)) or "none: is aip-jupyter installed?"
        raise Invalid(f"{seam}: there is no backend {name!r}; installed are: {choices}", field=seam)
    try:
        factory: Callable[[BackendConfig], Any] = points[name].load()
    except ImportError as error:
        missing = error.name or str(error)
        message = f"{seam}: the backend {name!r} needs {missing!r}, which is not installed; install its extra"
        raise NotSupported(message, field=seam) from error
    return factory
