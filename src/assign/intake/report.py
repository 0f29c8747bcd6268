"""
What an import did and what it leaves to a person: text for the screen, and JSON.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from assign.catalog.manifest import UNREAD
from assign.catalog.model import Task
from assign.check.findings import Finding
from assign.check.lookalike import folded
from assign.errors import code_point, shown
from assign.words import Bilingual, Meaning

from .designations import given
from .edition import Made
from .headings import acts
from .mapping import Mapping
from .marks import mark_of
from .notes import LEVELS, Notes
from .sheets import Cell, Source, letters, place

_LEVEL: Final = {
    "refused": {"ja": "読めない所（直すまで版は作れません）", "en": "Refused (no edition until it is mended)"},
    "doubtful": {"ja": "疑わしい所（見て確かめてください）", "en": "Doubtful (look at it)"},
    "repaired": {"ja": "直して読んだ所", "en": "Repaired"},
    "skipped": {"ja": "行ではないとした所", "en": "No rows of the list"},
}
MOST_SHOWN: Final = 60  # of one level, on the screen; JSON has all


@dataclass
class Report:
    """All of it. `written`: the folder, once it is there; `fit`: whether an edition may be made."""

    source: Source
    mapping: Mapping | None
    made: list[Made]
    notes: Notes
    offered: list[Bilingual] = field(default_factory=list)
    written: str | None = None
    findings: list[Finding] = field(default_factory=list)
    unread: list[tuple[Bilingual, str]] = field(default_factory=list)

    @property
    def fit(self) -> bool:
        """Whether nothing stands against making an edition."""
        return bool(self.made) and not self.notes.of("refused")


def marks_of(made: Made) -> list[dict[str, Any]]:
    """What is printed in each column of marks: how often, which characters it is made of, and what it means there."""
    tables = {id(each): each for each in made.of_parts}.values()
    several = len(tables) > 1
    return [entry for table in tables for entry in _of_table(made, table, named=several)]


def _of_table(made: Made, mapping: Mapping, *, named: bool) -> Iterator[dict[str, Any]]:
    """The same of the tables that one mapping is for. `named`: they are said, since others have marks of other meanings."""
    rows = [row for row in made.printed if made.of_parts[row.part] is mapping]
    sheets = list(dict.fromkeys(row.cell.sheet for row in rows))
    for at, column in enumerate(mapping.of_marks):
        counts = Counter(row.marks[at] for row in rows if at in row.marks)
        signs = mapping.signs
        for text, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            known = mark_of(text, column, signs)
            yield {
                "at": at,
                "sheets": sheets if named else [],
                "column": column.header or letters(column.place),
                "mark": text,
                "characters": [f"{code_point(c)} {unicodedata.name(c, '')}".strip() for c in text][:20],
                "rows": count,
                "means": "unreadable" if text == UNREAD else known.means if known else None if column.marks else "",
                "legend": known.legend.text if known and known.legend else None,
                "because": dict(known.because) if known and known.because else None,
            }


def lookalikes(marks: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Marks that a reader takes for one, and that are other characters; none is folded into another."""
    looks: dict[str, set[str]] = {}
    for mark in marks:
        if text := mark["mark"]:
            looks.setdefault(_look(text), set()).add(text)
    return [sorted(texts) for texts in looks.values() if len(texts) > 1]


# Circles, double circles, crosses, dashes: what Unicode's names of characters say of their shapes.
_SHAPES: Final = (
    ("o", ("WHITE CIRCLE", "LARGE CIRCLE", "IDEOGRAPHIC NUMBER ZERO", "DIGIT ZERO", "LETTER O", "LETTER MARU")),
    ("@", ("BULLSEYE", "CIRCLED WHITE BULLET")),
    ("*", ("BLACK CIRCLE", "BLACK LARGE CIRCLE")),
    ("x", ("MULTIPLICATION", "BALLOT X", "LETTER X", "SALTIRE", "CROSS MARK")),
    ("-", ("HYPHEN", "DASH", "MINUS", "PROLONGED SOUND", "HORIZONTAL BAR", "LIGHT HORIZONTAL", "IDEOGRAPH-4E00")),
)


def _look(text: str) -> str:
    return "".join(
        next(
            (sign for sign, names in _SHAPES if any(name in unicodedata.name(c, "") for name in names)), folded(c) or c
        )
        for c in text
    )


def as_json(report: Report) -> dict[str, Any]:
    """As JSON gives it."""
    made = report.made
    return {
        "file": report.source.file,
        "sha256": report.source.sha256,
        "kind": report.source.kind,
        "encoding": report.source.encoding,
        "mapping": report.mapping.file if report.mapping else None,
        "confirmed": report.mapping.confirmed if report.mapping else False,
        "fit": report.fit,
        "written": report.written,
        "rows": sum(len(each.catalog.tasks) for each in made),
        "editions": [_edition(each) for each in made],
        "notes": [note.plain() for note in report.notes.all],
        "remarks": [{"code": r.code, "text": dict(r.text), "count": r.count} for r in report.source.remarks],
        "unread": [{"place": dict(place), "text": text} for place, text in report.unread],
        "offered": [dict(each) for each in report.offered],
        "findings": [{"kind": each.kind, "text": dict(each.text)} for each in report.findings],
    }


def _edition(made: Made) -> dict[str, Any]:
    marks = marks_of(made) if made.printed else []
    tasks = made.catalog.tasks
    third = made.mapping.third_parties
    return {
        "folder": made.edition.folder,
        "edition": made.edition.name,
        "rows": len(tasks),
        "divisions": dict(Counter(task.division for task in tasks)),
        "readings": dict(Counter(str(task.reading) for task in tasks)),
        "columns": [{name: value for name, value in each.items() if name != "line"} for each in made.read],
        "marks": marks,
        "designated": [
            {"row": task.id, "act": act, "text": paper.legend.text, "whole_list": not paper.rows}
            for act, task, paper in given(made.catalog)
            if paper
        ],
        "not_designated": [
            {"row": task.id, "act": act, "text": acts()[act].title["ja"]}
            for act, task, paper in given(made.catalog)
            if not paper
        ],
        "lookalikes": lookalikes(marks),
        "conditions": [{"row": task.id, "text": text} for task in tasks for text in task.conditions],
        "third_parties": [
            {"row": task.id, "name": name, "text": task.remark if name in task.remark else _cell_with(task, name)}
            for task in tasks
            for name in third
            if name in task.remark or any(name in cell for cell in task.cells.values())
        ],
        "divided_by_remark": [
            {"row": row, "text": made.catalog.by_id[row].remark}
            for row in dict.fromkeys(
                line.when["row"]
                for line in made.catalog.manifest.meanings
                if "row" in line.when and line.means is Meaning.PART_DIVIDED
            )
        ],
    }


def _cell_with(task: Task, name: str) -> str:
    return next(cell for cell in task.cells.values() if name in cell)


def lines(report: Report, lang: str) -> Iterator[str]:
    """As a person reads it."""
    ja = lang == "ja"
    source, said = report.source, as_json(report)
    form = f"{source.kind}{f' {source.encoding}' if source.encoding else ''}"
    yield f"{shown(source.file)}（{form}）の取込み" if ja else f"Import of {shown(source.file)} ({form})"
    for remark in source.remarks:
        where = place(source.file, remark)[lang].removeprefix(place(source.file, Cell(""))[lang]).strip(" のof,")
        count = (f"（{remark.count} か所）" if ja else f" ({remark.count} places)") if remark.count > 1 else ""
        yield f"  ! {f'{where}: ' if where else ''}{remark.text[lang]}{count}"
    for each in said["editions"]:
        yield ""
        counts = "、".join(f"{key} {count}" for key, count in each["divisions"].items())
        yield (
            f"版 {each['edition']}: {each['rows']} 行（{counts}）"
            if ja
            else f"Edition {each['edition']}: {each['rows']} rows ({counts})"
        )
        yield from _marks(each, ja=ja)
        for name, title in _LISTS.items():
            if each[name]:
                yield f"  {title['ja' if ja else 'en']}: {len(each[name])}"
                yield from (f"    {one['row']}: {one['text']}" for one in each[name][:MOST_SHOWN])
    for level in LEVELS:
        found = report.notes.of(level)
        if found:
            yield ""
            yield f"{_LEVEL[level][lang]}: {len(found)}"
            shown_of = found if level == "refused" else found[:MOST_SHOWN]
            yield from (f"  {note.place[lang]}: {note.text[lang]}" for note in shown_of)
            if len(found) > len(shown_of):
                rest = len(found) - len(shown_of)
                yield f"  …ほか {rest} 件（--json にすべて）" if ja else f"  … and {rest} more (all in --json)"
    if report.unread:
        yield ""
        yield (
            f"読んでいない行（表の外）: {len(report.unread)}"
            if ja
            else f"Lines that are no part of a table: {len(report.unread)}"
        )
        yield from (f"  {place[lang]}: {text[:100]}" for place, text in report.unread[:MOST_SHOWN])
    if report.offered:
        yield ""
        yield (
            "マッピングの案（まだ使っていません。確かめてください）:"
            if ja
            else "A mapping is offered (it is not applied; look at it):"
        )
        yield from (f"  {each[lang]}" for each in report.offered)
    for finding in report.findings:
        yield f"× [{finding.kind}] {finding.text[lang]}" if ja else f"x [{finding.kind}] {finding.text[lang]}"


_LISTS: Final = {
    "designated": {"ja": "公金の指定の文がある行（収納・窓口払いは受託者になります）", "en": "Rows that a designation for public money opens"},
    "not_designated": {"ja": "収納・窓口払いを受託者に渡すが、指定の文がない行（市職員・回答待ち）", "en": "Rows that give public money away without a designation (city staff, needs a ruling)"},
    "divided_by_remark": {"ja": "備考が分担を決めている行（公権力の行使は市に残ります）", "en": "Rows that the remark divides (acts of authority stay with the city)"},
    "conditions": {"ja": "条件つきの行（条件は判定せず、答えに示します）", "en": "Rows with a condition (shown with the answer, never evaluated)"},
    "third_parties": {"ja": "市でも受託者でもない者が出る行", "en": "Rows that name a third party"},
}  # fmt: skip


def _column(column: dict[str, Any], lang: str) -> str:
    """A column of the file: its letter, what is printed above it, and what it is read as."""
    known = acts()
    said = [
        column["role"],
        *([column["channel"]] if column["channel"] else []),
        *(
            f"{act}（{known[act].title['ja']}）" if lang == "ja" else f"{act} ({known[act].title['en']})"
            for act in column["acts"]
        ),
        *([column["party"]] if column["party"] else []),
    ]
    name = f"{column['column']}「{column['header']}」" if lang == "ja" else f"{column['column']} `{column['header']}`"
    return f"{name} = {' · '.join(said)}"


def _columns(columns: Sequence[dict[str, Any]], lang: str) -> list[str]:
    """Columns as `_column` says them; of tables that have one at other places, with all its letters."""
    places: dict[str, list[str]] = {}
    for column in columns:
        places.setdefault(_column({**column, "column": ""}, lang), []).append(column["column"])
    return ["・".join(letters) + said for said, letters in places.items()]


def _marks(each: dict[str, Any], *, ja: bool) -> Iterator[str]:
    column = None
    lang = "ja" if ja else "en"
    others = [column for column in each["columns"] if column["role"] not in ("mark", "ignored")]
    ignored = [column for column in each["columns"] if column["role"] == "ignored"]
    for title, columns in (
        ({"ja": "列", "en": "Columns"}, others),
        ({"ja": "使わない列", "en": "Columns that are not used"}, ignored),
    ):
        if columns:
            yield f"  {title[lang]}: {('、' if ja else ', ').join(_columns(columns, lang))}"
    for mark in each["marks"]:
        if (mark["at"], mark["sheets"]) != column:
            column = mark["at"], mark["sheets"]
            named = _columns([one for one in each["columns"] if one["mark"] == mark["at"]], lang)
            sheets = "・".join(map(shown, mark["sheets"]))
            where = "" if not sheets else f"シート {sheets} の " if ja else f"sheet {sheets}: "
            yield f"  {where}{' / '.join(named) or mark['column']}:"
        name = f"「{mark['mark']}」" if mark["mark"] else ("空欄" if ja else "blank")
        points = " ".join(part.partition(" ")[0] for part in mark["characters"])
        means = (
            mark["means"]
            if mark["means"] is not None
            else "意味なし→市・回答待ち"
            if ja
            else "undefined: the city, needs a ruling"
        )
        rows = f"{mark['rows']} 行" if ja else f"{mark['rows']} rows"
        legend = f" ← {mark['legend']}" if mark["legend"] else ""
        if mark["because"]:
            legend = (
                f" ← 市の判断: {mark['because']['ja']}" if ja else f" ← the city's judgement: {mark['because']['en']}"
            )
        yield f"    {name} {points} {rows}: {means}{legend}".rstrip().rstrip(":")
    for alike in each["lookalikes"]:
        points = " / ".join(f"{text}（{' '.join(map(code_point, text))}）" for text in alike)
        yield (
            f"  ! 見た目の似た別の印です。1つにまとめていません: {points}"
            if ja
            else f"  ! other marks that look alike; none is folded: {points}"
        )
