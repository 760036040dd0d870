"""Progress: nothing for what is quick, a line for what is not, and the line goes away."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from aip_jupyter.notebook import progress as module
from aip_jupyter.notebook.progress import Progress, default_show, progress_html, terminal_line


def test_what_is_quick_shows_nothing() -> None:
    shown: list[str] = []
    with Progress("quick", show=lambda progress: shown.append(progress.text)) as progress:
        progress(5)
    assert shown == []


def test_what_is_slow_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(module, "PACE", 0.0)
    seen = threading.Event()
    lines: list[str] = []

    def show(progress: Progress) -> None:
        lines.append("done" if progress.finished else progress.text)
        if "500 B of 2.0 kB" in lines[-1]:
            seen.set()

    with Progress("saving", show=show) as progress:
        progress.begin("uploading m", total=2000)
        progress(500)
        assert seen.wait(30)
    assert lines[-1] == "done"
    assert any(line.startswith("uploading m: 500 B of 2.0 kB, ") for line in lines)


def test_the_line_goes_away_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    started = threading.Event()
    states: list[bool] = []

    def show(progress: Progress) -> None:
        states.append(progress.finished)
        started.set()

    def work() -> None:
        with Progress("saving", show=show):
            assert started.wait(30)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert states[-1] is True


def test_an_unknown_total_is_told_without_numbers() -> None:
    progress = Progress("saving clf")
    assert progress.text == "saving clf …"
    assert "value=" not in progress_html(progress)
    progress.begin("uploading", total=10)
    assert 'max="10"' in progress_html(progress)


def test_in_a_terminal_one_line_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    progress = Progress("saving")
    terminal_line(progress)
    progress.finished = True
    terminal_line(progress)
    assert stderr.getvalue() == "\r\x1b[2Ksaving …\r\x1b[2K"


def test_in_a_pipe_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert default_show() is None
