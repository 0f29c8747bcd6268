"""
The words of the list in use as schemas: what a request may say of divisions, numbers, rows, channels, acts and life events.

A word of a small closed set is an `enum`. Rows and numbers, of which there are hundreds and which the next edition of a list changes, are
texts with a pattern that has each of them: a client that was generated from an older edition can still send a newer row. People's other
ways of writing a word (`窓口`, `令和8年4月1日`) are understood, too, but a program has no need of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from assign.catalog.model import Task
from assign.desk.desk import Desk

Schema = dict[str, Any]
# A random UUID as the log takes it: with a letter in it, and no digit seven times in a row, which hardly any has and padded numbers have.
_RANDOM: Final = (
    r"^(?=[^a-f]*[a-f])(?!.*([0-9a-f])(?:-?\1){6})[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
)
RANDOM_ID: Final[Schema] = {  # no `format`: generated clients send an object then
    "type": "string",
    "minLength": 36,
    "maxLength": 36,
    "pattern": _RANDOM,
    "examples": ["9f1c2b7e-53d4-4a86-8e0b-c17d6a25f3e9"],
}
LARGEST_SEQ: Final = 2**53 - 1
_SHOWN: Final = 3  # examples of a word with a pattern
_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}/]")


def ref(name: str) -> Schema:
    """A schema of ours by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_none(schema: Schema) -> Schema:
    """The same, or null: as if it were not there."""
    return {"anyOf": [schema, {"type": "null"}]}


DATE: Final[Schema] = {
    "type": "string",
    "format": "date",
    "description": "案件の日付。なければ今日（日本） / the date of the case, today in Japan without it",
}


def schemas(desk: Desk) -> dict[str, Schema]:
    """The named schemas of a desk's own words; `Asked` is what a decision can be asked with."""
    manifest, tasks = desk.catalog.manifest, desk.catalog.tasks
    named: dict[str, Schema] = {
        "DivisionKey": _one_of({key: each.label for key, each in manifest.divisions.items()}, "区分", "a division"),
        "ChannelKey": _one_of({key: each.label for key, each in manifest.channels.items()}, "業務の場", "a channel"),
        "ActKey": _one_of({act.id: act.title for act in desk.rules.acts.values()}, "行為", "a step of the work"),
        "RowId": {
            **_any_of([task.id for task in tasks]),
            "description": "行の id（`/v1/tasks` の `id`） / the id of a row, as `/v1/tasks` has it",
        },
    }
    if events := desk.events():
        named["EventKey"] = _one_of({each.key: each.label for each in events}, "できごと", "a life event")
    common: Schema = {
        "channel": or_none(ref("ChannelKey")),
        "act": or_none(ref("ActKey")),
        "on": or_none(DATE),
    }
    if desk.audit is not None:
        common |= {
            "case": or_none({**RANDOM_ID, "description": "案件の乱数 UUID / a random UUID of the case"}),
            "corrects": or_none(
                {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": LARGEST_SEQ,
                    "description": "訂正する判定の記録の番号。`channel` が要る / the recorded decision that this one corrects;"
                    " it needs a `channel`",
                }
            ),
        }
    ways = {"AskedByRow": _way("行で尋ねる / by a row", ["row"], {"row": ref("RowId"), **common})}
    for key, division in manifest.divisions.items():
        if not (own := [task for task in tasks if task.division == key]):
            continue
        said = f"{division.label['ja']}の番号で尋ねる / by a number of {division.label['en']}"
        fields = {"division": {"const": key}, "item": _item(own), "section": or_none(_heading(own)), **common}
        ways[f"AskedIn{key[:1].upper()}{key[1:]}"] = _way(said, ["division", "item"], fields)
    return {**named, **ways, "Asked": {"oneOf": [ref(name) for name in ways]}}


def _way(said: str, needed: list[str], fields: Schema) -> Schema:
    return {
        "type": "object",
        "description": said,
        "required": needed,
        "additionalProperties": False,
        "properties": fields,
    }


def _one_of(labels: dict[str, Any], ja: str, en: str) -> Schema:
    """A closed set; each word with what it is called."""
    said = ", ".join(f"{key} {label['ja']}" for key, label in labels.items())
    return {"type": "string", "enum": list(labels), "description": f"{ja} / {en}: {said}"}


def _any_of(words: Sequence[str]) -> Schema:
    """A text that is one of many."""
    return {"type": "string", "pattern": f"^({'|'.join(map(_literal, words))})$", "examples": list(words[:_SHOWN])}


def _literal(word: str) -> str:
    """A word within a pattern. `re.escape` escapes hyphens, too, which ECMA 262 with Unicode refuses."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], word)


def _item(tasks: Iterable[Task]) -> Schema:
    """What names rows of one division: a number as printed, or one row of a number that stands on several (`22-3`)."""
    words = list(dict.fromkeys(word for task in tasks for word in (task.item, task.number) if word))
    numbers = sorted(int(word) for word in words if word.isascii() and word.isdigit())
    text = {
        **_any_of(words),
        "description": "番号、または 22-3 のような行（同じ番号が複数の行にあるとき） / the printed number, or a row of a number that"
        " stands on several",
    }
    return {"anyOf": [text, {"type": "integer", "enum": numbers}]} if numbers else text


def _heading(tasks: Iterable[Task]) -> Schema:
    """The headings of a division."""
    words = list(dict.fromkeys(word for task in tasks for word in (task.section, task.group) if word))
    return {
        "type": "string",
        "description": "大分類か中分類。その番号の上にあるもの / a heading that stands over that number",
        "examples": words[:_SHOWN],
    }
