"""The files of a run on its page: what they are, what is in them, and that what is evil does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject
from aip_jupyter.domain.artifacts import ExternalFile, ListArtifacts, LogArtifacts
from aip_jupyter.domain.runs import Run

from ..contracts.services_artifacts import log
from ..support.live import LiveServer
from . import gallery
from .files import EVIL, PLAIN, TABLE
from .lab import LabPage, in_both_themes

PROJECT = "files"


@pytest.fixture(scope="module")
def made(lab: LiveServer, services: HttpServices) -> dict[str, Run]:
    """Runs with files: some of every kind, some that are evil, and many."""
    services.projects.create_project(CreateProject(name=PROJECT))
    with gallery.opened(lab) as platform:
        experiment = gallery.experiment(platform, PROJECT, "digits")
        names = ("plain", "evil", "many")
        made = {name: gallery.run(platform, experiment, name, status="completed") for name in names}
    log(services, made["plain"].id, PLAIN, project=PROJECT)
    external = [
        ExternalFile(path="elsewhere/model.onnx", uri="https://example.org/m.onnx", size=5_000_000_000),
        ExternalFile(path="elsewhere/raw.parquet", uri="s3://lake/raw.parquet"),
    ]
    services.artifacts.log_artifacts(LogArtifacts(project=PROJECT, run=made["plain"].id, external=external))
    log(services, made["evil"].id, EVIL, project=PROJECT)
    some = {f"{folder}/{number:03}.txt": b"" for folder in ("a", "b") for number in range(300)}
    log(services, made["many"].id, some, project=PROJECT)
    return made


def _open(lab_page: LabPage, run: Run) -> Locator:
    """Open the run's page; its artifacts."""
    lab_page.execute("aip:open-run", project=PROJECT, run=run.id)
    return (
        lab_page.page.locator(".jp-AipRunPage").filter(visible=True).get_by_role("region", name="Artifacts")
    )


def _line(artifacts: Locator, name: str) -> Locator:
    text = artifacts.page.locator(".jp-AipFiles-name > span:last-child").get_by_text(name, exact=True)
    return artifacts.locator("tbody > tr").filter(has=text)


def _shown(artifacts: Locator, name: str) -> Locator:
    """Open a file; what is shown of it."""
    artifacts.get_by_role("button", name=name, exact=True).click()
    preview = artifacts.locator("tr.jp-AipFiles-preview")
    expect(preview).to_have_count(1)
    return preview


def test_files_are_told_apart_opened_and_downloaded(
    lab_page: LabPage, made: dict[str, Run], screenshot: Callable[[str], None]
) -> None:
    artifacts = _open(lab_page, made["plain"])
    expect(_line(artifacts, "config.json").locator(".jp-AipBadge")).to_have_text("text")
    kinds = {
        "slope.png": "image",
        "table.csv": "data",
        "train.py": "code",
        "\u6a21\u578b \u2013 \xfc.ipynb": "notebook",
    }
    for name, kind in kinds.items():
        expect(_line(artifacts, name).locator(".jp-AipBadge")).to_have_text(kind)
    expect(artifacts.locator("tfoot")).to_contain_text("11 files")
    expect(artifacts.locator("tfoot")).to_contain_text("5.0 GB")
    folder = artifacts.get_by_role("button", name="checkpoints", exact=True)
    expect(_line(artifacts, "checkpoints")).to_contain_text("2 files179 kB")
    folder.press("Enter")
    expect(folder).to_have_attribute("aria-expanded", "false")
    expect(_line(artifacts, "weights.pt")).to_have_count(0)
    folder.press("Enter")
    expect(_line(artifacts, "weights.pt")).to_have_count(2)
    with lab_page.page.expect_download() as waiting:
        artifacts.get_by_role("link", name="Download checkpoints/epoch 1/weights.pt").click()
    assert waiting.value.suggested_filename == "weights.pt"
    assert Path(waiting.value.path()).read_bytes() == PLAIN["checkpoints/epoch 1/weights.pt"]
    link = artifacts.get_by_role("link", name="https://example.org")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(artifacts.get_by_text("s3://lake/raw.parquet")).to_be_visible()
    expect(artifacts.get_by_role("link", name="s3://")).to_have_count(0)


def test_what_is_in_a_file_is_shown_beneath_it(
    lab_page: LabPage, made: dict[str, Run], screenshot: Callable[[str], None]
) -> None:
    artifacts = _open(lab_page, made["plain"])
    preview = _shown(artifacts, "slope.png")
    picture = preview.get_by_role("img", name="plots/slope.png")
    expect(picture).to_have_js_property("naturalWidth", 160)
    assert (picture.get_attribute("src") or "").startswith("blob:")
    artifacts.get_by_role("button", name="slope.png", exact=True).click()
    preview = _shown(artifacts, "table.csv")
    expect(preview.locator("tbody td")).to_have_text(["a, quoted", "1", "plain", "2"])
    artifacts.get_by_role("button", name="table.csv", exact=True).click()
    preview = _shown(artifacts, "config.json")
    expect(preview.locator("pre")).to_contain_text('"lr": 0.1')
    artifacts.get_by_role("button", name="config.json", exact=True).click()
    preview = _shown(artifacts, "report.md")
    expect(preview.locator("strong")).to_have_text("0.97")
    for name in ("slope.png", "table.csv", "train.py"):
        artifacts.get_by_role("button", name=name, exact=True).click()
    expect(artifacts.locator("tr.jp-AipFiles-preview")).to_have_count(4)
    expect(picture).to_be_visible()
    in_both_themes(lab_page, screenshot, "artifacts-shown")
    artifacts.scroll_into_view_if_needed()
    lab_page.page.mouse.wheel(0, -3000)
    in_both_themes(lab_page, screenshot, "artifacts-page")


def test_what_is_evil_does_nothing(
    lab_page: LabPage, made: dict[str, Run], lab: LiveServer, services: HttpServices
) -> None:
    page = lab_page.page
    artifacts = _open(lab_page, made["evil"])
    for name in ("evil.html", "evil.svg"):
        expect(_line(artifacts, name)).to_have_count(1)
        expect(artifacts.get_by_role("button", name=name, exact=True)).to_have_count(0)
    preview = _shown(artifacts, "evil.png")
    expect(preview).to_contain_text("not what its name says")
    artifacts.get_by_role("button", name="evil.png", exact=True).click()
    preview = _shown(artifacts, "evil.txt")
    expect(preview.locator("pre")).to_contain_text("<script>")
    expect(preview.locator("pre")).to_contain_text("\ufffdevil")
    artifacts.get_by_role("button", name="evil.txt", exact=True).click()
    preview = _shown(artifacts, "evil.md")
    expect(preview.locator("h1")).to_contain_text("evil")
    expect(preview.locator("img, iframe, script, [onerror], a[href^='javascript']")).to_have_count(0)
    assert "it has run" not in page.title()
    listed = services.artifacts.list_artifacts(ListArtifacts(project=PROJECT, run=made["evil"].id))
    other = page.context.new_page()
    for artifact in listed.items:
        if artifact.path in ("evil.html", "evil.svg"):
            address = f"{lab.url}aip/v1/projects/{PROJECT}/artifacts/{artifact.id}/content"
            with other.expect_download() as waiting:
                other.evaluate("address => { location.href = address; }", address)
            assert Path(waiting.value.path()).read_bytes() == EVIL[artifact.path]
            reply = other.request.get(address)
            assert reply.headers["content-type"] == "application/octet-stream"
            assert reply.headers["content-disposition"].startswith("attachment")
            assert reply.headers["content-security-policy"] == "default-src 'none'; sandbox"
            assert reply.headers["x-content-type-options"] == "nosniff"
    assert other.title() == ""
    other.close()


def test_many_files_are_read_as_they_are_wanted(lab_page: LabPage, made: dict[str, Run]) -> None:
    artifacts = _open(lab_page, made["many"])
    expect(artifacts).to_contain_text("200 of 600 were read")
    expect(_line(artifacts, "a")).to_contain_text("200+ files")
    artifacts.get_by_role("button", name="a", exact=True).click()
    more = artifacts.get_by_role("button", name="Show more")
    more.click()
    expect(_line(artifacts, "b")).to_contain_text("100+ files")
    expect(_line(artifacts, "a")).to_contain_text("300 files")
    more.click()
    expect(_line(artifacts, "b")).to_contain_text("300 files")
    expect(more).to_have_count(0)


def test_files_come_go_and_come_back(
    lab_page: LabPage, made: dict[str, Run], services: HttpServices, screenshot: Callable[[str], None]
) -> None:
    page, run = lab_page.page, made["plain"]
    artifacts = _open(lab_page, run)
    expect(_line(artifacts, "table.csv")).to_have_count(1)
    log(services, run.id, {"late/added.txt": TABLE}, project=PROJECT)
    expect(_line(artifacts, "added.txt")).to_have_count(1)
    artifacts.get_by_role("button", name="Delete late…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete folder late?")
    expect(dialog).to_contain_text("1 file, 33 B")
    expect(dialog).to_contain_text("run plain")
    in_both_themes(lab_page, screenshot, "artifacts-delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(_line(artifacts, "late")).to_have_count(0)
    artifacts.get_by_label("Deleted artifacts").check()
    expect(_line(artifacts, "added.txt")).to_have_count(1)
    expect(artifacts.get_by_role("link", name=re.compile("Download"))).to_have_count(0)
    artifacts.get_by_role("button", name="Restore added.txt").click()
    expect(artifacts).to_contain_text("No deleted artifacts")
    artifacts.get_by_label("Deleted artifacts").uncheck()
    expect(_line(artifacts, "added.txt")).to_have_count(1)
    lab_page.open_sidebar()
    lab_page.choose_project(PROJECT)
    lab_page.row("plain", "run").click()
    lab_page.row("Artifacts", "group").click()
    expect(lab_page.row("late/added.txt", "file")).to_contain_text("33 B")
