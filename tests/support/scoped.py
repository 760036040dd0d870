"""Services of which each test sees projects of its own, so that one live server serves many tests."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from aip_jupyter.domain.access import CreateProject
from aip_jupyter.services import interface
from aip_jupyter.services.interface import Services


class ScopedServices:
    """The given services with `prefix` before every project's name; projects are made when first named."""

    def __init__(self, services: Services, prefix: str) -> None:
        made: set[str] = set()

        def scoped(feature: object) -> Any:
            return _Scoped(feature, prefix, services.projects, made)

        self.projects: interface.Projects = services.projects
        self.tokens: interface.Tokens = scoped(services.tokens)
        self.models: interface.Models = scoped(services.models)
        self.runs: interface.Runs = scoped(services.runs)
        self.datasets: interface.Datasets = scoped(services.datasets)
        self.lineage: interface.LineageOf = scoped(services.lineage)
        self.sessions: interface.Sessions = scoped(services.sessions)
        self.blobs: interface.Blobs = scoped(services.blobs)
        self.system: interface.System = services.system

    def close(self) -> None:
        """The server's services are closed by whoever opened them."""


class _Scoped:
    def __init__(self, feature: object, prefix: str, projects: interface.Projects, made: set[str]) -> None:
        self._feature = feature
        self._prefix = prefix
        self._projects = projects
        self._made = made

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._feature, name)

        def call(request: Any, *rest: Any) -> Any:
            if not hasattr(request, "project"):
                return method(request, *rest)
            project = f"{self._prefix}-{request.project}"
            if project not in self._made:
                self._projects.create_project(CreateProject(name=project))
                self._made.add(project)
            return method(replace(request, project=project), *rest)

        return call
