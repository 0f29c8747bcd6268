"""
Any file → a `Source`. What kind it is, its first bytes say, whatever its name ends in.

Text is read here: its size is bounded, and so is the work. Workbooks and PDFs are read apart, by a process with limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assign.desk.spreadsheet import text_in
from assign.errors import DataError, path_shown, shown, unreadable
from assign.resources import NotText, TooLarge, whole
from assign.words import sha256

from . import kinds, text
from .apart import read_apart
from .limits import LARGEST, LARGEST_TEXT
from .remarks import Remarks
from .sheets import Source


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading a workbook or a PDF may take; what needs more is refused."""

    seconds: float = 4.0
    megabytes: int = 200


USUAL: Final = Limits()


def read_source(path: Path, limits: Limits = USUAL, *, form: tuple[str, str] | None = None) -> Source:
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
        linked = path.is_symlink()
    except TooLarge:
        raise _wrong(file, f"{LARGEST:,} バイトより大きいファイルです", f"larger than {LARGEST:,} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    remarks = Remarks()
    if linked:
        remarks.add(
            "link", {"ja": "リンクです。その先のファイルを読みました", "en": "a link; the file it leads to was read"}
        )
    if not data.strip():
        raise _wrong(file, "空のファイルです", "the file is empty")
    try:
        kind = kinds.packed_kind(data)
        if kind != "text":
            kind, sheets, said = read_apart(data, kind, limits.seconds, limits.megabytes)
            _ending(path, kind, remarks)
            return Source(file, sha256(data), kind, sheets, (*remarks.all(), *said))
    except DataError as error:
        raise _wrong(file, error.ja, error.en) from None
    found = _of_text(path, data, remarks, form)
    _ending(path, found.kind, remarks)
    return replace(found, remarks=remarks.all())


def _of_text(path: Path, data: bytes, remarks: Remarks, form: tuple[str, str] | None) -> Source:
    file = str(path)
    if len(data) > LARGEST_TEXT:
        raise _wrong(
            file, f"{LARGEST_TEXT:,} バイトより大きいテキストです", f"text of more than {LARGEST_TEXT:,} bytes"
        )
    try:
        content, encoding = text_in(data)
    except NotText as error:
        raise _at_line(file, error.line, error.ja, error.en) from None
    if "\0" in content:
        line = content.count("\n", 0, content.index("\0")) + 1
        raise _at_line(file, line, "テキストではありません（NUL があります）", "not text (it has a NUL)")
    kind, separator = form or text.form_of(content, named_csv=path.suffix.lower() == ".csv")
    sheets = text.sheets_of(file, content, kind, separator, remarks)
    if not any(cell.text.strip() for sheet in sheets for cell in sheet.cells()):
        raise _wrong(file, "どの欄も空です", "every cell is empty")
    return Source(file, sha256(data), kind, sheets, (), encoding, separator)


def _ending(path: Path, kind: str, remarks: Remarks) -> None:
    """A remark where a name says another kind than what is in the file."""
    ending = path.suffix.lower()
    if ending in _ALL_ENDINGS and ending not in kinds.ENDINGS[kind]:
        remarks.add(
            "other_ending",
            {
                "ja": f"名前の終わりは {shown(ending)} ですが、中身は {kind} です。中身のとおりに読みました",
                "en": f"its name ends in {shown(ending)}, but it is {kind}, and was read as such",
            },
        )


_ALL_ENDINGS: Final = frozenset(ending for endings in kinds.ENDINGS.values() for ending in endings)


def _at_line(file: str, line: int, ja: str, en: str) -> DataError:
    return DataError(f"{path_shown(file)} の {line} 行目: {ja}", f"{path_shown(file)}, line {line}: {en}")


def _wrong(file: str, ja: str, en: str) -> DataError:
    return DataError(f"{path_shown(file)}: {ja}", f"{path_shown(file)}: {en}")
