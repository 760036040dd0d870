"""`make demo`: the quickstart notebook, headless, against a live server; prints what was registered."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from aip_jupyter.client.http import HttpServices
from aip_jupyter.domain.models import GetModel, ListModels, Version

from .support.live import live_server
from .support.notebooks import QUICKSTART, run_notebook


def main() -> None:
    """Run it in a folder of its own, which is removed afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aip-demo-") as folder, live_server(Path(folder)) as server:
        print(f"server ready after {time.monotonic() - began:.1f} s; running {QUICKSTART.name} …", flush=True)
        run_notebook(QUICKSTART, server.client_environ, server.folder / "work")
        services = HttpServices(server.url, server.token)
        for model in services.models.list_models(ListModels()).items:
            print(f"\n{model.name}  [{model.category}]  tags: {', '.join(model.tags)}  by {model.author}")
            for version in services.models.get_model(GetModel(model=model.name)).versions.items:
                print(_line(model.name, version))
        services.close()
    print(f"\ndone in {time.monotonic() - began:.1f} s")


def _line(model: str, version: Version) -> str:
    label = f"{model}:{version.number}"
    size = f"{version.size:,} bytes"
    return f"  {label:<16}{version.name:<10}{version.format:<8}{size:>16}  sha256:{version.digest[:12]}"


if __name__ == "__main__":
    main()
