"""
Values → cells of CSV, with a `'` before what a spreadsheet would take for a formula.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assign.errors import OutputError, shown

from . import cp932

if TYPE_CHECKING:
    import polars as pl

# What a spreadsheet takes for a formula opens with one of these, in the full width of a Japanese keyboard, too. With + and -
# a number may begin as well, and a dash alone is how a list says 'none'.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DANGEROUS: Final = r"^'*[=@\t\r\n＝＋－＠+\-]"
_NUMBER: Final = (
    r"^(?:[+\-－]|[+\-](?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?|[+\-]\.[0-9]+)$"  # the whole of a cell
)
_QUOTED: Final = ',"\r\n'  # a cell with one of them stands in quotes


def unguarded(cell: str) -> str:
    """The cell as it was before it was guarded against spreadsheets."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in _FORMULA else cell


def guarded(cell: str) -> str:
    """The cell, with a `'` before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if re.match(_DANGEROUS, cell) and not re.match(_NUMBER, cell) else cell


def line(cells: Iterable[str | None]) -> str:
    """Cells as a line of CSV."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def as_cells(block: pl.DataFrame, columns: list[str], *, guard: bool) -> pl.DataFrame:
    """
    The cells of these columns as they stand in a line of CSV, guarded. Few columns have a formula, or a cell to quote; so the
    others are looked at quickly, and left.
    """
    import polars as pl

    changed = []
    for name in columns:
        column, cell = block[name], pl.col(name)
        # All that is dangerous opens with a character from tab to `-`, from `=` to `@`, or with the same in full width.
        if guard and (
            ((column >= "\t") & (column < ".") | (column >= "=") & (column < "A") | (column >= "＋") & (column < "Ａ")).any()
        ):  # fmt: skip
            dangerous = cell.str.contains(_DANGEROUS) & ~cell.str.contains(_NUMBER)
            cell = pl.when(dangerous).then(pl.lit("'") + cell).otherwise(cell)
        text = column.str.join("").item()
        if any(mark in text for mark in _QUOTED):
            cell = quoted(cell)
        changed.append(cell.alias(name))
    return block.with_columns(changed)


def quoted(cell: pl.Expr) -> pl.Expr:
    """In quotes where it needs them."""
    import polars as pl

    inside = cell.str.replace_all('"', '""', literal=True)
    return pl.when(cell.str.contains(f"[{_QUOTED}]")).then(pl.lit('"') + inside + '"').otherwise(cell)


def recoded(source: Path, target: Path, encoding: str, *, twins: bool = False) -> None:
    """
    A copy of a UTF-8 file in another encoding. An unreadable character (U+FFFD, in a row that is marked as an error) becomes `?`.

    Args:
        twins: Whether it has marks for characters that came in their other code (`cp932`).

    Raises:
        OutputError: The encoding lacks one of its characters.
    """
    codecs.register_error("assign-unread", _unread)
    codecs.register_error("assign-twins", _twin)
    try:
        with (
            source.open("r", encoding="utf-8", newline="") as text,
            target.open("w", encoding=encoding, errors="assign-twins" if twins else "assign-unread", newline="") as out,
        ):
            shutil.copyfileobj(text, out, 1 << 20)
    except UnicodeEncodeError as error:
        lacking = shown(error.object[error.start])
        raise OutputError(
            f"文字 {lacking} は {encoding} で書けません（`--encoding utf-8` を指定してください）",
            f"{encoding} lacks the character {lacking} (say `--encoding utf-8`)",
        ) from None


def _twin(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and (code := cp932.code(error.object[error.start])):
        return code, error.start + 1
    return _unread(error)


def _unread(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeEncodeError) and error.object[error.start] == "\ufffd":
        return "?", error.start + 1
    raise error
