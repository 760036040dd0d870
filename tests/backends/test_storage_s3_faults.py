"""The S3 storage when networks fail, gateways end, keys are wrong, and others remove meanwhile."""

from __future__ import annotations

import datetime
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.plugins import open_backend
from aip_jupyter.backends.storage import s3_bucket, s3_marks, s3_staging
from aip_jupyter.backends.storage.protocol import Staging
from aip_jupyter.backends.storage.s3 import S3Storage
from aip_jupyter.backends.storage.s3_claims import S3Claims
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import AipError, Invalid, NotFound, NotSupported, Unavailable

from ..contracts.storage_bytes import H, P, later, put, read, sha
from ..support.buckets import (
    BUCKET,
    address,
    address_at,
    ceph,
    clients,
    credentials,
    open_at,
    s3,
    storage,
)
from ..support.ceph import OTHER_ACCESS_KEY, OTHER_SECRET_KEY, SECRET_KEY, Gateway
from ..support.proxy import proxy

__all__ = ["address", "ceph", "clients", "credentials", "s3", "storage"]

LARGE = random.Random(0).randbytes(20_000_000)


def keys(s3: Any, storage: S3Storage, folder: str) -> list[str]:
    """The objects, and the uploads that were not completed, below a folder of the store."""
    prefix = storage._bucket.key(folder)
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    uploads = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    return [found["Key"].removeprefix(prefix) for found in [*objects, *uploads]]


def send(staging: Staging, data: bytes) -> None:
    staging.write(data)
    staging.commit()


@pytest.mark.parametrize("after", [10_000, 9_000_000, 19_000_000])
def test_an_upload_whose_connection_is_reset_goes_on(ceph: Gateway, s3: Any, after: int) -> None:
    with proxy(ceph.url) as between:
        storage = open_at(address_at(between.url))
        between.reset_after(after, "up")
        assert put(storage, LARGE).digest == sha(LARGE)
        assert between.resets == 1
        assert read(storage, sha(LARGE)) == LARGE
        assert keys(s3, storage, "staging/") == []
        storage.close()


@pytest.mark.parametrize("after", [10_000, 5_000_000])
def test_a_download_whose_connection_is_reset_goes_on(ceph: Gateway, s3: Any, after: int) -> None:
    with proxy(ceph.url) as between:
        storage = open_at(address_at(between.url))
        put(storage, LARGE)
        between.reset_after(after, "down")
        assert read(storage, sha(LARGE)) == LARGE
        assert between.resets == 1
        storage.close()


def test_bytes_that_change_on_the_way_are_refused(ceph: Gateway, s3: Any) -> None:
    with proxy(ceph.url) as between:
        storage = open_at(address_at(between.url))
        for data in (LARGE[:1_000_000], LARGE):
            claim = new_id()
            with storage.stage(claim, P, H) as staging:
                between.change_after(500_000)
                with pytest.raises(Unavailable, match=r"Sha|SHA|Digest"):
                    send(staging, data)
            with pytest.raises(NotFound):
                storage.stat(sha(data))
        assert between.changes == 2
        assert list(storage.blobs()) == []
        assert keys(s3, storage, "staging/") == []
        storage.close()


def test_an_upload_and_a_download_outlast_a_restart_of_the_gateway(ceph: Gateway, s3: Any) -> None:
    with ceph.second() as gateway:
        storage = open_at(address_at(gateway.url))
        with storage.stage(new_id(), P, H) as staging:
            staging.write(LARGE[:9_000_000])
            gateway.close()
            restart = threading.Thread(target=gateway.start)
            restart.start()
            staging.write(LARGE[9_000_000:])
            staging.commit(sha(LARGE))
            restart.join()
        with storage.open(sha(LARGE)) as source:
            gateway.close()
            restart = threading.Thread(target=gateway.start)
            restart.start()
            assert source.read() == LARGE
            restart.join()
        storage.close()


def test_a_copy_in_parts_is_the_same(storage: S3Storage, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_bucket, "WHOLE", 1)
    monkeypatch.setattr(s3_bucket, "COPIED", 6 * 2**20)
    assert put(storage, LARGE).digest == sha(LARGE)
    assert read(storage, sha(LARGE)) == LARGE
    assert keys(s3, storage, "") == [key for key in keys(s3, storage, "") if not key.startswith("staging")]


def test_late_parts_are_larger() -> None:
    sizes = [s3_staging.part_size(number) for number in range(10_000)]
    assert sizes[0] == 5 * 2**20
    assert sum(sizes) > 1e12


def test_what_was_damaged_in_the_store_is_replaced(storage: S3Storage, s3: Any) -> None:
    for data in (b"small", LARGE):
        put(storage, data)
        key = storage._bucket.key(f"sha256/{sha(data)[:2]}/{sha(data)}")
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"cut")
        put(storage, data)
        assert read(storage, sha(data)) == data


def test_reading_here_and_there(storage: S3Storage) -> None:
    put(storage, LARGE)
    chance = random.Random(1)
    with storage.open(sha(LARGE)) as source:
        for _ in range(20):
            start, count = chance.randrange(len(LARGE)), chance.randrange(300_000)
            source.seek(start)
            assert source.read(count) == LARGE[start : start + count]
        source.seek(-10, 2)
        assert source.read(100) == LARGE[-10:]
        assert source.read(1) == b""
    with pytest.raises(ValueError, match="closed"):
        source.read(1)


WRONG: dict[str, tuple[Callable[[str], str], dict[str, str], str]] = {
    "secret": (str, {"AWS_SECRET_ACCESS_KEY": "another-secret-key"}, "the secret key is not that"),
    "key": (str, {"AWS_ACCESS_KEY_ID": "AKNOBODY"}, "the access key is not known there"),
    "rights": (
        str,
        {"AWS_ACCESS_KEY_ID": OTHER_ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": OTHER_SECRET_KEY},
        "the access key has no right",
    ),
    "bucket": (lambda url: url.replace("//tests/", "//nowhere/"), {}, "there is no bucket 'nowhere'"),
    "endpoint": (lambda url: url.rpartition(":")[0] + ":9", {}, "is it running"),
    "profile": (lambda url: url + "&profile=nobody", {}, "there is no profile 'nobody'"),
    "nothing": (str, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "there are no credentials"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_with_what_to_do_and_without_secrets(
    address: str, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    change, environ, expected = WRONG[wrong]
    monkeypatch.setattr(s3_bucket, "_ATTEMPTS", 1)
    for name, value in environ.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    storage = open_at(change(address))
    for ask in (storage.check, lambda: put(storage, b"bytes"), storage.claims):
        with pytest.raises(Unavailable) as caught:
            ask()
        message = caught.value.message
        assert message.startswith(f"storage: {storage.location}")
        assert expected in message
        assert "\n" not in message
        for secret in (SECRET_KEY, "AKNOBODY", OTHER_SECRET_KEY, "another-secret-key"):
            assert secret not in message
    storage.close()


def test_a_clock_that_is_wrong_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: now - datetime.timedelta(hours=1))
    storage = open_at(address)
    with pytest.raises(Unavailable, match="clock is more than 15 minutes off"):
        storage.claims()
    storage.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "needs an address such as s3://bucket"),
        ("file:///folder", "needs an address such as s3://bucket"),
        ("s3://key:secret-of-mine@bucket", "leave the credentials out"),
        ("s3://bucket:9000/prefix", "the server's address is an option"),
        ("s3://bucket?endpint=http://host", "there is no option 'endpint'"),
        ("s3://bucket?endpoint=host:80", "the endpoint is an address"),
        ("s3://bucket?endpoint=https://key:secret-of-mine@host", "the endpoint is an address"),
        ("s3://bucket?addressing=both", "addressing is path or virtual"),
    ],
)
def test_addresses_that_cannot_be_right(tmp_path: Path, url: str, expected: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_backend("storage", "s3", BackendConfig(home=tmp_path, url=url))
    assert expected in caught.value.message
    assert "secret-of-mine" not in caught.value.message


def test_the_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEPH_ENDPOINT_URL", "https://ceph.example.org")
    assert open_at("s3://bucket").location == "s3://bucket at https://ceph.example.org"
    assert open_at("s3://bucket/a%20b/?endpoint=http://h").location == "s3://bucket/a b at http://h"


def test_without_boto3_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith("aip_jupyter.backends.storage.s3")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(NotSupported, match=r"needs 'boto3', .*; pip install 'aip-jupyter\[s3\]'"):
        open_backend("storage", "s3", BackendConfig(home=tmp_path, url="s3://bucket"))


def test_who_publishes_waits_for_a_removal_under_way(
    storage: S3Storage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has looked for marks already, and so does not see the new one."""
    claim, other = new_id(), open_at(address)
    digest = put(storage, b"bytes", claim).digest
    storage.release(claim)
    upload = threading.Thread(target=put, args=(other, b"bytes", claim))
    send = s3_bucket.Bucket.send

    def send_when_overtaken(bucket: s3_bucket.Bucket, method: str, url: str) -> int:
        upload.start()
        upload.join(0.5)  # long enough, were it not made to wait
        assert upload.is_alive()
        return send(bucket, method, url)

    monkeypatch.setattr(s3_bucket.Bucket, "send", send_when_overtaken)
    assert storage.remove(digest, later()) is True
    upload.join()
    assert storage.get_claim(claim).digests == [digest]
    assert read(storage, digest) == b"bytes"
    other.close()


def test_a_removal_that_was_cut_holds_nobody_up_for_long_and_cannot_happen_later(
    storage: S3Storage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = new_id()
    digest = put(storage, b"bytes", claim).digest
    storage.release(claim)
    late: list[str] = []

    def cut(bucket: s3_bucket.Bucket, method: str, url: str) -> int:
        late.append(url)
        raise KeyboardInterrupt

    monkeypatch.setattr(s3_marks, "LIFETIME", 1)
    monkeypatch.setattr(s3_marks, "_SLACK", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(s3_bucket.Bucket, "send", cut)
        with pytest.raises(KeyboardInterrupt):
            storage.remove(digest, later())
    put(storage, b"bytes", claim)
    assert storage._bucket.send("DELETE", late[0]) == 403
    assert read(storage, digest) == b"bytes"


def test_a_mark_of_another_machine_counts_as_younger(
    storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = new_id()
    with monkeypatch.context() as patch:
        patch.setattr(s3_marks, "_clock", lambda: "0" * 8)
        digest = put(storage, b"bytes", claim).digest
    storage.release(claim)
    assert storage.remove(digest, time.time() + 1700) is False
    assert storage.remove(digest, time.time() + 1900) is True


def test_of_two_who_rename_a_claim_one_succeeds(
    storage: S3Storage, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, other = new_id(), open_at(address)
    digest = put(storage, b"bytes", claim).digest
    named, first, second = S3Claims._named, new_id(), new_id()

    def overtaken(claims: S3Claims, id: str) -> list[str]:
        found = named(claims, id)
        if claims is storage._claims and id == claim:
            monkeypatch.setattr(S3Claims, "_named", named)
            assert other.rename_claim(claim, first).digests == [digest]
        return found

    monkeypatch.setattr(S3Claims, "_named", overtaken)
    with pytest.raises(NotFound):
        storage.rename_claim(claim, second)
    assert [found.id for found in storage.claims()] == [first]
    assert storage.remove(digest, later()) is False
    other.close()


def test_a_rename_that_was_cut_leaves_one_claim(storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, to = new_id(), new_id()
    digest = put(storage, b"bytes", claim).digest

    def cut(claims: S3Claims, id: str, group: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(S3Claims, "_forget", cut)
        with pytest.raises(KeyboardInterrupt):
            storage.rename_claim(claim, to)
    with pytest.raises(NotFound):
        storage.get_claim(claim)
    assert [(found.id, found.digests) for found in storage.claims()] == [(to, [digest])]
    assert storage.remove(digest, later()) is False
    put(storage, b"more", claim)
    assert storage.get_claim(claim).digests == [sha(b"more")]


def test_a_lost_answer_to_a_rename_is_no_defeat(storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, to = new_id(), new_id()
    put(storage, b"bytes", claim)
    put_new = s3_bucket.Bucket.put_new

    def repeated(bucket: s3_bucket.Bucket, key: str, data: bytes = b"") -> bool:
        put_new(bucket, key, data)
        return put_new(bucket, key, data)

    monkeypatch.setattr(s3_bucket.Bucket, "put_new", repeated)
    assert storage.rename_claim(claim, to).id == to


def test_marks_of_a_blob_published_again_and_again_do_not_pile_up(
    storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_marks, "_MANY", 3)
    monkeypatch.setattr(s3_marks, "APART", 0.0)
    for _ in range(8):
        claim = new_id()
        digest = put(storage, b"bytes", claim).digest
        storage.release(claim)
    held = new_id()
    put(storage, b"bytes", held)
    assert len(storage._bucket.list(f"held/{digest}/").items) <= 5
    assert storage.remove(digest, later()) is False


def test_errors_are_ours_when_an_upload_is_swept_away(storage: S3Storage, s3: Any) -> None:
    with storage.stage(new_id(), P, H) as staging:
        staging.write(LARGE)
        for found in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
            if found["Key"].startswith(storage._bucket.key("staging/")):
                s3.abort_multipart_upload(Bucket=BUCKET, Key=found["Key"], UploadId=found["UploadId"])
        with pytest.raises(AipError, match="send the file again"):
            staging.commit()
