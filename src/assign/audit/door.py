"""
The auditor's one door to a log: a database opened for reading alone, and one snapshot of it for a whole command.

    with reading(log) as snapshot:      # or opened("sqlite:///audit.db", "example.city/assign")
        snapshot.rows()

`verify` and every reader see a log through it, and so see the same rows. It shares nothing with the writer but the definition of a
record and of the tables: it has its own statements, names each table with its schema, uses no index that could answer in the table's
place, and compares the schema with ours, word for word, each time it opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

from assign.commands import command
from assign.errors import BadOption, shown
from assign.log.errors import is_log_name, no_such_log
from assign.log.keys import PublicKey, log_of_key, public_key
from assign.log.kinds import Record
from assign.log.reading import UnknownRecord, Unreadable, record_of
from assign.log.record import publishes
from assign.log.store.file_url import file_of
from assign.log.store.interface import Row, StoreDamaged, StoreMissing
from assign.log.store.schema import Strange
from assign.words import sha256

from .text import WHERE
from .tree import Tree, leaf_hash, node_hash

SHIFT: Final = 40  # bits of a record's number in `at`; those above are the log's
MOST: Final = 1 << SHIFT  # numbers of one log
PAGE: Final = 2000  # records read at a time


class Place(Protocol):
    """Where a log is, and its name: of a log that is open for writing, or of a snapshot."""

    @property
    def url(self) -> str:
        """The address, as `opened` takes it."""

    @property
    def origin(self) -> str:
        """The log's name."""


class Database(Protocol):
    """A database that is open for reading, in one snapshot."""

    shown: str
    memory: str | None  # the kind of the file system in memory that it is on

    def page(self, low: int, high: int, most: int) -> list[tuple[int, bytes, bytes, bytes | None]]:
        """The first rows of `record`, (at, payload, nodes, key), with `low <= at < high`, by the table itself."""

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of another table; a cell that is not of its column's type is text that shows it."""

    def edition(self, digest: str) -> bytes | None:
        """The text under an edition's digest, whatever it is."""

    def logs(self) -> list[int]:
        """The numbers of the logs that have records, whether or not the table of logs knows them."""

    def newest(self, log: int) -> int | None:
        """The largest number of a record."""

    def between(self, low: int, high: int) -> int:
        """How many rows of `record` have `low <= at < high`."""

    def count(self, log: int) -> int:
        """How many rows `record` has of a log, counted without an index."""

    def strangers(self) -> list[Strange]:
        """What the database has beside our tables, or has otherwise."""

    def unsound(self) -> list[Strange]:
        """What a check of all of it finds: damage, an index that is not its table's. It reads everything."""

    def close(self) -> None:
        """Close it."""


class Snapshot:
    """
    One log as it is at one moment.

    Attributes:
        url, origin: As `opened` was given them. number: The log's number in its database.
        strangers: What the database has that is not ours, or has otherwise; no reader passes over it.
    """

    def __init__(self, url: str, origin: str, number: int, database: Database, strangers: list[Strange]) -> None:
        self.url = url
        self.origin = origin
        self.number = number
        self.strangers = strangers
        self._database = database

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """
        Rows in the order of their numbers, which grow.

        Raises:
            StoreDamaged: The database gives a row that was not asked for, or gives them out of order.
        """
        base = self.number << SHIFT
        low, high = base + start, base + min(MOST, MOST if stop is None else stop)
        while low < high and (page := self._database.page(low, high, PAGE)):
            for at, payload, nodes, key in page:
                if not low <= at < high:
                    raise StoreDamaged(
                        f"記録 {self._database.shown} は壊れています: 行が番号の順に並んでいません",
                        f"the log {self._database.shown} is damaged: its rows are not in the order of their numbers",
                    )
                yield Row(at - base, payload, nodes, key)
                low = at + 1

    def row(self, seq: int) -> Row:
        """One row. Raises UnknownRecord where there is none of that number."""
        found = next(iter(self.rows(seq, seq + 1)), None) if 0 <= seq < MOST else None
        if found is None:
            raise UnknownRecord(self.length - 1)
        return found

    @property
    def size(self) -> int:
        """One more than the largest number of a row."""
        last = self._database.newest(self.number)
        return 0 if last is None else last - (self.number << SHIFT) + 1

    @property
    def length(self) -> int:
        """How many records there are before the first number that is free: what stands behind it is not of the log."""
        base, low, high = self.number << SHIFT, 0, self.size
        if self._database.between(base, base + high) == high:
            return high
        high = min(high, self.count() + 1)
        while high - low > 1:  # the run reaches to low, and not to high
            middle = (low + high) // 2
            low, high = (middle, high) if self._database.between(base, base + middle) == middle else (low, middle)
        return low

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record | Unreadable]:
        """
        The records in order, for whoever shows them; in the place of one that cannot be read, or that does not fit its hashes, the
        error that says so. The log is the unbroken run of numbers from 0: what stands behind a gap is named here, and is in `unproved`.
        """
        rows, expected, tree = self.rows(start, stop), start, None
        if start and self._database.between(self.number << SHIFT, (self.number << SHIFT) + start) != start:
            yield from self._behind(rows, None)
            return
        for row in rows:
            if row.seq != expected:
                yield missing(expected, row.seq)
                yield from self._behind(rows, row)
                return
            expected += 1
            tree = tree or Tree(start, [self._node(*each) for each in _perfect(start)])
            unlike = _unlike_its_hashes(row, tree)
            try:
                record = record_of(row, self.origin)
            except Unreadable as error:
                yield error
            else:
                yield unlike or record
        if not expected:
            yield Unreadable(0, "missing", ("記録が 1 件もありません", "there is no record at all"))

    def _behind(self, rows: Iterator[Row], row: Row | None) -> Iterator[Unreadable]:
        """The runs of rows that stand behind a gap."""
        row = row or next(rows, None)
        while row is not None:
            first = last = row.seq
            while (row := next(rows, None)) is not None and row.seq == last + 1:
                last = row.seq
            ja = f"番号 {first} から {last} の行は" if last > first else "この行は"
            en = f"the rows {first} to {last} do" if last > first else "it does"
            yield Unreadable(
                first,
                "behind",
                (
                    f"{ja}記録の続きではありません（前の番号がありません）",
                    f"{en} not follow on the records (numbers before are missing)",
                ),
            )

    def unproved(self) -> Iterator[Record]:
        """
        What stands behind a gap, where it has the form of a record. The records before were deleted, or somebody who may insert wrote
        it: nothing proves it, and whoever shows it says so.
        """
        for row in self.rows(self.length):
            with suppress(Unreadable):
                yield record_of(row, self.origin)

    def record(self, seq: int) -> Record:
        """
        One record, held against the hashes of the tree above it.

        Raises:
            UnknownRecord: There is none of that number. Unreadable: It cannot be read, does not fit them, or stands behind a gap.
        """
        row, base = self.row(seq), self.number << SHIFT
        if self._database.between(base, base + seq) != seq:
            raise next(self._behind(iter([row]), None))
        record, found = record_of(row, self.origin), leaf_hash(row.payload)
        if found != row.nodes[:32]:
            raise _altered(seq, seq)
        level, place = 0, seq
        while True:
            if place & 1:
                found = node_hash(self._node(level, place - 1), found)
            elif right := self._node(level, place + 1):
                found = node_hash(found, right)
            else:
                break  # the tree ends here
            level, place = level + 1, place >> 1
            if found != self._node(level, place):
                raise _altered(place << level, (place + 1 << level) - 1, seq)
        return record

    def _node(self, level: int, place: int) -> bytes:
        """The hash of a perfect subtree as it is kept in the row of its last record; nothing where that is not there."""
        last = (place + 1 << level) - 1
        row = next(self.rows(last, last + 1), None) if last < MOST else None
        return row.nodes[32 * level : 32 * level + 32] if row else b""

    def count(self) -> int:
        """How many rows there are, by another way than `rows` takes."""
        return self._database.count(self.number)

    def published(self) -> list[tuple[str, str, int]]:
        """What was published, (what, value, record), oldest first: of the table's rows those that the record they name says."""
        found = []
        for log, what, value, seq in self._database.table("publication"):
            if log == self.number and type(seq) is int and self.put_into_use(seq) == (what, value):
                found.append((what, value, seq))
        return sorted(set(found), key=lambda each: each[2])

    def put_into_use(self, seq: int) -> tuple[str, str] | None:
        """What a record publishes (`record.publishes`); None where it publishes nothing, or is none."""
        try:
            return publishes(record_of(self.row(seq), self.origin))
        except (Unreadable, UnknownRecord):
            return None

    def edition(self, digest: str) -> bytes | None:
        """The text of an edition; None where it is missing, or is another text than the one that has the digest."""
        data = self._database.edition(digest)
        return data if data is not None and sha256(data) == digest else None

    def kept_under(self, digest: str) -> bytes | None:
        """Whatever is kept under an edition's digest, to be compared with it."""
        return self._database.edition(digest)

    def checkpoints(self) -> list[str]:
        """The notes beside the log, smallest first by what their rows say; nothing in them was checked."""
        found = [(size, note) for log, size, note in self._database.table("checkpoint") if log == self.number]
        found.sort(key=lambda each: each[0] if type(each[0]) is int else -1)
        return [note.decode("utf-8", "replace") for _, note in found]

    def beside(self, table: str) -> list[tuple[Any, ...]]:
        """All rows of a table that is not the records' (`log`, `publication`, `edition`, `checkpoint`), of every log."""
        return self._database.table(table)

    def logs(self) -> list[int]:
        """The numbers of the logs that have records."""
        return self._database.logs()

    @property
    def memory(self) -> str | None:
        """The kind of the file system in memory that the log is on: what is there is gone when the machine stops."""
        return self._database.memory

    def others(self) -> list[str]:
        """The names of other logs of this database that have records, whoever began them."""
        there = set(self.logs()) - {self.number}
        return sorted({str(name) for number, name in self._database.table("log") if number in there})

    def unsound(self) -> list[Strange]:
        """What a check of the whole database finds."""
        return self._database.unsound()


def missing(first: int, after: int) -> Unreadable:
    """The error for records `first` to before `after`, which are not there."""
    last = after - 1
    ja = "消されています" if first == last else f"{last} まで消されています"
    return Unreadable(first, "missing", (ja, "it is missing" if first == last else f"all to {last} are missing"))


def _unlike_its_hashes(row: Row, tree: Tree) -> Unreadable | None:
    """Add a row to the tree of those before it, and say whether its bytes or its hashes differ; the tree goes on with what is kept."""
    leaf, kept = leaf_hash(row.payload), row.nodes[:32]
    completed = tree.append(kept if len(kept) == 32 else leaf)
    if leaf == kept and completed == row.nodes:
        return None
    if leaf != kept:
        return _altered(row.seq, row.seq)
    if len(row.nodes) == len(completed):
        tree.subtrees[-1] = row.nodes[-32:]
    return _altered(row.seq + 1 - (1 << len(completed) // 32 - 1), row.seq)


def _altered(first: int, last: int, seq: int | None = None) -> Unreadable:
    if first == last:
        return Unreadable(last, "altered", ("本文とハッシュが合いません", "its bytes and its hash do not fit"))
    return Unreadable(
        last if seq is None else seq,
        "altered",
        (
            f"番号 {first} から {last} のどれかの本文か、木のハッシュが書き換えられています",
            f"one of the records {first} to {last} was altered, or the hashes of the tree over them",
        ),
    )


def _perfect(size: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees, (level, place), of a tree of that size, widest first."""
    low = 0
    while low < size:
        level = (size - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


@contextmanager
def reading(place: Place) -> Iterator[Snapshot]:
    """The snapshot itself, or one of the log that is there, opened anew."""
    if isinstance(place, Snapshot):
        yield place
    else:
        with opened(place.url, place.origin) as snapshot:
            yield snapshot


@contextmanager
def opened(url: str, origin: str | None = None, likely: str | None = None) -> Iterator[Snapshot]:
    """
    A snapshot of a log.

    Args:
        url: `sqlite:///…` or `postgresql://…`.
        origin: The log's name; may be left out where the database has one log, or one of which the key is here.
        likely: The name that evidence at hand has (a checkpoint, a public key): it counts where the database has several logs.

    Raises:
        StoreMissing: There is no such log, or several and none was named. StoreDamaged: There was one. StoreError, BadOption.
    """
    database = _database(url)
    try:
        strangers = database.strangers()
        logs = _logs(database, origin)
        if origin is None and likely in logs:
            origin = likely
        elif origin is None and len(logs) == 1:
            [origin] = logs
        elif origin is None:
            origin = log_of_key(logs, lambda name: _keys_of(Snapshot(url, name, logs[name], database, [])))
        if origin is None or origin not in logs:
            raise _no_such_log(origin, list(logs))
        yield Snapshot(url, origin, logs[origin], database, strangers)
    finally:
        database.close()


def _keys_of(log: Snapshot) -> list[PublicKey]:
    """The keys that a log's records name."""
    return [public_key(value) for what, value, _ in log.published() if what == "key"]


def _no_such_log(origin: str | None, there: list[str]) -> StoreMissing:
    """As `no_such_log`; but who reads a log has mistyped its name or its place, and is not told to make one."""
    error = no_such_log(origin, there)
    if origin is None and there:
        return error  # there are several, and one is to be chosen
    named = ", ".join(map(shown, error.candidates))
    found = StoreMissing(
        f"その名前の記録はありません（あるもの: {named or 'なし'}）。名前（`--origin`）と{WHERE.ja}",
        f"there is no log of that name (there are: {named or 'none'}); check its name (`--origin`), and {WHERE.en}",
    )
    found.candidates = error.candidates
    return found


def _database(url: str) -> Database:
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite":
        from .door_sqlite import SqliteReader

        return SqliteReader(file_of(url))
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        from .door_postgresql import PostgresReader

        return PostgresReader(f"postgresql:{rest}")
    raise BadOption(
        "記録の場所は `sqlite:///ファイル` か `postgresql://…` です",
        "a log is at `sqlite:///FILE` or `postgresql://…`",
        ["sqlite:///", "postgresql://"],
    )


def _logs(database: Database, origin: str | None) -> dict[str, int]:
    """
    The logs to choose from: where there are several and none is named, those that have records.

    Raises:
        StoreDamaged: There are records of a log that has no name, and none of the one that is asked for.
    """
    named = {
        name: number
        for number, name in sorted(database.table("log"), key=str)
        if type(number) is int and 0 < number < (1 << 63 - SHIFT) - 1 and isinstance(name, str) and is_log_name(name)
    }
    there = database.logs()
    nameless = {*there} - {*named.values()}
    lost = (
        origin is not None and origin not in named and _begun(database, origin, {*there})
    )  # its name may have been changed
    if lost or (nameless and not named):
        raise StoreDamaged(
            f"{database.shown} に、名前のなくなった記録があります（`{command('audit restore', 'FILE')}` で控えから戻せます）",
            f"{database.shown} has records of a log whose name is gone (`{command('audit restore', 'FILE')}` brings a backup back)",
        )
    if origin is None and len(named) > 1:
        return {name: number for name, number in named.items() if number in there} or named
    return named


def _begun(database: Database, origin: str, numbers: set[int]) -> bool:
    """Whether one of these nameless logs begins with the first record of that log."""
    for number in numbers:
        snapshot = Snapshot("", origin, number, database, [])
        if snapshot.put_into_use(0) is not None:
            return True
    return False
