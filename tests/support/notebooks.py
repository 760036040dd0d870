"""Running a notebook headless, with or without a server, and what it left in the store."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat

from aip_jupyter.domain.datasets import GetDataset, ListDatasets
from aip_jupyter.domain.lineage import GetLineage
from aip_jupyter.domain.models import ListModels, ListVersions
from aip_jupyter.domain.runs import ListRuns
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
    return [
        text
        for cell in notebook.cells
        if not cell.source.startswith("%aip")
        for _, outputs in groupby(cell.get("outputs", []), key=_stream)
        if (text := "".join(map(_text, outputs))).strip()
    ]


def _stream(output: nbformat.NotebookNode) -> str:
    """What makes neighbours one: a stream arrives in pieces, cut as time cuts them."""
    return output.get("name") or f"output {id(output)}"


def _text(output: nbformat.NotebookNode) -> str:
    text: str = output.get("text") or output.get("data", {}).get("text/plain", "")
    return text


def records(services: Services) -> dict[str, list[Any]]:
    """What is recorded, without ids, times and the digests of what holds times: equal for equal work."""
    return {
        "models": _models(services),
        "runs": [
            {
                "run": (run.name, run.experiment, run.status, run.device, run.author),
                "params": run.params,
                "tags": run.tags,
                "metrics": metrics,
            }
            for run, metrics in ((d.run, d.metrics) for d in services.runs.list_runs(ListRuns()).items)
        ],
        "datasets": [
            (
                dataset.name,
                dataset.digest,
                dataset.source,
                dataset.rows,
                dataset.columns,
                _uses(services, dataset.id),
            )
            for dataset in services.datasets.list_datasets(ListDatasets()).items
        ],
    }


def _uses(services: Services, dataset: str) -> list[tuple[str, str]]:
    return [(use.run, use.context) for use in services.datasets.get_dataset(GetDataset(dataset=dataset)).uses]


def _models(services: Services) -> list[dict[str, Any]]:
    found = []
    for model in services.models.list_models(ListModels(order_by="name")).items:
        versions = services.models.list_versions(ListVersions(model=model.name, limit=1000)).items
        found.append(
            {
                "name": model.name,
                "category": model.category,
                "tags": model.tags,
                "latest": (model.latest_number, model.latest_name),
                "lineage": _edges(services, model.name),
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


def _edges(services: Services, model: str) -> list[tuple[str, str, str]]:
    graph = services.lineage.get_lineage(GetLineage(reference=f"model:{model}"))
    labels = {node.ref: f"{node.kind} {node.label}" for node in graph.nodes}
    return sorted((labels[edge.source], edge.context, labels[edge.target]) for edge in graph.edges)
