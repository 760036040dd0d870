"""Folders that only their owner may enter."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make it 0700, and whatever is missing above it, unless it is there.

    `Path.mkdir` gives its mode to the last folder only: the home above it would be open to all.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)  # says so when something else has its name
