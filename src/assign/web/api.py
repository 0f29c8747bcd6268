"""
`/v1/…`: what the command line answers, over HTTP. A body is the very bytes that `--json` prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assign.desk import listings
from assign.desk.asked import ASKED
from assign.desk.cloud_event import event
from assign.desk.desk import Desk
from assign.errors import AssignError
from assign.words import date_of_case, sha256

from . import examples, query, strict
from .keys import Power, may, recorded_as
from .media import CLOUD, CLOUD_BATCH, JSON, chosen
from .problems import Problem, said

REMEMBERED: Final = 8192
MOST: Final = 10_000  # requests of one batch
_TAGS: Final = re.compile(r'"[^"]*"')  # of If-None-Match; a weak one is compared as a strong one
LONGEST: Final = (
    2000  # characters of a text to search for; in an address each may take 12 bytes, and the server reads 64 KiB of one
)
Asker = Annotated[str | None, Depends(may(Power.ASK))]
router: APIRouter = APIRouter(
    prefix="/v1", generate_unique_id_function=lambda route: route.name, dependencies=[Depends(query.declared)]
)  # what a generated client calls it


def as_bytes(value: object) -> bytes:
    """JSON as the command line prints it."""
    return (listings.as_json(value) + "\n").encode()


class Answers:
    """A desk's answers as bytes; what was asked on the same day is not written out again."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.etag: str = f'"{_version(desk)}"'
        self._remembered = lru_cache(REMEMBERED, typed=True)(self._written)
        self._others: dict[int, Answers] = {}

    def in_force(self, on: object = None) -> Answers:
        """Those of the edition in force on a day, today if None. Raises NoEdition, BadDate."""
        if (desk := self.desk.in_force(on)) is self.desk:
            return self
        found = self._others.get(desk.place)
        return found if found is not None else self._others.setdefault(desk.place, Answers(desk))

    def decided(self, asked: Mapping[str, Any], media: str = JSON) -> Response:
        """The answer to a request, whole as it is sent (to be changed by nobody), as `decide --json` (or `--cloudevent`) prints it. Raises as `Desk.decide`."""
        words = {**asked, "on": date_of_case(asked.get("on"))}
        if (answers := self.in_force(words["on"])) is not self:
            return answers.decided(words, media)
        try:
            return self._remembered(media, *(words.get(name) for name in ASKED))
        except TypeError:  # a list, an object: no key of a memory
            return self._written(media, *(words.get(name) for name in ASKED))

    def _written(self, media: str, *words: object) -> Response:
        asked: dict[str, Any] = dict(zip(ASKED, words, strict=True))
        answers = self.desk.answers(**asked)
        found = answers if media == JSON else [event(each) for each in answers]
        body = as_bytes(found if asked["channel"] is None else found[0])
        return Response(body, media_type=media, headers={"ETag": self.etag})


def _version(desk: Desk) -> str:
    """What an answer to one and the same request rests on: list, rules, program, and the days of the editions beside it."""
    made = desk.provenance
    parts = [made["catalog_sha256"][:16], made["rules_sha256"][:16], made["assign_version"]]
    if "in_force" in made:
        parts.append(sha256(listings.as_json(made["in_force"]).encode())[:16])
    return "-".join(parts)


def server_answers(request: Request) -> Answers:
    """The answers of the server's desk: for what has its own date, or is of no edition."""
    found: Answers = request.app.state.answers
    return found


def answers_of(request: Request, on: object = None) -> Answers:
    """Those of the edition in force on a day, today if None. Raises NoEdition, BadDate."""
    return server_answers(request).in_force(on)


def unchanged(request: Request, etag: str) -> bool:
    """Whether the client has this very edition (`If-None-Match`)."""
    asked = ",".join(request.headers.getlist("if-none-match"))
    return asked.strip() == "*" or etag in _TAGS.findall(asked)


def of_the_edition(request: Request, on: str | None, make: Callable[[Desk], Any]) -> Response:
    """What list and rules alone decide: 304 where the client has it."""
    answers = answers_of(request, on)
    etag = answers.etag
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    found = make(answers.desk)  # first of all: what is not there is unknown to whoever has the edition, too
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(as_bytes(found), media_type=JSON, headers=headers)


async def body_of(request: Request) -> Any:
    """The body, strictly read."""
    return strict.parsed(await request.body(), request.headers.get("content-type", ""))


# -- decisions ---------------------------------------------------------------------------------------------------------

_RECORDED: Final = ("case", "corrects")
_FIELDS: Final = (*ASKED, *_RECORDED)
KEY: Final = "idempotency-key"
_ONE: Final = (JSON, CLOUD)
_SEVERAL: Final = (JSON, CLOUD_BATCH)


def no_log() -> Problem:
    """What is for a record alone was given to a server that makes none."""
    return Problem(400, "no_log", "このサーバーは記録を残していません", "this server keeps no log")


@router.post("/decisions", openapi_extra=examples.DECIDE, responses=examples.DECISION, tags=["decisions"])
async def decide(request: Request, role: Asker) -> Response:
    """
    Who handles a piece of work, and why. The body is that of `assign decide --json`; without `channel` a list, one for each.

    Where the server keeps a log, the answer is recorded first: `Idempotency-Key` (a UUID) is the record's key, and `Assign-Record` names
    the record. When it cannot be written down there is no answer (503).

    `Accept: application/cloudevents+json` gives the body of `decide --cloudevent`; without `channel` it is
    `application/cloudevents-batch+json`.
    """
    return await decided(request, role)


async def decided(request: Request, role: str | None) -> Response:
    """The answer to `decide`, for the framework and for `direct`."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
    found = strict.fields(strict.parsed(await request.body(), headers.get("content-type", "")), _FIELDS)
    offered = _ONE if found.get("channel") is not None else _SEVERAL
    media = chosen(headers["accept"], offered) if "accept" in headers else JSON
    answers = server_answers(request)
    key = headers.get(KEY)
    if answers.desk.audit is not None:
        kept = await run_in_threadpool(
            answers.desk.record,
            **{name: found.get(name) for name in (*ASKED, *_RECORDED)},
            key=key,
            role=recorded_as(role),
        )
        given = [each.answer if media == JSON else event(each.answer, each.kept.record) for each in kept]
        body = as_bytes(given if found.get("channel") is None else given[0])
        recorded = {"Assign-Record": ", ".join(str(each.kept.seq) for each in kept)}
        return Response(body, media_type=media, headers=recorded)
    if key is not None or any(name in found for name in _RECORDED):
        raise no_log()
    return answers.decided(found, media)


@router.post("/decisions/batch", openapi_extra=examples.BATCH, responses=examples.BATCHED, tags=["decisions"])
async def decide_batch(request: Request, _role: Asker) -> Response:
    """Many requests, in order: a list of decisions, each as `decide` has it, or the error that it met. Never recorded one by one."""
    found = await body_of(request)
    if KEY in request.headers and server_answers(request).desk.audit is None:
        raise no_log()
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise Problem(
            400, "bad_request", f"依頼 1 から {MOST} 件の一覧が要ります", f"a list of 1 to {MOST} requests is needed"
        )
    if server_answers(request).desk.audit is not None:
        raise Problem(
            409,
            "batch_not_recorded",
            "記録を残すサーバーでは一括の判定はできません（`assign batch --record`、または 1 件ずつ）",
            "a server that keeps a log answers no batch (`assign batch --record`, or one at a time)",
        )
    return Response(await run_in_threadpool(_batch, server_answers(request), found), media_type=JSON)


@router.get("/decisions/batch", include_in_schema=False)
async def no_batch() -> Response:
    """`batch` is no number of a record: the address is known, the method is not."""
    raise HTTPException(405, headers={"Allow": "POST"})


def _batch(answers: Answers, requests: list[Any]) -> bytes:
    return b"[\n" + b",\n".join(_one(answers, each).rstrip(b"\n") for each in requests) + b"\n]\n"


def _one(answers: Answers, asked: Any) -> bytes:
    try:
        return bytes(answers.decided(strict.fields(asked, ASKED)).body)
    except AssignError as error:
        code = error.problem if isinstance(error, Problem) else error.code
        return as_bytes({"error": {"code": code, "message": said(error, "ja"), "candidates": list(error.candidates)}})


# -- the list ----------------------------------------------------------------------------------------------------------


@router.get("/tasks", responses=examples.TASKS, tags=["list"])
async def tasks(
    request: Request,
    _role: Asker,
    division: Annotated[str | None, Query(examples=[examples.DIVISION])] = None,
    on: str | None = None,
) -> Response:
    """Every row of the list, or of a division, as `assign tasks --json`; `on`: of the edition in force on that day, today without it."""
    return of_the_edition(request, on, lambda desk: desk.rows(division))


@router.get("/tasks/{row}", responses=examples.TASK, tags=["list"])
async def task(request: Request, _role: Asker, row: str, on: str | None = None) -> Response:
    """One row, with the acts of its work."""
    return of_the_edition(request, on, lambda desk: listings.row(desk, row))


@router.get("/search", responses=examples.SEARCH, tags=["search"])
async def search(
    request: Request,
    _role: Asker,
    text: Annotated[str, Query(examples=[examples.NAME], max_length=LONGEST)],
    division: Annotated[str | None, Query(examples=[examples.DIVISION])] = None,
    channel: Annotated[str | None, Query(examples=[examples.CHANNEL])] = None,
    limit: Annotated[int, Field(ge=1, le=100), query.DIGITS, Query()] = 10,
    on: str | None = None,
) -> Response:
    """Candidates for people's words, as `assign search --json`. It never decides."""
    found = answers_of(request, on).desk.found(text, division=division, channel=channel, limit=limit, on=on)
    return Response(as_bytes(found["rows"]), media_type=JSON)


@router.get("/plan", responses=examples.PLAN, tags=["search"])
async def plan(
    request: Request,
    _role: Asker,
    row: Annotated[list[str] | None, Query(examples=[[examples.ROW]], max_length=100)] = None,
    event: Annotated[str | None, Query(examples=["death"])] = None,
    division: str | None = None,
    item: str | None = None,
    channel: str | None = None,
    on: str | None = None,
) -> Response:
    """The work of a row, of several rows or of a life event, step by step, as `assign plan --json`. Never recorded."""
    asked = {"division": division, "item": item, "channel": channel, "on": on, "event": event}
    rows = row[0] if row and len(row) == 1 else row
    desk = answers_of(request, on).desk
    return Response(await run_in_threadpool(lambda: as_bytes(desk.planned(**asked, row=rows))), media_type=JSON)


@router.get("/acts", responses=examples.ACTS, tags=["list"])
async def acts(request: Request, _role: Asker, on: str | None = None) -> Response:
    """The acts that can be asked for, as `assign acts --json`."""
    return of_the_edition(request, on, listings.acts)


@router.get("/kinds", responses=examples.KINDS, tags=["list"])
async def kinds(request: Request, _role: Asker, on: str | None = None) -> Response:
    """The kinds of work with their chains, as `assign kinds --json`."""
    return of_the_edition(request, on, listings.kinds)


@router.get("/catalog", responses=examples.CATALOG, tags=["list"])
async def catalog(request: Request, _role: Asker, on: str | None = None) -> Response:
    """Which list and rules answer: title, edition, documents, hashes."""
    return of_the_edition(request, on, listings.catalog)
