"""
A report → the screen, one file of HTML, or an Excel workbook for a committee.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

from assign.errors import DataError, needs_extra, visible

from . import said
from .model import Report
from .said import Table

MOST_ON_SCREEN: Final = 20  # rows of one table
_STYLE: Final = """
:root { color-scheme: light } @page { size: A4 landscape; margin: 12mm }
body { font: 14px/1.5 "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", "Meiryo", sans-serif; max-width: 80rem; margin: 1rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.3em; border-bottom: 2px solid #1a1a1a } h2 { font-size: 1.1em; margin: 1.4em 0 .3em; break-after: avoid } p { margin: .2em 0 }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin-top: .8em } caption { text-align: left } th, td { border: 1px solid #767676; padding: .2em .5em; text-align: left; vertical-align: top }
th { background: #eee } thead { display: table-header-group } tr { break-inside: avoid } td.n { text-align: right }
footer { margin-top: 1.5em; border-top: 1px solid #1a1a1a; font-size: .85em; overflow-wrap: anywhere }
@media print { body { font-size: 9pt; margin: 0; max-width: none; padding: 0 } }
"""
_SHARES: Final = {8: (23, 8, 27, 13, 13, 6, 5, 5), 3: (34, 33, 33)}  # of a table's width, by the number of its columns
_PARTS: Final = {
    "ja": ("動く判断", "何が変わったか", "まとめ", "変更"),
    "en": ("Decisions that move", "What has changed", "Summary", "Changes"),
}


def lines(report: Report, lang: str) -> Iterator[str]:
    """The screen. Of a long table the first rows; it says how many more there are."""
    ja = lang == "ja"
    yield from said.summary(report, lang)
    for table in (*said.moved(report, lang), *said.changed(report, lang)):
        yield ""
        yield f"■ {table.title}"
        for row in table.rows[:MOST_ON_SCREEN]:
            yield f"・{_line(row, table)}" if ja else f"- {_line(row, table)}"
        if (rest := len(table.rows) - MOST_ON_SCREEN) > 0:
            yield (
                f"  ほか {rest:,} 行（全部は --html、--xlsx、--json）"
                if ja
                else f"  {rest:,} more (all of them: --html, --xlsx, --json)"
            )
        if table.note:
            yield f"  {table.note}"


def _line(row: list[str | int], table: Table) -> str:
    if len(row) == 3:
        return f"{row[0]}: {row[1]} → {row[2]}"
    name, where, acts, old, new, when, volume, number = row
    months = f"｜{table.heads[6]} {volume:,}" if volume != "" else ""
    return f"{name}｜{where}｜{acts}｜{old} → {new}｜{when}{months}｜{table.heads[7]} {number:,}"


def html(report: Report, lang: str) -> str:
    """One file that needs no other, to be printed on A4."""
    return "\n".join(_html(report, lang)) + "\n"


def _html(report: Report, lang: str) -> Iterator[str]:
    title, *rest = said.summary(report, lang)
    first, second, *_ = _PARTS[lang]
    yield f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield f"<title>{_safe(title)}</title><style>{_STYLE}</style></head>\n<body>\n<h1>{_safe(title)}</h1>"
    yield from (f"<p>{_safe(each)}</p>" for each in rest)
    for head, tables in ((first, list(said.moved(report, lang))), (second, list(said.changed(report, lang)))):
        if tables:
            yield f"<h2>{_safe(head)}</h2>"
        for table in tables:
            yield f"<table><caption><strong>{_safe(table.title)}</strong> {_safe(table.note)}</caption>"
            yield "".join(f'<col style="width: {share}%">' for share in _SHARES[len(table.heads)])
            yield (
                "<thead><tr>"
                + "".join(f'<th scope="col">{_safe(each)}</th>' for each in table.heads)
                + "</tr></thead><tbody>"
            )
            for row in table.rows:
                yield "<tr>" + "".join(_td(cell) for cell in row) + "</tr>"
            yield "</tbody></table>"
    yield "<footer>" + "".join(f"<p>{_safe(each)}</p>" for each in _hashes(report, lang)) + "</footer>\n</body></html>"


def _td(cell: str | int) -> str:
    return f'<td class="n">{cell:,}</td>' if isinstance(cell, int) else f"<td>{_safe(cell)}</td>"


def _safe(text: object) -> str:
    """Text in HTML: escaped, with invisible characters made visible."""
    return escape(visible(str(text)))


def _hashes(report: Report, lang: str) -> Iterator[str]:
    """Which bytes were compared."""
    for edition, name in ((report.old, {"ja": "旧", "en": "old"}), (report.new, {"ja": "新", "en": "new"})):
        yield f"{name[lang]}: list sha256 {edition.catalog_sha256}, rules sha256 {edition.rules_sha256}, lexicon sha256 {edition.lexicon_sha256}"


def workbook(report: Report, lang: str) -> bytes:
    """
    An Excel file: a sheet with the summary, one with all decisions that move, one with all changes.

    Raises:
        DataError: openpyxl is not installed (extra `import`).
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise DataError(*needs_extra("openpyxl", "import")) from None
    first, _, third, fourth = _PARTS[lang]
    book = Workbook(write_only=True)
    _sheet(book, third, [("", 120)], [[each] for each in (*said.summary(report, lang), *_hashes(report, lang))])
    category = "分け方" if lang == "ja" else "category"
    moved = [[table.title.partition(":")[0], *row] for table in said.moved(report, lang) for row in table.rows]
    heads = list(zip((category, *said.HEADS[lang]), (26, 48, 16, 44, 26, 26, 24, 12, 10), strict=True))
    _sheet(book, first, heads, moved)
    changed = [[table.title.partition(":")[0], *row] for table in said.changed(report, lang) for row in table.rows]
    _sheet(book, fourth, list(zip((category, *said.CHANGED[lang]), (26, 48, 50, 50), strict=True)), changed)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Any, title: str, heads: list[tuple[str, int]], rows: list[list[str | int]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    for at, (_, width) in enumerate(heads, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    bold, wrapped = WriteOnlyCell(sheet), WriteOnlyCell(sheet)
    bold.font, wrapped.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")

    def cells(values: Iterable[str | int], like: Any) -> Iterator[Any]:
        """Cells that are text where they are text: what begins with `=` is no formula. Styles are looked up once, not for each."""
        for value in values:
            cell = WriteOnlyCell(sheet, value if isinstance(value, int) else visible(value))
            if isinstance(value, str):
                cell.data_type = "s"
            cell._style = like._style  # noqa: SLF001 - by its properties a style takes 20 times as long as all else
            yield cell

    if any(name for name, _ in heads):
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"
        sheet.append(cells((name for name, _ in heads), bold))
    for row in rows:
        sheet.append(cells(row, wrapped))
