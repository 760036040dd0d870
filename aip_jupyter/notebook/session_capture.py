"""What a session adds to the notebook's run, unasked: what it runs on, and what its cells use of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..client.context import Context, get_context
from ..client.forking import without_forks
from ..domain.records import PropertyValue
from ..services.settings import working_folder
from .active_run import ActiveRun
from .capture_code import notebook_shell
from .capture_machine import look_at_machine
from .capture_record import Record
from .run_capture import RECORDER, is_on
from .system_metrics import SAMPLER

_run: ActiveRun | None = None
"""The notebook's, while its cells run here."""


def joined(run: ActiveRun) -> None:
    """A cell of this session logs to the notebook's run. Takes microseconds."""
    global _run
    context, shell = get_context(), notebook_shell()
    if context is None or shell is None:
        return
    if _run is None:
        shell.events.register("pre_run_cell", _cell_begins)
        shell.events.register("post_run_cell", _cell_ends)
    else:
        SAMPLER.end(_run)
    _run = run
    _measure(run, context)
    RECORDER.add(partial(_find_out, run, context))


def _measure(run: ActiveRun, context: Context) -> None:
    SAMPLER.begin(run, prefix=f"system/{context.session}")


def _cell_begins(info: Any) -> None:
    context = get_context()
    if _run is not None and context is not None and context.run is not None and context.run.id == _run.id:
        _measure(_run, context)


def _cell_ends(result: Any) -> None:
    """Nobody tells here when the notebook's run ends: between cells it is not measured."""
    if _run is not None:
        SAMPLER.end(_run)


def _find_out(run: ActiveRun, context: Context) -> None:
    if not is_on():
        return
    with without_forks():
        found = look_at_machine()
    facts: dict[str, PropertyValue] = {
        f"session.{context.session}.{key}": value for key, value in found.items()
    }
    if context.request:
        facts["gpu_request"] = context.request
    Record(run, working_folder()).state(facts)
