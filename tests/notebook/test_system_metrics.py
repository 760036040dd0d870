"""What runs record of the machine while they are active."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.context import Context, set_context
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.notebook import run_state, session_capture, system_metrics
from aip_jupyter.notebook.system_meter import Meter

from .conftest import Notebook


@pytest.fixture(autouse=True)
def often(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hundred times as often."""
    monkeypatch.setattr(system_metrics, "INTERVAL", 0.1)
    yield
    run_state.forget_all()
    set_context(None)  # type: ignore[arg-type]  # as before the first cell
    JOURNALS.close()


def _until(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.02)  # the test's own time limit ends it


def _metrics(run: str) -> dict[str, Any]:
    return aip.get_run(run).metrics


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "aip-system"]


def test_a_run_is_measured_until_its_end() -> None:
    run = aip.start_run("one")
    _until(lambda: "system/cpu" in _metrics(run.id))
    assert len(_threads()) == 1
    aip.end_run()
    found = _metrics(run.id)
    assert set(found) >= {f"system/{key}" for key in ("cpu", "memory", "process_cpu", "process_memory")}
    assert 0 < found["system/memory"].last < 100
    assert 1 < found["system/process_memory"].last < 100_000
    _until(lambda: not _threads())
    assert _metrics(run.id) == found


def test_a_part_is_not_measured_by_itself() -> None:
    with (
        aip.start_run("outer") as outer,
        aip.start_run("inner", nested=True) as inner,
        aip.start_run("innermost", nested=True) as innermost,
    ):
        _until(lambda: _metrics(outer.id))
        assert len(_threads()) == 1
    assert (_metrics(inner.id), _metrics(innermost.id)) == ({}, {})


def test_runs_side_by_side_are_all_measured_by_one_thread() -> None:
    gate = threading.Event()
    ids = []

    def one() -> None:
        with aip.start_run() as run:
            ids.append(run.id)
            gate.wait(60)

    threads = [threading.Thread(target=one) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        _until(lambda: len(ids) == 3 and all(_metrics(id) for id in ids))
        assert len(_threads()) == 1
    finally:
        gate.set()
        for thread in threads:
            thread.join()


def test_a_short_run_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_metrics, "INTERVAL", 60.0)
    with aip.start_run("one") as run:
        aip.log_metric("m", 1.0)
    assert list(_metrics(run.id)) == ["m"]


@pytest.mark.parametrize("how", ["setting", "argument"])
def test_it_is_off(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "setting":
        monkeypatch.setenv("AIP_SYSTEM_METRICS", "off")
    with aip.start_run("one", system_metrics=how != "argument") as run:
        _until(lambda: not _threads())
    assert _metrics(run.id) == {}


def test_it_begins_again_with_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with aip.start_run() as run:
            _until(lambda run=run: _metrics(run.id))  # type: ignore[misc]


class _Nvml(SimpleNamespace):
    """Two GPUs, of which the second tells its memory only."""

    class NVMLError(Exception):
        """What NVML raises."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    NVML_TEMPERATURE_GPU = 0

    def nvmlInit(self) -> None: ...
    def nvmlShutdown(self) -> None: ...
    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        return number

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        return int(uuid[-1])

    def nvmlDeviceGetUUID(self, device: int) -> str:
        return f"GPU-{device}"

    def nvmlDeviceGetName(self, device: int) -> str:
        return "NVIDIA L40S"

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:
        return SimpleNamespace(total=2**35, used=2**30)

    def nvmlDeviceGetMaxMigDeviceCount(self, device: int) -> int:
        raise self.NVMLError

    def nvmlDeviceGetMigMode(self, device: int) -> Any:
        raise self.NVMLError

    def nvmlDeviceGetUtilizationRates(self, device: int) -> Any:
        return SimpleNamespace(gpu=self._told(device, 87))

    def nvmlDeviceGetPowerUsage(self, device: int) -> int:
        return self._told(device, 250_500)

    def nvmlDeviceGetTemperature(self, device: int, kind: int) -> int:
        return self._told(device, 61)

    def _told(self, device: int, value: int) -> int:
        if device:
            raise self.NVMLError
        return value


def test_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", _Nvml())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = Meter().measure(gpu=True)
    assert {key: value for key, value in found.items() if key.startswith("gpu")} == {
        "gpu0/memory": 1024.0,
        "gpu0/load": 87.0,
        "gpu0/power": 250.5,
        "gpu0/temperature": 61.0,
        "gpu1/memory": 1024.0,
    }
    assert set(found) >= {"cpu", "memory", "network_received"}


def test_a_run_that_does_not_track_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", _Nvml())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = {}
    for track_gpu in (True, False):

        @aip.run(f"gpu {track_gpu}", track_gpu=track_gpu)
        def train() -> str:
            run = aip.active_run()
            assert run is not None
            _until(lambda: _metrics(run.id))
            return run.id

        found[track_gpu] = set(_metrics(train()))
    assert "system/gpu0/load" in found[True]
    assert "system/cpu" in found[False]
    assert not [key for key in found[False] if "gpu" in key]


def test_a_session_is_measured_while_a_cell_runs(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_capture, "_run", None)
    run = aip.start_run("ours", system_metrics=False)
    context = Context(project="default", run=run_state.run_context(), session="s1", gpu="cpu")
    run_state.RUNS.clear()  # the session's kernel is another process
    set_context(context)
    notebook["metrics"] = lambda: "system/s1/cpu" in _metrics(run.id)
    notebook["until"] = _until
    try:
        notebook.run("import aip_jupyter as aip\naip.log_metric('m', 1.0)\nuntil(metrics)")
        assert not system_metrics.SAMPLER._followed
        notebook["followed"] = lambda: run.id in system_metrics.SAMPLER._followed
        notebook.run("assert followed()")
        assert not system_metrics.SAMPLER._followed
    finally:
        for event, hook in (
            ("pre_run_cell", session_capture._cell_begins),
            ("post_run_cell", session_capture._cell_ends),
        ):
            notebook.shell.events.unregister(event, hook)


def test_a_forked_child_leaves_it_to_its_parent() -> None:
    with aip.start_run("outer"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's, of forks beside threads
        child = os.fork()
        if not child:
            try:
                os._exit(len([each for each in threading.enumerate() if each.name.startswith("aip-")]))
            finally:
                os._exit(99)
        assert os.waitpid(child, 0)[1] == 0
        assert len(_threads()) == 1


def test_a_fault_is_not_the_end_of_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, aip.start_run("one"):
        patch.setattr(Meter, "measure", lambda self, gpu: 1 / 0)
        _until(lambda: system_metrics.SAMPLER._thread is None)
    with aip.start_run("two") as run:
        _until(lambda: _metrics(run.id))
