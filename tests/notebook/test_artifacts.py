"""Artifacts in a notebook: what is logged, how it shows itself, what is refused, deletion, completion."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

import aip_jupyter as aip
from aip_jupyter.client import kept_sender
from aip_jupyter.client.connect import connect
from aip_jupyter.domain.system import CheckStore
from aip_jupyter.errors import Conflict, Invalid, NotFound
from aip_jupyter.notebook import artifact_logging
from aip_jupyter.notebook.artifact_preview import Preview
from aip_jupyter.notebook.artifact_tables import ArtifactTable, LoggedArtifacts

from .conftest import Notebook
from .test_completion import offered

NAMES = (
    "a b.txt",
    "ü/é è.bin",
    "%41.txt",
    "#1?.csv",
    "'quoted'.json",
    "deep/er/x",
    "100% of $HOME",
    "日本.png",
)


@pytest.fixture(autouse=True)
def run(notebook: Notebook, no_run: None) -> Any:
    """The active run, `baseline`."""
    return aip.start_run("baseline", system_metrics=False)


def paths(run: str = "", path: str = "", **how: Any) -> list[str]:
    return [artifact.path for artifact in aip.list_artifacts(run, path, **how)]


def put(path: Path, content: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_file_keeps_its_name_or_gets_one(notebook: Notebook, work: Path) -> None:
    put(work / "model.onnx", "123")
    found = notebook.run("%log_artifact model.onnx")
    assert isinstance(found, LoggedArtifacts)
    assert [(each.path, each.size) for each in found] == [("model.onnx", 3)]
    notebook.run("%log_artifact model.onnx --as weights/best.onnx")
    notebook.run("%log_artifact model.onnx --as weights/")
    aip.log_artifact("model.onnx", "weights", name="named.onnx")
    assert paths() == ["model.onnx", "weights/best.onnx", "weights/model.onnx", "weights/named.onnx"]


def test_a_folder_comes_with_all_its_files_whatever_they_are_called(work: Path) -> None:
    for number, name in enumerate(NAMES):
        put(work / "out" / name, "" if number == 0 else f"{name}")
    put(work / "out" / "__pycache__" / "m.pyc")
    put(work / "out" / ".ipynb_checkpoints" / "n.ipynb")
    put(work / "out" / ".DS_Store")
    assert sorted(each.path for each in aip.log_artifact("out")) == sorted(f"out/{name}" for name in NAMES)
    folder = aip.download_artifact("baseline", "out", to="back")
    assert folder == Path("back/out")
    for number, name in enumerate(NAMES):
        assert (folder / name).read_text() == ("" if number == 0 else name)


def test_many_files_come_in_batches(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact_logging, "BATCH", 3)
    for number in range(8):
        put(work / "out" / f"{number}", str(number))
    found = aip.log_artifact("out", "x")
    assert [each.path for each in found] == [f"x/{number}" for number in range(8)]
    listed = aip.list_artifacts(limit=5)
    assert (len(listed), listed.total_count, listed.total_size) == (5, 8, 8)
    assert "The first 5" in repr(listed)


def test_the_same_again_is_the_same_record(work: Path) -> None:
    put(work / "a", "1")
    (first,) = aip.log_artifact("a")
    (again,) = aip.log_artifact("a")
    assert again == first
    put(work / "a", "2")
    (changed,) = aip.log_artifact("a")
    assert (changed.id, paths()) == (first.id, ["a"])
    assert changed.digest != first.digest


def test_figures_tables_and_values_are_saved_by_their_suffix(notebook: Notebook, work: Path) -> None:
    notebook.run("import matplotlib; matplotlib.use('Agg')\nimport matplotlib.pyplot as plt")
    notebook.run("figure, axes = plt.subplots(); _ = axes.plot([1, 2]); plt.close()")
    frame = pd.DataFrame({"x": [1, 2], "s": ["ü", None]})
    notebook["frame"], notebook["conf"], notebook["raw"] = frame, {"lr": 0.1, "ü": [1]}, b"\0\1"
    lines = {
        "%log_artifact figure": "figure.png",
        "%log_artifact axes --as plots/loss.svg": "plots/loss.svg",
        "%log_artifact frame": "frame.parquet",
        "%log_artifact frame --as tables/": "tables/frame.parquet",
        "%log_artifact frame --as frame.csv": "frame.csv",
        "%log_artifact conf": "conf.json",
        "%log_artifact raw --as raw.bin": "raw.bin",
    }
    for line, path in lines.items():
        assert [each.path for each in notebook.run(line)] == [path]
    aip.log_artifact(pl.from_pandas(frame), "polars.parquet")
    aip.log_artifact(pa.Table.from_pandas(frame), "arrow.csv")
    back = aip.download_artifact("baseline", to="back")
    assert (back / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (back / "plots/loss.svg").read_bytes()
    for name in ("frame.parquet", "tables/frame.parquet", "polars.parquet"):
        pd.testing.assert_frame_equal(pd.read_parquet(back / name), frame, check_dtype=False)
    for name in ("frame.csv", "arrow.csv"):
        pd.testing.assert_frame_equal(pd.read_csv(back / name), frame, check_dtype=False)
    assert json.loads((back / "conf.json").read_text()) == notebook["conf"]
    assert (back / "raw.bin").read_bytes() == b"\0\1"


def test_an_address_is_recorded_without_its_credentials(notebook: Notebook) -> None:
    found = notebook.run("%log_artifact s3://ann:hidden@bucket/run/last.pt?X-Amz-Signature=hidden&part=1")
    assert [(each.path, each.uri, each.digest) for each in found] == [
        ("last.pt", "s3://bucket/run/last.pt?part=1", None)
    ]
    assert "hidden" not in repr(found) + found._repr_html_()
    assert "credentials" in repr(found)
    assert "s3://bucket" in notebook.fail("%download_artifact baseline last.pt").message
    aip.log_artifact(b"x", "stored")
    assert sorted(path.name for path in notebook.run("%download_artifact baseline").iterdir()) == ["stored"]
    assert "1 of 2 artifacts are not stored here" in notebook.stderr
    assert "javascript" not in aip.show_artifact("baseline", "last.pt")._repr_mimebundle_()["text/html"]


def test_what_cannot_be_logged_is_told(notebook: Notebook, work: Path) -> None:
    put(work / "secret")
    put(work / "out" / "good")
    (work / "out" / "link").symlink_to("../secret")
    (work / "empty").mkdir()
    for value, path, part in (
        ("missing.txt", None, "no file"),
        ("out", None, "link to outside"),
        ("empty", None, "no files"),
        ("secret", "../x", "not a relative path"),
        (b"x", None, "say what it is called"),
        (object(), "x", "cannot be logged"),
        ({1: object()}, "x.json", "JSON"),
        ({}, "x.yaml", ".json"),
        (pd.DataFrame({"x": [1]}), "x.xml", ".parquet"),
    ):
        with pytest.raises((Invalid, NotFound), match=part):
            aip.log_artifact(value, path)
    assert paths() == []
    report = connect().services.system.check_store(CheckStore(mend=False))
    assert (report.blobs, report.findings) == (0, [])
    aip.end_run()
    assert "%start_run" in notebook.fail("%log_artifact secret").message


def test_a_link_swapped_in_and_a_file_that_changes_are_refused(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "secret", "secret")
    put(work / "out" / "a", "harmless")

    def swapped(*args: Any) -> Any:
        (work / "out" / "a").unlink()
        (work / "out" / "a").symlink_to("../secret")
        return kept_sender.send_batch(*args)

    def longer(*args: Any) -> Any:
        put(work / "out" / "b", "other")
        return kept_sender.send_batch(*args)

    monkeypatch.setattr(artifact_logging, "send_batch", swapped)
    with pytest.raises(Invalid, match="'out/a' changed"):
        aip.log_artifact("out")
    put(work / "b" / "b", "harmless")
    monkeypatch.setattr(artifact_logging, "send_batch", longer)
    (work / "out" / "a").unlink()
    put(work / "out" / "b", "harmless")
    with pytest.raises(Invalid, match="'out/b' changed"):
        aip.log_artifact("out")
    assert paths() == []


def test_another_run_can_be_meant(work: Path) -> None:
    put(work / "a")
    aip.end_run()
    first = aip.get_run("baseline").run
    aip.log_artifact("a", run="baseline")
    aip.log_artifact("a", "b", run=first.id)
    handle = aip.start_run("other", system_metrics=False)
    with handle:
        pass
    assert [each.path for each in handle.log_artifact("a", name="late")] == ["late"]
    assert paths("baseline") == ["a", "b"]
    with pytest.raises(NotFound):
        aip.log_artifact("a", run="basline")


def test_patterns_mean_names_within_a_folder(work: Path) -> None:
    for name in ("plots/a.png", "plots/b.png", "plots/x/c.png", "plots/t.txt", "odd/[a].txt"):
        put(work / name, name)
    aip.log_artifact("plots")
    aip.log_artifact("odd")

    def got(path: str) -> list[str]:
        folder = aip.download_artifact("baseline", path, to=f"to-{abs(hash(path))}")
        root = next(part for part in (folder, *folder.parents) if part.name.startswith("to-"))
        return sorted(each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file())

    assert got("plots/*.png") == ["plots/a.png", "plots/b.png"]
    assert got("plots/**/*.png") == ["plots/a.png", "plots/b.png", "plots/x/c.png"]
    assert got("**/c.png") == ["plots/x/c.png"]
    assert got("plots/[!b].png") == ["plots/a.png"]
    assert got("odd/[a].txt") == ["odd/[a].txt"]
    assert got("*/?.txt") == ["plots/t.txt"]
    with pytest.raises(NotFound):
        aip.download_artifact("baseline", "plots/*.gif")


def test_nothing_is_overwritten_and_nothing_leaves_the_folder(work: Path) -> None:
    put(work / "a" / "b", "mine")
    aip.log_artifact("a")
    target = aip.download_artifact("baseline", "a/b", to="out")
    assert (target, target.read_text()) == (Path("out/a/b"), "mine")
    before = target.stat()
    aip.download_artifact("baseline", "a/b", to="out")
    assert target.stat().st_mtime_ns == before.st_mtime_ns
    target.write_text("other")
    with pytest.raises(Conflict, match="another file"):
        aip.download_artifact("baseline", to="out")
    (work / "linked").mkdir()
    (work / "elsewhere").mkdir()
    (work / "linked" / "a").symlink_to("../elsewhere")
    with pytest.raises(Conflict, match="by a link"):
        aip.download_artifact("baseline", to="linked")
    assert os.listdir("elsewhere") == []


def test_deletion_asks_and_can_be_taken_back(
    notebook: Notebook, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("plots/a", "plots/b", "c"):
        put(work / name, name)
    aip.log_artifact("plots")
    aip.log_artifact("c")
    asked: list[str] = []

    def answer(text: str) -> Callable[[str], str]:
        def reply(question: str) -> str:
            asked.append(question)
            return text

        return reply

    monkeypatch.setattr("builtins.input", answer("n"))
    assert notebook.run("%delete_artifact baseline plots") is None
    assert "2 files" in asked[0]
    monkeypatch.setattr("builtins.input", answer("y"))
    assert "2 files, 14 B" in repr(notebook.run("%delete_artifact baseline plots"))
    assert paths() == ["c"]
    table = notebook.run("%artifacts baseline --deleted")
    assert [each.path for each in table] == ["plots/a", "plots/b"]
    assert "deleted" in repr(table)
    assert "aip-gone" in table._repr_html_()
    assert offered(notebook, "%restore_artifact baseline plots/b") == ["%restore_artifact baseline plots/b"]
    notebook.run("%restore_artifact baseline plots/b")
    assert paths() == ["c", "plots/b"]
    assert "plots/b" in notebook.fail("%delete_artifact baseline plots/d --yes").message


def test_the_table_tells_kinds_sizes_and_the_total(notebook: Notebook, work: Path) -> None:
    for name in ("m.onnx", "t.csv", "p.png", "r.md", "s.py", "n.ipynb", "z.zip", "<b>"):
        put(work / "out" / name, "12345")
    aip.log_artifact("out", "o")
    table = notebook.run("%artifacts")
    assert isinstance(table, ArtifactTable)
    text, html = repr(table), table._repr_html_()
    for kind in ("model", "data", "image", "text", "code", "notebook", "archive", "other"):
        assert kind in text
        assert f'aip-kind-{kind}">{kind}</span>' in html
    assert "8 files, 40 B" in text
    assert "&lt;b&gt;" in html
    assert "<a" not in html  # without a server there is nothing to follow
    notebook.run("%log_artifact out/t.csv")
    assert "8 files, 40 B here; 9 files, 45 B in the run" in repr(notebook.run("%artifacts baseline o"))


def test_one_file_is_shown_as_what_it_is(notebook: Notebook, work: Path) -> None:
    put(work / "t.csv", "name;size\n" + "".join(f"n{n};{n}\n" for n in range(100)))
    put(work / "j.json", '{"a": [1]}')
    put(work / "r.md", "# <script>alert(1)</script>")
    put(work / "page.html", "<script>alert(1)</script>")
    put(work / "p.svg", "<svg onload='alert(1)'/>")
    put(work / "fake.png", "<svg onload='alert(1)'/>")
    put(work / "long.txt", "\x1b[2J" + "x" * 100_000)
    aip.log_artifact(work, "w")

    def html(name: str) -> str:
        shown = notebook.run(f"%artifacts baseline w/{name}")
        assert isinstance(shown, Preview)
        return str(shown._repr_mimebundle_()["text/html"])

    assert "<th>name</th><th>size</th>" in html("t.csv")
    assert "<td>n19</td>" in html("t.csv")
    assert "n20" not in html("t.csv")
    assert "&quot;a&quot;: [" in html("j.json")
    assert "&lt;script&gt;" in html("r.md")
    for name in ("r.md", "page.html", "p.svg", "fake.png"):
        assert "<script" not in html(name)
        assert "onload" not in html(name)
        assert "<img" not in html(name)
    assert "not shown here" in html("page.html")
    assert len(html("long.txt")) < 80_000
    assert "\x1b" not in repr(aip.show_artifact("baseline", "w/long.txt"))
    with pytest.raises(NotFound):
        aip.show_artifact("baseline", "w/none")


def test_tab_offers_runs_and_paths(notebook: Notebook, work: Path) -> None:
    put(work / "plots" / "a b.png")
    aip.log_artifact("plots")
    notebook["figure"] = 1
    assert offered(notebook, "%artifacts base") == ["%artifacts baseline"]
    assert offered(notebook, "%download_artifact baseline plo") == [
        "%download_artifact baseline plots",
        '%download_artifact baseline "plots/a b.png"',
    ]
    assert offered(notebook, "%log_artifact fig") == ["%log_artifact figure"]
    assert offered(notebook, "%log_artifact figure --ru") == ["%log_artifact figure --run"]
    assert offered(notebook, "%log_artifact figure --run b") == ["%log_artifact figure --run baseline"]
