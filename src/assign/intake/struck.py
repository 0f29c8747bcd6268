"""
Text that is struck through, where the mapping says that it is then not there (見え消し): rows without it, each place noted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from assign.errors import shown

from .looks import Colours
from .notes import Notes
from .sheets import Cell, Row


def without(rows: Sequence[Row], colours: Colours | None, names: Collection[int], notes: Notes) -> Iterator[Row]:
    """
    Rows as they are without what is struck through.

    Args:
        names: Where the columns of names stand: a row whose name is struck through as a whole is no row.
    """
    for row in rows:
        left = [colours.left_of(cell) for cell in row.cells] if colours else list(row.cells)
        taken = [(old, new) for old, new in zip(row.cells, left, strict=True) if new is not old and old.text.strip()]
        if any(old.column in names and not new.text.strip() for old, new in taken):
            whole = " ".join(cell.text.strip() for cell in row.cells if cell.text.strip())
            notes.doubtful(
                row, "struck_row", f"業務の名称に取消線があります。行ではないとしました: {shown(whole, 80)}",
                f"the name is struck through, so it is no row: {shown(whole, 80)}",
            )  # fmt: skip
            continue
        for old, new in taken:
            _noted(old, new, notes)
        yield replace(row, cells=tuple(left)) if taken else row


def _noted(old: Cell, new: Cell, notes: Notes) -> None:
    ja, en = (shown(new.text), shown(new.text)) if new.text.strip() else ("空欄", "blank")
    notes.repaired(
        old, "struck", f"取消線の文字を除いて {ja} と読みました（印字は {shown(old.text)}）",
        f"read without what is struck through: {en} (printed {shown(old.text)})",
    )  # fmt: skip
