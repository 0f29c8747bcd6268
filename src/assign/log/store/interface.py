"""
What each store of logs offers, whatever its database: errors, rows, and the operations that a log needs.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final, NamedTuple, Protocol

from assign.commands import command
from assign.errors import AssignError

from .schema import Strange

SHIFT: Final = 40  # bits of a sequence number in `at`: 10**12 records a log, 8 million logs a database
SEQ: Final = (1 << SHIFT) - 1
PATIENCE: Final = 30.0  # seconds that a writer waits for the lock before it gives up
PAGE: Final = 2000  # records read at a time
NEWEST: Final = 65  # rows that are read with the lock: our last one, and what others have written since


class StoreError(AssignError):
    """The log could not be read or written. There is no answer without its record."""

    code = "log"


class StoreRefused(StoreError):
    """The place cannot promise that an acknowledged record is durable."""

    code = "log_refused"


class StoreDamaged(StoreError):
    """A log was there, and is damaged. `verify` reports it as a finding."""

    code = "log_damaged"


class StoreMissing(StoreError):
    """There is no log of that name, or no such place."""

    code = "log_missing"


class ExtraMissing(StoreError):
    """A package of the extra `audit` or `audit-postgresql` is not installed."""

    code = "extra_missing"


class NumberTaken(StoreError):
    """A row was put at the next number while we wrote, by somebody who takes no turns. Nothing was written."""

    code = "log_number_taken"


class Row(NamedTuple):
    """
    A record as it is kept: number, bytes, the tree hashes that it completes (level 0 first, 32 bytes each), and the column of its
    idempotency key, which only copies what the bytes say.
    """

    seq: int
    payload: bytes
    nodes: bytes
    key: bytes | None = None


class New(NamedTuple):
    """A record to be kept."""

    seq: int
    payload: bytes
    nodes: bytes
    key: str | None


Known = dict[str, Row]  # idempotency key → the row whose bytes have it, which may be no record of the log


class Writing(Protocol):
    """An open transaction on one log, which holds the log's lock once `lock_and_read_tail` returns."""

    def lock_and_read_tail(self, since: int = 0, keys: Sequence[str] = ()) -> tuple[list[Row], Known]:
        """
        Wait for the log's lock, and read what others have appended meanwhile, in one round trip.

        Returns:
            The rows from number `since` on, in order and at most NEWEST; and for each idempotency key that is known its row.

        Raises:
            StoreRefused: The tables are not as we made them.
        """

    def published(self) -> list[tuple[str, str, int]]:
        """(what, value, record) of everything that the log has published."""

    def add(
        self, rows: Sequence[New], published: Sequence[tuple[str, str, int]], editions: Sequence[tuple[str, bytes]]
    ) -> None:
        """Insert, and read back what is there then. Raises StoreError where it is not what was to be inserted."""


class Store(Protocol):
    """A database of logs."""

    url: str  # its address; it may hold a password, and is shown to nobody
    shown: str
    made: bool  # whether this opening made the place
    memory: str | None  # the kind of its file system, where that is in memory and gone when the machine stops

    def origins(self) -> dict[str, int]:
        """The logs here: name → number."""

    def create(self, origin: str) -> int:
        """A log's number; the log is made if it is not there."""

    def writing(self, log: int) -> Any:
        """A context: begin a transaction, and commit it durably at the end, or roll it back."""

    def append_if_unchanged(self, log: int, last: bytes, row: New) -> bool:
        """
        Append a record durably to a log that still ends as we know it, and read it back before the commit: one round trip where
        there is a server.

        Args:
            last: The nodes of the record before it.

        Returns:
            False where it does not end so, the key is known, or another writer has the lock: nothing was written.

        Raises:
            StoreError: It could not be written, or what was read back is something else; nothing is kept.
        """

    def require_ours(self) -> None:
        """Require that the tables are as we made them. Raises StoreRefused: whatever else is attached may change what is written."""

    def size(self, log: int) -> int:
        """One more than the largest number of a row. Whoever may insert may have put one anywhere: `ending` finds the log's end."""

    def newest(self, log: int, below: int, limit: int) -> list[int]:
        """The largest numbers of rows below one, largest first."""

    def some(self, log: int, seqs: Sequence[int]) -> list[Row]:
        """The rows of some numbers, in order."""

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

    def larger_checkpoints(self, log: int, size: int) -> list[str]:
        """Of the notes made here, those that say a larger size (on SQLite: of the last thousand)."""

    def add_checkpoint(self, log: int, size: int, note: str) -> None:
        """Keep a note."""

    def numbers(self) -> list[int]:
        """The numbers of the logs that have records, whether or not the table of logs knows them."""

    def strangers(self) -> list[Strange]:
        """Tables, triggers … of the database that we did not make, or that differ from what we made."""

    def grant(self, role: str) -> None:
        """Allow a database role to read and append, and nothing else."""

    def reindex(self) -> None:
        """Make the index of idempotency keys anew."""

    def close(self) -> None:
        """Close the connection."""


# -- forks -----------------------------------------------------------------------------------------------------------

_FORKING: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def at_fork(thing: Any) -> None:
    """Call an object's `before_fork()` and `after_fork(child=…)` around each fork, for as long as it lives."""
    _FORKING.add(thing)


def _before_fork() -> None:
    for thing in list(_FORKING):
        thing.before_fork()


def _after_fork(*, child: bool) -> None:
    for thing in list(_FORKING):
        with suppress(RuntimeError):  # a lock that another thread made meanwhile, which was never taken
            thing.after_fork(child=child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(child=False),
        after_in_child=lambda: _after_fork(child=True),
    )


def require_open(name: str, *, closed: bool) -> None:
    """Raises StoreError where the store was closed."""
    if closed:
        raise StoreError(
            f"記録 {name} は閉じられています。回答はありません（開き直してください）",
            f"the log {name} is closed; there is no answer (open it again)",
        )


# -- what a database may do to a row --------------------------------------------------------------------------------


def not_inserted() -> StoreError:
    """The error where a foreign trigger, rule or policy has dropped an insert in silence."""
    return StoreError(
        f"データベースが記録を受け取ったことにして、書いていません。回答はありません（`{command('audit verify')}` で原因が分かります）",
        f"the database took a record and has not written it; there is no answer (`{command('audit verify')}` says why)",
    )


def number_taken() -> NumberTaken:
    """The error where another row came to stand at a number that was free."""
    return NumberTaken(
        f"順番を待たずに書いた行が、次の番号を取りました。記録していません（`{command('audit verify')}`）",
        f"a row that was written out of turn took the next number; nothing is recorded (`{command('audit verify')}`)",
    )


def refused(strange: Sequence[Strange]) -> None:
    """
    Require that a database has nothing that may change what is written. Raises StoreRefused.

    A missing trigger against slips and an altered index of keys are let through: neither changes what an insert writes, and
    `rebuild` makes the index anew.
    """
    if others := [each for each in strange if not each.harmless]:
        more = len(others) - 1
        raise StoreRefused(
            f"記録しません: {others[0].ja}{f'（ほか {more}）' if more else ''}（`{command('audit verify')}` が全部を挙げます）",
            f"nothing is recorded: {others[0].en}{f' (and {more} more)' if more else ''} (`{command('audit verify')}` names all)",
        )


def require_same_text(edition: tuple[str, bytes], there: object) -> None:
    """Require that the text kept under an edition's digest is this one: another may have been put there before. Raises StoreError."""
    if as_bytes(there) != edition[1]:
        raise StoreError(
            f"版 {edition[0][:16]}… の名前で、別の文が置かれています。使用開始にしません（`{command('audit verify')}` が名指します。`{command('audit backup')}` の控えには写らず、控えで続けられます）",
            f"another text stands under the name of the edition {edition[0][:16]}…; nothing is published (`{command('audit verify')}` names it; a copy "
            f"made by `{command('audit backup')}` does not have it, and the log goes on in that)",
        )


# -- what cells hold --------------------------------------------------------------------------------------------------


def as_bytes(value: object) -> bytes:
    """A cell as bytes. In SQLite a column may hold text, a number or NULL where bytes should be."""
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    return b"" if value is None else str(value).encode("utf-8", "surrogateescape")


def is_number(log: object) -> bool:
    """Whether a log can have this number: every `at` of it, and the one after the last, fits 64 bits."""
    return type(log) is int and 0 < log < (1 << 63 - SHIFT) - 1


def free_number(taken: Collection[int]) -> int:
    """The first number that neither a log nor a stray record has."""
    return next(number for number in count(1) if number not in taken)


def paged(page: Any, log: int, start: int, stop: int | None) -> Iterator[Row]:
    """A log's records, a page at a time. `page` gives the rows of a range of places."""
    low, high = (log << SHIFT) + start, (log << SHIFT) + min(1 << SHIFT, 1 << SHIFT if stop is None else stop)
    while low < high and (rows := page(low, high)):
        for at, payload, nodes, key in rows:
            yield Row(at & SEQ, as_bytes(payload), as_bytes(nodes), None if key is None else as_bytes(key))
        low = max(low, rows[-1][0]) + 1  # ends even in a damaged file, where `at` may not grow
