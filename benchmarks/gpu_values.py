"""A gigabyte of variables into a session and back, beside ipyparallel and a plain copy in memory.

Targets: at least 0.8 GB/s each way on one host, with a result that can be written to, and at most 1.2 GB of
memory more than before in both processes together.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_client.manager import KernelManager

SIZE = int(os.environ.get("AIP_BENCH_BYTES", 1_000_000_000))
ROUNDS = 3
TARGET, MEMORY = 0.8, 1.2
BLOCK = 2**26
SOCKET = "import aip_jupyter.sessions.zmq_link as link; link.can_share = lambda: False"


class Case(NamedTuple):
    """A variable: how much it is of the whole size, how it is made and changed."""

    share: float
    make: str
    change: str


FRAME = """
import numpy as np, pandas as pd
rows = {size} // 48
text = [f"row {{i:020d}}" for i in range(rows)]
{name} = pd.DataFrame({{"number": np.arange(rows, dtype=float), "text": text}})
del text
"""
CASES = {
    "array": Case(1, "import numpy as np; array = np.arange({size} // 8, dtype=float)", "array[0] += 1"),
    "frame": Case(0.25, FRAME, "frame.iloc[0, 0] += 1"),
    "mixed": Case(0.25, FRAME + 'mixed = mixed.astype({{"text": object}})', "mixed.iloc[0, 0] += 1"),
}


def main() -> None:
    """Print gigabytes per second, the most memory that was taken meanwhile, and the floor of each moment.

    The floor is a plain write of as many bytes to new shared memory right before: what the machine needs
    to give memory to anybody. A virtual machine may take ten times as long for pages that it has not had yet.
    """
    print(f"median of {ROUNDS} rounds; the target is {TARGET} GB/s and {MEMORY} times the size more memory")
    _copy()
    for name, case in CASES.items():
        _ours(name, case, "in shared memory")
    _ours("array", CASES["array"], "through the socket", SOCKET)
    _ipyparallel()


def _copy() -> None:
    import numpy as np

    array = np.ones(SIZE // 8)
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        copy = array.copy()
        times.append(time.perf_counter() - begin)
        del copy
    _print("a copy in memory", times, SIZE)


def _floor(size: int) -> float:
    """Seconds for a write of so many bytes to new shared memory."""
    block = bytes(BLOCK)
    descriptor = os.memfd_create("aip-floor")
    try:
        begin = time.perf_counter()
        for start in range(0, size, BLOCK):
            os.write(descriptor, block[: size - start])
        return time.perf_counter() - begin
    finally:
        os.close(descriptor)


def _ours(name: str, case: Case, how: str, setting: str = "") -> None:
    size = int(SIZE * case.share)
    with tempfile.TemporaryDirectory() as folder, _notebook(folder) as notebook:
        notebook.run(f"%load_ext aip_jupyter\n{setting}")
        notebook.run(case.make.format(size=size, name=name))
        _in_and_out(notebook, name, case.change, f", {how}", size)
        notebook.run("%gpu stop cpu")


def _in_and_out(notebook: _Notebook, name: str, change: str, how: str, size: int) -> None:
    there: dict[str, list[float]] = {"in": [], "unchanged": [], "out": []}
    floor: dict[str, list[float]] = {"in": [], "unchanged": [], "out": []}
    most = {"in": 0.0, "unchanged": 0.0, "out": 0.0}
    for _ in range(ROUNDS):
        notebook.run(f"%%gpu cpu\nglobals().pop({name!r}, None); globals().pop('back', None)")
        notebook.run(f"{change}; globals().pop('back', None); import gc; gc.collect()")
        for step, cell in (
            ("in", f"%%gpu cpu --in {name}\npass"),
            ("unchanged", f"%%gpu cpu --in {name}\npass"),
            ("out", "%%gpu cpu --out back\npass"),
        ):
            if step == "out":
                notebook.run(f"%%gpu cpu\nback = {name}")
            floor[step].append(_floor(size))
            seconds, memory = notebook.measure(cell)
            there[step].append(seconds)
            most[step] = max(most[step], memory)
        notebook.run("%%gpu cpu\ndel back")
        notebook.run("back[:1] *= 1" if name == "array" else "back.iloc[0, 0] = 1")  # it can be written to
    for step, times in there.items():
        _print(f"{name} {step}{how}", times, size, most[step], floor[step])


def _ipyparallel() -> None:
    import ipyparallel  # type: ignore[import-untyped]
    import numpy as np

    array = np.ones(SIZE // 8)
    pushes, pulls = [], []
    with ipyparallel.Cluster(n=1, log_level=40) as client:
        view = client[:]
        view.block = True
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            view.push({"array": array})
            middle = time.perf_counter()
            view.pull("array")
            pushes.append(middle - begin)
            pulls.append(time.perf_counter() - middle)
    _print("ipyparallel push", pushes, SIZE)
    _print("ipyparallel pull", pulls, SIZE)


def _print(
    what: str, times: list[float], size: int, memory: float | None = None, floor: Sequence[float] = ()
) -> None:
    line = f"  {what:<36}{size / 1e9 / statistics.median(times):6.2f} GB/s of {size / 1e9:g} GB"
    if memory is not None:
        line += f", {memory * 1e9 / size:5.2f} x its size more"
    if floor:
        line += f", floor {size / 1e9 / statistics.median(floor):6.2f} GB/s"
    print(line + f"   ({', '.join(f'{each:.2f}' for each in times)} s)", flush=True)


class _Notebook:
    """A kernel with a session behind it."""

    def __init__(self, client: Any, folder: str) -> None:
        self._client = client
        self._folder = Path(folder)
        self.run("import os; open('pid', 'w').write(str(os.getpid()))")

    def run(self, code: str) -> None:
        """Run a cell, which must not fail."""
        content = self._client.execute_interactive(code, timeout=600, output_hook=lambda message: None)[
            "content"
        ]
        assert content["status"] == "ok", content

    def measure(self, code: str) -> tuple[float, float]:
        """The seconds that it takes, and the gigabytes that notebook and session need more meanwhile."""
        if not (self._folder / "session").exists():
            self.run("%%gpu cpu\nimport os; open('session', 'w').write(str(os.getpid()))")
        pids = [int((self._folder / name).read_text()) for name in ("pid", "session")]
        with _watching(pids) as most:
            begin = time.perf_counter()
            self.run(code)
            seconds = time.perf_counter() - begin
        return seconds, most()


@contextlib.contextmanager
def _watching(pids: list[int]) -> Iterator[Callable[[], float]]:
    """The most memory that these processes take, with what they share, above what they take now."""
    before, most, stop = _memory(pids), [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            most[0] = max(most[0], _memory(pids) - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: max(most[0], _memory(pids) - before) / 1e9
    finally:
        stop.set()
        thread.join()


def _memory(pids: list[int]) -> int:
    """Bytes."""
    own = [_field(Path(f"/proc/{pid}/status"), "RssAnon") for pid in pids]
    return sum(own) + _field(Path("/proc/meminfo"), "Shmem")


def _field(path: Path, name: str) -> int:
    return int(path.read_text().partition(f"{name}:")[2].split()[0]) * 1024


@contextlib.contextmanager
def _notebook(folder: str) -> Iterator[_Notebook]:
    manager = KernelManager(kernel_name="python3")
    with Path(folder, "log").open("w") as log:
        environ = {**os.environ, "AIP_HOME": folder, "JPY_SESSION_NAME": "benchmark.ipynb"}
        manager.start_kernel(env=environ, cwd=folder, stderr=log)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield _Notebook(client, folder)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
