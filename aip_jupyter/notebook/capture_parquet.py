"""The table in a Parquet file: what its own footer says, read by pyarrow where that is installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from .capture_profile import MAX_COLUMNS, Range, column_of
from .capture_text import Table


def read_parquet(path: Path) -> Table:
    """Rows, types and, as far as the writer kept them, nulls and extremes. Reads no data."""
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        return Table(note="its columns are not known: pip install pyarrow to read them")
    try:
        with parquet.ParquetFile(path) as file:
            return _described(file.metadata, file.schema_arrow)
    except (OSError, ValueError) as error:  # pyarrow's own errors are such
        reason = str(error).partition("\n")[0][:200]
        return Table(note=f"its columns are not known: {reason}")


def _described(metadata: Any, schema: Any) -> Table:
    leaves = (
        {metadata.row_group(0).column(i).path_in_schema: i for i in range(metadata.num_columns)}
        if (metadata.num_row_groups)
        else {}
    )
    columns = []
    for field in list(schema)[:MAX_COLUMNS]:
        nulls, extremes = _statistics(metadata, leaves.get(field.name))
        columns.append(column_of(field.name, str(field.type), nulls, extremes.low, extremes.high))
    count = len(schema)
    note = f"the first {MAX_COLUMNS:,} of its {count:,} columns are described" if count > MAX_COLUMNS else ""
    return Table(metadata.num_rows, columns, note)


def _statistics(metadata: Any, leaf: int | None) -> tuple[int | None, Range]:
    """Of all row groups together; nothing when one of them does not say."""
    nulls: int | None = 0
    extremes = Range()
    for group in range(metadata.num_row_groups):
        found = None if leaf is None else metadata.row_group(group).column(leaf).statistics
        if found is None:
            return None, Range()
        nulls = None if nulls is None or not found.has_null_count else nulls + found.null_count
        if found.has_min_max:
            extremes.add([found.min, found.max])
        elif found.num_values:
            return nulls, Range()
    return nulls, extremes
