"""
A record before it is committed: checked, and encoded but for its time and its number.
"""

from __future__ import annotations

import marshal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from assign.resources import VERSION

from .canonical import ENCODER
from .fields import FIELDS, RecordError, check
from .kinds import SCHEMA, Record
from .record import publishes


class Draft:
    """
    A record that is checked, and is canonical JSON but for its time and its number, which the commit gives it.

    A lone caller waits for this as well as for the disk, and most records differ from an earlier one in their random ids alone:
    so the checked and encoded form is cached. A test holds the result equal to `check` and `canonical`.

    Attributes:
        record: As it was handed over. key: Its idempotency key, if it has one.
        publishes: What it puts into use (`record.publishes`). cited_editions: The editions that it rests on, (which, SHA-256).
    """

    __slots__ = ("_form", "_own", "cited_editions", "key", "publishes", "record")

    def __init__(self, record: Record, origin: str) -> None:
        """
        Args:
            record: Without `schema`, `origin`, `seq`, `recorded` and `version`. origin: The log's name.

        Raises:
            RecordError: A field is missing, is not on the list, or holds what it may not.
        """
        kind = record.get("kind") if type(record) is dict else None
        shape = _SHAPES.get(kind) if isinstance(kind, str) else None
        try:
            if shape is None or len(record) != len(shape.names):
                raise ValueError
            # as the cache's key; in format 2 equal bytes mean equal values of equal types. ValueError: no JSON, or nested too deep
            self._form, puts, cites = _form(kind, origin, marshal.dumps(shape.shared(record), 2))
            self.publishes: tuple[str, str] | None = puts
            self.cited_editions: frozenset[tuple[str, str]] = cites
            self._own = []
            for name, test in shape.own:
                value = record[name]
                if not test(value):
                    raise RecordError(name)
                self._own.append("null" if value is None else f'"{value}"')
        except (KeyError, ValueError):
            check({**record, **_STAMPED, "origin": origin} if shape else record)
            raise RecordError("record") from None
        self.record: Record = record
        self.key: str | None = record.get("key")

    def payload(self, recorded: str, seq: int) -> bytes:
        """The record's bytes. recorded: As `moment` gives it."""
        return (self._form % (*self._own, recorded, seq)).encode()


_STAMPED: Final[Record] = {"schema": SCHEMA, "seq": 0, "recorded": "2026-01-01T00:00:00.000Z", "version": VERSION}


_OWN: Final = ("case", "key")  # random ids, which no two records share


class _Shape:
    """The fields of a kind of record: the ids that are each record's own, and a getter for all others."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.names = sorted(fields.keys() - _STAMPED.keys() - {"origin"})
        self.own = [(name, fields[name]) for name in self.names if name in _OWN]
        self.others = [name for name in self.names if name not in _OWN]
        self.shared = itemgetter(*self.others)


_SHAPES: Final = {str(kind): _Shape(fields) for kind, fields in FIELDS.items()}


@lru_cache(maxsize=4096)
def _form(kind: str, origin: str, mark: bytes) -> tuple[str, tuple[str, str] | None, frozenset[tuple[str, str]]]:
    """Canonical JSON with a `%s` for each id of the record's own, its time and its number; what it publishes, what it cites."""
    shape = _SHAPES[kind]
    said = dict(zip(shape.others, marshal.loads(mark), strict=True))  # noqa: S302 - what we have just dumped
    own = [name for name, _ in shape.own]
    ids = dict.fromkeys(own, _ANY_ID)
    check({**said, **ids, **_STAMPED, "origin": origin})
    values = {
        name: ENCODER.encode(value).replace("%", "%%") for name, value in {**said, **_STAMPED, "origin": origin}.items()
    }
    values |= dict.fromkeys(own, "%s") | {"recorded": '"%s"', "seq": "%s"}
    text = ",".join(f'"{name}":{values[name]}' for name in sorted(values))
    return f"{{{text}}}", publishes(said), frozenset(said.get("editions", {}).items())


_ANY_ID: Final = "12345678-9abc-4def-8123-456789abcdef"
