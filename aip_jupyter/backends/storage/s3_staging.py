"""Bytes on their way into S3: the last of them in memory, what was before as the parts of an upload to
`staging/<writer>/<nonce>`, several at once. They are hashed as they are sent, from the same memory.

Each part is signed with its own SHA-256, which the store compares with what has arrived. A part that is lost
on the way is sent again; the others are not.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from ...domain.artifacts import Blob
from ..process import is_dead, this_process
from . import refusals
from .s3_bucket import Bucket

PART = 5 * 2**20
"""Bytes of the first parts; S3 takes no smaller ones, besides the last."""
AT_ONCE = 6
_GROWTH = 250
_SENT_BY_CLIENTS = 25 * 3600.0
"""Seconds after which nobody may go on with an upload that a client sends itself."""
_ABANDONED = 7 * 86400.0
"""Seconds after which a writer on another machine, who may be dead, is taken to be."""

Publish = Callable[[Blob, "bytes | str"], None]
"""Give verified bytes their place: those given, or those of the key given."""


def part_size(number: int) -> int:
    """Bytes of a part, counted from 0. S3 takes 10,000 parts; later ones are larger: 1 TB together."""
    return PART * (1 + number // _GROWTH)


def staging_key() -> str:
    """A new key, which tells of whom it is."""
    return f"staging/{this_process().encode().hex()}/{uuid.uuid4().hex}"


class S3Staging:
    """`protocol.Staging` over a multipart upload, which begins when more than one part has come."""

    def __init__(self, bucket: Bucket, publish: Publish) -> None:
        self._bucket = bucket
        self._publish = publish
        self._key = staging_key()
        # A sender that goes away makes another thread abort in the middle of a write.
        self._lock = threading.RLock()
        self._hash = hashlib.sha256()
        self._size = 0
        self._last = bytearray()
        self._upload = ""
        self._parts: list[dict[str, Any]] = []
        self._sending: deque[Future[dict[str, Any]]] = deque()
        self._count = 0
        self._completed = False
        self._open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data).cast("B")
        with self._lock:
            self._check_open()
            with ExitStack() as undo:
                undo.callback(self.abort)
                while view:
                    room = part_size(self._count) - len(self._last)
                    if not room:
                        self._send()
                        continue
                    self._last += view[:room]
                    view = view[room:]
                undo.pop_all()

    def commit(self, expected: str = "") -> Blob:
        with self._lock:
            self._check_open()
            try:
                blob = self._finish()
                if expected not in ("", blob.digest):
                    raise refusals.wrong_digest(blob.digest, expected)
                if self._upload:
                    self._complete()
                    self._publish(blob, self._key)
                else:
                    self._publish(blob, bytes(self._last))
            finally:
                self.abort()
            return blob

    def abort(self) -> None:
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._last = bytearray()
            wait(self._sending)
            if self._completed:
                self._bucket.delete([self._key])
            elif self._upload:
                abort_upload(self._bucket, self._key, self._upload)

    def _finish(self) -> Blob:
        """Send the rest, unless it is all there is."""
        if self._upload:
            if self._last:
                self._send()
        else:
            self._hash.update(self._last)
            self._size = len(self._last)
        return Blob(digest=self._hash.hexdigest(), size=self._size)

    def _send(self) -> None:
        """Let the last part go, and wait while too many are on their way."""
        if not self._upload:
            answer = self._bucket.call("create_multipart_upload", Key=self._key)
            self._upload = str(answer["UploadId"])
        data, self._last = self._last, bytearray()
        self._count += 1
        self._sending.append(self._bucket.submit(self._send_part, self._count, data))
        self._hash.update(data)
        self._size += len(data)
        while len(self._sending) > AT_ONCE:
            self._parts.append(self._sending.popleft().result())

    def _send_part(self, number: int, data: bytearray) -> dict[str, Any]:
        return {
            "PartNumber": number,
            "ETag": self._bucket.upload_part(self._key, self._upload, number, data),
        }

    def _complete(self) -> None:
        while self._sending:
            self._parts.append(self._sending.popleft().result())
        parts = {"Parts": self._parts}
        # None when an answer was lost and the request repeated: then the object is there.
        self._bucket.find(
            "complete_multipart_upload", Key=self._key, UploadId=self._upload, MultipartUpload=parts
        )
        self._completed = True

    def _check_open(self) -> None:
        if not self._open:
            raise refusals.upload_ended()

    def __enter__(self) -> S3Staging:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()


def abort_upload(bucket: Bucket, key: str, upload: str) -> None:
    """Give up a multipart upload; its parts are dropped."""
    bucket.find("abort_multipart_upload", Key=key, UploadId=upload)


def sweep(bucket: Bucket) -> int:
    """Drop what dead writers left: objects in staging, and uploads that were not completed. How many."""
    found = bucket.list("staging/")
    dead = [item.key for item in found.items if _is_left(item.key, found.now - item.modified)]
    bucket.delete(dead)
    uploads = [*bucket.uploads("staging/"), *bucket.uploads("sha256/")]
    left = [(key, upload) for key, upload, begun in uploads if _is_left(key, found.now - begun)]
    for key, upload in left:
        abort_upload(bucket, key, upload)
    return len(dead) + len(left)


def _is_left(key: str, age: float) -> bool:
    folder, _, rest = key.partition("/")
    if folder != "staging":  # a copy to its final place, of a writer whom the key does not tell
        return age > _ABANDONED
    if rest.startswith("direct/"):
        return age > _SENT_BY_CLIENTS
    try:
        writer = bytes.fromhex(rest.partition("/")[0]).decode()
    except ValueError:
        return age > _ABANDONED
    return is_dead(writer) or age > _ABANDONED
