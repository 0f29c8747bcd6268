"""
The OpenAPI file of the server as it runs: its list's words in the schemas, its own answers as examples, the keys that it wants.

What this server never answers does not stand there: no batch where each answer is recorded, no records where it keeps no log or has no
keys, no key for a request where nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from assign.desk.cloud_event import event
from assign.desk.desk import Desk
from assign.words import Meaning

from .examples import ACT, CHANNEL, DECIDED, DIVISION, EVENT, ITEM, NAME, PROBLEM, ROW
from .keys import PREFIX, ROLES, Power
from .media import CLOUD, CLOUD_BATCH
from .unrecorded import example
from .vocabulary import DATE, RANDOM_ID, Schema, ref, schemas

_DECIDE: Final = ("/v1/decisions", "post")
_BATCH: Final = ("/v1/decisions/batch", "post")
_LOG: Final = (("/v1/decisions/{seq}", "get"), ("/v1/decisions/{seq}/proof", "get"))
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": RANDOM_ID,
}
# What makes a record takes the record's key; of which answer it is the key, where an address gives several.
_KEYED: Final = {
    _DECIDE: ("`channel` が要る", "it needs a `channel`"),
    ("/access/v1/evaluation", "post"): None,
    ("/access/v1/evaluations", "post"): ("1 件の判定だけ", "of one evaluation, where no `evaluations` are given"),
    ("/access/v1/search/subject", "post"): None,
}
# Where an answer leads: the row, its plan, its record.
_LINKS: Final = {
    ("/v1/search", "get"): {
        "row": ("/v1/tasks/{row}", "row", "$response.body#/0/id"),
        "plan": ("/v1/plan", "row", "$response.body#/0/id"),
    },
    ("/v1/tasks", "get"): {"row": ("/v1/tasks/{row}", "row", "$response.body#/0/id")},
    _DECIDE: {
        "row": ("/v1/tasks/{row}", "row", "$response.body#/rows/0/id"),
        "record": ("/v1/decisions/{seq}", "seq", "$response.header.Assign-Record"),
        "proof": ("/v1/decisions/{seq}/proof", "seq", "$response.header.Assign-Record"),
    },
}
_POWERS: Final = {
    Power.ASK: "判定・検索・流れ・一覧 / decide, search, plan, read the list",
    Power.READ_LOG: "記録と証明を読む / read records and proofs",
    Power.MEASURE: "/metrics",
}


def described(app: FastAPI, desk: Desk, *, keys: bool) -> Schema:
    """
    The file.

    Args:
        keys: Whether a request needs a key.
    """
    said = [app.description, *_left_out(desk, keys)]
    found = get_openapi(title=app.title, version=app.version, description="\n\n".join(said), routes=app.routes)
    for path, method in _never(desk, keys):
        del found["paths"][path][method]
        if not found["paths"][path]:
            del found["paths"][path]
    components = found["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):  # the framework's own problems, which are not ours
        components.pop(unused, None)
    components.update(schemas(desk), Problem=PROBLEM)
    _parameters(found, desk)
    _answers(found, desk)
    _links(found)
    _security(found, keys)
    made: Schema = _with_words(found, _words(desk))
    return made


# -- what is not there -------------------------------------------------------------------------------------------------


def _never(desk: Desk, keys: bool) -> Iterator[tuple[str, str]]:
    if desk.audit is not None:
        yield _BATCH
    if desk.audit is None or not keys:
        yield from _LOG


def _left_out(desk: Desk, keys: bool) -> Iterator[str]:
    if desk.audit is not None:
        yield (
            f"このサーバーは答えを1件ずつ記録するので、`{_BATCH[0]}` はここにありません。 / "
            f"This server records each answer: `{_BATCH[0]}` is not here."
        )
    if desk.audit is None:
        yield (
            "このサーバーは記録を残しません（`assign serve --audit` と `--keys` で、記録の番地と `Idempotency-Key` が加わります）。 / "
            "This server keeps no log (with `assign serve --audit` and `--keys` come the addresses of records, and `Idempotency-Key`)."
        )
    elif not keys:
        yield (
            "このサーバーには API キーがないので、記録はだれも読めません（`assign serve --keys`）。 / "
            "This server has no API keys, so that nobody reads its log (`assign serve --keys`)."
        )


# -- words of the list -------------------------------------------------------------------------------------------------


def _parameters(found: Schema, desk: Desk) -> None:
    """The schemas of parameters: the framework knows that they are texts, the list knows which."""
    known = {
        "division": ref("DivisionKey"),
        "channel": ref("ChannelKey"),
        "row": ref("RowId"),
        "on": DATE,
        "event": ref("EventKey"),
    }
    for methods in found["paths"].values():
        for operation in methods.values():
            parameters = operation.get("parameters", [])
            if not desk.events():  # a list without life events: no word is one
                parameters[:] = [each for each in parameters if each["name"] != "event"]
            for each in parameters:
                schema = _not_null(each["schema"])
                if (own := known.get(each["name"])) is not None:
                    schema = {**schema, "items": own} if schema.get("type") == "array" else own
                each["schema"] = schema
    if desk.audit is not None:
        for (path, method), limit in _KEYED.items():
            found["paths"][path][method].setdefault("parameters", []).append(_key(limit))


def _key(limit: tuple[str, str] | None) -> Schema:
    ja, en = limit or ("", "")
    said = f"記録の鍵。同じ鍵には最初の答えが返る{'。' * bool(ja)}{ja} / the record's key: a retry gets the first answer{'; ' * bool(en)}{en}"
    return {**_KEY, "description": said}


def _not_null(schema: Schema) -> Schema:
    """What a parameter is where it is given: an address has no null."""
    ways = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(ways) != 1:
        return schema
    return {**{name: each for name, each in schema.items() if name != "anyOf"}, **ways[0]}


def _answers(found: Schema, desk: Desk) -> None:
    """The desk's own answers beside the examples of requests."""
    words = _words(desk)
    decided = example(desk, words[ROW], words[CHANNEL])
    division = words[DIVISION]
    answers = {
        _DECIDE: decided,
        _BATCH: [decided],
        ("/v1/tasks", "get"): desk.rows(division)[:1],
        ("/v1/tasks/{row}", "get"): decided["rows"][0],
        ("/v1/search", "get"): desk.found(words[NAME], division=division, limit=1)["rows"],
    }
    for (path, method), answer in answers.items():
        if path in found["paths"]:
            content = found["paths"][path][method]["responses"]["200"]["content"]["application/json"]
            content["example"] = answer
    given = found["paths"][_DECIDE[0]][_DECIDE[1]]["responses"]["200"]
    given["content"]["application/json"]["schema"] = DECIDED
    given["content"][CLOUD] = {"schema": EVENT, "example": event(decided)}
    given["content"][CLOUD_BATCH] = {"schema": {"type": "array", "items": EVENT}}
    if desk.audit is not None:
        given["headers"] = {
            "Assign-Record": {
                "required": True,
                "schema": {"type": "string", "pattern": "^[0-9]+(, [0-9]+)*$"},
                "description": "記録の番号 / the number of the record, one for each channel",
            }
        }


def _links(found: Schema) -> None:
    for (path, method), links in _LINKS.items():
        found["paths"][path][method]["responses"]["200"]["links"] = {
            name: {"operationId": found["paths"][to]["get"]["operationId"], "parameters": {parameter: where}}
            for name, (to, parameter, where) in links.items()
            if to in found["paths"]
        }


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


# -- keys --------------------------------------------------------------------------------------------------------------


def _security(found: Schema, keys: bool) -> None:
    """
    How a key is sent, and which roles each operation lets in. Where the server wants no key, nothing is said of keys.
    """
    for methods in found["paths"].values():
        for operation in methods.values():
            power = next(
                (Power(each) for way in operation.pop("security", []) for each in way), None
            )  # as `may` says it
            if not keys or power is None:
                for status in ("401", "403"):
                    operation["responses"].pop(status, None)
                continue
            roles = ", ".join(f"`{role}`" for role, may in ROLES.items() if power in may)
            operation["security"] = [{name: []} for name in _schemes()]
            operation["description"] += f"\n\n使える役割 / roles that may: {roles}"
            operation["responses"]["403"]["description"] += f" ({roles})"
    found["components"].pop("securitySchemes", None)
    if keys:
        found["components"]["securitySchemes"] = _schemes()


def _schemes() -> Schema:
    roles = "; ".join(
        f"`{role}`: " + ", ".join(_POWERS[power] for power in Power if power in may) for role, may in ROLES.items()
    )
    said = f"`assign serve --new-key ROLE` のキー / a key of `assign serve --new-key ROLE`. 役割 / roles: {roles}"
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": f"{PREFIX}…", "description": said},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": said},
    }
