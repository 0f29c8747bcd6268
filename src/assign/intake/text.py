"""
A file of text → its lines as rows of cells: text as it was extracted, with tabs between cells; or a CSV.

A line ends at `\\n` alone, as those count who cite it: text out of a PDF has form feeds, too, each of which begins a page.
Text of the one kind can look like the other; which it was taken for is said in the source.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from assign.errors import DataError, code_point, hidden, path_shown

from .limits import MOST_CELLS, MOST_COLUMNS, MOST_PAGES, MOST_ROWS, MOST_TEXT
from .remarks import Remarks
from .sheets import Cell, Row, Sheet

SEPARATORS: Final = (",", "\t", ";")
_TAB: Final = "\t"
_LOOKED_AT: Final = 2_000  # lines, to tell which kind of text it is


def sheets_of(file: str, text: str, kind: str, separator: str, remarks: Remarks) -> tuple[Sheet, ...]:
    """
    The rows of a text or a CSV, with remarks on what nobody sees in them.

    Args:
        file: Its name, for an error. kind: `text` or `csv`.

    Raises:
        DataError: It is no CSV (the line is named), or has more rows, columns or cells than a list has.
    """
    if kind == "csv":
        rows = tuple(_limited(file, _records(file, text, separator)))
        found: tuple[Sheet, ...] = (Sheet("", rows),)
    else:
        paged = "\f" in text
        if text.count("\f") > MOST_PAGES:
            raise DataError(
                f"{path_shown(file)}: {MOST_PAGES} ページより多いです",
                f"{path_shown(file)}: more than {MOST_PAGES} pages",
            )
        pages: list[list[Row]] = [[]]
        for page, row in _limited_pages(file, _lines(file, text)):
            while len(pages) < page:
                pages.append([])
            pages[-1].append(row)
        found = tuple(Sheet(f"p{number}" if paged else "", tuple(rows)) for number, rows in enumerate(pages, start=1))
    for sheet in found:
        for cell in sheet.cells():
            unseen(cell, remarks)
    return found


def unseen(cell: Cell, remarks: Remarks) -> None:
    """A remark where a cell has a character that nobody sees (a line break within a cell is none), or takes for another."""
    if not cell.text.isascii():
        _alike(cell, remarks)
    c = hidden(cell.text, "\n\t")
    if c is not None:
        remarks.add(
            "hidden_character",
            {"ja": f"見えない文字 {code_point(c)} があります", "en": f"a character that nobody sees: {code_point(c)}"},
            sheet=cell.sheet,
            row=cell.row,
            column=cell.column,
            line=cell.line,
            of=c,
        )


def _alike(cell: Cell, remarks: Remarks) -> None:
    """A remark where a radical stands in place of the character that it looks like, as it does in text out of many PDFs."""
    c = next((c for c in cell.text if "\u2e80" <= c <= "\u2fdf"), None)
    if c is not None:
        remarks.add(
            "radical",
            {
                "ja": f"漢字に見えて別の文字（部首 {code_point(c)} など）があります。PDF から取り出した文字によくあります",
                "en": f"radicals that look like kanji ({code_point(c)} and others), as text out of a PDF often has",
            },
            sheet=cell.sheet,
            row=cell.row,
            column=cell.column,
            line=cell.line,
        )


def form_of(text: str, *, named_csv: bool = False) -> tuple[str, str]:
    """
    Whether a text is a CSV, and what stands between its cells: `("csv", ",")`; else `("text", "")`.

    It is a CSV where commas (semicolons; or tabs, with a quoted cell) divide more of its lines alike than tabs do: a comma in a
    sentence divides one line in one way, the next in another.

    Args:
        named_csv: Whether its name says that it is a CSV; then any line that is divided will do.
    """
    if not text.strip():
        return "text", ""
    scores: dict[str, int] = {}
    for separator in SEPARATORS:
        by_record = Counter(len(row) for row in _loosely(text, separator) if len(row) > 1)
        by_line = Counter(line.count(separator) for line in islice(_ended(text), _LOOKED_AT) if separator in line)
        scores[separator] = max([*by_record.values(), *by_line.values()], default=0)
    best = max(SEPARATORS, key=lambda each: scores[each])
    if best == _TAB:
        quoted = text.startswith('"') or f'{_TAB}"' in text or '\n"' in text
        return ("csv", _TAB) if quoted else ("text", "")
    lines = sum(1 for line in islice(_ended(text), _LOOKED_AT) if line.strip())
    return ("csv", best) if scores[best] > scores[_TAB] and (named_csv or scores[best] * 3 > lines) else ("text", "")


def _loosely(text: str, separator: str) -> Iterator[list[str]]:
    """The first records, as far as they can be read."""
    reader = csv.reader(_ended(text), delimiter=separator)
    try:
        for number, row in enumerate(reader):
            if number == _LOOKED_AT:
                return
            yield row
    except csv.Error:
        return


def _ended(text: str) -> Iterator[str]:
    """The lines, each with its end."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _lines(file: str, text: str) -> Iterator[tuple[int, Row]]:
    """Each line with the page that it stands on; a line that a form feed divides gives a row on each of its pages."""
    paged = "\f" in text
    page, number = 1, 0
    windows = text.count("\n") > 0 and text.count("\r\n") == text.count("\n")
    for line, ended in enumerate(_ended(text), start=1):
        content = ended.removesuffix("\n")
        if windows:
            content = content.removesuffix("\r")
        for turned, part in enumerate(content.split("\f")):
            if turned:
                page, number = page + 1, 0
            if part or "\f" not in content:
                number += 1
                _require_width(file, line, part.count(_TAB) + 1)
                sheet = f"p{page}" if paged else ""
                cells = (Cell(cell, sheet, number, at, line) for at, cell in enumerate(part.split(_TAB), start=1))
                yield page, Row(number, tuple(cells), line, part)


def _records(file: str, text: str, separator: str) -> Iterator[Row]:
    """The rows of a CSV, each with the line on which it begins."""
    if "\n" not in text and "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # as Excel for the old Macintosh saved it
    begin = 1
    read: list[str] = []

    def kept() -> Iterator[str]:
        for each in _ended(text):
            read.append(each)
            yield each

    reader = csv.reader(kept(), delimiter=separator, strict=True)
    number = 0
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _not_csv(file, begin, error) from None
        number += 1
        _require_width(file, begin, len(values))
        raw = "".join(read).removesuffix("\n").removesuffix("\r")
        lines = (
            value.replace("\r\n", "\n") for value in values
        )  # a break within a cell is one, whatever it is made of
        cells = tuple(Cell(value, "", number, column, begin) for column, value in enumerate(lines, start=1))
        yield Row(number, cells, begin, raw)
        begin += len(read)
        read.clear()


def _not_csv(file: str, line: int, error: csv.Error) -> DataError:
    said = str(error)
    ja, en = ("CSV として読めません", "not CSV")
    if "end of data" in said:
        ja, en = "引用符が閉じていません", "a quote that never closes"
    elif "field larger" in said:
        ja, en = f"1 つの欄が {MOST_TEXT:,} 文字より長いです", f"a cell of more than {MOST_TEXT:,} characters"
    elif "expected after" in said:
        ja, en = "引用符のあとに文字があります", "something stands after a closing quote"
    return DataError(f"{path_shown(file)} の {line} 行目: {ja}", f"{path_shown(file)}, line {line}: {en}")


def _limited_pages(file: str, rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    count = 0
    for page, row in rows:
        count += len(row.cells)
        _require_few(file, row, page, count)
        yield page, row


def _limited(file: str, rows: Iterator[Row]) -> Iterator[Row]:
    count = 0
    for row in rows:
        count += len(row.cells)
        _require_few(file, row, row.number, count)
        yield row


def _require_width(file: str, line: int, columns: int) -> None:
    """Before cells are made of them. Raises DataError."""
    if columns > MOST_COLUMNS:
        name = path_shown(file)
        raise DataError(
            f"{name} の {line} 行目: {MOST_COLUMNS:,} 列より多いです",
            f"{name}, line {line}: more than {MOST_COLUMNS:,} columns",
        )


def _require_few(file: str, row: Row, number: int, count: int) -> None:
    what = None
    if max(number, row.line) > MOST_ROWS:
        what = f"{MOST_ROWS:,} 行より多いです", f"more than {MOST_ROWS:,} rows"
    elif count > MOST_CELLS:
        what = f"欄が {MOST_CELLS:,} より多いです", f"more than {MOST_CELLS:,} cells"
    elif any(len(cell.text) > MOST_TEXT for cell in row.cells):
        what = f"1 つの欄が {MOST_TEXT:,} 文字より長いです", f"a cell of more than {MOST_TEXT:,} characters"
    if what is not None:
        name = path_shown(file)
        raise DataError(f"{name} の {row.line} 行目: {what[0]}", f"{name}, line {row.line}: {what[1]}")
