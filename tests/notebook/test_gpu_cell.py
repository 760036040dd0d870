"""`%%gpu` in a real notebook kernel, with a real session."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from aip_jupyter.backends.process import is_alive
from tests.sessions.agents import wait_for

from .gpu_cells import Notebook, agents, running_notebook


def plain(traceback: list[str]) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(traceback))


@pytest.fixture(scope="module", autouse=True)
def patience(nb: Notebook) -> None:
    """What is interrupted takes its time on a busy machine: only a second press gives the notebook back."""
    nb.run("from aip_jupyter.notebook import gpu_stop\ngpu_stop.PATIENCE = 30.0")


def test_the_cell_runs_elsewhere_and_its_variables_stay(nb: Notebook, gpu_home: Path) -> None:
    pid = int(nb.run("%%gpu cpu\nkept = 5\nos.getpid()").shown[0])
    assert pid == int(agents(gpu_home)[0].kernel.split("|")[2])
    assert nb.run("%%gpu cpu\nkept").shown == ["5"]
    assert nb.run("'kept' in globals()").shown == ["False"]


def test_output_arrives_before_the_cell_ends(nb: Notebook, gate: Path) -> None:
    cell = nb.start(
        f"%%gpu cpu\nprint('first')\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nprint('last')"
    )
    cell.until("first")
    assert "last" not in cell.text
    gate.touch()
    assert cell.end().text == "first\nlast\n"


def test_outputs_are_replayed_as_they_are(nb: Notebook) -> None:
    cell = nb.run("""%%gpu cpu
from IPython.display import HTML, clear_output, display
handle = display(HTML("<b>1</b>"), display_id="mine")
handle.update(HTML("<b>2</b>"))
clear_output(wait=True)
{"a": 1}""")
    kinds = [output["msg_type"] for output in cell.outputs]
    assert kinds == ["display_data", "update_display_data", "clear_output", "execute_result"]
    shown, updated, cleared, result = (output["content"] for output in cell.outputs)
    assert shown["data"]["text/html"] == "<b>1</b>"
    assert updated["data"]["text/html"] == "<b>2</b>"
    assert shown["transient"] == updated["transient"] == {"display_id": "mine"}
    assert cleared == {"wait": True}
    assert result["execution_count"] == cell.reply["execution_count"]


def test_what_a_cell_has_waited_for_leaves_nothing(nb: Notebook) -> None:
    nb.run("from aip_jupyter.notebook import progress; progress.PATIENCE = 0.0")
    try:
        alone = nb.run("%%gpu cpu --session opened\nNone")
        behind = nb.run(
            "print('mine'); import aip_jupyter as aip\naip.run_on_gpu('2', session='opened-too', gpu='cpu')"
        )
    finally:
        nb.run("progress.PATIENCE = 1.0")
        nb.run("%gpu stop opened\n%gpu stop opened-too")
    assert "opening a GPU session (cpu)" in alone.outputs[0]["content"]["data"]["text/plain"]
    assert alone.outputs[-1]["msg_type"] == "clear_output"
    # Where something else is shown, that stays, and the line is emptied.
    assert behind.outputs[0]["content"]["text"] == "mine\n"
    assert "clear_output" not in {output["msg_type"] for output in behind.outputs}
    assert behind.notices["progress"] == ""


def test_a_figure_and_a_frame_come_as_pictures(nb: Notebook) -> None:
    cell = nb.run("""%%gpu cpu
import matplotlib.pyplot as plt, pandas as pd
plt.plot([1, 2])
plt.show()
pd.DataFrame({"a": [1]})""")
    assert "image/png" in cell.outputs[0]["content"]["data"]
    assert "<table" in cell.outputs[1]["content"]["data"]["text/html"]


def test_an_error_is_a_true_one_with_the_cells_own_lines(nb: Notebook) -> None:
    error = nb.fail("%%gpu cpu\nx = 1\n\nx / 0")
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    traceback = plain(error["traceback"])
    assert f"In[{error['execution_count']}], line 4" in traceback
    assert "----> 4 x / 0" in traceback
    assert "gpu_magics" not in traceback


def test_an_error_can_be_caught_by_its_class(nb: Notebook) -> None:
    code = """
try:
    get_ipython().run_cell_magic("gpu", "cpu", "int('x')")
except ValueError as error:
    print(type(error).__name__, error)
"""
    assert nb.run(code).text == "ValueError invalid literal for int() with base 10: 'x'\n"


@pytest.mark.parametrize(
    ("code", "name"),
    [("def f(:", "SyntaxError"), ("raise SystemExit(3)", "SystemExit"), ("1 +", "SyntaxError")],
)
def test_errors_that_ipython_shows_in_its_own_way(nb: Notebook, code: str, name: str) -> None:
    assert nb.fail(f"%%gpu cpu\n{code}")["ename"] == name


def test_values_go_in_and_come_out(nb: Notebook) -> None:
    nb.run("""
import numpy as np, pandas as pd
class Point:
    def __init__(self, x): self.x = x
    def twice(self): return Point(2 * self.x)
array, frame, point = np.arange(4), pd.DataFrame({"a": [1, 2]}), Point(4)
""")
    nb.run("""%%gpu cpu --in array,frame --in point --out doubled,summed,moved,clf
from sklearn.linear_model import LogisticRegression
array[0] = 7
doubled, summed, moved = array * 2, frame.a.sum(), point.twice()
clf = LogisticRegression().fit([[0.0], [1.0]], [0, 1])""")
    check = "doubled[0] = 1; doubled.tolist(), int(summed), type(moved) is Point, moved.x"
    assert nb.run(check).shown == ["([1, 2, 4, 6], 3, True, 8)"]
    assert nb.run("clf.predict([[1.0]]).tolist()").shown == ["[1]"]
    assert nb.run("array.tolist()").shown == ["[0, 1, 2, 3]"]


REFUSED = {
    "%%gpu cpu --nonsense\n1": ("Invalid", "unrecognized arguments: --nonsense; usage: %%gpu "),
    "%%gpu cpu --in arry\n1": ("NotFound", "in: there is no variable 'arry'; did you mean array?"),
    "%%gpu cpu --out class\n1": ("Invalid", "out: 'class' is not a variable's name; write --out a,b"),
    "%%gpu cpu --out In\n1": ("Invalid", "out: 'In' is IPython's own; take another name: --out a,b"),
    "%%gpu cpu --in _3\n1": ("Invalid", "in: '_3' is IPython's own; take another name: --in a,b"),
    "%%gpu cpu --in a-b\n1": ("Invalid", "in: 'a-b' is not a variable's name; write --in a,b"),
    "%%gpu cpu --out nope\n1": ("NotFound", "out: after the cell, the session has no variable nope"),
    "%%gpu cpu --in lock\n1": ("Invalid", "in: lock (lock) cannot be pickled: it is a lock: make it in "),
    "%%gpu cpu --out lock\nimport threading; lock = threading.Lock()": ("Invalid", "out: lock (lock) cannot"),
    "%%gpu cpu\n\n  \n": ("Invalid", "cell: there is nothing below %%gpu to run"),
    "here = 1\n%%gpu cpu\n1": ("Invalid", "cell: %%gpu must be the first line of its cell; move what"),
    "%%gpu cpu\n%%gpu cpu\n1": ("Invalid", "this cell runs in GPU session 'cpu' already; take the inner"),
    "%%gpu --session nope\n1": ("NotFound", "session: there is no"),
    "%%gpu L40S --session cpu\n1": ("Invalid", "session: 'cpu' has cpu, not L40S; leave that out,"),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_typed_wrong_gets_one_clear_line(nb: Notebook, code: str) -> None:
    nb.run("import numpy as np, threading; array, lock = np.arange(4), threading.Lock()")
    name, begin = REFUSED[code]
    error = nb.fail(code)
    assert error["ename"] == name
    assert error["evalue"].startswith(begin)
    assert error["traceback"] == [f"{name}: {error['evalue']}"]


def test_an_interrupt_stops_the_cell_and_keeps_the_variables(nb: Notebook) -> None:
    code = "kept = 9\ntry: print('inside', flush=True); time.sleep(60)\nfinally: print('bye')"
    cell = nb.start(f"%%gpu cpu\n{code}").until("inside")
    nb.interrupt()
    cell.end()
    assert cell.reply["ename"] == "KeyboardInterrupt"
    assert cell.text == "inside\nbye\n"
    assert "time.sleep(60)" in plain(cell.reply["traceback"])
    assert nb.run("%%gpu cpu\nkept").shown == ["9"]


def test_a_cell_may_handle_its_interrupt(nb: Notebook) -> None:
    code = (
        "try: print('inside', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: print('stopped early')"
    )
    cell = nb.start(f"%%gpu cpu\n{code}").until("inside")
    nb.interrupt()
    assert cell.end().reply["status"] == "ok"
    assert cell.text == "inside\nstopped early\n"


def test_a_second_interrupt_gives_the_notebook_back(nb: Notebook, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    # The signal goes to another thread of the kernel, and nothing wakes this one: native code is like that.
    cell = nb.start(f"""%%gpu cpu
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
try:
    print("deaf", flush=True)
    open({str(gate)!r}).read()
    time.sleep(1)
except KeyboardInterrupt:
    after = 1
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])""")
    cell.until("deaf")
    try:
        nb.interrupt()
        nb.interrupt_again(cell)
        waiting = nb.start("%%gpu cpu\nafter").until_notice("waits")
    finally:
        gate.write_text("")
    assert cell.reply["ename"] == "KeyboardInterrupt"
    assert cell.notices["left"].startswith("GPU session 'cpu' ")
    assert "goes on" in cell.notices["left"]
    waiting.end()
    assert waiting.notices["waits"] == "GPU session 'cpu' still runs another cell; this one waits for it."
    assert waiting.shown == ["1"]


def test_who_waits_for_the_session_can_be_interrupted(nb: Notebook, gate: Path) -> None:
    code = f"import threading\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\nfinished = True"
    nb.run(f"""
import threading
code = {code!r}
other = threading.Thread(target=lambda: get_ipython().run_cell_magic("gpu", "cpu", code))
other.start()
""")
    waiting = nb.start("%%gpu cpu\nfinished = False").until_notice("waits")
    nb.interrupt()
    assert waiting.end().reply["ename"] == "KeyboardInterrupt"
    gate.touch()
    nb.run("other.join()")
    assert nb.run("%%gpu cpu\nfinished").shown == ["True"]


def test_the_notebook_serves_widgets_while_the_cell_runs(nb: Notebook, gate: Path) -> None:
    nb.run("""
def opened(comm, message):
    with open(message["content"]["data"]["file"], "w") as file:
        file.write("")
get_ipython().kernel.comm_manager.register_target("touch", opened)
""")
    cell = nb.start(
        f"%%gpu cpu\nprint('inside', flush=True)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    ).until("inside")
    content = {"comm_id": "1", "target_name": "touch", "data": {"file": str(gate)}}
    nb.client.shell_channel.send(nb.client.session.msg("comm_open", content))
    assert cell.end().reply["status"] == "ok"


@pytest.mark.parametrize("name", ["cpu", "'cpu'", '"cpu"', "\"c\"'pu'"])
def test_the_loop_goes_on_whatever_quotes_are_typed(nb: Notebook, tmp_path: Path, name: str) -> None:
    begun, gate = str(tmp_path / "begun"), str(tmp_path / "gate")
    nb.run(f"""import asyncio
async def opens():
    while not os.path.exists({begun!r}):
        await asyncio.sleep(0.01)
    open({gate!r}, "w").close()
opening = asyncio.ensure_future(opens())""")
    cell = nb.run(f"""%%gpu --session {name}
open({begun!r}, "w").close()
for _ in range(1000):
    if os.path.exists({gate!r}):
        print("opened")
        break
    time.sleep(0.01)""")
    assert cell.text == "opened\n"


@pytest.mark.parametrize("then", ["raise", "pass"])
def test_a_cell_whose_time_is_up_shows_one_error(nb: Notebook, then: str) -> None:
    """Also one that swallows its interrupt."""
    code = f"try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    {then}"
    cell = nb.start(f"%%gpu cpu --timeout 0.4\n{code}").end()
    assert cell.reply["ename"] == "ExecutionTimeout"
    assert [error["content"]["ename"] for error in cell.of("error")] == ["ExecutionTimeout"]


def test_an_error_that_cannot_show_itself_has_no_frame_of_ours(nb: Notebook) -> None:
    assert len(nb.start("%%gpu cpu\n1 / 0").end().of("error")) == 1, "it is shown once"
    code = "class Mute(Exception):\n    def __str__(self): raise ValueError('mute')\nraise Mute"
    cell = nb.start(code).end()
    told = str([each["content"] for each in (*cell.of("error"), *cell.of("stream"))]) + str(cell.reply)
    assert "mute" in told
    assert "gpu_errors" not in told
    assert nb.fail("1 / 0")["ename"] == "ZeroDivisionError"


def test_cells_are_counted_whatever_in_is(nb: Notebook) -> None:
    nb.run("In = 5")
    cell = nb.run("%%gpu cpu\n6 * 7")
    (result,) = cell.of("execute_result")
    assert result["content"]["execution_count"] == cell.reply["execution_count"]
    nb.run("%%gpu cpu --auto\nexit = quit = Out = _ = 1\nmine = 2")
    assert nb.run("mine, type(exit).__name__, type(Out).__name__").shown == ["(2, 'ZMQExitAutocall', 'dict')"]
    nb.run("del In")


def test_it_stands_in_other_cell_magics(nb: Notebook) -> None:
    assert "Wall time" in nb.run("%%time\n%%gpu cpu\nprint('timed')").text
    captured = nb.run("%%capture output\n%%gpu cpu\nprint('captured')")
    assert captured.text == ""
    assert nb.run("output.stdout").shown == ["'captured\\n'"]
    assert "Wall time" in nb.run("%%gpu cpu\n%%time\nprint('timed')").text
    nb.run("%autoawait off")
    assert nb.run("%%gpu cpu\nprint('blocking')").text == "blocking\n"
    nb.run("%autoawait on")


def test_what_the_code_around_has_printed_comes_first(nb: Notebook) -> None:
    code = "print('before'); get_ipython().run_cell_magic('gpu', 'cpu', 'print(1)'); print('after')"
    assert nb.run(code).text == "before\n1\nafter\n"


def test_help_is_shown_where_the_notebook_shows_it(nb: Notebook) -> None:
    (page,) = nb.run("%%gpu cpu\nsorted?").reply["payload"]
    assert "Return a new list" in plain([page["data"]["text/plain"]])


def test_a_session_that_nobody_waits_for_is_found_by_the_next_cell(nb: Notebook, gpu_home: Path) -> None:
    cell = nb.start("%%gpu cpu --session later\nfirst = 1")
    wait_for(lambda: "later" in {record.session.name for record in agents(gpu_home)})
    nb.interrupt()
    assert cell.end().reply["ename"] == "KeyboardInterrupt"
    assert nb.run("%%gpu cpu --session later\n'first' in globals()").shown == ["False"]
    assert [record.session.name for record in agents(gpu_home)].count("later") == 1


@pytest.mark.parametrize("leave", ["quit", "exit"])
def test_a_session_that_its_cell_ends_says_so(nb: Notebook, leave: str) -> None:
    nb.run("%%gpu cpu --session brief\nmine = 1")
    ended = nb.run(f"%%gpu --session brief\n{leave}()")
    assert ended.notices["ends"].startswith("GPU session 'brief' ends: the cell has asked for it.")
    again = nb.run("%%gpu cpu --session brief\n'mine' in globals()")
    assert again.shown == ["False"]
    assert "'brief' has ended" in again.notices["died"]
    nb.run("%gpu stop brief")
    nb.run("%%gpu cpu\n1")


def test_a_named_session_is_another_one(nb: Notebook) -> None:
    nb.run("%%gpu cpu\nmine = 1")
    assert nb.run("%%gpu cpu --session other\n'mine' in globals()").shown == ["False"]
    # The last used goes on.
    assert nb.run("%%gpu\n'mine' in globals()").shown == ["False"]
    assert nb.run("%%gpu --session cpu\nmine").shown == ["1"]


def test_variables_survive_the_notebooks_kernel(gpu_home: Path, nb: Notebook, tmp_path: Path) -> None:
    with running_notebook(gpu_home, tmp_path / "work", "work/other.ipynb") as first:
        first.run("%%gpu cpu\nimport time\nanswer = 42")
        first.start("%%gpu cpu\nprint('inside', flush=True); time.sleep(1); slept = True").until("inside")
        os.kill(first.pid, signal.SIGKILL)
    with running_notebook(gpu_home, tmp_path / "work", "work/other.ipynb") as second:
        cell = second.run("%%gpu cpu\nanswer, slept")
        assert cell.shown == ["(42, True)"]
        assert (
            cell.notices["attached"] == "GPU session 'cpu-2' goes on after 2 cells: its variables are there."
        )
        assert second.run("%%gpu cpu\nanswer").notices == {}


def test_a_cell_ends_with_its_session(gpu_home: Path, nb: Notebook) -> None:
    cell = nb.start(
        "%%gpu cpu --session doomed\nimport os, time; print(os.getpid(), flush=True); time.sleep(60)"
    )
    pid = int(cell.until("\n").text)
    os.kill(pid, signal.SIGKILL)
    error = cell.end().reply
    assert error["ename"] == "SessionDied"
    assert "'doomed' has ended: its process was killed (signal 9" in error["evalue"]
    again = nb.run("%%gpu cpu --session doomed\n'time' in globals()")
    assert again.shown == ["False"]
    assert "A new one runs this cell, without its variables." in again.notices["died"]


def test_secrets_do_not_reach_the_session_or_the_notebook(nb: Notebook) -> None:
    assert nb.run("%%gpu cpu\n'JPY_SESSION_NAME' in os.environ, os.environ['AIP_USER']").shown == [
        "(False, 'ada')"
    ]


def test_nothing_of_ended_sessions_is_left(gpu_home: Path, nb: Notebook) -> None:
    nb.run("%%gpu cpu --session brief\n1")
    (record,) = (
        record for record in agents(gpu_home) if record.session.name == "brief" and is_alive(record.agent)
    )
    nb.run("%gpu stop brief")
    assert not is_alive(record.agent)
    assert not is_alive(record.kernel)
