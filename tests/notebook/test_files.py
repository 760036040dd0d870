"""Which files a path stands for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook import files
from aip_jupyter.notebook.files import collect


def paths(folder: Path) -> list[str]:
    return [file.path for file in collect(folder)]


def test_a_file_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"12345")
    (found,) = collect(tmp_path / "weights.bin")
    assert (found.path, found.size) == ("weights.bin", 5)


def test_a_link_that_was_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"1")
    (tmp_path / "newest").symlink_to("weights.bin")
    (found,) = collect(tmp_path / "newest")
    assert found.path == "newest"
    assert found.source == tmp_path / "weights.bin"


def test_a_folder_stands_for_all_files_below_without_junk(tmp_path: Path) -> None:
    for name in ("b.txt", "a/x.bin", "a/.hidden", ".DS_Store", "__pycache__/m.pyc", "a/.ipynb_checkpoints/n"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    os.mkfifo(tmp_path / "pipe")
    assert paths(tmp_path) == ["b.txt", "a/.hidden", "a/x.bin"]


def test_a_link_inside_the_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("x")
    (tmp_path / "two").symlink_to("one")
    assert paths(tmp_path) == ["one", "two"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "nowhere"])
def test_a_link_to_outside_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").symlink_to(target)
    with pytest.raises(Invalid, match="'weights' is a link to outside"):
        collect(folder)


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(Invalid, match="'link' is a link to a folder"):
        collect(tmp_path)


def test_nothing_to_register_is_told(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "m.pyc").write_text("x")
    with pytest.raises(Invalid, match="has no files"):
        collect(tmp_path)
    with pytest.raises(NotFound, match="there is no file"):
        collect(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Invalid, match="neither a file nor a folder"):
        collect(tmp_path / "pipe")


def test_the_wrong_folder_is_told_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(Invalid, match="more than 2 files"):
        collect(tmp_path)


@pytest.mark.parametrize("name", [b"new\nline", b"back\\slash", b"not-utf8-\xff"])
def test_a_name_that_others_could_not_use_is_refused(tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x")
    with pytest.raises(Invalid, match=r"^object: "):
        collect(tmp_path)
