"""Bytes straight between a client and a real store, cut wherever that may be: resumed, never half there."""

from __future__ import annotations

import hashlib
import logging
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.storage import s3_direct
from aip_jupyter.backends.storage.s3 import S3Storage
from aip_jupyter.client import direct, direct_download, resuming
from aip_jupyter.client.downloading import fetch
from aip_jupyter.client.endpoint import Endpoint, Reach, Unreachable
from aip_jupyter.client.http import HttpServices
from aip_jupyter.client.transport import Transport
from aip_jupyter.domain.artifacts import Blob, GetArtifact, UploadBlob
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.uploads import UploadOffer
from aip_jupyter.errors import Unavailable
from aip_jupyter.services.local import LocalServices

from ..contracts.storage_bytes import read
from ..support.buckets import BUCKET, address, address_at, ceph, clients, credentials, open_at, s3
from ..support.ceph import Gateway
from ..support.direct import SIZE, register, sender, server_over, services_over, write_file
from ..support.live import LiveServer, start_server
from ..support.proxy import Proxy, proxy
from . import direct_process

__all__ = ["address", "ceph", "clients", "credentials", "s3"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file; nobody changes it."""
    path = tmp_path_factory.mktemp("files") / "file"
    write_file(path, 1)
    return path


@pytest.fixture
def between(ceph: Gateway) -> Iterator[Proxy]:
    with proxy(ceph.url) as between:
        yield between


@pytest.fixture
def cut_off(
    between: Proxy, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalServices]:
    """Services whose way to the store, and their clients' way, is cut now and then."""
    monkeypatch.setattr(s3_direct, "PART", direct_process.PART)
    with services_over(address_at(between.url), tmp_path / "home") as services:
        yield services


def storage_of(services: LocalServices) -> S3Storage:
    storage = services._platform.storage
    assert isinstance(storage, S3Storage)
    return storage


def staged(s3: Any, storage: S3Storage) -> list[str]:
    prefix = storage._bucket.key("staging/")
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    uploads = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    return [found["Key"] for found in [*objects, *uploads]]


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def left(home: Path) -> list[Path]:
    """What is remembered of uploads under way."""
    return list((home / "uploads").iterdir())


@pytest.mark.parametrize("whole", [True, False])
def test_an_upload_whose_connections_are_reset_goes_on(
    cut_off: LocalServices, between: Proxy, s3: Any, file: Path, tmp_path: Path, whole: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if not whole:
        monkeypatch.setattr(s3_direct, "WHOLE", 0)
    storage, counts = storage_of(cut_off), list[int]()
    storage.check()
    between.reset_after(random.Random(whole).randrange(1_000_000, 18_000_000), "up")
    claim = new_id()
    blob = sender(cut_off, tmp_path).upload(UploadBlob(claim=claim), file, counts.append)
    assert between.resets == 1
    assert blob == Blob(digest=digest_of(file), size=SIZE)
    assert sum(counts) == SIZE
    assert digest_of(file) == hashlib.sha256(read(storage, blob.digest)).hexdigest()
    assert staged(s3, storage) == []
    assert left(tmp_path) == []


def test_a_download_whose_connections_are_reset_goes_on(
    cut_off: LocalServices, between: Proxy, file: Path, tmp_path: Path
) -> None:
    claim = new_id()
    blob = sender(cut_off, tmp_path).upload(UploadBlob(claim=claim), file, None)
    assert blob is not None
    artifact = register(cut_off, claim, blob)

    def through(start: int) -> Any:
        raise AssertionError("it went through the server")

    request, reach = GetArtifact(artifact=artifact.id), Reach()
    source = direct_download.straight_source(cut_off.uploads, reach, request, artifact, through)  # type: ignore[arg-type]
    for after in (10_000, 9_000_000, 19_000_000):
        between.reset_after(after, "down")
        fetch(source, blob.digest, tmp_path / f"target {after}")
        assert digest_of(tmp_path / f"target {after}") == blob.digest
    assert between.resets == 3


def test_bytes_that_change_on_the_way_are_never_published(
    cut_off: LocalServices, between: Proxy, s3: Any, file: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    storage = storage_of(cut_off)
    for whole in (s3_direct.WHOLE, 0):
        monkeypatch.setattr(s3_direct, "WHOLE", whole)
        storage.check()
        between.change_after(3_000_000)
        assert sender(cut_off, tmp_path).upload(UploadBlob(claim=new_id()), file, None) is None
    assert between.changes == 2
    assert list(storage.blobs()) == []
    assert staged(s3, storage) == []
    assert left(tmp_path) == []


def test_a_client_that_is_killed_leaves_parts_with_which_the_next_goes_on(
    between: Proxy, s3: Any, file: Path, tmp_path: Path, clients: None
) -> None:
    address = address_at(between.url)
    storage = open_at(address)
    command = [sys.executable, "-m", "tests.client.direct_process", address, str(tmp_path), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        between.when_passed(random.Random(3).randrange(11_000_000, 18_000_000), child.kill)
        child.wait(60)
    assert child.returncode < 0
    assert list(storage.blobs()) == []
    (remembered,) = left(tmp_path)
    assert remembered.stat().st_mode & 0o077 == 0
    before = between.passed
    reply = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert reply.stdout.strip() == digest_of(file)
    # Some of the parts had arrived. What the services ask, and read to verify it, is not the file itself.
    assert between.passed - before < SIZE - direct_process.PART + 500_000
    assert [blob.digest for blob in storage.blobs()] == [digest_of(file)]
    assert staged(s3, storage) == []
    assert left(tmp_path) == []
    storage.close()


def test_what_is_remembered_is_of_this_very_file_and_a_day_old_at_most(
    cut_off: LocalServices, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "file", list[str]()
    write_file(path, 1)
    begin_upload = cut_off.uploads.begin_upload

    def begin(request: Any) -> UploadOffer:
        asked.append(request.upload)
        return begin_upload(request)

    monkeypatch.setattr(cut_off.uploads, "begin_upload", begin)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    def upload() -> None:
        with pytest.raises(KeyboardInterrupt):
            sender(cut_off, tmp_path).upload(UploadBlob(claim=new_id()), path, None)

    with monkeypatch.context() as patch:
        patch.setattr(direct._Sending, "send", interrupted)
        upload()
        upload()
        assert asked[:3] == ["", "", ""]
        assert asked[3] != ""
        with monkeypatch.context() as later:
            later.setattr(resuming, "KEPT", -1.0)
            upload()
        assert asked[-1] == ""
        write_file(path, 2)
        upload()
        assert asked[-1] == ""
    blob = sender(cut_off, tmp_path).upload(UploadBlob(claim=new_id()), path, None)
    assert blob is not None
    assert blob.digest == digest_of(path)


@pytest.fixture(scope="module")
def server(ceph: Gateway, s3: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with server_over(address_at(ceph.url), tmp_path_factory.mktemp("server")) as server:
        yield server
        assert "X-Amz" not in server.log


class Asked:
    """What the server was asked over HTTP."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.operations: list[str] = []
        send, part = Transport.send, Transport._from

        def noted(transport: Transport, route: Any, *rest: Any, **how: Any) -> Any:
            self.operations.append(route.operation)
            return send(transport, route, *rest, **how)

        def noted_part(transport: Transport, route: Any, *rest: Any) -> Any:
            self.operations.append(route.operation)
            return part(transport, route, *rest)

        monkeypatch.setattr(Transport, "send", noted)
        monkeypatch.setattr(Transport, "_from", noted_part)


def test_through_a_real_server(
    server: LiveServer, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    asked = Asked(monkeypatch)
    services = HttpServices(server.url, server.token, tmp_path)
    claim, again, counts = new_id(), new_id(), list[int]()
    blob = services.blobs.upload(UploadBlob(claim=claim), file, counts.append)
    assert blob.digest == digest_of(file)
    artifact = register(services, claim, blob)
    request = GetArtifact(artifact=artifact.id)
    services.blobs.download(request, tmp_path / "target", counts.append)
    assert digest_of(tmp_path / "target") == blob.digest
    assert sum(counts) == 2 * SIZE
    assert not {"blobs.upload", "blobs.download"} & set(asked.operations)

    # What a record names is not sent again, and what the store cannot be reached for goes through the server.
    monkeypatch.setattr(Endpoint, "_connect", lambda *_: (_ for _ in ()).throw(Unreachable))
    assert services.blobs.upload(UploadBlob(claim=again), file) == blob
    other = tmp_path / "other"
    write_file(other, 2)
    asked.operations.clear()
    for _ in range(2):
        assert services.blobs.upload(UploadBlob(claim=again), other).digest == digest_of(other)
    assert asked.operations.count("blobs.upload") == 2
    assert asked.operations.count("uploads.abort_upload") == 1
    services.blobs.download(request, tmp_path / "target")
    assert asked.operations[-1] == "blobs.download"
    assert "not straight to the store (Unreachable)" in caplog.text
    assert "X-Amz" not in caplog.text
    services.close()

    with server.http() as http:
        content = f"aip/v1/projects/default/artifacts/{artifact.id}/content"
        for browser in ({"Accept": "text/html,*/*;q=0.8"}, {"Sec-Fetch-Mode": "navigate"}):
            sent = http.get(content, headers=browser)
            assert sent.status_code == 302
        fetched = http.get(content, headers={"Sec-Fetch-Mode": "cors", "Accept": "text/html"})
        assert fetched.content == file.read_bytes()
        with urllib.request.urlopen(sent.headers["Location"], timeout=30) as there:
            assert there.read() == file.read_bytes()
            assert there.headers["Content-Disposition"].startswith("attachment")
        assert http.get(content).content == file.read_bytes()


def test_a_server_that_is_killed_loses_nothing_that_has_arrived(
    server: LiveServer, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = HttpServices(server.url, server.token, tmp_path)
    path, finish = tmp_path / "file", direct.Direct._finish
    write_file(path, 3)

    def killed(*asked: Any) -> Any:
        """When all has arrived, the server is killed; another one comes at its place."""
        server.kill()
        with pytest.raises(Unavailable):
            finish(*asked)
        server.process = start_server(server.folder, environ=server.environ, port=server.port).process
        return finish(*asked)

    monkeypatch.setattr(direct, "AGAIN", (0.0,))
    monkeypatch.setattr(direct.Direct, "_finish", killed)
    claim = new_id()
    blob = services.blobs.upload(UploadBlob(claim=claim), path)
    assert register(services, claim, blob).digest == digest_of(path)
    services.close()
    storage = open_at(server.environ["AIP_STORAGE_URL"])
    assert storage.stat(blob.digest) == blob
    assert staged(s3, storage) == []
    storage.close()
