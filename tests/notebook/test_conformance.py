"""A notebook with every kind of output, run plainly and with `%%gpu` on every cell: the outputs are equal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from .conformance import CELLS, QUIET, Client, Plain, execute, outputs
from .gpu_cells import end_sessions


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    folder = tmp_path_factory.mktemp("conformance")

    async def run(prefix: str, name: str) -> Any:
        own = {"IPYTHONDIR": str(folder / name), "AIP_HOME": str(folder / "home")}
        return await execute(prefix, folder, {**os.environ, **own, "JPY_SESSION_NAME": "conformance.ipynb"})

    async def run_both() -> tuple[Any, Any]:
        return await asyncio.gather(run("# %%gpu cpu", "plain"), run("%%gpu cpu", "remote"))

    try:
        yield asyncio.run(run_both())
    finally:
        end_sessions(folder / "home")


def test_all_outputs_are_equal(both: tuple[Any, Any]) -> None:
    plain, remote = both
    expected, found = Plain(), Plain()
    for name, one, other in zip(("load", *CELLS), plain.cells, remote.cells, strict=True):
        assert found.of(outputs(other)) == expected.of(outputs(one)), name
        assert other.execution_count == one.execution_count, name


def test_all_widgets_are_equal(both: tuple[Any, Any]) -> None:
    found, expected = (Plain().of(notebook.metadata.widgets) for notebook in reversed(both))
    assert found == expected
    (states,) = (widgets["state"] for widgets in found.values())
    kinds = {state["model_name"] for state in states.values()}
    assert kinds >= {"IntSliderModel", "ImageModel", "OutputModel", "AnyModel", "HBoxModel"}
    assert any(state.get("buffers") for state in states.values())
    shown = [state["state"]["outputs"] for state in states.values() if state["model_name"] == "OutputModel"]
    assert any("only this" in str(outputs) for outputs in shown)


def test_it_shows_what_it_is_meant_to_show(both: tuple[Any, Any]) -> None:
    """So that two notebooks that both show nothing are not taken for equal ones."""
    found = dict(zip(("load", *CELLS), map(outputs, both[1].cells), strict=True))
    silent = {name for name, shown in found.items() if not shown}
    assert silent == QUIET
    kinds = {kind for shown in found.values() for output in shown for kind in output.get("data", {})}
    assert kinds >= {"image/png", "image/svg+xml", "text/latex", "text/markdown", "application/json", "x/y"}
    errors = {output["ename"] for shown in found.values() for output in shown if "ename" in output}
    assert errors >= {"SyntaxError", "SystemExit", "Own", "StdinNotImplementedError", "CalledProcessError"}


def test_a_cell_that_raises_ends_the_notebook(tmp_path: Path) -> None:
    environ = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "AIP_HOME": str(tmp_path / "home")}
    new: Any = nbformat.v4
    sources = "%load_ext aip_jupyter", "%%gpu cpu\nprint(1)\nint('x')", "print(2)"
    notebook = new.new_notebook(cells=[new.new_code_cell(source) for source in sources])
    client: Any = Client(notebook, timeout=120)
    try:
        with pytest.raises(CellExecutionError, match="invalid literal"):
            asyncio.run(client.async_execute(env=environ))
    finally:
        end_sessions(tmp_path / "home")
    assert [output["output_type"] for output in outputs(notebook.cells[1])] == ["stream", "error"]
    assert outputs(notebook.cells[2]) == []
