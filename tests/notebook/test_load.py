"""Getting versions back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.domain.artifacts import FileRef, UploadBlob
from aip_jupyter.domain.models import RegisterVersion
from aip_jupyter.domain.records import new_id
from aip_jupyter.errors import Conflict, Invalid, NotFound
from aip_jupyter.notebook.load import version_notes

from .conftest import Notebook


def foreign(name: str, path: str, content: bytes = b"x", format: str = "files") -> None:
    """A version as another client may register it."""
    services = connect().services
    id = new_id()
    blob = services.blobs.upload(UploadBlob(claim=id), content)
    file = FileRef(path=path, digest=blob.digest, size=blob.size)
    services.models.register_version(RegisterVersion(model=name, id=id, files=[file], format=format))


def test_an_object_comes_back(notebook: Notebook, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf --version v1.0")
    for line in (
        "x = %load_model digits-clf",
        "x = %load_model digits-clf:1",
        "%load_model digits-clf:v1.0 --as x",
    ):
        notebook["x"] = None
        notebook.run(line)
        assert notebook["x"].predict([[0.0], [1.0]]).tolist() == [0, 1]
        assert notebook["x"] is not clf
    assert notebook.stderr == ""


def test_latest_is_the_newest(notebook: Notebook) -> None:
    for number in (1, 2):
        notebook["value"] = [number]
        notebook.run("%register_model m value")
    assert notebook.run("%load_model m@latest") == [2]
    assert notebook.run("%load_model m:1") == [1]


def test_what_is_not_there_is_told_with_what_is_near(notebook: Notebook, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf")
    error = notebook.fail("%load_model digit-clf")
    assert isinstance(error, NotFound)
    assert error.nearest == ["digits-clf"]
    assert "digits-clf" in error.message
    assert "digits-clf:1 (_v1)" in notebook.fail("%load_model digits-clf:7").message
    assert isinstance(notebook.fail("%load_model a:b:c"), Invalid)


@pytest.mark.parametrize("name", ["1x", "class", "a.b", "''"])
def test_only_names_of_variables_can_be_assigned(notebook: Notebook, clf: Any, name: str) -> None:
    notebook.run("%register_model digits-clf clf")
    assert notebook.fail(f"%load_model digits-clf --as {name}").field == "as"


def test_own_types_need_trust_and_their_definition(notebook: Notebook) -> None:
    notebook.run("class Own:\n    value = 3\nown = Own()")
    notebook.run("%register_model own own")
    error = notebook.fail("%load_model own")
    assert isinstance(error, Invalid)
    assert "__main__.Own" in error.message
    assert "--trust" in error.message
    assert notebook.run("%load_model own --trust").value == 3
    notebook.run("del Own")
    assert "run the cells that define it" in notebook.fail("%load_model own --trust").message


def test_nothing_runs_without_trust(notebook: Notebook) -> None:
    notebook.run(
        "ran = []\n"
        "class Own:\n"
        "    def __init__(self): self.x = 1\n"
        "    def __setstate__(self, state): ran.append(1)\n"
        "own = Own()"
    )
    notebook.run("%register_model own own")
    notebook["ran"].clear()
    notebook.fail("%load_model own")
    assert notebook["ran"] == []


def test_a_broken_object_is_told(notebook: Notebook) -> None:
    foreign("broken", "model.skops", b"no zip", "skops")
    assert "cannot be read by this skops" in notebook.fail("%load_model broken").message
    foreign("odd", "other.bin", format="skops")
    assert "get its files with --to" in notebook.fail("%load_model odd").message


def test_other_versions_are_noted_in_one_line(notebook: Notebook, clf: Any) -> None:
    aip.register_model("m", clf, properties={"sklearn": "0.1", "python": "2.7.1"})
    notebook.run("x = %load_model m")
    assert notebook.stderr.count("\n") == 1
    assert "m:1 was saved with Python 2.7.1 (here 3." in notebook.stderr
    assert "scikit-learn 0.1 (here 1." in notebook.stderr


def test_a_bug_fix_of_python_needs_no_note() -> None:
    import platform

    here = ".".join(platform.python_version().split(".")[:2])
    assert version_notes("m:1", {"python": f"{here}.99"}) == []
    assert version_notes("m:1", {}) == []


def test_files_go_into_a_folder_of_their_own(notebook: Notebook, work: Path) -> None:
    (work / "src" / "deep").mkdir(parents=True)
    (work / "src" / "a.txt").write_text("a")
    (work / "src" / "deep" / "b.txt").write_text("b")
    notebook.run("%register_model weights src")
    assert notebook.run("%load_model weights") == Path("weights-1")
    assert (work / "weights-1" / "a.txt").read_text() == "a"
    assert (work / "weights-1" / "deep" / "b.txt").read_text() == "b"
    assert sorted(os.listdir(work / "weights-1")) == ["a.txt", "deep"]
    folder = notebook.run("%load_model weights --to 'out put'")
    assert (folder / "a.txt").is_file()


def test_an_object_can_be_had_as_a_file(notebook: Notebook, work: Path, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf")
    assert aip.load_model("digits-clf", to="out") == Path("out")
    assert os.listdir(work / "out") == ["model.skops"]


def test_other_files_are_never_overwritten(notebook: Notebook, work: Path) -> None:
    (work / "src").mkdir()
    for name in ("a", "b"):
        (work / "src" / name).write_text(name)
    notebook.run("%register_model weights src")
    notebook.run("%load_model weights")
    notebook.run("%load_model weights")
    (work / "weights-1" / "a").unlink()
    (work / "weights-1" / "b").write_text("B")
    error = notebook.fail("%load_model weights")
    assert isinstance(error, Conflict)
    assert "weights-1/b" in error.message
    assert (work / "weights-1" / "b").read_text() == "B"
    assert not (work / "weights-1" / "a").exists()


@pytest.mark.parametrize("obstacle", ["file", "link", "parent is a file", "parent is a link"])
def test_nothing_leaves_the_folder(notebook: Notebook, work: Path, obstacle: str) -> None:
    foreign("m", "sub/x")
    out = work / "out"
    outside = work / "outside"
    outside.mkdir()
    match obstacle:
        case "file":
            out.touch()
        case "link":
            (out / "sub").mkdir(parents=True)
            (out / "sub" / "x").symlink_to(outside / "x")
        case "parent is a file":
            out.mkdir()
            (out / "sub").touch()
        case "parent is a link":
            out.mkdir()
            (out / "sub").symlink_to(outside)
    assert isinstance(notebook.fail("%load_model m --to out"), Conflict)
    assert os.listdir(outside) == []


def test_an_array_comes_back_equal(notebook: Notebook) -> None:
    notebook["weights"] = np.arange(1000.0)
    notebook.run("%register_model weights weights")
    assert np.array_equal(notebook.run("%load_model weights"), np.arange(1000.0))
