"""Backends by name: entry points in one group per seam, `aip_jupyter.registry`, `aip_jupyter.storage`, ….

    [project.entry-points."aip_jupyter.registry"]
    mine = "my_package.registry:open_registry"      # a function BackendConfig -> RegistryBackend

The built-in ones come through the same door.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, get_args

from ..errors import Invalid, NotSupported
from .config import BackendConfig

Seam = Literal["registry", "storage", "tracking", "datasets", "gpus", "access"]


def installed(seam: Seam) -> dict[str, EntryPoint]:
    """The backends of a seam by the name that the configuration uses."""
    return _points(tuple(map(_state, sys.path)))[seam]


@lru_cache(maxsize=1)
def _points(path: tuple[tuple[str, int], ...]) -> dict[str, dict[str, EntryPoint]]:
    """By seam. To find them takes milliseconds, and who opens a platform asks for each seam."""
    found = entry_points()
    groups = {seam: found.select(group=f"aip_jupyter.{seam}") for seam in get_args(Seam)}
    return {seam: {point.name: point for point in points} for seam, points in groups.items()}


def _state(folder: str) -> tuple[str, int]:
    """Another one after something was installed there."""
    try:
        return folder, os.stat(folder or ".").st_mtime_ns
    except OSError:
        return folder, 0


def open_backend(seam: Seam, name: str, config: BackendConfig) -> Any:
    """The seam's backend of this name: what its protocol says. Invalid names the choices."""
    points = installed(seam)
    if name not in points:
        choices = ", ".join(sorted(points)) or "none: is aip-jupyter installed?"
        raise Invalid(f"{seam}: there is no backend {name!r}; installed are: {choices}", field=seam)
    try:
        factory: Callable[[BackendConfig], Any] = points[name].load()
    except ImportError as error:
        if (error.name or "").partition(".")[0] == __name__.partition(".")[0]:
            raise  # a fault of ours, which no extra mends
        missing = error.name or str(error)
        message = f"{seam}: the backend {name!r} needs {missing!r}, which is not installed"
        message += f"; {_how_to_install(points[name])}"
        raise NotSupported(message, field=seam) from error
    return factory(config)


def _how_to_install(point: EntryPoint) -> str:
    """What a backend needs is in the extra of its package that has its name."""
    extras = point.dist.metadata.get_all("Provides-Extra") if point.dist else None
    if point.dist and point.name in (extras or []):
        return f"pip install '{point.dist.name}[{point.name}]'"
    return "install its extra"
