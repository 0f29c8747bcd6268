"""
A plan as frozen, strict models: what Python users hold, and the JSON schema of it. The terminal shows the same plan without them.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from assign.explanation.model import Act, Frozen, KindOfWork, Provenance, Reason, Row, Text, as_from, first_use
from assign.explanation.wording import Answer
from assign.words import Assignee, Certainty

from .sheet import shown


class Served(Frozen):
    """Another row that a step serves, too, and the rule by which the same hands do it there."""

    row: str
    certainty: Certainty
    rule: str


class Step(Frozen):
    """
    An act of the work, and who handles it: what `decide` answers for this row, channel and act, in the same words. `holder` is whose the
    act is, where it is not just anybody's; `condition` says when an optional step is done.
    """

    act: Act
    row: str
    channel: str
    optional: bool
    condition: Text | None
    assignee: Assignee
    certainty: Certainty
    holder: str | None
    rule: str
    reasons: tuple[Reason, ...]
    channel_label: Text
    holder_label: Text | None
    also: tuple[Served, ...]


class Crossing(Frozen):
    """Where the case of a row goes over from one side of the contract's line to the other: before this step, or in one that both share."""

    row: str
    step: int
    from_: Assignee = as_from()
    to: Assignee


class PlanWarning(Frozen):
    """Something to be careful about on a row, on these steps (counted from 1), or on all of it where none is named."""

    code: str
    row: str
    steps: tuple[int, ...]
    text: Text


class NamedChain(Frozen):
    """The course of a case over several rows, and why it goes so."""

    key: str
    label: Text
    because: Text


class PartOf(Frozen):
    """A course that passes through this row, and the row whose plan it is."""

    key: str
    label: Text
    row: str


class Due(Frozen):
    """A row that a life event may make due, and for whom."""

    row: str
    when: Text | None


class NotHere(Frozen):
    """What people also have to do and the list does not have, and where it usually belongs."""

    key: str
    what: Text
    belongs: Text


class EventPlanned(Frozen):
    """A life event, and what it may make due. Which rows these are is our judgement."""

    key: str
    label: Text
    due: tuple[Due, ...]
    not_here: tuple[NotHere, ...]
    basis: str
    because: Text


class Source(Frozen):
    """A row as the paper prints it, with its line of the text; `item` is its division and number alone."""

    row: str
    text: Text
    item: Text


class Plan(Frozen):
    """
    The work of a row, of several rows or of a life event, step by step.

    `kind` is None where the rows are of several kinds; `basis` says whose word the steps are, and is None where nobody has said.
    `model_dump(mode="json")` is the contract's JSON object; `explain()` is what a clerk reads.
    """

    rows: tuple[Row, ...]
    kind: KindOfWork | None
    steps: tuple[Step, ...]
    crossings: tuple[Crossing, ...]
    warnings: tuple[PlanWarning, ...]
    chain: NamedChain | None
    part_of: tuple[PartOf, ...]
    basis: Literal["judged", "own"] | None
    event: EventPlanned | None
    sources: tuple[Source, ...]
    on: date
    provenance: Provenance

    def explain(self, lang: str = "ja") -> str:
        """The plan as a clerk reads it, in `ja` or `en`, 80 columns wide."""
        return "\n".join(shown(self.model_dump(mode="json"), lang))


def plan_of(plan: Answer) -> Plan:
    """The plan, validated, as a frozen model."""
    return Plan.model_validate(plan)


first_use(Plan)
