"""
The parts of an OpenDocument spreadsheet → its sheets. Each cell's printed text stands in the file itself, so it is read from there,
without calamine, which gives the values alone, and neither merged cells nor what is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from assign.errors import DataError, shown

from .limits import MOST_CELLS, MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS, MOST_SHEETS
from .remarks import Remarks
from .sheets import Cell, Row, Sheet, Span
from .xlsx_sheet import require_few, spans_by_cell
from .xlsx_xml import walk

_CELLS: Final = ("table-cell", "covered-table-cell")


def sheets_of(parts: Mapping[str, bytes], remarks: Remarks) -> list[Sheet]:
    """
    Its sheets, in their order.

    Raises:
        DataError: It is no spreadsheet, damaged or too large.
    """
    if not parts["mimetype"].startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        raise DataError("OpenDocument の表計算ではありません", "an OpenDocument file, but no spreadsheet")
    reader = _Reader(remarks)
    walk(parts["content.xml"], reader.begins, reader.ends, reader.says)
    return reader.sheets


class _Reader:
    """Where in the document the parser stands, and what was read."""

    def __init__(self, remarks: Remarks) -> None:
        self.remarks = remarks
        self.sheets: list[Sheet] = []
        self.looks: dict[str, tuple[str, ...]] = {}
        self.unseen: set[str] = set()  # styles of sheets that nobody sees
        self._style = ""
        self._name = ""
        self._table_hidden = False
        self._rows: list[Row] = []
        self._cells: list[tuple[str, tuple[str, ...], int, int, bool]] = []
        self._spans: list[Span] = []
        self._row = self._row_repeat = self._column = 0
        self._row_hidden = False
        self._hidden_columns: list[bool] = []
        self._column_looks: list[str] = []
        self._cell: Mapping[str, str] | None = None
        self._paragraphs: list[str] = []
        self._aside: list[list[str]] = []
        self._aside_kind = ""
        self._in_text = 0
        self._area = self._characters = 0

    # -- the parser's

    def begins(self, name: str, has: Mapping[str, str]) -> None:
        if self._aside_kind:
            if name == "p":
                self._aside.append([])
            return
        if name == "style":
            self._style = has.get("name", "")
        elif name in ("table-cell-properties", "text-properties", "table-properties") and self._style:
            self._dress(name, has)
        elif name == "table":
            self._name, self._table_hidden = has.get("name", ""), has.get("style-name", "") in self.unseen
            self._rows, self._spans, self._row, self._hidden_columns, self._column_looks = [], [], 0, [], []
            if len(self.sheets) >= MOST_SHEETS:
                raise DataError(f"シートが {MOST_SHEETS} より多いです", f"more than {MOST_SHEETS} sheets")
        elif name == "table-column":
            repeat = min(_count(has, "number-columns-repeated"), MOST_COLUMNS + 1)
            self._hidden_columns += [_is_hidden(has)] * min(repeat, MOST_COLUMNS + 1 - len(self._hidden_columns))
            self._column_looks += [has.get("default-cell-style-name", "")] * min(
                repeat, MOST_COLUMNS + 1 - len(self._column_looks)
            )
        elif name == "table-row":
            self._cells, self._column = [], 0
            self._row_repeat, self._row_hidden = _count(has, "number-rows-repeated"), _is_hidden(has)
        elif name in _CELLS:
            self._cell, self._paragraphs = has, []
        elif name in ("annotation", "custom-shape", "text-box"):
            self._aside_kind, self._aside = name, []
        elif self._cell is not None:
            if name == "p":
                self._paragraphs.append("")
                self._in_text += 1
            elif name == "s" and self._paragraphs:
                self.says(" " * min(_count(has, "c"), 100))
            elif name == "tab":
                self.says("\t")
            elif name == "line-break":
                self.says("\n")

    def ends(self, name: str) -> None:
        if self._aside_kind:
            if name == self._aside_kind:
                self._say_aside()
            return
        if name == "style":
            self._style = ""
        elif name == "p" and self._in_text:
            self._in_text -= 1
        elif name in _CELLS and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "table-row":
            self._end_row()
        elif name == "table":
            self._end_table()

    def says(self, text: str) -> None:
        if self._aside_kind:
            if self._aside:
                self._aside[-1].append(text)
        elif self._in_text and self._paragraphs:
            self._paragraphs[-1] += text
            self._characters += len(text)
            if self._characters > MOST_CHARACTERS:
                raise DataError("文字が多すぎます", "too much text")

    # -- what it gives

    def _dress(self, name: str, has: Mapping[str, str]) -> None:
        look = []
        if name == "table-properties" and has.get("display") == "false":
            self.unseen.add(self._style)
        colour = has.get("background-color", "")
        if name == "table-cell-properties" and colour.startswith("#") and colour.lower() != "#ffffff":
            look.append(f"fill {colour[1:].upper()}")
        if name == "text-properties":
            if (
                has.get("text-line-through-style", "none") != "none"
                or has.get("text-line-through-type", "none") != "none"
            ):
                look.append("strike")
            written = has.get("color", "")
            if written.startswith("#") and written != "#000000":
                look.append(f"colour {written[1:].upper()}")
        if look:
            self.looks[self._style] = (*self.looks.get(self._style, ()), *look)

    def _end_cell(self, has: Mapping[str, str]) -> None:
        repeat = _count(has, "number-columns-repeated")
        text = "\n".join(self._paragraphs)
        column = self._column + 1
        self._column += repeat
        if text or "number-columns-spanned" in has or "number-rows-spanned" in has:
            across, down = _count(has, "number-columns-spanned"), _count(has, "number-rows-spanned")
            if across > 1 or down > 1:
                self._spans.append(Span(self._row + 1, column, self._row + down, column + across - 1))
                if len(self._spans) > MOST_CELLS:
                    raise DataError("結合が多すぎます", "too many merged cells")
        style = has.get("style-name", "") or (
            self._column_looks[column - 1] if column <= len(self._column_looks) else ""
        )
        look = self.looks.get(style, ())
        if "formula" in has:
            look = (*look, "formula" if text or has.get("value-type") else "formula without a value")
        dated = has.get("value-type") in ("date", "time")
        self._cells.append((text, look, repeat, column, dated))
        if text:
            require_few(0, column + repeat - 1)

    def _end_row(self) -> None:
        width = max((column + repeat - 1 for text, look, repeat, column, _ in self._cells if text or "formula without a value" in look), default=0)  # fmt: skip
        first = self._row + 1
        self._row += self._row_repeat
        if not width:
            if self._row <= MOST_ROWS:
                self._rows += [Row(number, ()) for number in range(first, self._row + 1)]
            return
        require_few(self._row, width)
        self._area += width * self._row_repeat
        if self._area > MOST_CELLS:
            raise DataError(f"欄が {MOST_CELLS:,} より多いです", f"more than {MOST_CELLS:,} cells")
        for number in range(first, self._row + 1):
            made: list[Cell] = []
            for text, look, repeat, column, dated in self._cells:
                for at in range(column, min(column + repeat, width + 1)):
                    unseen = self._row_hidden or (at <= len(self._hidden_columns) and self._hidden_columns[at - 1])
                    made.append(Cell(text, self._name, number, at, 0, None, look, unseen))
                    if dated:
                        self.remarks.add("date", {"ja": "日付または時刻です（`1-2` のような番号が日付になっていないか確かめてください）", "en": "a date or a time (look whether it was a number such as `1-2`)"}, sheet=self._name, row=number, column=at)  # fmt: skip
            if self._row_hidden:
                self.remarks.add("hidden_row", {"ja": "表示されていない行があります", "en": "a hidden row"}, sheet=self._name, row=number)  # fmt: skip
            self._rows.append(Row(number, tuple(made)))

    def _end_table(self) -> None:
        while self._rows and not self._rows[-1].cells:
            self._rows.pop()
        width = max((len(row.cells) for row in self._rows), default=0)
        require_few(len(self._rows), width)
        spans = spans_by_cell(self._spans, len(self._rows), width)
        rows = []
        for row in self._rows:
            have = dict(enumerate(row.cells, start=1))
            cells = tuple(
                self._placed(have.get(at), row.number, at, spans.get((row.number, at))) for at in range(1, width + 1)
            )
            rows.append(Row(row.number, cells, 0, "\t".join(cell.text for cell in cells)))
        for at, hidden in enumerate(self._hidden_columns[:width], start=1):
            if hidden:
                self.remarks.add("hidden_column", {"ja": "表示されていない列があります", "en": "a hidden column"}, sheet=self._name, column=at)  # fmt: skip
        self.sheets.append(Sheet(self._name, tuple(rows), self._table_hidden))

    def _placed(self, cell: Cell | None, row: int, column: int, span: Span | None) -> Cell:
        if cell is None:
            return Cell("", self._name, row, column, 0, span)
        return Cell(cell.text, cell.sheet, row, column, 0, span, cell.look, cell.hidden)

    def _say_aside(self) -> None:
        said = " ".join("".join(paragraph) for paragraph in self._aside).strip()
        code = "comment" if self._aside_kind == "annotation" else "text_box"
        self._aside_kind = ""
        if said:
            ja, en = ("コメントがあります", "a comment") if code == "comment" else ("図形の中に文字があります", "text in a box or a shape")  # fmt: skip
            place = {"row": self._row + 1, "column": self._column + 1} if code == "comment" else {}
            self.remarks.add(code, {"ja": f"{ja}: {shown(said, 400)}", "en": f"{en}: {shown(said, 400)}"}, sheet=self._name, of=f"{self._row} {self._column} {said[:40]}", said=said if place else "", **place)  # fmt: skip


def _is_hidden(has: Mapping[str, str]) -> bool:
    return has.get("visibility", "visible") != "visible"


def _count(has: Mapping[str, str], name: str) -> int:
    """How often something is repeated. Raises DataError."""
    text = has.get(name, "1")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DataError("繰り返しの数が正しくありません", "a number of repetitions that is none")
    return int(text)
