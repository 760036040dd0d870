"""Which variables travel with a cell: found by reading it, and in a real notebook with a real session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from aip_jupyter.notebook.gpu_names import names_of

from .gpu_cells import Cell, Notebook, end_sessions, running_notebook

# What a cell reads, and what it gives a value.
CELLS = {
    # plain
    "y = x + 1": ("x", "y"),
    "x = x + 1": ("x", "x"),
    "x = 1; y = x": ("", "x y"),
    "x += y": ("x y", "x"),
    "x: int = y": ("int y", "x"),
    "x: int": ("int", ""),
    "a = b = c": ("c", "a b"),
    "(a, *b), c = d": ("d", "a b c"),
    "a.b.c = d": ("d a", ""),
    "a[i] = d": ("d a i", ""),
    "a[i] += d": ("d a i", ""),
    "del x": ("x", ""),
    "x = 1; del x; x": ("x", "x"),
    "f'{x:{w}} {y!r}'": ("x w y", ""),
    "x if a else y": ("a x y", ""),
    "f(*a, k=b, **c)": ("f a b c", ""),
    "assert x, y": ("x y", ""),
    "raise E from x": ("E x", ""),
    "(n := len(a)) and n": ("len a", "n"),
    "await f(x)": ("f x", ""),
    "print(x)": ("print x", ""),
    # imports
    "import a.b; a": ("", "a"),
    "import a.b as c; a, c": ("a", "c"),
    "from a import b as c, d; b, c, d": ("b", "c d"),
    "from a import *; sqrt(x)": ("sqrt x", ""),
    # branches
    "if a:\n  x = 1\nx": ("a x", "x"),
    "if a:\n  x = 1\nelse:\n  x = 2\nx": ("a", "x"),
    "if a:\n  x = 1\nelse:\n  raise E\nx": ("a E", "x"),
    "for i in r:\n  t = i\nelse:\n  u = 1\ni, t, u": ("r i t u", "i t u"),
    "for a[0] in r: pass": ("r a", ""),
    "for i in r:\n  s = s + i": ("r s", "i s"),
    "async for i in r: i": ("r", "i"),
    "while a:\n  x = 1\nx": ("a x", "x"),
    "while (l := q.get()):\n  l": ("q", "l"),
    "with a as b, c(b) as d:\n  e = d\ne": ("a c", "b d e"),
    "async with a as b: b": ("a", "b"),
    "try:\n  x = f()\nexcept E as e:\n  e\nx": ("f E x", "x"),
    "try:\n  x = f()\nexcept E:\n  raise\nx": ("f E", "x"),
    "try:\n  x = 1\nexcept E:\n  x = 2\nfinally:\n  y = x\nx, y": ("E x", "x y"),
    "try:\n  pass\nexcept E as e:\n  pass\ne": ("E e", ""),
    "match v:\n  case {'k': a, **r} if g: a, r\n  case [b, *c]: b, c\n  case P(q=w) | [w]: w\n  case _: z": (
        "v g P z",
        "r a b c w",
    ),
    # comprehensions
    "[i * k for i in xs if j]": ("xs j k", ""),
    "[i for r in rs for i in r]": ("rs", ""),
    "{a: b for a, b in d.items()}": ("d", ""),
    "sum(i for i in xs); i": ("sum xs i", ""),
    "[x for x in x]": ("x", ""),
    "[(m := i) for i in xs]": ("xs", "m"),
    "[[a for a in b] for b in c]": ("c", ""),
    # functions
    "def f(): return data": ("", "f"),
    "def f(): return data\nf()": ("data", "f"),
    "def f(): return data\ndata = 1\nf()": ("", "f data"),
    "def f(): return data\nf()\ndata = 1": ("data", "f data"),
    "def f(): return data\ng(f)": ("g data", "f"),
    "@deco\ndef f(): return n": ("deco n", "f"),
    "def f(a: T, b=c, *d, e=g, **h) -> R: return a, b, d, e, h, i\nf()": ("c g T R i", "f"),
    "def f():\n  global g\n  g = h\nf()": ("h", "f g"),
    "def f():\n  global g\n  g += 1\nf()": ("g", "f g"),
    "def f():\n  x = 1\n  def i():\n    nonlocal x\n    x += s\n  return i\nf()": ("s", "f"),
    "def f():\n  for a in b: c = a\n  import d\n  with e as g: pass\n  return c, d, g\nf()": ("b e", "f"),
    "def f():\n  try: pass\n  except E as e: e\n  [(s := t) for t in u]\n  return s\nf()": ("E u", "f"),
    "def f():\n  class A(B):\n    c = d\n    def m(self): return e\n  return A\nf()": ("B d e", "f"),
    "def f(n): return f(n - 1)\nf(1)": ("", "f"),
    "def a(): return b()\ndef b(): return c\na()": ("c", "a b"),
    "def f():\n  match v:\n    case {'k': a, **r}: return a, r\nf()": ("v", "f"),
    "async def f(): return await g(x)\nawait f()": ("g x", "f"),
    "lambda a, b=c: a + b + d": ("c d", ""),
    "f = lambda: f": ("f", "f"),
    "def f(): return x\ndel f": ("", "f"),
    # classes
    "class A(B, metaclass=M):\n  c = d\n  e = c\n  def m(self): return q + c": ("B M d", "A"),
    "class A:\n  def m(self): return q\nA()": ("q", "A"),
    "class A:\n  x = x": ("x", "A"),
    "@deco\nclass A:\n  def m(self): return q": ("deco q", "A"),
    # IPython
    "%time z = f(y)": ("f y", "z"),
    "%timeit -n 1 f(y)": ("", ""),
    "%%time\nz = f(y)": ("f y", "z"),
    "!echo $x {y + 1} $$z": ("x y", ""),
    "files = !ls {folder}": ("folder", "files"),
    "%matplotlib inline\nx": ("x", ""),
    "f?": ("", ""),
    "get_data(x)": ("get_data x", ""),
    # not Python
    "no Python (": ("", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("code", CELLS)
def test_names_are_found_by_reading(code: str) -> None:
    reads, writes = CELLS[code]
    transform: Any = TransformerManager
    found = names_of(transform().transform_cell(code))
    assert set(found.reads) - {"get_ipython"} == set(reads.split())
    assert set(found.writes) == set(writes.split())


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    folder = tmp_path_factory.mktemp("auto")
    try:
        with running_notebook(folder / "home", folder) as notebook:
            notebook.run("%%gpu cpu\npass")
            yield notebook
    finally:
        end_sessions(folder / "home")


def lines(cell: Cell) -> list[str]:
    """What was said of variables."""
    contents = [output["content"] for output in cell.outputs]
    said = [c for c in contents if c.get("metadata", {}).get("aip_notice") == "values"]
    texts = [str(each["data"]["text/plain"]) for each in said]
    return [re.sub(r"\d+ B\b", "few B", text) for text in texts]


def auto(notebook: Notebook, code: str) -> Cell:
    return notebook.run(f"%%gpu cpu --auto\n{code}")


def test_what_a_cell_needs_goes_along_and_what_it_changes_comes_back(notebook: Notebook) -> None:
    notebook.run("import numpy as np; digits = np.arange(200_000.); labels = [1, 2]; other = object(); n = 3")
    cell = auto(notebook, "import math\nmean = digits.mean() * n; labels.append(3); 'other' in globals()")
    assert cell.shown == ["False"]
    assert lines(cell) == [
        "→ digits: ndarray float64 (200000,), 1.6 MB · n: int, few B · labels: list (2), few B",
        "← mean: float64, few B · labels: list (3), few B",
    ]
    assert notebook.run("float(mean), labels, math.e > 2").shown == ["(299998.5, [1, 2, 3], True)"]
    cell = auto(notebook, "print(digits[0], labels)")
    assert lines(cell) == ["→ digits: unchanged · labels: unchanged"]
    notebook.run("digits[0] = 7")
    cell = auto(notebook, "print(digits[0], labels)")
    assert cell.text == "7.0 [1, 2, 3]\n"
    assert lines(cell) == ["→ digits: ndarray float64 (200000,), 1.6 MB · labels: unchanged"]


def test_functions_use_the_variables_where_they_are(notebook: Notebook) -> None:
    notebook.run("factor = 2\ndef helper(x): return x * factor\ndef scale(x): return helper(x)")
    assert auto(notebook, "scale(2)").shown == ["4"]
    assert auto(notebook, "factor = 5\nscale(2)").shown == ["10"]
    assert notebook.run("factor, scale(2)").shown == ["(5, 10)"]
    auto(
        notebook,
        "def there(): return scale(1) + 1\nclass Made:\n  def get(self): return there()\nmade = Made()",
    )
    assert notebook.run("factor = 7\nthere(), made.get(), type(made) is Made").shown == ["(8, 8, True)"]
    assert auto(notebook, "made.get()").shown == ["8"]
    auto(notebook, "def count():\n  global factor\n  factor += 1\ncount()")
    assert notebook.run("count(); factor").shown == ["9"]
    auto(notebook, "count()")
    assert notebook.run("factor").shown == ["10"]


def test_what_cannot_travel_fails_before_anything_runs_unless_it_is_there(notebook: Notebook) -> None:
    notebook.run("import threading; lock = threading.Lock()")
    reply = notebook.fail("%%gpu cpu --auto\nran = True\nlock.locked()")
    assert reply["evalue"] == "in: lock (lock) cannot be pickled: it is a lock: make it in the cell"
    notebook.run("%%gpu cpu\nassert 'ran' not in globals()\nimport threading; lock = threading.Lock()")
    assert auto(notebook, "lock.locked()").shown == ["False"]


def test_what_cannot_come_back_stays_there(notebook: Notebook) -> None:
    notebook.run("handle = None")
    cell = auto(notebook, "handle = open('kept', 'w'); fine = 1")
    (line,) = lines(cell)
    assert line.startswith("← fine: int, ")
    assert "handle (TextIOWrapper) cannot be pickled: it is an open file ('kept')" in line
    assert line.endswith("; it stays in the session")
    assert notebook.run("handle, fine").shown == ["(None, 1)"]
    # The notebook's own, which is older, is not sent over it until it is given another value.
    cell = auto(notebook, "handle.writable()")
    assert (cell.shown, lines(cell)) == (["True"], ["→ handle: the session's own"])
    notebook.run("handle = 5")
    assert auto(notebook, "handle").shown == ["5"]


def test_a_cell_that_fails_leaves_its_changes_in_the_session(notebook: Notebook) -> None:
    notebook.run("steps = [1]")
    notebook.fail("%%gpu cpu --auto\nsteps.append(2); 1 / 0")
    assert notebook.run("steps").shown == ["[1]"]
    cell = auto(notebook, "steps")
    assert cell.shown == ["[1, 2]"]
    assert lines(cell)[0] == "→ steps: the session's own"
    assert notebook.run("steps").shown == ["[1, 2]"]


def test_it_goes_with_named_variables_and_with_magics(notebook: Notebook) -> None:
    notebook.run("first, second, unread = 1, 2, 3")
    notebook.run("%%gpu cpu --auto --in unread --out total\n%time total = first + second\nmore = total")
    assert notebook.run("total, more").shown == ["(3, 3)"]
    assert notebook.run("%%gpu cpu\nunread").shown == ["3"]
    assert "no variable nope" in notebook.fail("%%gpu cpu --auto --out nope\nfirst")["evalue"]
    assert "no variable 'nope'" in notebook.fail("%%gpu cpu --auto --in nope\nfirst")["evalue"]
    assert notebook.fail("%%gpu cpu --auto\nno Python (")["ename"] == "SyntaxError"
    assert notebook.fail("%%gpu cpu --auto\nnever_defined")["ename"] == "NameError"


STATE = """class Count:
    n = 0
    def __init__(self): self.made = [super().__init__()]
    def more(self): Count.n += 1
count, keep = Count(), Count
def calls(): calls.n = getattr(calls, 'n', 0) + 1; return calls.n
def pair():
    held = [0]
    def add(): held[0] += 1; return held[0]
    return add, lambda: held[0]
add, total = pair()"""


def test_what_classes_and_functions_hold_comes_back(notebook: Notebook) -> None:
    notebook.run(STATE)
    cell = auto(notebook, "Count.n += 1; calls(), add(), add(), total()")
    assert cell.shown == ["(1, 1, 2, 2)"]
    assert (
        re.sub(r", [^,·]*B", "", lines(cell)[1])
        == "← Count: class · calls: function · add: function · total: function together"
    )
    assert notebook.run("Count.n, Count is keep, calls(), add(), total()").shown == ["(1, True, 2, 3, 3)"]
    cell = auto(notebook, "Count.n += 1; calls(), add(), total()")
    assert cell.shown == ["(3, 4, 4)"]
    assert notebook.run("count.more(); Count.n").shown == ["3"]
    assert auto(notebook, "Count.n").shown == ["3"]
    notebook.run("class Other:\n  n = 0")
    auto(notebook, "Other.n += 1")
    assert lines(auto(notebook, "Other.n")) == ["→ Other: unchanged"]


def test_what_is_read_with_its_class_and_unchanged_stays(notebook: Notebook) -> None:
    notebook.run(
        "import numpy as np\nclass Net:\n  def __init__(self): super().__init__(); self.w = np.zeros(200_000)"
    )
    notebook.run("net, other = Net(), Net(); same = net")
    for told in ("Net, 1.6 MB", "unchanged", "unchanged"):
        cell = auto(notebook, "isinstance(net, Net), bool(other.w[0] == net.w[0])")
        assert cell.shown == ["(True, True)"]
        (line,) = lines(cell)
        assert line.startswith("→ ")
        assert {f"net: {told}", f"other: {told}"} <= set(line[2:].split(" · "))
    auto(notebook, "assert isinstance(net, Net); other.w[0] = 5")
    auto(notebook, "del net; other")
    assert notebook.run("net is same, type(other) is Net, other.w[0]").shown == [
        "(True, True, np.float64(5.0))"
    ]


def test_views_of_one_array_stay_views(notebook: Notebook) -> None:
    notebook.run("import numpy as np; whole = np.zeros(2_000_000); part = whole[:1_000_000]")
    cell = auto(notebook, "whole[0] = 1; print(part[0])")
    assert cell.text == "1.0\n"
    assert lines(cell)[0] == (
        "→ whole: ndarray float64 (2000000,) · part: ndarray float64 (1000000,), 16.0 MB together"
    )
    assert notebook.run("whole[1] = 2; print(part[:2])").text == "[1. 2.]\n"
    auto(notebook, "print(part[0], whole[0])")
    cell = auto(notebook, "print(part[1], whole[1])")
    assert cell.text == "2.0 2.0\n"
    assert lines(cell) == ["→ part: unchanged · whole: unchanged"]
    notebook.run("part = part.copy()")
    assert auto(notebook, "whole[0] = 5; print(part[0])").text == "1.0\n"
    assert notebook.run("print(part[0], whole[0])").text == "1.0 5.0\n"
