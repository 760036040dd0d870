"""Changes by any process reach the event bus."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.changes import ChangeEvent
from aip_jupyter.server import events
from aip_jupyter.server.events import MANY, SCHEMA_ID, condense
from aip_jupyter.server.pool import Pool
from aip_jupyter.services.local import Feed, open_platform
from aip_jupyter.services.settings import Settings

from ..contracts.services import put
from ..support.live import LiveServer, live_server


async def _subscribe(live: LiveServer) -> WebSocketClientConnection:
    url = live.url.replace("http", "ws", 1) + "api/events/subscribe"
    return await websocket_connect(HTTPRequest(url, headers={"Authorization": f"Bearer {live.token}"}))


async def _told(connection: WebSocketClientConnection, id: str) -> dict[str, Any]:
    """The event of this record; those of other tests are passed over."""
    while True:
        message = await connection.read_message()
        assert message is not None
        event: dict[str, Any] = json.loads(message)
        if event["schema_id"] == SCHEMA_ID and event["id"] == id:
            return event


async def test_a_registration_by_the_server_is_told(live: LiveServer, services: HttpServices) -> None:
    connection = await _subscribe(live)
    detail = put(services, "told")
    event = await _told(connection, detail.version.id)
    assert (event["kind"], event["project"], event["action"]) == ("version", "default", "created")
    connection.close()


SCRIPT = """
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import load_settings
from tests.contracts.services import put
print(put(open_platform(load_settings()).services(), "by-a-script").version.id)
"""


async def test_a_registration_by_another_process_on_the_same_home_is_told(live: LiveServer) -> None:
    connection = await _subscribe(live)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, env=live.environ, stdout=asyncio.subprocess.PIPE
    )
    stdout, _ = await process.communicate()
    event = await _told(connection, stdout.decode().strip())
    assert event["kind"] == "version"
    connection.close()


def test_very_many_changes_are_told_as_one_per_kind() -> None:
    many = [
        ChangeEvent(sequence=n, project="p", kind="model", id=f"{n}", action="created")
        for n in range(MANY + 1)
    ]
    assert condense(many[:MANY]) == many[:MANY]
    (only,) = condense(many)
    assert (only.id, only.sequence) == ("", MANY)


class _Feed:
    """One that fails, such as for a full disk, before there is something to tell."""

    feed = "one"

    def __init__(self) -> None:
        self.looks = 0

    def changes_since(self, sequence: int) -> tuple[int, list[ChangeEvent]]:
        self.looks += 1
        if self.looks < 3:
            raise OSError(28, "No space left on device")
        return 1, [ChangeEvent(sequence=1, project="p", kind="session", id="s", action="created")]


async def test_a_feed_that_fails_is_told_once_and_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "BACKOFF", 0.01)
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    class Bus:
        def emit(self, *, schema_id: str, data: dict[str, Any]) -> None:
            told.put_nowait(data)

    pool = Pool("changes", 1, 30.0)
    watching = asyncio.ensure_future(
        events.watch(cast("Feed", _Feed()), pool, Bus(), logging.getLogger("test"))
    )
    try:
        await asyncio.wait(
            [watching, first := asyncio.ensure_future(told.get())], return_when="FIRST_COMPLETED"
        )
        assert first.done(), watching
        assert first.result()["id"] == "s"
    finally:
        watching.cancel()
        first.cancel()
        pool.close()
    assert [record.getMessage() for record in caplog.records] == ["aip: cannot watch the store"]


async def test_where_not_everybody_has_a_part_in_all_only_kinds_are_told(tmp_path: Path) -> None:
    with live_server(tmp_path, environ={"AIP_ADMINS": "root"}) as server:
        connection = await _subscribe(server)
        await asyncio.sleep(0.5)  # the feed is looked at from now on
        store = open_platform(Settings(home=server.home)).services()
        detail = put(store, "private")
        store.close()
        kinds: set[str] = set()
        while "version" not in kinds:
            message = str(await connection.read_message())
            assert detail.version.id not in message
            event = json.loads(message)
            if event["schema_id"] == SCHEMA_ID:
                assert (event["project"], event["id"]) == ("", "")
                kinds.add(event["kind"])
        connection.close()
