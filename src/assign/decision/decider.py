"""
The rules that hold → one outcome. Start reading here.

    facts ──engine──▶ rules that hold ──▶ exactly one ──▶ Outcome(rule, assignee, certainty)

The hit policy is UNIQUE: one rule, and one alone, holds for every combination of facts. None is a gap, several are an
overlap; both are errors and never an answer. Nothing but the facts is looked at: no clock, no order of rules, no name.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from assign.catalog.model import Catalog, Task
from assign.errors import RuleGap, RuleOverlap
from assign.rules.entries import Facts, Rule, Ruling
from assign.rules.model import RuleSet
from assign.words import ActFact, Assignee, Certainty, Named, Ruled

from .engine import Engine


class Outcome(NamedTuple):
    """Who handles the work, how sure that is, and the one rule that says so."""

    rule: Rule
    assignee: Assignee
    certainty: Certainty


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

    def facts(self, task: Task, channel: str, act: str | None, on: date) -> Facts:
        """
        What a decision looks at: what the list says of the row on this channel, and whether of the very act; the class of the act and
        what that rests on; a ruling in force.
        """
        said = self.catalog.says(task, channel, act)
        ruling = self.ruling(task, channel, act, on)
        return Facts(
            meaning=said.meaning,
            named=Named.YES if said.named else Named.NO,
            act=self.seen(task, act, named=said.named),
            ruling=Ruled(ruling.assignee.value) if ruling else Ruled.NONE,
        )

    def seen(self, task: Task, act: str | None, *, named: bool = False) -> ActFact:
        """
        What a decision on a row sees of the act asked for; an act that the list names on the row is part of its work. Public money is
        taken by whom the city has designated for it, where the list both says so and gives the act away: then it is paperwork.
        """
        if act is None:
            return ActFact.NONE
        fact = self._seen[act]
        if (
            named
            and fact in (ActFact.BARRED, ActFact.BARRED_JUDGED)
            and self.catalog.manifest.designation(act, task.id)
        ):
            return ActFact.FACTUAL
        own = fact not in (ActFact.FACTUAL, ActFact.SHARED) or named or self.own(task, act)
        return fact if own else ActFact.OTHER_ROW

    def own(self, task: Task, act: str) -> bool:
        """Whether an act is part of a row's work, as its kind says."""
        return self.rules.work.has(task.id, act, counter=self.catalog.at_a_counter(task))

    def ruling(self, task: Task, channel: str, act: str | None, on: date) -> Ruling | None:
        """The ruling in force for an act on a row and channel."""
        return self.rules.ruling(task.id, channel, act, on)

    def decide(self, task: Task, channel: str, act: str | None, on: date) -> Outcome:
        """The outcome for one row."""
        return self.outcome(self.facts(task, channel, act, on))
