"""The first page of 100 models out of 5,000 and of 100,000, and those with a part of a name among 100,000.

Beside it MLflow's registry with 5,000, over HTTP as it has no other way, and the floor: sqlite3 alone, which
reads the same rows of the same file.

Targets, in process: a page within 3 and 4 ms, a part of a name within 10 ms.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.registry.sqlite import open_registry
from aip_jupyter.domain.changes import Put
from aip_jupyter.domain.models import ListModels, Model
from aip_jupyter.domain.records import new_id
from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings
from tests.support.live import live_server_with

from .mlflow_peer import Peer, fill_models, mlflow_server

COUNTS = (5_000, 100_000)
ROUNDS = 15
PART = "1973"
"""Of a few names."""
_PAGE = "SELECT * FROM model WHERE project = 'default' {} ORDER BY updated DESC, id DESC LIMIT 100"
LISTS = {"first page": ("", ""), "part of a name": (PART, f"AND name LIKE '%{PART}%'")}


def main() -> None:
    """Print the best of the rounds in milliseconds."""
    found: dict[str, list[float]] = {}
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            home = Path(name) / "home"
            names = _fill(home, count)
            platform = stack.enter_context(closing(open_platform(Settings(home=home))))
            server = stack.enter_context(live_server_with(Path(name) / "server", home, True))
            floor = stack.enter_context(closing(sqlite3.connect(home / "store.db")))
            ways: list[Services] = [platform.services(), stack.enter_context(closing(server.services()))]
            for what, (search, statement) in LISTS.items():
                request = ListModels(search=search)
                times = [_best(partial(way.models.list_models, request)) for way in ways]
                found[f"{what} of {count:,}"] = [*times, _best(partial(_rows, floor, statement))]
            if count == COUNTS[0]:
                # Its processes work for minutes after its start: the others must not be measured beside them.
                peer = stack.enter_context(mlflow_server(Path(name) / "mlflow"))
                fill_models(peer.store, names)
                for what, (search, _) in LISTS.items():
                    found[f"{what} of {count:,}"].append(_best(partial(_theirs, peer, search)))
    print(f"100 models, ms, best of {ROUNDS}")
    print(f"  {'':<30}{'in process':>12}{'over HTTP':>12}{'sqlite3':>12}{'MLflow':>12}")
    for what, times in found.items():
        print(f"  {what:<30}" + "".join(f"{each * 1000:12.2f}" for each in times))
    print("  (targets, in process: first page 3 and 4, part of a name 10)")


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def _rows(floor: sqlite3.Connection, statement: str) -> None:
    assert floor.execute(_PAGE.format(statement)).fetchall()


def _theirs(peer: Peer, search: str) -> None:
    asked: dict[str, str | int] = {"max_results": 100}
    asked |= {"filter": f"name LIKE '%{search}%'"} if search else {}
    url = f"{peer.url}/api/2.0/mlflow/registered-models/search"
    answer = httpx.get(url, params=asked, trust_env=False, timeout=60).raise_for_status()
    assert answer.json()["registered_models"]


def _fill(home: Path, count: int) -> list[str]:
    """A store with so many models; their names."""
    dice = random.Random(1)
    names = [f"{dice.choice(('digits', 'churn', 'prices'))}-{n:06}" for n in range(count)]
    with closing(open_registry(BackendConfig(home=home))) as registry:
        for start in range(0, count, 1000):
            some = [
                Model(id=new_id(), name=name, created=start, updated=start, tags={"team": name[0]})
                for name in names[start : start + 1000]
            ]
            registry.apply([*map(Put, some)])
    return names
