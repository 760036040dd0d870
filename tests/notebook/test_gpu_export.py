"""`%gpu export`: the script does, with a real pool, what the notebook did."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aip_jupyter.backends.config import BackendConfig
from aip_jupyter.backends.gpus.local import LocalPool
from aip_jupyter.notebook.gpu_export import script

from .gpu_cells import Notebook, end_sessions, running_notebook

CELLS = [
    "import os\nimport aip_jupyter as aip\n%load_ext aip_jupyter",
    'data = [1, 2, 3]\nprint("data", data)',
    "%start_run digits --experiment scripts --tag demo",
    "%%gpu L40S --in data --out total,note\n"
    'total = sum(data)\nnote = """two\nlines \\\\ and "quotes" """\n'
    "print('there', total, os.path.sep if 'os' in globals() else '-')\n"
    "aip = __import__('aip_jupyter'); aip.log_metrics({'total': total})",
    "print('here', total, repr(note))",
    "1 / 0",
    "%%gpu\nprint('goes on', total + 1)",
    "%%gpu L40S --session other --timeout 10m\nprint('another', 'total' in globals())",
    "word = 'echoed'\n!echo {word} $word done\nlines = !printf 'a\\nb'\nprint(lines)",
    "import asyncio\nwaited = await asyncio.sleep(0, 'waited')\nprint(waited)",
    "%%bash\necho from bash",
    "%%html\n<b>not in a script</b>",
    "%%time\nprint('timed')",
    "%%gpu L40S --background --as job --out late\nlate = total * 2",
    "print(job.result()['late'])",
    "import math\nbox, unused = {'a': 1}, 5\ndef half(x): return x / 2",
    "%%gpu --auto\nbox['b'] = half(math.floor(7.5))\nfound = sorted(box)\nprint(found)",
    "print(box, found, unused)",
    "%end_run",
    "%gpu stop other",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("export") / "home"
    home.mkdir()
    yield home
    end_sessions(home)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


def _run_all(notebook: Notebook) -> str:
    texts = []
    for code in CELLS:
        cell = notebook.start(code).end()
        assert (cell.reply["status"] == "ok") == (code != "1 / 0"), cell.reply
        texts.append(cell.text)
    return "".join(texts)


def _own_lines(text: str) -> list[str]:
    """What the cells print, without what only the one or the other says."""
    notices = ("There is no GPU", "GPU session", "CPU times", "Wall time", "The aip_jupyter", "  %reload")
    lines = (line for line in text.splitlines() if line.strip())
    return [line for line in lines if not line.startswith(notices)]


def test_the_script_prints_what_the_notebook_printed(home: Path, folder: Path) -> None:
    with running_notebook(home, folder) as notebook:
        printed = _run_all(notebook)
        shown = notebook.run("%gpu export digits.py").shown
        assert shown == ["digits.py: 22 cells of this notebook; 1 that failed as comments"]
        error = notebook.fail("%gpu export digits.py")
        assert error["ename"] == "Conflict"
        assert "add --force" in error["evalue"]
        notebook.run("%gpu export digits.py --force")
        assert "name the script" in notebook.fail("%gpu export")["evalue"]
        (form,) = (output["content"]["data"] for output in notebook.run("%gpu").outputs)
        assert {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"} <= form.keys()
    text = (folder / "digits.py").read_text()
    assert "aip.start_run('digits', experiment='scripts', tags=['demo'])" in text
    assert "# 1 / 0" in text
    assert "# <b>not in a script</b>" in text

    environ = {**os.environ, "AIP_HOME": str(home), "AIP_USER": "ada", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "digits.py"]
    reply = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert reply.returncode == 0, reply.stderr + text
    assert _own_lines(reply.stdout) == _own_lines(printed)
    sessions = LocalPool(BackendConfig(home=home), []).sessions()
    assert not [session.name for session in sessions if session.name.startswith("digits.py")]


@pytest.mark.parametrize(
    ("cell", "converted"),
    [
        ("x = 1\nx", "x = 1\nx"),
        ("%matplotlib inline\nx = 1", "# left out: %matplotlib inline\nx = 1"),
        ("clf?", "# left out: %pinfo clf"),
        ("if True:\n    %cd out\n    !ls $clf", "if True:\n    os.chdir(os.path.expanduser('out'))\n"
         "    subprocess.run(f'ls {clf}', shell=True)"),
        ("!echo $HOME", "subprocess.run('echo $HOME', shell=True)"),
        ("%time y = f(x)", "y = f(x)"),
        ("%set_experiment digits", "aip.set_experiment('digits')"),
        ("%compare_runs a b", "aip.compare_runs(['a', 'b'])"),
        ("%%run base --experiment e --nested\nx = 1", "aip.start_run('base', experiment='e', nested=True)\n"
         "x = 1\naip.end_run()"),
        ("%%gpu L40S --run base --experiment e\nx = 1", "aip.start_run('base', experiment='e', nested=True)\n"
         "aip.run_on_gpu(\n    'x = 1',\n    gpu='L40S',\n    timeout=None,\n).check()\naip.end_run()"),
        ("%env A=B", "os.environ.update({'A': 'B'})"),
        ("%log_dataset digits clf --context training", "aip.log_dataset('digits', clf, context='training')"),
        ("%log_dataset digits digits.csv", "aip.log_dataset('digits', 'digits.csv')"),
        ("%log_text a/b.txt clf", "aip.log_text(clf, 'a/b.txt')"),
        ("%log_text a/b.txt c.md", "aip.log_text(open('c.md').read(), 'a/b.txt')"),
        ("%register_model m clf --version v1.0", "aip.register_model('m', clf, version='v1.0')"),
        ("%load_model m@latest --as clf", "clf = aip.load_model('m@latest')"),
        ("%aip project vision", "aip.use_project('vision')"),
        ("%gpu interrupt big", "aip.interrupt_session('big')"),
        ("x = %gpu", "x = None  # left out: %gpu"),
        ("if x:\n    %pdb", "if x:\n    pass  # left out: %pdb"),
        ("%%sh\nls", "subprocess.run([\"sh\", \"-c\", 'ls'], check=True)"),
        ("%%writefile 'a.py'\nx = 1", "with open('a.py', \"w\") as _file:\n    _file.write('x = 1')"),
        ("%%gpu L4 --nonsense\nx = 1", "# left out: unrecognized arguments: --nonsense"),
        ("x = = 1", "# left out, since it is no Python:\n# x = = 1"),
        (
            "%%gpu A10 --count 2 --strict --in clf\nprint(1)",
            "aip.run_on_gpu(\n    'print(1)',\n    gpu='A10',\n    count=2,\n    strict=True,\n"
            "    timeout=None,\n    inputs={'clf': clf},\n).check()",
        ),
    ],
)  # fmt: skip
def test_how_a_cell_is_written(cell: str, converted: str) -> None:
    text = script({3: cell}, namespace={"clf": 1}, failed=set())
    found = text.partition("# %% [3]\n")[2].rstrip("\n")
    assert found == converted or (found.startswith(converted) and "left out:" in converted)
    compile(text, "script", "exec")


def test_a_cell_that_awaits_sets_the_scripts_variables() -> None:
    cell = (
        'async def f(): return 5\nx = await f()\ntext = """a\n  b"""\nimport os.path as p\nfor i in "ab": p'
    )
    text = script({1: cell}, namespace={}, failed=set())
    found: dict[str, object] = {}
    exec(text, found)
    assert (found["x"], found["text"], found["i"]) == (5, "a\n  b", "b")
    assert found["p"] is os.path
