"""MLflow's own tracking server, in an environment of its own: the peer of what concerns runs.

`make bench` makes `.venv-mlflow`; MLflow brings some hundred packages that nothing else here needs.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import psutil

from tests.support.live import free_port

PYTHON = Path(".venv-mlflow/bin/python")
RUN = "run_uuid, name, status, start_time, end_time, lifecycle_stage, experiment_id, artifact_uri, user_id"
METRIC = "key, value, timestamp, step, is_nan, run_uuid"
START = 300.0
"""Seconds that its server may take to start."""
# Run by MLflow's own Python: what its client does in a training loop.
LOGGING = """
import json, logging, sys, threading, time
logging.disable(logging.CRITICAL)
import mlflow
uri, calls = sys.argv[1], int(sys.argv[2])
mlflow.set_tracking_uri(uri)
stop = False
def work():
    while not stop:
        sum(range(100))
threading.Thread(target=work, daemon=True).start()
times = []
with mlflow.start_run():
    mlflow.log_metrics({"loss": 0.5}, step=0)
    for step in range(1, calls + 1):
        begin = time.perf_counter()
        mlflow.log_metrics({"loss": 0.5}, step=step)
        times.append(time.perf_counter() - begin)
stop = True
print(json.dumps(times))
"""
BATCHES = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
import mlflow
from mlflow.entities import Metric
client = mlflow.MlflowClient(sys.argv[1])
run = client.create_run("0").info.run_id
count = int(sys.argv[2])
begin = time.perf_counter()
for start in range(0, count, 1000):
    client.log_batch(run, metrics=[Metric("m", 0.5, 1, step) for step in range(start, start + 1000)])
print(json.dumps([count / (time.perf_counter() - begin)]))
"""


class Peer(NamedTuple):
    """A running server."""

    url: str
    store: Path
    """Its SQLite file."""
    process: subprocess.Popen[bytes]
    start: float
    """Seconds until its first answer."""

    def memory(self) -> tuple[float, int]:
        """MB that are its processes' own, and how many they are."""
        first = psutil.Process(self.process.pid)
        found = [first, *first.children(recursive=True)]
        return sum(each.memory_full_info().uss for each in found) / 2**20, len(found)


@contextlib.contextmanager
def mlflow_server(folder: Path, workers: int | None = None) -> Iterator[Peer]:
    """A server over a fresh SQLite file; `workers` as it has them by default when left out."""
    if not PYTHON.exists():
        sys.exit("MLflow is missing; `make bench` installs it into .venv-mlflow")
    folder.mkdir(parents=True, exist_ok=True)
    port, store = free_port(), folder / "mlflow.db"
    command = [str(PYTHON.absolute()), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{store}", "--artifacts-destination", str(folder / "files")]
    command += ["--workers", str(workers)] if workers else []
    begin = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environ())
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield Peer(url, store, process, time.perf_counter() - begin)
    finally:
        _end(process)


def environ() -> dict[str, str]:
    """It asks nobody outside."""
    return {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}


def in_mlflow(code: str, *arguments: str) -> list[float]:
    """What a script prints that MLflow's own Python runs."""
    command = [str(PYTHON.absolute()), "-c", code, *arguments]
    done = subprocess.run(command, env=environ(), check=True, capture_output=True)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=list[float])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", trust_env=False).is_success:
                return
        time.sleep(0.05)
    raise RuntimeError(f"MLflow's server at {url} did not answer in {START:.0f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    found = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    process.wait()
    for each in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def fill_runs(store: Path, runs: int, metrics: int, points: int) -> str:
    """Put runs with so many metrics into the store, and a curve of so many points into one of them.

    Directly, since its API takes half an hour for it; the id of the run with the curve.
    """
    dice = random.Random(1)
    ids = [f"{n:032x}" for n in range(1, runs + 1)]
    database = sqlite3.connect(store)
    with contextlib.closing(database), database:
        states = [(id, f"run-{n}", "FINISHED", n, n + 1, "active", "0", "", "u") for n, id in enumerate(ids)]
        _insert(database, "runs", RUN, states)
        named = [("mlflow.runName", f"run-{n}", id) for n, id in enumerate(ids)]
        _insert(database, "tags", "key, value, run_uuid", named)
        last = [(f"m{n}", dice.random(), 1, 0, False, id) for id in ids for n in range(metrics)]
        curve = [("curve", step / 7, step, step, False, ids[0]) for step in range(points)]
        _insert(database, "metrics", METRIC, last + curve)
        _insert(database, "latest_metrics", METRIC, last + curve[-1:])
    return ids[0]


def fill_models(store: Path, names: list[str]) -> None:
    """Put registered models into the store."""
    database = sqlite3.connect(store)
    with contextlib.closing(database), database:
        rows = [(name, n, n) for n, name in enumerate(names)]
        _insert(database, "registered_models", "name, creation_time, last_updated_time", rows)


def _insert(database: sqlite3.Connection, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    places = ", ".join("?" for _ in columns.split(","))
    database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
