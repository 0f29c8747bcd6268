"""
A row's steps → where the case crosses the line between the contractor and the city, and what to be careful about there.

City staff may not direct the contractor's workers (偽装請負; 労働者派遣法2条1号). So a case that goes over is transferred, and what comes
back is a result. A plan says where a case goes to and fro, and where a step could not begin without an order across the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from assign.explanation.wording import Answer
from assign.rules.entries import Act
from assign.words import ActClass, Assignee, Bilingual, Certainty, Meaning

MOST_CROSSINGS: Final = 2  # over and back; what crosses more often goes to and fro
_CONTRACTOR: Final = Assignee.CONTRACTOR.value
_CITY: Final = Assignee.CITY_STAFF.value
_SPLIT: Final = Assignee.SPLIT.value
# Acts after which something comes back: a decision, a sealed paper, money paid. Of others nothing does.
_WITH_A_RESULT: Final = (ActClass.AUTHORITY.value, ActClass.BARRED.value, ActClass.SHARED.value)


def crossings(row: str, steps: Sequence[Answer], meanings: Sequence[Meaning]) -> Iterator[Answer]:
    """
    Where the case crosses the line, at least: over the steps that are always done. A step that both share has a part on either side.

    Args:
        steps: As a plan tells them. meanings: What the list says of each, which tells a part that waits for a ruling from one that is shared.
    """
    side = None
    for number, (step, meaning) in enumerate(zip(steps, meanings, strict=True), 1):
        if step["optional"]:
            continue
        sides = _sides(step, meaning)
        if side is None:
            side = sides[0] if sides else None  # of two parts the one from which the case need not come back
            continue
        for to in (_CONTRACTOR, _CITY):
            if to in sides and (to != side) and (len(sides) == 2 or side not in sides):
                yield {"row": row, "step": number, "from": side, "to": to}
                side = to
                break


def warnings(row: str, steps: Sequence[Answer], found: Sequence[Answer], acts: Mapping[str, Act]) -> Iterator[Answer]:
    """A case that goes to and fro, and each step that could not begin without an order across the line."""
    if len(found) > MOST_CROSSINGS:
        yield warning(
            "to_and_fro",
            row,
            [each["step"] for each in found],
            {
                "ja": f"契約の境目を{len(found)}回越え、案件が行き来します。移すのは業務責任者と市の担当の間だけで、市から返るのは結果です。",
                "en": f"The case goes to and fro: it crosses the contract's line {len(found)} times. It passes between the contractor's manager "
                "and the city's desk alone; what comes back is a result.",
            },
        )
    for number, before in _without_a_result(steps):
        yield warning("order_across_line", row, [number], _order(steps[number - 1], before, acts))


def warning(code: str, row: str, steps: Sequence[int], text: Bilingual) -> Answer:
    """Something to be careful about in a plan, on these steps of it."""
    return {"code": code, "row": row, "steps": list(steps), "text": dict(text)}


def _sides(step: Answer, meaning: Meaning) -> list[str]:
    """On which sides of the line a step is done. A part that only a ruling gives the contractor is the city's until then."""
    if step["assignee"] == _SPLIT:
        waits = meaning is Meaning.PART_OPEN and step["certainty"] == Certainty.NEEDS_RULING
        return [_CITY] if waits else [_CITY, _CONTRACTOR]
    return [step["assignee"]] if step["assignee"] in (_CONTRACTOR, _CITY) else []


def _without_a_result(steps: Sequence[Answer]) -> Iterator[tuple[int, Answer]]:
    """
    Each step of the contractor's that could not begin without an order, with the step before it: behind a shared act whose scope the city
    sets in each case, or behind steps of the city's from which nothing comes back.
    """
    before: Answer | None = None
    result = True  # whether something comes back from the city's steps since the contractor's last
    for number, step in enumerate(steps, 1):
        if step["optional"]:
            continue
        if step["assignee"] == _CONTRACTOR:
            if before is not None and (
                (before["assignee"] == _SPLIT and before["row"] == step["row"])
                or (before["assignee"] == _CITY and not result)
            ):
                yield number, before
            result = True
        elif before is None or before["assignee"] == _CONTRACTOR:
            result = step["act"]["class"] in _WITH_A_RESULT
        else:
            result = result or step["act"]["class"] in _WITH_A_RESULT
        before = step


def _order(step: Answer, before: Answer, acts: Mapping[str, Act]) -> Bilingual:
    first, then = before["act"]["label"], step["act"]["label"]
    if before["assignee"] == _SPLIT and (city := acts[before["act"]["key"]].city):
        return {
            "ja": f"「{first['ja']}」は市の{city['ja']}を待って「{then['ja']}」に進みます。"
            "1件ごとに市から受託者の作業者へ伝えると偽装請負になるので、決めた結果をまとめて業務責任者に渡します。",
            "en": f"'{then['en']}' waits for the city's part of '{first['en']}' ({city['en']}). Telling the contractor's workers case by case "
            "would be disguised contracting; what is decided goes to the contractor's manager, as a result.",
        }
    return {
        "ja": f"「{then['ja']}」の前の「{first['ja']}」は市職員が行い、返る結果がありません。"
        "市から受託者の作業者へ伝えて始めると偽装請負になるので、この業務の分け方を市の委託契約の担当に照会します。",
        "en": f"City staff do '{first['en']}' before '{then['en']}', and no result comes of it. To begin on word from the city would be disguised "
        "contracting; the contractor's manager asks the city's contract manager how this work is divided.",
    }
