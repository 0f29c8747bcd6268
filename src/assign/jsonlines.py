"""
JSON Lines: what one line asks, and a pattern of lines that need no reading.

`read` is the reference: it reads a line, and says what is wrong with one. `like` looks at the first objects of a file and makes
a regular expression of what JSON like theirs can be, so that the engine of a batch vouches for the other lines by itself. A
line that fits is one object with some of those names, none of them twice, and nothing in it that two readers of JSON
understand differently; every other line is read here.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from itertools import islice, pairwise
from typing import Any, Final

from .errors import first_line
from .table import ANSWERED, ASKED


def read(text: str, bad: bool) -> tuple[dict[str, Any], tuple[str | None, ...] | None]:
    """
    A line → its object, and the words of the request.

    Args:
        bad: Whether it was not UTF-8.

    Returns:
        Where there is no request: `line` and `error`, which says why, and None.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("名前が2度あります / a name stands twice")
        return found

    try:
        if bad:
            raise ValueError("UTF-8 ではありません / not UTF-8")
        body = json.loads(text, object_pairs_hook=once, parse_float=Fraction)
        if not isinstance(body, dict):
            raise ValueError("オブジェクトではありません / not an object")  # noqa: TRY004 - one kind of damage
        if taken := [name for name in ANSWERED if name in body]:
            raise ValueError(f"`{taken[0]}` は答えの項目です / `{taken[0]}` is a field of the answer")
    except (ValueError, RecursionError) as error:
        return {"line": text.rstrip("\r\n"), "error": f"damaged_row: {first_line(error)}"}, None
    return body, tuple(word(body.get(name)) for name in ASKED)


class Fraction(float):
    """A number of JSON, and how it is written: `1.50`."""

    def __init__(self, text: str) -> None:
        self.text = text


def word(value: Any) -> str | None:
    """A JSON value as the word that a person would write; what is none stays what it is, and is refused."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Fraction):
        return value.text
    return str(value) if type(value) is int else json.dumps(value, ensure_ascii=False)


# -- lines that fit --------------------------------------------------------------------------------------------------

# Of many more fields, or kinds of one nested object, and of a pattern twice as long (in characters) Python is the faster.
MOST_NAMES: Final = 60
LONGEST_PATTERN: Final = 30_000
NOTHING: Final = r"[^\s\S]"
_GAP: Final = r"[ \t]*"
# A half of a pair of surrogates is left to Python, and a number too long to be one for it.
_STRING: Final = (
    r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u(?:[0-9a-cefA-CEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}'
    r'|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})))*"'
)
_WORD: Final = rf"(?:{_STRING}|0|[1-9][0-9]{{0,17}}|null)"
_PLAIN: Final = rf"(?:{_STRING}|-?(?:0|[1-9][0-9]{{0,17}})|true|false|null)"  # one text, whoever writes it
_FLAT: Final = rf"{_STRING}|-?(?:0|[1-9][0-9]{{0,17}})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{{1,2}})?|true|false|null"


def like(bodies: list[dict[str, Any]], *, plain: bool = False) -> str:
    """
    A pattern of lines that hold one object with some of the names of these: in one order, so that none stands twice.

    Such a line has its bracket at its end, which is to be seen to: the pattern takes a separator there, too.

    Args:
        plain: Whether its values are to become text: none is nested then, and none a fraction.
    """
    names = list(dict.fromkeys(name for body in bodies for name in body))
    if len(names) > MOST_NAMES:
        return NOTHING
    order = TopologicalSorter(dict.fromkeys(names, ()))
    for before, after in dict.fromkeys(pair for body in bodies for pair in pairwise(body)):
        order.add(after, before)
    with suppress(CycleError):  # where some have another order than others, that of the first
        names = list(order.static_order())
    pairs = []
    for name in names:
        if name in ASKED or plain:
            value = _WORD if name in ASKED else _PLAIN
        else:
            value = _value([body[name] for body in bodies if name in body], 3)
        pairs.append(rf"(?:{_name(name)}{value}{_GAP}(?:,{_GAP}|\}}$))?")
    pattern = rf"^\{{{_GAP}(?:{''.join(pairs)}$)"
    return pattern if pairs and len(pattern) < LONGEST_PATTERN else NOTHING


def _value(values: list[Any], depth: int) -> str:
    """A pattern of any flat value, and of nested ones that hold what these hold."""
    kinds = [_FLAT]
    if depth and (lists := [value for value in values if isinstance(value, list)]):
        one = _value([item for value in lists for item in value], depth - 1)
        kinds.append(rf"\[{_GAP}(?:{one}{_GAP}(?:,{_GAP}{one}{_GAP})*)?\]")
    by_names: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for value in values:
        if depth and isinstance(value, dict):
            by_names.setdefault(tuple(value), []).append(value)
    for names, objects in islice(by_names.items(), MOST_NAMES):
        pairs = (_name(name) + _value([value[name] for value in objects], depth - 1) + _GAP for name in names)
        kinds.append(rf"\{{{_GAP}{f',{_GAP}'.join(pairs)}\}}")
    return f"(?:{'|'.join(kinds)})"


def _name(name: str) -> str:
    """A name as it may be written, to its colon."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return NOTHING
    written = dict.fromkeys(re.escape(json.dumps(name, ensure_ascii=escaped)) for escaped in (False, True))
    return f"(?:{'|'.join(written)}){_GAP}:{_GAP}"
