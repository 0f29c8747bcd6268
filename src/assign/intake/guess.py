"""
A file → the mapping that it looks like it has, with what speaks for each part of it. It is offered and never applied.

What is looked for: the header row, by words that headers have; the columns of marks, by their few short texts; sentences of a legend, by a
mark before a colon. A mark of which no sentence was found is offered as undefined, and so is a blank cell.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from assign import resources
from assign.errors import hidden, shown, unreadable
from assign.words import Bilingual, normal

from .header import headers
from .sheets import Cell, Row, Sheet, Source, letters, place
from .yaml_text import flow

MOST_MARKS: Final = 12  # different texts in a column of marks
LONGEST_MARK: Final = 8
_LEGEND: Final = re.compile(r"[:：＝=…]")


class Offered(NamedTuple):
    """The text of the mapping, and what speaks for it."""

    text: str
    evidence: list[Bilingual]


class _Table(NamedTuple):
    sheet: Sheet
    head: list[Row]
    body: list[Row]
    in_text: bool


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    """What headers and legends say, by what it stands for: `data/intake_words.csv`."""
    path = resources.data_folder() / "intake_words.csv"
    found: dict[str, dict[str, list[str]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["what"], {})[row["value"]] = row["words"].split()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return found


def of(source: Source) -> Offered:
    """The mapping that a file looks like it has."""
    table = _table(source)
    evidence: list[Bilingual] = []
    if table is None:
        evidence.append(
            {
                "ja": "表の見出しが見つかりませんでした。parts と columns を自分で書いてください",
                "en": "no header of a table was found: write parts and columns yourself",
            }
        )
        return Offered(_text(source, None, [], [], [], []), evidence)
    above = headers(table.head)
    at = place(source.file, Cell("", table.sheet.name, table.head[0].number, 0, table.head[0].line))
    names = "、".join(f"{letters(column)} {text}" for column, text in above.items() if text)
    evidence.append({"ja": f"見出し: {at['ja']}（{names}）", "en": f"header: {at['en']} ({names})"})
    columns = [_column(column, above.get(column, ""), table) for column in range(1, _widest(table) + 1)]
    columns = [column for column in columns if column["header"] or column.get("role") != "ignored"]
    marks = _marks(table, columns)
    legends = _legends(source, marks)
    for mark, (sentence, where) in legends.items():
        name = shown(mark) if mark else "空欄"
        evidence.append({"ja": f"凡例 {name}: 「{sentence}」（{where['ja']}）", "en": f"legend {name}: `{sentence}` ({where['en']})"})
    evidence += [
        {"ja": f"印 {shown(mark)} の凡例が見つかりません（undefined としました）", "en": f"no legend for {shown(mark)} (offered as undefined)"}
        for mark in marks
        if mark and mark not in legends
    ]
    headings = _headings(table)
    return Offered(_text(source, table, columns, marks, list(legends.items()), headings), evidence)


def _table(source: Source) -> _Table | None:
    best: tuple[int, Sheet, int] | None = None
    for sheet in source.sheets:
        for at, row in enumerate(sheet.rows[:200]):
            score = sum(_header_word(cell.text) for cell in row.cells)
            if score >= 2 and not sheet.hidden and (best is None or score > best[0]):
                best = (score, sheet, at)
    if best is None:
        return None
    _, sheet, at = best
    head = [sheet.rows[at]]
    rows = list(sheet.rows[at + 1 :])
    if rows and _second_of_header(head[0], rows[0]):
        head.append(rows.pop(0))
    return _Table(sheet, head, [row for row in rows if not row.blank], source.kind in ("text", "csv"))


def _second_of_header(first: Row, second: Row) -> bool:
    """Whether a row goes on with the header: it has nothing below the first names, and words of headers or a merged cell above."""
    texts = [cell.text.strip() for cell in second.cells]
    spans = any(cell.merged and cell.merged.right > cell.merged.left for cell in first.cells)
    blank_first = not texts or not texts[0]
    return blank_first and (spans or sum(map(_header_word, texts)) >= 2) and any(texts)


def _header_word(text: str) -> bool:
    word = normal(text)
    return 0 < len(word) < 20 and any(
        normal(each) in word for what in ("role", "channel", "act", "party") for words in _words()[what].values() for each in words
    )


def _widest(table: _Table) -> int:
    return max((cell.column for row in (*table.head, *table.body) for cell in row.cells if cell.text.strip()), default=0)


def _values(table: _Table, column: int) -> list[str]:
    return [cell.text.strip() for row in table.body for cell in row.cells if cell.column == column]


def _column(at: int, header: str, table: _Table) -> dict[str, Any]:
    """A column, as its header and what stands in it look."""
    found: dict[str, Any] = {"column": letters(at), "header": header}
    values = [value for value in _values(table, at) if value]
    short = sum(len(value) <= LONGEST_MARK for value in values)
    marked = bool(values) and short > 0.7 * len(values) and len(set(values)) <= MOST_MARKS and not all(v.isdigit() for v in values)
    last = header.rpartition("/")[2]
    role = _known("role", last)
    if marked and role not in ("number", "branch", "division", "section", "group"):
        found["role"] = "mark"
        for part in dict.fromkeys((last, *header.split("/"))):
            if "channel" not in found and (channel := _known("channel", part)):
                found["channel"] = channel.split()[0]
            elif "act" not in found and (act := _known("act", part)):
                found["act"] = act
            elif "party" not in found and (party := _exactly("party", part)):
                found["party"] = party
    else:
        found["role"] = role or "ignored"
    return found


def _known(what: str, text: str) -> str:
    """What a header stands for: the longest word of it that is known."""
    word = normal(text)
    hits = [(len(each), value) for value, words in _words()[what].items() for each in words if normal(each) in word]
    return max(hits, key=lambda hit: hit[0])[1] if hits and word else ""


def _exactly(what: str, text: str) -> str:
    word = normal(text)
    return next((value for value, words in _words()[what].items() if word in map(normal, words)), "")


def _marks(table: _Table, columns: Sequence[dict[str, Any]]) -> list[str]:
    places = {column["column"] for column in columns if column["role"] == "mark"}
    found: Counter[str] = Counter()
    for row in table.body:
        for cell in row.cells:
            text = cell.text.strip()
            if letters(cell.column) in places and len(text) <= LONGEST_MARK and hidden(text) is None:
                found[text] += 1
    return [text for text, _ in found.most_common(MOST_MARKS) if text] + [""]


def _legends(source: Source, marks: Sequence[str]) -> dict[str, tuple[str, Bilingual]]:
    """A sentence for each mark: `MARK：…` in a cell, or the mark alone with the sentence beside it."""
    found: dict[str, tuple[str, Bilingual]] = {}
    blanks = _words()["blank"]["blank"]
    for sheet in source.sheets:
        for row in sheet.rows:
            texts = [(cell, cell.text.strip()) for cell in row.cells if cell.text.strip()]
            for (cell, text), following in zip(texts, [*(t for _, t in texts[1:]), ""], strict=False):
                for mark in marks:
                    for name in (mark,) if mark else blanks:
                        said = _sentence(text, name) or (f"{text} {following}" if text == name and len(following) > LONGEST_MARK else "")
                        if said and mark not in found and len(said) > len(name) + 2:
                            found[mark] = (said, place(source.file, cell))
    return found


def _sentence(text: str, name: str) -> str:
    """The part of a text that begins with a mark and a colon, up to the next mark with one."""
    at = re.search(rf"(?:^|[\s　「・、。]){re.escape(name)}\s*[:：＝=]", text)
    if at is None:
        return ""
    rest = text[at.start() :].strip("　 「・、。")
    ends = re.search(r"[\s　]+\S{1,6}[:：＝=]", rest)
    return (rest[: ends.start()] if ends else rest).strip("　 」")


def _headings(table: _Table) -> list[str]:
    """Rows that are headings by their brackets."""
    found = []
    for row in table.body:
        texts = [cell.text.strip() for cell in row.cells if cell.text.strip()]
        if len(texts) == 1 and re.fullmatch(r"[【〔\[（(<＜《].{1,40}[】〕\]）)>＞》]", texts[0]):
            found.append(texts[0])
    return list(dict.fromkeys(found))


def _notes(table: _Table) -> list[str]:
    """How the lines below a table begin that are notes and no rows."""
    signs = (cell.text.strip()[:1] for row in table.body for cell in row.cells if cell.column == 1)
    return [f"{sign}*" for sign in dict.fromkeys(signs) if sign and sign in "※＊*注"]


def _means(sentence: str) -> str:
    """What a sentence seems to say: the first meaning, in the order of the file, of which a word stands in it."""
    word = normal(sentence)
    return next((value for value, words in _words()["means"].items() if any(normal(each) in word for each in words)), "undefined")


def _text(
    source: Source,
    table: _Table | None,
    columns: Sequence[dict[str, Any]],
    marks: Sequence[str],
    legends: Sequence[tuple[str, tuple[str, Bilingual]]],
    headings: Sequence[str],
) -> str:
    """The mapping file."""
    return "".join(f"{line}\n" for line in _lines(source, table, columns, marks, dict(legends), headings))


def _lines(
    source: Source,
    table: _Table | None,
    columns: Sequence[dict[str, Any]],
    marks: Sequence[str],
    legends: dict[str, tuple[str, Bilingual]],
    headings: Sequence[str],
) -> Iterator[str]:
    template = (resources.data_folder() / "intake_mapping.txt").read_text("utf-8")
    parts = dict(re.findall(r"(?m)^== (\w+)\n((?:(?!== ).*\n)*)", template))
    yield parts["head"].rstrip("\n")
    yield "confirmed: false"
    title = next((cell.text.strip() for sheet in source.sheets for cell in sheet.cells() if cell.text.strip()), "")
    title = " ".join(title.split())[:80] if hidden(" ".join(title.split())) is None else ""
    yield parts["title"].rstrip("\n")
    yield f"title: {flow({'ja': title or '（題名）', 'en': '(title)'})}"
    yield "edition: 第1版"
    yield "cells: in_columns"
    yield parts["parts"].rstrip("\n")
    yield "parts:"
    if table is None:
        yield "  - {header: 1, rows: 2-}"
    else:
        first = [row.line if table.in_text else row.number for row in table.head]
        last = table.body[-1] if table.body else table.head[-1]
        span = {"header": f"{first[0]}-{first[-1]}" if len(first) > 1 else str(first[0])}
        sheet = {} if table.in_text or not table.sheet.name else {"sheet": table.sheet.name}
        rows = f"{first[-1] + 1}-{last.line if table.in_text else last.number}"
        yield f"  - {flow({**sheet, **span, 'rows': rows})}"
    yield parts["skip"].rstrip("\n")
    if table is not None and (notes := _notes(table)):
        yield f"skip: {flow(notes)}"
    if headings:
        pattern = f"{headings[0][0]}*{headings[0][-1]}"
        yield f"heading_rows:\n  - {flow({'like': pattern, 'level': 'division'})}"
    yield parts["divisions"].rstrip("\n")
    yield "divisions:"
    for at, heading in enumerate(headings or [""], start=1):
        name = heading.strip("【】〔〕[]（）()<>＜＞《》") or "全体"
        yield f"  - {flow({'key': f'part{at}', 'label': {'ja': name, 'en': name}, **({'printed': heading} if heading else {})})}"
    yield parts["channels"].rstrip("\n")
    yield "channels:"
    kinds = {value.split()[0]: (value.split()[1], words[0]) for value, words in _words()["channel"].items()}
    channels = list(dict.fromkeys(column["channel"] for column in columns if "channel" in column))
    for key in channels:
        kind, name = kinds[key]
        yield f"  - {flow({'key': key, 'label': {'ja': name, 'en': key.replace('_', ' ')}, 'kind': kind})}"
    if not channels:
        yield f"  - {flow({'key': 'anywhere', 'label': {'ja': 'すべて', 'en': 'anywhere'}, 'kind': 'other'})}"
    yield parts["columns"].rstrip("\n")
    yield "columns:"
    parties = any("party" in column for column in columns)
    for column in columns:
        order = ("column", "header", "role", "channel", "act", "party")
        entry = {name: column[name] for name in order if column.get(name)}
        if column["role"] == "mark":
            entry["marks"] = "by_party" if "party" in column else "main"
        yield f"  - {flow(entry)}"
    yield parts["marks"].rstrip("\n")
    yield "marks:"
    sets = ["by_party"] if parties else []
    if any(column["role"] == "mark" and "party" not in column for column in columns) or not parties:
        sets.insert(0, "main")
    for name in sets:
        yield f"  {name}:"
        for mark in marks or [""]:
            sentence = legends.get(mark, ("", {}))[0]
            means = _means(sentence) if sentence else "undefined"
            if name == "by_party" and sentence:
                means = "does" if mark else "does_not"
            yield f"    - {flow({'mark': mark, 'means': means, **({'legend': sentence} if sentence else {})})}"
    if parties:
        yield parts["parties"].rstrip("\n")
        yield "parties:"
        yield "  both: {means: undefined}"
        yield "  neither: {means: undefined}"
    yield parts["more"].rstrip("\n")
