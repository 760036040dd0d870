"""The least that the same libraries allow: a bare tornado handler that puts rows into SQLite."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.support.live import free_port

_SERVER = """
import asyncio, sqlite3, sys
import msgspec
from tornado import web
database = sqlite3.connect(sys.argv[2], isolation_level=None)
database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE point (metric INT, arrival INT, step INT, time INT, value REAL,"
    "PRIMARY KEY (metric, arrival)) WITHOUT ROWID")
class Handler(web.RequestHandler):
    def get(self):
        pass
    def post(self):
        rows = msgspec.msgpack.decode(self.request.body)
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO point VALUES (?, ?, ?, ?, ?)", rows)
        database.execute("COMMIT")
async def main():
    web.Application([("/", Handler)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()
asyncio.run(main())
"""


@contextlib.contextmanager
def floor_server(folder: Path) -> Iterator[str]:
    """Its URL; a POST takes rows of five numbers in MessagePack, the first two of which no other row has."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(port), str(folder / "floor.db")])
    url = f"http://127.0.0.1:{port}/"
    try:
        while True:
            with contextlib.suppress(httpx.ConnectError):
                httpx.get(url, trust_env=False)
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()
