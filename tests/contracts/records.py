"""Records to put into registries."""

from __future__ import annotations

from typing import Any

from aip_jupyter.domain.artifacts import Artifact
from aip_jupyter.domain.changes import AnyRecord, Intent
from aip_jupyter.domain.datasets import Column, Dataset
from aip_jupyter.domain.lineage import Link
from aip_jupyter.domain.models import Model, Version
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import Experiment, Journal, Run
from aip_jupyter.domain.texts import Text

HOSTILE = [
    "'; DROP TABLE model; --",
    'a "quoted" name',
    "100%",
    "under_score",
    "back\\slash",
    "{:s} %(x)s :name ?1",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "naïve – 模型 – مودل",
    "🤖🚀",
    "e\u0301 is not é",
    "\u202edetrevni",
    "line\nbreak and\ttab",
    " ",
    "NULL",
    "0",
]
"""Texts that something or other spells, escapes or folds wrongly."""


EXTREME = [2**63 - 1, -(2**63), 2**53 + 1, 0.1, 1e300, 5e-324, 1e22, 123456789012345680.0]
"""Numbers that lose a digit wherever somebody is careless."""

EVERYTHING_SET: list[AnyRecord] = [
    Model(
        id=new_id(),
        project="vision",
        author="ada",
        created=1_700_000_000_123,
        properties={"text": "x", "whole": 3, "real": 0.5, "flag": True},
        external_id="m-1",
        state="ARCHIVED",
        name="digits",
        description="two\nlines",
        category="CV",
        tags={"team": "a", "bare": ""},
        version_count=2,
        last_number=7,
        latest_id=new_id(),
        latest_number=7,
        latest_name="v7",
        latest_pinned=True,
    ),
    Version(
        id=new_id(),
        project="vision",
        model_id=new_id(),
        number=3,
        name="v3",
        description="d",
        tags={"a": "b"},
        stage="staging",
        aliases=["champion", "best"],
        format="skops",
        size=2**40,
        file_count=2,
        digest="ab" * 32,
    ),
    Artifact(
        id=new_id(),
        project="vision",
        owner_id=new_id(),
        path="weights/model.bin",
        size=0,
        digest="cd" * 32,
        media_type="application/octet-stream",
    ),
    Artifact(id=new_id(), project="vision", owner_id=new_id(), path="far", uri="s3://bucket/key"),
    Intent(id=new_id(), project="vision", target=new_id(), holder="host|boot|1|2"),
]
"""Records of every kind that a registry keeps, with no field at its default."""

TRACKING_SET: list[AnyRecord] = [
    Experiment(
        id=new_id(),
        project="vision",
        author="ada",
        created=1_700_000_000_123,
        name="digits",
        description="two\nlines",
        tags={"team": "a", "bare": ""},
    ),
    Run(
        id=new_id(),
        project="vision",
        author="ada",
        created=1_700_000_000_123,
        external_id="r-1",
        name="baseline",
        experiment_id=new_id(),
        experiment="digits",
        status="failed",
        started=1_700_000_000_100,
        ended=1_700_000_000_200,
        params={"text": "x", "whole": 3, "real": 1.0, "flag": True, "a key/with both": 2**53 + 1},
        tags={"a": "b"},
        notes="two\nlines",
        device="L40S",
        notebook="folder/a notebook.ipynb",
        holder="host|boot|1|2",
        parent=new_id(),
        beat=1_700_000_000_150,
    ),
    Text(
        id=new_id(),
        project="vision",
        author="ada",
        created=1_700_000_000_123,
        run_id=new_id(),
        name="source/a notebook.py",
        text="two\nlines – 模型",
        captured=True,
    ),
    Journal(id=new_id(), project="vision", author="ada", created=1, mark=2**40),
    Artifact(id=new_id(), project="vision", owner_id=new_id(), path="far", size=1, uri="s3://bucket/key"),
]
"""Records of every kind that a tracking backend keeps, besides links."""

DATA_SET: list[AnyRecord] = [
    Dataset(
        id=new_id(),
        project="vision",
        author="ada",
        created=1_700_000_000_123,
        properties={"text": "x"},
        external_id="d-1",
        name="digits",
        digest="ab" * 32,
        source="data/digits ü.csv",
        source_type="folder",
        size=2**40,
        rows=1797,
        columns=[
            Column(name="a", type="int", nulls=0, minimum=-(2**63), maximum=2**63 - 1),
            Column(name="", type="float", nulls=1, minimum=0.1, maximum=1e300),
            Column(name="t", type="text", minimum="", maximum="two\nlines"),
            Column(name="b", type="bool", nulls=2, minimum=False, maximum=True),
        ],
        tags={"split": "train", "bare": ""},
        identity="ab" * 32,
    ),
    Link(
        id=new_id(),
        project="vision",
        author="ada",
        created=1_700_000_000_123,
        source=f"dataset:{new_id()}",
        target=f"run:{new_id()}",
        context="training",
    ),
]
"""A dataset and a link."""


def a_model(name: str = "digits", **fields: Any) -> Model:
    return Model(**{"id": new_id(), "name": name, **fields})


def a_version(of: Model, number: int = 1, **fields: Any) -> Version:
    given = {
        "id": new_id(),
        "model_id": of.id,
        "number": number,
        "name": f"_v{number}",
        "project": of.project,
    }
    return Version(**{**given, **fields})


def an_artifact(of: Version, path: str = "model.bin", **fields: Any) -> Artifact:
    return Artifact(**{"id": new_id(), "owner_id": of.id, "path": path, "project": of.project, **fields})


def an_intent(**fields: Any) -> Intent:
    return Intent(**{"id": new_id(), "target": new_id(), **fields})


def a_run(name: str = "baseline", **fields: Any) -> Run:
    given = {"id": new_id(), "name": name, "experiment_id": new_id(), "experiment": "default"}
    return Run(**{**given, **fields})
