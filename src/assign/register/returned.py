"""
A question list that comes back (CSV, Excel) → the answers in it, and all that stands in it and is not registered.

Who answered may have sorted the list, or a part of its columns: the words of a row and its keys must be of one question, as the list
asks it on the answer's first day. Each cell that does not fit is named with its place, and then nothing is registered. What stood in
it is not repeated: it could be a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from assign.catalog.editions import NoEdition
from assign.commands import command
from assign.desk.desk import Desk
from assign.errors import AssignError, DataError, hidden, listed, path_shown, shown
from assign.words import Bilingual, date_of_case, normal

from . import as_sent, workbook
from .as_sent import ASSIGNEES, CUT, bare, choices
from .first_day import no_year
from .list_file import FILLED, KEYS, WORDS, letters, list_in
from .questions import Question, in_one, of_keys, row_names, work_named
from .refusals import Reason, RulingRefused
from .register import Draft
from .sheet import HEADS, SETTLED_OTHERWISE

_COMMENT: Final[Bilingual] = {"ja": "コメントは登録されません", "en": "a comment is not registered"}


class Given(NamedTuple):
    """What is said once for all answers, and stands where a cell is empty. `fixed`: the desk's own edition is for all of them."""

    since: date | None = None
    document: str = ""
    role: str = ""
    fixed: bool = False


class Returned(NamedTuple):
    """
    What came back.

    Attributes:
        drafts: The answers. waiting: How many questions have none. otherwise: How many no ruling settles.
        unread: What stands in the file and is not registered, each with its place.
    """

    drafts: tuple[Draft, ...]
    waiting: int
    otherwise: int
    unread: tuple[Reason, ...]

    @property
    def questions(self) -> int:
        """How many the list has."""
        return len(self.drafts) + self.waiting + self.otherwise

    def as_json(self) -> dict[str, int]:
        """Counted."""
        return {
            "all": self.questions,
            "answered": len(self.drafts),
            "waiting": self.waiting,
            "otherwise": self.otherwise,
        }


def returned(path: Path, desk: Desk, given: Given) -> Returned:
    """
    Read a question list that came back; a question without an answer stays open.

    Args:
        desk: Of a list with editions any of them: an answer is looked at by the one of its first day.

    Raises:
        RulingRefused: With every cell that does not fit. DataError: The file is no question list, or cannot be read.
    """
    sheet, rows, at, unread = list_in(path)
    back = _Back(desk, given, unread)
    lines = []
    for number, values in rows:
        line = _Line(number, {key: values[place] if place < len(values) else None for key, place in at.items()}, at)
        if any(line.text(key) for key in at):
            lines.append(line)
    for line in lines:
        back.take(line, {column - 1 for row, column in sheet.comments if row == line.number})
    back.without_answer(back.open)
    back.elsewhere({row for row, _ in sheet.comments} - {line.number for line in lines})
    back.merged(lines, sheet.merged)
    back.columns(rows, at, sheet.name)
    if back.reasons:
        raise RulingRefused(back.reasons)
    if not back.drafts:
        more = f"。{back.unread[0].place['ja']}などに書かれたことは登録されません" if back.unread else ""
        more_en = f"; what stands in {back.unread[0].place['en']} is not registered" if back.unread else ""
        raise DataError(
            f"{path_shown(path)} に回答がありません（「{HEADS['assignee']['ja']}」がすべて空です）{more}",
            f"{path_shown(path)} holds no answer (`{HEADS['assignee']['en']}` is empty throughout){more_en}",
        )
    return Returned(tuple(back.drafts), back.waiting, back.otherwise, tuple(back.unread))


class _Line:
    """A row of the question list: its cells by the keys of their columns, and where each stands."""

    def __init__(self, number: int, cells: Mapping[str, object], at: Mapping[str, int]) -> None:
        self.number = number
        self.cells = cells
        self.at = at

    def cell(self, key: str) -> str:
        """As a spreadsheet names it."""
        return f"{letters(self.at[key])}{self.number}"

    def place(self, key: str) -> Bilingual:
        """As a person finds it."""
        return {"ja": f"{self.number} 行目「{HEADS[key]['ja']}」（{self.cell(key)}）", "en": f"row {self.number}, {HEADS[key]['en']} ({self.cell(key)})"}  # fmt: skip

    def text(self, key: str) -> str:
        """What is written there; empty where nothing is."""
        value = self.cells.get(key)
        text = "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
        return " ".join(text.split()) if key != "reason" else " ".join(text.split("\n")).strip()

    @property
    def texts(self) -> dict[str, str]:
        """What is written in each of its cells."""
        return {key: self.text(key) for key in self.at}

    def keys(self, key: str) -> tuple[str, ...]:
        """Its keys of one sort."""
        return tuple(dict.fromkeys(self.text(key).split()))

    def bad(self, key: str, ja: str, en: str, code: str = "form") -> Reason:
        """The reason that a cell does not fit."""
        return Reason(code, {"ja": ja, "en": en}, self.place(key))

    @property
    def unruled(self) -> bool:
        """Whether the question went out as one that no ruling settles, and came back so."""
        return self.text("assignee") == SETTLED_OTHERWISE and not self.offers

    @property
    def choices(self) -> list[str]:
        """What stands among the choices, one by one."""
        return choices(self.text("choices"))

    @property
    def offers(self) -> bool:
        """Whether the choices name a party."""
        return any(word in ASSIGNEES for word in self.choices)


class _Back:
    """What is gathered from the lines of a list, one after the other."""

    def __init__(self, desk: Desk, given: Given, unread: Sequence[Reason]) -> None:
        self.desk = desk
        self.given = given
        self.drafts: list[Draft] = []
        self.reasons: list[Reason] = []
        self.unread: list[Reason] = [*unread]
        self.waiting = self.otherwise = 0
        self.open: list[_Line] = []
        self._sent: dict[int, tuple[Desk, date]] = {}  # by the place of the edition: its desk, and a day of an answer
        self._questions: dict[int, as_sent.AsAsked] = {}
        self._lists: set[str] = set()
        self._answered: dict[tuple[frozenset[str], ...], int] = {}

    def take(self, line: _Line, comments: set[int]) -> None:
        """A line, with the columns (from 0) of its comments."""
        filled = [key for key in FILLED[1:] if line.text(key)]
        if not any(line.text(key) for key in KEYS):
            if line.text("assignee") or filled:
                self._bad(line, "rows", "記号がありません（行ごと消えたか、問いの行ではありません）", "there are no keys (it is no question, or they were cut off)")  # fmt: skip
            else:
                self._unread(line, next(iter(line.at)), "問いの行ではありません", "it is no question")
            return
        answered = bool(line.text("assignee")) and not line.unruled
        if not answered:
            self.open.append(line)
        if line.unruled:
            self.otherwise += 1
            for key in filled:
                self._unread(line, key, "回答の登録では決まらない問いです。ここに書かれたことは登録されません（決め方は「選択肢」の欄）", "no ruling settles this question: what stands here is not registered (the choices say what does)")  # fmt: skip
        elif not answered:
            self.waiting += 1
            if filled:
                self._bad(line, "assignee", "回答がありません（ほかの欄は書かれています）", "there is no answer (other cells are filled)")  # fmt: skip
        for column in sorted(comments):
            where = _at(line.number, column)
            if answered:
                self.reasons.append(Reason("form", {"ja": "コメントがあります。回答の条件なら「理由」に書き、コメントを消してください", "en": "there is a comment: put a condition of the answer into the reason, and remove the comment"}, where))  # fmt: skip
            else:
                self.unread.append(Reason("unread", _COMMENT, where))  # fmt: skip
        if answered and (draft := self._draft(line)) is not None:
            self.drafts.append(draft)

    def elsewhere(self, commented: set[int]) -> None:
        """Comments on rows that hold no question, the heading among them."""
        for number in sorted(commented):
            self.unread.append(Reason("unread", _COMMENT, {"ja": f"{number} 行目", "en": f"row {number}"}))

    def _draft(self, line: _Line) -> Draft | None:
        """The answer of a line; None where a cell does not fit (`reasons` says which)."""
        before = len(self.reasons)
        for key, value in line.cells.items():
            if isinstance(value, workbook.Formula):
                self._bad(line, key, "数式は使えません（値を書いてください）", "a formula (write its value)")
            elif isinstance(value, workbook.Struck):
                self._bad(line, key, "取消線が引かれています（消すなら空にし、活かすなら線を消してください）", "it is struck through (empty it, or take the line away)")  # fmt: skip
        if line.choices and not line.offers:
            self._bad(line, "assignee", "回答の登録では決まらない問いです（決め方は「選択肢」の欄）", "no ruling settles this question (the choices say what does)")  # fmt: skip
        if len(self.reasons) > before:
            return None
        assignee = ASSIGNEES.get(normal(line.text("assignee")))
        if assignee is None:
            self._bad(line, "assignee", "「受託者」「市職員」「両者」のどれかだけを書きます", "one of contractor, city_staff, split, and nothing else")  # fmt: skip
        since = self._day(line, "since") or self.given.since
        until = self._day(line, "until")
        if since is None and not line.text("since"):
            self._bad(line, "since", "適用開始日がありません", "there is no first day")
        if since is not None and (reason := no_year(since)) is not None:
            self.reasons.append(reason._replace(place=line.place("since")))
            since = None
        document, role = line.text("document") or self.given.document, line.text("role") or self.given.role
        for key, value in (("document", document), ("role", role)):
            if not value:
                self._bad(line, key, "書かれていません", "it is empty")
            elif hidden(value) is not None:
                self._bad(line, key, "見えない文字があります", "it has a hidden character")
        if since is not None and (desk := self._desk(line, since)) is not None:
            question = self._one_question(line, desk, since)
            if question is not None:
                self._as_sent(line, desk, since, question)
        if len(self.reasons) > before or assignee is None or since is None:
            return None
        return Draft(
            rows=line.keys("rows"),
            acts=line.keys("acts"),
            channels=line.keys("channels"),
            assignee=assignee,
            since=since,
            until=until,
            document=document,
            role=role,
            because={"ja": line.text("reason"), "en": ""},
            place={"ja": f"{line.number} 行目", "en": f"row {line.number}"},
            some=True,
        )

    def _desk(self, line: _Line, since: date) -> Desk | None:
        """Of the edition that the answer goes into."""
        try:
            return self.desk if self.given.fixed else self.desk.in_force(since)
        except NoEdition as error:
            self._bad(line, "since", error.ja, error.en)
            return None

    def _one_question(self, line: _Line, desk: Desk, since: date) -> Question | None:
        """Its words and its keys are those of one question, which no line before has answered; whoever changed one is told, and has none."""
        known: Mapping[str, Mapping[str, object]] = {
            "rows": desk.catalog.by_id,
            "acts": desk.rules.acts,
            "channels": desk.catalog.manifest.channels,
        }
        rows, acts, channels = (line.keys(key) for key in KEYS)
        again = _asked_again(desk)
        wrong = [key for key in KEYS if not line.keys(key) or any(word not in known[key] for word in line.keys(key))]
        for key in wrong:
            self._bad(line, key, f"照会したときの記号のままにしてください（一覧にないものがあります）{again['ja']}", f"leave the keys as they went out (the list has no such one){again['en']}")  # fmt: skip
        if wrong:
            return None
        question = of_keys(desk, rows, acts, channels, since)
        its = self._in_its_words(line, desk, question, again)
        first = self._answered.setdefault(tuple(map(frozenset, (rows, acts, channels))), line.number)
        if first != line.number:
            self._bad(line, "rows", f"{first} 行目と同じ問いです（回答は1行に）", f"it is the question of row {first} (one row answers it)")  # fmt: skip
        return question if its else None

    def _in_its_words(self, line: _Line, desk: Desk, question: Question, again: Bilingual) -> bool:
        """The words of a line are those of the question that its keys ask, whole."""
        begins = work_named(desk, question)
        names = {lang: in_one(row_names(desk, line.keys("rows"), lang), lang) for lang in ("ja", "en")}
        said, about = bare(line.text("question")), bare(line.text("about"))
        same = [lang for lang in ("ja", "en") if said.startswith(bare(begins[lang]))]
        whole = len(line.text("about")) < CUT
        if not any(bare(names[lang]) == about if whole else bare(names[lang]).startswith(about) for lang in same):
            words, keys = (listed([line.cell(key) for key in sort]) for sort in (WORDS, KEYS))
            ask = names if same else begins
            self._bad(
                line,
                "rows",
                f"問いの言葉（{words}）と記号（{keys}）が同じ問いのものではありません。記号が指すのは{shown(ask['ja'], 60)}です（並べ替えは行全体で）{again['ja']}",
                f"the words of the question ({words}) and its keys ({keys}) are not of one question: the keys ask {shown(ask['en'], 60)} (sort whole rows){again['en']}",
            )
            return False
        return True

    def _as_sent(self, line: _Line, desk: Desk, since: date, question: Question) -> None:
        """The other cells of an answer are as they went out: what somebody adds there may be a condition, or the answer itself."""
        cells = line.texts
        self._sent.setdefault(desk.place, (desk, since))
        found = as_sent.of_answer(desk, cells, [question])
        if any(not each.words for each in found):  # it is asked otherwise where some of it was answered before
            found = as_sent.of_answer(desk, cells, [question, *self._asked(desk.place).of(cells)])
        if (of_list := as_sent.of_list(line.text("list"), desk)) is not None and not self._named(line, of_list):
            found.append(of_list)
        for each in found:
            (self._bad if each.words else self._unread)(line, each.key, each.text["ja"], each.text["en"])

    def _named(self, line: _Line, of_list: as_sent.Differs) -> bool:
        """Whether another list's name was told of a row before, or is told now."""
        if of_list.words:
            return False
        if of_list.text["en"] not in self._lists:
            self._lists.add(of_list.text["en"])
            self._unread(line, "list", of_list.text["ja"], of_list.text["en"])
        return True

    def _asked(self, place: int) -> as_sent.AsAsked:
        """The open questions of an edition, on the first day that an answer has in it."""
        if place not in self._questions:
            self._questions[place] = as_sent.AsAsked(*self._sent[place])
        return self._questions[place]

    def without_answer(self, lines: Sequence[_Line]) -> None:
        """Rows that nothing is registered from, against the editions that the answers are of: what is not as it went out there is said."""
        self._sent[-1] = self.desk, date_of_case(None)
        for line in lines:
            cells = line.texts
            every = [self._asked(place).differing(cells) for place in self._sent]
            for each in min(every, key=len):
                self._unread(line, each.key, each.text["ja"], each.text["en"])
            names = [as_sent.of_list(cells.get("list", ""), desk) for desk, _ in self._sent.values()]
            if None not in names and (said := names[0]) is not None and not self._named(line, said):
                self._unread(line, "list", said.text["ja"], said.text["en"])

    def _day(self, line: _Line, key: str) -> date | None:
        value = line.cells.get(key)
        if isinstance(value, date):
            return value
        text = line.text(key)
        if not text:
            return None
        try:
            return date_of_case(text)
        except AssignError:
            self._bad(line, key, "日付として読めません（例: 2026-04-01、令和8年4月1日）", "not a date (2026-04-01)")
            return None

    def merged(self, lines: Sequence[_Line], spans: Sequence[tuple[int, int, int, int]]) -> None:
        """Cells that are one hide what stood below the first, and say for which of their rows they are meant by nothing."""
        by_number = {line.number: line for line in lines}
        for top, left, bottom, right in spans:
            line = by_number.get(top)
            key = next((key for key, place in line.at.items() if place == left - 1), "") if line is not None else ""
            meant = {*FILLED, *KEYS} & {key for key, place in (line.at if line else {}).items() if left <= place + 1 <= right}  # fmt: skip
            if line is not None and key and line.text(key) and meant:
                span = f"{letters(left - 1)}{top}:{letters(right - 1)}{bottom}"
                self._bad(line, key, f"結合された欄です（{span}）。結合を解いて、問いごとに書いてください", f"merged cells ({span}): take them apart, and answer each question")  # fmt: skip

    def columns(self, rows: Sequence[tuple[int, Sequence[object]]], at: Mapping[str, int], name: str) -> None:
        """Columns that the list did not have when it went out."""
        extra: dict[int, list[int]] = {}
        for number, values in rows:
            for column, value in enumerate(values):
                if column not in at.values() and value not in (None, ""):
                    extra.setdefault(column, []).append(number)
        for column, numbers in extra.items():
            self.unread.append(
                Reason(
                    "unread",
                    {"ja": f"照会表にない列で、登録されません（{len(numbers)} か所）", "en": f"no column of the question list: not registered (cells: {len(numbers)})"},
                    _at(numbers[0], column, name),
                )
            )  # fmt: skip

    def _bad(self, line: _Line, key: str, ja: str, en: str) -> None:
        self.reasons.append(line.bad(key, ja, en))

    def _unread(self, line: _Line, key: str, ja: str, en: str) -> None:
        self.unread.append(line.bad(key, ja, en, "unread"))


def _asked_again(desk: Desk) -> Bilingual:
    """How to get the question list of the edition that the answer goes into, should it be the list that has changed."""
    if desk.beside is None:
        anew = command("questions", "--out", "FILE")
        return {"ja": f"。一覧が変わったなら `{anew}` で作り直してください", "en": f"; where the list has changed, make the question list anew (`{anew}`)"}  # fmt: skip
    edition = desk.beside.found[desk.place]
    anew = command("questions", "--on", str(edition.since), "--out", "FILE")
    return {
        "ja": f"。適用開始日の版 {edition.title} で見ました。その版の照会表は `{anew}`",
        "en": f"; by the edition of its first day, {edition.title}, whose question list is `{anew}`",
    }


def _at(number: int, column: int, sheet: str = "") -> Bilingual:
    where = f"{sheet and f'{sheet}!'}{letters(column)}{number}"
    return {"ja": f"{number} 行目（{where}）", "en": f"row {number} ({where})"}
