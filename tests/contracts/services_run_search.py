"""How runs are found again, compared, deleted and restored, the same in process and over HTTP."""

from __future__ import annotations

import random
from typing import Any

import pytest
from msgspec.structs import replace

from aip_jupyter.domain.comparison import MAX_POINTS, MAX_RUNS, CompareRuns
from aip_jupyter.domain.records import new_id, now_ms
from aip_jupyter.domain.runs import GetHistory, GetRun, ListRuns
from aip_jupyter.domain.texts import GetText, ListTexts
from aip_jupyter.errors import Conflict, Invalid, NotFound
from aip_jupyter.services.interface import Services
from aip_jupyter.services.run_reading import MAX_KEYS
from aip_jupyter.wire.journal import Points, RunEnded, RunStarted, TextLogged

from .services_run_faults import Sender, started


def found(services: Services, **how: Any) -> list[str]:
    """The names of the runs of all pages."""
    request, names = ListRuns(**{"order_by": "name", **how}), []
    while True:
        page = services.runs.list_runs(request)
        names += [detail.run.name for detail in page.items]
        if not page.next_page_token:
            return names
        request = replace(request, page_token=page.next_page_token)


def log_examples(journal: Sender) -> list[RunStarted]:
    """Runs a to d; d has no metric, and still runs."""
    runs = [
        started(
            name=name,
            time=1_700_000_000_000 + n,
            params={"lr": 0.1 * n, "opt": "adam" if n % 2 else "sgd"},
            tags={"my team": name},
        )
        for n, name in enumerate("abcd")
    ]
    for n, run in enumerate(runs):
        journal.send(run)
        if n < 3:
            journal.send(*(Points(run.run, step, 0, {"val/acc": value}) for step, value in _series(n)))
            journal.send(RunEnded(run.run, "completed", run.time + 60_000 * (n + 1)))
    return runs


def _series(n: int) -> list[tuple[int, float]]:
    return list(enumerate([0.5, 0.9 - n / 10, 0.1 * n]))


class RunSearchContract:
    """A part of `RunsContract`."""

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("metrics.val/acc >= 0.1", "b c"),
            ("metrics.'val/acc'.max > 0.75 and metrics.val/acc.min < 0.05", "a"),
            ("params.opt = 'adam' and status = completed", "b"),
            ("status != completed or tags.'my team' in (a, b)", "a b d"),
            ("duration <= 2m", "a b"),
            ("started > '2023-11-14T22:13:20.001Z'", "c d"),
            ("name != 'a' and not_there = 1", ""),
        ],
    )
    def test_runs_are_found_by_what_people_write(
        self, services: Services, journal: Sender, text: str, names: str
    ) -> None:
        log_examples(journal)
        if names:
            assert found(services, filter=text) == names.split()
            return
        with pytest.raises(Invalid) as caught:
            found(services, filter=text)
        assert caught.value.field == "filter"
        assert "▸not_there" in caught.value.message

    def test_runs_are_ordered_by_a_metric_and_paged(self, services: Services, journal: Sender) -> None:
        log_examples(journal)
        for limit in (1, 3, 100):
            assert found(services, order_by="metrics.val/acc desc", limit=limit) == ["c", "b", "a", "d"]
            assert found(services, order_by="metrics.val/acc", limit=limit) == ["a", "b", "c", "d"]
            assert found(services, order_by="metrics.val/acc.max", limit=limit) == ["c", "b", "a", "d"]
            assert found(services, order_by="duration desc", limit=limit) == ["c", "b", "a", "d"]
            assert found(services, order_by="params.lr desc", limit=limit) == ["d", "c", "b", "a"]
        with pytest.raises(Invalid) as caught:
            found(services, order_by="metrics desc")
        assert caught.value.field == "order_by"

    def test_parts_of_runs(self, services: Services, journal: Sender) -> None:
        whole = started(name="whole")
        parts = [started(name=f"part {n}", parent=whole.run) for n in range(3)]
        journal.send(whole, *parts, started(name="alone"))
        assert found(services, top=True) == ["alone", "whole"]
        assert found(services, parent=whole.run) == ["part 0", "part 1", "part 2"]
        assert found(services, filter=f"parent = '{whole.run}' and name contains 2") == ["part 2"]
        listed = services.runs.list_runs(ListRuns(top=True, order_by="name")).items
        assert [detail.children for detail in listed] == [0, 3]
        assert services.runs.get_run(GetRun(run="whole")).children == 3

    def test_contact_is_lost_after_three_beats(self, services: Services, journal: Sender) -> None:
        ended = started(name="ended", time=1)
        journal.send(ended, RunEnded(ended.run, "completed", 2))
        journal.send(started(name="fresh", time=now_ms()))
        lost = {detail.run.name: detail.is_lost for detail in services.runs.list_runs(ListRuns()).items}
        assert lost == {"ended": False, "fresh": False}

    def test_some_points_of_a_history(self, services: Services, journal: Sender) -> None:
        run, dice = started(), random.Random(3)
        values = [dice.random() for _ in range(500)]
        journal.send(run, *(Points(run.run, step, step, {"m": value}) for step, value in enumerate(values)))
        some = services.runs.get_history(GetHistory(run=run.run, key="m", points=50))
        assert len(some.steps) == len(some.times) == len(some.values) <= 50
        assert {0, 499, values.index(min(values)), values.index(max(values))} <= set(some.steps)
        assert some.values == [values[step] for step in some.steps]
        assert services.runs.get_history(GetHistory(run=run.run, key="m", points=500)).values == values
        for points in (-1, 1, 3):
            with pytest.raises(Invalid) as caught:
                services.runs.get_history(GetHistory(run=run.run, key="m", points=points))
            assert caught.value.field == "points"

    def test_of_very_many_metrics_and_texts_a_message_names_some(
        self, services: Services, journal: Sender
    ) -> None:
        run, many = started(), [f"layer/{number:03}" for number in range(120)]
        texts = [TextLogged(run.run, name, "x") for name in many]
        journal.send(run, Points(run.run, 0, 0, dict.fromkeys(many, 1.0)), *texts)
        for ask in (
            lambda: services.runs.get_history(GetHistory(run=run.run, key="layer/12")),
            lambda: services.runs.get_text(GetText(run=run.run, name="layer/12")),
        ):
            with pytest.raises(NotFound, match=r"layer/019 and 100 more$") as caught:
                ask()
            assert "layer/012" in caught.value.nearest

    def test_runs_side_by_side(self, services: Services, journal: Sender) -> None:
        runs = log_examples(journal)
        asked = ["c", runs[0].run, "c", runs[3].run]
        comparison = services.runs.compare_runs(CompareRuns(runs=asked, keys=["val/acc", "none"]))
        assert [detail.run.name for detail in comparison.runs] == ["c", "a", "d"]
        assert [of_run.run for of_run in comparison.histories] == [
            detail.run.id for detail in comparison.runs
        ]
        assert [len(of_run.histories) for of_run in comparison.histories] == [1, 1, 0]
        assert comparison.histories[0].histories[0].values == [value for _, value in _series(2)]
        whole = CompareRuns(runs=["a"], keys=["val/acc", *map(str, range(9))], points=0)
        assert services.runs.compare_runs(whole).histories[0].histories[0].steps
        assert services.runs.compare_runs(CompareRuns(runs=[])).runs == []
        assert services.runs.compare_runs(CompareRuns(runs=["a"])).histories == []
        with pytest.raises(NotFound) as missing:
            services.runs.compare_runs(CompareRuns(runs=["a", "bb"]))
        assert "'bb'" in missing.value.message
        for field, request in (
            ("runs", CompareRuns(runs=["a"] * (MAX_RUNS + 1))),
            ("keys", CompareRuns(runs=["a"], keys=["m"] * (MAX_KEYS + 1))),
            ("points", CompareRuns(runs=["a"], keys=["m"], points=2)),
            ("points", CompareRuns(runs=["a", "c"], keys=["val/acc", *"abcde"], points=0)),
            ("points", CompareRuns(runs=["a", "c"], keys=["val/acc", *"abcde"], points=MAX_POINTS // 11)),
        ):
            with pytest.raises(Invalid) as caught:
                services.runs.compare_runs(request)
            assert caught.value.field == field

    def test_texts_of_a_run(self, services: Services, journal: Sender) -> None:
        run = started()
        journal.send(run, TextLogged(run.run, "notes/b", "模型"), TextLogged(run.run, "notes/a", "x", True))
        listed = services.runs.list_texts(ListTexts(run="baseline"))
        assert [(text.name, text.length, text.captured) for text in listed] == [
            ("notes/a", 1, True),
            ("notes/b", 2, False),
        ]
        assert services.runs.get_text(GetText(run=run.run, name="notes/b")).text == "模型"
        with pytest.raises(NotFound) as caught:
            services.runs.get_text(GetText(run=run.run, name="notes/c"))
        assert (caught.value.field, caught.value.nearest) == ("name", ["notes/b", "notes/a"])

    def test_what_is_deleted_is_out_of_sight_and_comes_back(
        self, services: Services, journal: Sender
    ) -> None:
        whole = started(name="whole")
        parts = [started(name="part", parent=whole.run), started(name="gone before", parent=whole.run)]
        below = started(name="below", parent=parts[0].run)
        every = [whole, *parts, below]
        journal.send(*every, *(RunEnded(run.run, "completed", run.time) for run in every))
        journal.send(Points(whole.run, 0, 0, {"m": 1.0}), started(name="other"))
        assert services.runs.delete_run(GetRun(run="gone before")).run.state == "ARCHIVED"
        deleted = services.runs.delete_run(GetRun(run="whole"))
        assert (deleted.run.state, deleted.run.id) == ("ARCHIVED", whole.run)
        assert services.runs.delete_run(GetRun(run=whole.run)).run == deleted.run
        assert found(services) == ["other"]
        assert found(services, deleted=True) == ["below", "gone before", "part", "whole"]
        with pytest.raises(NotFound):
            services.runs.get_run(GetRun(run="whole"))
        assert services.runs.get_run(GetRun(run=whole.run)).run.name == "whole"
        assert services.runs.get_history(GetHistory(run=whole.run, key="m")).values == [1.0]
        with pytest.raises(Conflict, match="restore that"):
            services.runs.restore_run(GetRun(run="part"))
        restored = services.runs.restore_run(GetRun(run="whole"))
        assert (restored.run.state, restored.run.properties, restored.children) == ("LIVE", {}, 1)
        assert found(services) == ["below", "other", "part", "whole"]
        assert services.runs.restore_run(GetRun(run=whole.run)).run == restored.run
        services.runs.restore_run(GetRun(run="gone before"))
        assert found(services, deleted=True) == []
        with pytest.raises(NotFound) as caught:
            services.runs.restore_run(GetRun(run="whole"))
        assert caught.value.field == "run"

    def test_the_one_deleted_last_is_restored_by_its_name(self, services: Services, journal: Sender) -> None:
        runs = [started(time=1), started(time=2)]
        journal.send(*runs, *(RunEnded(run.run, "failed", 3) for run in runs))
        for run in reversed(runs):
            services.runs.delete_run(GetRun(run=run.run))
            services.runs.list_runs(ListRuns())
        restored = services.runs.restore_run(GetRun(run="baseline")).run
        times = [services.runs.get_run(GetRun(run=run.run)).run.properties.get("deleted", 0) for run in runs]
        assert restored.id == runs[times.index(0)].run
        with pytest.raises(NotFound) as caught:
            services.runs.restore_run(GetRun(run="base"))
        assert caught.value.nearest == ["baseline"]

    def test_a_run_in_contact_is_not_deleted(self, services: Services, journal: Sender) -> None:
        whole = started(name="whole", time=1)
        journal.send(whole, RunEnded(whole.run, "completed", 2))
        journal.send(started(name="part", parent=whole.run, time=now_ms()))
        for name in ("part", "whole"):
            with pytest.raises(Conflict) as caught:
                services.runs.delete_run(GetRun(run=name))
            assert caught.value.message == "run: part is running; end it before it is deleted"
        assert found(services) == ["part", "whole"]
        with pytest.raises(NotFound):
            services.runs.delete_run(GetRun(run=new_id()))
