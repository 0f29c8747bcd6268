"""
The plans of several rows → one plan for the visit: what is done at the counter first, what follows behind it, then what is handed over.

Each row keeps its order. An act of which one is enough for a visit (an identity check) is done once by the same hands, and says for
which other rows it serves; where one row is the contractor's and another the city's, each checks for its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from assign.explanation.wording import Answer
from assign.words import Certainty


def merged(plans: Sequence[Answer], counters: Collection[str], once: Collection[str]) -> Answer:
    """
    One plan.

    Args:
        plans: One for each row, as `Planner` makes them; at least one.
        counters: The channels that are counters.
        once: The acts of which one is enough.
    """
    steps: list[Answer] = []
    place: dict[tuple[int, int], int] = {}  # (plan, step of it) → step of the whole
    known: dict[tuple[str, str, str], int] = {}
    for whose, number in _in_order(plans, counters):
        step = plans[whose]["steps"][number - 1]
        key = (step["act"]["key"], step["channel"], step["assignee"])
        if step["act"]["key"] in once and key in known:
            at = known[key]
            steps[at - 1] = _together(steps[at - 1], step)
        else:
            steps.append(step | {"also": []})
            at = len(steps)
            known.setdefault(key, at)
        place[whose, number] = at
    return {
        "rows": [row for plan in plans for row in plan["rows"]],
        "kind": plans[0]["kind"] if len({plan["kind"] and plan["kind"]["key"] for plan in plans}) == 1 else None,
        "steps": steps,
        "crossings": [
            each | {"step": place[whose, each["step"]]}
            for whose, plan in enumerate(plans)
            for each in plan["crossings"]
        ],
        "warnings": [
            each | {"steps": list(dict.fromkeys(place[whose, number] for number in each["steps"]))}
            for whose, plan in enumerate(plans)
            for each in plan["warnings"]
        ],
        "chain": plans[0]["chain"] if len(plans) == 1 else None,
        "part_of": plans[0]["part_of"] if len(plans) == 1 else [],
        "basis": _basis([plan["basis"] for plan in plans]),
        "event": None,
        "sources": list({each["row"]: each for plan in plans for each in plan["sources"]}.values()),
        "on": plans[0]["on"],
    }


def stages(steps: Sequence[Answer], counters: Collection[str]) -> list[int]:
    """The stage of each step of one row: 0 at the counter, 1 behind it, 2 at the counter again, and so on. Odd is behind the counter."""
    found: list[int] = []
    stage = 0
    for step in steps:
        behind = step["channel"] not in counters
        stage += (stage % 2 == 1) is not behind
        found.append(stage)
    return found


def _in_order(plans: Sequence[Answer], counters: Collection[str]) -> Iterator[tuple[int, int]]:
    """Each step as (plan, number): of every row its part at the counter, then of every row what follows behind it."""
    by_stage = [stages(plan["steps"], counters) for plan in plans]
    for stage in range(max((each for found in by_stage for each in found), default=-1) + 1):
        for whose, found in enumerate(by_stage):
            yield from ((whose, number) for number, at in enumerate(found, 1) if at == stage)


def _together(first: Answer, other: Answer) -> Answer:
    """One step that serves another row, too. It stands on a row for which it is settled, if there is one, and is done if one needs it."""
    settled = Certainty.SETTLED.value
    if first["certainty"] != settled and other["certainty"] == settled:
        first, other = other | {"also": first["also"]}, first
    always = not (first["optional"] and other["optional"])
    also = {"row": other["row"], "certainty": other["certainty"], "rule": other["rule"]}
    return first | {
        "optional": not always,
        "condition": None if always else first["condition"],
        "also": [*first["also"], also],
    }


def _basis(found: Sequence[str | None]) -> str | None:
    bases = {each for each in found if each}
    return bases.pop() if len(bases) == 1 else ("judged" if bases else None)
