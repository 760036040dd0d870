"""`@aip.gpu` on all kinds of functions and beside other decorators, and `with aip.gpu(…)`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aip_jupyter
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.errors import ExecutionTimeout
from aip_jupyter.notebook.run_card import is_system

from ..support.sessions import stop_all, wait_for
from .conftest import Notebook

DEFINITIONS = """
import functools, os
import aip_jupyter as aip

factor = 3
calls = []

def helper(x):
    return x * factor

def noting(function):
    "A decorator of somebody else."
    @functools.wraps(function)
    def call(*args, **kwargs):
        calls.append(os.getpid())
        aip.log_param(f"by_{function.__name__}", 1)
        return function(*args, **kwargs)
    return call

def scaled(by):
    @aip.gpu("L40S")
    def inner(x, default=helper(1)):
        return os.getpid(), helper(x) * by + default
    return inner

@aip.gpu
def bare():
    return os.getpid()

@aip.gpu("L40S")
@noting
def outermost(loss):
    aip.log_metrics({"outermost": loss})
    return os.getpid(), len(calls)

@noting
@aip.gpu("L40S", timeout=60)
def innermost(loss):
    aip.log_metrics({"innermost": loss})
    return os.getpid()

class Model:
    def __init__(self, size):
        self.size = size

    @aip.gpu("L40S")
    def train(self, by):
        return os.getpid(), self.size * by

    @classmethod
    @aip.gpu("L40S")
    def build(cls, size):
        return cls(size)

    @staticmethod
    @aip.gpu("L40S")
    def where():
        return os.getpid()

@aip.gpu("L40S")
async def later(x):
    import asyncio
    await asyncio.sleep(0)
    if x is None:
        raise ValueError("no x")
    return os.getpid(), x + 1

@aip.gpu("L40S", remote=False)
def here():
    return os.getpid()
"""


@pytest.fixture
def shell(notebook: Notebook, home: Path) -> Iterator[Notebook]:
    notebook.run(DEFINITIONS)
    yield notebook
    stop_all(LocalPool(BackendConfig(home=home), []))


def test_what_a_function_needs_goes_along(shell: Notebook) -> None:
    pid, value = shell.run("scaled(2)(5)")
    assert value == 5 * 3 * 2 + 3
    assert pid != os.getpid()
    assert shell.run("bare()") == pid
    assert shell.run("Model(4).train(2)") == (pid, 8)
    assert shell.run("Model.build(5).size") == 5
    assert shell.run("Model.where()") == pid
    assert shell.run("here()") == os.getpid()
    assert shell.run("aip.run_on_gpu(Model(7).train, 3)") == (pid, 21), "in the session it just runs"

    # An async function is awaited here and runs there to its end.
    assert shell.run("await later(1)") == (pid, 2)
    assert shell.run("await aip.run_on_gpu(later.__wrapped__, 2)") == (pid, 3)
    shell.run("try:\n    await later(None)\nexcept ValueError as error:\n    caught = error")
    assert 'raise ValueError("no x")' in str(shell["caught"].__cause__)

    # In the background it is a handle.
    shell.run("job = aip.run_on_gpu(scaled(1), 1, background=True)")
    assert shell["job"].result() == (pid, 6)
    assert shell.run('aip.run_on_gpu("y = 5", outputs=["y"], background=True).result()') == {"y": 5}
    shell.run("job = aip.run_on_gpu('1/0', background=True)")
    with pytest.raises(ZeroDivisionError):
        shell["job"].result()


def test_what_takes_too_long_is_ended(shell: Notebook) -> None:
    pid = shell.run("bare()")
    shell.run("@aip.gpu('L40S', timeout=0.3)\ndef slow():\n    while True: pass")
    shell.run("try:\n    slow()\nexcept Exception as error:\n    caught = error")
    assert isinstance(shell["caught"], ExecutionTimeout)
    result = shell.run("aip.run_on_gpu('kept = 1\\nwhile True: pass', timeout=0.3)")
    assert not result.success
    assert result.error.startswith("ExecutionTimeout: ")
    assert shell.run("aip.run_on_gpu('kept', timeout=None).output") == "1\n", "the variables stay"
    assert shell.run("bare()") == pid


def test_code_that_ends_its_session_is_told_in_its_result(shell: Notebook) -> None:
    result = shell.run("aip.run_on_gpu('import os; os._exit(3)')")
    assert (result.success, result.gpu_type) == (False, "cpu")
    assert result.error.startswith("SessionDied: session: 'l40s' has ended: its process ended by itself")


def test_metrics_land_in_the_run_of_the_caller(shell: Notebook) -> None:
    shell.run("run = aip.start_run('digits')")
    pid, noted = shell.run("outermost(0.5)")
    assert pid != os.getpid()
    assert noted == 1, "the inner decorator went along"
    assert shell["calls"] == []
    assert shell.run("innermost(0.25)") == pid
    assert shell["calls"] == [os.getpid()], "the outer one stayed here"
    code = "import aip_jupyter as aip; aip.log_metrics({'cell': 1})"
    shell.run(f"with aip.gpu('L40S'):\n    get_ipython().run_cell_magic('gpu', '', {code!r})")
    shell.run("_ = aip.end_run()")
    expected = {"outermost": 0.5, "innermost": 0.25, "cell": 1.0}

    def logged() -> dict[str, object]:
        metrics = aip_jupyter.get_run("digits").metrics.items()
        return {key: metric.last for key, metric in metrics if not is_system(key)}

    wait_for(lambda: logged() == expected)  # what the session sends by itself
    found = aip_jupyter.get_run("digits")
    assert found.params == {"by_outermost": 1, "by_innermost": 1}


def test_a_block_says_where_cells_and_functions_go(shell: Notebook) -> None:
    shell.run(
        "import os\n"
        "def cell(code, line=''):\n"
        "    get_ipython().run_cell_magic('gpu', f'--out found {line}', code)\n"
        "    return found\n"
        "name = 'import aip_jupyter.client.context as c; found = c.get_context().session'\n"
        "with aip.gpu('L4', count=2) as block:\n"
        "    own = os.getpid()\n"
        "    outer = cell(name)\n"
        "    with aip.gpu(session='big'):\n"
        "        pass\n"
        "    with aip.gpu('T4', fraction=50):\n"
        "        inner = cell(name)\n"
        "        other = cell(name, 'L4 --count 2')\n"
        "    again = aip.run_on_gpu(name, outputs=['found']).values['found']\n"
        "    typed = aip.run_on_gpu(name, gpu='T4', fraction=50, outputs=['found']).values['found']\n"
    )
    assert shell["own"] == os.getpid()
    names = [shell[name] for name in ("outer", "inner", "other", "again", "typed")]
    assert names == ["l4-x2", "t4-50pct", "l4-x2", "l4-x2", "t4-50pct"]
    assert shell.printed.startswith(
        "This block runs here; %%gpu cells and functions of @aip.gpu() in it run on L4"
    )
    assert shell.printed.count("This block runs here") == 3
    assert repr(shell["block"]) == "aip.gpu(gpu='L4', count=2)"


HELPERS = """
import os
import aip_jupyter as aip

def double(x):
    return 2 * x

@aip.gpu("L40S")
def doubled(x):
    return double(x), os.getpid()
"""
SCRIPT = """
import asyncio, os
import helpers
import aip_jupyter as aip

@aip.gpu("L40S")
async def later(x):
    return helpers.doubled(x)

if __name__ == "__main__":
    value, pid = helpers.doubled(21)
    assert pid != os.getpid()
    assert asyncio.run(later(4)) == (8, pid)
    assert aip.run_on_gpu(helpers.double, 5) == 10
    result = aip.run_on_gpu("import helpers\\nprint(helpers.double(y))", inputs={"y": 3})
    assert result.output == "6\\n", result
    print(value)
"""


def test_functions_of_modules_beside_a_script(home: Path, work: Path) -> None:
    folder = work / "scripts"
    folder.mkdir()
    (folder / "helpers.py").write_text(HELPERS)
    (folder / "train.py").write_text(SCRIPT)
    reply = subprocess.run([sys.executable, "scripts/train.py"], capture_output=True, text=True, cwd=work)
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.splitlines()[-1] == "42"
    assert LocalPool(BackendConfig(home=home), []).sessions() == []
