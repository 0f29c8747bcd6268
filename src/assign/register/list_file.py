"""
A file that comes back (CSV, Excel) → the one question list in it: its rows, and where each of its columns stands.

Of a workbook every sheet is looked at: two question lists are one too many, and a sheet of another kind is not read, and said.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from assign.commands import command
from assign.desk.spreadsheet import at_line, text_of
from assign.errors import DataError, listed, path_shown, shown, unreadable
from assign.words import normal

from . import workbook
from .refusals import Reason
from .sheet import HEADS

MOST_ROWS: Final = workbook.MOST_ROWS
WORDS: Final = ("question", "about")
FILLED: Final = ("assignee", "since", "until", "document", "role", "reason")
KEYS: Final = ("rows", "acts", "channels")
_NEEDED: Final = (*WORDS, *FILLED, *KEYS)


class ListFile(NamedTuple):
    """
    A question list as it stands in a file.

    Attributes:
        sheet: Where it stands; of a CSV without a name. rows: Those below its heading that have something in them.
        at: The place (from 0) of each column, by its key. unread: The other sheets.
    """

    sheet: workbook.Sheet
    rows: Sequence[tuple[int, Sequence[object]]]
    at: Mapping[str, int]
    unread: Sequence[Reason]


def list_in(path: Path) -> ListFile:
    """Raises DataError: There is none, there are two, or it cannot be read."""
    sheets = _sheets(path)
    headed = [(sheet, [row for row in sheet.rows if any(value not in (None, "") for value in row[1])]) for sheet in sheets]  # fmt: skip
    lists = [(sheet, rows) for sheet, rows in headed if rows and {"assignee", "rows"} <= {*_places(rows[0][1])}]
    if len(lists) > 1:
        which = listed([sheet.name for sheet, _ in lists])
        raise DataError(
            f"{path_shown(path)} に照会表が {len(lists)} 枚あります（{which}）。回答を書いた1枚だけを残してください",
            f"{path_shown(path)} holds {len(lists)} question lists ({which}): leave the one that is answered alone",
        )
    sheet, rows = lists[0] if lists else headed[0]
    number, head = rows[0] if rows else (1, [])
    if any(at >= MOST_ROWS for at, _ in sheet.rows):
        raise at_line(path, MOST_ROWS, f"{MOST_ROWS - 1:,} 行までです", f"more than {MOST_ROWS - 1:,} rows")
    at = _columns(path, number, head)
    if missing := [key for key in _NEEDED if key not in at]:
        names, went_out = HEADS[missing[0]], command("questions", "--out", "FILE")
        raise at_line(
            path,
            number,
            f"列「{names['ja']}」がありません（`{went_out}` の列名のまま返してください）",
            f"there is no column `{names['en']}` (send it back with the headings of `{went_out}`)",
        )
    unread = [
        Reason("unread", {"ja": "このシートは読みません", "en": "this sheet is not read"}, {"ja": f"シート {shown(other.name)}", "en": f"the sheet {shown(other.name)}"})
        for other, its in headed
        if other is not sheet and its
    ]  # fmt: skip
    return ListFile(sheet, rows[1:], at, unread)


def _columns(path: Path, number: int, head: Sequence[object]) -> dict[str, int]:
    """Where each column stands; each may be called by either name, or by its key. Raises DataError where one stands twice."""
    found = _places(head)
    if twice := [HEADS[key] for key, places in found.items() if len(places) > 1]:
        raise at_line(path, number, f"列「{twice[0]['ja']}」が2つあります", f"the column `{twice[0]['en']}` stands twice")  # fmt: skip
    return {key: places[0] for key, places in found.items()}


def _places(head: Sequence[object]) -> dict[str, list[int]]:
    """Where each column stands, and where again."""
    named = [normal(value) if isinstance(value, str) else "" for value in head]
    words = {key: {normal(word) for word in (key, *label.values())} for key, label in HEADS.items()}
    found = {key: [place for place, word in enumerate(named) if word in its] for key, its in words.items()}
    return {key: places for key, places in found.items() if places}


def _sheets(path: Path) -> list[workbook.Sheet]:
    """Of a CSV one, of a workbook all; which of both it is, its first bytes say."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"PK"
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if packed or path.suffix.lower() in (".xlsx", ".xlsm"):
        return workbook.read(path)
    return [workbook.Sheet("", [*_separated(path)])]


def _separated(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [_plain(cell) for cell in cells]
    except csv.Error as error:
        raise at_line(path, reader.line_num, f"CSV として読めません（{error}）", f"not CSV ({error})") from None


def _plain(cell: str) -> str:
    """A cell without the `'` that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def letters(column: int) -> str:
    """`A`, `B` … `AA`."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
