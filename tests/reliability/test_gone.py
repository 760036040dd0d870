"""Runs whose processes were killed: they have failed, unless something of them lives, or says otherwise."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.process import this_process
from aip_jupyter.cli.main import main
from aip_jupyter.client.connect import disconnect
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import GetRun, RunDetail, StoreJournal
from aip_jupyter.server.adoption import end_lost_runs
from aip_jupyter.services.contact import BEAT, ENDED_BY, MISSED
from aip_jupyter.services.journal_files import journal_ids, journals_folder, left_journals
from aip_jupyter.services.local import Platform, open_platform
from aip_jupyter.services.settings import Settings
from aip_jupyter.wire.journal import RunStarted, encode_record

from ..support.live import server_environ, start_server

TRAINING = """
import os, sys
import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS
run = aip.start_run("training")
aip.log_metrics({"m": 0.0}, step=0)
if "stored" in sys.argv:
    assert not JOURNALS.flush(60)
print(run.id, flush=True)
for line in sys.stdin:
    if line == "end\\n":
        aip.end_run("completed")
    if line == "fork\\n" and not os.fork():
        aip.log_metrics({"child": 0.0}, step=0)
        print(os.getpid(), flush=True)
        import signal; signal.pause()
    if line != "fork\\n":
        print("done", flush=True)
"""


class Training:
    """A process that logs to a run until it is told to do something else."""

    def __init__(self, environ: dict[str, str], folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", TRAINING, *words],
            env=environ,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.run = self.process.stdout.readline().strip()

    def say(self, word: str) -> str:
        """What it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Let go of its pipes."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@pytest.fixture
def platform(home: Path) -> Iterator[Platform]:
    disconnect()
    platform = open_platform(Settings(home=home))
    yield platform
    platform.close()
    disconnect()


@contextlib.contextmanager
def training(tmp_path: Path, home: Path, *words: str) -> Iterator[Training]:
    """One without a server."""
    process = Training(server_environ(tmp_path, home), tmp_path, *words)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.process.pid, signal.SIGKILL)
        process.kill()


def detail_of(platform: Platform, run: str) -> RunDetail:
    return platform.services().runs.get_run(GetRun(run=run))


def be_silent(platform: Platform, run: str) -> None:
    """As if nothing had been heard of it for long."""
    platform.tracking.beat("default", [run], now_ms() - 2 * MISSED * BEAT)


def test_a_killed_process(tmp_path: Path, home: Path, platform: Platform) -> None:
    """At once, by whoever adopts its journal; also when nothing was left to store."""
    for words in ((), ("stored",)):
        with training(tmp_path, home, *words) as process:
            process.kill()
        assert main(["flush"]) == 0
        detail = detail_of(platform, process.run)
        assert detail.run.status == "failed"
        assert f"({process.process.pid} on " in str(detail.run.properties[ENDED_BY])
        assert detail.run.ended is not None
        assert detail.run.ended >= detail.run.started
        assert (detail.metrics[0].count, detail.is_lost) == (1, False)
        assert journal_ids(home) == []


def test_a_living_process_however_silent_is_only_lost(tmp_path: Path, home: Path, platform: Platform) -> None:
    with training(tmp_path, home, "stored") as process:
        process.process.send_signal(signal.SIGSTOP)
        be_silent(platform, process.run)
        assert end_lost_runs(platform) == 0
        assert main(["flush"]) == 0
        detail = detail_of(platform, process.run)
        assert (detail.run.status, detail.is_lost) == ("running", True)
        process.process.send_signal(signal.SIGCONT)


def test_a_process_of_another_host_is_only_lost(platform: Platform) -> None:
    host, *rest = this_process().split("|")
    start = RunStarted(
        new_id(), now_ms() - 2 * MISSED * BEAT, "far", "e", holder="|".join([f"not-{host}", *rest])
    )
    runs = platform.services().runs
    runs.store_journal(StoreJournal(journal=new_id(), start=0, records=encode_record(start)))
    be_silent(platform, start.run)
    assert end_lost_runs(platform) == 0
    detail = runs.get_run(GetRun(run=start.run))
    assert (detail.run.status, detail.is_lost) == ("running", True)


def test_a_run_to_which_a_forked_child_logs_goes_on(tmp_path: Path, home: Path, platform: Platform) -> None:
    with training(tmp_path, home, "stored") as process:
        child = int(process.say("fork"))
        try:
            process.kill()
            assert main(["flush"]) == 0
            assert detail_of(platform, process.run).run.status == "running"
            be_silent(platform, process.run)
            assert end_lost_runs(platform) == 0
        finally:
            os.kill(child, signal.SIGKILL)
    while not left_journals(home):
        time.sleep(0.01)
    be_silent(platform, process.run)
    assert main(["flush"]) == 0
    detail = detail_of(platform, process.run)
    assert (detail.run.status, len(detail.metrics)) == ("failed", 2)


def test_what_its_journal_brings_later_takes_it_back(tmp_path: Path, home: Path, platform: Platform) -> None:
    """A run that ended well, whose last words were found only after it was said to have failed."""
    with training(tmp_path, home, "stored") as process:
        process.process.send_signal(signal.SIGSTOP)
        [journal] = journal_ids(home)
        folder, elsewhere = journals_folder(home) / journal, tmp_path / "elsewhere"
        # Whatever it writes from now on is not found.
        os.rename(folder, elsewhere)
        (folder.parent / "new-taken").mkdir()
        process.process.send_signal(signal.SIGCONT)
        process.kill()
    be_silent(platform, process.run)
    assert end_lost_runs(platform) == 1
    assert detail_of(platform, process.run).run.status == "failed"
    os.rename(elsewhere, folder)
    append_end(folder, process.run)
    assert main(["flush"]) == 0
    run = detail_of(platform, process.run).run
    assert (run.status, run.ended, ENDED_BY in run.properties) == ("completed", 10, False)


def append_end(folder: Path, run: str) -> None:
    """As if the process had ended the run before it was killed."""
    from aip_jupyter.services.journal_files import unsent
    from aip_jupyter.wire.journal import HEADER_SIZE, RunEnded

    [part] = unsent(folder)
    [path] = [path for path in folder.glob("*.seg") if part.records in path.read_bytes()]
    with path.open("r+b") as file:
        file.seek(HEADER_SIZE + len(part.records))
        file.write(encode_record(RunEnded(run, "completed", 10)))


def test_a_kernel_that_died_while_the_server_was_down(tmp_path: Path) -> None:
    server = start_server(tmp_path / "server")
    process = Training(server.client_environ | {"AIP_HOME": str(server.home)}, tmp_path, "stored")
    server.kill()
    process.kill()
    server = start_server(server.folder, server.home)
    try:
        deadline = time.monotonic() + 60
        while journal_ids(server.home) and time.monotonic() < deadline:
            time.sleep(0.05)
        with server.http() as http:
            run = http.get(f"aip/v1/projects/default/runs/{process.run}").json()["run"]
        assert run["status"] == "failed"
        assert "is dead" in run["properties"][ENDED_BY]
    finally:
        server.stop()
