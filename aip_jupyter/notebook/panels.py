"""Forms to be shown where one likes, as `aip.panels`: `aip.panels.Gpus()`."""

from __future__ import annotations

from .gpu_form import GpuForm as Gpus

__all__ = ["Gpus"]
