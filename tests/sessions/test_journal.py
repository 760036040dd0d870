"""The output journal: every message once, in order, within its size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aip_jupyter.sessions.journal import FILES, OutputJournal
from aip_jupyter.wire.agent import Output


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


def test_nothing_is_left_of_a_closed_one(journal: OutputJournal, tmp_path: Path) -> None:
    journal.append(0, [b"x"])
    assert (tmp_path / "output-1").stat().st_mode & 0o077 == 0
    journal.close()
    assert list(tmp_path.iterdir()) == []
