"""Lineage and impact among 5,000 versions, and data of 100,000 files recorded again.

The graph is that of tests/services/test_impact.py; what is found is compared with a plain walk in Python over
the same links. The floor of recording a folder again is what asking the system for each of its files costs.

Targets: a folder of 100,000 unchanged files again within 1 s, one changed byte in it found.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aip_jupyter as aip
from aip_jupyter.client.connect import disconnect
from aip_jupyter.domain.lineage import GetImpact, GetLineage, GetModelLineage
from aip_jupyter.notebook.lineage import LineageGraph
from aip_jupyter.services.local import open_platform
from aip_jupyter.services.settings import Settings
from tests.services.test_impact import World
from tests.support.bulk import store_in_bulk

RUNS, VERSIONS = 2000, 5000
FILES, FOLDERS = 100_000, 100
ROUNDS = 5


class Took(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def main() -> None:
    """Print what both take."""
    with tempfile.TemporaryDirectory() as name:
        _graph(Path(name) / "graph")
        print()
        _folder(Path(name))


def _graph(home: Path) -> None:
    world = World(1, datasets=60, runs=RUNS, versions=VERSIONS)
    with closing(open_platform(Settings(home=home, storage="memory"))) as platform:
        platform.registry.check()  # it makes its tables when it is first asked
        store_in_bulk(home, world.records())
        lineage = platform.services().lineage
        starts = {f"dataset:{each.id}" for each in world.datasets if each.name == "data-0"}
        # the one whose lineage is the largest
        of = max((f"dataset:{each.id}" for each in world.datasets), key=lambda ref: len(world.reached({ref})))
        impact = lineage.get_impact(GetImpact(dataset="data-0"))
        exact = {each.ref for each in impact.affected} | starts == world.reached(starts)
        graph = lineage.get_lineage(GetLineage(reference=of, limit=5000))
        reached = world.reached({of}) | world.reached({of}, backwards=True)
        same = {node.ref for node in graph.nodes} == reached
        print(f"a graph of {VERSIONS:,} versions and {len(world.links):,} links, median of {ROUNDS}, ms")
        print(f"  {'':<44}{'time':>9}{'CPU':>9}")
        found = f"{len(impact.affected):,} found, {'exact' if exact else 'NOT EXACT'}"
        _print(f"impact of a name ({found})", partial(lineage.get_impact, GetImpact(dataset="data-0")))
        _print("  the same by a plain walk", partial(world.reached, starts))
        found = f"{len(graph.nodes):,} nodes, {'exact' if same else 'NOT EXACT'}"
        _print(f"lineage ({found})", partial(lineage.get_lineage, GetLineage(reference=of, limit=5000)))
        thousand = lineage.get_lineage(GetLineage(reference=of, limit=1000))
        _print(f"  drawing of {len(thousand.nodes):,} nodes", LineageGraph(thousand)._repr_mimebundle_)
        _print(
            "1,000 versions with their data",
            partial(lineage.get_model_lineage, GetModelLineage(model="clf", limit=1000)),
        )


def _folder(place: Path) -> None:
    data = place / "data"
    _write(data)
    time.sleep(2.5)  # what has just changed is not remembered
    with _home(place / "home"):
        log = partial(aip.log_dataset, "many", data)
        first, took = log().dataset, _once(log)
        before = _once(partial(aip.log_dataset, "again", data, verify=True))
        print(f"a folder of {FILES:,} files of 1 kB, recorded again, s (target: 1)")
        print(f"  {'':<44}{'time':>9}{'CPU':>9}")
        again = [took, *(_once(log) for _ in range(ROUNDS - 1))]
        floor = [_once(partial(_walk, data)) for _ in range(ROUNDS)]
        for what, times in {
            "reading every byte": [before],
            "the second time": again,
            "os.scandir and stat alone": floor,
        }.items():
            print(f"  {what:<44}{_middle(times).wall:>9.2f}{_middle(times).cpu:>9.2f}")
        victim = data / "42" / "file-42.bin"
        status = victim.stat()
        victim.write_bytes(b"x" + victim.read_bytes()[1:])
        os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))
        changed = log().dataset
        told = "found" if changed.digest != first.digest else "NOT FOUND"
        print(f"  one changed byte, size and mtime as before: {told}")


def _write(data: Path) -> None:
    for folder in range(FOLDERS):
        (data / f"{folder}").mkdir(parents=True)
        for number in range(FILES // FOLDERS):
            (data / f"{folder}" / f"file-{number}.bin").write_bytes(f"{folder}/{number} ".encode() * 100)


def _walk(data: Path) -> int:
    """What the system itself takes."""
    waiting, size = [str(data)], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    size += entry.stat().st_size
    return size


@contextmanager
def _home(home: Path) -> Iterator[None]:
    """A home of its own for this process."""
    before = os.environ.get("AIP_HOME")
    os.environ["AIP_HOME"] = str(home)
    disconnect()
    try:
        yield
    finally:
        disconnect()
        if before is None:
            del os.environ["AIP_HOME"]
        else:
            os.environ["AIP_HOME"] = before


def _once(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def _middle(times: list[Took]) -> Took:
    return Took(median(each.wall for each in times), median(each.cpu for each in times))


def _print(what: str, work: Callable[[], object]) -> None:
    took = _middle([_once(work) for _ in range(ROUNDS)])
    print(f"  {what:<44}{took.wall * 1000:>9.1f}{took.cpu * 1000:>9.1f}")


if __name__ == "__main__":
    main()
