"""A session's channels over a websocket: who is let in, who is put out, and what comes that should not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from aip_jupyter.domain.records import new_id
from aip_jupyter.sessions.messages import parts_of, request
from aip_jupyter.wire.channels import PIECE, Assembler, encode_pieces
from aip_jupyter.wire.errors import decode_error

from ..support.live import TOKEN, LiveServer, live_server
from .people import V1, bearer

CONFIG = """
c.AipApp.admins = ["olga"]
from jupyter_server.auth import IdentityProvider, User
class People(IdentityProvider):
    async def get_user(self, handler):
        name = handler.request.headers.get("X-User")
        if not name:
            return await super()._get_user(handler)
        handler._token_authenticated = True
        return User(username=name)
c.ServerApp.identity_provider_class = People
"""
OLGA = {"X-User": "olga"}
"""Who administers all; ada has a part in the project `own`."""


class Place:
    """A server with a session in the project `own`."""

    def __init__(self, server: LiveServer, session: str) -> None:
        self.server = server
        self.session = session

    def ask(self, method: str, path: str, headers: dict[str, str], **body: Any) -> httpx.Response:
        with self.server.http(None) as client:
            return client.request(method, f"{V1}/{path}", headers=headers, json=body or None)

    def new_token(self, scope: str = "write") -> tuple[str, dict[str, str]]:
        """Ada's: its id, and the header with it."""
        body = {"name": f"t-{new_id()}", "scope": scope}
        reply = self.ask("POST", "projects/own/tokens", {"X-User": "ada"}, **body)
        assert reply.status_code == 201, reply.text
        return reply.json()["info"]["id"], bearer(reply.json()["text"])

    def url(self, project: str = "own", session: str = "") -> str:
        path = f"{V1}/projects/{project}/sessions/{session or self.session}/channels"
        return self.server.url.replace("http", "ws") + path

    def connect(self, headers: dict[str, str], url: str = "", **how: Any) -> connect:
        more = {"proxy": None, "compression": None, "close_timeout": 1, **how}
        return connect(url or self.url(), additional_headers=headers, **more)

    def refusal(self, headers: dict[str, str], url: str = "") -> tuple[int, str]:
        """The status and the code with which it is refused before the upgrade."""

        async def work() -> tuple[int, str]:
            with pytest.raises(InvalidStatus) as refused:
                async with self.connect(headers, url):
                    pass
            response = refused.value.response
            return response.status_code, json.loads(response.body or b"")["error"]["code"]

        return asyncio.run(work())

    def end(self, headers: dict[str, str], work: Callable[[ClientConnection], Awaitable[None]]) -> int:
        """The code with which the server ends the channels, within seconds, because of this work."""

        async def main() -> int:
            async with self.connect(headers) as channels:
                await work(channels)
                return (await asyncio.wait_for(told(channels), 20))[0]

        return asyncio.run(main())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("channels")
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_server_config.py").write_text(CONFIG)
    with live_server(folder) as server:
        place = Place(server, new_id())
        place.ask("POST", "projects", OLGA, name="own")
        place.ask("POST", "projects/own/roles", OLGA, user="ada", role="admin")
        body = {"name": "big", "gpu": "cpu", "host": socket.gethostname(), "python": sys.executable}
        environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
        started = place.ask(
            "POST",
            "projects/own/sessions",
            OLGA,
            id=place.session,
            folder=str(folder),
            environment=environment,
            **body,
        )
        assert started.status_code == 201, started.text
        yield place
        place.ask("DELETE", f"projects/own/sessions/{place.session}", OLGA)


async def told(channels: ClientConnection) -> tuple[int, tuple[str, list[memoryview]]]:
    """The code with which the channels end, and the last message before that."""
    assembler, last = Assembler(), ("", list[memoryview]())
    while True:
        try:
            last = assembler.add(await channels.recv(decode=False)) or last
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0, last


async def execute(channels: ClientConnection, code: str) -> str:
    """The plain text of what a cell returns."""
    content = {"code": code, "silent": False}
    for piece in encode_pieces("shell", parts_of(request("shell", "execute_request", content), "s")):
        await channels.send(piece)
    assembler = Assembler()
    while True:
        whole = assembler.add(await channels.recv(decode=False))
        if whole is not None and b"execute_result" in bytes(whole[1][0]):
            return str(msgspec.json.decode(whole[1][3])["data"]["text/plain"])


def test_who_may_execute_is_let_in(place: Place) -> None:
    async def work(headers: dict[str, str]) -> str:
        async with place.connect(headers) as channels:
            return await execute(channels, "6 * 7")

    for headers in (OLGA, {"X-User": "ada"}, place.new_token()[1]):
        assert asyncio.run(work(headers)) == "42"


def test_who_may_not_is_refused_before_the_upgrade(place: Place) -> None:
    assert place.refusal({}) == (401, "unauthenticated")
    assert place.refusal(bearer("wrong")) == (401, "unauthenticated")
    assert place.refusal({"X-User": "nora"}) == (404, "not_found")
    assert place.refusal(bearer(TOKEN)) == (404, "not_found")
    for scope in ("read", "publish"):
        assert place.refusal(place.new_token(scope)[1]) == (403, "denied")
    ada = place.new_token()[1]
    assert place.refusal(ada, place.url("default")) == (404, "not_found")
    assert place.refusal(OLGA, place.url("default")) == (404, "not_found")
    assert place.refusal(OLGA, place.url(session="0" * 32)) == (404, "not_found")
    id, ended = place.new_token()
    assert place.ask("DELETE", f"projects/own/tokens/{id}", OLGA).status_code == 204
    assert place.refusal(ended) == (401, "unauthenticated")


def test_a_sessions_own_token_does_not_open_it(place: Place) -> None:
    reply = place.ask("POST", f"projects/own/sessions/{place.session}/token", OLGA)
    assert reply.status_code == 201
    assert place.refusal(bearer(reply.json()["text"])) == (403, "denied")


def test_a_page_elsewhere_cannot_open_it_with_the_users_cookie(place: Place) -> None:
    with place.server.http(None) as client:
        assert client.get("api/status", params={"token": TOKEN}).status_code == 200
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    # Jupyter's own user, whom nobody knows by name, may do nothing here but where everybody may.
    place.ask("POST", "projects/own/roles", OLGA, user="*", role="member")
    try:
        own = {"Cookie": cookie, "Origin": place.server.url.rstrip("/")}

        async def work() -> None:
            async with place.connect(own):
                pass

        asyncio.run(work())
        for origin in ("http://evil.example", f"{own['Origin']}.evil.example", "null"):
            assert place.refusal({"Cookie": cookie, "Origin": origin})[0] in (403, 404)
    finally:
        place.ask("DELETE", "projects/own/roles/*", OLGA)


@pytest.mark.parametrize("how", ["revoked", "no role"])
def test_channels_end_when_they_would_be_refused(place: Place, how: str) -> None:
    id, headers = place.new_token()

    async def work(channels: ClientConnection) -> None:
        assert await execute(channels, "1 + 1") == "2"
        path = f"tokens/{id}" if how == "revoked" else "roles/ada"
        done = await asyncio.to_thread(place.ask, "DELETE", f"projects/own/{path}", OLGA)
        assert done.status_code in (200, 204)

    try:
        assert place.end(headers, work) == {"revoked": 4401, "no role": 4404}[how]
    finally:
        place.ask("POST", "projects/own/roles", OLGA, user="ada", role="admin")
    refused = place.ask("GET", f"projects/own/sessions/{place.session}", OLGA)
    assert refused.json()["state"] == "idle"  # the session lives on


HEAD = [(24).to_bytes(8, "little"), (24 + 5).to_bytes(8, "little")]
BAD: dict[str, list[bytes | str]] = {
    "text": ["hello"],
    "short": [b"\x01"],
    "empty": [b""],
    "no offsets": [b"\xff" * 64],
    "offsets that go back": [(2).to_bytes(8, "little") + HEAD[0] + (3).to_bytes(8, "little")],
    "too many bytes": [(2).to_bytes(8, "little") + HEAD[0] + (2**62).to_bytes(8, "little")],
    "longer than it says": [(2).to_bytes(8, "little") + b"".join(HEAD) + b"shellshell"],
    "no such channel": list(encode_pieces("hb", [b"{}"] * 4)),
    "iopub": list(encode_pieces("iopub", [b"{}"] * 4)),
    "too few parts": list(encode_pieces("shell", [b"{}"])),
    "a header that is none": list(encode_pieces("shell", [b"[1]", b"{}", b"{}", b"{}"])),
    "no JSON": list(encode_pieces("shell", [b"\xff", b"{}", b"{}", b"{}"])),
    "an order of another kind": list(encode_pieces("agent", [msgspec.msgpack.encode({"do": "sudo"})])),
    "no order": list(encode_pieces("agent", [])),
    "a name that is no text": [(2).to_bytes(8, "little") + b"".join(HEAD) + b"\xff" * 5],
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_message_ends_the_channels_with_a_reason(place: Place, name: str) -> None:
    async def work() -> None:
        async with place.connect(OLGA) as channels:
            for piece in BAD[name]:
                await channels.send(piece)
            code, last = await asyncio.wait_for(told(channels), 20)
            assert code == 4400
            assert last[0] == "error"
            assert "channels: " in decode_error(500, bytes(last[1][0])).message

    asyncio.run(work())
    assert "Traceback" not in place.server.log


def test_a_piece_that_is_too_long_is_not_taken_in(place: Place) -> None:
    async def work(channels: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await channels.send(b"x" * (PIECE + 1))

    assert place.end(OLGA, work) in (1009, 0)


def test_a_reader_who_does_not_read_costs_the_server_no_memory(place: Place, tmp_path: Path) -> None:
    import psutil

    server = psutil.Process(place.server.process.pid)

    async def work() -> None:
        async with place.connect(OLGA, max_queue=1) as channels:
            before = server.memory_info().rss
            await execute(channels, "done = 0; 1")
            code = "for done in range(400): print('x' * 300_000, flush=True)"
            cell = request("shell", "execute_request", {"code": code, "silent": False})
            for piece in encode_pieces("shell", parts_of(cell, "s")):
                await channels.send(piece)
            async with place.connect(OLGA) as other:
                # The kernel goes on, whoever reads.
                assert await execute(other, "done") == "399"
            assert server.memory_info().rss - before < 80 * 2**20

    asyncio.run(work())
