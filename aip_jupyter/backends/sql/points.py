"""The points of runs: appended in bulk, and kept in sum per metric, so that lists need not read them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ...domain.changes import AddPoints
from ...domain.runs import Metric
from .histories import spelled, step_and_time
from .schema import artifact, metric, point, text

_PARAMETERS = 10_000
"""SQLite takes 32,766 in one statement."""

# In the driver's own words: what SQLAlchemy does per row costs more than what SQLite does.
_APPEND = "INSERT INTO point (metric, arrival, step, time, value) VALUES (?, ?, ?, ?, ?)"

_STATES = """
SELECT run_id, name, last, last_step, minimum, maximum, count FROM metric
WHERE project = ? AND run_id IN (SELECT value FROM json_each(?)) ORDER BY run_id, name
"""

_Row = tuple[int, int, float]
"""Step, time and value."""


def add_points(connection: Connection, points: AddPoints) -> None:
    """Append the points in the order given, and bring the state of their metrics up to date."""
    by_key = _by_key(points)
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
        counted = enumerate(added, first)
        rows += [(key, arrival, step, time, value) for arrival, (step, time, value) in counted]
    if changed:
        connection.execute(update(metric).where(metric.c.key == bindparam("metric_key")), changed)
    if rows:
        connection.exec_driver_sql(_APPEND, rows)


def _by_key(points: AddPoints) -> dict[str, list[_Row]]:
    names = points.keys
    columns = zip(points.steps, points.times, points.values, strict=True)
    if names and names.count(names[0]) == len(names):
        return {names[0]: list(columns)}
    by_key: defaultdict[str, list[_Row]] = defaultdict(list)
    for name, row in zip(names, columns, strict=True):
        by_key[name].append(row)
    return by_key


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
    places = list(map(step_and_time, added))
    in_order = places == sorted(places)  # which only looks, when they are
    # the last of equal ones, as arrival has it: max() takes the first
    step, time, value = added[-1] if in_order else max(reversed(added), key=step_and_time)
    numbers = [value for _, _, value in added if value == value]
    count = len(added)
    if old is not None:
        count += old["count"]
        numbers += [limit for limit in (old["minimum"], old["maximum"]) if limit is not None]
        in_order &= old["in_order"] and (old["last_step"], old["last_time"]) <= added[0][:2]
        if (step, time) < (old["last_step"], old["last_time"]):
            step, time, value = old["last_step"], old["last_time"], old["last"]
    return {
        "last": value,  # SQLite keeps what is not a number as NULL
        "last_step": step,
        "last_time": time,
        "minimum": min(numbers, default=None),
        "maximum": max(numbers, default=None),
        "count": count,
        "in_order": in_order,
    }


def remove_recorded(connection: Connection, project: str, run_id: str) -> None:
    """Remove the points, texts and artifacts of a run."""
    of_run = (metric.c.project == project) & (metric.c.run_id == run_id)
    keys = select(metric.c.key).where(of_run)
    connection.execute(delete(point).where(point.c.metric.in_(keys)))
    connection.execute(delete(metric).where(of_run))
    connection.execute(delete(text).where(text.c.project == project, text.c.run_id == run_id))
    connection.execute(delete(artifact).where(artifact.c.project == project, artifact.c.owner_id == run_id))


def metrics(connection: Connection, project: str, run_ids: Sequence[str]) -> dict[str, list[Metric]]:
    """The state of each of these runs' metrics."""
    found: dict[str, list[Metric]] = {id: [] for id in run_ids}
    cursor = connection.connection.cursor()
    cursor.execute(_STATES, (project, json.dumps(list(run_ids))))
    for run_id, name, last, last_step, minimum, maximum, count in cursor.fetchall():
        state = Metric(
            key=name,
            last=spelled(last),
            last_step=last_step,
            minimum=spelled(minimum),
            maximum=spelled(maximum),
            count=count,
        )
        found[run_id].append(state)
    return found
