"""
Open questions → the question list that goes out (CSV, Excel) ⇄ the answers that come back in it.

Who answers fills in five cells a question; the rows, acts and channels that the question is about stand in its last cells, as keys.
Each cell that does not fit is named with its place, and then nothing is registered. What stood in it is not repeated: it could be
a name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from assign.commands import command
from assign.desk.desk import Desk
from assign.desk.spreadsheet import at_line, text_of
from assign.errors import AssignError, DataError, hidden, path_shown, unreadable
from assign.words import ASSIGNEE_TEXT, Assignee, Bilingual, date_of_case, normal

from . import workbook
from .questions import BY_RULING, NOT_BY_RULING, Question, asked, row_names
from .refusals import Reason, RulingRefused
from .register import Draft

MOST_ROWS: Final = workbook.MOST_ROWS
SETTLED_OTHERWISE: Final = "※"  # in the cell of the answer, where none can be registered

# What a column is called; each may be found by either name, or by its key.
HEADS: Final[Mapping[str, Bilingual]] = {
    "number": {"ja": "番号", "en": "number"},
    "question": {"ja": "照会", "en": "question"},
    "about": {"ja": "対象の行", "en": "rows asked about"},
    "choices": {"ja": "選択肢", "en": "choices"},
    "assignee": {"ja": "回答（担当）", "en": "answer (who)"},
    "since": {"ja": "適用開始日", "en": "since"},
    "until": {"ja": "適用終了日", "en": "until"},
    "document": {"ja": "回答の文書", "en": "document"},
    "role": {"ja": "答えた人の役職", "en": "role"},
    "reason": {"ja": "理由", "en": "reason"},
    "decisions": {"ja": "決まる判定の数", "en": "decisions"},
    "volume": {"ja": "月の件数", "en": "volume"},
    "rows": {"ja": "行のid", "en": "row ids"},
    "acts": {"ja": "行為の記号", "en": "act keys"},
    "channels": {"ja": "場の記号", "en": "channel keys"},
}
_NEEDED: Final = ("assignee", "rows", "acts", "channels")


class Given:
    """What is said once for all answers, and stands where a cell is empty."""

    def __init__(self, since: date | None = None, document: str = "", role: str = "") -> None:
        self.since: date | None = since
        self.document: str = document
        self.role: str = role


# -- out -----------------------------------------------------------------------------------------------------------------


def table(desk: Desk, questions: Sequence[Question], lang: str) -> list[list[str]]:
    """The question list, its heading first."""
    rows = [[head[lang] for head in HEADS.values()]]
    for number, question in enumerate(questions, start=1):
        by_ruling = question.by == BY_RULING
        choices = "・".join(ASSIGNEE_TEXT[answer][lang] for answer in question.answers)
        cells = {
            "number": str(number),
            "question": asked(desk, question)[lang],
            "about": ("、" if lang == "ja" else "; ").join(row_names(desk, question, lang)),
            "choices": choices if by_ruling else NOT_BY_RULING[question.by][lang],
            "assignee": "" if by_ruling else SETTLED_OTHERWISE,
            "decisions": str(len(question.places)),
            "volume": "" if question.volume is None else str(question.volume),
            "rows": " ".join(question.rows),
            "acts": " ".join(question.acts),
            "channels": " ".join(question.channels),
        }
        rows.append([cells.get(name, "") for name in HEADS])
    return rows


def excel(desk: Desk, questions: Sequence[Question], lang: str) -> bytes:
    """The same as a workbook, with the answers to choose from. Raises DataError."""
    words = [ASSIGNEE_TEXT[each][lang] for each in (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT)]
    title = "疑義照会" if lang == "ja" else "questions"
    return workbook.write(table(desk, questions, lang), {[*HEADS].index("assignee"): words}, title)


# -- back ----------------------------------------------------------------------------------------------------------------


def answers(path: Path, desk: Desk, given: Given) -> list[Draft]:
    """
    The answers in a question list that came back; a question without one is left out.

    Args:
        given: What stands where a cell is empty.

    Raises:
        RulingRefused: With every cell that does not fit. DataError: The file is no question list, or cannot be read.
    """
    rows = _rows(path)
    number, head = next(rows, (1, []))
    named = [normal(value) if isinstance(value, str) else "" for value in head]
    at: dict[str, int] = {}
    for key, label in HEADS.items():
        words = {normal(word) for word in (key, *label.values())}
        places = [place for place, word in enumerate(named) if word in words]
        if len(places) > 1:
            raise at_line(path, number, f"列「{label['ja']}」が2つあります", f"the column `{label['en']}` stands twice")
        if places:
            at[key] = places[0]
    if missing := [key for key in _NEEDED if key not in at]:
        names = HEADS[missing[0]]
        raise at_line(
            path,
            number,
            f"列「{names['ja']}」がありません（`{command('questions', '--out', 'FILE')}` の列名のまま返してください）",
            f"there is no column `{names['en']}` (send it back with the headings of `{command('questions', '--out', 'FILE')}`)",
        )
    reasons: list[Reason] = []
    found: list[Draft] = []
    for number, values in rows:
        line = _Line(number, {key: values[place] if place < len(values) else None for key, place in at.items()}, at)
        draft = _draft(line, desk, given, reasons)
        if draft is not None:
            found.append(draft)
    if reasons:
        raise RulingRefused(reasons)
    if not found:
        raise DataError(
            f"{path_shown(path)} に回答がありません（「{HEADS['assignee']['ja']}」がすべて空です）",
            f"{path_shown(path)} holds no answer (`{HEADS['assignee']['en']}` is empty throughout)",
        )
    return found


class _Line:
    """A row of the question list: its cells by the keys of their columns, and where each stands."""

    def __init__(self, number: int, cells: Mapping[str, object], at: Mapping[str, int]) -> None:
        self.number = number
        self.cells = cells
        self._at = at

    def place(self, key: str) -> Bilingual:
        """As a spreadsheet names it."""
        cell = f"{_letter(self._at[key])}{self.number}" if key in self._at else str(self.number)
        return {"ja": f"{self.number} 行目「{HEADS[key]['ja']}」（{cell}）", "en": f"row {self.number}, {HEADS[key]['en']} ({cell})"}  # fmt: skip

    def text(self, key: str) -> str:
        """What is written there; empty where nothing is."""
        value = self.cells.get(key)
        text = "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
        return " ".join(text.split()) if key != "reason" else " ".join(text.split("\n")).strip()

    def bad(self, key: str, ja: str, en: str, code: str = "form") -> Reason:
        """The reason that a cell does not fit."""
        return Reason(code, {"ja": ja, "en": en}, self.place(key))


def _draft(line: _Line, desk: Desk, given: Given, reasons: list[Reason]) -> Draft | None:
    """The answer of a line; None where it has none, or where a cell does not fit (`reasons` says which)."""
    formulas = [key for key, value in line.cells.items() if isinstance(value, workbook.Formula)]
    if formulas:
        reasons += [
            line.bad(key, "数式は使えません（値を書いてください）", "a formula (write its value)") for key in formulas
        ]
        return None
    written = line.text("assignee")
    if written in ("", SETTLED_OTHERWISE):
        filled = [key for key in ("since", "until", "document", "role", "reason") if line.text(key)]
        if filled and not written:
            reasons.append(line.bad("assignee", "回答がありません（ほかの欄は書かれています）", "there is no answer (other cells are filled)"))  # fmt: skip
        return None
    before = len(reasons)
    assignee = _ASSIGNEES.get(normal(written))
    if assignee is None:
        reasons.append(line.bad("assignee", "「受託者」「市職員」「両者」のどれかだけを書きます", "one of contractor, city_staff, split, and nothing else"))  # fmt: skip
    since = _day(line, "since", reasons) or given.since
    until = _day(line, "until", reasons)
    if since is None and not line.text("since"):
        reasons.append(line.bad("since", "適用開始日がありません", "there is no first day"))
    document, role = line.text("document") or given.document, line.text("role") or given.role
    for key, value in (("document", document), ("role", role)):
        if not value:
            reasons.append(line.bad(key, "書かれていません", "it is empty"))
        elif hidden(value) is not None:
            reasons.append(line.bad(key, "見えない文字があります", "it has a hidden character"))
    keys = {
        "rows": _keys(line, "rows", desk.catalog.by_id, reasons),
        "acts": _keys(line, "acts", desk.rules.acts, reasons),
        "channels": _keys(line, "channels", desk.catalog.manifest.channels, reasons),
    }
    if len(reasons) > before or assignee is None or since is None:
        return None
    return Draft(
        rows=keys["rows"],
        acts=keys["acts"],
        channels=keys["channels"],
        assignee=assignee,
        since=since,
        until=until,
        document=document,
        role=role,
        because={"ja": line.text("reason"), "en": ""},
        place={"ja": f"{line.number} 行目", "en": f"row {line.number}"},
        some=True,
    )


_ASSIGNEES: Final = {
    normal(word): each
    for each in (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT)
    for word in (each.value, *ASSIGNEE_TEXT[each].values())
}


def _day(line: _Line, key: str, reasons: list[Reason]) -> date | None:
    value = line.cells.get(key)
    if isinstance(value, date):
        return value
    text = line.text(key)
    if not text:
        return None
    try:
        return date_of_case(text)
    except AssignError:
        reasons.append(
            line.bad(key, "日付として読めません（例: 2026-04-01、令和8年4月1日）", "not a date (2026-04-01)")
        )
        return None


def _keys(line: _Line, key: str, known: Mapping[str, object], reasons: list[Reason]) -> tuple[str, ...]:
    """Keys that went out with the question; whoever changed one is told."""
    words = tuple(dict.fromkeys(line.text(key).split()))
    wrong = [word for word in words if word not in known]
    if not words or wrong:
        reasons.append(line.bad(key, "照会したときの記号のままにしてください（一覧にないものがあります）", "leave the keys as they went out (the list has no such one)"))  # fmt: skip
    return words


def _letter(column: int) -> str:
    """`A`, `B` … `AA`."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


# -- files ---------------------------------------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[tuple[int, list[object]]]:
    """The rows of a CSV or a workbook with something in them; which of both it is, its first bytes say."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"PK"
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    rows = workbook.read(path) if packed or path.suffix.lower() in (".xlsx", ".xlsm") else _separated(path)
    for number, values in rows:
        if number >= MOST_ROWS:
            raise at_line(path, number, f"{MOST_ROWS - 1:,} 行までです", f"more than {MOST_ROWS - 1:,} rows")
        if any(value is not None and value != "" for value in values):
            yield number, values


def _separated(path: Path) -> Iterator[tuple[int, list[object]]]:
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, [_plain(cell) for cell in cells]
    except csv.Error as error:
        raise at_line(path, reader.line_num, f"CSV として読めません（{error}）", f"not CSV ({error})") from None


def _plain(cell: str) -> str:
    """A cell without the `'` that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell
