"""A child is not forked while a thread of ours imports something: there it could never be imported."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aip_jupyter.client.forking import without_forks

from ..support.live import live_server

SCRIPT = """
import importlib._bootstrap as bootstrap
import os, threading, time

import filelock  # what hooks into forks cannot be imported while one waits

import aip_jupyter as aip
from aip_jupyter.client.journals import JOURNALS

def left_locked():
    '''The modules that a thread was importing which this child does not have.'''
    locks = {name: ref() for name, ref in list(bootstrap._module_locks.items())}
    here = (None, threading.get_ident())
    return [name for name, lock in locks.items() if lock is not None and lock.owner not in here]

def is_stored():
    return not any(journal.count_unsent() for journal in JOURNALS.all())

aip.start_run("parent").log_metric("loss", 0.5)
forks = 0
while not is_stored() or not forks:
    child = os.fork()
    if not child:
        found = left_locked()
        print(*found, flush=True)
        os._exit(bool(found))
    assert os.waitpid(child, 0)[1] == 0, forks
    forks += 1
    time.sleep(0.002)
aip.end_run()
"""


def test_several_threads_may_be_at_it_and_a_fork_waits_for_all() -> None:
    begun, go_on, forked = threading.Barrier(3), threading.Event(), threading.Event()

    def work() -> None:
        with without_forks():
            begun.wait(60)
            go_on.wait(60)

    def fork() -> None:
        child = os.fork()
        if not child:
            with without_forks():  # which is free there
                os._exit(0)
        os.waitpid(child, 0)
        forked.set()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    begun.wait(60)
    forking = threading.Thread(target=fork)
    forking.start()
    try:
        assert not forked.wait(0.05)
    finally:
        go_on.set()
    forking.join(60)
    assert forked.is_set()
    for worker in workers:
        worker.join(60)


@pytest.mark.parametrize("mode", ["embedded", "server"])
def test_no_child_begins_within_an_import_of_ours(tmp_path: Path, mode: str) -> None:
    environ = {**os.environ, "AIP_HOME": str(tmp_path / "home"), "AIP_CAPTURE": "off"}
    environ["AIP_SYSTEM_METRICS"] = "off"
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    if mode == "embedded":
        reply = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True)
    else:
        with live_server(tmp_path / "server") as server:
            environ |= {"AIP_URL": server.url, "AIP_TOKEN": server.token}
            reply = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True)
    assert (reply.returncode, reply.stdout.strip(), reply.stderr) == (0, "", "")
