"""What the GPUs of a session are used for, as NVML tells; here something stands in for its library."""

from __future__ import annotations

import os
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import GpuUsage, Session
from aip_jupyter.sessions.usage import Meter

SESSION = Session(
    id=new_id(), name="s", gpu="L4", devices=["GPU-1", "MIG-2", "GPU-3"], state="idle", created=0, active=0
)


class Library(ModuleType):
    """NVML with a GPU, a slice that does not tell its load, and no other."""

    class NVMLError(Exception):
        """Its own."""

    opened = 0

    def nvmlInit(self) -> None:
        self.opened += 1

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        if uuid == "GPU-3":
            raise self.NVMLError
        return uuid

    def nvmlDeviceGetMemoryInfo(self, device: str) -> Any:
        return SimpleNamespace(used=3 * 2**20, total=24 * 2**30)

    def nvmlDeviceGetUtilizationRates(self, device: str) -> Any:
        if device == "MIG-2":
            raise self.NVMLError
        return SimpleNamespace(gpu=87)


def test_gpus_are_told_by_their_ids_and_the_library_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library("pynvml")
    monkeypatch.setitem(sys.modules, "pynvml", library)
    meter = Meter(os.getpgid(0))
    for _ in range(2):
        usage = meter.measure(SESSION)
        assert usage.gpus == [
            GpuUsage(uuid="GPU-1", load=87, used=3, total=24576),
            GpuUsage(uuid="MIG-2", load=0, used=3, total=24576),
        ]
        assert usage.memory > 0
    assert library.opened == 1


def test_without_a_gpu_or_a_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library("pynvml")
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert Meter(os.getpgid(0)).measure(replace(SESSION, devices=[])).gpus == []
    assert library.opened == 0
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Meter(os.getpgid(0)).measure(SESSION).gpus == []
