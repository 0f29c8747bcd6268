"""
A workbook → its sheets, as printed, and what in them could mislead a reader. Runs in the child process alone (`apart`).

The one place that knows calamine, which comes with the extra `import`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from assign.errors import DataError, needs_extra, shown, visible

from . import kinds, ods, package, xlsx_book, xlsx_sheet
from .limits import MOST_CELLS, MOST_CHARACTERS, MOST_COMMENTS, MOST_SHEETS, MOST_TEXT
from .number_format import Value, printed
from .remarks import Remarks
from .sheets import Cell, Row, Sheet, Span, letters
from .text import unseen

_TAB = "\t"


def of_package(data: bytes, remarks: Remarks) -> tuple[str, list[Sheet]]:
    """
    A packed workbook's kind and sheets.

    Raises:
        DataError: It is none, damaged, too large, or calamine is not installed; without the file's name.
    """
    parts, names = package.opened(data)
    del data
    kind = kinds.part_kind(names)
    if package.has_macros(names):
        _macros(remarks)
    if kind == "ods":
        return kind, _kept(ods.sheets_of(parts, remarks), remarks)
    if kind == "xlsb":
        return kind, _kept(_by_calamine(package.packed(parts), kind, remarks), remarks)
    return kind, _kept(_xlsx(parts, remarks), remarks)


def of_xls(data: bytes, remarks: Remarks) -> tuple[str, list[Sheet]]:
    """An old workbook's kind and sheets. Raises DataError."""
    kind = kinds.ole_kind(data)
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        _macros(remarks)
    return kind, _kept(_by_calamine(io.BytesIO(data), kind, remarks), remarks)


# -- xlsx ----------------------------------------------------------------------------------------------------------------


def _xlsx(parts: Mapping[str, bytes], remarks: Remarks) -> list[Sheet]:
    about = xlsx_book.book_of(parts)
    listed = about.sheets
    _require_sheets(len(listed))
    styles = xlsx_book.styles_of(parts.get(about.styles))
    shared = xlsx_book.shared_of(parts.get(about.shared))
    scans = {}
    area = 0
    for sheet in listed:
        if "/chartsheets/" in sheet.part or "/dialogsheets/" in sheet.part or "/macrosheets/" in sheet.part:
            continue
        scans[sheet.name] = found = xlsx_sheet.scan(parts[sheet.part])
        area += found.last_row * found.last_column
        if area > MOST_CELLS:
            raise DataError(f"欄が {MOST_CELLS:,} より多いです", f"more than {MOST_CELLS:,} cells")
    if len(scans) != sum(sheet.name in scans for sheet in listed):
        raise DataError("同じ名前のシートが2つあります", "two sheets have one name")
    beside = [(sheet, [(part, parts[part]) for part in sheet.leads_to if part in parts]) for sheet in listed]
    book = _opened(package.packed(parts))
    out = []
    for sheet, others in beside:
        if sheet.name not in scans:
            remarks.add("no_cells", {"ja": f"シート {shown(sheet.name)} はグラフなどで、欄がありません", "en": f"the sheet {shown(sheet.name)} is a chart or the like, without cells"}, sheet=sheet.name)  # fmt: skip
            continue
        values = _values(book, sheet.name)
        made = _XlsxSheet(sheet.name, scans.pop(sheet.name), values, styles, shared, about.since_1904, remarks)
        out.append(Sheet(sheet.name, made.rows(), sheet.hidden))
        made.remark()
        for part, content in others:
            _beside(sheet.name, part, content, remarks)
    return out


class _XlsxSheet:
    """A sheet whose values and whose XML are put together."""

    def __init__(
        self,
        name: str,
        scan: xlsx_sheet.Scan,
        values: Sequence[Sequence[Value]],
        styles: Sequence[xlsx_book.Style],
        shared: xlsx_book.Shared,
        since_1904: bool,
        remarks: Remarks,
    ) -> None:
        self.name = name
        self.scan = scan
        self.values = values
        self.styles = styles
        self.shared = shared
        self.since_1904 = since_1904
        self.remarks = remarks
        self.spans = xlsx_sheet.spans_by_cell(scan.merged, scan.last_row, scan.last_column)
        self._require_same()

    def rows(self) -> tuple[Row, ...]:
        """Its rows down to the last with something in it, each as wide as the widest."""
        width = self.scan.last_column
        hidden = [self.scan.hides_column(column) for column in range(1, width + 1)]
        made = []
        for number in range(1, self.scan.last_row + 1):
            row_hidden = number in self.scan.hidden_rows
            cells = tuple(
                self._cell(number, column, row_hidden or hidden[column - 1]) for column in range(1, width + 1)
            )
            made.append(Row(number, cells, 0, _TAB.join(cell.text for cell in cells)))
        return tuple(made)

    def _cell(self, row: int, column: int, hidden: bool) -> Cell:
        worn = self.scan.cells.get((row, column))
        span = self.spans.get((row, column))
        if worn is None:
            unworn = ("conditional",) if self.scan.by_condition(row, column) else ()
            return Cell("", self.name, row, column, 0, span, unworn, hidden)
        style = self.styles[worn.style] if 0 <= worn.style < len(self.styles) else xlsx_book.Style("General", ())
        look = list(style.look)
        if worn.kind == "e":
            text = worn.content
            look.append("error")
            self._remark(
                "error_value",
                f"式の誤り {shown(text)} が値になっています",
                f"a formula failed: {shown(text)}",
                row,
                column,
            )
        else:
            text, said = self._printed(self._value(row, column), style.format, row, column)
            look += said
        text = text.replace("\r\n", "\n")  # a break within a cell is one, whatever it is made of
        unstruck = worn.unstruck
        if worn.kind == "s" and worn.content.isdigit():
            look += self.shared.looks.get(int(worn.content), ())
            unstruck = self.shared.unstruck.get(int(worn.content))
        look += worn.look
        if self.scan.by_condition(row, column):
            look.append("conditional")
        if worn.formula:
            look.append("formula" if worn.value or worn.kind == "str" else "formula without a value")
        return Cell(text, self.name, row, column, 0, span, tuple(dict.fromkeys(look)), hidden, unstruck)

    def _printed(self, value: Value, code: str, row: int, column: int) -> tuple[str, list[str]]:
        made = printed(value, code, since_1904=self.since_1904)
        if made.day:
            self._remark("date", f"日付または時刻です。{shown(made.text)} と印字されます（`1-2` のような番号が日付になっていないか確かめてください）", f"a date or a time, printed {shown(made.text)} (look whether it was a number such as `1-2`)", row, column)  # fmt: skip
        if not made.sure:
            self._remark("format", f"表示形式 {shown(code)} の欄です。値 {shown(made.text)} が別の形で印字されます", f"its format {shown(code)} prints the value {shown(made.text)} in another way", row, column, code)  # fmt: skip
        return made.text, [] if made.sure else [f"format {code}"]

    def _value(self, row: int, column: int) -> Value:
        return (
            self.values[row - 1][column - 1] if row <= len(self.values) and column <= len(self.values[row - 1]) else ""
        )

    def _require_same(self) -> None:
        """Raises DataError where calamine gives something else than the sheet's XML has: then neither is believed."""
        for (row, column), worn in self.scan.cells.items():
            if worn.kind != "e" and not self._may_be_blank(worn) and worn.value != (self._value(row, column) != ""):
                raise self._differs(row, column)
        for row, values in enumerate(self.values, start=1):
            for column, value in enumerate(values, start=1):
                if value != "" and (row, column) not in self.scan.cells:
                    raise self._differs(row, column)

    def _may_be_blank(self, worn: xlsx_sheet.Worn) -> bool:
        """Whether it is a text of blanks, which may be given or not."""
        if worn.kind == "s":
            return worn.content.isdigit() and int(worn.content) in self.shared.blank
        return worn.blank

    def _differs(self, row: int, column: int) -> DataError:
        at = f"{letters(column)}{row}"
        return DataError(f"シート {shown(self.name)} の {at} の値が読めません", f"the value of {at} in the sheet {shown(self.name)} cannot be read")  # fmt: skip

    def _remark(self, code: str, ja: str, en: str, row: int, column: int, of: str = "") -> None:
        self.remarks.add(code, {"ja": ja, "en": en}, sheet=self.name, row=row, column=column, of=of)

    def remark(self) -> None:
        """What is true of the sheet as a whole."""
        for row in sorted(self.scan.hidden_rows):
            if row <= self.scan.last_row:
                self._remark("hidden_row", "表示されていない行があります", "a hidden row", row, 0)
        for column in range(1, self.scan.last_column + 1):
            if self.scan.hides_column(column):
                self._remark("hidden_column", "表示されていない列があります", "a hidden column", 0, column)
        if self.scan.conditional:
            self._remark("conditional_format", "条件付き書式があります。色や文字が値によって変わります", "conditional formatting: what is seen depends on the values", 0, 0)  # fmt: skip


def _beside(sheet: str, part: str, content: bytes, remarks: Remarks) -> None:
    """Text that stands in no cell: somebody may have written the legend there."""
    if part.startswith("xl/drawings/") and part.endswith(".xml"):
        said = xlsx_book.drawn_text(content).strip()
        if said:
            remarks.add("text_box", {"ja": f"図形の中に文字があります: {shown(said, 400)}", "en": f"text in a box or a shape: {shown(said, 400)}"}, sheet=sheet, of=part)  # fmt: skip
        if b":blip " in content:
            remarks.add("picture", {"ja": "画像があります（中の文字は読めません）", "en": "a picture (text in it cannot be read)"}, sheet=sheet)  # fmt: skip
    elif "omments" in part:
        for where, said in xlsx_book.comments(content)[:MOST_COMMENTS]:
            at = xlsx_sheet.span_of(where)
            remarks.add("comment", {"ja": f"{where} にコメントがあります: {shown(said, 400)}", "en": f"a comment at {where}: {shown(said, 400)}"}, sheet=sheet, row=at.top, column=at.left, of=where, said=said)  # fmt: skip


# -- by calamine alone ---------------------------------------------------------------------------------------------------


def _by_calamine(file: io.BytesIO, kind: str, remarks: Remarks) -> list[Sheet]:
    """A workbook whose dress cannot be seen here; that is said."""
    book = _opened(file)
    _require_sheets(len(book.sheets_metadata))
    remarks.add(
        "dress_unseen",
        {
            "ja": f"{kind} では、色・取り消し線・表示しない行や列・式・式の誤りが分かりません（分かるようにするには Excel で xlsx に保存し直す）",
            "en": f"in {kind}, colours, strike-through, hidden rows and columns, formulas and their errors are not seen (save it as xlsx)",
        },
    )
    out = []
    area = 0
    for about in book.sheets_metadata:
        if str(about.typ).rpartition(".")[2] != "WorkSheet":
            remarks.add("no_cells", {"ja": f"シート {shown(about.name)} はグラフなどで、読みません", "en": f"the sheet {shown(about.name)} is a chart or the like, and is not read"}, sheet=about.name)  # fmt: skip
            continue
        sheet = _guarded(lambda name=about.name: book.get_sheet_by_name(name))
        xlsx_sheet.require_few(sheet.total_height, sheet.total_width)
        area += sheet.total_height * sheet.total_width
        if area > MOST_CELLS:
            raise DataError(f"欄が {MOST_CELLS:,} より多いです", f"more than {MOST_CELLS:,} cells")
        values = sheet.to_python(skip_empty_area=False)
        merged = [
            Span(top + 1, left + 1, bottom + 1, right + 1)
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        ]
        width = max((len(row) for row in values), default=0)
        spans = xlsx_sheet.spans_by_cell(merged, len(values), width)
        rows = []
        for number, row in enumerate(values, start=1):
            cells = []
            for column, value in enumerate(row, start=1):
                made = printed(value, "General")
                if made.day:
                    remarks.add("date", {"ja": f"日付または時刻です（{shown(made.text)}）。印字の形は {kind} では分かりません", "en": f"a date or a time ({shown(made.text)}); how it is printed is not seen in {kind}"}, sheet=about.name, row=number, column=column)  # fmt: skip
                look = () if made.sure else ("format",)
                cells.append(Cell(made.text, about.name, number, column, 0, spans.get((number, column)), look))
            rows.append(Row(number, tuple(cells), 0, _TAB.join(cell.text for cell in cells)))
        out.append(Sheet(about.name, tuple(rows), str(about.visible).rpartition(".")[2] != "Visible"))
    return out


def _opened(file: io.BytesIO) -> Any:
    try:
        import python_calamine
    except ImportError:
        raise DataError(*needs_extra("python-calamine", "import")) from None
    return _guarded(lambda: python_calamine.CalamineWorkbook.from_filelike(file))


def _values(book: Any, name: str) -> Sequence[Sequence[Value]]:
    values: Sequence[Sequence[Value]] = _guarded(lambda: book.get_sheet_by_name(name).to_python(skip_empty_area=False))
    return values


def _guarded(read: Any) -> Any:
    """What calamine gives. Raises DataError for whatever it says of a file of somebody's."""
    import python_calamine

    try:
        return read()
    except python_calamine.PasswordError:
        raise DataError("パスワードで暗号化されたブックです", "an encrypted workbook") from None
    except (python_calamine.CalamineError, ValueError, OSError, OverflowError) as error:
        said = visible(str(error))[:100]
        raise DataError(f"Excel のブックとして読めません（{said}）", f"cannot be read as a workbook ({said})") from None


# -- all -----------------------------------------------------------------------------------------------------------------


def _require_sheets(count: int) -> None:
    if count > MOST_SHEETS:
        raise DataError(f"シートが {MOST_SHEETS} より多いです", f"more than {MOST_SHEETS} sheets")
    if not count:
        raise DataError("シートがありません", "it has no sheet")


def _macros(remarks: Remarks) -> None:
    remarks.add(
        "macros", {"ja": "マクロが入っています（実行せず、読みません）", "en": "it has macros (never run, nor read)"}
    )


def _kept(sheets: list[Sheet], remarks: Remarks) -> list[Sheet]:
    """The sheets, with the remarks that any workbook may need. Raises DataError where there is too much text, or none."""
    characters = 0
    for sheet in sheets:
        if sheet.hidden:
            remarks.add("hidden_sheet", {"ja": f"シート {shown(sheet.name)} は表示されていません", "en": f"the sheet {shown(sheet.name)} is hidden"}, sheet=sheet.name)  # fmt: skip
        for cell in sheet.cells():
            characters += len(cell.text)
            if len(cell.text) > MOST_TEXT:
                raise DataError(
                    f"1 つの欄が {MOST_TEXT:,} 文字より長いです", f"a cell of more than {MOST_TEXT:,} characters"
                )
            if cell.text:
                unseen(cell, remarks)
                if cell.covered:
                    remarks.add("covered_text", {"ja": f"結合に隠れて見えない文字があります: {shown(cell.text)}", "en": f"text that a merged cell covers, and nobody sees: {shown(cell.text)}"}, sheet=cell.sheet, row=cell.row, column=cell.column)  # fmt: skip
            if cell.look:
                _say_look(cell, remarks)
        if characters > MOST_CHARACTERS:
            raise DataError("文字が多すぎます", "too much text")
    if not characters:
        raise DataError("どの欄も空です", "every cell is empty")
    return sheets


_LOOKS = {
    "strike": ("strike", "取り消し線の文字があります", "text that is struck through"),
    "partly strike": ("strike", "一部に取り消し線がある文字があります", "text that is struck through in part"),
    "formula": ("formula", "式の欄です。最後に計算された値を読みました", "a formula; the value that was last worked out is taken"),
    "formula without a value": ("formula_without_value", "計算されていない式です。値がありません（Excel で開いて保存し直してください）", "a formula that was never worked out, without a value (open it in Excel, and save it)"),
}  # fmt: skip


def _say_look(cell: Cell, remarks: Remarks) -> None:
    for look in cell.look:
        kind, _, rest = look.removeprefix("partly ").partition(" ")
        if look in _LOOKS:
            code, ja, en = _LOOKS[look]
        elif kind in ("fill", "pattern"):
            code, ja, en = "fill", f"塗りつぶし {shown(rest)} の欄があります（色に意味がありますか）", f"filled cells ({shown(rest)}): does the colour mean something?"  # fmt: skip
        elif kind == "colour":
            code, ja, en = "colour", f"文字の色 {shown(rest)} の欄があります（色に意味がありますか）", f"coloured text ({shown(rest)}): does the colour mean something?"  # fmt: skip
        else:
            continue
        if code == "colour" and not cell.text:
            continue
        remarks.add(code, {"ja": ja, "en": en}, sheet=cell.sheet, row=cell.row, column=cell.column, of=look)
