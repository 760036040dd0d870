"""Forms to be shown where one likes, as `aip.panels`: `aip.panels.Gpus()`, `aip.panels.RunComparison()`."""

from __future__ import annotations

from .gpu_form import GpuForm as Gpus
from .run_form import RunForm as RunComparison

__all__ = ["Gpus", "RunComparison"]
