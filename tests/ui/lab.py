"""A real JupyterLab in a process of its own, and what a person does with it in a browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, ViewportSize, expect

from ..support.live import LiveServer, free_port, server_environ

TOKEN = "a-token-for-tests"
SCREENSHOTS = "AIP_SCREENSHOTS"
"""The variable that names the folder for pictures; without it none are taken."""

VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
ELSEWHERE = "elsewhere"
"""A project that is there for leaving another one."""

# Whatever else a JupyterLab would ask the network for.
_OFFLINE = (
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
_DISABLED = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


def start_lab(
    folder: Path, data: Path, arguments: Sequence[str] = (), environ: Mapping[str, str] = {}
) -> LiveServer:
    """Start one on a free port of this machine, with folders of its own, and wait until it answers.

    `data` is a Jupyter data folder that comes before all others; it holds the labextension to test.
    """
    (folder / "work").mkdir(parents=True)
    (folder / "config" / "labconfig").mkdir(parents=True)
    (folder / "config" / "labconfig" / "page_config.json").write_text(json.dumps(_DISABLED))
    own = {
        "JUPYTER_PATH": str(data),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        **environ,
    }
    env = server_environ(folder, folder / "home", own)
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        f"--ServerApp.root_dir={folder / 'work'}",
        "--LabApp.expose_app_in_browser=True",
        *_OFFLINE,
        *arguments,
    ]
    log = (folder / "server.log").open("ab")
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder / "work")
    log.close()
    server = LiveServer(folder, port, process, env, token=TOKEN)
    wait_for(lambda: _answers(server), f"JupyterLab did not start, see {folder / 'server.log'}")
    return server


def _answers(server: LiveServer) -> bool:
    if server.process.poll() is not None:
        raise RuntimeError(f"JupyterLab ended with {server.process.returncode}:\n{server.log}")
    with suppress(httpx.TransportError), server.http() as client:
        return client.get("api/status").status_code == 200
    return False


def wait_for(condition: Callable[[], object], otherwise: str, seconds: float = 60) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


# The notebook is ready when it is shown and its kernel has said who it is: what is run before that is lost.
_NOTEBOOK_READY = """async path => {
    const panel = await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
    await panel.revealed;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session.kernel;
    await kernel.info;
    while (kernel.connectionStatus !== 'connected') {
        await new Promise(done => setTimeout(done, 20));
    }
    window.jupyterapp.shell.activateById(panel.id);
}"""

_RUN = """async source => {
    const app = window.jupyterapp;
    const panel = app.shell.currentWidget;
    const notebook = panel.content;
    notebook.activeCell.model.sharedModel.setSource(source);
    const cell = notebook.activeCell.model;
    await app.commands.execute('notebook:run-cell');
    return JSON.stringify(cell.sharedModel.outputs);
}"""

_START = """source => {
    const { commands, shell } = window.jupyterapp;
    shell.currentWidget.content.activeCell.model.sharedModel.setSource(source);
    void commands.execute('notebook:run-cell');
}"""

_RUN_ALL = """async () => {
    const { commands, shell } = window.jupyterapp;
    await commands.execute("notebook:run-all-cells");
    return shell.currentWidget.content.widgets.flatMap(
        cell => (cell.model.type === "code" ? cell.model.sharedModel.outputs : []));
}"""

_CELLS = (
    "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.source)"
)


# To leave a project is to forget what was unfolded and selected in it.
_CLEAR = """async elsewhere => {
    const { serviceManager, shell } = window.jupyterapp;
    document.querySelectorAll('.jp-Notification-Toast-Close').forEach(button => button.click());
    for (const widget of [...shell.widgets('main')]) {
        widget.dispose();
    }
    const has = selector => document.querySelector(selector) !== null;
    await serviceManager.sessions.shutdownAll();
    const sidebar = [...shell.widgets('left')].find(({ id }) => id === 'aip-sidebar');
    await sidebar.setFilter('');
    if (sidebar.project === 'default') {
        await sidebar.setProject(elsewhere);
    }
    await sidebar.setProject('');
    shell.activateById('filebrowser');
    for (let turn = 0; has('.Toastify__toast') && turn < 100; turn++) {
        await new Promise(done => setTimeout(done, 20));  // it fades
    }
    const fields = [...sidebar.node.querySelectorAll('input')];
    return sidebar.project === 'default' && fields.every(field => field.value === '') &&
        !has('.jp-Dialog, .lm-Menu, .Toastify__toast, .jp-AipProjects') &&
        !has('#aip-sidebar :is([role="alert"], .jp-AipHeader-notice, .jp-mod-set, [aria-selected="true"])') &&
        !has('#aip-sidebar .jp-AccordionPanel-title[aria-expanded="false"]');
}"""

_KEEPS = """async ([tabs, runs]) => {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch('default');
    const current = data['layout-restorer:data']?.main?.current ?? '';
    return current.startsWith(tabs + ':') && (!runs || data[current]?.data.runs.length === runs);
}"""
_HAS_THEME = "theme => document.body.dataset.jpThemeLight === String(theme === 'light')"
_IS_OPEN = "() => window.jupyterapp !== undefined && document.querySelector('#jupyterlab-splash') === null"


class LabPage:
    """A JupyterLab in a page of the browser."""

    def __init__(self, page: Page, server: LiveServer) -> None:
        self.page = page
        self.server = server

    def open(self, path: str = "lab") -> None:
        """Load the application in a workspace that nobody used before, and wait until it is ready."""
        separator = "&" if "?" in path else "?"
        self._load(f"{path}{separator}token={self.server.token}&reset")

    @property
    def is_open(self) -> bool:
        """Whether the application is loaded."""
        return self.page.url.startswith(self.server.url) and bool(self.page.evaluate(_IS_OPEN))

    def clear(self) -> bool:
        """Close and stop everything, to leave it as `open` does; returns whether that has come about."""
        if self.page.is_closed() or not self.is_open:
            return False
        self.page.unroute_all()
        self.page.set_viewport_size(VIEWPORT)
        if not self.page.evaluate(_HAS_THEME, "light"):
            self.use_theme("light")
        self.page.keyboard.press("Escape")
        cleared: bool = self.page.evaluate(_CLEAR, ELSEWHERE)
        return cleared

    def reload(self, path: str = "lab") -> None:
        """Load it again, with all that the workspace has kept."""
        self._load(path)

    def _load(self, path: str) -> None:
        self.page.goto(self.server.url + path)
        self.page.wait_for_function("() => window.jupyterapp?.restored")
        self.page.evaluate("() => window.jupyterapp.restored")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def execute(self, command: str, **args: Any) -> None:
        """Run a command of the application."""
        self.page.evaluate(
            "([id, args]) => { window.jupyterapp.commands.execute(id, args); }", [command, args]
        )

    def use_theme(self, theme: str) -> None:
        """Change to the theme `light` or `dark`, and wait until it is on."""
        self.execute("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        self.page.wait_for_function(_HAS_THEME, arg=theme)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def open_sidebar(self) -> Locator:
        """Click on the sidebar's tab; returns the sidebar."""
        self.page.locator('.jp-SideBar [data-id="aip-sidebar"]').click()
        return self.sidebar

    @property
    def sidebar(self) -> Locator:
        """The sidebar."""
        return self.page.locator("#aip-sidebar")

    @property
    def tree(self) -> Locator:
        """The list of models."""
        return self.sidebar.get_by_role("tree", name="Models")

    def row(self, label: str, kind: str = "model") -> Locator:
        """The rows of this kind with exactly this label."""
        text = self.page.locator(".jp-AipTree-label").get_by_text(label, exact=True)
        return self.sidebar.locator(f'[role="treeitem"][data-kind="{kind}"]').filter(has=text)

    @property
    def selector(self) -> Locator:
        """The button that names the project in use, and opens the list of projects."""
        return self.sidebar.get_by_role("button", name=re.compile("^Project "))

    def open_projects(self) -> Locator:
        """Open the list of projects; returns it."""
        self.selector.click()
        return self.page.get_by_role("dialog", name="Projects")

    def choose_project(self, name: str) -> None:
        """Choose a project from the list, and wait until it is the one in use."""
        menu = self.open_projects()
        menu.get_by_role("combobox").fill(name)
        menu.locator(".jp-AipProjects-name").get_by_text(name, exact=True).click()
        expect(self.selector).to_contain_text(name)

    def open_notebook(self, name: str, outputs: Sequence[dict[str, Any]] = ()) -> None:
        """Open a new notebook with one cell and wait for its kernel.

        The cell is empty; `outputs` are what it seems to have said to somebody else.
        """
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": outputs}
        kernel = {"name": "python3", "display_name": "Python 3"}
        notebook = {
            "cells": [{**cell, "execution_count": None}],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.server.folder / "work" / name).write_text(json.dumps(notebook))
        self.show_notebook(name)

    def show_notebook(self, name: str) -> None:
        """Open a notebook of the server's folder and wait for its kernel."""
        self.page.evaluate(_NOTEBOOK_READY, name)

    def run_all(self) -> list[dict[str, Any]]:
        """Run all cells of the active notebook; returns their outputs."""
        outputs: list[dict[str, Any]] = self.page.evaluate(_RUN_ALL)
        return outputs

    def run(self, source: str) -> str:
        """Run this in the active cell; returns its outputs as JSON."""
        outputs: str = self.page.evaluate(_RUN, source)
        assert '"output_type":"error"' not in outputs, outputs
        return outputs

    def start(self, source: str) -> Locator:
        """Run this in the active cell without waiting for it; returns the cell."""
        self.page.evaluate(_START, source)
        return self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active").filter(visible=True)

    def until_kept(self, tabs: str, runs: int = 0) -> None:
        """Wait until the workspace has kept that such a tab is in front, if given with so many runs."""
        wait_for(
            lambda: self.page.evaluate(_KEEPS, [tabs, runs]), f"the workspace has kept nothing of {tabs}"
        )

    @property
    def path(self) -> str:
        """The active notebook's path, below the server's folder."""
        path: str = self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
        return path

    def save(self) -> Path:
        """Save the active notebook, and wait until it is; its file."""
        self.execute("docmanager:save")
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
        return self.server.folder / "work" / self.path

    @property
    def cells(self) -> list[str]:
        """The sources of the active notebook's cells."""
        found: list[str] = self.page.evaluate(_CELLS)
        return found


def in_both_themes(lab_page: LabPage, screenshot: Callable[[str], None], name: str) -> None:
    """A picture in each, when somebody wants pictures; the light one stays on."""
    if not os.environ.get(SCREENSHOTS):
        return
    for theme in ("dark", "light"):
        lab_page.use_theme(theme)
        screenshot(f"{name}-{theme}")
