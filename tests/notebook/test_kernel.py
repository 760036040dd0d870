"""The magics in a real kernel, as JupyterLab and `jupyter execute` run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat as _nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

nbformat: Any = _nbformat  # its functions have no types
MODELS = Path(__file__).parents[2] / "notebooks" / "models.ipynb"


def execute(notebook: Any, folder: Path) -> list[Any]:
    """The outputs of the cells, each a list."""
    NotebookClient(notebook, timeout=90, resources={"metadata": {"path": str(folder)}}).execute()
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def cells(*sources: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("home")
def test_the_models_notebook_runs_again_and_again(work: Path) -> None:
    for run in (1, 2):
        outputs = execute(nbformat.read(MODELS, as_version=4), work)
        cards = [output[-1].data["text/plain"] for output in outputs[3:7] if output]
        registered = [card.splitlines()[0].split(maxsplit=1)[1] for card in cards]
        first = 3 * run - 2
        assert registered == [
            f"digits-clf:{first} (_v{first})",
            f"digits-clf:{first + 1} (_v{first + 1})",
            f"digits-clf:{first + 2} (v{run}.0)",
        ]
        assert outputs[-1][-1].text == "the same predictions\n"


@pytest.mark.usefixtures("home")
def test_a_failing_magic_stops_the_run_with_one_line(work: Path) -> None:
    notebook = cells(
        "%load_ext aip_jupyter", "clf = [1]", "%register_model m clf --version _x", "print('below')"
    )
    with pytest.raises(CellExecutionError) as caught:
        execute(notebook, work)
    (error,) = notebook.cells[2].outputs
    assert error.output_type == "error"
    assert error.ename == "Invalid"
    assert error.traceback == [f"Invalid: {error.evalue}"]
    assert error.evalue.startswith("version: '_x' may not begin with '_'")
    assert notebook.cells[3].outputs == []
    assert "version: '_x'" in str(caught.value)


@pytest.mark.usefixtures("home")
def test_the_form_is_a_widget(work: Path) -> None:
    outputs = execute(cells("%load_ext aip_jupyter", "%register_model"), work)
    assert "application/vnd.jupyter.widget-view+json" in outputs[1][0].data


@pytest.mark.usefixtures("home")
def test_progress_is_shown_in_its_cell_and_goes_away(work: Path) -> None:
    slow = (
        "import threading\n"
        "from aip_jupyter.notebook import progress\n"
        "progress.PATIENCE = progress.PACE = 0.01\n"
        "shown = threading.Event()\n"
        "class Line(progress.NotebookLine):\n"
        "    def __call__(self, state):\n"
        "        super().__call__(state)\n"
        "        shown.set()\n"
        "progress.NotebookLine = Line\n"
        "with progress.Progress('uploading m') as p:\n"
        "    assert shown.wait(30)\n"
        "print('after')"
    )
    (outputs,) = execute(cells(slow), work)
    assert outputs[0].data == {}
    assert outputs[1].text == "after\n"
