"""Forms to be shown where one likes, as `aip.panels`: `Gpus()`, `LogDataset()`, `RunComparison()`."""

from __future__ import annotations

from .dataset_form import LogDataset
from .gpu_form import GpuForm as Gpus
from .run_form import RunForm as RunComparison

__all__ = ["Gpus", "LogDataset", "RunComparison"]
