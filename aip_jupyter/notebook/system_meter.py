"""What this machine and this process use at a moment: psutil for all, NVML for GPUs."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import psutil

from ..backends.gpus.nvml import list_devices
from ..client.forking import without_forks
from ..sessions.usage import opened_nvml

_MIB = 2**20


class Meter:
    """Measures; what is a rate, is one since the time before."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._nvml: Any = None
        self._devices: list[str] = []
        self._has_looked = False
        self._at = 0.0
        self._counts: dict[str, int] = {}
        self.measure(gpu=False)

    def measure(self, *, gpu: bool) -> dict[str, float]:
        """By key, without `system/`; what this machine does not tell is left out."""
        found = {
            "cpu": psutil.cpu_percent(),
            "memory": psutil.virtual_memory().percent,
            **self._rates(),
        }
        with contextlib.suppress(psutil.Error):
            found["process_cpu"] = self._process.cpu_percent()
            found["process_memory"] = round(self._process.memory_info().rss / _MIB, 1)
        if gpu:
            found.update(self._gpus())
        return found

    def _rates(self) -> dict[str, float]:
        """MiB per second of disks and network."""
        now, counts = time.monotonic(), _counts()
        seconds, before = now - self._at, self._counts
        self._at, self._counts = now, counts
        return {
            key: round(max(count - before[key], 0) / _MIB / seconds, 3)
            for key, count in counts.items()
            if key in before and seconds > 0
        }

    def _gpus(self) -> dict[str, float]:
        if not self._has_looked:
            self._has_looked = True
            with without_forks():
                self._devices = [device.uuid for device in list_devices()]
                self._nvml = opened_nvml() if self._devices else None
        found: dict[str, float] = {}
        if self._nvml is not None:
            for number, uuid in enumerate(self._devices):
                with contextlib.suppress(self._nvml.NVMLError):  # it has fallen off the bus
                    for key, value in _gpu(self._nvml, uuid).items():
                        found[f"gpu{number}/{key}"] = value
        return found


def _counts() -> dict[str, int]:
    """Bytes since the machine was started."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError, RuntimeError):  # in some containers
        if disks := psutil.disk_io_counters():
            found.update(disk_read=disks.read_bytes, disk_written=disks.write_bytes)
    with contextlib.suppress(OSError, RuntimeError):
        if network := psutil.net_io_counters():
            found.update(network_received=network.bytes_recv, network_sent=network.bytes_sent)
    return found


def _gpu(nvml: Any, uuid: str) -> dict[str, float]:
    """What this GPU tells: a slice of one tells less."""
    device = nvml.nvmlDeviceGetHandleByUUID(uuid)
    found = {"memory": round(int(nvml.nvmlDeviceGetMemoryInfo(device).used) / _MIB, 1)}
    with contextlib.suppress(nvml.NVMLError):
        found["load"] = float(nvml.nvmlDeviceGetUtilizationRates(device).gpu)
    with contextlib.suppress(nvml.NVMLError):
        found["power"] = nvml.nvmlDeviceGetPowerUsage(device) / 1000
    with contextlib.suppress(nvml.NVMLError):
        celsius = nvml.NVML_TEMPERATURE_GPU
        found["temperature"] = float(nvml.nvmlDeviceGetTemperature(device, celsius))
    return found
