"""The agent's kernel process: how it is started, signalled and ended, and what its death means.

Only the standard library is imported here: the kernel is started before the agent loads anything else, so
that both load side by side.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

MODULE = "aip_jupyter.sessions.launch"
TERM_PATIENCE = 1.0
"""Seconds between SIGTERM and SIGKILL."""


class Child:
    """A kernel in a process group of its own, and the agent's end of the pair of sockets that they share."""

    def __init__(self, python: str, folder: str, environment: Mapping[str, str], log: Path) -> None:
        ours, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            try:
                self._process = subprocess.Popen(  # noqa: S603  # the notebook's own interpreter
                    # As Jupyter's own kernels: else each warns of its debugger in its first output.
                    [python, "-Xfrozen_modules=off", "-m", MODULE, str(theirs.fileno())],
                    cwd=folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        self.pid = self._process.pid
        self.socket = ours

    def wait(self) -> int:
        """Wait for its end; the exit code, or the negative number of the signal."""
        return self._process.wait()

    def signal(self, number: int) -> None:
        """Send the kernel a signal."""
        self._signal(number, group=False)

    def interrupt(self, *, group: bool = False) -> None:
        """SIGINT to the kernel, or to all processes of its group."""
        self._signal(signal.SIGINT, group=group)

    def interrupt_others(self) -> None:
        """SIGINT to all processes of the kernel's group but itself: it has heard, and may be tidying up."""
        for pid in self._group():
            if pid != self.pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGINT)

    def end(self) -> list[str]:
        """SIGTERM, then SIGKILL, to what is left of the group; what was done, in words. Waits."""
        done = []
        if self._group_lives():
            self._signal(signal.SIGTERM, group=True)
            done.append("sent SIGTERM to its processes")
        until = time.monotonic() + TERM_PATIENCE
        while (alive := self._group_lives()) and time.monotonic() < until:
            time.sleep(0.01)
        if alive:
            self._signal(signal.SIGKILL, group=True)
            done.append("sent SIGKILL to those that were left")
        self._process.wait()
        return done

    def ignores_interrupts(self) -> bool:
        """Whether SIGINT would be lost on it: while `os.system` waits, and while it runs nothing."""
        status = Path(f"/proc/{self.pid}/status")
        try:
            ignored = status.read_text().partition("SigIgn:")[2].split()[0]
        except (OSError, IndexError):  # not Linux, or gone
            return False
        return bool(int(ignored, 16) & 1 << (signal.SIGINT - 1))

    def _group_lives(self) -> bool:
        self._process.poll()  # a zombie would count as living
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):  # the second is what macOS says of zombies
            return False
        return any(True for pid in self._group())

    def _group(self) -> Iterator[int]:
        """The processes of the kernel's group; one that has ended is none, though nobody has asked for it."""
        import psutil

        for pid in psutil.pids():
            with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
                if os.getpgid(pid) == self.pid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                    yield pid

    def _signal(self, number: int, *, group: bool) -> None:
        try:
            (os.killpg if group else os.kill)(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # it has just ended


def death(code: int) -> str:
    """Why the kernel ended, in words."""
    if code == -signal.SIGKILL:
        return "its process was killed (signal 9: out of memory, or somebody killed it)"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = "unknown"
        return f"its process was killed by signal {-code} ({name})"
    return f"its process ended by itself with exit code {code}"
