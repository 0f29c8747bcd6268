"""
The auditor's door to a SQLite file: never written to, and one read transaction.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assign.commands import command
from assign.errors import needs_extra, path_shown, shown
from assign.log.store.interface import ExtraMissing, StoreDamaged, StoreError, StoreMissing
from assign.log.store.remains import APPLICATION, how_broken, was_database, was_log
from assign.log.store.schema import NAMES, Strange, differences
from assign.log.store.sqlite_schema import COUNTED, SCHEMA, our_schema, part_of
from assign.log.store.watch import memory_file_system, require_place

from .text import WHERE, Text

if TYPE_CHECKING:
    import apsw

PATIENCE: Final = 30.0  # seconds
# Each column, and the types that its cells may have.
RECORD: Final = {"payload": "'blob'", "nodes": "'blob'", "key": "'text', 'null'"}
COLUMNS: Final = {
    "log": {"id": "'integer'", "origin": "'text'"},
    "publication": {"log": "'integer'", "what": "'text'", "value": "'text'", "seq": "'integer'"},
    "edition": {"sha256": "'text'", "data": "'blob'"},
    "checkpoint": {"log": "'integer'", "size": "'integer'", "note": "'text'"},
}
_RAW: Final = ("data", "note")  # columns that are given as bytes


class SqliteReader:
    """A file in one snapshot. What is beside it stays as it is: nothing is rolled back, moved or made anew."""

    def __init__(self, path: Path) -> None:
        try:
            import apsw
        except ImportError:
            raise ExtraMissing(*needs_extra("apsw", "audit")) from None
        self._apsw = apsw
        self.shown: str = path_shown(path)
        self._path = path.absolute()
        self.memory: str | None = memory_file_system(self._path)
        self._require_file()
        self._refuse_foreign_journal()
        with self._translating_errors():
            self._db = self._connected()
            try:
                self._db.execute("BEGIN")
                self._refuse_foreign_database()
            except BaseException:
                self._db.close(force=True)
                raise

    def _require_file(self) -> None:
        """As `require_place`; but a reader has mistyped the place, and is told to look at it."""
        try:
            require_place(self._path, self.shown, create=False)
        except StoreMissing as error:
            ja, en = _not_there(self._path, self.shown) or Text(error.ja, error.en)
            raise StoreMissing(f"{ja}。{WHERE.ja}", f"{en}; {WHERE.en}") from None

    def _refuse_foreign_journal(self) -> None:
        """A log has no rollback journal: SQLite would write the one beside it into the file."""
        with suppress(OSError):
            if Path(f"{self._path}-journal").stat().st_size:
                raise StoreDamaged(
                    f"記録 {self.shown} の横に、assign の作らない `-journal` のファイルがあります（管理者に確かめてください）",
                    f"beside the log {self.shown} stands a file `-journal`, which assign does not make (ask the administrator)",
                )

    def _connected(self) -> apsw.Connection:
        """
        Where a `-wal` has what the file has not, the connection may not write, so that closing it moves nothing; else SQLite would
        leave an empty `-wal` behind. On a medium where nothing can be made, the file is read as what cannot change.
        """
        apsw = self._apsw
        waiting = False
        with suppress(OSError):
            waiting = Path(f"{self._path}-wal").stat().st_size > 0
        flags = apsw.SQLITE_OPEN_READONLY if waiting else apsw.SQLITE_OPEN_READWRITE
        try:
            db = apsw.Connection(str(self._path), flags=flags)
        except apsw.CantOpenError:
            db = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            try:
                _settle(db)
                db.execute("SELECT count(*) FROM main.sqlite_schema").get  # noqa: B018 - reads the file
            except (apsw.ReadOnlyError, apsw.CantOpenError):
                db.close(force=True)
                if waiting:
                    raise StoreError(
                        f"記録 {self.shown} は閉じられていません。`-wal` のファイルと一緒に、書けるフォルダに写してから読んでください",
                        f"the log {self.shown} was not closed: copy it, with its `-wal` file, to a folder that can be written, and read it there",
                    ) from None
                flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
                db = apsw.Connection(self._path.as_uri() + "?immutable=1", flags=flags)
                _settle(db)
        except BaseException:
            db.close(force=True)
            raise
        return db  # type: ignore[no-any-return]  # apsw has its own type

    def _refuse_foreign_database(self) -> None:
        db = self._db
        marked = db.execute("PRAGMA main.application_id").get
        tables = {name for (name,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")}
        whole = tables >= {*NAMES}
        if marked == APPLICATION and whole:
            return
        if marked == APPLICATION or whole or was_log(self._path):
            raise self._damaged("表か、ファイルの印がなくなっています", "it lacks a table or the file's mark")
        raise StoreMissing(
            f"{self.shown} は別のデータベースで、記録ではありません。{WHERE.ja}",
            f"{self.shown} is another program's database, and no log; {WHERE.en}",
        )

    def _damaged(self, ja: str, en: str) -> StoreDamaged:
        return StoreDamaged(
            f"記録 {self.shown} は壊れています: {ja}（ファイルを `-wal` と一緒に退けてから、`{command('audit restore', 'FILE')}` で控えを戻せます）",
            f"the log {self.shown} is damaged: {en} (move the file away, with its `-wal`; `{command('audit restore', 'FILE')}` then brings a backup back)",
        )

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        apsw = self._apsw
        try:
            yield
        except (apsw.BusyError, apsw.LockedError):
            raise StoreError(
                f"記録 {self.shown} は {PATIENCE:.0f} 秒たっても読めません（使われています）",
                f"the log {self.shown} could not be read for {PATIENCE:.0f} seconds: it is in use",
            ) from None
        except apsw.SQLError:
            raise StoreDamaged(
                f"記録 {self.shown} の表が、作った時のものではありません（`{command('audit verify')}`）",
                f"the tables of the log {self.shown} are not as they were made (`{command('audit verify')}`)",
            ) from None
        except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, UnicodeDecodeError) as error:
            if isinstance(error, apsw.NotADBError) and not was_database(self._path):
                raise StoreMissing(
                    f"{self.shown} は SQLite のデータベースではなく、記録の跡もありません（場所が正しければ、退けてから `{command('audit restore', 'FILE')}` で控えを戻せます）",
                    f"{self.shown} is no SQLite database, nor has it traces of a log (if the place is right: move it away, and `{command('audit restore', 'FILE')}` brings a backup back)",
                ) from None
            raise self._damaged(*how_broken(self._path)) from None
        except apsw.Error as error:
            name = type(error).__name__
            raise StoreError(
                f"記録 {self.shown} を読めません（{name}）", f"the log {self.shown} cannot be read ({name})"
            ) from None

    def _all(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._translating_errors():
            return self._db.execute(sql, values).fetchall()

    def page(self, low: int, high: int, most: int) -> list[tuple[int, bytes, bytes, bytes | None]]:
        """By the table's own tree, whatever indexes there are."""
        return self._all(_PAGE, (low, high, most))

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows; in SQLite a cell may be of any type."""
        columns = COLUMNS[name]
        cells = ", ".join(f"typeof({each}), CAST({each} AS BLOB)" for each in columns)
        return [
            tuple(
                bytes(row[2 * at + 1] or b"") if column in _RAW else _cell(row[2 * at], row[2 * at + 1], wanted)
                for at, (column, wanted) in enumerate(columns.items())
            )
            for row in self._all(f"SELECT {cells} FROM main.{name} NOT INDEXED")  # noqa: S608 - our own
        ]

    def edition(self, digest: str) -> bytes | None:
        """Its text."""
        found = self._all("SELECT CAST(data AS BLOB) FROM main.edition NOT INDEXED WHERE sha256 = ?", (digest,))
        return bytes(found[0][0] or b"") if found else None

    def logs(self) -> list[int]:
        """From the numbers of the records."""
        found: list[int] = []
        low = -(1 << 63)
        while rows := self._all(
            "SELECT at >> 40 FROM main.record NOT INDEXED WHERE at >= ? ORDER BY at LIMIT 1", (low,)
        ):
            if found and rows[0][0] <= found[-1]:
                break  # a damaged file
            found.append(rows[0][0])
            if (low := rows[0][0] + 1 << 40) >= 1 << 63:
                break
        return found

    def newest(self, log: int) -> int | None:
        """The last one of the table's tree."""
        sql = "SELECT at FROM main.record NOT INDEXED WHERE at >= ? AND at < ? ORDER BY at DESC LIMIT 1"
        found = self._all(sql, (log << 40, (log + 1) << 40))
        return found[0][0] if found else None

    def between(self, low: int, high: int) -> int:
        """By the table's own tree."""
        return int(
            self._all("SELECT count(*) FROM main.record NOT INDEXED WHERE at >= ? AND at < ?", (low, high))[0][0]
        )

    def count(self, log: int) -> int:
        """By reading all of the table, not by looking for a place in it."""
        found = self._all("SELECT count(*) FROM main.record NOT INDEXED WHERE +at >> 40 = ?", (log,))
        return int(found[0][0])

    def strangers(self) -> list[Strange]:
        """Differences from our schema."""
        there = [row for row in self._all(SCHEMA) if row not in COUNTED]
        return differences([part_of(*row) for row in there], our_schema(self._apsw))

    def unsound(self) -> list[Strange]:
        """What SQLite's integrity check finds: pages, order of the rows, each index against its table; and cells of another type."""
        odd = [
            Strange(
                "column_type",
                f"表 {table} の列 {column} に、作った時の型でない値があります",
                f"the column {column} of the table {table} has values of another type than it was made for",
            )
            for table, columns in {"record": RECORD, **COLUMNS}.items()
            for column, kinds in columns.items()
            if self._all(
                f"SELECT 1 FROM main.{table} NOT INDEXED WHERE typeof({column}) NOT IN ({kinds}) LIMIT 1"  # noqa: S608 - our own
            )
        ]
        return odd + [
            Strange(
                "damaged",
                f"データベースの内部の検査に誤りがあります: {shown(text, 100)}",
                f"the database's own check finds: {shown(text, 100)}",
            )
            for (text,) in self._all("PRAGMA main.integrity_check(20)")
            if text != "ok"
        ]

    def close(self) -> None:
        """Close the file."""
        with suppress(self._apsw.Error):
            self._db.close(force=True)


def _settle(db: apsw.Connection) -> None:
    waited = random.Random(os.urandom(8)).uniform  # noqa: S311 - for sleeping, not a secret

    def busy(tries: int) -> bool:
        time.sleep(waited(0.0002, 0.002))
        return tries * 0.0012 < PATIENCE

    db.set_busy_handler(busy)
    db.execute(
        "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0"
    ).fetchall()


def _cell(kind: str, value: Any, wanted: str) -> Any:
    if kind == "integer" and wanted == "'integer'":
        return int(bytes(value))
    text = "NULL" if value is None else bytes(value).decode("utf-8", "replace")
    return text if f"'{kind}'" == wanted else f"{kind} {text}"


# A column of SQLite may hold a value of any type: a damaged one may have a number where bytes should be.
_PAGE: Final = """
SELECT at, CAST(coalesce(payload, '') AS BLOB), CAST(coalesce(nodes, '') AS BLOB), CAST(key AS BLOB)
FROM main.record NOT INDEXED WHERE at >= ? AND at < ? ORDER BY at LIMIT ?
"""


def _not_there(path: Path, named: str) -> Text | None:
    """That there is no file, or an empty one; None where something else is wrong with it."""
    try:
        if path.stat().st_size or not os.path.isfile(path):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return Text(f"記録 {named} がありません", f"there is no log {named}")
    except (OSError, ValueError):
        return None
    return Text(f"{named} は空のファイルで、記録ではありません", f"{named} is an empty file and no log")
