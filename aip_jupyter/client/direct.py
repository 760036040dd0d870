"""Bytes straight from this process to the store, where the server offers it and the way is there.

Whatever fails here is no error: the same bytes go through the server instead, which says what is wrong.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

from msgspec.structs import replace

from ..backends.storage.local_source import Source, open_source
from ..backends.storage.protocol import Progress
from ..domain.artifacts import Blob, UploadBlob
from ..domain.uploads import DIRECT, AbortUpload, BeginUpload, FinishUpload, PartAddress, UploadOffer
from ..errors import Invalid, Unavailable
from .endpoint import Cut, Endpoint, Expired, Failed, Reach, Refused, Unreachable
from .resuming import Resuming
from .uploads import HttpUploads

AT_ONCE = 4
AGAIN = (0.2, 1.0, 3.0)
"""Seconds to wait before what was cut is tried again."""
_BLOCK = 4 * 2**20
_log = logging.getLogger(__name__)


class Direct:
    """Uploads of one connection to a server."""

    def __init__(self, uploads: HttpUploads, reach: Reach, resuming: Resuming) -> None:
        self._uploads = uploads
        self._reach = reach
        self._resuming = resuming

    def upload(self, request: UploadBlob, path: Path, progress: Progress | None) -> Blob | None:
        """The stored bytes. None: they are to go through the server."""
        with open_source(path) as source:
            size = source.before.st_size
            if size < DIRECT:
                return None
            begin = BeginUpload(
                project=request.project,
                claim=request.claim,
                holder=request.holder,
                size=size,
                digest=request.digest,
                direct=self._reach.is_there,
            )
            offer = self._uploads.begin_upload(begin)
            if offer.state == "digest":
                begin = replace(begin, digest=_hash(source))
                cut = self._resuming.find(begin, source.before)
                offer = self._uploads.begin_upload(replace(begin, upload=cut, parts=bool(cut)))
            counted = _Counted(progress)
            blob = self._send(begin, offer, source, counted) if offer.state == "direct" else offer.blob
            counted.reach(0 if blob is None else size)
            return blob

    def _send(self, begin: BeginUpload, offer: UploadOffer, source: Source, counted: _Counted) -> Blob | None:
        sending = _Sending(Endpoint(offer.ca), source.handle, counted)
        try:
            tries = iter(AGAIN)
            while True:
                self._resuming.keep(begin, source.before, offer.upload)
                before = counted.count
                failed = sending.send(offer.parts)
                if failed is None and not offer.more:
                    return self._finish(begin, offer, source)
                if isinstance(failed, (Unreachable, Refused)):
                    self._reach.tell(failed)
                    self._drop(begin, offer, source)
                    return None
                if counted.count > before:
                    tries = iter(AGAIN)
                if failed is not None:
                    pause = next(tries, None)
                    if pause is None:
                        return None
                    time.sleep(pause)
                again = replace(begin, upload=offer.upload, parts=isinstance(failed, Cut))
                offer = self._uploads.begin_upload(again)
                if offer.state != "direct":  # somebody else has stored the same meanwhile
                    self._resuming.forget(begin, source.before)
                    return offer.blob
        finally:
            sending.endpoint.close()

    def _finish(self, begin: BeginUpload, offer: UploadOffer, source: Source) -> Blob | None:
        request = FinishUpload(
            project=begin.project, claim=begin.claim, holder=begin.holder, upload=offer.upload
        )
        try:
            for pause in AGAIN:
                try:
                    return self._finished(request, begin, source)
                except Unavailable:  # its answer may be what was lost: to finish twice is no harm
                    time.sleep(pause)
            return self._finished(request, begin, source)
        except Invalid as error:  # other bytes than were announced: the file has changed, or the way is bad
            _log.debug("an upload straight to the store was refused: %s", error.message)
            self._drop(begin, offer, source)
            return None

    def _finished(self, request: FinishUpload, begin: BeginUpload, source: Source) -> Blob:
        blob = self._uploads.finish_upload(request)
        self._resuming.forget(begin, source.before)
        return blob

    def _drop(self, begin: BeginUpload, offer: UploadOffer, source: Source) -> None:
        self._resuming.forget(begin, source.before)
        self._uploads.abort_upload(AbortUpload(project=begin.project, upload=offer.upload))


class _Sending:
    """Parts of a file, several at once. Progress is told by whoever waits: widgets belong to that thread."""

    def __init__(self, endpoint: Endpoint, handle: int, counted: _Counted) -> None:
        self.endpoint = endpoint
        self._handle = handle
        self._counted = counted

    def send(self, parts: Sequence[PartAddress]) -> Failed | None:
        """What failed first, when the others have ended."""
        stop = threading.Event()
        sent: dict[int, int] = {}
        before = self._counted.count
        with ThreadPoolExecutor(AT_ONCE) as pool, ExitStack() as undo:
            undo.callback(stop.set)
            futures = [
                pool.submit(self.endpoint.put, part, self._handle, sent.__setitem__, stop) for part in parts
            ]
            for future in futures:
                undo.callback(future.cancel)
            left = set(futures)
            while left:
                done, left = wait(left, 0.2, FIRST_EXCEPTION)
                self._counted.reach(before + sum(sent.copy().values()))
                if _worst(done) is not None:  # those under way may still arrive
                    left = {future for future in left if not future.cancel()}
            undo.pop_all()
        well = [part for part, future in zip(parts, futures, strict=True) if _worst([future]) is None]
        self._counted.reach(before + sum(part.size for part in well))
        return _worst(futures)


def _worst(futures: Iterable[Future[None]]) -> Failed | None:
    """Of what failed, that which says most about what to try next. One that was not begun counts as cut."""
    ended = [future for future in futures if future.done()]
    errors = [Cut() if future.cancelled() else future.exception() for future in ended]
    for kind in (Refused, Unreachable, Cut, Expired):
        for error in errors:
            if isinstance(error, kind):
                return error
    for other in filter(None, errors):
        raise other
    return None


class _Counted:
    """Passes progress on; what was done in vain is taken back."""

    def __init__(self, progress: Progress | None) -> None:
        self.count = 0
        self._progress = progress

    def reach(self, count: int) -> None:
        """So many in all."""
        if self._progress and count != self.count:
            self._progress(count - self.count)
        self.count = count


def _hash(source: Source) -> str:
    """The digest of what is there, and stays while it is read."""
    hasher = hashlib.sha256()
    at = 0
    while data := os.pread(source.handle, _BLOCK, at):
        hasher.update(data)
        at += len(data)
    source.check_unchanged(at)
    return hasher.hexdigest()
