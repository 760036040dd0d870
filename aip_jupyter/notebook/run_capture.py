"""What a run records of where it comes from, unasked: code, commit, packages, machine.

A thread finds it out while the run goes on: no start and no end of a run waits for it. Facts become
properties of the run, the rest texts of it. Runs of one process that follow each other closely, and parts of
a run, do not repeat a text: a property says which run has it.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..client.context import get_context
from ..client.forking import without_forks
from ..client.journals import JOURNALS
from ..domain.records import PropertyValue
from ..redaction import redact
from ..services.settings import load_settings, working_folder
from .active_run import ActiveRun
from .capture_code import (
    cells_text,
    earlier_cells,
    notebook_shell,
    script,
    script_arguments,
    script_source,
)
from .capture_git import GitState, look_at_git
from .capture_machine import look_at_machine
from .capture_packages import list_packages
from .capture_record import Record
from .capture_thread import Recorder
from .system_metrics import SAMPLER

PAUSE = 1.0
"""Seconds between two looks at a repository: runs that start in between share the second."""


class _Look(NamedTuple):
    since: float
    state: GitState


RECORDER = Recorder()
_records: dict[str, Record] = {}
"""The runs of this process that go on."""
_looks: dict[Path, _Look] = {}
_watched: Any = None
"""The shell whose cells are noted."""


def begin(
    run: ActiveRun, *, resumed: bool = False, system_metrics: bool = True, track_gpu: bool = True
) -> None:
    """The run has begun here, or goes on here. Takes microseconds.

    Without `track_gpu` its system metrics leave out the GPUs.
    """
    record = Record(run, working_folder(), parent=_records.get(run.parent), resumed=resumed)
    shell = notebook_shell()
    if shell is not None and (record.parent is None or resumed):
        record.earlier, current = earlier_cells(shell)
        record.cells = [current] if current else []
        _watch(shell)
    _records[run.id] = record
    RECORDER.add(partial(_find_out, record))
    if system_metrics:
        SAMPLER.begin(run, gpu=track_gpu)


def end(run: ActiveRun) -> None:
    """It ends: what came since is recorded, too."""
    SAMPLER.end(run)
    record = _records.pop(run.id, None)
    if record is not None and record.cells is not None:
        RECORDER.add(partial(_save_cells, record))
        if not any(other.cells is not None for other in _records.values()):
            _watch(None)


def finish() -> None:
    """Wait a short time for what is being found out, and note no more."""
    RECORDER.finish()
    _records.clear()
    _watch(None)


JOURNALS.before_close(finish)


def _after_fork() -> None:
    """In the child: the parent's thread goes on there; its runs are known, to have their texts."""
    for record in _records.values():
        record.cells = None


os.register_at_fork(after_in_child=_after_fork)


def _watch(shell: Any) -> None:
    """Note the cells of this shell from now on."""
    global _watched
    if _watched is shell:
        return
    if _watched is not None:
        _watched.events.unregister("pre_run_cell", _note_cell)
    if shell is not None:
        shell.events.register("pre_run_cell", _note_cell)
    _watched = shell


def _note_cell(info: Any) -> None:
    """A cell is about to run. With each doubling they are recorded, for the case that nobody ends the run."""
    for record in list(_records.values()):
        if record.cells is not None:
            record.cells.append(info.raw_cell)
            if len(record.cells) >= 2 * record.saved:
                RECORDER.add(partial(_save_cells, record))


def is_on() -> bool:
    """Whether anything is to be recorded unasked."""
    return load_settings(folder=working_folder()).capture == "on"


def _find_out(record: Record) -> None:
    if not is_on():
        record.cells = None
        return
    with without_forks():
        facts, packages = dict(look_at_machine()), list_packages()
        redact("")  # which imports its rules
    facts["packages"] = sum(not line.startswith("#") for line in packages.splitlines())
    facts["environment.digest"] = hashlib.sha256(packages.encode()).hexdigest()
    context = get_context()
    if context is not None and context.request:
        facts["gpu_request"] = context.request
    folder = _keep_code(record, facts)
    record.state(facts)
    record.keep("environment", "environment/requirements.txt", packages)
    git = _git(folder, record.since)
    record.state(git.facts)
    record.keep("changes", "source/changes.diff", git.diff)


def _keep_code(record: Record, facts: dict[str, PropertyValue]) -> Path:
    """Returns the folder where the code is."""
    if notebook_shell() is not None:
        if record.cells is None:
            record.take_from_parent("source")
        record.keep("before", "source/before.py", cells_text(record.earlier))
        _save_cells(record)
        return record.folder
    path = script()
    if path is None:
        return record.folder
    record.keep("source", f"source/{path.name}", script_source(path))
    if arguments := script_arguments():
        facts["arguments"] = arguments
    return path.absolute().parent


def _save_cells(record: Record) -> None:
    cells = record.cells
    if cells is not None and len(cells) > record.saved:
        record.saved = len(cells)
        record.keep("source", "source/cells.py", cells_text(cells[: record.saved]))


def _git(folder: Path, since: float) -> GitState:
    """As it is now, or was not long before: one look serves all runs that have waited for it."""
    look = _looks.get(folder)
    if look is None or look.since < since:
        if look is not None:
            RECORDER.pause(look.since + PAUSE - time.monotonic())
        look = _looks[folder] = _Look(time.monotonic(), look_at_git(folder))
    return look.state
