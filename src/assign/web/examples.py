"""
What the OpenAPI file shows of each operation: the models of the contract, problem documents, and examples of real rows.

The requests stand here; their answers are the desk's own, asked when the file is made (`filled`).
"""

from __future__ import annotations

from typing import Any, Final

from assign.desk.cloud_event import event
from assign.desk.desk import Desk
from assign.explanation.model import Candidate, Decision, Row
from assign.words import Meaning

from .media import CLOUD, CLOUD_BATCH
from .problems import MEDIA, TYPE
from .unrecorded import example

Schema = dict[str, Any]
# Words of the list in use, which is not known yet: `filled` puts a row of it in their place, with an act of the row's own work.
DIVISION: Final = "<division>"
ITEM: Final = "<item>"
CHANNEL: Final = "<channel>"
ROW: Final = "<row>"
NAME: Final = "<name>"
ACT: Final = "<act>"
ASKED: Final = {"division": DIVISION, "item": ITEM, "channel": CHANNEL}
OTHER: Final = {"row": ROW, "channel": CHANNEL, "act": ACT}
UNKNOWN: Final = {"division": DIVISION, "item": "99999", "channel": CHANNEL}
_RANDOM: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"  # a random UUID
_WORD: Final = {"type": ["string", "null"]}
_REQUEST: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "division": {**_WORD, "description": "区分の記号か名前 / key or name of a division"},
        "item": {
            "type": ["string", "integer", "null"],
            "description": "番号、または 22-3 のような行 / the printed number, or a row",
        },
        "channel": {**_WORD, "description": "業務の場。なければすべて（一覧） / the channel; without it a list of all"},
        "act": {**_WORD, "description": "行為 / a step of the work"},
        "on": {**_WORD, "description": "案件の日付。なければ今日 / the date of the case, today in Japan without it"},
        "section": {**_WORD, "description": "大分類か中分類 / a heading"},
        "row": {**_WORD, "description": "区分と番号の代わりに行の id / a row id instead of division and item"},
    },
}
_RECORDED: Final[Schema] = {
    **_REQUEST,
    "properties": {
        **_REQUEST["properties"],
        "case": {**_WORD, "description": "案件の乱数 UUID / a random UUID of the case"},
        "corrects": {
            "type": ["integer", "null"],
            "description": "訂正する記録の番号 / the record that this one corrects",
        },
    },
}
_PROBLEM: Final[Schema] = {
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


KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": _RANDOM},  # no `format`: generated clients send an object then
    "description": "記録の鍵。同じ鍵には最初の答えが返る / the record's key: a retry gets the first answer",
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
        422: "知らない語、または別の依頼に使われた鍵 / an unknown word, or a key of another request",
        500: "判定できない / there is no answer, and it is the server's fault",
        503: "記録できない / the answer cannot be recorded",
    }
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[int | str, Schema] = {}
    for status in sorted({*statuses, 400, 401, 403, 415}):
        found[status] = {"description": texts[status], **({} if status == 304 else {"content": content})}
    return found


def _answer(schema: Schema | None, said: str, **model: Any) -> dict[int | str, Schema]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {200: {"description": said, **content, **model}}


_DECIDED: Final[Schema] = {
    "anyOf": [
        {"$ref": "#/components/schemas/Decision"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Decision"}},
    ]
}
_EVENT: Final[Schema] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        **{name: {"type": "string"} for name in ("id", "source", "type", "subject", "datacontenttype")},
        "time": {"type": "string", "format": "date-time"},
        "data": {"$ref": "#/components/schemas/Decision"},
    },
}
DECIDE: Final = {**_body(_RECORDED, {"a row": ASKED, "one act": OTHER}), "parameters": [KEY]}
DECISION: Final = {
    **_answer(None, "答え / the answer", model=Decision),
    **problems(400, 404, 406, 408, 409, 413, 415, 422, 500, 503),
}
BATCH: Final = _body(
    {"type": "array", "minItems": 1, "maxItems": 10_000, "items": _REQUEST}, {"two, one unknown": [ASKED, UNKNOWN]}
)
BATCHED: Final = {
    **_answer({"type": "array", "items": {"type": "object"}}, "依頼の順に、答えかエラー / answers or errors, in order"),
    **problems(400, 408, 409, 413, 415, 500),
}
TASKS: Final = {**_answer(None, "行 / rows", model=list[Row]), **problems(304, 422)}
TASK: Final = {**_answer(None, "行 / a row", model=Row), **problems(304, 422)}
SEARCH: Final = {**_answer(None, "候補 / candidates", model=list[Candidate]), **problems(400, 422)}
ACTS: Final = {**_answer({"type": "array", "items": {"type": "object"}}, "行為 / acts"), **problems(304)}
KINDS: Final = {
    **_answer({"type": "array", "items": {"type": "object"}}, "業務の種類 / kinds of work"),
    **problems(304),
}
CATALOG: Final = {**_answer({"type": "object"}, "一覧と規則の版 / the edition of list and rules"), **problems(304)}
PLAN: Final = {**_answer({"type": "object"}, "業務の流れ / the plan"), **problems(400, 422)}
RECORD: Final = {**_answer({"type": "object"}, "記録 / the record"), **problems(404, 409, 422, 503)}

# Where an answer leads: the row, its plan, its record.
_LINKS: Final = {
    ("/v1/search", "get"): {
        "row": ("/v1/tasks/{row}", "row", "$response.body#/0/id"),
        "plan": ("/v1/plan", "row", "$response.body#/0/id"),
    },
    ("/v1/tasks", "get"): {"row": ("/v1/tasks/{row}", "row", "$response.body#/0/id")},
    ("/v1/decisions", "post"): {
        "row": ("/v1/tasks/{row}", "row", "$response.body#/rows/0/id"),
        "record": ("/v1/decisions/{seq}", "seq", "$response.header.Assign-Record"),
        "proof": ("/v1/decisions/{seq}/proof", "seq", "$response.header.Assign-Record"),
    },
}


def filled(openapi: Schema, desk: Desk) -> Schema:
    """The OpenAPI file with real answers beside the examples of requests."""
    words = _words(desk)
    decided = example(desk, words[ROW], words[CHANNEL])
    division = words[DIVISION]
    answers = {
        ("/v1/decisions", "post"): decided,
        ("/v1/decisions/batch", "post"): [decided],
        ("/v1/tasks", "get"): desk.rows(division)[:1],
        ("/v1/tasks/{row}", "get"): decided["rows"][0],
        ("/v1/search", "get"): desk.found(words[NAME], division=division, limit=1)["rows"],
    }
    for (path, method), answer in answers.items():
        content = openapi["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        content["example"] = answer
    for (path, method), links in _LINKS.items():
        openapi["paths"][path][method]["responses"]["200"]["links"] = {
            name: {"operationId": openapi["paths"][to]["get"]["operationId"], "parameters": {parameter: found}}
            for name, (to, parameter, found) in links.items()
        }
    decision = openapi["paths"]["/v1/decisions"]["post"]["responses"]["200"]["content"]["application/json"]
    decision["schema"] = _DECIDED
    content = openapi["paths"]["/v1/decisions"]["post"]["responses"]["200"]["content"]
    content[CLOUD] = {"schema": _EVENT, "example": event(decided)}
    content[CLOUD_BATCH] = {"schema": {"type": "array", "items": _EVENT}}
    openapi["components"]["schemas"]["Problem"] = _PROBLEM
    found: Schema = _with_words(openapi, words)
    return found


def _words(desk: Desk) -> dict[str, str]:
    """A row of the desk's own list, consigned on its first channel where one is, and what can be asked of it."""
    channel = next(iter(desk.catalog.manifest.channels))
    tasks = desk.catalog.tasks
    task = next((each for each in tasks if desk.catalog.says(each, channel).meaning is Meaning.CONSIGNED), tasks[0])
    kind = desk.rules.work.kind(task.id)
    act = kind.steps[0].act if kind else next(iter(desk.rules.acts))
    words = {DIVISION: task.division, ITEM: task.item, CHANNEL: channel, ROW: task.id, NAME: task.name, ACT: act}
    return {key: str(word) for key, word in words.items()}


def _with_words(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _with_words(each, words) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_words(each, words) for each in value]
    return words.get(value, value) if isinstance(value, str) else value
