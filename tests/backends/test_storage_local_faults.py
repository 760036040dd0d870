"""The local storage when the disk has damaged it, and when others write, remove and sweep meanwhile."""

from __future__ import annotations

import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage import local_staging
from aip_jupyter.backends.storage.local import LocalStorage, open_storage
from aip_jupyter.backends.storage.local_claims import LocalClaims
from aip_jupyter.backends.storage.local_disk import write_all
from aip_jupyter.domain.artifacts import Blob
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Invalid, NotFound

from ..contracts.storage_bytes import H, P, later, put, read, sha


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return open_storage(BackendConfig(home=tmp_path / "home"))


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    """The store's folder."""
    return tmp_path / "home" / "blobs"


def test_a_blob_that_the_disk_cut_is_replaced_by_the_next_upload(storage: LocalStorage, blobs: Path) -> None:
    digest = put(storage, b"all of it").digest
    path = blobs / "sha256" / digest[:2] / digest
    path.chmod(0o600)
    os.truncate(path, 3)
    put(storage, b"all of it")
    assert read(storage, digest) == b"all of it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_line_of_a_claim_that_was_cut_costs_only_itself(storage: LocalStorage, blobs: Path) -> None:
    claim = new_id()
    first = put(storage, b"first", claim).digest
    with (blobs / "claims" / claim).open("ab") as file:
        file.write(b"\n" + b"a" * 40)
    assert storage.get_claim(claim).digests == [first]
    second = put(storage, b"second", claim).digest
    assert storage.get_claim(claim).digests == [first, second]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff" * 300, b"[]\n", b'{"id": 1}\n' + b"a" * 64, b'{"holder": "\xff"}\n', b"[" * 200_000],
    ids=lambda content: repr(content[:20]),
)
def test_a_claim_that_the_disk_damaged_is_none_and_can_be_made_again(
    storage: LocalStorage, blobs: Path, content: bytes
) -> None:
    claim, other = new_id(), new_id()
    digest = put(storage, b"bytes", claim).digest
    put(storage, b"other", other)
    (blobs / "claims" / claim).write_bytes(content)
    assert [found.id for found in storage.claims()] == [other]
    with pytest.raises(NotFound):
        storage.get_claim(claim)
    assert put(storage, b"bytes", claim, "another project").digest == digest
    assert storage.get_claim(claim).project == "another project"
    assert storage.get_claim(claim).digests == [digest]


def test_a_large_claim_is_quick_to_add_to(storage: LocalStorage, blobs: Path) -> None:
    claim = new_id()
    put(storage, b"first", claim)
    lines = "".join(f"{sha(b'%d' % number)}\n" for number in range(50_000))
    with (blobs / "claims" / claim).open("a") as file:
        file.write(lines)
    size = (blobs / "claims" / claim).stat().st_size
    put(storage, b"last", claim)
    assert (blobs / "claims" / claim).stat().st_size == size + 66
    assert len(storage.get_claim(claim).digests) == 50_002


def test_bytes_that_are_removed_during_their_upload_are_placed_again(
    storage: LocalStorage, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it may happen when their claim is given up by one process and used by another."""
    claim, other = new_id(), LocalStorage(blobs)
    digest = put(storage, b"bytes", claim).digest
    has, removed = LocalStorage._has, list[bool]()

    def has_until_somebody_removes(store: LocalStorage, blob: Blob) -> bool:
        found = has(store, blob)
        if not removed:
            other.release(claim)
            removed.append(other.remove(digest, later()))
        return found

    monkeypatch.setattr(LocalStorage, "_has", has_until_somebody_removes)
    assert put(storage, b"bytes", claim).digest == digest
    assert removed == [True]
    assert read(storage, digest) == b"bytes"


def test_bytes_that_are_claimed_during_their_removal_are_there_afterwards(
    storage: LocalStorage, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, other = new_id(), LocalStorage(blobs)
    digest = put(storage, b"bytes", claim).digest
    storage.release(claim)
    holds = LocalClaims.holds
    upload = threading.Thread(target=put, args=(other, b"bytes", claim))

    def holds_and_is_overtaken(claims: LocalClaims, digest: str, beside: str) -> bool:
        found = holds(claims, digest, beside)
        upload.start()
        upload.join(0.5)  # long enough, were it not made to wait
        return found

    monkeypatch.setattr(LocalClaims, "holds", holds_and_is_overtaken)
    assert storage.remove(digest, later()) is True
    upload.join()
    assert storage.get_claim(claim).digests == [digest]
    assert read(storage, digest) == b"bytes"


def test_sweeping_all_the_time_disturbs_no_upload(storage: LocalStorage, blobs: Path) -> None:
    put(storage, b"first")
    ended = threading.Event()

    def sweep() -> int:
        swept = 0
        while not ended.is_set():
            swept += storage.sweep()
        return swept

    with ThreadPoolExecutor(6) as pool:
        sweepers = [pool.submit(sweep) for _ in range(2)]
        try:
            uploads = [pool.submit(put, storage, b"%d" % number) for number in range(150)]
            assert {upload.result().digest for upload in uploads} == {sha(b"%d" % n) for n in range(150)}
        finally:
            ended.set()
    assert len(list(storage.blobs())) == 151
    assert os.listdir(blobs / "staging") == []
    for sweeper in sweepers:
        assert sweeper.exception() is None


def test_an_upload_that_nobody_ended_is_swept_when_it_is_forgotten(
    storage: LocalStorage, blobs: Path
) -> None:
    staging = storage.stage(new_id(), P, H)
    staging.write(bytes(5_000_000))
    assert storage.sweep() == 0
    with pytest.warns(ResourceWarning, match="unclosed"):
        del staging
    while not storage.sweep():  # the thread that hashes may hold the file a little longer
        time.sleep(0.01)
    assert os.listdir(blobs / "staging") == []


def test_an_abort_from_another_thread_waits_for_the_write(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the rest of the bytes goes into whatever file or socket is opened next under the same number."""
    begun, go_on = threading.Event(), threading.Event()
    whole = write_all

    def slowly(handle: int, data: bytes | memoryview) -> None:
        begun.set()
        assert go_on.wait(30)
        whole(handle, data)

    staging = storage.stage(new_id(), P, H)
    monkeypatch.setattr(local_staging, "write_all", slowly)
    writing = threading.Thread(target=staging.write, args=(b"x" * 1000,))
    aborting = threading.Thread(target=staging.abort)
    writing.start()
    assert begun.wait(30)
    aborting.start()
    aborting.join(0.2)
    assert aborting.is_alive()
    os.fstat(staging.handle)  # still open
    go_on.set()
    writing.join()
    aborting.join()
    with pytest.raises(Invalid, match="ended"):
        staging.write(b"more")
