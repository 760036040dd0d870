"""Many log calls at once, and a server that is killed or stopped meanwhile.

Every call that returned is stored once, in order, none torn. Server and processes are killed together, twenty
times or AIP_LOG_ROUNDS; a server is stopped for three seconds or AIP_STOP_SECONDS.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aip_jupyter.domain.runs import GetHistory, GetRun, ListExperiments, ListRuns
from aip_jupyter.errors import NotFound
from aip_jupyter.services.interface import Services
from aip_jupyter.services.journal_files import journal_ids
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings

from ..support.live import live_server, server_environ, start_server

ROUNDS = int(os.environ.get("AIP_LOG_ROUNDS", "20"))
STOP = float(os.environ.get("AIP_STOP_SECONDS", "3"))

ENDLESS = """
import os, time
import aip_jupyter as aip
os.write(1, aip.start_run("endless").id.encode() + b"\\n")
for step in range(1_000_000):
    aip.log_metrics({"a": step, "b": -step}, step=step)
    os.write(1, b"%d\\n" % step)
    time.sleep(0.0001)
"""


def _logging(code: str, environ: dict[str, str], folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.Popen(
        command, env=environ, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _flush(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "aip_jupyter.cli.main", "flush"]
    reply = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert reply.returncode == 0, reply.stdout + reply.stderr


def _assert_stored(services: Services, run: str, count: int) -> None:
    """All that was acknowledged, and at most the call that was cut behind its record."""
    values = {}
    for key, sign in (("a", 1), ("b", -1)):
        try:
            history = services.runs.get_history(GetHistory(run=run, key=key))
        except NotFound:
            values[key] = 0
            continue
        assert history.steps == list(range(len(history.steps)))
        assert history.values == [sign * step for step in history.steps]
        values[key] = len(history.steps)
    assert values["a"] == values["b"]
    assert values["a"] in (count, count + 1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_server_and_process_are_killed_together(tmp_path: Path) -> None:
    home = tmp_path / "home"
    acknowledged: dict[str, int] = {}
    port, environ = 0, dict[str, str]()
    for _ in range(ROUNDS):
        server = start_server(tmp_path / "server", home, port=port)
        port, environ = server.port, server.client_environ
        with _logging(ENDLESS, environ, tmp_path) as process:
            run = _line(process)
            time.sleep(random.uniform(0, 0.4))
            for kill in random.sample([server.kill, process.kill], 2):
                kill()
                time.sleep(random.choice([0, 0.05]))
            assert process.stdout is not None
            acknowledged[run] = len(process.stdout.read().splitlines())
    server = start_server(tmp_path / "server", home, port=port)
    try:
        deadline = time.monotonic() + 120
        while journal_ids(home) and time.monotonic() < deadline:
            _flush(environ)
    finally:
        server.stop()
    assert journal_ids(home) == []
    services = open_platform(Settings(home=home)).services()
    for run, count in acknowledged.items():
        _assert_stored(services, run, count)
        assert services.runs.get_run(GetRun(run=run)).run.status == "failed"
    assert len(services.runs.list_runs(ListRuns(limit=1000)).items) == len(acknowledged)
    services.close()


CROWD = """
import sys, threading
import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS

def work(n):
    with aip.start_run(f"run {sys.argv[1]} {n}", experiment=f"experiment {n % 4}"):
        for step in range(20):
            aip.log_metrics({"m": step, "n": -step}, step=step)
        aip.log_params({"n": n})

print("ready", flush=True)
sys.stdin.readline()
threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(JOURNALS.flush(100).records, flush=True)
"""


@pytest.mark.parametrize("mode", ["in process", "through a server"])
def test_eight_processes_of_sixteen_threads_and_one_fresh_store(tmp_path: Path, mode: str) -> None:
    home = tmp_path / "server" / "home"
    with contextlib.ExitStack() as stack:
        environ = server_environ(tmp_path, home)
        if mode == "through a server":
            environ = stack.enter_context(live_server(tmp_path / "server")).client_environ
        assert not (home / "store.db").exists()
        crowd = [_logging(CROWD, environ, tmp_path, str(n)) for n in range(8)]
        try:
            assert [_line(process) for process in crowd] == ["ready"] * 8
            for process in crowd:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            said = [process.communicate(timeout=110)[0].strip() for process in crowd]
        finally:
            for process in crowd:
                process.kill()
        assert (said, [process.returncode for process in crowd]) == (["0"] * 8, [0] * 8)
    services = open_platform(Settings(home=home)).services()
    details = services.runs.list_runs(ListRuns(limit=1000)).items
    names = {f"run {process} {thread}" for process in range(8) for thread in range(16)}
    assert {detail.run.name for detail in details} == names
    assert len(details) == len(names)
    assert {detail.run.status for detail in details} == {"completed"}
    assert all(detail.run.params.keys() == {"n"} for detail in details)
    assert [metric.count for detail in details for metric in detail.metrics] == [20] * 256
    assert len(services.runs.list_experiments(ListExperiments()).items) == 4
    history = services.runs.get_history(GetHistory(run="run 7 15", key="n"))
    assert (history.steps, history.values) == (list(range(20)), [-step for step in range(20)])
    services.close()


STOPPED = """
import sys, time
import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS
aip.start_run("stopped")
assert not JOURNALS.flush(60)
times, step, end = [], 0, time.monotonic() + float(sys.argv[1])
print("begins", flush=True)
sys.stdin.readline()
while time.monotonic() < end:
    begin = time.perf_counter()
    aip.log_metrics({"m": step}, step=step)
    times.append(time.perf_counter() - begin)
    step += 1
    time.sleep(0.001)
print(step, flush=True)
sys.stdin.readline()
print(JOURNALS.flush(100).records, flush=True)
times.sort()
print(f"p50 {times[len(times) // 2] * 1e6:.1f} µs, p99.9 {times[len(times) * 999 // 1000] * 1e6:.0f} µs, "
      f"slowest {times[-1] * 1e3:.1f} ms", flush=True)
"""


@pytest.mark.timeout(300)
def test_a_server_that_is_stopped_holds_no_log_call_up(tmp_path: Path) -> None:
    with live_server(tmp_path / "server") as server:
        with _logging(STOPPED, server.client_environ, tmp_path, str(STOP)) as process:
            try:
                assert _line(process) == "begins"
                server.process.send_signal(signal.SIGSTOP)
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
                # All of them come back while the server answers nobody.
                steps = int(_line(process))
            finally:
                server.process.send_signal(signal.SIGCONT)
            said, _ = process.communicate("go\n", timeout=200)
        waiting, times = said.splitlines()
        print(times)
        assert (process.returncode, waiting) == (0, "0")
        with server.http() as http:
            reply = http.get("aip/v1/projects/default/runs/stopped/history", params={"key": "m"}).json()
    assert reply["steps"] == reply["values"] == list(range(steps))
    assert steps > 10
