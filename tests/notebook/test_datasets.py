"""Recording data from a notebook: what is found out about it, and what a mistake is told."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import aip_jupyter as aip
from aip_jupyter.domain.artifacts import FileRef
from aip_jupyter.domain.datasets import Column, Dataset
from aip_jupyter.domain.lineage import Use
from aip_jupyter.domain.models import content_digest
from aip_jupyter.errors import Invalid, NotFound, Unavailable
from aip_jupyter.notebook.dataset_tables import DatasetCard, DatasetTable

from .conftest import Notebook
from .test_display import EVIL

CSV = "x,y\n1,a\n2,\n"
DIGEST = hashlib.sha256(CSV.encode()).hexdigest()


@pytest.fixture
def table(work: Path) -> Path:
    """A small file of data."""
    path = work / "digits.csv"
    path.write_text(CSV)
    return path


def test_a_file_is_recorded_with_all_that_it_says(notebook: Notebook, table: Path) -> None:
    card = notebook.run("%log_dataset digits digits.csv --tag split=train --tag demo")
    dataset = card.dataset
    assert (dataset.digest, dataset.size, dataset.rows) == (DIGEST, len(CSV), 2)
    assert (dataset.source, dataset.source_type, dataset.author) == ("digits.csv", "file", "ada")
    assert dataset.tags == {"split": "train", "demo": ""}
    assert dataset.columns == [
        Column(name="x", type="int", nulls=0, minimum=1, maximum=2),
        Column(name="y", type="text", nulls=1),
    ]
    assert card.notes == []
    for page in (repr(card), card._repr_html_()):
        for word in ("digits.csv", DIGEST, "split=train", "ada", "text"):
            assert word in page


def test_the_same_bytes_are_the_same_dataset_and_it_says_so(
    notebook: Notebook, table: Path, work: Path
) -> None:
    first = notebook.run("%log_dataset digits digits.csv")
    (work / "copy.csv").write_text(CSV)
    again = notebook.run("%log_dataset digits copy.csv")
    assert again.dataset.id == first.dataset.id
    assert "already recorded" in repr(again)
    table.write_text(CSV + "3,b\n")
    assert notebook.run("%log_dataset digits digits.csv").dataset.id != first.dataset.id
    assert len(notebook.run("%datasets --name digits")) == 2


def test_the_active_run_uses_it(notebook: Notebook, table: Path) -> None:
    run = notebook.run("%start_run baseline")
    card = notebook.run("%log_dataset digits digits.csv --context training")
    assert [(use.run_id, use.run, use.context) for use in card.uses] == [(run.id, "baseline", "training")]
    assert "baseline for training" in repr(card)
    notebook.run("%end_run")
    alone = notebook.run("%log_dataset digits digits.csv --context test")
    assert len(alone.uses) == 1
    assert "No run is active" in repr(alone)
    shown = notebook.run("aip = __import__('aip_jupyter'); aip.get_dataset('digits')")
    assert [(use.run, use.context) for use in shown.uses] == [("baseline", "training")]


def test_a_folder_has_one_digest_over_its_files(notebook: Notebook, work: Path) -> None:
    (work / "data" / "deep").mkdir(parents=True)
    contents = {"b": b"2", "deep/a ü": b"1", "empty": b""}
    for name, content in contents.items():
        (work / "data" / name).write_bytes(content)
    (work / "data" / ".ipynb_checkpoints").mkdir()
    (work / "data" / ".ipynb_checkpoints" / "b").write_bytes(b"old")
    refs = [
        FileRef(path=name, digest=hashlib.sha256(content).hexdigest(), size=len(content))
        for name, content in contents.items()
    ]
    dataset = notebook.run("%log_dataset raw data").dataset
    assert (dataset.digest, dataset.size, dataset.source_type) == (content_digest(refs), 2, "folder")
    (work / "data" / "b").write_bytes(b"3")
    assert notebook.run("%log_dataset raw data/").dataset.digest != dataset.digest


def test_a_data_frame_and_a_file_of_a_variable(notebook: Notebook, table: Path) -> None:
    notebook.run("import pandas as pd\nframe = pd.read_csv('digits.csv')\npath = 'digits.csv'")
    card = notebook.run("%log_dataset digits frame")
    assert (card.dataset.source, card.dataset.source_type) == ("variable frame", "dataframe")
    assert (card.dataset.rows, [column.name for column in card.dataset.columns]) == (2, ["x", "y"])
    assert notebook.run("%log_dataset digits path").dataset.digest == DIGEST
    assert notebook.run(
        "aip = __import__('aip_jupyter')\naip.log_dataset('digits', df=frame)"
    ).dataset.id == (card.dataset.id)


def test_an_address_is_recorded_and_not_read(notebook: Notebook) -> None:
    card = notebook.run("%log_dataset far s3://bucket/a%20b.csv")
    dataset = card.dataset
    assert (dataset.source, dataset.source_type, dataset.digest) == ("s3://bucket/a%20b.csv", "uri", "")
    assert "not read" in repr(card)
    again = aip.log_dataset("far", uri="s3://bucket/a%20b.csv")
    assert again.dataset.id == dataset.id
    secret = aip.log_dataset("signed", "https://me:s3cret@host/x?X-Amz-Signature=s3cret&part=2")
    assert secret.dataset.source == "https://host/x?part=2"
    assert "credentials" in repr(secret)
    assert "s3cret" not in repr(secret)


def test_a_file_may_be_given_by_its_address(notebook: Notebook, table: Path) -> None:
    assert aip.log_dataset("digits", table.as_uri()).dataset.digest == DIGEST
    assert aip.log_dataset("digits", path=table).dataset.digest == DIGEST


def test_mistakes_are_told_in_one_line(notebook: Notebook, table: Path, work: Path) -> None:
    (work / "empty").mkdir()
    notebook["number"] = 3
    for line, told in {
        "%log_dataset digits digit.csv": "did you mean digits.csv",
        "%log_dataset digits number": "an int is no data",
        "%log_dataset digits empty": "has no files",
        "%log_dataset digits /dev/null": "neither a file nor a folder",
        "%log_dataset digits": "usage: %log_dataset",
        "%log_dataset '' digits.csv": "name: give a name",
        '%log_dataset digits digits.csv --context "a\tb"': "context",
        "%datasets --limit 0": "limit",
    }.items():
        error = notebook.fail(line)
        assert isinstance(error, (Invalid, NotFound)), line
        assert told in error.message
    assert list(notebook.run("%datasets")) == []


def test_a_missing_file_is_told_with_the_nearest(notebook: Notebook, table: Path) -> None:
    with pytest.raises(NotFound) as caught:
        aip.log_dataset("digits", "digit.csv")
    assert caught.value.nearest == ["digits.csv"]
    with pytest.raises(NotFound, match="check the path"):
        aip.log_dataset("digits", "nowhere/at/all.csv")


def test_what_is_of_another_type_is_told_in_one_line(notebook: Notebook) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("name", {"name": 3}),
        ("context", {"context": 3}),
        ("split", {"split": 3}),
        ("source_type", {"source_type": 3}),
        ("digest", {"digest": 3}),
        ("profile", {"profile": "yes"}),
        ("project", {"project": 3}),
        ("path", {"data": None, "path": 3}),
        ("data", {"data": [1, 2]}),
        ("data", {"data": (number for number in range(3))}),
        ("data", {"data": pd.Index([1])}),
        ("data", {"data": "x" * 5000}),
        ("data", {"data": "a\0b"}),
        ("data", {"data": "~nobody-of-this-name/x"}),
    ]
    for field, wrong in cases:
        with pytest.raises((Invalid, NotFound)) as caught:
            aip.log_dataset(**{"name": "digits", "data": pd.DataFrame({"a": [1]}), **wrong})
        assert caught.value.field == field
        assert len(caught.value.message) < 400
    assert list(aip.list_datasets()) == []


def test_references_of_another_type_are_told(notebook: Notebook, table: Path) -> None:
    aip.log_dataset("digits", table)
    not_a_text: Any = 3
    for ask in (aip.get_dataset, aip.delete_dataset, aip.get_lineage, aip.impact, aip.get_run_datasets):
        with pytest.raises(Invalid, match="give a text"):
            ask(not_a_text)
    not_a_number: Any = "x"
    for limited in (aip.get_lineage, aip.impact):
        with pytest.raises(Invalid, match="give 1 or more"):
            limited("digits", limit=not_a_number)


def test_odd_tables_are_recorded_as_they_are(notebook: Notebook, work: Path) -> None:
    columns = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])
    frames = {
        "rows": (pd.DataFrame({"a": []}), ["a"]),
        "columns": (pd.DataFrame(), []),
        "twice": (pd.DataFrame([[1, 2]], columns=["a", "a"]), ["a", "a"]),
        "levels": (pd.DataFrame([[1, 2]], columns=columns), ["('a', 'x')", "('a', 'y')"]),
    }
    digests = set()
    for name, (frame, names) in frames.items():
        dataset = aip.log_dataset(name, frame).dataset
        assert [column.name for column in dataset.columns] == names
        assert dataset.rows == len(frame)
        digests.add(dataset.digest)
    assert len(digests - {""}) == len(frames)
    long = aip.log_dataset("long", pd.DataFrame({"x" * 2000: [1]})).dataset
    assert len(long.columns[0].name) <= 1000
    (work / "a b").mkdir()
    (work / "a b" / "c d.csv").write_text("x\n1\n")
    assert notebook.run("%log_dataset blanks 'a b/c d.csv'").dataset.source == "a b/c d.csv"


def test_exactly_one_thing_is_recorded(notebook: Notebook, table: Path) -> None:
    cases: tuple[dict[str, Any], ...] = (
        {},
        {"data": "digits.csv", "path": "digits.csv"},
        {"df": "digits.csv"},
        {"uri": "digits.csv"},
    )
    for wrong in cases:
        with pytest.raises(Invalid):
            aip.log_dataset("digits", **wrong)


def test_what_cannot_be_read_is_told(notebook: Notebook, work: Path) -> None:
    (work / "data").mkdir()
    (work / "data" / "gone").symlink_to("nowhere")
    assert "cannot be read" in notebook.fail("%log_dataset raw data").message
    assert "a link to nothing" in notebook.fail("%log_dataset raw data/gone").message
    (work / "data" / "gone").unlink()
    (work / "data" / "around").symlink_to(work)
    assert "link to a folder" in notebook.fail("%log_dataset raw data").message
    # A regular file whose bytes nobody gets, not even root.
    assert "cannot be read" in notebook.fail("%log_dataset raw /proc/self/mem").message


def test_a_file_that_changes_while_it_is_read_is_refused(
    notebook: Notebook, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aip_jupyter.notebook import capture_files

    read = capture_files._HashingReader.readinto

    def overtaken(self: object, buffer: object) -> int:
        count = read(self, buffer)  # type: ignore[arg-type]
        os.utime(table, (1, 1))
        return count

    monkeypatch.setattr(capture_files._HashingReader, "readinto", overtaken)
    assert "changed while it was read" in notebook.fail("%log_dataset digits digits.csv").message


def test_datasets_are_listed_and_found(notebook: Notebook, table: Path, work: Path) -> None:
    for name in ("digits", "letters"):
        notebook.run(f"%log_dataset {name} digits.csv --tag of={name}")
    found = notebook.run("%datasets")
    assert [dataset.name for dataset in found] == ["letters", "digits"]
    assert [dataset.name for dataset in notebook.run("%datasets DIG")] == ["digits"]
    assert "there are more" in repr(notebook.run("%datasets --limit 1"))
    notebook.run("%aip project new other")
    assert "No datasets" in repr(notebook.run("%datasets --project other"))
    for page in (repr(found), found._repr_html_()):
        for word in ("digits", DIGEST[:12], "of=letters", "digits.csv", "11 B"):
            assert word in page
    assert aip.get_dataset(DIGEST[:8]).reference == DIGEST
    with pytest.raises(NotFound) as caught:
        aip.get_dataset("digit")
    assert caught.value.nearest == ["digits"]


def test_what_the_server_does_not_take_now_is_kept_by_the_run(
    notebook: Notebook, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("%aip project new other")
    run = notebook.run("%start_run baseline")
    with monkeypatch.context() as patch:
        patch.setattr("aip_jupyter.services.datasets.LocalDatasets.log_dataset", _unavailable)
        card = notebook.run("%log_dataset digits digits.csv --context training")
        assert "It is kept" in repr(card)
        assert card.dataset.digest == DIGEST
        with pytest.raises(Unavailable):
            aip.log_dataset("digits", "digits.csv", project="other")
    shown = aip.get_dataset("digits")
    assert (shown.dataset.digest, shown.dataset.id) == (DIGEST, card.dataset.id)
    assert [(use.run_id, use.run, use.context) for use in shown.uses] == [(run.id, "baseline", "training")]
    notebook.run("%end_run")


def _unavailable(*_: object) -> None:
    raise Unavailable("the store is locked")


def test_without_a_run_it_cannot_be_kept(
    notebook: Notebook, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aip_jupyter.services.datasets.LocalDatasets.log_dataset", _unavailable)
    assert isinstance(notebook.fail("%log_dataset digits digits.csv"), Unavailable)


def test_recording_a_file_loads_no_library(work: Path, table: Path, home: Path) -> None:
    code = (
        "import sys, aip_jupyter as aip\n"
        "aip.log_dataset('digits', 'digits.csv')\n"
        "print(sorted({'pandas', 'numpy', 'polars', 'pyarrow', 'IPython'} & set(sys.modules)))\n"
    )
    environ = {**os.environ, "AIP_HOME": str(home)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True, cwd=work
    )
    assert run.stdout.strip() == "[]"


def test_hostile_text_is_harmless() -> None:
    column = Column(name=EVIL, type=EVIL, nulls=0, minimum=EVIL, maximum=EVIL)
    dataset = Dataset(id="1" * 32, name=EVIL, source=EVIL, author=EVIL, tags={EVIL: EVIL}, columns=[column])
    use = Use(run_id="2" * 32, run=EVIL, context=EVIL, created=0)
    for shown in (DatasetTable([dataset], project=EVIL), DatasetCard(dataset, [use], notes=[EVIL])):
        html = shown._repr_html_()
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        for page in (html, repr(shown)):
            assert "\x1b" not in page
            assert "\u202e" not in page


def test_many_columns_and_uses_are_cut() -> None:
    columns = [Column(name=f"c{index}", type="int") for index in range(30)]
    uses = [Use(run_id=f"{index:032}", run=f"run-{index}", context="", created=0) for index in range(9)]
    text = repr(DatasetCard(Dataset(id="1" * 32, name="wide", columns=columns), uses))
    assert "The first 20 of 30 columns." in text
    assert "c20" not in text
    assert "and 4 more" in text


def test_from_python_with_pandas(notebook: Notebook) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    aip.create_project("vision")
    card = aip.log_dataset("frame", frame, context="", tags=["demo"], project="vision")
    assert (card.dataset.source, card.dataset.project) == ("DataFrame in memory", "vision")
    assert [dataset.id for dataset in aip.list_datasets(project="vision")] == [card.dataset.id]
