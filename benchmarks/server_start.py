"""What the extension adds to an idle Jupyter server: start, memory, processes; beside the same without it.

Targets: at most 0.7 s, 40 MB and no process.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from tests.support.live import live_server_with, put_one

ROUNDS = 5
IDLE = 3.0
"""Seconds to settle before the look at memory."""


class Reading(NamedTuple):
    """One server."""

    start: float
    memory: float
    processes: int


def main() -> None:
    """Print the medians: without, with on a fresh home, and with on a home that has a store."""
    readings: dict[str, list[Reading]] = {"without": [], "fresh home": [], "with a store": []}
    with tempfile.TemporaryDirectory() as folder:
        used = Path(folder) / "used"
        put_one(used)
        for n in range(ROUNDS):
            for kind, found in readings.items():
                home = used if kind == "with a store" else Path(folder) / f"home{n}"
                found.append(_read(Path(folder) / f"{kind}{n}", home, kind != "without"))
    print("an idle Jupyter server, median of", ROUNDS)
    print(f"  {'':<14}{'start s':>9}{'USS MB':>9}{'processes':>11}")
    medians = {
        kind: Reading(*(statistics.median(values) for values in zip(*found, strict=True)))
        for kind, found in readings.items()
    }
    for kind, median in medians.items():
        print(f"  {kind:<14}{median.start:9.2f}{median.memory:9.1f}{median.processes:11.0f}")
    bare = medians.pop("without")
    for kind, median in medians.items():
        start, memory = median.start - bare.start, median.memory - bare.memory
        print(
            f"  {kind} adds {start:.2f} s, {memory:.1f} MB, {median.processes - bare.processes:.0f} processes"
        )
    print("  (targets: 0.7 s, 40 MB, 0)")


def _read(folder: Path, home: Path, extension: bool) -> Reading:
    began = time.monotonic()
    with live_server_with(folder, home, extension) as server:
        start = time.monotonic() - began
        time.sleep(IDLE)
        process = psutil.Process(server.process.pid)
        children = process.children(recursive=True)
        return Reading(start, process.memory_full_info().uss / 2**20, 1 + len(children))
