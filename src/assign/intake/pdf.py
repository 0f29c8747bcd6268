"""
A PDF → its pages as sheets: the cells of ruled tables, and lines of text. Runs in the child process alone (`apart`).

The one place that knows pdfplumber, which comes with the extra `import`. A cell is what lines enclose; where a page has no lines,
text is divided where there is a wide gap, and then no one can tell the columns: that is said.
"""

from __future__ import annotations

import io
import unicodedata
from itertools import pairwise
from statistics import median
from typing import Any, Final, NamedTuple

from assign.errors import DataError, needs_extra, shown

from .limits import MOST_CELLS, MOST_CHARACTERS, MOST_COLUMNS, MOST_PAGES
from .remarks import Remarks
from .sheets import Cell, Row, Sheet, Span
from .text import unseen

_GAP: Final = 1.2  # of the letters' size: text that is wider apart stands in two cells
_SAME_LINE: Final = 3.0  # points
_SAME_EDGE: Final = 2.0
_MARGIN: Final = 2.5  # letters: the next one, and what a cell leaves free at its sides
_BEGINS: Final = (
    "No",
    "Ps",
    "So",
    "Po",
)  # of Unicode's kinds of characters, what a line of its own begins with: ① （ ○ ※


class _Line(NamedTuple):
    """What is printed at one height: texts, each with its column, and how many rows and columns it reaches over."""

    top: float
    cells: list[tuple[str, int, int, int]]


def of_pdf(data: bytes, remarks: Remarks) -> tuple[str, list[Sheet]]:
    """
    Its pages.

    Raises:
        DataError: It is encrypted, damaged, too large, has no text (a scan), or pdfplumber is not installed.
    """
    try:
        import pdfplumber
        from pdfminer.pdfdocument import PDFPasswordIncorrect
        from pdfplumber.utils.exceptions import PdfminerException
    except ImportError:
        raise DataError(*needs_extra("pdfplumber", "import")) from None
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            sheets = _pages(document, remarks)
    except PdfminerException as error:
        if any(isinstance(each, PDFPasswordIncorrect) for each in error.args):
            raise DataError("パスワードで暗号化された PDF です", "an encrypted PDF") from None
        raise DataError("PDF として読めません（壊れています）", "cannot be read as a PDF (it is damaged)") from None
    if not any(cell.text.strip() for sheet in sheets for cell in sheet.cells()):
        raise DataError(
            "文字がない PDF です（紙を画像にしたものです）。元の Excel か、文字のある PDF が要ります",
            "a PDF without text (an image of paper); the workbook it was made from is needed, or a PDF with text",
        )
    return "pdf", sheets


def _pages(document: Any, remarks: Remarks) -> list[Sheet]:
    sheets = []
    cells = characters = 0
    if len(document.pages) > MOST_PAGES:
        raise DataError(f"{MOST_PAGES} ページより長い PDF です", f"a PDF of more than {MOST_PAGES} pages")
    for number, page in enumerate(document.pages, start=1):
        name = f"p{number}"
        rows = _rows(name, _lines(page, name, remarks))
        for row in rows:
            cells += len(row.cells)
            for cell in row.cells:
                characters += len(cell.text)
                if cell.text:
                    unseen(cell, remarks)
        if cells > MOST_CELLS or characters > MOST_CHARACTERS:
            raise DataError(f"欄が {MOST_CELLS:,} より多いか、文字が多すぎます", f"more than {MOST_CELLS:,} cells, or too much text")  # fmt: skip
        sheets.append(Sheet(name, rows))
        page.close()
    return sheets


def _lines(page: Any, name: str, remarks: Remarks) -> list[_Line]:
    """Ruled tables and the text between them, from the top of the page down."""
    if len(page.chars) > MOST_CHARACTERS // 50:
        raise DataError("1 ページの文字が多すぎます", "too much text on a page")
    # Where a page ends within a row, nothing is drawn below it, nor above its rest: the ends of the upright lines stand for that.
    upright = [edge for edge in page.edges if edge["orientation"] == "v"]
    ends = [min(edge["top"] for edge in upright), max(edge["bottom"] for edge in upright)] if upright else []
    tables = page.find_tables({"explicit_horizontal_lines": ends})
    size = median(sizes) if (sizes := [each["size"] for each in page.chars if each["text"].strip()]) else 1.0
    blocks = [
        (float(table.bbox[1]), _table(table, size)) for table in tables
    ]  # a table stays together, whatever stands beside it
    boxes = [table.bbox for table in tables]

    def outside(thing: Any) -> bool:
        x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
        return not any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes)

    rest = page.filter(lambda thing: thing["object_type"] != "char" or outside(thing)) if boxes else page
    words = rest.extract_words(keep_blank_chars=True, x_tolerance_ratio=_GAP, y_tolerance=_SAME_LINE)
    loose = _text_lines(words)
    blocks += [(line.top, [line]) for line in loose]
    if any(len(line.cells) > 1 for line in loose):
        remarks.add("no_ruled_table", {"ja": "罫線のない文字を、空きの広い所で欄に分けました（列は分かりません）", "en": "text without ruled lines is divided into cells where a gap is wide (no column can be told)"}, sheet=name)  # fmt: skip
    coloured = {str(each["non_stroking_color"]) for each in page.chars if each["text"].strip() and not _is_dark(each.get("non_stroking_color"))}  # fmt: skip
    if coloured:
        remarks.add("colour", {"ja": "黒でない文字があります（色に意味がありますか）", "en": "text that is not black: does the colour mean something?"}, sheet=name)  # fmt: skip
    if page.images:
        remarks.add("picture", {"ja": "画像があります（中の文字は読めません）", "en": "a picture (text in it cannot be read)"}, sheet=name)  # fmt: skip
    _annotations(page, name, remarks)
    return [line for _, block in sorted(blocks, key=lambda block: block[0]) for line in block]


def _annotations(page: Any, name: str, remarks: Remarks) -> None:
    """What is said beside the text; where that cannot be read (notes that refer to each other without end), so much is said."""
    from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

    try:
        said = "; ".join(text for each in page.annots if (text := str(each.get("contents") or "").strip()))
    except (MalformedPDFException, PdfminerException):
        remarks.add("comment", {"ja": "読めない注釈があります", "en": "an annotation that cannot be read"}, sheet=name)
        return
    if said:
        remarks.add("comment", {"ja": f"注釈があります: {shown(said, 400)}", "en": f"an annotation: {shown(said, 400)}"}, sheet=name)  # fmt: skip


def _is_dark(colour: Any) -> bool:
    """Whether it is black, or nearly: in grey, in RGB, or in inks."""
    if colour is None:
        return True
    values = [
        each for each in (colour if isinstance(colour, list | tuple) else (colour,)) if isinstance(each, int | float)
    ]
    if not values:
        return True
    return values[-1] > 0.8 if len(values) == 4 else max(values) < 0.3


def _table(table: Any, size: float) -> list[_Line]:
    """
    The rows of a ruled table: a cell's column is where its left edge stands among all edges of the table.

    Args:
        size: Of a letter, in points.
    """
    boxes = [tuple(map(float, box)) for box in table.cells]
    lefts, tops = _edges([box[0] for box in boxes]), _edges([box[1] for box in boxes])
    if len(lefts) > MOST_COLUMNS:
        raise DataError(f"{MOST_COLUMNS} 列より多い表です", f"a table of more than {MOST_COLUMNS} columns")
    texts = {}
    for row, said in zip(table.rows, table.extract(), strict=True):
        for box, text in zip(row.cells, said, strict=True):
            if box is not None:
                texts[tuple(map(float, box))] = text or ""
    lines: dict[int, list[tuple[str, int, int, int]]] = {at: [] for at in range(len(tops))}
    for box in boxes:
        left, top, right, bottom = box
        across = sum(left - _SAME_EDGE < edge < right - _SAME_EDGE for edge in lefts)
        down = sum(top - _SAME_EDGE < edge < bottom - _SAME_EDGE for edge in tops)
        row, column = _nearest(tops, top), _nearest(lefts, left)
        text = unwrapped(texts.get(box, ""), (right - left) / max(size, 1.0))
        lines[row].append((text, column + 1, max(down, 1), max(across, 1)))
    return [_Line(tops[at], sorted(cells, key=lambda cell: cell[1])) for at, cells in lines.items()]


def unwrapped(text: str, wide: float) -> str:
    """
    A cell's text without the breaks that stand only where a line was full, within Japanese; every other break stays.

    Args:
        wide: The cell's width, in letters.

    >>> unwrapped("高額療養費の申\\n請の受付", 8), unwrapped("受付\\n交付", 8), unwrapped("受付は受託者\\n※1 審査", 7)
    ('高額療養費の申請の受付', '受付\\n交付', '受付は受託者\\n※1 審査')
    """
    lines = text.split("\n")
    found = lines[0]
    for before, line in pairwise(lines):
        letters = sum(1.0 if _is_wide(letter) else 0.5 for letter in before)
        within = (
            _is_wide(before[-1:])
            and _is_wide(line[:1])
            and before[-1:] != "。"
            and unicodedata.category(line[0]) not in _BEGINS
        )
        found += line if within and letters + _MARGIN > wide else f"\n{line}"
    return found


def _is_wide(letter: str) -> bool:
    return letter != "" and unicodedata.east_asian_width(letter) in "WF"


def _edges(places: list[float]) -> list[float]:
    """Places, those that are nearly one taken for one, from the first on."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _SAME_EDGE:
            found.append(place)
    return found


def _nearest(edges: list[float], place: float) -> int:
    return min(range(len(edges)), key=lambda at: abs(edges[at] - place))


def _text_lines(words: list[Any]) -> list[_Line]:
    lines: list[list[Any]] = []
    for word in sorted(words, key=lambda each: (each["top"], each["x0"])):
        if lines and abs(lines[-1][0]["top"] - word["top"]) <= _SAME_LINE:
            lines[-1].append(word)
        else:
            lines.append([word])
    made = []
    for line in lines:
        texts = [word["text"].strip() for word in sorted(line, key=lambda each: each["x0"])]
        made.append(_Line(float(line[0]["top"]), [(text, column, 1, 1) for column, text in enumerate(texts, start=1)]))
    return made


def _rows(name: str, lines: list[_Line]) -> tuple[Row, ...]:
    """Lines as rows from 1 on, with a blank cell where a merged one covers it."""
    spans: dict[int, dict[int, Span]] = {}  # by row and column
    rows = []
    for number, line in enumerate(lines, start=1):
        have: dict[int, Cell] = {}
        for text, column, down, across in line.cells:
            span = Span(number, column, number + down - 1, column + across - 1) if down > 1 or across > 1 else None
            if span is not None:
                for row in range(span.top, span.bottom + 1):
                    spans.setdefault(row, {}).update(dict.fromkeys(range(span.left, span.right + 1), span))
            have[column] = Cell(text, name, number, column, 0, span)
        covered = spans.get(number, {})
        last = max([*have, *covered], default=0)
        cells = tuple(have.get(at) or Cell("", name, number, at, 0, covered.get(at)) for at in range(1, last + 1))
        rows.append(Row(number, cells, 0, "\t".join(cell.text for cell in cells)))
    return tuple(rows)
