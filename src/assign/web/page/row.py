"""
`/row/…`: the answer. Who, what follows and the row as printed first; then why, what stays with the city, the plan, and what would change it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from assign.desk import listings
from assign.explanation.short_answer import asked, summary
from assign.explanation.wording import Answer
from assign.web import head
from assign.web.keys import recorded_as
from assign.web.problems import Problem

from .shell import RoleOf, Shell, taking
from .shell import router as pages

router: Final = pages()
EDITIONS: Final = {"list": "catalog_sha256", "rules": "rules_sha256"}
AnswerPage = Annotated[Shell, taking("act", "on", "key", *EDITIONS)]
SHORT: Final = 16  # of a hash, in an address


def answered(page: Shell, role: str | None, row: str) -> tuple[Answer, str | None]:
    """
    The answer to the words of an address; where the server keeps a log, recorded first.

    Returns:
        The answer, and the number of its record. Under `key` (a random UUID) the record is that of the page it came from.
    """
    channel = page.asked.get("channel") or _first_channel(page, row)
    words: dict[str, Any] = {"row": row, "channel": channel, "act": page.asked.get("act"), "on": page.asked.get("on")}
    if page.desk.audit is None:
        return page.desk.answers(**words)[0], None
    _require_wanted(page.request)
    kept = page.desk.record(**words, key=page.asked.get("key"), role=recorded_as(role))[0]
    return {**kept.answer, "provenance": dict(page.desk.provenance)}, str(kept.kept.seq)


def _first_channel(page: Shell, row: str) -> str:
    """The first that the row's table has a column for; of a row that is not known the first of all."""
    catalog = page.desk.catalog
    task = catalog.by_id.get(row)
    return next(iter(catalog.manifest.channels if task is None else catalog.channels_of(task)))


def _require_wanted(request: Request) -> None:
    """A record is of an answer that somebody asked for: not of a picture on another site, nor of what a browser fetches ahead. Raises Problem 403."""
    hand = request.headers
    foreign = (
        hand.get("sec-fetch-site", "none") in ("cross-site", "same-site") and hand.get("sec-fetch-mode") != "navigate"
    )
    if foreign or "prefetch" in hand.get("sec-purpose", "") or request.scope.get(head.ASKED):
        raise Problem(403, "not_asked", "だれも尋ねていない答えは記録しません", "nobody asked: nothing is recorded")


@router.get("/row/{row}")
def answer(request: Request, page: AnswerPage, role: RoleOf, row: str) -> Response:
    """The answer for a row, a channel and perhaps an act."""
    if page.desk.audit is not None and "key" not in page.asked:
        from assign.log.record import new_id

        page.asked["key"] = new_id()  # what this page leads to (the slip) is the same answer, and no second record
    found, record = answered(page, role, row)
    task = found["rows"][0]
    kind, acts = listings.acts_of_row(page.desk, task["id"])
    plan = page.desk.planned(row=task["id"], on=found["on"])
    return page.page(
        "row.html",
        answer=found,
        task=task,
        printed=asked(found, page.lang),
        summary=summary(found, page.lang),
        record=record,
        key=page.asked.get("key"),
        kind=kind,
        acts=acts,
        plan=plan,
        others=_others(page, found),
        again=_reproduced(request, page, found),
        changed=_changed(page),
    )


def _others(page: Shell, found: Answer) -> list[dict[str, Any]]:
    """The same question on each channel of the row's table, and on the one asked for, so that the switch says what it leads to."""
    act = found["act"] and found["act"]["key"]
    briefs = []
    catalog = page.desk.catalog
    here = {*catalog.channels_of(catalog.by_id[found["rows"][0]["id"]]), found["channel"]}
    for key, channel in ((key, each) for key, each in catalog.manifest.channels.items() if key in here):
        brief = page.desk.brief(row=found["rows"][0]["id"], channel=key, act=act, on=found["on"])
        briefs.append({"channel": channel, "who": page.who(brief.assignee, brief.certainty)})
    return briefs


def _reproduced(request: Request, page: Shell, found: Answer) -> str:
    """The address that asks the same again, with the edition that answered."""
    act = found["act"] and found["act"]["key"]
    edition = {name: page.desk.provenance[field][:SHORT] for name, field in EDITIONS.items()}
    asked_for = {"channel": found["channel"], "act": act, "on": found["on"], **edition}
    lang = {"lang": "en"} if page.lang == "en" else {}
    words = urlencode({name: word for name, word in {**asked_for, **lang}.items() if word})
    base = (request.app.state.settings.url or str(request.base_url)).rstrip("/")
    return f"{base}/row/{found['rows'][0]['id']}?{words}"


def _changed(page: Shell) -> list[str]:
    """Which of the editions that the address names is not the one that answers."""
    return [
        name
        for name, field in EDITIONS.items()
        if name in page.asked and page.asked[name] != page.desk.provenance[field][:SHORT]
    ]
