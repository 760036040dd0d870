"""What is found among 20,000 runs of 5 metrics, and in one of 100,000 points, in process and over HTTP.

Beside it MLflow's server over as many runs, and the floor: sqlite3 alone, which reads the same rows of the
same file along the same index.

Targets, in process: a page of 100 filtered or ordered by a metric within 6 ms, a part of a name within 10 ms,
all pages within 1 s. Over HTTP: 100,000 points of history within 0.3 s, 1,000 of them within 50 ms.
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
from msgspec.structs import replace

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.tracking.sqlite import open_tracking
from aip_jupyter.domain.changes import AddPoints, Put
from aip_jupyter.domain.pages import MAX_PAGE
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.runs import GetHistory, ListRuns, Run
from aip_jupyter.services.interface import Services
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings
from tests.support.live import live_server_with

from .mlflow_peer import Peer, fill_runs, mlflow_server

RUNS = 20_000
METRICS = 5
POINTS = 100_000
ROUNDS = 7

_STATES = "SELECT * FROM metric WHERE project = 'default' AND run_id IN ({}) ORDER BY run_id, name"
_BY_METRIC = (
    "SELECT run.* FROM metric CROSS JOIN run ON run.id = metric.run_id WHERE metric.project = 'default' "
    "AND metric.name = 'm1' {} ORDER BY metric.last {} LIMIT 100"
)
_BY_START = "SELECT * FROM run WHERE project = 'default' {} ORDER BY started DESC, id DESC LIMIT {}"
_FEW = _BY_METRIC.format("AND metric.last < 0.001", "ASC")
_WIDE = _BY_START.format(
    "AND (SELECT last FROM metric WHERE project = 'default' AND run_id = run.id AND name = 'm1') < 0.5", 100
)

LISTS: dict[str, tuple[ListRuns, str]] = {
    "first page": (ListRuns(), _BY_START.format("", 100)),
    "ordered by a metric": (ListRuns(order_by="metrics.m1"), _BY_METRIC.format("", "ASC")),
    "the same, descending": (ListRuns(order_by="metrics.m1 desc"), _BY_METRIC.format("", "DESC")),
    "filtered, 0.1 % left": (ListRuns(filter="metrics.m1 < 0.001"), _FEW),
    "filtered, 50 % left": (ListRuns(filter="metrics.m1 < 0.5"), _WIDE),
    "part of a name, 10 found": (ListRuns(search="1999"), _BY_START.format("AND name LIKE '%1999%'", 100)),
    "all pages": (ListRuns(limit=MAX_PAGE), _BY_START.format("", RUNS)),
}
HISTORIES = {"whole history": 0, "1,000 of its points": 1000}
PEER: dict[str, dict[str, object]] = {
    "first page": {},
    "ordered by a metric": {"order_by": ["metrics.m1 ASC"]},
    "the same, descending": {"order_by": ["metrics.m1 DESC"]},
    "filtered, 0.1 % left": {"filter": "metrics.m1 < 0.001"},
    "filtered, 50 % left": {"filter": "metrics.m1 < 0.5"},
    "part of a name, 10 found": {"filter": "attributes.run_name LIKE '%1999%'"},
    "all pages": {"max_results": MAX_PAGE},
}
"""What MLflow's server is asked for: seconds and more, hence once."""
_HISTORY = "SELECT step, time, value FROM point WHERE metric = (SELECT key FROM metric WHERE name = 'long')"


def main() -> None:
    """Print the best of the rounds in milliseconds."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        home = Path(name) / "home"
        long = _fill(home)
        platform = stack.enter_context(closing(open_platform(Settings(home=home))))
        server = stack.enter_context(live_server_with(Path(name) / "server", home, True))
        floor = stack.enter_context(closing(sqlite3.connect(home / "store.db")))
        ways: list[Services] = [platform.services(), stack.enter_context(closing(server.services()))]
        found: dict[str, list[float]] = {}
        for what, (request, statement) in LISTS.items():
            found[what] = [_best(partial(_all_pages, way, request)) for way in ways]
            found[what].append(_best(partial(_rows, floor, statement)))
        for what, points in HISTORIES.items():
            wanted = GetHistory(run=long, key="long", points=points)
            found[what] = [_best(partial(way.runs.get_history, wanted)) for way in ways]
            found[what].append(_best(lambda: floor.execute(_HISTORY).fetchall()))
        # Its processes work for minutes after its start: the others must not be measured beside them.
        peer = stack.enter_context(mlflow_server(Path(name) / "mlflow"))
        curve = fill_runs(peer.store, RUNS, METRICS, POINTS)
        for what, asked in PEER.items():
            found[what].append(_once(partial(_all_theirs, peer, asked)))
        for what, points in HISTORIES.items():
            found[what].append(_once(partial(_their_history, peer, curve, points)))
    print(f"found among {RUNS:,} runs with {METRICS} metrics, ms, best of {ROUNDS} (MLflow: once)")
    print(f"  {'':<28}{'in process':>12}{'over HTTP':>12}{'sqlite3':>12}{'MLflow':>12}")
    for what, seconds in found.items():
        print(f"  {what:<28}" + "".join(f"{each * 1000:12.2f}" for each in seconds))
    print("  (targets: pages 6, part of a name 10, all pages 1,000 in process; history 300 and 50 over HTTP)")


def _once(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _best(work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(ROUNDS))


def _all_pages(services: Services, request: ListRuns) -> None:
    """One page; all of them when they are as large as can be."""
    while True:
        page = services.runs.list_runs(request)
        if request.limit < MAX_PAGE or not page.next_page_token:
            return
        request = replace(request, page_token=page.next_page_token)


def _all_theirs(peer: Peer, asked: dict[str, object]) -> None:
    """As `_all_pages`."""
    body = {"experiment_ids": ["0"], "max_results": 100, **asked}
    with httpx.Client(base_url=peer.url, trust_env=False, timeout=600) as client:
        while True:
            answer = client.post("/api/2.0/mlflow/runs/search", json=body).raise_for_status().json()
            assert answer["runs"], asked
            if "max_results" not in asked or not answer.get("next_page_token"):
                return
            body["page_token"] = answer["next_page_token"]


def _their_history(peer: Peer, run: str, points: int) -> None:
    """All of it, or what its own page draws."""
    asked: dict[str, str | int] = {"metric_key": "curve", "max_results": points or POINTS}
    asked |= {"run_ids": run} if points else {"run_id": run}
    route = "metrics/get-history-bulk-interval" if points else "metrics/get-history"
    with httpx.Client(base_url=peer.url, trust_env=False, timeout=600) as client:
        prefix = "/ajax-api/2.0/mlflow" if points else "/api/2.0/mlflow"
        assert client.get(f"{prefix}/{route}", params=asked).raise_for_status().json()["metrics"]


def _rows(floor: sqlite3.Connection, statement: str) -> None:
    """The runs, and what is known of their metrics."""
    ids = [row[1] for row in floor.execute(statement)]
    for start in range(0, len(ids), MAX_PAGE):
        some = ids[start : start + MAX_PAGE]
        floor.execute(_STATES.format(", ".join("?" * len(some))), some).fetchall()


def _fill(home: Path) -> str:
    """A store with the runs; the id of the long one."""
    dice = random.Random(1)
    with closing(open_tracking(BackendConfig(home=home))) as tracking:
        for start in range(0, RUNS, MAX_PAGE):
            runs = [_run(n, dice) for n in range(start, start + MAX_PAGE)]
            values = [[dice.random() for _ in range(METRICS)] for _ in runs]
            added = [
                _points(run, [f"m{n}" for n in range(METRICS)], row)
                for run, row in zip(runs, values, strict=True)
            ]
            tracking.apply([*map(Put, runs), *added])
        long = replace(_run(RUNS, dice), started=0)
        tracking.apply([Put(long), _points(long, ["long"] * POINTS, [dice.random() for _ in range(POINTS)])])
    return long.id


def _points(run: Run, keys: list[str], values: list[float]) -> AddPoints:
    steps = list(range(len(keys)))
    return AddPoints(project=run.project, run_id=run.id, keys=keys, steps=steps, times=steps, values=values)


def _run(n: int, dice: random.Random) -> Run:
    return Run(
        id=new_id(),
        name=f"{dice.choice(('baseline', 'deep', 'wide'))} {n}",
        experiment_id="0" * 32,
        experiment=f"experiment {n % 20}",
        status="completed",
        started=1_700_000_000_000 + n * 1000,
        ended=1_700_000_000_000 + n * 1000 + dice.randint(1000, 1_000_000),
        params={"lr": dice.random(), "opt": dice.choice(("adam", "sgd")), "layers": n % 10, "seed": n},
        tags={"team": f"team {n % 7}"},
        author=f"author {n % 5}",
    )
