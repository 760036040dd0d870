"""Registering from a notebook: what works, what is refused, and that nothing is left of what fails."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.domain.system import CheckStore
from aip_jupyter.errors import AipError, Conflict, Invalid, NotFound, Unavailable

from .conftest import Notebook


def nothing_is_left() -> None:
    """No record, no bytes, no claim, no temporary file."""
    assert list(aip.list_models()) == []
    report = connect().services.system.check_store(CheckStore(mend=False))
    assert (report.blobs, report.findings) == (0, [])
    assert not [
        name for name in os.listdir(tempfile.gettempdir()) if name.startswith("aip-") and "test" not in name
    ]


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def test_an_object_becomes_version_1_then_2(notebook: Notebook, clf: Any) -> None:
    first = notebook.run("%register_model digits-clf clf")
    assert (first.reference, first.version.name) == ("digits-clf:1", "_v1")
    second = notebook.run("%register_model digits-clf clf --version v1.0")
    assert (second.reference, second.version.name) == ("digits-clf:2", "v1.0")
    assert [file.path for file in second.files] == ["model.skops"]
    assert second.version.format == "skops"
    assert "digits-clf:2 (v1.0)" in repr(second)
    assert os.listdir(tempfile.gettempdir()) == []


def test_what_was_said_is_kept(notebook: Notebook, clf: Any) -> None:
    notebook.run("%aip project new vision")
    card = notebook.run(
        "%register_model digits-clf clf --category 'image classification' --tag demo --tag stage=test "
        '--description "it\'s good" --property accuracy=0.5 --property epochs=3 --project vision'
    )
    assert card.model.category == "Image Classification"
    assert card.model.tags == {"demo": "", "stage": "test"}
    assert card.model.project == "vision"
    version = card.version
    assert version.description == "it's good"
    assert version.author == "ada"
    assert version.properties["accuracy"] == 0.5
    assert version.properties["epochs"] == 3
    assert version.properties["class"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert {"python", "skops", "sklearn"} < set(version.properties)


def test_variables_of_the_notebook_can_be_said(notebook: Notebook, clf: Any) -> None:
    notebook["release"] = "v7"
    assert notebook.run("%register_model digits-clf clf --version {release}").version.name == "v7"


def test_an_attribute_of_a_variable_can_be_registered(notebook: Notebook) -> None:
    notebook.run("class Search:\n    best_estimator_ = [1, 2]\nsearch = Search()")
    card = notebook.run("%register_model best search.best_estimator_")
    assert card.version.properties["class"] == "list"


def test_no_code_runs_for_the_object(notebook: Notebook, clf: Any) -> None:
    error = notebook.fail("%register_model digits-clf [clf][0]")
    assert isinstance(error, NotFound)
    error = notebook.fail("%register_model digits-clf clf.get_params()")
    assert isinstance(error, NotFound)


def test_a_file_a_folder_and_a_variable_with_a_path(notebook: Notebook, work: Path) -> None:
    (work / "model").mkdir()
    (work / "model" / "config.json").write_text("{}")
    (work / "weights.bin").write_bytes(b"w" * 10)
    file = notebook.run("%register_model one weights.bin")
    assert (file.version.format, file.version.size, [f.path for f in file.files]) == (
        "files",
        10,
        ["weights.bin"],
    )
    folder = notebook.run("%register_model two model/")
    assert [(f.path, f.media_type) for f in folder.files] == [("config.json", "application/json")]
    notebook["path"] = work / "weights.bin"
    assert notebook.run("%register_model three path").version.digest == file.version.digest


def test_a_variable_goes_before_a_file(notebook: Notebook, work: Path, clf: Any) -> None:
    (work / "clf").write_text("x")
    assert notebook.run("%register_model a clf").version.format == "skops"
    assert notebook.run("%register_model b ./clf").version.format == "files"


def test_an_object_of_an_own_class_comes_with_advice(notebook: Notebook) -> None:
    notebook.run("class Own:\n    pass\nown = Own()")
    card = notebook.run("%register_model own own")
    assert card.notes == [
        "Who loads it must define Own first, as this notebook does.",
        "Loading it needs --trust (trust=True), for: __main__.Own.",
    ]
    assert card.notes[0] in card._repr_html_()


def test_large_and_small_files_keep_their_names(notebook: Notebook, work: Path) -> None:
    (work / "model").mkdir()
    sizes = {f"{number}.bin": number for number in range(20)} | {"large.bin": 2**20 + 1}
    for name, size in sizes.items():
        (work / "model" / name).write_bytes(b"x" * size)
    card = notebook.run("%register_model m model")
    assert {file.path: file.size for file in card.files} == sizes


BAD_NAMES = {
    "tmp_x": "may not begin with 'tmp_'",
    "_tmp_x": "may not begin with '_tmp_'",
    "#x": "may not begin with '#'",
    "''": "give a name",
    "x" * 300: "300 characters is too long",
    "../x": "letters, digits",
    "'a\tb'": "control characters",
    "a/b": "letters, digits",
}


@pytest.mark.parametrize(("name", "rule"), BAD_NAMES.items(), ids=[name[:12] for name in BAD_NAMES])
def test_a_bad_name_is_refused(notebook: Notebook, clf: Any, name: str, rule: str) -> None:
    error = notebook.fail(f"%register_model {name} clf")
    assert isinstance(error, Invalid)
    assert error.field == "name"
    assert error.message.startswith("name: ")
    assert rule in error.message
    nothing_is_left()


@pytest.mark.parametrize(
    ("options", "field", "rule"),
    [
        ("--version _x", "version", "version: '_x' may not begin with '_'"),
        ("--version 3", "version", "only digits"),
        ("--version latest", "version", "pointer to the newest"),
        ("--version ''", "version", "give a name"),
        ("--category Toasters", "category", "choose one of: Image Classification, Object Detection"),
        ("--category ''", "category", "choose one of"),
        ("--tag ''", "tags", "give a name"),
        ("--property accuracy", "property", "is not K=V"),
    ],
)
def test_a_bad_option_is_refused(notebook: Notebook, clf: Any, options: str, field: str, rule: str) -> None:
    error = notebook.fail(f"%register_model digits-clf clf {options}")
    assert isinstance(error, Invalid)
    assert error.field == field
    assert rule in error.message
    nothing_is_left()


def test_details_are_checked_before_the_object_is_touched(notebook: Notebook) -> None:
    notebook.run(
        "touched = []\nclass Own:\n    def __getstate__(self):\n        touched.append(1)\nown = Own()"
    )
    notebook.fail("%register_model tmp_x own")
    notebook.fail("%register_model x own --version _x")
    notebook.fail("%register_model x own --category Toasters")
    assert notebook["touched"] == []


def test_the_nearest_variable_and_file_are_offered(notebook: Notebook, work: Path, clf: Any) -> None:
    (work / "weights.bin").touch()
    assert notebook.fail("%register_model m cfl").nearest == ["clf"]  # type: ignore[attr-defined]
    error = notebook.fail("%register_model m wieghts.bin")
    assert isinstance(error, NotFound)
    assert "did you mean weights.bin?" in error.message
    error = notebook.fail("%register_model m /nowhere/at/all")
    assert "no variable and no file" in error.message
    nothing_is_left()


@pytest.mark.parametrize(
    "code",
    [
        "__import__('threading').Lock()",
        "open('f', 'w')",
        "(x for x in [1])",
        "lambda x: x",
        "None",
        "__import__('sys')",
    ],
)
def test_what_cannot_be_saved_leaves_nothing(notebook: Notebook, code: str) -> None:
    notebook.run(f"thing = {code}")
    error = notebook.fail("%register_model m thing")
    assert isinstance(error, Invalid)
    assert error.field == "object"
    nothing_is_left()
    notebook.run("thing.close() if hasattr(thing, 'close') else None")


def test_a_data_frame_is_refused_with_advice(notebook: Notebook) -> None:
    notebook.run("import pandas\ndf = pandas.DataFrame({'a': [1]})")
    assert "to_parquet" in notebook.fail("%register_model m df").message


def test_an_empty_folder_is_refused(notebook: Notebook, work: Path) -> None:
    (work / "empty").mkdir()
    assert "has no files" in notebook.fail("%register_model m empty").message
    nothing_is_left()


def test_a_taken_version_name_is_told_before_the_upload(
    notebook: Notebook, clf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("%register_model digits-clf clf --version v1.0")
    blobs = connect().services.blobs

    def upload(*args: object) -> None:
        raise AssertionError("nothing may be uploaded")

    monkeypatch.setattr(blobs, "upload", upload)
    error = notebook.fail("%register_model digits-clf clf --version v1.0")
    assert isinstance(error, Conflict)
    assert "already has 'v1.0' (number 1)" in error.message


@pytest.mark.parametrize("failure", [Unavailable("the store is gone"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["upload", "register"])
def test_what_fails_on_the_way_leaves_nothing(
    notebook: Notebook, work: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, where: str
) -> None:
    (work / "model").mkdir()
    for name in ("a", "b"):
        (work / "model" / name).write_text(name)
    services = connect().services
    real = services.blobs.upload

    def upload(request: Any, source: Path, progress: Any) -> Any:
        if source.read_bytes() == b"b":
            raise failure
        return real(request, source, progress)

    def register(request: Any) -> Any:
        raise failure

    with monkeypatch.context() as patch:
        if where == "upload":
            patch.setattr(services.blobs, "upload", upload)
        else:
            patch.setattr(services.models, "register_version", register)
        with pytest.raises(type(failure)):
            aip.register_model("m", work / "model")
    nothing_is_left()


def test_the_first_error_is_the_one_that_is_told(
    notebook: Notebook, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "f").write_text("x")
    services = connect().services

    def gone(request: Any) -> Any:
        raise Unavailable("first")

    def also_gone(request: Any) -> Any:
        raise Unavailable("second")

    monkeypatch.setattr(services.models, "register_version", gone)
    monkeypatch.setattr(services.blobs, "release_claim", also_gone)
    assert notebook.fail("%register_model m f").message == "first"


@pytest.mark.parametrize("kind", ["TypeError", "OSError", "ZeroDivisionError"])
def test_a_users_own_error_keeps_its_traceback(notebook: Notebook, kind: str) -> None:
    notebook.run(f"class Own:\n    def __getstate__(self):\n        raise {kind}('mine')\nown = Own()")
    result = notebook._run("%register_model m own")
    assert not result.success
    assert not isinstance(result.error_in_exec, AipError)
    assert "__getstate__" in notebook.printed
    assert "Traceback" in notebook.printed


def test_the_form_needs_a_notebook_and_arguments_need_an_object(notebook: Notebook) -> None:
    assert "usage: %register_model" in notebook.fail("%register_model").message
    assert "object: name a variable" in notebook.fail("%register_model digits-clf").message


def test_from_python(notebook: Notebook, clf: Any) -> None:
    card = aip.register_model("m", clf, tags=["demo"], properties={"a": 1})
    assert card.model.tags == {"demo": ""}
    with pytest.raises(NotFound, match="there is no file 'clf'"):
        aip.register_model("m", "clf")
    with pytest.raises(Invalid, match="name a variable"):
        aip.register_model("m", "")
    with pytest.raises(Invalid, match="finite"):
        aip.register_model("m", clf, properties={"loss": float("nan")})
