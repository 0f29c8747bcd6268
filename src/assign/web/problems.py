"""
An error → a problem document (RFC 9457), in the words of the command line: the same code, message and candidates; a browser gets a page.

The types are stable: `urn:assign:problem:` and the error's code (`unknown_item`, `ambiguous_item`, …).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assign.desk.listings import as_json
from assign.errors import AssignError, BadRequest, UnknownWord

TYPE: Final = "urn:assign:problem:"
MEDIA: Final = "application/problem+json"
CHALLENGE: Final = 'Bearer realm="assign"'  # what a 401 says it wants
RETRY: Final = 5  # seconds until a database may be back
_WRONG: Final = {  # by the kinds of error of pydantic
    "missing": "ありません",
    "int_parsing": "整数ではありません",
    "value_error": "整数ではありません",
    "greater_than_equal": "小さすぎます（{ge} 以上）",
    "less_than_equal": "大きすぎます（{le} 以下）",
    "less_than": "大きすぎます（{lt} 未満）",
    "string_too_long": "長すぎます（{max_length} 文字まで）",
    "too_long": "多すぎます（{max_length} 件まで）",
}
_BY_CODE: Final = {
    "ambiguous_item": 409,
    "key_reused": 422,
    "unknown_record": 404,
    "not_published": 409,
    "closed": 503,
    **dict.fromkeys(("log", "log_refused", "log_damaged", "log_missing", "unreadable_record"), 503),
}


# Where a message names a command, whoever asked over HTTP has an address.
_ADDRESSES: Final = {"`assign acts`": "`/v1/acts`", "`assign tasks`": "`/v1/tasks`"}


def said(error: AssignError, lang: str) -> str:
    """The message of an error for whoever asked over HTTP, who is told of no folder of this machine."""
    text = error.message(lang).removeprefix(error.folder)
    for command, address in _ADDRESSES.items():
        text = text.replace(command, address)
    return text


class Problem(AssignError):
    """An error of HTTP alone. status: As RFC 9110 has it."""

    def __init__(self, status: int, code: str, ja: str, en: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(ja, en, candidates)
        self.status: int = status
        self.problem: str = code


def status_of(error: AssignError) -> int:
    """The status of an error: what the client can mend is 4xx, the rest is ours."""
    if isinstance(error, Problem):
        return error.status
    if (known := _BY_CODE.get(error.code)) is not None:
        return known
    if isinstance(error, UnknownWord):
        return 422
    return 400 if isinstance(error, BadRequest) else 500


def response(error: AssignError, lang: str) -> Response:
    """The problem document of an error."""
    status = status_of(error)
    code = error.problem if isinstance(error, Problem) else error.code
    body = {
        "type": TYPE + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": said(error, lang),
        "code": code,
        "candidates": list(error.candidates),
    }
    headers: dict[str, str] = {"Retry-After": str(RETRY)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    return document(body, status, headers)


def document(body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as it is sent."""
    return Response(as_json(body) + "\n", status, dict(headers or {}), MEDIA)


def language(request: Request) -> str:
    """`ja` unless English is asked for: `?lang=`, then Accept-Language."""
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "ja")
    return "en" if asked[:2].lower() == "en" else "ja"


def shown(request: Request, error: AssignError) -> Response:
    """An error as whoever asked reads it: a person's browser gets a page, a program the problem document."""
    page: Response | None = request.app.state.sorry(request, error)
    found = page or response(error, language(request))
    found.headers["Vary"] = "Accept"
    return found


async def assign_error(request: Request, error: Exception) -> Response:
    """Of an error of ours."""
    assert isinstance(error, AssignError)  # noqa: S101 - INVARIANT: registered for it alone
    return shown(request, error)


async def http_error(request: Request, error: Exception) -> Response:
    """Of an error that the framework raises: no such address, a method that an address does not have."""
    assert isinstance(error, HTTPException)  # noqa: S101 - INVARIANT: registered for it alone
    texts = {
        404: ("この番地はありません", "there is no such address"),
        405: ("この番地では使えないメソッドです", "this address does not have that method"),
    }
    ja, en = texts.get(error.status_code, (str(error.detail), str(error.detail)))
    codes = {404: "not_found", 405: "method_not_allowed"}
    found = shown(request, Problem(error.status_code, codes.get(error.status_code, "http"), ja, en))
    found.headers.update(error.headers or {})
    if found.headers.get("allow") == "GET":
        found.headers["allow"] = "GET, HEAD"
    return found


async def internal_error(request: Request, _error: Exception) -> Response:
    """Of a fault of ours: nothing of it reaches the client; the server's log has it."""
    problem = Problem(500, "internal", "内部エラーです。回答はありません", "an internal error; there is no answer")
    try:
        return shown(request, problem)
    except Exception:  # noqa: BLE001 - what failed may be what a page needs, too
        return response(problem, language(request))


async def validation_error(request: Request, error: Exception) -> Response:
    """Of a parameter of the address that is not what it should be."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - INVARIANT: registered for it alone
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:])
    what = _WRONG.get(first["type"], "").format(**first.get("ctx", {}))
    problem = Problem(
        422,
        "bad_parameter",
        f"`{name}` が{what or '正しくありません'}",
        f"`{name}` is not as it should be: {first['msg']}",
    )
    return shown(request, problem)
