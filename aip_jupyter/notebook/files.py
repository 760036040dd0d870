"""Which files a path stands for: itself, or all regular files below a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..domain.names import check_path
from ..errors import Invalid, NotFound

JUNK = frozenset({".ipynb_checkpoints", "__pycache__", ".DS_Store"})
MAX_FILES = 10_000
"""More than a model has: whoever names the wrong folder is told before an hour of uploading."""


class LocalFile(NamedTuple):
    """A file to upload, and its path inside the version."""

    source: Path
    path: str
    size: int


def collect(path: Path) -> list[LocalFile]:
    """The files of a path, in order. Raises Invalid or NotFound and names the file at fault."""
    path = path.expanduser()
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise NotFound(f"object: there is no file {str(path)!r}; check the path", field="object") from error
    if root.is_file():
        return [_local_file(root, path.name or root.name)]
    if not root.is_dir():
        raise Invalid(f"object: {str(path)!r} is neither a file nor a folder", field="object")
    files = list(_walk(root, root))
    if not files:
        raise Invalid(f"object: the folder {str(path)!r} has no files to register", field="object")
    return files


def _walk(root: Path, folder: Path) -> Iterator[LocalFile]:
    count = 0
    for here, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if name not in JUNK)
        for name in folders:
            _refuse_linked_folder(root, Path(here, name))
        for name in sorted(set(names) - JUNK):
            file = Path(here, name)
            if file.is_symlink():
                _refuse_outside(root, file)
            if not stat.S_ISREG(file.stat().st_mode):
                continue
            count += 1
            if count > MAX_FILES:
                message = f"object: more than {MAX_FILES:,} files; name the folder that holds only the model"
                raise Invalid(message, field="object")
            yield _local_file(file, file.relative_to(root).as_posix())


def _local_file(source: Path, path: str) -> LocalFile:
    if not os.access(source, os.R_OK):
        raise Invalid(f"object: {path!r} cannot be read; check its permissions", field="object")
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        raise Invalid(f"object: the name {path!r} is not UTF-8; rename the file", field="object")
    return LocalFile(source, check_path(path, "object"), source.stat().st_size)


def _refuse_linked_folder(root: Path, folder: Path) -> None:
    if folder.is_symlink():
        shown = folder.relative_to(root).as_posix()
        message = f"object: {shown!r} is a link to a folder; put the folder itself there"
        raise Invalid(message, field="object")


def _refuse_outside(root: Path, file: Path) -> None:
    """What a link shows must be in the folder: else a registration could take any file with it."""
    if not file.exists() or not file.resolve().is_relative_to(root):
        shown = file.relative_to(root).as_posix()
        message = f"object: {shown!r} is a link to outside of the folder; put the file itself there"
        raise Invalid(message, field="object")


def _unreadable(error: OSError) -> None:
    raise Invalid(f"object: {error.filename!r} cannot be read; check its permissions", field="object")
