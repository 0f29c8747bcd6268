"""
The XML of a sheet → what its cells wear, and how far it reaches; the values are calamine's to read.

calamine gives values and merged cells, and no colours, formulas, errors (it gives an empty text) or hidden rows; openpyxl gives
those in the mode alone that takes a kilobyte a cell. So the sheet is looked at here, as it is streamed, before either could be
asked for more memory than there is; and what calamine then gives is held against it, cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from assign.errors import DataError, shown

from .limits import MOST_CELLS, MOST_COLUMNS, MOST_ROWS
from .sheets import Span, letters
from .xlsx_book import font_look, look_of_runs, unstruck_of_runs
from .xlsx_xml import BLANKS, walk

_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.ASCII)


_MOST_CONDITIONAL: Final = 100


class Worn(NamedTuple):
    """
    What a cell's element says: its style, its kind (`s` a shared text, `e` an error …), whether it holds a value and a formula, and
    what it holds where that is a number of a shared text or an error, whether it holds blanks alone, what a text of its own wears, and, of
    one that is struck through in part, what is not.
    """

    style: int
    kind: str
    value: bool
    formula: bool
    content: str
    blank: bool
    look: tuple[str, ...] = ()
    unstruck: str | None = None


@dataclass
class Scan:
    """A sheet as its XML has it."""

    cells: dict[tuple[int, int], Worn] = field(default_factory=dict)
    merged: list[Span] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    last_row: int = 0  # the last row and column with something in them
    last_column: int = 0
    conditional: list[Span] = field(default_factory=list)

    def by_condition(self, row: int, column: int) -> bool:
        """Whether its dress depends on values."""
        return any(span.top <= row <= span.bottom and span.left <= column <= span.right for span in self.conditional)

    def hides_column(self, column: int) -> bool:
        """Whether nobody sees it."""
        return any(first <= column <= last for first, last in self.hidden_columns)


def scan(content: bytes) -> Scan:
    """
    Look at a sheet.

    Raises:
        DataError: It is larger than a list is, damaged, or names one cell twice.
    """
    found = Scan()
    at = _Position(found)
    walk(content, at.begins, at.ends, at.says)
    return found


class _Position:
    """Where in the sheet the parser stands."""

    def __init__(self, found: Scan) -> None:
        self.found = found
        self.row = self.column = 0
        self.cell: dict[str, str] | None = None
        self.inside = ""
        self.said: list[str] = []
        self.formula = False
        self.run: list[str] | None = None
        self.runs: list[tuple[str, ...]] = []
        self.texts: list[str] = []  # of each run

    def begins(self, name: str, has: Mapping[str, str]) -> None:
        if name == "c":
            self._cell(has)
        elif name == "row":
            self.row = _number(has["r"]) if "r" in has else self.row + 1
            self.column = 0
            if has.get("hidden") in ("1", "true") or _is_nothing(has.get("ht")):
                self.found.hidden_rows.add(self.row)
        elif name in ("v", "t") and self.cell is not None:
            self.inside = name
        elif name == "f" and self.cell is not None:
            self.formula = True
        elif name == "col":
            if has.get("hidden") in ("1", "true") or _is_nothing(has.get("width")):
                self.found.hidden_columns.append((_number(has.get("min", "1")), _number(has.get("max", "16384"))))
                if len(self.found.hidden_columns) > MOST_ROWS:
                    raise _odd("col")
        elif name == "mergeCell":
            self.found.merged.append(span_of(has.get("ref", "")))
            if len(self.found.merged) > MOST_CELLS:
                raise DataError("結合が多すぎます", "too many merged cells")
        elif name == "conditionalFormatting":
            self._conditional(has.get("sqref", ""))
        elif self.cell is not None and name == "r":
            self.run = []
            self.texts.append("")
        elif self.run is not None:
            self.run += font_look(name, has)

    def ends(self, name: str) -> None:
        if name in ("v", "t"):
            self.inside = ""
        elif name == "r" and self.run is not None:
            self.runs.append(tuple(self.run))
            self.run = None
        elif name == "c" and self.cell is not None:
            self._keep(self.cell)
            self.cell = None

    def says(self, text: str) -> None:
        if self.inside:
            self.said.append(text)
        if self.inside == "t" and self.run is not None:
            self.texts[-1] += text

    def _cell(self, has: Mapping[str, str]) -> None:
        self.cell = dict(has)
        self.said, self.formula, self.runs, self.texts = [], False, [], []
        if "r" in has:
            row, self.column = _place(has["r"])
            if row != self.row:
                raise _odd(has["r"])
        else:
            self.column += 1

    def _conditional(self, reference: str) -> None:
        """The cells of a conditional format; of very many formats one field that holds them all."""
        spans = self.found.conditional
        spans += [span_of(each) for each in reference.split()]
        if len(spans) > _MOST_CONDITIONAL:
            spans[:] = [Span(min(s.top for s in spans), min(s.left for s in spans), max(s.bottom for s in spans), max(s.right for s in spans))]  # fmt: skip

    def _keep(self, has: Mapping[str, str]) -> None:
        kind = has.get("t", "n")
        content = self.said[0] if len(self.said) == 1 else "".join(self.said)
        kept = content if kind in ("s", "e") else ""
        blank = bool(content) and not content.strip(BLANKS)
        look, unstruck = look_of_runs(self.runs), unstruck_of_runs(self.texts, self.runs)
        worn = Worn(_number(has.get("s") or "0"), kind, bool(content), self.formula, kept, blank, look, unstruck)
        place = (self.row, self.column)
        if place in self.found.cells:
            raise _odd(f"{letters(self.column)}{self.row}")
        self.found.cells[place] = worn
        reaches = self.row > self.found.last_row or self.column > self.found.last_column
        if reaches and (worn.value or worn.formula):
            self.found.last_row = max(self.found.last_row, self.row)
            self.found.last_column = max(self.found.last_column, self.column)
            require_few(self.found.last_row, self.found.last_column)
        if len(self.found.cells) > 2 * MOST_CELLS:
            raise DataError(f"欄が {MOST_CELLS:,} より多いです", f"more than {MOST_CELLS:,} cells")


def require_few(rows: int, columns: int) -> None:
    """Raises DataError where a sheet is larger than a list is."""
    if rows > MOST_ROWS:
        raise DataError(f"{MOST_ROWS:,} 行より下に記入があります", f"something stands below row {MOST_ROWS:,}")
    if columns > MOST_COLUMNS:
        raise DataError(
            f"{letters(MOST_COLUMNS)} 列（{MOST_COLUMNS} 列目）より右に記入があります",
            f"something stands beyond column {letters(MOST_COLUMNS)} (the {MOST_COLUMNS}th)",
        )
    if rows * columns > MOST_CELLS:
        raise DataError(f"欄が {MOST_CELLS:,} より多いです", f"more than {MOST_CELLS:,} cells")


def span_of(reference: str) -> Span:
    """`A1:C3` → the cells. Raises DataError."""
    first, _, last = reference.partition(":")
    top, left = _place(first)
    bottom, right = _place(last or first)
    if bottom < top or right < left:
        raise _odd(reference)
    return Span(top, left, bottom, right)


def spans_by_cell(spans: Sequence[Span], rows: int, columns: int) -> dict[tuple[int, int], Span]:
    """Each cell that is merged, within the rows and columns that there are. Raises DataError where two spans share a cell."""
    found: dict[tuple[int, int], Span] = {}
    for span in spans:
        for row in range(span.top, min(span.bottom, rows) + 1):
            for column in range(span.left, min(span.right, columns) + 1):
                if (row, column) in found:
                    at = f"{letters(column)}{row}"
                    raise DataError(f"{at} が2つの結合に入っています", f"{at} is in two merged cells")
                found[row, column] = span
    return found


def _place(reference: str) -> tuple[int, int]:
    said = _REFERENCE.fullmatch(reference)
    if said is None:
        raise _odd(reference)
    column = 0
    for letter in said[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(said[2]), column


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise _odd(text)
    return int(text)


def _is_nothing(size: str | None) -> bool:
    """Whether a height or a width is 0."""
    if size is None:
        return False
    try:
        return float(size) == 0
    except ValueError:
        return False


def _odd(what: str) -> DataError:
    return DataError(
        f"シートの中の {shown(what)} が正しくありません", f"the sheet has {shown(what)}, which is not right"
    )
