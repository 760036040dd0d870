"""What the other processes of the test of garbage do: `python -m … HOME RUNS WORK ARGUMENTS`."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

from aip_jupyter.domain.artifacts import FileRef, GetArtifacts, LogArtifacts, ReleaseClaim, UploadBlob
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import NotFound
from aip_jupyter.services import deletion
from aip_jupyter.services.local import LocalServices, Platform, open_platform
from aip_jupyter.services.recovery import StoreCheck
from aip_jupyter.services.settings import Settings


def write(platform: Platform, count: str, seed: str) -> None:
    """Log, replace and delete files of a run, few contents at few paths. Says what was acknowledged."""
    services, dice, run = platform.services(), random.Random(int(seed)), new_id()
    for _ in range(int(count)):
        path, content = f"{dice.randrange(6)}", f"shared {dice.randrange(8)}".encode()
        what = dice.random()
        if what < 0.15:
            _give_up(services, content)
        elif what < 0.3:
            _delete(services, run, path)
        else:
            _log(services, run, path, content)


def _give_up(services: LocalServices, content: bytes) -> None:
    claim = new_id()
    services.blobs.upload(UploadBlob(claim=claim), content)
    services.blobs.release_claim(ReleaseClaim(claim=claim))


def _delete(services: LocalServices, run: str, path: str) -> None:
    try:
        services.artifacts.delete_artifacts(GetArtifacts(run=run, path=path))
    except NotFound:
        return
    _say(run, path, "")


def _log(services: LocalServices, run: str, path: str, content: bytes) -> None:
    claim = new_id()
    blob = services.blobs.upload(UploadBlob(claim=claim), content)
    file = FileRef(path=path, digest=blob.digest, size=blob.size)
    services.artifacts.log_artifacts(LogArtifacts(run=run, claim=claim, files=[file]))
    _say(run, path, blob.digest)


def _say(run: str, path: str, digest: str) -> None:
    print(json.dumps([run, path, digest]), flush=True)


def collect(platform: Platform, end: str) -> None:
    """Check the store without any grace, what was deleted has no time either, until there is this file.

    Says what each check has freed.
    """
    deletion.RESTORABLE = -10_000
    while True:
        is_last = Path(end).exists()
        print(StoreCheck(platform, grace=0).run().freed, flush=True)
        if is_last:
            return


if __name__ == "__main__":
    home, runs, work, *arguments = sys.argv[1:]
    opened = open_platform(Settings(home=Path(home), tracking_url=runs))
    works: dict[str, Callable[..., None]] = {"write": write, "collect": collect}
    works[work](opened, *arguments)
    opened.close()
