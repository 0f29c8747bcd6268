"""
A table of texts ⇄ an Excel workbook. The one place here that knows openpyxl, which comes with the extra `import`.

A workbook that comes back is somebody else's file: its size, packed and unpacked, is looked at before it is opened, and only so
many rows and columns are read. A formula is no value, and neither is what has a line through it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign.errors import DataError, needs_extra, path_shown, unreadable
from assign.resources import TooLarge, whole

LARGEST: Final = 4_000_000  # bytes, packed
LARGEST_UNPACKED: Final = 40_000_000
MOST_ROWS: Final = 5_001
MOST_COLUMNS: Final = 40
MOST_PARTS: Final = 500


def write(rows: Sequence[Sequence[str]], choices: Mapping[int, Sequence[str]], title: str) -> bytes:
    """
    A workbook of one sheet: a heading that stays in view, and lists to choose from.

    Args:
        choices: What may stand in a column (from 0), below the heading.

    Raises:
        DataError: openpyxl is not installed.
    """
    openpyxl = _openpyxl()
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(at, column)
            cell.value = value
            cell.data_type = "s"  # never a formula
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=at == 1)
    for column in range(1, len(rows[0]) + 1):
        longest = max(len(row[column - 1]) for row in rows)
        sheet.column_dimensions[get_column_letter(column)].width = min(max(longest * 1.6, 10), 44)
    for column, words in choices.items():
        valid = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
        sheet.add_data_validation(valid)
        letter = get_column_letter(column + 1)
        valid.add(f"{letter}2:{letter}{max(len(rows), 2)}")
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Sheet(NamedTuple):
    """
    A sheet: its rows with their numbers, each value text, a number, a day, None, or an error of its own (`Formula`, `Struck`).

    Attributes:
        merged: First row, first column, last row, last column of cells that are one (from 1). comments: Row and column of each.
    """

    name: str
    rows: Sequence[tuple[int, Sequence[object]]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    comments: Sequence[tuple[int, int]] = ()


class Formula:
    """What stands in a cell that is worked out by the spreadsheet."""


class Struck:
    """What stands in a cell and has a line through it, all of it or a part: somebody has taken it out."""


def read(path: Path) -> list[Sheet]:
    """
    The sheets of a workbook, in order.

    Raises:
        DataError: It is no workbook, too large, or openpyxl is not installed.
    """
    _openpyxl()
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise _wrong(path, f"{LARGEST:,} バイトより大きいファイルです", f"larger than {LARGEST:,} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    try:
        parts = zipfile.ZipFile(io.BytesIO(data))
        found = parts.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _wrong(path, "Excel のブック（xlsx）ではありません（暗号化されたものは読めません）", "no Excel workbook (xlsx), or an encrypted one") from error  # fmt: skip
    if len(found) > MOST_PARTS or sum(part.file_size for part in found) > LARGEST_UNPACKED:
        raise _wrong(path, "展開すると大きすぎるブックです", "too large when unpacked")
    try:
        sheets = [*_sheets(parts, data)]
    except Exception as error:  # noqa: BLE001 - a file of somebody's, in any shape; a library that meets it in any way
        kind = type(error).__name__
        raise _wrong(
            path, f"Excel のブックとして読めません（{kind}）", f"cannot be read as a workbook ({kind})"
        ) from None
    if not sheets:
        raise _wrong(path, "表のシートがありません", "no sheet with cells")
    return sheets


def _sheets(parts: zipfile.ZipFile, data: bytes) -> Iterator[Sheet]:
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=False, keep_links=False, rich_text=True)
    reader.read()
    part_of = {about.name: relation.target for about, relation in reader.parser.find_sheets()}
    for sheet in reader.wb.worksheets:
        part = part_of[sheet.title]
        struck, merged = _seen(parts, part)
        rows = []
        for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS), start=1):
            rows.append((number, [_value(cell, struck) for cell in row]))
        yield Sheet(sheet.title, rows, merged, _comments(parts, part))


def _seen(parts: zipfile.ZipFile, part: str) -> tuple[set[str], list[tuple[int, int, int, int]]]:
    """What a sheet that is read row by row does not give: cells whose own text is struck in part, and cells that are one."""
    from openpyxl.utils import range_boundaries
    from openpyxl.xml.functions import iterparse

    struck: set[str] = set()
    merged = []
    with parts.open(part) as file:
        for _, element in iterparse(file):
            name = _local(element)
            if name == "c" and any(_local(each) == "strike" and each.get("val") not in ("0", "false") for each in element.iter()):  # fmt: skip
                struck.add(element.get("r", ""))
            elif name == "mergeCell":
                left, top, right, bottom = range_boundaries(element.get("ref"))
                merged.append((top, left, bottom, right))
            elif name == "row":
                element.clear()
    return struck, merged


def _comments(parts: zipfile.ZipFile, part: str) -> list[tuple[int, int]]:
    """Where a sheet has comments, old ones (notes) and those that are answered; a comment may be both."""
    from openpyxl.packaging.relationship import get_dependents, get_rels_path
    from openpyxl.utils.cell import coordinate_to_tuple
    from openpyxl.xml.functions import iterparse

    beside, found = get_rels_path(part), []
    for relation in get_dependents(parts, beside) if beside in parts.namelist() else ():
        if relation.Type.rpartition("/")[2].lower() not in ("comments", "threadedcomment"):
            continue
        with parts.open(relation.target) as file:
            for _, element in iterparse(file):
                if _local(element) in ("comment", "threadedComment"):
                    found.append(coordinate_to_tuple(element.get("ref", "")))
    return sorted({*found})


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _value(cell: Any, struck: Container[str]) -> object:
    if cell.data_type == "f":
        return Formula()
    value = cell.value
    if value is None:
        return None
    through = cell.font.strike or any(getattr(run, "font", None) and run.font.strike for run in _runs(value))
    if (through or cell.coordinate in struck) and str(value).strip():
        return Struck()
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) in (str, int, date) else str(value)


def _runs(value: object) -> Iterable[Any]:
    """The parts of a text of several looks."""
    return value if isinstance(value, list) else ()


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise DataError(*needs_extra("openpyxl", "import")) from None
    return openpyxl


def _wrong(path: Path, ja: str, en: str) -> DataError:
    return DataError(f"{path_shown(path)}: {ja}", f"{path_shown(path)}: {en}")
