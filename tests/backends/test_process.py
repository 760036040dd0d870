"""Who is provably dead."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aip_jupyter.backends.process import is_alive, is_dead, is_running, this_process


def test_this_process_lives_and_a_child_that_ended_is_dead() -> None:
    assert not is_dead(this_process())
    code = "from aip_jupyter.backends.process import this_process; print(this_process())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert is_dead(child.stdout.strip())


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(child.pid)
    child.wait()


def test_a_process_id_that_was_given_again_is_dead() -> None:
    host, boot, pid, *_ = this_process().split("|")
    assert is_dead(f"{host}|{boot}|{pid}|1")
    assert is_dead(f"{host}|an-earlier-boot|{pid}|1")


def test_a_process_in_another_container_of_this_name_is_dead_only_without_its_lock() -> None:
    host, boot, pid, start, *_ = this_process().split("|")
    beside = f"{host}|{boot}|{pid}|1|1"
    assert not is_dead(beside)
    assert not is_alive(beside)
    assert not is_alive(f"{host}|{boot}|{pid}|{start}|1")
    assert is_dead(beside, unlocked=True)
    assert not is_dead(this_process(), unlocked=True)
    before = f"{host}|{boot}|{pid}|{start}"  # as it was spelled without a namespace
    assert is_alive(before)
    assert not is_dead(before)


ELSEWHERE = f"another-host|b|{os.getpid()}|1"


@pytest.mark.parametrize(
    "holder",
    ["", "x", "a|b|c|d", "|||", pytest.param(ELSEWHERE, id="elsewhere")],  # a name that is always the same
)
def test_what_cannot_be_proved_is_not_dead(holder: str) -> None:
    assert not is_dead(holder)


@pytest.mark.parametrize("pid", ["", "-1", "x", "\u00b2", "\u0663", "9" * 5000], ids=ascii)
def test_what_is_no_number_of_a_process_proves_nothing(pid: str) -> None:
    """Who sends a run or a claim may say anything; that must not stop the look at all others."""
    host, boot, _, *rest = this_process().split("|")
    holder = "|".join((host, boot, pid, *rest))
    assert not is_dead(holder)
    assert not is_alive(holder)
