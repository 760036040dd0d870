"""Placeholder."""

from __future__ import annotations

from typing import Any


class LocalLineage:
    def __init__(self, platform: Any) -> None:
        pass
