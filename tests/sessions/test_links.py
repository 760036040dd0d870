"""Both ways to a session, by the same contract: straight to its kernel, and through a live server."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import Grant, StartSession
from aip_jupyter.sessions.websocket_link import WebsocketLink
from aip_jupyter.sessions.zmq_link import ZmqLink

from ..contracts.links import LinkContract, Way
from ..support.live import LiveServer, live_server
from ..support.sessions import ending_sessions, pid_of, record_of

Mortal = Callable[[], tuple[Grant, int, int]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("links")) as server:
        yield server


@pytest.fixture(scope="module")
def services(server: LiveServer) -> Iterator[HttpServices]:
    with ending_sessions(server.services()) as services:
        assert isinstance(services, HttpServices)
        yield services


def start(services: HttpServices, folder: Path) -> Grant:
    """A new session."""
    id = new_id()
    request = StartSession(
        id=id,
        name=f"s-{id}",
        gpu="cpu",
        host=socket.gethostname(),
        python=sys.executable,
        folder=str(folder),
        environment={**os.environ, "IPYTHONDIR": str(folder / "ipython")},
    )
    return services.sessions.start_session(request)


@pytest.fixture(scope="module")
def grant(services: HttpServices, tmp_path_factory: pytest.TempPathFactory) -> Grant:
    return start(services, tmp_path_factory.mktemp("session"))


@pytest.fixture
def mortal(services: HttpServices, server: LiveServer, tmp_path: Path) -> Mortal:
    def begin() -> tuple[Grant, int, int]:
        grant = start(services, tmp_path)
        record = record_of(server.home, grant.session.id)
        return grant, pid_of(record.kernel), pid_of(record.agent)

    return begin


class TestZmqLink(LinkContract):
    @pytest.fixture
    def way(self, monkeypatch: pytest.MonkeyPatch) -> Way:
        monkeypatch.setattr("aip_jupyter.sessions.zmq_link.OPEN_PATIENCE", 2.0)
        return ZmqLink.open


class TestWebsocketLink(LinkContract):
    @pytest.fixture
    def way(self, server: LiveServer) -> Way:
        return lambda grant: WebsocketLink.open(grant.session, server.url, server.token)
