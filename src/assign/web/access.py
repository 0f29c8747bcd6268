"""
OpenID AuthZEN, Authorization API 1.0, beside our own API: 'who may do this' as a policy decision point is asked it.

A subject is whoever handles work (`contractor`, `city_staff`, `both`), a resource is a row of the list on a channel, an action is an act,
or `handle` for the work as a whole. Where a ruling is needed city staff alone are permitted, whatever the row says: our judgement, since a
permission is acted upon by a machine. Certainty and the whole answer are in the decision's `context`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from assign.desk.desk import Desk
from assign.errors import AssignError
from assign.log import KeyReused
from assign.log.record import random_id
from assign.words import Assignee, Certainty, date_of_case, sha256

from . import access_schema, query, strict
from .api import KEY, Asker, as_bytes, no_log, server_answers
from .keys import recorded_as
from .media import JSON
from .problems import Problem, language, said, status_of

SUBJECT: Final = "assignee"
RESOURCE: Final = "row"
HANDLE: Final = "handle"
SUBJECTS: Final[Mapping[str, str]] = {
    Assignee.CONTRACTOR: "contractor",
    Assignee.CITY_STAFF: "city_staff",
    Assignee.SPLIT: "both",
}  # `nobody` is none: the list says that there is no such step
MOST: Final = 1000  # evaluations of one request, results of one page
_SEMANTICS: Final = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
router: Final = APIRouter(tags=["authzen"], dependencies=[Depends(query.declared)])


def permitted(assignee: str, certainty: str) -> str | None:
    """The one subject that may; None where nobody does it."""
    return SUBJECTS.get(Assignee.CITY_STAFF if certainty != Certainty.SETTLED else assignee)


# -- what a request says -----------------------------------------------------------------------------------------------


class _Asked(NamedTuple):
    """A request as read; what it does not have to have is None."""

    subject: str | None  # None: of a type that we do not know
    row: str | None
    channel: str | None
    action: str | None
    on: date


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = strict.parsed(await request.body(), request.headers.get("content-type", ""))
    except Problem as problem:
        if problem.status == 415:  # the specification has one status for what is wrong with a request
            raise Problem(400, problem.problem, problem.ja, problem.en) from None
        raise
    if not isinstance(found, dict):
        raise _missing("{…}")
    return found


def _missing(name: str, candidates: Iterable[str] = ()) -> Problem:
    return Problem(
        400,
        "bad_request",
        f"`{name}` がないか、型が違います",
        f"`{name}` is missing, or of another type",
        list(candidates),
    )


def _object(within: Mapping[str, Any], name: str, *, needed: bool = True, path: str = "") -> dict[str, Any]:
    found = within.get(name)
    if found is None and not needed and name not in within:
        return {}
    if not isinstance(found, dict):
        raise _missing(path + name)
    return found


def _text(within: Mapping[str, Any], name: str, path: str) -> str:
    found = within.get(name)
    if not isinstance(found, str):
        raise _missing(f"{path}.{name}")
    return found


def _asked(body: Mapping[str, Any], desk: Desk, searched: str = "") -> _Asked:
    """
    Args:
        searched: The entity that a search looks for: its id is not needed, and ignored.

    Raises:
        Problem: 400, something is missing or of another type. BadDate: `context.on` is no date.
    """
    subject = _object(body, "subject")
    kind = _text(subject, "type", "subject")
    who = None if searched == "subject" else _text(subject, "id", "subject")
    action = None
    if searched != "action":
        act = _object(body, "action")
        action = _text(act, "name", "action")
        _object(act, "properties", needed=False, path="action.")
    resource = _object(body, "resource")
    of = _text(resource, "type", "resource")
    row = None if searched == "resource" else _text(resource, "id", "resource")
    properties = _object(resource, "properties", needed=False, path="resource.")
    _object(subject, "properties", needed=False, path="subject.")
    channel = None
    if searched != "resource" or "channel" in properties:
        if not isinstance(properties.get("channel"), str):
            raise _missing("resource.properties.channel", desk.catalog.manifest.channels)
        channel = properties["channel"]
    context = _object(body, "context", needed=False)
    on = context.get("on")
    if on is not None and not isinstance(on, str):
        raise _missing("context.on")
    if kind != SUBJECT or of != RESOURCE:
        return _Asked(None, None, None, None, date_of_case(on))
    return _Asked(who or "", row, channel, action, date_of_case(on))


def _act(action: str | None) -> str | None:
    return None if action == HANDLE else action


# -- one decision ------------------------------------------------------------------------------------------------------


def _answer(desk: Desk, asked: _Asked, role: str | None, key: str | None = None) -> dict[str, Any]:
    """Our answer; recorded first where the server keeps a log, under a record's key if there is one."""
    words: dict[str, Any] = {"row": asked.row, "channel": asked.channel, "act": _act(asked.action), "on": asked.on}
    if desk.audit is not None:
        return desk.record(**words, key=key, role=recorded_as(role))[0].answer
    return desk.answers(**words)[0]


def _key(request: Request, desk: Desk) -> str | None:
    """The record's key. Raises Problem 400 before anything is asked: nothing is recorded here, or it is no random UUID."""
    key = request.headers.get(KEY)
    if key is None:
        return None
    if desk.audit is None:
        raise no_log()
    return random_id(key, "key")


def _refused(error: AssignError, lang: str) -> dict[str, Any]:
    """A decision that was none: closed. Raises the error again where it is the server's."""
    status = status_of(error)
    if status >= 500:
        raise error
    code = error.problem if isinstance(error, Problem) else error.code
    why = {"status": status, "code": code, "message": said(error, lang), "candidates": list(error.candidates)}
    return {"decision": False, "context": {"error": why}}


def _of_another_type() -> Problem:
    return Problem(
        404,
        "unknown_type",
        f"主体の型は `{SUBJECT}`、資源の型は `{RESOURCE}` です",
        f"a subject is of type `{SUBJECT}`, a resource of type `{RESOURCE}`",
        [SUBJECT, RESOURCE],
    )


def _evaluated(
    desk: Desk, body: Mapping[str, Any], role: str | None, lang: str, *, alone: bool, key: str | None = None
) -> dict[str, Any]:
    """
    Args:
        key: The record's key, of one evaluation alone.
        alone: Whether it is the whole request: what is wrong with its form is 400 then, else a decision that was none.
    """
    try:
        asked = _asked(body, desk)
        if asked.subject is None:
            return _refused(_of_another_type(), lang)
        answer = _answer(desk, asked, role, key)
    except AssignError as error:
        if alone and (status_of(error) == 400 or isinstance(error, KeyReused)):
            raise
        return _refused(error, lang)
    decision = permitted(answer["assignee"], answer["certainty"]) == asked.subject
    context = {"assignee": answer["assignee"], "certainty": answer["certainty"], "answer": answer}
    return {"decision": decision, "context": context}


@router.post("/access/v1/evaluation", **access_schema.EVALUATION)
async def evaluation(request: Request, role: Asker) -> Response:
    """Whether a subject may do an act of a row. AuthZEN 1.0, Access Evaluation."""
    desk, lang, body = server_answers(request).desk, language(request), await _body(request)
    key = _key(request, desk)
    return _json(await run_in_threadpool(partial(_evaluated, desk, body, role, lang, alone=True, key=key)))


@router.post("/access/v1/evaluations", **access_schema.EVALUATIONS)
async def evaluations(request: Request, role: Asker) -> Response:
    """The same of many, with defaults and the three semantics. AuthZEN 1.0, Access Evaluations."""
    desk, lang, body = server_answers(request).desk, language(request), await _body(request)
    key = _key(request, desk)
    several = body.get("evaluations", [])
    if not isinstance(several, list) or not all(isinstance(each, dict) for each in several):
        raise _missing("evaluations")
    if len(several) > MOST:
        raise Problem(
            400, "bad_request", f"`evaluations` は {MOST} 件までです", f"`evaluations` has at most {MOST} entries"
        )
    options = _object(body, "options", needed=False)
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in _SEMANTICS:
        raise _missing("options.evaluations_semantic", _SEMANTICS)
    if not several:
        return _json(await run_in_threadpool(partial(_evaluated, desk, body, role, lang, alone=True, key=key)))
    if key is not None:
        raise Problem(
            400, "bad_request", "`Idempotency-Key` は 1 件に 1 つです", "`Idempotency-Key` is of one evaluation"
        )
    names = ("subject", "action", "resource", "context")
    defaults: dict[str, Any] = {name: _object(body, name) for name in names if name in body}

    def made() -> list[dict[str, Any]]:
        found = []
        for each in several:
            found.append(_evaluated(desk, {**defaults, **each}, role, lang, alone=False))
            if found[-1]["decision"] is _SEMANTICS[semantic]:
                break
        return found

    return _json({"evaluations": await run_in_threadpool(made)})


# -- searches ----------------------------------------------------------------------------------------------------------


@router.post("/access/v1/search/subject", **access_schema.SUBJECTS)
async def search_subject(request: Request, role: Asker) -> Response:
    """Who may do an act of a row. AuthZEN 1.0, Subject Search. Recorded as a decision where a log is kept."""
    desk = server_answers(request).desk
    key = _key(request, desk)

    def found(asked: _Asked) -> Iterator[dict[str, Any]]:
        answer = _answer(desk, asked, role, key)
        if subject := permitted(answer["assignee"], answer["certainty"]):
            yield {"type": SUBJECT, "id": subject}

    return await _searched(request, "subject", found)


@router.post("/access/v1/search/resource", **access_schema.RESOURCES)
async def search_resource(request: Request, _role: Asker) -> Response:
    """The rows, each on a channel, of which a subject may do an act. AuthZEN 1.0, Resource Search. Never recorded."""
    desk = server_answers(request).desk

    def found(asked: _Asked) -> Iterator[dict[str, Any]]:
        its = desk.in_force(asked.on)
        manifest = its.catalog.manifest
        channels = list(manifest.channels) if asked.channel is None else [manifest.channel(asked.channel)]
        for task in its.catalog.tasks:
            for channel in channels:
                if _may(desk, asked._replace(row=task.id, channel=channel)):
                    yield {"type": RESOURCE, "id": task.id, "properties": {"channel": channel}}

    return await _searched(request, "resource", found)


@router.post("/access/v1/search/action", **access_schema.ACTIONS)
async def search_action(request: Request, _role: Asker) -> Response:
    """The acts of a row that a subject may do. AuthZEN 1.0, Action Search. Never recorded."""
    desk = server_answers(request).desk

    def found(asked: _Asked) -> Iterator[dict[str, Any]]:
        for name in dict.fromkeys((HANDLE, *desk.in_force(asked.on).rules.acts)):
            if _may(desk, asked._replace(action=name)):
                yield {"name": name}

    return await _searched(request, "action", found)


def _may(desk: Desk, asked: _Asked) -> bool:
    brief = desk.brief(row=asked.row, channel=asked.channel, act=_act(asked.action), on=asked.on)
    return permitted(brief.assignee, brief.certainty) == asked.subject


async def _searched(request: Request, entity: str, find: Any) -> Response:
    """A page of what a search finds; nothing where a word is unknown, with the reason in `context`."""
    answers, lang, body = server_answers(request), language(request), await _body(request)
    asked = _asked(body, answers.desk, entity)
    page = _page(body, sha256(as_bytes([entity, answers.etag, {**body, "page": None}])))

    def made() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        try:
            if asked.subject is None:
                return [], _refused(_of_another_type(), lang)
            return list(find(asked)), {}
        except AssignError as error:
            if status_of(error) == 400 or isinstance(error, KeyReused):
                raise
            return [], _refused(error, lang)

    results, refused = await run_in_threadpool(made)
    shown = results[page.begin : page.begin + page.limit]
    ends = page.begin + len(shown)
    # Of none that were asked for nothing follows: a token that goes on from where it began would be followed for ever.
    token = page.token(ends) if page.begin < ends < len(results) else ""
    about = {"page": {"next_token": token, "count": len(shown), "total": len(results)}}
    return _json({**about, **({"context": refused["context"]} if refused else {}), "results": shown})


class _Page(NamedTuple):
    begin: int
    limit: int
    of: str  # the digest of the request without its page, and of the edition

    def token(self, ends: int) -> str:
        """What gives the next page of the same search, and of no other."""
        return urlsafe_b64encode(json.dumps([ends, self.limit, self.of]).encode()).decode()


def _page(body: Mapping[str, Any], of: str) -> _Page:
    """
    Raises:
        Problem: 400, the page is none, or its token is of another search, limit or edition.
    """
    page = _object(body, "page", needed=False)
    _object(page, "properties", needed=False, path="page.")
    limit = page.get("limit")
    if "limit" in page and (type(limit) is not int or limit < 0):
        raise _missing("page.limit")
    token = page.get("token", "")
    if not isinstance(token, str):
        raise _missing("page.token")
    if token == "":
        return _Page(0, MOST if limit is None else min(limit, MOST), of)
    other = Problem(
        400, "bad_token", "`page.token` はこの検索のものではありません", "`page.token` is not of this search"
    )
    try:
        begin, size, whose = json.loads(urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, TypeError, RecursionError):
        raise other from None
    if whose != of or type(begin) is not int or type(size) is not int or begin < 0 or not 1 <= size <= MOST:
        raise other
    if limit is not None and min(limit, MOST) != size:
        raise other
    return _Page(begin, size, of)


# -- what it is --------------------------------------------------------------------------------------------------------


@router.get("/.well-known/authzen-configuration", include_in_schema=False)
async def configuration(request: Request) -> Response:
    """Where each endpoint is. AuthZEN 1.0, Policy Decision Point Metadata. Open to all, as /healthz is."""
    base = (request.app.state.settings.url or str(request.base_url)).rstrip("/")
    where = {
        "access_evaluation_endpoint": "evaluation",
        "access_evaluations_endpoint": "evaluations",
        "search_subject_endpoint": "search/subject",
        "search_resource_endpoint": "search/resource",
        "search_action_endpoint": "search/action",
    }
    found = {name: f"{base}/access/v1/{path}" for name, path in where.items()}
    return _json({"policy_decision_point": base, **found})


def _json(value: Mapping[str, Any]) -> Response:
    return Response(as_bytes(value), media_type=JSON)
