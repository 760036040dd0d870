"""What a data scientist sees: the quickstart executed, the form, the sidebar open on the model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.models import GetVersion

from ..support.notebooks import QUICKSTART
from .gallery import stop_sessions
from .lab import LabPage, in_both_themes


@pytest.mark.slow
def test_the_quickstart(lab_page: LabPage, services: HttpServices, screenshot: Callable[[str], None]) -> None:
    shutil.copy(QUICKSTART, lab_page.server.folder / "work")
    lab_page.open_sidebar()
    lab_page.show_notebook(QUICKSTART.name)
    outputs = lab_page.run_all()
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert "of all digits are read rightly" in json.dumps(outputs)
    expect(lab_page.row("digits-clf")).to_contain_text("1 version")
    lab_page.row("digits-clf").click()
    lab_page.row("_v1", "version").click()
    expect(lab_page.row("model.skops", "file")).to_be_visible()
    run = lab_page.row("digits-baseline", "run")
    expect(run).to_contain_text("accuracy 0.9")
    expect(run.get_by_role("img", name="completed")).to_be_visible()
    expect(lab_page.row("digits", "dataset")).to_contain_text("1,797 × 65")
    expect(lab_page.sidebar.locator('[data-kind="session"]')).to_contain_text(
        "idle · quickstart.ipynb · 2 cells"
    )
    for heading, block, name in (
        ("Register", "end", "jupyterlab"),  # what the GPU's cell has said and drawn is above it
        ("Where did it come from?", "start", "lineage"),
    ):
        found = lab_page.page.locator(".jp-Notebook h2").get_by_text(heading)
        found.evaluate("(node, block) => node.scrollIntoView({ block })", block)
        in_both_themes(lab_page, screenshot, name)
    stop_sessions(services, "default")


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
