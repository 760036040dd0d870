"""What every storage backend does with local files."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from aip_jupyter.backends.storage.protocol import StorageBackend
from aip_jupyter.domain.artifacts import Blob
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Invalid, NotFound

from .storage_bytes import H, P, one_short_line, read, sha


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _shorten(path: Path) -> None:
    os.truncate(path, 5_000_000)


def _rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(1, 1))


def _replace(path: Path) -> None:
    """By a file of the same size, time and content."""
    found = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(path)


class FilesContract:
    """Local files."""

    @pytest.mark.parametrize("size", [0, 1, 10_000, 4 * 2**20, 9_000_001])
    def test_a_file_is_copied_and_its_progress_told(
        self, storage: StorageBackend, tmp_path: Path, size: int
    ) -> None:
        data = random.Random(size).randbytes(size)
        path = tmp_path / "model.bin"
        path.write_bytes(data)
        claim, seen = new_id(), list[int]()
        blob = storage.put_file(path, claim, P, H, seen.append)
        assert blob == Blob(digest=sha(data), size=size)
        assert read(storage, blob.digest) == data
        assert sum(seen) == size
        assert all(count > 0 for count in seen)
        assert storage.get_claim(claim).digests == [blob.digest]

    def test_the_stored_copy_has_nothing_to_do_with_the_file(
        self, storage: StorageBackend, tmp_path: Path
    ) -> None:
        path = tmp_path / "model.bin"
        path.write_bytes(b"before")
        path.chmod(0o640)
        blob = storage.put_file(path, new_id(), P, H)
        assert path.stat().st_nlink == 1
        assert path.stat().st_mode & 0o777 == 0o640
        path.write_bytes(b"AFTER!")
        assert read(storage, blob.digest) == b"before"
        path.unlink()
        assert read(storage, blob.digest) == b"before"

    def test_a_link_to_a_file_is_that_file(self, storage: StorageBackend, tmp_path: Path) -> None:
        (tmp_path / "real").write_bytes(b"content")
        (tmp_path / "link").symlink_to("real")
        assert storage.put_file(tmp_path / "link", new_id(), P, H).digest == sha(b"content")

    def test_only_regular_files_are_taken(self, storage: StorageBackend, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "loop").symlink_to("loop")
        refused = [tmp_path, tmp_path / "pipe", tmp_path / "loop", tmp_path / "missing", tmp_path / "a\0b"]
        refused += [tmp_path / ("long" * 100), Path("/dev/null"), Path("/dev/zero")]
        for path in refused:
            claim = new_id()
            with pytest.raises(Invalid) as caught:
                storage.put_file(path, claim, P, H)
            one_short_line(caught.value, "path")
            assert repr(str(path))[1:-1] in caught.value.message
            with pytest.raises(NotFound):
                storage.get_claim(claim)

    def test_a_file_that_gives_more_than_its_size_is_refused(self, storage: StorageBackend) -> None:
        with pytest.raises(Invalid) as caught:
            storage.put_file(Path("/proc/self/status"), new_id(), P, H)
        one_short_line(caught.value, "path")
        assert list(storage.blobs()) == []

    @pytest.mark.parametrize("change", [_grow, _shorten, _rewrite, _replace, Path.unlink])
    def test_a_file_that_changes_while_it_is_read_is_refused(
        self, storage: StorageBackend, tmp_path: Path, change: Callable[[Path], None]
    ) -> None:
        path = tmp_path / "model.bin"
        path.write_bytes(bytes(9_000_000))
        seen = list[int]()

        def once(count: int) -> None:
            if not seen:
                change(path)
            seen.append(count)

        with pytest.raises(Invalid, match="changed while it was read; try again") as caught:
            storage.put_file(path, new_id(), P, H, once)
        one_short_line(caught.value, "path")
        assert list(storage.blobs()) == []

    def test_an_error_of_the_callback_stops_the_copy(self, storage: StorageBackend, tmp_path: Path) -> None:
        path = tmp_path / "model.bin"
        path.write_bytes(bytes(9_000_000))

        def stop(count: int) -> None:
            raise BrokenPipeError

        with pytest.raises(BrokenPipeError):
            storage.put_file(path, new_id(), P, H, stop)
        assert list(storage.blobs()) == []
        assert storage.put_file(path, new_id(), P, H).size == 9_000_000
