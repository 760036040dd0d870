"""The form that records data, driven by the values of its widgets."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.errors import Unavailable
from aip_jupyter.notebook import capture_files, dataset_form_rules
from aip_jupyter.notebook.dataset_form import ELSEWHERE, LogDataset

from .conftest import Notebook

CSV = "x,y\n1,a\n2,\n"


@pytest.fixture
def form(notebook: Notebook, work: Path, no_run: None) -> LogDataset:
    """A form in a notebook with a frame, an array, other things, and a file."""
    notebook["frame"] = pd.DataFrame({"a": [1, 2], "b": [3.5, None]})
    notebook["images"] = np.zeros((3, 8, 8), dtype="u1")
    notebook["number"] = 3
    (work / "digits.csv").write_text(CSV)
    made: LogDataset = notebook.run("import aip_jupyter as aip\naip.panels.LogDataset()")
    return made


def fill(form: LogDataset, **values: Any) -> None:
    for name, value in values.items():
        form.fields[name].input.value = value


def record(form: LogDataset) -> None:
    assert not form.button.disabled
    form.button.click()
    form.wait()


def test_what_is_data_is_offered_and_named(form: LogDataset) -> None:
    labels = [label for label, _ in form.fields["data"].input.options]
    assert labels == ["frame – DataFrame, 2 rows × 2 columns", "images – ndarray, 3 × 8 × 8", ELSEWHERE]
    assert (form.entry.variable, form.entry.name) == ("frame", "frame")
    assert form.fields["path"].box.layout.display == "none"
    assert form.fields["profile"].input.label == "as far as it is quick"
    assert "dataframe · 2 rows × 2 columns" in form.outcome.value
    assert "as the new dataset frame" in form.outcome.value
    assert "none is active" in form.outcome.value
    fill(form, data="images")
    assert form.entry.name == "images"
    assert "array · 3 × 8 × 8, 192 B" in form.outcome.value


def test_a_name_that_was_typed_stays(form: LogDataset) -> None:
    fill(form, name="mine")
    fill(form, data="images")
    assert form.entry.name == "mine"
    fill(form, name="")
    fill(form, data="", path="some/where/train set.v2.csv")
    assert form.entry.name == "train set.v2"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("s3://bucket/raw/2024.parquet?versionId=3", "2024"),
        ("https://me:s3cret@host?sig=s3cret", "host"),
        ("data/photos/", "photos"),
        ("..", ""),
        ("~", ""),
        ("", ""),
        ("a\tb.csv", ""),
    ],
)
def test_a_name_is_suggested_of_a_path(path: str, name: str) -> None:
    entry = dataset_form_rules.Entry(None, path, "", "", "", "", False, "some")
    assert dataset_form_rules.suggested_name(entry) == name


def test_a_frame_is_recorded_with_what_is_said(form: LogDataset, notebook: Notebook) -> None:
    run = notebook.run("%start_run baseline")
    fill(form, name="features", split="val", tags="demo, owner=sales")
    assert "used by run baseline for validation" in form.outcome.value
    record(form)
    assert form.card is not None
    dataset = form.card.dataset
    assert (dataset.name, dataset.source, dataset.rows) == ("features", "variable frame", 2)
    assert dataset.tags == {"split": "val", "demo": "", "owner": "sales"}
    assert [(use.run_id, use.context) for use in form.card.uses] == [(run.id, "validation")]
    assert "features" in form.result.value
    assert "as features, which has 1 content so far" in form.outcome.value
    fill(form, output=True, context="")
    assert "made by run baseline" in form.outcome.value
    record(form)
    assert form.card.makers[0].run == "baseline"
    assert "already recorded" in form.result.value


def test_a_file_a_folder_and_an_address_are_recorded(form: LogDataset, work: Path) -> None:
    fill(form, data="", path="digits.csv")
    assert form.fields["path"].box.layout.display == ""
    assert "a file · 11 B · CSV" in form.outcome.value
    record(form)
    assert aip.get_dataset("digits").dataset.digest == hashlib.sha256(CSV.encode()).hexdigest()
    (work / "some photos").mkdir()
    (work / "some photos" / "a b.png").write_bytes(b"123")
    fill(form, path=" some photos ")
    assert "a folder · 1 file, 3 B" in form.outcome.value
    record(form)
    assert aip.get_dataset("some photos").dataset.source_type == "folder"
    fill(form, path="gcs://bucket/raw", name="raw")
    assert "an address · what is there is not read" in form.outcome.value
    record(form)
    assert aip.get_dataset("raw").dataset.source == "gs://bucket/raw"


def test_rows_are_looked_at_as_is_said(form: LogDataset) -> None:
    fill(form, data="", path="digits.csv", profile="none")
    assert "CSV" not in form.outcome.value
    record(form)
    assert aip.get_dataset("digits").dataset.columns == []
    assert form.fields["profile"].input.label == "none of them"


def test_a_large_folder_is_not_counted_to_its_end(
    form: LogDataset, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_form_rules, "LOOKED_THROUGH", 2)
    (work / "many").mkdir()
    for number in range(3):
        (work / "many" / f"{number}").touch()
    fill(form, data="", path="many")
    assert "more than 2 files" in form.outcome.value


WRONG = [
    ("name", "", "give a name"),
    ("name", "x" * 300, "too long"),
    ("split", "a\x01b", "control characters"),
    ("context", "x" * 300, "too long"),
    ("tags", "=1", "give a name"),
    ("path", "", "name a file, a folder or an address"),
    ("path", "digit.csv", "did you mean digits.csv?"),
    ("path", "<script>", "there is no file &#x27;&lt;script&gt;&#x27;"),
    ("path", "~nobody-of-this-name/x", "there is no file"),
    ("path", "x" * 5000, "there is no file"),
    ("path", "empty", "has no files"),
    ("path", "/dev/null", "neither a file nor a folder"),
]


def test_what_is_wrong_is_told_below_the_field(form: LogDataset, work: Path) -> None:
    (work / "empty").mkdir()
    for field, value, rule in WRONG:
        fill(form, data="" if field == "path" else "frame", name="digits", path="digits.csv")
        fill(form, **{field: value})
        assert rule in form.fields[field].problem, value
        assert form.button.disabled
        fill(form, **{field: {"name": "digits", "path": "."}.get(field, "")})
        assert form.fields[field].problem == ""
        assert not form.button.disabled


def test_a_variable_that_is_gone_or_another_thing_is_told(form: LogDataset, notebook: Notebook) -> None:
    notebook.run("frame = 3")
    fill(form, tags="demo")
    assert "int, which is no data" in form.outcome.value
    record(form)
    assert "an int is no data" in form.fields["data"].problem
    notebook.run("del frame")
    record(form)
    assert "show the form again" in form.fields["data"].problem
    assert list(aip.list_datasets()) == []


def test_what_cannot_be_read_is_told_at_the_path(form: LogDataset, work: Path) -> None:
    (work / "data").mkdir()
    (work / "data" / "a").touch()
    (work / "data" / "gone").symlink_to("nowhere")
    fill(form, data="", path="data")
    record(form)
    assert "cannot be read" in form.fields["path"].problem
    assert not form.button.disabled


def test_other_failures_are_told_and_can_be_tried_again(
    form: LogDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = connect().services

    def gone(request: Any) -> Any:
        raise Unavailable("the store <is> gone")

    with monkeypatch.context() as patch:
        patch.setattr(services.datasets, "log_dataset", gone)
        record(form)
    assert "the store &lt;is&gt; gone" in form.result.value
    record(form)
    assert [dataset.name for dataset in aip.list_datasets()] == ["frame"]


def test_the_button_rests_while_it_reads(form: LogDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    real = capture_files._HashingReader.rest
    reading, go_on = threading.Event(), threading.Event()

    def rest(self: Any, scratch: bytearray) -> str:
        reading.set()
        assert go_on.wait(30)
        return real(self, scratch)

    monkeypatch.setattr(capture_files._HashingReader, "rest", rest)
    fill(form, data="", path="digits.csv")
    try:
        form.button.click()
        assert reading.wait(30)
        fill(form, tags="typed meanwhile")
        assert form.button.disabled
    finally:
        go_on.set()
    form.wait()
    assert not form.button.disabled
    assert aip.get_dataset("digits").dataset.tags == {}


def test_the_form_says_what_it_is_where_no_widgets_are(form: LogDataset) -> None:
    data, _ = form._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "%log_dataset NAME DATA" in data["text/plain"]
    assert "records data" in (LogDataset.__doc__ or "")
