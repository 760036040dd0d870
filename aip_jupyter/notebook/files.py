"""Which files a path stands for: itself, or all regular files below a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..client.uploading import LocalFile, state_of
from ..domain.names import check_path
from ..errors import Invalid, NotFound

JUNK = frozenset({".ipynb_checkpoints", "__pycache__", ".DS_Store"})
MAX_FILES = 10_000
"""More than a model has: whoever names the wrong folder is told before an hour of uploading."""


def collect(path: Path) -> list[LocalFile]:
    """The files of a version, in order. Raises Invalid or NotFound and names the file at fault."""
    files = list(islice(find_files(path, "object"), MAX_FILES + 1))
    if len(files) > MAX_FILES:
        message = f"object: more than {MAX_FILES:,} files; name the folder that holds only the model"
        raise Invalid(message, field="object")
    if not files:
        message = f"object: the folder {str(path)!r} has no files to register"
        raise Invalid(message, field="object")
    return files


def find_files(path: Path, field: str) -> Iterator[LocalFile]:
    """The files of a path, in order, one by one: there may be many. `field` is what the path is called."""
    path = path.expanduser()
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:  # ValueError: a NUL in it
        raise NotFound(f"{field}: there is no file {str(path)!r}; check the path", field=field) from error
    if root.is_file():
        yield _local_file(root, path.name or root.name, field)
    elif root.is_dir():
        yield from _walk(root, field)
    else:
        raise Invalid(f"{field}: {str(path)!r} is neither a file nor a folder", field=field)


def _walk(root: Path, field: str) -> Iterator[LocalFile]:
    def unreadable(error: OSError) -> None:
        raise Invalid(f"{field}: {error.filename!r} cannot be read; check its permissions", field=field)

    for here, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if name not in JUNK)
        for name in folders:
            _refuse_linked_folder(root, Path(here, name), field)
        for name in sorted(set(names) - JUNK):
            file = Path(here, name)
            source = _inside(root, file, field) if file.is_symlink() else file
            if stat.S_ISREG(_found(source, name, field).st_mode):
                yield _local_file(source, file.relative_to(root).as_posix(), field)


def _local_file(source: Path, path: str, field: str) -> LocalFile:
    if not os.access(source, os.R_OK):
        raise Invalid(f"{field}: {path!r} cannot be read; check its permissions", field=field)
    if any("\ud800" <= letter <= "\udfff" for letter in path):
        raise Invalid(f"{field}: the name {path!r} is not UTF-8; rename the file", field=field)
    found = _found(source, path, field)
    return LocalFile(source, check_path(path, field), found.st_size, state_of(found))


def _found(source: Path, path: str, field: str) -> os.stat_result:
    try:
        return os.lstat(source)
    except OSError as error:
        message = f"{field}: {path!r} was there, and cannot be found any more; repeat when nothing changes"
        raise Invalid(message, field=field) from error


def _refuse_linked_folder(root: Path, folder: Path, field: str) -> None:
    if folder.is_symlink():
        shown = folder.relative_to(root).as_posix()
        message = f"{field}: {shown!r} is a link to a folder; put the folder itself there"
        raise Invalid(message, field=field)


def _inside(root: Path, link: Path, field: str) -> Path:
    """What a link shows, which must be in the folder: else any file could be taken along."""
    try:
        source = link.resolve(strict=True)
    except (OSError, RuntimeError):
        source = None
    if source is None or not source.is_relative_to(root):
        shown = link.relative_to(root).as_posix()
        message = f"{field}: {shown!r} is a link to outside of the folder; put the file itself there"
        raise Invalid(message, field=field)
    return source
