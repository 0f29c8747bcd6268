"""
Any file → a `Source`. What kind it is, its first bytes say, whatever its name ends in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assign.desk.spreadsheet import text_in
from assign.errors import DataError, path_shown, unreadable
from assign.resources import NotText, TooLarge, whole
from assign.words import sha256

from . import text
from .limits import LARGEST, LARGEST_TEXT
from .remarks import Remarks
from .sheets import Source


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading a workbook or a PDF may take; what needs more is refused."""

    seconds: float = 4.0
    megabytes: int = 240


def read_source(path: Path, limits: Limits | None = None, *, form: tuple[str, str] | None = None) -> Source:
    """
    A file's sheets, rows and cells.

    Args:
        form: How a file of text is to be read, where a person has said it: `("text", "")`, or `("csv", separator)`.

    Raises:
        DataError: It cannot be read, is no list in a form that is read here, or is too large; one line says which.
    """
    file = str(path)
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise _wrong(file, f"{LARGEST:,} バイトより大きいファイルです", f"larger than {LARGEST:,} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    remarks = Remarks()
    if path.is_symlink():
        remarks.add(
            "link", {"ja": "リンクです。その先のファイルを読みました", "en": "a link; the file it leads to was read"}
        )
    if not data.strip():
        raise _wrong(file, "空のファイルです", "the file is empty")
    return _of_text(file, data, remarks, form)


def _of_text(file: str, data: bytes, remarks: Remarks, form: tuple[str, str] | None) -> Source:
    if len(data) > LARGEST_TEXT:
        raise _wrong(
            file, f"{LARGEST_TEXT:,} バイトより大きいテキストです", f"text of more than {LARGEST_TEXT:,} bytes"
        )
    try:
        content, encoding = text_in(data)
    except NotText as error:
        name = path_shown(file)
        raise DataError(f"{name} の {error.line} 行目: {error.ja}", f"{name}, line {error.line}: {error.en}") from None
    if "\0" in content:
        line = content.count("\n", 0, content.index("\0")) + 1
        name = path_shown(file)
        raise DataError(
            f"{name} の {line} 行目: テキストではありません（NUL があります）",
            f"{name}, line {line}: not text (it has a NUL)",
        )
    kind, separator = form or text.form_of(content)
    sheets = text.sheets_of(file, content, kind, separator, remarks)
    return Source(file, sha256(data), kind, sheets, remarks.all(), encoding, separator)


def _wrong(file: str, ja: str, en: str) -> DataError:
    return DataError(f"{path_shown(file)}: {ja}", f"{path_shown(file)}: {en}")
