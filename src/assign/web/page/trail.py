"""
`/audit`: the log behind the server, for auditors and the city's manager of the contract: records, one record, verification against a
checkpoint that was kept outside, and the proof of a record to take away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request, UploadFile
from starlette.responses import Response

from assign import audit
from assign.audit.chosen import Filter
from assign.audit.door import reading
from assign.audit.text import Text, harmless, plain_json
from assign.explanation.short_answer import asked
from assign.log.keys import NoteError
from assign.log.kinds import KIND_TEXT, ROLE_TEXT, Kind, Role
from assign.log.reading import Unreadable, clock
from assign.log.record import random_id
from assign.web.keys import Power, may
from assign.web.problems import Problem
from assign.web.query import require_known
from assign.web.records import log_of
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty, date_of_case

from .shell import CARRIED, Shell
from .shell import router as pages

router: Final = pages()
SHOWN: Final = 100  # records of one page
LARGEST: Final = 64 * 1024  # bytes of a checkpoint
_KINDS: Final[Mapping[str, type[StrEnum]]] = {"assignee": Assignee, "certainty": Certainty, "kind": Kind}
_WORDS: Final = ("division", "case", *_KINDS)
_KNOWN: Final = (*_WORDS, "since", "until", "from", *CARRIED)


def _reader(request: Request, _role: Annotated[str | None, Depends(may(Power.READ_LOG))]) -> Shell:
    return Shell(request)


Reader = Annotated[Shell, Depends(_reader)]
Seq = Annotated[str, Path(pattern=r"^[0-9]{1,15}$")]


@router.get("/audit")
def records(request: Request, page: Reader) -> Response:
    """The newest records, or those asked for."""
    return page.page("audit.html", **_records(request, page), report=None)


@router.post("/audit/verify")
async def verify(request: Request, page: Reader, checkpoint: UploadFile) -> Response:
    """Hash every record again, and compare with a checkpoint that was kept outside."""
    from starlette.concurrency import run_in_threadpool

    given = await checkpoint.read(LARGEST + 1)
    try:
        note = given.decode("utf-8")
    except ValueError:
        note = ""
    if not note.strip() or len(given) > LARGEST:
        raise Problem(
            400, "no_checkpoint", "これはチェックポイントのファイルではありません", "this is no file of a checkpoint"
        )
    log = log_of(request)
    try:
        report = await run_in_threadpool(audit.verify, log, [note])
    except NoteError as error:
        raise Problem(400, "no_checkpoint", error.ja, error.en) from None
    words = await run_in_threadpool(_records, request, page)
    return page.page("audit.html", **words, report=report.as_json())


@router.get("/audit/{seq}")
def record(request: Request, page: Reader, seq: Seq) -> Response:
    """One record, and what it answered."""
    unread: list[Unreadable] = []
    shown = audit.shown_record(log_of(request), int(seq), unread.append)
    text = plain_json(json.dumps(shown["record"], ensure_ascii=False, indent=2))
    printed = asked(shown["answer"], page.lang) if shown["answer"] else ""
    return page.page(
        "record.html", shown=shown, printed=printed, seq=int(seq), clock=clock, record_json=text, unread=unread
    )


def _records(request: Request, page: Shell) -> dict[str, Any]:
    chosen = _chosen(page)
    unread: list[Unreadable] = []
    with reading(log_of(request)) as log:
        size = log.size
        given = page.asked.get("from")
        if given is not None and not (given.isascii() and given.isdigit() and len(given) < 16):
            raise _no_such("from")
        newest = max(0, size - SHOWN) if chosen == Filter() else 0
        start = newest if given is None else min(int(given), size)
        found = list(islice(audit.records(log, chosen, start, unread.append), SHOWN + 1))
        notes, strange = len(log.checkpoints()), [each for each in log.strangers if not each.harmless]
    return {
        "rows": found[:SHOWN],
        "next": found[SHOWN]["seq"] if len(found) > SHOWN else None,
        "before": max(0, start - SHOWN) if start and chosen == Filter() else None,
        "unread": unread,
        "strange": [harmless(Text(each.ja, each.en)) for each in strange],
        "size": size,
        "origin": log.origin,
        "notes": notes,
        "clock": clock,
        "kinds": {kind.value: KIND_TEXT[kind][page.lang] for kind in Kind},
        "roles": _roles(page),
        "acts": {key: act.title[page.lang] for key, act in page.desk.rules.acts.items()},
        "assignees": ASSIGNEE_TEXT,
        "certainties": CERTAINTY_TEXT,
    }


def _roles(page: Shell) -> dict[str, str]:
    return {role.value: ROLE_TEXT[role][page.lang] for role in Role}


def _chosen(page: Shell) -> Filter:
    require_known(page.request, _KNOWN)
    words = {name: page.asked.get(name) for name in _WORDS}
    if words["division"] is not None:
        words["division"] = page.desk.catalog.manifest.division(words["division"])
    if words["case"] is not None:
        words["case"] = random_id(words["case"], "case")
    for name, known in _KINDS.items():
        if words[name] is not None and words[name] not in list(known):
            raise _no_such(name, known)
    return Filter(since=_day(page, "since"), until=_day(page, "until"), **words)


def _no_such(name: str, known: Iterable[str] = ()) -> Problem:
    """A filter that lets nothing through is no answer: it would say that there are no records."""
    return Problem(
        422, "bad_parameter", f"`{name}` が正しくありません", f"`{name}` is not as it should be", list(known)
    )


def _day(page: Shell, name: str) -> date | None:
    word = page.asked.get(name)
    return None if word is None else date_of_case(word)
