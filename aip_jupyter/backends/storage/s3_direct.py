"""Uploads and downloads that clients carry out themselves, with addresses that are signed here.

    staging/direct/<nonce>    one request, whose signature has the SHA-256 of the whole; or an upload in parts

What the store has accepted in one request has that digest: nobody needs to read it again. Whether this store
compares, is tried once. Of parts no store says what the whole has: it is read, and hashed, before it gets its
name. Meanwhile it cannot change: who has addresses of parts can add none to what is complete.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from urllib.parse import quote

from ...domain.artifacts import Blob
from ...domain.uploads import PartAddress
from ...errors import AipError, Invalid, Unavailable
from . import refusals
from .direct import DirectUpload
from .s3_bucket import Bucket
from .s3_reader import S3Reader

WHOLE = 2**30
"""Bytes up to which a file goes in one request, unless its sender was cut before."""
PART = 16 * 2**20
"""Bytes of the smallest parts."""
_PARTS = 5000
MOST = 10**12
"""Bytes of the largest upload."""
LIFETIME = 600
"""Seconds in which a request has to begin."""
_BATCH = 128
"""Addresses in one reply."""
FOLDER = "staging/direct/"
_BLOCK = 4 * 2**20

Place = Callable[[str, str, str, Blob, str], None]
"""Publish under a claim, of a project and holder, verified bytes that are at a key."""


class S3Direct:
    """`direct.DirectStorage` in a bucket."""

    most = MOST

    def __init__(self, bucket: Bucket, place: Place, has: Callable[[str, str, Blob], bool]) -> None:
        self._bucket = bucket
        self._place = place
        self._has = has
        self._lock = threading.Lock()
        self._attests: bool | None = None

    @property
    def browsers(self) -> bool:
        return self._bucket.settings.direct == "yes"

    @property
    def ca(self) -> str:
        path = self._bucket.settings.ca
        try:
            return Path(path).read_text() if path else ""
        except (OSError, ValueError) as error:
            raise Unavailable(f"storage: {path}: cannot be read; correct ca=… in AIP_STORAGE_URL") from error

    def begin(self, digest: str, size: int, in_parts: bool) -> DirectUpload:
        key = FOLDER + uuid.uuid4().hex
        part = max(PART, -(-size // _PARTS))
        if size <= WHOLE and not (in_parts and size > part) and self._attesting():
            return DirectUpload(key=key, digest=digest, size=size, part=size)
        id = self._bucket.call("create_multipart_upload", Key=key)["UploadId"]
        return DirectUpload(key=key, id=id, digest=digest, size=size, part=part)

    def addresses(self, upload: DirectUpload) -> tuple[list[PartAddress], bool]:
        if not upload.id:
            missing = [] if self._bucket.size(upload.key) == upload.size else [1]
        else:
            arrived = self._arrived(upload)
            missing = [number for number in _numbers(upload) if number not in arrived]
        parts = [self._sign(upload, number) for number in missing[:_BATCH]]
        return parts, len(missing) > _BATCH

    def finish(self, upload: DirectUpload, claim: str, project: str, holder: str) -> Blob:
        blob = Blob(digest=upload.digest, size=upload.size)
        if upload.id:
            self._complete(upload)
        size = self._bucket.size(upload.key)
        if size is None:
            if self._has(claim, project, blob):  # finished before, by a request whose answer was lost
                return blob
            raise refusals.upload_ended()
        try:
            attested = not upload.id and self._attesting()
            found = upload.digest if attested else self._hash(upload.key, size)
            if (size, found) != (upload.size, upload.digest):
                raise refusals.wrong_digest(found, upload.digest)
            self._place(claim, project, holder, blob, upload.key)
        except Unavailable:  # whoever asks again finds it
            raise
        except AipError:
            self._bucket.delete([upload.key])
            raise
        self._bucket.delete([upload.key])
        return blob

    def abort(self, upload: DirectUpload) -> None:
        if upload.id:
            self._bucket.find("abort_multipart_upload", Key=upload.key, UploadId=upload.id)
        self._bucket.delete([upload.key])

    def address(self, digest: str, name: str) -> str:
        return self._bucket.presign(
            "get_object",
            LIFETIME,
            Key=f"sha256/{digest[:2]}/{digest}",
            ResponseContentDisposition=f"attachment; filename*=UTF-8''{quote(name, safe='')}",  # RFC 6266
            ResponseContentType="application/octet-stream",
        )

    def _sign(self, upload: DirectUpload, number: int) -> PartAddress:
        start = (number - 1) * upload.part
        size = min(upload.part, upload.size - start)
        if upload.id:
            url = self._bucket.presign(
                "upload_part", LIFETIME, Key=upload.key, UploadId=upload.id, PartNumber=number
            )
            return PartAddress(number=number, start=start, size=size, url=url)
        url = self._bucket.presign("put_object", LIFETIME, Key=upload.key, ContentSHA256=upload.digest)
        headers = {"X-Amz-Content-SHA256": upload.digest}
        return PartAddress(number=number, start=start, size=size, url=url, headers=headers)

    def _arrived(self, upload: DirectUpload) -> dict[int, str]:
        """The ETags of the parts that are there, whole, by number. Invalid when the upload has ended."""
        found: dict[int, str] = {}
        options: dict[str, int] = {}
        while True:
            answer = self._bucket.find("list_parts", Key=upload.key, UploadId=upload.id, **options)
            if answer is None:
                raise refusals.upload_ended()
            for part in answer.get("Parts", []):
                start = (part["PartNumber"] - 1) * upload.part
                if part["Size"] == min(upload.part, upload.size - start):
                    found[part["PartNumber"]] = part["ETag"]
            if not answer.get("IsTruncated"):
                return found
            options = {"PartNumberMarker": answer["NextPartNumberMarker"]}

    def _complete(self, upload: DirectUpload) -> None:
        """Put the parts together, unless a request like this one has done it."""
        try:
            arrived = self._arrived(upload)
        except Invalid:
            return
        numbers = _numbers(upload)
        if missing := [number for number in numbers if number not in arrived]:
            message = f"upload: {len(missing)} of {len(numbers)} parts have not arrived; send them first"
            raise Invalid(message, field="upload")
        parts = {"Parts": [{"PartNumber": number, "ETag": arrived[number]} for number in numbers]}
        # None when an answer was lost and the request repeated: then the object is there.
        self._bucket.find(
            "complete_multipart_upload", Key=upload.key, UploadId=upload.id, MultipartUpload=parts
        )

    def _hash(self, key: str, size: int) -> str:
        """The digest of what is at a key, which is read for it."""

        def read(start: int, end: int) -> bytes:
            found = self._bucket.read(key, start, end - start)
            if found is None:
                raise refusals.upload_ended()
            return found[0]

        def fetch(start: int, end: int) -> Future[bytes]:
            return self._bucket.submit(read, start, end)

        hasher = hashlib.sha256()
        with S3Reader(b"", size, fetch) as source:
            while block := source.read1(_BLOCK):
                hasher.update(block)
        return hasher.hexdigest()

    def _attesting(self) -> bool:
        """Whether this store refuses other bytes than those whose digest was signed."""
        with self._lock:
            if self._attests is None:
                key = FOLDER + uuid.uuid4().hex
                announced = hashlib.sha256(b"announced").hexdigest()
                url = self._bucket.presign("put_object", LIFETIME, Key=key, ContentSHA256=announced)
                status = self._bucket.send("PUT", url, {"X-Amz-Content-SHA256": announced}, b"other")
                self._attests = status == 400
                if status < 300:
                    self._bucket.delete([key])
            return self._attests


def _numbers(upload: DirectUpload) -> range:
    """Those of all parts."""
    return range(1, 1 + max(1, -(-upload.size // upload.part)))
