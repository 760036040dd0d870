"""What a run ran on: interpreter, system, processor, memory and GPUs."""

from __future__ import annotations

import functools
import os
import platform
import socket
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..domain.records import PropertyValue

_CPU_INFO = Path("/proc/cpuinfo")
_GIB = 2**30


@functools.cache
def look_at_machine() -> dict[str, PropertyValue]:
    """What does not change while the process lives. Takes some hundredths of a second, the first time."""
    import psutil

    found: dict[str, PropertyValue] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpu": _cpu(),
        "cores": _cores(),
        "memory": round(psutil.virtual_memory().total / _GIB, 1),
        "gpu": _gpus(),
    }
    return {key: value for key, value in found.items() if value}


def _cpu() -> str:
    try:
        lines = _CPU_INFO.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 0


def _gpus() -> str:
    from ..backends.gpus.nvml import list_devices

    return count_names(device.name for device in list_devices())


def count_names(names: Iterable[str]) -> str:
    """`NVIDIA L40S × 2, NVIDIA T4`."""
    return ", ".join(f"{name} × {count}" if count > 1 else name for name, count in Counter(names).items())
