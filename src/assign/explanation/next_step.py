"""
Outcome → what the person at the desk does now, in one breath.

A note that the work has ended or is done for something else goes first: who is assigned stands, but nobody goes on before
the contract's managers have cleared it. A case goes over from the contractor's operations manager to the city's desk; no
text here has city staff instruct a worker, or a worker ask city staff what to do (労働者派遣法2条1号).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from assign.decision.decider import Outcome
from assign.rules.entries import Act
from assign.words import Assignee, Certainty, Meaning, sentences

from .wording import Answer, Text

OVERTAKEN: Final = ("ended", "renamed")  # caveats that lead the next step
CLEARED: Final[Text] = {
    "ja": "進める前に、業務責任者が市の委託契約の担当に照会します。",
    "en": "First the contractor's manager asks the city's contract manager.",
}
NOT_THE_CONTRACTOR: Final[Text] = {
    "ja": "受託者は行わず、受託者に来た案件は業務責任者が市の担当へ引き継ぎます。",
    "en": "Not the contractor's work; its manager passes any case to the city's desk.",
}
NOT_YET: Final[Text] = {
    "ja": "回答が出るまで受託者は行わず、案件は業務責任者が市の担当へ引き継ぎます。",
    "en": "Until the city rules, the contractor's manager passes cases to the city.",
}
GOES_OVER: Final[Text] = {
    "ja": "受託者に来た案件は、業務責任者が市の担当へ引き継ぎます。",
    "en": "The contractor's manager passes any case to the city's desk.",
}
DOES_THIS: Final[Text] = {"ja": "受託者がこの行為を行います。", "en": "The contractor does this."}
DOES_ALL: Final[Text] = {"ja": "受託者が最後まで行います。", "en": "The contractor does all of it."}
GOES_ON: Final[Text] = {
    "ja": "受託者が進め、受託者が行わない行為は業務責任者が市の担当へ引き継ぎます。",
    "en": "The contractor goes on; its manager passes what is reserved to the city.",
}
NO_STEP: Final[Text] = {"ja": "この手順はありません。", "en": "There is no such step."}
ONLY_AS_RULED: Final[Text] = {
    "ja": "受託者は市が回答で認めた行為だけを行い、ほかは業務責任者が市の担当へ引き継ぎます。",
    "en": "The contractor does only what a ruling gives it; its manager passes the rest to the city's desk.",
}


def next_step(
    outcome: Outcome, meanings: Sequence[Meaning], act: Act | None, caveats: Sequence[Answer], *, all_contractor: bool
) -> Text:
    """
    What is done now, by whom.

    Args:
        meanings: What the list says of each row.
        caveats: Those of the answer; a condition of the act and a note that the work has ended are said here.
        all_contractor: Whether no act of these rows' work is anybody else's in whole or in part.
    """
    overtaken = [caveat["text"] for caveat in caveats if caveat["code"] in OVERTAKEN]
    waits = outcome.certainty is Certainty.NEEDS_RULING
    conditions = [caveat["text"] for caveat in caveats if caveat["code"] == "condition"]
    if outcome.assignee is Assignee.NOBODY:
        steps = [NO_STEP]
    elif overtaken and outcome.assignee is not Assignee.CITY_STAFF:
        steps = [CLEARED]
    elif outcome.assignee is Assignee.CITY_STAFF:
        steps = [GOES_OVER if overtaken else NOT_YET if waits else NOT_THE_CONTRACTOR]
    elif outcome.assignee is Assignee.SPLIT:
        steps = [_both_parts(meanings, act, waits=waits)]
    elif act is not None:
        steps = [DOES_THIS, *conditions]
    else:
        steps = [DOES_ALL if all_contractor else GOES_ON]
    return _joined([*(_first_sentence(text) for text in overtaken), *steps])


def _both_parts(meanings: Sequence[Meaning], act: Act | None, *, waits: bool) -> Text:
    """Of a shared act whose part is whose; of work of which an open part is consigned (△) that only a ruling gives a part to the contractor."""
    open_part = waits and Meaning.PART_OPEN in meanings
    if open_part:
        return ONLY_AS_RULED if act is None else NOT_YET
    if act is not None and act.city and act.contractor:
        return {
            "ja": f"受託者は「{act.contractor['ja']}」を行い、「{act.city['ja']}」は業務責任者が案件を市の担当へ引き継ぎます。",
            "en": f"The contractor's part: {act.contractor['en']}. For {act.city['en']}, its manager passes the case to the city.",
        }
    return GOES_ON


def _first_sentence(text: Text) -> Text:
    return {lang: _first_of(text[lang]) for lang in ("ja", "en")}


@lru_cache(maxsize=1024)  # of notes and conditions, of which there are few
def _first_of(text: str) -> str:
    return sentences(text)[0]


def _joined(texts: Sequence[Text]) -> Text:
    return {"ja": "".join(text["ja"] for text in texts), "en": " ".join(text["en"] for text in texts)}
