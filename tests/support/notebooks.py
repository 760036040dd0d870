"""Running a notebook headless, with or without a server, and what it left in the store."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from aip_jupyter.domain.models import ListModels, ListVersions
from aip_jupyter.services.interface import Services

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"


def run_notebook(path: Path, environ: Mapping[str, str], folder: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, run by `jupyter execute`. Fails when a cell does."""
    shutil.copy(path, folder)
    command = [sys.executable, "-m", "jupyter", "execute", "--timeout=300", "--output=executed", path.name]
    reply = subprocess.run(command, env=dict(environ), cwd=folder, capture_output=True, text=True)
    assert reply.returncode == 0, reply.stderr
    notebook: nbformat.NotebookNode = nbformat.read(folder / "executed.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    """The text of each output, cell by cell; without that of `%aip`, which tells the two ways apart.

    Without empty ones either: such a one is left by a progress line, where something took its time.
    """
    found = []
    for cell in notebook.cells:
        if cell.source.startswith("%aip"):
            continue
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            if text.strip():
                found.append(text)
    return found


def records(services: Services) -> list[dict[str, Any]]:
    """What is registered, without ids, times and digests: equal for equal work."""
    found = []
    for model in services.models.list_models(ListModels(order_by="name")).items:
        versions = services.models.list_versions(ListVersions(model=model.name, limit=1000)).items
        found.append(
            {
                "name": model.name,
                "category": model.category,
                "tags": model.tags,
                "latest": (model.latest_number, model.latest_name),
                "versions": [
                    {
                        "number": version.number,
                        "name": version.name,
                        "format": version.format,
                        "files": version.file_count,
                        "properties": version.properties,
                        "author": version.author,
                    }
                    for version in versions
                ],
            }
        )
    return found
