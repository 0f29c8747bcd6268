"""
Outcome → what excluded each other outcome, and the smallest changes of the request that lead to one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from functools import lru_cache, partial
from itertools import product
from typing import Any, Final

from assign.catalog.parts import Said
from assign.decision.decider import Decider, Outcome
from assign.decision.request import Request
from assign.errors import RuleGap, RuleOverlap
from assign.rules.entries import Facts
from assign.words import ActClass, Assignee, Certainty, Meaning

from .row_work import RowWork
from .shared import Memory, Shared
from .wording import _COST, _THE, CLASS_TEXT, Answer, Text, _distance, _only_the_contract, _unmet, condition_said

_FIELDS: Final = ("channel", "act", "on")  # of a request, that another could have
_Changed = tuple[str, str | None, date]


class Counterfactuals:
    """What excluded each other outcome, and the smallest changes of the request that lead to one."""

    def __init__(self, decider: Decider, work: RowWork) -> None:
        self._decider = decider
        self._rules = decider.rules
        self._work = work
        self._catalog = decider.catalog
        self._manifest = decider.catalog.manifest
        self._decided: Memory[Outcome | None] = Memory()
        self._change: Callable[..., Shared] = lru_cache(maxsize=None)(self._one_change)
        self.why_not: Callable[[Facts, str, Said], list[Shared]] = lru_cache(maxsize=None)(self._excluded)

    def _excluded(self, facts: Facts, rule_id: str, said: Said) -> list[Shared]:
        """
        For each assignee that it is not: the nearest rule that an act or a ruling can make hold, and what it lacks. Where
        there is none, mark and cell exclude it, which nobody at the counter can change: one sentence says so.
        """
        decided = self._rules.by_id[rule_id]
        found = []
        nobody = [] if any(line.means is Meaning.NO_STEP for line in self._manifest.meanings) else [Assignee.NOBODY]
        for assignee in Assignee:
            if assignee in (decided.assignee, *nobody):
                continue
            ways = [rule for rule in self._rules.rules if rule.assignee is assignee]
            if not ways:
                continue
            near = [rule for rule in ways if _COST.keys() >= set(_unmet(rule, facts))]
            if not near:
                closed: Answer = {"nearest_rule": None, "unmet": {}}
                only = _only_the_contract(facts, said, self._manifest, self._rules.acts)
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
                            needs=joint.join(condition_said(name, nearest.when[name], lang) for name in unmet),
                            has=comma.join(condition_said(name, (getattr(facts, name),), lang) for name in unmet),
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

    def of_parts(self, outcome: Outcome) -> list[Shared]:
        """The same of a whole that follows from the answers of its acts, some of which wait."""
        closed: Answer = {"nearest_rule": None, "unmet": {}}
        found = []
        for assignee, who in _THE.items():
            if assignee in (outcome.assignee, Assignee.NOBODY):
                continue
            text = {
                "ja": f"行為ごとの答えから決まります。「{who['ja']}」になるのは、どの行為の答えも「{who['ja']}」のときです。",
                "en": f"It follows from the answers of its acts. It goes to {who['en']} where each of them does.",
            }
            if assignee is Assignee.SPLIT:
                text = {
                    "ja": "行為ごとの答えから決まります。「両者」になるのは、行為の答えが受託者と市職員に分かれるときです。",
                    "en": "It follows from the answers of its acts. It goes to both where some are the contractor's and some the city's.",
                }
            found.append(Shared(assignee=assignee.value, rule=outcome.rule.id, text=text, **closed))
        return found

    def would_change(self, request: Request, outcome: Outcome) -> Iterator[Shared]:
        """
        The smallest changes of the request that lead to another assignee; each is decided again here.

        One field where that is enough, else two. Only changes that give one answer for all rows count.
        """
        missing = {assignee for assignee in Assignee if assignee is not outcome.assignee}
        rows = tuple([task.id for task in request.tasks])
        acts = self._work.choices(rows)
        asked_act = self._work.seen(request.tasks, request.act)
        for changes in (self._of_one_field(request, acts), self._of_two_fields(request, acts)):
            reached = set()
            for channel, act, on in changes if missing else ():
                key = (rows, channel, on, acts.get(act, asked_act))
                result = self._decided.get(key, partial(self._decided_again, request, channel, act, on))
                if result is not None and result.assignee in missing:
                    reached.add(result.assignee)
                    changed = zip(_FIELDS, (channel, act, on), (request.channel, request.act, request.on), strict=True)
                    change = tuple([(name, value) for name, value, asked in changed if value != asked])
                    yield self._change(change, result.assignee, result.certainty)
            missing -= reached

    def _of_one_field(self, request: Request, acts: Collection[str | None]) -> Iterator[_Changed]:
        yield from ((channel, request.act, request.on) for channel in self._others(request))
        yield from ((request.channel, act, request.on) for act in acts if act != request.act)
        yield from ((request.channel, request.act, day) for day in self._days(request, request.act))

    def _of_two_fields(self, request: Request, acts: Collection[str | None]) -> Iterator[_Changed]:
        channels = self._others(request)
        others = [act for act in acts if act != request.act]
        yield from ((channel, act, request.on) for channel, act in product(channels, others))
        # An act goes with the days of its own rulings alone: with every day the pairs would grow with their square.
        yield from ((request.channel, act, day) for act in others for day in self._days(request, act))
        yield from ((channel, request.act, day) for channel, day in product(channels, self._days(request, request.act)))

    def _others(self, request: Request) -> list[str]:
        return [channel for channel in self._manifest.channels if channel != request.channel]

    def _one_change(self, change: tuple[tuple[str, Any], ...], assignee: Assignee, certainty: Certainty) -> Shared:
        words: list[Text] = []
        for name, value in change:
            if name == "channel":
                words.append(dict(self._manifest.channels[value].label))
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

    def _days(self, request: Request, act: str | None) -> list[date]:
        """
        The days on which a ruling on an act of these rows, or what a remark of theirs says of its mark, starts, or no longer and not yet
        holds, but for the day asked for. Of days of another edition this one says nothing.
        """
        days = {
            day
            for task in request.tasks
            for turned in self._catalog.turn_days(task.id)
            for day in (turned - timedelta(days=1), turned)
        }
        days |= {
            day
            for task in request.tasks
            if act is not None and (found := self._rules.rulings_by_row.get(task.id))
            for channel in self._manifest.channels
            for ruling in found.on(channel, act)
            for day in (
                ruling.since,
                *([ruling.since - timedelta(days=1)] if ruling.since > date.min else []),
                *([ruling.until + timedelta(days=1)] if ruling.until and ruling.until < date.max else []),
            )
        }
        since, until = self._manifest.effective or (date.min, None)
        return sorted(day for day in days if since <= day <= (until or date.max) and day != request.on)

    def _decided_again(self, request: Request, channel: str, act: str | None, on: date) -> Outcome | None:
        """The outcome of the changed request, or None where its rows do not agree."""
        try:
            outcomes = [self._decider.decide(task, channel, act, on) for task in request.tasks]
        except (RuleGap, RuleOverlap):  # a hole elsewhere in the rules is no change to offer; `check` shows it
            return None
        return outcomes[0] if all(outcome[1:] == outcomes[0][1:] for outcome in outcomes) else None
