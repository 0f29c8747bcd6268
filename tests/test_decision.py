"""The contract's table of answers, written out again by hand, against both engines over every combination of facts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assign import catalog
from assign.decision.decider import Decider
from assign.decision.engine import TableEngine, open_engine
from assign.errors import RuleGap, RuleOverlap
from assign.resources import data_folder, rules_folder
from assign.rules.entries import Facts, every_fact
from assign.rules.loader import load

RULES = load(rules_folder())
LIST = catalog.load(data_folder())


def contract(facts: Facts) -> tuple[str, str]:
    """contract.md, 'What the answer is', from top to bottom."""
    meaning, named, act, ruling = (str(value) for value in facts)
    reserved = act in {"authority", "authority_judged", "barred", "barred_judged"}
    if meaning == "no_step":
        return "nobody", "settled"
    if meaning in {"retained", "outside"}:
        return "city_staff", "settled"
    if meaning in {"unreadable", "undefined"}:
        # a cell for the very act goes before its class: what it says is asked for (issue 15, 'an undefined mark')
        return "city_staff", "settled" if reserved and named == "no" else "needs_ruling"
    if reserved:  # settled where a statute, this list or a ruling says so, and where the list does not give it away
        judgement_alone = act.endswith("judged") and ruling != "city_staff"
        return "city_staff", "settled" if named == "no" and not judgement_alone else "needs_ruling"
    if act in {"undetermined", "other_row"}:
        return "city_staff", "needs_ruling"
    ruled = ruling != "none" and meaning != "consigned" and act != "none" and (act, ruling) != ("shared", "contractor")
    if ruled and (meaning, ruling) != ("part_divided", "contractor"):
        return ruling, "settled"
    if meaning == "part_divided":
        return "split", "settled"
    if meaning == "part_open":
        return "city_staff" if act == "factual" else "split", "needs_ruling"
    sure = "settled" if meaning == "consigned" else "needs_ruling"
    return ("split" if act == "shared" else "contractor"), sure


@pytest.mark.parametrize("engine", ["auto", "table"])
def test_every_combination_of_facts_gets_the_contract_s_answer(engine: str) -> None:
    """All 648, by each engine that this Python has."""
    decider = Decider(LIST, RULES, open_engine(RULES, engine))
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
    with pytest.raises(RuleGap, match="no rule holds for meaning=retained named=no act=none ruling=none"):
        Decider(LIST, RULES, Fixed()).outcome(facts)
    with pytest.raises(RuleOverlap, match="`RETAINED`, `NOT_LISTED`"):
        Decider(LIST, RULES, Fixed("RETAINED", "NOT_LISTED")).outcome(facts)


def test_each_combination_is_evaluated_once() -> None:
    """Facts are finite, so what was evaluated is remembered."""
    asked: list[Facts] = []

    class Counting(TableEngine):
        def holds(self, facts: Facts) -> tuple[str, ...]:
            asked.append(facts)
            return super().holds(facts)

    decider = Decider(LIST, RULES, Counting(RULES))

    def twice() -> Iterator[None]:
        for facts in [*every_fact(), *every_fact()]:
            decider.outcome(facts)
            yield

    assert len(list(twice())) == 1296
    assert len(asked) == 648
