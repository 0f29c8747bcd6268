"""
Two editions → every decision that moves, over all rows, channels, acts and days.

What a decision depends on is finite: what the list says of the row on the channel, the row's kind of work, and rulings. So each combination that
occurs is decided once for each act, and each row is then a lookup; nothing is sampled, and the number of decisions compared is counted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from assign.catalog.model import Task
from assign.check.proofs import Provable
from assign.explanation.explainer import WITH_HOLDER
from assign.rules.changes import FIRST, LAST
from assign.words import Ruled

from .matching import Pair, aligned
from .model import Answer, Move, Place

Asked = str | None  # an act, or None for the work as a whole


class _Group(NamedTuple):
    """Acts that move in the same way."""

    old: Answer | None
    new: Answer | None
    acts: tuple[Asked, ...]


class Side:
    """One edition, asked for what its decisions depend on."""

    def __init__(self, desk: Provable) -> None:
        self.desk: Provable = desk
        self.acts: tuple[Asked, ...] = (None, *desk.rules.acts)
        self._held = {act.id for act in desk.rules.acts.values() if act.act_class in WITH_HOLDER}
        self._printed: tuple[Asked, ...] = (None, *desk.catalog.manifest.printed_acts)
        self._own_holders = {row for holder in desk.rules.holders for row in holder.rows}
        self._holder_of: dict[tuple[str, str, str], str] = {}
        self._known: dict[Hashable, dict[Asked, Answer]] = {}

    def depends_on(self, task: Task, channel: str) -> Hashable:
        """All that the decisions of a row on a channel look at, but for rulings: where it is the same, so are they."""
        catalog, work = self.desk.catalog, self.desk.rules.work
        said = tuple(
            [(found.meaning, found.named) for act in self._printed for found in (catalog.says(task, channel, act),)]
        )
        kind = work.name(task.id)
        counter = catalog.at_a_counter(task)
        return said, kind and kind["key"], counter, task.division, task.id if task.id in self._own_holders else ""

    def answers(self, depends: Hashable, task: Task, channel: str) -> dict[Asked, Answer]:
        """Those decisions without a ruling, decided on one of the rows that have them."""
        if (found := self._known.get(depends)) is None:
            found = self._known[depends] = {act: self._decided(task, channel, act, None) for act in self.acts}
        return found

    def answer(self, task: Task, channel: str, act: Asked, on: date) -> Answer:
        """A decision on a day."""
        return self._decided(task, channel, act, on)

    def _decided(self, task: Task, channel: str, act: Asked, on: date | None) -> Answer:
        decider = self.desk.decider
        facts = decider.facts(task, channel, act, on)
        ruling = decider.ruling(task, channel, act, on) if on else None
        if on is None:  # whatever is ruled on this row is not of all rows that are like it
            facts = facts._replace(ruling=Ruled.NONE)
        rule, assignee, certainty = decider.outcome(facts) if act else decider.decide(task, channel, act, on)
        holder = self._holder(task, act) if act in self._held else ""
        return Answer(assignee, certainty, rule.id, facts.meaning, facts.act, ruling.id if ruling else "", holder)

    def _holder(self, task: Task, act: Asked) -> str:
        assert act is not None  # noqa: S101 - INVARIANT: it is one of those that somebody holds
        key = (task.division, act, task.id if task.id in self._own_holders else "")
        if key not in self._holder_of:
            self._holder_of[key] = self.desk.rules.holder(task.division, act, task.id).holder
        return self._holder_of[key]

    def ruled(self, task: Task, channel: str) -> dict[Asked, set[date]]:
        """The acts of a row on a channel that some ruling names, each with the days on which what is ruled changes; of a remark with days all."""
        rulings = self.desk.rules.rulings_by_row.get(task.id)
        turned = self.desk.catalog.turn_days(task.id)
        found: dict[Asked, set[date]] = {act: set(turned) for act in self.acts} if turned else {}
        for ruling in rulings.on(channel, None) if rulings else ():
            days = found.setdefault(ruling.act, set())
            days.add(ruling.since)
            if ruling.until is not None and ruling.until < LAST:
                days.add(ruling.until + timedelta(days=1))
        return found


class Comparison:
    """
    Compares the decisions of two editions, pair of rows by pair.

    Attributes:
        compared: Decisions that both give, as far as they were compared: by row, channel, act and span of days.
    """

    def __init__(self, old: Provable, new: Provable) -> None:
        self._old, self._new = Side(old), Side(new)
        self._channels = aligned(old.catalog.manifest.channels, new.catalog.manifest.channels)
        self._of: dict[Hashable, list[_Group]] = {}
        self._found: dict[Hashable, Move] = {}
        self._common = {*self._old.acts} & {*self._new.acts}
        self.compared: int = 0

    def moves(self) -> list[Move]:
        """What moved of all pairs that were compared, those that move alike as one."""
        return list(self._found.values())

    def compare(self, pair: Pair) -> None:
        """The decisions of a row on each channel that one of the editions has."""
        ours, theirs = (each.desk.catalog.manifest.channels for each in (self._old, self._new))
        channels: list[tuple[str | None, str | None]] = [(key, self._channels.get(key)) for key in ours]
        channels += [(None, key) for key in theirs if key not in self._channels.values()]
        for old, new in channels:
            self._compare(pair, old if pair.old else None, new if pair.new else None)

    def _compare(self, pair: Pair, old: str | None, new: str | None) -> None:
        if old is None and new is None:
            return
        one, other = _asked(pair.old, old), _asked(pair.new, new)
        on_old = self._old.depends_on(*one) if one else None
        on_new = self._new.depends_on(*other) if other else None
        groups = self._of.get((on_old, on_new))
        if groups is None:
            answers = [side.answers(depends, *asked) if asked else {} for side, depends, asked in ((self._old, on_old, one), (self._new, on_new, other))]  # fmt: skip
            groups = self._of[on_old, on_new] = list(_grouped(answers[0], answers[1]))
        ruled = _merged(self._old.ruled(*one) if one else {}, self._new.ruled(*other) if other else {})
        if one and other:
            self.compared += len(self._common) - len(self._common & ruled.keys())
        place = Place(pair, new or old or "")
        for group in groups:
            acts = tuple([act for act in group.acts if act not in ruled]) if ruled else group.acts
            if acts:
                self._add(group._replace(acts=acts), FIRST, LAST, place)
        for act, days in ruled.items():
            for since, until in _spans(days):
                answers_of = [side.answer(*asked, act, since) if asked and act in side.acts else None for side, asked in ((self._old, one), (self._new, other))]  # fmt: skip
                self.compared += None not in answers_of
                if answers_of[0] != answers_of[1]:
                    self._add(_Group(answers_of[0], answers_of[1], (act,)), since, until, place)

    def _add(self, group: _Group, since: date, until: date, place: Place) -> None:
        key = (*group, since, until)
        move = self._found.get(key)
        if move is None:
            move = self._found[key] = Move(*group, since, until, [])
        move.places.append(place)


def _asked(task: Task | None, channel: str | None) -> tuple[Task, str] | None:
    return (task, channel) if task is not None and channel is not None else None


def _grouped(old: dict[Asked, Answer], new: dict[Asked, Answer]) -> Iterator[_Group]:
    """The acts whose answers differ, those alike as one."""
    found: dict[tuple[Answer | None, Answer | None], list[Asked]] = {}
    for act in dict.fromkeys([*old, *new]):
        if (before := old.get(act)) != (after := new.get(act)):
            found.setdefault((before, after), []).append(act)
    for (before, after), acts in found.items():
        yield _Group(before, after, tuple(acts))


def _merged(one: dict[Asked, set[date]], other: dict[Asked, set[date]]) -> dict[Asked, set[date]]:
    return {act: one.get(act, set()) | other.get(act, set()) for act in dict.fromkeys([*one, *other])}


def _spans(days: Iterable[date]) -> Sequence[tuple[date, date]]:
    """All of time, cut on these days."""
    starts = [FIRST, *sorted(day for day in days if day > FIRST)]
    return [(since, until - timedelta(days=1)) for since, until in pairwise(starts)] + [(starts[-1], LAST)]
