"""Sends the uploads that wait: when somebody asks for it, and by a thread until none waits any more."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct

from ..backends.storage.protocol import Progress
from ..domain.artifacts import Artifact, ExternalFile, LogArtifacts, UploadBlob
from ..domain.records import new_id
from ..errors import AipError, Invalid, NotFound
from ..services.journals import FOR_ALL, LATER
from .connect import Connection, connect
from .forking import without_forks
from .journal import warn
from .kept import About, kept_ids, local_files, owned, remove, remove_unfinished, waiting
from .uploading import AT_ONCE, LocalFile, claimed, upload_files

PAUSES = (1.0, 30.0)
"""Seconds between two attempts: the first, and the most."""

_log = logging.getLogger(__name__)


class Sent(Struct, kw_only=True):
    """What became of the uploads that waited."""

    uploads: int = 0
    files: int = 0
    size: int = 0
    kept: dict[str, str] = {}
    """Why others are kept, one line each, by their ids."""


def send_batch(
    connection: Connection,
    about: About,
    files: list[LocalFile],
    external: list[ExternalFile],
    progress: Progress | None = None,
    at_once: int = AT_ONCE,
) -> list[Artifact]:
    """Upload these files and record all as the run's: all, or none."""
    blobs, claim = connection.services.blobs, new_id()
    project = about.project or connection.first_project
    upload = UploadBlob(project=project, claim=claim, holder=connection.holder)
    with claimed(blobs, project, claim):
        refs = upload_files(blobs, upload, files, progress, at_once)
        request = LogArtifacts(
            project=project,
            run=about.run,
            claim=claim if refs else "",
            files=refs,
            external=external,
            author=about.author or None,
        )
        return connection.services.artifacts.log_artifacts(request)


def send_kept(
    connection: Connection,
    home: Path,
    only: Collection[str] = (),
    *,
    skip: Collection[str] = (),
    run: str = "",
    wait: bool = False,
    at_once: int = AT_ONCE,
    progress: Progress | None = None,
) -> Sent:
    """Send what waits in a home and belongs here, in its order; `only` these uploads, or those of a run, and
    none that it shall `skip`.

    What another process sends just now is left to that one, unless this shall `wait`. Raises what is wrong
    for all of them: FOR_ALL.
    """
    result = Sent()
    remove_unfinished(home)
    for id in kept_ids(home):
        if (only and id not in only) or id in skip:
            continue
        try:
            with owned(home, id, wait=wait) as kept:
                if kept is None or run not in ("", kept.about.run):
                    continue
                if kept.about.store not in connection.stores:
                    result.kept[id] = f"upload {id} belongs to another store: {kept.about.store}"
                    continue
                send_batch(connection, kept.about, local_files(home, kept), kept.external, progress, at_once)
                remove(home, id)
                result.uploads += 1
                result.files += kept.count
                result.size += kept.size
        except FOR_ALL:
            raise
        except (AipError, OSError) as error:
            result.kept[id] = f"upload {id} is kept: {error}; aip flush {id} --drop gives it up"
    return result


def drop_kept(home: Path, id: str) -> None:
    """Remove an upload that waits, with its bytes. NotFound when it is sent just now, or was."""
    try:
        with owned(home, id, wait=False) as kept:
            if kept is None:
                raise NotFound(f"upload: {id} is being sent, or was", field="upload")
            remove(home, id)
    except Invalid:  # it does not even say what it is
        remove(home, id)


def what_is_kept(home: Path, reason: str = "") -> str:
    """What waits in a home, in a few words; "" when nothing does."""
    found = waiting(home)
    if not found:
        return ""
    count, size = sum(kept.count for kept in found), sum(kept.size for kept in found)
    files = "1 file waits" if count == 1 else f"{count:,} files wait"
    return f"{files} to be uploaded, {size / 1e6:.1f} MB" + (f": {reason}" if reason else "")


class KeptSender:
    """A thread that tries again as long as nobody answers. It runs only while something waits."""

    def __init__(self) -> None:
        self.reason = ""
        """Why the last attempt did not send all."""
        self.refused: set[str] = set()
        """Uploads that the store does not take: only a person tries them again."""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Also in a forked child: the thread is the parent's."""
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._thread: threading.Thread | None = None

    def soon(self, home: Path) -> None:
        """Try now, in the background, if anything waits; and later, if nobody answers."""
        if not kept_ids(home):
            return
        with self._lock:
            self._event.set()
            if self._thread is None:
                thread = threading.Thread(target=self._run, args=(home,), name="aip-uploads", daemon=True)
                with contextlib.suppress(RuntimeError):  # there can be no more: the next who logs tries again
                    thread.start()
                    self._thread = thread

    def _run(self, home: Path) -> None:
        pause, most = PAUSES
        while True:
            self._event.clear()
            try:
                is_over = self._attempt(home)
            except Exception:  # noqa: BLE001  # the outermost guard of a thread
                _log.exception("cannot send the uploads that wait")
                is_over = True
            with self._lock:
                if is_over and not self._event.is_set():
                    self._thread = None
                    return
            pause = PAUSES[0] if self._event.wait(pause) else min(most, 2 * pause)

    def _attempt(self, home: Path) -> bool:
        """Whether it is no use to try again soon."""
        try:
            with without_forks():
                connection = connect()
            sent = send_kept(connection, home, skip=self.refused, at_once=1)
        except LATER as error:
            self.reason = error.message
            with contextlib.suppress(AipError):
                connect(refresh=True)  # it may be somewhere else by now
            return False
        for id, reason in sent.kept.items():
            self.refused.add(id)
            warn(reason)
        self.reason = "; ".join(sent.kept.values())
        return True


KEPT_SENDER = KeptSender()
os.register_at_fork(after_in_child=KEPT_SENDER.begin_anew)
