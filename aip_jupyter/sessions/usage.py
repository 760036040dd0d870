"""What a session uses: its processes' time and memory, and its GPUs, by NVML. Looked at only when asked."""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psutil

from ..domain.records import now_ms
from ..domain.sessions import GpuUsage, Session, SessionUsage

_MIB = 2**20


class Meter:
    """Measures a kernel with the processes of its group, and remembers their times for the next time."""

    def __init__(self, kernel: int) -> None:
        self._kernel = kernel
        self._times: dict[tuple[int, float], float] = {}
        self._asked = 0.0
        self._nvml: Any = None

    def measure(self, session: Session) -> SessionUsage:
        """At this moment; its CPU time since the last one, or since it began. Takes some milliseconds."""
        processes = list(self._processes())
        return SessionUsage(
            session=session.id,
            time=now_ms(),
            cpu=self._cpu(processes),
            memory=sum(map(self._memory, processes)),
            memory_total=psutil.virtual_memory().total,
            gpus=self._gpus(session.devices),
        )

    def _processes(self) -> Iterator[psutil.Process]:
        for pid in psutil.pids():
            with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
                if os.getpgid(pid) == self._kernel:
                    yield psutil.Process(pid)

    def _cpu(self, processes: Sequence[psutil.Process]) -> float:
        """Percent of one processor."""
        now, times = time.time(), dict[tuple[int, float], float]()
        since = self._asked or min((process.create_time() for process in processes), default=now)
        for process in processes:
            with contextlib.suppress(psutil.Error):
                spent = process.cpu_times()
                times[process.pid, process.create_time()] = spent.user + spent.system
        spent_since = sum(max(total - self._times.get(key, 0.0), 0.0) for key, total in times.items())
        self._asked, self._times = now, times
        return round(100 * spent_since / max(now - since, 0.001), 1)

    def _memory(self, process: psutil.Process) -> int:
        """Bytes: all that the kernel has, and of the others what is theirs alone."""
        with contextlib.suppress(psutil.Error):
            if process.pid == self._kernel:
                return int(process.memory_info().rss)
            return int(process.memory_full_info().uss)
        return 0

    def _gpus(self, devices: Sequence[str]) -> list[GpuUsage]:
        """[] without a GPU, without NVML's package (the extra `gpu`) or without a driver."""
        if not devices:
            return []
        if self._nvml is None:
            self._nvml = opened_nvml()
        if self._nvml is None:
            return []
        found = []
        for uuid in devices:
            with contextlib.suppress(self._nvml.NVMLError):  # it has fallen off the bus
                found.append(_gpu_usage(self._nvml, uuid))
        return found


def opened_nvml() -> Any:
    """NVML, which stays open: to open it takes longer than all else here."""
    try:
        nvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    return nvml


def _gpu_usage(nvml: Any, uuid: str) -> GpuUsage:
    device = nvml.nvmlDeviceGetHandleByUUID(uuid)
    memory = nvml.nvmlDeviceGetMemoryInfo(device)
    load = 0
    with contextlib.suppress(nvml.NVMLError):  # a slice of a GPU does not tell
        load = int(nvml.nvmlDeviceGetUtilizationRates(device).gpu)
    return GpuUsage(uuid=uuid, load=load, used=int(memory.used) // _MIB, total=int(memory.total) // _MIB)
