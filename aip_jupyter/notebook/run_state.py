"""Which run log calls go to, and in which experiment the next one starts."""

from __future__ import annotations

import atexit
import logging
import operator
import os
import sys
import threading
from collections import deque
from typing import Any

from ..client.context import Context, RunContext, get_context
from ..domain import names
from ..domain.runs import DEFAULT_EXPERIMENT, Status
from ..errors import Invalid
from ..redaction import redact
from ..wire.journal import RunStarted
from .active_run import ActiveRun
from .run_stack import Stack
from .run_values import check_name

_log = logging.getLogger(__name__)

KEPT = 1000
"""Runs that have ended and that this process still knows, to go on with one without a server."""

RUNS = Stack[ActiveRun]("aip_runs", lasts=operator.attrgetter("is_running"))
EXPERIMENTS = Stack[str]("aip_experiments")

_experiment = ""
"""What was chosen for all that follows; "" for nothing."""
_of_context: tuple[Context, ActiveRun | None] | None = None
_running: list[ActiveRun] = []
"""Those that this process has begun, wherever in it."""
_ended: deque[ActiveRun] = deque(maxlen=KEPT)
_failed: Status | None = None
"""How a script ended that raised."""
_watching = False
"""Whether the end of the process is watched."""
_lock = threading.Lock()


def active_run() -> ActiveRun | None:
    """The run that log calls go to from here: the thread's or task's own, else the notebook's; or None."""
    return RUNS.innermost() or run_of_context()


def needed_run() -> ActiveRun:
    """The active run. Invalid when there is none."""
    run = active_run()
    if run is None:
        message = "run: no run is active; start one with %start_run NAME or aip.start_run(NAME)"
        raise Invalid(message, field="run")
    return run


def run_of_context() -> ActiveRun | None:
    """In a session, the notebook's run that came with the cell."""
    global _of_context
    context = get_context()
    if context is None or context.run is None:
        return None
    if _of_context is None or _of_context[0] is not context:
        known = _of_context[1] if _of_context else None
        _of_context = context, _joined(context, context.run, known)
    return _of_context[1]


def _joined(context: Context, run: RunContext, known: ActiveRun | None) -> ActiveRun:
    """The notebook's run, as this session writes to it: the same from cell to cell."""
    if known is not None and known.id == run.id:
        return known
    from ..client.connect import destination
    from .session_capture import joined

    entry = RunStarted(
        run=run.id,
        time=run.started,
        name=run.name,
        experiment=run.experiment,
        device=context.gpu,
        notebook=names.storable(redact(context.notebook)),
        author=names.storable(context.user),
    )
    to = destination()
    found = ActiveRun(entry, to._replace(project=run.project or to.project))
    joined(found)
    return found


def run_context(run: ActiveRun | None = None) -> RunContext | None:
    """This run, or else the active one, as it travels with a cell into a session."""
    run = run or active_run()
    if run is None:
        return None
    return RunContext(
        id=run.id, name=run.name, experiment=run.experiment, started=run.started, project=run.project
    )


def set_experiment(name: str) -> str:
    """Let the runs that follow be of this experiment, in this process; returns its name.

    It is made when its first run starts. A run's own `experiment=` comes before it, and so does a block of
    `aip.experiment`. Raises Invalid.

        aip.set_experiment("digits")
    """
    global _experiment
    _experiment = check_name(name, "experiment")
    return _experiment


def experiment_of(parent: ActiveRun | None) -> str:
    """The experiment of a run that names none: that of the block around it, or of what it is a part of."""
    context = get_context()
    of_notebook = context.experiment if context is not None else ""
    if parent is None:
        chosen = _experiment or of_notebook
    else:
        is_notebooks = context is not None and context.run is not None and context.run.id == parent.id
        chosen = of_notebook if is_notebooks else parent.experiment
    return EXPERIMENTS.innermost() or chosen or DEFAULT_EXPERIMENT


def experiment_now() -> str:
    """The experiment of a part of the active run that names none, or of a run if none is active."""
    return experiment_of(active_run())


def note_begun(run: ActiveRun) -> None:
    """It is ended with the process, should nobody do it before."""
    with _lock:
        _forget_ended()
        _running.append(run)
    _watch_the_end()


def known_run(text: str) -> ActiveRun | None:
    """The run of this id or name that this process has begun, the last one."""
    with _lock:
        _forget_ended()
        known = [*_ended, *_running]
    return next((run for run in reversed(known) if text in (run.id, run.name)), None)


def _forget_ended() -> None:
    _ended.extend(run for run in _running if not run.is_running)
    _running[:] = [run for run in _running if run.is_running]


def forget_all() -> None:
    """Begin anew, as a new process does."""
    global _of_context, _experiment
    RUNS.clear()
    EXPERIMENTS.clear()
    _running.clear()
    _ended.clear()
    _of_context, _experiment = None, ""


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for run in _running:
        run.after_fork()


os.register_at_fork(after_in_child=_after_fork)


def is_interactive() -> bool:
    """Whether a person works in this process."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def _watch_the_end() -> None:
    """End the runs with the process: as killed where a person works in it, else by how the script ended."""
    global _watching
    if _watching:
        return
    _watching = True
    atexit.register(_end_with_process)
    if not is_interactive():
        before = sys.excepthook

        def note(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
            global _failed
            _failed = "failed" if issubclass(kind, Exception) else "killed"
            before(kind, error, traceback)

        sys.excepthook = note


def _end_with_process() -> None:
    """The inner ones first. Those of the process that has forked this one are not ours to end."""
    status: Status = "killed" if is_interactive() else _failed or "completed"
    for run in reversed(_running):
        if run.is_running and run.process == os.getpid():
            try:
                run.end(status)
            except Exception:  # noqa: BLE001  # whatever it is, the others end too
                _log.exception("cannot end the run %s", run.name)
