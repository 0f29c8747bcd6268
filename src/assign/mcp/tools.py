"""
The tools of an assistant: name, what it is for, the schema of what it takes, and the desk's answer.

An answer is the contract's JSON, text as the command line prints it; `explain` gives what a clerk reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from assign.desk import listings
from assign.desk.asked import ASKED, known_names
from assign.desk.desk import Desk
from assign.errors import BadRequest
from assign.explanation.plain_text import explain
from assign.plan import page

Schema = dict[str, Any]
MOST_ROWS: Final = 20  # of one plan: each is some 50 kB of an assistant's memory


class Answered(NamedTuple):
    """
    What a tool gives.

    Attributes:
        text: As the command line prints it. data: The same as an object of JSON; None where the answer is prose.
        beside: JSON that the command line says beside its answer, on stderr.
    """

    text: str
    data: dict[str, Any] | None
    beside: str = ""


class Tool(NamedTuple):
    """
    A tool.

    Attributes:
        answer: Desk and arguments that fit `takes` → the answer; raises as the desk does.
        dated: Whether `on` is part of what it answers; else it says which edition of the list is asked.
    """

    name: str
    title: str
    purpose: str
    takes: Schema
    answer: Callable[[Desk, Mapping[str, Any]], Answered]
    dated: bool = True


def answered(tool: Tool, desk: Desk, given: Mapping[str, Any]) -> Answered:
    """
    The answer of a tool.

    Raises:
        BadRequest: The arguments do not fit its schema. AssignError: As the desk raises.
    """
    known_names(given, tuple(tool.takes["properties"]))
    wrong = best_match(Draft202012Validator(tool.takes).iter_errors(given))
    if wrong is not None:
        at = ".".join(map(str, wrong.absolute_path))
        if wrong.validator == "required":
            at = next(name for name in wrong.validator_value if name not in given)
            raise BadRequest(f"`{at}` がありません", f"`{at}` is missing", [at])
        choices = wrong.validator_value if wrong.validator == "enum" else []
        rule = json.dumps({name: wrong.schema[name] for name in wrong.schema if name != "description"})
        raise BadRequest(
            f"`{at}` が正しくありません（{rule}）", f"`{at}` is not as it should be ({rule})", [str(c) for c in choices]
        )
    if tool.dated:
        return tool.answer(desk, given)
    return tool.answer(desk.in_force(given.get("on")), {name: word for name, word in given.items() if name != "on"})


def _decide(desk: Desk, given: Mapping[str, Any]) -> Answered:
    answers = desk.answers(**given)
    alone = given.get("channel") is not None
    return Answered(_json(answers[0] if alone else answers), {"decisions": answers})


def _explain(desk: Desk, given: Mapping[str, Any]) -> Answered:
    asked: dict[str, Any] = {name: given.get(name) for name in ASKED}
    lang = given.get("lang", "ja")
    if given.get("event") is None:
        return Answered("\n\n".join(explain(each, lang, why=True) for each in desk.answers(**asked)) + "\n", None)
    if asked.pop("act") is not None:
        raise BadRequest("`event` に `act` は使えません", "`act` does not go with `event`")
    return Answered("\n".join(page.text(desk.planned(**asked, event=given["event"]), lang)) + "\n", None)


def _plan(desk: Desk, given: Mapping[str, Any]) -> Answered:
    plan = desk.planned(**given)
    return Answered(_json(plan), plan)


def _search(desk: Desk, given: Mapping[str, Any]) -> Answered:
    found = desk.found(given["text"], **{name: given[name] for name in given if name != "text"})
    nothing = {name: found[name] for name in ("elsewhere", "ask")}
    return Answered(_json(found["rows"]), found, "" if found["rows"] else _json(nothing))


def _list(desk: Desk, given: Mapping[str, Any]) -> Answered:
    what, division, row = given["what"], given.get("division"), given.get("row")
    if (division is not None) != (what == "rows"):
        raise BadRequest(
            "`division` は `what: rows` のときに（必ず）使います",
            "`division` goes with `what: rows`, and must be there",
        )
    if row is not None and what != "acts":
        raise BadRequest("`row` は `what: acts` と使います", "`row` goes with `what: acts`")
    if what == "catalog":
        catalog = listings.catalog(desk)
        return Answered(_json(catalog), catalog)
    if what == "rows":
        rows = desk.rows(division)
    else:
        rows = listings.acts(desk) if row is None else listings.acts_of_row(desk, row)[1]
    return Answered(_json(rows), {what: rows})


def _json(value: object) -> str:
    """JSON as the command line prints it."""
    return listings.as_json(value) + "\n"


def _word(said: str) -> Schema:
    return {"type": "string", "maxLength": 200, "description": said}


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


_LANG: Final[Schema] = {"type": "string", "enum": ["ja", "en"], "default": "ja"}


def _first(words: Iterable[str]) -> str:
    """A few words of the list in use, so that an assistant need not guess them."""
    return ", ".join(dict.fromkeys(islice(words, 10)))


def tools(desk: Desk) -> tuple[Tool, ...]:
    """The tools over a desk's list, in its words."""
    divisions = _first(each.key for each in desk.catalog.manifest.divisions.values())
    channels = _first(each.key for each in desk.catalog.manifest.channels.values())
    row = desk.catalog.tasks[0]
    place: Schema = {
        "division": _word(f"区分: {divisions} か、その名前 / a division, by key or name"),
        "item": {
            "type": ["string", "integer"],
            "maxLength": 200,
            "description": f"一覧の番号（{row.item} など） / the printed number",
        },
        "channel": _word(f"業務の場: {channels} か、その名前。なければすべて / the channel; all without it"),
        "on": _word("案件の日付。なければ今日 / the date of the case, today in Japan without it"),
        "section": _word("大分類か中分類 / a heading, where a number stands under several"),
        "row": _word(f"行の id（{row.id} など）。区分と番号の代わり / a row id, instead of division and item"),
    }
    act = _word(f"行為: {_first(desk.rules.acts)} など / one step of the work, by key or name (`list` what=acts)")
    events = _first(each.key for each in desk.events())
    edition = {} if desk.beside is None else {"on": place["on"]}
    event = {"event": _word(f"出来事: {events} か、その名前 / a life event, by key or name")} if events else {}
    return (
        Tool(
            "search",
            "行を探す / Find rows",
            "言葉（手続の名、略称、場面）から候補の行を返す。判定はしない。氏名など個人の情報は入れないこと。 / "
            "Candidate rows for words about the work. It never decides. Put no personal data into it. "
            "Where there are none, `elsewhere` and `ask` say where it belongs and which desk to ask.",
            _object(
                {
                    "text": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 1000,
                        "description": "業務についての言葉 / words about the work",
                    },
                    "division": place["division"],
                    "channel": place["channel"],
                    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
                    **edition,
                },
                "text",
            ),
            _search,
        ),
        Tool(
            "decide",
            "だれの業務か / Who handles it",
            "一つの行（または行の一つの行為）を受託者と市職員のどちらが行うかを、根拠とともに返す。`certainty` が needs_ruling なら答えは出ていない。 / "
            "Who handles a row of the list, or one act of it: contractor, city staff or both, with citations. "
            "Where `certainty` is needs_ruling it is not settled: pass `question` on.",
            _object({**place, "act": act}),
            _decide,
        ),
        Tool(
            "plan",
            "手順 / The steps",
            "業務の手順を順に、だれが行うか、どこで契約の境を越えるかとともに返す。 / "
            "The steps of a row's work in order, who handles each and why, and where the case crosses the contract's line. "
            f"Several rows (up to {MOST_ROWS}) give one plan for the visit. For a life event ask `explain`.",
            _object(
                {
                    **place,
                    "row": {
                        "type": ["string", "array"],
                        "maxLength": 200,
                        "items": {"type": "string", "maxLength": 200},
                        "minItems": 1,
                        "maxItems": MOST_ROWS,
                        "description": place["row"]["description"],
                    },
                }
            ),
            _plan,
        ),
        Tool(
            "explain",
            "説明文 / In words",
            "判定とその根拠のすべてを、人が読む文で返す。`event`（死亡、転入など）には、あるかもしれない手続きの一覧を返す。 / "
            "A decision with all that it rests on, as a clerk reads it; for a life event (`event`, alone with `channel` and `on`) its checklist.",
            _object({**place, "act": act, **event, "lang": _LANG}),
            _explain,
        ),
        Tool(
            "list",
            "一覧 / The list",
            "`catalog` は一覧と規則の版・区分・業務の場、`rows` は区分の行、`acts` は行為（`row` があればその行の業務のもの）を返す。 / "
            "`catalog`: edition, hashes, divisions and channels. `rows`: the rows of a division. `acts`: the acts, or with `row` those of its work.",
            _object(
                {
                    "what": {"type": "string", "enum": ["catalog", "rows", "acts"]},
                    "division": _word("rows のとき: 区分 / with rows: the division"),
                    "row": _word("acts のとき: 行の id / with acts: a row id"),
                    **edition,
                },
                "what",
            ),
            _list,
            dated=False,
        ),
    )
