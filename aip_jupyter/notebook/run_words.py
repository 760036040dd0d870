"""Runs in words: how one stands, how long it took, its numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..domain.records import now_ms
from ..domain.runs import Number, Run, RunDetail
from .display import Html, dim, element

if TYPE_CHECKING:
    from ..client.journals import Waiting

LOST = "lost contact"
_GLYPHS = {"running": "●", "completed": "✓", "failed": "✗", "killed": "■", LOST: "◌"}
_CLASSES = {"completed": "aip-ok", "failed": "aip-bad", LOST: "aip-bad", "killed": "aip-dim"}


def status_of(detail: RunDetail) -> str:
    """What is known of it: its status, or that its process is not heard of any more."""
    return LOST if detail.is_lost else detail.run.status


def status_text(detail: RunDetail) -> str:
    """The status with its glyph, and what it ran on."""
    status = status_of(detail)
    return f"{_GLYPHS[status]} {status}{_device(detail.run)}"


def status_html(detail: RunDetail) -> Html:
    """The same; the exact meaning where the mouse rests on it."""
    status = status_of(detail)
    kind = {"class_": _CLASSES[status]} if status in _CLASSES else {}
    if status == LOST:
        kind["title"] = "It says that it runs, but its process was not heard of for 90 seconds"
    return element("span", status_text(detail), style="white-space:nowrap", **kind)


def _device(run: Run) -> str:
    return f" on {run.device}" if run.device else ""


def run_link(run: Run, label: str = "") -> Html:
    """The run's name; a click opens its page where JupyterLab has our sidebar, elsewhere it is text."""
    where = json.dumps({"project": run.project, "run": run.id, "name": run.name})
    return element(
        "a",
        label or run.name,
        title=f"{run.name} ({run.id})",
        data_commandlinker_command="aip:open-run",
        data_commandlinker_args=where,
    )


def number_text(value: Number) -> str:
    """Six digits are enough to read."""
    return f"{float(value):.6g}"


def duration_text(run: Run) -> str:
    """From start to end, or until now."""
    end = now_ms() if run.ended is None and run.status == "running" else run.ended
    if end is None or end < run.started:
        return ""
    seconds = (end - run.started) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min {int(seconds % 60)} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def waiting_notes(waiting: Waiting | None) -> list[str]:
    """What a reader has to know: that something is not stored yet."""
    return [f"{waiting}."] if waiting else []


def folded(title: str, *children: str | None) -> Html:
    """What is not for everybody: a line that opens."""
    return element("details", element("summary", dim(title), style="cursor:pointer"), *children)


def count_text(count: int, one: str, many: str = "") -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
