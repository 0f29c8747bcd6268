"""
Our tables in SQLite's words, and how to compare them with those of a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from .remains import GROWS
from .schema import KEYS, NAMES, TABLES, Part

if TYPE_CHECKING:
    import apsw


def make_tables(db: apsw.Connection) -> None:
    """Tables, index and triggers, where they are not there."""
    db.execute(TABLES.format(int="INTEGER", text="TEXT", blob="BLOB"))
    db.execute(INDEX)
    make_triggers(db)


def make_triggers(db: apsw.Connection, tables: Sequence[str] = NAMES) -> None:
    """Triggers that stop an administrator's mistake, not an attack."""
    for name in tables:
        for verb in ("UPDATE", "DELETE"):
            db.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
                f"BEGIN SELECT RAISE(ABORT, '{GROWS}'); END"
            )


def our_schema(apsw: Any) -> list[Part]:
    """Our schema in the words of this SQLite: made in memory, and read back."""
    db = apsw.Connection(":memory:")
    try:
        make_tables(db)
        return [part_of(*row) for row in db.execute(SCHEMA)]
    finally:
        db.close()


def part_of(kind: object, name: object, table: object, sql: object) -> Part:
    """A row of `SCHEMA`, to compare."""
    return Part(str(kind), str(name), f"{table}: {sql}")


SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
# Tables that `ANALYZE` makes for the query planner; no answer depends on them.
COUNTED: Final = [
    ("table", name, name, f"CREATE TABLE {name}({columns})")
    for name, columns in (("sqlite_stat1", "tbl,idx,stat"), ("sqlite_stat4", "tbl,idx,neq,nlt,ndlt,sample"))
]
_BLOB: Final = "CAST(payload AS BLOB)"
_FOUND: Final = f"""instr({_BLOB}, CAST('"key":"' AS BLOB))"""
KEY: Final = f"CASE WHEN {_FOUND} THEN CAST(substr({_BLOB}, {_FOUND} + 7, 36) AS TEXT) END"
INDEX: Final = KEYS.format(key=KEY)
