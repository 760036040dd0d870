"""`log_dataset` with what its user knows better, outputs of runs, Hugging Face; impact as a table."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import datasets as huggingface  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

import aip_jupyter as aip
from aip_jupyter.domain.datasets import Column
from aip_jupyter.domain.lineage import Affected, Impact, Node
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook.impact import ImpactTable

from .conftest import Notebook
from .test_completion import offered
from .test_display import EVIL

pytestmark = pytest.mark.usefixtures("no_run")
DIGEST = hashlib.sha256(b"known").hexdigest()


@pytest.fixture
def table(work: Path) -> Path:
    path = work / "digits.csv"
    path.write_text("x,y\n1,a\n2,\n")
    return path


def test_a_digest_that_is_known_is_taken_and_checked_on_demand(notebook: Notebook, table: Path) -> None:
    known = aip.log_dataset("huge", path=table, digest=f"sha256:{DIGEST.upper()}").dataset
    assert (known.digest, known.size, known.columns) == (DIGEST, 11, [])
    with pytest.raises(Invalid, match="the data has") as caught:
        aip.log_dataset("huge", path=table, digest=DIGEST, verify=True)
    assert caught.value.field == "digest"
    right = aip.get_dataset("huge").dataset
    assert right == known
    real = notebook.run("%log_dataset digits digits.csv").dataset.digest
    assert notebook.run(f"%log_dataset digits digits.csv --digest {real} --verify").dataset.digest == real
    far = aip.log_dataset("far", uri="https://host/a.csv", digest=DIGEST).dataset
    assert (far.digest, far.source_type) == (DIGEST, "uri")
    with pytest.raises(Invalid, match="not a SHA-256") as caught:
        aip.log_dataset("far", uri="https://host/a.csv", digest="md5:1")
    assert caught.value.field == "digest"


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({"age": "int64", "name": str}, ["int64", "str"]),
        ([("age", np.dtype("int8")), ("name", "text")], ["int8", "text"]),
        (pd.DataFrame({"age": [1], "name": [1.5]}).dtypes, ["int64", "float64"]),
        (pa.schema([("age", pa.int32()), ("name", pa.string())]), ["int32", "string"]),
        (pl.DataFrame({"age": [1], "name": ["a"]}).schema, ["Int64", "String"]),
    ],
)
def test_a_schema_is_taken_as_libraries_spell_it(notebook: Notebook, schema: Any, types: list[str]) -> None:
    columns = aip.log_dataset("far", uri="s3://bucket/a", schema=schema).dataset.columns
    assert [(column.name, column.type) for column in columns] == list(
        zip(["age", "name"], types, strict=True)
    )


def test_a_profile_says_what_was_not_read(notebook: Notebook, table: Path) -> None:
    profile = {"num_rows": 7, "size": 99, "age": {"nulls": 1, "min": 0, "max": 99.5}}
    dataset = aip.log_dataset(
        "far", uri="gs://b/a", schema={"age": "float"}, profile=profile, source_type="snapshot"
    ).dataset
    assert (dataset.rows, dataset.size, dataset.source_type) == (7, 99, "snapshot")
    assert dataset.columns == [Column(name="age", type="float", nulls=1, minimum=0, maximum=99.5)]
    digits = aip.log_dataset("digits", path=table, schema={"y": "category"}).dataset
    assert digits.columns == [
        Column(name="x", type="int", nulls=0, minimum=1, maximum=2),
        Column(name="y", type="category", nulls=1),
    ]
    assert aip.log_dataset("bare", path=table, profile=False).dataset.columns == []
    for wrong in ({"age": 3.5}, {"age": {"mean": 1}}, {"age": {"nulls": "few"}}):
        with pytest.raises(Invalid) as caught:
            aip.log_dataset("far", uri="s3://b/a", profile=wrong)
        assert caught.value.field == "profile"
    with pytest.raises(Invalid) as caught:
        aip.log_dataset("far", uri="s3://b/a", schema=3)
    assert caught.value.field == "schema"


def test_the_same_bucket_has_one_spelling(notebook: Notebook) -> None:
    one = aip.log_dataset("far", uri="gs://bucket/a").dataset
    assert aip.log_dataset("far", uri="gcs://bucket/a").dataset == one


def test_a_split_is_a_tag_and_says_what_for(notebook: Notebook, table: Path) -> None:
    notebook.run("%start_run baseline")
    for number, (options, context) in enumerate(
        {
            "--split train": "training",
            "--split val": "validation",
            "--split test": "test",
            "--split train --context audit": "audit",
            "": "training",
        }.items()
    ):
        used = notebook.run(f"%log_dataset digits-{number} digits.csv {options}")
        assert [use.context for use in used.uses] == [context]
        assert used.dataset.tags == ({"split": options.split()[1]} if options else {})
    notebook.run("%end_run")


def test_what_a_run_made_is_its_output(notebook: Notebook, table: Path) -> None:
    notebook.run("%start_run prepare")
    notebook.run("%log_dataset raw digits.csv")
    notebook["frame"] = pd.DataFrame({"a": [1, 2]})
    made = notebook.run("%log_dataset features frame --output")
    notebook.run("%end_run")
    assert ([use.run for use in made.makers], made.uses) == (["prepare"], [])
    assert "made by" in repr(made)
    told = aip.get_run_datasets("prepare")
    assert [(use.context, use.output) for use in told] == [("training", False), ("", True)]
    for page in (repr(told), told._repr_html_()):
        for word in ("raw", "input for training", "features", "output"):
            assert word in page
    alone = notebook.run("%log_dataset features frame --output")
    assert "none made it yet" in repr(alone)
    with pytest.raises(NotFound):
        aip.get_run_datasets("prepar")


def test_a_hugging_face_dataset_is_known_by_its_fingerprint(notebook: Notebook) -> None:
    features = huggingface.Features(
        {"text": huggingface.Value("string"), "label": huggingface.ClassLabel(names=["no", "yes"])}
    )
    data = huggingface.Dataset.from_dict(
        {"text": ["a", "b"], "label": [0, 1]}, features=features, split=huggingface.Split.TEST
    )
    notebook["data"] = data
    dataset = notebook.run("%log_dataset reviews data").dataset
    assert (dataset.rows, dataset.source_type, dataset.tags) == (2, "huggingface", {"split": "test"})
    assert dataset.columns == [
        Column(name="text", type="string"),
        Column(name="label", type="ClassLabel(2)"),
    ]
    assert data._fingerprint in dataset.source
    assert len(dataset.digest) == 64
    assert aip.log_dataset("reviews", data.select([0, 1])).dataset.digest != ""
    assert aip.log_dataset("reviews", data.filter(lambda row: row["label"] == 1)).dataset.rows == 1
    assert len(aip.list_datasets(name="reviews")) >= 2
    for wrong, advice in (
        (huggingface.DatasetDict({"train": data}), "data\\['train'\\]"),
        (data.to_iterable_dataset(), "the files that it reads"),
    ):
        with pytest.raises(Invalid, match=advice):
            aip.log_dataset("reviews", wrong)


def test_impact_lists_versions_then_data_then_runs(notebook: Notebook, table: Path, clf: Any) -> None:
    notebook.run("%start_run prepare\n%log_dataset customers digits.csv")
    notebook["frame"] = pd.DataFrame({"a": [1, 2]})
    notebook.run("%log_dataset features frame --output\n%end_run\n%start_run train")
    notebook.run("%log_dataset features frame\n%register_model churn clf\n%end_run")
    found = notebook.run("%impact customers")
    assert [each.label for each in found] == ["churn:1", "features", "prepare", "train"]
    assert [each.label for each in found.versions] == ["churn:1"]
    assert len(found.runs) == len(aip.impact("customers").runs) == 2
    for page in (repr(found), found._repr_html_()):
        for word in ("churn:1", "development", "train", "1 version, 2 runs, 1 derived dataset"):
            assert word in page
    table_of = aip.get_model_lineage("churn")
    assert [(row.number, row.run, row.datasets[0].name) for row in table_of] == [(1, "train", "features")]
    for page in (repr(table_of), table_of._repr_html_()):
        assert "features for training" in page
    notebook.run("found = %impact customers --csv 'out put.csv'")
    written = pd.read_csv("out put.csv", keep_default_na=False)
    frame = notebook["found"].to_pandas()
    assert written.to_dict() == frame.to_dict()
    assert list(frame["name"]) == [each.label for each in found]
    assert list(frame[frame["kind"] == "version"]["state"]) == [each.state for each in found.versions]
    assert notebook.fail("%impact customers --csv nowhere/x.csv").field == "csv"
    assert notebook.fail("%impact customer").nearest == ["customers"]  # type: ignore[attr-defined]
    unused = aip.log_dataset("unused", "digits.csv")
    assert "Nothing is known to have used unused" in repr(aip.impact(unused.dataset.id))


def test_a_large_impact_is_cut_and_hostile_names_are_harmless() -> None:
    of = [Node(ref="dataset:1", kind="dataset", label=EVIL, note=EVIL)]
    affected = [
        Affected(ref=f"version:{n}", kind="version", label=EVIL, state=EVIL, via="dataset:1", distance=1)
        for n in range(120)
    ]
    stages = ("archived", "production", "development", "staging")
    affected += [
        Affected(ref=f"version:{stage}", kind="version", label=stage, state=stage, missing=True)
        for stage in stages
    ]
    table = ImpactTable(Impact(of=of, affected=affected, more=True))
    assert [each.label for each in table.versions[:4]] == ["production", "staging", "development", "archived"]
    html = table._repr_html_()
    assert "<script" not in html
    for page in (html, repr(table)):
        assert "\x1b" not in page
        assert "and 24 more" in page
        assert "at least" in page
        assert "missing" in page


def test_tab_and_help(notebook: Notebook, table: Path, clf: Any) -> None:
    notebook.run("%log_dataset customers digits.csv\n%register_model churn clf")
    assert offered(notebook, "%impact cus") == ["%impact customers"]
    assert offered(notebook, "%lineage dataset:c") == ["%lineage dataset:customers"]
    assert offered(notebook, "%lineage chu") == ["%lineage churn"]
    assert offered(notebook, "%log_dataset customers cl") == ["%log_dataset customers clf"]
    assert offered(notebook, "%log_dataset customers clf --split te") == [
        "%log_dataset customers clf --split test"
    ]
    assert "--verify" in offered(notebook, "%log_dataset a b --ver")[0]
    for name in ("impact", "get_model_lineage", "get_run_datasets", "log_dataset"):
        assert f"aip.{name}(" in str(getattr(aip, name).__doc__)
