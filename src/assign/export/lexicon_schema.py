"""
JSON Schemas of the files of a lexicon: concepts, events of life, what the list does not have.

Source: `assign.search.lexicon`, which refuses what these refuse.
"""

from __future__ import annotations

from assign.search.lexicon import MOST, ORIGINS, WEIGHTS

from .schema_parts import Schema, described, list_of, mapping, one_or_more, ref, whole_schema

_ABOUT: dict[str, tuple[str, str]] = {
    "printed": (
        "一覧の語。/ は語の切れ目（口座/振替 から 口振 を作る）",
        "words of the list; / stands between morphemes",
    ),
    "law": ("法令・様式の名前、古い名前と新しい名前", "names of statutes, papers and forms, old and new"),
    "spoken": ("住民の言い方。語幹を + と | でつなぐ", "citizens' words: stems, joined by + and |"),
    "clerk": ("職員の言い方、略語", "clerks' words and abbreviations"),
    "kana": ("読み（ひらがな）。かなだけの問いにだけ使う", "readings in hiragana; for a query in kana alone"),
}


def concepts() -> Schema:
    """Of every other file of `lexicon/`."""
    weights = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"enum": [*map(int, WEIGHTS), *WEIGHTS]},
        "description": "行の id と重み（3 その行、2 よくその行、1 関わる） / rows with weights",
    }
    words = {name: _patterns(*_ABOUT[name]) for name in ORIGINS}
    entry = mapping(
        {"id": ref("text"), "label": ref("bilingual"), "rows": weights},
        {
            **words,
            "unless": _patterns("この語があれば、この項目ではない", "where one of these is there, it is not this"),
            "because": ref("bilingual"),
        },
    )
    return whole_schema("lexicon/*.yaml", mapping({"concepts": list_of(entry, MOST, least=0)}))


def events() -> Schema:
    """Of `lexicon/events.yaml`."""
    due = mapping(
        {"row": ref("text", "行の id", "the id of a row")}, {"when": ref("bilingual", "だれの場合か", "for whom")}
    )
    entry = mapping(
        {
            "id": ref("text"),
            "label": ref("bilingual"),
            "words": _patterns(*_ABOUT["spoken"]),
            "due": list_of(due, MOST, "手続きの順", "in the order of the usual visit", least=0),
            "basis": {"const": "judged"},
            "because": ref("bilingual"),
        },
        {
            "kana": _patterns(*_ABOUT["kana"]),
            "not_here": one_or_more(ref("text"), "outside.yaml の id", "ids of outside.yaml", least=0, unique=False),
        },
    )
    return whole_schema("lexicon/events.yaml", mapping({"events": list_of(entry, MOST, least=0)}))


def outside() -> Schema:
    """Of `lexicon/outside.yaml`."""
    entry = mapping(
        {
            "id": ref("text"),
            "what": ref("bilingual", "何か", "what it is"),
            "belongs": {
                "anyOf": [ref("bilingual"), ref("text")],
                **described(
                    "ふつうはどこか（または places の名前）", "where it is usually done, or the key of a place"
                ),
            },
            "words": _patterns(*_ABOUT["spoken"]),
        },
        {
            "kana": _patterns(*_ABOUT["kana"]),
            "in_division": {
                "type": "object",
                "additionalProperties": _patterns(
                    "この区分の窓口で聞かれたときだけ", "with this division as the context alone"
                ),
            },
            "unless": _patterns(
                "質問が行より先に出る。ただしこの語があれば手続き",
                "it goes before any row, unless one of these is there, too",
            ),
            "near": one_or_more(ref("text"), "近い行の id", "rows that may be meant", least=0, unique=False),
        },
    )
    several = list_of(entry, MOST, least=0)
    places = {"type": "object", "additionalProperties": ref("bilingual")}
    return whole_schema("lexicon/outside.yaml", mapping({"outside": several}, {"questions": several, "places": places}))


def _patterns(ja: str, en: str) -> Schema:
    return list_of(ref("text"), MOST, ja, en, least=0)
