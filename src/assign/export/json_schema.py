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
from typing import Final

from assign import resources
from assign.catalog.manifest import CHANNEL_KINDS, DESIGNABLE, KEY, PER
from assign.catalog.manifest_file import MOST as MOST_NAMED
from assign.catalog.manifest_file import MOST_LINES
from assign.rules import kinds, loader
from assign.rules.entries import DOMAIN
from assign.words import ActClass, Assignee, Certainty, Meaning

from . import lexicon_schema
from .schema_parts import (
    OWN,
    READ,
    SHA256,
    SOURCES,
    Schema,
    described,
    list_of,
    mapping,
    needed_where,
    one_of,
    one_or_more,
    ref,
    then_has,
    whole_schema,
)


def _known_act() -> Schema:
    """A key of the table of acts: those that ship are offered; a city may have more."""
    shipped = loader.load(resources.rules_folder()).acts
    return {"anyOf": [{"enum": list(shipped)}, ref("text")], **described("行為の key", "the key of an act")}


# -- the list ----------------------------------------------------------------------------------------------------------


def manifest() -> Schema:
    """`manifest.yaml`."""
    key = {
        "type": "string",
        "pattern": f"^(?:{KEY.pattern})$",
        **described("key（英小文字で始まる a-z 0-9 _）", "a key"),
    }
    names = one_or_more(ref("text"), "別の呼び方", "other names", least=0, unique=False)
    label = ref("bilingual", "呼び方", "what it is called")
    printed = ref("text", "文書での見出し", "its heading in the document")
    division = mapping(
        {"key": key, "label": label},
        {"names": names, "desk": ref("bilingual", "引継ぎを受ける市の担当", "who takes over"), "printed": printed},
    )
    channel = mapping(
        {
            "key": key,
            "label": label,
            "kind": one_of(
                CHANNEL_KINDS, "場の種類。市民が来る場は counter", "its kind; where people come is a counter"
            ),
        },
        {"names": names, "printed": printed},
    )
    column = {
        **mapping(
            {"key": key, "label": label},
            {
                "per": one_of(PER, "行に1つか、業務の場ごとか、行為ごとか", "one cell a row, channel or act"),
                "acts": one_or_more(
                    _known_act(), "行為ごとの欄の行為", "the acts that it has cells for", least=0, unique=False
                ),
                "blank": ref("bilingual", "空欄の呼び方", "what an empty cell is called"),
                "printed": printed,
                "channel": ref("text", "この場だけの欄なら、その key", "the only channel that it speaks of"),
                "same": {
                    "type": "object",
                    "additionalProperties": _known_act(),
                    **described("別の行為と同じ欄に印字される行為", "acts that share the printed cell of another"),
                },
                "headings": {
                    "type": "object",
                    "additionalProperties": one_or_more(ref("text")),
                    **described(
                        "行為ごとの欄の見出しの印字（表によって違えばすべて）",
                        "what is printed above the cell of each act; where tables differ in it, each",
                    ),
                },
            },
        ),
        **needed_where({"properties": {"per": {"const": "act"}}, "required": ["per"]}, "acts"),
    }
    legend = mapping(
        {
            "document": ref("text", "文書のファイル名", "the file of the document"),
            "line": ref("number", "行番号", "its line"),
            "text": ref("text", "凡例の文", "what the legend says"),
        },
        {"en": ref("text", "英語の節", "the same as an English clause")},
        ja="文書の凡例の行",
        en="a line of the document's legend",
    )
    designation = mapping(
        {
            "act": one_of(DESIGNABLE, "公金を扱う行為", "an act with public money"),
            "legend": legend,
        },
        {"rows": one_or_more(ref("text"))},
        ja="指定公金事務取扱者として受託者が公金を扱うという、一覧の文",
        en="what the list says of who is designated to handle public money",
    )
    meaning = mapping(
        {
            "when": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [ref("text"), {"const": ""}]},
                **described(
                    "欄の key と印字。row, division, channel, act も書ける",
                    "columns and what is printed; row, division, channel, act too",
                ),
            },
            "means": one_of(
                Meaning,
                "意味: retained 市が行う、outside 委託していない場、consigned 公権力の行使を除いて委託、part_open 一部を委託、"
                "part_divided 一覧が分担を決めている、no_step 手順がない",
                "what it means",
            ),
        },
        {
            "legend": legend,
            "because": ref("bilingual", "凡例にないときの読み方", "how it is read, without a legend"),
            "third_party": ref(
                "text", "欄に印字された第三者", "whom the cell names, neither the contractor nor the city"
            ),
        },
        oneOf=[{"required": ["legend"]}, {"required": ["because"]}],
    )
    document = mapping(
        {
            "file": ref("text", "source/ の中のファイル名", "its file in source/"),
            "sha256": {
                "type": ["string", "number"],
                "pattern": SHA256,
                **described("SHA-256（16進64桁）", "hex"),
            },
        },
        {
            "sheets": list_of(
                mapping(
                    {
                        "name": ref("text", "シートの名前", "the name of the sheet"),
                        "line": {
                            "type": ["integer", "string"],
                            **described("最初の行の1つ前の行番号", "the line above its first row"),
                        },
                    }
                ),
                MOST_NAMED,
                "表計算ファイルから作ったテキストの、シートの所",
                "where in a text that was made of a workbook its sheets stand",
            ),
            "unread": list_of(
                ref("number", "行番号", "the number of a line"),
                MOST_LINES,
                "業務の行や注に見えて、この一覧のものでない行",
                "its lines that look like a row or a footnote of the list, and rightly are none",
            ),
        },
    )
    return whole_schema(
        "一覧の説明書き / the manifest of a list",
        mapping(
            {
                "title": ref("bilingual", "一覧の題名", "the title of the list"),
                "edition": ref("text", "版の名前", "which edition it is"),
                "documents": list_of(document, MOST_NAMED, "一覧の文書", "its documents", least=0),
                "divisions": list_of(division, MOST_NAMED, "区分", "divisions"),
                "channels": list_of(channel, MOST_NAMED, "業務の場", "channels"),
                "meanings": list_of(meaning, MOST_LINES, "印の意味", "what the marks mean"),
            },
            {
                "effective": {
                    "anyOf": [
                        ref("day"),
                        mapping(
                            {"since": ref("day", "効き始める日", "its first day")},
                            {"until": ref("day", "効く最後の日", "its last day")},
                        ),
                    ],
                    **described(
                        "効き始める日。最後の日も決まっていれば since と until", "its first day, or since and until"
                    ),
                },
                "columns": list_of(column, MOST_NAMED, "印のある欄", "the printed columns"),
                "designations": list_of(
                    designation, MOST_LINES, "指定公金事務取扱者", "who is designated for public money"
                ),
            },
        ),
    )


# -- the rules ---------------------------------------------------------------------------------------------------------


def _example(given: Mapping[str, Schema], says: str, *, required: Iterable[str] = ()) -> Schema:
    said = ref("text", "担当", "who") if says == "assignee" else ref("truth", "成り立つか", "whether it holds")
    words = {"type": "object", "properties": dict(given), "additionalProperties": False, "required": list(required)}
    return list_of(
        mapping({"given": words, says: said}),
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
        "id": ref("text", "この項目の名前（1度だけ）", "its name, once in all files"),
        "title": ref("bilingual", "見出し", "a title"),
        "source": ref("source"),
        **({"when": when} if when is not None else {}),
        "then": then,
        "because": ref("bilingual", "理由", "the reason"),
        "examples": _example(given, says, required=DOMAIN if all_facts else ()),
    }
    return mapping(required, optional)


_GIVEN: Final = {name: ref("text") for name in loader.EXAMPLE}
_ROWS: Final = one_or_more(ref("text"), "行の id", "ids of rows")


def decision_table() -> Schema:
    """`decision_table.yaml`."""
    facts = {name: one_or_more({"enum": list(values)}) for name, values in DOMAIN.items()}
    rule = _entry(
        mapping(
            {
                "assignee": one_of(Assignee, "担当", "who"),
                "certainty": one_of(Certainty, "確かさ", "how sure"),
            }
        ),
        {**{name: {"enum": list(values)} for name, values in DOMAIN.items()}},
        mapping({}, facts, minProperties=1, ja="当てはまる事実", en="the facts that it holds for"),
        {"question": ref("bilingual", "疑義照会の文", "the question to ask")},
        all_facts=True,
    ) | needed_where(then_has("certainty", Certainty.NEEDS_RULING), "question")
    return whole_schema(
        "決定表 / the decision table", mapping({"rules": list_of(rule, loader.MOST["rules"])}), **SOURCES
    )


def acts() -> Schema:
    """`acts.yaml`."""
    classes = [kind for kind in ActClass if kind is not ActClass.NONE]
    both = mapping(
        {
            "city": ref("bilingual", "市の部分", "the city's part"),
            "contractor": ref("bilingual", "受託者の部分", "the contractor's"),
        }
    )
    act = _entry(
        mapping(
            {
                "class": one_of(
                    classes,
                    "行為の種類: factual 事実行為、authority 公権力の行使、barred 別の理由で市、shared 両者、undetermined 表にない",
                    "the class of the act",
                )
            }
        ),
        _GIVEN,
        None,
        {
            "also": one_or_more(ref("text"), "ほかの名前", "other names", least=0, unique=False),
            "parts": both,
            "condition": mapping(
                {"ja": ref("text"), "en": ref("text")},
                {"rows": _ROWS},
                ja="この行為であるための条件",
                en="what must be so for the act to be this act",
            ),
        },
    ) | needed_where(then_has("class", ActClass.SHARED), "parts")
    word = mapping(
        {
            "word": ref("text", "日常の言葉", "an everyday word"),
            "acts": {"type": "array", "minItems": 2, "uniqueItems": True, "items": _known_act()},
        }
    )
    root = mapping(
        {"acts": list_of(act, loader.MOST["acts"])},
        {
            "words": list_of(
                word, loader.MOST["words"], "いくつかの行為でありうる言葉", "words that may be several acts"
            ),
            "read": READ,
        },
    )
    return whole_schema("行為の表 / the table of acts", root, **SOURCES)


def holders() -> Schema:
    """`holders.yaml`."""
    name = mapping({"key": ref("text", "主体の key", "its key"), "label": ref("bilingual", "呼び方", "its name")})
    rule = _entry(
        mapping({"holder": ref("text", "主体の key", "the key of a holder")}),
        _GIVEN,
        mapping(
            {"division": one_or_more(ref("text"), "区分の key", "keys of divisions")},
            {"act": one_or_more(_known_act()), "rows": _ROWS},
            dependentRequired={"rows": ["act"]},
        ),
    )
    root = mapping(
        {"holders": list_of(name, loader.MOST["holders"]), "rules": list_of(rule, loader.MOST["holders"])},
        {"read": READ},
    )
    return whole_schema("権限の主体 / whose authority it is", root, **SOURCES)


def notes() -> Schema:
    """`notes.yaml`."""
    note = _entry(
        mapping(
            {
                "caveat": one_of(
                    loader.CAVEATS,
                    "注意の種類: review_due 見直し、renamed 別のものに、ended 終了、changed 変更",
                    "its effect",
                )
            }
        ),
        _GIVEN,
        mapping({"rows": _ROWS}, {"since": ref("day", "この日から", "from this day on")}),
        {"read": ref("day", "根拠を読んだ日", "when its source was read")},
    )
    root = mapping({"notes": list_of(note, loader.MOST["notes"], least=0)})
    return whole_schema("注記 / dated notes", root, **SOURCES)


def rulings() -> Schema:
    """`rulings.yaml`."""
    channel = one_or_more(ref("text"), "業務の場の key", "keys of channels")
    when = mapping(
        {
            "rows": _ROWS,
            "channel": channel,
            "act": _known_act(),
            "since": ref("day", "この日から", "from this day on"),
        },
        {"until": ref("day", "この日まで", "up to this day")},
    )
    who = [each for each in Assignee if each is not Assignee.NOBODY]
    ruling = _entry(mapping({"assignee": one_of(who, "担当", "who")}), _GIVEN, when)
    ruling["properties"]["source"] = ref("own", "回答の文書と、答えた人の役職", "the paper and its author's capacity")
    root = mapping({"rulings": list_of(ruling, loader.MOST["rulings"], least=0)})
    return whole_schema("疑義照会への回答 / the register of rulings", root, own=OWN)


def work() -> Schema:
    """`kinds.yaml`."""

    def step(row: Mapping[str, Schema]) -> Schema:
        channel = ref("text", "業務の場の key", "the key of a channel")
        return mapping(
            {"act": _known_act(), "channel": channel},
            {
                **row,
                "optional": ref("truth", "省けるか", "whether it may be left out"),
                "when": ref("bilingual", "省けるとき、いつ行うか", "when an optional one is done"),
            },
        ) | {
            "if": {"required": ["when"]},
            "then": {"required": ["optional"], "properties": {"optional": {"enum": [True, "true"]}}},
        }

    def chain(name: str, of: Schema, *, needed: bool, **more: Schema) -> Schema:
        owners: list[Schema] = [{"required": ["basis"]}, {"required": ["source"]}]
        if not needed:
            owners.append({"not": {"anyOf": list(owners)}})
        return mapping(
            {
                "id": ref("text", "名前（1度だけ）", "its name, once in the file"),
                "label": ref("bilingual", "呼び方", "what it is called"),
                "because": ref("bilingual", "理由", "the reason"),
                name: list_of(of, kinds.MOST_STEPS, "行為を行う順に", "the acts in order"),
                "rows": one_or_more(ref("text"), "この種類の行", "its rows", least=0)
                if needed
                else one_or_more(ref("text"), "この流れで進む行", "the rows whose plan it is"),
            },
            {"basis": one_of(("judged",), "本システムの判断", "our judgement"), "source": ref("own"), **more},
            oneOf=owners,
        )

    texts = {"type": "object", "additionalProperties": ref("bilingual")}
    root = mapping(
        {
            "counter": one_or_more(_known_act(), "窓口に印のある行すべての行為", "the acts of every counter"),
            "kinds": list_of(chain("chain", step({}), needed=True, reasons=texts), kinds.MOST, "業務の種類", "kinds of work"),
            "chains": list_of(
                chain("steps", step({"row": ref("text", "ほかの行に移るとき、その行の id", "another row that the case goes on in")}), needed=False),
                kinds.MOST, "業務の流れ", "courses of a case", least=0,
            ),
        },
        {
            "conditions": {**texts, **described("省ける行為をいつ行うか", "when an optional act is done")},
            "once_a_visit": one_or_more(_known_act(), "1回の来庁で一度だけ行う行為", "acts of which one is enough for a visit"),
        },
    )  # fmt: skip
    return whole_schema("業務の種類と流れ / kinds of work and chains", root, own=OWN)


def floor() -> Schema:
    """`floor.json`, which `make floor` writes: every field of every entry, as the manifest says it."""
    names = {"type": "object", "additionalProperties": {"type": "array", "items": ref("text")}}
    kept = ("authority", "shared", "undetermined", "taking_in")
    return whole_schema(
        "どの規則も変えられない行為と一覧 / the acts that no rule set may give away, and the list that none may change",
        mapping({**dict.fromkeys(kept, names), "list": _floor_list()}),
    )


def _floor_list() -> Schema:
    """What is kept of the manifest that ships: without its edition, its first day, and who takes over."""
    text, bilingual, printed = ref("text"), ref("bilingual"), {"type": "string"}
    some = {"type": "array", "items": text}
    either = {  # a legend or our own reading, as in a manifest
        "oneOf": [
            {"properties": {"legend": {"type": "object"}, "because": {"type": "null"}}},
            {"properties": {"legend": {"type": "null"}, "because": {"type": "object"}}},
        ]
    }
    named = {"key": {"type": "string", "pattern": f"^(?:{KEY.pattern})$"}, "label": bilingual}
    legend = mapping({"document": text, "line": {"type": "integer", "minimum": 1}, "text": text, "en": text})
    when = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}
    return mapping(
        {
            "title": bilingual,
            "documents": list_of(mapping({"file": text, "sha256": {"type": "string", "pattern": SHA256}}), MOST_NAMED),
            "divisions": list_of(mapping({**named, "names": some, "printed": printed}), MOST_NAMED),
            "channels": list_of(
                mapping({**named, "names": some, "kind": {"enum": list(CHANNEL_KINDS)}, "printed": printed}), MOST_NAMED
            ),
            "columns": list_of(
                mapping(
                    {
                        **named,
                        "per": {"enum": list(PER)},
                        "acts": some,
                        "blank": bilingual,
                        "printed": printed,
                        "channel": {"type": "string"},
                        "same": {"type": "object", "additionalProperties": text},
                    },
                    {"headings": {"type": "object", "additionalProperties": some}},
                ),
                MOST_NAMED,
            ),
            "meanings": list_of(
                {
                    **mapping(
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
    "lexicon": lexicon_schema.concepts,
    "events": lexicon_schema.events,
    "outside": lexicon_schema.outside,
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
