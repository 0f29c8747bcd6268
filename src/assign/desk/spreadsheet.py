"""
A CSV as people save it from a spreadsheet → its text, and the error that names a line of it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from assign.errors import DataError, path_shown, unreadable
from assign.resources import NotText, TooLarge, decoded, whole

LARGEST: Final = 4_000_000  # bytes


def text_of(path: Path) -> str:
    """A CSV in UTF-8, UTF-16 with its mark, or cp932, as Excel in Japan saves it. Raises DataError."""
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise at_line(path, 1, f"{LARGEST:,} バイトより大きいファイルです", f"larger than {LARGEST:,} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    try:
        return text_in(data)[0]
    except NotText as error:
        raise at_line(path, error.line, error.ja, error.en) from None


def text_in(data: bytes) -> tuple[str, str]:
    """
    The bytes of a file as text, and its encoding: `utf-8`, `utf-16` (with its mark) or `cp932`.

    Japanese text in another encoding is named and refused, since its bytes are letters of cp932, too: other ones.

    Raises:
        NotText: With the first line that is none of the three.
    """
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise _other("UTF-32")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), "utf-16"
        except UnicodeDecodeError:
            raise NotText(1, "UTF-16 として読めません（途中で切れています）", "damaged UTF-16") from None
    if data.isascii() and (b"\x1b$B" in data or b"\x1b$@" in data):
        raise _other("ISO-2022-JP (JIS)")
    try:
        return decoded(data), "utf-8"
    except NotText:
        if is_euc(data):
            raise _other("EUC-JP") from None
        try:
            return data.decode("cp932"), "cp932"
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise NotText(
                line,
                "UTF-8 でも Shift_JIS（cp932）でもありません（UTF-8 で保存し直してください）",
                "neither UTF-8 nor Shift_JIS (cp932); save it as UTF-8",
            ) from None


def is_euc(data: bytes) -> bool:
    """
    Whether text that is no UTF-8 is EUC-JP.

    Text of half-width katakana alone is both that and cp932; it is taken for cp932. All other Japanese text is one of the two.
    """
    if _EUC.fullmatch(data) is None or data.isascii():
        return False
    try:
        data.decode("euc_jp")
    except UnicodeDecodeError:
        return False
    try:
        data.decode("cp932")
    except UnicodeDecodeError:
        return True
    return max(data) >= 0xE0


_EUC: Final = re.compile(rb"(?:[\x00-\x7f]++|\x8e[\xa1-\xdf]|\x8f?[\xa1-\xfe][\xa1-\xfe])*+")


def _other(name: str) -> NotText:
    return NotText(1, f"{name} です（UTF-8 で保存し直してください）", f"{name} (save it as UTF-8)")


def at_line(path: Path, line: int, ja: str, en: str) -> DataError:
    """The error that a line does not fit."""
    return DataError(f"{path_shown(path)} の {line} 行目: {ja}", f"{path_shown(path)}, line {line}: {en}")
