"""The contract's table of answers, written out again by hand, against both engines over every combination of facts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assign.decision.decider import Decider
from assign.decision.engine import TableEngine, open_engine
from assign.errors import RuleGap, RuleOverlap
from assign.resources import rules_folder
from assign.rules.entries import Facts, every_fact
from assign.rules.loader import load

RULES = load(rules_folder())


def contract(facts: Facts) -> tuple[str, str]:
    """contract.md, 'What the answer is', from top to bottom."""
    mark, listed, act, ruling = (str(value) for value in facts)
    if mark == "retained" or listed == "no":
        return "city_staff", "settled"
    said = act in {"authority", "barred"}  # by a statute or this list
    judged = act in {"authority_judged", "barred_judged"}  # by our judgement alone
    if listed == "unreadable":
        return "city_staff", "settled" if said or judged else "needs_ruling"
    if said:
        return "city_staff", "settled"
    if judged or act in {"undetermined", "other_row"}:  # before the mark: a △ row has no act of another row
        return "city_staff", "needs_ruling"
    ruled = (
        ruling != "none"
        and mark != "unmarked"
        and act in {"factual", "shared"}
        and not (act == "shared" and ruling == "contractor")
    )
    if ruled:
        return ruling, "settled"
    if mark == "partial":
        return "city_staff" if act == "factual" else "split", "needs_ruling"
    sure = "settled" if mark == "unmarked" else "needs_ruling"
    return ("split" if act == "shared" else "contractor"), sure


@pytest.mark.parametrize("engine", ["auto", "table"])
def test_every_combination_of_facts_gets_the_contract_s_answer(engine: str) -> None:
    """All 432, by each engine that this Python has."""
    decider = Decider(RULES, open_engine(RULES, engine))
    for facts in every_fact():
        outcome = decider.outcome(facts)
        assert (outcome.assignee, outcome.certainty) == contract(facts), facts


class Fixed:
    """An engine that says what it is told to."""

    name = "fixed"

    def __init__(self, *holding: str) -> None:
        self.holding = holding

    def holds(self, _facts: Facts) -> tuple[str, ...]:
        return self.holding


def test_no_rule_is_a_gap_and_two_are_an_overlap() -> None:
    """Neither is ever an answer."""
    facts = next(iter(every_fact()))
    with pytest.raises(RuleGap, match="no rule holds for mark=retained listed=yes act=none ruling=none"):
        Decider(RULES, Fixed()).outcome(facts)
    with pytest.raises(RuleOverlap, match="`RETAINED`, `NOT_LISTED`"):
        Decider(RULES, Fixed("RETAINED", "NOT_LISTED")).outcome(facts)


def test_each_combination_is_evaluated_once() -> None:
    """Facts are finite, so what was evaluated is remembered."""
    asked: list[Facts] = []

    class Counting(TableEngine):
        def holds(self, facts: Facts) -> tuple[str, ...]:
            asked.append(facts)
            return super().holds(facts)

    decider = Decider(RULES, Counting(RULES))

    def twice() -> Iterator[None]:
        for facts in [*every_fact(), *every_fact()]:
            decider.outcome(facts)
            yield

    assert len(list(twice())) == 864
    assert len(asked) == 432
