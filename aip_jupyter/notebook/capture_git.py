"""What Git says of a folder: commit, branch, remote, and how its files differ from the commit.

The repository may be anybody's, and its configuration names programs that Git would run: none of them is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple

from ..domain.datasets import public_uri
from ..domain.records import PropertyValue
from .capture_profile import cut_clean

PATIENCE = 5.0
"""Seconds that one question to Git may take: a large repository on a slow disk takes long to compare."""
MAX_DIFF = 100_000
"""Bytes of a diff."""

_SAFE = (
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "diff.autoRefreshIndex=false"),  # which would lock the index, whatever the first option says
)
_FILTER = re.compile(r"filter\..*\.(?:clean|smudge|process)")
_REMOTE = re.compile(r"remote\.(.*)\.url", re.DOTALL)
_LIKE_HOST = re.compile(r"(?:[^/@:]*@)?([^/@:]+:(?!//).*)", re.DOTALL)
"""`user@host:path`, which is no URL."""
_NOT_NOTEBOOKS = (".", ":(exclude,glob)**/*.ipynb")


class GitState(NamedTuple):
    """What is known of a folder's repository; nothing outside of one, or without Git."""

    facts: dict[str, PropertyValue]
    diff: str = ""
    """How its files differ from the commit, but for notebooks, which hold outputs too."""


def look_at_git(folder: Path) -> GitState:
    """Ask Git. Takes some milliseconds, at most some seconds; leaves out what takes longer; never raises."""
    program = shutil.which("git")
    if program is None:
        return GitState({})
    repository = _Repository(program, folder)
    commit = repository.ask("rev-parse", "--verify", "--quiet", "HEAD").strip()
    if not commit:
        return GitState({})
    repository.read_configuration()
    facts: dict[str, PropertyValue] = {"git.commit": commit}
    if branch := repository.ask("symbolic-ref", "--quiet", "--short", "HEAD").strip():
        facts["git.branch"] = cut_clean(branch, 255)
    if remote := repository.remote():
        facts["git.remote"] = remote
    changed = repository.is_changed()
    if changed is not None:
        facts["git.dirty"] = changed
    return GitState(facts, repository.diff() if changed else "")


class _Repository:
    def __init__(self, program: str, folder: Path) -> None:
        self._command = [program, *_SAFE]
        self._folder = folder
        self._remotes: dict[str, str] = {}
        self._is_safe = False
        """Whether its files can be compared without running a program that it names, as far as is known."""

    def ask(self, *arguments: str) -> str:
        """What Git answers; "" when it has none in time."""
        return self._answer(arguments)[0]

    def read_configuration(self) -> None:
        """The remotes; and filters that the repository itself names, which must not run."""
        question = ("config", "--show-scope", "--null", "--get-regexp", r"^(filter|remote)\..*")
        found, self._is_safe = self._answer(question, fine=(0, 1))  # 1: there are none
        parts = found.split("\0")
        for scope, entry in zip(parts[::2], parts[1::2], strict=False):
            key, _, value = entry.partition("\n")
            if remote := _REMOTE.fullmatch(key):
                self._remotes.setdefault(remote[1], value)
            elif _FILTER.fullmatch(key) and scope not in ("system", "global"):
                name = key.rpartition(".")[0]
                self._command += ["-c", f"{key}=", "-c", f"{name}.required=false"]
                self._is_safe &= "=" not in key  # -c would take it apart at the wrong place

    def remote(self) -> str:
        """The address of `origin`, else of another remote, without what may be a secret in it."""
        url = self._remotes.get("origin") or next(iter(self._remotes.values()), "")
        plain = _LIKE_HOST.fullmatch(url)
        return cut_clean(plain[1] if plain else public_uri(url), 1000)

    def is_changed(self) -> bool | None:
        """Whether a file that the repository knows differs from the commit; None when nobody can tell."""
        if not self._is_safe:
            return None
        status = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        answer, is_whole = self._answer(status, most=1)
        return bool(answer) if answer or is_whole else None

    def diff(self) -> str:
        """The differences, cut after so many bytes."""
        how = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--ignore-submodules=all")
        found, is_whole = self._answer(("diff", "HEAD", *how, "--", *_NOT_NOTEBOOKS), most=MAX_DIFF)
        return found if is_whole else f"{found}\n# More follows, which is not recorded.\n"

    def _answer(
        self, arguments: tuple[str, ...], most: int = 2**20, fine: tuple[int, ...] = (0,)
    ) -> tuple[str, bool]:
        """At most so many bytes of the output, and whether that was all of it."""
        try:
            process = subprocess.Popen(  # noqa: S603  # a fixed program, no shell
                [*self._command, *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except (OSError, ValueError):
            return "", False
        assert process.stdout is not None  # noqa: S101
        timer = threading.Timer(PATIENCE, _end, (process,))
        timer.daemon = True
        timer.start()
        with process:
            output = process.stdout.read(most + 1)
            if len(output) > most:
                _end(process)
        timer.cancel()
        is_whole = process.returncode in fine and len(output) <= most
        return output[:most].decode(errors="replace"), is_whole


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started, which would hold its output open. Git tidies up first."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):  # another thread has just seen it end
            os.killpg(process.pid, signal.SIGTERM)


def _environment() -> dict[str, str]:
    # No protocol is called none, and what the environment allows comes before what a repository does.
    quiet = {"GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
    return {**os.environ, **quiet, "LC_ALL": "C"}
