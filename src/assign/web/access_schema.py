"""
What the OpenAPI file says of the AuthZEN endpoints: requests with examples of real rows, answers, problems.
"""

from __future__ import annotations

from typing import Any, Final

from .examples import ACT, CHANNEL, KEY, ROW, Schema, problems

_TEXT: Final[Schema] = {"type": "string"}
_OBJECT: Final[Schema] = {"type": "object"}
_CHANNEL: Final[Schema] = {
    "type": "object",
    "properties": {"channel": {"type": "string", "description": "業務の場 / the channel"}},
}


def _entity(*needed: str, properties: Schema | None = None) -> Schema:
    names = dict.fromkeys(needed, _TEXT)  # the id of what is searched for is ignored, whatever it is
    return {"type": "object", "required": list(needed), "properties": {**names, "properties": properties or _OBJECT}}


_SUBJECT: Final = _entity("type", "id")
_ACTION: Final[Schema] = {"type": "object", "required": ["name"], "properties": {"name": _TEXT, "properties": _OBJECT}}
_RESOURCE: Final[Schema] = {
    **_entity("type", "id", properties={**_CHANNEL, "required": ["channel"]}),
    "required": ["type", "id", "properties"],
}
_CONTEXT: Final[Schema] = {
    "type": "object",
    "properties": {"on": {"type": ["string", "null"], "description": "案件の日付 / the date of the case"}},
}
_PAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "前の答えの next_token / next_token of the answer before"},
        "limit": {"type": "integer", "minimum": 0},
        "properties": _OBJECT,
    },
}
_DECISION: Final[Schema] = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"type": "boolean"}, "context": _OBJECT},
}
_FOUND: Final[Schema] = {
    "type": "object",
    "required": ["page", "results"],
    "properties": {
        "page": {
            "type": "object",
            "required": ["next_token"],
            "properties": {"next_token": _TEXT, "count": {"type": "integer"}, "total": {"type": "integer"}},
        },
        "context": _OBJECT,
        "results": {"type": "array", "items": _OBJECT},
    },
}
_WHO: Final = {"type": "assignee", "id": "contractor"}
_WHAT: Final = {"type": "row", "id": ROW, "properties": {"channel": CHANNEL}}
_RECEIVE: Final = {"name": ACT}


def _operation(needed: Schema, also: Schema, answer: Schema, example: Schema, *statuses: int) -> dict[str, Any]:
    recorded = {"parameters": [KEY]} if 503 in statuses else {}
    schema = {"type": "object", "required": list(needed), "properties": {**needed, **also}}
    body = {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
    said = {200: {"description": "答え / the answer", "content": {"application/json": {"schema": answer}}}}
    return {
        "openapi_extra": {"requestBody": body, **recorded},
        "responses": {**said, **problems(408, 413, 500, *statuses)},
    }


_EVALUATED: Final = {"subject": _SUBJECT, "action": _ACTION, "resource": _RESOURCE}
_ASKED: Final = {"subject": _WHO, "action": _RECEIVE, "resource": _WHAT}
_MORE: Final = {"context": _CONTEXT, "page": _PAGE}
EVALUATION: Final = _operation(_EVALUATED, {"context": _CONTEXT}, _DECISION, _ASKED, 422, 503)
EVALUATIONS: Final = _operation(
    {},
    {
        **dict.fromkeys(("subject", "action", "resource", "context"), _OBJECT),
        "evaluations": {"type": "array", "maxItems": 1000, "items": _OBJECT},
        "options": {
            "type": "object",
            "properties": {
                "evaluations_semantic": {"enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"]}
            },
        },
    },
    {
        "anyOf": [
            _DECISION,
            {
                "type": "object",
                "required": ["evaluations"],
                "properties": {"evaluations": {"type": "array", "items": _DECISION}},
            },
        ]
    },
    {
        "subject": _WHO,
        "resource": _WHAT,
        "evaluations": [{"action": _RECEIVE}, {"action": {"name": "handle"}}],
    },
    422,
    503,
)
SUBJECTS: Final = _operation(
    {"subject": _entity("type"), "action": _ACTION, "resource": _RESOURCE},
    _MORE,
    _FOUND,
    {"subject": {"type": "assignee"}, "action": _RECEIVE, "resource": _WHAT},
    422,
    503,
)
RESOURCES: Final = _operation(
    {"subject": _SUBJECT, "action": _ACTION, "resource": _entity("type", properties=_CHANNEL)},
    _MORE,
    _FOUND,
    {"subject": _WHO, "action": _RECEIVE, "resource": {"type": "row"}, "page": {"limit": 20}},
)
ACTIONS: Final = _operation(
    {"subject": _SUBJECT, "resource": _RESOURCE}, _MORE, _FOUND, {"subject": _WHO, "resource": _WHAT}
)
