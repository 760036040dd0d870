"""Signs of life: at once, then now and then, for the runs that this process stands for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.client import beats, context
from aip_jupyter.client.beats import Beats
from aip_jupyter.client.connect import Connection, connect, destination
from aip_jupyter.client.context import Context, RunContext
from aip_jupyter.client.journal import Journal
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import GetRun, RunBeat
from aip_jupyter.errors import Unavailable
from aip_jupyter.services.contact import BEAT
from aip_jupyter.services.runs import LocalRuns
from aip_jupyter.wire.journal import RunStarted, encode_entry


@pytest.fixture(autouse=True)
def closed(home: Path) -> Iterator[None]:
    """No journal of another test, and none left for one."""
    JOURNALS.close()
    yield
    JOURNALS.close()


class Clock:
    """A clock that tests set."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(beats, "time", clock)
    return clock


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The runs of each beat that was sent."""
    found: list[list[str]] = []
    monkeypatch.setattr(LocalRuns, "beat", lambda self, request: found.append(request.runs))
    return found


@pytest.fixture
def connection(home: Path) -> Connection:
    return connect()


@pytest.fixture
def journal(home: Path) -> Journal:
    return Journal(home, "default", "a store", lambda: None, lambda: None)


def test_a_run_is_heard_of_from_its_first_moment(home: Path) -> None:
    journal = JOURNALS.journal(destination())
    id = new_id()
    # Its process's clock is an hour behind: that it is heard of does not go by it.
    journal.append(encode_entry(RunStarted(id, now_ms() - 3_600_000, "baseline", "digits")))
    journal.running[id] = True
    assert not JOURNALS.flush(60)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        detail = connect().services.runs.get_run(GetRun(run=id))
        if detail.run.beat:
            break
        time.sleep(0.02)
    assert abs(detail.run.beat - now_ms()) < 60_000
    assert not detail.is_lost


def test_beats_go_by_a_clock_that_nobody_sets(
    journal: Journal, connection: Connection, clock: Clock, said: list[list[str]], monkeypatch: Any
) -> None:
    beats_of = Beats()
    journal.running["a"] = True
    for jump in (0, -(10**12), 10**12):  # what the time of day is does not matter
        monkeypatch.setattr("time.time_ns", lambda jump=jump: 1_700_000_000_000_000_000 + jump)
        beats_of.send(journal, connection)
    assert said == [["a"]]
    clock.now += BEAT / 1000 - 1
    beats_of.send(journal, connection)
    assert said == [["a"]]
    clock.now += 2
    beats_of.send(journal, connection)
    assert said == [["a"], ["a"]]


def test_a_new_run_is_spoken_for_at_once_and_one_that_ended_no_more(
    journal: Journal, connection: Connection, clock: Clock, said: list[list[str]]
) -> None:
    beats_of = Beats()
    assert not beats_of.are_due(journal)
    journal.running["b"] = True
    beats_of.send(journal, connection)
    journal.running["a"] = True
    beats_of.send(journal, connection)
    del journal.running["b"]
    beats_of.send(journal, connection)
    clock.now += BEAT
    beats_of.send(journal, connection)
    del journal.running["a"]
    clock.now += BEAT
    beats_of.send(journal, connection)
    assert said == [["b"], ["a", "b"], ["a"]]


def test_one_that_failed_is_tried_again_soon_but_not_at_once(
    journal: Journal, connection: Connection, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fail(self: LocalRuns, request: RunBeat) -> None:
        tried.append(request)
        raise Unavailable("not now")

    monkeypatch.setattr(LocalRuns, "beat", fail)
    beats_of = Beats()
    journal.running["a"] = True
    beats_of.send(journal, connection)
    assert not beats_of.are_due(journal)
    clock.now += beats.RETRY + 1
    beats_of.send(journal, connection)
    assert len(tried) == 2


def test_a_session_speaks_for_the_notebooks_run_while_its_cells_log_to_it(
    journal: Journal, connection: Connection, clock: Clock, said: list[list[str]]
) -> None:
    beats_of = Beats()
    journal.running |= {"own": True, "joined": False}

    def cell_of(run: str | None) -> None:
        of = None if run is None else RunContext(id=run, name="n", experiment="e", started=0)
        context.set_context(Context(project="default", run=of))
        clock.now += BEAT
        beats_of.send(journal, connection)

    try:
        for run in ("joined", "another", None):
            cell_of(run)
    finally:
        context._current = None
    assert said == [["joined", "own"], ["own"], ["own"]]
