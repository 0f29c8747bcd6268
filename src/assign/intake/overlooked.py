"""
What a mapping leaves unread → what of it a person should look at: columns that are not used, lines and sheets that look like rows.

Nothing here is read into the list. A column that is not used and holds marks or conditions, a line outside the table with a name and marks, a
sheet of such lines: each is said with its place, for the mapping may have missed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from assign.catalog.model import is_condition
from assign.errors import shown
from assign.words import normal

from .document import Document
from .guess import LONGEST_MARK
from .header import Placed, headers, placed
from .mapping import Column, Edition, Mapping, Part
from .notes import Notes
from .rows import Printed, headings
from .scope import holds, in_header, is_of, sheets_of
from .sheets import Cell, Row, Source, letters


def columns_read(source: Source, mapping: Mapping, edition: Edition) -> list[dict[str, Any]]:
    """Each column as the file has it and as it is read: its letter, what is printed above it, its role, channel and acts."""
    found: list[dict[str, Any]] = []
    of_marks = mapping.of_marks
    fixed = mapping.cells == "in_columns"  # else columns have an order, and no place
    tables = [(where.places, printed) for _, where, printed in _tables(source, mapping, edition)] if fixed else []
    for places, printed in tables or [(tuple((column, 0) for column in mapping.columns), {})]:
        for column, at in places:
            entry = {
                "column": letters(at),
                "header": printed.get(at, "") if fixed else column.header,
                "role": column.role,
                "channel": column.channel,
                "acts": list(column.acts),
                "party": column.party,
                "line": column.node.line,
                "mark": of_marks.index(column) if column in of_marks else None,
            }
            if entry not in found:
                found.append(entry)
    return found


def _tables(source: Source, mapping: Mapping, edition: Edition) -> Iterator[tuple[list[Row], Placed, dict[int, str]]]:
    """Each table of an edition: its rows, where its columns stand, and what is printed above them."""
    elsewhere = headings(source, mapping)
    for part in edition.parts:
        for rows, _ in sheets_of(source, mapping, part):
            printed = headers([row for row in rows if in_header(part, row)])
            body = [row for row in rows if holds(part, row) and not in_header(part, row)]
            shifted = mapping.cells == "shifted"
            yield body, placed(mapping.columns, printed, elsewhere, channel=part.channel, shifted=shifted), printed


def columns_unused(source: Source, mapping: Mapping, edition: Edition, notes: Notes) -> None:
    """Note columns that are not used and hold marks of the mapping, or conditions, and columns without a header that hold anything."""
    if mapping.cells != "in_columns":
        return
    known = _known(mapping)
    for rows, where, printed in _tables(source, mapping, edition):
        of: dict[int, Column] = {at: column for column, at in where.places}
        for at in range(1, max((cell.column for row in rows for cell in row.cells), default=0) + 1):
            column = of.get(at)
            if column is not None and column.role not in ("ignored", "quantity"):
                continue
            cells = [cell for row in rows for cell in row.cells if cell.column == at and cell.text.strip()]
            said = [cell for cell in cells if is_condition(cell.text)]
            marks = [cell for cell in cells if cell.text.strip() in known] if column is None or column.role == "ignored" else []  # fmt: skip
            name = f"{letters(at)}（{printed.get(at) or '見出しなし'}）"
            name_en = f"{letters(at)} ({printed.get(at) or 'no header'})"
            for found, ja, en in ((said, "条件の言葉", "conditions"), (marks, "印", "marks")):
                if found:
                    first = found[0]
                    notes.doubtful(
                        first, "unused_column", f"使わない列 {name} に{ja}があります（{len(found)} か所。ここは {shown(first.text.strip())}）",
                        f"the column {name_en} is not used and holds {en} ({len(found)} places; here {shown(first.text.strip())})",
                    )  # fmt: skip
            if column is None and cells and not said and not marks:
                notes.doubtful(
                    cells[0], "unused_column", f"見出しのない列 {letters(at)} に文字があります（{len(cells)} か所。条件として答えに示します）",
                    f"the column {letters(at)} has no header and holds text ({len(cells)} places; shown with the answer)",
                )  # fmt: skip
            if cells and _hides(rows, at):
                _hidden(cells[0], name, name_en, notes, read=False)
        for at, column in of.items():
            cells = [cell for row in rows for cell in row.cells if cell.column == at and cell.text.strip()]
            if cells and column.role not in ("ignored", "quantity") and _hides(rows, at):
                _hidden(cells[0], f"{letters(at)}（{printed.get(at, '')}）", letters(at), notes, read=True)


def _hides(rows: Sequence[Row], at: int) -> bool:
    """Whether a column is hidden, and not only the rows where something stands in it."""
    seen = [row for row in rows if any(not cell.hidden for cell in row.cells)]
    return bool(seen) and all(cell.hidden for row in seen for cell in row.cells if cell.column == at)


def _hidden(cell: Cell, ja: str, en: str, notes: Notes, *, read: bool) -> None:
    said = ("読みました", "it is read, too") if read else ("読んでいません", "it is not read")
    notes.doubtful(
        cell, "hidden", f"隠された列 {ja} に文字があります。{said[0]}", f"the hidden column {en} holds text; {said[1]}"
    )


def _known(mapping: Mapping) -> set[str]:
    sets = [
        *(column.marks for column in mapping.of_marks),
        *(marks for own in mapping.elsewhere for marks in own.values()),
    ]
    return {mark.printed for marks in sets for mark in marks if mark.printed}


def rows_left(
    source: Source,
    document: Document,
    mapping: Mapping,
    printed: Sequence[Printed],
    cited: Collection[int],
    notes: Notes,
) -> None:
    """Note lines that are no rows of any edition and look like rows of the table; of a sheet that is not read at all, once."""
    known = _known(mapping) | {text for row in printed for text in row.marks.values() if 0 < len(text) <= LONGEST_MARK}
    read = {row.line for row in printed} | set(cited)
    names = {normal(row.name) for row in printed}
    noted = [note.text.text for note in mapping.footnotes if any(note.text.text in row.remark for row in printed)]
    for sheet in source.sheets:
        parts = [part for edition in mapping.editions for part in edition.parts if is_of(sheet, part, mapping)]
        unread = [
            row
            for row in sheet.rows
            if document.at[sheet.name, row.number] not in read and not any(in_header(part, row) for part in parts)
        ]
        found = [row for row in unread if _like_a_row(row, known, names)]
        for row in unread if parts else ():
            text = _whole(row)
            if any(note in " ".join(cell.text for cell in row.cells) for note in noted):
                continue
            if is_condition(text) and not _like_a_row(row, known, names):
                notes.doubtful(
                    _first(row), "note_left", f"条件に見える文で、どの答えにも示されません: {text}（行の注なら `footnotes` に）",
                    f"it looks like a condition, and no answer shows it: {text} (the note of a row is one of `footnotes`)",
                )  # fmt: skip
        if not found:
            continue
        if not parts:
            hidden = ("（隠されています）", " (hidden)") if sheet.hidden else ("", "")
            notes.doubtful(
                _first(found[0]), "sheet_left", f"読んでいないシート {shown(sheet.name)}{hidden[0]} に業務の行に見える行が {len(found)} 行あります: {_whole(found[0])}",
                f"the sheet {shown(sheet.name)}{hidden[1]} is not read, and {len(found)} of its lines look like rows: {_whole(found[0])}",
            )  # fmt: skip
            continue
        for row in found:
            notes.doubtful(
                _first(row), "row_left", f"業務の行に見えますが、読んでいません: {_whole(row)}（`rows` と `skip` を確かめてください）",
                f"it looks like a row, and is not read: {_whole(row)} (see `rows` and `skip`)",
            )  # fmt: skip


def _like_a_row(row: Row, known: set[str], names: Collection[str]) -> bool:
    """Whether a line has a name and marks beside it: at least two of the marks, or one beside a number or a name of the list."""
    texts = [cell.text.strip() for cell in row.cells if cell.text.strip()]
    if len(texts) < 2 or texts[0] in known:
        return False
    marks = sum(text in known for text in texts[1:])
    rest = [text for text in texts if text not in known]
    named = any(normal(text) in names for text in rest)
    return bool(rest) and (marks > 1 or (marks == 1 and (named or len(texts) > 2)))


def _first(row: Row) -> Cell | Row:
    return next((cell for cell in row.cells if cell.text.strip()), row)


def _whole(row: Row) -> str:
    return shown(" ".join(" ".join(cell.text.split()) for cell in row.cells if cell.text.strip()), 80)


def repeated(printed: Sequence[Printed], parts: Sequence[Part], notes: Notes) -> None:
    """Note numbers that several rows of a division have under one heading: they are asked for one by one, by their place."""
    rows: dict[tuple[str, ...], list[Printed]] = {}
    for row in printed:
        if row.number:
            place = row.division, parts[row.part].channel, row.section, row.group, row.number
            rows.setdefault(place, []).append(row)
    for of in rows.values():
        if len(of) > 1:
            names = "、".join(shown(row.name, 30) for row in of)
            notes.doubtful(
                of[1].cell, "number_repeated", f"番号 {of[0].number} が {len(of)} 行にあります: {names}（{of[0].number}-1、{of[0].number}-2 と尋ねます）",
                f"the number {of[0].number} has {len(of)} rows: {names} (asked for as {of[0].number}-1, {of[0].number}-2)",
            )  # fmt: skip


def branches(printed: Sequence[Printed], notes: Notes) -> None:
    """Note numbers whose branches are not of one width, 1-1 beside 1-002: each is kept as it is printed."""
    widths: dict[tuple[str, str], dict[int, Printed]] = {}
    for row in printed:
        number, dash, branch = row.number.rpartition("-")
        if dash and branch.isdigit():
            widths.setdefault((row.division, number), {}).setdefault(len(branch), row)
    for of in widths.values():
        numbers = [row.number for row in of.values()]
        if len(of) > 1 and any(number.rpartition("-")[2].startswith("0") for number in numbers):
            notes.doubtful(
                next(iter(of.values())).cell, "branch_width", f"枝番の桁がそろっていません: {'、'.join(numbers)}。印字のとおりの番号にしました（尋ねるときもこの番号です）",
                f"branches of other widths: {', '.join(numbers)}; each number is kept as printed, and asked for so",
            )  # fmt: skip
