"""What cannot travel between notebook and session: how it is recognized, and what to do instead.

Classes are known by their names: nothing is imported to recognize what nobody has made.
"""

from __future__ import annotations

import copyreg
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

GIB = 1024**3
MAKE_THERE = "make it in the cell"
SEARCHED = 10_000
"""Objects that are looked at to tell where in a variable something is."""

_KINDS = {
    "_io._IOBase": ("an open file", "open it in the cell"),
    "tempfile._TemporaryFileWrapper": ("an open file", "open it in the cell"),
    "socket.socket": ("a socket", "open it in the cell"),
    "zmq.sugar.socket.Socket": ("a socket", "open it in the cell"),
    "_thread.lock": ("a lock", MAKE_THERE),
    "_thread.RLock": ("a lock", MAKE_THERE),
    "threading.Thread": ("a thread", "start it in the cell"),
    "subprocess.Popen": ("a process", "start it in the cell"),
    "multiprocessing.process.BaseProcess": ("a process", "start it in the cell"),
    "concurrent.futures._base.Executor": ("a pool of threads or processes", MAKE_THERE),
    "builtins.generator": ("a generator", "send list(…) of it, or make it in the cell"),
    "builtins.async_generator": ("a generator", MAKE_THERE),
    "builtins.coroutine": ("a coroutine", "send what it returns"),
    "_asyncio.Future": ("a future of this event loop", "send its result"),
    "builtins.frame": ("a frame of running code", "send the values in it"),
    "sqlite3.Connection": ("a database connection", "connect in the cell"),
    "sqlite3.Cursor": ("a database cursor", "connect in the cell"),
    "sqlalchemy.engine.base.Engine": ("a database connection", "connect in the cell"),
    "ipywidgets.widgets.widget.Widget": ("a widget, which belongs to its notebook", "send its value"),
}
_FILES = ("_io.BytesIO", "_io.StringIO")
"""These are files in memory only."""
_OWN_WAYS = ("__reduce__", "__reduce_ex__", "__getstate__")


class Receiver(Struct, frozen=True):
    """What is known of the side that values go to."""

    python: str = ""
    """The version of its interpreter, such as `3.11`; "" for the same as here."""
    cuda: bool = True
    """Whether it has a GPU for CUDA."""
    name: str = "the other side"


class Refused(Exception):
    """This object cannot travel; the reason, which begins with a verb, and what to do."""

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(reason)
        self.value = value


def refusal(value: Any) -> str | None:
    """Why this object cannot travel, whoever gets it; None when it can."""
    cls: Any = type(value)
    kind = _kind(cls)
    if kind is None:
        return None
    what, advice = kind
    name = getattr(value, "name", None)
    where = f" ({name!r})" if what == "an open file" and isinstance(name, str) else ""
    return f"is {what}{where}: {advice}"


def on_cuda(value: Any) -> str:
    """The device and what to do, for a tensor or an array on a GPU; "" for all else."""
    cls: Any = type(value)
    library = _library(cls)
    if library == "cupy":
        return f"cuda:{value.device.id}|take it to the CPU with .get() first"
    if library == "torch" and value.is_cuda:
        return f"{value.device}|move it with .cpu() first"
    return ""


def not_for(receiver: Receiver, cuda: str) -> str:
    """Why what `on_cuda` tells of cannot go there."""
    device, advice = cuda.split("|")
    return f"is on {device}, and {receiver.name} has no CUDA: {advice}"


@lru_cache(maxsize=4096)
def _kind(kind: type[object]) -> tuple[str, str] | None:
    names = [f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__]
    if any(name in _FILES for name in names) or kind in copyreg.dispatch_table:
        return None
    for name, each in zip(names, kind.__mro__, strict=True):
        if name in _KINDS:
            return _KINDS[name]
        own = each.__module__.partition(".")[0] not in sys.stdlib_module_names
        if own and any(way in vars(each) for way in _OWN_WAYS):
            return None  # its author has thought of this
    # PEP 249, whatever the database
    if all(callable(getattr(kind, method, None)) for method in ("cursor", "commit", "rollback")):
        return _KINDS["sqlite3.Connection"]
    return None


@lru_cache(maxsize=4096)
def _library(kind: type[object]) -> str:
    for each in kind.__mro__:
        library = each.__module__.partition(".")[0]
        if (library, each.__qualname__) in (("torch", "Tensor"), ("cupy", "ndarray")):
            return library
    return ""


def size_of(value: Any) -> int:
    """About how many bytes the data in it takes: of arrays, tables, and plain containers of them."""
    if isinstance(value, (bytes, bytearray, str)):
        return len(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(map(_own_size, value)) if len(value) < SEARCHED else 8 * len(value)
    if isinstance(value, dict):
        return sum(map(_own_size, value.values())) if len(value) < SEARCHED else 100 * len(value)
    return _own_size(value)


def _own_size(value: Any) -> int:
    usage = getattr(type(value), "memory_usage", None)
    found = value.memory_usage() if callable(usage) else getattr(value, "nbytes", 0)
    total = found.sum() if hasattr(found, "sum") else found
    return int(total) if isinstance(total, int) or hasattr(total, "__int__") else 0


def place_of(found: object, name: str, value: object) -> str:
    """Where in the variable the object is, as Python spells it; only its name when that is not clear."""
    waiting, seen = deque([(name, value)]), set[int]()
    while waiting and len(seen) < SEARCHED:
        place, each = waiting.popleft()
        if each is found:
            return place
        if id(each) not in seen:
            seen.add(id(each))
            waiting.extend(_inside(place, each))
    return name


def _inside(place: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from ((f"{place}[{key!r}]", each) for key, each in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"{place}[{index}]", each) for index, each in enumerate(value))
    elif not isinstance(value, (type, str, bytes)):
        yield from ((f"{place}.{key}", each) for key, each in getattr(value, "__dict__", {}).items())
