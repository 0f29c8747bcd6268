"""
A file that was read → the text that rows and legends are cited from: a line for each printed line, UTF-8, as `check` reads it again.

A file of text is its own document, line for line. Of a workbook or a PDF a text is made, a line a row, its cells with tabs between;
where there are several sheets, each begins with a line that names it. The file as it came is kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign.catalog.csv_file import LONGEST_CELL
from assign.catalog.model import LARGEST
from assign.catalog.parts import SHEET, SheetOf
from assign.catalog.parts import Document as Entry
from assign.errors import DataError, hidden, path_shown, unreadable
from assign.resources import TooLarge, whole
from assign.words import normal, sha256

from .limits import LARGEST as LARGEST_FILE
from .radicals import RADICAL, kanji
from .sheets import Cell, Row, Source

TEXTS: Final = ("text", "csv")


class Document(NamedTuple):
    """
    The text, and where in it the rows of the file stand.

    Attributes:
        file: Its name in `source/`. data: Its bytes.
        lines: What stands on each of its lines.
        at: The line of a sheet's row.
        files: Every file of `source/`: the document, and the file as it came where that is another.
        sheets: Of a text that was made of sheets each sheet's name, and the line above its first row.
        cleaned: The lines from which characters were taken that nobody sees.
        folded: The lines in which radicals were read as the kanji that they look like.
        order: Where a sentence is looked for, one after the other; empty: on every line.
        unread: The lines that look like a row or a footnote, and that an edition leaves out.
    """

    file: str
    data: bytes
    lines: tuple[str, ...]
    at: Mapping[tuple[str, int], int]
    files: Mapping[str, bytes]
    cleaned: tuple[int, ...]
    folded: tuple[int, ...]
    sheets: tuple[tuple[str, int], ...] = ()
    order: tuple[Collection[int], ...] = ()
    unread: tuple[int, ...] = ()

    @property
    def digests(self) -> list[dict[str, Any]]:
        """Each file with its SHA-256, as a manifest has it; the text with the places of its sheets, and with what is unread."""
        sheets = tuple(SheetOf(name, line) for name, line in self.sheets)
        return [
            (Entry(name, sha256(data), sheets, self.unread) if name == self.file else Entry(name, sha256(data))).plain()
            for name, data in self.files.items()
        ]

    def find(self, sentence: str, line: int = 0) -> tuple[int, str] | None:
        """
        Where a sentence stands: its line, and the text as `check` finds it there. Spaces, widths and the borders of cells are no matter.

        Args:
            line: Where it must stand; 0: the first line that has it.
        """
        return next(self.each(sentence, line), None)

    def each(self, sentence: str, line: int = 0) -> Iterator[tuple[int, str]]:
        """Everywhere that it stands, as `find` says it."""
        wanted = normal(sentence)
        for among in self.order or (range(1, len(self.lines) + 1),):
            for number in sorted(among) if wanted else ():
                text = self.lines[number - 1]
                if line in (0, number) and wanted in normal(text):
                    yield number, sentence if sentence in text else _verbatim(sentence, text)


def of_source(path: Path, source: Source) -> Document:
    """
    The document of a file that was read.

    Raises:
        DataError: The file has changed since, or is too large.
    """
    try:
        original = whole(path, LARGEST_FILE)
    except TooLarge:
        raise DataError("大きすぎます", "too large") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if sha256(original) != source.sha256:
        raise DataError(
            f"{path_shown(path)} は読んでいる間に変わりました（もう一度実行してください）",
            f"{path_shown(path)} changed while it was read (run it again)",
        )
    lines, at = _of_text(source, original) if source.kind in TEXTS else _of_sheets(source)
    name = _plain_name(path.name)
    cleaned = tuple(number for number, line in enumerate(lines, start=1) if _unseen(line))
    folded = tuple(number for number, line in enumerate(lines, start=1) if RADICAL.search(line))
    as_it_came = source.kind in TEXTS and not cleaned and not folded and _is_utf8(original)
    lines = [kanji(_seen(line)) for line in lines]
    data = original if as_it_came else ("\n".join(lines) + "\n").encode()
    if len(data) > LARGEST:
        raise DataError(
            f"{path_shown(path)}: 一覧の文書は {LARGEST:,} バイトまでです",
            f"{path_shown(path)}: the document of a list has at most {LARGEST:,} bytes",
        )
    file = name if source.kind in TEXTS else f"{Path(name).stem or 'list'}.txt"
    files = {file: data} if as_it_came else {file: data, (f"original-{name}" if name == file else name): original}
    sheets = {sheet: line - number for (sheet, number), line in at.items()} if source.kind not in TEXTS else {}
    return Document(file, data, tuple(lines), at, files, cleaned, folded, tuple(sheets.items()))


def _of_text(source: Source, data: bytes) -> tuple[list[str], dict[tuple[str, int], int]]:
    text = data.decode(source.encoding or "utf-8").removeprefix("\ufeff")
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if len(lines) == 1 and "\r" in text:
        lines = text.removesuffix("\r").split("\r")
    return lines, {(sheet.name, row.number): row.line for sheet in source.sheets for row in sheet.rows}


def _of_sheets(source: Source) -> tuple[list[str], dict[tuple[str, int], int]]:
    lines: list[str] = []
    at: dict[tuple[str, int], int] = {}
    several = len(source.sheets) > 1
    for sheet in source.sheets:
        if several:
            lines += ([""] if lines else []) + [f"{SHEET}{sheet.name}"]
        above = len(lines)
        for row in sheet.rows:
            lines += [""] * (above + row.number - 1 - len(lines))
            at[sheet.name, row.number] = len(lines) + 1
            lines.append(one_line(row))
    return lines, at


def one_line(row: Row) -> str:
    """A row of a sheet as a line of text: its cells, as far as anything stands in them, with tabs between."""
    return "\t".join(re.sub(r"\s*\n\s*", " ", cell.text).replace("\t", " ").strip() for cell in padded(row)).rstrip(
        "\t"
    )


def padded(row: Row) -> Iterator[Cell]:
    """The cells of a row by their columns; what the file does not have is blank."""
    cells = {cell.column: cell for cell in row.cells}
    for column in range(1, max(cells, default=0) + 1):
        yield cells.get(column, Cell("", row=row.number, column=column, line=row.line))


def _unseen(line: str) -> bool:
    """Whether a line has what nobody sees; a form feed beside text without cells begins a page, and is none."""
    return hidden(line if "\t" in line else line.replace("\f", ""), "\t") is not None


def _seen(line: str) -> str:
    """A line without what nobody sees: a form feed, a zero-width space, a control character."""
    if hidden(line, "\t") is None:
        return line
    kept = line
    while (c := hidden(kept, "\t")) is not None:
        kept = kept.replace(c, "")
    return kept


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain_name(name: str) -> str:
    """A file's name as a catalog can cite it."""
    plain = re.sub(r'[/\\:*?"<>|\s]+', "_", _seen(name).replace("\t", "")).lstrip(".")
    while len(plain.encode("utf-8", "replace")) > 150:
        plain = plain[1:]
    return plain or "list.txt"


def _verbatim(sentence: str, line: str) -> str:
    """The part of a line that is a sentence when spaces and widths are no matter; cells stand with one space between."""
    spaced = " ".join(filter(None, line.split("\t")))
    wanted = normal(sentence)
    ends = [at for at in range(1, len(spaced) + 1) if wanted in normal(spaced[:at])]
    end = ends[0] if ends else len(spaced)
    start = max((at for at in range(end) if wanted in normal(spaced[at:end])), default=0)
    return spaced[start:end].strip()[:LONGEST_CELL]
