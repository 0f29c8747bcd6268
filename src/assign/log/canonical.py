"""
Values ↔ their one canonical form in a record: JSON as RFC 8785 has it, and times.

Hashes are over bytes, so each value must have one form, and each form one value. A reader accepts nothing else: no duplicate
name, no fraction, no number that some parsers round, no nesting that some parsers refuse.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_AS_IT_STANDS: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
DEEPEST: Final = 64
_BEYOND: Final = range(
    0xF0, 0xF5
)  # first bytes of characters beyond U+FFFF, which RFC 8785 (by UTF-16) sorts before U+E000


def canonical(value: object) -> bytes:
    """
    RFC 8785 for what records and answers are made of: ASCII names, text, whole numbers below 2**53, true, false, null.

    For these the standard library's encoder with sorted names gives the canonical form; a test holds it equal to the
    package rfc8785 on every record and answer, and `record.check` lets nothing else in.
    """
    return ENCODER.encode(value).encode("utf-8")


def read(payload: bytes) -> dict[str, Any]:
    """
    The record that some bytes hold. `audit.verifier` reads them alike; `tests/payloads.py` holds both to one list of cases.

    Raises:
        ValueError: They are not one JSON object in canonical form (RFC 8785), with no numbers but whole ones below 2**53, and
        nested at most 64 levels deep.
    """
    try:
        text = payload.decode("utf-8")
        found = _DECODER.decode(text)
        if text.count("{") + text.count("[") > DEEPEST or any(map(payload.__contains__, _BEYOND)):
            same = type(found) is dict and _AS_IT_STANDS.encode(_ordered(found)) == text
        else:  # not too deep, and without characters that Python sorts otherwise
            same = type(found) is dict and ENCODER.encode(found) == text
    except RecursionError:
        same = False
    if not same:
        raise ValueError("not the canonical form of an object")
    return found  # type: ignore[no-any-return]  # a dict


def _ordered(value: Any, deep: int = 0) -> Any:
    """The same with names sorted by their UTF-16 code units. Raises ValueError where it is nested too deep."""
    if deep > DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _ordered(value[name], deep + 1) for name in names}
    return [_ordered(each, deep + 1) for each in value] if isinstance(value, list) else value


def moment(when: datetime | None = None) -> str:
    """A time as records have it: UTC, to the millisecond. None: now."""
    if when is None:
        second, rest = divmod(time.time_ns(), 1_000_000_000)
        return f"{_second(second)}.{rest // 1_000_000:03}Z"
    return when.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:19]


def _fraction(_text: str) -> float:
    raise ValueError("a record has whole numbers alone")


def _number(text: str) -> int:
    if len(text) > 17 or (number := abs(int(text))) >= 2**53:
        raise ValueError("a record has numbers below 2**53 alone")
    return -number if text[0] == "-" else number


_DECODER: Final = json.JSONDecoder(parse_float=_fraction, parse_constant=_fraction, parse_int=_number)
