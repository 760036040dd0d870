"""What `%load_ext aip_jupyter` costs in a kernel, beside an extension that does nothing.

Target: at most 30 ms over the bare kernel.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROUNDS = 9
CELL = """
import time
_begin = time.perf_counter()
get_ipython().run_line_magic("load_ext", "{extension}")
print((time.perf_counter() - _begin) * 1000)
"""


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "does_nothing.py").write_text("def load_ipython_extension(ip): pass\n")
        times: dict[str, list[float]] = {"does_nothing": [], "aip_jupyter": []}
        for _ in range(ROUNDS):
            for extension, found in times.items():
                found.append(_load(extension, folder))
    medians = {extension: statistics.median(found) for extension, found in times.items()}
    print("milliseconds for %load_ext in a new kernel, median of", ROUNDS)
    for extension, median in medians.items():
        print(f"  {extension:<14}{median:6.1f}")
    print(f"  difference    {medians['aip_jupyter'] - medians['does_nothing']:6.1f}   (target: at most 30)")


def _load(extension: str, folder: str) -> float:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(
        env={**os.environ, "PYTHONPATH": folder, "AIP_HOME": folder}, stderr=subprocess.DEVNULL
    )
    printed: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        printed.append(message["content"].get("text", ""))

    try:
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute_interactive(CELL.format(extension=extension), output_hook=keep, timeout=60)
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)
    return float("".join(printed))
