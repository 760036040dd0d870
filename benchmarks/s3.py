"""S3, up and down: straight to the store and through the server, beside `aws s3 cp` and boto3, in turns.

All against one Ceph gateway, which keeps the file in memory, on this machine's processors.
`AIP_S3_MEGABYTES` says how large the file is.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.artifacts import Artifact, GetArtifact, UploadBlob
from aip_jupyter.domain.records import new_id
from tests.support.buckets import BUCKET, CREDENTIALS, address_at
from tests.support.ceph import gateway
from tests.support.direct import register, server_over
from tests.support.live import LiveServer

ROUNDS = 3
OURS = ("straight", "through the server")
PEERS = ("boto3", "aws s3 cp")
Ways = dict[str, Callable[[], object]]


class Ours:
    """A server, and a kernel that uses it."""

    def __init__(self, server: LiveServer) -> None:
        self._process = psutil.Process(server.process.pid)
        self._services = HttpServices(server.url, server.token, server.folder / "kernel")
        self._artifact: Artifact | None = None
        self._idle = 0
        self.most = 0
        """Bytes of memory that the server took more than idle."""

    def up(self, source: Path) -> None:
        claim = new_id()
        blob = self._services.blobs.upload(UploadBlob(claim=claim), source)
        self._artifact = register(self._services, claim, blob)

    def down(self, target: Path) -> None:
        assert self._artifact is not None
        self._services.blobs.download(GetArtifact(artifact=self._artifact.id), target)
        target.unlink()

    def watched(self, work: Callable[[], object]) -> None:
        """Do this, and look at the server's memory meanwhile."""
        # What it takes is counted from after the first request, which loads boto3.
        self._idle = self._idle or self._process.memory_info().rss
        with _every(0.02, self._look):
            work()

    def _look(self) -> None:
        self.most = max(self.most, self._process.memory_info().rss - self._idle)

    def close(self) -> None:
        self._services.close()


def main() -> None:
    """Print MB/s for each way, the ratio to the better of the two peers, and the server's memory."""
    megabytes = int(os.environ.get("AIP_S3_MEGABYTES", "1000"))
    os.environ.update(CREDENTIALS, AWS_DEFAULT_REGION="us-east-1")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ceph = stack.enter_context(gateway(folder / "ceph"))
        client = boto3.client("s3", endpoint_url=ceph.url)
        client.create_bucket(Bucket=BUCKET)
        ours = {}
        for name, direct in zip(OURS, ("yes", "no"), strict=True):
            address = f"{address_at(ceph.url)}&direct={direct}"
            server = stack.enter_context(server_over(address, folder / direct))
            ours[name] = stack.enter_context(_closing(Ours(server)))
        aws = _aws(folder, ceph.url)
        _warm(ours, folder)
        times: dict[str, list[float]] = {}
        for number in range(ROUNDS):
            source = folder / "source"
            _write(source, megabytes, number)
            for what, work in _ways(ours, client, aws, source, folder / "target").items():
                start = time.perf_counter()
                work()
                times.setdefault(what, []).append(time.perf_counter() - start)
            _empty(client)
            ceph.collect()
    _report(megabytes, {what: statistics.median(seconds) for what, seconds in times.items()}, ours)


def _ways(
    ours: dict[str, Ours], client: Any, aws: Callable[[str, str], None], source: Path, target: Path
) -> Ways:
    ways: Ways = {}
    for name, one in ours.items():
        ways[f"up, {name}"] = lambda one=one: one.watched(lambda: one.up(source))  # type: ignore[misc]
    ways["up, boto3"] = lambda: client.upload_file(str(source), BUCKET, "boto3")
    ways["up, aws s3 cp"] = lambda: aws(str(source), f"s3://{BUCKET}/aws")
    for name, one in ours.items():
        ways[f"down, {name}"] = lambda one=one: one.watched(lambda: one.down(target))  # type: ignore[misc]
    ways["down, boto3"] = lambda: client.download_file(BUCKET, "boto3", str(target))
    ways["down, aws s3 cp"] = lambda: aws(f"s3://{BUCKET}/aws", str(target))
    return ways


def _warm(ours: dict[str, Ours], folder: Path) -> None:
    path = folder / "small"
    _write(path, 10, -1)
    for one in ours.values():
        one.up(path)
        one.down(folder / "target")


def _empty(client: Any) -> None:
    """The gateway's memory has an end."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for found in page.get("Contents", []):
            if found["Size"] > 1_000_000:
                client.delete_object(Bucket=BUCKET, Key=found["Key"])


def _aws(folder: Path, endpoint: str) -> Callable[[str, str], None]:
    """`aws s3 cp` of an environment of its own."""
    python = folder / "awscli" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "awscli"], check=True)
    command = [str(python), "-m", "awscli", "s3", "cp", "--quiet", "--endpoint-url", endpoint]

    def copy(source: str, target: str) -> None:
        subprocess.run([*command, source, target], check=True)

    return copy


@contextmanager
def _closing(ours: Ours) -> Iterator[Ours]:
    yield ours
    ours.close()


@contextmanager
def _every(seconds: float, look: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(seconds):
            look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _write(path: Path, megabytes: int, number: int) -> None:
    block = os.urandom(1_000_000)
    with path.open("wb") as out:
        for each in range(megabytes):
            out.write(b"%d %d" % (number, each) + block[20:])


def _report(megabytes: int, seconds: dict[str, float], ours: dict[str, Ours]) -> None:
    load = os.getloadavg()[1]
    print(f"{megabytes} MB, median of {ROUNDS}; load of this machine {load:.1f} of {os.cpu_count()}")
    for what, time_ in seconds.items():
        print(f"{what:26} {megabytes / time_:7.0f} MB/s")
    for way in ("up", "down"):
        best = min(seconds[f"{way}, {peer}"] for peer in PEERS)
        for name in OURS:
            print(
                f"{way}, {name}: {best / seconds[f'{way}, {name}']:.2f} × the better of the two (target: 1.0)"
            )
    for name, one in ours.items():
        print(f"server memory, {name}: {one.most / 1e6:.0f} MB more than idle (target: 40)")


if __name__ == "__main__":
    main()
