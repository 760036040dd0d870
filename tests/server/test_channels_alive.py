"""Channels that are slow, in whichever direction, stay open; those whose other side is gone end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed

from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import Session
from aip_jupyter.sessions import websocket_client
from aip_jupyter.sessions.messages import parts_of, request
from aip_jupyter.sessions.websocket_link import WebsocketLink
from aip_jupyter.wire.channels import encode_pieces

from ..support.live import live_server
from .test_channels import CONFIG, OLGA, Place, execute, told
from .test_channels_hanging import start

QUICK = """
import asyncio
from aip_jupyter.server import channels
from aip_jupyter.sessions.zmq_link import ZmqLink
channels.PING, channels.GONE = 0.4, 3.0
send = ZmqLink.send
async def slowly(self, message):
    if b"take your time" in message.content:
        await asyncio.sleep(7)
    await send(self, message)
ZmqLink.send = slowly
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("alive")
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_server_config.py").write_text(CONFIG + QUICK)
    with live_server(folder) as server:
        place = Place(server, new_id())
        place.ask("POST", "projects", OLGA, name="own")
        assert start(place, folder, "big", id=place.session).status_code == 201
        yield place
        place.ask("DELETE", f"projects/own/sessions/{place.session}", OLGA)


def test_channels_stay_open_while_the_kernel_takes_nothing(place: Place) -> None:
    async def main() -> None:
        async with place.connect(OLGA, ping_interval=None) as channels:
            assert await execute(channels, "'take your time'") == "'take your time'"

    asyncio.run(main())


def test_the_client_waits_for_a_server_that_takes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_client, "GONE", 3.0)
    found = place.ask("GET", f"projects/own/sessions/{place.session}", OLGA).json()
    session = msgspec.convert(found, Session)
    place.ask("POST", "projects/own/roles", OLGA, user="ada", role="admin")
    token = place.new_token()[1]["Authorization"].split()[1]

    async def main() -> None:
        link = await WebsocketLink.open(session, place.server.url, token)
        sent = request("shell", "execute_request", {"code": "'take your time'", "silent": False})
        await link.send(sent)
        while (message := await asyncio.wait_for(link.receive(), 60)).channel != "shell":
            pass
        assert message.read()["status"] == "ok"
        await link.close()

    asyncio.run(main())


def test_who_answers_no_ping_is_gone(place: Place) -> None:
    async def main() -> None:
        async with place.connect(OLGA, ping_interval=None) as channels:
            assert await execute(channels, "6 * 7") == "42"
            channels.transport.pause_reading()  # and so sends no pongs
            await asyncio.sleep(6)
            channels.transport.resume_reading()
            await asyncio.wait_for(told(channels), 60)

    asyncio.run(main())


def test_who_begins_a_large_message_goes_on_with_it(place: Place) -> None:
    async def main() -> None:
        async with place.connect(OLGA, ping_interval=None) as channels:
            large = request("shell", "execute_request", {"code": "#" * 5_000_000, "silent": False})
            await channels.send(next(iter(encode_pieces("shell", parts_of(large, "s")))))
            await asyncio.wait_for(told(channels), 60)

    asyncio.run(main())


def test_a_server_that_says_nothing_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    monkeypatch.setattr(websocket_client, "GONE", 0.3)

    async def main() -> None:
        given_up = asyncio.Event()

        async def say_nothing(connection: ServerConnection) -> None:
            await given_up.wait()

        async with serve(say_nothing, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1) as server:
            port = server.sockets[0].getsockname()[1]
            connecting = websocket_client.Connect(
                f"ws://127.0.0.1:{port}",
                ping_interval=None,
                create_connection=websocket_client.Connection,
                proxy=None,
            )
            async with connecting as connection:
                try:
                    with pytest.raises(ConnectionClosed):
                        await asyncio.wait_for(connection.recv(), 60)
                finally:
                    given_up.set()
            server.close(close_connections=True)

    asyncio.run(main())
