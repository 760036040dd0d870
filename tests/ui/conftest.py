"""Fixtures of the tests that look at a real JupyterLab through a real browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from playwright.sync_api import BrowserContext, Page, Playwright, Request, WebError, expect, sync_playwright

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.access import CreateProject

from ..support.live import LiveServer
from ..support.sessions import ending_sessions
from .gallery import stop_sessions
from .lab import ELSEWHERE, SCREENSHOTS, VIEWPORT, LabPage, start_lab

ROOT = Path(__file__).parents[2]

_CHROMIUM_FLAGS = (
    "--no-sandbox",  # as root there is no other way; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


expect.set_options(timeout=30_000)  # milliseconds; a busy machine takes its time


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """pytest-jupyter's own would close a loop that Playwright is running in."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Nothing to clean: the servers of these tests are processes of their own."""


@pytest.fixture(scope="package")
def jupyter_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of Jupyter with our kernel and our labextension, bundled from the sources as they are."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    hatch_build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hatch_build)
    with FileLock(tmp_path_factory.getbasetemp().parent / "bundle.lock"):  # tests may run side by side
        hatch_build.CustomHook(str(ROOT), {}, None, None, str(ROOT), "wheel").initialize("standard", {})
    folder = tmp_path_factory.mktemp("data")
    (folder / "labextensions").mkdir()
    (folder / "labextensions" / "aip-jupyter").symlink_to(ROOT / "aip_jupyter" / "labextension")
    (folder / "kernels").symlink_to(ROOT / "jupyter-config" / "kernels")
    return folder


@pytest.fixture(scope="package")
def lab(jupyter_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A JupyterLab that all tests share: each uses names of its own."""
    server = start_lab(tmp_path_factory.mktemp("lab") / "lab", jupyter_data)
    with ending_sessions(server.services()) as services:
        services.projects.create_project(CreateProject(name=ELSEWHERE))
        yield server
    server.stop()


@pytest.fixture(scope="package")
def services(lab: LiveServer) -> Iterator[HttpServices]:
    """The same store, as another program sees it."""
    services = HttpServices(lab.url, lab.token)
    yield services
    services.close()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Ends with this package: while it runs, the fixtures of pytest-jupyter fail in all other tests."""
    with sync_playwright() as started:
        yield started


def find_chromium(own: str) -> str:
    """The path of a Chromium: the one named, one that is installed, or Playwright's own."""
    named = os.environ.get("AIP_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if Path(own).exists():
        return own
    pytest.fail(
        "these tests need Chromium: apt-get install chromium, or playwright install chromium, "
        "or name one in AIP_CHROMIUM",
        pytrace=False,
    )


@pytest.fixture(scope="package")
def profile(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser profile that all tests share; on the disk, where it keeps scripts as it has compiled them."""
    profile = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=find_chromium(playwright.chromium.executable_path),
        args=list(_CHROMIUM_FLAGS),
        viewport=VIEWPORT,
        accept_downloads=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    yield profile  # the page that it begins with stays: with the last one a browser ends
    profile.close()


@pytest.fixture(scope="package")
def kept() -> list[Page]:
    """The page of the test before, as if its JupyterLab had just been opened; or none."""
    return []


@pytest.fixture
def page(
    profile: BrowserContext, lab: LiveServer, kept: list[Page], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page without any state. Fails when it, or one that it has opened, asked another machine, or broke.

    To load JupyterLab takes long: a page in which it is, and that can be cleared, is kept for the next test.
    """
    hosts: set[str] = set()
    broken: list[str] = []

    def hear(request: Request) -> None:
        hosts.add(urlsplit(request.url).hostname or "")

    def see(error: WebError) -> None:
        broken.append(str(error.error))

    profile.on("request", hear)
    profile.on("weberror", see)
    failures = request.session.testsfailed
    others = set(profile.pages).difference(kept)
    page = kept.pop() if kept else profile.new_page()
    yield page
    for other in set(profile.pages).difference(others, [page]):
        other.close()
    profile.remove_listener("request", hear)
    profile.remove_listener("weberror", see)
    if request.session.testsfailed == failures and LabPage(page, lab).clear():
        kept.append(page)
    else:
        page.close()
    assert hosts <= {"127.0.0.1", ""}
    assert broken == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails tells what its page showed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None and not page.is_closed():
        report.sections.append(("page", page.locator("body").aria_snapshot()))
    return report


@pytest.fixture
def lab_page(page: Page, lab: LiveServer) -> LabPage:
    """JupyterLab, as it is when it has just been opened."""
    opened = LabPage(page, lab)
    if not opened.is_open:
        opened.open()
    return opened


@pytest.fixture
def notebook(lab_page: LabPage, services: HttpServices, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """JupyterLab with a notebook of the test's own that has loaded the extension."""
    lab_page.open_notebook(f"{request.node.name.removeprefix('test_')[:24]}.ipynb")
    lab_page.run("%load_ext aip_jupyter")
    yield lab_page
    stop_sessions(services, "default")


@pytest.fixture
def screenshot(page: Page) -> Callable[[str], None]:
    """Keeps a picture of the page in the folder AIP_SCREENSHOTS, when it is set."""

    def keep(name: str) -> None:
        folder = os.environ.get(SCREENSHOTS)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep
