"""Who has which GPU: a locked file per GPU, whose lock the session's agent inherits and keeps to its end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...domain.sessions import GpuOffer
from ...errors import GpuNotAvailable
from . import locks
from .nvml import Device

_DOOR = ".lock"
_MODE = 0o666
"""Of the files: a folder may be shared by several users, who only lock them."""


class Leases:
    """The GPUs of a machine, for all who use this folder."""

    def __init__(self, folder: Path, devices: Sequence[Device]) -> None:
        self._folder = folder
        self.devices = devices

    def offers(self) -> list[GpuOffer]:
        """The types, in the order of the devices."""
        free = self._free()
        offers: dict[str, GpuOffer] = {}
        for device in self.devices:
            type = device.type
            same = [each for each in self.devices if each.type == type]
            offers[type] = GpuOffer(
                type=type,
                total=len(same),
                free=sum(each in free for each in same),
                memory=min(each.memory for each in same),
            )
        return list(offers.values())

    def take(self, gpu: str) -> tuple[Device, int]:
        """A free GPU of this type, and the descriptor of its lock. GpuNotAvailable."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locks.one_at_a_time(self._folder / _DOOR, _MODE):
            for device in self.devices:
                held = locks.hold(self._path(device), _MODE) if device.type == gpu else None
                if held is not None:
                    return device, held
        raise GpuNotAvailable(f"gpu: every {gpu} is taken", field="gpu")

    def _free(self) -> list[Device]:
        if not self._folder.exists():
            return list(self.devices)
        # Behind the same door as taking: to look is to hold the lock for a moment.
        with locks.one_at_a_time(self._folder / _DOOR, _MODE):
            return [device for device in self.devices if not locks.is_held(self._path(device))]

    def _path(self, device: Device) -> Path:
        return self._folder / device.uuid.replace(os.sep, "-")
