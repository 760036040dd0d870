"""What every storage backend does with claims, and what they protect."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aip_jupyter.backends.storage.protocol import StorageBackend
from aip_jupyter.domain.artifacts import Blob, Claim
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Conflict, Invalid, NotFound

from .storage_bytes import H, P, later, one_short_line, put, read, sha

HOSTILE_IDS = [
    "",
    "../../x",
    "../lock",
    "a" * 31,
    "a" * 33,
    "A" * 32,
    "a" * 32 + "\n",
    "a" * 31 + "/",
    "." * 32,
    "a" * 100_000,
]


class ClaimsContract:
    """Claims, and what they protect."""

    ROUNDS = 80
    """Of a race; fewer where each takes many requests."""
    THREADS, PIECES = 20, 10
    """Side by side, and what each of them stores; fewer for the same reason."""

    def test_a_claim_is_made_with_the_first_upload(self, storage: StorageBackend) -> None:
        claim = new_id()
        with storage.stage(claim, "vision", "a|b|1|2") as staging:
            made = storage.get_claim(claim)
            assert abs(made.created / 1000 - time.time()) < 60
            assert made == Claim(
                id=claim, project="vision", holder="a|b|1|2", created=made.created, digests=[]
            )
            staging.write(b"1")
            staging.commit()
        put(storage, b"2", claim, "vision")
        put(storage, b"1", claim, "vision")
        assert storage.get_claim(claim).created == made.created
        assert storage.get_claim(claim).digests == [sha(b"1"), sha(b"2")]
        assert storage.claims() == [storage.get_claim(claim)]

    def test_what_is_there_can_be_held_without_sending_it_again(self, storage: StorageBackend) -> None:
        first, second = new_id(), new_id()
        blob = put(storage, b"bytes", first)
        before = later()
        assert storage.hold(blob.digest, second, P, H) == blob
        storage.release(first)
        assert storage.get_claim(second).digests == [blob.digest]
        assert storage.remove(blob.digest, before + 60) is False
        storage.release(second)
        assert storage.remove(blob.digest, later()) is True
        with pytest.raises(NotFound) as caught:
            storage.hold(blob.digest, second, P, H)
        one_short_line(caught.value, "digest")
        with pytest.raises(NotFound):
            storage.get_claim(second)

    def test_holding_makes_bytes_young_and_is_refused_for_anothers_claim(
        self, storage: StorageBackend
    ) -> None:
        claim = new_id()
        blob = put(storage, b"bytes", claim, "theirs")
        storage.release(claim)
        before = time.time()
        put(storage, b"other", claim, "theirs")
        with pytest.raises(Conflict):
            storage.hold(blob.digest, claim, "ours", H)
        mine = new_id()
        storage.hold(blob.digest, mine, "ours", H)
        storage.release(mine)
        assert storage.remove(blob.digest, before) is False

    def test_an_aborted_upload_claims_nothing(self, storage: StorageBackend) -> None:
        claim = new_id()
        with storage.stage(claim, P, H) as staging:
            staging.write(b"gone")
        assert storage.get_claim(claim).digests == []

    def test_another_project_cannot_use_a_claim(self, storage: StorageBackend, tmp_path: Path) -> None:
        claim = new_id()
        put(storage, b"theirs", claim, "theirs")
        (tmp_path / "file").write_bytes(b"ours")
        with pytest.raises(Conflict) as caught:
            storage.stage(claim, "ours", H)
        one_short_line(caught.value, "claim")
        with pytest.raises(Conflict):
            storage.put_file(tmp_path / "file", claim, "ours", H)
        assert storage.get_claim(claim).digests == [sha(b"theirs")]
        assert [blob.digest for blob in storage.blobs()] == [sha(b"theirs")]

    def test_another_project_cannot_take_a_claim_over_during_an_upload(self, storage: StorageBackend) -> None:
        claim = new_id()
        with storage.stage(claim, "ours", H) as staging:
            staging.write(b"ours")
            storage.release(claim)
            put(storage, b"theirs", claim, "theirs")
            with pytest.raises(Conflict):
                staging.commit()
        assert [blob.digest for blob in storage.blobs()] == [sha(b"theirs")]

    def test_a_released_claim_is_forgotten_and_its_blobs_stay(self, storage: StorageBackend) -> None:
        claim, other = new_id(), new_id()
        blob = put(storage, b"kept", claim)
        put(storage, b"other", other)
        storage.release(claim)
        storage.release(claim)
        storage.release(new_id())
        with pytest.raises(NotFound):
            storage.get_claim(claim)
        assert [found.id for found in storage.claims()] == [other]
        assert read(storage, blob.digest) == b"kept"

    def test_a_claim_released_during_an_upload_is_made_again(self, storage: StorageBackend) -> None:
        claim = new_id()
        with storage.stage(claim, P, H) as staging:
            staging.write(b"bytes")
            storage.release(claim)
            staging.commit()
        assert storage.get_claim(claim).digests == [sha(b"bytes")]

    def test_a_claimed_blob_is_not_removed(self, storage: StorageBackend) -> None:
        first, second = new_id(), new_id()
        digest = put(storage, b"bytes", first).digest
        put(storage, b"bytes", second, "another project")
        assert storage.remove(digest, later()) is False
        storage.release(first)
        assert storage.remove(digest, later()) is False
        storage.release(second)
        assert storage.remove(digest, later()) is True
        assert storage.remove(digest, later()) is False
        with pytest.raises(NotFound):
            storage.stat(digest)
        assert put(storage, b"bytes").digest == digest

    def test_a_claim_under_another_id_holds_what_it_held(self, storage: StorageBackend) -> None:
        first, second = new_id(), new_id()
        digest = put(storage, b"bytes", first).digest
        held = storage.get_claim(first)
        renamed = storage.rename_claim(first, second)
        assert renamed == storage.get_claim(second)
        assert (renamed.id, renamed.digests) == (second, [digest])
        assert (renamed.project, renamed.holder, renamed.created) == (held.project, held.holder, held.created)
        with pytest.raises(NotFound):
            storage.get_claim(first)
        with pytest.raises(NotFound):
            storage.rename_claim(first, new_id())
        assert [claim.id for claim in storage.claims()] == [second]
        assert storage.remove(digest, later()) is False
        assert storage.remove(digest, later(), beside=first) is False
        assert storage.remove(digest, later(), beside=second) is True

    def test_a_claim_beside_the_one_left_out_still_holds(self, storage: StorageBackend) -> None:
        first, second = new_id(), new_id()
        digest = put(storage, b"bytes", first).digest
        put(storage, b"bytes", second)
        assert storage.remove(digest, later(), beside=first) is False

    @pytest.mark.parametrize("id", HOSTILE_IDS)
    def test_no_claim_is_renamed_to_or_from_what_is_no_id(self, storage: StorageBackend, id: str) -> None:
        claim = new_id()
        put(storage, b"bytes", claim)
        for names in ((id, new_id()), (claim, id)):
            with pytest.raises(Invalid):
                storage.rename_claim(*names)
        assert [found.id for found in storage.claims()] == [claim]

    def test_a_blob_is_removed_only_when_it_is_older(self, storage: StorageBackend) -> None:
        claim = new_id()
        before = time.time()
        digest = put(storage, b"bytes", claim).digest
        storage.release(claim)
        assert storage.remove(digest, before) is False
        assert storage.remove(digest, later()) is True

    def test_the_time_of_a_blob_is_that_of_its_commit(self, storage: StorageBackend) -> None:
        claim = new_id()
        with storage.stage(claim, P, H) as staging:
            staging.write(b"bytes")
            before = time.time()
            digest = staging.commit().digest
        storage.release(claim)
        assert storage.remove(digest, before) is False

    def test_an_upload_of_bytes_that_are_there_makes_them_young(
        self, storage: StorageBackend, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_bytes(b"bytes")
        claim = new_id()
        digest = put(storage, b"bytes", claim).digest
        before = time.time()
        put(storage, b"bytes", claim)
        storage.release(claim)
        assert storage.remove(digest, before) is False
        before = time.time()
        storage.put_file(tmp_path / "file", claim, P, H)
        storage.release(claim)
        assert storage.remove(digest, before) is False
        assert storage.remove(digest, later()) is True

    def test_what_was_opened_can_be_read_after_its_removal(self, storage: StorageBackend) -> None:
        claim = new_id()
        digest = put(storage, b"bytes", claim).digest
        storage.release(claim)
        with storage.open(digest) as source:
            assert storage.remove(digest, later())
            assert source.read() == b"bytes"

    @pytest.mark.parametrize("claim", HOSTILE_IDS, ids=lambda claim: repr(claim[:12]))
    def test_hostile_claims_are_refused(self, storage: StorageBackend, tmp_path: Path, claim: str) -> None:
        (tmp_path / "file").write_bytes(b"bytes")
        put(storage, b"so that there is a store")
        for ask in (
            lambda: storage.stage(claim, P, H),
            lambda: storage.put_file(tmp_path / "file", claim, P, H),
            lambda: storage.get_claim(claim),
            lambda: storage.release(claim),
        ):
            with pytest.raises(Invalid) as caught:
                ask()
            one_short_line(caught.value, "claim")
        assert len(storage.claims()) == 1

    def test_projects_and_holders_are_any_text(self, storage: StorageBackend) -> None:
        claim = new_id()
        text = 'a\nb\r\0"\\ é 漢 ' + sha(b"bytes") + "\n" + sha(b"other") + "\n"
        with storage.stage(claim, text, text) as staging:
            staging.write(b"bytes")
            staging.commit()
        found = storage.get_claim(claim)
        assert (found.project, found.holder, found.digests) == (text, text, [sha(b"bytes")])

    def test_many_threads_share_one_claim(self, storage: StorageBackend) -> None:
        claim, start = new_id(), threading.Barrier(self.THREADS)

        def work(number: int) -> None:
            start.wait()
            for piece in range(self.PIECES):
                put(storage, b"%d" % (number * 7 + piece), claim)

        with ThreadPoolExecutor(self.THREADS) as pool:
            list(pool.map(work, range(self.THREADS)))
        expected = {
            sha(b"%d" % (number * 7 + piece))
            for number in range(self.THREADS)
            for piece in range(self.PIECES)
        }
        digests = storage.get_claim(claim).digests
        assert len(digests) == len(set(digests))
        assert set(digests) == expected == {blob.digest for blob in storage.blobs()}

    def test_many_threads_store_the_same_bytes(self, storage: StorageBackend) -> None:
        start = threading.Barrier(self.THREADS)

        def work(number: int) -> str:
            start.wait()
            claim = new_id()
            put(storage, b"the same" * 100_000, claim)
            return claim

        with ThreadPoolExecutor(self.THREADS) as pool:
            claims = list(pool.map(work, range(self.THREADS)))
        digest = sha(b"the same" * 100_000)
        assert list(storage.blobs()) == [Blob(digest=digest, size=800_000)]
        assert sha(read(storage, digest)) == digest
        assert {claim.id for claim in storage.claims() if claim.digests == [digest]} == set(claims)

    def test_removal_never_takes_what_a_thread_has_just_claimed(self, storage: StorageBackend) -> None:
        digest, ended = sha(b"wanted"), threading.Event()

        def collect() -> int:
            removed = 0
            while not ended.is_set():
                removed += storage.remove(digest, later())
            return removed

        with ThreadPoolExecutor(2) as pool:
            collectors = [pool.submit(collect) for _ in range(2)]
            try:
                for turn in range(self.ROUNDS):
                    claim = new_id()
                    put(storage, b"wanted", claim)
                    assert read(storage, digest) == b"wanted"
                    storage.release(claim)
                    while turn % 2 and list(storage.blobs()):  # else the next one may find it still there
                        time.sleep(0)
            finally:
                ended.set()
        assert sum(collector.result() for collector in collectors) >= self.ROUNDS // 2
