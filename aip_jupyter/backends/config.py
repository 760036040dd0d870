"""What a backend's factory is given. The factory is what its entry point names."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class BackendConfig(Struct, frozen=True, kw_only=True):
    """Where a backend may keep things and what it talks to."""

    home: Path
    """The platform's own folder (`AIP_HOME`); whoever writes first makes it, 0700."""
    url: str = ""
    """The backend's address when it has one; may hold credentials: never print it."""

    session_idle: float = 1800.0
    """Seconds without a cell after which a session of a pool ends."""

    def __repr__(self) -> str:
        """Without the address."""
        return f"BackendConfig(home={self.home!r})"
