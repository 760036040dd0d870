"""How a run starts, and how one goes on that has ended."""

from __future__ import annotations

import os
import sys
import threading
from typing import NamedTuple

from ..backends.process import is_dead, this_process
from ..client.connect import Destination
from ..domain import names
from ..domain.records import new_id, now_ms
from ..domain.runs import GetRun, Run, RunDetail
from ..errors import Conflict, Invalid, Unavailable
from ..redaction import redact
from ..wire.journal import RunStarted
from . import run_capture
from .active_run import ActiveRun
from .run_projects import active_run_in, destination_in
from .run_stack import flow
from .run_state import (
    RUNS,
    active_run,
    experiment_of,
    is_interactive,
    known_run,
    note_begun,
    run_of_context,
)
from .run_values import check_name, check_notes
from .words import Tags, tidy_tags


class Said(NamedTuple):
    """What is said of a run that is to start; each is None, or empty, where nothing is said."""

    name: str | None = None
    experiment: str | None = None
    tags: Tags = None
    notes: str = ""
    project: str | None = None
    system_metrics: bool = True
    """Whether it records what it uses of the machine."""
    track_gpu: bool = True


def begin(said: Said, parent: ActiveRun | None) -> ActiveRun:
    """A new run that nothing is logged to yet; `parent` is the one that it is a part of."""
    to = destination_in(said.project) if parent is None else _beside(parent, said.project)
    id = new_id()
    entry = RunStarted(
        run=id,
        time=now_ms(),
        name=check_name(said.name or f"run-{id[-6:]}", "name"),
        experiment=check_name(said.experiment or experiment_of(parent), "experiment"),
        tags=names.check_tags(tidy_tags(said.tags)),
        notes=check_notes(said.notes),
        notebook=_whereabouts(),
        holder=this_process(),
        author=names.storable(to.author),
        parent="" if parent is None else parent.id,
    )
    run = ActiveRun(entry, to)
    run.begin()
    note_begun(run)
    run_capture.begin(run, system_metrics=said.system_metrics, track_gpu=said.track_gpu)
    return run


def _beside(parent: ActiveRun, project: str | None) -> Destination:
    """Where a part of this run goes: to its project."""
    if project is not None and active_run_in(project) is not parent:
        message = f"project: {parent.name} is of project {parent.project!r}, and so are its parts"
        raise Invalid(f"{message}; leave project out", field="project")
    return parent.to._replace(project=parent.project)


def outer_run(*, nested: bool) -> ActiveRun | None:
    """The run that a new one is to be a part of. Conflict when there is one, and it is to be none.

    A thread, a task and a forked process may start a run of their own beside what was begun elsewhere.
    """
    if nested:
        return active_run()
    for run in RUNS.here():
        if run.process == os.getpid():
            raise _is_active(run)
    if flow() is threading.main_thread() and (run_there := run_of_context()) is not None:
        raise _is_active(run_there)
    return None


def _is_active(run: ActiveRun) -> Conflict:
    message = f"run: {run.name} is active; end it first with %end_run or aip.end_run(), or start a part of it"
    return Conflict(f"{message} with --nested or nested=True", field="run")


def go_on(meant: str | ActiveRun, said: Said) -> ActiveRun:
    """Go on with a run that has ended: NotFound with what is near. Without a server, one of this process."""
    for field, given in (("name", said.name), ("experiment", said.experiment)):
        if given is not None:
            raise Invalid(f"{field}: a run that goes on keeps its {field}; leave it out", field=field)
    meant = meant.id if isinstance(meant, ActiveRun) else check_name(meant, "resume")
    check_notes(said.notes)
    tags = names.check_tags(tidy_tags(said.tags))
    before = known_run(meant)
    try:
        found = _find(meant, said.project)
    except Unavailable:
        if before is None:
            raise
        found = None
    if found is not None and (before is None or before.id != found.run.id):
        before = known_run(found.run.id)
    if found is not None and found.run.state == "ARCHIVED":
        message = f"run: {found.run.name} is deleted; %restore_run {found.run.id} takes that back"
        raise Conflict(message, field="resume")
    if before is not None and before.is_running and before.process == os.getpid():
        raise Conflict(f"run: {before.name} is running; log to it, or end it first", field="resume")
    if found is not None and _runs_elsewhere(found):
        message = f"run: {found.run.name} is recorded by another process; end it there"
        raise Conflict(f"{message}, or wait until that was not heard of for 90 s", field="resume")
    run = _again(found, before)
    run.resume(found, before)
    note_begun(run)
    run_capture.begin(run, resumed=True, system_metrics=said.system_metrics)
    if tags:
        run.set_tags(tags)
    if said.notes:
        run.update_notes(said.notes)
    return run


def _runs_elsewhere(found: RunDetail) -> bool:
    """Whether another process goes on with it, as far as anybody can tell."""
    holder = found.run.holder
    is_over = found.run.status != "running" or found.is_lost or is_dead(holder)
    return not is_over and holder != this_process()


def _find(meant: str, project: str | None) -> RunDetail:
    from .connection import connect
    from .run_reading import store_what_waits

    connection = connect()
    store_what_waits(connection)
    return connection.services.runs.get_run(GetRun(project=project or connection.project, run=meant))


def _again(found: RunDetail | None, before: ActiveRun | None) -> ActiveRun:
    if before is not None:
        return before.again()
    assert found is not None  # noqa: S101
    return ActiveRun(_entry_of(found.run), destination_in(None)._replace(project=found.run.project))


def _entry_of(run: Run) -> RunStarted:
    """What the store knows already: it takes none of it again."""
    return RunStarted(
        run=run.id,
        time=run.started,
        name=run.name,
        experiment=run.experiment,
        author=run.author,
        holder=this_process(),
        parent=run.parent,
    )


def _whereabouts() -> str:
    """The notebook's path as Jupyter tells it, or the script's."""
    notebook = os.environ.get("JPY_SESSION_NAME", "")
    script = getattr(sys.modules.get("__main__"), "__file__", "") or ""
    return names.storable(redact(notebook or ("" if is_interactive() else script)))
