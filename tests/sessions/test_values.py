"""Values that travel, and those that cannot."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aip_jupyter.sessions import arrays
from aip_jupyter.sessions.values import ValueFault, dump_values, load_values, pickled


def there_and_back(**values: Any) -> dict[str, Any]:
    return load_values([bytearray(buffer) for buffer in dump_values(values)])


def test_arrays_and_frames_come_back_equal_and_writable() -> None:
    array, frame = np.arange(6.0).reshape(2, 3), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    found = there_and_back(array=array, frame=frame)
    np.testing.assert_array_equal(found["array"], array)
    pd.testing.assert_frame_equal(found["frame"], frame)
    found["array"][0, 0] = 7
    found["frame"].iloc[0, 0] = 7


@pytest.mark.parametrize(
    "array",
    [np.zeros(100_000), np.zeros((1000, 1000))[:, ::2], np.zeros((1000, 500)).T],
    ids=["c", "cut", "t"],
)
def test_the_bytes_of_arrays_are_not_in_the_pickle(array: Any) -> None:
    packed, *buffers = dump_values({"array": array})
    assert len(packed) < 1000
    assert [memoryview(buffer).nbytes for buffer in buffers] == [array.nbytes]
    np.testing.assert_array_equal(there_and_back(array=array)["array"], array)


def test_what_values_share_stays_shared() -> None:
    inner = [1]
    found = there_and_back(a=[inner], b=[inner])
    assert found["a"][0] is found["b"][0]


BASE = np.arange(24.0).reshape(4, 6)
VIEWS: dict[str, list[Any]] = {
    "whole": [BASE, BASE[:2]],
    "two parts": [BASE[1:3], BASE[2:]],
    "a column": [BASE[:, 1], BASE[2]],
    "backwards": [BASE[::-1, ::-2], BASE],
    "another type": [BASE.view(np.int64), BASE.T],
    "of bytes": [np.frombuffer(bytearray(range(80)), np.uint8)[8:], BASE],
    "apart": [BASE[:, 1], BASE[:, 2], BASE[:, 4:]],
    "one is for reading only": [BASE, np.broadcast_to(BASE[0], (3, 6))],
}


@pytest.mark.parametrize("kind", VIEWS)
def test_views_go_on_sharing_what_they_share(kind: str) -> None:
    views = VIEWS[kind]
    named = {f"view{index}": view for index, view in enumerate(views)}
    for found in (there_and_back(a=views)["a"], [*there_and_back(**named).values()]):
        assert [each.flags.writeable for each in found] == [each.flags.writeable for each in views]
        for ours, theirs in zip(views, found, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
        shared = [[np.shares_memory(a, b) for a in each for b in each] for each in (views, found)]
        assert shared[0] == shared[1]
        again = there_and_back(a=found)["a"]
        assert [np.shares_memory(a, b) for a in again for b in again] == shared[0]


def test_of_a_large_array_only_what_is_used_travels() -> None:
    large = np.zeros((10_000, 100))
    sizes = [
        memoryview(each).nbytes for each in dump_values({"a": large[:10], "b": large[5:20], "c": large[-9:]})
    ]
    assert sorted(sizes[1:]) == [9 * 800, 20 * 800]
    columns = dump_values({"a": large[:, 1], "b": large[:, 2]})
    assert sum(memoryview(each).nbytes for each in columns) < 200_000


def test_tables_are_not_made_to_share() -> None:
    """They copy before they write what they know to be shared: there they would not know it."""
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    found = there_and_back(frame=frame, column=frame["a"], part=frame.iloc[:1])
    found["column"].iloc[0] = 9
    found["part"].iloc[0, 0] = 8
    assert found["frame"]["a"].tolist() == [1.0, 2.0]


# Texts


TEXTS = [f"text {i} é" for i in range(arrays.MANY)]
OBJECTS = {
    "texts": TEXTS,
    "repeated": [f"word {i % 7}" for i in range(arrays.MANY)],
    "none": [*TEXTS, None],
    "nan": [*TEXTS, np.nan],
    "repeated and none": ["a", None, "b"] * arrays.MANY,
    "repeated and nan": ["a", np.nan, "b"] * arrays.MANY,
    "none and nan": [*TEXTS, None, np.nan],
    "na": [*TEXTS, pd.NA],
    "numbers": [*TEXTS, 1.5],
    "bytes": [*TEXTS, b"x"],
    "half characters": [*TEXTS, "\ud800"],
    "empty": [*TEXTS, "", "\0"],
    "only none": [None] * arrays.MANY,
    "numpy's": [*TEXTS, np.str_("x")],
}
ARROW = ("texts", "repeated", "none", "nan", "repeated and none", "repeated and nan", "empty")


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("arrow", [True, False], ids=["", "without pyarrow there"])
def test_texts_come_back_as_they_were(kind: str, arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.array(OBJECTS[kind], dtype=object)
    packed, *rest = dump_values({"array": array})
    assert (len(packed) < 1000) == (kind in ARROW)
    monkeypatch.setattr(arrays, "_has_pyarrow", lambda: arrow)
    found = load_values([packed, *rest])["array"]
    assert (found.shape, found.dtype, found.flags.writeable) == (array.shape, array.dtype, True)
    for here, there in zip(array, found, strict=True):
        assert type(here) is type(there)
        assert here is there if here is None or here is pd.NA else here == there or here != here


def test_repeated_texts_are_one_object_again() -> None:
    found = there_and_back(array=np.array(OBJECTS["repeated"], dtype=object))["array"]
    assert len(set(map(id, found))) == 7


@pytest.mark.parametrize("order", ["C", "F"])
def test_texts_keep_their_shape(order: Any) -> None:
    array = np.array([[f"{i},{j}" for j in range(2100)] for i in range(3)], dtype=object, order=order)
    found = there_and_back(array=array)["array"]
    np.testing.assert_array_equal(found, array)
    assert found.flags.c_contiguous == array.flags.c_contiguous


WORDS = st.lists(st.one_of(st.text(max_size=5), st.none()), min_size=5, max_size=5)
MISSING = st.lists(st.one_of(st.text(max_size=5), st.just(np.nan)), min_size=5, max_size=5)


@settings(max_examples=25, deadline=None)
@given(
    words=WORDS, missing=MISSING, ints=st.lists(st.integers(-9, 9), min_size=5, max_size=5), kind=st.data()
)
def test_frames_come_back_as_they_were(words: Any, missing: Any, ints: list[int], kind: Any) -> None:
    frame = pd.DataFrame(
        {"words": pd.Series(words, dtype=object), "missing": pd.Series(missing, dtype=object)}
    )
    frame["text"], frame["ints"] = pd.Series(words, dtype="string"), pd.array(ints, dtype="Int64")
    frame["category"] = pd.Categorical([str(each) for each in ints])
    frame["time"] = pd.Timestamp("2026-01-01", tz="Europe/Berlin") + pd.to_timedelta(ints, unit="h")
    index = kind.draw(st.sampled_from([[], ["words"], ["category", "ints"]]))
    frame = frame.set_index(index) if index else frame
    frame.attrs["source"] = "a test"
    before, arrays.MANY = arrays.MANY, 1
    try:
        found = there_and_back(frame=frame)["frame"]
    finally:
        arrays.MANY = before
    pd.testing.assert_frame_equal(found, frame, check_freq=True)
    assert found.attrs == frame.attrs
    for column in set(frame) & {"words", "missing"}:
        assert list(map(type, found[column])) == list(map(type, frame[column]))
    found["ints" if "ints" in found else "text"] = found.iloc[::-1].iloc[:, 0].to_numpy()


def test_tables_take_only_themselves_along() -> None:
    table = pa.table({"text": TEXTS * 20, "number": range(len(TEXTS) * 20)})
    part = table.slice(5, 3)
    assert sum(memoryview(buffer).nbytes for buffer in dump_values({"part": part})) < 10_000
    assert there_and_back(part=part)["part"].equals(part)
    assert there_and_back(table=table)["table"].equals(table)


def test_polars_frames_go_beside_the_pickle() -> None:
    frame = pl.DataFrame({"text": TEXTS * 30, "number": range(len(TEXTS) * 30)})
    frame = frame.with_columns(pl.col("text").cast(pl.Categorical).alias("category"), day=pl.date(2026, 1, 1))
    packed, *_ = dump_values({"frame": frame})
    assert len(packed) < 5000
    found = there_and_back(frame=frame)["frame"]
    assert found.equals(frame)
    assert found.schema == frame.schema
    objects = pl.DataFrame({"o": pl.Series([object()] * 200_000, dtype=pl.Object)})
    with pytest.raises(ValueFault, match=r"^objects \(DataFrame\) cannot be pickled: "):
        dump_values({"objects": objects})


def in_a_notebook(code: str, **names: Any) -> dict[str, Any]:
    """What these lines define, as a notebook would."""
    namespace = {"__name__": "__main__", **names}
    exec(code, namespace)
    return namespace


def test_functions_use_the_namespace_that_they_come_to() -> None:
    namespace = in_a_notebook("def f(): return n\ndef g(): return f() + 1", n=1)
    made = pickled({"g": namespace["g"]}, bound=namespace)
    assert made.uses == {"f"}
    found = load_values(made.buffers)["g"]
    assert found.__globals__ is vars(sys.modules["__main__"])


class Nasty:
    def __reduce__(self) -> Any:
        return int, ("not a number",)


def test_a_value_that_cannot_be_unpickled_is_one_line() -> None:
    with pytest.raises(
        ValueFault, match=r"^the values cannot be unpickled here: ValueError: invalid literal"
    ):
        there_and_back(nasty=Nasty())
