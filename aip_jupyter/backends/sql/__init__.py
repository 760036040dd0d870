"""Records in a relational database: one set of tables and one compiler, SQLite today.

`files`, `faults`, `feed`, `mounts` and `migrate` need only the standard library's sqlite3, so that a server
can watch a store without loading SQLAlchemy; everything else is imported at the first operation.
"""
