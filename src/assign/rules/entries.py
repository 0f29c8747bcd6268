"""
What a rule file may hold: the facts that a decision may look at, and the entries of each file.

Rulings on one row are found by channel, act and day (`Rulings`), so that their number costs an answer nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import product
from typing import Final, NamedTuple

from assign.words import ActClass, ActFact, Assignee, Bilingual, Certainty, Meaning, Named, Ruled


class Facts(NamedTuple):
    """All that a decision may look at: one value from each closed domain."""

    meaning: Meaning
    named: Named
    act: ActFact
    ruling: Ruled

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in zip(self._fields, self, strict=True))


DOMAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "meaning": tuple(Meaning),
    "named": tuple(Named),
    "act": tuple(ActFact),
    "ruling": tuple(Ruled),
}


def every_fact() -> Iterator[Facts]:
    """The whole domain: 9 x 2 x 9 x 4 = 648 combinations."""
    return (Facts(*values) for values in product(Meaning, Named, ActFact, Ruled))


SAID: Final = ("", "seen", "reported")  # a basis on which a text says so: the list, a statute, a paper


_HERE: Final = "ここに）"  # how each text ends that `assign init` and `assign import` leave to be replaced: （市の文書の名前をここに）


LEGEND: Final = "legend"  # the basis of a rule that rests on what the list's own legend says of a meaning


class Source(NamedTuple):
    """
    What a rule rests on: a line of the document (`line`, `text`), a law or paper (`document` alone), or no text at all.

    `basis` is one of `BASES`; it may be empty for a line of the document, and stands alone where there is no text. A rule may rest on
    what the legend of the list in use says of a meaning, which is then the `text`, with `legend` for its basis. A paper of the city's own has the capacity of its author as its `text`, and neither line nor basis.
    """

    document: str
    line: int | None
    text: str
    basis: str

    @property
    def own(self) -> bool:
        """Whether it is a paper of the city's own: what rests on it is the city's rule, not one that ships."""
        return self.line is None and not self.basis

    @property
    def unnamed(self) -> bool:
        """Whether the city has not written yet which paper of its own it is, or whose: what stands there is to be filled in."""
        return self.own and any(each.startswith("（") and each.endswith(_HERE) for each in (self.document, self.text))


# Every entry of every file begins with the same seven fields; `file` and `line` say where it stands.


class Rule(NamedTuple):
    """One row of the decision table: `when` names, for some facts, the values that it asks for; `question` where it needs a ruling."""

    id: str
    title: Bilingual
    source: Source
    because: Bilingual
    file: str
    line: int
    examples: tuple[Mapping[str, str], ...]
    when: Mapping[str, tuple[str, ...]]
    assignee: Assignee
    certainty: Certainty
    question: Bilingual | None

    def holds(self, facts: Facts) -> bool:
        """Whether every condition is met."""
        return all(getattr(facts, name) in values for name, values in self.when.items())


class Act(NamedTuple):
    """
    A step of the work. `city` and `contractor` say which part is reserved and which consignable where it is shared;
    `condition` what must be so for the act to be this act, on the rows of `condition_rows` or, without them, on all.
    """

    id: str
    title: Bilingual
    source: Source
    because: Bilingual
    file: str
    line: int
    examples: tuple[Mapping[str, str], ...]
    also: tuple[str, ...]
    act_class: ActClass
    city: Bilingual | None
    contractor: Bilingual | None
    condition: Bilingual | None
    condition_rows: tuple[str, ...]

    @property
    def fact(self) -> ActFact:
        """What a decision sees of it. An analogy is a judgement, too: no text says so of this act."""
        reserved = self.act_class in (ActClass.AUTHORITY, ActClass.BARRED)
        judged = reserved and self.source.basis not in SAID
        return ActFact(f"{self.act_class}_judged" if judged else self.act_class)


class Holder(NamedTuple):
    """
    Whose authority the acts of some divisions are; no `acts` means all that no other entry names. With `rows` it speaks of
    those rows alone, and goes before what is said of the whole division.
    """

    id: str
    title: Bilingual
    source: Source
    because: Bilingual
    file: str
    line: int
    examples: tuple[Mapping[str, str], ...]
    divisions: tuple[str, ...]
    acts: tuple[str, ...]
    rows: tuple[str, ...]
    holder: str


class Note(NamedTuple):
    """
    A dated note on rows: it warns on and after `since`, which is the first day of all where no day is known. `read` is the
    day on which its source was read.
    """

    id: str
    title: Bilingual
    source: Source
    because: Bilingual
    file: str
    line: int
    examples: tuple[Mapping[str, str], ...]
    rows: tuple[str, ...]
    since: date
    read: date | None
    caveat: str


class Ruling(NamedTuple):
    """The city's answer to a question that the list leaves open, in force from `since` up to and with `until`."""

    id: str
    title: Bilingual
    source: Source
    because: Bilingual
    file: str
    line: int
    examples: tuple[Mapping[str, str], ...]
    rows: tuple[str, ...]
    channels: tuple[str, ...]
    act: str
    since: date
    until: date | None
    assignee: Assignee
    role: str

    def in_force(self, on: date) -> bool:
        """Whether it applies to a case of that date."""
        return self.since <= on and (self.until is None or on <= self.until)


Entry = Rule | Act | Holder | Note | Ruling


class Rulings:
    """
    The rulings on one row. Those on one act and channel follow one another in time, so one is found by its first day.

    Attributes:
        acts: The acts that they name.
    """

    def __init__(self, rulings: Iterable[Ruling]) -> None:
        self._by_act: dict[tuple[str, str], list[Ruling]] = {}
        self._place = {ruling.id: at for at, ruling in enumerate(rulings)}
        for ruling in rulings:
            for channel in ruling.channels:
                self._by_act.setdefault((channel, ruling.act), []).append(ruling)
        for each in self._by_act.values():
            each.sort(key=_since)
        self.acts: frozenset[str] = frozenset(act for _, act in self._by_act)

    def of(self, channel: str, act: str, on: date) -> Ruling | None:
        """The one in force for an act."""
        found = self._by_act.get((channel, act), ())
        at = bisect_right(found, on, key=_since)
        return found[at - 1] if at and found[at - 1].in_force(on) else None

    def in_force(self, channel: str, on: date) -> list[Ruling]:
        """All that are in force on a channel, at most one an act, in file order."""
        found = (self.of(channel, act, on) for at, act in self._by_act if at == channel)
        return sorted(filter(None, found), key=lambda ruling: self._place[ruling.id])

    def on(self, channel: str, act: str | None) -> Iterator[Ruling]:
        """All on an act, or on any act, whenever they are in force."""
        for (at, name), rulings in self._by_act.items():
            if at == channel and act in (None, name):
                yield from rulings

    def clash(self) -> tuple[Ruling, Ruling] | None:
        """Two that are in force on one day: the first in the file that meets one before it."""
        found = []
        for rulings in self._by_act.values():
            last = rulings[0]
            for ruling in rulings[1:]:
                if last.until is None or ruling.since <= last.until:
                    found.append(sorted((last, ruling), key=lambda each: self._place[each.id]))
                if last.until is not None and (ruling.until is None or ruling.until > last.until):
                    last = ruling
        if not found:
            return None
        earlier, later = min(found, key=lambda pair: self._place[pair[1].id])
        return later, earlier


def _since(ruling: Ruling) -> date:
    return ruling.since
