"""
The JSON Schema (2020-12) of a mapping, so that an editor completes and checks it; `make schemas` writes it anew.

Made from the words that `assign.intake.mapping_file` reads, which refuses what this refuses.
"""

from __future__ import annotations

import sys

from assign import resources
from assign.catalog.manifest import CHANNEL_KINDS, DESIGNABLE, KEY
from assign.catalog.manifest_file import MOST, MOST_LINES
from assign.export.json_schema import as_file
from assign.export.schema_parts import Schema, described, list_of, mapping, one_of, one_or_more, ref, whole_schema
from assign.words import Meaning

from .looks import MEANS as LOOKS
from .looks import NO_MEANING, SIMPLE
from .mapping import AS_CHANNEL, CELLS, HOLDERS, LEVELS, MEANS, MERGED, OF_PART, OTHERS, PARTIES, ROLES, UNSETTLED

_SPAN: Schema = {"type": ["string", "integer"], "minimum": 1, "pattern": "^[1-9][0-9]{0,6}(-([1-9][0-9]{0,6})?)?$"}
_PLACE: Schema = {"type": ["string", "integer"], "minimum": 1, "pattern": "^([1-9][0-9]{0,3}|[A-Za-z]{1,3})$"}


def schema() -> Schema:
    """`mapping.yaml`, whatever it is called."""
    key = {
        "type": "string",
        "pattern": f"^(?:{KEY.pattern})$",
        **described("key（英小文字で始まる a-z 0-9 _）", "a key"),
    }
    texts = one_or_more(ref("text"), least=0, unique=False)
    label = ref("bilingual", "呼び方", "what it is called")
    quote = {
        "anyOf": [
            ref("text"),
            mapping({"text": ref("text")}, {"en": ref("text"), "line": ref("number")}),
        ],
        **described("凡例の文。ファイルにあるとおりに", "the legend's sentence, as the file has it"),
    }
    because = ref("bilingual", "凡例にないときの市の読み方", "how the city reads it, without a legend")
    whole = {"enum": [str(word) for word in Meaning if word is not Meaning.UNREADABLE]}
    mark = mapping(
        {
            "mark": {
                "anyOf": [ref("text"), {"const": ""}],
                **described('印字。空欄は ""', "what is printed; a blank cell is empty"),
            },
            "means": one_of(MEANS, "意味", "what it means"),
        },
        {
            "legend": quote,
            "because": because,
            "acts": {"type": "object", "additionalProperties": whole},
            "channel": {**key, **described("どの場と同じか（as_channel）", "which channel it is like (as_channel)")},
        },
    )
    mark |= {
        "if": {"properties": {"means": {"const": AS_CHANNEL}}},
        "then": {"required": ["channel"]},
        "else": {"not": {"required": ["channel"]}},
    }
    marks = list_of(mark, MOST, "印の組。空欄も要る", "marks, a blank cell among them")
    column = mapping(
        {"role": one_of(ROLES, "列の役割", "what the column holds")},
        {
            "column": {**_PLACE, **described("A、B、…（または 1、2、…）", "A, B, … or 1, 2, …")},
            "header": ref("text", "見出し。2段なら 上/下", "its header; of two rows both, with / between"),
            "channel": {
                **key,
                **described(
                    f"この列の業務の場。表ごとなら {OF_PART}",
                    f"the channel that it is of; {OF_PART}: the table says it",
                ),
            },
            "act": one_or_more(ref("text"), "この列の行為", "the acts that it is of"),
            "party": one_of(PARTIES, "この列の担当者", "the party that it is of"),
            "marks": {"anyOf": [ref("text"), marks]},
            "rest": {
                "const": "in_remark",
                **described("印の後ろの数量や名前は備考へ", "what is behind a mark is a remark"),
            },
            "key": key,
            "label": label,
            "blank": ref("bilingual", "空欄の呼び方", "what an empty cell is called"),
            "same_as_above": mapping(
                {"mark": ref("text", "印字（同上など）", "what is printed"), "legend": quote},
                ja="上の行の備考を指す印字",
                en="what stands for the remark of the row above",
            ),
        },
        anyOf=[{"required": ["column"]}, {"required": ["header"]}],
    )
    own = {
        "type": "object",
        "additionalProperties": list_of(mark, MOST),
        **described("ここだけで別の意味になる印", "marks that mean something else here"),
    }
    said = [
        {"required": ["legend"]},
        {"required": ["because"]},
        {"properties": {"means": {"const": str(Meaning.UNDEFINED)}}},
    ]
    combination = {**mapping({"means": whole}, {"legend": quote, "because": because}), "anyOf": said}
    parties = mapping(
        {},
        {
            "both": combination,
            "neither": combination,
            "other": combination,
            "divided_by_remark": ref("truth"),
            "names": mapping(dict.fromkeys(PARTIES[:2], texts)),
        },
    )
    look = mapping(
        {"look": ref("text", "fill FFFF00、strike など", "such as fill FFFF00"), "means": {"enum": list(LOOKS)}},
        {"legend": quote, "because": because},
    )
    colours = {
        "anyOf": [
            one_of(SIMPLE, "色", "whether colours carry meaning"),
            list_of(look, MOST, "見た目ごとの意味", "looks"),
        ]
    }
    footnotes = list_of(mapping({"sign": ref("text"), "text": quote}, {"sheet": ref("text")}), MOST)
    part = mapping(
        {},
        {
            "sheet": ref("text", "シートの名前（* は何でも）", "the name of a sheet (* is anything)"),
            "header": {**_SPAN, **described("見出しの行", "the header's rows")},
            "rows": {**_SPAN, **described("業務の行", "the rows")},
            "lines": {**_SPAN, **described("業務の行（テキスト）", "the lines, in a text")},
            "marks": own,
            "parties": parties,
            "colours": colours,
            "footnotes": footnotes,
            "channel": {**key, **described("表の全体の場", "the channel that all of the table is of")},
            "other_marks": one_of(OTHERS, "ほかの印", "marks that its own legend does not have"),
        },
        not_={"required": ["rows", "lines"]},
    )
    part["not"] = part.pop("not_")
    parts = list_of(part, MOST, "表のある所", "where the table stands")
    days = {"anyOf": [ref("day"), mapping({"since": ref("day")}, {"until": ref("day")})]}
    edition = mapping(
        {
            "folder": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$"},
            "edition": ref("text"),
            "effective": days,
            "parts": parts,
        },
        {"marks": own},
    )
    explicit = mapping(
        {
            "when": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [ref("text"), {"const": ""}]},
            },
            "means": {"enum": [str(word) for word in Meaning]},
        },
        {
            "legend": {
                "anyOf": [
                    ref("text"),
                    mapping({"text": ref("text")}, {"en": ref("text"), "line": ref("number"), "document": ref("text")}),
                ]
            },
            "because": because,
        },
    )
    channel = mapping(
        {"key": key, "label": label, "kind": one_of(CHANNEL_KINDS, "場の種類", "its kind")},
        {"names": texts, "printed": ref("text")},
    )
    division = mapping(
        {"key": key, "label": label},
        {
            "names": texts,
            "desk": ref("bilingual", "引継ぎを受ける市の担当", "who takes over"),
            "printed": one_or_more(ref("text"), "区分が始まる印字", "what is printed where it begins"),
            "holder": one_of(HOLDERS, "決める権限の主体", "who decides"),
        },
    )
    return whole_schema(
        "一覧のファイルの読み方 / how the file of a list is read",
        mapping(
            {
                "confirmed": ref("truth", "人が確かめたか", "whether a person has looked at it"),
                "title": ref("bilingual", "一覧の題名", "the title of the list"),
                "cells": one_of(CELLS, "セルの並び", "whether cells stand in their columns"),
                "divisions": list_of(division, MOST, "区分", "divisions"),
                "channels": list_of(channel, MOST, "業務の場", "channels"),
                "columns": list_of(column, MOST, "列", "columns"),
            },
            {
                "edition": ref("text", "版の名前", "which edition it is"),
                "effective": days,
                "parts": parts,
                "editions": list_of(edition, MOST, "1つのファイルの2つ以上の一覧", "several lists in one file"),
                "skip": texts,
                "heading_rows": list_of(
                    mapping({"like": ref("text"), "level": one_of(LEVELS, "見出しの段", "level")}), MOST
                ),
                "marks": {"type": "object", "additionalProperties": marks},
                "parties": parties,
                "meanings": list_of(
                    explicit, MOST_LINES, "manifest.yaml の形の意味の表", "the table, as a manifest has it"
                ),
                "footnotes": footnotes,
                "third_parties": texts,
                "designations": list_of(mapping({"act": {"enum": list(DESIGNABLE)}, "text": quote}), MOST),
                "merged_marks": one_of(MERGED, "結合した印", "what a merged mark holds for"),
                "colours": colours,
                "past_last_column": one_of(UNSETTLED, "最後の列より右の印", "a mark past the last column"),
                "under_channels": label,
                "comments": {
                    **mapping({"means": {"const": NO_MEANING}}, {"legend": quote, "because": because}),
                    "oneOf": [{"required": ["legend"]}, {"required": ["because"]}],
                    **described("セルのコメントは一覧の一部ではない", "comments on cells are no part of the list"),
                },
            },
            oneOf=[{"required": ["parts", "edition"]}, {"required": ["editions"]}],
        ),
    )


def write() -> str:
    """The file anew; its name."""
    path = resources.data_folder() / "schema" / "mapping.schema.json"
    path.write_bytes(as_file(schema()))
    return str(path)


if __name__ == "__main__":  # make schemas
    sys.stdout.write(f"{write()}\n")
