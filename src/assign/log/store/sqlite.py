"""
Logs in one file: SQLite in WAL mode, where each commit is on the disk before it returns.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assign.commands import command
from assign.errors import BadOption, needs_extra, path_shown, shown, system_reason

from .interface import (  # fmt: skip
    NEWEST,
    PAGE,
    PATIENCE,
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
from .remains import APPLICATION, how_broken, was_database, was_log
from .schema import NAMES, Strange, differences
from .sqlite_schema import COUNTED, INDEX, KEY, SCHEMA, is_ours, make_tables, our_schema, part_of
from .watch import WalWatch, memory_file_system, network_file_system, require_place, stat_of, sync_folder

if TYPE_CHECKING:
    import apsw


def sound_sqlite(version: str) -> bool:
    """
    Whether a SQLite is free of the WAL-reset defect: versions 3.7.0 to 3.51.2 have it, but for 3.44.6 and 3.50.7.

    Source: shared/trust.md; measured there, 23 of 47 rounds ended corrupt with 3.40.1.
    """
    numbers = tuple(int(part) for part in version.split(".")[:3])
    return numbers in ((3, 44, 6), (3, 50, 7)) or not (3, 7, 0) <= numbers <= (3, 51, 2)


def require_sound(path: Path, *, create: bool) -> Any:
    """
    The library, once it and the place are known to keep what is committed.

    Raises:
        ExtraMissing, StoreRefused: They do not. StoreMissing: No log is there, and none is to be made, or can be. StoreDamaged: There was one.
    """
    try:
        import apsw
    except ImportError:
        raise ExtraMissing(*needs_extra("apsw", "audit")) from None
    version, at = apsw.sqlite_lib_version(), path_shown(path)
    if not sound_sqlite(version):
        raise StoreRefused(
            f"SQLite {version} は確定した記録を失うことがあるため使いません（3.51.3 以上が要ります: pip install -U apsw）",
            f"SQLite {version} can lose acknowledged records, and is not used (3.51.3 or later: pip install -U apsw)",
        )
    require_place(path.absolute(), at, create=create)
    if kind := network_file_system(path.absolute()):
        raise StoreRefused(
            f"{at} はネットワークのファイルシステム（{kind}）にあり、確定を約束できません。手元のディスクに置くか、PostgreSQL を使ってください",
            f"{at} is on a network file system ({kind}), which cannot promise that a record is kept: use a local disk, or PostgreSQL",
        )
    return apsw


class SqliteStore:
    """Logs in one file. A write-ahead log with `synchronous=FULL`: a commit that returns has been synced."""

    vfs: str | None = None  # the tests' own, which cuts the power
    made: bool = False
    memory: str | None = None

    def __init__(self, path: Path, *, create: bool) -> None:
        self._apsw = require_sound(path, create=create)
        self.shown: str = path_shown(path)
        path = path.absolute()  # a process may change its folder
        self.url: str = f"sqlite:///{path}"
        self.memory = memory_file_system(path)
        self._path = path
        self._at = str(path)
        self._lock = threading.RLock()
        self._pid = 0
        self._db: Any = None
        self._closed = False
        self._file: os.stat_result | None = None  # its status when it was first opened
        self._size = 0  # bytes; a log's file never shrinks
        self._wal: WalWatch | None = None
        self._named = False  # whether the folder was synced since this connection made its WAL
        self._ours: int | None = None  # the version of the schema that was found to be ours
        try:
            with self._translating_errors():
                db = self._connection(make=create)
                if not self._tables(db):
                    if not create:
                        raise StoreMissing(f"{self.shown} は記録のファイルではありません", f"{self.shown} is not a log")
                    self._make(db)
        except BaseException:  # the error's traceback would keep this object, and the file open
            self._release()
            raise
        at_fork(self)

    def _connection(self, *, make: bool = False) -> apsw.Connection:
        """The connection of this process, opened where there is none. The caller holds the lock."""
        require_open(self.shown, closed=self._closed)
        if self._db is None:
            db = self._connected(make=make)
            self._file = self._file or stat_of(self._at)
            self._db, self._pid = db, os.getpid()
            self._check_in_place()
        if self._pid != os.getpid():
            raise StoreError(
                f"記録 {self.shown} は、Python が知らない fork の前に開かれました。プロセスごとに開いてください",
                f"the log {self.shown} was opened before a fork that Python was not told of: open it in each process",
            )
        return self._db  # type: ignore[no-any-return]  # apsw's own type

    def _connected(self, *, make: bool) -> apsw.Connection:
        apsw = self._apsw
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if make else 0)
        try:
            db = apsw.Connection(str(self._path), flags=flags, vfs=self.vfs)
        except apsw.CantOpenError:
            db = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY, vfs=self.vfs)
        try:
            if db.readonly("main"):
                db = self._immutable_if_read_only(db)
            waited = random.Random(os.urandom(8)).uniform  # noqa: S311 - for sleeping, not a secret

            # SQLite's own handler sleeps longer at each try, so that the first to come may wait for seconds. Sleeps of one
            # distribution give every waiter the same chance at each release.
            def busy(tries: int) -> bool:
                time.sleep(waited(0.0002, 0.002))
                return tries * 0.0012 < PATIENCE

            db.set_busy_handler(busy)
            db.execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON")
            self._refuse_foreign_database(db, make=make)
            if not db.readonly("main"):
                mode = db.execute("PRAGMA journal_mode=WAL").get
                db.execute("PRAGMA synchronous=FULL; PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON")
                if mode != "wal" or db.pragma("synchronous") != 2:
                    raise StoreRefused(
                        f"{self.shown} で WAL と synchronous=FULL を使えません",
                        f"{self.shown} does not take WAL with synchronous=FULL",
                    )
        except BaseException:
            db.close(force=True)
            raise
        return db  # type: ignore[no-any-return]  # apsw's own type

    def _immutable_if_read_only(self, db: apsw.Connection) -> apsw.Connection:
        """The connection, or, on a read-only medium where not even the `-shm` file can be made, an immutable one."""
        try:
            db.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018 - reads the file
        except (self._apsw.ReadOnlyError, self._apsw.CantOpenError):
            wal = Path(f"{self._path}-wal")
            if os.path.exists(wal) and wal.stat().st_size:
                raise StoreError(
                    f"記録 {self.shown} は閉じられていません。`-wal` のファイルと一緒に、書けるフォルダに写してから読んでください",
                    f"the log {self.shown} was not closed: copy it, with its `-wal` file, to a folder that can be written, and read it there",
                ) from None
            flags = self._apsw.SQLITE_OPEN_READONLY | self._apsw.SQLITE_OPEN_URI
            db = self._apsw.Connection(self._path.as_uri() + "?immutable=1", flags=flags, vfs=self.vfs)
        return db

    def _refuse_foreign_database(self, db: apsw.Connection, *, make: bool) -> None:
        """Raises StoreMissing for another program's database, StoreDamaged for a log that lost a part; nothing is changed."""
        with db:
            marked, whole = db.pragma("application_id"), self._tables(db)
            if marked == APPLICATION and whole:
                return
            if marked == APPLICATION or whole or was_log(self._path):
                raise self._damaged("表か、ファイルの印がなくなっています", "it lacks a table or the file's mark")
            if marked or not make or db.execute("SELECT count(*) FROM sqlite_schema").get:
                raise StoreMissing(
                    f"{self.shown} は別のデータベースで、記録ではありません",
                    f"{self.shown} is another program's database, and no log",
                )

    def _damaged(self, ja: str, en: str) -> StoreDamaged:
        return StoreDamaged(
            f"記録 {self.shown} は壊れています: {ja}（ファイルを `-wal` と一緒に退けてから、`{command('audit restore', 'FILE')}` で控えを戻せます）",
            f"the log {self.shown} is damaged: {en} (move the file away, with its `-wal`; `{command('audit restore', 'FILE')}` then brings a backup back)",
        )

    def _check_in_place(self) -> None:
        """Raises StoreError where the file was removed or replaced: SQLite would go on committing to a file without a name."""
        self._wal = self._wal or self._watched_wal()
        file, before = stat_of(self._at), self._file
        moved = file is None or before is None or not os.path.samestat(before, file) or file.st_size < self._size
        if moved or (self._wal and not self._wal.still_in_place()):
            self._release()
            raise StoreError(
                f"記録 {self.shown} のファイルが、開いている間に動かされました。回答はありません（開き直してください）",
                f"the file of the log {self.shown} was moved or replaced while it was open; there is no answer (open it again)",
            )
        self._size = file.st_size if file else 0

    def _watched_wal(self) -> WalWatch | None:
        """The watch over the WAL; None where nothing was written yet."""
        try:
            return WalWatch(f"{os.path.realpath(self._path)}-wal")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._release()
            ja, en = system_reason(error)
            raise StoreError(
                f"記録 {self.shown} の `-wal` のファイルを見張れません（{ja}）。回答はありません",
                f"the `-wal` file of the log {self.shown} cannot be watched ({en}); there is no answer",
            ) from None

    def _after_commit(self) -> None:
        """After a commit: require that the files are in place, and that their names are on the disk, too."""
        self._check_in_place()
        if not self._named:
            try:
                sync_folder(os.path.realpath(self._path))
            except OSError as error:
                ja, en = system_reason(error)
                raise StoreError(
                    f"記録 {self.shown} のフォルダをディスクに書けません（{ja}）。回答はありません",
                    f"the folder of the log {self.shown} could not be synced ({en}); there is no answer",
                ) from None
            self._named = True

    def before_fork(self) -> None:
        """SQLite's locks do not survive a fork: close the connection before."""
        self._lock.acquire()
        self._release()

    def after_fork(self, *, child: bool) -> None:
        """Parent and child each open a new connection when they need one."""
        if child:
            self._lock = threading.RLock()
        else:
            self._lock.release()

    def _release(self) -> None:
        db, wal, ours = self._db, self._wal, self._pid == os.getpid()
        # Forget them first: an interrupt may come while they are closed.
        self._db, self._wal, self._pid, self._named = None, None, 0, False
        if db is not None and ours:
            with suppress(self._apsw.Error):
                db.close()
        if wal is not None:
            wal.close()

    def _tables(self, db: apsw.Connection) -> bool:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return found >= set(NAMES)

    def _make(self, db: apsw.Connection) -> None:
        with _transaction(db):
            make_tables(db)
            db.execute(f"PRAGMA application_id={APPLICATION}")
        self.made = True

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """SQLite's errors as StoreError."""
        try:
            yield
        except (self._apsw.Error, UnicodeDecodeError) as error:
            raise self._as_store_error(error) from None

    def _as_store_error(self, error: Exception) -> StoreError:
        apsw = self._apsw
        if isinstance(error, apsw.FullError):
            return StoreError(
                "記録を書くディスクがいっぱいです。回答はありません", "the log's disk is full; there is no answer"
            )
        if isinstance(error, (apsw.BusyError, apsw.LockedError)):
            return StoreError(
                f"記録 {self.shown} の順番が {PATIENCE:.0f} 秒たっても来ません。回答はありません",
                f"the log {self.shown} was busy for {PATIENCE:.0f} seconds; there is no answer",
            )
        if isinstance(error, apsw.SQLError):
            return StoreDamaged(
                f"記録 {self.shown} の表が、作った時のものではありません（`{command('audit verify')}`）",
                f"the tables of the log {self.shown} are not as they were made (`{command('audit verify')}`)",
            )
        if isinstance(error, apsw.NotADBError) and not was_database(self._path):
            return StoreMissing(
                f"{self.shown} は SQLite のデータベースではなく、記録の跡もありません（場所が正しければ、退けてから `{command('audit restore', 'FILE')}` で控えを戻せます）",
                f"{self.shown} is no SQLite database, nor has it traces of a log (if the place is right: move it away, and `{command('audit restore', 'FILE')}` brings a backup back)",
            )
        if isinstance(error, (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, UnicodeDecodeError)):
            return self._damaged(*how_broken(self._path))
        if isinstance(error, (apsw.ReadOnlyError, apsw.PermissionsError, apsw.CantOpenError)):
            return StoreError(
                f"記録 {self.shown} に書けません。回答はありません",
                f"the log {self.shown} cannot be written; there is no answer",
            )
        name = type(error).__name__
        return StoreError(f"記録 {self.shown} で失敗しました（{name}）", f"the log {self.shown} failed ({name})")

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._translating_errors(), self._lock:
            return self._connection().execute(sql, values).fetchall()

    def origins(self) -> dict[str, int]:
        """The logs here: name → number."""
        found = [(_plain(name), log) for log, name in self._rows(_LOGS)]
        return {name: log for name, log in found if is_number(log)}

    def create(self, origin: str) -> int:
        """A log's number; the log is made if it is not there."""
        with self._translating_errors(), self._lock:
            db = self._connection()
            with _transaction(db):
                self._require_ours(db)
                logs = self.origins()
                if origin not in logs:
                    taken = {number for (number,) in db.execute("SELECT id FROM log")}
                    logs[origin] = free_number(taken.union(self.numbers()))
                    db.execute("INSERT INTO log VALUES (?, ?)", (logs[origin], origin))
                    if self.origins().get(origin) != logs[origin]:
                        raise not_inserted()
            return logs[origin]

    def require_ours(self) -> None:
        """Compare the schema with ours, once for each version that SQLite gives it."""
        with self._translating_errors(), self._lock:
            self._require_ours(self._connection())

    def _require_ours(self, db: apsw.Connection) -> None:
        version = db.execute("PRAGMA schema_version").get
        if version != self._ours:
            refused(self._differences(db))
            self._ours = version

    def _differences(self, db: apsw.Connection) -> list[Strange]:
        there = [row for row in db.execute(SCHEMA).fetchall() if row not in COUNTED]
        return [] if is_ours(there) else differences([part_of(*row) for row in there], our_schema(self._apsw))

    @contextmanager
    def writing(self, log: int) -> Iterator[Writing]:
        """A transaction, until it is on the disk."""
        with self._translating_errors(), self._lock:
            db = self._connection()
            with _transaction(db):
                self._require_ours(db)
                yield _SqliteWriting(db, log, self._apsw)
            self._after_commit()

    def append_if_unchanged(self, log: int, last: bytes, row: New) -> bool:
        """A transaction of a few statements, which begins by taking the lock."""
        seq, payload, nodes, key = row
        at = log << SHIFT | seq
        apsw = self._apsw
        try:
            with self._lock:
                db = self._connection()
                if db.in_transaction:  # left open by an interrupt; `writing` ends it
                    return False
                try:  # a lone caller waits for each call from here on: few statements, and each of them asks twice
                    if db.execute(_BEGIN).get != self._ours:
                        self._require_ours(db)
                    kept = db.execute(_EXTEND, (at, payload, nodes, key, at - 1, last, at)).fetchall()
                    inserted = db.changes()
                    if inserted and kept != [(at, payload, nodes, key)]:
                        raise not_inserted()
                    db.execute("COMMIT")
                except BaseException:
                    _roll_back(db)
                    raise
                if not inserted:
                    return False
                self._after_commit()
        except (apsw.ConstraintError, apsw.SQLError):
            return False  # the number or the key is taken, or the index of keys is missing; `writing`, which follows, says what else is wrong
        except apsw.Error as error:
            raise self._as_store_error(error) from None
        return True

    def size(self, log: int) -> int:
        """How many records."""
        found = self._rows("SELECT max(at) FROM record WHERE at < ?", ((log + 1) << SHIFT,))[0][0]
        return 0 if found is None or found >> SHIFT != log else (found & SEQ) + 1

    def newest(self, log: int, below: int, limit: int) -> list[int]:
        """The largest numbers of rows below one."""
        base = log << SHIFT
        sql = "SELECT at FROM record WHERE at >= ? AND at < ? ORDER BY at DESC LIMIT ?"
        return [at & SEQ for (at,) in self._rows(sql, (base, base + below, limit))]

    def some(self, log: int, seqs: Sequence[int]) -> list[Row]:
        """The rows of some numbers."""
        places = [log << SHIFT | seq for seq in seqs]
        return [_row(row) for at in places for row in self._rows(_PAGE, (at, at + 1, 1))]

    def read(self, log: int, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order, a page at a time: a long read must not keep the WAL from being checkpointed."""
        yield from paged(lambda low, high: self._rows(_PAGE, (low, high, PAGE)), log, start, stop)

    def nodes(self, log: int, seqs: Sequence[int]) -> dict[int, bytes]:
        """The nodes of some records."""
        return {
            seq: as_bytes(nodes)
            for seq in seqs
            for (nodes,) in self._rows("SELECT CAST(nodes AS BLOB) FROM record WHERE at = ?", (log << SHIFT | seq,))
        }

    def published(self, log: int) -> list[tuple[str, str, int]]:
        """(what, value, record) of everything published."""
        return [tuple(map(_plain, row)) for row in self._rows(_PUBLISHED, (log,))]

    def edition(self, sha256: str) -> bytes | None:
        """The text of an edition."""
        found = self._rows("SELECT CAST(data AS BLOB) FROM edition WHERE sha256 = ?", (sha256,))
        return as_bytes(found[0][0]) if found else None

    def checkpoints(self, log: int) -> list[str]:
        """The notes made here."""
        found = self._rows("SELECT CAST(note AS BLOB) FROM checkpoint WHERE log = ? ORDER BY size", (log,))
        return [as_bytes(note).decode("utf-8", "replace") for (note,) in found]

    def larger_checkpoints(self, log: int, size: int) -> list[str]:
        """Notes of a larger size."""
        return [as_bytes(note).decode("utf-8", "replace") for (note,) in self._rows(_LARGER, (log, size))]

    def add_checkpoint(self, log: int, size: int, note: str) -> None:
        """Keep a note."""
        self._rows("INSERT INTO checkpoint VALUES (?, ?, ?)", (log, size, note))

    def reindex(self) -> None:
        """Make the index of idempotency keys anew."""
        with (
            self._translating_errors(),
            self._lock,
            _transaction(db := self._connection()),
        ):  # in one transaction, so that nobody appends without the index
            db.execute("DROP INDEX IF EXISTS record_key")
            db.execute(INDEX)

    def numbers(self) -> list[int]:
        """The numbers of the logs that have records."""
        found: list[int] = []
        low = -(1 << 63)
        while rows := self._rows("SELECT at >> 40 FROM record WHERE at >= ? ORDER BY at LIMIT 1", (low,)):
            found.append(rows[0][0])
            if (low := rows[0][0] + 1 << SHIFT) >= 1 << 63:
                break
        return found

    def strangers(self) -> list[Strange]:
        """Differences from our schema, and what SQLite's integrity check finds."""
        with self._translating_errors(), self._lock:
            found = self._differences(self._connection())
        for (text,) in self._rows("PRAGMA integrity_check(20)"):
            if text != "ok":
                said = shown(text, 100)
                found.append(
                    Strange(
                        "damaged",
                        f"データベースの内部の検査に誤りがあります: {said}",
                        f"the database's own check finds: {said}",
                    )
                )
        return found

    def grant(self, role: str) -> None:
        """A file has no roles; its permissions are the operating system's."""
        raise BadOption(
            f"SQLite に役割 {shown(role)} はありません（ファイルの権限で守ります）",
            f"SQLite has no role {shown(role)} (the file's permissions guard it)",
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            self._release()


class _SqliteWriting:
    def __init__(self, db: apsw.Connection, log: int, apsw: Any) -> None:
        self._db = db
        self._base = log << SHIFT
        self._log = log
        self._apsw = apsw

    def lock_and_read_tail(self, since: int = 0, keys: Sequence[str] = ()) -> tuple[list[Row], Known]:
        rows = self._db.execute(_PAGE, (self._base + since, self._base + (1 << SHIFT), NEWEST)).fetchall()
        known = {key: _row(row) for key in keys for row in self._db.execute(_BY_KEY, (self._log, key))}
        return [_row(row) for row in rows], known

    def published(self) -> list[tuple[str, str, int]]:
        return [tuple(map(_plain, row)) for row in self._db.execute(_PUBLISHED, (self._log,))]

    def add(
        self, rows: Sequence[New], published: Sequence[tuple[str, str, int]], editions: Sequence[tuple[str, bytes]]
    ) -> None:
        new = [(self._base | row.seq, *row[1:]) for row in rows]
        before = self._db.total_changes()
        try:
            self._db.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", new)
        except self._apsw.ConstraintError:  # not under our lock: what was read is not what is there
            raise number_taken() from None
        if new and (
            self._db.total_changes() - before != len(new)
            or self._db.execute(_BACK, (new[0][0], new[-1][0])).fetchall() != new
        ):
            raise not_inserted()
        for each in published:
            self._db.execute("INSERT INTO publication VALUES (?, ?, ?, ?)", (self._log, *each))
        if set(published).difference(self.published()):
            raise not_inserted()
        for edition in editions:
            self._db.execute("INSERT OR IGNORE INTO edition VALUES (?, ?)", edition)
            require_same_text(
                edition, self._db.execute("SELECT CAST(data AS BLOB) FROM edition WHERE sha256 = ?", edition[:1]).get
            )


@contextmanager
def _transaction(db: apsw.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE (which waits for the lock) and COMMIT; ROLLBACK on any error, of the commit, too."""
    if db.in_transaction:  # left open by an interrupt
        db.execute("ROLLBACK")
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise


def _roll_back(db: apsw.Connection) -> None:
    if db.in_transaction:
        with suppress(Exception):
            db.execute("ROLLBACK")


_BEGIN: Final = "BEGIN IMMEDIATE; PRAGMA schema_version"
# What is there after it is read back from the table. A number or a key that is taken is left as it is; where the index of keys is missing, the statement is invalid (SQLError).
_EXTEND: Final = f"""
INSERT INTO record SELECT ?, ?, ?, ? WHERE (SELECT nodes FROM record WHERE at = ?) = ?
ON CONFLICT (at) DO NOTHING ON CONFLICT ((at >> 40), ({KEY})) WHERE ({KEY}) IS NOT NULL DO NOTHING;
SELECT at, payload, nodes, key FROM record WHERE at = ?
"""  # noqa: S608 - our own
_BACK: Final = "SELECT at, payload, nodes, key FROM record WHERE at >= ? AND at <= ? ORDER BY at"


def _cell(name: str, kind: str = "text") -> str:
    """SQL: a cell of that type as it is, one of another type as SQLite quotes it; as bytes, since it may be no UTF-8."""
    there = f"CAST({name} AS BLOB)" if kind == "text" else name
    return f"CASE typeof({name}) WHEN '{kind}' THEN {there} ELSE CAST(quote({name}) AS BLOB) END"


def _plain(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell


_PUBLICATION: Final = f"{_cell('what')}, {_cell('value')}, {_cell('seq', 'integer')} FROM publication"
_PUBLISHED: Final = f"SELECT {_PUBLICATION} WHERE log = ? ORDER BY seq"
_LOGS: Final = f"SELECT {_cell('id', 'integer')}, {_cell('origin')} FROM log WHERE typeof(origin) = 'text' ORDER BY id"  # noqa: S608 - our own
# A column of SQLite may hold a value of any type: a damaged one may have a number where bytes should be.
_ROW: Final = """
at, CAST(payload AS BLOB), CAST(nodes AS BLOB), CASE typeof(key) WHEN 'null' THEN NULL ELSE CAST(key AS BLOB) END
"""
_BY_KEY: Final = f"SELECT {_ROW} FROM record WHERE (at >> 40) = ? AND {KEY} = ?"  # noqa: S608 - our own
_PAGE: Final = f"SELECT {_ROW} FROM record WHERE at >= ? AND at < ? ORDER BY at LIMIT ?"  # noqa: S608 - our own
_LARGER: Final = """
SELECT CAST(note AS BLOB) FROM (SELECT * FROM checkpoint WHERE log = ? ORDER BY rowid DESC LIMIT 1000) WHERE size > ?
"""


def _row(found: tuple[Any, ...]) -> Row:
    at, payload, nodes, key = found
    return Row(at & SEQ, as_bytes(payload), as_bytes(nodes), None if key is None else as_bytes(key))
