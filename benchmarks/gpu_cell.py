"""What a `%%gpu` cell on a warm session costs, beside a plain cell and ipyparallel's `%%px`.

Targets: at most 7 ms more than the plain cell, 9 ms through the server's websocket; the first byte of what a
cell prints, at most 10 ms later than that of a plain one.
"""

from __future__ import annotations

import statistics

from .notebooks import Way, all_ways

ROUNDS = 120
BODIES = {"pass": "pass", "1 + 1": "1 + 1", "print": "print('x', flush=True)"}
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
    _print(f"cell {body!r}, until it has ended", done, TARGETS)
    if first["plain"] and body == "print":
        _print(f"cell {body!r}, until its first output", first, FIRST)


def _print(title: str, found: dict[str, list[float]], targets: dict[str, int]) -> None:
    print(f"milliseconds, {title}; {len(found['plain'])} rounds, interleaved")
    print(f"  {'':<12}{'p50':>8}{'p95':>8}{'over plain':>12}")
    medians = {name: statistics.median(times) for name, times in found.items() if times}
    for name, median in medians.items():
        p95 = statistics.quantiles(found[name], n=20)[-1]
        over = "" if name == "plain" else f"{median - medians['plain']:12.1f}"
        target = f"   (target: at most {targets[name]})" if name in targets else ""
        print(f"  {name:<12}{median:8.1f}{p95:8.1f}{over}{target}")
