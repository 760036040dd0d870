"""S3, up and down: the storage backend beside `aws s3 cp` and boto3, against one Ceph gateway, in turns.

`AIP_S3_MEGABYTES` says how large the file is. The gateway keeps it in memory, on this machine's processors.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from aip_jupyter.backends.storage.s3 import S3Storage
from aip_jupyter.domain.records import new_id
from tests.support.buckets import BUCKET, CREDENTIALS, address_at, open_at
from tests.support.ceph import gateway

ROUNDS = 3
BLOCK = 4 * 2**20


def main() -> None:
    """Print MB/s for each way, and the ratio to the better of the two peers."""
    megabytes = int(os.environ.get("AIP_S3_MEGABYTES", "1000"))
    os.environ.update(CREDENTIALS, AWS_DEFAULT_REGION="us-east-1")
    with tempfile.TemporaryDirectory() as name, gateway(Path(name) / "ceph") as ceph:
        folder = Path(name)
        client = boto3.client("s3", endpoint_url=ceph.url)
        client.create_bucket(Bucket=BUCKET)
        storage = open_at(address_at(ceph.url))
        aws = _aws(folder, ceph.url)
        times: dict[str, list[float]] = {}
        for number in range(ROUNDS):
            source = folder / "source"
            _write(source, megabytes, number)
            for what, work in _ways(storage, client, aws, source, folder).items():
                start = time.perf_counter()
                work()
                times.setdefault(what, []).append(time.perf_counter() - start)
            client.delete_object(Bucket=BUCKET, Key="aws")
            client.delete_object(Bucket=BUCKET, Key="boto3")
        storage.close()
    _report(megabytes, {what: statistics.median(seconds) for what, seconds in times.items()})


def _ways(
    storage: S3Storage, client: Any, aws: Callable[[str, str], None], source: Path, folder: Path
) -> dict[str, Callable[[], object]]:
    digests: list[str] = []
    target = folder / "target"
    return {
        "up, ours": lambda: digests.append(storage.put_file(source, new_id(), "default", "").digest),
        "up, boto3": lambda: client.upload_file(str(source), BUCKET, "boto3"),
        "up, aws s3 cp": lambda: aws(str(source), f"s3://{BUCKET}/aws"),
        "down, ours": lambda: _download(storage, digests[-1], target),
        "down, boto3": lambda: client.download_file(BUCKET, "boto3", str(target)),
        "down, aws s3 cp": lambda: aws(f"s3://{BUCKET}/aws", str(target)),
    }


def _download(storage: S3Storage, digest: str, target: Path) -> None:
    with storage.open(digest) as source, target.open("wb") as out:
        while block := source.read(BLOCK):
            out.write(block)


def _aws(folder: Path, endpoint: str) -> Callable[[str, str], None]:
    """`aws s3 cp` of an environment of its own."""
    python = folder / "awscli" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "awscli"], check=True)

    def copy(source: str, target: str) -> None:
        command = [
            str(python),
            "-m",
            "awscli",
            "s3",
            "cp",
            "--quiet",
            "--endpoint-url",
            endpoint,
            source,
            target,
        ]
        subprocess.run(command, check=True)

    return copy


def _write(path: Path, megabytes: int, number: int) -> None:
    block = os.urandom(1_000_000)
    with path.open("wb") as out:
        for each in range(megabytes):
            out.write(b"%d %d" % (number, each) + block[20:])


def _report(megabytes: int, seconds: dict[str, float]) -> None:
    for what, time_ in seconds.items():
        print(f"{what:18} {megabytes / time_:7.0f} MB/s")
    for way in ("up", "down"):
        best = min(seconds[f"{way}, boto3"], seconds[f"{way}, aws s3 cp"])
        print(f"{way}: {best / seconds[f'{way}, ours']:.2f} × the better of the two (target: 1.0)")
