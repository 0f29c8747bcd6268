"""
Outcome → what the person at the desk does now, in one breath.

A note that the work has ended or is done for something else goes first: who is assigned stands, but nobody goes on before
the contract's managers have cleared it. A case goes over from the contractor's operations manager to the city's desk; no
text here has city staff instruct a worker, or a worker ask city staff what to do (労働者派遣法2条1号).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assign.decision.decider import Outcome
from assign.decision.request import Request
from assign.rules.entries import Act
from assign.words import Assignee, Certainty, Mark

from .wording import Answer, Text, _desk_text, sentences

OVERTAKEN: Final = ("ended", "renamed")  # caveats that lead the next step
CLEARED: Final[Text] = {
    "ja": "進める前に、業務責任者が市の委託契約の担当に照会します。",
    "en": "First the contractor's manager asks the city's contract manager.",
}
SOME_DESK: Final[Text] = {"ja": "市の担当", "en": "the city's desk"}


def next_step(
    request: Request, outcome: Outcome, act: Act | None, caveats: Sequence[Answer], *, all_contractor: bool
) -> Text:
    """
    What is done now, by whom.

    Args:
        caveats: Those of the answer; a condition of the act and a note that the work has ended are said here.
        all_contractor: Whether no act of these rows' work is anybody else's in whole or in part.
    """
    overtaken = [caveat["text"] for caveat in caveats if caveat["code"] in OVERTAKEN]
    conditions = [caveat["text"] for caveat in caveats if caveat["code"] == "condition"]
    desk = _desk_text(request.division)
    if overtaken and outcome.assignee is not Assignee.CITY_STAFF:
        steps = [CLEARED]
    elif overtaken:
        steps = [_goes_over(SOME_DESK)]
    elif outcome.assignee is Assignee.CITY_STAFF:
        steps = [_not_the_contractor(outcome), _goes_over(desk)]
    elif outcome.assignee is Assignee.SPLIT:
        steps = _both_parts(request, outcome, act, desk)
    elif act is not None:
        steps = [{"ja": "受託者がこの行為を行います。", "en": "The contractor does this."}, *conditions]
    elif all_contractor:
        steps = [{"ja": "受託者が最後まで行います。", "en": "The contractor does all of it."}]
    else:
        steps = [{"ja": "受託者が進めます。", "en": "The contractor goes on."}, _goes_over_later(desk)]
    return _joined([*(_first_sentence(text) for text in overtaken), *steps])


def _not_the_contractor(outcome: Outcome) -> Text:
    if outcome.certainty is Certainty.SETTLED:
        return {"ja": "受託者は行いません。", "en": "Not the contractor's work."}
    return {"ja": "市の回答が出るまで、受託者は行いません。", "en": "Not the contractor's work until the city rules."}


def _both_parts(request: Request, outcome: Outcome, act: Act | None, desk: Text) -> list[Text]:
    """Of a shared act whose part is whose; of △ work that only a ruling gives a part to the contractor."""
    open_part = outcome.certainty is Certainty.NEEDS_RULING and any(task.mark is Mark.PARTIAL for task in request.tasks)
    if open_part and act is not None:
        return [
            {
                "ja": "市の回答が出るまで、受託者は行いません。",
                "en": "The contractor does nothing until the city rules.",
            },
            _goes_over(desk),
        ]
    if open_part:
        return [
            {
                "ja": "受託者が行えるのは、市が回答で認めた行為だけです。",
                "en": "The contractor does only what a ruling gives it.",
            },
            {
                "ja": f"ほかの行為に来たら、業務責任者が案件を{desk['ja']}へ引き継ぎます。",
                "en": f"Otherwise its manager passes the case to {desk['en']}.",
            },
        ]
    if act is not None and act.city and act.contractor:
        return [
            {
                "ja": f"受託者は「{act.contractor['ja']}」を行い、「{act.city['ja']}」は、業務責任者が案件を市の担当へ引き継ぎます。",
                "en": f"The contractor's part: {act.contractor['en']}. For {act.city['en']}, its manager passes the case to the city.",
            }
        ]
    return [_goes_over_later(desk)]


def _goes_over(desk: Text) -> Text:
    return {
        "ja": f"受託者に来た案件は、業務責任者が{desk['ja']}へ引き継ぎます。",
        "en": f"Its manager passes any case to {desk['en']}.",
    }


def _goes_over_later(desk: Text) -> Text:
    return {
        "ja": f"受託者のものでない行為に来たら、業務責任者が案件を{desk['ja']}へ引き継ぎます。",
        "en": f"At a step that is not its own, its manager passes the case to {desk['en']}.",
    }


def _first_sentence(text: Text) -> Text:
    return {lang: sentences(text[lang])[0] for lang in ("ja", "en")}


def _joined(texts: Sequence[Text]) -> Text:
    return {"ja": "".join(text["ja"] for text in texts), "en": " ".join(text["en"] for text in texts)}
