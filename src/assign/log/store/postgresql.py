"""
Logs on a server: PostgreSQL, with a role that may read and insert and nothing else.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from assign.commands import command
from assign.errors import needs_extra

from .catalogue import CATALOGUE, OURS
from .interface import (  # fmt: skip
    NEWEST,
    PAGE,
    SEQ,
    SHIFT,
    ExtraMissing,
    Known,
    New,
    Row,
    StoreDamaged,
    StoreError,
    StoreMissing,
    StoreRefused,
    Writing,
    as_bytes,
    at_fork,
    free_number,
    is_number,
    not_inserted,
    number_taken,
    paged,
    refused,
    require_open,
    require_same_text,
)
from .schema import KEYS, NAMES, TABLES, Part, Strange, differences

if TYPE_CHECKING:
    import psycopg


class PostgresStore:
    """Logs on a server. A role with INSERT and SELECT on the five tables is enough; `create` needs more, once."""

    made: bool = False
    memory: str | None = None

    def __init__(self, url: str, *, create: bool) -> None:
        import logging  # as psycopg does

        try:
            import psycopg
        except ImportError:
            raise ExtraMissing(*needs_extra("psycopg", "audit-postgresql")) from None
        driver = logging.getLogger("psycopg")
        if not driver.handlers:
            driver.addHandler(logging.NullHandler())  # what it warns of on a terminal, we say in our words
        self._psycopg = psycopg
        self.url: str = url
        self.shown = "`postgresql`"  # an address may carry a password
        self._lock = threading.RLock()
        self._pid = 0
        self._db: Any = None
        self._closed = False
        self._finalizer: Callable[[], None] | None = None
        self._cursor: Any = None  # of `append_if_unchanged`, which asks the same each time
        self._given = ""  # the search path that a connection began with
        self._home: str | None = None  # the one of our tables
        self._ours: list[int] = []  # our tables' numbers, once this connection has found them as we made them
        try:
            with self._translating_errors():
                self._tables(self._connection(), create=create)
        except BaseException:
            self._drop_connection()
            raise
        at_fork(self)

    def before_fork(self) -> None:
        """No statement may be under way."""
        self._lock.acquire()

    def after_fork(self, *, child: bool) -> None:
        """The connection stays the parent's; a child closes its copy without a word to the server, and makes its own."""
        if not child:
            self._lock.release()
            return
        self._lock = threading.RLock()
        db = self._db
        if db is not None and not db.closed:
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no more than a descriptor
                # The server must not hear the child's good-bye.
                os.dup2(nowhere.fileno(), db.fileno(), inheritable=False)
                db.close()
        self._drop_connection()

    def _connection(self) -> psycopg.Connection[Any]:
        """The connection of this process, made anew where the server dropped it."""
        require_open(self.shown, closed=self._closed)
        if self._pid != os.getpid() or self._db is None or self._db.closed:
            self._drop_connection()
            db = self._psycopg.connect(self.url, autocommit=True, application_name="assign", connect_timeout=5)
            try:
                self._settle(db)
                _durable(db.execute(f"SELECT {_SETTINGS}".encode()).fetchone())
            except BaseException:
                db.close()
                raise
            # Fixed for the session, so that a later change on the server has no effect on it.
            db.execute("SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)")
            db.execute("SET statement_timeout = '60s'; SET lock_timeout = '30s'; SET client_encoding = 'UTF8'")
            # The catalogue's text, which `strangers` compares, depends on these.
            db.execute("SET bytea_output = hex; SET quote_all_identifiers = off; SET standard_conforming_strings = on")
            self._db, self._cursor, self._pid, self._ours = db, db.cursor(), os.getpid(), []
            # Runs before the driver's own finalizer, which warns, and at the end of the process; only in the process that connected.
            self._finalizer = weakref.finalize(self, _close_in, db, self._pid)
        return self._db  # type: ignore[no-any-return]  # psycopg's own type

    def _settle(self, db: psycopg.Connection[Any]) -> None:
        """Search nothing but the system's schema and the one that has our tables, so that no other thing of a name is taken for ours."""
        given, searched, self._home = db.execute(
            "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_schemas(true), pg_catalog.current_schema()"
        ).fetchone()  # type: ignore[misc]  # one row
        db.execute("SET search_path TO pg_catalog, pg_temp")
        found = db.execute(_HOMES, (searched, list(NAMES))).fetchall()
        whole = [name for name, number in found if number == len(NAMES)]
        self._home = next(iter(whole or [name for name, _ in found]), self._home)
        self._given = given
        if self._home is not None:
            self._narrow(db)

    def _narrow(self, db: psycopg.Connection[Any]) -> None:
        sql = "SELECT pg_catalog.set_config('search_path', 'pg_catalog, ' || pg_catalog.quote_ident(%s) || ', pg_temp', false)"
        db.execute(sql.replace("||", "OPERATOR(pg_catalog.||)").encode(), (self._home,))

    def _searched(self) -> list[str]:
        """The schemas that a connection would search if it were not told otherwise, as they are now."""
        with self._translating_errors(), self._lock:
            db = self._connection()
            try:
                db.execute("SELECT set_config('search_path', %s, false)", (self._given,))
                found = db.execute("SELECT pg_catalog.current_schemas(true)").fetchone()
            finally:
                if not db.closed:
                    self._narrow(db)
            return list(found[0]) if found else []

    def _tables(self, db: psycopg.Connection[Any], *, create: bool) -> None:
        found = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = ANY(current_schemas(false))")
        ours = {name for (name,) in found}.intersection(NAMES)
        if len(ours) == len(NAMES):
            return
        if len(ours) > 1 or db.execute("SELECT to_regproc('assign_log_only_grows')").fetchone() != (None,):
            raise StoreDamaged(
                f"データベースの記録の表がそろっていません（残りの表と関数 assign_log_only_grows を退けてから、`{command('audit restore', 'FILE')}` で控えを戻せます）",
                f"the database lacks a table of its log (move what is left away, and the function assign_log_only_grows; `{command('audit restore', 'FILE')}` then brings a backup back)",
            )
        if not create:
            raise StoreMissing(
                f"データベースに記録の表がありません（管理者が `{command('audit init')}` で作ります）",
                f"the database has no tables of a log (an administrator makes them with `{command('audit init')}`)",
            )
        self._make(db)

    def _make(self, db: psycopg.Connection[Any]) -> None:
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s, 0)", (_LOCKS,))
            db.execute(
                "SELECT set_config('search_path', quote_ident(%s), true)", (self._home,)
            )  # where tables are made
            for statement in TABLES.format(int="bigint", text="text", blob="bytea").split(";"):
                db.execute(statement.encode())
            db.execute(INDEX.encode())
            db.execute(
                "CREATE OR REPLACE FUNCTION assign_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'a log is only ever added to'; END $$"
            )
            for name in NAMES:
                db.execute(
                    f"CREATE OR REPLACE TRIGGER {name}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
                    "EXECUTE FUNCTION assign_log_only_grows()".encode()
                )
        self.made = True

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """The server's errors as StoreError."""
        try:
            yield
        except self._psycopg.Error as error:
            raise self._as_store_error(error) from None

    def _as_store_error(self, error: Exception) -> StoreError:
        """Never with the address, which may hold a password. After an unknown error the connection is dropped."""
        errors = self._psycopg.errors
        if isinstance(error, (errors.DiskFull, errors.OutOfMemory)):
            return StoreError(
                "記録のサーバーのディスクかメモリが足りません。回答はありません",
                "the log's server is out of disk or memory; there is no answer",
            )
        if isinstance(error, errors.InsufficientPrivilege):
            return StoreError(
                "記録の表を使う権限がありません（SELECT と INSERT が要ります）",
                "this role may not use the log's tables (it needs SELECT and INSERT)",
            )
        if isinstance(error, errors.ReadOnlySqlTransaction):
            return StoreError(
                "記録のサーバーは読み取り専用です（複製かもしれません）。回答はありません",
                "the log's server is read-only (perhaps a replica); there is no answer",
            )
        if isinstance(error, (errors.LockNotAvailable, errors.QueryCanceled)):
            return StoreError(
                "記録の順番が来ません。回答はありません", "the log was busy for too long; there is no answer"
            )
        if (getattr(error, "sqlstate", None) or "")[:2] in ("22", "42"):  # a value, a name or a type that does not fit
            return StoreDamaged(
                f"データベースの記録の表が、作った時のものではありません（`{command('audit verify')}`）",
                f"the database's tables of the log are not as they were made (`{command('audit verify')}`)",
            )
        self._drop_connection()
        if isinstance(error, (self._psycopg.OperationalError, self._psycopg.InterfaceError)):
            return StoreError(
                "記録のサーバーにつながりません。回答はありません",
                "the log's server cannot be reached; there is no answer",
            )
        name = type(error).__name__
        return StoreError(f"記録のサーバーで失敗しました（{name}）", f"the log's server failed ({name})")

    @contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """Drop the connection after an interrupt: its state is unknown."""
        try:
            yield
        except Exception:
            raise  # the server has answered
        except BaseException:
            self._drop_connection()
            raise

    def _drop_connection(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._db = self._cursor = self._finalizer = None

    def require_ours(self) -> None:
        """Compare the catalogue with our schema, once for each connection; each transaction looks for what was attached since."""
        with self._translating_errors(), self._lock:
            self._connection()
            if not self._ours:
                refused(self._differences())
                db = self._connection()
                found = db.execute("SELECT name::regclass::oid FROM unnest(%s::text[]) AS each(name)", (list(NAMES),))
                for (name,) in db.execute(
                    "SELECT name FROM pg_prepared_statements WHERE name LIKE 'assign~_%' ESCAPE '~'"
                ).fetchall():
                    db.execute(f"DEALLOCATE {name}".encode())
                db.execute(_EXTEND.encode())
                db.execute(_IS_THERE.encode())
                self._ours = [oid for (oid,) in found]

    def _differences(self) -> list[Strange]:
        there = [Part(*row) for row in self._rows(CATALOGUE, (self._searched(), list(NAMES)))]
        return differences(there, OURS)

    def _not_written(self) -> StoreError:
        """Why what was read back is not what was inserted: something was attached to our tables."""
        self._ours = []
        try:
            self.require_ours()
        except StoreError as error:
            return error
        return not_inserted()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._translating_errors(), self._lock:
            return self._connection().execute(sql.encode(), values).fetchall()

    def origins(self) -> dict[str, int]:
        """The logs here: name → number."""
        found = self._rows("SELECT origin, id FROM log ORDER BY id")
        return {name: log for name, log in found if type(name) is str and is_number(log)}

    def create(self, origin: str) -> int:
        """A log's number; the log is made if it is not there."""
        self.require_ours()
        with self._translating_errors(), self._lock, (db := self._connection()).transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s, 0)", (_LOCKS,))
            logs = self.origins()
            if origin not in logs:
                taken = {number for (number,) in db.execute("SELECT id FROM log")}
                logs[origin] = free_number(taken.union(self.numbers()))
                db.execute("INSERT INTO log VALUES (%s, %s)", (logs[origin], origin))
                if self.origins().get(origin) != logs[origin]:
                    raise not_inserted()
            return logs[origin]

    @contextmanager
    def writing(self, log: int) -> Iterator[Writing]:
        """A transaction. Writers of one log queue for its advisory lock, first come first served; other logs do not wait."""
        with self._translating_errors(), self._lock:
            self.require_ours()
            db = self._connection()
            turn = _PostgresWriting(db, log, self._ours, self._psycopg.errors.UniqueViolation)
            try:
                with self._uninterrupted(), db.pipeline(), db.transaction():  # two round trips, and one to read back
                    yield turn
            except NotWritten:
                raise self._not_written() from None
            # Not idle: we were inside a transaction that an interrupt had left open, and nothing is committed.
            if db.info.transaction_status != self._psycopg.pq.TransactionStatus.IDLE:
                self._drop_connection()
                raise StoreError(
                    "記録できませんでした。回答はありません", "the record could not be written; there is no answer"
                )

    def append_if_unchanged(self, log: int, last: bytes, row: New) -> bool:
        """
        One message, which is a whole transaction. Its number is free and the one before it is ours, or nothing is inserted; and what
        stands there then is this record, with nothing attached to our tables that could change it at the commit, or the server
        divides by zero. Sent as text: a pipeline of the driver's costs a caller who is alone three times as much as this.
        """
        seq, payload, nodes, key = row
        base = log << SHIFT
        at = base | seq
        whole = f"{at}, '\\x{payload.hex()}', '\\x{nodes.hex()}', {_literal(key)}"
        turn = (
            f"EXECUTE assign_extend({whole}, {at - 1}, '\\x{last.hex()}', {_LOCKS}, {log}); "
            f"SET CONSTRAINTS ALL IMMEDIATE; EXECUTE assign_is_there({whole})"
        )
        errors = self._psycopg.errors
        with self._lock:
            self.require_ours()
            db = self._connection()
            try:
                self._cursor.execute(turn.encode())
                return db.info.transaction_status == self._psycopg.pq.TransactionStatus.IDLE
            except (errors.UniqueViolation, errors.DivisionByZero, errors.InvalidSqlStatementName) as error:
                # Another writer was first, or it was not written; `writing`, which follows, says what is wrong.
                if isinstance(error, errors.InvalidSqlStatementName):
                    self._ours = []
                return False
            except self._psycopg.Error as error:
                raise self._as_store_error(error) from None
            except BaseException:
                self._drop_connection()  # an interrupt, as in `_uninterrupted`
                raise

    def size(self, log: int) -> int:
        """How many records."""
        found = self._rows("SELECT max(at) FROM record WHERE at >= %s AND at < %s", (log << SHIFT, (log + 1) << SHIFT))[
            0
        ][0]
        return 0 if found is None else (found & SEQ) + 1

    def newest(self, log: int, below: int, limit: int) -> list[int]:
        """The largest numbers of rows below one."""
        base = log << SHIFT
        sql = "SELECT at FROM record WHERE at >= %s AND at < %s ORDER BY at DESC LIMIT %s"
        return [at & SEQ for (at,) in self._rows(sql, (base, base + below, limit))]

    def some(self, log: int, seqs: Sequence[int]) -> list[Row]:
        """The rows of some numbers."""
        return list(map(_row, self._rows(_SOME, ([log << SHIFT | seq for seq in seqs],))))

    def read(self, log: int, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order, a page at a time."""
        yield from paged(lambda low, high: self._rows(_PAGE, (low, high, PAGE)), log, start, stop)

    def nodes(self, log: int, seqs: Sequence[int]) -> dict[int, bytes]:
        """The nodes of some records."""
        return _found_nodes(
            self._rows("SELECT at, nodes FROM record WHERE at = ANY(%s)", ([log << SHIFT | seq for seq in seqs],))
        )

    def published(self, log: int) -> list[tuple[str, str, int]]:
        """(what, value, record) of everything published."""
        return self._rows("SELECT what, value, seq FROM publication WHERE log = %s ORDER BY seq", (log,))

    def edition(self, sha256: str) -> bytes | None:
        """The text of an edition."""
        found = self._rows("SELECT data FROM edition WHERE sha256 = %s", (sha256,))
        return as_bytes(found[0][0]) if found else None

    def checkpoints(self, log: int) -> list[str]:
        """The notes made here."""
        return [
            as_bytes(note).decode("utf-8", "replace")
            for (note,) in self._rows("SELECT note FROM checkpoint WHERE log = %s ORDER BY size", (log,))
        ]

    def larger_checkpoints(self, log: int, size: int) -> list[str]:
        """Notes of a larger size."""
        found = self._rows("SELECT note FROM checkpoint WHERE log = %s AND size > %s", (log, size))
        return [as_bytes(note).decode("utf-8", "replace") for (note,) in found]

    def add_checkpoint(self, log: int, size: int, note: str) -> None:
        """Keep a note."""
        self._rows("INSERT INTO checkpoint VALUES (%s, %s, %s) RETURNING size", (log, size, note))

    def reindex(self) -> None:
        """Make the index of idempotency keys anew."""
        with self._translating_errors(), self._lock, (db := self._connection()).transaction():
            db.execute("DROP INDEX IF EXISTS record_key")
            db.execute(INDEX.encode())

    def numbers(self) -> list[int]:
        """The numbers of the logs that have records."""
        found: list[int] = []
        low = -(1 << 63)
        while rows := self._rows("SELECT at >> 40 FROM record WHERE at >= %s ORDER BY at LIMIT 1", (low,)):
            found.append(rows[0][0])
            if (low := rows[0][0] + 1 << SHIFT) >= 1 << 63:
                break
        return found

    def strangers(self) -> list[Strange]:
        """Differences from our schema: in our tables, in what is attached to them, and in what hides them."""
        return self._differences()

    def grant(self, role: str) -> None:
        """INSERT and SELECT on the five tables."""
        sql = self._psycopg.sql
        with self._translating_errors(), self._lock:
            self._connection().execute(
                sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(
                    sql.SQL(", ").join(map(sql.Identifier, NAMES)), sql.Identifier(role)
                )
            )

    def close(self) -> None:
        """Close the connection."""
        with self._lock:  # after a statement that is under way
            self._closed = True
            self._drop_connection()
            self._pid = 0


def _close_in(db: psycopg.Connection[Any], pid: int) -> None:
    if pid == os.getpid():
        with suppress(Exception):
            db.close()


class NotWritten(Exception):
    """What was read back is not what was inserted."""


class _PostgresWriting:
    def __init__(self, db: psycopg.Connection[Any], log: int, tables: list[int], taken: type[Exception]) -> None:
        self._db = db
        self._log = log
        self._base = log << SHIFT
        self._tables = tables
        self._taken = taken

    def lock_and_read_tail(self, since: int = 0, keys: Sequence[str] = ()) -> tuple[list[Row], Known]:
        # One round trip; the statements after the lock see what whoever held it before has committed.
        with self._db.pipeline():
            turn = self._db.execute(f"SELECT {_SETTINGS}, pg_advisory_xact_lock(%s, %s)".encode(), (_LOCKS, self._log))
            rows = self._db.execute(_PAGE, (self._base + since, self._base + (1 << SHIFT), NEWEST))
            known = self._db.execute(_BY_KEYS, (list(keys), self._log)) if keys else ()
        _durable(turn.fetchone())  # the settings may have changed since we connected
        return list(map(_row, rows)), {key: _row(row) for key, *row in known}

    def published(self) -> list[tuple[str, str, int]]:
        return self._db.execute(
            "SELECT what, value, seq FROM publication WHERE log = %s ORDER BY seq", (self._log,)
        ).fetchall()

    def add(
        self, rows: Sequence[New], published: Sequence[tuple[str, str, int]], editions: Sequence[tuple[str, bytes]]
    ) -> None:
        new = [(self._base | row.seq, *row[1:]) for row in rows]
        try:
            if new:
                self._db.execute(
                    "INSERT INTO record SELECT * FROM unnest(%s::bigint[], %b::bytea[], %b::bytea[], %s::text[])",
                    [list(column) for column in zip(*new, strict=True)],
                )
            for each in published:
                self._db.execute("INSERT INTO publication VALUES (%s, %s, %s, %s)", (self._log, *each))
            for edition in editions:
                self._db.execute("INSERT INTO edition VALUES (%s, %s) ON CONFLICT DO NOTHING", edition)
            self._db.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was put off to the commit happens now
            back = self._db.execute(_BACK, (new[0][0], new[-1][0]), binary=True) if new else None
            intact = self._db.execute(f"SELECT {_INTACT.format(of='= ANY(%s::oid[])')}".encode(), [self._tables] * 4)
            if back and back.fetchall() != new:
                raise NotWritten
        except self._taken:
            raise number_taken() from None
        if intact.fetchone() != (True,) or set(published).difference(self.published() if published else ()):
            raise NotWritten
        for edition in editions:
            there = self._db.execute("SELECT data FROM edition WHERE sha256 = %s", edition[:1]).fetchone()
            require_same_text(edition, there[0] if there else None)


def _durable(settings: Sequence[Any] | None) -> None:
    for name, setting in zip(_DURABLE, settings or (), strict=False):
        if setting == "off":
            raise StoreRefused(
                f"PostgreSQL の {name} が {setting} で、確定した記録を失うことがあります（on にしてください）",
                f"PostgreSQL has {name} = {setting} and can lose acknowledged records (set it to on)",
            )


def _literal(key: str | None) -> str:
    return "NULL" if key is None else "'" + key.replace("'", "''") + "'"


def _row(found: Sequence[Any]) -> Row:
    at, payload, nodes, key = found
    return Row(at & SEQ, as_bytes(payload), as_bytes(nodes), None if key is None else as_bytes(key))


def _found_nodes(rows: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    return {at & SEQ: as_bytes(nodes) for at, nodes in rows}


# Written as calls: PostgreSQL has shown SQL's own forms differently from version to version, and `verify` compares what it shows.
_FOUND: Final = """"position"(payload, '"key":"'::bytea)"""
_KEY: Final = f"CASE WHEN {_FOUND} > 0 THEN encode(substr(payload, {_FOUND} + 7, 36), 'escape') END"
INDEX: Final = KEYS.format(key=_KEY)
_SOME: Final = "SELECT at, payload, nodes, key FROM record WHERE at = ANY(%s) ORDER BY at"
_BACK: Final = "SELECT at, payload, nodes, key FROM record WHERE at >= %s AND at <= %s ORDER BY at"
_PAGE: Final = "SELECT at, payload, nodes, key FROM record WHERE at >= %s AND at < %s ORDER BY at LIMIT %s"
_LOCKS: Final = 0x6173676E  # the first half of our advisory locks' numbers; the second is the log's
_DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")
_SETTINGS: Final = ", ".join(f"current_setting('{name}')" for name in _DURABLE)
# Key by key through the index, whatever the planner thinks of a table whose statistics were never taken: with `key = ANY (…)`
# it reads every key of the log.
_BY_KEYS: Final = f"""
SELECT known.* FROM unnest(%s::text[]) AS asked(key),
LATERAL (SELECT asked.key, at, payload, nodes, record.key FROM record WHERE (at >> 40) = %s AND {_KEY} = asked.key OFFSET 0) AS known
""".encode()  # noqa: S608 - our own

# Insert, if the lock is free and the log still ends as we know it. Another writer holds the lock, or has committed: then its record
# stands where ours would, which the primary key refuses even where our snapshot is older.
_EXTEND: Final = f"""
PREPARE assign_extend(bigint, bytea, bytea, text, bigint, bytea, int, int) AS
INSERT INTO record SELECT $1, $2, $3, $4 FROM record
WHERE at = $5 AND nodes = $6 AND pg_try_advisory_xact_lock($7, $8) AND 'off' NOT IN ({_SETTINGS})
AND NOT EXISTS (SELECT 1 FROM record WHERE (at >> 40) = $8 AND {_KEY} = $4)
"""  # noqa: S608 - our own

# The schemas on a path that have tables of our names, in its order, and how many.
_HOMES: Final = """
SELECT name, count(*) FROM unnest(%s::text[]) WITH ORDINALITY AS path(name, place)
JOIN pg_namespace ON nspname = name JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = ANY(%s)
WHERE name !~ '^pg_' GROUP BY name, place ORDER BY place
"""

# Whether nothing is attached to our tables that could change an insert until its commit: who attaches it must wait for us. 58: the
# triggers that are ours, once for each statement that is no insert.
_INTACT: Final = """
NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid {of} AND NOT tgisinternal AND tgtype <> 58)
AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class {of}) AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent {of})
AND NOT EXISTS (SELECT FROM pg_class WHERE oid {of} AND (relrowsecurity OR relkind <> 'r'))
"""
_IS_THERE: Final = f"""
PREPARE assign_is_there(bigint, bytea, bytea, text) AS SELECT 1 / count(*) FROM record
WHERE at = $1 AND payload = $2 AND nodes = $3 AND key IS NOT DISTINCT FROM $4 AND ({_INTACT.format(of="= 'record'::regclass")})
"""  # noqa: S608 - our own; the table's number is in it from here on
