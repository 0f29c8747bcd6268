"""
A file → the mapping that it looks like it has, with what speaks for each part of it. It is offered and never applied.

What is looked for: the header row, by words that headers have; the columns of marks, by their few short texts; sentences of a legend, by a
mark before a colon. A mark of which no sentence was found is offered as undefined, and so is a blank cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, NamedTuple

from assign.catalog.csv_file import is_number
from assign.errors import hidden, shown
from assign.words import Bilingual, normal

from . import offered
from .guess_channels import by_headings
from .guess_editions import editions
from .guess_legends import Said, combinations, entry, of_tables
from .guess_legends import legends as find_legends
from .header import headers
from .mapping import OF_PART
from .offered import Offer
from .sheets import Cell, Row, Sheet, Source, letters, place
from .shifted import number_and_name, plain_number
from .vocabulary import exactly, header_word, known, means

MOST_MARKS: Final = 12  # different texts in a column of marks
MOST_OFFERED: Final = 60  # marks, however rare
LONGEST_MARK: Final = 8
# Begins a line below a table that is no row of it: a total, a legend, a note.
_BELOW: Final = re.compile(
    r"(?:合\s*計|総\s*計|小\s*計|計|凡例|備考|[※＊*]|[（(]?注)(?:$|[\s　:：0-9０-９）)].*|[^\w].*)", re.DOTALL
)
_BRACKETS: Final = "【】〔〕[]（）()<>＜＞《》"
SIGN: Final = re.compile(r"(?:※|＊|\*|注)[0-9０-９]{1,2}")


class Offered(NamedTuple):
    """The text of the mapping, and what speaks for it."""

    text: str
    evidence: list[Bilingual]


class _Table(NamedTuple):
    """A table: its header's rows, its rows, and the sheets that have the same columns."""

    sheet: Sheet
    head: list[Row]
    body: list[Row]
    in_text: bool
    others: list[Sheet]
    slipped: bool
    reordered: bool  # other sheets have the same columns in another order
    pages: list[Sheet]  # of a PDF, the others, each with the same header at its top; their rows are in `body`
    related: tuple[_Table, ...] = ()  # those of other sheets with much the same columns, and some that differ

    @property
    def sheets(self) -> list[Sheet]:
        """Its own, and those of the same list."""
        return [self.sheet, *self.others, *(each.sheet for each in self.related)]


def of(source: Source) -> Offered:
    """The mapping that a file looks like it has."""
    if source.kind == "text":  # a page's end divides no table
        rows = tuple(row for sheet in source.sheets for row in sheet.rows)
        source = replace(source, sheets=(Sheet("", rows),))
    table = _table(source)
    evidence: list[Bilingual] = []
    if table is None:
        evidence.append(
            {
                "ja": "表の見出しが見つかりませんでした。parts と columns を自分で書いてください",
                "en": "no header of a table was found: write parts and columns yourself",
            }
        )
        return Offered(
            offered.text(_offer(source, None, [], [], {}, [{"header": "1", "rows": "2-"}], [], {})), evidence
        )
    table = table._replace(related=tuple(_related(source, table)))
    above = headers(table.head)
    at = place(source.file, Cell("", table.sheet.name, table.head[0].number, 0, table.head[0].line))
    names = "、".join(f"{letters(column)} {text}" for column, text in above.items() if text)
    taken = (*table.sheets, *table.pages)
    left = [sheet.name for sheet in source.sheets if sheet not in taken and _table(replace(source, sheets=(sheet,)))]
    if left and not table.in_text:
        evidence.append(
            {
                "ja": f"表のありそうなシートで、案に入っていません: {'、'.join(left)}",
                "en": f"sheets that seem to hold a table, and are not in the offer: {', '.join(left)}",
            }
        )
    evidence.append({"ja": f"見出し: {at['ja']}（{names}）", "en": f"header: {at['en']} ({names})"})
    columns = [_column(column, above.get(column, ""), table) for column in range(1, _widest(table) + 1)]
    slipped = source.kind == "text"
    columns = [column for column in columns if column["header"] or (column["role"] != "ignored" and not slipped)]
    columns = _apart(columns, table)
    titles = {part for text in above.values() for part in text.split("/")}
    every = dict.fromkeys(_marks(table, columns))
    for each in table.related:
        own = _apart([_column(column, text, each) for column, text in headers(each.head).items() if text], each)
        every |= dict.fromkeys(_marks(each, own))
        columns = _together(columns, own)
    marks = [mark for mark in [*filter(None, every), ""] if not mark or "".join(mark.split()) not in titles]
    inside = {id(row) for row in (*table.head, *(row for row in table.body if not slipped or len(row.cells) > 1))}
    inside |= {id(row) for sheet in table.others for row in (*_head_of(sheet, table.head), *_rows_of(table, sheet))}
    inside |= {id(row) for each in table.related for row in (*each.head, *each.body)}
    parts, of_parts = by_headings(source, _parts(table), [] if table.slipped or table.pages else columns)
    if of_parts:
        evidence.append({"ja": f"場の見出し: {'、'.join(each['called'] for each in of_parts.values())}（見出しごとに1つの parts としました）", "en": f"headings that are channels: {', '.join(each['called'] for each in of_parts.values())} (a part for each)"})  # fmt: skip
    lists = editions(table.sheets, parts, table.head[0].number) if not table.in_text else []
    legends = find_legends(source, marks, inside)
    if not lists and {_set_of(column, columns) for column in columns if column["role"] == "mark"} == {"main"}:
        legends, of_sheets = of_tables(source, table.sheets, marks, inside)
        for name, said in of_sheets.items():
            parts = [_with_own(part, said, marks) if part.get("sheet") == name else part for part in parts]
            evidence.append({"ja": f"シート {shown(name)} には自分の凡例があります（{'、'.join(shown(mark) if mark else '空欄' for mark in said)}）", "en": f"the sheet {shown(name)} has a legend of its own"})  # fmt: skip
    if slipped:  # a name that has slipped under a column of marks is none
        marks = [mark for mark in marks if len(mark) < 3 or mark in legends]
    for mark, (sentence, where) in legends.items():
        name = shown(mark) if mark else "空欄"
        evidence.append(
            {
                "ja": f"凡例 {name}: 「{sentence}」（{where['ja']}）",
                "en": f"legend {name}: `{sentence}` ({where['en']})",
            }
        )
    evidence += [
        {
            "ja": f"印 {shown(mark)} の凡例が見つかりません（undefined としました）",
            "en": f"no legend for {shown(mark)} (offered as undefined)",
        }
        for mark in marks
        if mark and mark not in legends
    ]
    offer = _offer(source, table, columns, marks, legends, parts, lists, of_parts)
    if any("party" in column for column in columns):
        offer = offer._replace(parties=combinations(source, inside))
    return Offered(offered.text(offer), evidence)


def _with_own(part: Mapping[str, Any], said: Mapping[str, Said], marks: Sequence[str]) -> dict[str, Any]:
    """A part with the marks of its own legend; one that explains hardly any of them leaves the others as they are elsewhere."""
    alone = sum(bool(mark) for mark in said) > 1
    entries = [
        entry(mark, said.get(mark, ("", {}))[0], "main") for mark in marks if mark in said or (alone and not mark)
    ]
    return {**part, **({} if alone else {"other_marks": "as_elsewhere"}), "marks": {"main": entries}}


def _apart(columns: list[dict[str, Any]], table: _Table) -> list[dict[str, Any]]:
    """
    Columns of one table, of which no two are of one channel: 窓口 under the main office and 窓口 under a branch are two. A column without a
    known word beside several of channels, with much the same marks, is of a place.
    """
    printed = {column["column"]: {*_marks(table, [column])} for column in columns if column["role"] == "mark"}
    channels = [column for column in columns if "channel" in column]
    theirs = {mark for column in channels for mark in printed[column["column"]]}
    alone = [c for c in columns if c["role"] == "mark" and not {"channel", "act", "party"} & set(c)]
    for column in alone if len(channels) > 1 and not table.slipped else ():
        its = printed[column["column"]]
        if column["header"] and 2 * len(its & theirs) >= len(its):
            key = f"place_{normal(column['column'])}"
            column |= {"channel": key, "kind": "counter", "called": column["header"].replace("/", "の")}
    seen: Counter[tuple[Any, ...]] = Counter()
    for column in columns:
        if "channel" in column:
            place = (column["channel"], str(column.get("act")), column.get("party"))
            seen[place] += 1
            if seen[place] > 1:
                column |= {
                    "channel": f"{column['channel']}_{seen[place]}",
                    "called": column["header"].replace("/", "の"),
                }
    return columns


def _table(source: Source, wanted_words: frozenset[str] = frozenset()) -> _Table | None:
    """
    The table of the sheet whose header looks most like one.

    Args:
        wanted_words: Of a header that is looked for, what is printed in it.
    """
    best: tuple[int, Sheet, int] | None = None
    for sheet in source.sheets:
        for at, row in enumerate(sheet.rows[:200]):
            texts = {cell.text.strip() for cell in row.cells}
            score = sum(map(header_word, texts)) + 3 * any(known("role", text) == "name" for text in texts)
            score += 4 * len(wanted_words & {"".join(text.split()) for text in texts})
            if score >= 4 and not sheet.hidden and (best is None or score > best[0]):
                best = (score, sheet, at)
    if best is None:
        return None
    _, sheet, at = best
    head = [sheet.rows[at]]
    rows = list(sheet.rows[at + 1 :])
    if (
        at
        and _second_of_header(sheet.rows[at - 1], head[0])
        and sum(header_word(c.text) for c in sheet.rows[at - 1].cells)
    ):
        head.insert(0, sheet.rows[at - 1])
    elif rows and _second_of_header(head[0], rows[0]):
        head.append(rows.pop(0))
    wanted = headers(head)
    above = {each.name: headers(_head_of(each, head)) for each in source.sheets if each is not sheet}
    others = [
        each
        for each in source.sheets
        if each is not sheet
        and sorted(filter(None, above[each.name].values())) == sorted(filter(None, wanted.values()))
    ]
    reordered = any(above[each.name] != wanted for each in others)
    slipped = source.kind == "text"
    pages = [each for each in source.sheets if each is not sheet and headers(each.rows[: len(head)]) == wanted]
    if source.kind != "pdf" or others:
        pages = []
    for each in pages:  # a page may end with the heading of the next
        rows += each.rows[len(head) :]
    body = [row for row in rows if not row.blank] if slipped else _body(rows)
    return _Table(sheet, head, body, source.kind in ("text", "csv"), others, slipped, reordered, pages)


def _head_of(sheet: Sheet, head: Sequence[Row]) -> list[Row]:
    """The rows of a sheet where another has its header."""
    numbers = {row.number for row in head}
    return [row for row in sheet.rows if row.number in numbers]


def _related(source: Source, table: _Table) -> Iterator[_Table]:
    """The tables of other sheets that a person sees, with much the same columns."""
    names = () if table.in_text or source.kind == "pdf" else _like(source, table)
    for sheet in source.sheets:
        wanted = frozenset(part for text in headers(table.head).values() for part in text.split("/") if part)
        alone = replace(source, sheets=(sheet,))
        found = _table(alone, wanted) if sheet.name in names and not sheet.hidden else None
        if found is not None:
            yield found


def _together(columns: list[dict[str, Any]], more: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns of two tables by their headers: of one that stands once in each, the lowest row of its header tells."""

    def below(column: Mapping[str, Any]) -> str:
        return normal(column["header"].rpartition("/")[2])

    once = [{name for name, count in Counter(map(below, each)).items() if count == 1} for each in (columns, more)]
    found = list(columns)
    for column in more:
        same = next((each for each in columns if normal(each["header"]) == normal(column["header"])), None)
        if same is None and below(column) in once[0] & once[1]:
            same = next(each for each in columns if below(each) == below(column))
            same["header"] = same["header"].rpartition("/")[2]
        if same is None:
            found.append(column)
    return found


def _like(source: Source, table: _Table) -> list[str]:
    """The sheets that hold a table of much the same columns, and that the offer leaves out."""
    wanted = {text.rpartition("/")[2] for text in headers(table.head).values() if text}
    taken = (*table.sheets, *table.pages)
    left = [sheet for sheet in source.sheets if sheet not in taken]
    return [
        sheet.name
        for sheet in left
        if sheet.name
        and any(
            len(wanted & {"".join(cell.text.split()) for each in two for cell in each.cells}) * 2 >= len(wanted)
            for two in pairwise(sheet.rows[:200])
        )
    ]


def _body(rows: Sequence[Row]) -> list[Row]:
    """The rows of the table: what stands below it, after a blank row or as one cell, is none."""
    last = max(
        (at for at, row in enumerate(rows) if sum(bool(cell.text.strip()) for cell in row.cells) > 1), default=-1
    )
    while last >= 0 and _below(rows[last]):
        last -= 1
    body = []
    for at, row in enumerate(rows[: last + 1]):
        rest = [sum(bool(cell.text.strip()) for cell in each.cells) for each in rows[at:]]
        if row.blank and max(rest, default=0) < 3:
            break
        body.append(row)
    return [row for row in body if not row.blank]


def _below(row: Row) -> bool:
    """Whether the last line of a table is none of its rows: blank, a total, a note, a mark with the legend's sentence beside it."""
    texts = [cell.text.strip() for cell in row.cells if cell.text.strip()]
    if not texts or _BELOW.fullmatch(texts[0]) is not None:
        return True
    return (
        len(texts) == 2
        and len(texts[0]) <= LONGEST_MARK
        and len(texts[1]) > 2
        and means(texts[1]) != "undefined"
        and any(word in texts[1] for word in ("行う", "委託する", "しない", "担当する", "対象外", "該当"))
    )


def _numbered(table: _Table, column: str) -> bool:
    """Whether most cells of a column begin with a number and go on with a name."""
    values = [cell.text.strip() for row in table.body for cell in row.cells if letters(cell.column) == column]
    values = [value for value in values if value]
    return bool(values) and sum(all(number_and_name(value)) for value in values) * 2 > len(values)


def _second_of_header(first: Row, second: Row) -> bool:
    """Whether a row goes on with the header: it has nothing below the first names, and words of headers or a merged cell above."""
    texts = [cell.text.strip() for cell in second.cells]
    spans = any(cell.merged and cell.merged.right > cell.merged.left for cell in first.cells)
    blank_first = not texts or not texts[0]
    return blank_first and (spans or sum(map(header_word, texts)) >= 2) and any(texts)


def _widest(table: _Table) -> int:
    return max(
        (cell.column for row in (*table.head, *table.body) for cell in row.cells if cell.text.strip()), default=0
    )


def _values(table: _Table, column: int) -> list[str]:
    return [cell.text.strip() for row in table.body for cell in row.cells if cell.column == column]


def _column(at: int, header: str, table: _Table) -> dict[str, Any]:
    """A column, as its header and what stands in it look."""
    found: dict[str, Any] = {"column": letters(at), "header": header}
    values = [value for value in _values(table, at) if value and value not in _headings(table)]
    below = [cell for row in table.body for cell in row.cells if cell.column == at and cell.text.strip()]
    if (
        below
        and all(cell.hidden for cell in below)
        and not all(cell.hidden for row in table.body for cell in row.cells)
    ):
        return {**found, "role": "ignored"}  # nobody sees it
    short = sum(len(value) <= LONGEST_MARK for value in values)
    marked = (
        bool(values)
        and short > 0.7 * len(values)
        and len(set(values)) <= MOST_MARKS
        and not all(v.isdigit() for v in values)
    )
    last = header.rpartition("/")[2]
    role = known("role", last)
    if not values and header and not role:  # nobody has a mark in it, and its header is as that of a column of marks
        marked = any(header_word(part) for part in header.split("/"))
    repeated = len(set(values)) * 2 <= len(values)
    if _down(below) and role in ("", "quantity") and not known("channel", header) and not known("act", last):
        return {**found, "role": "section"}
    if marked and not role and len(set(values)) == len(values) > 3 and all(is_number(plain_number(v)) for v in values):
        return {**found, "role": "number"}  # each another: ア, イ, ウ
    if marked and (not role or (role in ("name", "quantity") and repeated)):
        found["role"] = "mark"
        for part in dict.fromkeys((last, *header.split("/"))):
            if "channel" not in found and (channel := known("channel", part)):
                found |= {"channel": channel.split()[0], "kind": channel.split()[1], "called": part}
            elif "act" not in found and (
                acts := list(filter(None, (known("act", each) for each in re.split("[・、，]", part))))
            ):
                if normal(part) == normal("受付"):  # of an application, and of a notice
                    acts = ["receive", "receive_notice"]
                found["act"] = acts if len(set(acts)) > 1 else acts[0]
            elif "party" not in found and (party := exactly("party", part)):
                found["party"] = party
    else:
        found["role"] = role or "ignored"
        if role in ("", "name", "number") and _numbered(table, found["column"]):
            found["role"] = "number_and_name"
    return found


def _down(cells: Sequence[Cell]) -> bool:
    """Whether most cells of a column stand beside several rows: headings down the side of a table."""
    tall = [cell for cell in cells if cell.merged and cell.merged.top < cell.merged.bottom]
    narrow = [cell for cell in cells if cell.merged is None or cell.merged.left == cell.merged.right]
    return 2 * len(tall) > len(narrow) > 0


def _marks(table: _Table, columns: Sequence[dict[str, Any]]) -> list[str]:
    """What is printed in the columns of marks, the commonest first; of a mark with a footnote's sign the mark. A blank cell is last."""
    places = {column["column"] for column in columns if column["role"] == "mark"}
    found: Counter[str] = Counter()
    for row in (*table.body, *(row for sheet in table.others for row in _rows_of(table, sheet))):
        for cell in row.cells:
            text = cell.text.strip()
            if letters(cell.column) in places and len(text) <= LONGEST_MARK and hidden(text) is None:
                found[re.sub(r"[（(]\s*[）)]", "", SIGN.sub("", text)) or text] += 1
    return [*(text for text, _ in found.most_common(MOST_OFFERED) if text), ""]


def _rows_of(table: _Table, sheet: Sheet) -> list[Row]:
    """The rows of another sheet with the very same header."""
    return _body([row for row in sheet.rows if row.number > table.head[-1].number])


def _signs(table: _Table) -> list[str]:
    """The signs of footnotes in the table."""
    rows = (*table.body, *(row for sheet in table.sheets[1:] for row in sheet.rows))
    found = (sign for row in rows for cell in row.cells if len(cell.text) < 40 for sign in SIGN.findall(cell.text))
    return list(dict.fromkeys(found))


def _headings(table: _Table) -> list[str]:
    """Rows that are headings by their brackets."""
    found = []
    for row in (*table.body, *(row for each in table.related for row in each.body)):
        texts = [cell.text.strip() for cell in row.cells if cell.text.strip()]
        if len(texts) == 1 and re.fullmatch(r"[【〔\[（(<＜《].{1,40}[】〕\]）)>＞》]", texts[0]):
            found.append(texts[0])
    return list(dict.fromkeys(found))


def _divisions(table: _Table | None, columns: Sequence[dict[str, Any]], *, by_sheet: bool) -> list[str]:
    """What is printed where divisions begin: the names of sheets of one form, or the values of a column."""
    if table is None:
        return []
    if len(table.sheets) > 1 and by_sheet:
        return [sheet.name for sheet in table.sheets]
    of = next((column["column"] for column in columns if column["role"] == "division"), None)
    values = (cell.text.strip() for row in table.body for cell in row.cells if letters(cell.column) == of)
    return list(dict.fromkeys(filter(None, values)))[:20]


def _sentences_of(source: Source, signs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The sentence of each sign that begins a cell somewhere."""
    for sign in signs:
        texts = (cell.text.strip() for cell in source.cells())
        text = next((text for text in texts if text.startswith(sign) and len(text) > len(sign) + 4), "")
        if text and "\n" not in text and hidden(text) is None:
            yield sign, text


def _notes(table: _Table) -> list[str]:
    """How the lines below a table begin that are notes and no rows; in a text with pages what stands between the tables."""
    if table.slipped:
        lines = (
            " ".join(cell.text.strip() for cell in row.cells if cell.text.strip())
            for row in table.sheet.rows
            if sum(bool(cell.text.strip()) for cell in row.cells) == 1
        )
        headings = set(_headings(table))
        found = [re.sub("[0-9]+", "*", line) for line in lines if line not in headings and not number_and_name(line)[0]]
        return [line for line, count in Counter(found).items() if count > 1 or re.search("[:：]", line)][:40]
    signs = (cell.text.strip()[:1] for row in table.body for cell in row.cells if cell.column == 1)
    return [f"{sign}*" for sign in dict.fromkeys(signs) if sign and sign in "※＊*注"]


def _offer(
    source: Source,
    table: _Table | None,
    columns: Sequence[dict[str, Any]],
    marks: Sequence[str],
    legends: Mapping[str, Said],
    parts: Sequence[Mapping[str, Any]],
    lists: Sequence[Mapping[str, Any]],
    of_parts: Mapping[str, dict[str, Any]],
) -> Offer:
    title = next((cell.text.strip() for sheet in source.sheets for cell in sheet.cells() if cell.text.strip()), "")
    title = " ".join(title.split())[:80]
    headings = _headings(table) if table else []
    # Then headings within a sheet are none of divisions.
    by_sheets = table is not None and len(table.sheets) > 1 and not lists
    begins = (not by_sheets and headings) or _divisions(table, columns, by_sheet=not lists) or [""]
    channels = {column["channel"]: column for column in columns if column.get("channel", OF_PART) != OF_PART}
    channels = {**channels, **{key: each for key, each in of_parts.items() if key not in channels}}
    return Offer(
        title=title if hidden(title) is None else "",
        cells="shifted" if table and table.slipped else "in_columns",
        parts=parts,
        editions=lists,
        skip=_notes(table) if table else [],
        heading_rows=[{"like": f"{headings[0][0]}*{headings[0][-1]}", "level": "section" if by_sheets else "division"}]
        if headings
        else [],
        divisions=[
            {"key": f"part{at}", "label": dict.fromkeys(("ja", "en"), name.strip(_BRACKETS) or "全体")}
            | ({"printed": name} if name else {})
            for at, name in enumerate(begins, start=1)
        ],
        channels=[
            {"key": key, "label": {"ja": column["called"], "en": key.replace("_", " ")}, "kind": column["kind"]}
            for key, column in channels.items()
        ]
        or [{"key": "anywhere", "label": {"ja": "すべて", "en": "anywhere"}, "kind": "other"}],
        columns=[
            {
                name: column[name]
                for name in ("column", "header", "role", "channel", "act", "party")
                if column.get(name)
                and not (
                    name == "column"
                    and table
                    and (table.slipped or ((table.reordered or table.related) and column.get("header")))
                )
            }
            | ({"marks": _set_of(column, columns)} if column["role"] == "mark" else {})
            for column in columns
        ],
        marks=_sets(table, columns, marks, legends),
        parties={},
        footnotes=[
            {"sign": sign, "text": text} for sign, text in _sentences_of(source, _signs(table) if table else [])
        ],
    )


def _set_of(column: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> str:
    """Which set of marks a column has: where a row has a mark of its own and cells for its channels, a set for each."""
    if "party" in column:
        return "by_party"
    marks = [each for each in columns if each["role"] == "mark" and "party" not in each]
    own = [each for each in marks if not {"channel", "act"} & set(each)]
    if own and len(own) < len(marks):
        return "cells" if {"channel", "act"} & set(column) else "row"
    return "main"


def _sets(
    table: _Table | None,
    columns: Sequence[dict[str, Any]],
    marks: Sequence[str],
    legends: Mapping[str, Said],
) -> dict[str, list[dict[str, Any]]]:
    """The sets of marks, each with the marks that stand in its columns."""
    of: dict[str, list[dict[str, Any]]] = {}
    for column in columns:
        if column["role"] == "mark":
            of.setdefault(_set_of(column, columns), []).append(column)
    slipped = table is not None and table.slipped
    as_row = {
        mark for mark, (sentence, _) in legends.items() if mark and entry(mark, sentence, "cells")["means"] == "as_row"
    }
    found = {}
    for name, its in (of or {"main": []}).items():
        there = set(marks) if table is None or len(of) < 2 or slipped else set(_marks(table, its))
        if name == "row":
            there -= as_row
        elif name == "cells" and slipped:  # whose mark is whose, the text does not show
            there = {*as_row, ""}
        found[name] = [entry(mark, legends.get(mark, ("", {}))[0], name) for mark in marks or [""] if mark in there]
    return found


def _parts(table: _Table) -> list[dict[str, Any]]:
    """Where the table stands, and those of the sheets with the very same header."""
    first = [row.line if table.in_text else row.number for row in table.head]
    last = table.body[-1] if table.body else table.head[-1]
    header = f"{first[0]}-{first[-1]}" if len(first) > 1 else str(first[0])
    sheet = {} if table.in_text or not table.sheet.name else {"sheet": table.sheet.name}
    begin = 1 if table.slipped else first[-1] + 1  # the first division's heading stands above the header
    own = {**sheet, "header": header, "rows": f"{begin}-{last.line if table.in_text else last.number}"}
    if table.pages:
        top = len(table.head)
        whole = {"sheet": "*", "header": f"1-{top}" if top > 1 else "1", "rows": f"{top + 1}-"}
        return [{**own, "rows": f"{begin}-"}, whole]
    return [
        own,
        *(
            {
                "sheet": other.name,
                "header": header,
                "rows": f"{first[-1] + 1}-{(_rows_of(table, other) or other.rows)[-1].number}",
            }
            for other in table.others
        ),
        *(part for each in table.related for part in _parts(each)),
    ]
