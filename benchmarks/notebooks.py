"""Notebook kernels for benchmarks, and the ways that a cell of theirs can take."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_client.manager import KernelManager

from tests.support.live import live_server
from tests.support.sessions import ending_sessions

PATIENCE = 120
"""Seconds that a message may take."""
PX = """
import ipyparallel
cluster = ipyparallel.Cluster(n=1, log_level=40)
_client = cluster.start_and_connect_sync()
_client[:].activate()
"""


class Measured(NamedTuple):
    """A cell, as a front end has seen it."""

    took: float
    """Seconds until it had ended."""
    first: float | None
    """Seconds until its first output, if it had any."""
    printed: int
    """Characters of its streams."""


class Way(NamedTuple):
    """A way that a cell can take: in a kernel of its own, below a first line."""

    client: Any
    magic: str

    def measure(self, code: str) -> Measured:
        """Run this code this way."""
        return measure(self.client, f"{self.magic}{code}")


def measure(client: Any, code: str) -> Measured:
    """Run a cell, which must not fail."""
    first: float | None = None
    printed = 0
    begin = time.perf_counter()
    id = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != id:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind in ("stream", "execute_result"):
            first = first or time.perf_counter() - begin
            printed += len(content.get("text", ""))
        elif kind == "status" and content["execution_state"] == "idle":
            break
    reply = client.get_shell_msg(timeout=PATIENCE)
    assert reply["content"]["status"] == "ok", reply["content"]
    return Measured(time.perf_counter() - begin, first, printed)


@contextmanager
def notebook_kernel(folder: str, environ: Mapping[str, str] = {}, name: str = "python3") -> Iterator[Any]:
    """The client of a notebook's kernel that is ready."""
    manager = KernelManager(kernel_name=name)
    variables = {**os.environ, "AIP_HOME": folder, "JPY_SESSION_NAME": "benchmark.ipynb", **environ}
    with Path(folder, "log").open("a") as log:
        manager.start_kernel(env=variables, cwd=folder, stderr=log)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def all_ways() -> Iterator[dict[str, Way]]:
    """A plain kernel, `%%gpu` directly and through a server, and ipyparallel's `%%px`; all are warm.

    While a cell runs, `%%px` would show all that was printed so far again and again: here it shows it at
    the end.
    """
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(live_server(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        stack.enter_context(ending_sessions(server.services()))

        def kernel(prepare: str, finish: str = "pass", **variables: str) -> Any:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            environ = {**server.client_environ, "JPY_SESSION_NAME": folder, **variables}
            client = stack.enter_context(notebook_kernel(folder, environ))
            measure(client, prepare)
            stack.callback(measure, client, finish)
            return client

        load = "%load_ext aip_jupyter"
        ways = {
            "plain": Way(kernel("pass"), ""),
            "%%gpu": Way(kernel(load, AIP_LINK="zmq"), "%%gpu cpu\n"),
            "%%gpu, ws": Way(kernel(load, AIP_LINK="websocket"), "%%gpu cpu\n"),
            "%%px": Way(kernel(PX, "cluster.stop_cluster_sync()"), "%%px --block --no-stream\n"),
        }
        for way in ways.values():
            for _ in range(20):
                way.measure("pass")
        yield ways
