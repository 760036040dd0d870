"""Journals on the disk: `journals/<id>/` of the home (0700), and in it

journal.json   whose it is: its project and its store; no secret
owner          locked (flock) for as long as the process lives that writes the journal
NNNNNN.seg     the segments, see `wire.journal`
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from ..backends.private import make_private
from ..errors import Invalid
from ..wire.journal import HEADER_SIZE, LENGTH, complete_records, decode_header
from .settings import Settings

ABOUT = "journal.json"
OWNER = "owner"
SUFFIX = ".seg"
_NEW = "new-"
"""Before the id of a journal that is being made."""
_GONE = "gone-"
"""Before the id of one that is being removed."""
_DAMAGED = "damaged-"
"""Before the id of one that cannot be read to its end; nobody but a person looks at it again."""
_GRACE = 60.0
"""Seconds after which a journal that is still being made was given up."""


class About(Struct, frozen=True, kw_only=True):
    """Whose journal it is."""

    journal: str
    project: str
    """"" until the server that stores it says which is in use."""
    store: str
    """Where it belongs: what `store_of` or `server_store` say."""
    holder: str
    created: int


class Unsent(Struct, frozen=True, kw_only=True):
    """A segment's whole records."""

    base: int
    """The place of the first, in the journal."""
    records: bytes
    count: int
    damaged: bool
    """There is more, which cannot be read."""

    @property
    def end(self) -> int:
        """The place behind the last."""
        return self.base + len(self.records)


def journals_folder(home: Path) -> Path:
    """Where the journals of a home are."""
    return home / "journals"


def store_of(settings: Settings) -> str:
    """Names the store that the services of this configuration keep runs in. Holds no secret."""
    url = settings.tracking_url and hashlib.sha256(settings.tracking_url.encode()).hexdigest()[:16]
    return f"{settings.tracking} {url or settings.home.absolute()}"


def server_store(url: str) -> str:
    """Names the store behind a server of which no more than its address is known."""
    return f"server {url.rstrip('/')}/"


def make_journal(home: Path, about: About) -> tuple[Path, int]:
    """The folder of a new journal, and its owner's lock, held. Nobody sees it before it is locked."""
    folder = journals_folder(home)
    make_private(folder)
    new = folder / f"{_NEW}{about.journal}"
    owner = -1
    try:
        new.mkdir(mode=0o700)
        owner = os.open(new / OWNER, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(owner, fcntl.LOCK_EX)
        write_about(new, about)
        os.rename(new, folder / about.journal)
    except BaseException:
        if owner >= 0:
            os.close(owner)
        shutil.rmtree(new, ignore_errors=True)
        raise
    return folder / about.journal, owner


def write_about(folder: Path, about: About) -> None:
    """Say whose journal it is, atomically."""
    temporary = folder / f"{ABOUT}.new"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(msgspec.json.encode(about))
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, folder / ABOUT)


def journal_ids(home: Path) -> list[str]:
    """The journals of a home, oldest first."""
    try:
        names = [path.name for path in journals_folder(home).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if len(name) == 32)


@contextlib.contextmanager
def adopted(home: Path, id: str) -> Iterator[About | None]:
    """Own a journal whose process is dead, for a `with` block. None when it lives, or when another does.

    Invalid when it does not say whose it is.
    """
    folder = journals_folder(home) / id
    try:
        owner = os.open(folder / OWNER, os.O_RDWR)
    except OSError:
        yield None
        return
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield read_about(folder)
    except BlockingIOError:
        yield None
    finally:
        os.close(owner)


def read_about(folder: Path) -> About | None:
    """Whose journal it is; None when it was removed meanwhile. Invalid when nobody can tell."""
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
    except FileNotFoundError:
        if not folder.exists():
            return None
        raise Invalid(f"journal: {folder / ABOUT} is missing", field="journal") from None
    except (OSError, msgspec.MsgspecError, ValueError) as error:  # ValueError: no UTF-8
        raise Invalid(f"journal: {folder / ABOUT} cannot be read ({error})", field="journal") from error
    if about.journal != folder.name:
        raise Invalid(f"journal: {folder / ABOUT} is that of another journal", field="journal")
    return about


def unsent(folder: Path) -> Iterator[Unsent]:
    """The segments that are still there, in order. Raises AipError for one of a newer version."""
    found: list[tuple[int, Path]] = []
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            header = file.read(HEADER_SIZE)
            if any(header):  # else its process was killed while it made the file
                _, base = decode_header(header)
                if base is not None:
                    found.append((base, path))
    for base, path in sorted(found):
        data = path.read_bytes()[HEADER_SIZE:]
        end, count = complete_records(data)
        damaged = end + LENGTH.size <= len(data) and LENGTH.unpack_from(data, end)[0] != 0
        yield Unsent(base=base, records=data[:end], count=count, damaged=damaged)


def left_journals(home: Path) -> list[str]:
    """The journals whose processes are dead."""
    left = []
    for id in journal_ids(home):
        try:
            with adopted(home, id) as about:
                if about is not None:
                    left.append(id)
        except Invalid:  # storing tells
            left.append(id)
    return left


def damaged_journals(home: Path) -> list[str]:
    """What was set aside, by the names of its folders."""
    return sorted(path.name for path in journals_folder(home).glob(f"{_DAMAGED}*"))


def is_recorded(home: Path, run: str, but: str = "") -> bool:
    """Whether a living process of this home logs to this run, in another journal than `but`."""
    name = run.encode()
    for id in (id for id in journal_ids(home) if id != but):
        with contextlib.suppress(OSError, Invalid), adopted(home, id) as about:
            segments = (journals_folder(home) / id).glob(f"*{SUFFIX}")
            if about is None and any(name in path.read_bytes() for path in segments):
                return True
    return False


def set_aside(home: Path, id: str) -> Path:
    """Keep a journal that cannot be read to its end where nobody tries again."""
    target = journals_folder(home) / f"{_DAMAGED}{id}"
    os.rename(journals_folder(home) / id, target)
    return target


def remove_journal(home: Path, id: str) -> None:
    """Remove a journal of which everything is stored. Who is killed meanwhile leaves no part of one."""
    gone = journals_folder(home) / f"{_GONE}{id}"
    with contextlib.suppress(OSError):
        os.rename(journals_folder(home) / id, gone)
    shutil.rmtree(gone, ignore_errors=True)


def remove_unfinished(home: Path) -> None:
    """Remove the journals that a process was killed over while it made or removed them."""
    folder = journals_folder(home)
    for path in folder.glob(f"{_GONE}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _GRACE:
                shutil.rmtree(path)
