"""Runs through a server beside MLflow's tracking server, as it comes and with one worker, and a bare floor.

What only we and the floor can do (a call that does not wait, points from the call to the store) is in
`log_metrics` and `ingest`; what is found among many runs and models in `runs_search` and `models_search`.

Targets: at least 300 runs created per second by one client and 450 by eight.
"""

from __future__ import annotations

import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec

from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.wire.journal import RunStarted, encode_record
from tests.support.live import LiveServer, live_server

from .floor import floor_server
from .mlflow_peer import BATCHES, LOGGING, Peer, in_mlflow, mlflow_server

RUNS = 400
CALLS = 100
POINTS = 20_000
_NUMBERS = itertools.count()

Create = Callable[[httpx.Client, int], httpx.Response]
"""Makes a run."""


def main() -> None:
    """Print the figures of all, in one run."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        ours = stack.enter_context(live_server(folder / "ours"))
        peers = {
            "MLflow, as it comes": stack.enter_context(mlflow_server(folder / "default")),
            "MLflow, one worker": stack.enter_context(mlflow_server(folder / "one", 1)),
        }
        floor = stack.enter_context(floor_server(folder))
        _servers(peers)
        _calls(peers, folder)
        _points(peers)
        _created(ours, peers, floor)


def _servers(peers: dict[str, Peer]) -> None:
    print("an idle server (ours: see server_start)")
    for name, peer in peers.items():
        memory, processes = peer.memory()
        print(f"  {name:<22}{peer.start:6.1f} s to its first answer, {memory:7.0f} MB, {processes} processes")


def _calls(peers: dict[str, Peer], folder: Path) -> None:
    print(f"one log_metrics call beside a busy thread, {CALLS} of each (ours: see log_metrics)")
    uris = {name: peer.url for name, peer in peers.items()}
    uris["MLflow, into SQLite"] = f"sqlite:///{folder / 'direct.db'}"
    for name, uri in uris.items():
        times = in_mlflow(LOGGING, uri, str(CALLS))
        worst = statistics.quantiles(times, n=100, method="inclusive")[98]
        print(f"  {name:<22}p50 {statistics.median(times) * 1000:7.1f} ms, p99 {worst * 1000:7.1f} ms")


def _points(peers: dict[str, Peer]) -> None:
    print(f"points stored per second, a thousand at once, {POINTS:,} of each (ours: see ingest)")
    for name, peer in peers.items():
        print(f"  {name:<22}{in_mlflow(BATCHES, peer.url, str(POINTS))[0]:8,.0f}")


def _created(ours: LiveServer, peers: dict[str, Peer], floor: str) -> None:
    print("runs created per second through a server: one client, eight clients (targets: 300, 450)")
    ways: dict[str, tuple[str, Create, int]] = {"ours": (ours.url, _ours(ours.token), RUNS)}
    ways |= {name: (peer.url, _mlflow, RUNS // 8) for name, peer in peers.items()}
    ways["floor"] = (floor, _bare, RUNS)
    for name, (url, create, count) in ways.items():
        rates = [_rate(url, create, clients, count) for clients in (1, 8)]
        print(f"  {name:<22}{rates[0]:7,.0f} {rates[1]:7,.0f}")


def _rate(url: str, create: Create, clients: int, count: int) -> float:
    """Runs per second, so many from each client's thread."""

    def work(client: httpx.Client) -> None:
        for n in range(count // clients):
            create(client, n).raise_for_status()

    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=60))
            for _ in range(clients)
        ]
        for client in opened:
            create(client, 0).raise_for_status()  # its connection
        pool = stack.enter_context(ThreadPoolExecutor(clients))
        begin = time.perf_counter()
        list(pool.map(work, opened))
        return count // clients * clients / (time.perf_counter() - begin)


def _ours(token: str) -> Create:
    """A journal's request with one run, as a notebook sends it."""

    def create(client: httpx.Client, n: int) -> httpx.Response:
        started = RunStarted(run=new_id(), time=now_ms(), name=f"run-{n}", experiment="default")
        return client.post(
            f"aip/v1/projects/default/journals/{new_id()}",
            params={"start": 0},
            content=encode_record(started),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"},
        )

    return create


def _mlflow(client: httpx.Client, n: int) -> httpx.Response:
    body = {"experiment_id": "0", "start_time": now_ms(), "run_name": f"run-{n}"}
    return client.post("/api/2.0/mlflow/runs/create", json=body)


def _bare(client: httpx.Client, n: int) -> httpx.Response:
    """A row of its own."""
    return client.post("/", content=msgspec.msgpack.encode([(next(_NUMBERS), n, 0, now_ms(), 0.0)]))
