"""
A source and its mapping → the rows of one edition, each with its printed cells, its place, and what was repaired in reading it.

Nothing is borrowed from the row above but headings (and what is printed once for merged cells). A line that is no row, no heading and
nothing that the mapping leaves out is refused by its place, and while one is refused there is no edition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from assign.catalog.csv_file import LONGEST_CELL, is_number
from assign.catalog.model import CONDITION_IN_WORDS
from assign.errors import shown
from assign.log.fields import is_item
from assign.words import normal

from . import shifted, struck
from .beside import beside_marks, footnotes, is_said, of_legends, of_looks
from .copied import copied, remark_above
from .document import Document
from .header import Placed, headers, placed
from .looks import CONDITION, Look, Unsaid, dress
from .mapping import Column, Edition, Part
from .mapping import Mapping as TheMapping
from .mark_cells import MarkCells, one_line
from .notes import Notes
from .scope import sheets_of
from .sheets import Cell, Remark, Row, Source, letters, like

_NAMES: Final = ("name", "number_and_name")
_HEADINGS: Final = ("division", "section", "group")
_NOTE: Final = re.compile(r"[※＊*]|注[0-9０-９:：）)、　 ]|（注|\(注|凡例|備考")  # begins what is written below a table


class Printed(NamedTuple):
    """A row as it was read: what names it, what is printed in its columns of marks (by the column's place in the mapping)."""

    division: str
    section: str
    group: str
    number: str
    name: str
    remark: str
    marks: Mapping[int, str]
    line: int
    raw: str
    repairs: tuple[str, ...]
    cell: Cell
    broken: bool  # its raw text is not the whole of it
    cells: Mapping[int, Cell]  # the cell of each column of marks
    looks: Mapping[int, Look]  # what the look of a mark, or of the row's name, means instead of it
    said: tuple[str, ...]  # what the remark is made of: the column of remarks, and comments
    noted: Mapping[int, tuple[str, ...]]  # the sentences of the footnotes of a mark
    part: int  # which part of its edition it is of


@dataclass
class Above:
    """What goes on from row to row: the division and the headings, and nothing else."""

    division: str = ""
    section: str = ""
    group: str = ""
    number: str = ""
    rows: list[Printed] = field(default_factory=list)
    marks: dict[int, str] = field(default_factory=dict)  # of the row above, in one table and under one heading
    remarks: dict[int, str] = field(default_factory=dict)  # by the place of the column


def read(
    source: Source,
    document: Document,
    mapping: TheMapping,
    of_parts: Sequence[TheMapping],
    edition: Edition,
    notes: Notes,
) -> list[Printed]:
    """
    The rows of an edition, in the order of print; what is repaired, doubtful or refused is noted.

    Args:
        of_parts: The mapping as it holds of each of its parts.
    """
    _same_headers(source, mapping)
    unsaid = Unsaid()
    above = Above(division=mapping.divisions[0].key if len(mapping.divisions) == 1 else "")
    comments: dict[tuple[str, int], list[Remark]] = {}
    for remark in source.remarks:
        if remark.code == "comment" and remark.said:
            comments.setdefault((remark.sheet, remark.row), []).append(remark)
    elsewhere = headings(source, mapping)
    sentences: dict[str, dict[str, str]] = {}
    for number, part in enumerate(edition.parts):
        sheets = list(sheets_of(source, mapping, part))
        if not sheets:
            known = [sheet.name for sheet in source.sheets if sheet.name]
            raise part.node.fail(
                f"シート {shown(part.sheet)} がありません", f"there is no sheet {shown(part.sheet)}", known[:8]
            )
        for rows, sheet in sheets:
            if division := _division(mapping, sheet):
                above.division, above.section, above.group = division, "", ""
            of = of_parts[number]
            _part(
                _Reading(source, document, of, number, part, notes, above, unsaid, comments, elsewhere, sentences), rows
            )
    if unsaid.found:
        ja, en = unsaid.text().values()
        notes.refused(
            next(iter(unsaid.found.values()))[0], "colour",
            f"印か名称の欄に、色・取消線・条件付き書式などがあります: {ja}。`colours` に意味を書いてください（どれにも意味がなければ no_meaning、意味があって読めない欄にするなら has_meaning、1つずつなら - {{look: …, means: …}}）",
            f"cells of marks or names wear something: {en}. Write `colours`: no_meaning, has_meaning, or a line `- {{look: …, means: …}}` for each",
        )  # fmt: skip
    return above.rows


def _same_headers(source: Source, mapping: TheMapping) -> None:
    """Raises RuleFileError where a column that is named by its letter alone has another header in another part."""
    lettered = [column for column in mapping.columns if column.place and not column.header]
    seen: dict[int, tuple[str, str]] = {}
    for sheet, printed in heads(source, mapping):
        for column in lettered:
            text = printed.get(column.place, "")
            first, where = seen.setdefault(column.place, (text, sheet))
            if normal(first) != normal(text):
                at = letters(column.place)
                raise column.node.fail(
                    f"{at} 列の見出しは {shown(where)} では {shown(first)}、{shown(sheet)} では {shown(text)} です（`column` でなく `header` を書いてください）",
                    f"the header of column {at} is {shown(first)} in {shown(where)} and {shown(text)} in {shown(sheet)} (name it by `header`)",
                )


def heads(source: Source, mapping: TheMapping) -> Iterator[tuple[str, dict[int, str]]]:
    """Each table that has a header: its sheet, and what stands above its columns."""
    for part in (part for edition in mapping.editions for part in edition.parts if part.header[0]):
        for rows, sheet in sheets_of(source, mapping, part):
            first, last = part.header
            yield sheet, headers([row for row in rows if first <= row.number_in(part.sheet) <= last])


def headings(source: Source, mapping: TheMapping) -> frozenset[str]:
    """What stands above the columns of all tables."""
    return frozenset(text for _, printed in heads(source, mapping) for text in printed.values() if text)


def _division(mapping: TheMapping, text: str) -> str:
    """The division that begins with a printed heading, or none."""
    wanted = normal(text)
    return next((d.key for d in mapping.divisions if wanted and wanted in map(normal, d.printed)), "")


class _Reading(NamedTuple):
    source: Source
    document: Document
    mapping: TheMapping  # as it holds of the part
    number: int
    part: Part
    notes: Notes
    above: Above
    unsaid: Unsaid
    comments: Mapping[tuple[str, int], Sequence[Remark]]
    elsewhere: frozenset[str]  # what stands above the columns of all tables
    sentences: dict[str, dict[str, str]]


def _part(reading: _Reading, rows: Sequence[Row]) -> None:
    part, mapping = reading.part, reading.mapping
    first, last = part.header
    head = [row for row in rows if first and first <= row.number_in(part.sheet) <= last]
    if first and not head:
        raise part.node.fail("見出しの行がありません", "there is no such header row")
    shifted = mapping.cells == "shifted"
    where = placed(mapping.columns, headers(head), reading.elsewhere, channel=part.channel, shifted=shifted)
    there = [column for column, _ in where.places]
    if lacking := [shown(column.header) for column in _lacking(mapping, there, part.channel)]:
        some = lacking[:3]
        rest = len(lacking) - len(some)
        more = (f" ほか {rest} 列", f" and {rest} more") if rest else ("", "")
        reading.notes.doubtful(
            head[0], "no_column", f"この表にない列: {'、'.join(some)}{more[0]}（この場や行為の答えは市職員・回答待ちです）",
            f"this table has no column {', '.join(some)}{more[1]} (its answers are city staff, needs a ruling)",
        )  # fmt: skip
    names = [at for column, at in where.places if column.role in _NAMES]
    repeated = {tuple(_texts(row)) for row in head}
    printed = [sorted(filter(None, _texts(row))) for row in head]
    body = [
        row
        for row in rows
        if row.number_in(part.sheet) >= part.first
        and (not part.last or row.number_in(part.sheet) <= part.last)
        and not (first and first <= row.number_in(part.sheet) <= last)
        and not row.blank
    ]
    original = frozenset(map(id, body))
    body = list(struck.without(body, mapping.colours, names, reading.notes))
    left = {(row.sheet, row.number): row for row in body}
    merged = _merged([left.get((row.sheet, row.number), row) for row in rows])
    reading.above.marks, reading.above.remarks = {}, {}
    for row in body:
        texts = _texts(row)
        whole = " ".join(filter(None, texts))
        if tuple(texts) not in repeated and len(set(texts)) > 2 and sorted(filter(None, texts)) in printed:
            reading.notes.refused(
                row, "other_header", f"同じ見出しが、別の順で並んでいます: {shown(whole)}（ここから先を別の `parts` にしてください）",
                f"the same headings in another order: {shown(whole)} (make what follows a part of its own)",
            )  # fmt: skip
        elif tuple(texts) in repeated or any(like(whole, pattern) for pattern in mapping.skip):
            reading.notes.skipped(row, whole)
        elif not _heading(reading, row, texts, whole):
            if mapping.cells == "shifted":
                _shifted(reading, row, where)
            else:
                _in_columns(reading, row, where, merged, [] if id(row) in original else ["struck"])


def _lacking(mapping: TheMapping, there: Sequence[Column], channel: str) -> Iterator[Column]:
    """The columns of marks that a table lacks, and has no other for; one that is of a channel needs none of the others."""
    for column in mapping.of_marks:
        if channel and column.channel not in ("", channel):
            continue
        like_it = [
            each
            for each in there
            if each.role == "mark" and (each.party, each.channel) == (column.party, column.channel)
        ]
        filled = {act for each in like_it for act in each.acts or ("",)}
        if column not in there and not filled >= set(column.acts or ("",)):
            yield column


def _texts(row: Row) -> list[str]:
    """What stands in the cells of a row, without spaces around it and blank cells at its end."""
    texts = [cell.text.strip() for cell in row.cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _merged(rows: Sequence[Row]) -> dict[tuple[int, int], Cell]:
    """The cell that holds what is printed, for each cell that is merged into one."""
    tops = {(c.row, c.column): c for row in rows for c in row.cells if c.merged and not c.covered}
    return {
        (cell.row, cell.column): tops[cell.merged.top, cell.merged.left]
        for row in rows
        for cell in row.cells
        if cell.merged and cell.covered and (cell.merged.top, cell.merged.left) in tops
    }


def _heading(reading: _Reading, row: Row, texts: list[str], whole: str) -> bool:
    """Whether a row is a heading; if it is, what follows stands under it."""
    filled = {text for text in texts if text}
    if len(filled) != 1 and reading.mapping.cells != "shifted":
        return False
    if reading.mapping.cells == "shifted" and any("\t" in text for text in (row.raw.strip("\t"),)):
        return False
    level = next((level for pattern, level in reading.mapping.heading_rows if like(whole, pattern)), None)
    if level is None:
        return False
    above = reading.above
    above.marks, above.remarks = {}, {}
    if level == "division":
        division = _division(reading.mapping, whole)
        if not division:
            reading.notes.refused(
                row, "division", f"区分 {shown(whole)} は `divisions` の `printed` にありません",
                f"no division has {shown(whole)} as its `printed`",
            )  # fmt: skip
        elif division != above.division:
            above.division, above.section, above.group = division, "", ""
    elif level == "section":
        above.section, above.group = one_line(whole), ""
    elif level == "group":
        above.group = one_line(whole)
    reading.notes.skipped(row, whole, heading=True)
    return True


# -- a row whose cells stand in their columns --------------------------------------------------------------------------


def _in_columns(
    reading: _Reading, row: Row, where: Placed, merged: Mapping[tuple[int, int], Cell], repairs: list[str]
) -> None:
    above, mapping, notes = reading.above, reading.mapping, reading.notes
    cells = {cell.column: cell for cell in row.cells}

    def printed(at: int) -> str:
        """A cell's text; of a merged one what is printed for all of them."""
        cell = cells.get(at)
        if cell is not None and (top := merged.get((cell.row, cell.column))) is not None:
            if top.text.strip():
                repairs.append("merged_cell")
            return one_line(top.text)
        return one_line(cell.text) if cell is not None else ""

    def own(at: int) -> str:
        """What is printed in a row itself; a heading that is merged with those above is carried, as one that is not."""
        cell = cells.get(at)
        return one_line(cell.text) if cell is not None and (cell.row, cell.column) not in merged else ""

    found: dict[str, list[str]] = {}
    pointing: list[str] = []  # what is printed where another cell's text holds
    remarks: dict[int, str] = {}
    for column, at in where.places:
        text = own(at) if column.role in _HEADINGS else printed(at) if column.role != "mark" else ""
        if column.role == "remark":
            text, stands = remark_above(column, text, above.remarks.get(at), row, notes)
            remarks[at] = text
            pointing += filter(None, [stands])
        if column.role != "mark":
            found.setdefault(column.role, []).append(text)
    names = [cells[at] for column, at in where.places if column.role in _NAMES and at in cells]
    of_row = [look for cell in names for look in dress(merged.get((cell.row, cell.column), cell))]
    cell_of = MarkCells(mapping, notes, reading.unsaid, merged, names, of_row)
    dressed = {index: cell_of.read(index, cells.get(at)) for index, at in where.marks}
    marks = {index: mark for index, (mark, _) in dressed.items()}  # of the columns that this table has
    of_marks = {index: cells[at] for index, at in where.marks if at in cells}
    pointing += copied(mapping, marks, above.marks, of_marks, row, notes)
    if not _goes_under(reading, row, found, repairs):
        return
    section, group = _headings(found)
    number, name = _named(above, found, repairs)
    remark = " ".join(filter(None, found.get("remark", ())))
    if not name and not number and not any(marks.values()) and not remark and (section or group):
        notes.skipped(row, section or group, heading=True)
        return
    numbered = bool(number) and is_number(shifted.plain_number(number))
    if not name and (numbered or (not number and any(marks.values()))) and (group or section or above.group):
        name = group or section or above.group
        repairs.append("name_from_heading")
    if all(cell.hidden for cell in row.cells if cell.text.strip()):
        notes.doubtful(
            row, "hidden", f"隠された行です。読みました: {shown(name)}", f"a hidden row, and read: {shown(name)}"
        )
    if "merged_cell" in repairs and not row_has_its_own(cells, where, merged):
        notes.skipped(row, name)
        return
    said = _noted(reading, row, where)
    looks = {index: look for index, (_, look) in dressed.items() if look is not None}
    beside = _Beside(
        of_marks,
        {index: look for index, look in looks.items() if look.means != CONDITION},
        tuple(filter(None, [*found.get("remark", ()), *(text for _, text in said)])),
    )
    beside_it = (f"※{where_ja}: {text}" for where_ja, text in [*said, *of_looks(mapping, looks)])
    printed_remark, remark = remark, " ".join(filter(None, [remark, *pointing, *beside_it]))
    above.marks, above.remarks = dict(marks), remarks
    _kept(reading, row, _Read(number, name, remark, printed_remark, marks, repairs), _line_breaks(row), beside)


def _headings(found: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """The headings that stand in a row itself."""
    section, group = (" / ".join(filter(None, found.get(name, ()))) for name in ("section", "group"))
    return section, group


def _goes_under(reading: _Reading, row: Row, found: Mapping[str, Sequence[str]], repairs: list[str]) -> bool:
    """Take a row's own division and headings as those of what follows. False where its division is not known: that is refused."""
    above = reading.above
    if printed := found.get("division", ("",))[0]:
        division = _division(reading.mapping, printed)
        if not division:
            reading.notes.refused(
                row, "division", f"区分 {shown(printed)} は `divisions` の `printed` にありません",
                f"no division has {shown(printed)} as its `printed`",
            )  # fmt: skip
            return False
        if division != above.division:
            above.division, above.section, above.group = division, "", ""
    section, group = _headings(found)
    if section or group:
        above.section, above.group = (section or above.section), group
    elif {"section", "group"} & set(found):
        repairs.append("heading_carried")
    return True


def _named(above: Above, found: Mapping[str, Sequence[str]], repairs: list[str]) -> tuple[str, str]:
    """A row's number, with that which heads its branches, and its name."""
    number, name = "".join(found.get("number", ())), "".join(found.get("name", ()))
    if "number_and_name" in found:
        number, name = shifted.number_and_name(found["number_and_name"][0])
    if branch := "".join(found.get("branch", ())):
        if not number and above.number:  # the number heads its branches
            number = above.number
            repairs.append("heading_carried")
        above.number = number
        number = f"{number}-{branch}" if number else branch
    return number, name


def _noted(reading: _Reading, row: Row, where: Placed) -> list[tuple[str, str]]:
    """What stands at a row beside its columns: comments, and text in columns without a header. It goes with the answer."""
    notes, found = reading.notes, []
    known = {at: column for column, at in where.places}
    for each in reading.comments.get((row.sheet, row.number), ()):
        text = one_line(each.said)
        shown_with = reading.mapping.comments is None
        if shown_with:
            found.append((f"{letters(each.column)}{each.row} のコメント", text))
        notes.doubtful(
            each, "comment", f"コメントがあります: 「{text}」（{'条件として答えに示します' if shown_with else '一覧の一部ではないので、答えに示しません'}）",
            f"a comment: `{text}` ({'shown with the answer' if shown_with else 'no part of the list, and not shown'})",
        )  # fmt: skip
    for cell in row.cells:
        at, text = f"{letters(cell.column)}{cell.row}", one_line(cell.text)
        if text and cell.column not in known and not cell.covered:
            found.append((f"{at} 見出しのない欄", text))
        column = known.get(cell.column)
        if column is not None and column.role == "remark" and any("strike" in look for look in cell.look):
            notes.doubtful(
                cell,
                "struck_remark",
                "備考に取消線があります（消された文かもしれません）",
                "a remark is struck through",
            )
    return found


def row_has_its_own(cells: Mapping[int, Cell], where: Placed, merged: Mapping[tuple[int, int], Cell]) -> bool:
    """Whether anything is printed in a row itself, and not only for the rows that it is merged with."""
    return any(
        cell.text.strip() or ((cell.row, cell.column) not in merged and column.role in ("mark", "name"))
        for column, at in where.places
        if (cell := cells.get(at)) is not None
    )


def _line_breaks(row: Row) -> bool:
    return any("\n" in cell.text for cell in row.cells)


# -- a row whose cells have shifted ------------------------------------------------------------------------------------


def _shifted(reading: _Reading, row: Row, where: Placed) -> None:
    mapping, notes, above = reading.mapping, reading.notes, reading.above
    texts = [one_line(cell.text) for cell in row.cells]
    known = frozenset(mark.printed for column in mapping.of_marks for mark in column.marks if mark.printed)
    found = shifted.row(texts, mapping, known)
    if found is None:
        rest = [text for text in texts if text]
        if len(texts) > 1 and len(rest) == 1 and rest[0] not in known and above.rows:
            last = above.rows[-1]
            above.rows[-1] = last._replace(name=last.name + rest[0], repairs=(*last.repairs, "name_wrapped"))
            notes.repaired(
                row, "name_wrapped", f"上の行の名称の続きです: {rest[0]}", f"goes on with the name above: {rest[0]}"
            )
        else:
            _strange(notes, row, " ".join(rest))
        return
    repairs = list(found.repairs)
    if len(found.headings) > len(where.headings):
        _strange(notes, row, " ".join(filter(None, texts)))
        return
    if not found.headings:
        repairs.append("heading_carried")
    elif len(found.headings) == len(where.headings) == 2:
        above.section, above.group = found.headings
    elif where.headings == ("section",):
        above.section = found.headings[0]
    else:  # a section never opens without a group beside it, so one heading alone is a group
        above.group = found.headings[0]
        if where.headings and found.displaced:
            repairs.append("heading_displaced")
    name = found.name
    if not name and above.group:
        name = above.group
        repairs.append("name_from_heading")
    marks = {index: found.marks.get(index, "") for index, _ in where.marks}
    _kept(reading, row, _Read(found.number, name, found.remark, found.remark, marks, repairs), broken=False)


# -- both --------------------------------------------------------------------------------------------------------------


class _Beside(NamedTuple):
    """As in `Printed`."""

    cells: Mapping[int, Cell]
    looks: Mapping[int, Look]
    said: tuple[str, ...]


class _Read(NamedTuple):
    number: str
    name: str
    remark: str
    said: str  # what is printed as its remark, without what is added
    marks: dict[int, str]
    repairs: list[str]


def _strange(notes: Notes, row: Row, whole: str) -> None:
    notes.refused(
        row, "line", f"業務の行とも見出しとも読めません: {shown(whole)}（行でなければ `skip` に、見出しなら `heading_rows` に書いてください）",
        f"neither a row nor a heading: {shown(whole)} (if it is no row, name it in `skip`; if it is a heading, in `heading_rows`)",
    )  # fmt: skip


def _kept(
    reading: _Reading,
    row: Row,
    read: _Read,
    broken: bool,
    beside: _Beside | None = None,
) -> None:
    notes, above = reading.notes, reading.above
    number, name, remark, _, marks, repairs = read
    if not name:
        _strange(notes, row, " ".join(filter(None, _texts(row))))
        return
    if not above.division:
        notes.refused(
            row, "division", "どの区分の行か分かりません（`divisions` の `printed` と `heading_rows` を確かめてください）",
            "no division (see `printed` in `divisions`, and `heading_rows`)",
        )  # fmt: skip
        return
    plain = shifted.plain_number(number)
    if number and not (is_number(plain) and is_item(plain)):
        name, plain = f"{number} {name}", ""
        notes.repaired(
            row, "number_in_name", f"番号 {shown(number)} は番号の形でないので、名称の前に置きました",
            f"{shown(number)} is no number that can be asked for: it stands before the name",
        )  # fmt: skip
    elif plain != number:
        repairs.append("number_plain")
    if is_said(read.said.partition("※")[0], reading.mapping):
        repairs.append(CONDITION_IN_WORDS)
    remark = beside_marks(reading.mapping, marks, remark)
    remark, noted = footnotes(reading, row, name, read.said, marks, remark)
    remark = " ".join([remark, *of_legends(reading.mapping, marks)]).strip()
    if not any(marks.values()) and _NOTE.match(f"{number}{name}"):
        _strange(notes, row, name)
        return
    if not any(marks.values()):
        notes.doubtful(
            row, "no_mark", f"印が1つもありません: {shown(name)}（空欄の意味のとおりに読みます。見出しなら `heading_rows` に）",
            f"no mark at all: {shown(name)} (read as the blank cells say; if it is a heading, name it in `heading_rows`)",
        )  # fmt: skip
    line = reading.document.at[row.sheet, row.number]
    for text in (name, remark, above.section, above.group):
        if len(text) > LONGEST_CELL:
            notes.refused(row, "long", f"{LONGEST_CELL:,} 文字を超えます", f"more than {LONGEST_CELL:,} characters")
            return
    for code in dict.fromkeys(repairs):
        if code not in ("heading_carried", "struck", CONDITION_IN_WORDS):
            notes.repaired(row, code, *_REPAIRED.get(code, (code, code)))
    above.rows.append(
        Printed(
            above.division, above.section, above.group, plain, name, remark, marks, line,
            reading.document.lines[line - 1], tuple(dict.fromkeys(repairs)),
            next((c for c in row.cells if c.text.strip()), Cell("", row=row.number, line=row.line)), broken,
            *(beside or _Beside({}, {}, (read.remark,))), noted, reading.number,
        )
    )  # fmt: skip


_REPAIRED: Final[Mapping[str, tuple[str, str]]] = {
    "heading_displaced": ("見出しのセルがずれています", "a heading stands in another cell"),
    "cells_shifted": ("セルがずれているので、並び順で読みました", "its cells have shifted: read by their order"),
    "past_last_column": ("印が最後の列より右にあります", "a mark stands past the last column"),
    "channel_unsettled": (
        "印がどの場の欄のものか決められません（市職員・回答待ちになります）",
        "whose channel a mark is cannot be told (city staff, needs a ruling)",
    ),
    "number_split": ("番号と名称が別のセルです", "number and name stand in separate cells"),
    "number_plain": ("番号の全角を半角にしました", "the number's full-width signs are written plain"),
    "name_from_heading": ("名称がないので、見出しを名称としました", "without a name: the heading is its name"),
    "merged_cell": ("結合されたセルの値を使いました", "what is printed in a merged cell holds for it"),
}
