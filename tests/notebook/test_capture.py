"""What is found out about files and tables: digests, types, missing values, extremes."""

from __future__ import annotations

import datetime
import decimal
import hashlib
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from aip_jupyter.domain.datasets import Column
from aip_jupyter.errors import Invalid
from aip_jupyter.notebook import capture_tables, capture_text
from aip_jupyter.notebook.capture import Captured, capture
from aip_jupyter.notebook.progress import Progress


def captured(data: Any) -> Captured:
    return capture(data, "variable x", Progress("reading", show=None))


def in_file(tmp_path: Path, content: str | bytes, name: str = "data.csv") -> Captured:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = captured(path)
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.size == path.stat().st_size
    return found


def brief(found: Captured) -> list[tuple[str, str, int | None, object, object]]:
    return [(each.name, each.type, each.nulls, each.minimum, each.maximum) for each in found.columns]


@pytest.mark.parametrize(
    ("texts", "kind", "nulls", "low", "high"),
    [
        (["1", "-2", "30"], "int", 0, -2, 30),
        (["1", "", "NA", "null", "NaN"], "int", 4, 1, 1),
        (["1", "2.5", "-1e3"], "float", 0, -1000.0, 2.5),
        (["1.5", "inf"], "float", 0, 1.5, float("inf")),
        (["true", "False"], "bool", 0, False, True),
        (["2024-05-01", "2023-12-31"], "time", 0, "2023-12-31", "2024-05-01"),
        (["2024-05-01T10:00:00Z", "2024-05-01 10:00:00+02:00"], "time", 0, "2024-05-01 10:00:00+02:00",
         "2024-05-01T10:00:00Z"),
        (["2024-05-01", "2024-05-01T10:00:00Z"], "text", 0, None, None),
        (["2024-05-01", "soon"], "text", 0, None, None),
        (["1", "b", "a"], "text", 0, None, None),
        (["1_000", "2"], "text", 0, None, None),
        (["true", "1"], "text", 0, None, None),
        (["", "NA"], "null", 2, None, None),
        (["x" * 500], "text", 0, None, None),
        ([str(2**70), "1"], "int", 0, 1, 2**70),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [1, 1000])
def test_a_column_has_the_narrowest_type_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], kind: str, nulls: int, low: object,
    high: object, at_once: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(capture_text, "_CELLS", at_once)
    found = in_file(tmp_path, "name,value\n" + "".join(f"x,{text}\n" for text in texts))
    assert brief(found)[1] == ("value", kind, nulls, low, high)
    assert type(found.columns[1].maximum) is type(high)
    assert (found.rows, found.notes) == (len(texts), [])


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_delimiters_quotes_and_byte_order_marks(tmp_path: Path, delimiter: str) -> None:
    first = f'"one\nline {delimiter} ""q"""{delimiter}1'
    content = f'\ufeffname{delimiter}"x, y; z"\r\n{first}\r\n\r\nb{delimiter}2\r\n'
    found = in_file(tmp_path, content)
    assert [column.name for column in found.columns] == ["name", "x, y; z"]
    assert (found.rows, found.columns[1].maximum) == (2, 2)
    assert (found.columns[0].type, found.columns[0].maximum) == ("text", None)


def test_a_table_without_names_is_numbered(tmp_path: Path) -> None:
    found = in_file(tmp_path, "1,2.5\n3,4\n", "data.tsv")
    assert brief(found) == [("0", "int", 0, 1, 3), ("1", "float", 0, 2.5, 4.0)]
    assert found.rows == 2


def test_short_rows_are_filled_and_long_ones_are_no_table(tmp_path: Path) -> None:
    assert brief(in_file(tmp_path, "a,b\n1\n2,3,\n")) == [("a", "int", 0, 1, 2), ("b", "int", 1, 3, 3)]
    found = in_file(tmp_path, "a,b\n1,2\n1,2,3\n")
    assert (found.rows, found.columns) == (None, [])
    assert "row 3 has 3 values, but there are 2 names" in found.notes[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"a,b\n\xff\xfe,1\n", b"\0\0\1", b'a,b\n"' + b"x" * 200_000, "a,b\n".encode("utf-16")],
)
@pytest.mark.parametrize("name", ["data.csv", "data.jsonl"])
def test_what_is_no_table_is_still_recorded(tmp_path: Path, content: bytes, name: str) -> None:
    found = in_file(tmp_path, content, name)
    assert (found.rows, found.columns) == (None, [])
    assert f"{name}: its columns are not known" in found.notes[0]


def test_other_files_are_bytes_only(tmp_path: Path) -> None:
    found = in_file(tmp_path, "a,b\n1,2\n", "data.bin")
    assert (found.columns, found.notes) == ([], [])


def test_a_wide_table_is_described_in_part(tmp_path: Path) -> None:
    names = ",".join(f"c{index}" for index in range(10_050))
    found = in_file(tmp_path, f"{names}\n{','.join(['1'] * 10_050)}\n")
    assert (len(found.columns), found.rows) == (10_000, 1)
    assert "the first 10,000 of its 10,050 columns" in found.notes[0]


def test_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_text, "_ROWS", 2)
    lines = ['{"a":1,"b":"x"}', '{"a":2.5}', "", '{"c":[1],"a":null,"b":"y"}', '{"b":true,"d":true}']
    found = in_file(tmp_path, "\n".join(lines), "data.jsonl")
    assert found.rows == 4
    assert brief(found) == [
        ("a", "float", 2, 1, 2.5),
        ("b", "object", 1, None, None),
        ("c", "object", 3, None, None),
        ("d", "bool", 3, True, True),
    ]
    assert in_file(tmp_path, '{"a":1}\n[1]\n', "data.ndjson").columns == []


def test_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"i": [1, None, 3], "s": ["b", "a", None], "l": [[1], [2], None]})
    path = tmp_path / "data.parquet"
    table = pa.Table.from_pandas(frame)
    pyarrow.parquet.write_table(table, path, row_group_size=2)
    found = captured(path)
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.rows == 3
    assert brief(found)[:2] == [
        ("i", "double", 1, 1.0, 3.0),
        ("s", str(table.schema.field("s").type), 1, None, None),
    ]
    assert brief(found)[2][0] == "l"
    path.write_bytes(b"PAR1 and no more")
    assert "its columns are not known" in captured(path).notes[0]


TIMES = [datetime.datetime(2024, 1, 1), None, datetime.datetime(2024, 5, 5, 10, 0, 0, 123456)]
FRAME = pd.DataFrame(
    {
        "i": [1, 2, 3],
        "f": [0.5, float("nan"), -0.0],
        "s": ["a", None, "ü"],
        "b": [True, False, True],
        "t": pd.Series(TIMES),
    }
)


def test_a_frame_is_described() -> None:
    found = captured(FRAME)
    assert (found.rows, found.source, found.source_type) == (3, "variable x", "dataframe")
    assert brief(found) == [
        ("i", "int64", 0, 1, 3),
        ("f", "float64", 1, 0.0, 0.5),
        ("s", str(FRAME["s"].dtype), 1, None, None),
        ("b", "bool", 0, False, True),
        ("t", str(FRAME["t"].dtype), 1, "2024-01-01T00:00:00", "2024-05-05T10:00:00.123456"),
    ]


def equal_frames() -> dict[str, Any]:
    polars = pl.from_pandas(FRAME)
    return {
        "an explicit index": FRAME.set_index(pd.Index([0, 1, 2])),
        "narrower numbers": FRAME.astype({"i": "int8", "f": "float32"}),
        "nullable types": FRAME.convert_dtypes(),
        "objects": FRAME.astype(object),
        "categories": FRAME.astype({"s": "category"}),
        "nanoseconds": FRAME.astype({"t": "datetime64[ns]"}),
        "built in another order": FRAME[["t", "b", "s", "f", "i"]][list(FRAME)],
        "sorted twice": FRAME.iloc[::-1].sort_index(),
        "polars": polars,
        "Arrow": polars.to_arrow(),
        "an Arrow batch": polars.to_arrow().combine_chunks().to_batches()[0],
        "pandas of Arrow": polars.to_pandas(use_pyarrow_extension_array=True),
    }


@pytest.mark.parametrize("how", equal_frames())
def test_equal_values_have_one_digest(how: str) -> None:
    if how == "objects":  # a column of objects has no own word for its times
        columns = ["i", "f", "s", "b"]
        assert captured(equal_frames()[how][columns]).digest == captured(FRAME[columns]).digest
    else:
        assert captured(equal_frames()[how]).digest == captured(FRAME).digest


def test_whatever_differs_has_another_digest() -> None:
    variants = [
        FRAME,
        FRAME.iloc[::-1],
        FRAME.iloc[::-1].reset_index(drop=True),
        FRAME[["f", "i", "s", "b", "t"]],
        FRAME.rename(columns={"i": "j"}),
        FRAME.rename(columns={"i": 1}),
        FRAME.rename(columns={"i": "1"}),
        FRAME.astype({"i": "float64"}),
        FRAME.astype({"i": "str"}),
        FRAME.set_index("s"),
        FRAME.set_index("s", drop=False),
        FRAME.set_index(pd.Index([1, 2, 3])),
        FRAME.set_index(["s", "i"]),
        FRAME.fillna({"s": ""}),
        FRAME.head(2),
        FRAME.assign(t=FRAME["t"] + pd.Timedelta(1, "us")),
    ]
    digests = [captured(frame).digest for frame in variants]
    assert len(set(digests)) == len(variants)
    assert all(digests)


def test_pieces_do_not_show_in_a_digest_of_other_values(monkeypatch: pytest.MonkeyPatch) -> None:
    long = pd.DataFrame({"a": range(10)})
    whole = captured(long)
    monkeypatch.setattr(capture_tables, "PIECE", 3)
    assert brief(captured(long)) == brief(whole)


def test_odd_values_in_cells() -> None:
    frame = pd.DataFrame(
        {
            "d": [datetime.date(2024, 1, 1), datetime.date(9999, 12, 31)],
            "far": [datetime.datetime(9999, 12, 31), datetime.datetime(1, 1, 1)],
            "money": [decimal.Decimal("1.50"), None],
            "long": [2**80, 1],
            "nested": [{"b": 1, "a": [np.float64(1.5), np.array([1, 2])]}, None],
            "zone": pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("Europe/Berlin"),
            "span": pd.to_timedelta(["1 day", "2 h"]),
            "interval": pd.IntervalIndex.from_breaks([0, 1, 2]),
        }
    )
    found = captured(frame)
    assert found.digest
    assert found.digest == captured(frame.copy()).digest
    by_name = {column.name: column for column in found.columns}
    assert (by_name["d"].minimum, by_name["d"].maximum) == ("2024-01-01", "9999-12-31")
    assert by_name["far"].minimum == "0001-01-01T00:00:00"
    assert by_name["money"].maximum == "1.50"
    assert by_name["zone"].minimum == "2023-12-31T23:00:00"
    assert by_name["span"].maximum == "1 day, 0:00:00"


def test_what_has_no_value_has_no_digest() -> None:
    found = captured(pd.DataFrame({"o": [object(), object()], "n": [1, 2]}))
    assert (found.digest, found.rows, len(found.columns)) == ("", 2, 2)
    assert found.notes == ["No digest: 'o' has values that cannot be compared."]


def test_series_and_empty_frames() -> None:
    assert captured(pd.Series([1], name="a")).digest == captured(pd.DataFrame({"a": [1]})).digest
    assert captured(pl.Series("a", [1])).digest == captured(pd.DataFrame({"a": [1]})).digest
    empty = captured(pd.DataFrame())
    assert (empty.rows, empty.columns) == (0, [])
    assert captured(pd.DataFrame({"a": []})).digest != empty.digest


def test_arrays() -> None:
    array = np.array([[0.0, 1.0], [np.nan, 3.0], [4.0, 5.0]])
    found = captured(array)
    assert (found.rows, found.size, found.source_type) == (3, 48, "array")
    assert brief(found) == [("0", "float64", 1, 0.0, 4.0), ("1", "float64", 0, 1.0, 5.0)]
    same = [np.asfortranarray(array), array.astype(">f8"), np.repeat(array, 2, axis=0)[::2]]
    assert {captured(each).digest for each in same} == {found.digest}
    others = [array.T, array.astype("f4"), array[:2], array.reshape(-1), array + 1, array[:, :, None]]
    assert len({captured(each).digest for each in [array, *others]}) == 7
    images = captured(np.zeros((5, 8, 8), dtype="uint8"))
    assert brief(images) == [("values", "uint8 8×8", 0, 0, 0)]


def test_arrays_of_other_kinds() -> None:
    structured = np.array([(1, "b"), (2, "a")], dtype=[("n", "i4"), ("s", "U3")])
    assert brief(captured(structured)) == [("n", "int32", 0, 1, 2), ("s", "<U3", 0, None, None)]
    mixed = captured(np.array([[1, "x"], [2, None]], dtype=object))
    assert brief(mixed) == [("0", "object", 0, 1, 2), ("1", "object", 1, None, None)]
    assert brief(captured(np.array(["a", "b"]))) == [("0", "<U1", None, None, None)]
    assert brief(captured(np.array([True, False]))) == [("0", "bool", 0, False, True)]
    assert captured(np.empty((0, 2))).rows == 0
    for bad in (np.array(1), np.ma.array([1], mask=[True])):
        with pytest.raises(Invalid, match="plain rows"):
            captured(bad)


@pytest.mark.parametrize("bad", [3, [1, 2], {"a": 1}, b"x", None, pl.LazyFrame({"a": [1]})])
def test_what_is_no_data_is_refused(bad: Any) -> None:
    with pytest.raises(Invalid) as caught:
        captured(bad)
    assert caught.value.field == "data"


def test_a_subclass_of_a_frame_is_a_frame() -> None:
    class Mine(pd.DataFrame):  # type: ignore[misc]  # pandas says nothing of its types
        pass

    assert captured(Mine({"a": [1]})).digest == captured(pd.DataFrame({"a": [1]})).digest


def test_long_names_and_unstorable_texts_are_cut() -> None:
    found = captured(pd.DataFrame({"n" * 500: ["a\0b", "\ud800"]}, dtype=object))
    assert found.digest == ""
    assert found.columns == [Column(name="n" * 199 + "…", type="object", nulls=0)]


def test_bytes_are_counted_as_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for index in range(3):
        (tmp_path / "data" / f"{index}.bin").write_bytes(bytes(1000))
    progress = Progress("reading", show=None)
    capture(str(tmp_path / "data"), "", progress)
    assert (progress.total, progress.done) == (3000, 3000)
    assert list(itertools.islice(progress.text.split(":"), 1)) == ["reading data"]
