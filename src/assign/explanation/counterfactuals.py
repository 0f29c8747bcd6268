"""
Outcome → what excluded each other outcome, and the smallest changes of the request that lead to one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

from assign.decision.decider import Decider, Outcome
from assign.decision.request import Request
from assign.errors import RuleGap, RuleOverlap
from assign.rules.entries import Facts
from assign.words import CHANNEL_TEXT, ActClass, Assignee, Certainty, Channel

from .row_work import RowWork
from .shared import Shared
from .wording import _COST, _THE, CLASS_TEXT, Answer, Text, _condition, _distance, _only_the_contract, _unmet


class Counterfactuals:
    """What excluded each other outcome, and the smallest changes of the request that lead to one."""

    def __init__(self, decider: Decider, work: RowWork) -> None:
        self._decider = decider
        self._rules = decider.rules
        self._work = work
        self._change: Callable[..., Shared] = lru_cache(maxsize=None)(self._one_change)
        self.why_not: Callable[[Facts, str, Channel], list[Shared]] = lru_cache(maxsize=None)(self._excluded)

    def _excluded(self, facts: Facts, rule_id: str, channel: Channel) -> list[Shared]:
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
                found.append(Shared(assignee=assignee.value, rule=decided.id, text=only, **closed))
                continue
            nearest = min(near, key=lambda rule: _distance(rule, facts))
            unmet = _unmet(nearest, facts)
            found.append(
                Shared(
                    assignee=assignee.value,
                    rule=decided.id,
                    text={
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
                    nearest_rule=nearest.id,
                    unmet={name: list(map(str, nearest.when[name])) for name in unmet},
                )
            )
        return found

    def would_change(self, request: Request, outcome: Outcome) -> Iterator[Shared]:
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

    def _one_change(self, change: tuple[tuple[str, Any], ...], assignee: Assignee, certainty: Certainty) -> Shared:
        words: list[Text] = []
        for name, value in change:
            if name == "channel":
                words.append(dict(CHANNEL_TEXT[value]))
            elif name == "act":
                words.append(dict(self._rules.acts[value].title if value else CLASS_TEXT[ActClass.NONE]))
            else:
                words.append({"ja": f"{value}の案件", "en": f"a case of {value}"})
        return Shared(
            change={name: value if value is None else str(value) for name, value in change},
            assignee=assignee.value,
            certainty=certainty.value,
            text={lang: " + ".join(word[lang] for word in words) for lang in ("ja", "en")},
        )

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
