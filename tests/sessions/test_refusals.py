"""What cannot travel is refused by name, with where it is and what to do."""

from __future__ import annotations

import asyncio
import io
import logging
import queue
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aip_jupyter.sessions.parcels import grouped
from aip_jupyter.sessions.refusals import Receiver
from aip_jupyter.sessions.values import ValueFault, dump_values, has_cuda, load_values

from .test_values import in_a_notebook, there_and_back


class Holder:
    def __init__(self, held: Any) -> None:
        self.held = {"list": [1, held]}


class Tensor:
    """As far as is looked at, one of PyTorch."""

    is_cuda = True
    device = "cuda:0"


Tensor.__module__, Tensor.__qualname__ = "torch", "Tensor"


class Parameter(Tensor):
    pass


def _generator() -> Any:
    yield 1


async def _coroutine() -> None:
    """Nothing."""


CANNOT: dict[str, tuple[Callable[[], Any], str]] = {
    "file": (Path(__file__).open, r"it is an open file \('.*test_refusals.py'\): open it in the cell"),
    "bytes file": (partial(Path(__file__).open, "rb"), "it is an open file"),
    "socket": (socket.socket, "it is a socket: open it in the cell"),
    "lock": (threading.Lock, "it is a lock: make it in the cell"),
    "rlock": (threading.RLock, "it is a lock: make it in the cell"),
    "event": (threading.Event, r"value\._cond\._lock is a lock: make it in the cell"),
    "queue": (queue.Queue, r"value\.\w+ is a lock"),
    "thread": (threading.Thread, "it is a thread: start it in the cell"),
    "pool": (lambda: ThreadPoolExecutor(1), "it is a pool of threads or processes"),
    "generator": (_generator, r"it is a generator: send list\(…\) of it"),
    "coroutine": (_coroutine, "it is a coroutine: send what it returns"),
    "connection": (lambda: sqlite3.connect(":memory:"), "it is a database connection: connect in the cell"),
    "process": (lambda: subprocess.Popen(["true"]), "it is a process: start it in the cell"),
    "held": (lambda: Holder(threading.Lock()), r"value\.held\['list'\]\[1\] is a lock"),
    "hidden": (lambda: iter([threading.Lock()]), "something in it is a lock"),
    "handler": (lambda: logging.StreamHandler(sys.stdout), r"value\.lock is a lock"),
}


@pytest.mark.parametrize("what", CANNOT)
def test_what_cannot_travel_is_named_with_where_it_is_and_what_to_do(what: str) -> None:
    make, reason = CANNOT[what]
    value = make()
    with pytest.raises(ValueFault, match=rf"^value \(\w+\) cannot be pickled: {reason}") as caught:
        dump_values({"fine": 1, "value": value})
    assert "\n" not in str(caught.value)
    if isinstance(value, (io.IOBase, socket.socket, sqlite3.Connection)) or what == "coroutine":
        value.close()
    elif isinstance(value, subprocess.Popen):
        value.wait()


def test_a_database_connection_of_any_kind_is_known() -> None:
    class Connection:
        def cursor(self) -> None: ...
        def commit(self) -> None: ...
        def rollback(self) -> None: ...

    with pytest.raises(ValueFault, match="it is a database connection"):
        dump_values({"connection": Connection()})


class Restarted(threading.Thread):
    def __reduce__(self) -> Any:
        return Restarted, ()


def test_what_its_author_has_thought_of_travels(tmp_path: Path) -> None:
    found = there_and_back(
        thread=Restarted(),
        memory=io.BytesIO(b"x"),
        module=np,
        logger=logging.getLogger("x"),
        out=sys.stdout,
        path=tmp_path,
    )
    assert isinstance(found["thread"], Restarted)
    assert found["memory"].read() == b"x"
    assert found["module"] is np
    assert found["out"] is sys.stdout


def test_widgets_stay_in_their_notebook() -> None:
    import ipywidgets

    slider = ipywidgets.IntSlider()
    with pytest.raises(
        ValueFault, match=r"value\[0\] is a widget, which belongs to its notebook: send its value"
    ):
        dump_values({"value": [slider]})


@pytest.mark.parametrize("kind", [Tensor, Parameter])
def test_what_is_on_a_gpu_stays_where_there_is_none(kind: type[Any]) -> None:
    value = Holder(kind())
    reason = (
        r"^clf \(Holder\) cannot be pickled: clf\.held\['list'\]\[1\] is on cuda:0, "
        r"and the notebook has no CUDA: move it with \.cpu\(\) first$"
    )
    with pytest.raises(ValueFault, match=reason):
        dump_values({"clf": value}, Receiver(cuda=False, name="the notebook"))
    with pytest.raises(ValueFault, match=r"^clf \(\w+\) cannot be pickled: it is on cuda:0"):
        dump_values({"clf": kind()}, Receiver(cuda=False))


def test_whether_there_is_a_gpu_is_told_by_its_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("os.path.exists", lambda path: path == "/dev/nvidiactl")
    assert has_cuda()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not has_cuda()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr("os.path.exists", lambda path: False)
    assert not has_cuda()


@pytest.mark.parametrize("code", ["def f(): pass", "class f:\n  def method(self): pass", "f = [lambda: 1]"])
def test_code_goes_to_the_same_python_only(code: str) -> None:
    value = in_a_notebook(code)["f"]
    dump_values({"f": value}, Receiver(python=f"{sys.version_info.major}.{sys.version_info.minor}"))
    reason = r"is code of Python 3\.\d+, and session 'a' has 3\.1: put it into a module, or define it"
    with pytest.raises(ValueFault, match=rf"^f \(\w+\) cannot be pickled: .*{reason}"):
        dump_values({"f": value}, Receiver(python="3.1", name="session 'a'"))
    dump_values({"f": json_like}, Receiver(python="3.1"))


json_like = {"array": np.zeros(3), "function": re.compile, "class": Path, "frame": pd.DataFrame({"a": [1]})}


def huge() -> Any:
    """Three gigabytes that are not there."""
    return np.broadcast_to(np.zeros(1), (400_000_000,))


def test_a_function_does_not_drag_a_gigabyte_along() -> None:
    reason = r"closes over data \(ndarray, 3\.2 GB\): give it as an argument$"
    train = in_a_notebook("def train(): return data.sum()", data=huge())["train"]
    with pytest.raises(ValueFault, match=rf"^train \(function\) cannot be pickled: it {reason}"):
        dump_values({"train": train})
    outer = in_a_notebook("def outer(data):\n  return lambda: data.sum()")["outer"]
    with pytest.raises(ValueFault, match=rf"^train \(list\) cannot be pickled: train\[0\] {reason}"):
        dump_values({"train": [outer(huge())]})
    with pytest.raises(ValueFault, match=r"closes over data \(dict, 3\.2 GB\)"):
        dump_values({"train": outer({"data": huge()})})
    with pytest.raises(ValueFault, match=r"closes over data \(DataFrame, 3\.2 GB\)"):
        dump_values({"train": outer(pd.DataFrame({"a": huge()}, copy=False))})


def test_what_travels_anyway_is_not_dragged_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aip_jupyter.sessions.pickling.GIB", 1_000_000)
    data = np.zeros(200_000)
    train = in_a_notebook("def train(): return data.sum()", data=data)["train"]
    (group,) = grouped({"train": train, "data": data}).groups
    assert group.size < data.nbytes + 2000
    found = load_values(group.buffers)
    assert found["train"].__globals__["data"] is found["data"]
    with pytest.raises(ValueFault, match="closes over data"):
        grouped({"train": train})


def test_futures_are_told_by_what_to_send() -> None:
    async def work() -> None:
        with pytest.raises(ValueFault, match="it is a future of this event loop: send its result"):
            dump_values({"future": asyncio.get_running_loop().create_future()})

    asyncio.run(work())
