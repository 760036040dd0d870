"""Functions and code on a GPU session: from a shell, and from a script."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aip_jupyter as aip
from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.errors import Invalid, NotFound
from aip_jupyter.notebook.gpu_calls import Call

from ..support.sessions import stop_all
from .conftest import Notebook

DEFINITIONS = """
import os
import aip_jupyter as aip

class Trouble(Exception):
    def __init__(self, what, code):
        super().__init__(what)
        self.code = code

class Stubborn(LookupError):
    def __str__(self):
        return "it stays"

class Gone(BaseException):
    pass

@aip.gpu("L40S")
def where(x, *, times=1):
    "Where it runs."
    global seen
    seen = globals().get("seen", 0) + 1
    print("running")
    return os.getpid(), [x] * times, seen

@aip.gpu("l40s")
def fails(how):
    if how == "trouble":
        raise Trouble("so it is", 7)
    if how == "result":
        return [open("/dev/null")]
    if how == "exit":
        raise SystemExit(3)
    if how == "stubborn":
        raise Stubborn(open("/dev/null"))
    if how == "gone":
        raise Gone("far")
    return where(how)
"""


@pytest.fixture
def shell(notebook: Notebook, home: Path) -> Iterator[Notebook]:
    notebook.run(DEFINITIONS)
    yield notebook
    stop_all(LocalPool(BackendConfig(home=home), []))


def test_what_a_function_raises_is_of_the_kind_that_it_was(shell: Notebook) -> None:
    caught = "try:\n    fails({!r})\nexcept Exception as error:\n    caught = error\n"
    shell.run(caught.format("stubborn"))
    error = shell["caught"]
    assert (type(error).__name__, str(error)) == ("Stubborn", "it stays")
    assert isinstance(error, LookupError)
    assert 'raise Stubborn(open("/dev/null"))' in str(error.__cause__)
    for how, name in {"exit": "SystemExit", "gone": "Gone"}.items():
        shell.run(caught.format(how) + "except BaseException as error:\n    other = error")
        assert type(shell["other"]).__name__ == name


def test_the_lines_of_a_call_name_nothing_of_ours(shell: Notebook) -> None:
    shell.run("import numpy as np\n@aip.gpu('cpu')\ndef same(x):\n    return x")
    shell.run("size = same(np.zeros(3_000_000)).size")
    assert "the function and its arguments" in shell.printed
    assert "_aip" not in shell.printed


def test_a_function_runs_in_the_notebooks_session(shell: Notebook) -> None:
    pid, values, _ = shell.run("where([1], times=2)")
    assert pid != os.getpid()
    assert values == [[1], [1]]
    assert "running\n" in shell.printed
    assert "the CPU stands in for L40S" in shell.printed
    assert shell.run("where(0)")[0] == pid, "the session goes on"
    assert "stands in" not in shell.printed
    assert shell.run("where.__doc__") == "Where it runs."

    # What it raises is the real thing, with the session's own lines.
    shell.run("try:\n    fails('trouble')\nexcept Trouble as error:\n    caught = error")
    assert (shell["caught"].args, shell["caught"].code) == (("so it is",), 7)
    cause = str(shell["caught"].__cause__)
    assert cause.startswith("in the GPU session\nTraceback")
    assert 'raise Trouble("so it is", 7)' in cause
    assert "gpu_calls.py" not in cause

    # In the session a decorated function is a plain one.
    assert shell.run("fails(1)")[0] == pid

    shell.run("try:\n    fails('result')\nexcept Exception as error:\n    caught = error")
    assert isinstance(shell["caught"], Invalid)
    assert shell["caught"].message.startswith(
        "function: the function's result cannot be pickled: value[0] is"
    )

    # Code, with its variables.
    shell.run('out = aip.run_on_gpu("y = x + 1\\nprint(y)\\n[y]", inputs={"x": 41}, outputs=["y"])')
    result = shell["out"]
    assert (result.success, result.error, result.gpu_type) == (True, "", "cpu")
    assert (result.output, result.values) == ("42\n[42]\n", {"y": 42})
    assert result.duration_seconds > 0
    assert result.check() is result
    assert shell.printed.startswith("42\n")
    with pytest.raises(AttributeError):
        result.success = False
    assert shell.run('aip.run_on_gpu("z = y", gpu="L40S", outputs=["z"])').values == {"z": 42}
    failed = shell.run("aip.run_on_gpu('print(7)\\n1/0')")
    assert (failed.success, failed.error, failed.output) == (
        False,
        "ZeroDivisionError: division by zero",
        "7\n",
    )
    assert "Traceback" in shell.printed
    assert repr(failed).startswith("<GpuResult failed: ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        failed.check()
    with pytest.raises(NotFound, match="no variable nothing"):
        shell["aip"].run_on_gpu("x = 1", outputs=["nothing"])
    look = "names = [name for name in dir() if name.startswith('_aip')]"
    left = shell.run(f"aip.run_on_gpu({look!r}, outputs=['names'])").values
    assert left == {"names": []}, "nothing of a call stays in the session"

    (session,) = shell.run("aip.list_sessions()")
    log = shell.run(f"aip.session_log({session.name!r})")
    assert log.startswith("running\nrunning\n")
    assert "\n42\n" in log
    assert "ZeroDivisionError" in log
    assert shell.run(f"aip.session_log({session.name!r}, lines=1)") == log.splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("@aip.gpu('L4')\ndef f():\n    yield", "function"),
        ("@aip.gpu('L4')\nasync def f():\n    yield", "function"),
        ("class C:\n    @aip.gpu('L4')\n    @classmethod\n    def f(cls): ...", "function"),
        ("aip.gpu(remote=False).__enter__()", "remote"),
        ("aip.run_on_gpu(' ', gpu='L4')", "function"),
        ("aip.run_on_gpu(7, gpu='L4')", "function"),
        ("aip.run_on_gpu('x', 7, gpu='L4')", "inputs"),
        ("aip.run_on_gpu(print, gpu='L4', inputs={'x': 1})", "inputs"),
        ("aip.run_on_gpu('x = 1', gpu='L4', outputs='x')", "outputs"),
        ("aip.run_on_gpu('x = 1', gpu='L4', inputs=['y'])", "inputs"),
        ("aip.run_on_gpu('x = 1', gpu=4)", "gpu"),
        ("aip.run_on_gpu('x = 1', gpu='L4', count='2')", "count"),
        ("aip.run_on_gpu('x = 1', gpu='L4', fraction=0.5)", "fraction"),
        ("aip.run_on_gpu('x = 1', gpu='L4', timeout=-1)", "timeout"),
        ("aip.run_on_gpu('x = 1', gpu='L4', timeout=float('nan'))", "timeout"),
        ("aip.run_on_gpu('x = 1', gpu='L4', timeout='soon')", "timeout"),
        ("aip.gpu('L4', session=4)", "session"),
        ("aip.peek_session(4)", "expression"),
        ("aip.session_log(lines='4')", "lines"),
        ("aip.attach_session(last='4')", "last"),
        ("aip.stop_session(None)", "session"),
    ],
)
def test_what_cannot_run_is_refused_before_a_session_begins(
    notebook: Notebook, code: str, field: str
) -> None:
    notebook.run("import aip_jupyter as aip")
    notebook.run(
        "try:\n    " + code.replace("\n", "\n    ") + "\nexcept Exception as error:\n    caught = error"
    )
    assert isinstance(notebook["caught"], Invalid)
    assert notebook["caught"].field == field
    assert list(notebook.run("aip.list_sessions()")) == []


def test_a_timeout_is_spelled_as_in_a_cell() -> None:
    assert repr(aip.gpu("L4", timeout="10m")) == repr(aip.gpu("L4", timeout=600))
    assert "timeout" not in repr(aip.gpu("L4", timeout="1h"))


def test_an_outcome_survives_the_way() -> None:
    from aip_jupyter.sessions.values import dump_values, load_values

    def there_and_back(function: object, *args: object) -> object:
        return load_values(dump_values({"o": Call(function, args, {})()}))["o"].result()  # type: ignore[arg-type]

    assert there_and_back(lambda x: x + 1, 41) == 42
    with pytest.raises(UnicodeDecodeError) as caught:
        there_and_back(b"\xff".decode)
    assert caught.value.start == 0
    with pytest.raises(FileNotFoundError) as missing:
        there_and_back(open, "/does/not/exist")
    assert missing.value.filename == "/does/not/exist"

    class Odd(Exception):
        def __reduce__(self) -> str:
            raise TypeError("not me")

    def odd() -> None:
        error = Odd("odd")
        error.lock = __import__("threading").Lock()  # type: ignore[attr-defined]
        raise error

    with pytest.raises(Exception, match="odd") as raised:
        there_and_back(odd)
    assert type(raised.value).__name__ == "Odd"


SCRIPT = """
import os
import aip_jupyter as aip

@aip.gpu("L40S")
def where():
    return os.getpid()

if __name__ == "__main__":
    assert where() == where() != os.getpid()
    (session,) = aip.list_sessions()
    print(session.name)
"""


def test_a_script_has_a_session_that_ends_with_it(home: Path, work: Path) -> None:
    (work / "my script.py").write_text(SCRIPT)
    reply = subprocess.run([sys.executable, "my script.py"], capture_output=True, text=True, cwd=work)
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.splitlines()[-1].startswith("my-script.py-l40s-")
    assert LocalPool(BackendConfig(home=home), []).sessions() == []
