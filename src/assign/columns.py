"""
Text by its columns: how wide it is, and where a line of it may break.

Full-width text is measured by Unicode's East Asian width. Characters of ambiguous width (○ △ ×) count as two, as
Japanese terminals show them: a line is then never too long. wcwidth would do the measuring, but costs a cold start 26 ms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from assign.errors import visible

_NEVER_FIRST: Final = "、。，．）」』】〕：；？！ー々・／…)]},.;:?!ぁぃぅぇぉっゃゅょァィゥェォッャュョ"  # what may not open a Japanese line
_NEVER_LAST: Final = "（「『【〔(["


_COMMAND: Final = re.compile("(`assign [^`]*`)")  # to be copied: on one line, however long


def width(text: str) -> int:
    """Columns that a text takes: wide, full-width and ambiguous characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WFA" else 1


def wrap(text: str, columns: int) -> list[str]:
    """
    Lines of at most `columns`: between any two full-width characters (but for 、 and the like), at spaces elsewhere.

    A character that a terminal obeys, or that nobody sees, is shown as an escape, whichever way it came in.
    """
    lines: list[str] = []
    line = ""
    for whole in pieces(visible(text)):
        piece = whole
        if line and width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        while (
            len(piece) > columns // 2 and width(piece) > columns and "`assign " not in piece
        ):  # one word longer than a line
            cut, used = 0, 0
            while cut < len(piece) and used + _columns(piece[cut]) <= columns:
                used += _columns(piece[cut])
                cut += 1
            lines.append(piece[: cut or 1])
            piece = piece[cut or 1 :]
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def pieces(text: str) -> list[str]:
    """What may not be broken: a full-width character with what must stay beside it, a word with its space, a command in backticks."""
    found: list[str] = []
    for c in _units(text):
        before = found[-1][-1] if found else ""
        wide = unicodedata.east_asian_width(c[0]) in "WF"
        if found and (
            c in _NEVER_FIRST
            or before in _NEVER_LAST
            or (not wide and before != " " and unicodedata.east_asian_width(before) not in "WF")
            or c == " "
        ):
            found[-1] += c
        else:
            found.append(c)
    return found


def _units(text: str) -> Iterator[str]:
    """Characters; a command is one."""
    if "`assign " not in text:
        yield from text
        return
    for at, part in enumerate(_COMMAND.split(text)):
        yield from [part] if at % 2 else part


def labelled(pairs: Iterable[tuple[str, str]], columns: int, beside: Iterable[tuple[str, str]]) -> list[str]:
    """Lines of `label  text`, the text wrapped beside its label, all labels as wide as the widest of `beside`."""
    indent = max((width(label) for label, _ in beside), default=0) + 2
    lines: list[str] = []
    for label, text in pairs:
        first, *rest = wrap(text, columns - indent)
        lines.append(label + " " * (indent - width(label)) + first)
        lines += [" " * indent + line for line in rest]
    return lines
