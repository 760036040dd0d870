"""The points of one metric, read: all of them, or some that look like all."""

from __future__ import annotations

import math
import sys
from operator import itemgetter

from sqlalchemy import Connection, select

from ...domain.runs import History, Number, spell_number
from ...domain.sampling import sampled
from .schema import metric

_LARGEST = sys.float_info.max

# In the driver's own words: what SQLAlchemy does per row costs more than what SQLite does.
_READ = "SELECT step, time, value FROM point WHERE metric = :metric ORDER BY arrival"

_SOME = """
WITH RECURSIVE
  stretch(n, first, behind) AS (
    SELECT 0, 1, 1 + :inner / :number
    UNION ALL
    SELECT n + 1, behind, 1 + (n + 2) * :inner / :number FROM stretch WHERE n + 1 < :number
  ),
  kept(arrival) AS (
    SELECT 0 UNION SELECT :inner + 1
    UNION SELECT (SELECT arrival FROM (SELECT arrival, min(value) FROM point
      WHERE metric = :metric AND arrival >= first AND arrival < behind)) FROM stretch
    UNION SELECT (SELECT arrival FROM (SELECT arrival, max(value) FROM point
      WHERE metric = :metric AND arrival >= first AND arrival < behind)) FROM stretch
  )
SELECT step, time, value FROM kept JOIN point ON metric = :metric AND point.arrival = kept.arrival
ORDER BY point.arrival
"""
"""What `sampled` means, for points that came in order: beside min() and max() SQLite tells the row that they
are of (https://www.sqlite.org/lang_select.html#bareagg)."""

_Row = tuple[int, int, float | None]
"""Step, time and value."""

step_and_time = itemgetter(0, 1)


def history(connection: Connection, project: str, run_id: str, key: str, points: int) -> History:
    """The points of one key; at most `points` of them, 0 for all."""
    of_key = (metric.c.project == project) & (metric.c.run_id == run_id) & (metric.c.name == key)
    columns = (metric.c.key, metric.c.count, metric.c.in_order)
    found = connection.execute(select(*columns).where(of_key)).one_or_none()
    rows: list[_Row] = []
    if found is not None:
        of_metric, count, in_order = found
        if in_order and 0 < points < count:
            stretches = {"metric": of_metric, "inner": count - 2, "number": (points - 2) // 2}
            rows = _rows(connection, _SOME, stretches)
        else:
            # mostly they come in order already, and then Python's sort only looks
            rows = sorted(_rows(connection, _READ, {"metric": of_metric}), key=step_and_time)
            values = [math.nan if row[2] is None else row[2] for row in rows]
            rows = [rows[place] for place in sampled(values, points)]
    return History(
        key=key,
        steps=[row[0] for row in rows],
        times=[row[1] for row in rows],
        values=[spelled(row[2]) for row in rows],
    )


def _rows(connection: Connection, statement: str, values: dict[str, int]) -> list[_Row]:
    cursor = connection.connection.cursor()
    cursor.execute(statement, values)
    return list(cursor.fetchall())


def spelled(value: float | None) -> Number:
    """A stored value as `domain` spells it."""
    if value is None:
        return "NaN"
    return value if -_LARGEST <= value <= _LARGEST else spell_number(value)
