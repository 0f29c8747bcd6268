"""
A ruling that somebody wants to register → the reasons why it may not be, or none.

A ruling settles what the list leaves open, and nothing else. It gives the contractor no act of authority, turns no × and no
blank cell, and does not say a second time, or otherwise, what another ruling says. One that would change no answer is refused,
too: whoever wrote it believes that it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, ClassVar, Final, NamedTuple

from assign.catalog.model import Task
from assign.catalog.parts import Line
from assign.commands import command
from assign.desk.desk import Desk
from assign.errors import DataError, shown
from assign.explanation.wording import CLASS_TEXT, MEANING_TEXT, printed
from assign.rules.entries import Act, Facts, Ruling
from assign.words import ASSIGNEE_TEXT, ActClass, ActFact, Assignee, Bilingual, Meaning, Ruled

RESERVED: Final = (ActClass.AUTHORITY, ActClass.BARRED)
OF_CLASS: Final = (
    "authority",
    "shared",
    "unknown_act",
)  # codes of what no ruling may say of an act, wherever it stands
_GIVES_NOTHING: Final = (Meaning.RETAINED, Meaning.OUTSIDE, Meaning.NO_STEP)
_FOR_THE_LIST: Final = (Meaning.UNREADABLE, Meaning.UNDEFINED)


class Reason(NamedTuple):
    """
    Why a ruling is refused: a code, and what is wrong. `place` is where it was written, as a person finds it; empty on a command line.

    Codes: `authority` `shared` `unknown_act` `retained` `outside` `list` `other_row` `settled` `divided` `overlap` `contradicts` `person` `form`; `unread` is no refusal: what stands in a question list and is not registered.
    """

    code: str
    text: Bilingual
    place: Bilingual = {"ja": "", "en": ""}  # noqa: RUF012 - never written to

    def line(self, lang: str) -> str:
        """As one line."""
        place = self.place[lang]
        return f"{place}: {self.text[lang]}" if place else self.text[lang]

    def within(self, place: str) -> Reason:
        """The same, of a register among several."""
        return self._replace(text={lang: f"{place}: {text}" for lang, text in self.text.items()})


class RulingRefused(DataError):
    """
    Nothing was registered. `reasons` says why, all of them.

    >>> print(RulingRefused([Reason("form", {"ja": "役職がありません", "en": "there is no role"})]))
    not registered: there is no role
    """

    code: ClassVar[str] = "ruling_refused"
    exit_code: ClassVar[int] = 6

    def __init__(self, reasons: Sequence[Reason]) -> None:
        first, rest = reasons[0], len(reasons) - 1
        super().__init__(
            f"登録していません: {first.line('ja')}{f'（ほか {rest} 件）' if rest else ''}",
            f"not registered: {first.line('en')}{f' (and {rest} more)' if rest else ''}",
        )
        self.reasons: tuple[Reason, ...] = tuple(reasons)

    def as_json(self, lang: str = "ja") -> dict[str, Any]:
        """With every reason."""
        found = super().as_json(lang)
        found["error"]["reasons"] = [{"code": each.code, "message": each.line(lang)} for each in self.reasons]
        return found


def possible(desk: Desk, facts: Facts, act: Act) -> tuple[Assignee, ...]:
    """Which rulings would settle a step with these facts; none where no ruling can."""
    return tuple(
        assignee
        for assignee in (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT)
        if _of_class(act, assignee) is None and _effective(desk, facts, assignee)
    )


def why_not(desk: Desk, task: Task, channel: str, act: Act, assignee: Assignee, on: date) -> Reason | None:
    """Why a ruling on one act of one row on one channel is refused, or None."""
    if (reason := _of_class(act, assignee)) is not None:
        return reason
    facts = desk.decider.facts(task, channel, act.id, on)._replace(ruling=Ruled.NONE)
    if _effective(desk, facts, assignee):
        return None
    return _of_facts(desk, task, channel, act, facts, assignee, desk.decider.said(task, channel, act.id, on).line)


def _effective(desk: Desk, facts: Facts, assignee: Assignee) -> bool:
    """Whether a ruling decides: who or how sure is another then, and who is what it says."""
    before = desk.decider.outcome(facts._replace(ruling=Ruled.NONE))
    after = desk.decider.outcome(facts._replace(ruling=Ruled(assignee.value)))
    return after[1:] != before[1:] and after.assignee is assignee


def _of_class(act: Act, assignee: Assignee) -> Reason | None:
    """What no ruling may do with an act of its class, wherever it stands."""
    name, kind, who = act.title, CLASS_TEXT[act.act_class], ASSIGNEE_TEXT[assignee]
    if act.act_class in RESERVED and assignee is not Assignee.CITY_STAFF:
        return Reason(
            "authority",
            {
                "ja": f"「{name['ja']}」（`{act.id}`）は{kind['ja']}で、{who['ja']}にはできません。{act.because['ja']}",
                "en": f"'{name['en']}' (`{act.id}`) is {kind['en']}: no ruling makes it {_said(assignee)}. {act.because['en']}",
            },
        )
    if act.act_class is ActClass.SHARED and assignee is Assignee.CONTRACTOR:
        return Reason(
            "shared",
            {
                "ja": f"「{name['ja']}」（`{act.id}`）は決める部分が市に残ります。事務の部分を委託するなら「両者」です",
                "en": f"the part of '{name['en']}' (`{act.id}`) that decides stays with the city: to consign the paperwork, rule `split`",
            },
        )
    if act.act_class is ActClass.UNDETERMINED:
        return Reason(
            "unknown_act",
            {
                "ja": f"`{act.id}` は行為の表にない行為を指します。先に acts.yaml に行為を加えてください",
                "en": f"`{act.id}` stands for an act that the table does not have: add the act to acts.yaml first",
            },
        )
    return None


def _said(assignee: Assignee) -> str:
    return {
        Assignee.CONTRACTOR: "the contractor's",
        Assignee.CITY_STAFF: "the city's",
        Assignee.SPLIT: "both parties'",
    }.get(assignee, "nobody's")


def _of_facts(desk: Desk, task: Task, channel: str, act: Act, facts: Facts, assignee: Assignee, line: Line) -> Reason:
    """Why a ruling here would change nothing, or go against the list."""
    where = _where(desk, task, channel)
    meaning = MEANING_TEXT[facts.meaning]
    if facts.meaning in _GIVES_NOTHING:
        against = facts.meaning is not Meaning.NO_STEP and assignee is not Assignee.CITY_STAFF
        cells = desk.catalog.says(task, channel, act.id).cells
        mark = next((glyph for _, glyph in reversed(cells) if glyph), "")
        ja, en = (f"（{mark}）", f" ({mark})") if mark else ("", "")
        return Reason(
            "retained" if facts.meaning is Meaning.RETAINED else "outside",
            {
                "ja": f"{where['ja']}は、一覧で{meaning['ja']}{ja}です。"
                + ("回答では委託できません。委託するなら契約（一覧）を改めます" if against else "一覧で決まっていて、回答は何も変えません"),
                "en": f"{where['en']}: in the list it is {meaning['en']}{en}; "
                + ("no ruling consigns it, only a change of the contract (the list)" if against else "the list settles it, and a ruling changes nothing"),
            },
        )  # fmt: skip
    if facts.meaning in _FOR_THE_LIST and line.asks and line.because:
        return Reason(
            "list",
            {
                "ja": f"{where['ja']}: {line.because['ja']}。ここは回答では決まりません。いまの担当を印字した版（表）を作ってください",
                "en": f"{where['en']}: {line.because['en']}. No ruling settles that: make an edition, or a table, that prints who does it now",
            },
        )
    if facts.meaning in _FOR_THE_LIST:
        return Reason(
            "list",
            {
                "ja": f"{where['ja']}は{meaning['ja']}です。先に、原本か凡例で確かめて一覧（catalog.csv、manifest.yaml）を直してください",
                "en": f"{where['en']} is {meaning['en']}: first settle it in the list itself (catalog.csv, manifest.yaml)",
            },
        )
    if facts.act is ActFact.OTHER_ROW:
        return Reason(
            "other_row",
            {
                "ja": f"「{act.title['ja']}」（`{act.id}`）は{where['ja']}の業務にない行為で、回答は何も変えません（`{command('acts', '--row', task.id)}`）",
                "en": f"'{act.title['en']}' (`{act.id}`) is no act of the work of {where['en']}: the ruling would change nothing (`{command('acts', '--row', task.id)}`)",
            },
        )
    if facts.meaning is Meaning.PART_DIVIDED:
        return Reason(
            "divided",
            {
                "ja": f"{where['ja']}は{meaning['ja']}で、その分担のとおりです。回答は何も変えません",
                "en": f"{where['en']} is {meaning['en']}: the ruling would change nothing",
            },
        )
    outcome = desk.decider.outcome(facts)
    who = ASSIGNEE_TEXT[outcome.assignee]
    return Reason(
        "settled",
        {
            "ja": f"{where['ja']}の「{act.title['ja']}」（`{act.id}`）は{who['ja']}で、この回答は答えを変えません（規則 {outcome.rule.id}）",
            "en": f"'{act.title['en']}' (`{act.id}`) of {where['en']} is answered {who['en']}, and this ruling changes nothing (rule {outcome.rule.id})",
        },
    )


def _where(desk: Desk, task: Task, channel: str) -> Bilingual:
    """A row on a channel, as the paper has it."""
    name = printed(task.number, task.group, task.name)
    label = desk.catalog.manifest.channels[channel].label
    return {
        "ja": f"「{name}」（{task.id}、{label['ja']}）",
        "en": f"'{name}' ({task.id}, {label['en']})",
    }


def clashes(new: Ruling, others: Iterable[Ruling]) -> Iterable[Reason]:
    """Every other ruling on one of the rows, channels and acts, in force on one of the days."""
    for other in others:
        rows = [row for row in new.rows if row in other.rows]
        shared = set(new.channels) & set(other.channels)
        if other.id == new.id or other.act != new.act or not rows or not shared or not _meet(new, other):
            continue
        span = f"{other.since}–{other.until or ''}"
        against = other.assignee is not new.assignee
        yield Reason(
            "contradicts" if against else "overlap",
            {
                "ja": f"{other.id}（{span}、{ASSIGNEE_TEXT[other.assignee]['ja']}）と{shown(rows[0])}の `{new.act}` で"
                f"{'矛盾' if against else '期間が重複'}します。先に {other.id} の until を改めてください",
                "en": f"it {'contradicts' if against else 'overlaps'} {other.id} ({span}, {ASSIGNEE_TEXT[other.assignee]['en']}) "
                f"on `{new.act}` of {shown(rows[0])}: end {other.id} first (`until`)",
            },
        )


def _meet(one: Ruling, other: Ruling) -> bool:
    """Whether both are in force on one day."""
    return (one.until is None or other.since <= one.until) and (other.until is None or one.since <= other.until)
