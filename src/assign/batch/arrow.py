"""
The types of a Parquet file's columns as its Arrow schema has them, read without Polars.

Polars panics at a type that it does not know, without naming the column. This module names it. The schema is a flatbuffer (Arrow's
Schema.fbs, Message.fbs), of which a few fields are read.
"""

from __future__ import annotations

import os
import struct
import tempfile
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

_UNKNOWN: Final = {11: "Interval", 14: "Union", 22: "RunEndEncoded", 25: "ListView", 26: "LargeListView"}
LARGEST_END: Final = 4_000_000  # bytes of a file's end that are read
_DECIMAL: Final = 7
_TIMESTAMP: Final = 10
_DIGITS: Final = 38  # of a decimal that the engine holds


def unknown(path: Path) -> Iterator[tuple[str, str]]:
    """Each column of a type that the engine does not know, and the type. Empty where the file has no such schema."""
    import polars as pl

    with suppress(pl.exceptions.PolarsError, OSError, KeyError, ValueError, IndexError, struct.error, RecursionError):
        data = b64decode(pl.read_parquet_metadata(path)["ARROW:schema"])
        message = _Table.root(data, 8 if data.startswith(b"\xff\xff\xff\xff") else 0)
        if (schema := message.table(2)) is not None:
            for column in schema.tables(1):
                for kind in _kinds(column):
                    yield column.text(0), kind


def fullest(path: Path) -> tuple[int, int]:
    """
    The values in lists, and the bytes unpacked, of the row group that has the most, as the file's end says (Thrift, parquet.thrift).
    None where it does not say, or says it beyond what is read here.
    """
    with suppress(OSError, IndexError, struct.error, KeyError, TypeError, RecursionError), path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        size: int = struct.unpack("<I", file.read(4))[0]
        file.seek(-8 - size, os.SEEK_END)
        groups = _Thrift(file.read(size)).struct()[4] if size <= LARGEST_END else []
        in_lists: Counter[int] = Counter()
        unpacked: Counter[int] = Counter()
        for number, group in enumerate(groups):
            for column in group[1]:
                in_lists[number] += column[3][5] if column[3][5] > group[3] else 0
                unpacked[number] += column[3][6]
        return max(in_lists.values(), default=0), max(unpacked.values(), default=0)
    return 0, 0


class _Thrift:
    """Thrift's compact protocol: structs by the numbers of their fields."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _number(self) -> int:
        found = shift = 0
        while (byte := self._byte()) & 0x80:
            found |= (byte & 0x7F) << shift
            shift += 7
        return found | byte << shift

    def _signed(self) -> int:
        return (n := self._number()) >> 1 ^ -(n & 1)

    def struct(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        at = 0
        while head := self._byte():
            at = at + (head >> 4) if head >> 4 else self._signed()
            found[at] = head & 15 == 1 if head & 15 < 3 else self._value(head & 15)
        return found

    def _value(self, kind: int) -> Any:
        if kind in (4, 5, 6):
            return self._signed()
        if kind in (9, 10):
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._number()
            return [self._value(head & 15) for _ in range(size)]
        if kind == 12:
            return self.struct()
        if kind == 11:
            raise TypeError  # parquet.thrift has no map
        self._at += {7: 8, 8: 0}.get(kind, 1)
        if kind == 8:
            size = self._number()
            self._at += size
        return None


def zone_known(name: str) -> bool:
    """Whether a time zone has a name of the time zone database."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


@contextmanager
def hushed() -> Iterator[None]:
    """Keep a panic of the engine, which writes to the file descriptor of stderr, off the screen."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with tempfile.TemporaryFile() as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _kinds(column: _Table) -> Iterator[str]:
    number, kind = column.byte(2), column.table(3)
    if number in _UNKNOWN:
        yield _UNKNOWN[number]
    if number == _TIMESTAMP and kind is not None and (zone := kind.text(1)) and not zone_known(zone):
        yield f"Timestamp[{zone}]"
    if number == _DECIMAL and kind is not None and (digits := kind.number(0)) > _DIGITS:
        yield f"Decimal[{digits}]"
    for child in column.tables(5):
        yield from _kinds(child)


class _Table:
    """A table of a flatbuffer; a field that it has not is None, 0 or empty."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    @classmethod
    def root(cls, data: bytes, start: int) -> _Table:
        return cls(data, start + struct.unpack_from("<I", data, start)[0])

    def _field(self, place: int) -> int | None:
        names = self._at - struct.unpack_from("<i", self._data, self._at)[0]
        if 4 + 2 * place >= struct.unpack_from("<H", self._data, names)[0]:
            return None
        offset = struct.unpack_from("<H", self._data, names + 4 + 2 * place)[0]
        return self._at + offset if offset else None

    def _there(self, at: int) -> int:
        return int(at + struct.unpack_from("<I", self._data, at)[0])

    def byte(self, place: int) -> int:
        return 0 if (at := self._field(place)) is None else self._data[at]

    def number(self, place: int) -> int:
        return 0 if (at := self._field(place)) is None else int(struct.unpack_from("<i", self._data, at)[0])

    def table(self, place: int) -> _Table | None:
        return None if (at := self._field(place)) is None else _Table(self._data, self._there(at))

    def text(self, place: int) -> str:
        if (at := self._field(place)) is None:
            return ""
        start = self._there(at)
        return self._data[start + 4 : start + 4 + struct.unpack_from("<I", self._data, start)[0]].decode()

    def tables(self, place: int) -> Iterator[_Table]:
        if (at := self._field(place)) is not None:
            start = self._there(at)
            for i in range(struct.unpack_from("<I", self._data, start)[0]):
                yield _Table(self._data, self._there(start + 4 + 4 * i))
