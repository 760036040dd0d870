"""Services of which each test sees projects of its own, so that one live server serves many tests."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from aip_jupyter.services.interface import (
    Blobs,
    Datasets,
    LineageOf,
    Models,
    Runs,
    Services,
    Sessions,
    System,
)


class ScopedServices:
    """The given services with `prefix` put before every project's name."""

    def __init__(self, services: Services, prefix: str) -> None:
        self.models: Models = _Scoped(services.models, prefix)
        self.runs: Runs = _Scoped(services.runs, prefix)
        self.datasets: Datasets = _Scoped(services.datasets, prefix)
        self.lineage: LineageOf = _Scoped(services.lineage, prefix)
        self.sessions: Sessions = _Scoped(services.sessions, prefix)
        self.blobs: Blobs = _Scoped(services.blobs, prefix)
        self.system: System = services.system

    def close(self) -> None:
        """The server's services are closed by whoever opened them."""


class _Scoped:
    def __init__(self, feature: object, prefix: str) -> None:
        self._feature = feature
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._feature, name)

        def call(request: Any, *rest: Any) -> Any:
            if not hasattr(request, "project"):
                return method(request, *rest)
            return method(replace(request, project=f"{self._prefix}-{request.project}"), *rest)

        return call
