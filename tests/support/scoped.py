"""Services whose projects are made when they are first named; with a prefix, each test sees its own."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from msgspec.structs import replace

from aip_jupyter.domain.access import CreateProject
from aip_jupyter.errors import Conflict, Invalid
from aip_jupyter.services import interface
from aip_jupyter.services.interface import Services


class ScopedServices:
    """The given services with `prefix` before every project's name."""

    def __init__(self, services: Services, prefix: str = "") -> None:
        scope = _Scope(services.projects, prefix)

        def scoped(feature: object) -> Any:
            return _Scoped(feature, scope)

        self.projects: interface.Projects = services.projects
        self.tokens: interface.Tokens = scoped(services.tokens)
        self.models: interface.Models = scoped(services.models)
        self.runs: interface.Runs = scoped(services.runs)
        self.artifacts: interface.Artifacts = scoped(services.artifacts)
        self.datasets: interface.Datasets = scoped(services.datasets)
        self.lineage: interface.LineageOf = scoped(services.lineage)
        self.sessions: interface.Sessions = scoped(services.sessions)
        self.blobs: interface.Blobs = scoped(services.blobs)
        self.uploads: interface.Uploads = scoped(services.uploads)
        self.system: interface.System = services.system
        self.close = services.close


class _Scope:
    def __init__(self, projects: interface.Projects, prefix: str) -> None:
        self._projects = projects
        self._prefix = prefix
        self._lock = threading.Lock()
        self._made = {"default"}

    def project(self, name: str) -> str:
        """The name in this scope, of a project that is there, if there can be one of this name."""
        project = f"{self._prefix}-{name}" if self._prefix else name
        with self._lock:
            if project not in self._made:
                with contextlib.suppress(Conflict, Invalid):
                    self._projects.create_project(CreateProject(name=project))
                self._made.add(project)
        return project


class _Scoped:
    def __init__(self, feature: object, scope: _Scope) -> None:
        self._feature = feature
        self._scope = scope

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._feature, name)

        def call(request: Any, *rest: Any) -> Any:
            if not hasattr(request, "project"):
                return method(request, *rest)
            return method(replace(request, project=self._scope.project(request.project)), *rest)

        return call
