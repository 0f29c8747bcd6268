"""
A CSV as people save it from a spreadsheet → its text, and the error that names a line of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assign.errors import DataError, path_shown, unreadable
from assign.resources import NotText, TooLarge, decoded, whole

LARGEST: Final = 4_000_000  # bytes


def text_of(path: Path) -> str:
    """A CSV in UTF-8, or in cp932, as Excel in Japan saves it. Raises DataError."""
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise at_line(path, 1, f"{LARGEST:,} バイトより大きいファイルです", f"larger than {LARGEST:,} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    try:
        return decoded(data)
    except NotText as error:
        try:
            return data.decode("cp932")
        except UnicodeDecodeError:
            raise at_line(path, error.line, error.ja, error.en) from None


def at_line(path: Path, line: int, ja: str, en: str) -> DataError:
    """The error that a line does not fit."""
    return DataError(f"{path_shown(path)} の {line} 行目: {ja}", f"{path_shown(path)}, line {line}: {en}")
