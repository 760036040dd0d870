"""Who has which GPU: four locked files per GPU, a quarter each, whose locks the session's agent inherits.

A session that has the whole GPU has all four. The locks end with the last process that holds them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...domain.sessions import GpuOffer
from ...errors import GpuNotAvailable, Invalid
from ..private import make_private
from . import locks
from .nvml import Device

PARTS = 4
"""Into how many parts a GPU can be divided."""

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

    def take(self, gpu: str, count: int = 1, fraction: int = 100) -> tuple[list[Device], list[int]]:
        """GPUs of this type, or a part of one, and the descriptors of their locks. GpuNotAvailable, Invalid.

        Of some GPUs that are not enough, none is taken. A part is cut from the GPU that has the least left
        of those where it fits, so that whole ones stay whole.
        """
        make_private(self._folder)
        devices = [device for device in self.devices if device.type == gpu]
        if count > 1 and any(device.board for device in devices):
            message = f"count: the {gpu} here is cut into slices (MIG), of which CUDA uses one; ask for one"
            raise Invalid(message, field="count")
        needed = PARTS * fraction // 100
        free: dict[str, list[int]] = {device.uuid: [] for device in devices}
        kept: list[int] = []
        with locks.one_at_a_time(self._folder / _DOOR, _MODE):
            try:
                for device in devices:
                    free[device.uuid] += self._hold_parts(device)
                fitting = [device for device in devices if len(free[device.uuid]) >= needed]
                fitting.sort(key=lambda device: len(free[device.uuid]))
                if len(fitting) < count:
                    raise GpuNotAvailable(f"gpu: every {gpu} is taken", field="gpu")
                kept += (part for device in fitting[:count] for part in free[device.uuid][:needed])
                return fitting[:count], kept
            finally:
                for part in (part for parts in free.values() for part in parts if part not in kept):
                    locks.release(part)

    def _hold_parts(self, device: Device) -> Iterator[int]:
        """Lock the parts of it that nobody has."""
        for path in self._paths(device):
            part = locks.hold(path, _MODE)
            if part is not None:
                yield part

    def _free(self) -> list[Device]:
        if not self._folder.exists():
            return list(self.devices)
        # Behind the same door as taking: to look is to hold the lock for a moment.
        with locks.one_at_a_time(self._folder / _DOOR, _MODE):
            return [device for device in self.devices if not any(map(locks.is_held, self._paths(device)))]

    def _paths(self, device: Device) -> list[Path]:
        name = device.uuid.replace(os.sep, "-")
        return [self._folder / f"{name}.{part}" for part in range(PARTS)]
