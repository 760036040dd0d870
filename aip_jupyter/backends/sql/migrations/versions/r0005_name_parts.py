"""An index of the parts of models' names, so that a search for one need not look at every name.

Where the SQLite library cannot keep it (FTS5 with trigrams), there is none, and searches do look at every
name.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.exc import OperationalError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ADD = "INSERT INTO model_name (rowid, name) VALUES (new.key, new.name)"
_REMOVE = "INSERT INTO model_name (model_name, rowid, name) VALUES ('delete', old.key, old.name)"


def upgrade() -> None:
    connection = op.get_bind()
    try:
        # Trigrams alone, without their places: https://www.sqlite.org/fts5.html#the_detail_option
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE model_name USING fts5 "
            "(name, content='model', content_rowid='key', tokenize='trigram', detail=none, columnsize=0)"
        )
    except OperationalError as error:
        if "no such" not in str(error.orig):  # module, or tokenizer
            raise
        return
    connection.exec_driver_sql("INSERT INTO model_name (model_name) VALUES ('rebuild')")
    for event, statements in (
        ("INSERT", _ADD),
        ("DELETE", _REMOVE),
        ("UPDATE OF name", f"{_REMOVE}; {_ADD}"),
    ):
        changes = "WHEN old.name <> new.name " if event.startswith("UPDATE") else ""
        name = f"model_name_{event.split()[0].lower()}"
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} AFTER {event} ON model {changes}BEGIN {statements}; END"
        )
