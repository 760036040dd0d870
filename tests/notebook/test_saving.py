"""What skops saves, and what is refused by name before anything is uploaded."""

from __future__ import annotations

import importlib
import io
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from aip_jupyter.errors import Invalid, NotSupported
from aip_jupyter.notebook import saving


class Holder:
    """A user's own class."""

    def __init__(self, held: Any) -> None:
        self.held = held


class Network:
    """Looks as a module of torch does to who may not import it."""


Network.__module__ = "torch.nn.modules.module"


def numbers() -> Iterator[int]:
    yield 1


def circle() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


UNSAVABLE = {
    "lock": threading.Lock(),
    "rlock": threading.RLock(),
    "file": io.BytesIO(),
    "generator": numbers(),
    "iterator": iter([1]),
    "lambda": lambda x: x,
    "function": numbers,
    "method": threading.Thread().start,
    "builtin": len,
    "module": sys,
    "class": Holder,
    "connection": sqlite3.connect(":memory:"),
    "held lock": Holder(threading.Lock()),
    "lock in a list": [threading.Lock()],
    "lambda in a pipeline": make_pipeline(FunctionTransformer(lambda x: x), StandardScaler()),
    "thread": threading.Thread(),
    "complex": 1j,
    "ellipsis": ...,
    "circle": circle(),
    "none": None,
}


@pytest.mark.parametrize("value", UNSAVABLE.values(), ids=UNSAVABLE)
def test_what_cannot_come_back_is_refused(value: Any, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        saving.save(value, tmp_path)
    message = caught.value.message
    assert message.startswith("object: ")
    assert "\n" not in message
    assert type(value).__name__ in message or value is None or isinstance(value, type)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (threading.Lock(), "save it to a file and register the file: %register_model NAME PATH"),
        (pd.DataFrame({"a": [1]}), "to_parquet"),
        (pd.Series([1]), "to_parquet"),
        (Network(), "torch.save(model.state_dict()"),
        (None, "was the model trained?"),
        (Holder, "Holder().fit"),
    ],
)
def test_a_refusal_says_what_is_possible(value: Any, advice: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        saving.save(value, tmp_path)
    assert advice in caught.value.message


@pytest.mark.parametrize(
    "value",
    [
        np.arange(5),
        {"weights": np.zeros(3), "bias": 0.5},
        [1, 2],
        make_pipeline(FunctionTransformer(np.log1p), StandardScaler()),
        Holder(3),
    ],
    ids=["array", "dict", "list", "pipeline", "own class"],
)
def test_what_can_come_back_is_saved(value: Any, tmp_path: Path) -> None:
    import skops.io

    path, unknown = saving.save(value, tmp_path)
    assert path == tmp_path / "model.skops"
    assert unknown == skops.io.get_untrusted_types(file=path)
    assert type(skops.io.load(path, trusted=unknown)) is type(value)


def test_looking_at_a_file_does_not_close_it(tmp_path: Path) -> None:
    class Log(io.TextIOWrapper):
        """In Python, as the streams of notebooks are: skops would take it apart."""

    log = Log(io.BytesIO())
    with pytest.raises(Invalid, match="Log"):
        saving.save(Holder(log), tmp_path)
    assert not log.closed


def test_a_users_own_error_is_not_hidden(tmp_path: Path) -> None:
    class Unlucky(Exception):
        pass

    class Own:
        def __getstate__(self) -> dict[str, Any]:
            raise Unlucky

    with pytest.raises(Unlucky):
        saving.save(Own(), tmp_path)


def test_the_origin_names_class_and_versions() -> None:
    made = saving.origin(LogisticRegression())
    assert made["class"] == "sklearn.linear_model._logistic.LogisticRegression"
    assert made["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(made) == {"python", "class", "skops", "sklearn"}


def test_without_skops_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name.startswith("skops"):
            raise ModuleNotFoundError(name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(NotSupported, match=r'pip install "aip-jupyter\[sklearn\]"'):
        saving.save([1], tmp_path)
