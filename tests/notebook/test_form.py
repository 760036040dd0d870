"""The registration form, driven by the values of its widgets."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import aip_jupyter as aip
from aip_jupyter.client.connect import connect
from aip_jupyter.errors import Unavailable
from aip_jupyter.notebook.form import RegisterForm

from .conftest import Notebook


@pytest.fixture
def form(notebook: Notebook, clf: Any) -> RegisterForm:
    """A form that could be sent but for the name."""
    notebook["number"] = 3
    return RegisterForm(notebook.shell.user_ns, hidden=notebook.shell.user_ns_hidden)


def fill(form: RegisterForm, **values: str) -> None:
    for name, value in values.items():
        form.fields[name].input.value = value


def test_estimators_and_files_are_offered(form: RegisterForm) -> None:
    labels = [label for label, _ in form.fields["object"].input.options]
    assert labels == ["clf – LogisticRegression", "a file or folder …"]
    assert form.fields["category"].input.options[1] == ("Image Classification", "Image Classification")
    assert form.fields["path"].box.layout.display == "none"


def test_nothing_is_complained_about_before_it_is_typed(form: RegisterForm) -> None:
    assert form.button.disabled
    assert all(not field.problem for field in form.fields.values())
    assert form.outcome.value == ""


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("name", "tmp_x", "may not begin with &#x27;tmp_&#x27;"),
        ("name", "#x", "may not begin with"),
        ("name", "x" * 300, "too long"),
        ("name", "<script>", "letters, digits"),
        ("version", "_x", "may not begin with &#x27;_&#x27;"),
        ("version", "3", "only digits"),
        ("tags", "=1", "give a name"),
        ("path", "nowhere.bin", "there is no file"),
    ],
)
def test_what_is_wrong_is_told_below_the_field(form: RegisterForm, field: str, value: str, rule: str) -> None:
    fill(form, name="digits", object="" if field == "path" else "clf")
    fill(form, **{field: value})
    assert form.button.disabled
    problem = form.fields[field].problem
    assert rule in problem
    assert "aip-bad" in problem
    assert f"{field}: " not in problem
    assert "<script>" not in problem
    assert form.fields[field].message.layout.display == ""
    fill(form, **{field: {"name": "digits", "path": "."}.get(field, "")})
    assert form.fields[field].problem == ""
    assert not form.button.disabled


def test_what_will_happen_is_told(form: RegisterForm, notebook: Notebook) -> None:
    fill(form, name="digits")
    assert "makes the new model digits, version 1 (_v1)" in form.outcome.value
    notebook.run("%register_model letters clf")
    again = RegisterForm(notebook.shell.user_ns)
    assert "letters" in again.fields["name"].input.options
    fill(again, name="letters", version="v1.0")
    assert "will become version 2 (v1.0) of letters" in again.outcome.value


def test_an_object_is_registered(form: RegisterForm) -> None:
    fill(form, name="digits", version="v1.0", category="Other", tags="demo, stage=test", description="good")
    form.button.click()
    form.wait()
    card = aip.get_version("digits")
    assert (card.version.name, card.version.description) == ("v1.0", "good")
    assert (card.model.category, card.model.tags) == ("Other", {"demo": "", "stage": "test"})
    assert "digits:1 (v1.0)" in form.result.value
    assert form.fields["version"].value == ""
    assert "will become version 2 (_v2) of digits" in form.outcome.value
    assert not form.button.disabled


def test_the_form_outlives_a_new_connection(form: RegisterForm, notebook: Notebook) -> None:
    notebook.run("%aip")
    fill(form, name="digits")
    form.button.click()
    form.wait()
    assert "digits:1 (_v1)" in form.result.value


def test_a_file_is_registered(form: RegisterForm, work: Path) -> None:
    (work / "weights.bin").write_bytes(b"123")
    fill(form, object="", path="weights.bin", name="weights")
    assert form.fields["path"].box.layout.display == ""
    form.button.click()
    form.wait()
    assert [file.path for file in aip.get_version("weights").files] == ["weights.bin"]


def test_a_taken_version_name_is_told_at_its_field(form: RegisterForm) -> None:
    aip.register_model("digits", [1], version="v1.0")
    fill(form, name="digits", version="v1.0")
    form.button.click()
    form.wait()
    assert "already has" in form.fields["version"].problem
    assert len(aip.get_model("digits").versions) == 1
    assert not form.button.disabled


def test_what_cannot_be_saved_is_told_at_the_object(form: RegisterForm, notebook: Notebook) -> None:
    notebook["clf"].lock = threading.Lock()
    fill(form, name="digits")
    form.button.click()
    form.wait()
    assert "skops cannot save" in form.fields["object"].problem
    assert list(aip.list_models()) == []


def test_a_variable_that_is_gone_is_told(form: RegisterForm, notebook: Notebook) -> None:
    fill(form, name="digits")
    notebook.run("del clf")
    form.button.click()
    assert "show the form again" in form.fields["object"].problem


def test_other_failures_are_told_and_can_be_tried_again(
    form: RegisterForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = connect().services

    def gone(request: Any) -> Any:
        raise Unavailable("the store <is> gone")

    fill(form, name="digits")
    with monkeypatch.context() as patch:
        patch.setattr(services.models, "register_version", gone)
        form.button.click()
        form.wait()
    assert "the store &lt;is&gt; gone" in form.result.value
    assert not form.button.disabled
    form.button.click()
    form.wait()
    assert "digits:1" in form.result.value


def test_the_button_rests_while_it_uploads(form: RegisterForm, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = connect().services.blobs
    real = blobs.upload
    uploading, go_on = threading.Event(), threading.Event()

    def upload(*arguments: Any) -> Any:
        uploading.set()
        assert go_on.wait(30)
        return real(*arguments)

    monkeypatch.setattr(blobs, "upload", upload)
    fill(form, name="digits")
    form.button.click()
    assert uploading.wait(30)
    assert form.button.disabled
    fill(form, description="typed meanwhile")
    assert form.button.disabled
    go_on.set()
    form.wait()
    assert "digits:1" in form.result.value


def test_any_category_can_be_typed_when_all_are_allowed(
    notebook: Notebook, clf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIP_CATEGORIES", "")
    aip.describe()
    form = RegisterForm(notebook.shell.user_ns)
    fill(form, name="digits", category="Toasters")
    form.button.click()
    form.wait()
    assert aip.get_model("digits").model.category == "Toasters"
