"""Seam two over HTTP, through a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from aip_jupyter.client.http import HttpServices
from aip_jupyter.errors import Unauthenticated, Unavailable
from aip_jupyter.services.interface import Services

from ..contracts.services import ServicesContract
from ..support.live import LiveServer, free_port, start_server


class TestHttpServices(ServicesContract):
    @pytest.fixture
    def services(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
        server = start_server(tmp_path_factory.mktemp("server"))
        services = HttpServices(server.url, server.token)
        yield services
        services.close()
        server.stop()
        shutil.rmtree(server.folder)
