"""
What the JSON Schemas of all data files are made of: texts, lists, mappings, sources. `json_schema` has the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from assign.rules import loader
from assign.words import Meaning
from assign.yaml_nodes import LONGEST_TEXT

Schema = dict[str, Any]


def ref(name: str, ja: str = "", en: str = "") -> Schema:
    """A part that stands under `$defs`."""
    return {"$ref": f"#/$defs/{name}", **described(ja, en)}


def described(ja: str, en: str) -> Schema:
    """What an editor shows beside a field."""
    return {"description": f"{ja} / {en}"} if ja else {}


def one_of(known: Iterable[str], ja: str, en: str) -> Schema:
    """One word of a closed set."""
    return {"enum": [str(word) for word in known], **described(ja, en)}


def mapping(
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
        **described(ja, en),
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def list_of(of: Schema, most: int, ja: str = "", en: str = "", *, least: int = 1) -> Schema:
    """A list of at least `least` and at most `most`."""
    return {"type": "array", "minItems": least, "maxItems": most, "items": of, **described(ja, en)}


def needed_where(condition: Schema, field: str) -> Schema:
    """A field is there where a condition holds, and nowhere else."""
    return {"if": condition, "then": {"required": [field]}, "else": {"not": {"required": [field]}}}


def then_has(field: str, value: str) -> Schema:
    """The condition that `then` of an entry has a value."""
    return {"properties": {"then": {"properties": {field: {"const": value}}}}}


def one_or_more(of: Schema, ja: str = "", en: str = "", *, least: int = 1, unique: bool = True) -> Schema:
    """One value, or a list of them."""
    several = {"type": "array", "minItems": least, "items": of, **({"uniqueItems": True} if unique else {})}
    return {"anyOf": [of, several], **described(ja, en)}


# -- what all files have -----------------------------------------------------------------------------------------------

TEXT: Final[Schema] = {"type": ["string", "number", "boolean"], "pattern": r"\S", "maxLength": LONGEST_TEXT}
NUMBER: Final[Schema] = {
    "type": ["integer", "string"],
    "minimum": 1,
    "maximum": 99_999_999,
    "pattern": "^(?!0+$)[0-9]{1,8}$",
}
DAY: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"}
SHA256: Final = "^[0-9a-f]{64}$"
TRUTH: Final[Schema] = {"enum": [True, False, "true", "false"]}
BILINGUAL: Final[Schema] = mapping(
    {"ja": ref("text", "日本語", "in Japanese"), "en": ref("text", "英語", "in English")},
    ja="日本語と英語の文",
    en="the same in two languages",
)
OWN: Final[Schema] = mapping(
    {
        "document": ref("text", "市の文書の名前", "a paper of the city's own"),
        "role": ref("text", "定めた人の役職（氏名ではなく）", "the capacity of its author, never a name"),
    },
    ja="市の文書",
    en="a paper of the city's own",
)
BASIS: Final[Schema] = one_of(
    loader.BASES,
    "根拠の確かさ: seen 条文で確認、reported 二次資料、analogy 類推、judged 本システムの判断",
    "how sure: seen in the text, reported by another, analogy, judged by us",
)
LAW: Final[Schema] = {
    **mapping({"basis": ref("basis")}, {"law": ref("text", "法令や通知", "a statute or a paper")}),
    "if": {"properties": {"basis": {"enum": list(loader.WITHOUT_TEXT)}}},
    "else": {"required": ["law"]},
}
LINE: Final[Schema] = mapping(
    {
        "document": ref("text", "文書のファイル名", "the file of the document"),
        "line": ref("number", "行番号", "its line"),
        "text": ref("text", "その行にある文", "what stands there"),
    },
    {"basis": ref("basis")},
    ja="文書の行",
    en="a line of the document",
)
LEGEND: Final[Schema] = mapping(
    {"legend": one_of(Meaning, "その意味の凡例", "what the legend says of a meaning")},
    ja="一覧の凡例",
    en="the list's own legend",
)
COMMON: Final[Mapping[str, Schema]] = {
    "text": TEXT,
    "number": NUMBER,
    "day": DAY,
    "truth": TRUTH,
    "bilingual": BILINGUAL,
}
READ: Final[Schema] = {
    "$ref": "#/$defs/day",
    "description": "引いた法令などを読んだ日 / the day on which the statutes cited were read",
}
SOURCES: Final[Mapping[str, Schema]] = {
    "basis": BASIS,
    "own": OWN,
    "source": {
        "anyOf": [LAW, LINE, OWN, LEGEND],
        **described(
            "根拠: 法令、文書の行、市の文書、または判断", "a statute, a line, a paper of the city's, or a judgement"
        ),
    },
}


def whole_schema(title: str, root: Schema, **defs: Schema) -> Schema:
    """A file's whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": {**COMMON, **defs},
    }
