"""The S3 storage among several processes: some are killed, some remove, some store the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.backends.storage.s3 import S3Storage
from aip_jupyter.domain.records import new_id

from ..contracts.storage_bytes import later, put, read, sha
from ..support.buckets import BUCKET, address, ceph, clients, credentials, s3, storage
from .s3_processes import TWO_PARTS
from .storage_processes import SMALL

__all__ = ["address", "ceph", "clients", "credentials", "s3", "storage"]

Child = subprocess.Popen[str]


class Children:
    """Starts processes on one store, and ends those that a test leaves."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._children: list[Child] = []

    def start(self, *arguments: object) -> Child:
        command = [sys.executable, "-m", "tests.backends.s3_processes", self._address, *map(str, arguments)]
        child = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._children.append(child)
        return child

    def end(self) -> None:
        for child in self._children:
            child.kill()
            child.communicate()


@pytest.fixture
def children(address: str) -> Iterator[Children]:
    children = Children(address)
    yield children
    children.end()


def finish(child: Child) -> list[str]:
    """What a process says until it ends well."""
    output, _ = child.communicate(timeout=100)
    assert child.returncode == 0
    return output.split()


def below(s3: Any, storage: S3Storage, folder: str) -> list[str]:
    prefix = storage._bucket.key(folder)
    objects = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    uploads = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    return [found["Key"] for found in [*objects, *uploads]]


def test_a_writer_that_is_killed_before_any_of_its_requests_leaves_a_sound_store(
    storage: S3Storage, s3: Any, children: Children
) -> None:
    small, large = map(int, finish(children.start("die_everywhere")))
    assert small >= 10
    assert large >= 15
    claims = storage.claims()
    claimed = {digest for claim in claims for digest in claim.digests}
    blobs = {blob.digest for blob in storage.blobs()}
    assert blobs == {sha(SMALL), sha(TWO_PARTS)} <= claimed
    for digest in blobs:
        assert sha(read(storage, digest)) == digest
    assert below(s3, storage, "staging/")
    assert storage.sweep() >= 3
    assert storage.sweep() == 0
    assert below(s3, storage, "staging/") == []
    for claim in claims:
        storage.release(claim.id)
    assert all(storage.remove(digest, later()) for digest in blobs)
    assert below(s3, storage, "sha256/") == []
    assert put(storage, TWO_PARTS).digest == sha(TWO_PARTS)


def test_processes_share_a_claim_and_store_the_same(storage: S3Storage, children: Children) -> None:
    claim = new_id()
    for child in [children.start("share", claim, number * 3) for number in range(2)]:
        finish(child)
    expected = {sha(b"%d" % number) for number in range(9)}
    assert set(storage.get_claim(claim).digests) == {blob.digest for blob in storage.blobs()} == expected
    assert len(storage.claims()) == 1
    storage.release(claim)
    assert storage.claims() == []
    assert all(storage.remove(digest, later()) for digest in expected)


def test_what_is_claimed_stays_whoever_collects(storage: S3Storage, children: Children) -> None:
    collector = children.start("collect")
    assert collector.stdout
    assert collector.stdout.readline() == "ready\n"
    assert finish(children.start("claim_and_check", 4)) == []
    assert int(finish(collector)[-1]) > 0
