"""Which GPUs this machine has, as NVML says, and what we call their types."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

_NAMES = (
    (re.compile(r"\bT4\b"), "T4"),
    (re.compile(r"\bL4\b"), "L4"),
    (re.compile(r"\bL40S\b"), "L40S"),
    (re.compile(r"\bA10G?\b"), "A10"),
    (re.compile(r"\bH100\b"), "H100"),
)
_A100 = re.compile(r"\bA100\b")
_A100_LIMIT = 60 * 1024
"""MiB between an A100's two sizes, which report the same name."""


class Device(Struct, frozen=True, kw_only=True):
    """A GPU, or a slice of one (MIG), which is given to one session at a time."""

    uuid: str
    name: str
    """As NVML has it; a slice has the name of its GPU."""
    memory: int
    """MiB."""
    board: int = 0
    """A slice: MiB of the whole GPU."""

    @property
    def type(self) -> str:
        """What we call it: L40S, A100-80G, …"""
        if _A100.search(self.name):
            return "A100-80G" if (self.board or self.memory) > _A100_LIMIT else "A100-40G"
        for pattern, ours in _NAMES:
            if pattern.search(self.name):
                return ours
        plain = re.sub(r"^(NVIDIA|Tesla|GeForce|\s)+\b", "", self.name.strip())
        return re.sub(r"[^\w.+]+", "-", plain).strip("-") or "GPU"


def list_devices(environ: Mapping[str, str] = os.environ) -> list[Device]:
    """The GPUs that this process may use; [] without NVML's package (the extra `gpu`) or without a driver."""
    try:
        pynvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        found = [_devices(pynvml, number) for number in range(pynvml.nvmlDeviceGetCount())]
    finally:
        pynvml.nvmlShutdown()
    return visible(found, environ.get("CUDA_VISIBLE_DEVICES"))


def visible(boards: list[list[Device]], chosen: str | None) -> list[Device]:
    """Those that `CUDA_VISIBLE_DEVICES` leaves, by number or UUID; a batch system gives a job its GPUs so."""
    everything = [device for board in boards for device in board]
    if chosen is None:
        return everything
    found: dict[str, Device] = {}
    for word in (word.strip() for word in chosen.split(",")):
        if word.isdigit():
            devices: Iterable[Device] = boards[int(word)] if int(word) < len(boards) else ()
        else:
            devices = (each for each in everything if word and each.uuid.startswith(word))
        found.update((device.uuid, device) for device in devices)
    return list(found.values())


def _devices(pynvml: Any, number: int) -> list[Device]:
    """The GPU itself, or its slices when it is cut into such; nothing of one that has fallen off the bus."""
    try:
        board = pynvml.nvmlDeviceGetHandleByIndex(number)
        name, memory = _text(pynvml.nvmlDeviceGetName(board)), _memory(pynvml, board)
        slices = [
            Device(uuid=_uuid(pynvml, each), name=name, memory=_memory(pynvml, each), board=memory)
            for each in _slices(pynvml, board)
        ]
        return slices or [Device(uuid=_uuid(pynvml, board), name=name, memory=memory)]
    except pynvml.NVMLError:
        return []


def _slices(pynvml: Any, board: Any) -> Iterator[Any]:
    try:
        count = pynvml.nvmlDeviceGetMaxMigDeviceCount(board) if _is_cut(pynvml, board) else 0
    except pynvml.NVMLError:  # a GPU, or a driver, that knows no slices
        return
    for number in range(count):
        with contextlib.suppress(pynvml.NVMLError):  # a number without a slice
            yield pynvml.nvmlDeviceGetMigDeviceHandleByIndex(board, number)


def _is_cut(pynvml: Any, board: Any) -> bool:
    current, _ = pynvml.nvmlDeviceGetMigMode(board)
    return bool(current == pynvml.NVML_DEVICE_MIG_ENABLE)


def _uuid(pynvml: Any, device: Any) -> str:
    return _text(pynvml.nvmlDeviceGetUUID(device))


def _memory(pynvml: Any, device: Any) -> int:
    return int(pynvml.nvmlDeviceGetMemoryInfo(device).total) // 2**20


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
