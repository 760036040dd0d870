"""What the other processes of the S3 storage's tests do: `python -m … ADDRESS WORK ARGUMENTS`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aip_jupyter.backends.process import this_process
from aip_jupyter.backends.storage import s3_bucket
from aip_jupyter.backends.storage.s3 import S3Storage
from aip_jupyter.backends.storage.s3_bucket import Bucket
from aip_jupyter.domain.records import new_id

from ..support.buckets import open_at
from .storage_processes import LARGE, SMALL, P, claim_and_check, collect, say

TWO_PARTS = LARGE * 2


def die_everywhere(storage: S3Storage, address: str) -> None:
    """Store bytes, few and many, again and again; each time be killed one request later.

    Says how many requests there were, for each.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source"
        path.write_bytes(TWO_PARTS)
        # It has opened nothing yet, so that all children may have it; to make it takes a tenth of a second.
        client = s3_bucket._make_client(storage._bucket.settings)
        s3_bucket._make_client = lambda settings: client
        for data in (SMALL, path):
            point = 1
            while _dies(address, data, point):
                point += 1
            say(point)


def _dies(address: str, data: bytes | Path, point: int) -> bool:
    child = os.fork()
    if child == 0:
        _kill_before(point)
        storage, claim = open_at(address), new_id()
        if isinstance(data, Path):
            storage.put_file(data, claim, P, this_process())
        else:
            with storage.stage(claim, P, this_process()) as staging:
                staging.write(data)
                staging.commit()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _kill_before(point: int) -> None:
    """The request of this number."""
    request, calls = Bucket._request, 0

    def counted(bucket: Bucket, operation: str, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return request(bucket, operation, **options)

    Bucket._request = counted  # type: ignore[method-assign, assignment]


def share(storage: S3Storage, address: str, claim: str, start: str) -> None:
    """Put six blobs under one claim; half of them are those of the next process too."""
    for number in range(6):
        with storage.stage(claim, P, "") as staging:
            staging.write(b"%d" % (int(start) + number))
            staging.commit()


WORK: dict[str, Callable[..., None]] = {
    "die_everywhere": die_everywhere,
    "share": share,
    "claim_and_check": lambda storage, address, rounds: claim_and_check(storage, rounds),
    "collect": lambda storage, address: collect(storage),
}

if __name__ == "__main__":
    WORK[sys.argv[2]](open_at(sys.argv[1]), *[sys.argv[1], *sys.argv[3:]])
