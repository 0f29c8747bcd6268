"""
Values → YAML as a person would write it, on one line each: what our reader reads back is what was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

# What needs no quotes: nothing that YAML gives a meaning to, and nothing that an editor takes for a number, a truth value or nothing.
_PLAIN: Final = re.compile(r"[A-Za-z\u00a1-\uffee][^\s:#,\[\]{}&*!|>'\"%@`?\\]*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def flow(value: Any) -> str:
    """
    A value on one line.

    >>> flow({"ja": "窓口", "en": "counter: 1"})
    '{ja: 窓口, en: "counter: 1"}'
    >>> flow({"when": {"mark": "○", "way": ""}, "line": 3})
    '{when: {mark: ○, way: ""}, line: 3}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(name)}: {flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.casefold() not in _WORDS
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(flow, value)) + "]"
    raise TypeError(value)


def entries(name: str, values: Sequence[Any]) -> str:
    """A list under its name, an entry a line; an empty one on the name's own line."""
    if not values:
        return f"{name}: []\n"
    return f"{name}:\n" + "".join(f"  - {flow(value)}\n" for value in values)
