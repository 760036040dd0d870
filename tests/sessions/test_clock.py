"""The idle clock of a session: whoever sets the clock of the machine ends no session, and keeps none."""

from __future__ import annotations

import os
from pathlib import Path

from .agents import running_agent, spec, wait_for
from .cells import run_cells

_CLOCK = """
import time
real, asked = time.time_ns, 0
def time_ns():
    global asked
    asked += 1
    return real() + asked * {step}
time.time_ns, time.time = time_ns, lambda: time_ns() / 1e9
"""
HOUR = 3_600_000_000_000


def _with_a_clock(folder: Path, step: int) -> dict[str, str]:
    """Variables under which Python's clock is set by so many nanoseconds whenever somebody looks at it."""
    (folder / "clock").mkdir()
    (folder / "clock" / "sitecustomize.py").write_text(_CLOCK.format(step=step))
    return {**os.environ, "PYTHONPATH": str(folder / "clock")}


def test_a_clock_that_is_set_forward_ends_no_session(tmp_path: Path) -> None:
    environ = _with_a_clock(tmp_path, HOUR)
    with running_agent(tmp_path / "session", environ=environ) as agent:
        begun = agent.until("idle").session
        (reply,) = run_cells(agent.grant, "1")
        assert reply["status"] == "ok"
        wait_for(lambda: agent.record.session.cells == 1)
        assert agent.until("idle").session.active - begun.active >= HOUR // 1_000_000, "the clock was set"


def test_a_clock_that_is_set_back_keeps_no_session(tmp_path: Path) -> None:
    folder, environ = tmp_path / "session", _with_a_clock(tmp_path, -HOUR)
    with running_agent(folder, spec(folder, idle=0.3), environ) as agent:
        assert agent.process.wait(30) == 0
        assert agent.record.session.reason == "it had run no cell for 0.3 seconds"
