"""What the other processes of the storage tests do: `python -m … HOME WORK ARGUMENTS`."""

from __future__ import annotations

import atexit
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.storage.local import LocalStorage, open_storage
from aip_jupyter.backends.storage.local_disk import locked
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import AipError

P = "default"
SMALL, LARGE = b"some bytes" * 1000, random.Random(0).randbytes(6_000_000)


def put(storage: LocalStorage, data: bytes, claim: str) -> str:
    """Store bytes; their digest."""
    with storage.stage(claim, P, str(os.getpid())) as staging:
        staging.write(data)
        return staging.commit().digest


def say(text: object) -> None:
    """Tell the test."""
    print(text, flush=True)


def attempt(work: Callable[[], object]) -> None:
    """Say what comes of it."""
    try:
        say(work())
    except AipError as error:
        say(f"{type(error).__name__} {error.message}")


def half(storage: LocalStorage) -> None:
    """Write half an upload, and wait to be killed, or finish when a line comes."""
    with storage.stage(new_id(), P, "") as staging:
        staging.write(LARGE)
        say("written")
        sys.stdin.readline()
        staging.write(SMALL)
        say(staging.commit().digest)


def share(storage: LocalStorage, claim: str, start: str) -> None:
    """Put fifty blobs under one claim."""
    for number in range(50):
        put(storage, b"%d" % (int(start) + number), claim)


def upload_for_ever(storage: LocalStorage, folder: str) -> None:
    """Store new and known bytes, by file and by stream, without end."""
    path = Path(folder) / "source"
    say("ready")
    for number in range(10**9):
        data = b"%d" % (number // 2) + (LARGE if number % 4 < 2 else SMALL)
        if number % 2:
            path.write_bytes(data)
            storage.put_file(path, new_id(), P, "")
        else:
            put(storage, data, new_id())


def die_at(storage: LocalStorage, folder: str, way: str, point: str) -> None:
    """Store bytes and be killed before the call number `point` into C. Says how many there were."""
    path = Path(folder) / "source"
    path.write_bytes(LARGE)
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "c_call"
        if calls == int(point):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    if way == "file":
        storage.put_file(path, new_id(), P, "")
    else:
        put(storage, SMALL, new_id())
    sys.setprofile(None)
    say(calls)


def claim_and_check(storage: LocalStorage, rounds: str) -> None:
    """Claim bytes that others remove whenever they may; they must stay as long as the claim."""
    for number in range(int(rounds)):
        claim = new_id()
        digest = put(storage, b"%d" % (number % 3), claim)
        with storage.open(digest) as source:
            assert source.read() == b"%d" % (number % 3)
        assert storage.stat(digest).size == 1
        storage.release(claim)


def collect(storage: LocalStorage) -> None:
    """Remove whatever may be removed, until the test closes our input. Says how many."""
    os.set_blocking(0, False)
    removed = 0
    say("ready")
    while not _input_closed():
        for blob in storage.blobs():
            removed += storage.remove(blob.digest, time.time() + 1)
    say(removed)


def _input_closed() -> bool:
    try:
        return os.read(0, 1) == b""
    except BlockingIOError:
        return False


def run_out_of_room(storage: LocalStorage, folder: str, limit: str) -> None:
    """Store a large file, both ways, where no file may be larger than `limit`."""
    path = Path(folder) / "source"
    path.write_bytes(LARGE)
    storage.check()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    attempt(lambda: put(storage, LARGE, new_id()))
    attempt(lambda: storage.put_file(path, new_id(), P, ""))


def run_out_of_room_midway(storage: LocalStorage) -> None:
    """Fail in a write, then go on as if nothing had been."""
    with storage.stage(new_id(), P, "") as staging:
        staging.write(SMALL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(LARGE), resource.RLIM_INFINITY))
        attempt(lambda: staging.write(LARGE))
        say(os.listdir(Path(storage.location) / "staging"))
        attempt(staging.commit)


def without_rights(storage: LocalStorage) -> None:
    """Use a store whose folder is closed to us."""
    if os.geteuid() == 0:
        os.seteuid(65534)
    attempt(storage.check)
    attempt(storage.claims)
    attempt(lambda: put(storage, b"", new_id()))


def upload_at_exit(storage: LocalStorage, folder: str) -> None:
    """Store a file when the interpreter is ending and starts no threads any more."""
    path = Path(folder) / "source"
    path.write_bytes(LARGE)
    atexit.register(lambda: say(storage.put_file(path, new_id(), P, "").digest))


def fork_under_the_lock(storage: LocalStorage) -> None:
    """Fork while the lock is held; the child lives on and must not keep it."""
    put(storage, b"first", new_id())
    reader, writer = os.pipe()
    with locked(Path(storage.location) / "lock"):
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    say(put(storage, b"second", new_id()))
    os.close(writer)
    os.waitpid(child, 0)


WORK: dict[str, Callable[..., None]] = {
    work.__name__: work
    for work in (
        half,
        share,
        upload_for_ever,
        die_at,
        claim_and_check,
        collect,
        run_out_of_room,
        run_out_of_room_midway,
        without_rights,
        upload_at_exit,
        fork_under_the_lock,
    )
}

if __name__ == "__main__":
    WORK[sys.argv[2]](open_storage(BackendConfig(home=Path(sys.argv[1]))), *sys.argv[3:])
