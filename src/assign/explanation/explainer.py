"""
Outcomes → the answer: who, how sure, and why, in sentences that cite the list, the legend, acts, notes and rulings.

The answer is plain data in the contract's shape. Every surface says it: Python wraps it (`model.Decision`), the
terminal prints it. Each sentence is made here, once, in Japanese and English, from the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from typing import Any, Final, NamedTuple

from assign.catalog.model import Catalog, Task
from assign.decision.decider import Decider, Outcome
from assign.decision.request import Request, candidate_lines
from assign.errors import AmbiguousItem, RuleGap, RuleOverlap
from assign.rules.entries import Act, Facts, Holder, Note
from assign.rules.kinds import KINDS
from assign.words import (
    ASSIGNEE_TEXT,
    CHANNEL_TEXT,
    GLYPH,
    ActClass,
    ActFact,
    Assignee,
    Certainty,
    Channel,
    Division,
    Listed,
    Mark,
    Reading,
    division_pair,
)

from .citations import _cite, _entry_cite, _legend_cite, _row_cite, _ruling_cite
from .next_step import next_step
from .wording import (
    _COST,
    _THE,
    CITY,
    CLASS_TEXT,
    CONTRACT_MANAGER,
    CONTRACTOR_MANAGER,
    MOST_OWNERS,
    Answer,
    Text,
    _about,
    _act,
    _basis,
    _both,
    _capital,
    _concerns,
    _condition,
    _desk_text,
    _distance,
    _first,
    _only_the_contract,
    _row_sentence,
    _rows,
    _unmet,
    grounded,
    printed,
)

# Acts that somebody holds: to take in a form is nobody's authority.
WITH_HOLDER: Final = (ActClass.AUTHORITY, ActClass.BARRED, ActClass.SHARED)


class Brief(NamedTuple):
    """A decision in one line: ids of rules, rows and caveats joined by spaces, and a short reason."""

    assignee: str
    certainty: str
    rules: str
    row: str
    caveats: str
    reason_ja: str
    reason_en: str


class RowWork:
    """Which acts are part of the work of rows, and of which rows an act is."""

    def __init__(self, catalog: Catalog, decider: Decider) -> None:
        self._catalog = catalog
        self._decider = decider
        self._rules = decider.rules
        self.acts: Callable[[tuple[str, ...]], list[tuple[Act, str]]] = lru_cache(maxsize=None)(self._acts_of)
        self.owners: Callable[[Division, str], list[Answer]] = lru_cache(maxsize=None)(self._owners)

    def _acts_of(self, rows: tuple[str, ...]) -> list[tuple[Act, str]]:
        """The acts of these rows' work in the order of the table of acts, each with the first row that has it."""
        found = []
        for act in self._rules.acts.values():
            row = next((row for row in rows if self._decider.own(self._catalog.by_id[row], act.id)), None)
            if row is not None:
                found.append((act, row))
        return found

    def _owners(self, division: Division, act: str) -> list[Answer]:
        """The rows of a division whose work an act is."""
        return [
            {"row": task.id, "division": division.value, "item": task.item, "name": task.name or task.group}
            for row in self._rules.work.rows_with(act)
            if (task := self._catalog.by_id[row]).division is division
        ]


class Caveats:
    """What to be careful about. None of it changes who is assigned."""

    def __init__(self, decider: Decider, work: RowWork) -> None:
        self._decider = decider
        self._rules = decider.rules
        self._work = work

    def of(self, request: Request) -> Iterator[Answer]:
        """What to be careful about. None of it changes who is assigned."""
        act = self._rules.acts[request.act] if request.act else None
        if act and act.condition and _concerns(act.condition_rows, request.tasks):
            cites = [_entry_cite("act", act)]
            yield {"code": "condition", "text": dict(act.condition), "cites": cites}
        if act:
            yield from self._other_row(request, act)
        undefined = [task for task in request.tasks if task.mark is Mark.UNDEFINED]
        if undefined:
            yield {
                "code": "undefined_mark",
                "text": {
                    "ja": "この行の印の○は凡例になく、無印と読んでいます（本システムの判断）。委託業務の欄にも○があるからです。",
                    "en": "The mark ○ is not in the legend and is read as no mark (our judgement). The row carries ○ under 委託業務 too.",
                },
                "cites": [_row_cite(task) for task in undefined],
            }
        unreadable = [task for task in request.tasks if task.reading is Reading.UNREADABLE]
        if unreadable:
            yield {
                "code": "uncertain_reading",
                "text": {
                    "ja": "この行の○が窓口とバックヤードのどちらの欄のものか、文字データからは決められません。原本で確かめる必要があります。",
                    "en": "The text cannot tell whether the ○ of this row stands under counter or back yard. Only the original can.",
                },
                "cites": [_row_cite(task) for task in unreadable],
            }
        judged = [task for task in request.tasks if task.reading is Reading.JUDGED and task.mark is not Mark.UNDEFINED]
        if judged:
            yield {
                "code": "judged_reading",
                "text": _about(
                    judged,
                    request,
                    {
                        "ja": "欄のずれや欠けを、並び順と記号から読んでいます（本システムの判断）。",
                        "en": "Displaced or missing cells are read by order and glyph (our judgement).",
                    },
                ),
                "cites": [_row_cite(task) for task in judged],
            }
        notes: dict[str, Note] = {}
        for task in request.tasks:
            for note in self._rules.notes_by_row.get(task.id, ()):
                if note.since <= request.on:
                    notes[note.id] = note
        for note in notes.values():
            touched = [task for task in request.tasks if task.id in note.rows]
            source = note.source
            yield {
                "code": note.caveat,
                "text": _about(
                    touched,
                    request,
                    {lang: grounded(note.because[lang], _basis(source, lang, note.read)) for lang in ("ja", "en")},
                ),
                "cites": [_row_cite(task) for task in touched]
                + [
                    _cite("note", source.document, source.line, source.text)
                    if source.line
                    else _entry_cite("note", note)
                ],
            }
        yield from self._ruled_acts(request)

    def _other_row(self, request: Request, act: Act) -> Iterator[Answer]:
        """Where the act is no part of the work of some of these rows: of which rows it is."""
        strange = [task for task in request.tasks if self._decider.seen(task, act.id) is ActFact.OTHER_ROW]
        if not strange:
            return
        owners = self._work.owners(request.division, act.id)
        names = [f"{owner['item']} {owner['name']}" for owner in owners[:MOST_OWNERS]]
        rest = len(owners) - len(names)
        where = (
            {
                "ja": f"この行為のある行: {'、'.join(names)}{f'、ほか{rest}行' if rest else ''}。",
                "en": f"It is part of {'; '.join(names)}{f' and {_rows(rest)} more' if rest else ''}.",
            }
            if owners
            else {"ja": "この区分に、この行為のある行はありません。", "en": "No row of this division has it."}
        )
        kinds = {kind.id: kind for task in strange if (kind := self._rules.work.kind(task.id))}
        own = [kind.source for kind in kinds.values() if kind.source.own]
        text = {
            "ja": f"「{act.title['ja']}」は、この行の業務の中の行為ではありません{_basis(own[0], 'ja') if own else '（本システムの判断）'}。",
            "en": f"The act '{act.title['en']}' is no part of this row's work{_basis(own[0], 'en') if own else ' (our judgement)'}.",
        }
        if not kinds:
            text = {
                "ja": f"この行の業務の種類が規則になく、「{act.title['ja']}」がこの行の業務の中の行為かは決まっていません。",
                "en": f"The rules name no kind of work for this row, so whether '{act.title['en']}' is part of it is open.",
            }
        yield {
            "code": "other_row",
            "text": _about(strange, request, _both(text, where)),
            "cites": [_row_cite(task) for task in strange]
            + [_cite("chain", KINDS, kind.line, kind.label["ja"]) for kind in kinds.values()],
        }

    def _ruled_acts(self, request: Request) -> Iterator[Answer]:
        """Where no act is asked: which acts of these rows a ruling has settled."""
        if request.act is not None:
            return
        rulings = {
            ruling.id: ruling
            for task in request.tasks
            if (found := self._rules.rulings_by_row.get(task.id))
            for ruling in found.in_force(request.channel, request.on)
        }
        if rulings:
            acts = {ruling.act: ruling.assignee for ruling in rulings.values()}
            yield {
                "code": "ruled_acts",
                "text": {
                    lang: head
                    + sep.join(
                        f"{self._rules.acts[act].title[lang]}{arrow}{ASSIGNEE_TEXT[who][lang]}"
                        for act, who in acts.items()
                    )
                    + end
                    for lang, head, sep, arrow, end in (
                        ("ja", "行為ごとに市の回答があります: ", "、", "は", "。"),
                        ("en", "There are rulings on single acts: ", "; ", " - ", "."),
                    )
                },
                "cites": [_ruling_cite(ruling) for ruling in rulings.values()],
            }


class Counterfactuals:
    """What excluded each other outcome, and the smallest changes of the request that lead to one."""

    def __init__(self, decider: Decider, work: RowWork) -> None:
        self._decider = decider
        self._rules = decider.rules
        self._work = work
        self._change: Callable[..., Answer] = lru_cache(maxsize=None)(self._one_change)

    def why_not(self, facts: Facts, rule_id: str, channel: Channel) -> list[Answer]:
        """
        For each assignee that it is not: the nearest rule that an act or a ruling can make hold, and what it lacks. Where
        there is none, mark and cell exclude it, which nobody at the counter can change: one sentence says so.
        """
        decided = self._rules.by_id[rule_id]
        found = []
        for assignee in Assignee:
            if assignee is decided.assignee:
                continue
            ways = [rule for rule in self._rules.rules if rule.assignee is assignee]
            if not ways:
                continue
            near = [rule for rule in ways if _COST.keys() >= set(_unmet(rule, facts))]
            if not near:
                closed: Answer = {"nearest_rule": None, "unmet": {}}
                only = _only_the_contract(facts, channel)
                found.append({"assignee": assignee.value, "rule": decided.id, "text": only, **closed})
                continue
            nearest = min(near, key=lambda rule: _distance(rule, facts))
            unmet = _unmet(nearest, facts)
            found.append(
                {
                    "assignee": assignee.value,
                    "rule": decided.id,
                    "text": {
                        lang: template.format(
                            who=_THE[assignee][lang],
                            needs=joint.join(_condition(name, nearest.when[name], channel, lang) for name in unmet),
                            has=comma.join(_condition(name, (getattr(facts, name),), channel, lang) for name in unmet),
                        )
                        for lang, template, joint, comma in (
                            (
                                "ja",
                                "「{who}」になるのは、たとえば{needs}のときです（ここでは、{has}）。",
                                "で、かつ",
                                "、",
                            ),
                            ("en", "It goes to {who} where, for example, {needs}; here {has}.", " and ", " and "),
                        )
                    },
                    "nearest_rule": nearest.id,
                    "unmet": {name: list(map(str, nearest.when[name])) for name in unmet},
                }
            )
        return found

    def would_change(self, request: Request, outcome: Outcome) -> Iterator[Answer]:
        """
        The smallest changes of the request that lead to another assignee; each is decided again here.

        One field where that is enough, else two. Only changes that give one answer for all rows count.
        """
        fields = self._alternatives(request)
        sizes: list[list[dict[str, Any]]] = [
            [{name: value} for name, values in fields.items() for value in values],
            [
                *({"channel": channel, "act": act} for channel, act in product(fields["channel"], fields["act"])),
                # An act goes with the days of its own rulings alone: with every day the pairs would grow with their square.
                *({"act": act, "on": day} for act in fields["act"] for day in self._days(request, act)),
                *({"channel": channel, "on": day} for channel, day in product(fields["channel"], fields["on"])),
            ],
        ]
        missing = {assignee for assignee in Assignee if assignee is not outcome.assignee}
        decided: dict[tuple[Any, ...], Outcome | None] = {}
        for changes in sizes:
            reached = set()
            for change in changes:
                channel, act, on = (change.get(name, getattr(request, name)) for name in ("channel", "act", "on"))
                key = (channel, on, self._alike(request, act))
                if key not in decided:
                    decided[key] = self._decided_again(request, channel, act, on)
                result = decided[key]
                if result is not None and result.assignee in missing:
                    reached.add(result.assignee)
                    yield self._change(tuple(change.items()), result.assignee, result.certainty)
            missing -= reached

    def _alike(self, request: Request, act: str | None) -> object:
        """Acts that a decision sees alike are decided alike, but where a ruling names one of them on these rows."""
        if act is None or any(task.id in self._rules.rulings_by_row for task in request.tasks):
            return act
        return tuple(self._decider.seen(task, act) for task in request.tasks)

    def _one_change(self, change: tuple[tuple[str, Any], ...], assignee: Assignee, certainty: Certainty) -> Answer:
        words: list[Text] = []
        for name, value in change:
            if name == "channel":
                words.append(dict(CHANNEL_TEXT[value]))
            elif name == "act":
                words.append(dict(self._rules.acts[value].title if value else CLASS_TEXT[ActClass.NONE]))
            else:
                words.append({"ja": f"{value}の案件", "en": f"a case of {value}"})
        return {
            "change": {name: value if value is None else str(value) for name, value in change},
            "assignee": assignee.value,
            "certainty": certainty.value,
            "text": {lang: " + ".join(word[lang] for word in words) for lang in ("ja", "en")},
        }

    def _alternatives(self, request: Request) -> dict[str, list[Any]]:
        """For each field of the request: the other values that it can have."""
        return {
            "channel": [channel for channel in Channel if channel is not request.channel],
            "act": [
                act
                for act in (None, *[act.id for act, _ in self._work.acts(tuple(task.id for task in request.tasks))])
                if act != request.act
            ],
            "on": self._days(request, request.act),
        }

    def _days(self, request: Request, act: str | None) -> list[date]:
        """The days on which a ruling on an act of these rows starts, or no longer and not yet holds, but for the day asked for."""
        if act is None:
            return []
        days = {
            day
            for task in request.tasks
            if (found := self._rules.rulings_by_row.get(task.id))
            for channel in Channel
            for ruling in found.on(channel, act)
            for day in (
                ruling.since,
                *([ruling.since - timedelta(days=1)] if ruling.since > date.min else []),
                *([ruling.until + timedelta(days=1)] if ruling.until and ruling.until < date.max else []),
            )
        }
        return sorted(days - {request.on})

    def _decided_again(self, request: Request, channel: Channel, act: str | None, on: date) -> Outcome | None:
        """The outcome of the changed request, or None where its rows do not agree."""
        try:
            outcomes = [self._decider.decide(task, channel, act, on) for task in request.tasks]
        except (RuleGap, RuleOverlap):  # a hole elsewhere in the rules is no change to offer; `check` shows it
            return None
        return outcomes[0] if all(outcome[1:] == outcomes[0][1:] for outcome in outcomes) else None


class Explainer:
    """Answers requests over one catalog and one rule set."""

    def __init__(self, catalog: Catalog, decider: Decider) -> None:
        self._decider = decider
        self._rules = decider.rules
        # Parts that many answers share are made once: the domains are small and closed, so these memories are, too.
        self._row = {task.id: row(task, self._rules.work.name(task.id)) for task in catalog.tasks}
        self._work = RowWork(catalog, decider)
        self._cautions = Caveats(decider, self._work)
        self._other = Counterfactuals(decider, self._work)
        self._shared: Callable[[tuple[str, ...]], list[Answer]] = lru_cache(maxsize=None)(self._shared_acts)
        self._reserved: Callable[[Division, tuple[str, ...]], list[Answer]] = lru_cache(maxsize=None)(
            self._reserved_acts
        )
        self._why_not: Callable[[Facts, str, Channel], list[Answer]] = lru_cache(maxsize=None)(self._other.why_not)

    def answer(self, request: Request) -> Answer:
        """
        The whole decision for one channel.

        Returns:
            The contract's object but for `provenance`, which the desk adds: keys in its order, texts as `{ja, en}`.
            Equal requests give equal answers.

        Raises:
            AmbiguousItem: The rows of the item get different answers.
            RuleGap, RuleOverlap, EngineError: There is no decision.
        """
        outcomes = self._agreed(request)
        first = outcomes[0]
        act = self._rules.acts[request.act] if request.act else None
        facts = self._decider.facts(request.tasks[0], request.channel, request.act, request.on)
        rows = tuple(task.id for task in request.tasks)
        reserved, shared = self._reserved(request.division, rows), self._shared(rows)
        caveats = list(self._cautions.of(request))
        step = next_step(request, first, act, caveats, all_contractor=not reserved and not shared)
        return {
            "assignee": first.assignee.value,
            "certainty": first.certainty.value,
            "division": request.division.value,
            "item": request.item,
            "channel": request.channel.value,
            "act": _act(act) if act else None,
            "on": request.on.isoformat(),
            "rows": [self._row[task.id] for task in request.tasks],
            "rules": list(dict.fromkeys(outcome.rule.id for outcome in outcomes)),
            "next": {"text": step},
            "reasons": list(self._reasons(request, outcomes, act)),
            "reserved": reserved,
            "shared": shared,
            "exceptions": [],
            "elsewhere": self._work.owners(request.division, act.id) if act and facts.act is ActFact.OTHER_ROW else [],
            "handoff": self._handoff(request, first),
            "caveats": caveats,
            "question": self._question(request, first, act),
            "why_not": self._why_not(facts, first.rule.id, request.channel),
            "would_change": list(self._other.would_change(request, first)),
        }

    def brief(self, request: Request) -> Brief:
        """
        The same decision in one line, for tables of many; it says what `answer` says.

        Raises:
            As `answer`.
        """
        outcomes = self._agreed(request)
        rules = {outcome.rule.id: outcome.rule for outcome in outcomes}
        lines = "・".join(str(task.line) for task in request.tasks)
        return Brief(
            assignee=outcomes[0].assignee.value,
            certainty=outcomes[0].certainty.value,
            rules=" ".join(rules),
            row=" ".join(task.id for task in request.tasks),
            caveats=" ".join(caveat["code"] for caveat in self._cautions.of(request)),
            reason_ja=f"一覧{lines}行目: {' / '.join(rule.title['ja'] for rule in rules.values())}",
            reason_en=f"line {lines.replace('・', ', ')}: {' / '.join(rule.title['en'] for rule in rules.values())}",
        )

    def _agreed(self, request: Request) -> list[Outcome]:
        """The outcome of each row, if they are one answer. Raises AmbiguousItem."""
        outcomes = [self._decider.decide(task, request.channel, request.act, request.on) for task in request.tasks]
        if any(outcome[1:] != outcomes[0][1:] for outcome in outcomes):
            raise AmbiguousItem(
                request.item,
                division=division_pair(request.division),
                candidates=[task.item for task in request.tasks],
                rows=candidate_lines(request.tasks),
            )
        return outcomes

    def row(self, task: Task) -> Answer:
        """A row of the list as answers show it."""
        return self._row[task.id]

    # -- why ---------------------------------------------------------------------------------------------------------

    def _reasons(self, request: Request, outcomes: Sequence[Outcome], act: Act | None) -> Iterator[Answer]:
        """The row and the legend; then the act, then the ruling, where the rule looked at them."""
        groups: dict[tuple[str, Mark, Listed], list[int]] = {}
        for i, (task, outcome) in enumerate(zip(request.tasks, outcomes, strict=True)):
            groups.setdefault((outcome.rule.id, task.mark, task.listed(request.channel)), []).append(i)
        for members in groups.values():
            rule = outcomes[members[0]].rule
            tasks = [request.tasks[i] for i in members]
            printed = self._rules.marks.values()
            legend = dict.fromkeys(
                [self._rules.marks[tasks[0].mark], *([rule.source] if rule.source in printed else [])]
            )
            yield {
                "rule": rule.id,
                "text": _both(_row_sentence(tasks, request.channel), rule.because),
                "cites": [_row_cite(task) for task in tasks] + [_legend_cite(source) for source in legend],
            }
        reserved = act and act.act_class in (ActClass.AUTHORITY, ActClass.BARRED)
        if act and (reserved or any("act" in outcome.rule.when for outcome in outcomes)):
            yield self._act_reason(request, outcomes[0], act)
        for task, outcome in zip(request.tasks, outcomes, strict=True):
            ruling = self._decider.ruling(task, request.channel, request.act, request.on)
            if ruling and "ruling" in outcome.rule.when:
                yield {
                    "rule": outcome.rule.id,
                    "text": {
                        "ja": f"市の回答 {ruling.id}（{ruling.source.document}、{ruling.role}、{ruling.since}から）: {ruling.because['ja']}",
                        "en": f"Ruling {ruling.id} ({ruling.source.document}, {ruling.role}, from {ruling.since}): {ruling.because['en']}",
                    },
                    "cites": [_ruling_cite(ruling)],
                }

    def _act_reason(self, request: Request, outcome: Outcome, act: Act) -> Answer:
        """What class the act is of, why, whose part is which, and whose authority it is."""
        kind = CLASS_TEXT[act.act_class]
        text = {lang: grounded(act.because[lang], _basis(act.source, lang)) for lang in ("ja", "en")}
        if act.act_class is not ActClass.UNDETERMINED:
            text = _both(
                {
                    "ja": f"「{act.title['ja']}」は{kind['ja']}です。",
                    "en": f"The act asked for, '{act.title['en']}', is {kind['en']}.",
                },
                text,
            )
        cites = [_entry_cite("act", act)]
        if act.city and act.contractor:
            settled = outcome.certainty is Certainty.SETTLED
            mine_ja = "受託者の部分は" if settled else "委託に入る場合の受託者の部分は"
            mine_en = "The contractor's part" if settled else "The contractor's part, if it is consigned"
            text = _both(
                text,
                {
                    "ja": f"受託者に渡らない部分は{act.city['ja']}、{mine_ja}{act.contractor['ja']}です。",
                    "en": f"The part that is not the contractor's: {act.city['en']}. {mine_en}: {act.contractor['en']}.",
                },
            )
        by_holder: dict[Holder, list[Task]] = {}
        for task in request.tasks:
            by_holder.setdefault(self._rules.holder(request.division, act.id, task.id), []).append(task)
        for holder, tasks in by_holder.items():
            if act.act_class in (ActClass.AUTHORITY, ActClass.SHARED) or (
                act.act_class is ActClass.BARRED and (holder.holder != CITY or holder.acts)
            ):
                text = _both(text, _about(tasks, request, self._authority(holder, act)))
                cites.append(_entry_cite("act", holder))
        work = self._rules.work
        own_rows = [task.id for task in request.tasks if work.is_own(task.id) and act.id in work.acts(task.id)]
        for own_kind in {own.id: own for row in own_rows if (own := work.kind(row))}.values():
            text = _both(
                text,
                {
                    "ja": f"業務の種類「{own_kind.label['ja']}」にこの行為があります{_basis(own_kind.source, 'ja')}。",
                    "en": f"The act is part of the kind of work '{own_kind.label['en']}'{_basis(own_kind.source, 'en')}.",
                },
            )
            cites.append(_cite("chain", KINDS, own_kind.line, own_kind.label["ja"]))
        return {"rule": outcome.rule.id, "text": text, "cites": cites}

    def _authority(self, holder: Holder, act: Act) -> Text:
        """Whose the act is, and what says so."""
        name = self._rules.holder_names[holder.holder]
        power = "権限" if act.act_class is ActClass.BARRED else "決める権限"  # nobody decides by taking payments
        return {
            "ja": f"{power}は{name['ja']}にあります。{grounded(holder.because['ja'], _basis(holder.source, 'ja'))}",
            "en": f"The authority is with {name['en']}. {grounded(holder.because['en'], _basis(holder.source, 'en'))}",
        }

    def _reserved_acts(self, division: Division, rows: tuple[str, ...]) -> list[Answer]:
        """Acts of these rows' work that are of class authority or barred, and whose they are."""
        return [
            {
                "act": act.id,
                "label": dict(act.title),
                "class": act.act_class.value,
                "holder": (holder := self._rules.holder(division, act.id, row).holder),
                "holder_label": dict(self._rules.holder_names[holder]),
            }
            for act, row in self._work.acts(rows)
            if act.act_class in (ActClass.AUTHORITY, ActClass.BARRED)
        ]

    def _shared_acts(self, rows: tuple[str, ...]) -> list[Answer]:
        """Acts of these rows' work that are of class shared: which part is the city's and which the contractor's."""
        return [
            {"act": act.id, "label": dict(act.title), "city": dict(act.city), "contractor": dict(act.contractor)}
            for act, _ in self._work.acts(rows)
            if act.city and act.contractor
        ]

    # -- what next ---------------------------------------------------------------------------------------------------

    def _handoff(self, request: Request, outcome: Outcome) -> Answer | None:
        """The case goes over whole, with a reason code and the cited row; it asks for no instruction."""
        if outcome.assignee is Assignee.CONTRACTOR:
            return None
        desk = _desk_text(request.division)
        lines = [str(task.line) for task in request.tasks]
        part = _first(request, outcome)
        en = f"the contractor's 業務責任者 transfers the case to {desk['en']}."
        return {
            "from": "contractor_manager",
            "to": "city_desk",
            "reason_code": outcome.rule.id,
            "text": {
                "ja": f"{part['ja']}業務責任者が{desk['ja']}へ案件を引き継ぎます。",
                "en": part["en"] + (en if part["en"].endswith(", ") else _capital(en)),
            },
            "slip": {
                "ja": f"理由コード {outcome.rule.id}、一覧{'・'.join(lines)}行目。市から返るのは結果です。",
                "en": f"Reason code {outcome.rule.id}, line{'s' * (len(lines) > 1)} {', '.join(lines)} of the list. What comes back is a result.",
            },
            "from_label": dict(CONTRACTOR_MANAGER),
            "to_label": desk,
        }

    def _question(self, request: Request, outcome: Outcome, act: Act | None) -> Answer | None:
        if outcome.rule.question is None:
            return None
        first = request.tasks[0]
        name = printed(first.number, first.group, first.name)
        rest = len(request.tasks) - 1
        more = {"ja": f"ほか{rest}行" if rest else "", "en": f" and {rest} more row{'s' * (rest > 1)}" if rest else ""}
        step = {"ja": f"の「{act.title['ja']}」", "en": f", act '{act.title['en']}'"} if act else {"ja": "", "en": ""}
        return {
            "text": {
                "ja": f"「{name}」（一覧{first.line}行目）{more['ja']}{step['ja']}について。{outcome.rule.question['ja']}",
                "en": f"On '{name}' (line {first.line} of the list){more['en']}{step['en']}. {outcome.rule.question['en']}",
            },
            "to": "city_contract_manager",
            "from": "contractor_manager",
            "from_label": dict(CONTRACTOR_MANAGER),
            "to_label": dict(CONTRACT_MANAGER),
        }


def row(task: Task, kind: Answer | None) -> Answer:
    """A row of the list and its kind of work, as decisions and `assign tasks` show it."""
    return {
        "id": task.id,
        "section": task.section,
        "group": task.group,
        "number": task.number,
        "name": task.name,
        "mark": task.mark.value,
        "counter": task.counter.value,
        "backyard": task.backyard.value,
        "kind": kind,
        "source": {"document": task.document, "line": task.line, "raw": task.raw},
        "division": task.division.value,
        "remark": task.remark,
        "glyph": GLYPH[task.mark],
        "reading": task.reading.value,
        "repairs": list(task.repairs),
    }
