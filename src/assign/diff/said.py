"""
A report → what a person reads of it: a few sentences, then tables. The screen, HTML and Excel show the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from assign.catalog.model import Task
from assign.desk.volumes import together, unknown
from assign.explanation.wording import CLASS_TEXT, MEANING_TEXT, printed
from assign.rules.changes import FIRST, LAST
from assign.words import ASSIGNEE_TEXT, BY_JUDGEMENT, CERTAINTY_TEXT, ActClass, ActFact, Assignee, Bilingual

from .matching import Pair
from .model import KINDS, NO_CHANGES, OF_ROWS, Answer, Edition, Move, Report
from .of_lists import days

_LABELS: Final[dict[str, Bilingual]] = {
    "certainty_lost": {"ja": "担当は同じ、確定 → 回答待ち", "en": "same assignee, settled → needs a ruling"},
    "certainty_won": {"ja": "担当は同じ、回答待ち → 確定", "en": "same assignee, needs a ruling → settled"},
    "other_reason": {"ja": "答えは同じで理由が違う", "en": "same answer for another reason"},
    "added": {"ja": "新しい版だけにある判断", "en": "decisions of the new edition alone"},
    "removed": {"ja": "古い版だけにある判断", "en": "decisions of the old edition alone"},
}
WHOLE: Final[Bilingual] = {"ja": "業務全体", "en": "the work as a whole"}
MOST_ACTS: Final = 4  # that a cell names
_ELSEWHERE: Final = (ActFact.OTHER_ROW, ActFact.UNDETERMINED)
HEADS: Final = {
    "ja": ("行", "業務の場", "行為", "旧", "新", "いつ", "月の件数", "判断の数"),
    "en": ("row", "channel", "acts", "old", "new", "when", "cases a month", "decisions"),
}
CHANGED: Final = {"ja": ("何が", "旧", "新"), "en": ("what", "old", "new")}


@dataclass
class Table:
    """A heading, the columns, and the rows; `note` is what is left out, and where it is."""

    title: str
    heads: Sequence[str]
    rows: list[list[str | int]]
    note: str = ""


def category(key: str, lang: str) -> str:
    """What a category of moves is called: 受託者 → 市職員."""
    if key in _LABELS:
        return _LABELS[key][lang]
    old, new = (ASSIGNEE_TEXT[Assignee(who)][lang] for who in key.split("_to_"))
    return f"{old} → {new}"


def own(move: Move) -> bool:
    """Whether an act is part of the work of the rows, in one of the editions: what is not is counted, and not told one by one."""
    return any(answer is not None and answer.seen not in _ELSEWHERE for answer in (move.old, move.new))


def summary(report: Report, lang: str) -> Iterator[str]:
    """The sentences that the answer begins with."""
    ja = lang == "ja"
    yield report.new.title[lang]
    for edition, name in ((report.old, "旧" if ja else "old"), (report.new, "新" if ja else "new")):
        yield f"  {name} {_called(edition, lang)}"
    if report.equal:
        but_for = ("名前・題名・期間のほかは、", " but for name, title and days") if report.changes else ("", "")
        yield (
            f"{but_for[0]}2つの版は同じです。判断 {report.compared:,} 件（行・業務の場・行為・期間のすべて）と、一覧・規則・ことばの全項目を比べ、違いはありません。"
            if ja
            else f"The editions are equal{but_for[1]}: all {report.compared:,} decisions (rows, channels, acts, spans of days) and every entry of list, rules and words were compared."
        )
    else:
        rows = len(pairs_of(move for move in report.moves if move.old and move.new))
        who = sum(move.decisions for move in report.moves if "_to_" in move.category)
        yield (
            f"動く判断 {report.moved:,} 件（{rows:,} 行）、うち担当が替わるもの {who:,} 件。両方の版にある判断 {report.compared:,} 件をすべて比べました。"
            if ja
            else f"{report.moved:,} decisions move ({_rows_en(rows)}), {who:,} of them to another assignee; all {report.compared:,} decisions of both editions were compared."
        )
        of_rows = sum(change.kind in OF_ROWS for change in report.changes)
        rest = len(report.changes) - of_rows
        yield (
            f"行の変更 {of_rows:,} 件（変わらない行 {report.unchanged:,}）、一覧・規則・ことばの変更 {rest:,} 件。"
            if ja
            else f"{of_rows:,} changes of rows ({report.unchanged:,} rows unchanged), {rest:,} of the list, its rules and words."
        )
    if report.no_changes:
        parts = [
            f"{NO_CHANGES[field][lang]} {number:,} {'行' if ja else 'rows'}"
            for field, number in report.no_changes.items()
        ]
        yield (
            f"変更に数えない違い: {'、'.join(parts)}。"
            if ja
            else f"Differences that are no change: {', '.join(parts)}."
        )
    if report.volumes is not None:
        missing = without_volume(report)
        if missing:
            yield unknown([f"{task.id} {task.name}" for task in missing])[lang]


def _rows_en(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _called(edition: Edition, lang: str) -> str:
    ja, since = lang == "ja", days(edition.effective)[lang]
    return (
        f"{edition.edition}（{since}、{edition.rows:,} 行）"
        if ja
        else f"{edition.edition} ({since}, {edition.rows:,} rows)"
    )


def without_volume(report: Report) -> list[Task]:
    """Rows of whose decisions some move, and for which there is no figure, as the file of figures would have them."""
    if report.volumes is None:
        return []
    rows = [pair.old or pair.new for pair in pairs_of(report.moves) if report.volume(pair) is None]
    return sorted((task for task in rows if task), key=lambda task: task.line)


def pairs_of(moves: Iterable[Move]) -> list[Pair]:
    """The rows that moves are about, each once."""
    return list({_key(place.pair): place.pair for move in moves for place in move.places}.values())


def _key(pair: Pair) -> tuple[str, str]:
    return pair.old.id if pair.old else "", pair.new.id if pair.new else ""


# -- decisions that move -----------------------------------------------------------------------------------------------


def moved(report: Report, lang: str) -> Iterator[Table]:
    """A table for each category, in terms of the contract."""
    ja = lang == "ja"
    for key, moves in report.by_category().items():
        told = [move for move in moves if own(move)]
        decisions = sum(move.decisions for move in moves)
        pairs = pairs_of(moves)
        title = (
            f"{category(key, lang)}: {decisions:,} 件（{len(pairs):,} 行"
            if ja
            else f"{category(key, lang)}: {decisions:,} ({_rows_en(len(pairs))}"
        )
        if report.volumes is not None:
            missing = sum(report.volume(pair) is None for pair in pairs)
            title += ("、" if ja else ", ") + together(weight(report, pairs), missing)[lang]
        title += "）" if ja else ")"
        rest = decisions - sum(move.decisions for move in told)
        note = ""
        if rest:
            note = (
                f"ほかに、その行の業務にない行為を尋ねた判断が {rest:,} 件（--json にあります）"
                if ja
                else f"{rest:,} more are of acts that are no part of the row's work (in --json)"
            )
        yield Table(title, HEADS[lang], _rows(report, told, lang), note)


def weight(report: Report, pairs: Iterable[Pair]) -> int | None:
    """The cases a month of some rows, as far as they are known; None where none is: that is not 0."""
    known = [volume for pair in pairs if (volume := report.volume(pair)) is not None]
    return sum(known) if known else None


def _rows(report: Report, moves: Iterable[Move], lang: str) -> list[list[str | int]]:
    """One row of the table for each row of the list, what happens to it, and when: its channels and acts together."""
    found: dict[tuple[Any, ...], dict[str, list[str | None]]] = {}
    pairs: dict[tuple[str, str], Pair] = {}
    for move in moves:
        sides = _answer(report, move.old, move, lang), _answer(report, move.new, move, lang)
        for pair, channel in move.places:
            pairs[_key(pair)] = pair
            of = found.setdefault((_key(pair), *sides, move.since, move.until), {})
            of.setdefault(channel, []).extend(move.acts)
    rows: list[list[str | int]] = []
    for (key, old, new, since, until), channels in found.items():
        alike_at: dict[tuple[str | None, ...], list[str]] = {}
        for channel, acts in channels.items():
            alike_at.setdefault(tuple(acts), []).append(channel)
        volume = report.volume(pairs[key])
        for alike, names in alike_at.items():
            where = ("・" if lang == "ja" else ", ").join(report.channel_labels[name][lang] for name in names)
            rows.append([
                _named(report, pairs[key], lang), where, _acts(report, alike, lang), old, new, _when(since, until, lang),
                "" if volume is None else volume, len(alike) * len(names),
            ])  # fmt: skip
    return rows


def _named(report: Report, pair: Pair, lang: str) -> str:
    task = pair.new or pair.old
    assert task is not None  # noqa: S101 - INVARIANT: a pair has a row
    return f"{report.division_labels[task.division][lang]} {printed(task.number, task.group, task.name)}"


def _answer(report: Report, answer: Answer | None, move: Move, lang: str) -> str:
    if answer is None:
        return "-"
    ja = lang == "ja"
    who, sure = ASSIGNEE_TEXT[answer.assignee][lang], CERTAINTY_TEXT[answer.certainty][lang]
    said = f"{who}（{sure}）" if ja else f"{who} ({sure})"
    if move.category == "other_reason":
        said += f" {_reason(report, answer, move, lang)}"
    ruling = f"回答 {answer.ruling}" if ja else f"ruling {answer.ruling}"
    return f"{said} {ruling}" if answer.ruling else said


def _reason(report: Report, answer: Answer, move: Move, lang: str) -> str:
    """The first of what the answer rests on that is another: what the list says, the act's class, the rule, whose authority it is."""
    other = move.new if answer is move.old else move.old
    assert other is not None  # noqa: S101 - INVARIANT: of one side alone there is no other reason
    if answer.meaning is not other.meaning:
        return MEANING_TEXT[answer.meaning][lang]
    if answer.seen is not other.seen:
        return _seen(answer.seen, lang)
    if answer.rule != other.rule:
        return report.rule_labels[answer.rule][lang]
    return report.holder_labels[answer.holder][lang] if answer.holder != other.holder else ""


def _seen(fact: ActFact, lang: str) -> str:
    if fact is ActFact.OTHER_ROW:
        return "この行の業務にない行為" if lang == "ja" else "no part of this row's work"
    judged = {"ja": "（本システムの判断）", "en": " (our judgement)"}[lang] if fact in BY_JUDGEMENT else ""
    return CLASS_TEXT[ActClass(fact.removesuffix("_judged"))][lang] + judged


def _acts(report: Report, acts: Sequence[str | None], lang: str) -> str:
    ja = lang == "ja"
    named = [WHOLE[lang]] if None in acts else []
    named += [report.act_labels[act][lang] for act in acts if act is not None]
    rest = len(named) - MOST_ACTS
    text = ("、" if ja else ", ").join(named[:MOST_ACTS])
    return text + ((f" ほか {rest}" if ja else f" and {rest} more") if rest > 0 else "")


def _when(since: date, until: date, lang: str) -> str:
    ja = lang == "ja"
    if since == FIRST and until == LAST:
        return "いつも" if ja else "always"
    begin = "" if since == FIRST else f"{since}から" if ja else f"from {since}"
    end = "" if until == LAST else f"{until}まで" if ja else f"until {until}"
    return f"{begin}{end}" if ja else " ".join(filter(None, (begin, end)))


# -- changes -----------------------------------------------------------------------------------------------------------


def changed(report: Report, lang: str) -> Iterator[Table]:
    """A table for each kind of change."""
    for kind, label in KINDS.items():
        rows: list[list[str | int]] = [
            [
                change.name[lang],
                change.before[lang] if change.before else "-",
                change.after[lang] if change.after else "-",
            ]
            for change in report.changes
            if change.kind == kind
        ]
        if rows:
            yield Table(f"{label[lang]}: {len(rows):,}{' 件' if lang == 'ja' else ''}", CHANGED[lang], rows)
