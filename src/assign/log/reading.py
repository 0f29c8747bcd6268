"""
A row of a log → its record. All that reads a log (list, export, copy, replay, prove) reads its records through this module.

Whoever owns the database may write anything into a row: bytes that are no record, a record with an unknown field, the record of
another place or of another log. Each of them is `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from assign.commands import command
from assign.errors import AssignError, shown
from assign.words import JAPAN

from .canonical import read
from .fields import FIELDS, RecordError, check, is_time, is_uuid4
from .kinds import Kind, Record
from .record import publishes
from .store.interface import Row, Store, StoreDamaged, StoreError


class Unreadable(StoreError):
    """
    A row that does not hold the record of its place.

    Attributes:
        seq: The place. why: `unreadable` (no record at all), `refused` (a field that is missing, not on the list, or of
            another form), `moved` (the record of another place or log). reason_ja, reason_en: In words.
    """

    code = "unreadable_record"

    def __init__(self, seq: int, why: str, reason: tuple[str, str]) -> None:
        self.seq: int = seq
        self.why: str = why
        self.reason_ja: str = reason[0]
        self.reason_en: str = reason[1]
        super().__init__(
            f"記録 {seq} を読めません: {self.reason_ja}（`{command('audit verify')}`）",
            f"record {seq} cannot be read: {self.reason_en} (`{command('audit verify')}`)",
        )


class UnknownRecord(AssignError):
    """The log has no record of that number."""

    code = "unknown_record"
    exit_code = 3

    def __init__(self, last: int) -> None:
        if last < 0:
            super().__init__("記録は 1 件もありません", "there is no record at all")
            return
        super().__init__(  # the number is not repeated: somebody may have typed a person's
            f"その番号の記録はありません（0 から {last} まで）",
            f"there is no record of that number (they run from 0 to {last})",
            [str(last)] if last >= 0 else [],
        )


_NONE: Final = "記録の形ではありません", "it is no record"


def record_of(row: Row, origin: str) -> Record:
    """
    The record that a row of a log holds.

    Raises:
        Unreadable: It holds none: its bytes are not the canonical JSON of a record of this log, at this place.

    Records share their inner objects (a cache): do not change them.
    """
    return _consistent(_from_cache(row, origin) or _parsed(row, origin))


def _consistent(record: Record) -> Record:
    if (reason := _contradiction(record)) is not None:
        raise Unreadable(record["seq"], "refused", reason)
    return record


def _contradiction(record: Record) -> tuple[str, str] | None:
    """Why fields that are valid one by one contradict each other, or the record's place; None where they do not."""
    kind, seq, corrects = record["kind"], record["seq"], record.get("corrects")
    if (kind == Kind.LOG) is not (seq == 0):
        return "記録は番号 0 で始まり、ほかの番号では始まりません", "a log begins with record 0, and with no other"
    if corrects is not None and corrects >= seq:
        return "自分より後の記録を訂正しています", "it corrects no earlier record"
    if kind in (Kind.LOG, Kind.KEY):
        from .keys import NoteError, public_key  # decisions need none

        try:
            keys = [public_key(record[name]) for name in ("signer", "replaces") if name in record]
        except NoteError as error:
            return error.ja, error.en
        if any(key.name != record["origin"] for key in keys):
            return "別の記録の鍵です", "a key of another log"
    return None


def _parsed(row: Row, origin: str) -> Record:
    seq = row.seq
    try:
        found = read(row.payload)
        said = found["seq"], found["origin"]
        kind = found["kind"]
    except (ValueError, KeyError, RecursionError):
        raise Unreadable(seq, "unreadable", _NONE) from None
    if not isinstance(kind, str):
        raise Unreadable(seq, "unreadable", _NONE)
    if said != (seq, origin) or type(said[0]) is not int:
        # Repeated only where both are what a record may say: anything may stand there, a person's name, too.
        number, name = (
            shown(value) if FIELDS[Kind.LOG][field](value) else "`…`"
            for field, value in zip(("seq", "origin"), said, strict=True)
        )
        raise Unreadable(
            seq, "moved", (f"別の記録（{name} の {number}）です", f"it is another record ({number} of {name})")
        )
    try:
        check(found)
    except RecordError as error:
        raise Unreadable(seq, "refused", (error.ja, error.en)) from None
    return found


# -- a cache of records -----------------------------------------------------------------------------------------------
#
# Most records differ from an earlier one in their random ids, their time and their number alone, and a million must be read in
# seconds. These four are cut out of the bytes and checked by themselves; the rest, with fixed values in their places, is parsed
# and checked once, and cached. A test holds the result equal to parsing each record.

_CASE: Final = b"12345678-9abc-4def-8123-456789abcdef"
_KEY: Final = b"fedcba98-7654-4321-8fed-cba987654321"
_WHEN: Final = b"2026-01-02T03:04:05.678Z"
_SEQ: Final = b"9007199254740991"


def _from_cache(row: Row, origin: str) -> Record | None:
    """The record by way of the cache; None where that does not work, for whatever reason."""
    payload, number = row.payload, b"%d" % row.seq
    case = payload.find(b'"case":"') + 8
    key = payload.find(b'"key":"', case) + 7
    when = payload.find(b'"recorded":"', key) + 12
    seq = payload.find(b'"seq":', when) + 6
    if case < 8 or when < 12 or seq < 6 or payload[seq : seq + len(number)] != number:
        return None
    middle = payload[case + 36 : key] + _KEY + payload[key + 36 : when] if key > 7 else payload[case + 36 : when]
    rest = payload[when + 24 : seq] + _SEQ + payload[seq + len(number) :]
    like = _shared_part(payload[:case] + _CASE + middle + _WHEN + rest, origin)
    if like is None:
        return None
    try:
        own = {
            "case": payload[case : case + 36].decode("ascii"),
            "recorded": payload[when : when + 24].decode("ascii"),
            "key": payload[key : key + 36].decode("ascii") if key > 7 else None,
        }
        if not is_uuid4(own["case"]) or (own["key"] is not None and not is_uuid4(own["key"])):
            return None
        if not is_time(own["recorded"]):
            return None
    except ValueError:
        return None
    return {**like, **own, "seq": row.seq}


@lru_cache(maxsize=4096)
def _shared_part(payload: bytes, origin: str) -> Record | None:
    """The record in these bytes, if its case, key, time and number are the fixed values and stand in it once each."""
    try:
        found = _parsed(Row(int(_SEQ), payload, b""), origin)
    except Unreadable:
        return None
    own = {"case": _CASE, "recorded": _WHEN, "seq": _SEQ, "key": _KEY if found.get("key") else None}
    for name, value in own.items():
        if value is not None and (str(found.get(name)) != value.decode() or payload.count(value) != 1):
            return None
    return found


# -- derived tables: a row there counts only where a record says the same --------------------------------------------


def backed(
    store: Store, origin: str, number: int, told: Sequence[tuple[str, str, int]], wanted: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Which of the wanted editions were published: the table says by which record, and that record must say so."""
    return {
        (what, value)
        for what, value, seq in told
        if (what, value) in wanted and published_by(store, origin, number, seq) == (what, value)
    }


def published_by(store: Store, origin: str, number: int, seq: object) -> tuple[str, str] | None:
    """What the record of that number puts into use; None where it does not, or cannot be read."""
    if type(seq) is not int or not 0 <= seq < 1 << 40:
        return None
    try:
        return next((publishes(record_of(row, origin)) for row in store.read(number, seq, seq + 1)), None)
    except Unreadable:
        return None


def logs_of(store: Store, origin: str | None) -> dict[str, int]:
    """
    The logs of a store to choose from: where there are several and none is named, those that have records.

    Raises:
        StoreDamaged: It has records of a log that has no name, and not the one that is asked for.
    """
    origins = store.origins()
    nameless = {*store.numbers()} - {*origins.values()} if not origins or origin not in (None, *origins) else set()
    if nameless and (not origins or any(published_by(store, str(origin), number, 0) for number in nameless)):
        raise StoreDamaged(
            f"{store.shown} に、名前のなくなった記録があります（`{command('audit restore', 'FILE')}` で控えから戻せます）",
            f"{store.shown} has records of a log whose name is gone (`{command('audit restore', 'FILE')}` brings a backup back)",
        )
    if origin is None and len(origins) > 1:
        return {name: number for name, number in origins.items() if store.size(number)} or origins
    return origins


# -- time ------------------------------------------------------------------------------------------------------------


def in_japan(recorded: str) -> datetime:
    """When a record was written, in Japan's time: a person reads times and days in it."""
    return datetime.fromisoformat(recorded).astimezone(JAPAN)


def clock(recorded: str) -> str:
    """
    The same, to the second, as it is shown.

    >>> clock("2026-11-28T17:25:31.123Z")
    '2026-11-29 02:25:31+09:00'
    """
    return in_japan(recorded).isoformat(" ", "seconds")
