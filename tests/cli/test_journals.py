"""`aip flush`: what is left over is stored, shown, put elsewhere or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.cli.main import main
from aip_jupyter.client.connect import Destination, connect, destination, disconnect
from aip_jupyter.client.journal import Journal
from aip_jupyter.domain.access import CreateProject, GetProject
from aip_jupyter.domain.datasets import GetDataset, LogDataset
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import GetHistory, GetRun, ListRuns
from aip_jupyter.services.journal_files import damaged_journals, journals_folder, left_journals
from aip_jupyter.services.journal_moves import left
from aip_jupyter.services.journals import send
from aip_jupyter.wire.journal import (
    AnyEntry,
    DatasetUsed,
    Points,
    RunEnded,
    RunStarted,
    Tags,
    encode_entry,
)

from ..support.live import free_port


@pytest.fixture(autouse=True)
def closed(home: Path) -> Iterator[None]:
    """No connection of another test."""
    yield
    disconnect()


def leave(to: Destination, *entries: AnyEntry) -> str:
    """A journal of these entries that nobody owns any more."""
    journal = Journal(to.home, to.project, to.store, lambda: None, lambda: None)
    for entry in entries:
        journal.append(encode_entry(entry))
    journal.close()
    return left_journals(to.home)[-1]


def a_run(name: str = "baseline", count: int = 3) -> list[AnyEntry]:
    """All entries of a run."""
    id = new_id()
    points = [Points(id, step, step, {"m": float(step)}) for step in range(count)]
    return [RunStarted(id, 1000, name, "digits"), *points, RunEnded(id, "completed", 2000)]


def steps_of(run: str, project: str) -> list[int]:
    return connect().services.runs.get_history(GetHistory(project=project, run=run, key="m")).steps


def archived(name: str) -> str:
    """A project that takes nothing any more."""
    projects = connect().services.projects
    projects.create_project(CreateProject(name=name))
    projects.archive_project(GetProject(project=name))
    return name


def test_what_is_left_is_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave(destination()._replace(project="vision"), *a_run("first"), *a_run("second"))
    leave(destination()._replace(store="server http://gone/"), *a_run())
    assert main(["flush", "--list"]) == 0
    [_, header, *rows] = capsys.readouterr().out.splitlines()
    assert header.split() == ["JOURNAL", "BEGUN", "RECORDS", "PROJECT", "STORE", "RUNS", "FAULT"]
    ids = left_journals(home)
    assert [row.split()[0] for row in rows] == ids
    assert [row.split()[2] for row in rows] == ["10", "5"]
    assert ("vision" in rows[0], "first, second" in rows[0], "server http://gone/" in rows[1]) == (True,) * 3


def test_what_is_kept_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_project = leave(destination()._replace(project=archived("vision")), *a_run())
    of_server = leave(destination()._replace(store="server http://gone/"), *a_run())
    assert main(["flush"]) == 1
    [first, second] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("KEPT")]
    assert "%aip project restore vision" in first
    assert f"aip flush {of_project} --project NAME" in first
    assert "AIP_URL=http://gone/ aip flush" in second
    assert f"aip flush {of_server} --project NAME" in second
    assert left_journals(home) == sorted([of_project, of_server])


def test_a_server_that_does_not_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIP_URL", f"http://127.0.0.1:{free_port()}/")
    leave(destination(), *a_run())
    assert main(["flush"]) == 1
    said = capsys.readouterr()
    assert "5 records in 1 journal: aip flush --list" in said.out
    assert said.err.startswith("Unavailable: ")
    assert main(["flush", "--list"]) == 0
    assert len(left_journals(home)) == 1


def test_only_those_that_are_named_are_stored(home: Path) -> None:
    first, second = (leave(destination(), *a_run(name)) for name in ("one", "two"))
    assert main(["flush", second]) == 0
    assert left_journals(home) == [first]
    assert [detail.run.name for detail in connect().services.runs.list_runs(ListRuns()).items] == ["two"]


def test_a_journal_of_another_server_is_put_here(home: Path) -> None:
    entries = a_run()
    id = leave(destination()._replace(store="server http://gone/", project="vision"), *entries)
    assert main(["flush", id[:20], "--project", "default"]) == 0
    assert left_journals(home) == []
    run = connect().services.runs.get_run(GetRun(run=entries[0].run)).run
    assert (run.name, run.status, run.notes) == ("baseline", "completed", "")
    assert steps_of(run.id, "default") == [0, 1, 2]


def test_a_journal_of_a_project_that_is_gone_is_put_into_another(home: Path) -> None:
    """Its run and data are known there already, by their ids: in the other project they have others."""
    projects = connect().services.projects
    projects.create_project(CreateProject(name="vision"))
    start, *rest = a_run(count=5)
    data = LogDataset(id=new_id(), name="digits", digest="ab" * 32)
    whole = [start, DatasetUsed(start.run, data), *rest]
    to = destination()._replace(project="vision")
    journal = Journal(home, "vision", to.store, lambda: None, lambda: None)
    for entry in whole:
        journal.append(encode_entry(entry))
    send(connect().services.runs, "vision", journal.id, 0, journal.read(500))
    known = len(steps_of("baseline", "vision"))
    journal.close()
    projects.archive_project(GetProject(project="vision"))
    [id] = left_journals(home)
    assert main(["flush", id]) == 1
    assert main(["flush", id, "--project", "default"]) == 0
    assert left_journals(home) == []
    run = connect().services.runs.get_run(GetRun(run="baseline")).run
    assert run.id != whole[0].run
    assert (run.status, steps_of(run.id, "default")) == ("completed", list(range(5)))
    used = connect().services.datasets.get_dataset(GetDataset(dataset="digits"))
    assert (used.dataset.id != data.id, [use.run_id for use in used.uses]) == (True, [run.id])
    assert 0 < known < 5
    assert steps_of("baseline", "vision") == list(range(known))


def test_a_run_whose_beginning_was_stored_elsewhere_begins_anew(home: Path) -> None:
    to = destination()._replace(project=archived("vision"))
    run = new_id()
    id = leave(to, Points(run, 7, 7, {"m": 7.0}), Tags(run, {"a": "b"}))
    assert main(["flush", id, "--project", "default"]) == 0
    [detail] = connect().services.runs.list_runs(ListRuns()).items
    assert detail.run.name == f"run-{run[-6:]}"
    assert "project 'vision'" in detail.run.notes
    assert (detail.run.tags, detail.metrics[0].count) == ({"a": "b"}, 1)


def test_what_was_put_elsewhere_is_stored_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the first attempt was cut behind all that it had sent."""
    id = leave(destination()._replace(store="server http://gone/"), *a_run())
    with monkeypatch.context() as cut:
        cut.setattr("aip_jupyter.services.journal_moves.remove_journal", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            main(["flush", id, "--project", "default"])
    assert main(["flush", id, "--project", "default"]) == 0
    assert steps_of("baseline", "default") == [0, 1, 2]
    assert left_journals(home) == []


def test_where_it_belongs_a_run_keeps_its_id(home: Path) -> None:
    entries = a_run()
    id = leave(destination(), *entries)
    assert main(["flush", id, "--project", "default"]) == 0
    assert connect().services.runs.get_run(GetRun(run="baseline")).run.id == entries[0].run
    assert left_journals(home) == []


def test_dropping_asks_first(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (leave(destination(), *a_run()) for _ in range(2))
    assert main(["flush", "--drop"]) == 1  # which?
    assert main(["flush", first, "--drop"]) == 1  # nobody is there to ask
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "")
    assert main(["flush", first, "--drop"]) == 1
    assert left_journals(home) == sorted([first, second])
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert main(["flush", first, "--drop"]) == 0
    assert main(["flush", second, "--drop", "--yes"]) == 0
    assert left_journals(home) == []
    assert connect().services.runs.list_runs(ListRuns()).items == []


def test_what_cannot_be_read_is_shown_and_dropped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = leave(destination(), *a_run())
    (journals_folder(home) / nobody / "journal.json").unlink()
    damaged = leave(destination(), *a_run(count=100))
    [segment] = (journals_folder(home) / damaged).glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[3000] ^= 1
    segment.write_bytes(data)
    assert main(["flush"]) == 1
    assert main(["flush", "--list"]) == 0
    said = capsys.readouterr().out
    assert "journal.json is missing" in said
    assert "set aside, because it is damaged" in said
    assert damaged_journals(home) == [f"damaged-{damaged}"]
    assert main(["flush", nobody, f"damaged-{damaged}", "--drop", "--yes"]) == 0
    assert left(home) == []


@pytest.mark.parametrize("words", [["x"], ["../.."], ["x", "--drop", "--yes"], ["x", "--project", "default"]])
def test_a_journal_that_is_not_there(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    leave(destination(), *a_run())
    assert main(["flush", *words]) == 1
    assert "aip flush --list" in capsys.readouterr().err
    assert len(left_journals(home)) == 1


def test_a_project_that_is_not_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    id = leave(destination(), *a_run())
    assert main(["flush", id, "--project", "nowhere"]) == 1
    assert "no project 'nowhere'" in capsys.readouterr().err
    assert left_journals(home) == [id]
