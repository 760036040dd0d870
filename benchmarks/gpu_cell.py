"""What a `%%gpu` cell on a warm session costs, beside a plain cell and ipyparallel's `%%px`.

Targets, on a machine where `%%px` needs 8.8 ms more than the plain cell: at most 7 ms more, 9 ms through the
server's websocket; the first byte of what a cell prints, at most 10 ms later than that of a plain one. On
another machine they are as much slower or faster as `%%px` is, which runs by turns with ours.
"""

from __future__ import annotations

import statistics

from .notebooks import Way, all_ways

ROUNDS = 120
BODIES = {"pass": "pass", "1 + 1": "1 + 1", "print": "print('x', flush=True)"}
PX = 8.8
TARGETS = {"%%gpu": 7, "%%gpu, ws": 9}
FIRST = {"%%gpu": 10, "%%gpu, ws": 10}


def main() -> None:
    """Print medians and 95th percentiles."""
    with all_ways() as ways:
        for body, code in BODIES.items():
            _compare(ways, body, code)


def _compare(ways: dict[str, Way], body: str, code: str) -> None:
    done: dict[str, list[float]] = {name: [] for name in ways}
    first: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found = way.measure(code)
            done[name].append(found.took * 1000)
            if found.first is not None:
                first[name].append(found.first * 1000)
    slower = (statistics.median(done["%%px"]) - statistics.median(done["plain"])) / PX
    _print(f"cell {body!r}, until it has ended", done, TARGETS, slower)
    if first["plain"] and body == "print":
        _print(f"cell {body!r}, until its first output", first, FIRST, slower)


def _print(title: str, found: dict[str, list[float]], targets: dict[str, int], slower: float) -> None:
    print(f"milliseconds, {title}; {len(found['plain'])} rounds, interleaved")
    print(f"  {'':<12}{'p50':>8}{'p95':>8}{'over plain':>12}")
    medians = {name: statistics.median(times) for name, times in found.items() if times}
    for name, median in medians.items():
        p95 = statistics.quantiles(found[name], n=20)[-1]
        over = "" if name == "plain" else f"{median - medians['plain']:12.1f}"
        target = ""
        if name in targets:
            target = (
                f"   (target: at most {targets[name]}; {targets[name] * slower:.1f} where %%px is so slow)"
            )
        print(f"  {name:<12}{median:8.1f}{p95:8.1f}{over}{target}")
