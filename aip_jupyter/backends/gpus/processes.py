"""Starting processes that outlive us, and ending those that are proven to be the ones meant."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..process import is_alive

_KEPT = (
    "DYLD_LIBRARY_PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "PYTHONPATH",
    "TMPDIR",
    "TZ",
    "USER",
)
"""The variables that an agent gets: it needs to find its libraries, and has no use for anybody's secrets."""

_INTERVAL = 0.02


def spawn(arguments: Sequence[str], log: Path, inherited: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start Python with these arguments, away from our terminal, our signals and our end."""
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as output:
        process = subprocess.Popen(  # noqa: S603  # ourselves, with arguments of our own
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environ,
            cwd=log.parent,
            pass_fds=inherited,
            start_new_session=True,
        )
    # Else it would stay in the table of processes, after its end, for as long as we live.
    threading.Thread(target=process.wait, name="aip-agent-wait", daemon=True).start()
    return process


def end(holder: str, patience: float = 3.0) -> None:
    """End a process by its identity, with SIGTERM, and SIGKILL after `patience` seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if is_alive(holder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(_pid(holder), number)
            wait_until(lambda: not is_alive(holder), patience)


def end_group(holder: str) -> None:
    """Kill a process by its identity, and what it has started, when it leads its group."""
    if not is_alive(holder):
        return
    pid = _pid(holder)
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(holder), 3.0)


def wait_until(done: Callable[[], bool], patience: float) -> bool:
    """Look until it is so; False after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_INTERVAL)
    return True


def _pid(holder: str) -> int:
    return int(holder.split("|")[2])
