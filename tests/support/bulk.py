"""Many records put into a store at once: what a test reads, when it is not about writing it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import asdict
from sqlalchemy import create_engine, insert

from aip_jupyter.backends.sql.schema import TABLES
from aip_jupyter.domain.records import Record, now_ms


def store_in_bulk(home: Path, records: Iterable[Record]) -> None:
    """As new ones into the `store.db` of a home that a platform has open, without checks or events."""
    rows: dict[type[Record], list[dict[str, object]]] = {}
    for record in records:
        values = {**asdict(record), "revision": 1, "updated": now_ms()}
        del values["key"]
        rows.setdefault(type(record), []).append(values)
    engine = create_engine(f"sqlite:///{home / 'store.db'}")
    try:
        with engine.begin() as connection:
            for kind, values_of_kind in rows.items():
                connection.execute(insert(TABLES[kind]), values_of_kind)
    finally:
        engine.dispose()
