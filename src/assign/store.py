"""
Where a log is kept: SQLite in a file, or PostgreSQL on a server. Five tables, and three verbs: create, insert, select.

    log          a log's name, and its number in this database
    record       at = log * 2**40 + sequence number; the record's bytes; the tree hashes that it completes; its key
    publication  which editions and keys a log has published, and in which record     (derived from the records)
    edition      the text of an edition, under its SHA-256
    checkpoint   notes that were made here; the copy that proves something is the one outside

A commit that is acknowledged is on the disk. Where that cannot be promised (a SQLite with the WAL-reset defect, a network
file system under a WAL, a server with `fsync` or `synchronous_commit` off) the store refuses to open and says what to do.
Reading needs no index but the tables' own order, so a damaged or missing index never locks an auditor out.
"""

from __future__ import annotations

import errno
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from .errors import AssignError, BadOption, path_shown, shown

if TYPE_CHECKING:
    import apsw
    import psycopg

SHIFT: Final = 40  # bits of a sequence number in `at`: 10**12 records a log, 8 million logs a database
PATIENCE: Final = 30.0  # seconds that a writer waits for its turn before it says that there is no answer
PAGE: Final = 2000  # records read at a time
NEWEST: Final = 65  # records that a writer looks back on before it reads the tree's edge anew
Known = dict[str, tuple[int, bytes]]  # idempotency key → number and bytes of its record

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS log (id {int} PRIMARY KEY, origin {text} NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS record (at {int} PRIMARY KEY, payload {blob} NOT NULL, nodes {blob} NOT NULL, key {text});
CREATE TABLE IF NOT EXISTS publication (log {int} NOT NULL, what {text} NOT NULL, value {text} NOT NULL, seq {int} NOT NULL);
CREATE TABLE IF NOT EXISTS edition (sha256 {text} PRIMARY KEY, data {blob} NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (log {int} NOT NULL, size {int} NOT NULL, note {text} NOT NULL)
"""
# Where the log does not end as we know it, the nodes are none, which their column refuses. A number or a key that is taken
# is left as it is; where the index of keys is missing, the statement cannot be made.
_EXTEND_SQLITE: Final = """
INSERT INTO record VALUES (?, ?, CASE
WHEN (SELECT at = ? AND nodes = ? FROM record WHERE at < ? ORDER BY at DESC LIMIT 1) THEN ? END, ?)
ON CONFLICT (at) DO NOTHING ON CONFLICT ((at >> 40), key) WHERE key IS NOT NULL DO NOTHING
"""
_KEYS: Final = "CREATE UNIQUE INDEX IF NOT EXISTS record_key ON record ((at >> 40), key) WHERE key IS NOT NULL"
NAMES: Final = ("log", "record", "publication", "edition", "checkpoint")


class StoreError(AssignError):
    """The log could not be read or written. There is no answer without its record."""

    code = "log"


class StoreRefused(StoreError):
    """The place cannot keep the promise that an acknowledged record is there for good."""

    code = "log_refused"


class StoreMissing(StoreError):
    """There is no log of that name, or no such place."""

    code = "log_missing"


class ExtraMissing(StoreError):
    """A package of the extra `audit` or `audit-postgresql` is not installed."""

    code = "extra_missing"


class Row(NamedTuple):
    """A record as it is kept: number, bytes, the hashes that it completes (level 0 first, 32 bytes each)."""

    seq: int
    payload: bytes
    nodes: bytes


class New(NamedTuple):
    """A record to be kept."""

    seq: int
    payload: bytes
    nodes: bytes
    key: str | None


class Writing(Protocol):
    """An open transaction on one log, whose turn it is."""

    def turn(self, since: int = 0, keys: Sequence[str] = ()) -> tuple[list[tuple[int, bytes]], Known]:
        """
        Wait for the turn, and look what has come meanwhile, in one round trip.

        Returns:
            The newest records from number `since` on, newest first and at most NEWEST (from 0 on: the last one), as
            (number, nodes); and for each idempotency key that is known the number and bytes of its record.
        """

    def nodes(self, seqs: Sequence[int]) -> dict[int, bytes]:
        """The nodes of some records."""

    def published(self) -> list[tuple[str, str, int]]:
        """(what, value, record) of everything that the log has published."""

    def add(
        self, rows: Sequence[New], published: Sequence[tuple[str, str, int]], editions: Sequence[tuple[str, bytes]]
    ) -> None:
        """Insert."""


class Store(Protocol):
    """A database of logs."""

    shown: str
    most: int  # how many records `extend` takes

    def origins(self) -> dict[str, int]:
        """The logs here: name → number."""

    def create(self, origin: str) -> int:
        """A log's number; the log is made if it is not there."""

    def writing(self, log: int) -> Any:
        """A context: begin, wait for the log's turn, and commit durably at its end, or nothing at all."""

    def extend(self, log: int, last: bytes, rows: Sequence[New]) -> bool:
        """
        Append durably to a log that still ends as we know it: one statement, and one round trip where there is a server.

        Args:
            last: The nodes of the record before the first of `rows`.

        Returns:
            False where it does not end so, a key is known, or it is another's turn: nothing was written.
        """

    def size(self, log: int) -> int:
        """How many records the log has: one more than the last one's number."""

    def read(self, log: int, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order, from `start` to before `stop`."""

    def nodes(self, log: int, seqs: Sequence[int]) -> dict[int, bytes]:
        """The nodes of some records."""

    def published(self, log: int) -> list[tuple[str, str, int]]:
        """(what, value, record) of everything published."""

    def edition(self, sha256: str) -> bytes | None:
        """The text of an edition."""

    def checkpoints(self, log: int) -> list[str]:
        """The notes made here, oldest first."""

    def add_checkpoint(self, log: int, size: int, note: str) -> None:
        """Keep a note."""

    def grant(self, role: str) -> None:
        """Let a database role read and append, and nothing else."""

    def reindex(self) -> None:
        """Make the index of idempotency keys anew. It speeds them up; nothing else rests on it."""

    def close(self) -> None:
        """Let go."""


def open_store(url: str, *, create: bool = False) -> Store:
    """
    Open a database of logs.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute/path.db` or `postgresql://…` (as libpq reads it).
        create: Whether to make the file, and the tables, where they are not there.

    Raises:
        BadOption: Neither. StoreMissing: Nothing is there. StoreRefused: It cannot keep the promise. StoreError.
    """
    if url.startswith("sqlite:///"):
        return SqliteStore(Path(url.removeprefix("sqlite:///")), create=create)
    scheme = url.partition(":")[0]
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return PostgresStore("postgresql" + url[len(scheme) :], create=create)
    raise BadOption(
        "記録の場所は `sqlite:///ファイル` か `postgresql://…` です",
        "a log is at `sqlite:///FILE` or `postgresql://…`",
        ["sqlite:///", "postgresql://"],
    )


# -- forks -----------------------------------------------------------------------------------------------------------

_FORKING: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def at_fork(thing: Any) -> None:
    """Call `before_fork()` and `after_fork(child=…)` of a thing around each fork, for as long as it lives."""
    _FORKING.add(thing)


def _before_fork() -> None:
    for thing in list(_FORKING):
        thing.before_fork()


def _after_fork(*, child: bool) -> None:
    for thing in list(_FORKING):
        with suppress(RuntimeError):  # made by another thread meanwhile, and never locked
            thing.after_fork(child=child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(child=False),
        after_in_child=lambda: _after_fork(child=True),
    )


def _open_still(name: str, *, closed: bool) -> None:
    if closed:
        raise StoreError(
            f"記録 {name} は閉じられています。回答はありません（開き直してください）",
            f"the log {name} is closed; there is no answer (open it again)",
        )


# -- SQLite ----------------------------------------------------------------------------------------------------------


def sound_sqlite(version: str) -> bool:
    """
    Whether a SQLite is free of the WAL-reset defect: versions 3.7.0 to 3.51.2 have it, but for 3.44.6 and 3.50.7.

    Source: shared/trust.md; measured there, 23 of 47 rounds ended corrupt with 3.40.1.
    """
    numbers = tuple(int(part) for part in version.split(".")[:3])
    return numbers in ((3, 44, 6), (3, 50, 7)) or not (3, 7, 0) <= numbers <= (3, 51, 2)


class SqliteStore:
    """Logs in one file. A write-ahead log with `synchronous=FULL`: a commit that returns has been synced."""

    vfs: str | None = None  # the tests' own, which cuts the power
    most = 1

    def __init__(self, path: Path, *, create: bool) -> None:
        try:
            import apsw
        except ImportError:
            raise ExtraMissing(
                "記録には apsw が要ります（pip install 'assign[audit]'）",
                "the log needs apsw (pip install 'assign[audit]')",
            ) from None
        self._apsw = apsw
        self.shown = path_shown(path)
        version = apsw.sqlite_lib_version()
        if not sound_sqlite(version):
            raise StoreRefused(
                f"SQLite {version} は確定した記録を失うことがあるため使いません（3.51.3 以上が要ります: pip install -U apsw）",
                f"SQLite {version} can lose acknowledged records, and is not used (3.51.3 or later: pip install -U apsw)",
            )
        try:
            path = path.absolute()  # a process may change its folder
            os.fspath(path).encode()
            there = path.exists() and path.stat().st_size > 0
            if path.exists() and not path.is_file():
                raise OSError("not a file")
        except UnicodeEncodeError:
            raise StoreMissing(
                f"{self.shown} の名前は UTF-8 ではありません", f"the name of {self.shown} is not UTF-8"
            ) from None
        except (OSError, ValueError):
            raise StoreMissing(f"{self.shown} はファイルではありません", f"{self.shown} is not a file") from None
        if not there and not create:
            raise StoreMissing(
                f"記録 {self.shown} がありません（`assign audit init` で作ります）",
                f"there is no log {self.shown} (`assign audit init` makes it)",
            )
        if not there and not path.parent.is_dir():
            raise StoreMissing(
                f"{path_shown(path.parent)} というフォルダがありません",
                f"there is no folder {path_shown(path.parent)}",
            )
        if kind := network_file_system(path):
            raise StoreRefused(
                f"{self.shown} はネットワークのファイルシステム（{kind}）にあり、確定を約束できません。手元のディスクに置くか、PostgreSQL を使ってください",
                f"{self.shown} is on a network file system ({kind}), which cannot promise that a record is kept: use a local disk, or PostgreSQL",
            )
        self._path = path
        self._at = str(path)
        self._lock = threading.RLock()
        self._pid = 0
        self._db: Any = None
        self._closed = False
        self._file: os.stat_result | None = None  # as it was when it was opened first
        self._size = 0  # bytes; a log's file never shrinks
        self._wal: _Held | None = None
        self._named = False  # whether the name of this connection's WAL is known to be on the disk
        try:
            with self._said():
                db = self._connection(make=create)
                if not self._tables(db):
                    if not create:
                        raise StoreMissing(f"{self.shown} は記録のファイルではありません", f"{self.shown} is not a log")
                    self._make(db)
        except BaseException:  # its traceback holds this object for as long as somebody holds the error
            self._let_go()
            raise
        at_fork(self)

    def _connection(self, *, make: bool = False) -> apsw.Connection:
        """The one of this process, opened where there is none. Whoever calls holds the lock."""
        _open_still(self.shown, closed=self._closed)
        if self._db is None:
            db = self._connected(make=make)
            self._file = self._file or _there(self._at)
            self._db, self._pid = db, os.getpid()
            self._in_place()
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
                db = self._on_a_disc(db)
            waited = random.Random(os.urandom(8)).uniform  # noqa: S311 - a nap, not a secret

            # SQLite's own handler naps ever longer, and whoever came first can wait for seconds. Naps of one random length
            # give every waiter the same chance at each release.
            def busy(tries: int) -> bool:
                time.sleep(waited(0.0002, 0.002))
                return tries * 0.0012 < PATIENCE

            db.set_busy_handler(busy)
            db.execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON")
            self._ours(db, make=make)
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

    def _on_a_disc(self, db: apsw.Connection) -> apsw.Connection:
        """Where nothing can be written, not even the memory that readers of a WAL share: a file that nobody changes."""
        try:
            db.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018 - reads the file
        except (self._apsw.ReadOnlyError, self._apsw.CantOpenError):
            wal = Path(f"{self._path}-wal")
            if wal.exists() and wal.stat().st_size:
                raise StoreError(
                    f"記録 {self.shown} は閉じられていません。`-wal` のファイルと一緒に、書けるフォルダに写してから読んでください",
                    f"the log {self.shown} was not closed: copy it, with its `-wal` file, to a folder that can be written, and read it there",
                ) from None
            flags = self._apsw.SQLITE_OPEN_READONLY | self._apsw.SQLITE_OPEN_URI
            return self._apsw.Connection(self._path.as_uri() + "?immutable=1", flags=flags, vfs=self.vfs)
        return db

    def _ours(self, db: apsw.Connection, *, make: bool) -> None:
        """Look before anything is changed: somebody else's database stays as it is."""
        with db:
            marked = db.pragma("application_id")
            if marked != _APPLICATION and (marked or not make or db.execute("SELECT count(*) FROM sqlite_schema").get):
                raise StoreMissing(f"{self.shown} は記録のファイルではありません", f"{self.shown} is not a log")

    def _in_place(self) -> None:
        """A file that was removed or replaced takes commits as before, and nobody will ever read them."""
        self._wal = self._wal or self._held()
        file, before = _there(self._at), self._file
        moved = file is None or before is None or not _same(before, file) or file.st_size < self._size
        if moved or (self._wal and not self._wal.in_place()):
            self._let_go()
            raise StoreError(
                f"記録 {self.shown} のファイルが、開いている間に動かされました。回答はありません（開き直してください）",
                f"the file of the log {self.shown} was moved or replaced while it was open; there is no answer (open it again)",
            )
        self._size = file.st_size if file else 0

    def _held(self) -> _Held | None:
        """The WAL, held so that it is known when it is taken away; None where nothing was written yet."""
        try:
            return _Held(f"{os.path.realpath(self._path)}-wal")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._let_go()
            raise StoreError(
                f"記録 {self.shown} の `-wal` のファイルを見張れません（{error.strerror}）。回答はありません",
                f"the `-wal` file of the log {self.shown} cannot be watched ({error.strerror}); there is no answer",
            ) from None

    def _there_for_good(self) -> None:
        """After a commit: the files are where they were, and their names are on the disk, too."""
        self._in_place()
        if not self._named:
            try:
                _sync_folder(os.path.realpath(self._path))
            except OSError as error:
                raise StoreError(
                    f"記録 {self.shown} のフォルダをディスクに書けません（{error.strerror}）。回答はありません",
                    f"the folder of the log {self.shown} could not be synced ({error.strerror}); there is no answer",
                ) from None
            self._named = True

    def before_fork(self) -> None:
        """SQLite's locks and its memory of them do not survive a fork: nothing may be open then."""
        self._lock.acquire()
        self._let_go()

    def after_fork(self, *, child: bool) -> None:
        """Parent and child each open anew when they need it."""
        if child:
            self._lock = threading.RLock()
        else:
            self._lock.release()

    def _let_go(self) -> None:
        db, wal, ours = self._db, self._wal, self._pid == os.getpid()
        # First: an interrupt may come while they close.
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
        with _begun(db):
            db.execute(_TABLES.format(int="INTEGER", text="TEXT", blob="BLOB"))
            db.execute(_KEYS)
            for name in NAMES:
                for verb in ("UPDATE", "DELETE"):
                    db.execute(
                        f"CREATE TRIGGER IF NOT EXISTS {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
                        "BEGIN SELECT RAISE(ABORT, 'a log is only ever added to'); END"
                    )
            db.execute(f"PRAGMA application_id={_APPLICATION}")

    @contextmanager
    def _said(self) -> Iterator[None]:
        """SQLite's errors in our words."""
        try:
            yield
        except (self._apsw.Error, UnicodeDecodeError) as error:
            raise self._in_words(error) from None

    def _in_words(self, error: Exception) -> StoreError:
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
        if isinstance(error, (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, UnicodeDecodeError)):
            return StoreError(
                f"記録 {self.shown} は壊れているか、記録のファイルではありません（`assign audit restore` で控えから戻せます）",
                f"the log {self.shown} is damaged, or is none (`assign audit restore` brings a backup back)",
            )
        if isinstance(error, (apsw.ReadOnlyError, apsw.PermissionsError, apsw.CantOpenError)):
            return StoreError(
                f"記録 {self.shown} に書けません。回答はありません",
                f"the log {self.shown} cannot be written; there is no answer",
            )
        name = type(error).__name__
        return StoreError(f"記録 {self.shown} で失敗しました（{name}）", f"the log {self.shown} failed ({name})")

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with self._said(), self._lock:
            return self._connection().execute(sql, values).fetchall()

    def origins(self) -> dict[str, int]:
        """The logs here: name → number."""
        found = self._rows("SELECT origin, id FROM log ORDER BY id")
        return {
            name: log for name, log in found if type(name) is str and type(log) is int and 0 < log < 1 << 63 - SHIFT
        }

    def create(self, origin: str) -> int:
        """A log's number; the log is made if it is not there."""
        with self._said(), self._lock:
            db = self._connection()
            with _begun(db):
                db.execute(
                    "INSERT INTO log SELECT coalesce(max(id), 0) + 1, ? FROM log HAVING NOT EXISTS (SELECT 1 FROM log WHERE origin = ?)",
                    (origin, origin),
                )
            return db.execute("SELECT id FROM log WHERE origin = ?", (origin,)).get  # type: ignore[no-any-return]

    @contextmanager
    def writing(self, log: int) -> Iterator[Writing]:
        """A transaction, from its turn to its sync."""
        with self._said(), self._lock:
            db = self._connection()
            with _begun(db):
                yield _SqliteWriting(db, log)
            self._there_for_good()

    def extend(self, log: int, last: bytes, rows: Sequence[New]) -> bool:
        """One statement, which is a transaction of its own; it begins by taking the turn."""
        ((seq, payload, nodes, key),) = rows
        base = log << SHIFT
        at = base | seq
        values = (at, payload, at - 1, last, base + (1 << SHIFT), nodes, key)
        apsw = self._apsw
        try:
            with self._lock:
                db = self._connection()
                if db.in_transaction:  # an interrupt left it; a turn ends it
                    return False
                db.execute(_EXTEND_SQLITE, values)
                done = db.changes() == 1
                self._there_for_good()
        except (apsw.ConstraintError, apsw.SQLError):
            return False  # not our turn, or no index of keys; the turn that follows says whatever else is wrong
        except apsw.Error as error:
            raise self._in_words(error) from None
        return done

    def size(self, log: int) -> int:
        """How many records."""
        found = self._rows("SELECT max(at) FROM record WHERE at < ?", ((log + 1) << SHIFT,))[0][0]
        return 0 if found is None or found >> SHIFT != log else (found & _SEQ) + 1

    def read(self, log: int, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order, a page at a time, so that writers never wait for a reader."""
        yield from _paged(lambda low, high: self._rows(_PAGE_SQLITE, (low, high, PAGE)), log, start, stop)

    def nodes(self, log: int, seqs: Sequence[int]) -> dict[int, bytes]:
        """The nodes of some records."""
        return {
            seq: _bytes(nodes)
            for seq in seqs
            for (nodes,) in self._rows("SELECT CAST(nodes AS BLOB) FROM record WHERE at = ?", (log << SHIFT | seq,))
        }

    def published(self, log: int) -> list[tuple[str, str, int]]:
        """(what, value, record) of everything published."""
        return self._rows("SELECT what, value, seq FROM publication WHERE log = ? ORDER BY seq", (log,))

    def edition(self, sha256: str) -> bytes | None:
        """The text of an edition."""
        found = self._rows("SELECT CAST(data AS BLOB) FROM edition WHERE sha256 = ?", (sha256,))
        return _bytes(found[0][0]) if found else None

    def checkpoints(self, log: int) -> list[str]:
        """The notes made here."""
        found = self._rows("SELECT CAST(note AS BLOB) FROM checkpoint WHERE log = ? ORDER BY size", (log,))
        return [_bytes(note).decode("utf-8", "replace") for (note,) in found]

    def add_checkpoint(self, log: int, size: int, note: str) -> None:
        """Keep a note."""
        self._rows("INSERT INTO checkpoint VALUES (?, ?, ?)", (log, size, note))

    def reindex(self) -> None:
        """Make the index of idempotency keys anew."""
        with self._said(), self._lock, _begun(db := self._connection()):  # nobody appends while there is none
            db.execute("DROP INDEX IF EXISTS record_key")
            db.execute(_KEYS)

    def grant(self, role: str) -> None:
        """A file has no roles; its permissions are the operating system's."""
        raise BadOption(
            f"SQLite に役割 {shown(role)} はありません（ファイルの権限で守ります）",
            f"SQLite has no role {shown(role)} (the file's permissions guard it)",
        )

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            self._let_go()


class _SqliteWriting:
    def __init__(self, db: apsw.Connection, log: int) -> None:
        self._db = db
        self._base = log << SHIFT
        self._log = log

    def turn(self, since: int = 0, keys: Sequence[str] = ()) -> tuple[list[tuple[int, bytes]], Known]:
        newest = self._db.execute(
            _NEWEST_SQLITE, (self._base + since, self._base + (1 << SHIFT), NEWEST if since else 1)
        )
        known = {
            key: (at & _SEQ, _bytes(payload))
            for key in keys
            for at, payload in self._db.execute(
                "SELECT at, payload FROM record WHERE (at >> 40) = ? AND key = ?", (self._log, key)
            )
        }
        return [(at & _SEQ, _bytes(nodes)) for at, nodes in newest], known

    def nodes(self, seqs: Sequence[int]) -> dict[int, bytes]:
        return {
            seq: _bytes(nodes)
            for seq in seqs
            for (nodes,) in self._db.execute("SELECT CAST(nodes AS BLOB) FROM record WHERE at = ?", (self._base | seq,))
        }

    def published(self) -> list[tuple[str, str, int]]:
        found: list[Any] = self._db.execute(
            "SELECT what, value, seq FROM publication WHERE log = ? ORDER BY seq", (self._log,)
        ).fetchall()
        return found

    def add(
        self, rows: Sequence[New], published: Sequence[tuple[str, str, int]], editions: Sequence[tuple[str, bytes]]
    ) -> None:
        self._db.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?)", [(self._base | row.seq, *row[1:]) for row in rows]
        )
        for each in published:
            self._db.execute("INSERT INTO publication VALUES (?, ?, ?, ?)", (self._log, *each))
        for edition in editions:
            self._db.execute("INSERT OR IGNORE INTO edition VALUES (?, ?)", edition)


@contextmanager
def _begun(db: apsw.Connection) -> Iterator[None]:
    """BEGIN, when it is our turn, and COMMIT; or ROLLBACK whatever went wrong, the commit itself too."""
    if db.in_transaction:  # an interrupt came between two lines here
        db.execute("ROLLBACK")
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            with suppress(Exception):
                db.execute("ROLLBACK")
        raise


def _there(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - at each append; pathlib's takes three times as long
    except OSError:
        return None


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return one.st_ino == other.st_ino and one.st_dev == other.st_dev


def _sync_folder(path: str) -> None:
    """SQLite syncs the folder of a new WAL as well, and takes no notice where that fails."""
    if os.name != "posix":
        return
    try:
        folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH120 - at the first append of a process
    except PermissionError:
        return  # whoever may write there and not look cannot ask for it
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that knows no such thing
            raise
    finally:
        with suppress(OSError):
            os.close(folder)


class _Held:
    """
    A WAL that is written, and its folder, held by handles that read nothing (closing any other would drop SQLite's locks).

    After each commit it is asked whether the WAL is where it was. Its own name is looked up for that only after some name in
    the folder has changed; that none has is half as dear to know.

    Where the kernel tells the name of a handle, that is what is looked at: since Linux 6.13 a file whose times somebody asked
    for has each next write noted in the file system's journal, and a commit takes 215 us instead of 145 (`bench/audit.py`).
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._was = _there(path)
        self._open: list[int] = []
        weakref.finalize(self, _closed, self._open).atexit = False  # whoever forgets a log without closing it
        self._folder = -1
        self._name: str | None = None
        # When a name in the folder had last changed as the WAL was seen in its place; 0: not known.
        self._settled = 0
        try:
            if hasattr(os, "O_PATH"):
                self._open.append(os.open(path, os.O_PATH | os.O_CLOEXEC))
                self._open.append(os.open(os.path.dirname(path), os.O_PATH | os.O_CLOEXEC))  # noqa: PTH120 - at the first append
                self._folder = self._open[-1]
            self._name = self._called()
        except BaseException:
            self.close()
            raise

    def _called(self) -> str | None:
        if not self._open:
            return None
        try:
            return os.readlink(f"/proc/self/fd/{self._open[0]}")  # noqa: PTH115 - at an append; pathlib's takes longer
        except OSError:
            return None

    def in_place(self) -> bool:
        """Whether the WAL's name still leads to it."""
        # A copy that keeps the times sets the other one of a folder; nobody sets this one.
        changed = os.fstat(self._folder).st_ctime_ns if self._folder >= 0 else 0
        if changed and changed == self._settled:
            return True
        if self._name is not None:
            here = self._called() == self._name  # a name that was taken away is followed by "(deleted)"
        else:
            now = _there(self._path)
            here = now is not None and self._was is not None and _same(self._was, now)
        # The time counts once the next change will have another; one without fine digits is of a coarse clock, as FAT's.
        self._settled = changed if here and changed % 10_000_000 and time.time_ns() - changed > _TICKS else 0
        return here

    def close(self) -> None:
        """Let go of both."""
        self._folder = -1
        _closed(self._open)


def _closed(handles: list[int]) -> None:
    """Close each; an interrupt may come in between, and nothing is closed twice."""
    while handles:
        handle = handles.pop()
        with suppress(OSError):  # nothing was written through it
            os.close(handle)


def network_file_system(path: Path) -> str | None:
    """The kind of the network file system that a path is on, or None. Linux says; elsewhere nothing is known."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    real, best, kind = os.path.realpath(path), "", ""
    for mount in mounts:
        left, _, right = mount.partition(" - ")
        point = left.split(" ")[4]
        if "\\" in point:  # a space or the like, in octal
            point = point.encode("latin-1", "replace").decode("unicode_escape")
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, right.split(" ")[0]
    return kind if kind.startswith(_NETWORK) else None


_NETWORK: Final = (
    "nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "ocfs2", "gfs2", "beegfs", "davfs", "virtiofs", "vboxsf",
    "drvfs", "fuse.sshfs", "fuse.gluster", "fuse.s3", "fuse.rclone", "fuse.davfs", "fuse.ceph", "fuse.gcsfuse",
)  # fmt: skip
_TICKS: Final = 100_000_000  # ns; the clock that Linux stamps files with ticks each 10 ms or oftener
_APPLICATION: Final = 0x6173676E  # "asgn"
_SEQ: Final = (1 << SHIFT) - 1
_NEWEST_SQL: Final = "SELECT at, nodes FROM record WHERE at >= %s AND at < %s ORDER BY at DESC LIMIT %s"
_NEWEST_SQLITE: Final = _NEWEST_SQL.replace("%s", "?").replace("nodes", "CAST(nodes AS BLOB)")
_PAGE_SQL: Final = "SELECT at, payload, nodes FROM record WHERE at >= {p} AND at < {p} ORDER BY at LIMIT {p}"
# A column of SQLite holds a value of any type; whoever damages a file may turn bytes into a number or into no text at all.
_PAGE_SQLITE: Final = _PAGE_SQL.format(p="?").replace("payload, nodes", "CAST(payload AS BLOB), CAST(nodes AS BLOB)")


def _bytes(value: object) -> bytes:
    """What a cell holds. SQLite lets anyone who can write the file put text, a number or nothing where bytes should be."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    return b"" if value is None else str(value).encode("utf-8", "surrogateescape")


def _paged(page: Any, log: int, start: int, stop: int | None) -> Iterator[Row]:
    low, high = log << SHIFT | start, log << SHIFT | (_SEQ if stop is None else stop)
    while rows := page(low, high):
        for at, payload, nodes in rows:
            yield Row(at & _SEQ, _bytes(payload), _bytes(nodes))
        low = max(low, rows[-1][0]) + 1  # in a damaged file the numbers may not grow; reading it ends all the same


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


class PostgresStore:
    """Logs on a server. A role with INSERT and SELECT on the five tables is enough; `create` needs more, once."""

    most = 1 << 30

    def __init__(self, url: str, *, create: bool) -> None:
        import logging  # as psycopg does

        try:
            import psycopg
        except ImportError:
            raise ExtraMissing(
                "PostgreSQL の記録には psycopg が要ります（pip install 'assign[audit-postgresql]'）",
                "a log on PostgreSQL needs psycopg (pip install 'assign[audit-postgresql]')",
            ) from None
        driver = logging.getLogger("psycopg")
        if not driver.handlers:
            driver.addHandler(logging.NullHandler())  # what it warns of on a terminal, we say in our words
        self._psycopg = psycopg
        self._url = url
        self.shown = "`postgresql`"  # an address may carry a password
        self._lock = threading.RLock()
        self._pid = 0
        self._db: Any = None
        self._closed = False
        self._parting: Callable[[], None] | None = None
        self._cursor: Any = None  # of `extend`, which asks the same each time
        try:
            with self._said():
                self._tables(self._connection(), create=create)
        except BaseException:
            self._drop()
            raise
        at_fork(self)

    def before_fork(self) -> None:
        """Nobody may be in the middle of a conversation."""
        self._lock.acquire()

    def after_fork(self, *, child: bool) -> None:
        """The connection stays the parent's; a child gives its copy back, and makes its own."""
        if not child:
            self._lock.release()
            return
        self._lock = threading.RLock()
        db = self._db
        if db is not None and not db.closed:
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no more than a descriptor
                os.dup2(
                    nowhere.fileno(), db.fileno(), inheritable=False
                )  # what is said on it now, the server never hears
                db.close()
        self._drop()

    def _connection(self) -> psycopg.Connection[Any]:
        """One for each process, made anew after the server dropped it."""
        _open_still(self.shown, closed=self._closed)
        if self._pid != os.getpid() or self._db is None or self._db.closed:
            self._drop()
            db = self._psycopg.connect(self._url, autocommit=True, application_name="assign", connect_timeout=5)
            try:
                _durable(db.execute(f"SELECT {_SETTINGS}".encode()).fetchone())
            except BaseException:
                db.close()
                raise
            # A session's own setting outlasts a change of the server's.
            db.execute("SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)")
            db.execute("SET statement_timeout = '60s'; SET lock_timeout = '30s'; SET client_encoding = 'UTF8'")
            self._db, self._cursor, self._pid = db, db.cursor(), os.getpid()
            # Before the driver's own, which warns; at the end of the process, too. None but this process says good-bye.
            self._parting = weakref.finalize(self, _parted, db, self._pid)
        return self._db  # type: ignore[no-any-return]  # psycopg's own type

    def _tables(self, db: psycopg.Connection[Any], *, create: bool) -> None:
        found = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = ANY(current_schemas(false))")
        if {name for (name,) in found} >= set(NAMES):
            return
        if not create:
            raise StoreMissing(
                "データベースに記録の表がありません（管理者が `assign audit init` で作ります）",
                "the database has no tables of a log (an administrator makes them with `assign audit init`)",
            )
        self._make(db)

    def _make(self, db: psycopg.Connection[Any]) -> None:
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s, 0)", (_LOCKS,))
            for statement in _TABLES.format(int="bigint", text="text", blob="bytea").split(";"):
                db.execute(statement.encode())
            db.execute(_KEYS.encode())
            db.execute(
                "CREATE OR REPLACE FUNCTION assign_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'a log is only ever added to'; END $$"
            )
            for name in NAMES:
                db.execute(
                    f"CREATE OR REPLACE TRIGGER {name}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
                    "EXECUTE FUNCTION assign_log_only_grows()".encode()
                )

    @contextmanager
    def _said(self) -> Iterator[None]:
        """The server's errors in our words."""
        try:
            yield
        except self._psycopg.Error as error:
            raise self._in_words(error) from None

    def _in_words(self, error: Exception) -> StoreError:
        """Never the address, which may hold a password. A connection that is not known to be in order is given up."""
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
        if isinstance(error, (errors.LockNotAvailable, errors.QueryCanceled)):
            return StoreError(
                "記録の順番が来ません。回答はありません", "the log was busy for too long; there is no answer"
            )
        self._drop()
        if isinstance(error, (self._psycopg.OperationalError, self._psycopg.InterfaceError)):
            return StoreError(
                "記録のサーバーにつながりません。回答はありません",
                "the log's server cannot be reached; there is no answer",
            )
        name = type(error).__name__
        return StoreError(f"記録のサーバーで失敗しました（{name}）", f"the log's server failed ({name})")

    @contextmanager
    def _uninterrupted(self) -> Iterator[None]:
        """Nobody knows what the server has heard from one that was interrupted: the connection is given up."""
        try:
            yield
        except Exception:
            raise  # the server has answered
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._parting is not None:
            self._parting()
        self._db = self._cursor = self._parting = None

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with self._said(), self._lock:
            return self._connection().execute(sql.encode(), values).fetchall()

    def origins(self) -> dict[str, int]:
        """The logs here: name → number."""
        return dict(self._rows("SELECT origin, id FROM log ORDER BY id"))

    def create(self, origin: str) -> int:
        """A log's number; the log is made if it is not there."""
        with self._said(), self._lock, (db := self._connection()).transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s, 0)", (_LOCKS,))
            db.execute(
                "INSERT INTO log SELECT coalesce(max(id), 0) + 1, %s FROM log HAVING NOT EXISTS (SELECT 1 FROM log WHERE origin = %s)",
                (origin, origin),
            )
            return int(db.execute("SELECT id FROM log WHERE origin = %s", (origin,)).fetchall()[0][0])

    @contextmanager
    def writing(self, log: int) -> Iterator[Writing]:
        """A transaction. Writers of one log queue for its advisory lock, first come first served; other logs do not wait."""
        with self._said(), self._lock:
            db = self._connection()
            with self._uninterrupted(), db.pipeline(), db.transaction():  # two round trips
                yield _PostgresWriting(db, log)
            # Not idle: we were inside a transaction that an interrupt had left open.
            if db.info.transaction_status != self._psycopg.pq.TransactionStatus.IDLE:
                self._drop()
                raise StoreError(
                    "記録できませんでした。回答はありません", "the record could not be written; there is no answer"
                )

    def extend(self, log: int, last: bytes, rows: Sequence[New]) -> bool:
        """One statement. Its number is free and the one before it is ours, or nothing is inserted."""
        base = log << SHIFT
        values: Sequence[Any]
        if len(rows) == 1:
            ((seq, payload, nodes, key),) = rows
            values = (base | seq, payload, nodes, key, base + seq - 1, last, _LOCKS, log, log, key)
        else:
            seqs, *others = zip(*rows, strict=True)
            values = ([base | seq for seq in seqs], *map(list, others), _LOCKS, log, base + seqs[0] - 1, last)
        with self._lock:
            try:
                self._connection()
                self._cursor.execute(_EXTEND_ONE if len(rows) == 1 else _EXTEND_MANY, values, prepare=True)
                return self._cursor.rowcount == len(rows)  # type: ignore[no-any-return]  # psycopg's own type
            except self._psycopg.errors.UniqueViolation:
                return False  # somebody was quicker
            except self._psycopg.Error as error:
                raise self._in_words(error) from None
            except BaseException:
                self._drop()  # as in `_uninterrupted`
                raise

    def size(self, log: int) -> int:
        """How many records."""
        found = self._rows("SELECT max(at) FROM record WHERE at >= %s AND at < %s", (log << SHIFT, (log + 1) << SHIFT))[
            0
        ][0]
        return 0 if found is None else (found & _SEQ) + 1

    def read(self, log: int, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order, a page at a time."""
        yield from _paged(lambda low, high: self._rows(_PAGE_SQL.format(p="%s"), (low, high, PAGE)), log, start, stop)

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
        return _bytes(found[0][0]) if found else None

    def checkpoints(self, log: int) -> list[str]:
        """The notes made here."""
        return [
            _bytes(note).decode("utf-8", "replace")
            for (note,) in self._rows("SELECT note FROM checkpoint WHERE log = %s ORDER BY size", (log,))
        ]

    def add_checkpoint(self, log: int, size: int, note: str) -> None:
        """Keep a note."""
        self._rows("INSERT INTO checkpoint VALUES (%s, %s, %s) RETURNING size", (log, size, note))

    def reindex(self) -> None:
        """Make the index of idempotency keys anew."""
        with self._said(), self._lock, (db := self._connection()).transaction():
            db.execute("DROP INDEX IF EXISTS record_key")
            db.execute(_KEYS.encode())

    def grant(self, role: str) -> None:
        """INSERT and SELECT on the five tables."""
        sql = self._psycopg.sql
        with self._said(), self._lock:
            self._connection().execute(
                sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(
                    sql.SQL(", ").join(map(sql.Identifier, NAMES)), sql.Identifier(role)
                )
            )

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:  # whoever is in the middle of a conversation ends it
            self._closed = True
            self._drop()
            self._pid = 0


def _parted(db: psycopg.Connection[Any], pid: int) -> None:
    if pid == os.getpid():
        with suppress(Exception):
            db.close()


class _PostgresWriting:
    def __init__(self, db: psycopg.Connection[Any], log: int) -> None:
        self._db = db
        self._log = log
        self._base = log << SHIFT

    def turn(self, since: int = 0, keys: Sequence[str] = ()) -> tuple[list[tuple[int, bytes]], Known]:
        # One round trip; the statements after the lock see what whoever held it before has committed.
        with self._db.pipeline():
            turn = self._db.execute(f"SELECT {_SETTINGS}, pg_advisory_xact_lock(%s, %s)".encode(), (_LOCKS, self._log))
            newest = self._db.execute(
                _NEWEST_SQL, (self._base + since, self._base + (1 << SHIFT), NEWEST if since else 1)
            )
            known = self._db.execute(_BY_KEYS, (list(keys), self._log)) if keys else ()
        _durable(turn.fetchone())  # the server may have been told otherwise since we connected
        found = {key: (at & _SEQ, _bytes(payload)) for key, at, payload in known}
        return [(at & _SEQ, _bytes(nodes)) for at, nodes in newest], found

    def nodes(self, seqs: Sequence[int]) -> dict[int, bytes]:
        return _found_nodes(
            self._db.execute("SELECT at, nodes FROM record WHERE at = ANY(%s)", ([self._base | seq for seq in seqs],))
        )

    def published(self) -> list[tuple[str, str, int]]:
        return self._db.execute(
            "SELECT what, value, seq FROM publication WHERE log = %s ORDER BY seq", (self._log,)
        ).fetchall()

    def add(
        self, rows: Sequence[New], published: Sequence[tuple[str, str, int]], editions: Sequence[tuple[str, bytes]]
    ) -> None:
        self._db.execute(
            "INSERT INTO record SELECT * FROM unnest(%s::bigint[], %b::bytea[], %b::bytea[], %s::text[])",
            (
                [self._base | row.seq for row in rows],
                [r.payload for r in rows],
                [r.nodes for r in rows],
                [r.key for r in rows],
            ),
        )
        for each in published:
            self._db.execute("INSERT INTO publication VALUES (%s, %s, %s, %s)", (self._log, *each))
        for edition in editions:
            self._db.execute("INSERT INTO edition VALUES (%s, %s) ON CONFLICT DO NOTHING", edition)


def _durable(settings: Sequence[Any] | None) -> None:
    for name, setting in zip(_DURABLE, settings or (), strict=False):
        if setting == "off":
            raise StoreRefused(
                f"PostgreSQL の {name} が {setting} で、確定した記録を失うことがあります（on にしてください）",
                f"PostgreSQL has {name} = {setting} and can lose acknowledged records (set it to on)",
            )


def _found_nodes(rows: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    return {at & _SEQ: _bytes(nodes) for at, nodes in rows}


_LOCKS: Final = 0x6173676E  # the first half of our advisory locks' numbers; the second is the log's
_DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")
_SETTINGS: Final = ", ".join(f"current_setting('{name}')" for name in _DURABLE)
# Key by key through the index, whatever the planner thinks of a table whose statistics were never taken: with `key = ANY (…)`
# it reads every key of the log.
_KNOWN: Final = """
SELECT known.* FROM {keys} AS asked(key),
LATERAL (SELECT key, at, payload FROM record WHERE (at >> 40) = {log} AND record.key = asked.key OFFSET 0) AS known
"""
_BY_KEYS: Final = _KNOWN.format(log="%s", keys="unnest(%s::text[])").encode()

# Insert, if it can be our turn at once and the log still ends as we know it. Whoever has the turn keeps it from us, or has
# committed: then its record stands where ours would, which the primary key refuses even where our snapshot is older.
_EXTEND_ONE: Final = """
INSERT INTO record SELECT %s::bigint, %b::bytea, %b::bytea, %s::text FROM record
WHERE at = %s AND nodes = %b AND pg_try_advisory_xact_lock(%s, %s::int) AND 'off' NOT IN ({settings})
AND NOT EXISTS (SELECT 1 FROM record WHERE (at >> 40) = %s AND key = %s)
""".replace("{settings}", _SETTINGS).encode()
_EXTEND_MANY: Final = (
    """
WITH new(at, payload, nodes, key) AS MATERIALIZED (SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[], %b::text[])),
turn AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock(%s, log::int) AS ours, log, at, nodes
    FROM (VALUES (%s::bigint, %s::bigint, %b::bytea)) AS known(log, at, nodes)
)
INSERT INTO record SELECT new.* FROM turn, new
WHERE turn.ours AND 'off' NOT IN ({settings})
AND EXISTS (SELECT 1 FROM record WHERE record.at = turn.at AND record.nodes = turn.nodes)
AND NOT EXISTS ({known})
""".replace("{settings}", _SETTINGS)
    .replace("{known}", _KNOWN.format(log="turn.log", keys="(SELECT key FROM new)"))
    .encode()
)
