"""
A cell of marks → what it holds, and what its look means instead of it.

Where its look or its merging may say more than its text, the mapping must have said what; a formula without a value, and a number
printed in a way that is not seen here, cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from assign.catalog.manifest import UNREAD
from assign.errors import hidden, shown

from .looks import UNREADABLE, Colours, Look, Unsaid, dress
from .mapping import Mapping as TheMapping
from .notes import Notes
from .sheets import Cell

_NOTHING_SAID: Final = Colours("", ())


def one_line(text: str) -> str:
    """A cell's text without what nobody sees, and on one line."""
    text = re.sub(r"\s*\n\s*", " ", text.strip())
    while (c := hidden(text)) is not None:
        text = text.replace(c, " " if c.isspace() else "")
    return text.strip()


class MarkCells:
    """The cells of marks of one row. `names`: the cells of its name, and `of_row` what they wear, which is about all of its marks."""

    def __init__(
        self,
        mapping: TheMapping,
        notes: Notes,
        unsaid: Unsaid,
        merged: Mapping[tuple[int, int], Cell],
        names: Sequence[Cell],
        of_row: Sequence[str],
    ) -> None:
        self._mapping = mapping
        self._notes = notes
        self._unsaid = unsaid
        self._merged = merged
        self._names = names
        self._of_row = of_row

    def read(self, index: int, cell: Cell | None) -> tuple[str, Look | None]:
        """What a cell holds, and what its look means instead. `index`: which column of marks it is of."""
        if cell is None:
            first = self._names[0] if self._names else Cell("")
            cell = Cell("", first.sheet, first.row)
        notes = self._notes
        text = one_line(cell.text)
        top = self._merged.get((cell.row, cell.column))
        if top is not None or cell.merged is not None:
            if not self._mapping.merged_marks:
                notes.refused(
                    cell, "merged", "印のセルが結合されています（`merged_marks` に holds_for_all か holds_for_first を書いてください）",
                    "a merged cell of marks (write `merged_marks`: holds_for_all or holds_for_first)",
                )  # fmt: skip
            elif self._mapping.merged_marks == "holds_for_all" and top is not None:
                text = one_line(top.text)
        looks = {*cell.look, *(top.look if top is not None else ())}
        if {"formula without a value", "error"} & looks:
            notes.doubtful(
                cell, "formula", "計算されていない式か、式の誤りです。読めない欄にしました",
                "a formula that was never worked out, or failed: the cell counts as unreadable",
            )  # fmt: skip
            return UNREAD, None
        if odd := next((look for look in looks if look.startswith("format ")), ""):
            code = shown(odd.removeprefix("format "))
            notes.doubtful(
                cell, "format", f"表示形式 {code} のため、印字される形が分かりません。読めない欄にしました",
                f"its number format ({code}) prints it in another way: the cell counts as unreadable",
            )  # fmt: skip
            return UNREAD, None
        own = list(dict.fromkeys([*dress(cell), *(dress(top) if top is not None else ())]))
        return self._as_dressed(self._unwrapped(index, text, cell, top), cell, own)

    def _unwrapped(self, index: int, text: str, cell: Cell, top: Cell | None) -> str:
        """A mark without the breaks of its line."""
        printed = (cell.text if top is None else top.text).strip()
        mark = "".join(printed.split())
        known = {each.printed for each in self._mapping.of_marks[index].marks}
        if not text or "\n" not in printed or text in known or mark not in known:
            return text
        self._notes.repaired(
            cell, "mark_wrapped", f"セルの中で改行された印を {shown(mark)} と読みました", f"a mark with a line break in its cell is read as {shown(mark)}"
        )  # fmt: skip
        return mark

    def _as_dressed(self, text: str, cell: Cell, own: list[str]) -> tuple[str, Look | None]:
        """A mark, and what its look and that of the row's name mean."""
        of_row = list(self._of_row)
        if self._mapping.colours is None:  # a line through a text needs no word of the mapping to be one
            self._unsaid.add(cell, [look for look in own if "strike" not in look])
            if self._names:
                self._unsaid.add(self._names[0], [look for look in of_row if "strike" not in look])
            own, of_row = ([look for look in looks if "strike" in look] for looks in (own, of_row))
        if not (own or of_row):
            return text, None
        look = (self._mapping.colours or _NOTHING_SAID).together([*of_row, *own])
        at = cell if own else self._names[0]
        if look is not None and look.means == UNREADABLE:
            code, ja = ("struck", "取消線") if "strike" in look.look else ("colour", f"見た目 {look.look}")
            self._notes.doubtful(
                at, code, f"{ja}があり、その意味を読まないので、{'この欄' if own else 'この行の印'}は読めない欄にしました（市職員・回答待ち）",
                f"its look ({look.look}) has a meaning that is not read: {'the cell counts' if own else 'its marks count'} as unreadable (city staff, needs a ruling)",
            )  # fmt: skip
            return UNREAD, None
        if look is not None:
            ja, en = f"見た目 {look.look} を {look.means} と読みました", f"its look {look.look} is read as {look.means}"
            self._notes.repaired(at, "colour", ja, en)
        return text, look
