"""What was chosen in this process, with `%aip project` or `aip.init`: it comes before all settings."""

from __future__ import annotations

from msgspec import Struct


class Choice(Struct, frozen=True, kw_only=True):
    """Each is "" where nothing was chosen."""

    project: str = ""
    url: str = ""
    token: str = ""

    def __repr__(self) -> str:
        """Without the token, which may stand in the address too."""
        return f"Choice(project={self.project!r})"


_current = Choice()


def set_choice(choice: Choice) -> None:
    """From now on, in all threads. `connect(refresh=True)` has to follow where the server is another."""
    global _current
    _current = choice


def get_choice() -> Choice:
    """What is chosen now."""
    return _current
