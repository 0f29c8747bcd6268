"""
The header of a table → what is printed above each column, and where the columns of a mapping stand.

A header has one row or more. What a merged cell says holds for all columns below it: `取扱/窓口` is 窓口 under 取扱. A column that is named by
its place and by its header must have that header: a column that somebody has put in since is found before a mark is read as another's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from assign.errors import shown
from assign.words import normal

from .mapping import Column
from .sheets import Row, letters

ONCE = (
    "number",
    "branch",
    "name",
    "number_and_name",
    "division",
)  # roles that a table has one column of, whatever it is headed


class Placed(NamedTuple):
    """Where the columns stand, from 1; the columns of marks by their order among themselves; which headings there are."""

    places: tuple[tuple[Column, int], ...]
    marks: tuple[tuple[int, int], ...]
    headings: tuple[str, ...]


def headers(rows: Sequence[Row]) -> dict[int, str]:
    """What is printed above each column: of several rows all of it, with `/` between."""
    widest = max((cell.column for row in rows for cell in row.cells), default=0)
    found: dict[int, list[str]] = {column: [] for column in range(1, widest + 1)}
    texts = [_spread(row, rows[at + 1] if at + 1 < len(rows) else None) for at, row in enumerate(rows)]
    for each in texts:
        for column, text in each.items():
            if text and text not in found[column]:
                found[column].append(text)
    return {column: "/".join(parts) for column, parts in found.items()}


def _spread(row: Row, below: Row | None) -> dict[int, str]:
    """A header row's texts; a merged cell's, or one with nothing at its right and something below, holds for its neighbours, too."""
    texts = {cell.column: "".join(cell.text.split()) for cell in row.cells}
    merged = any(cell.merged for cell in row.cells)
    for cell in row.cells:
        if cell.merged and not cell.covered:
            texts |= dict.fromkeys(range(cell.merged.left, cell.merged.right + 1), texts[cell.column])
    if below is None or merged:
        return texts
    under = {cell.column: cell.text.strip() for cell in below.cells}
    for column in sorted(set(texts) | set(under)):
        if not texts.get(column) and under.get(column) and texts.get(column - 1) and under.get(column - 1):
            texts[column] = texts[column - 1]
    return texts


def placed(
    columns: Sequence[Column],
    printed: Mapping[int, str],
    elsewhere: Collection[str] = (),
    *,
    channel: str = "",
    shifted: bool = False,
) -> Placed:
    """
    The places of a mapping's columns. One that this table lacks and another has is in none: its marks cannot be read here.

    Args:
        printed: What stands above each column; empty where there is no header.
        elsewhere: What stands above the columns of all tables.
        channel: The one that all of this table is of, if it is.
        shifted: Whether cells have shifted: columns then have an order, and no place.

    Raises:
        RuleFileError: A column is not there, or has another header.
    """
    places = []
    whole = {normal(column.header) for column in columns}
    for order, column in enumerate(columns, start=1):
        if column.of_part and column.channel != channel:
            if not channel and column.header and _among(column, printed.values()):
                raise column.node.fail(
                    f"見出し {shown(column.header)} の表に、その場（`parts` の `channel`）が書いてありません",
                    f"a table with the header {shown(column.header)} does not say its channel (`channel` in `parts`)",
                )
            continue
        others = whole - {
            normal(column.header)
        }  # a column that another entry names whole is not this one by its lowest row
        mine = {at: text for at, text in printed.items() if normal(text) not in others}
        if shifted:
            if column.header and not any(
                _is(column.header, text) or normal(column.header) in normal(text) for text in printed.values()
            ):
                raise _lost(column, printed)
            places.append((column, order))
        elif printed and column.header and not _among(column, mine.values()) and _among(column, elsewhere):
            continue
        else:
            places.append((column, _place(column, printed if column.place else mine)))
    taken: dict[int, Column] = {}
    for column, at in places:
        if at in taken:
            raise column.node.fail(
                f"{letters(at)} 列が2度書かれています（{shown(column.header or taken[at].header)}）",
                f"column {letters(at)} stands twice ({shown(column.header or taken[at].header)})",
            )
        taken[at] = column
        if column.role in ONCE and any(each.role == column.role for each in taken.values() if each is not column):
            raise column.node.fail(
                f"`role: {column.role}` が1つの表に2度あります", f"`role: {column.role}` stands twice in one table"
            )
    if not shifted:
        _all_said(columns, printed, taken)
    of_marks = [column for column in columns if column.role == "mark"]
    return Placed(
        tuple(places),
        tuple((of_marks.index(column), at) for column, at in places if column.role == "mark"),
        tuple(column.role for column, _ in places if column.role in ("section", "group")),
    )


def _among(column: Column, texts: Iterable[str]) -> bool:
    return any(_is(column.header, text) for text in texts)


def _place(column: Column, printed: Mapping[int, str]) -> int:
    if column.place:
        if column.header and printed and not _is(column.header, printed.get(column.place, "")):
            there = printed.get(column.place, "")
            raise column.node.fail(
                f"{letters(column.place)} 列の見出しは {shown(column.header)} のはずが {shown(there)} です",
                f"the header of column {letters(column.place)} is {shown(there)}, not {shown(column.header)}",
            )
        return column.place
    found = [at for at, text in printed.items() if normal(text) == normal(column.header)]
    found = found or [at for at, text in printed.items() if _is(column.header, text)]
    if len(found) != 1:
        if found:
            where = "、".join(letters(at) for at in found)
            raise column.node.fail(
                f"見出し {shown(column.header)} は {where} 列にあります（`column` も書いてください）",
                f"the header {shown(column.header)} stands above {where} (write `column`, too)",
            )
        raise _lost(column, printed)
    return found[0]


def _lost(column: Column, printed: Mapping[int, str]) -> Exception:
    known = list(dict.fromkeys(filter(None, printed.values())))
    return column.node.fail(
        f"見出し {shown(column.header)} の列がありません", f"no column has the header {shown(column.header)}", known[:8]
    )


def _is(header: str, text: str) -> bool:
    """A header is given whole, or by its lowest row."""
    return normal(header) in (normal(text), normal(text.rpartition("/")[2]))


def _all_said(columns: Sequence[Column], printed: Mapping[int, str], taken: Mapping[int, Column]) -> None:
    """A printed column that the mapping does not name would be lost in silence."""
    lost = [f"{letters(at)}（{text}）" for at, text in printed.items() if text and at not in taken]
    if lost:
        raise columns[-1].node.fail(
            f"マッピングにない列があります: {'、'.join(lost)}（使わない列は role: ignored と書いてください）",
            f"columns that the mapping does not name: {', '.join(lost)} (one that is not used has `role: ignored`)",
        )
