"""Both ways to a session, by the same contract: straight to its kernel, and through a live server."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from aip_jupyter.client.connect import Connection
from aip_jupyter.client.discovery import Server
from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import Grant, StartSession
from aip_jupyter.errors import Invalid, Unavailable
from aip_jupyter.services.interface import Services
from aip_jupyter.services.settings import Settings, load_settings
from aip_jupyter.sessions.links import open_link
from aip_jupyter.sessions.relay import Relay
from aip_jupyter.sessions.websocket_link import WebsocketLink
from aip_jupyter.sessions.zmq_link import ZmqLink

from ..contracts.links import LinkContract, Way
from ..support.live import LiveServer, free_port, live_server
from ..support.sessions import ending_sessions, pid_of, record_of
from .cells import cell

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


@pytest.mark.parametrize("through", ["server", "zmq"])
def test_a_link_that_fails_says_that_the_cell_goes_on(
    server: LiveServer, grant: Grant, through: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise ValueError("a message is damaged")

    async def work() -> None:
        link = (
            await ZmqLink.open(grant)
            if through == "zmq"
            else await WebsocketLink.open(grant.session, server.url, server.token)
        )
        monkeypatch.setattr("aip_jupyter.sessions.zmq_link.Signer.unpack", damaged)
        monkeypatch.setattr("aip_jupyter.sessions.websocket_link.message_of", damaged)
        relay = Relay(link)
        try:
            with pytest.raises(Unavailable) as raised:
                await relay.run(cell("1"), print)
        finally:
            await relay.close()
        name = grant.session.name
        assert raised.value.message == (
            f"session: the link to {name!r} failed (a message is damaged); what runs there goes on: "
            f"`%gpu attach {name}` shows its output"
        )

    asyncio.run(work())


class TestChoice:
    """Which of them a notebook takes."""

    @staticmethod
    def kind(grant: Grant, server: LiveServer | None, link: str = "auto") -> str:
        found = None if server is None else Server(url=server.url, token=server.token, how="test")
        settings = Settings(home=Path("/nowhere"), link=link)
        connection = Connection(cast(Services, None), settings, "", found)

        async def work() -> str:
            opened = await open_link(grant, connection)
            await opened.close()
            return type(opened).__name__

        return asyncio.run(work())

    def test_straight_where_the_session_can_be_reached(self, grant: Grant, server: LiveServer) -> None:
        assert self.kind(grant, server) == "ZmqLink"
        assert self.kind(grant, None) == "ZmqLink"

    def test_through_the_server_elsewhere(self, grant: Grant, server: LiveServer) -> None:
        assert self.kind(replace(grant, host="another-machine"), server) == "WebsocketLink"
        gone = {**grant.agent, "address": f"tcp://127.0.0.1:{free_port()}"}
        assert self.kind(replace(grant, agent=gone), server) == "WebsocketLink"

    def test_as_it_is_set(self, grant: Grant, server: LiveServer) -> None:
        assert self.kind(replace(grant, host="another-machine"), server, "zmq") == "ZmqLink"
        assert self.kind(grant, server, "websocket") == "WebsocketLink"
        with pytest.raises(Invalid, match="AIP_LINK: there is no server here"):
            self.kind(grant, None, "websocket")
        with pytest.raises(Invalid, match="AIP_LINK: 'tcp' is not one of auto, zmq, websocket"):
            load_settings({"AIP_LINK": "tcp"})

    def test_a_server_that_is_gone_is_told(self, grant: Grant) -> None:
        async def work() -> None:
            await WebsocketLink.open(grant.session, f"http://127.0.0.1:{free_port()}/", "t0ken")

        with pytest.raises(Unavailable, match="does not open a websocket"):
            asyncio.run(work())
