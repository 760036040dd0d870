"""The end of a cell waits for what it has logged, as long as that helps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect, disconnect
from aip_jupyter.client.journals import JOURNALS, Waiting
from aip_jupyter.domain.runs import GetRun
from aip_jupyter.notebook import run_state
from aip_jupyter.sessions import storing
from aip_jupyter.sessions.storing import store_logged


@pytest.fixture
def waits(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long was waited for the store, each time; nothing is left behind."""
    monkeypatch.setattr(storing, "PATIENCE", 60.0)
    found: list[float] = []
    flush = JOURNALS.flush

    def noted(patience: float) -> Waiting:
        found.append(patience)
        return flush(patience)

    monkeypatch.setattr(JOURNALS, "flush", noted)
    yield found
    run_state.forget_all()
    JOURNALS.close()
    disconnect()


def test_what_was_logged_is_there(waits: list[float]) -> None:
    store_logged()
    assert waits == []
    with aip.start_run("told") as run:
        run.log_metric("loss", 0.5)
    store_logged()
    assert waits == [60.0]
    (metric,) = connect().services.runs.get_run(GetRun(run=run.id)).metrics
    assert metric.last == 0.5


def test_a_server_that_is_down_is_waited_for_once(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("AIP_URL", "http://127.0.0.1:9/")
        disconnect()
        with aip.start_run("told") as run:
            run.log_metric("loss", 0.5)
            store_logged()
            run.log_metric("loss", 0.4)
        store_logged()
        assert waits == [60.0]
        JOURNALS.close()
    disconnect()
    with aip.start_run("next"):
        pass
    assert not JOURNALS.flush(60)
    store_logged()
    with aip.start_run("last"):
        pass
    store_logged()
    assert waits == [60.0, 60, 60.0]
