"""
What is printed: the checklist of a life event or a row (A4), the slip that goes with a case (A6), the quick-reference card of a division (A4).

A card carries a short code of all that stands on it: whoever holds one learns from `/card` whether it is stale.
"""

from __future__ import annotations

import json
from base64 import b32encode
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from starlette.responses import Response

from assign.desk.desk import Desk
from assign.explanation.short_answer import asked
from assign.explanation.wording import Answer
from assign.plan import page as checklists
from assign.web.problems import Problem
from assign.words import date_of_case, normal

from .row import answered
from .shell import Page, RoleOf, Shell
from .shell import router as pages

router: Final = pages()
CODE: Final = 8  # letters of 5 bits: one card in a million million is taken for another


@router.get("/event/{event}")
def event(page: Page, event: str) -> Response:
    """The checklist of a life event."""
    plan = page.desk.planned(event=event, on=page.asked.get("on"))
    return page.page("checklist.html", sheet=checklists.on_a4(plan, page.lang), plan=plan)


@router.get("/checklist/{row}")
def of_row(page: Page, row: str) -> Response:
    """The checklist of one row."""
    plan = page.desk.planned(row=row, on=page.asked.get("on"))
    return page.page("checklist.html", sheet=checklists.on_a4(plan, page.lang), plan=plan)


@router.get("/slip/{row}")
def slip(page: Page, role: RoleOf, row: str) -> Response:
    """What goes with a case from the contractor to the city. It names no person and asks for no instruction; what comes back is a result."""
    answer, record = answered(page, role, row)
    printed = asked(answer, page.lang)
    return page.page(
        "slip.html", answer=answer, task=answer["rows"][0], printed=printed, record=record, reason=_reason(page, answer)
    )


def _reason(page: Shell, answer: Answer) -> str:
    """The title of the rule that a hand-over names, and its code."""
    code = answer["handoff"]["reason_code"] if answer["handoff"] else ""
    title = next((rule.title[page.lang] for rule in page.desk.rules.rules if rule.id == code), "")
    return f"{title}（{code}）" if page.lang == "ja" and title else f"{title} ({code})" if title else code


@router.get("/card")
def check(page: Page) -> Response:
    """Whether a printed card is what this server would print today."""
    given = page.asked.get("check", "").strip()
    codes = {key: code_of(page.desk, key) for key in page.desk.catalog.manifest.divisions}
    found = [key for key, code in codes.items() if normal(given).replace("-", "") == normal(code).replace("-", "")]
    return page.page("card_check.html", given=given, found=found[0] if found else None)


@router.get("/card/{division}")
def card(page: Page, division: str) -> Response:
    """A division's rows, each with who handles it on each channel."""
    key = page.desk.catalog.manifest.division(division)
    rows = _rows(page.desk, key)
    return page.page(
        "card.html",
        keep=True,
        key=key,
        groups=[(head, list(of)) for head, of in groupby(rows, key=_head)],
        numbered=any(each["task"].number for each in rows),
        code=code_of(page.desk, key),
        base=f"{page.request.url.scheme}://{page.request.url.netloc}",
    )


def _head(each: dict[str, Any]) -> str:
    """The headings over a row, as printed."""
    return "　".join(filter(None, (each["task"].section, each["task"].group)))


def code_of(desk: Desk, division: str) -> str:
    """
    The code of a division's card as it is today: of list, rules, and every word on it.

    >>> code_of(Desk.open(), "shomu")[:6]
    'SHOMU-'
    """
    said = [
        (each["task"].id, [(brief.assignee, brief.certainty) for brief in each["briefs"]])
        for each in _rows(desk, division)
    ]
    edition = [desk.provenance["catalog_sha256"], desk.provenance["rules_sha256"]]
    digest = b32encode(sha256(json.dumps([edition, division, said]).encode()).digest()).decode()[:CODE]
    return f"{division.upper()}-{digest[:4]}-{digest[4:]}"


def _rows(desk: Desk, division: str) -> list[dict[str, Any]]:
    today = date_of_case(None)
    tasks = [task for task in desk.catalog.tasks if task.division == division]
    if not tasks:
        raise Problem(404, "empty", "この区分に行がありません", "this division has no rows")
    channels = desk.catalog.manifest.channels
    return [
        {"task": task, "briefs": [desk.brief(row=task.id, channel=channel, on=today) for channel in channels]}
        for task in tasks
    ]
