"""Tracking from Python: what `import aip_jupyter as aip` offers for runs.

    aip.start_run("baseline", experiment="digits")
    aip.log_params({"lr": 0.1})
    for step in range(100):
        aip.log_metrics({"loss": loss}, step=step)
    aip.end_run()

What is logged goes into a journal on the disk and from there to the server: no call waits for it, and none
fails because of it. Functions that read have the journal stored first.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from ..client.context import Context, RunContext, get_context
from ..domain import names
from ..domain.records import new_id, now_ms
from ..domain.runs import DEFAULT_EXPERIMENT, Status, check_text
from ..errors import Conflict, Invalid
from ..redaction import redact
from ..wire.journal import RunStarted
from .active_run import ActiveRun
from .words import Tags, tidy_tags

if TYPE_CHECKING:
    from .run_tables import MetricHistory, RunCard, RunTable

_active: ActiveRun | None = None
_of_context: tuple[Context, ActiveRun | None] | None = None
_failed: Status | None = None
"""How a script ended that raised."""
_watching = False
"""Whether the end of the process is watched."""


def start_run(
    name: str | None = None,
    *,
    experiment: str | None = None,
    tags: Tags = None,
    notes: str = "",
    project: str | None = None,
) -> ActiveRun:
    """Start a run; log calls go to it until it ends. Also usable in a `with` statement, which ends it.

    `experiment` is a named group of runs, made when it is new (`default` when left out); `tags` a dict or a
    list of "K" and "K=V". Raises Invalid, and Conflict while another run is active; for a `project` that is
    named, also NotFound, Denied, and Conflict when it is archived.

        with aip.start_run("baseline", experiment="digits", tags=["demo"]):
            aip.log_metrics({"loss": 0.5})
    """
    global _active
    current = active_run()
    if current is not None:
        message = f"run: {current.name} is active; end it first with %end_run or aip.end_run()"
        raise Conflict(message, field="run")
    from .run_projects import destination_in

    to = destination_in(project)
    run = ActiveRun(_entry(name, experiment, tags, notes, to.author), to)
    run.begin()
    _active = run
    _watch_the_end()
    return run


def _entry(name: str | None, experiment: str | None, tags: Tags, notes: str, author: str) -> RunStarted:
    from ..backends.process import this_process

    id = new_id()
    check_text(notes, "notes")
    return RunStarted(
        run=id,
        time=now_ms(),
        name=names.check_store_name(name or f"run-{id[-6:]}", "name"),
        experiment=names.check_store_name(experiment or DEFAULT_EXPERIMENT, "experiment"),
        tags=names.check_tags(tidy_tags(tags)),
        notes=notes,
        notebook=_whereabouts(),
        holder=this_process(),
        author=names.storable(author),
    )


def end_run(status: Status = "completed") -> ActiveRun:
    """End the active run as `completed`, `failed` or `killed`, and return it. Invalid when there is none."""
    if status not in get_args(Status) or status == "running":
        raise Invalid(f"status: {status!r} is not one of completed, failed, killed", field="status")
    run = _needed()
    if run is not _active:
        message = f"run: {run.name} is the notebook's; end it there with %end_run, not inside a session"
        raise Invalid(message, field="run")
    close_run(run, status)
    return run


def close_run(run: ActiveRun, status: Status) -> None:
    """End this run, whether it is the active one or not."""
    global _active
    run.end(status)
    if _active is run:
        _active = None


def active_run() -> ActiveRun | None:
    """The run that log calls go to: this process's own, or in a session the notebook's. None without one."""
    return _active or _run_of_context()


def _run_of_context() -> ActiveRun | None:
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
    return ActiveRun(entry, to._replace(project=run.project or to.project))


def run_context() -> RunContext | None:
    """The active run as it travels with a cell into a session."""
    run = active_run()
    if run is None:
        return None
    return RunContext(
        id=run.id, name=run.name, experiment=run.experiment, started=run.started, project=run.project
    )


def log_metrics(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Append a point to each of these metrics: numbers, or scalars of NumPy or PyTorch; NaN and ±inf too.

    Keys are any text of up to 255 characters. Without `step`, each metric counts up by itself, from 0 or from
    the last step. Raises Invalid, naming the key, for what is no number, and when no run is active.
    """
    (_active or _needed()).log_metrics(metrics, step)


def log_metric(key: str, value: Any, step: int | None = None) -> None:
    """`log_metrics` of one metric."""
    (_active or _needed()).log_metrics({key: value}, step)


def log_params(params: Mapping[str, Any]) -> None:
    """Record params: text, numbers and bools, which keep their type. A param never changes its value.

    Raises Invalid, naming the param, for another type, and for another value than was logged before.
    """
    _needed().log_params(params)


def log_param(key: str, value: Any) -> None:
    """`log_params` of one param."""
    _needed().log_params({key: value})


def set_tags(tags: Tags) -> None:
    """Tag the active run: a dict, or a list of "K" and "K=V". A new value replaces the old one."""
    _needed().set_tags(tags)


def set_tag(key: str, value: str = "") -> None:
    """`set_tags` of one tag; without a value it is a bare tag."""
    _needed().set_tags({key: value})


def list_runs(
    search: str = "",
    *,
    experiment: str = "",
    status: str = "",
    author: str = "",
    limit: int = 100,
    project: str | None = None,
) -> RunTable:
    """Runs, the last started first: those whose name contains `search`, of this experiment, status, author.

    Returns a list of runs with their metrics, which shows itself as a table. Raises Invalid, Unavailable.
    """
    from .run_reading import list_runs as read

    return read(search, experiment=experiment, status=status, author=author, limit=limit, project=project)


def get_run(run: str = "", *, project: str | None = None) -> RunCard:
    """A run by its id, or the newest of this name; the active one when left out. NotFound: what is near."""
    from .run_reading import get_run as read

    if not run:
        active = _needed()
        run, project = active.id, project or active.project or None
    return read(run, project=project)


def get_metric_history(run: str, key: str, *, project: str | None = None) -> MetricHistory:
    """All points of one metric of a run, in the order of step, time and arrival.

    NotFound with the keys that there are, or with the runs whose names are near.
    """
    from .run_reading import get_metric_history as read

    return read(run, key, project=project)


def _needed() -> ActiveRun:
    run = active_run()
    if run is None:
        message = "run: no run is active; start one with %start_run NAME or aip.start_run(NAME)"
        raise Invalid(message, field="run")
    return run


def _whereabouts() -> str:
    """The notebook's path as Jupyter tells it, or the script's."""
    notebook = os.environ.get("JPY_SESSION_NAME", "")
    script = getattr(sys.modules.get("__main__"), "__file__", "") or ""
    return names.storable(redact(notebook or ("" if _is_interactive() else script)))


def _is_interactive() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def _watch_the_end() -> None:
    """End the run with the process: as killed where a person works in it, else by how the script ended."""
    global _watching
    if _watching:
        return
    _watching = True
    atexit.register(_end_with_process)
    if not _is_interactive():
        before = sys.excepthook

        def note(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
            global _failed
            _failed = "failed" if issubclass(kind, Exception) else "killed"
            before(kind, error, traceback)

        sys.excepthook = note


def _end_with_process() -> None:
    if _active is not None and _active.process == os.getpid():
        status: Status = "killed" if _is_interactive() else _failed or "completed"
        with contextlib.suppress(Conflict):
            close_run(_active, status)
