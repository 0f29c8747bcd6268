"""
JSON Schemas (2020-12) of the data files, so that an editor completes and checks them; `make schemas` writes them anew.

They are made here from the words that the readers use, and from nothing else. A schema says what one file alone can show; what
a name refers to, and whether two entries clash, the readers say. Every scalar of our YAML is text, whatever it looks like; an
editor takes `41` for a number and `true` for a truth value, so that both are let through where the reader takes both.

Source: `assign.catalog.manifest`, `assign.rules.loader`, `assign.rules.kinds`, which refuse what these refuse.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from assign import resources
from assign.catalog.manifest import CHANNEL_KINDS, KEY, MOST_LINES, PER
from assign.catalog.manifest import MOST as MOST_NAMED
from assign.rules import kinds, loader
from assign.rules.entries import DOMAIN
from assign.words import ActClass, Assignee, Certainty, Meaning
from assign.yaml_nodes import LONGEST_TEXT

Schema = dict[str, Any]


def _ref(name: str, ja: str = "", en: str = "") -> Schema:
    return {"$ref": f"#/$defs/{name}", **_said(ja, en)}


def _said(ja: str, en: str) -> Schema:
    """What an editor shows beside a field."""
    return {"description": f"{ja} / {en}"} if ja else {}


def _one_of(known: Iterable[str], ja: str, en: str) -> Schema:
    return {"enum": [str(word) for word in known], **_said(ja, en)}


def _fields(
    required: Mapping[str, Schema],
    optional: Mapping[str, Schema] | None = None,
    ja: str = "",
    en: str = "",
    **more: Any,
) -> Schema:
    """A mapping with all of `required` and nothing beyond `optional`."""
    properties = {**required, **(optional or {})}
    return {
        "type": "object",
        **_said(ja, en),
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def _list(of: Schema, most: int, ja: str = "", en: str = "", *, least: int = 1) -> Schema:
    return {"type": "array", "minItems": least, "maxItems": most, "items": of, **_said(ja, en)}


def _needed_where(condition: Schema, field: str) -> Schema:
    """A field is there where a condition holds, and nowhere else."""
    return {"if": condition, "then": {"required": [field]}, "else": {"not": {"required": [field]}}}


def _then(field: str, value: str) -> Schema:
    """The condition that `then` of an entry has a value."""
    return {"properties": {"then": {"properties": {field: {"const": value}}}}}


def _some(of: Schema, ja: str = "", en: str = "", *, least: int = 1, unique: bool = True) -> Schema:
    """One value, or a list of them."""
    several = {"type": "array", "minItems": least, "items": of, **({"uniqueItems": True} if unique else {})}
    return {"anyOf": [of, several], **_said(ja, en)}


# -- what all files have -----------------------------------------------------------------------------------------------

_TEXT: Final = {"type": ["string", "number", "boolean"], "pattern": r"\S", "maxLength": LONGEST_TEXT}
_NUMBER: Final = {"type": ["integer", "string"], "minimum": 0, "maximum": 99_999_999, "pattern": "^[0-9]{1,8}$"}
_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"}
_SHA256: Final = "^[0-9a-f]{64}$"
_TRUTH: Final = {"enum": [True, False, "true", "false"]}
_BILINGUAL: Final = _fields(
    {"ja": _ref("text", "日本語", "in Japanese"), "en": _ref("text", "英語", "in English")},
    ja="日本語と英語の文",
    en="the same in two languages",
)
_OWN: Final = _fields(
    {
        "document": _ref("text", "市の文書の名前", "a paper of the city's own"),
        "role": _ref("text", "定めた人の役職（氏名ではなく）", "the capacity of its author, never a name"),
    },
    ja="市の文書",
    en="a paper of the city's own",
)
_BASIS: Final = _one_of(
    loader.BASES,
    "根拠の確かさ: seen 条文で確認、reported 二次資料、analogy 類推、judged 本システムの判断",
    "how sure: seen in the text, reported by another, analogy, judged by us",
)
_LAW: Final = {
    **_fields({"basis": _ref("basis")}, {"law": _ref("text", "法令や通知", "a statute or a paper")}),
    "if": {"properties": {"basis": {"enum": list(loader.WITHOUT_TEXT)}}},
    "else": {"required": ["law"]},
}
_LINE: Final = _fields(
    {
        "document": _ref("text", "文書のファイル名", "the file of the document"),
        "line": _ref("number", "行番号", "its line"),
        "text": _ref("text", "その行にある文", "what stands there"),
    },
    {"basis": _ref("basis")},
    ja="文書の行",
    en="a line of the document",
)
_LEGEND: Final = _fields(
    {"legend": _one_of(Meaning, "その意味の凡例", "what the legend says of a meaning")},
    ja="一覧の凡例",
    en="the list's own legend",
)
_COMMON: Final[Mapping[str, Schema]] = {
    "text": _TEXT,
    "number": _NUMBER,
    "day": _DAY,
    "truth": _TRUTH,
    "bilingual": _BILINGUAL,
}
_READ: Final = {
    "$ref": "#/$defs/day",
    "description": "引いた法令などを読んだ日 / the day on which the statutes cited were read",
}
_SOURCES: Final[Mapping[str, Schema]] = {
    "basis": _BASIS,
    "own": _OWN,
    "source": {
        "anyOf": [_LAW, _LINE, _OWN, _LEGEND],
        **_said(
            "根拠: 法令、文書の行、市の文書、または判断", "a statute, a line, a paper of the city's, or a judgement"
        ),
    },
}


def _schema(title: str, root: Schema, **defs: Schema) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": {**_COMMON, **defs},
    }


def _known_act() -> Schema:
    """A key of the table of acts: those that ship are offered; a city may have more."""
    shipped = loader.load(resources.rules_folder()).acts
    return {"anyOf": [{"enum": list(shipped)}, _ref("text")], **_said("行為の key", "the key of an act")}


# -- the list ----------------------------------------------------------------------------------------------------------


def manifest() -> Schema:
    """`manifest.yaml`."""
    key = {"type": "string", "pattern": f"^(?:{KEY.pattern})$", **_said("key（英小文字で始まる a-z 0-9 _）", "a key")}
    names = _some(_ref("text"), "別の呼び方", "other names", least=0, unique=False)
    label = _ref("bilingual", "呼び方", "what it is called")
    printed = _ref("text", "文書での見出し", "its heading in the document")
    division = _fields(
        {"key": key, "label": label},
        {"names": names, "desk": _ref("bilingual", "引継ぎを受ける市の担当", "who takes over"), "printed": printed},
    )
    channel = _fields(
        {
            "key": key,
            "label": label,
            "kind": _one_of(
                CHANNEL_KINDS, "場の種類。市民が来る場は counter", "its kind; where people come is a counter"
            ),
        },
        {"names": names, "printed": printed},
    )
    column = {
        **_fields(
            {"key": key, "label": label},
            {
                "per": _one_of(PER, "行に1つか、業務の場ごとか、行為ごとか", "one cell a row, channel or act"),
                "acts": _some(
                    _known_act(), "行為ごとの欄の行為", "the acts that it has cells for", least=0, unique=False
                ),
                "blank": _ref("bilingual", "空欄の呼び方", "what an empty cell is called"),
                "printed": printed,
            },
        ),
        **_needed_where({"properties": {"per": {"const": "act"}}, "required": ["per"]}, "acts"),
    }
    legend = _fields(
        {
            "document": _ref("text", "文書のファイル名", "the file of the document"),
            "line": _ref("number", "行番号", "its line"),
            "text": _ref("text", "凡例の文", "what the legend says"),
        },
        {"en": _ref("text", "英語の節", "the same as an English clause")},
        ja="文書の凡例の行",
        en="a line of the document's legend",
    )
    meaning = _fields(
        {
            "when": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [_ref("text"), {"const": ""}]},
                **_said(
                    "欄の key と印字。row, channel, act も書ける", "columns and what is printed; row, channel, act too"
                ),
            },
            "means": _one_of(
                Meaning,
                "意味: retained 市が行う、outside 委託していない場、consigned 公権力の行使を除いて委託、part_open 一部を委託、"
                "part_divided 一覧が分担を決めている、no_step 手順がない",
                "what it means",
            ),
        },
        {"legend": legend, "because": _ref("bilingual", "凡例にないときの読み方", "how it is read, without a legend")},
        oneOf=[{"required": ["legend"]}, {"required": ["because"]}],
    )
    document = _fields(
        {
            "file": _ref("text", "source/ の中のファイル名", "its file in source/"),
            "sha256": {
                "type": ["string", "number"],
                "pattern": _SHA256,
                **_said("SHA-256（16進64桁）", "hex"),
            },
        }
    )
    return _schema(
        "一覧の説明書き / the manifest of a list",
        _fields(
            {
                "title": _ref("bilingual", "一覧の題名", "the title of the list"),
                "edition": _ref("text", "版の名前", "which edition it is"),
                "documents": _list(document, MOST_NAMED, "一覧の文書", "its documents", least=0),
                "divisions": _list(division, MOST_NAMED, "区分", "divisions"),
                "channels": _list(channel, MOST_NAMED, "業務の場", "channels"),
                "meanings": _list(meaning, MOST_LINES, "印の意味", "what the marks mean"),
            },
            {
                "effective": _ref("day", "効き始める日", "its first day"),
                "columns": _list(column, MOST_NAMED, "印のある欄", "the printed columns"),
            },
        ),
    )


# -- the rules ---------------------------------------------------------------------------------------------------------


def _example(given: Mapping[str, Schema], says: str, *, required: Iterable[str] = ()) -> Schema:
    said = _ref("text", "担当", "who") if says == "assignee" else _ref("truth", "成り立つか", "whether it holds")
    words = {"type": "object", "properties": dict(given), "additionalProperties": False, "required": list(required)}
    return _list(
        _fields({"given": words, says: said}),
        loader.MOST_EXAMPLES,
        "例。assign check が確かめる",
        "proved by check",
        least=0,
    )


def _entry(
    then: Schema,
    given: Mapping[str, Schema],
    when: Schema | None,
    optional: Mapping[str, Schema] | None = None,
    *,
    all_facts: bool = False,
) -> Schema:
    """An entry of a rule file. given: What an example of it may give."""
    says = "holds" if when is not None else "assignee"
    required = {
        "id": _ref("text", "この項目の名前（1度だけ）", "its name, once in all files"),
        "title": _ref("bilingual", "見出し", "a title"),
        "source": _ref("source"),
        **({"when": when} if when is not None else {}),
        "then": then,
        "because": _ref("bilingual", "理由", "the reason"),
        "examples": _example(given, says, required=DOMAIN if all_facts else ()),
    }
    return _fields(required, optional)


_GIVEN: Final = {name: _ref("text") for name in loader.EXAMPLE}
_ROWS: Final = _some(_ref("text"), "行の id", "ids of rows")


def decision_table() -> Schema:
    """`decision_table.yaml`."""
    facts = {name: _some({"enum": list(values)}) for name, values in DOMAIN.items()}
    rule = _entry(
        _fields(
            {
                "assignee": _one_of(Assignee, "担当", "who"),
                "certainty": _one_of(Certainty, "確かさ", "how sure"),
            }
        ),
        {**{name: {"enum": list(values)} for name, values in DOMAIN.items()}},
        _fields({}, facts, minProperties=1, ja="当てはまる事実", en="the facts that it holds for"),
        {"question": _ref("bilingual", "疑義照会の文", "the question to ask")},
        all_facts=True,
    ) | _needed_where(_then("certainty", Certainty.NEEDS_RULING), "question")
    return _schema("決定表 / the decision table", _fields({"rules": _list(rule, loader.MOST["rules"])}), **_SOURCES)


def acts() -> Schema:
    """`acts.yaml`."""
    classes = [kind for kind in ActClass if kind is not ActClass.NONE]
    both = _fields(
        {
            "city": _ref("bilingual", "市の部分", "the city's part"),
            "contractor": _ref("bilingual", "受託者の部分", "the contractor's"),
        }
    )
    act = _entry(
        _fields(
            {
                "class": _one_of(
                    classes,
                    "行為の種類: factual 事実行為、authority 公権力の行使、barred 別の理由で市、shared 両者、undetermined 表にない",
                    "the class of the act",
                )
            }
        ),
        _GIVEN,
        None,
        {
            "also": _some(_ref("text"), "ほかの名前", "other names", least=0, unique=False),
            "parts": both,
            "condition": _fields(
                {"ja": _ref("text"), "en": _ref("text")},
                {"rows": _ROWS},
                ja="この行為であるための条件",
                en="what must be so for the act to be this act",
            ),
        },
    ) | _needed_where(_then("class", ActClass.SHARED), "parts")
    word = _fields(
        {
            "word": _ref("text", "日常の言葉", "an everyday word"),
            "acts": {"type": "array", "minItems": 2, "uniqueItems": True, "items": _known_act()},
        }
    )
    root = _fields(
        {"acts": _list(act, loader.MOST["acts"])},
        {
            "words": _list(
                word, loader.MOST["words"], "いくつかの行為でありうる言葉", "words that may be several acts"
            ),
            "read": _READ,
        },
    )
    return _schema("行為の表 / the table of acts", root, **_SOURCES)


def holders() -> Schema:
    """`holders.yaml`."""
    name = _fields({"key": _ref("text", "主体の key", "its key"), "label": _ref("bilingual", "呼び方", "its name")})
    rule = _entry(
        _fields({"holder": _ref("text", "主体の key", "the key of a holder")}),
        _GIVEN,
        _fields(
            {"division": _some(_ref("text"), "区分の key", "keys of divisions")},
            {"act": _some(_known_act()), "rows": _ROWS},
            dependentRequired={"rows": ["act"]},
        ),
    )
    root = _fields(
        {"holders": _list(name, loader.MOST["holders"]), "rules": _list(rule, loader.MOST["holders"])}, {"read": _READ}
    )
    return _schema("権限の主体 / whose authority it is", root, **_SOURCES)


def notes() -> Schema:
    """`notes.yaml`."""
    note = _entry(
        _fields(
            {
                "caveat": _one_of(
                    loader.CAVEATS,
                    "注意の種類: review_due 見直し、renamed 別のものに、ended 終了、changed 変更",
                    "its effect",
                )
            }
        ),
        _GIVEN,
        _fields({"rows": _ROWS}, {"since": _ref("day", "この日から", "from this day on")}),
        {"read": _ref("day", "根拠を読んだ日", "when its source was read")},
    )
    root = _fields({"notes": _list(note, loader.MOST["notes"], least=0)})
    return _schema("注記 / dated notes", root, **_SOURCES)


def rulings() -> Schema:
    """`rulings.yaml`."""
    channel = _some(_ref("text"), "業務の場の key", "keys of channels")
    when = _fields(
        {
            "rows": _ROWS,
            "channel": channel,
            "act": _known_act(),
            "since": _ref("day", "この日から", "from this day on"),
        },
        {"until": _ref("day", "この日まで", "up to this day")},
    )
    who = [each for each in Assignee if each is not Assignee.NOBODY]
    ruling = _entry(_fields({"assignee": _one_of(who, "担当", "who")}), _GIVEN, when)
    ruling["properties"]["source"] = _ref("own", "回答の文書と、答えた人の役職", "the paper and its author's capacity")
    root = _fields({"rulings": _list(ruling, loader.MOST["rulings"], least=0)})
    return _schema("疑義照会への回答 / the register of rulings", root, own=_OWN)


def work() -> Schema:
    """`kinds.yaml`."""

    def step(row: Mapping[str, Schema]) -> Schema:
        channel = _ref("text", "業務の場の key", "the key of a channel")
        return _fields(
            {"act": _known_act(), "channel": channel},
            {
                **row,
                "optional": _ref("truth", "省けるか", "whether it may be left out"),
                "when": _ref("bilingual", "省けるとき、いつ行うか", "when an optional one is done"),
            },
        ) | {
            "if": {"required": ["when"]},
            "then": {"required": ["optional"], "properties": {"optional": {"enum": [True, "true"]}}},
        }

    def chain(name: str, of: Schema, *, needed: bool, **more: Schema) -> Schema:
        owners: list[Schema] = [{"required": ["basis"]}, {"required": ["source"]}]
        if not needed:
            owners.append({"not": {"anyOf": list(owners)}})
        return _fields(
            {
                "id": _ref("text", "名前（1度だけ）", "its name, once in the file"),
                "label": _ref("bilingual", "呼び方", "what it is called"),
                "because": _ref("bilingual", "理由", "the reason"),
                name: _list(of, kinds.MOST_STEPS, "行為を行う順に", "the acts in order"),
                "rows": _some(_ref("text"), "この種類の行", "its rows", least=0)
                if needed
                else _some(_ref("text"), "この流れで進む行", "the rows whose plan it is"),
            },
            {"basis": _one_of(("judged",), "本システムの判断", "our judgement"), "source": _ref("own"), **more},
            oneOf=owners,
        )

    texts = {"type": "object", "additionalProperties": _ref("bilingual")}
    root = _fields(
        {
            "counter": _some(_known_act(), "窓口に印のある行すべての行為", "the acts of every counter"),
            "kinds": _list(chain("chain", step({}), needed=True, reasons=texts), kinds.MOST, "業務の種類", "kinds of work"),
            "chains": _list(
                chain("steps", step({"row": _ref("text", "ほかの行に移るとき、その行の id", "another row that the case goes on in")}), needed=False),
                kinds.MOST, "業務の流れ", "courses of a case", least=0,
            ),
        },
        {
            "conditions": {**texts, **_said("省ける行為をいつ行うか", "when an optional act is done")},
            "once_a_visit": _some(_known_act(), "1回の来庁で一度だけ行う行為", "acts of which one is enough for a visit"),
        },
    )  # fmt: skip
    return _schema("業務の種類と流れ / kinds of work and chains", root, own=_OWN)


def floor() -> Schema:
    """`floor.json`, which `make floor` writes: every field of every entry, as the manifest says it."""
    names = {"type": "object", "additionalProperties": {"type": "array", "items": _ref("text")}}
    kept = ("authority", "shared", "undetermined", "taking_in")
    return _schema(
        "どの規則も変えられない行為と一覧 / the acts that no rule set may give away, and the list that none may change",
        _fields({**dict.fromkeys(kept, names), "list": _floor_list()}),
    )


def _floor_list() -> Schema:
    """What is kept of the manifest that ships: without its edition, its first day, and who takes over."""
    text, bilingual, printed = _ref("text"), _ref("bilingual"), {"type": "string"}
    some = {"type": "array", "items": text}
    either = {  # a legend or our own reading, as in a manifest
        "oneOf": [
            {"properties": {"legend": {"type": "object"}, "because": {"type": "null"}}},
            {"properties": {"legend": {"type": "null"}, "because": {"type": "object"}}},
        ]
    }
    named = {"key": {"type": "string", "pattern": f"^(?:{KEY.pattern})$"}, "label": bilingual}
    legend = _fields({"document": text, "line": {"type": "integer", "minimum": 1}, "text": text, "en": text})
    when = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
    return _fields(
        {
            "title": bilingual,
            "documents": _list(_fields({"file": text, "sha256": {"type": "string", "pattern": _SHA256}}), MOST_NAMED),
            "divisions": _list(_fields({**named, "names": some, "printed": printed}), MOST_NAMED),
            "channels": _list(
                _fields({**named, "names": some, "kind": {"enum": list(CHANNEL_KINDS)}, "printed": printed}), MOST_NAMED
            ),
            "columns": _list(
                _fields({**named, "per": {"enum": list(PER)}, "acts": some, "blank": bilingual, "printed": printed}),
                MOST_NAMED,
            ),
            "meanings": _list(
                {
                    **_fields(
                        {
                            "when": when,
                            "means": {"enum": [str(word) for word in Meaning]},
                            "legend": {"anyOf": [legend, {"type": "null"}]},
                            "because": {"anyOf": [bilingual, {"type": "null"}]},
                        }
                    ),
                    **either,
                },
                MOST_LINES,
            ),
        }
    )


_MAKERS: Final = {
    "manifest": manifest,
    "decision_table": decision_table,
    "acts": acts,
    "holders": holders,
    "notes": notes,
    "kinds": work,
    "rulings": rulings,
    "floor": floor,
}


def schemas() -> dict[str, Schema]:
    """Every schema, by the name of the file that it is for."""
    return {name: make() for name, make in _MAKERS.items()}


def as_file(schema: Schema) -> bytes:
    """A schema as its file has it."""
    return (json.dumps(schema, ensure_ascii=False, indent=1) + "\n").encode()


def _write() -> None:
    folder = resources.data_folder() / "schema"
    folder.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (folder / f"{name}.schema.json").write_bytes(as_file(schema))
        sys.stdout.write(f"{folder / name}.schema.json\n")


if __name__ == "__main__":  # make schemas
    _write()
