"""The local storage: the contract, and what is promised of its files."""

from __future__ import annotations

import fcntl
import os
import shutil
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
from aip_jupyter.backends.storage.protocol import StorageBackend
from aip_jupyter.domain.artifacts import Blob
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Invalid, NotFound, Unavailable

from ..contracts.storage import StorageContract
from ..contracts.storage_bytes import BytesContract, H, P, later, put, read, sha
from ..contracts.storage_claims import ClaimsContract
from ..contracts.storage_files import FilesContract


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return open_storage(BackendConfig(home=tmp_path / "home"))


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    """The store's folder."""
    return tmp_path / "home" / "blobs"


class TestLocalStorage(StorageContract):
    """On this disk, however it copies."""


class TestWithoutTheKernelsCopy(FilesContract):
    @pytest.fixture(autouse=True)
    def no_copy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "copy_file_range", raising=False)


class TestWhereTheKernelsCopyDoesNotWork(FilesContract):
    @pytest.fixture(autouse=True)
    def refused_copy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(source: int, target: int, count: int) -> int:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)


class TestWithReflinks(FilesContract):
    """A disk that shares blocks is played by one that copies them in the same call."""

    @pytest.fixture(autouse=True)
    def reflinks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def ioctl(target: int, request: int, source: int) -> int:
            assert request == 0x40049409
            with open(source, "rb", closefd=False) as file, open(target, "wb", closefd=False) as copy:
                shutil.copyfileobj(file, copy)
            return 0

        monkeypatch.setattr(fcntl, "ioctl", ioctl)
        monkeypatch.setattr("aip_jupyter.backends.storage.local_copy.sys.platform", "linux")

    def test_it_is_told_after_the_first_use(self, storage: StorageBackend) -> None:
        assert "reflink" not in storage.capabilities
        storage.check()
        assert "reflink" in storage.capabilities


class TestLinkedStore(BytesContract, ClaimsContract):
    """The whole folder may be a link, to a larger disk."""

    @pytest.fixture
    def storage(self, tmp_path: Path, blobs: Path) -> StorageBackend:
        blobs.parent.mkdir()
        (tmp_path / "large disk").mkdir()
        blobs.symlink_to(tmp_path / "large disk")
        return open_storage(BackendConfig(home=blobs.parent))


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


def test_nothing_is_made_on_the_disk_before_the_first_use(storage: LocalStorage, tmp_path: Path) -> None:
    assert list(storage.blobs()) == []
    assert storage.claims() == []
    assert storage.sweep() == 0
    assert storage.remove(sha(b""), later()) is False
    storage.release(new_id())
    for ask in (lambda: storage.stat(sha(b"")), lambda: storage.get_claim(new_id())):
        with pytest.raises(NotFound):
            ask()
    storage.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0, 0o077])
def test_only_the_user_can_read_what_is_stored(storage: LocalStorage, blobs: Path, umask: int) -> None:
    previous = os.umask(umask)
    try:
        digest = put(storage, b"bytes").digest
        with storage.stage(new_id(), P, H) as staging:
            staging.write(b"more")
            found = modes(blobs.parent)
    finally:
        os.umask(previous)
    assert found.pop(f"blobs/sha256/{digest[:2]}/{digest}") == 0o400
    folders = {name for name in found if (blobs.parent / name).is_dir()}
    assert folders == {
        "blobs",
        "blobs/claims",
        "blobs/sha256",
        f"blobs/sha256/{digest[:2]}",
        "blobs/staging",
    }
    assert {mode for name, mode in found.items() if name in folders} == {0o700}
    assert {mode for name, mode in found.items() if name not in folders} == {0o600}
    assert blobs.parent.stat().st_mode & 0o777 == 0o700


def test_the_layout(storage: LocalStorage, blobs: Path) -> None:
    claim = new_id()
    digest = put(storage, b"bytes", claim).digest
    assert tree(blobs) == {"lock", f"claims/{claim}", f"sha256/{digest[:2]}/{digest}"}
    assert storage.location == str(blobs)
    storage.check()
    storage.release(claim)
    assert storage.remove(digest, later())
    assert tree(blobs) == {"lock"}


def test_two_stores_on_one_folder_are_the_same(storage: LocalStorage, blobs: Path) -> None:
    other, claim = LocalStorage(blobs), new_id()
    digest = put(storage, b"bytes", claim).digest
    put(other, b"more", claim)
    assert read(other, digest) == b"bytes"
    assert storage.get_claim(claim) == other.get_claim(claim)
    assert other.remove(digest, later()) is False
    other.release(claim)
    assert storage.remove(digest, later()) is True


@pytest.mark.parametrize("part", ["staging", "claims", "sha256"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_link_in_place_of_a_folder_is_refused(
    storage: LocalStorage, blobs: Path, tmp_path: Path, part: str, kind: str
) -> None:
    claim = new_id()
    digest = put(storage, b"bytes", claim).digest
    elsewhere = tmp_path / "elsewhere"
    (blobs / part).rename(elsewhere)
    (elsewhere / new_id()).write_bytes(b"not ours")
    if kind == "link":
        (blobs / part).symlink_to(elsewhere)
    else:
        (blobs / part).write_bytes(b"")
    before = tree(elsewhere)
    for ask in (
        lambda: put(storage, b"other"),
        storage.sweep,
        storage.check,
        lambda: storage.release(claim),
        lambda: storage.remove(digest, later()),
    ):
        with pytest.raises(Unavailable, match=f"{blobs / part} is a link or a file where a folder must be"):
            ask()
    assert tree(elsewhere) == before
    if part == "sha256":
        assert list(storage.blobs()) == []
        with pytest.raises(NotFound):
            storage.open(digest)


def test_a_link_in_place_of_a_blob_is_not_followed(
    storage: LocalStorage, blobs: Path, tmp_path: Path
) -> None:
    digest, outside = sha(b"bytes"), tmp_path / "outside"
    put(storage, b"bytes")
    path = blobs / "sha256" / digest[:2] / digest
    outside.write_bytes(b"bytes")
    path.unlink()
    path.symlink_to(outside)
    for ask in (storage.stat, storage.open):
        with pytest.raises(NotFound):
            ask(digest)
    assert list(storage.blobs()) == []
    assert put(storage, b"bytes").digest == digest
    assert not path.is_symlink()
    assert read(storage, digest) == outside.read_bytes() == b"bytes"


def test_a_link_in_place_of_the_lock_or_a_claim_is_not_followed(
    storage: LocalStorage, blobs: Path, tmp_path: Path
) -> None:
    claim, outside = new_id(), tmp_path / "outside"
    put(storage, b"bytes", claim)
    for path in (blobs / "lock", blobs / "claims" / claim):
        content = path.read_bytes()
        outside.write_bytes(content)
        path.unlink()
        path.symlink_to(outside)
        with pytest.raises(Unavailable, match="symbolic links"):
            put(storage, b"more", claim)
        assert outside.read_bytes() == content
        path.unlink()
        path.write_bytes(content)


def test_what_no_writer_made_is_not_swept(storage: LocalStorage, blobs: Path, tmp_path: Path) -> None:
    put(storage, b"bytes")
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (blobs / "staging" / "link").symlink_to(outside)
    (blobs / "staging" / "folder").mkdir()
    os.mkfifo(blobs / "staging" / "pipe")
    assert storage.sweep() == 0
    assert outside.read_bytes() == b"precious"
    assert sorted(os.listdir(blobs / "staging")) == ["folder", "link", "pipe"]


def test_a_blob_that_the_disk_cut_is_replaced_by_the_next_upload(storage: LocalStorage, blobs: Path) -> None:
    digest = put(storage, b"all of it").digest
    path = blobs / "sha256" / digest[:2] / digest
    path.chmod(0o600)
    os.truncate(path, 3)
    put(storage, b"all of it")
    assert read(storage, digest) == b"all of it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_blob_is_kept_when_its_bytes_come_again(storage: LocalStorage, blobs: Path) -> None:
    digest = put(storage, b"bytes").digest
    path = blobs / "sha256" / digest[:2] / digest
    os.utime(path, (1, 1))
    before = path.stat()
    put(storage, b"bytes")
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime > before.st_mtime + 1000


def test_strange_files_beside_the_blobs_are_no_blobs(storage: LocalStorage, blobs: Path) -> None:
    digest = put(storage, b"bytes").digest
    shard = blobs / "sha256" / digest[:2]
    (shard / "notes.txt").write_bytes(b"")
    (shard / ("A" * 64)).write_bytes(b"")
    (shard / (digest[:2] + "0" * 62)).mkdir()
    (shard / ("f" + digest[2:] + "0")).write_bytes(b"")
    (blobs / "sha256" / "xy").mkdir()
    (blobs / "sha256" / "00").write_bytes(b"")
    assert [blob.digest for blob in storage.blobs()] == [digest]


def test_a_line_of_a_claim_that_was_cut_costs_only_itself(storage: LocalStorage, blobs: Path) -> None:
    claim = new_id()
    first = put(storage, b"first", claim).digest
    with (blobs / "claims" / claim).open("ab") as file:
        file.write(b"\n" + b"a" * 40)
    assert storage.get_claim(claim).digests == [first]
    second = put(storage, b"second", claim).digest
    assert storage.get_claim(claim).digests == [first, second]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff" * 300, b"[]\n", b'{"id": 1}\n' + b"a" * 64])
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


def test_a_file_that_the_kernel_takes_for_empty_is_refused(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux before 5.19 copies nothing of a file in /proc, and says that all went well."""
    monkeypatch.setattr(os, "copy_file_range", lambda source, target, count: 0, raising=False)
    with pytest.raises(Invalid, match="changed while it was read"):
        storage.put_file(Path("/proc/self/status"), new_id(), P, H)
    (tmp_path / "empty").touch()
    assert storage.put_file(tmp_path / "empty", new_id(), P, H).size == 0


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
