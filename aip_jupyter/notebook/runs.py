"""Tracking from Python: what `import aip_jupyter as aip` offers to record runs.

    aip.start_run("baseline", experiment="digits")
    aip.log_params({"lr": 0.1})
    for step in range(100):
        aip.log_metrics({"loss": loss}, step=step)
    aip.end_run()

What is logged goes into a journal on the disk and from there to the server: no call waits for it, and none
fails because of it. `run_reading` has the functions that read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..domain.runs import Status
from ..errors import Invalid
from .active_run import ActiveRun
from .run_start import Said, begin, go_on, outer_run
from .run_state import RUNS, needed_run, run_of_context
from .words import Tags


def start_run(
    name: str | None = None,
    *,
    experiment: str | None = None,
    tags: Tags = None,
    notes: str = "",
    nested: bool = False,
    resume: str | ActiveRun | None = None,
    system_metrics: bool = True,
    project: str | None = None,
) -> ActiveRun:
    """Start a run; log calls go to it until it ends. Also usable in a `with` statement, which ends it.

    `experiment` is a named group of runs, made when it is new; without it `set_experiment` says which. `tags`
    are a dict or a list of "K" and "K=V". `nested` makes it a part of the active run; when it ends, that is
    the active one again. `resume` goes on with the run of this id or name: its params and steps are known.
    Without `system_metrics` it does not record what it uses of the machine.

    What the main thread (a cell) starts, all threads log to. What another thread or a task of asyncio starts
    is its own. A forked process logs to its parent's run, and may start its own.

    Raises Invalid, and Conflict while another run is active; for `resume`, NotFound with what is near, and
    Unavailable; for a `project` that is named, NotFound, Denied, and Conflict when it is archived.

        with aip.start_run("baseline", experiment="digits", tags=["demo"]):
            aip.log_metrics({"loss": 0.5})
    """
    outer = outer_run(nested=nested)
    said = Said(name, experiment, tags, notes, project, system_metrics)
    run = begin(said, outer) if resume is None else go_on(resume, said)
    RUNS.enter(run)
    return run


def end_run(status: Status = "completed") -> ActiveRun:
    """End the active run as `completed`, `failed` or `killed`, and return it; the outer one is active again.

    Raises Invalid when there is none, or when it is not this process's to end.

        aip.end_run("failed")
    """
    run = needed_run()
    if run is run_of_context():
        message = f"run: {run.name} is the notebook's; end it there with %end_run, not inside a session"
        raise Invalid(message, field="run")
    if run.process != os.getpid():
        message = f"run: {run.name} is of the process that has started this one; it is ended there"
        raise Invalid(message, field="run")
    run.end(status)
    return run


def log_metrics(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Append a point to each of these metrics: numbers, or scalars of NumPy or PyTorch; NaN and ±inf too.

    Keys are any text of up to 255 characters. Without `step`, each metric counts up by itself, from 0 or from
    the last step. Raises Invalid, naming the key, for what is no number, and when no run is active.

        aip.log_metrics({"loss": 0.5, "val/acc": 0.9}, step=10)
    """
    (RUNS.innermost() or needed_run()).log_metrics(metrics, step)


def log_metric(key: str, value: Any, step: int | None = None) -> None:
    """`log_metrics` of one metric.

    aip.log_metric("loss", 0.5)
    """
    (RUNS.innermost() or needed_run()).log_metrics({key: value}, step)


def log_params(params: Mapping[str, Any]) -> None:
    """Record params: text, numbers and bools, which keep their type. A param never changes its value.

    Raises Invalid, naming the param, for another type, and for another value than was logged before.

        aip.log_params({"lr": 0.1, "optimizer": "adam"})
    """
    needed_run().log_params(params)


def log_param(key: str, value: Any) -> None:
    """`log_params` of one param.

    aip.log_param("lr", 0.1)
    """
    needed_run().log_params({key: value})


def set_tags(tags: Tags) -> None:
    """Tag the active run: a dict, or a list of "K" and "K=V". A new value replaces the old one.

    aip.set_tags(["demo", "team=vision"])
    """
    needed_run().set_tags(tags)


def set_tag(key: str, value: str = "") -> None:
    """`set_tags` of one tag; without a value it is a bare tag.

    aip.set_tag("team", "vision")
    """
    needed_run().set_tags({key: value})


def log_text(text: str, name: str) -> None:
    """Record a text of up to 900,000 characters, such as a prompt or a report, under a name like a path.

    A new text of that name replaces it; `get_text` brings it back. Raises Invalid.

        aip.log_text(classification_report(y, clf.predict(x)), "report.txt")
    """
    needed_run().log_text(text, name)


def update_notes(text: str) -> None:
    """Replace the active run's notes. Raises Invalid for more than 100,000 characters.

    aip.update_notes("with dropout; the learning rate was too high")
    """
    needed_run().update_notes(text)
