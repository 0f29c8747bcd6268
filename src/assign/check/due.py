"""
A list and rules → what somebody must look at again by a day: a date in a remark, a change of law that was still to come, a ruling that
ends and that no other follows, the end of an edition.

Nothing is decided here. A remark is read for its dates alone (what a decision makes of them: `catalog.turns`); where a date lacks its day or its month,
the first day that it can mean counts, and one that cannot be read is always due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from os import PathLike
from typing import Any, NamedTuple

from assign.catalog.editions import Edition, of_folder
from assign.catalog.model import Catalog, Task
from assign.catalog.parts import Effective
from assign.commands import command
from assign.dates import in_text
from assign.explanation.wording import printed
from assign.rules.entries import Ruling
from assign.rules.model import RuleSet
from assign.words import Bilingual

from .proofs import unproved


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
        found += _of_one(edition.folder, rules, by, Effective(edition.since, edition.until), following)
    if not editions:
        found += _of_one(list_, rules, by, None, ())
    return sorted(found, key=lambda each: each.day or date.min)


def _of_one(
    list_: str | PathLike[str] | None,
    rules: str | PathLike[str] | None,
    by: date,
    days: Effective | None,
    following: Sequence[Edition],
) -> Iterator[Due]:
    subject = unproved(None if list_ is None else str(list_), None if rules is None else str(rules), "table")
    for each in (
        *_remarks(subject.catalog),
        *_changes(subject.catalog, subject.rules),
        *_rulings(subject.catalog, subject.rules, date.min if days is None else days.since),
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
                    {"ja": f"{_called(task)}: 一覧の備考の日です。今の扱いを確かめ、変わるなら次の版か疑義照会で定めます", "en": f"{_called(task)}: a date in the list's remark: see what holds now; a new edition or a ruling settles a change"}
                    if day
                    else {"ja": f"{_called(task)}: 備考の日付に年がありません。いつかを確かめてください", "en": f"{_called(task)}: a date in the remark lacks its year: find out when it is"},
                )  # fmt: skip


def dates_in(text: str) -> tuple[list[date], bool]:
    """The days that a printed text names, each the first that it can mean; and whether a date stands there that cannot be read."""
    found = list(in_text(text))
    days = (each.first for each in found if each.first is not None)
    return list(dict.fromkeys(days)), any(each.first is None for each in found)


def _changes(catalog: Catalog, rules: RuleSet) -> Iterator[Due]:
    """Notes on a change that was still to come when its source was read, and reviews that the list announces."""
    for note in rules.notes:
        if note.since > date.min and (note.caveat == "review_due" or note.read is None or note.since > note.read):
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


def _rulings(catalog: Catalog, rules: RuleSet, first: date) -> Iterator[Due]:
    """Those that end within the edition's days, which begin on `first`, and that no other follows."""
    for ruling in rules.rulings:
        if ruling.until is None or ruling.until < first or any(_follows(ruling, other) for other in rules.rulings):
            continue
        names = "、".join(_called(catalog.by_id[row]) for row in ruling.rows)
        act = rules.acts[ruling.act].title
        yield Due(
            ruling.until,
            "ruling",
            catalog.manifest.edition,
            ruling.rows,
            ruling.because["ja"],
            {
                "ja": f"回答 {ruling.id} の終わり: {names} の「{act['ja']}」。続きがなければ、その後は回答待ちに戻ります",
                "en": f"the ruling {ruling.id} ends: {act['en']} of {names}. Without another the question is open again",
            },
        )


def _follows(ruling: Ruling, other: Ruling) -> bool:
    """Whether another ruling answers all of the same from some later day on."""
    later = ruling.until is not None and other.since > ruling.until
    return (
        later
        and other.act == ruling.act
        and {*ruling.rows} <= {*other.rows}
        and {*ruling.channels} <= {*other.channels}
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


__all__ = ["Due", "dates_in", "due", "lines"]
