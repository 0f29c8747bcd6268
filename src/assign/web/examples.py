"""
What the OpenAPI file shows of each operation: the models of the contract, problem documents, and requests as examples.

Words of the list in use stand here as marks; `openapi` puts a real row in their place, and the desk's own answers beside them.
"""

from __future__ import annotations

from typing import Any, Final

from assign.explanation.model import Candidate, Decision, Row

from .problems import MEDIA, TYPE
from .vocabulary import Schema, ref

# Words of the list in use, which is not known yet: `openapi` puts a row of it in their place, with an act of the row's own work.
DIVISION: Final = "<division>"
ITEM: Final = "<item>"
CHANNEL: Final = "<channel>"
ROW: Final = "<row>"
NAME: Final = "<name>"
ACT: Final = "<act>"
ASKED: Final = {"division": DIVISION, "item": ITEM, "channel": CHANNEL}
OTHER: Final = {"row": ROW, "channel": CHANNEL, "act": ACT}
UNKNOWN: Final = {"division": DIVISION, "item": "99999", "channel": CHANNEL}
PROBLEM: Final[Schema] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "candidates"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": f"{TYPE}…"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "candidates": {"type": "array", "items": {"type": "string"}},
    },
}


def _body(schema: Schema, examples: Schema) -> Schema:
    content = {
        "application/json": {"schema": schema, "examples": {name: {"value": value} for name, value in examples.items()}}
    }
    return {"requestBody": {"required": True, "content": content}}


def problems(*statuses: int) -> dict[int | str, Schema]:
    """The problem documents of an operation; those of every operation are among them."""
    texts = {
        304: "この版を持っている / the client has this edition",
        400: "依頼の形が正しくない / the request is not as it should be",
        401: "API キーがない / no API key",
        403: "この役割ではできない / not for this role",
        404: "ない / there is none",
        406: "その形式ではない / not in that format",
        408: "本文が届かない / the body did not arrive",
        409: "番号が複数の行を指す / several rows, and they do not agree",
        413: "本文が大きい / the body is too large",
        415: "JSON ではないか、圧縮してある / no JSON by its type, or compressed",
        421: "サーバーの名が違う / another server's name",
        422: "知らない語、または別の依頼に使われた鍵 / an unknown word, or a key of another request",
        500: "判定できない / there is no answer, and it is the server's fault",
        503: "記録できない / the answer cannot be recorded",
    }
    content = {MEDIA: {"schema": ref("Problem")}}
    found: dict[int | str, Schema] = {}
    for status in sorted({*statuses, 400, 401, 403, 415, 421}):
        found[status] = {"description": texts[status], **({} if status == 304 else {"content": content})}
    return found


def _answer(schema: Schema | None, said: str, **model: Any) -> dict[int | str, Schema]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {200: {"description": said, **content, **model}}


DECIDED: Final[Schema] = {
    "anyOf": [
        ref("Decision"),
        {"type": "array", "items": ref("Decision")},
    ]
}
EVENT: Final[Schema] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        **{name: {"type": "string"} for name in ("id", "source", "type", "subject", "datacontenttype")},
        "time": {"type": "string", "format": "date-time"},
        "data": ref("Decision"),
    },
}
DECIDE: Final = _body(ref("Asked"), {"a row": ASKED, "one act": OTHER})
DECISION: Final = {
    **_answer(None, "答え / the answer", model=Decision),
    **problems(400, 404, 406, 408, 409, 413, 415, 422, 500, 503),
}
BATCH: Final = _body(
    {"type": "array", "minItems": 1, "maxItems": 10_000, "items": ref("Asked")}, {"two, one unknown": [ASKED, UNKNOWN]}
)
_NONE: Final[Schema] = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "candidates"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "candidates": {"type": "array", "items": {"type": "string"}},
            },
        }
    },
}
BATCHED: Final = {
    **_answer(
        {"type": "array", "items": {"anyOf": [*DECIDED["anyOf"], _NONE]}},
        "依頼の順に、答えかエラー / answers or errors, in order",
    ),
    **problems(400, 408, 409, 413, 415, 500),
}
TASKS: Final = {**_answer(None, "行 / rows", model=list[Row]), **problems(304, 422)}
TASK: Final = {**_answer(None, "行 / a row", model=Row), **problems(304, 422)}
SEARCH: Final = {**_answer(None, "候補 / candidates", model=list[Candidate]), **problems(400, 422)}
ACTS: Final = {**_answer({"type": "array", "items": {"type": "object"}}, "行為 / acts"), **problems(304, 422)}
KINDS: Final = {
    **_answer({"type": "array", "items": {"type": "object"}}, "業務の種類 / kinds of work"),
    **problems(304, 422),
}
CATALOG: Final = {**_answer({"type": "object"}, "一覧と規則の版 / the edition of list and rules"), **problems(304, 422)}
PLAN: Final = {**_answer({"type": "object"}, "業務の流れ / the plan"), **problems(400, 422)}
RECORD: Final = {**_answer({"type": "object"}, "記録 / the record"), **problems(404, 409, 422, 503)}
