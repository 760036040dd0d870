"""One `log_metrics` call in a training loop, beside a busy Python thread, while a live server stores.

Beside it the floor (encode, checksum, copy into a mapped file), and what one would do otherwise: write to a
file, insert into a SQLite database of one's own. By turns, in one training loop.

Targets: p50 at most 6 µs, p99.9 at most 100 µs.
"""

from __future__ import annotations

import mmap
import os
import sqlite3
import statistics
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import msgspec

import aip_jupyter as aip
from aip_jupyter.client.connect import disconnect
from aip_jupyter.client.journals import JOURNALS
from tests.support.live import live_server

CALLS = 30_000
ROUND = 1_000
"""Calls of one kind before the next has its turn."""
WORK = 0.0001
"""Seconds of training between two calls."""

Log = Callable[[int], None]


def main() -> None:
    """Print the percentiles."""
    with (
        tempfile.TemporaryDirectory() as folder,
        live_server(Path(folder) / "server") as server,
        patch.dict(os.environ, server.client_environ),
    ):
        aip.start_run("benchmark")
        JOURNALS.flush(30)
        times = _measure({"aip.log_metrics": _ours, **_others(Path(folder))})
        waiting = JOURNALS.flush(30)
        count = aip.get_run().metrics["loss"].count
        aip.end_run()
        JOURNALS.close()
        disconnect()
    print(f"microseconds of one call beside a busy thread, {CALLS:,} of each")
    print(f"  {'':<26}{'p50':>8}{'p99':>9}{'p99.9':>9}{'max':>9}")
    for name, found in times.items():
        p50, p99, p999 = (_quantile(found, q) for q in (0.5, 0.99, 0.999))
        print(f"  {name:<26}{p50:8.1f}{p99:9.1f}{p999:9.1f}{max(found):9.0f}")
    print(f"  (targets for ours: p50 6, p99.9 100); {count:,} points stored, {waiting.records} wait")


def _ours(step: int) -> None:
    aip.log_metrics({"loss": 0.5}, step=step)


def _others(folder: Path) -> dict[str, Log]:
    encode = msgspec.msgpack.Encoder().encode
    size = 4 * 2**20
    path = folder / "floor"
    path.write_bytes(bytes(size))
    with path.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), size)
    place = 0

    def floor(step: int) -> None:
        nonlocal place
        payload = encode((4, step, time.time_ns(), {"loss": 0.5}))
        record = zlib.crc32(payload).to_bytes(4, "little") + payload
        mapped[place : place + len(record)] = record
        place = (place + len(record)) % (size - 1000)

    handle = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(step: int) -> None:
        os.write(handle, encode((4, step, time.time_ns(), {"loss": 0.5})))

    database = sqlite3.connect(folder / "own.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE point (s, t, v)")

    def insert(step: int) -> None:
        database.execute("INSERT INTO point VALUES (?, ?, ?)", (step, time.time_ns(), 0.5))

    return {"floor: into a mapped file": floor, "os.write to a file": write, "SQLite in the process": insert}


def _measure(candidates: dict[str, Log]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in candidates}
    with _busy():
        for start in range(0, CALLS, ROUND):
            for name, log in candidates.items():
                for step in range(start, start + ROUND):
                    begin = time.perf_counter_ns()
                    log(step)
                    times[name].append((time.perf_counter_ns() - begin) / 1000)
                    _train()
    return times


def _train() -> None:
    end = time.perf_counter() + WORK
    while time.perf_counter() < end:
        pass


@contextmanager
def _busy() -> Iterator[None]:
    """A Python thread that never waits."""
    stop = False

    def work() -> None:
        while not stop:
            sum(range(100))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop = True
    thread.join()


def _quantile(values: list[float], q: float) -> float:
    return statistics.quantiles(values, n=1000, method="inclusive")[round(q * 1000) - 1]
