"""What is remembered of files: nothing is read twice, nothing that changed is missed."""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from aip_jupyter.errors import Invalid
from aip_jupyter.notebook import capture_files, capture_memory
from aip_jupyter.notebook.capture import Captured, capture
from aip_jupyter.notebook.capture_memory import Memory
from aip_jupyter.notebook.capture_options import options
from aip_jupyter.notebook.progress import Progress


def look(path: Path, home: Path, *, verify: bool = False, profile: bool | None = None) -> Captured:
    how = options(Memory(home), digest="", schema=None, profile=profile, verify=verify)
    return capture(path, "", Progress("reading", show=None), how)


def many(root: Path, count: int = 40) -> Path:
    """Files at rest, in folders."""
    for number in range(count):
        file = root / f"{number % 4}" / f"{number}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(number.to_bytes(2, "big") * 50)
    return root


@pytest.fixture
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was just written may be remembered: tests do not wait for two seconds."""
    monkeypatch.setattr(capture_memory, "REST", -(10**12))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all files that are read."""
    names: list[str] = []

    class Told(capture_files._HashingReader):
        def __init__(self, path: Path, shown: str, progress: Progress) -> None:
            names.append(path.name)
            super().__init__(path, shown, progress)

    monkeypatch.setattr(capture_files, "_HashingReader", Told)
    return names


@pytest.mark.usefixtures("at_rest")
def test_a_folder_is_read_once_and_only_what_changes_again(tmp_path: Path, opened: list[str]) -> None:
    root, home = many(tmp_path / "data"), tmp_path / "home"
    first = look(root, home)
    assert len(opened) == 40
    assert look(root, home) == first
    assert len(opened) == 40
    file = root / "3" / "7.bin"
    content = bytearray(file.read_bytes())
    content[31] ^= 1
    file.write_bytes(content)
    opened.clear()
    assert look(root, home).digest != first.digest
    assert opened == ["7.bin"]
    content[31] ^= 1
    file.write_bytes(content)
    assert look(root, home).digest == first.digest
    (root / "new.bin").write_bytes(b"new")
    opened.clear()
    assert look(root, home).size == (first.size or 0) + 3
    (root / "new.bin").unlink()
    (root / "0" / "0.bin").rename(root / "0" / "moved.bin")
    assert look(root, home).digest not in (first.digest, "")
    assert opened == ["new.bin", "moved.bin"]


@pytest.mark.usefixtures("at_rest")
def test_another_file_in_its_place_is_another_file_whatever_its_times(tmp_path: Path) -> None:
    root, home = many(tmp_path / "data", 4), tmp_path / "home"
    first = look(root, home)
    file = root / "1" / "1.bin"
    times = file.stat()
    file.write_bytes(b"x" * times.st_size)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert look(root, home).digest != first.digest  # its ctime tells


@pytest.mark.usefixtures("at_rest")
def test_verify_reads_every_byte_and_finds_what_left_no_trace(tmp_path: Path, opened: list[str]) -> None:
    root, home = many(tmp_path / "data", 8), tmp_path / "home"
    first = look(root, home)
    with sqlite3.connect(home / "digests.db") as database:
        (found,) = database.execute("SELECT found FROM known").fetchone()
        wrong = found.replace(bytes.fromhex(first.digest), b"").replace(first.digest.encode(), b"0" * 64)
        database.execute("UPDATE known SET found = ?", (wrong,))
    assert look(root, home).digest == "0" * 64  # it is believed
    opened.clear()
    assert look(root, home, verify=True).digest == first.digest
    assert len(opened) == 8
    assert look(root, home).digest == first.digest


def test_what_was_just_changed_is_not_trusted(tmp_path: Path, opened: list[str]) -> None:
    root, home = many(tmp_path / "data", 4), tmp_path / "home"
    for name in ("0", "1", "2"):
        os.utime(root / name / f"{name}.bin", (1, 1))  # ctime says that it was now all the same
    look(root, home)
    opened.clear()
    look(root, home)
    assert sorted(opened) == ["0.bin", "1.bin", "2.bin", "3.bin"]


@pytest.mark.usefixtures("at_rest")
def test_a_table_is_remembered_with_its_columns(
    tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, home = tmp_path / "a.csv", tmp_path / "home"
    path.write_text("x,y\n" + "1,a\n" * 2000)
    bare = look(path, home, profile=False)
    assert (bare.columns, len(opened)) == ([], 1)
    monkeypatch.setattr(capture_files, "LOOKED_AT", 10)
    monkeypatch.setattr("aip_jupyter.notebook.capture_text._CELLS", 20)
    part = look(path, home)
    assert (part.rows, [column.type for column in part.columns]) == (None, ["int", "text"])
    assert "only its first 10 rows are described" in part.notes[0]
    assert (look(path, home), len(opened)) == (part, 2)
    whole = look(path, home, profile=True)
    assert (whole.rows, whole.notes, len(opened)) == (2000, [], 3)
    assert (look(path, home), len(opened)) == (whole, 3)
    assert bare.digest == part.digest == whole.digest
    path.write_text("x\n1\n")
    assert look(path, home).rows == 1


@pytest.mark.usefixtures("at_rest")
def test_what_was_read_before_an_interruption_is_kept(
    tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, home = many(tmp_path / "data", 10), tmp_path / "home"
    read = capture_files._HashingReader.rest

    def interrupted(self: capture_files._HashingReader, scratch: bytearray) -> str:
        if len(opened) == 5:
            raise KeyboardInterrupt
        return read(self, scratch)

    with monkeypatch.context() as patch:
        patch.setattr(capture_files._HashingReader, "rest", interrupted)
        with pytest.raises(KeyboardInterrupt):
            look(root, home)
    opened.clear()
    look(root, home)
    assert len(opened) == 6


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""])
@pytest.mark.usefixtures("at_rest")
def test_a_damaged_memory_is_no_loss(tmp_path: Path, damage: bytes) -> None:
    root, home = many(tmp_path / "data", 4), tmp_path / "home"
    first = look(root, home)
    (home / "digests.db").write_bytes(damage)
    assert look(root, home) == first
    assert look(root, home) == first
    with sqlite3.connect(home / "digests.db") as database:
        database.execute("UPDATE known SET found = x'c1'")
    assert look(root, home) == first
    assert stat.S_IMODE((home / "digests.db").stat().st_mode) == 0o600


@pytest.mark.usefixtures("at_rest")
def test_it_forgets_what_was_used_longest_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setattr(capture_memory, "MAX_BYTES", 3000)
    for number in range(6):
        look(many(tmp_path / f"data-{number}", 10), home)
    memory = Memory(home)
    known = [memory.get(tmp_path / f"data-{number}") is not None for number in range(6)]
    assert known[-1]
    assert not known[0]
    assert known == sorted(known)
    assert memory.get(tmp_path / "nowhere") is None
    look(many(tmp_path / "large", 60), home)
    assert memory.get(tmp_path / "large") is None


def _in_process(root: Path, home: Path) -> str:
    return look(root, home).digest


def test_several_processes_share_it(tmp_path: Path) -> None:
    root, home = many(tmp_path / "data", 10), tmp_path / "home"
    with ProcessPoolExecutor(3, mp_context=get_context("fork")) as pool:
        digests = set(pool.map(_in_process, [root] * 9, [home] * 9))
    assert len(digests) == 1
    with sqlite3.connect(home / "digests.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_folder_that_changes_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, home = many(tmp_path / "data", 6), tmp_path / "home"
    read = capture_files._HashingReader.rest
    for change, told in {
        "a file comes": "'late' changed while it was read",
        "one that was read goes": "'0/0.bin' changed while it was read",
        "the next one goes": "vanished",
    }.items():

        def meanwhile(self: capture_files._HashingReader, scratch: bytearray, change: str = change) -> str:
            if change == "a file comes":
                (root / "late").touch()
            elif change == "one that was read goes":
                (root / "0" / "0.bin").unlink(missing_ok=True)
            else:
                (root / "3" / "3.bin").unlink(missing_ok=True)
            return read(self, scratch)

        with monkeypatch.context() as patch:
            patch.setattr(capture_files._HashingReader, "rest", meanwhile)
            with pytest.raises(Invalid, match=told):
                look(root, home, verify=True)


def test_links_and_odd_files_in_a_folder(tmp_path: Path) -> None:
    root, home = tmp_path / "data", tmp_path / "home"
    root.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"1")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as odd:
        odd.bind(str(root / "socket"))
        found = look(root, home)
    assert found.size == 1
    assert found.notes == ["Left out: 'pipe' and 1 more, which holds no data (a socket, a pipe or a device)."]
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "link").write_bytes(b"1")
    assert look(plain, home).digest == found.digest  # the link stands for its file
    (root / "bad\nname").touch()
    with pytest.raises(Invalid, match="relative path"):
        look(root, home)
