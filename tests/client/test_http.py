"""Seam two over HTTP, through a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.records import new_id
from aip_jupyter.services.interface import Services

from ..contracts.services import ServicesContract
from ..contracts.services_access import ProjectsContract, TokensContract
from ..contracts.services_artifacts import ArtifactsContract
from ..contracts.services_datasets import DatasetsContract, LineageContract
from ..contracts.services_impact import ImpactContract
from ..contracts.services_runs import RunsContract
from ..contracts.services_sessions import SessionsContract, end_all
from ..support.live import live_server
from ..support.scoped import ScopedServices


@pytest.fixture(scope="module")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServices]:
    pool = {"AIP_GPUS": "memory", "AIP_GPUS_URL": "L4:2,A10"}
    with live_server(tmp_path_factory.mktemp("server"), environ=pool) as server:
        services = HttpServices(server.url, server.token)
        yield services
        services.close()


class TestHttpServices(
    ServicesContract,
    DatasetsContract,
    LineageContract,
    ImpactContract,
    RunsContract,
    SessionsContract,
):
    @pytest.fixture
    def services(self, over_http: HttpServices) -> Services:
        return ScopedServices(over_http, new_id())

    @pytest.fixture
    def pooled(self, services: Services) -> Iterator[Services]:
        yield services
        end_all(services)


class TestHttpArtifacts(ArtifactsContract):
    """After those that look at what is left in the store: what is replaced stays for the grace time."""

    @pytest.fixture
    def services(self, over_http: HttpServices) -> Services:
        return ScopedServices(over_http, new_id())


class TestHttpAccess(ProjectsContract, TokensContract):
    @pytest.fixture
    def services(self, over_http: HttpServices) -> Services:
        return over_http
