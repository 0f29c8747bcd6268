"""
Marks that mean what another cell says, by the legend's own word: 〃 is the mark of the row above, a blank that of another channel.

The mark that holds goes into the catalog, and what is printed into the remark, with the legend's sentence: nothing is read in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Final

from assign.catalog.manifest import UNREAD
from assign.errors import shown

from .mapping import AS_ABOVE, AS_CHANNEL, Column, Mark
from .mapping import Mapping as TheMapping
from .marks import read as read_mark
from .marks import signs_of
from .notes import Notes
from .sheets import Cell, Row, letters

_DEEPEST: Final = 9  # a channel that is like one that is like another


def copied(
    mapping: TheMapping,
    marks: MutableMapping[int, str],
    above: Mapping[int, str],
    cells: Mapping[int, Cell],
    row: Row,
    notes: Notes,
) -> list[str]:
    """
    Put the mark that holds in place of each that only points at another; what is printed is returned, for the remark.

    Args:
        marks: Of a row, by column of marks; changed.
        above: Those that hold of the row above, where there is one in the table, and under the same heading.
    """
    said = []
    printed = dict(marks)
    for index in marks:
        column = mapping.of_marks[index]
        mark = _points(mapping, column, printed[index])
        if mark is None:
            continue
        found = _found(mapping, index, printed, above)
        signs = signs_of(printed[index], mapping.signs)
        marks[index] = UNREAD if found is None else "".join([found, *signs])
        at, name = cells.get(index, row), shown(mark.printed) if mark.printed else "空欄"
        if found is None:
            notes.doubtful(
                at, "points_nowhere", f"{name} が指す欄がないか、読めません（市職員・回答待ちになります）",
                f"the cell that {name} points at is not there, or cannot be read (city staff, needs a ruling)",
            )  # fmt: skip
            continue
        notes.repaired(
            at, "points_at", f"{name} を、凡例のとおり {shown(found) if found else '空欄'} と読みました",
            f"{name} is read as {shown(found) if found else 'blank'}, as the legend says",
        )  # fmt: skip
        why = f"（{mark.legend.text}）" if mark.legend else ""
        said.append(f"{column.header.rpartition('/')[2] or letters(column.place)}: 印字は{name}{why}")
    return said


def _points(mapping: TheMapping, column: Column, text: str) -> Mark | None:
    """The mark of a cell that means what another cell says."""
    found = read_mark(text, column, mapping.signs)
    of = next((mark for mark in column.marks if found is not None and mark.printed == found.mark), None)
    return of if of is not None and of.means in (AS_ABOVE, AS_CHANNEL) and not (found and found.rest) else None


def _found(
    mapping: TheMapping, index: int, printed: Mapping[int, str], above: Mapping[int, str], depth: int = 0
) -> str | None:
    """What the cell that a mark points at says; None where there is none."""
    column = mapping.of_marks[index]
    mark = _points(mapping, column, printed[index])
    if mark is None:
        return printed[index]
    if mark.means == AS_ABOVE:
        return above.get(index)
    beside = (
        at
        for at, other in enumerate(mapping.of_marks)
        if at in printed and (other.channel, other.party, other.acts) == (mark.channel, column.party, column.acts)
    )
    at = next(beside, None)
    return None if at is None or depth > _DEEPEST else _found(mapping, at, printed, above, depth + 1)


def remark_above(column: Column, text: str, above: str | None, row: Row, notes: Notes) -> tuple[str, str]:
    """A remark that stands for that of the row above → that remark, and what is printed; any other as it is."""
    mark = column.above
    if mark is None or mark.legend is None or text.strip() != mark.printed:
        return text, ""
    if above is None:
        notes.doubtful(
            row, "points_nowhere", f"{shown(text)} が指す上の行の備考がありません（条件として答えに示します）",
            f"there is no remark above that {shown(text)} points at (shown with the answer)",
        )  # fmt: skip
        return text, ""
    notes.repaired(row, "points_at", f"{shown(text)} を、凡例のとおり上の行の備考と読みました", f"{shown(text)} is read as the remark above, as the legend says")  # fmt: skip
    return above, f"備考: 印字は{shown(text)}（{mark.legend.text}）"
