"""
A CSV of cases a month by row id → how much an answer or a decision weighs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from assign.errors import listed, shown
from assign.words import nearest, normal

from .spreadsheet import at_line, text_of

_IDS: Final = ("id", "row", "行", "行のid", "行id")
_COUNTS: Final = ("volume", "volumes", "count", "monthly", "件数", "月間件数", "月の件数")
_NUMBER: Final = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2}")


def read(path: Path, known: Collection[str]) -> dict[str, int]:
    """
    Cases a month by row id.

    Args:
        path: CSV in UTF-8 or cp932 with a heading: a column `id` (行) and a column `volume` (件数); others are passed over.
        known: The ids that a row may have.

    Raises:
        DataError: With the first line that does not fit, and the nearest id.
    """
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    found: dict[str, int] = {}
    try:
        head = [normal(name) for name in next(reader, [])]
        at = [next((place for place, name in enumerate(head) if name in names), None) for names in (_IDS, _COUNTS)]
        if at[0] is None or at[1] is None:
            raise at_line(
                path,
                1,
                "見出しに `id` と `volume`（行、件数）の列が要ります",
                "the heading needs the columns `id` and `volume`",
            )
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) <= max(at[0], at[1]):
                raise at_line(path, reader.line_num, "セルが足りません", "a cell is missing")
            row, count = cells[at[0]].strip(), normal(cells[at[1]])
            if row not in known:
                near = nearest(row, known)
                raise at_line(
                    path,
                    reader.line_num,
                    f"行 {shown(row)} は一覧にありません{f'（近いもの: {listed(near)}）' if near else ''}",
                    f"the list has no row {shown(row)}{f' (near: {listed(near)})' if near else ''}",
                )
            if row in found:
                raise at_line(
                    path, reader.line_num, f"行 {shown(row)} が2度あります", f"the row {shown(row)} stands twice"
                )
            if not _NUMBER.fullmatch(count):
                raise at_line(
                    path,
                    reader.line_num,
                    f"件数 {shown(count)} は 0 以上の整数ではありません",
                    f"{shown(count)} is no whole number of cases",
                )
            found[row] = int(count.replace(",", ""))
    except csv.Error as error:
        raise at_line(path, reader.line_num, f"CSV として読めません（{error}）", f"not CSV ({error})") from None
    return found
