"""The requests that the S3 storage makes, below one prefix of one bucket; errors are ours.

The client is made at the first use and again in a forked child, which must not share its parent's sockets.
"""

from __future__ import annotations

import builtins
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import boto3
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError, IncompleteReadError
from botocore.httpsession import URLLib3Session
from msgspec import Struct
from urllib3.exceptions import HTTPError

from ...errors import Unavailable
from .s3_errors import code_of, s3_errors, status_of
from .s3_settings import S3Settings

THREADS = 8
"""Requests at once. Parts on their way are limited further, since each is held in memory."""
_ATTEMPTS = 3
_DELAYS = (0.5, 1.0, 2.0)
"""Seconds between the tries, each of which is boto3's own attempts: a gateway has time to start again."""
WHOLE = 2**30
"""Bytes that are copied by one request; S3 allows 5 GiB, which takes AWS a minute."""
_CUT = (EndpointConnectionError, HTTPClientError, IncompleteReadError, HTTPError)
COPIED = 256 * 2**20
"""Bytes of a part of a larger copy."""
_A = TypeVar("_A")
_T = TypeVar("_T")


class Item(Struct, frozen=True):
    """An object as a listing has it."""

    key: str
    size: int
    modified: float
    """By the store's clock, in seconds since the epoch."""


class Listing(Struct, frozen=True):
    """What is below a prefix, and when, by the store's clock."""

    items: list[Item]
    now: float


class Bucket:
    """One prefix of one bucket. Keys are given and returned without the prefix."""

    def __init__(self, settings: S3Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._made: tuple[int, Any, ThreadPoolExecutor] | None = None

    def put(self, key: str, data: bytes = b"") -> None:
        """Store a small object, whatever was there."""
        self.call("put_object", Key=key, Body=data)

    def put_new(self, key: str, data: bytes | memoryview = b"") -> bool:
        """Store an object unless there is one: then False, also when this very request has made it, since an
        answer may be lost and the request repeated."""
        while True:
            try:
                with s3_errors(self.settings):
                    self._request("put_object", Key=key, Body=data, IfNoneMatch="*")
                    return True
            except _Refused as refused:
                if refused.status == 412:
                    return False
                # 409: another writer is at the same key; when it is done the answer is one of the others.

    def get(self, key: str) -> bytes | None:
        """A small object's bytes. None when there is none."""
        answer = self.find("get_object", Key=key)
        if answer is None:
            return None
        with s3_errors(self.settings):
            return bytes(answer["Body"].read())

    def read(self, key: str, start: int, count: int) -> tuple[bytes, int] | None:
        """Some of an object's bytes, and the size of all. None when there is no such object."""

        def read() -> tuple[bytes, int]:
            answer = self._request("get_object", Key=key, Range=f"bytes={start}-{start + count - 1}")
            return bytes(answer["Body"].read()), int(answer["ContentRange"].rpartition("/")[2])

        try:
            return self.patiently(read)
        except _Missing:
            return None
        except _Refused:  # there is nothing from `start` on
            size = self.size(key)
            return None if size is None else (b"", size)

    def patiently(self, work: Callable[[], _T]) -> _T:
        """Do it again when the way to the store was cut, which boto3 does not, or not for so long."""
        with s3_errors(self.settings):
            for delay in _DELAYS:
                try:
                    return work()
                except _CUT:
                    time.sleep(delay)
            return work()

    def size(self, key: str) -> int | None:
        """An object's size. None when there is none."""
        answer = self.find("head_object", Key=key)
        return None if answer is None else int(answer["ContentLength"])

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there too."""
        left = list(keys)
        if len(left) == 1:
            self.call("delete_object", Key=left[0])
            return
        for start in range(0, len(left), 1000):
            objects = [{"Key": self.key(key)} for key in left[start : start + 1000]]
            answer = self.call("delete_objects", Delete={"Objects": objects, "Quiet": True})
            for refused in answer.get("Errors", []):
                with s3_errors(self.settings):
                    raise ClientError({"Error": refused}, "DeleteObjects")

    def list(self, prefix: str) -> Listing:
        """What is below a prefix, in the order of the keys; with all that was complete when it was called."""
        items: list[Item] = []
        now = 0.0
        for answer in self.pages(prefix):
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            now = parsedate_to_datetime(headers["date"]).timestamp()
            items += self.items(answer)
        return Listing(items, now)

    def pages(self, prefix: str) -> Iterator[Any]:
        """The answers of a listing, each with a thousand objects."""
        options: dict[str, str] = {}
        while True:
            answer = self.call("list_objects_v2", Prefix=self.key(prefix), **options)
            yield answer
            if not answer.get("IsTruncated"):
                return
            options = {"ContinuationToken": answer["NextContinuationToken"]}

    def items(self, answer: Any) -> builtins.list[Item]:
        """The objects in a page of a listing."""
        skip = len(self.settings.prefix)
        return [
            Item(found["Key"][skip:], found["Size"], found["LastModified"].timestamp())
            for found in answer.get("Contents", [])
        ]

    def uploads(self, prefix: str) -> Iterator[tuple[str, str, float]]:
        """Multipart uploads that were not completed: key, id, and when they began."""
        options: dict[str, str] = {}
        while True:
            answer = self.call("list_multipart_uploads", Prefix=self.key(prefix), **options)
            for found in answer.get("Uploads", []):
                key = found["Key"][len(self.settings.prefix) :]
                yield key, found["UploadId"], found["Initiated"].timestamp()
            if not answer.get("IsTruncated"):
                return
            options = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}

    def copy(self, source: str, target: str, size: int) -> None:
        """Give an object's bytes another key too, inside the store; whole or not at all."""
        whole = {"Bucket": self.settings.bucket, "Key": self.key(source)}
        if size <= WHOLE:
            self.call("copy_object", Key=target, CopySource=whole)
            return
        upload = self.call("create_multipart_upload", Key=target)["UploadId"]
        with ExitStack() as undo:
            undo.callback(self.find, "abort_multipart_upload", Key=target, UploadId=upload)
            ranges = [
                (number, f"bytes={start}-{min(start + COPIED, size) - 1}")
                for number, start in enumerate(range(0, size, COPIED), 1)
            ]

            def copy_part(part: tuple[int, str]) -> dict[str, Any]:
                answer = self.call(
                    "upload_part_copy", Key=target, UploadId=upload, PartNumber=part[0],
                    CopySource=whole, CopySourceRange=part[1],
                )  # fmt: skip
                return {"PartNumber": part[0], "ETag": answer["CopyPartResult"]["ETag"]}

            parts = {"Parts": self.together(copy_part, ranges)}
            self.find("complete_multipart_upload", Key=target, UploadId=upload, MultipartUpload=parts)
            undo.pop_all()

    def presign(self, operation: str, lifetime: int, **options: Any) -> str:
        """An address that carries out one request, until its signature ends.

        With `ContentSHA256` in the signature, the store takes no other bytes, if it compares them.
        """
        options["Key"] = self.key(options["Key"])
        with s3_errors(self.settings):
            params = {"Bucket": self.settings.bucket, **options}
            return str(self._client().generate_presigned_url(operation, Params=params, ExpiresIn=lifetime))

    def send(self, method: str, url: str, headers: Mapping[str, str] = {}, data: bytes = b"") -> int:
        """Carry out a signed request; the status of the answer."""
        with s3_errors(self.settings):
            session = URLLib3Session(verify=self.settings.ca or True, timeout=10)
            try:
                return int(session.send(AWSRequest(method, url, headers, data).prepare()).status_code)
            finally:
                session.close()

    def find(self, operation: str, **options: Any) -> Any:
        """Call an operation on an object. None when there is no such object."""
        try:
            return self.call(operation, **options)
        except _Missing:
            return None

    def call(self, operation: str, **options: Any) -> Any:
        """Call an operation of the client on this bucket."""
        with s3_errors(self.settings):
            return self._request(operation, **options)

    def upload_part(self, key: str, upload: str, number: int, data: bytearray) -> str:
        """Send a part of a multipart upload; its ETag."""
        options = {"Key": key, "UploadId": upload, "PartNumber": number, "Body": data}
        return str(self.patiently(lambda: self._request("upload_part", **options))["ETag"])

    def _request(self, operation: str, **options: Any) -> Any:
        if "Key" in options:
            options["Key"] = self.key(options["Key"])
        try:
            return getattr(self._client(), operation)(Bucket=self.settings.bucket, **options)
        except ClientError as error:
            if status_of(error) == 404 and code_of(error) in ("404", "NoSuchKey", "NoSuchUpload"):
                raise _Missing from None
            if status_of(error) == 416 or (status_of(error) in (409, 412) and "IfNoneMatch" in options):
                raise _Refused(status_of(error)) from None
            raise

    def submit(self, work: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Do something in another thread; in this one when the interpreter is ending and starts no more."""
        pool = self._open()[2]
        try:
            return pool.submit(work, *arguments)
        except RuntimeError:
            done: Future[_T] = Future()
            done.set_result(work(*arguments))
            return done

    def together(self, work: Callable[[_A], _T], arguments: Iterable[_A]) -> builtins.list[_T]:
        """Do the same with several things at once; what came of each, or the first error."""
        futures = [self.submit(work, argument) for argument in arguments]
        return [future.result() for future in futures]

    def key(self, key: str) -> str:
        """The key as the store knows it."""
        return self.settings.prefix + key

    def close(self) -> None:
        """Let go of threads and sockets. They are made again when they are needed again."""
        with self._lock:
            made, self._made = self._made, None
        if made and made[0] == os.getpid():
            made[2].shutdown()
            made[1].close()

    def _client(self) -> Any:
        return self._open()[1]

    def _open(self) -> tuple[int, Any, ThreadPoolExecutor]:
        made = self._made
        if made and made[0] == os.getpid():
            return made
        with self._lock:
            if not self._made or self._made[0] != os.getpid():
                pool = ThreadPoolExecutor(THREADS, "aip-s3")
                self._made = (os.getpid(), _make_client(self.settings), pool)
            return self._made


class _Missing(Unavailable):
    """There is no such object, or upload."""

    def __init__(self) -> None:
        super().__init__("storage: an unfinished upload was swept away; send the file again")


class _Refused(Unavailable):
    """A condition was not met."""

    def __init__(self, status: int) -> None:
        super().__init__("storage: somebody else stores the same, now; try again")
        self.status = status


def _make_client(settings: S3Settings) -> Any:
    session = boto3.Session(profile_name=settings.profile or None, region_name=settings.region or None)
    # Without a region nothing can be signed; stores of one's own accept any, and AWS leads to the right one.
    region = settings.region or session.region_name or "us-east-1"
    client = session.client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=region,
        verify=settings.ca or None,
        config=Config(
            signature_version="s3v4",
            # A part's SHA-256 is in its signature, and the store compares it. Trailing checksums, the default
            # of newer boto3, are refused by Ceph over TLS.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": settings.addressing or "auto", "payload_signing_enabled": True},
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=2 * THREADS,
            tcp_keepalive=True,
        ),
    )
    # boto3 signs no digest of a body into an address by itself.
    client.meta.events.register("before-parameter-build.s3.PutObject", _take_digest)
    client.meta.events.register("before-sign.s3.PutObject", _sign_digest)
    return client


def _take_digest(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if digest := params.pop("ContentSHA256", None):
        context["aip_digest"] = digest


def _sign_digest(request: Any, **_: Any) -> None:
    if digest := request.context.get("aip_digest"):
        request.headers["X-Amz-Content-SHA256"] = digest
