"""
Steps → legs: runs of steps that the same hands do one after the other on one row and channel, as people read a plan.

An optional step in the middle of a leg stays in it, whoever does it; it then says who. Who does a step is said by a word and a mark,
never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from assign.explanation.wording import Answer
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty

MARKS: Final = {
    Assignee.CONTRACTOR: "●",
    Assignee.CITY_STAFF: "■",
    Assignee.SPLIT: "◆",
    Assignee.NOBODY: "－",
}
_BOTH: Final = {"ja": "両者", "en": "both"}
_OURS: Final = "city"  # the holder that need not be named: city staff are its own


@dataclass(slots=True)
class Leg:
    """Steps of one row and channel by the same hands; `numbers` count from 1 in the plan."""

    row: str
    channel: str
    first: Answer
    numbers: list[int] = field(default_factory=list)
    steps: list[Answer] = field(default_factory=list)


def legs(steps: Sequence[Answer], numbers: Sequence[int] | None = None) -> list[Leg]:
    """The legs of a plan, in order. numbers: Of which steps; of all if None."""
    chosen = list(numbers) if numbers is not None else list(range(1, len(steps) + 1))
    found: list[Leg] = []
    for place, number in enumerate(chosen):
        step = steps[number - 1]
        leg = found[-1] if found else None
        if leg is None or (
            _same(step) != _same(leg.first) and not _within(leg, step, [steps[n - 1] for n in chosen[place + 1 :]])
        ):
            leg = Leg(step["row"], step["channel"], step)
            found.append(leg)
        leg.numbers.append(number)
        leg.steps.append(step)
    return found


def who(step: Answer, lang: str) -> str:
    """Who does a step, by mark and word; and whether it waits for a ruling."""
    assignee = Assignee(step["assignee"])
    name = f"{MARKS[assignee]} {_BOTH[lang] if assignee is Assignee.SPLIT else ASSIGNEE_TEXT[assignee][lang]}"
    if step["certainty"] == Certainty.SETTLED:
        return name
    waits = CERTAINTY_TEXT[Certainty.NEEDS_RULING][lang]
    return f"{name}（{waits}）" if lang == "ja" else f"{name}, {waits}"


def hands(leg: Leg, lang: str) -> str:
    """Who does a leg, and on which channel."""
    place = leg.first["channel_label"][lang]
    return f"{who(leg.first, lang)}【{place}】" if lang == "ja" else f"{who(leg.first, lang)} [{place}]"


def acts(leg: Leg, lang: str, *, conditions: bool) -> str:
    """
    What is done in a leg, in order, and by whose authority where that is not the city's; what is not always done stands in 〔 〕.

    Args:
        conditions: Whether to say when.
    """
    between = "、" if lang == "ja" else "; "
    runs = groupby(leg.steps, key=lambda step: (_foreign(step), step["optional"]))
    found = []
    for (holder, optional), (first, *rest) in runs:
        said = [_said(leg, step, lang, conditions=conditions) for step in (first, *rest)]
        if optional:  # without their conditions three ways of handing over read as one thing done three times
            said = list(dict.fromkeys(said))
        found.append(_whose(said, first if holder else None, lang))
    return between.join(each for run in found for each in run)


def short(label: str, lang: str) -> str:
    """An act's label without what it says in brackets."""
    return label.partition("（" if lang == "ja" else " (")[0]


def _said(leg: Leg, step: Answer, lang: str, *, conditions: bool) -> str:
    name = short(step["act"]["label"][lang], lang)
    if step["also"]:
        name += f"（ほか{len(step['also'])}行も）" if lang == "ja" else f" (for {len(step['also'])} more, too)"
    if not step["optional"]:
        return name
    before = list(_apart(leg, step, lang, conditions=conditions))
    return f"〔{'・'.join(before)}: {name}〕" if before else f"〔{name}〕"


def _foreign(step: Answer) -> str | None:
    """Whose authority a step is, where it is not the city's."""
    holder: str | None = step["holder"]
    return None if holder == _OURS else holder


def _whose(names: list[str], step: Answer | None, lang: str) -> list[str]:
    """Acts of one authority in a row, which is named once."""
    if step is None:
        return names
    whose = step["holder_label"][lang]
    if lang == "ja":
        return [f"{'と'.join(names)}（権限: {whose}）"]
    return [f"{' and '.join(names)} (by authority of {whose})"]


def _apart(leg: Leg, step: Answer, lang: str, *, conditions: bool) -> Iterator[str]:
    """When an optional step is done, and by whom where that is another than the leg's."""
    if conditions and step["condition"]:
        yield step["condition"][lang]
    if (step["assignee"], step["certainty"]) != (leg.first["assignee"], leg.first["certainty"]):
        yield who(step, lang)
    if step["channel"] != leg.channel:
        yield step["channel_label"][lang]


def _same(step: Answer) -> tuple[str, ...]:
    return step["row"], step["channel"], step["assignee"], step["certainty"]


def _within(leg: Leg, step: Answer, rest: Sequence[Answer]) -> bool:
    """Whether an optional step by other hands stands in the middle of a leg, which goes on behind it."""
    if not step["optional"] or step["row"] != leg.row:
        return False
    for each in rest:
        if _same(each) == _same(leg.first):
            return True
        if not each["optional"]:
            return False
    return False
