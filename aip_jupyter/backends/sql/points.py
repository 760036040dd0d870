"""The points of runs: appended in bulk, and kept in sum per metric, so that lists need not read them."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from ...domain.changes import AddPoints
from ...domain.runs import History, Metric, Number, spell_number
from .schema import metric

_LARGEST = sys.float_info.max
_PARAMETERS = 10_000
"""SQLite takes 32,766 in one statement."""

# In the driver's own words: what SQLAlchemy does per row costs more than what SQLite does.
_APPEND = "INSERT INTO point (metric, arrival, step, time, value) VALUES (?, ?, ?, ?, ?)"

_READ = "SELECT step, time, value FROM point WHERE metric = ? ORDER BY arrival"

_Row = tuple[int, int, float]
"""Step, time and value."""

_step_and_time = itemgetter(0, 1)


def add_points(connection: Connection, points: AddPoints) -> None:
    """Append the points in the order given, and bring the state of their metrics up to date."""
    by_key: defaultdict[str, list[_Row]] = defaultdict(list)
    columns = zip(points.steps, points.times, points.values, strict=True)
    for name, row in zip(points.keys, columns, strict=True):
        by_key[name].append(row)
    known = _known(connection, points.project, points.run_id, list(by_key))
    rows: list[tuple[int, int, int, int, float]] = []
    changed = []
    for name, added in by_key.items():
        old = known.get(name)
        state = _state(added, old)
        if old is None:
            values = {"project": points.project, "run_id": points.run_id, "name": name, **state}
            inserted = connection.execute(insert(metric), values).inserted_primary_key
            assert inserted is not None  # noqa: S101
            key = inserted[0]
        else:
            key = old["key"]
            changed.append({"metric_key": key, **state})
        first = state["count"] - len(added)
        rows += [(key, arrival, *row) for arrival, row in enumerate(added, first)]
    if changed:
        connection.execute(update(metric).where(metric.c.key == bindparam("metric_key")), changed)
    if rows:
        connection.exec_driver_sql(_APPEND, rows)


def _known(connection: Connection, project: str, run_id: str, names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    of_run = (metric.c.project == project) & (metric.c.run_id == run_id)
    for start in range(0, len(names), _PARAMETERS):
        named = metric.c.name.in_(names[start : start + _PARAMETERS])
        for row in connection.execute(select(metric).where(of_run, named)).mappings():
            found[row["name"]] = row
    return found


def _state(added: list[_Row], old: Any) -> dict[str, Any]:
    """What a metric's row says after these points."""
    # the last of equal ones, as arrival has it: max() takes the first
    step, time, value = max(reversed(added), key=_step_and_time)
    numbers = [row[2] for row in added if not math.isnan(row[2])]
    count = len(added)
    if old is not None:
        count += old["count"]
        numbers += [limit for limit in (old["minimum"], old["maximum"]) if limit is not None]
        if (step, time) < (old["last_step"], old["last_time"]):
            step, time, value = old["last_step"], old["last_time"], old["last"]
    return {
        "last": value,  # SQLite keeps what is not a number as NULL
        "last_step": step,
        "last_time": time,
        "minimum": min(numbers, default=None),
        "maximum": max(numbers, default=None),
        "count": count,
    }


def metrics(connection: Connection, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
    """The state of each of these runs' metrics."""
    found: dict[str, list[Metric]] = {id: [] for id in run_ids}
    columns = metric.c
    for start in range(0, len(run_ids), _PARAMETERS):
        named = columns.run_id.in_(run_ids[start : start + _PARAMETERS])
        statement = select(metric).where(columns.project == project, named)
        for row in connection.execute(statement.order_by(columns.run_id, columns.name)).mappings():
            found[row["run_id"]].append(
                Metric(
                    key=row["name"],
                    last=_spelled(row["last"]),
                    last_step=row["last_step"],
                    minimum=_spelled(row["minimum"]),
                    maximum=_spelled(row["maximum"]),
                    count=row["count"],
                )
            )
    return found


def history(connection: Connection, project: str, run_id: str, key: str) -> History:
    """All points of one key."""
    of_key = (metric.c.project == project) & (metric.c.run_id == run_id) & (metric.c.name == key)
    chosen = connection.execute(select(metric.c.key).where(of_key)).scalar_one_or_none()
    cursor = connection.connection.cursor()
    cursor.execute(_READ, (chosen,))
    # mostly they come in order already, and then Python's sort only looks
    rows = sorted(cursor.fetchall(), key=_step_and_time)
    return History(
        key=key,
        steps=[row[0] for row in rows],
        times=[row[1] for row in rows],
        values=[_spelled(row[2]) for row in rows],
    )


def _spelled(value: float | None) -> Number:
    if value is None:
        return "NaN"
    return value if -_LARGEST <= value <= _LARGEST else spell_number(value)
