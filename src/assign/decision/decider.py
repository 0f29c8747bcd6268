"""
The rules that hold → one outcome. Start reading here.

    facts ──engine──▶ rules that hold ──▶ exactly one ──▶ Outcome(rule, assignee, certainty)

The hit policy is UNIQUE: one rule, and one alone, holds for every combination of facts. None is a gap, several are an
overlap; both are errors and never an answer. Nothing but the facts is looked at: no clock, no order of rules, no name.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from assign.catalog.model import Catalog, Task
from assign.catalog.parts import DIVIDED, Said
from assign.errors import RuleGap, RuleOverlap
from assign.rules.entries import Facts, Rule, Ruling
from assign.rules.model import RuleSet
from assign.words import CONSIGNING, ActFact, Assignee, Certainty, Meaning, Named, Ruled

from .engine import Engine

_BARRED: Final = (ActFact.BARRED, ActFact.BARRED_JUDGED)
_RESERVED: Final = (ActFact.AUTHORITY, ActFact.AUTHORITY_JUDGED, *_BARRED)


class Outcome(NamedTuple):
    """Who handles the work, how sure that is, and the one rule that says so."""

    rule: Rule
    assignee: Assignee
    certainty: Certainty


class Part(NamedTuple):
    """An act for which the list has a cell of its own on a row and channel, with its own answer."""

    act: str
    said: Said
    facts: Facts
    outcome: Outcome

    @property
    def waits(self) -> bool:
        """Whether it needs a ruling, and so the work as a whole."""
        return self.outcome.certainty is Certainty.NEEDS_RULING

    @property
    def assignee(self) -> Assignee:
        """Whose it is as a part of the whole: of an act of which an open part is consigned, both sides'."""
        return Assignee.SPLIT if self.waits and self.said.meaning is Meaning.PART_OPEN else self.outcome.assignee


class Decider:
    """Decides by one engine; every combination of facts is evaluated once and remembered (there are 648)."""

    def __init__(self, catalog: Catalog, rules: RuleSet, engine: Engine) -> None:
        self.catalog = catalog
        self.rules = rules
        self.engine = engine
        self._known: dict[Facts, Outcome] = {}
        self._seen = {act.id: act.fact for act in rules.acts.values()}

    def outcome(self, facts: Facts) -> Outcome:
        """
        Say who handles a piece of work.

        Args:
            facts: One value from each closed domain.

        Returns:
            The outcome of the one rule that holds.

        Raises:
            RuleGap, RuleOverlap: The rule set does not settle these facts.
            EngineError: durable-rules failed; there is no decision.
        """
        known = self._known.get(facts)
        if known is None:
            known = self._known[facts] = self._only(facts, self.engine.holds(facts))
        return known

    def _only(self, facts: Facts, holding: tuple[str, ...]) -> Outcome:
        if not holding:
            raise RuleGap(str(facts))
        if len(holding) > 1:
            raise RuleOverlap(str(facts), holding)
        rule = self.rules.by_id[holding[0]]
        return Outcome(rule, rule.assignee, rule.certainty)

    def facts(self, task: Task, channel: str, act: str | None, on: date | None) -> Facts:
        """
        What a decision looks at: what the list says of the row on this channel, and whether of the very act; the class of the act and
        what that rests on; a ruling in force, on a day. Of work that the list answers for by acts alone, what its acts' answers come to.
        """
        said = self.said(task, channel, act, on)
        if act is None and (waiting := self.waiting(task, channel, on)):
            return waiting.facts
        ruling = self.ruling(task, channel, act, on) if on else None
        seen = self.seen(task, act, named=said.named)
        if (
            act is not None and said.line.third_party
        ):  # whose counter it is done at nobody has said: no class of the act settles that
            seen = ActFact.UNDETERMINED
        return Facts(
            meaning=said.meaning,
            named=Named.YES if said.named else Named.NO,
            act=seen,
            ruling=Ruled(ruling.assignee.value) if ruling else Ruled.NONE,
        )

    def parts(self, task: Task, channel: str, on: date | None) -> list[Part]:
        """The acts that the list answers for on this row and channel, each with its answer, where it answers by acts alone."""
        found = []
        for act in self.catalog.manifest.by_acts(channel, task.cells):
            said, facts = self._printed(task, channel, act, on), self.facts(task, channel, act, on)
            if said.named:  # not of those for which the row's own table has no column
                found.append(Part(act, said, facts, self.outcome(facts)))
        return found

    def waiting(self, task: Task, channel: str, on: date | None) -> Part | None:
        """The first part of the work as a whole that needs a ruling, where the list answers by acts alone: what is asked about it."""
        return next((part for part in self.parts(task, channel, on) if part.waits), None)

    def said(self, task: Task, channel: str, act: str | None, on: date | None) -> Said:
        """
        What the list says, as a decision takes it. Where it answers by acts alone, the whole is what the answers of its acts come to: a
        cell can give an act away that nobody can give, and whole work is the contractor's only where every act of it is.
        """
        said = self._printed(task, channel, act, on)
        parts = self.parts(task, channel, on) if act is None else []
        if not parts:
            return said
        found = [part for part in parts if part.outcome.assignee is not Assignee.NOBODY]
        whose = {part.assignee for part in found}
        if len(whose) > 1 or whose == {Assignee.SPLIT}:
            alike = len({(part.said.meaning, part.said.line) for part in found}) == 1 and not any(
                p.waits for p in found
            )
            return (found[0].said if alike else Said(DIVIDED.means, DIVIDED, (), named=False))._replace(
                cells=said.cells, named=False
            )
        plain = (Meaning.CONSIGNED, Meaning.RETAINED, Meaning.OUTSIDE)  # a whole of these is settled as they are
        decides = next(
            (part for part in found if part.waits),
            next((part for part in found if part.said.meaning in plain), (found or parts)[0]),
        )
        return decides.said._replace(cells=said.cells, named=False)

    def _printed(self, task: Task, channel: str, act: str | None, on: date | None) -> Said:
        """What is printed; of a day on which the row's own remark gives the work to the other party, that the mark does not tell."""
        said = self.catalog.says(task, channel, act)
        line = self.catalog.turned(task, channel, act, said.meaning, on) if on else None
        if line is not None and said.meaning not in CONSIGNING and act is not None and self._seen[act] in _RESERVED:
            return said  # the city's, whoever a remark names
        return said if line is None else said._replace(meaning=line.means, line=line)

    def seen(self, task: Task, act: str | None, *, named: bool = False) -> ActFact:
        """
        What a decision on a row sees of the act asked for; an act that the list names on the row is part of its work. Public money is
        taken by whom the city has designated for it, where the list both says so (of the row, or of a whole list that gives the act away):
        then it is paperwork.
        """
        if act is None:
            return ActFact.NONE
        fact = self._seen[act]
        paper = self.catalog.manifest.designation(act, task.id) if fact in _BARRED else None
        if paper is not None and (named or task.id in paper.rows):
            return ActFact.FACTUAL
        own = fact not in (ActFact.FACTUAL, ActFact.SHARED) or named or self.own(task, act)
        return fact if own else ActFact.OTHER_ROW

    def own(self, task: Task, act: str) -> bool:
        """Whether an act is part of a row's work, as its kind says."""
        return self.rules.work.has(task.id, act, counter=self.catalog.at_a_counter(task))

    def ruling(self, task: Task, channel: str, act: str | None, on: date) -> Ruling | None:
        """The ruling in force for an act on a row and channel."""
        return self.rules.ruling(task.id, self.catalog.manifest.place_of(act, channel), act, on)

    def decide(self, task: Task, channel: str, act: str | None, on: date | None) -> Outcome:
        """The outcome for one row; of a whole of which an act needs a ruling, by the rule of that act."""
        outcome = self.outcome(self.facts(task, channel, act, on))
        parts = self.parts(task, channel, on) if act is None else []
        if not any(part.waits for part in parts):
            return outcome
        whose = {part.assignee for part in parts} - {Assignee.NOBODY}
        return outcome._replace(assignee=whose.pop() if len(whose) == 1 else Assignee.SPLIT)
