"""
A CSV of cases a month by row id → how much an answer weighs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from assign.errors import DataError, listed, path_shown, shown
from assign.words import nearest, normal

from .sheet import text_of

_IDS: Final = ("id", "row", "行", "行のid", "行id")
_COUNTS: Final = ("volume", "volumes", "count", "monthly", "件数", "月間件数", "月の件数")
_NUMBER: Final = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2}")


def read(path: Path, known: Collection[str]) -> dict[str, int]:
    """
    Cases a month by row id.

    Args:
        path: CSV in UTF-8 or cp932 with a heading: a column `id` (行) and a column `volume` (件数); others are passed over.

    Raises:
        DataError: With the first line that does not fit, and the nearest id.
    """
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    found: dict[str, int] = {}

    def wrong(ja: str, en: str) -> DataError:
        line = max(reader.line_num, 1)
        return DataError(f"{path_shown(path)} の {line} 行目: {ja}", f"{path_shown(path)}, line {line}: {en}")

    try:
        head = [normal(name) for name in next(reader, [])]
        id_at, count_at = (
            next((at for at, name in enumerate(head) if name in names), None) for names in (_IDS, _COUNTS)
        )
        if id_at is None or count_at is None:
            raise wrong("見出しに `id` と `volume`（行、件数）の列が要ります", "the heading needs the columns `id` and `volume`")  # fmt: skip
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) <= max(id_at, count_at):
                raise wrong("セルが足りません", "a cell is missing")
            row, count = cells[id_at].strip(), normal(cells[count_at])
            if row not in known:
                near = nearest(row, known)
                raise wrong(
                    f"行 {shown(row)} は一覧にありません{f'（近いもの: {listed(near)}）' if near else ''}",
                    f"the list has no row {shown(row)}{f' (near: {listed(near)})' if near else ''}",
                )
            if row in found:
                raise wrong(f"行 {shown(row)} が2度あります", f"the row {shown(row)} stands twice")
            if not _NUMBER.fullmatch(count):
                raise wrong(f"件数 {shown(count)} は 0 以上の整数ではありません", f"{shown(count)} is no whole number of cases")  # fmt: skip
            found[row] = int(count.replace(",", ""))
    except csv.Error as error:
        raise wrong(f"CSV として読めません（{error}）", f"not CSV ({error})") from None
    return found
