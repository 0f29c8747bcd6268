"""
Our tables in SQLite's words, and how to compare them with those of a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .remains import GROWS
from .schema import KEYS, NAMES, TABLES, Part


def is_ours(there: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the rows of `SCHEMA` are ours to the letter. To make our tables in memory takes a cold start tenfold that; it says what differs."""
    return len(there) == len(_LETTERS) and set(there) == _LETTERS


def make_tables(db: Any) -> None:
    """Tables, index and triggers, where they are not there."""
    db.execute(TABLES.format(int="INTEGER", text="TEXT", blob="BLOB"))
    db.execute(INDEX)
    make_triggers(db)


def make_triggers(db: Any, tables: Sequence[str] = NAMES) -> None:
    """Triggers that stop an administrator's mistake, not an attack."""
    for name in tables:
        for verb in ("UPDATE", "DELETE"):
            db.execute(_trigger(name, verb))


def _trigger(name: str, verb: str) -> str:
    return (
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


def _as_kept(kind: str, sql: str) -> tuple[str, str, str, str]:
    """A row of `SCHEMA`: SQLite keeps a statement as it was given, without `IF NOT EXISTS`."""
    sql = sql.strip().replace("IF NOT EXISTS ", "")
    name, table = sql.split(f"{kind.upper()} ")[-1].split()[0], sql.split(" ON ")[-1].split()[0]
    return kind, name, name if kind == "table" else table, sql


_LETTERS: Final = frozenset(
    (
        *(_as_kept("table", sql) for sql in TABLES.format(int="INTEGER", text="TEXT", blob="BLOB").split(";")),
        *(("index", f"sqlite_autoindex_{name}_1", name, None) for name in ("log", "edition")),
        _as_kept("index", INDEX),
        *(_as_kept("trigger", _trigger(name, verb)) for name in NAMES for verb in ("UPDATE", "DELETE")),
    )
)
