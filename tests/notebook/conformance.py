"""A notebook that has every kind of output, to be run plainly and on a GPU session."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

CELLS = {
    "streams": """
import sys
print("out"); print("err", file=sys.stderr)
print("no newline", end=""); sys.stdout.write(" and more\\n"); sys.stdout.flush()
print("\\x1b[31mred\\x1b[0m \\u2713", "a\\rb", "c\\bd")
""",
    "a result, and the ones before": "x = 41\nx + 1",
    "underscore": "_, __, Out[3]",
    "the number of the cell": "len(In), get_ipython().execution_count",
    "a semicolon": "x;",
    "mime types": """
from IPython.display import HTML, JSON, SVG, Audio, Image, Latex, Markdown, Math, Javascript, GeoJSON, display
display(HTML("<b>bold</b>"), Markdown("**bold**"), Latex("$x$"), Math("y"), JSON({"a": [1, {"b": None}]}))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"><circle r="3"/></svg>'), Javascript("1"))
display(Audio(b"RIFF" * 40, rate=8000, embed=True), metadata={"own": {"isolated": True}})
JSON([1], expanded=True)
""",
    "an image": """
import base64
Image(base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="))
""",
    "mime types that nobody knows": """
unknown = {"application/x-unheard-of+json": {"deep": [1, 2]}, "x/y": "z", "text/plain": "?"}
display(unknown, metadata={"k": "v"}, raw=True)
publish, transient = get_ipython().display_pub.publish, {"display_id": "pub"}
publish({"text/plain": "published"}, {"m": 1}, transient=transient)
publish({"text/plain": "again"}, {"m": 2}, transient=transient, update=True)
""",
    "an object with a bundle": """
class Bundled:
    def _repr_mimebundle_(self, include=None, exclude=None):
        kind = "application/vnd.x+json"
        return {"text/plain": "plain", kind: {"n": 1}}, {kind: {"w": 2}}
Bundled()
""",
    "a frame": """
import pandas as pd
frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
display(frame)
frame.style.format(precision=1).set_uuid("u") and frame
""",
    "updates in place": """
handle = display("tick 0", display_id="ticks")
for n in range(1, 4):
    handle.update(f"tick {n}")
other = display(HTML("<i>1</i>"), display_id=True)
""",
    "updates from a later cell": "handle.update('from a later cell'); other.update(HTML('<i>2</i>'))",
    "outputs that are cleared": """
from IPython.display import clear_output
print("gone"); display("gone too"); clear_output(); print("stays")
clear_output(wait=True); print("stays in its place")
""",
    "figures": """
%matplotlib inline
import matplotlib.pyplot as plt
plt.figure(figsize=(1, 1)); plt.plot([1, 2, 4])
""",
    "a figure that is shown, and an error behind it": """
plt.figure(figsize=(1, 1)); plt.plot([1]); plt.show()
plt.figure(figsize=(1, 1)); plt.plot([2])
print("before")
1 / 0
""",
    "an error": """
def inner(divisor):
    return 1 / divisor

def outer():
    return inner(0)

outer()
""",
    "a chain of errors": """
try:
    {}["key"]
except KeyError as error:
    raise ValueError("no\\nway", 3) from error
""",
    "an error while another is handled": "try:\n    int('x')\nexcept ValueError:\n    undefined",
    "a class of errors of its own": """
class Own(Exception):
    def __str__(self): return "in its own words"
raise Own("x")
""",
    "a syntax error": "x = (1,\ny = 2",
    "an indentation error": "if x:\npass",
    "a syntax error in a string": "exec('1 +')",
    "a group of errors": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "a system exit": "import sys\nsys.exit(3)",
    "an assertion": "assert x == 0, {'x': x}",
    "a usage error": "%timeit -nonsense 1",
    "an unknown magic": "%there_is_no_such_magic",
    "an unknown cell magic": "%%there_is_no_such_magic\n1",
    "an error that the cell shows itself": """
try:
    1 / 0
except ZeroDivisionError:
    get_ipython().showtraceback()
print("goes on")
""",
    "an error in a repr": "class Bad:\n    def __repr__(self): raise RuntimeError('no repr')\nBad()",
    "a warning": "import warnings\nwarnings.warn('careful')",
    "a line magic": "%pwd\n%xmode Minimal\n%precision 3\n3.14159",
    "an error in another mode": "1 / 0",
    "back": "%xmode Context",
    "assignments from magics": "files = !echo one; echo two\nfiles, files.n",
    "a shell": "!echo from a shell; echo to stderr >&2; exit 3\nprint(_exit_code)",
    "time": "%time sum(range(10))",
    "a cell that is timed": "%%time\nprint('timed')\nx",
    "a cell that is captured": "%%capture caught\nprint('caught'); display('shown'); x",
    "what was captured": "caught.show()\ncaught.stdout, [sorted(each.data) for each in caught.outputs]",
    "a cell for a shell": "%%bash\necho from bash\necho to stderr >&2",
    "a cell that fails": "%%bash\nexit 4",
    "a cell of html": "%%html\n<p>paragraph</p>",
    "await": "import asyncio\nawait asyncio.sleep(0, 'awaited')",
    "an error behind await": "await asyncio.sleep(0)\nraise RuntimeError('awaited')",
    "async for": "async def numbers():\n    yield 1\n[n async for n in numbers()]",
    "help": "len?",
    "source": "outer??",
    "a question that nobody answers": "input('name? ')",
    "a password that nobody gives": "import getpass\ngetpass.getpass('secret? ')",
    "a bar": """
from tqdm import tqdm
for _ in tqdm(range(3), bar_format="{desc}{n}/{total}", file=sys.stdout): pass
""",
    "a bar of widgets": """
from tqdm.notebook import tqdm as bar
for _ in bar(range(3), bar_format="{desc}{n}/{total}"): pass
""",
    "widgets": """
import ipywidgets as widgets
slider = widgets.IntSlider(value=3, max=10, description="n")
text = widgets.Label()
widgets.jslink((slider, "value"), (text, "value"))
picture = widgets.Image(value=bytes(range(256)) * 40, format="png")
choice = widgets.Dropdown(options=[("one", 1), ("two", 2)])
widgets.VBox([slider, text, picture, widgets.Text("typed"), choice])
""",
    "a widget that changes": "slider.value = 7\nslider.description = 'm'\nslider",
    "an output widget": """
out = widgets.Output()
display(out)
with out:
    print("inside")
    display(HTML("<b>inside</b>"))
out.append_stdout("appended")
print("outside")
""",
    "an output widget of an earlier cell": "with out:\n    print('later')\n    1 / 0\nprint('not reached?')",
    "an output widget that is cleared": "out.clear_output()\nwith out:\n    print('only this')",
    "a widget that is closed": "text.close()\nslider.close()",
    "interact": "@widgets.interact(n=3)\ndef twice(n):\n    print('twice', 2 * n)\n    return 2 * n",
    "anywidget": """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) {} }"
    value = traitlets.Int(0).tag(sync=True)
    blob = traitlets.Bytes(b"").tag(sync=True)
counter = Counter(value=3, blob=bytes(range(256)) * 100)
counter
""",
    "a comm of its own": """
from comm import create_comm
comm = create_comm(target_name="ours", data={"n": 1}, metadata={"m": 2}, buffers=[b"raw"])
comm.send({"n": 2}, buffers=[b"\\x00" * 1000]); comm.close({"n": 3})
""",
    "a thread": """
import threading
thread = threading.Thread(target=lambda: print("from a thread"))
thread.start(); thread.join()
""",
    "a great deal": """
print("line\\n" * 20_000, end="")
display({"application/x-big": "x" * 2_000_000}, raw=True)
""",
    "nothing": "pass",
    "a comment": "# nothing",
}

QUIET = {
    "load",
    "a semicolon",
    "updates from a later cell",
    "a cell that is captured",
    "help",
    "source",
    "an output widget that is cleared",
    "a widget that is closed",
    "a comm of its own",
    "nothing",
    "a comment",
}
"""Those that leave no output of their own."""


def build(prefix: str) -> nbformat.NotebookNode:
    """The notebook, with this line above the code of each cell."""
    new: Any = nbformat.v4
    # So that both have the same lines, a comment stands where there is no magic. A cell magic is the first
    # line, wherever it stands, and counts the lines below itself.
    sources = [
        code
        if code.startswith("%%") and prefix.startswith("#")
        else f"{prefix}\n{code.removeprefix(chr(10))}"
        for code in CELLS.values()
    ]
    cells = [new.new_code_cell(source) for source in ("%load_ext aip_jupyter", *sources)]
    made: nbformat.NotebookNode = new.new_notebook(cells=cells)
    return made


class Client(NotebookClient):
    """nbclient, which does not tell the kernel what an `Output` widget shows: now and then it would miss the
    reply that comes in the same moment, and wait for it until its time is up."""

    def on_comm_open_jupyter_widget(self, msg: dict[str, Any]) -> Any:
        widget = super().on_comm_open_jupyter_widget(msg)
        if widget is not None:
            widget.sync_state = lambda: None
        return widget


async def execute(prefix: str, folder: Path, environ: Mapping[str, str]) -> nbformat.NotebookNode:
    """The notebook, run."""
    client: Any = Client(build(prefix), timeout=120, allow_errors=True, kernel_name="python3")
    client.resources = {"metadata": {"path": str(folder)}}
    executed: nbformat.NotebookNode = await client.async_execute(env=dict(environ))
    return executed


class Plain:
    """Takes what is random or measured out of an output."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def of(self, found: Any) -> Any:
        """The same, without."""
        text = json.dumps(found)
        text = re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", self._named, text)
        text = re.sub(r"ipykernel_\d+", "ipykernel_N", text)
        text = re.sub(r"0x[0-9a-f]{6,}", "0xN", text)
        text = re.sub(r"[\d.]+(?:e[+-]\d+)? (ns|\\u00b5s|\\u03bcs|us|ms|s)\b", "N s", text)
        return json.loads(text)

    def _named(self, match: re.Match[str]) -> str:
        """The first id is `id1`, wherever it comes again."""
        return self._ids.setdefault(match[0], f"id{len(self._ids) + 1}")


def outputs(cell: nbformat.NotebookNode) -> list[Any]:
    """The outputs of a cell, without lines of ours. Text arrives in pieces, cut as time cuts them."""
    found: list[Any] = []
    for output in json.loads(json.dumps(cell.outputs)):
        if "aip_notice" in output.get("metadata", {}):
            continue
        last = found[-1] if found else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            found.append(output)
    return found
