"""Who holds an intent, a claim or a session: a process, named so that a later one can prove it dead.

host|boot id|pid|start time|PID namespace

What was written without the namespace, and where there is none, has four parts.
"""

from __future__ import annotations

import functools
import os
import re
import socket
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_PID = re.compile(r"[0-9]{1,10}")


def this_process() -> str:
    """The identity of this process; another one after a fork."""
    return _own(os.getpid())


@functools.cache
def _own(pid: int) -> str:
    return process_of(pid)


# A child may have the process id of an ancestor that has ended.
os.register_at_fork(after_in_child=_own.cache_clear)


def process_of(pid: int) -> str:
    """The identity of a living process of this host."""
    whole = (socket.gethostname(), _boot_id(), str(pid), _start_time(pid), _namespace())
    return "|".join(whole if whole[-1] else whole[:-1])


def is_dead(holder: str, *, unlocked: bool = False) -> bool:
    """True only when the holder is provably dead: same host, and gone, replaced or from an earlier boot.

    A holder on another host, or one that is not spelled so, is never provably dead; nor is one in another
    container of this name, whose processes are not seen here, unless it is `unlocked`: a lock was taken over
    that it would hold.
    """
    parts = _parts_here(holder)
    if not parts:
        return False
    if parts[1] != _boot_id():
        return True
    if not _is_seen(parts):
        return unlocked
    return _start_time(int(parts[2])) != parts[3]


def is_alive(holder: str) -> bool:
    """True only when the holder is provably a living process of this host."""
    parts = _parts_here(holder)
    return bool(parts) and parts[1] == _boot_id() and _is_seen(parts) and not is_dead(holder)


def is_running(pid: int) -> bool:
    """Whether there is a live process of this id."""
    return _start_time(pid) != ""


def _parts_here(holder: str) -> list[str]:
    """Of what names a process of this host; [] for all else, which anybody may have sent."""
    parts = holder.split("|")
    is_one = len(parts) in (4, 5) and parts[0] == socket.gethostname() and _PID.fullmatch(parts[2])
    return parts if is_one else []


def _is_seen(parts: list[str]) -> bool:
    """Whether a process of this boot has its number here, as far as it says."""
    return parts[4:] in ([], [_namespace()])


@functools.cache
def _namespace() -> str:
    try:
        return str(_NAMESPACE.stat().st_ino)
    except OSError:  # not Linux
        return ""


@functools.cache
def _boot_id() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "-"


def _start_time(pid: int) -> str:
    """Clock ticks from boot on Linux (exact), whole seconds elsewhere; "" when there is no such process."""
    try:
        # proc(5): field 22, counted behind the command's closing bracket, which may hold anything
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _portable_start_time(pid)
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _portable_start_time(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    import psutil

    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.NoSuchProcess:
        return ""
