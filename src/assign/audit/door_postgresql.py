"""
The auditor's door to a PostgreSQL server: a read-only transaction that sees one snapshot, and nothing but the schema of our tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from assign.commands import command
from assign.errors import needs_extra
from assign.log.store.catalogue import CATALOGUE, OURS
from assign.log.store.interface import ExtraMissing, StoreDamaged, StoreError, StoreMissing
from assign.log.store.schema import NAMES, Part, Strange, differences

from .text import WHERE

COLUMNS: Final = {
    "log": "id, origin",
    "publication": "log, what, value, seq",
    "edition": "sha256, data",
    "checkpoint": "log, size, convert_to(note, 'UTF8')",
}
_BY_TABLE: Final = (
    "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off"
)
_AS_BEFORE: Final = (
    "SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_bitmapscan = on"
)


class PostgresReader:
    """A database in one snapshot. A role with SELECT on the five tables is enough."""

    memory: str | None = None
    shown: str = "`postgresql`"  # an address may carry a password

    def __init__(self, url: str) -> None:
        import logging  # as psycopg does

        try:
            import psycopg
        except ImportError:
            raise ExtraMissing(*needs_extra("psycopg", "audit-postgresql")) from None
        driver = logging.getLogger("psycopg")
        if not driver.handlers:
            driver.addHandler(logging.NullHandler())  # what it warns of on a terminal, we say in our words
        self._psycopg = psycopg
        with self._translating_errors():
            self._db = psycopg.connect(url, autocommit=True, application_name="assign audit", connect_timeout=5)
            try:
                self._settle()
            except BaseException:
                self.close()
                raise

    def _settle(self) -> None:
        db = self._db
        # Qualified, as the path may begin with somebody's schema that has functions of these names.
        [path] = db.execute("SELECT pg_catalog.current_schemas(true)").fetchone() or [[]]
        db.execute("SET search_path TO pg_catalog, pg_temp")
        db.execute("SET client_encoding = 'UTF8'; SET bytea_output = hex; SET quote_all_identifiers = off")
        db.execute("SET standard_conforming_strings = on; SET statement_timeout = '600s'; SET lock_timeout = '30s'")
        db.execute("SET row_security = off")  # a policy that would hide rows is an error, and not fewer rows
        db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._path: list[str] = path
        found = db.execute(_HOMES, (path, list(NAMES))).fetchall()
        whole = [name for name, number in found if number == len(NAMES)]
        home = next(iter(whole or [name for name, _ in found]), None)
        if home is not None:
            db.execute(
                "SELECT set_config('search_path', 'pg_catalog, ' || quote_ident(%s) || ', pg_temp', false)", (home,)
            )
        if whole:
            return
        if len(found) > 1 or sum(number for _, number in found) > 1:
            raise StoreDamaged(
                f"データベースの記録の表がそろっていません（残りの表と関数 assign_log_only_grows を退けてから、`{command('audit restore', 'FILE')}` で控えを戻せます）",
                f"the database lacks a table of its log (move what is left away, and the function assign_log_only_grows; `{command('audit restore', 'FILE')}` then brings a backup back)",
            )
        if db.execute(
            "SELECT 1 FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace "
            "WHERE proname = 'assign_log_only_grows' AND nspname = ANY(%s)",
            (path,),
        ).fetchone():
            raise StoreDamaged(
                f"データベースの記録の表がなくなっています（関数 assign_log_only_grows を退けてから、`{command('audit restore', 'FILE')}` で控えを戻せます）",
                f"the tables of a log are gone from the database (move the function assign_log_only_grows away; `{command('audit restore', 'FILE')}` then brings a backup back)",
            )
        raise StoreMissing(
            f"データベースに記録の表がありません。{WHERE.ja}",
            f"the database has no tables of a log; {WHERE.en}",
        )

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """The server's errors as StoreError, never with the address, which may hold a password."""
        errors = self._psycopg.errors
        try:
            yield
        except errors.InsufficientPrivilege as error:
            if (
                error.diag.source_function == "check_enable_rls"
            ):  # PostgreSQL's own, by which it says that a policy hides rows
                raise StoreDamaged(
                    "記録の表に行ポリシーがあり、行を隠しています（assign は作りません。管理者に確かめてください）",
                    "a row policy, which assign does not make, hides rows of the log's tables (ask the administrator)",
                ) from None
            raise StoreError(
                "記録の表を読む権限がありません（SELECT が要ります）",
                "this role may not read the log's tables (it needs SELECT)",
            ) from None
        except (errors.LockNotAvailable, errors.QueryCanceled):
            raise StoreError("記録の順番が来ません", "the log was busy for too long") from None
        except self._psycopg.Error as error:
            if (getattr(error, "sqlstate", None) or "")[:2] in (
                "22",
                "42",
            ):  # a value, a name, a type that does not fit
                raise StoreDamaged(
                    f"データベースの記録の表が、作った時のものではありません（`{command('audit verify')}`）",
                    f"the database's tables of the log are not as they were made (`{command('audit verify')}`)",
                ) from None
            if isinstance(error, (self._psycopg.OperationalError, self._psycopg.InterfaceError)):
                raise StoreError("記録のサーバーにつながりません", "the log's server cannot be reached") from None
            name = type(error).__name__
            raise StoreError(f"記録のサーバーで失敗しました（{name}）", f"the log's server failed ({name})") from None

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._translating_errors():
            return self._db.execute(sql.encode(), values).fetchall()

    def page(self, low: int, high: int, most: int) -> list[tuple[int, bytes, bytes, bytes | None]]:
        """By number; `unsound` compares the index with its table."""
        return [
            (at, bytes(payload), bytes(nodes), None if key is None else key.encode())
            for at, payload, nodes, key in self._all(_PAGE, (low, high, most))
        ]

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows."""
        return [
            tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
            for row in self._all(f"SELECT {COLUMNS[name]} FROM ONLY {name}")  # noqa: S608 - our own
        ]

    def edition(self, digest: str) -> bytes | None:
        """Its text."""
        found = self._all("SELECT data FROM ONLY edition WHERE sha256 = %s", (digest,))
        return bytes(found[0][0]) if found else None

    def logs(self) -> list[int]:
        """From the numbers of the records."""
        found: list[int] = []
        low = -(1 << 63)
        while rows := self._all("SELECT at >> 40 FROM ONLY record WHERE at >= %s ORDER BY at LIMIT 1", (low,)):
            if found and rows[0][0] <= found[-1]:
                break  # a damaged index
            found.append(rows[0][0])
            if (low := rows[0][0] + 1 << 40) >= 1 << 63:
                break
        return found

    def newest(self, log: int) -> int | None:
        """The largest number."""
        found = self._all("SELECT max(at) FROM ONLY record WHERE at >= %s AND at < %s", (log << 40, (log + 1) << 40))
        return found[0][0]  # type: ignore[no-any-return]  # psycopg's own type

    def between(self, low: int, high: int) -> int:
        """By number."""
        return int(self._all("SELECT count(*) FROM ONLY record WHERE at >= %s AND at < %s", (low, high))[0][0])

    def count(self, log: int) -> int:
        """By a scan of the whole table."""
        with self._translating_errors():
            self._db.execute(_BY_TABLE)
            found = self._db.execute("SELECT count(*) FROM ONLY record WHERE at >> 40 = %s", (log,)).fetchone()
            self._db.execute(_AS_BEFORE)
        return int(found[0]) if found else 0

    def strangers(self) -> list[Strange]:
        """Differences from our schema: in our tables, in what is attached to them, and in what hides them."""
        return differences([Part(*row) for row in self._all(CATALOGUE, (self._path, list(NAMES)))], OURS)

    def unsound(self) -> list[Strange]:
        """Each index of a key against its table: how many rows, and which, by a scan of the one and of the other."""
        found = []
        for table, column in (("record", "at"), ("edition", "sha256"), ("log", "id")):
            sums = []
            for ways in (_BY_TABLE, "SET LOCAL enable_seqscan = off"):
                with self._translating_errors():
                    self._db.execute(ways.encode())
                    sql = f"SELECT count(*), sum(hashtextextended({column}::text, 0)::numeric) FROM ONLY {table} WHERE {column} IS NOT NULL"  # noqa: S608 - our own
                    where = f" AND {column} >= {'-9223372036854775808' if column != 'sha256' else chr(39) * 2}"
                    sums.append(self._db.execute((sql + where).encode()).fetchone())
                    self._db.execute(f"{_AS_BEFORE}; SET LOCAL enable_seqscan = on".encode())
            if sums[0] != sums[1]:
                found.append(
                    Strange(
                        "damaged",
                        f"表 {table} と、その索引の行が合いません",
                        f"the table {table} and its index do not have the same rows",
                    )
                )
        return found

    def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):
            self._db.close()


# The schemas on a path that have tables of our names, in its order, and how many.
_HOMES: Final = """
SELECT name, count(*) FROM unnest(%s::text[]) WITH ORDINALITY AS path(name, place)
JOIN pg_namespace ON nspname = name JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = ANY(%s)
WHERE name !~ '^pg_' AND relkind NOT IN ('i', 'I', 'S') GROUP BY name, place ORDER BY place
"""
_PAGE: Final = "SELECT at, payload, nodes, key FROM ONLY record WHERE at >= %s AND at < %s ORDER BY at LIMIT %s"
