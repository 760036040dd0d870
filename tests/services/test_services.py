"""Seam two in process, over memory and over SQLite with local files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.services import ServicesContract
from ..contracts.services_access import ProjectsContract, TokensContract
from ..contracts.services_artifacts import ArtifactsContract
from ..contracts.services_datasets import DatasetsContract, LineageContract
from ..contracts.services_impact import ImpactContract
from ..contracts.services_runs import RunsContract
from ..contracts.services_sessions import SessionsContract
from ..support.scoped import ScopedServices


class TestMemoryServices(
    ServicesContract, ArtifactsContract, DatasetsContract, LineageContract, ImpactContract, RunsContract
):
    @pytest.fixture
    def services(self, tmp_path: Path) -> Iterator[Services]:
        memory = dict.fromkeys(("registry", "storage", "tracking", "datasets", "access"), "memory")
        services = open_platform(Settings(home=tmp_path / "home", **memory)).services()  # type: ignore[arg-type]
        yield ScopedServices(services)
        services.close()


class TestLocalServices(
    ServicesContract, ArtifactsContract, DatasetsContract, LineageContract, ImpactContract, RunsContract
):
    @pytest.fixture
    def services(self, tmp_path: Path) -> Iterator[Services]:
        services = open_platform(Settings(home=tmp_path / "home")).services()
        yield ScopedServices(services)
        services.close()


class TestPooledServices(SessionsContract):
    @pytest.fixture
    def pooled(self, tmp_path: Path) -> Iterator[Services]:
        settings = Settings(home=tmp_path / "home", gpus="memory", gpus_url="L4:2,A10")
        services = open_platform(settings).services()
        yield ScopedServices(services)
        services.close()


class TestMemoryAccess(ProjectsContract, TokensContract):
    @pytest.fixture
    def services(self, tmp_path: Path) -> Iterator[Services]:
        memory = dict.fromkeys(("registry", "storage", "access"), "memory")
        services = open_platform(Settings(home=tmp_path / "home", **memory)).services()  # type: ignore[arg-type]
        yield services
        services.close()


class TestLocalAccess(ProjectsContract, TokensContract):
    @pytest.fixture
    def services(self, tmp_path: Path) -> Iterator[Services]:
        services = open_platform(Settings(home=tmp_path / "home")).services()
        yield services
        services.close()
