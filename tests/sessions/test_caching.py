"""What caches, defined in a notebook, on its way to another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NOTEBOOK = """
import functools, pickle, sys
from pathlib import Path
from aip_jupyter.sessions.values import dump_values

@functools.lru_cache(maxsize=32)
def doubled(x):
    return 2 * x

class Grid:
    side = 3

    @functools.cache
    def area(self):
        return self.side ** 2

    @functools.cached_property
    def edge(self):
        return 4 * self.side

grid = Grid()
assert (doubled(1), grid.area(), grid.edge) == (2, 9, 12)
buffers = dump_values({"doubled": doubled, "Grid": Grid, "grid": grid})
Path(sys.argv[1]).write_bytes(pickle.dumps([bytes(each) for each in buffers]))
"""

SESSION = """
import pickle, sys
from pathlib import Path
from aip_jupyter.sessions.values import load_values

values = load_values(pickle.loads(Path(sys.argv[1]).read_bytes()))
doubled, Grid, grid = values["doubled"], values["Grid"], values["grid"]
assert doubled(4) == 8 and doubled(4) == 8
assert doubled.cache_info()[:3] == (1, 1, 32)
assert type(grid) is Grid
other = Grid()
other.side = 5
assert (other.area(), other.edge, vars(other)["edge"], grid.edge) == (25, 20, 20, 12)
"""


def test_they_work_where_they_come_to(tmp_path: Path) -> None:
    for name, code in (("notebook", NOTEBOOK), ("session", SESSION)):
        (tmp_path / f"{name}.py").write_text(code)
        subprocess.run([sys.executable, tmp_path / f"{name}.py", tmp_path / "values"], check=True)
