"""Arrays and tables on their way: what they would put into the pickle, or too much of, goes beside it.

What numpy, pandas and pyarrow do well by themselves is left to them. All of it comes back as it was.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

MANY = 4096
"""Objects from which on an array of texts travels as Arrow does it."""
LARGE = 1024 * 1024
"""Bytes from which on it is worth while to look closer."""
SAMPLE = 1000
"""Texts that are looked at to tell whether they repeat themselves."""

Reduced = tuple[Callable[..., Any], tuple[Any, ...]]


def reduce_array(value: Any) -> Reduced | None:
    """How to make this array or table again; None where it is to be pickled as it pleases."""
    library, name = type(value).__module__.partition(".")[0], type(value).__name__
    if library == "numpy" and name == "ndarray":
        if value.dtype == object:
            return _reduce_texts(value) if value.size >= MANY else None
        if value.nbytes >= LARGE and not (value.flags.c_contiguous or value.flags.f_contiguous):
            reduced: Reduced = value.copy().__reduce_ex__(5)  # numpy would put it into the pickle
            return reduced
    elif library == "pyarrow" and name == "Table":
        return _reduce_slice(value)
    elif library == "polars" and name == "DataFrame":
        return _reduce_polars(value)
    return None


def _reduce_texts(array: Any) -> Reduced | None:
    """Texts, with None or NaN (not both) where there is none, as one Arrow array."""
    if "pyarrow" not in sys.modules and not _has_pyarrow():
        return None
    import numpy as np
    import pyarrow as pa  # type: ignore[import-untyped]

    order = "C" if array.flags.c_contiguous else "F"
    flat = array.ravel(order)
    kinds = set(map(type, flat.tolist()))
    if str not in kinds or len(kinds - {str}) > 1 or not kinds <= {str, float, type(None)}:
        return None
    try:
        texts = pa.array(flat, type=pa.large_string(), from_pandas=True)
    except (pa.ArrowException, UnicodeError):  # numbers among them, or half characters
        return None
    missing = np.nan if float in kinds else None
    sample = flat[:: max(flat.size // SAMPLE, 1)].tolist()
    if len(set(sample)) < len(sample) // 2:  # each text is one object again, however often it is there
        coded = texts.dictionary_encode(null_encoding="encode")
        words = coded.dictionary.to_numpy(zero_copy_only=False)
        return _words, (words, coded.indices.to_numpy(), missing, array.shape, order)
    _, ends, data = texts.buffers()
    masked = texts.is_null().to_numpy(zero_copy_only=False) if texts.null_count else None
    parts = [None if part is None else pickle.PickleBuffer(part) for part in (ends, data)]
    return _texts, (*parts, masked, missing, array.shape, order)


def _words(words: Any, indices: Any, missing: Any, shape: tuple[int, ...], order: Any) -> Any:
    words[[word is None for word in words]] = missing
    return words.take(indices).reshape(shape, order=order)


def _texts(ends: Any, data: Any, masked: Any, missing: Any, shape: tuple[int, ...], order: Any) -> Any:
    import numpy as np

    size = int(np.prod(shape))
    if _has_pyarrow():
        import pyarrow as pa

        buffers = [None, pa.py_buffer(ends), None if data is None else pa.py_buffer(data)]
        texts = pa.Array.from_buffers(pa.large_string(), size, buffers)
        flat = texts.to_numpy(zero_copy_only=False)
    else:
        bounds, view = np.frombuffer(ends, np.int64, size + 1).tolist(), memoryview(data or b"")
        flat = np.empty(size, object)
        flat[:] = [str(view[begin:end], "utf-8") for begin, end in pairwise(bounds)]
    if masked is not None:
        flat[masked] = missing
    return flat.reshape(shape, order=order)


def _has_pyarrow() -> bool:
    from importlib.util import find_spec

    return "pyarrow" in sys.modules or find_spec("pyarrow") is not None


def _reduce_slice(table: Any) -> Reduced | None:
    """A part of a table would take all of the table along."""
    if table.get_total_buffer_size() < max(2 * table.nbytes, LARGE):
        return None
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return _read_stream, (pickle.PickleBuffer(sink.getvalue()),)


def _read_stream(buffer: Any) -> Any:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.py_buffer(buffer)).read_all()


def _reduce_polars(frame: Any) -> Reduced | None:
    """By Arrow, which copies nothing, where that gives the same table again."""
    if frame.estimated_size() < LARGE or not _has_pyarrow():
        return None
    import polars as pl
    import pyarrow as pa

    try:
        table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        same = pl.from_arrow(table.slice(0, 1)).schema == frame.schema  # type: ignore[union-attr]
    except (pl.exceptions.PolarsError, pa.ArrowException):  # a type that Arrow does not know
        return None
    return (_read_polars, (table,)) if same else None


def _read_polars(table: Any) -> Any:
    import polars as pl

    return pl.from_arrow(table)
