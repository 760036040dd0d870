"""The magics as a user types them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client import connect as client
from aip_jupyter.errors import Invalid, NotFound, Unavailable
from aip_jupyter.notebook.magics import CLASSES, ModelMagics, unregister

from .conftest import Notebook

HEAVY = [
    *("httpx", "sqlalchemy", "alembic", "msgspec", "psutil", "boto3", "jupyter_server"),
    *("ipywidgets", "pandas", "numpy", "sklearn", "skops"),
]


def test_loading_the_extension_imports_nothing_heavy(home: Path) -> None:
    code = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "before = set(sys.modules)\n"
        "shell.run_line_magic('load_ext', 'aip_jupyter')\n"
        "import aip_jupyter\n"
        "assert 'aip_jupyter.notebook.magics' in sys.modules\n"
        f"print(sorted(set({HEAVY!r}) & (set(sys.modules) - before)))\n"
    )
    environ = {**os.environ, "AIP_HOME": str(home), "IPYTHONDIR": str(home)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True
    )
    assert run.stdout.strip() == "[]"
    assert not (home / "store.db").exists()


def test_status_says_where_models_go(notebook: Notebook, home: Path) -> None:
    status = notebook.run("%aip")
    assert status.mode == "embedded"
    text = repr(status)
    for word in ("without a server", str(home), "default", "ada", "sqlite", "local", "Image Classification"):
        assert word in text
        assert word in status._repr_html_()
    assert repr(notebook.run("%aip status")) == text


def test_the_doctor_looks_at_everything(notebook: Notebook) -> None:
    doctor = notebook.run("%aip doctor")
    names = [check.name for check in doctor]
    assert names[:3] == ["connection", "versions", "skops in this kernel"]
    assert "registry (sqlite)" in names
    assert doctor.ok, doctor
    assert repr(doctor).count("✓") == len(doctor)


def test_the_doctor_answers_when_nobody_else_does(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_URL", "http://127.0.0.1:9/")
    client.disconnect()
    doctor = notebook.run("%aip doctor")
    assert not doctor.ok
    assert "✗  connection" in repr(doctor)
    assert isinstance(notebook.fail("%aip"), Unavailable)
    assert isinstance(notebook.fail("%models"), Unavailable)


def test_the_store_is_checked(notebook: Notebook, home: Path, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf")
    assert notebook.run("%aip check --verify").ok
    for blob in (home / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    report = notebook.run("%aip check --no-mend")
    assert not report.ok
    assert report.report.findings[0].kind == "missing_bytes"


def test_help_names_every_magic(notebook: Notebook) -> None:
    text = repr(notebook.run("%aip help"))
    assert all(f"%{name}" in text for magics in CLASSES for name in magics.magics["line"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%aip dance", "status, doctor, check, help"),
        ("%aip --dance", "usage: %aip"),
        ("%models --limit 0", "limit"),
        ("%models --limit x", "usage: %models"),
        ("%models a b", "usage: %models"),
        ("%models --category Toasters", "choose one of"),
        ("%model", "usage: %model"),
        ("%load_model", "usage: %load_model"),
        ('%load_model "m', "quotation mark"),
        ("%register_model m clf --frob", "usage: %register_model"),
        ("%register_model a b c", "usage: %register_model"),
    ],
)
def test_wrong_usage_fails_in_one_line(notebook: Notebook, line: str, told: str) -> None:
    error = notebook.fail(line)
    assert isinstance(error, Invalid)
    assert told in error.message


@pytest.mark.parametrize("name", ModelMagics.magics["line"])
def test_the_help_has_options_and_an_example(name: str) -> None:
    doc = getattr(ModelMagics, name).__doc__
    assert "Example" in doc
    assert f"%{name}" in doc.partition("Example")[2]
    if name != "aip":
        assert "--project PROJECT" in doc


def test_models_are_listed_and_found(notebook: Notebook, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf --category Other --tag demo")
    notebook.run("%register_model letters-clf clf")
    table = notebook.run("%models")
    assert [model.name for model in table] == ["letters-clf", "digits-clf"]
    for line in (
        "%models DIGITS",
        "%models --category other",
        "%models --tag demo",
        "%models --author ada digits",
    ):
        assert [model.name for model in notebook.run(line)] == ["digits-clf"]
    assert list(notebook.run("%models --author bob")) == []
    assert len(notebook.run("%models --limit 1")) == 1
    assert "there are more" in repr(notebook.run("%models --limit 1"))
    notebook.run("%aip project new other")
    assert "No models" in repr(notebook.run("%models --project other"))


def test_more_than_a_page_can_be_listed(
    notebook: Notebook, clf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aip_jupyter.notebook.api.MAX_PAGE", 2)
    for number in range(5):
        notebook.run(f"%register_model m{number} clf")
    assert len(notebook.run("%models --limit 5")) == 5
    assert len(notebook.run("%models --limit 3")) == 3


def test_a_model_is_shown(notebook: Notebook, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf --tag demo --description hello")
    notebook.run("%register_model digits-clf clf --version v1.0")
    card = notebook.run("%model digits-clf")
    assert [version.name for version in card.versions] == ["v1.0", "_v1"]
    assert [file.path for file in card.files] == ["model.skops"]
    for page in (repr(card), card._repr_html_()):
        for word in (card.model.id, "demo", "v1.0", "_v1", "model.skops", card.files[0].digest[:12], "ada"):
            assert word in page
    assert "the newest 1 are shown" in repr(notebook.run("%model digits-clf --limit 1"))


def test_a_model_that_is_missing_is_told_with_the_nearest(notebook: Notebook, clf: Any) -> None:
    notebook.run("%register_model digits-clf clf")
    error = notebook.fail("%model digitsclf")
    assert isinstance(error, NotFound)
    assert error.nearest == ["digits-clf"]


def test_the_configured_categories_hold(
    notebook: Notebook, clf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_CATEGORIES", "Toasters, Kettles")
    client.disconnect()
    assert (
        "choose one of: Toasters, Kettles" in notebook.fail("%register_model m clf --category Other").message
    )
    assert notebook.run("%register_model m clf --category toasters").model.category == "Toasters"


def test_an_error_stops_the_cells_below(notebook: Notebook) -> None:
    notebook["after"] = False
    result = notebook.shell.run_cell("%model nothing\nafter = True")
    assert not result.success
    assert notebook["after"] is False


def test_an_error_can_be_caught_as_what_it_is(notebook: Notebook) -> None:
    notebook.run(
        "from aip_jupyter.errors import NotFound\n"
        "try:\n"
        "    get_ipython().run_line_magic('model', 'nothing')\n"
        "except NotFound as error:\n"
        "    caught = error"
    )
    assert isinstance(notebook["caught"], NotFound)


def test_an_error_of_the_python_api_keeps_its_traceback(notebook: Notebook) -> None:
    result = notebook._run("import aip_jupyter as aip\naip.get_model('nothing')")
    assert not result.success
    assert "Traceback" in notebook.printed


def test_the_extension_can_be_taken_away_and_come_back(notebook: Notebook) -> None:
    unregister(notebook.shell)
    assert notebook.shell.find_line_magic("register_model") is None
    notebook.shell.run_line_magic("reload_ext", "aip_jupyter")
    assert notebook.run("%aip").mode == "embedded"


def test_from_python(notebook: Notebook, clf: Any) -> None:
    aip.register_model("m", clf)
    assert aip.describe().mode == "embedded"
    assert aip.get_model("m").model.name == "m"
    assert aip.get_version("m@latest").reference == "m:1"
    assert aip.check_store().ok
