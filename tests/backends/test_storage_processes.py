"""The local storage among several processes: some are killed, some remove, some have no room."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage.local import LocalStorage, open_storage
from aip_jupyter.domain.records import new_id

from ..contracts.storage_bytes import H, P, put, read, sha
from .storage_processes import LARGE, SMALL

Child = subprocess.Popen[str]


class Children:
    """Starts the processes of a test, and ends those that it leaves."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._children: list[Child] = []

    def start(self, *arguments: object, home: Path | None = None) -> Child:
        command = [sys.executable, "-m", "tests.backends.storage_processes", str(home or self._home)]
        child = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        return child

    def lines(self, *arguments: object) -> list[str]:
        """What a process says until it ends well."""
        child = self.start(*arguments)
        output, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        return output.splitlines()

    def end(self) -> None:
        for child in self._children:
            child.kill()
            child.communicate()


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return open_storage(BackendConfig(home=tmp_path / "home"))


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    children = Children(tmp_path / "home")
    yield children
    children.end()


def said(child: Child) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def finish(child: Child) -> str:
    """Close its input; what it says then, before it ends well."""
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    return output.strip()


def staged(storage: LocalStorage) -> list[str]:
    folder = Path(storage.location) / "staging"
    return os.listdir(folder) if folder.exists() else []


def assert_sound(storage: LocalStorage) -> None:
    """Every blob is what its name says and was claimed before it was seen; what is left can be swept."""
    claimed = {digest for claim in storage.claims() for digest in claim.digests}
    for blob in storage.blobs():
        assert sha(read(storage, blob.digest)) == blob.digest
        assert blob.digest in claimed
    storage.sweep()
    assert staged(storage) == []
    assert read(storage, put(storage, LARGE).digest) == LARGE


def test_a_killed_writers_bytes_are_swept_and_a_living_ones_are_not(
    storage: LocalStorage, children: Children
) -> None:
    put(storage, b"published")
    dead, alive = children.start("half"), children.start("half")
    assert said(dead) == said(alive) == "written"
    assert storage.sweep() == 0
    assert len(staged(storage)) == 2
    dead.kill()
    dead.wait()
    assert storage.sweep() == 1
    assert storage.sweep() == 0
    assert len(staged(storage)) == 1
    assert finish(alive) == sha(LARGE + SMALL)
    assert staged(storage) == []
    assert read(storage, sha(LARGE + SMALL)) == LARGE + SMALL
    assert {blob.digest for blob in storage.blobs()} == {sha(b"published"), sha(LARGE + SMALL)}


def test_four_processes_share_one_claim(storage: LocalStorage, children: Children) -> None:
    claim = new_id()
    started = [children.start("share", claim, start) for start in (0, 25, 50, 75)]
    for child in started:
        finish(child)
    expected = {sha(b"%d" % number) for number in range(125)}
    digests = storage.get_claim(claim).digests
    assert len(digests) == len(expected)
    assert set(digests) == {blob.digest for blob in storage.blobs()} == expected


@pytest.mark.parametrize("way", ["file", "stream"])
def test_a_writer_killed_before_any_call_leaves_the_store_sound(
    tmp_path: Path, children: Children, way: str
) -> None:
    total = int(children.lines("die_at", tmp_path, way, -1)[0])
    killed = left = 0
    for point in range(total - 3, 0, -(total // 12)):
        home = tmp_path / str(point)
        child = children.start("die_at", tmp_path, way, point, home=home)
        killed += child.wait(60) == -9  # where threads meet, a few calls more or less
        storage = open_storage(BackendConfig(home=home))
        left += len(staged(storage))
        assert_sound(storage)
    assert killed >= 10
    assert left > 0


def test_writers_killed_at_any_moment_leave_the_store_sound(
    storage: LocalStorage, children: Children, tmp_path: Path
) -> None:
    chance = random.Random()
    for turn in range(10):
        folder = tmp_path / str(turn)
        folder.mkdir()
        child = children.start("upload_for_ever", folder)
        assert said(child) == "ready"
        time.sleep(chance.random() / 10)
        child.kill()
        child.wait()
        assert_sound(storage)


def test_removal_never_takes_what_another_process_has_just_claimed(
    storage: LocalStorage, children: Children
) -> None:
    collector = children.start("collect")
    assert said(collector) == "ready"
    writers = [children.start("claim_and_check", 150) for _ in range(2)]
    for writer in writers:
        finish(writer)
    assert int(finish(collector)) > 0
    assert storage.claims() == []
    assert staged(storage) == []


@pytest.mark.parametrize("limit", [5_000_000, 1_000_000, 100, 0])
def test_no_room_is_told_in_one_line_and_leaves_nothing(
    storage: LocalStorage, children: Children, tmp_path: Path, limit: int
) -> None:
    for line in children.lines("run_out_of_room", tmp_path, limit):
        assert line.startswith("StorageFull storage: no room in ")
        assert str(tmp_path / "home") in line
        assert "B free); make room there, or set AIP_HOME" in line
    assert staged(storage) == []
    assert list(storage.blobs()) == []
    assert all(claim.digests == [] for claim in storage.claims())
    assert put(storage, LARGE).digest == sha(LARGE)


def test_an_upload_that_found_no_room_has_ended(storage: LocalStorage, children: Children) -> None:
    full, left, ended = children.lines("run_out_of_room_midway")
    assert full.startswith("StorageFull storage: no room in ")
    assert left == "[]"
    assert ended == "Invalid storage: this upload has ended; begin another"
    assert list(storage.blobs()) == []


def test_without_rights_the_error_says_what_to_do(storage: LocalStorage, children: Children) -> None:
    put(storage, b"bytes")
    folder = Path(storage.location)
    folder.chmod(0)
    try:
        lines = children.lines("without_rights")
    finally:
        folder.chmod(0o700)
    assert len(lines) == 3
    for line in lines:
        assert line.startswith(
            f"Unavailable storage: no right to read and write {folder} (Permission denied);"
        )
        assert "chown" in line


def test_an_upload_works_while_the_interpreter_ends(
    storage: LocalStorage, children: Children, tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(LARGE)
    assert children.lines("upload_at_exit", tmp_path) == [sha(LARGE)]
    assert read(storage, sha(LARGE)) == LARGE


def test_a_child_forked_under_the_lock_does_not_keep_it(storage: LocalStorage, children: Children) -> None:
    assert children.lines("fork_under_the_lock") == [sha(b"second")]
    assert storage.stat(hashlib.sha256(b"second").hexdigest()).size == 6
    with storage.stage(new_id(), P, H) as staging:
        assert staging.commit().size == 0
