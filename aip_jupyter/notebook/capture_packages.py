"""The packages that a process can import, as a file for `pip install -r`."""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
from importlib import metadata

import msgspec
from msgspec import Struct

from ..domain.datasets import public_uri

_NAME = re.compile(r"^Name: *(\S+)", re.MULTILINE)
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_HEAD = 2000
"""Characters within which a package says its name and version."""


class _Vcs(Struct):
    vcs: str = ""
    commit_id: str = ""


class _Origin(Struct):
    """`direct_url.json` (PEP 610), as far as it matters here."""

    url: str
    vcs_info: _Vcs | None = None
    dir_info: dict[str, bool] | None = None
    subdirectory: str = ""


def list_packages() -> str:
    """One line per package, with its exact version. Read again when something was installed."""
    return _listed(tuple((folder, _changed(folder)) for folder in sys.path))


def _changed(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(1)
def _listed(folders: tuple[tuple[str, int], ...]) -> str:
    lines: dict[str, str] = {}
    for distribution in metadata.distributions(path=[folder for folder, _ in folders]):
        # Its own properties parse the whole text with each question.
        head = (distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or "")[:_HEAD]
        name, version = _NAME.search(head), _VERSION.search(head)
        if name and version:  # else it is what remains of a package that was removed
            # What is found first is what is imported.
            key = re.sub(r"[-_.]+", "-", name[1]).lower()
            lines.setdefault(key, _line(name[1], version[1], distribution))
    return "\n".join(
        [f"# Python {platform.python_version()}", *(line for _, line in sorted(lines.items())), ""]
    )


def _line(name: str, version: str, distribution: metadata.Distribution) -> str:
    pinned = f"{name}=={version}"
    text = distribution.read_text("direct_url.json")
    if not text:
        return pinned
    try:
        origin = msgspec.json.decode(text, type=_Origin)
    except msgspec.MsgspecError:
        return pinned
    url = public_uri(origin.url)
    if origin.vcs_info is not None:
        folder = f"#subdirectory={origin.subdirectory}" if origin.subdirectory else ""
        return f"{name} @ {origin.vcs_info.vcs}+{url}@{origin.vcs_info.commit_id}{folder}"
    if not url.startswith("file:"):
        return f"{name} @ {url}"
    # Nobody else has this file or folder.
    how = "editable, " if (origin.dir_info or {}).get("editable") else ""
    return f"{pinned}  # {how}{url}"
