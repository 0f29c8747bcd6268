"""
A table of texts ⇄ an Excel workbook. The one place here that knows openpyxl, which comes with the extra `import`.

A workbook that comes back is somebody else's file: its size, packed and unpacked, is looked at before it is opened, and only so
many rows and columns are read. A formula is no value.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

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


def read(path: Path) -> Iterator[tuple[int, list[object]]]:
    """
    The rows of the first sheet, each with its number: text, a number, a day, or None; a formula is an error of its own (`Formula`).

    Raises:
        DataError: It is no workbook, too large, or openpyxl is not installed.
    """
    openpyxl = _openpyxl()
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise _wrong(path, f"{LARGEST:,} バイトより大きいファイルです", f"larger than {LARGEST:,} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            found = parts.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _wrong(path, "Excel のブック（xlsx）ではありません（暗号化されたものは読めません）", "no Excel workbook (xlsx), or an encrypted one") from error  # fmt: skip
    if len(found) > MOST_PARTS or sum(part.file_size for part in found) > LARGEST_UNPACKED:
        raise _wrong(path, "展開すると大きすぎるブックです", "too large when unpacked")
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS), start=1):
            yield number, [_value(cell) for cell in row]
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - a file of somebody's, in any shape; a library that meets it in any way
        kind = type(error).__name__
        raise _wrong(
            path, f"Excel のブックとして読めません（{kind}）", f"cannot be read as a workbook ({kind})"
        ) from None


class Formula:
    """What stands in a cell that is worked out by the spreadsheet."""


def _value(cell: Any) -> object:
    if cell.data_type == "f":
        return Formula()
    value = cell.value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, str | int | date) else str(value)


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise DataError(*needs_extra("openpyxl", "import")) from None
    return openpyxl


def _wrong(path: Path, ja: str, en: str) -> DataError:
    return DataError(f"{path_shown(path)}: {ja}", f"{path_shown(path)}: {en}")
