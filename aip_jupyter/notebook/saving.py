"""Saving an object with skops: a format that is read back without running code.

What skops cannot save, or would save but not load again, is refused by name before anything is uploaded.
"""

from __future__ import annotations

import errno
import importlib
import io
import pickle
import platform
import re
import traceback
from pathlib import Path
from pickle import PickleError
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple
from zipfile import BadZipFile

from ..errors import AipError, Invalid, NotSupported, StorageFull

FILE_NAME = "model.skops"
FORMAT = "skops"

SKOPS_ERRORS = (
    AttributeError,
    BadZipFile,
    ImportError,
    LookupError,
    PickleError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What skops lets out of its own depths, and what `__reduce__` and `__setstate__` usually raise."""
_FILE_ADVICE = "save it to a file and register the file: %register_model NAME PATH"
_BY_PACKAGE = {
    "torch": "save its weights with torch.save(model.state_dict(), 'model.pt')",
    "keras": "save it with model.save('model.keras')",
    "tensorflow": "save it with model.save('model.keras')",
    "pandas": "it is data, not a model: save it with .to_parquet('data.parquet')",
    "polars": "it is data, not a model: save it with .write_parquet('data.parquet')",
}


def load_skops() -> Any:
    """The module `skops.io`. NotSupported says what to install."""
    try:
        return importlib.import_module("skops.io")
    except ImportError as error:
        message = 'object: saving and loading objects needs skops: pip install "aip-jupyter[sklearn]"'
        raise NotSupported(message, field="object", capability="skops") from error


class Saved(NamedTuple):
    """A saved object, and the types in it that skops does not know to be safe."""

    path: Path
    unknown: list[str]


def save(value: Any, folder: Path) -> Saved:
    """The object as `model.skops` in `folder`, proved to be readable. Invalid says what to do instead."""
    _refuse_known(value)
    skops = load_skops()
    path = folder / FILE_NAME
    try:
        _probe(value)
        skops.dump(value, path)
        unknown = skops.get_untrusted_types(file=path)
        if unknown:
            # skops saves types that it does not know by guess: only a real load proves that they come back.
            # They are this very object's own, so that trusting them runs nothing foreign.
            skops.load(path, trusted=unknown)
    except (*SKOPS_ERRORS, OSError) as error:
        if _in_notebook(error):
            raise
        raise _explained(value, folder, error) from error
    return Saved(path, unknown)


def _in_notebook(error: Exception) -> bool:
    """Whether the notebook's own code raised it: that is shown whole."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(frame.f_globals.get("__name__") == "__main__" for frame in frames)


def _explained(value: Any, folder: Path, error: Exception) -> AipError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return StorageFull(f"no room in {folder} to save the object; point TMPDIR to another disk")
    if isinstance(error, RecursionError):
        return _refusal(value, "it refers to itself, or is nested too deeply")
    return _refusal(value, str(error))


def _probe(value: Any) -> None:
    """Ask each part whether it can be copied at all: locks, files, connections and lambdas refuse.

    skops would go through them regardless, and may even close a file on its way. Nothing is kept of the
    pickle, and large arrays are not copied for it.
    """
    pickle.Pickler(_Nowhere(), protocol=5, buffer_callback=lambda _: None).dump(value)


class _Nowhere(io.RawIOBase):
    """Takes what is written and forgets it."""

    def write(self, data: Any) -> int:
        return len(data)


def origin(value: Any) -> dict[str, str]:
    """What the object was made with: kept as properties, compared when it is loaded."""
    made = {"python": python_version(), "class": _class_name(type(value))}
    return {**made, **package_versions()}


def python_version() -> str:
    """This kernel's."""
    return platform.python_version()


def package_versions() -> dict[str, str]:
    """The installed versions of the packages that saved objects depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for key, package in (("skops", "skops"), ("sklearn", "scikit-learn")):
        try:
            found[key] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _refuse_known(value: Any) -> None:
    if value is None:
        message = "object: it is None; was the model trained? Name a fitted model, a file or a folder"
        raise Invalid(message, field="object")
    if isinstance(value, ModuleType):
        raise _refusal(value, f"{value.__name__!r} is a module")
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        raise _refusal(value, "of a function it keeps the name only, not the code")
    if isinstance(value, type):
        message = (
            f"object: {value.__name__} is a class, not a model; make and fit one: {value.__name__}().fit(…)"
        )
        raise Invalid(message, field="object")
    for ancestor in type(value).__mro__:
        advice = _BY_PACKAGE.get(ancestor.__module__.partition(".")[0])
        if advice:
            message = (
                f"object: skops cannot save a {type(value).__name__}; {advice} "
                "and register the file: %register_model NAME PATH"
            )
            raise Invalid(message, field="object")


def _refusal(value: Any, reason: str) -> Invalid:
    name = _class_name(type(value))
    reason = "it holds a lambda; write a named function" if "<lambda>" in reason else _one_line(reason)
    return Invalid(f"object: skops cannot save a {name} ({reason}); {_FILE_ADVICE}", field="object")


def _one_line(reason: str) -> str:
    # An address in memory tells nobody anything.
    return re.sub(r" at 0x[0-9a-f]+", "", " ".join(reason.split()))[:200]


def _class_name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
