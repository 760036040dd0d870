"""A real IPython shell in this process, on a fresh home, without a server; and a kernel with a session."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aip_jupyter.client.choice import Choice, set_choice
from aip_jupyter.client.connect import disconnect
from aip_jupyter.client.context import set_context
from aip_jupyter.client.journals import JOURNALS
from aip_jupyter.errors import AipError
from aip_jupyter.notebook import run_state

from . import gpu_cells


class Notebook:
    """Runs cells as a notebook does."""

    def __init__(self, shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
        self.shell = shell
        self._capsys = capsys
        self.printed = ""

    def run(self, cell: str) -> Any:
        """The cell's result. A cell that fails fails the test."""
        result = self._run(cell)
        assert result.success, self.printed
        return result.result

    def fail(self, cell: str) -> AipError:
        """The error of ours with which the cell must fail, shown in one line."""
        result = self._run(cell)
        error = result.error_in_exec or result.error_before_exec
        assert isinstance(error, AipError), self.printed or result.result
        assert self.printed.strip() == f"{type(error).__name__}: {error.message}"
        assert "\n" not in error.message
        return error

    def _run(self, cell: str) -> Any:
        self._capsys.readouterr()
        result = self.shell.run_cell(cell, store_history=False)
        out, self.stderr = self._capsys.readouterr()
        self.printed = out
        return result

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.shell.user_ns[name] = value


@pytest.fixture(scope="session")
def ipython(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    main = sys.modules["__main__"]
    os.environ["IPYTHONDIR"] = str(tmp_path_factory.mktemp("ipython"))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell: Any = InteractiveShell.instance(config=config)
    yield shell
    InteractiveShell.clear_instance()
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def nothing_chosen() -> Iterator[None]:
    """What a test chooses for the process is another's no more."""
    yield
    set_choice(Choice())


@pytest.fixture
def no_run(home: Path) -> Iterator[None]:
    """No run and no journal of another test."""
    yield
    run_state.forget_all()
    set_context(None)  # type: ignore[arg-type]  # as before the first cell
    JOURNALS.close()
    disconnect()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook's folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def notebook(
    home: Path, work: Path, ipython: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Notebook]:
    """A fresh notebook with the extension loaded, by ada."""
    monkeypatch.setenv("AIP_USER", "ada")
    fresh = dict(ipython.user_ns)
    notebook = Notebook(ipython, capsys)
    notebook.run("%load_ext aip_jupyter")
    yield notebook
    ipython.extension_manager.loaded.discard("aip_jupyter")
    ipython.user_ns.clear()
    ipython.user_ns.update(fresh)
    # Else its sender goes on, and opens connections of its own in the next test.
    JOURNALS.close()
    disconnect()


@pytest.fixture
def clf(notebook: Notebook) -> Any:
    """A trained classifier, in the notebook's variable `clf`."""
    from sklearn.linear_model import LogisticRegression

    notebook["clf"] = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    return notebook["clf"]


@pytest.fixture(scope="module")
def gpu_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An AIP_HOME whose sessions end with the module."""
    home = tmp_path_factory.mktemp("home")
    yield home
    gpu_cells.end_sessions(home)


@pytest.fixture(scope="module")
def nb(gpu_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[gpu_cells.Notebook]:
    """A notebook's kernel, whose session `cpu` all tests of the module share that leave it alive."""
    with gpu_cells.running_notebook(gpu_home, tmp_path_factory.mktemp("work")) as notebook:
        notebook.run("%%gpu cpu\nimport os, time\nprint('begun')")
        yield notebook
