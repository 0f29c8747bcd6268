"""
Values ↔ the one spelling that a record has of them: canonical JSON (RFC 8785), and times.

What is hashed is bytes, so that each value has one form and each form one value. Whoever reads takes nothing else: no second
name, no fraction, no number that some readers round, no depth at which some give up.
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
_BEYOND: Final = range(0xF0, 0xF5)  # bytes with which characters beyond U+FFFF begin: UTF-16 puts them before U+E000


def canonical(value: object) -> bytes:
    """
    RFC 8785 for what records and answers are made of: ASCII names, text, whole numbers below 2**53, true, false, null.

    For these the standard library's encoder with sorted names gives the canonical form; a test holds it equal to the
    package rfc8785 on every record and answer, and `record.check` lets nothing else in.
    """
    return ENCODER.encode(value).encode("utf-8")


def read(payload: bytes) -> dict[str, Any]:
    """
    The record that some bytes hold; read as `standalone.py` reads it, and `tests/payloads.py` holds both to one list.

    Raises:
        ValueError: They are not one JSON object in its canonical form (RFC 8785), of whole numbers below 2**53 alone, and
        nothing more than 64 levels below it.
    """
    try:
        text = payload.decode("utf-8")
        found = _DECODER.decode(text)
        if text.count("{") + text.count("[") > DEEPEST or any(map(payload.__contains__, _BEYOND)):
            same = type(found) is dict and _AS_IT_STANDS.encode(_ordered(found)) == text
        else:  # not too deep, and all names in the order of Python, too
            same = type(found) is dict and ENCODER.encode(found) == text
    except RecursionError:
        same = False
    if not same:
        raise ValueError("not the canonical form of an object")
    return found  # type: ignore[no-any-return]  # a dict


def _ordered(value: Any, deep: int = 0) -> Any:
    """The same with names in the order of their UTF-16 code units. Raises ValueError where it is too deep."""
    if deep > DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _ordered(value[name], deep + 1) for name in names}
    return [_ordered(each, deep + 1) for each in value] if isinstance(value, list) else value


def moment(when: datetime | None = None) -> str:
    """A time as records have it: UTC, to the millisecond."""
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
