"""50 MB of what a cell prints, on the way to a front end: plain, `%%gpu`, ipyparallel's `%%px`.

Target: `%%gpu` at least 0.8 of the plain rate.
"""

from __future__ import annotations

import statistics

from .notebooks import all_ways

LINES = 500_000
LINE = 100
"""Characters, with the one that ends it."""
CELL = f"for _ in range({LINES}): print('x' * {LINE - 1})"
ROUNDS = 3
TARGET = 0.8


def main() -> None:
    """Print the medians of the rounds, which are interleaved."""
    rates: dict[str, list[float]] = {}
    with all_ways() as ways:
        for _ in range(ROUNDS):
            for name, way in ways.items():
                found = way.measure(CELL)
                assert found.printed >= LINES * LINE, (name, found.printed)  # %%px puts a name before it
                rates.setdefault(name, []).append(LINES * LINE / found.took / 1e6)
    print(f"MB of stdout per second, {LINES * LINE / 1e6:g} MB; median of {ROUNDS} rounds")
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, median in medians.items():
        target = f"   (target: at least {TARGET})" if name.startswith("%%gpu") else ""
        print(f"  {name:<12}{median:7.1f}   {median / medians['plain']:.2f} of plain{target}")
