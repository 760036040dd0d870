"""What clients send straight to a real store: only the very bytes, only there, only for a while."""

from __future__ import annotations

import datetime
import hashlib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.storage import s3_direct, s3_staging
from aip_jupyter.backends.storage.s3 import S3Storage
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.artifacts import GetArtifact
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.uploads import AbortUpload, BeginUpload, FinishUpload, UploadOffer
from aip_jupyter.errors import Conflict, Invalid, NotFound
from aip_jupyter.services.local import LocalServices

from ..contracts.storage_bytes import put
from ..support.buckets import BUCKET, address, ceph, clients, credentials, open_at, s3
from ..support.direct import SIZE, register, send, services_over, write_file

__all__ = ["address", "ceph", "clients", "credentials", "s3"]


@pytest.fixture
def services(address: str, clients: None, tmp_path: Path) -> Iterator[LocalServices]:
    with services_over(address, tmp_path / "home") as services:
        yield services


@pytest.fixture
def storage(services: LocalServices) -> S3Storage:
    storage = services._platform.storage
    assert isinstance(storage, S3Storage)
    return storage


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_file(tmp_path_factory.mktemp("data") / "file", 1)


def begin(services: LocalServices, data: bytes, **changes: Any) -> tuple[BeginUpload, UploadOffer]:
    digest = hashlib.sha256(data).hexdigest()
    request = BeginUpload(claim=new_id(), size=len(data), digest=digest, **changes)
    return request, services.uploads.begin_upload(request)


def finish(services: LocalServices, request: BeginUpload, offer: UploadOffer) -> Any:
    done = FinishUpload(project=request.project, claim=request.claim, upload=offer.upload)
    return services.uploads.finish_upload(done)


def staged(s3: Any, storage: S3Storage) -> list[str]:
    """What is in staging: objects, and uploads in parts."""
    prefix = storage._bucket.key("staging/")
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    uploads = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    return [found["Key"] for found in [*objects, *uploads]]


def nothing_is_there(s3: Any, storage: S3Storage) -> bool:
    return not staged(s3, storage) and not list(storage.blobs())


def test_one_request_takes_only_the_bytes_whose_digest_was_signed(
    services: LocalServices, storage: S3Storage, s3: Any, data: bytes
) -> None:
    request, offer = begin(services, data)
    (part,) = offer.parts
    assert (part.start, part.size, offer.more) == (0, SIZE, False)
    other = data[:-1] + bytes([data[-1] ^ 1])
    assert send(part, other) == 400
    unsigned = replace(part, headers={"X-Amz-Content-SHA256": hashlib.sha256(other).hexdigest()})
    assert send(unsigned, other) in (400, 403)
    assert send(replace(part, headers={}), other) in (400, 403)
    with pytest.raises(Invalid, match="ended"):
        finish(services, request, offer)
    assert nothing_is_there(s3, storage)
    assert send(part, data) == 200
    assert services.uploads.begin_upload(replace(request, upload=offer.upload)).parts == []
    blob = finish(services, request, offer)
    assert finish(services, request, offer) == blob
    assert list(storage.blobs()) == [blob]
    assert storage.get_claim(request.claim).digests == [blob.digest]
    assert staged(s3, storage) == []
    assert register(services, request.claim, blob).digest == blob.digest


@pytest.mark.parametrize("in_parts", [False, True])
def test_an_address_is_for_one_key_one_part_and_some_minutes(
    storage: S3Storage, data: bytes, monkeypatch: pytest.MonkeyPatch, in_parts: bool
) -> None:
    assert storage.direct is not None
    digest = hashlib.sha256(data).hexdigest()
    upload = storage.direct.begin(digest, SIZE, in_parts)
    part = storage.direct.addresses(upload)[0][0]
    chunk = data[: part.size]
    for place in (f"{upload.key}0", f"sha256/{digest[:2]}/{digest}"):
        assert send(part, chunk, part.url.replace(upload.key, place)) == 403
    assert send(part, chunk, part.url.replace("partNumber=1", "partNumber=2")) == (403 if in_parts else 200)
    now = datetime.datetime.now(datetime.timezone.utc)
    past = now - datetime.timedelta(seconds=s3_direct.LIFETIME + 5)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: past)
    assert send(storage.direct._sign(upload, 1), chunk) == 403


def test_parts_are_taken_up_again_and_verified_as_a_whole(
    services: LocalServices, storage: S3Storage, s3: Any, data: bytes
) -> None:
    request, offer = begin(services, data, parts=True)
    first, second = offer.parts
    assert send(second, data[second.start :]) == 200
    with pytest.raises(Invalid, match="1 of 2 parts have not arrived"):
        finish(services, request, offer)
    again = services.uploads.begin_upload(replace(request, claim=new_id(), upload=offer.upload))
    assert [part.number for part in again.parts] == [1]
    assert again.upload == offer.upload
    assert send(again.parts[0], data[: first.size - 1]) == 200  # too short: it has not arrived
    assert services.uploads.begin_upload(replace(request, upload=offer.upload)).parts[0].number == 1
    assert send(again.parts[0], data[: first.size]) == 200
    blob = finish(services, request, offer)
    assert list(storage.blobs()) == [blob]
    assert staged(s3, storage) == []


def test_parts_with_other_bytes_are_refused_and_dropped(
    services: LocalServices, storage: S3Storage, s3: Any, data: bytes
) -> None:
    request, offer = begin(services, data, parts=True)
    for part in offer.parts:
        assert send(part, b"\0" * part.size) == 200
    with pytest.raises(Invalid, match="the bytes that arrived have"):
        finish(services, request, offer)
    assert nothing_is_there(s3, storage)
    with pytest.raises(NotFound):
        storage.get_claim(request.claim)
    with pytest.raises(Invalid, match="ended"):
        finish(services, request, offer)


def test_a_store_that_compares_nothing_is_not_believed(
    services: LocalServices, storage: S3Storage, s3: Any, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(storage._bucket), "send", lambda *_: 200)
    request, offer = begin(services, data)
    assert len(offer.parts) == 2
    assert staged(s3, storage) != []
    services.uploads.abort_upload(AbortUpload(upload=offer.upload))
    services.uploads.abort_upload(AbortUpload(upload=offer.upload))
    assert nothing_is_there(s3, storage)
    assert request.parts is False


def test_an_upload_is_its_projects_and_its_digests(
    services: LocalServices, storage: S3Storage, data: bytes
) -> None:
    services.projects.create_project(CreateProject(name="theirs"))
    request, offer = begin(services, data)
    send(offer.parts[0], data)
    theirs = replace(request, project="theirs")
    with pytest.raises(Invalid, match="begin another"):
        finish(services, theirs, offer)
    with pytest.raises(Invalid, match="begin another"):
        finish(services, request, replace(offer, upload=offer.upload[:-2]))
    other = begin(services, data[:-1], upload=offer.upload)[1]
    assert other.upload != offer.upload
    claim = new_id()
    put(storage, b"bytes", claim, "theirs")
    with pytest.raises(Conflict):
        finish(services, replace(request, claim=claim), offer)
    assert [blob.size for blob in storage.blobs()] == [5]


def test_what_nobody_finishes_is_swept_after_a_day(
    services: LocalServices, storage: S3Storage, s3: Any, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = begin(services, data)
    send(whole.parts[0], data)
    _, parts = begin(services, data, parts=True)
    send(parts.parts[0], data[: parts.parts[0].size])
    assert storage.sweep() == 0
    assert len(staged(s3, storage)) == 2
    monkeypatch.setattr(s3_staging, "_SENT_BY_CLIENTS", -60.0)
    assert storage.sweep() == 2
    assert nothing_is_there(s3, storage)


def test_a_download_runs_nowhere_and_ends(services: LocalServices, data: bytes) -> None:
    request, offer = begin(services, data)
    send(offer.parts[0], data)
    artifact = register(services, request.claim, finish(services, request, offer))
    address = services.uploads.get_address(GetArtifact(artifact=artifact.id))
    with urllib.request.urlopen(address.url, timeout=30) as reply:
        assert reply.read() == data
        assert reply.headers["Content-Type"] == "application/octet-stream"
        disposition = reply.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=UTF-8''ein%20Modell.html"
    for change in (("octet-stream", "html"), ("attachment", "inline"), (artifact.digest or "", "0" * 64)):
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(address.url.replace(*change), timeout=30)
        with caught.value:
            assert caught.value.code == 403


def test_addresses_show_themselves_nowhere(services: LocalServices, data: bytes) -> None:
    _, offer = begin(services, data, parts=True)
    shown = repr([offer, offer.parts, services.uploads])
    assert "Signature" not in shown
    assert "http" not in shown


def test_who_is_sent_to_the_store_is_a_setting(address: str) -> None:
    for setting, capable in (("no", False), ("kernels", True), ("yes", True)):
        storage = open_at(f"{address}&direct={setting}")
        assert ("presigned" in storage.capabilities) is capable
        assert (storage.direct is not None) is capable
        assert storage.direct is None or storage.direct.browsers is (setting == "yes")
    with pytest.raises(Invalid, match="direct is yes, kernels or no"):
        open_at(f"{address}&direct=both")
