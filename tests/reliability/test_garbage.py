"""Garbage is collected without any grace while others upload, log, delete and are killed: nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from aip_jupyter.domain.artifacts import ListArtifacts
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.recovery import StoreCheck
from aip_jupyter.services.settings import Settings

RUNS = "sqlite:///runs.db"
"""A store of their own: both are read for what is named."""
WRITES = 40


def process(home: Path, work: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.reliability.garbage_processes", str(home), RUNS, work]
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [*command, *map(str, arguments)], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_no_file_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    home, end = tmp_path / "home", tmp_path / "end"
    platform = open_platform(Settings(home=home, tracking_url=RUNS))
    platform.tracking.check()
    collector = process(home, "collect", end)
    every = [collector]
    try:
        assert (collector.stdout and collector.stdout.readline()) == "0\n"
        writer, killed = process(home, "write", WRITES, 1), process(home, "write", 10**6, 2)
        every += [writer, killed]
        for _ in range(10):
            assert killed.stdout is not None
            assert killed.stdout.readline()
        killed.kill()
        said, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, "")
        end.touch()
        freed, errors = collector.communicate()
        assert (collector.returncode, errors) == (0, "")
    finally:
        for one in every:
            one.kill()
            one.communicate()
    assert sum(map(int, freed.split())) > 0
    acknowledged = [json.loads(line) for line in said.splitlines()]
    last = {path: digest for _, path, digest in acknowledged}
    found = platform.services().artifacts.list_artifacts(ListArtifacts(run=acknowledged[0][0])).items
    assert {each.path: each.digest for each in found} == {path: d for path, d in last.items() if d}
    StoreCheck(platform, grace=0).run()
    report = StoreCheck(platform, verify=True, grace=0).run()
    assert report.findings == []
    assert {blob.digest for blob in platform.storage.blobs()} == set(platform.tracking.digests())
    platform.close()
