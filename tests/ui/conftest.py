"""Fixtures of the tests that look at a real JupyterLab through a real browser."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from aip_jupyter.client.http import HttpServices

from ..support.live import LiveServer
from ..support.sessions import ending_sessions
from .gallery import stop_sessions
from .lab import SCREENSHOTS, LabPage, start_lab

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
    with ending_sessions(server.services()):
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


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = find_chromium(playwright.chromium.executable_path)
    browser = playwright.chromium.launch(executable_path=path, args=list(_CHROMIUM_FLAGS))
    yield browser
    browser.close()


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
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile that all tests share: what one page has loaded, the next has at hand."""
    profile = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    profile.grant_permissions(["clipboard-read", "clipboard-write"])
    yield profile
    profile.close()


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A fresh page. Fails when it, or one that it has opened, asked anybody but this machine, or broke."""
    hosts: set[str] = set()
    broken: list[str] = []

    def hear(request: Request) -> None:
        hosts.add(urlsplit(request.url).hostname or "")

    def see(error: WebError) -> None:
        broken.append(str(error.error))

    profile.on("request", hear)
    profile.on("weberror", see)
    yield profile.new_page()
    for page in profile.pages:
        page.close()
    profile.remove_listener("request", hear)
    profile.remove_listener("weberror", see)
    assert hosts <= {"127.0.0.1", ""}
    assert broken == []


@pytest.fixture
def lab_page(page: Page, lab: LiveServer) -> LabPage:
    """JupyterLab, freshly opened."""
    opened = LabPage(page, lab)
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
