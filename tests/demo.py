"""`make demo`: the quickstart notebook, headless, against a live server; prints what it left there."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

from aip_jupyter.domain.datasets import Dataset, ListDatasets
from aip_jupyter.domain.lineage import GetLineage
from aip_jupyter.domain.models import GetModel, ListModels, Version
from aip_jupyter.domain.runs import ListRuns, RunDetail
from aip_jupyter.services.interface import Services

from .support.live import live_server
from .support.notebooks import QUICKSTART, run_notebook
from .support.sessions import ending_sessions


def main() -> None:
    """Run it in a folder of its own, which is removed afterwards."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aip-demo-")))
        server = stack.enter_context(live_server(folder))
        services = stack.enter_context(ending_sessions(server.services()))
        print(f"server ready after {time.monotonic() - began:.1f} s; running {QUICKSTART.name} …", flush=True)
        run_notebook(QUICKSTART, server.client_environ, server.folder / "work")
        _print_all(services)
    print(f"\ndone in {time.monotonic() - began:.1f} s")


def _print_all(services: Services) -> None:
    for detail in services.runs.list_runs(ListRuns()).items:
        _print_run(detail)
    for dataset in services.datasets.list_datasets(ListDatasets()).items:
        _print_dataset(dataset)
    for model in services.models.list_models(ListModels()).items:
        print(f"\nmodel    {model.name}  [{model.category}]  tags: {', '.join(model.tags)}")
        for version in services.models.get_model(GetModel(model=model.name)).versions.items:
            print(_line(model.name, version))
        _print_lineage(services, model.name)


def _print_run(detail: RunDetail) -> None:
    run = detail.run
    print(f"\nrun      {run.name}  [{run.experiment}]  {run.status} on {run.device}  by {run.author}")
    print("  params   " + "  ".join(f"{key}={value}" for key, value in run.params.items()))
    for metric in detail.metrics:
        print(f"  {metric.key:<16}{metric.last:<10.4g}{metric.count:>3} points")


def _print_dataset(dataset: Dataset) -> None:
    shape = f"{dataset.rows:,} × {len(dataset.columns)}"
    print(f"\ndataset  {dataset.name}  {dataset.source}  {shape}  sha256:{dataset.digest[:12]}")


def _line(model: str, version: Version) -> str:
    label = f"{model}:{version.number}"
    size = f"{version.size:,} bytes"
    return f"  {label:<16}{version.name:<10}{version.format:<8}{size:>16}  sha256:{version.digest[:12]}"


def _print_lineage(services: Services, model: str) -> None:
    graph = services.lineage.get_lineage(GetLineage(reference=model))
    labels = {node.ref: f"{node.kind} {node.label}" for node in graph.nodes}
    print("\nlineage")
    for edge in graph.edges:
        context = f" ({edge.context})" if edge.context else ""
        print(f"  {labels[edge.source]}{context} → {labels[edge.target]}")


if __name__ == "__main__":
    main()
