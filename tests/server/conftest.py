"""One live server for the tests that only talk to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aip_jupyter.client.http import HttpServices

from ..support.live import LiveServer, live_server
from .people import Team, team_server


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture(scope="package")
def services(live: LiveServer) -> Iterator[HttpServices]:
    services = HttpServices(live.url, live.token)
    yield services
    services.close()


@pytest.fixture(scope="package")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team_server(tmp_path_factory.mktemp("team")) as team:
        yield team
