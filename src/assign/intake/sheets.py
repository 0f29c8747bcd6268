"""
What a file says, as printed, before anybody says what it means: sheets of rows of cells, each with its place.

Nothing is trimmed, folded, filled in or carried down here. A blank cell is a cell whose text is empty; a cell that the file does not
have is not there. What could mislead a reader (a colour that carries meaning, a hidden row, a formula that was never worked out) is a
remark, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assign.errors import path_shown
from assign.words import Bilingual, normal


@dataclass(frozen=True, slots=True)
class Span:
    """The cells that are merged into one, counted from 1, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One cell.

    Attributes:
        text: As printed, with everything in it: line breaks, spaces, characters that nobody sees. A merged cell's text is in its first
            cell (top left); the others are blank.
        sheet: The name of its sheet; of a page, `p1`; of a file without either, empty.
        row, column: From 1, as a spreadsheet counts them (in text, which line of the page, and which of its cells).
        line: In a file of text, the line where it begins, counted by `\\n` alone; elsewhere 0.
        merged: Which cells it is merged with; None: it stands alone.
        look: What its dress may say, where the file tells: `strike`, `fill FFFF00`, `colour FF0000`, `partly strike`.
        hidden: Whether its row or column is hidden.
        unstruck: Of a text that is struck through in part, what of it is not, where the file tells.
    """

    text: str
    sheet: str = ""
    row: int = 0
    column: int = 0
    line: int = 0
    merged: Span | None = None
    look: tuple[str, ...] = ()
    hidden: bool = False
    unstruck: str | None = None

    @property
    def covered(self) -> bool:
        """Whether it is blank because it is a part of a merged cell that begins elsewhere."""
        return self.merged is not None and (self.row, self.column) != (self.merged.top, self.merged.left)


@dataclass(frozen=True, slots=True)
class Row:
    """
    One printed line of a table, or a line of text beside it.

    Attributes:
        number: From 1, as a spreadsheet counts it; in text, the line of its page.
        cells: In the order of their columns.
        line: As in `Cell`.
        raw: In a file of text, what it was read from, untouched; elsewhere its cells with tabs between.
    """

    number: int
    cells: tuple[Cell, ...]
    line: int = 0
    raw: str = ""

    @property
    def sheet(self) -> str:
        """The name of its sheet; empty in a file without sheets, and of a row without cells."""
        return self.cells[0].sheet if self.cells else ""

    @property
    def blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(cell.text.strip() for cell in self.cells)

    def number_in(self, sheet: str) -> int:
        """What a mapping calls it: its number in a sheet that the mapping names, else its line in a file of text."""
        return self.line if self.line and not sheet else self.number


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, a page of a PDF or of a text; `hidden`: nobody sees it who opens the file."""

    name: str
    rows: tuple[Row, ...]
    hidden: bool = False

    def cells(self) -> Iterator[Cell]:
        """All of them, row by row."""
        for row in self.rows:
            yield from row.cells


@dataclass(frozen=True, slots=True)
class Remark:
    """
    What a reader of the file should know before anything is made of it.

    Attributes:
        code: A stable name (`formula`, `hidden_row`, `colour` …).
        text: One line, in both languages; what stood in the file is shown escaped.
        sheet, row, column, line: Where, as in `Cell`; 0 and empty: of the whole sheet or file.
        count: How many places it is true of; the place is that of the first.
        said: Of a comment, what it says.
    """

    code: str
    text: Bilingual
    sheet: str = ""
    row: int = 0
    column: int = 0
    line: int = 0
    count: int = 1
    said: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """
    A file that was read.

    Attributes:
        file: Its name as it was given.
        sha256: Of its bytes.
        kind: `text`, `csv`, `xlsx`, `xls`, `xlsb`, `ods` or `pdf`: what is in it, whatever its name ends in.
        sheets: In the file's order, hidden ones too.
        remarks: In the order of their places.
        encoding: Of a file of text: `utf-8`, `cp932`, `utf-16`; elsewhere empty.
        separator: Of a CSV; elsewhere empty, and between the cells of text a tab.
    """

    file: str
    sha256: str
    kind: str
    sheets: tuple[Sheet, ...]
    remarks: tuple[Remark, ...]
    encoding: str = ""
    separator: str = ""

    def cells(self) -> Iterator[Cell]:
        """All of them, sheet by sheet."""
        for sheet in self.sheets:
            yield from sheet.cells()


def letters(column: int) -> str:
    """
    A column as a spreadsheet names it.

    >>> letters(1), letters(26), letters(27), letters(703)
    ('A', 'Z', 'AA', 'AAA')
    """
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def place(file: str, cell: Cell | Remark) -> Bilingual:
    """
    Where something stands, for a message: the file, and the line and cell of a text or the cell of a sheet.

    >>> place("b.csv", Cell("○", row=7, column=2, line=7))["en"]
    '`b.csv`, line 7, cell 2'
    >>> place("b.xlsx", Cell("○", "表1", row=7, column=2))["en"]
    '`b.xlsx`, `表1`!B7'
    """
    name = path_shown(file)
    if cell.line:
        ja, en = f"{name} の {cell.line} 行目", f"{name}, line {cell.line}"
        return {"ja": f"{ja} {cell.column} 番目の欄", "en": f"{en}, cell {cell.column}"} if cell.column else {"ja": ja, "en": en}  # fmt: skip
    if not cell.sheet:
        return {"ja": name, "en": name}
    sheet = path_shown(cell.sheet)
    at = f"!{letters(cell.column)}{cell.row}" if cell.row and cell.column else f"!{cell.row or letters(cell.column)}" if cell.row or cell.column else ""  # fmt: skip
    return {"ja": f"{name} の {sheet}{at}", "en": f"{name}, {sheet}{at}"}


def like(text: str, pattern: str) -> bool:
    """
    Whether a text is like a pattern, in which `*` stands for anything; spaces and widths are no matter.

    >>> like("【国民年金】", "【*】"), like("- 1 -", "- * -"), like("1 受付", "【*】")
    (True, True, False)
    """
    parts = map(re.escape, normal(pattern).split("*"))
    return re.fullmatch(".*".join(parts), normal(text), re.DOTALL) is not None
