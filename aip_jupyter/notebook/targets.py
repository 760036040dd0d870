"""Where downloaded files go: inside the folder that was named, over nothing that is there."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ..domain.artifacts import Artifact
from ..domain.names import check_path
from ..errors import Conflict


def folder_name(name: str, otherwise: str) -> str:
    """A name for a folder. Other clients may use any name: only what is harmless in a path is taken over."""
    return re.sub(r"[^\w .+-]", "_", name).strip(". ") or otherwise


def target_in(folder: Path, artifact: Artifact) -> Path:
    """Where the file goes: inside the folder, whatever the record and the links on this disk say."""
    target = folder / check_path(artifact.path, "path")
    for parent in target.parents:
        if parent.exists() and not parent.is_dir():
            raise Conflict(f"to: {str(parent)!r} is a file; choose another folder with --to", field="to")
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        message = f"to: {artifact.path!r} would leave {str(folder)!r} by a link; choose another folder"
        raise Conflict(message, field="to")
    return target


def is_there(artifact: Artifact, target: Path) -> bool:
    """True when these very bytes are there. Conflict when others are: nothing is overwritten unasked."""
    if not target.exists() and not target.is_symlink():
        return False
    if target.is_file() and target.stat().st_size == artifact.size and _digest(target) == artifact.digest:
        return True
    message = f"to: {str(target)!r} exists and is another file; remove it or choose another folder with --to"
    raise Conflict(message, field="to")


def _digest(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            hasher.update(block)
    return hasher.hexdigest()
