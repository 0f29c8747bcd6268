"""
A list and its register → every question that they leave open, grouped so that one answer settles many.

A question is open where an answer on an act of a row's own work needs a ruling. Asked for without an act, a △ row stays `split` whatever
is ruled: what was asked of it is asked act by act here. Acts that are no part of a row's work are no question of the list.

    of an act, where △ leaves it open         one question for each kind of work and act
    of a mark that the legend does not define   one for all rows and acts under it
    of an act that only our judgement reserves  one for all rows
    of a cell that cannot be read, or a mark without a meaning: one a row, settled by mending the list and by no ruling
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any, Final, NamedTuple

from assign.catalog.model import Task
from assign.catalog.parts import NO_COLUMN, Line, Said
from assign.desk.desk import Desk
from assign.desk.volumes import unknown
from assign.explanation.wording import CONTRACT_MANAGER, CONTRACTOR_MANAGER, MEANING_TEXT, placed, printed, question_of
from assign.rules.entries import Facts, Rule
from assign.rules.kinds import NOT_SAID
from assign.words import BY_JUDGEMENT, CONSIGNING, ActFact, Assignee, Bilingual, Certainty, Meaning, Ruled

from . import grounds
from .refusals import possible

BY_RULING: Final = "ruling"
BY_LIST: Final = "list"
BY_KINDS: Final = "kinds"
BY_ACTS: Final = "acts"
NOT_BY_RULING: Final[Mapping[str, Bilingual]] = {
    BY_LIST: {
        "ja": "原本か凡例で確かめ、一覧（catalog.csv、manifest.yaml）を直すと決まります（回答の登録では決まりません）",
        "en": "settled by mending the list (catalog.csv, manifest.yaml), by no ruling",
    },
    BY_KINDS: {
        "ja": "この行の業務にどんな行為があるかを rules/kinds.yaml に定めると、行為ごとに照会できます",
        "en": "say which acts the work of this row has in rules/kinds.yaml; then it can be asked act by act",
    },
    BY_ACTS: {
        "ja": "行為の根拠（市の文書）を rules/acts.yaml に書くと決まります（回答の登録では決まりません）",
        "en": "settled by the city's own paper as the act's source in rules/acts.yaml, by no ruling",
    },
}
# The same for who is asked, who has the paper and not our files.
OF_THE_CITY: Final[Mapping[str, Bilingual]] = {
    BY_LIST: {
        "ja": "紙の一覧と凡例で確かめ、だれが行うことになっているかをお書きください。このソフトウェアに読み込んだ一覧を、お答えに合わせて直します",
        "en": "please look at the paper list and its legend, and say who is to do the work; the list that this software has read is then mended",
    },
    BY_KINDS: {
        "ja": "この業務に含まれる行為（受付、審査など）をお書きください。そのうえで、行為ごとに照会します",
        "en": "please say which acts this work has (taking in, examining, …); each is then asked about",
    },
    BY_ACTS: {
        "ja": "この行為を市が行うと定めた市の文書（規則、要綱など）の名前をお書きください",
        "en": "please name the city's paper (rules, guidelines, …) by which the city does this act",
    },
}

_UNDER_A_MARK: Final = MEANING_TEXT[Meaning.CONSIGNED_DOUBTFUL]


class Place(NamedTuple):
    """An open decision: a row, a channel, and an act of the row's work; no act where the whole row is asked about."""

    row: str
    channel: str
    act: str


class Question(NamedTuple):
    """
    One question to the city.

    Attributes:
        key: What it is about, the same on every day and in every order: `PARTIAL_ACT/grant/receive`.
        rule: The rule that leaves it open, with its question. kind: The kind of work, where the question is of one.
        places: The decisions that one answer settles.
        by: What settles it: `ruling`, `list`, `kinds` or `acts`. answers: What may be ruled.
        volume: Cases a month of its rows, as far as they are known; None where none is: that is not 0.
        uncounted: Its rows without a figure, where figures were given.
        said: What the list says of its places, in their order. judged: Whether it is open by our judgement on the act, and by no mark.
    """

    key: str
    rule: Rule
    kind: str
    places: tuple[Place, ...]
    by: str
    answers: tuple[Assignee, ...]
    volume: int | None
    uncounted: tuple[str, ...]
    said: tuple[Said, ...]
    judged: bool

    @property
    def line(self) -> Line:
        """What makes the first of its places what it is."""
        return self.said[0].line

    @property
    def rows(self) -> list[str]:
        """In the order of the list."""
        return list(dict.fromkeys(place.row for place in self.places))

    @property
    def acts(self) -> list[str]:
        """In the order of the work; none where whole rows are asked about."""
        return list(dict.fromkeys(place.act for place in self.places if place.act))

    @property
    def channels(self) -> list[str]:
        """In the order in which they are met."""
        return list(dict.fromkeys(place.channel for place in self.places))


class _Open(NamedTuple):
    place: Place
    rule: Rule
    facts: Facts
    by: str
    answers: tuple[Assignee, ...]
    said: Said


def open_questions(
    desk: Desk, on: date, volumes: Mapping[str, int] | None = None, *, by_act: bool = False
) -> list[Question]:
    """
    Every open question on a day; the one that settles most comes first (by monthly cases where they are given, else by decisions).

    Args:
        volumes: Cases a month by row id; a row that is not there is not known, and not taken as 0.
        by_act: One question for each act, whatever the kind of work: fewer, and each answer says more.
    """
    groups: dict[tuple[str, ...], list[_Open]] = {}
    for each in _open(desk, on):
        groups.setdefault(_group(desk, each, by_act=by_act), []).append(each)
    found = [_question(desk, key, members, volumes) for key, members in groups.items()]
    return sorted(found, key=lambda each: (each.by != BY_RULING, -(each.volume or 0), -len(each.places)))


def _question(desk: Desk, key: tuple[str, ...], members: list[_Open], volumes: Mapping[str, int] | None) -> Question:
    first = members[0]
    rows = dict.fromkeys(each.place.row for each in members)
    kinds = {kind.id if (kind := desk.rules.work.kind(row)) else "" for row in rows}
    known = [volumes[row] for row in rows if row in volumes] if volumes is not None else []
    return Question(
        key="/".join(filter(None, key)),
        rule=first.rule,
        kind=kinds.pop() if len(kinds) == 1 else "",
        places=tuple(each.place for each in members),
        by=first.by,
        answers=first.answers,
        said=tuple(each.said for each in members),
        judged=_judged(first),
        volume=sum(known) if known else None,
        uncounted=() if volumes is None else tuple(row for row in rows if row not in volumes),
    )


def _group(desk: Desk, each: _Open, *, by_act: bool) -> tuple[str, ...]:
    place, rule = each.place, each.rule
    if each.said.line is NO_COLUMN:  # one question on all that the table has no columns for
        return rule.id, each.by, desk.catalog.by_id[place.row].division, place.act
    if each.by in (BY_LIST, BY_KINDS):
        return rule.id, each.by, place.row
    if each.facts.meaning is Meaning.CONSIGNED_DOUBTFUL and not _judged(each):
        glyphs = tuple(glyph for _, glyph in each.said.cells)
        return rule.id, *glyphs
    if by_act or _judged(each):
        return rule.id, place.act
    kind = desk.rules.work.kind(place.row)
    return rule.id, kind.id if kind else place.row, place.act


def _judged(each: _Open) -> bool:
    return each.facts.act in BY_JUDGEMENT


def _open(desk: Desk, on: date) -> Iterator[_Open]:
    """Every open decision that somebody has to settle, in the order of the list."""
    for task in desk.catalog.tasks:
        for channel in desk.catalog.manifest.channels:
            whole = desk.decider.decide(task, channel, None, on)
            facts = desk.decider.facts(task, channel, None, on)
            given = facts.meaning in CONSIGNING  # else nobody can say what its acts are consigned as
            if given:
                yield from _steps(desk, task, channel, on)
            if whole.certainty is Certainty.SETTLED or (given and _can_be_asked(desk, task, channel, on)):
                continue
            waiting = desk.decider.waiting(task, channel, on)
            said = waiting.said if waiting else desk.decider.said(task, channel, None, on)
            yield _Open(Place(task.id, channel, ""), whole.rule, facts, BY_KINDS if given else BY_LIST, (), said)


def _can_be_asked(desk: Desk, task: Task, channel: str, on: date) -> bool:
    """Whether a row's work has an act that a ruling may give away; without one nothing could be asked of it act by act."""
    facts = (desk.decider.facts(task, channel, act, on).act for act in desk.rules.acts)
    return any(fact in (ActFact.FACTUAL, ActFact.SHARED) for fact in facts)


def _steps(desk: Desk, task: Task, channel: str, on: date) -> Iterator[_Open]:
    for act in desk.rules.acts.values():
        if desk.catalog.manifest.place_of(act.id, channel) != channel:
            continue  # it is asked there
        named = desk.catalog.says(task, channel, act.id).named
        if not named and not desk.decider.own(task, act.id):
            continue
        outcome = desk.decider.decide(task, channel, act.id, on)
        if outcome.certainty is Certainty.SETTLED:
            continue
        facts = desk.decider.facts(task, channel, act.id, on)
        answers = possible(desk, facts, act)
        by = BY_RULING if answers else BY_ACTS if facts.act in BY_JUDGEMENT and not named else BY_LIST
        said = desk.decider.said(task, channel, act.id, on)
        yield _Open(Place(task.id, channel, act.id), outcome.rule, facts, by, answers, said)


# -- what is asked, in words ---------------------------------------------------------------------------------------------


def asked(desk: Desk, question: Question) -> Bilingual:
    """The question as the letter puts it: what it is about, why it is open, and what is asked; without the rows that it is about."""
    about, why = work_named(desk, question), _why(desk, question)
    printed_question = question.rule.question
    text = question_of(question.line, printed_question) if printed_question else question.rule.because
    return {"ja": f"{about['ja']}{why['ja']}{text['ja']}", "en": f"{about['en']} {why['en']} {text['en']}"}


def work_named(desk: Desk, question: Question) -> Bilingual:
    """What a question begins with: the work that it is about."""
    acts, kind = question.acts, desk.rules.work.kind(question.rows[0])
    titles = [desk.rules.acts[act].title for act in acts]
    if len(acts) == 1 and kind is not None and question.kind not in ("", NOT_SAID):
        about = {
            "ja": f"{kind.label['ja']}の「{titles[0]['ja']}」",
            "en": f"{kind.label['en']}, act '{titles[0]['en']}'",
        }
    elif len(acts) == 1:
        about = {"ja": f"「{titles[0]['ja']}」", "en": f"the act '{titles[0]['en']}'"}
    elif acts and question.line.means is Meaning.CONSIGNED_DOUBTFUL:
        glyph = next((glyph for _, glyph in question.said[0].cells if glyph), "")
        about = {
            lang: f"{text}（{glyph}）" if lang == "ja" else f"{text} ({glyph})" for lang, text in _UNDER_A_MARK.items()
        }
    elif question.line is NO_COLUMN:
        division = desk.catalog.manifest.divisions[desk.catalog.by_id[question.rows[0]].division].label
        about = {"ja": f"{division['ja']}の業務", "en": f"the work of {division['en']}"}
    else:
        task = desk.catalog.by_id[question.rows[0]]
        name = printed(task.number, task.group, task.name)
        about = {"ja": f"「{name}」", "en": f"the row '{name}'"}
    rows, labels = len(question.rows), [desk.catalog.manifest.channels[each].label for each in question.channels]
    at = {lang: joint.join(label[lang] for label in labels) for lang, joint in (("ja", "・"), ("en", ", "))}
    return {
        "ja": f"{about['ja']}（{rows}行、{at['ja']}）について。",
        "en": f"On {about['en']} ({rows} {'row' if rows == 1 else 'rows'}, {at['en']}).",
    }


def of_keys(desk: Desk, rows: Sequence[str], acts: Sequence[str], channels: Sequence[str], on: date) -> Question:
    """The question on some acts that is known by its keys alone, in their order, as it is asked where nobody has answered it."""
    every = []
    for row, channel, act in product(rows, channels, acts):
        task = desk.catalog.by_id[row]
        facts = desk.decider.facts(task, channel, act, on)._replace(ruling=Ruled.NONE)
        outcome = desk.decider.outcome(facts)
        said = desk.decider.said(task, channel, act, on)
        settled = outcome.certainty is Certainty.SETTLED
        answers = possible(desk, facts, desk.rules.acts[act])
        every.append((settled, _Open(Place(row, channel, act), outcome.rule, facts, BY_RULING, answers, said)))
    return _question(desk, (), [each for settled, each in every if not settled] or [each for _, each in every], None)


def _why(desk: Desk, question: Question) -> Bilingual:
    """Why it is open."""
    if question.judged:
        return grounds.of_judgement([desk.rules.acts[act] for act in question.acts])
    one = len(question.rows) == 1 and question.line is not NO_COLUMN
    return grounds.of_list(question.said, desk.catalog.manifest, desk.rules.acts, cells=one)


def counted(question: Question) -> Bilingual | None:
    """Its cases a month, and how many of its rows have no figure; None where nobody gave figures."""
    missing = len(question.uncounted)
    if question.volume is None:
        return {"ja": "記載なし", "en": "not given"} if missing else None
    said = f"{question.volume:,}"
    return {
        "ja": said + (f"（ほか{missing:,}行は記載なし）" if missing else ""),
        "en": said + (f" ({missing:,} more row{'s' * (missing > 1)}: not given)" if missing else ""),
    }


def uncounted(desk: Desk, questions: Sequence[Question]) -> Bilingual | None:
    """What is said of all rows that are asked about and have no figure; None where each has one, or nobody gave figures."""
    rows = {row for question in questions for row in question.uncounted}
    names = [f"{task.id} {task.name}" for task in desk.catalog.tasks if task.id in rows]
    return unknown(names) if names else None


def in_one(names: Iterable[str], lang: str) -> str:
    """Names one after the other, as a cell or a line has them."""
    return ("、" if lang == "ja" else "; ").join(names)


def row_names(desk: Desk, rows: Sequence[str], lang: str) -> list[str]:
    """Rows as the paper has them, each with its division and where it stands."""
    return [_row_name(desk, row, "", lang) for row in rows]


def rows_asked(desk: Desk, question: Question, lang: str) -> list[str]:
    """A question's rows, as `row_names` has them, and of several channels those that each is asked about on."""
    manifest = desk.catalog.manifest
    found = []
    for row in question.rows:
        channels = dict.fromkeys(place.channel for place in question.places if place.row == row)
        labels = [manifest.channels[channel].label[lang] for channel in channels]
        more = (
            (f"、{'・'.join(labels)}" if lang == "ja" else f"; {', '.join(labels)}")
            if len(question.channels) > 1
            else ""
        )
        found.append(_row_name(desk, row, more, lang))
    return found


def _row_name(desk: Desk, row: str, more: str, lang: str) -> str:
    manifest, task = desk.catalog.manifest, desk.catalog.by_id[row]
    name = printed(task.number, task.group, task.name)
    if len(manifest.divisions) > 1:
        name = f"{manifest.divisions[task.division].label[lang]} {name}"
    where = placed([task], manifest)[lang] + more
    return f"{name}（{where}）" if lang == "ja" else f"{name} ({where})"


def list_named(desk: Desk, lang: str) -> str:
    """Which list the rows are of, and which edition of it: what stands on which line depends on it."""
    manifest = desk.catalog.manifest
    said = [manifest.edition]
    if days := manifest.effective:
        said.append(f"{days.since} から" if lang == "ja" else f"from {days.since}")
        if days.until:
            said[-1] += f" {days.until} まで" if lang == "ja" else f" to {days.until}"
    return (
        f"{manifest.title[lang]}（{'、'.join(said)}）"
        if lang == "ja"
        else f"{manifest.title[lang]} ({', '.join(said)})"
    )


def as_plain(desk: Desk, question: Question) -> dict[str, Any]:
    """For `--json`."""
    return {
        "key": question.key,
        "text": asked(desk, question),
        "rule": question.rule.id,
        "kind": question.kind or None,
        "acts": question.acts,
        "rows": question.rows,
        "channels": question.channels,
        "decisions": len(question.places),
        "volume": question.volume,
        "without_volume": list(question.uncounted),
        "settled_by": question.by,
        "answers": [answer.value for answer in question.answers],
        "to": "city_contract_manager",
        "to_label": dict(CONTRACT_MANAGER),
        "from": "contractor_manager",
        "from_label": dict(CONTRACTOR_MANAGER),
    }


def list_plain(desk: Desk) -> dict[str, Any]:
    """Which list and edition is asked about, for `--json`."""
    manifest = desk.catalog.manifest
    return {
        "title": dict(manifest.title),
        "edition": manifest.edition,
        "effective": manifest.effective and manifest.effective.plain(),
    }
