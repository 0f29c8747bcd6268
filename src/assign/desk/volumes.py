"""
A CSV of cases a month by row id → how much an answer or a decision weighs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from assign.errors import listed, shown
from assign.words import Bilingual, nearest, normal

from .spreadsheet import at_line, text_of

_IDS: Final = ("id", "row", "行", "行のid", "行id")
_COUNTS: Final = ("volume", "volumes", "count", "monthly", "件数", "月間件数", "月の件数")
MOST_NAMED: Final = 10  # rows without a figure; how many there are is said
_NUMBER: Final = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2}")


def read(path: Path, known: Collection[str]) -> dict[str, int]:
    """
    Cases a month by row id.

    Args:
        path: CSV in UTF-8 or cp932 with a heading: a column `id` (行) and a column `volume` (件数); others are passed over.
        known: The ids that a row may have; of a list with editions those of all of them, so that one file serves every command.

    Raises:
        DataError: With the first line that does not fit, and the nearest id.
    """
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    found: dict[str, int] = {}
    try:
        head = [normal(name) for name in next(reader, [])]
        ids, counts = _column(path, head, _IDS), _column(path, head, _COUNTS)
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) <= max(ids, counts):
                raise at_line(path, reader.line_num, "セルが足りません", "a cell is missing")
            if len(cells) > len(head):  # `id,1,000`: 1 would be taken for a thousand
                raise at_line(
                    path,
                    reader.line_num,
                    f'見出しは {len(head)} 列なのに {len(cells)} 列です（余分なコンマを消すか、`"1,000"` のように引用符で囲んでください）',
                    f'{len(cells)} cells under {len(head)} headings (a comma too many; quote a number with one: `"1,000"`)',
                )
            row, count = cells[ids].strip(), normal(cells[counts])
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


def _column(path: Path, head: list[str], names: Collection[str]) -> int:
    """Where a column stands; of two nobody could say which is meant. Raises DataError."""
    places = [place for place, name in enumerate(head) if name in names]
    if not places:
        raise at_line(
            path,
            1,
            "見出しに `id` と `volume`（行、件数）の列が要ります",
            "the heading needs the columns `id` and `volume`",
        )
    if len(places) > 1:
        twice = listed([head[place] for place in places])
        raise at_line(
            path,
            1,
            f"同じ意味の列が2つあります（{twice}）。1つだけ残してください",
            f"two columns mean the same ({twice}); leave one of them",
        )
    return places[0]


def unknown(rows: Sequence[str]) -> Bilingual:
    """
    What is said of the rows for which there is no figure, each by its name: the first of them, and how many they are.

    >>> unknown(["shimin-2 転入届"])["ja"]
    '月の件数のない行が 1 行あります（0 とは数えず、合計に入れていません）: shimin-2 転入届'
    """
    first, rest = list(rows[:MOST_NAMED]), len(rows) - MOST_NAMED
    number = "1 row has" if len(rows) == 1 else f"{len(rows):,} rows have"
    return {
        "ja": f"月の件数のない行が {len(rows):,} 行あります（0 とは数えず、合計に入れていません）: {'、'.join(first)}"
        + (f" ほか {rest:,} 行" if rest > 0 else ""),
        "en": f"{number} no cases a month (left out of the sums, not taken as 0): {', '.join(first)}"
        + (f" and {rest:,} more" if rest > 0 else ""),
    }


def together(volume: int | None, missing: int) -> Bilingual:
    """
    What is said of some rows' cases a month: their sum, as far as they are known, and how many rows have no figure.

    >>> together(5, 0)["ja"], together(5, 2)["ja"], together(None, 2)["ja"]
    ('月 5 件', '月 5 件と、件数のない 2 行', '月の件数の記載なし')
    """
    if volume is None:
        return {"ja": "月の件数の記載なし", "en": "cases a month not given"}
    rows = "1 row" if missing == 1 else f"{missing:,} rows"
    return {
        "ja": f"月 {volume:,} 件" + (f"と、件数のない {missing:,} 行" if missing else ""),
        "en": f"{volume:,} cases a month" + (f" and {rows} without a figure" if missing else ""),
    }
