"""What a data scientist sees: the quickstart executed, the form, the sidebar open on the model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.models import GetModel, GetVersion

from ..support.notebooks import QUICKSTART
from .lab import LabPage


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_quickstart(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None], theme: str
) -> None:
    shutil.copy(QUICKSTART, lab_page.server.folder / "work" / f"{theme}.ipynb")
    lab_page.use_theme(theme)
    lab_page.open_sidebar()
    lab_page.show_notebook(f"{theme}.ipynb")
    outputs = lab_page.run_all()
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert "the same predictions" in json.dumps(outputs)
    model = services.models.get_model(GetModel(model="digits-clf")).model
    row = lab_page.row("digits-clf")
    expect(row).to_contain_text(f"{model.version_count} versions")
    row.click()
    version = lab_page.row("_v1", "version")
    version.click()
    expect(lab_page.row("model.skops", "file").first).to_be_visible()
    lab_page.page.locator(".jp-Notebook h2").get_by_text("Register").scroll_into_view_if_needed()
    expect(lab_page.page.locator(".jp-Notebook h2").get_by_text("Train")).to_be_in_viewport()
    screenshot(f"jupyterlab-{theme}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_registers(
    lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None], theme: str
) -> None:
    lab_page.use_theme(theme)
    lab_page.open_sidebar()
    lab_page.open_notebook(f"form-{theme}.ipynb")
    lab_page.run(
        "%load_ext aip_jupyter\n"
        "from sklearn.dummy import DummyClassifier\n"
        "clf = DummyClassifier().fit([[0], [1]], [0, 1])"
    )
    lab_page.run("%register_model")
    page = lab_page.page
    form = page.locator(".jp-OutputArea").last
    name, register = form.get_by_label("Name"), form.get_by_role("button", name="Register")
    name.fill("tmp_x")
    expect(form).to_contain_text("may not begin with 'tmp_'")
    expect(register).to_be_disabled()
    screenshot(f"form-wrong-{theme}")
    name.fill(f"formed-{theme}")
    form.get_by_label("Version").fill("v1.0")
    form.get_by_label("Category").select_option("Other")
    form.get_by_label("Tags").fill("demo, team=vision")
    form.get_by_label("Description").fill("by the form")
    expect(form).to_contain_text(f"formed-{theme}")
    expect(register).to_be_enabled()
    register.click()
    expect(form).to_contain_text(f"formed-{theme}:1 (v1.0)")
    expect(lab_page.row(f"formed-{theme}")).to_be_visible()
    screenshot(f"form-{theme}")
    detail = services.models.get_version(GetVersion(reference=f"formed-{theme}"))
    assert (detail.version.name, detail.version.description) == ("v1.0", "by the form")
    assert (detail.model.category, detail.model.tags) == ("Other", {"demo": "", "team": "vision"})
