"""The output journal: every message once, in order, within its size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aip_jupyter.backends.gpus.remains import output_of
from aip_jupyter.domain.sessions import Session
from aip_jupyter.sessions.journal import FILES, OutputJournal
from aip_jupyter.wire.agent import BEHIND_ALL, Order, Output


def numbers(entries: list[bytes]) -> list[int]:
    return [msgspec.msgpack.decode(entry, type=Output).number for entry in entries]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[OutputJournal]:
    journal = OutputJournal(tmp_path, size=80_000)
    yield journal
    journal.close()


def test_messages_come_back_as_they_were_from_any_number_on(journal: OutputJournal) -> None:
    frames = [b"{}", b"{}", b"{}", b'{"text":"x"}', b"\x00\x01"]
    assert journal.read(0) == ([], 0)
    assert [journal.append(7, frames) for _ in range(5)] == [1, 2, 3, 4, 5]
    entries, newest = journal.read(2)
    assert numbers(entries) == [3, 4, 5]
    assert newest == 5
    assert msgspec.msgpack.decode(entries[0], type=Output) == Output(3, 7, frames)
    assert journal.read(5) == ([], 5)
    assert journal.read(99) == ([], 5)


def test_a_read_is_limited_and_goes_on_where_it_ended(journal: OutputJournal) -> None:
    for _ in range(10):
        journal.append(0, [b"x" * 100])
    found, after = [], 0
    while after < journal.newest:
        entries, after = journal.read(after, limit=250)
        assert 1 <= len(entries) <= 3
        found += numbers(entries)
    assert found == list(range(1, 11))
    assert numbers(journal.read(0, limit=1)[0]) == [1]  # one that is larger than the limit comes all the same


def test_the_oldest_go_when_there_is_too_much_and_that_is_told(
    journal: OutputJournal, tmp_path: Path
) -> None:
    for _ in range(1000):
        journal.append(0, [b"x" * 1000])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 80_000
    assert len(list(tmp_path.iterdir())) == FILES
    assert journal.newest == 1000
    assert journal.oldest > 900
    entries, newest = journal.read(0, limit=10**9)
    assert numbers(entries) == list(range(journal.oldest, 1001))
    assert newest == 1000


def remains(folder: Path, after: int = 0) -> tuple[list[int], int, int]:
    """What is read of the files of one that was closed: the numbers, the oldest and the newest."""
    session = Session(id="0" * 32, name="big", gpu="cpu", state="dead", created=0, active=0)
    answer = output_of(folder, session, Order(do="output", after=after))
    return numbers(answer.messages), answer.oldest, answer.newest


def test_a_closed_one_can_still_be_read(journal: OutputJournal, tmp_path: Path) -> None:
    assert remains(tmp_path) == ([], 0, 0)
    for _ in range(100):
        journal.append(0, [b"x" * 1000])
    expected, oldest = list(range(journal.oldest, 101)), journal.oldest
    journal.close()
    assert (tmp_path / f"output-{oldest}").stat().st_mode & 0o077 == 0
    assert remains(tmp_path) == (expected, oldest, 100)
    assert remains(tmp_path, 97) == ([98, 99, 100], oldest, 100)
    assert remains(tmp_path, BEHIND_ALL) == ([], oldest, 100)


def test_what_is_left_is_read_in_parts_like_from_an_agent(
    journal: OutputJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aip_jupyter.backends.gpus.remains.READ", 2500)
    for _ in range(10):
        journal.append(0, [b"x" * 1000])
    journal.close()
    assert remains(tmp_path) == ([1, 2, 3], 1, 3)
    assert remains(tmp_path, 3) == ([4, 5, 6], 1, 6)


def test_a_message_that_was_cut_is_none(journal: OutputJournal, tmp_path: Path) -> None:
    for _ in range(2):
        journal.append(0, [b"x" * 100])
    journal.close()
    with (tmp_path / "output-1").open("r+b") as file:
        file.truncate(file.seek(0, 2) - 1)
    assert remains(tmp_path) == ([1], 1, 1)
