"""Saving tables in the form that a suffix names: Parquet, CSV, JSON Lines."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from ..errors import Invalid

_KNOWN = ".parquet, .csv, .tsv or .jsonl"


def table_suffix() -> str:
    """What a table of pandas is saved as that says nothing: Parquet where that is possible."""
    engines = ("pyarrow", "fastparquet")
    return ".parquet" if any(importlib.util.find_spec(name) is not None for name in engines) else ".csv"


def save_pandas(frame: Any, target: Path) -> None:
    """A DataFrame of pandas. Its index is kept, unless it only counts the rows. Invalid."""
    from .capture_frames import counts_rows

    index = not counts_rows(frame.index)
    try:
        match target.suffix:
            case ".parquet" | ".pq":
                frame.to_parquet(target)
            case ".csv":
                frame.to_csv(target, index=index)
            case ".tsv":
                frame.to_csv(target, index=index, sep="\t")
            case ".jsonl" | ".ndjson":
                frame.to_json(target, orient="records", lines=True)
            case _:
                raise _unknown(target)
    except (TypeError, ValueError, ImportError, OverflowError, NotImplementedError) as error:
        # Arrow's own are among them: it raises the last for a type that Parquet does not have.
        raise _cannot(target, error) from error


def save_polars(frame: Any, target: Path) -> None:
    """A DataFrame of polars. Invalid."""
    import polars.exceptions

    try:
        match target.suffix:
            case ".parquet" | ".pq":
                frame.write_parquet(target)
            case ".csv":
                frame.write_csv(target)
            case ".tsv":
                frame.write_csv(target, separator="\t")
            case ".jsonl" | ".ndjson":
                frame.write_ndjson(target)
            case _:
                raise _unknown(target)
    except (polars.exceptions.PolarsError, TypeError, ValueError) as error:
        raise _cannot(target, error) from error


def save_arrow(table: Any, target: Path) -> None:
    """A table of Arrow. Invalid."""
    arrow: Any = importlib.import_module("pyarrow")
    whole = table if isinstance(table, arrow.Table) else arrow.Table.from_batches([table])
    try:
        match target.suffix:
            case ".parquet" | ".pq":
                importlib.import_module("pyarrow.parquet").write_table(whole, target)
            case ".csv":
                importlib.import_module("pyarrow.csv").write_csv(whole, target)
            case _:
                message = f"artifact_path: an Arrow table is saved as .parquet or .csv, not {target.suffix!r}"
                raise Invalid(message, field="artifact_path")
    except arrow.ArrowException as error:
        raise _cannot(target, error) from error


def _unknown(target: Path) -> Invalid:
    return Invalid(
        f"artifact_path: a table is saved as {_KNOWN}, not {target.suffix!r}", field="artifact_path"
    )


def _cannot(target: Path, error: Exception) -> Invalid:
    reason = str(error).partition("\n")[0]
    return Invalid(f"object: this table cannot be saved as {target.suffix}: {reason}", field="object")
