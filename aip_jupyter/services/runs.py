"""Placeholder."""

from __future__ import annotations

from typing import Any


class LocalRuns:
    def __init__(self, platform: Any, caller: Any) -> None:
        pass
