"""Real kernels, each in a process of its own."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop


@contextlib.contextmanager
def running_kernel(environ: Mapping[str, str], folder: Path) -> Iterator[Any]:
    """The client of a kernel that is ready; killed (SIGKILL) on leaving."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=dict(environ), cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.signal_kernel(signal.SIGKILL)  # what follows would let it hear an interrupt first
        manager.shutdown_kernel(now=True)
        # jupyter_client makes a loop per thread; the main thread's is a fixture's, which closes it.
        if threading.current_thread() is not threading.main_thread():
            ensure_event_loop().close()


def run_cell(client: Any, code: str) -> None:
    """Run it and wait; fails when the cell does."""
    reply = client.execute_interactive(code, timeout=100, output_hook=lambda message: None)
    assert reply["content"]["status"] == "ok", reply["content"]
