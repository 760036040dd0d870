"""The points of one metric, read: all of them, or some that look like all."""

from __future__ import annotations

import sys
from operator import itemgetter

from sqlalchemy import Connection, select

from ...domain.runs import History, Number, spell_number
from ...domain.sampling import sampled
from .schema import metric

_LARGEST = sys.float_info.max

# In the driver's own words: what SQLAlchemy does per row costs more than what SQLite does.
_READ = "SELECT step, time, value FROM point WHERE metric = ? ORDER BY arrival"

_Row = tuple[int, int, float | None]
"""Step, time and value."""

step_and_time = itemgetter(0, 1)


def history(connection: Connection, project: str, run_id: str, key: str, points: int) -> History:
    """The points of one key; at most `points` of them, 0 for all."""
    of_key = (metric.c.project == project) & (metric.c.run_id == run_id) & (metric.c.name == key)
    columns = (metric.c.key, metric.c.count, metric.c.in_order)
    found = connection.execute(select(*columns).where(of_key)).one_or_none()
    if found is None:
        return History(key=key, steps=[], times=[], values=[])
    cursor = connection.connection.cursor()
    cursor.execute(_READ, (found.key,))
    # mostly they come in order already, and then Python's sort only looks
    rows = sorted(cursor.fetchall(), key=step_and_time)
    places = sampled([float("nan") if row[2] is None else row[2] for row in rows], points)
    kept = [rows[place] for place in places]
    return History(
        key=key,
        steps=[row[0] for row in kept],
        times=[row[1] for row in kept],
        values=[spelled(row[2]) for row in kept],
    )


def spelled(value: float | None) -> Number:
    """A stored value as `domain` spells it."""
    if value is None:
        return "NaN"
    return value if -_LARGEST <= value <= _LARGEST else spell_number(value)
