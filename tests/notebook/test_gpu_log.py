"""The last lines of a session's output, with as little reading as they need."""

from __future__ import annotations

from typing import Any, cast

import pytest

from aip_jupyter.domain.sessions import GetOutput, OutputMessage, SessionOutput
from aip_jupyter.notebook.gpu_log import read_log
from aip_jupyter.services.interface import Sessions


def message(number: int, type: str, **content: Any) -> OutputMessage:
    return OutputMessage(number=number, time=0, cell="c", type=type, content=content, metadata={})


class Journal:
    """As much of a session's output as is asked for."""

    def __init__(self, messages: list[OutputMessage]) -> None:
        self._messages = messages
        self.read = 0

    def get_output(self, request: GetOutput) -> SessionOutput:
        newest = self._messages[-1].number if self._messages else 0
        after = request.after if request.after >= 0 else max(newest + request.after, 0)
        found = [each for each in self._messages if each.number > after][: request.limit]
        self.read += len(found)
        return SessionOutput(messages=found, oldest=1, newest=found[-1].number if found else newest)


def log(journal: Journal, lines: int) -> str:
    return read_log(cast(Sessions, journal), GetOutput(session="s"), lines)


def test_streams_results_and_tracebacks_are_lines_and_the_rest_is_none() -> None:
    journal = Journal(
        [
            message(1, "execute_input", code="x"),
            message(2, "stream", text="begun ", name="stdout"),
            message(3, "stream", text="here\n", name="stdout"),
            message(4, "display_data", data={"image/png": "aGk="}),
            message(5, "execute_result", data={"text/plain": "42"}),
            message(6, "error", traceback=["Traceback", "ZeroDivisionError: no"]),
        ]
    )
    assert log(journal, 100) == "begun here\n42\nTraceback\nZeroDivisionError: no"
    assert log(journal, 1) == "ZeroDivisionError: no"
    assert log(Journal([]), 1) == ""


@pytest.mark.parametrize(("lines", "read"), [(100, 500), (400, 500), (700, 500 + 5000)])
def test_no_more_is_read_than_the_lines_need(lines: int, read: int) -> None:
    journal = Journal([message(n, "stream", text=f"line {n}\n", name="stdout") for n in range(1, 5001)])
    assert log(journal, lines).splitlines() == [f"line {n}" for n in range(5001 - lines, 5001)]
    assert journal.read == read


def test_a_line_that_began_before_what_is_read_is_not_cut() -> None:
    parts = [message(n, "stream", text="x" if n % 100 else "x\n", name="stdout") for n in range(1, 1001)]
    assert log(Journal(parts), 5) == "\n".join(["x" * 100] * 5)
