"""What a `%%gpu` cell on a warm session costs, beside a plain cell in the same notebook kernel.

Targets: at most 7 ms more than the plain cell; the first byte of what a cell prints, at most 10 ms later.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROUNDS = 150
BODIES = {"pass": "pass", "1 + 1": "1 + 1", "print": "print('x', flush=True)"}
CELLS = {"plain": "{}", "%%gpu": "%%gpu cpu\n{}"}


def main() -> None:
    """Print medians and 95th percentiles."""
    with tempfile.TemporaryDirectory() as folder, _kernel(folder) as client:
        _measure(client, "%load_ext aip_jupyter")
        for _ in range(20):
            _measure(client, CELLS["%%gpu"].format("pass"))
        for body, code in BODIES.items():
            _compare(client, body, code)
        _measure(client, "%gpu stop cpu")


def _compare(client: Any, body: str, code: str) -> None:
    done: dict[str, list[float]] = {name: [] for name in CELLS}
    first: dict[str, list[float]] = {name: [] for name in CELLS}
    for _ in range(ROUNDS):
        for name, cell in CELLS.items():
            took, seen = _measure(client, cell.format(code))
            done[name].append(took)
            first[name] += seen
    _print(f"cell {body!r}, until it has ended", done, 7)
    if first["plain"]:
        _print(f"cell {body!r}, until its first output", first, 10)


def _print(title: str, found: dict[str, list[float]], target: int) -> None:
    print(f"milliseconds, {title}; {len(found['plain'])} rounds, interleaved; median (95th percentile)")
    medians = {name: statistics.median(times) for name, times in found.items()}
    for name, times in found.items():
        print(f"  {name:<12}{medians[name]:6.1f} ({statistics.quantiles(times, n=20)[-1]:.1f})")
    difference, ratio = medians["%%gpu"] - medians["plain"], medians["%%gpu"] / medians["plain"]
    print(f"  difference  {difference:6.1f}   (target: at most {target}); ratio {ratio:.1f}")


def _measure(client: Any, code: str) -> tuple[float, list[float]]:
    """Milliseconds until the cell has ended, as a front end sees it, and until its first output, if any."""
    seen: list[float] = []
    begin = time.perf_counter()
    id = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != id:
            continue
        kind = message["msg_type"]
        if kind in ("stream", "execute_result") and not seen:
            seen.append((time.perf_counter() - begin) * 1000)
        if kind == "status" and message["content"]["execution_state"] == "idle":
            break
    reply = client.get_shell_msg(timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
    return (time.perf_counter() - begin) * 1000, seen


@contextmanager
def _kernel(folder: str) -> Iterator[Any]:
    manager = KernelManager(kernel_name="python3")
    with Path(folder, "log").open("w") as log:
        environ = {**os.environ, "AIP_HOME": folder, "JPY_SESSION_NAME": "benchmark.ipynb"}
        manager.start_kernel(env=environ, cwd=folder, stderr=log)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
