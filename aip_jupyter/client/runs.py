"""Experiments and runs over HTTP."""

from __future__ import annotations

from ..domain.comparison import CompareRuns, Comparison
from ..domain.pages import Page
from ..domain.runs import (
    Experiment,
    GetHistory,
    GetRun,
    History,
    ListExperiments,
    ListRuns,
    RunBeat,
    RunDetail,
    Stored,
    StoreJournal,
)
from ..domain.texts import GetText, ListTexts, Text, TextInfo
from .transport import Transport


class HttpRuns:
    """`services.interface.Runs` over HTTP."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def store_journal(self, request: StoreJournal) -> Stored:
        reply: Stored = self._call("runs.store_journal", request)
        return reply

    def list_experiments(self, request: ListExperiments) -> Page[Experiment]:
        reply: Page[Experiment] = self._call("runs.list_experiments", request)
        return reply

    def list_runs(self, request: ListRuns) -> Page[RunDetail]:
        reply: Page[RunDetail] = self._call("runs.list_runs", request)
        return reply

    def get_run(self, request: GetRun) -> RunDetail:
        reply: RunDetail = self._call("runs.get_run", request)
        return reply

    def get_history(self, request: GetHistory) -> History:
        reply: History = self._call("runs.get_history", request)
        return reply

    def compare_runs(self, request: CompareRuns) -> Comparison:
        reply: Comparison = self._call("runs.compare_runs", request)
        return reply

    def delete_run(self, request: GetRun) -> RunDetail:
        reply: RunDetail = self._call("runs.delete_run", request)
        return reply

    def restore_run(self, request: GetRun) -> RunDetail:
        reply: RunDetail = self._call("runs.restore_run", request)
        return reply

    def list_texts(self, request: ListTexts) -> list[TextInfo]:
        reply: list[TextInfo] = self._call("runs.list_texts", request)
        return reply

    def get_text(self, request: GetText) -> Text:
        reply: Text = self._call("runs.get_text", request)
        return reply

    def beat(self, request: RunBeat) -> None:
        self._call("runs.beat", request)
