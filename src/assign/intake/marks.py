"""
What is printed in a cell of marks → the mark, and what stands beside it: the sign of a footnote, a quantity, a condition.

A cell is a mark whole, or a mark and signs of footnotes that the mapping knows. Where the mapping says `rest: in_remark` of a column, a
quantity, a condition or brackets behind a mark are no part of it, and go into the row's remark. What may be another mark, or says who
does the work, is never passed over so: then the cell as a whole is a mark that nobody has explained.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from assign.catalog.model import is_condition

from .mapping import Column, Mark
from .parties import from_a_day
from .vocabulary import vocabulary

_REST: Final = re.compile(r"[\s　(（\[［〔【0-9０-９]")
_PLAIN: Final = re.compile(r"[(（\[［〔【].*[)）\]］〕】]|(?:約|年間?|月|延べ|計)?\s*[0-9０-９].*", re.DOTALL)
_PARTY: Final = re.compile(
    r"受託|委託|職員|直営|業者|(?:当|本|[^都道府県])?市(?![内外民立販])|(?:課|係|班|室|支所|窓口)(?:が|は|で|対応|担当)|担当[:：]|国保連|広域連合|年金事務所|年金機構"
)


class Beside(NamedTuple):
    """A mark that the mapping knows, and what stands beside it in the cell."""

    mark: str
    rest: str


def read(text: str, column: Column, signs: Sequence[str]) -> Beside | None:
    """The mark of a cell; None where the mapping knows none that it begins with."""
    known = {mark.printed for mark in column.marks}
    if text in known:
        return Beside(text, "")
    base = without_signs(text, signs)
    if base in known:
        return Beside(base, "")
    if column.rest:
        for mark in sorted(filter(None, known), key=len, reverse=True):
            if base.startswith(mark) and _REST.match(rest := base[len(mark) :]):
                rest = rest.strip()
                return Beside(mark, rest) if _beside(rest, known) else None
    return None


def mark_of(text: str, column: Column, signs: Sequence[str]) -> Mark | None:
    """What the mapping says of the mark of a cell; None where it knows none that the cell begins with."""
    found = read(text, column, signs)
    return None if found is None else next(mark for mark in column.marks if mark.printed == found.mark)


def without_signs(text: str, signs: Sequence[str]) -> str:
    """A cell without the signs of footnotes at its end, in brackets or not."""
    return _parted(text, signs)[0]


def signs_of(text: str, signs: Sequence[str]) -> list[str]:
    """The signs of footnotes at the end of a mark's cell."""
    return _parted(text, signs)[1]


def _parted(text: str, signs: Sequence[str]) -> tuple[str, list[str]]:
    base, found = text, []
    while form := next((form for form in _with_brackets(signs) if base.endswith(form) and base != form), ""):
        found.append(form.strip("（()）"))
        base = base.removesuffix(form).rstrip(" 　、,")
    return base, found


def has_sign(text: str, sign: str) -> bool:
    """
    Whether a name or a remark has a footnote's sign; a number alone is none there, and `※1` is not that of `※12`.

    >>> has_sign("受付※1", "※1"), has_sign("受付※12", "※1"), has_sign("年120件", "1")
    (True, False, False)
    """
    return not sign.isalnum() and re.search(rf"{re.escape(sign)}(?![0-9０-９])", text) is not None


def _with_brackets(signs: Sequence[str]) -> list[str]:
    return [form for sign in signs for form in (sign, f"（{sign}）", f"({sign})")]


def _beside(rest: str, known: set[str]) -> bool:
    """Whether what stands behind a mark leaves it the mark that it is."""
    if from_a_day(rest):  # ○（R8.3.31まで）
        return False
    other = any(mark and mark in rest for mark in (*known, *vocabulary()["sign"]["mark"])) or _PARTY.search(rest)
    return not other and (_PLAIN.fullmatch(rest) is not None or is_condition(rest))
