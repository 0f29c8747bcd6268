"""
What is printed in a cell of marks → the mark, and what stands beside it: the sign of a footnote, a quantity, a name, a condition.

A cell is a mark whole, or a mark and signs of footnotes that the mapping knows. Where the mapping says `rest: in_remark` of a column, what
follows a mark after a space or in brackets, or in digits, is no part of the mark; it goes into the row's remark, and is lost nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from .mapping import Column

_REST: Final = re.compile(r"[\s　(（\[［〔【0-9０-９]")


class Beside(NamedTuple):
    """A mark that the mapping knows, and what stands beside it in the cell."""

    mark: str
    rest: str


def read(text: str, column: Column, signs: Sequence[str]) -> Beside | None:
    """The mark of a cell; None where the mapping knows none that it begins with."""
    known = {mark.printed for mark in column.marks}
    if text in known:
        return Beside(text, "")
    base = text
    while sign := next((s for s in signs if base.endswith(s) and base != s), ""):
        base = base.removesuffix(sign).rstrip(" 　、,")
    if base in known:
        return Beside(base, "")
    if column.rest:
        for mark in sorted(filter(None, known), key=len, reverse=True):
            if base.startswith(mark) and _REST.match(base[len(mark) :]):
                return Beside(mark, base[len(mark) :].strip())
    return None
