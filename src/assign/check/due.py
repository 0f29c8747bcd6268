"""
A list and rules → what somebody must look at again by a day: a date in a remark, a change of law that was still to come, a ruling after
whose last day its question is open again, the end of an edition.

Nothing is decided here. A remark is read for its dates alone (what a decision makes of them: `catalog.turns`); where a date lacks its day or its month,
the first day that it can mean counts, and one that cannot be read is always due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise, product
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from assign.catalog.editions import ONE_DAY, Edition, of_folder
from assign.catalog.model import Catalog, Task
from assign.catalog.parts import Effective
from assign.commands import command
from assign.dates import in_text
from assign.explanation.wording import printed
from assign.rules.entries import Ruling
from assign.rules.model import RuleSet
from assign.words import Bilingual, Certainty, date_of_case

from .proofs import Subject, unproved


class Due(NamedTuple):
    """
    Something to look at again.

    Attributes:
        day: When it falls due; None where a date stands there that cannot be read. kind: `remark` `change` `ruling` `edition`.
        edition: The name of the edition. rows: Their ids; none where it is the whole edition.
        printed: The sentence of the list, the rules or the manifest. text: What is to be done.
    """

    day: date | None
    kind: str
    edition: str
    rows: tuple[str, ...]
    printed: str
    text: Bilingual

    def as_json(self) -> dict[str, Any]:
        """Plain."""
        return {**self._asdict(), "day": self.day and self.day.isoformat(), "rows": list(self.rows)}


def due(list_: str | PathLike[str] | None, rules: str | PathLike[str] | None, by: date, today: date) -> list[Due]:
    """
    All that falls due up to a day, and on it, in the order of the days.

    Args:
        list_, rules: As `Desk.open` takes them. Of a folder of editions those count that are in force today or later, up to `by`;
            where there is none, the last.
        today: The day from which it is looked at.

    Raises:
        What opening the list and rules raises.
    """
    editions = of_folder(list_) if list_ is not None else ()
    later = [each for each in editions if (each.until is None or today <= each.until) and each.since <= by]
    found: list[Due] = []
    for edition in later or editions[-1:]:
        following = editions[editions.index(edition) + 1 :]
        found += map(_of_edition, _of_one(edition.folder, rules, by, Effective(edition.since, edition.until), following))  # fmt: skip
    if not editions:
        found += _of_one(list_, rules, by, None, ())
    return sorted(found, key=lambda each: each.day or date.min)


def lapsing(
    list_: str | PathLike[str] | None, rules: str | PathLike[str] | None, today: date
) -> Iterator[tuple[Edition, Due]]:
    """
    Rulings that end with their edition, before a last day of their own, and leave a question open in the next one, where that has not
    ended itself. What opening the list and rules raises.
    """
    editions = of_folder(list_) if list_ is not None else ()
    for edition, other in pairwise(editions):
        if other.until is None or today <= other.until:
            subject = _opened(edition.folder, rules)
            for ruling, each in _rulings(subject, Effective(edition.since, edition.until), rules, [other]):
                if each.day == edition.until and ruling.until != edition.until:
                    yield edition, each


def _of_edition(each: Due) -> Due:
    """Said with the name of its edition, where there are several."""
    if each.kind == "edition":
        return each
    return each._replace(text={"ja": f"{each.text['ja']}（版 {each.edition}）", "en": f"{each.text['en']} (edition {each.edition})"})  # fmt: skip


def _opened(list_: str | PathLike[str] | None, rules: str | PathLike[str] | None) -> Subject:
    return unproved(None if list_ is None else str(list_), None if rules is None else str(rules), "table")


def _of_one(
    list_: str | PathLike[str] | None,
    rules: str | PathLike[str] | None,
    by: date,
    days: Effective | None,
    following: Sequence[Edition],
) -> Iterator[Due]:
    subject = _opened(list_, rules)
    last = None if days is None else days.until
    for each in (
        *(each for each in _remarks(subject.catalog) if each.day is None or last is None or each.day <= last),
        *_changes(subject.catalog, subject.rules),
        *(each for _, each in _rulings(subject, days, rules, following)),
        *_end(subject.catalog, days or subject.catalog.manifest.effective, following, list_),
    ):
        if each.day is None or each.day <= by:
            yield each


def _remarks(catalog: Catalog) -> Iterator[Due]:
    for task in catalog.tasks:
        for text in (task.remark, *(each for each in task.conditions if each not in task.remark)):
            days, unread = dates_in(text)
            for day in [*days, *([None] if unread else [])]:
                yield Due(
                    day,
                    "remark",
                    catalog.manifest.edition,
                    (task.id,),
                    text,
                    _on_a_day(catalog, task, day)
                    if day
                    else {"ja": f"{_called(task)}: 備考の日付に年がありません。いつかを確かめてください", "en": f"{_called(task)}: a date in the remark lacks its year: find out when it is"},
                )  # fmt: skip


def _on_a_day(catalog: Catalog, task: Task, day: date) -> Bilingual:
    """What is to be done about a day: where the remark gives the work to the other party for a time, no ruling settles who does it."""
    name = _called(task)
    acts = (None, *catalog.manifest.printed_acts)
    days = (day, day + ONE_DAY) if day < date.max else (day,)
    for channel, act, on in product(catalog.manifest.channels, acts, days):
        if catalog.turned(task, channel, act, catalog.says(task, channel, act).meaning, on) is not None:
            return {
                "ja": f"{name}: 一覧の備考の日です。備考が言う間は、印だけで担当が決まらず回答待ちで、回答の登録でも決まりません。いまの担当を印字した版（表）を作ります",
                "en": f"{name}: a date in the list's remark: while it speaks, the mark alone does not tell who it is, and no ruling settles that: make an edition, or a table, that prints who does it now",
            }
    return {
        "ja": f"{name}: 一覧の備考の日です。今の扱いを確かめ、変わるなら次の版か疑義照会で定めます",
        "en": f"{name}: a date in the list's remark: see what holds now; a new edition or a ruling settles a change",
    }


def dates_in(text: str) -> tuple[list[date], bool]:
    """The days that a printed text names, each the first that it can mean; and whether a date stands there that cannot be read."""
    found = list(in_text(text))
    days = (each.first for each in found if each.first is not None)
    return list(dict.fromkeys(days)), any(each.first is None for each in found)


def _changes(catalog: Catalog, rules: RuleSet) -> Iterator[Due]:
    """Notes on a change that was still to come when its source was read, and reviews that the list announces. On a day to come nobody has read it."""
    now = date_of_case(None)  # the clock's day, whatever day it is looked at from
    for note in rules.notes:
        unread = note.read is None or note.since > note.read or note.read > now
        if note.since > date.min and (note.caveat == "review_due" or unread):
            names = "、".join(_called(catalog.by_id[row]) for row in note.rows)
            yield Due(
                note.since,
                "change",
                catalog.manifest.edition,
                note.rows,
                note.because["ja"],
                {
                    "ja": f"{note.title['ja']}（{note.id}）: {names}。典拠を読み直し、{note.file} の read を改めます",
                    "en": f"{note.title['en']} ({note.id}): {names}. Read the source again, and put the day into `read` of {note.file}",
                },
            )


def _rulings(
    subject: Subject, days: Effective | None, rules: str | PathLike[str] | None, following: Sequence[Edition]
) -> Iterator[tuple[Ruling, Due]]:
    """
    Those after whose end a question is open again, each with its last day: its own, or that of its edition, which may come first. Of one
    that begins after its edition has ended, the edition's.
    """
    first, last = (date.min, None) if days is None else (days.since, days.until)
    opened: dict[Path, Subject] = {}  # later editions, each once where it is asked
    for ruling in subject.rules.rulings:
        end = min((day for day in (ruling.until, last) if day is not None), default=date.max)
        if end < first or end == date.max:
            continue
        on = max(end + ONE_DAY, ruling.since)  # the day on which its question is looked at
        if last is None or on <= last:
            rows, other = _open_again(ruling, subject, on), None
        elif (other := next((each for each in following if each.covers(on)), None)) is not None:
            if other.folder not in opened:
                opened[other.folder] = _opened(other.folder, rules)
            rows = _open_again(ruling, opened[other.folder], on)
        else:  # that the last edition ends is said by itself
            rows = () if ruling.until is None else ruling.rows
        if rows:
            said = _ended(subject, ruling, rows, end, other)
            yield ruling, Due(end, "ruling", subject.catalog.manifest.edition, rows, ruling.because["ja"], said)


def _ended(subject: Subject, ruling: Ruling, rows: Sequence[str], end: date, other: Edition | None) -> Bilingual:
    """What to do about it; `other` is the edition in which its question is open."""
    names = "、".join(_called(subject.catalog.by_id[row]) for row in rows)
    act = subject.rules.acts[ruling.act].title
    about = {"ja": f"{names} の「{act['ja']}」", "en": f"{act['en']} of {names}"}
    if ruling.since > end:
        said = {
            "ja": f"回答 {ruling.id}（{ruling.since} から）は版の最後の日より後のもので、1日も効きません: {about['ja']}",
            "en": f"the ruling {ruling.id} (from {ruling.since}) begins after its edition has ended, and never holds: {about['en']}",
        }
        on = ruling.since
    elif ruling.until == end:
        return {
            "ja": f"回答 {ruling.id} の終わり: {about['ja']}。続きがなければ、その後は回答待ちに戻ります",
            "en": f"the ruling {ruling.id} ends: {about['en']}. Without another the question is open again",
        }
    else:
        own = ("", "") if ruling.until is None else (f"（台帳では {ruling.until} まで）", f" ({ruling.until} in the register)")  # fmt: skip
        said = {
            "ja": f"回答 {ruling.id}{own[0] or ' '}は版の最後の日までです: {about['ja']}",
            "en": f"the ruling {ruling.id}{own[1]} ends with its edition: {about['en']}",
        }
        on = end + ONE_DAY
    if other is not None:
        ask = command("questions", "--on", f"{on}")
        said["ja"] += f"。その日の版で照会し、その台帳に登録します（`{ask}`）"
        said["en"] += f". Ask it in the edition of then, and register it there (`{ask}`)"
    return said


def _open_again(ruling: Ruling, after: Subject, on: date) -> tuple[str, ...]:
    """Of its rows those that need a ruling on a day; what a next edition does not have any more is no question of it."""
    if ruling.act not in after.rules.acts:
        return ()
    channels = [channel for channel in ruling.channels if channel in after.catalog.manifest.channels]
    return tuple(
        row
        for row in ruling.rows
        if (task := after.catalog.by_id.get(row)) is not None
        and any(
            after.decider.decide(task, channel, ruling.act, on).certainty is Certainty.NEEDS_RULING
            for channel in channels
        )
    )


def _end(
    catalog: Catalog, days: Effective | None, following: Sequence[Edition], folder: str | PathLike[str] | None
) -> Iterator[Due]:
    if days is None or days.until is None:
        return
    name = catalog.manifest.edition
    printed_days = f"effective: {days.since} - {days.until}"
    if following:
        other = following[0]
        moved = command("diff", str(folder), str(other.folder))
        said = {
            "ja": f"版 {name} の終わり。{other.since} から {other.name} になります（動く判断は `{moved}`）",
            "en": f"the edition {name} ends; {other.name} begins on {other.since} (`{moved}` shows the decisions that move)",
        }
    else:
        said = {
            "ja": f"版 {name} の終わり。次の版がなく、その後の案件には答えられません",
            "en": f"the edition {name} ends, and there is no next one: later cases get no answer",
        }
    yield Due(days.until, "edition", name, (), printed_days, said)


def _called(task: Task) -> str:
    return f"{task.id} {printed(task.number, task.group if task.group != task.name else '', task.name)}"


def lines(found: Sequence[Due], by: date, lang: str) -> Iterator[str]:
    """As a person reads it."""
    ja = lang == "ja"
    for each in found:
        day = each.day.isoformat() if each.day else ("日付不明" if ja else "no date  ")
        yield f"{day}  {each.text[lang]}"
        yield f"    「{each.printed}」" if ja else f"    “{each.printed}”"
    yield (
        (f"{by} までに見直すもの: {len(found)} 件" if found else f"{by} までに見直すものはありません")
        if ja
        else (f"to be looked at again by {by}: {len(found)}" if found else f"nothing falls due by {by}")
    )


__all__ = ["Due", "dates_in", "due", "lapsing", "lines"]
