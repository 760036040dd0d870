"""The local storage: the contract, and what is promised of its files."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage.local import LocalStorage, open_storage
from aip_jupyter.backends.storage.protocol import StorageBackend
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


def test_a_file_that_the_kernel_takes_for_empty_is_refused(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux before 5.19 copies nothing of a file in /proc, and says that all went well."""
    monkeypatch.setattr(os, "copy_file_range", lambda source, target, count: 0, raising=False)
    with pytest.raises(Invalid, match="changed while it was read"):
        storage.put_file(Path("/proc/self/status"), new_id(), P, H)
    (tmp_path / "empty").touch()
    assert storage.put_file(tmp_path / "empty", new_id(), P, H).size == 0
