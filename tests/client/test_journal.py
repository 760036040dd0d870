"""The journal's writer: what was appended is on the disk, whole, in order, whatever happens."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.client import segment as segments
from aip_jupyter.client.journal import Journal
from aip_jupyter.client.segment import SIZE, Segment
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Incompatible, Invalid
from aip_jupyter.services.journal_files import (
    adopted,
    journal_ids,
    journals_folder,
    left_journals,
    unsent,
)
from aip_jupyter.wire.journal import (
    AnyEntry,
    Fault,
    Points,
    complete_records,
    decode_header,
    decode_records,
    encode_entry,
    encode_header,
    encode_points,
)

RUN = new_id()


def nothing() -> None:
    """Nobody is woken."""


def open_journal(home: Path) -> Journal:
    return Journal(home, "vision", "a store", nothing, nothing)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path)
    yield journal
    journal.close()


def point(step: int) -> Points:
    return Points(RUN, step, 0, {"m": float(step)})


def on_disk(home: Path) -> list[int]:
    """The steps of the points in all journals of this home."""
    found: list[AnyEntry | Fault] = []
    for id in journal_ids(home):
        for part in unsent(journals_folder(home) / id):
            assert not part.damaged
            found += [entry for _, entry in decode_records(part.records, part.base)]
    return [entry.step for entry in found if isinstance(entry, Points)]


def test_what_was_appended_is_in_the_file(journal: Journal, tmp_path: Path) -> None:
    for step in range(100):
        journal.append(encode_entry(point(step)))
    assert on_disk(tmp_path) == list(range(100))
    assert journal.count_unsent() == 100


def test_a_point_is_encoded_as_its_entry() -> None:
    values = {"loss": float("nan"), "a/b ü": float("-inf")}
    assert encode_points(RUN, -5, 7, values) == encode_entry(Points(RUN, -5, 7, values))


def test_nobody_else_may_read_it_and_it_holds_whose_it_is(journal: Journal, tmp_path: Path) -> None:
    journal.append(encode_entry(point(0)))
    folder = journals_folder(tmp_path) / journal.id
    assert folder.parent.stat().st_mode & 0o077 == 0
    for path in (folder, *folder.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path
    [segment] = folder.glob("*.seg")
    assert decode_header(segment.read_bytes()) == (journal.id, 0)
    assert b'"store":"a store"' in (folder / "journal.json").read_bytes()


def test_segments_follow_each_other_and_go_when_they_are_stored(journal: Journal, tmp_path: Path) -> None:
    payload = encode_entry(Points(RUN, 0, 0, {f"key {n:04}": 0.0 for n in range(3000)}))
    records = 3 * SIZE // len(payload)
    for n in range(records):
        journal.append(payload)
        if n % 50 == 0:
            journal.tend()
    parts = list(unsent(journals_folder(tmp_path) / journal.id))
    assert len(parts) >= 3
    assert [part.base for part in parts[1:]] == [part.end for part in parts[:-1]]
    assert sum(part.count for part in parts) == journal.count_unsent() == records
    sent = b""
    while data := journal.read(2**20):
        whole, _ = complete_records(data)
        sent += data[:whole]
        journal.acknowledge(journal.stored + whole)
    assert complete_records(sent) == (journal.end, records)
    assert journal.count_unsent() == 0
    assert len(list((journals_folder(tmp_path) / journal.id).glob("*.seg"))) <= 2  # this one, and the next


def test_threads(journal: Journal, tmp_path: Path) -> None:
    def work(n: int) -> None:
        for step in range(500):
            journal.append(encode_points(RUN, n * 1000 + step, 0, {"m": 0.0}))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps = on_disk(tmp_path)
    for n in range(8):
        assert [step for step in steps if step // 1000 == n] == [n * 1000 + step for step in range(500)]


def test_a_signal_handler_may_log(journal: Journal, tmp_path: Path) -> None:
    """Also while the very thread that it interrupts is logging."""
    handled = 0

    def handler(number: int, frame: object) -> None:
        nonlocal handled
        handled += 1
        journal.append(encode_points(RUN, -1, 0, {"m": 0.0}))

    before = signal.signal(signal.SIGALRM, handler)
    logged = 0
    try:
        for n in range(1, 200):
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.001))
            while handled < n:
                journal.append(encode_points(RUN, logged, 0, {"m": 0.0}))
                logged += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    journal.tend()
    steps = on_disk(tmp_path)
    assert [step for step in steps if step >= 0] == list(range(logged))
    assert steps.count(-1) == handled


def test_an_interrupt_loses_nothing_that_was_acknowledged(journal: Journal, tmp_path: Path) -> None:
    def handler(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    journal.append(encode_points(RUN, 0, 0, {"m": 0.0}))
    before = signal.signal(signal.SIGALRM, handler)
    acknowledged = []
    step = interrupted = 0
    try:
        while interrupted < 200:
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.001))
                while True:
                    step += 1
                    journal.append(encode_points(RUN, step, 0, {"m": 0.0}))
                    acknowledged.append(step)
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    journal.append(encode_points(RUN, step + 1, 0, {"m": 0.0}))
    journal.tend()
    steps = on_disk(tmp_path)
    assert set(acknowledged) <= set(steps)
    assert steps == sorted(set(steps))
    assert steps[-1] == step + 1


def test_a_full_disk_stops_nothing_and_is_told_once(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(segments, "_allocate", full)
        for step in range(10):
            journal.append(encode_entry(point(step)))
            journal.tend()
        assert on_disk(tmp_path) == []
        assert journal.count_unsent() == 10
    assert capsys.readouterr().err.count("no room") == 1
    journal.tend()
    journal.append(encode_entry(point(10)))
    assert on_disk(tmp_path) == list(range(11))


def test_what_was_removed_while_it_was_in_use_is_written_again(journal: Journal, tmp_path: Path) -> None:
    journal.append(encode_entry(point(0)))
    journal.tend()
    id = journal.id
    shutil.rmtree(journals_folder(tmp_path))
    journal.append(encode_entry(point(1)))
    journal.tend()
    journal.append(encode_entry(point(2)))
    assert on_disk(tmp_path) == [0, 1, 2]
    with adopted(tmp_path, id) as about:
        assert about is None  # it lives
    payload = encode_entry(Points(RUN, 3, 0, {f"key {n:04}": 0.0 for n in range(3000)}))
    shutil.rmtree(journals_folder(tmp_path))
    for _ in range(4 * SIZE // len(payload)):  # more than the segment and the spare take
        journal.append(payload)
    records = journal.count_unsent()
    while on_disk(tmp_path)[3:] != [3] * (records - 3):
        journal.tend()
    assert journal.count_unsent() == records
    shutil.rmtree(journals_folder(tmp_path))
    journal.close()
    assert left_journals(tmp_path) == [id]
    assert len(on_disk(tmp_path)) == records


def test_an_entry_that_is_too_large_is_refused(journal: Journal, tmp_path: Path) -> None:
    for step in range(2):
        with pytest.raises(Invalid, match="too much"):
            journal.append(bytes(2**20 + 1))
        journal.append(encode_entry(point(step)))
    assert on_disk(tmp_path) == [0, 1]


def test_closing_removes_what_is_stored_and_leaves_the_rest(tmp_path: Path) -> None:
    stored, left = open_journal(tmp_path), open_journal(tmp_path)
    for journal in (stored, left):
        journal.append(encode_entry(point(0)))
    ids = [left.id]
    assert left_journals(tmp_path) == []
    stored.acknowledge(stored.end)
    stored.close()
    left.close()
    assert journal_ids(tmp_path) == left_journals(tmp_path) == ids


SCRIPT = """
import os, sys
from pathlib import Path
from tests.client.test_journal import encode_points, open_journal, RUN
journal = open_journal(Path(sys.argv[1]))
step = 0
while True:
    journal.append(encode_points(RUN, step, 0, {"m": 0.0}))
    os.write(1, b"%d\\n" % step)
    step += 1
"""


def test_a_killed_process_leaves_all_that_it_was_told_is_safe(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        for _ in range(2000):
            process.stdout.readline()
        [id] = journal_ids(tmp_path)
        with adopted(tmp_path, id) as about:
            assert about is None  # it lives
        process.kill()
        acknowledged = 2000 + len(process.stdout.read().splitlines())
    assert left_journals(tmp_path) == [id]
    steps = on_disk(tmp_path)
    assert steps == list(range(len(steps)))
    assert len(steps) in (acknowledged, acknowledged + 1)


def test_a_forked_child_has_a_journal_of_its_own(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.append(encode_entry(point(0)))
    parent = journal.id
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        journal.after_fork()
        journal.append(encode_entry(point(1)))
        os.write(writing, journal.id.encode())
        os.read(reading, 0)
        signal.pause()
    child = os.read(reading, 32).decode()
    try:
        journal.append(encode_entry(point(2)))
        assert sorted([parent, child]) == journal_ids(tmp_path)
        journal.close()
        assert left_journals(tmp_path) == [parent]  # which the child does not hold
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)
        os.close(writing)
    assert sorted([parent, child]) == left_journals(tmp_path)
    assert sorted(on_disk(tmp_path)) == [0, 1, 2]


def test_a_segment_of_a_newer_version_is_told(tmp_path: Path) -> None:
    segment = Segment(tmp_path / "1.seg", new_id())
    segment.close()
    header = bytearray(encode_header(new_id(), 0))
    header[4] += 1
    with pytest.raises(Incompatible, match="newer"):
        decode_header(bytes(header))
    with pytest.raises(Invalid):
        decode_header(b"something else")
    assert decode_header((tmp_path / "1.seg").read_bytes())[1] is None
