"""
Outcomes → the answer: who, how sure, and why, in sentences that cite the list, the legend, acts, notes and rulings.

The answer is plain data in the contract's shape. Every surface says it: Python wraps it (`model.Decision`), the
terminal prints it. Each sentence is made here, once, in Japanese and English, from the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from assign.catalog.manifest import Manifest
from assign.catalog.model import Catalog, Task
from assign.catalog.parts import SILENT, Legend, Said
from assign.decision.decider import Decider, Outcome, Part
from assign.decision.request import Request, candidate_lines
from assign.errors import AmbiguousItem
from assign.rules.entries import LEGEND, Act, Holder, Rule, Source
from assign.rules.kinds import KINDS
from assign.words import ActClass, Assignee, Bilingual, Certainty, Meaning

from .caveats import Caveats
from .citations import _cite, _entry_cite, _legend_cite, _row_cite, _ruling_cite
from .counterfactuals import Counterfactuals
from .next_step import next_step
from .row_work import RowWork
from .shared import Memory, Shared
from .wording import (
    CITY,
    CLASS_TEXT,
    CONTRACT_MANAGER,
    CONTRACTOR_MANAGER,
    SHEET,
    SHEET_ROW,
    SILENT_TITLE,
    Answer,
    Text,
    _about,
    _act,
    _basis,
    _both,
    _capital,
    _first,
    _of_parts,
    _row_sentence,
    grounded,
    placed,
    printed,
    printed_cells,
    question_of,
)

# Acts that somebody holds: to take in a form is nobody's authority.
WITH_HOLDER: Final = (ActClass.AUTHORITY, ActClass.BARRED, ActClass.SHARED)


# Among the caveats of a brief: the row excepts or asks for something, which its reason quotes; an answer has it in `exceptions`.
PRINTED_CONDITION: Final = "printed_condition"


class Brief(NamedTuple):
    """A decision in one line: ids of rules, rows and caveats joined by spaces, and a short reason with the conditions printed."""

    assignee: str
    certainty: str
    rules: str
    row: str
    caveats: str
    reason_ja: str
    reason_en: str


class OfClass(NamedTuple):
    """What an answer says whichever act of one class is asked for, on every day between two changes."""

    outcomes: list[Outcome]
    meanings: list[Meaning]
    rules: list[str]
    reasons: list[Shared]
    strange: list[Task]
    handoff: Shared | None
    exceptions: list[Shared]
    caveats: list[Answer]
    next: Shared
    why_not: list[Shared]
    would_change: list[Shared]


class Explainer:
    """Answers requests over one catalog and one rule set."""

    def __init__(self, catalog: Catalog, decider: Decider) -> None:
        self._decider = decider
        self._rules = decider.rules
        # Parts that many answers share are made once: the domains are small and closed, so these memories are, too.
        self._catalog = catalog
        self._manifest = catalog.manifest
        divisions, channels = self._manifest.divisions, self._manifest.channels
        self._division_labels = {key: Shared(each.label) for key, each in divisions.items()}
        self._channel_labels = {key: Shared(each.label) for key, each in channels.items()}
        self._division_at = {task.line: task.division for task in catalog.tasks}
        self._desks = {key: Shared(each.desk) for key, each in divisions.items()}
        self._kinds: dict[str, Shared] = {}
        self._rows: dict[str, Shared] = {}
        self._work = RowWork(catalog, decider)
        self._cautions = Caveats(decider, self._work)
        self._other = Counterfactuals(decider, self._work)
        self._shared: Callable[[tuple[str, ...]], list[Shared]] = lru_cache(maxsize=None)(self._shared_acts)
        self._reserved: Callable[[str, tuple[str, ...]], list[Shared]] = lru_cache(maxsize=None)(self._reserved_acts)
        self._act = {act.id: Shared(_act(act)) for act in self._rules.acts.values()}
        self._of_class: Memory[OfClass] = Memory()
        self._of_act: Memory[Shared] = Memory()

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
        same = self._same(request)
        first = same.outcomes[0]
        act = self._rules.acts[request.act] if request.act else None
        rows = tuple(task.id for task in request.tasks)
        caveats = [*self._cautions.of_act(request, act, same.strange), *same.caveats]
        return {
            "assignee": first.assignee.value,
            "certainty": first.certainty.value,
            "meaning": same.meanings[0].value,
            "division": request.division,
            "item": request.item,
            "channel": request.channel,
            "act": self._act[act.id] if act else None,
            "on": request.on.isoformat(),
            "rows": [self.row(task) for task in request.tasks],
            "rules": same.rules,
            "next": self._next(request, same, act, caveats),
            "reasons": [*same.reasons, *self._reasons_of_act(request, same.outcomes, act)],
            "reserved": self._reserved(request.division, rows),
            "shared": self._shared(rows),
            "exceptions": same.exceptions,
            "elsewhere": self._work.owners(request.division, act.id)
            if act and request.tasks[0] in same.strange
            else [],
            "handoff": same.handoff,
            "caveats": caveats,
            "question": self._question(request, first, act),
            "why_not": same.why_not,
            "would_change": same.would_change,
            "division_label": self._division_labels[request.division],
            "channel_label": self._channel_labels[request.channel],
            "desk": self._desks[request.division],
        }

    def _next(self, request: Request, same: OfClass, act: Act | None, caveats: list[Answer]) -> Answer:
        """What is done now. Of an act with parts or a condition it is told for itself, else once for all of its class."""
        if act is None or not (act.condition or act.city):
            return same.next
        return {"text": self._step(request, same.outcomes[0], same.meanings, act, caveats)}

    def _step(
        self, request: Request, outcome: Outcome, meanings: list[Meaning], act: Act | None, caveats: list[Answer]
    ) -> Text:
        rows = tuple([task.id for task in request.tasks])
        all_contractor = not self._reserved(request.division, rows) and not self._shared(rows)
        return next_step(outcome, meanings, act, caveats, all_contractor=all_contractor)

    def brief(self, request: Request) -> Brief:
        """
        The same decision in one line, for tables of many; it says what `answer` says.

        Raises:
            As `answer`.
        """
        outcomes = self._agreed(request)
        act = self._rules.acts[request.act] if request.act else None
        rules = {outcome.rule.id: outcome.rule for outcome in outcomes}
        place = placed(request.tasks, self._manifest)
        strange = self._cautions.strange(request)
        caveats = [*self._cautions.of_act(request, act, strange), *self._cautions.of_rows(request)]
        titles = self._titles(request, outcomes)
        conditions = list(dict.fromkeys(text for _, text in self._conditions(request)))
        printed_ja = f"。一覧の条件: {' / '.join(conditions)}" if conditions else ""
        printed_en = f". As printed: {' / '.join(conditions)}" if conditions else ""
        return Brief(
            assignee=outcomes[0].assignee.value,
            certainty=outcomes[0].certainty.value,
            rules=" ".join(rules),
            row=" ".join(task.id for task in request.tasks),
            caveats=" ".join([*(caveat["code"] for caveat in caveats), *([PRINTED_CONDITION] if conditions else [])]),
            reason_ja=f"{place['ja']}: {' / '.join(title['ja'] for title in titles)}{printed_ja}",
            reason_en=f"{place['en'].removesuffix(' of the list')}: {' / '.join(title['en'] for title in titles)}{printed_en}",
        )

    def _conditions(self, request: Request) -> Iterator[tuple[Task, str]]:
        """What the list excepts or asks for, row by row, as far as it is about what is asked."""
        for task in request.tasks:
            yield from ((task, text) for text in self._catalog.conditions(task, request.channel, request.act))

    def _titles(self, request: Request, outcomes: Sequence[Outcome]) -> list[Bilingual]:
        """What the rules are called; where the list does not say a word of the act, that."""
        said = [self._decider.said(task, request.channel, request.act, request.on) for task in request.tasks]
        titles = {
            SILENT_TITLE["ja"] if one.line is SILENT else outcome.rule.id: SILENT_TITLE
            if one.line is SILENT
            else outcome.rule.title
            for one, outcome in zip(said, outcomes, strict=True)
        }
        return list(titles.values())

    def alike(self, tasks: Sequence[Task], act: str | None) -> Hashable:
        """What `brief` looks at, of an act: where it is the same of two acts, so is their brief, on any channel and day."""
        condition = act is not None and self._cautions.conditional(self._rules.acts[act], tasks)
        return self._work.seen(tasks, act), condition

    def _same(self, request: Request) -> OfClass:
        """
        What is the same for every act of which the decision sees the same, on all days between two changes. (`would_change` offers
        no day between the same two changes as the day asked for: it is answered as that day is.)

        Raises:
            AmbiguousItem: The rows of the item get different answers.
        """
        rows = tuple([task.id for task in request.tasks])
        seen = self._work.seen(request.tasks, request.act)
        key = (rows, request.channel, seen, self._work.between(rows, request.on))
        return self._of_class.get(key, lambda: self._made(request))

    def _made(self, request: Request) -> OfClass:
        outcomes = self._agreed(request)
        facts = self._decider.facts(request.tasks[0], request.channel, request.act, request.on)
        said = [self._decider.said(task, request.channel, request.act, request.on) for task in request.tasks]
        meanings = [each.meaning for each in said]
        act = self._rules.acts[request.act] if request.act else None
        caveats = self._cautions.of_rows(request)
        handoff = self._handoff(request, outcomes[0], meanings)
        return OfClass(
            outcomes=outcomes,
            meanings=meanings,
            rules=list(dict.fromkeys(outcome.rule.id for outcome in outcomes)),
            reasons=[Shared(reason) for reason in self._reasons(request, outcomes)],
            strange=self._cautions.strange(request),
            handoff=Shared(handoff) if handoff else None,
            exceptions=[Shared(text=text, cite=_row_cite(task)) for task, text in self._conditions(request)],
            caveats=caveats,
            next=Shared(text=self._step(request, outcomes[0], meanings, act, caveats)),
            why_not=self._other.of_parts(outcomes[0])
            if any(part.waits for part in self._parts(request, request.tasks[0]))
            else self._other.why_not(facts, outcomes[0].rule.id, said[0]),
            would_change=list(self._other.would_change(request, outcomes[0])),
        )

    def _agreed(self, request: Request) -> list[Outcome]:
        """The outcome of each row, if they are one answer. Raises AmbiguousItem."""
        outcomes = [self._decider.decide(task, request.channel, request.act, request.on) for task in request.tasks]
        if any(outcome[1:] != outcomes[0][1:] for outcome in outcomes):
            raise AmbiguousItem(
                request.item,
                division=self._manifest.division_pair(request.division),
                candidates=[task.item for task in request.tasks],
                rows=candidate_lines(request.tasks),
            )
        return outcomes

    def row(self, task: Task) -> Shared:
        """A row of the list as answers show it."""
        found = self._rows.get(task.id)
        if found is None:
            name = self._rules.work.name(task.id)
            kind = self._kinds.setdefault(name["key"], Shared(name)) if name else None
            found = self._rows.setdefault(task.id, row(task, kind, self._manifest, self._rules.acts))
        return found

    # -- why ---------------------------------------------------------------------------------------------------------

    def _reasons(self, request: Request, outcomes: Sequence[Outcome]) -> Iterator[Answer]:
        """The row and the legend."""
        groups: dict[tuple[str, Said, tuple[tuple[str, Said, str], ...]], list[int]] = {}
        for i, (task, outcome) in enumerate(zip(request.tasks, outcomes, strict=True)):
            said = self._decider.said(task, request.channel, request.act, request.on)
            each = tuple((part.act, part.said, part.outcome.rule.id) for part in self._parts(request, task))
            groups.setdefault((outcome.rule.id, said, each), []).append(i)
        for (_, said, _), members in groups.items():
            rule, parts = outcomes[members[0]].rule, self._parts(request, request.tasks[members[0]])
            tasks = [request.tasks[i] for i in members]
            text = _row_sentence(tasks, said, self._manifest, self._rules.acts)
            yield {
                "rule": rule.id,
                "text": _both(
                    text, _of_parts(parts, self._rules.acts) if any(p.waits for p in parts) else rule.because
                ),
                "cites": [_row_cite(task) for task in tasks]
                + [_legend_cite(source) for source in self._legends(said, rule, parts)],
            }

    def _parts(self, request: Request, task: Task) -> list[Part]:
        """The acts with cells of their own, where the work as a whole is asked for."""
        return self._decider.parts(task, request.channel, request.on) if request.act is None else []

    def _legends(self, said: Said, rule: Rule, parts: Sequence[Part]) -> dict[Legend, None]:
        """
        The legend's sentences on the very marks that are read. A rule that rests on the sentence on another mark cites that, too, where
        the list has one such sentence and no more.
        """
        lines = [part.said.line.legend for part in parts] if parts else [said.line.legend]
        if not self._manifest.printed_acts:
            rests_on = [Meaning(rule.source.text)] if rule.source.basis == LEGEND else []
            if said.meaning is Meaning.CONSIGNED_DOUBTFUL:  # it is read as this is
                rests_on.append(Meaning.CONSIGNED)
            lines += [self._manifest.legend_of(meaning) for meaning in rests_on if meaning is not said.meaning]
        return dict.fromkeys(filter(None, lines))

    def _reasons_of_act(self, request: Request, outcomes: Sequence[Outcome], act: Act | None) -> Iterator[Answer]:
        """The act, then the ruling, where the rule looked at them."""
        reserved = act and act.act_class in (ActClass.AUTHORITY, ActClass.BARRED)
        if act and (reserved or any("act" in outcome.rule.when for outcome in outcomes)):
            yield self._shared_act_reason(request, outcomes[0], act)
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

    def _shared_act_reason(self, request: Request, outcome: Outcome, act: Act) -> Shared:
        """The reason below. It speaks of rows only where their holders differ, or where their kind of work is the city's own."""
        holders = {self._rules.holder(request.division, act.id, task.id).id for task in request.tasks}
        own = any(self._rules.work.is_own(task.id) for task in request.tasks)
        speaks_of = tuple(task.id for task in request.tasks) if own or len(holders) > 1 else holders.pop()
        paper = self._manifest.designation(act.id, request.tasks[0].id)
        key = (act.id, outcome.rule.id, request.division, speaks_of, paper)
        return self._of_act.get(key, lambda: Shared(self._act_reason(request, outcome, act)))

    def _act_reason(self, request: Request, outcome: Outcome, act: Act) -> Answer:
        """What class the act is of, why, whose part is which, and whose authority it is."""
        designation = self._manifest.designation(act.id, request.tasks[0].id)
        if designation is not None and outcome.assignee is Assignee.CONTRACTOR:
            paper = designation.legend
            said = {
                "ja": f"一覧は「{paper.text}」と定めています。指定された者が公金を扱うので、「{act.title['ja']}」は受託者が行います。",
                "en": f"The list says {paper.en}: who is designated handles public money, so '{act.title['en']}' is the contractor's.",
            }
            return {"rule": outcome.rule.id, "text": said, "cites": [_cite("legend", *paper[:3])]}
        kind = CLASS_TEXT[act.act_class]
        source = self._not_of_another_division(act.source, request.division)
        text = {lang: grounded(act.because[lang], _basis(source, lang)) for lang in ("ja", "en")}
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
        by_holder: dict[str, tuple[Holder, list[Task]]] = {}
        for task in request.tasks:
            holder = self._rules.holder(request.division, act.id, task.id)
            by_holder.setdefault(holder.id, (holder, []))[1].append(task)
        if any(
            self._decider.said(task, request.channel, act.id, request.on).line.third_party for task in request.tasks
        ):
            by_holder = {}  # the list itself names who acts
        for holder, tasks in by_holder.values():
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

    def _not_of_another_division(self, source: Source, division: str) -> Source:
        """What an act rests on, without a row of another division: like work can be divided otherwise there."""
        borrowed = self._division_at.get(source.line or 0, division) != division
        return source._replace(document="", line=None, text="") if borrowed else source

    def _authority(self, holder: Holder, act: Act) -> Text:
        """Whose the act is, and what says so."""
        name = self._rules.holder_names[holder.holder]
        power = "権限" if act.act_class is ActClass.BARRED else "決める権限"  # nobody decides by taking payments
        return {
            "ja": f"{power}は{name['ja']}にあります。{grounded(holder.because['ja'], _basis(holder.source, 'ja'))}",
            "en": f"The authority is with {name['en']}. {grounded(holder.because['en'], _basis(holder.source, 'en'))}",
        }

    def _reserved_acts(self, division: str, rows: tuple[str, ...]) -> list[Shared]:
        """Acts of these rows' work that are of class authority or barred, and whose they are."""
        return [
            Shared(
                {
                    "act": act.id,
                    "label": dict(act.title),
                    "class": act.act_class.value,
                    "holder": (holder := self._rules.holder(division, act.id, row).holder),
                    "holder_label": dict(self._rules.holder_names[holder]),
                }
            )
            for act, row in self._work.kept(rows)
        ]

    def _shared_acts(self, rows: tuple[str, ...]) -> list[Shared]:
        """Acts of these rows' work that are of class shared: which part is the city's and which the contractor's."""
        return [
            Shared(act=act.id, label=dict(act.title), city=dict(act.city), contractor=dict(act.contractor))
            for act, _ in self._work.acts(rows)
            if act.city and act.contractor
        ]

    # -- what next ---------------------------------------------------------------------------------------------------

    def _handoff(self, request: Request, outcome: Outcome, meanings: Sequence[Meaning]) -> Answer | None:
        """The case goes over whole, with a reason code and the cited row; it asks for no instruction."""
        if outcome.assignee in (Assignee.CONTRACTOR, Assignee.NOBODY):
            return None
        desk = self._manifest.divisions[request.division].desk
        place = placed(request.tasks, self._manifest)
        part = _first(request, outcome, meanings)
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
                "ja": f"理由コード {outcome.rule.id}、{place['ja']}。市から返るのは結果です。",
                "en": f"Reason code {outcome.rule.id}, {place['en']}. What comes back is a result.",
            },
            "from_label": dict(CONTRACTOR_MANAGER),
            "to_label": dict(desk),
        }

    def _question(self, request: Request, outcome: Outcome, act: Act | None) -> Answer | None:
        if outcome.rule.question is None:
            return None
        first = request.tasks[0]
        waiting = self._decider.waiting(first, request.channel, request.on) if request.act is None else None
        said = waiting.said if waiting else self._decider.said(first, request.channel, request.act, request.on)
        question = question_of(said.line, outcome.rule.question)
        asked = self._rules.acts[waiting.act] if waiting else act
        name, place = printed(first.number, first.group, first.name), placed([first], self._manifest)
        rest = len(request.tasks) - 1
        more = {"ja": f"ほか{rest}行" if rest else "", "en": f" and {rest} more row{'s' * (rest > 1)}" if rest else ""}
        step = {"ja": "", "en": ""}
        if asked:
            step = {"ja": f"の「{asked.title['ja']}」", "en": f", act '{asked.title['en']}'"}
        return {
            "text": {
                "ja": f"「{name}」（{place['ja']}）{more['ja']}{step['ja']}について。{question['ja']}",
                "en": f"On '{name}' ({place['en']}){more['en']}{step['en']}. {question['en']}",
            },
            "to": "city_contract_manager",
            "from": "contractor_manager",
            "from_label": dict(CONTRACTOR_MANAGER),
            "to_label": dict(CONTRACT_MANAGER),
        }


def row(task: Task, kind: Shared | None, manifest: Manifest, acts: Mapping[str, Act]) -> Shared:
    """A row of the list and its kind of work, as decisions and `assign tasks` show it: its cells as printed, by their names."""
    of = next((each for each in manifest.documents if each.file == task.document), None)
    at = of.printed_at(task.line) if of else None
    return Shared(
        {
            "id": task.id,
            "section": task.section,
            "group": task.group,
            "number": task.number,
            "name": task.name,
            **task.cells,
            **({SHEET: at[0], SHEET_ROW: str(at[1])} if at else {}),
            "kind": kind,
            "source": {"document": task.document, "line": task.line, "raw": task.raw},
            "division": task.division,
            "remark": task.remark,
            "printed": printed_cells(task, manifest, acts),
            "reading": task.reading.value,
            "repairs": list(task.repairs),
        }
    )
