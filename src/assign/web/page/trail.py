"""
`/audit`: the log behind the server, for auditors and the city's manager of the contract: records, one record, verification against a
checkpoint that was kept outside, and the proof of a record to take away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import Form, Path, Request, UploadFile
from starlette.responses import Response

from assign import audit
from assign.audit.chosen import Filter
from assign.audit.door import reading
from assign.audit.text import Text, harmless, plain_json
from assign.explanation.short_answer import asked
from assign.log.keys import NoteError, PublicKey, public_key
from assign.log.kinds import KIND_TEXT, ROLE_TEXT, Kind, Role
from assign.log.reading import Unreadable, clock
from assign.log.record import random_id
from assign.web.keys import Power
from assign.web.problems import Problem
from assign.web.query import require_one_of
from assign.web.records import log_of
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty, date_of_case

from .shell import Shell, taking
from .shell import router as pages

router: Final = pages()
SHOWN: Final = 100  # records of one page
LARGEST: Final = 64 * 1024  # bytes of a checkpoint, and of a file of keys
MOST_KEYS: Final = 20  # that an auditor trusts: a log changes its key every few years
_KINDS: Final[Mapping[str, type[StrEnum]]] = {"assignee": Assignee, "certainty": Certainty, "kind": Kind}
_WORDS: Final = ("division", "case", *_KINDS)


Reader = Annotated[Shell, taking(power=Power.READ_LOG)]
Searcher = Annotated[Shell, taking(*_WORDS, "since", "until", "from", power=Power.READ_LOG)]
Seq = Annotated[str, Path(pattern=r"^[0-9]{1,15}$")]


@router.get("/audit")
def records(request: Request, page: Searcher) -> Response:
    """The newest records, or those asked for."""
    return page.page("audit.html", **_records(request, page), report=None, trusted=[])


@router.post("/audit/verify")
async def verify(
    request: Request,
    page: Reader,
    checkpoint: UploadFile,
    key: Annotated[str, Form()] = "",
    key_file: UploadFile | None = None,
) -> Response:
    """Hash every record again, and compare with a checkpoint that was kept outside, under the keys that the auditor trusts."""
    from starlette.concurrency import run_in_threadpool

    note = await _text(checkpoint)
    if not note.strip():
        raise _NO_CHECKPOINT
    filed = await _text(key_file) if key_file is not None and key_file.filename else ""
    trusted = _keys(f"{key}\n{filed}")
    log = log_of(request)
    try:
        report = await run_in_threadpool(audit.verify, log, [note], trusted)
    except NoteError as error:
        raise Problem(400, "no_checkpoint", error.ja, error.en) from None
    words = await run_in_threadpool(_records, request, page)
    own = {str(each) for each in await run_in_threadpool(log.keys)}
    said = [{"key": str(each), "own": str(each) in own} for each in trusted]
    return page.page("audit.html", **words, report=report.as_json(), trusted=said)


_NO_CHECKPOINT: Final = Problem(
    400, "no_checkpoint", "これはチェックポイントのファイルではありません", "this is no file of a checkpoint"
)


async def _text(file: UploadFile) -> str:
    """What a small file says; nothing where it is none of text."""
    given = await file.read(LARGEST + 1)
    try:
        return given.decode("utf-8") if len(given) <= LARGEST else ""
    except ValueError:
        return ""


def _keys(text: str) -> list[PublicKey]:
    """Public keys, one a line. Raises Problem 400, which repeats nothing of it: it may be a secret one."""
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if any(line.startswith("PRIVATE+KEY+") for line in lines):
        raise Problem(
            400,
            "no_key",
            "これは秘密鍵です。画面に入れず、公開鍵を入れてください。人目に触れたなら鍵を替えます（assign audit key --rotate）",
            "this is a secret key: it belongs into no page; give the public one, and change the key if others may have seen it"
            " (assign audit key --rotate)",
        )
    if len(lines) > MOST_KEYS:
        raise Problem(400, "no_key", f"公開鍵は {MOST_KEYS} までです", f"at most {MOST_KEYS} public keys")
    try:
        return [public_key(line) for line in lines]
    except NoteError as error:
        raise Problem(400, "no_key", error.ja, error.en) from None


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
        size = log.length
        given = page.asked.get("from")
        if given is not None and not (given.isascii() and given.isdigit() and len(given) < 16):
            raise Problem(422, "bad_parameter", "`from` は記録の番号です", "`from` is the number of a record")
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
    words: dict[str, Any] = {
        name: page.asked.get(name) for name in _WORDS
    }  # of a Filter, whose fields are not all text
    if words["case"] is not None:
        words["case"] = random_id(words["case"], "case")
    for name, known in _KINDS.items():
        require_one_of(name, words[name], [str(each) for each in known])
    return Filter(since=_day(page, "since"), until=_day(page, "until"), **words)


def _day(page: Shell, name: str) -> date | None:
    word = page.asked.get(name)
    return None if word is None else date_of_case(word)
