"""What every storage backend does with bytes; and helpers for the other storage tests."""

from __future__ import annotations

import hashlib
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from aip_jupyter.backends.storage.protocol import StorageBackend
from aip_jupyter.domain.artifacts import Blob
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import AipError, Invalid, NotFound

P, H = "default", "a holder"

HOSTILE_DIGESTS = [
    "",
    "../../x",
    "a" * 63,
    "a" * 65,
    "A" * 64,
    "a" * 63 + "\n",
    "a" * 64 + "\n",
    "a" * 63 + "\0",
    "../" * 21 + "a",
    "/" + "a" * 63,
    "a" * 100_000,
    "١" * 64,  # digits, but not ours
]


def sha(data: bytes) -> str:
    """The digest that the bytes must get."""
    return hashlib.sha256(data).hexdigest()


def put(storage: StorageBackend, data: bytes, claim: str = "", project: str = P) -> Blob:
    """Store bytes, under a new claim unless one is given."""
    with storage.stage(claim or new_id(), project, H) as staging:
        staging.write(data)
        return staging.commit()


def read(storage: StorageBackend, digest: str) -> bytes:
    """All bytes of a blob."""
    with storage.open(digest) as source:
        return source.read()


def later() -> float:
    """A time after everything that was done so far."""
    return time.time() + 1


def one_short_line(error: AipError, field: str) -> None:
    """The message names the input and fits a line, whatever the input was."""
    assert error.field == field
    assert error.message.startswith(f"{field}: ")
    assert "\n" not in error.message
    assert len(error.message) < 800


class BytesContract:
    """Bytes in and out."""

    @pytest.mark.parametrize("data", [b"", b"x", b"some bytes", bytes(range(256)) * 40_000])
    def test_bytes_come_back_as_they_were(self, storage: StorageBackend, data: bytes) -> None:
        blob = put(storage, data)
        assert blob == Blob(digest=sha(data), size=len(data))
        assert read(storage, blob.digest) == data
        assert storage.stat(blob.digest) == blob
        assert list(storage.blobs()) == [blob]

    def test_many_pieces_of_any_kind_and_size_make_one_blob(self, storage: StorageBackend) -> None:
        data = random.Random(1).randbytes(11_000_003)
        sizes = [1, 0, 70_000, 5_000_000, 3, 4 * 2**20, 1_000_000]
        kinds = [bytes, bytearray, memoryview]
        with storage.stage(new_id(), P, H) as staging:
            start = 0
            for number, size in enumerate([*sizes, len(data)]):
                piece = data[start : start + size]
                staging.write(kinds[number % 3](piece))
                start += len(piece)
            blob = staging.commit(sha(data))
        assert blob.size == len(data)
        assert read(storage, blob.digest) == data

    def test_a_buffer_may_be_used_again_after_the_write(self, storage: StorageBackend) -> None:
        buffer = bytearray(4 * 2**20)
        expected = hashlib.sha256()
        with storage.stage(new_id(), P, H) as staging:
            for number in range(6):
                buffer[:] = bytes([number]) * len(buffer)
                expected.update(buffer)
                staging.write(buffer)
                buffer[:] = b"\xff" * len(buffer)
            assert staging.commit().digest == expected.hexdigest()

    def test_wider_items_are_stored_as_their_bytes(self, storage: StorageBackend) -> None:
        with storage.stage(new_id(), P, H) as staging:
            staging.write(memoryview(b"12345678").cast("Q"))
            assert staging.commit() == Blob(digest=sha(b"12345678"), size=8)

    def test_threads_may_take_turns_writing(self, storage: StorageBackend) -> None:
        pieces = [bytes([number]) * 3_000_000 for number in range(5)]
        with storage.stage(new_id(), P, H) as staging:
            for piece in pieces:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(staging.write, piece).result()
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(staging.commit).result().digest == sha(b"".join(pieces))

    def test_what_is_opened_can_be_sought(self, storage: StorageBackend) -> None:
        blob = put(storage, b"0123456789")
        with storage.open(blob.digest) as source:
            assert source.seekable()
            assert source.seek(-3, os.SEEK_END) == 7
            assert source.read() == b"789"
            assert source.seek(2) == 2
            assert source.read(2) == b"23"

    def test_the_same_bytes_twice_are_one_blob_under_both_claims(self, storage: StorageBackend) -> None:
        first, second = new_id(), new_id()
        assert put(storage, b"same", first) == put(storage, b"same", second)
        assert len(list(storage.blobs())) == 1
        assert [claim.digests for claim in storage.claims()] == [[sha(b"same")]] * 2

    def test_the_expected_digest_is_verified(self, storage: StorageBackend) -> None:
        claim = new_id()
        with storage.stage(claim, P, H) as staging:
            staging.write(b"what came")
            with pytest.raises(Invalid, match="digest: ") as caught:
                staging.commit(sha(b"what was meant"))
        assert caught.value.field == "digest"
        assert list(storage.blobs()) == []
        assert storage.get_claim(claim).digests == []
        with storage.stage(claim, P, H) as staging:
            staging.write(b"what came")
            assert staging.commit(sha(b"what came")).digest == sha(b"what came")

    def test_bytes_are_not_there_before_the_commit(self, storage: StorageBackend) -> None:
        with storage.stage(new_id(), P, H) as staging:
            staging.write(b"early")
            with pytest.raises(NotFound):
                storage.stat(sha(b"early"))
            staging.commit()
            assert storage.stat(sha(b"early")).size == 5

    def test_leaving_the_block_drops_what_was_not_committed(self, storage: StorageBackend) -> None:
        with storage.stage(new_id(), P, H) as staging:
            staging.write(b"left")
        with pytest.raises(Invalid), storage.stage(new_id(), P, H) as staging:
            staging.commit(sha(b"another"))
        assert list(storage.blobs()) == []

    def test_abort_drops_and_may_come_at_any_time(self, storage: StorageBackend) -> None:
        staging = storage.stage(new_id(), P, H)
        staging.write(b"dropped")
        staging.abort()
        staging.abort()
        assert list(storage.blobs()) == []
        with storage.stage(new_id(), P, H) as staging:
            staging.write(b"kept")
            blob = staging.commit()
            staging.abort()
        assert read(storage, blob.digest) == b"kept"

    def test_an_ended_upload_takes_no_more(self, storage: StorageBackend) -> None:
        aborted = storage.stage(new_id(), P, H)
        aborted.abort()
        committed = storage.stage(new_id(), P, H)
        committed.commit()
        for staging in (aborted, committed):
            with pytest.raises(Invalid, match="ended"):
                staging.write(b"more")
            with pytest.raises(Invalid, match="ended"):
                staging.commit()
        assert [blob.size for blob in storage.blobs()] == [0]

    def test_what_is_not_there_is_not_found(self, storage: StorageBackend) -> None:
        for ask in (storage.stat, storage.open):
            with pytest.raises(NotFound) as caught:
                ask(sha(b"nothing"))
            assert caught.value.field == "digest"
        assert storage.remove(sha(b"nothing"), later()) is False
        assert list(storage.blobs()) == []

    @pytest.mark.parametrize("digest", HOSTILE_DIGESTS, ids=lambda digest: repr(digest[:12]))
    def test_hostile_digests_are_refused(self, storage: StorageBackend, digest: str) -> None:
        put(storage, b"so that there is a store")
        for ask in (storage.stat, storage.open, lambda digest: storage.remove(digest, later())):
            with pytest.raises(Invalid) as caught:
                ask(digest)
            one_short_line(caught.value, "digest")
        with storage.stage(new_id(), P, H) as staging:
            if digest:
                with pytest.raises(Invalid) as caught:
                    staging.commit(digest)
                one_short_line(caught.value, "digest")
