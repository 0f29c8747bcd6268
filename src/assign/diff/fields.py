"""
The fields of an entry that differ → a line that a person reads: each with what it is called, and its keys as the words they stand for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from assign.explanation.wording import condition_said
from assign.rules.entries import Act
from assign.words import Bilingual

FIELDS: Final[Mapping[str, Bilingual]] = {
    # of an entry of the rules
    "title": {"ja": "題名", "en": "title"},
    "source": {"ja": "出典", "en": "source"},
    "because": {"ja": "理由", "en": "reason"},
    "examples": {"ja": "例", "en": "examples"},
    "when": {"ja": "当てはまるとき", "en": "holds when"},
    "assignee": {"ja": "担当", "en": "who"},
    "certainty": {"ja": "確かさ", "en": "certainty"},
    "question": {"ja": "問い", "en": "question"},
    "also": {"ja": "別の名前", "en": "other names"},
    "act_class": {"ja": "行為の種類", "en": "class of act"},
    "city": {"ja": "市職員の部分", "en": "city staff's part"},
    "contractor": {"ja": "受託者の部分", "en": "the contractor's part"},
    "condition": {"ja": "行うとき", "en": "done when"},
    "condition_rows": {"ja": "そのときに限る行", "en": "rows of that condition"},
    "divisions": {"ja": "区分", "en": "divisions"},
    "acts": {"ja": "行為", "en": "acts"},
    "rows": {"ja": "行", "en": "rows"},
    "holder": {"ja": "権限の主体", "en": "whose authority"},
    "since": {"ja": "いつから", "en": "from"},
    "until": {"ja": "いつまで", "en": "until"},
    "read": {"ja": "確かめた日", "en": "read on"},
    "caveat": {"ja": "注意の種類", "en": "kind of warning"},
    "channels": {"ja": "業務の場", "en": "channels"},
    "act": {"ja": "行為", "en": "act"},
    "role": {"ja": "答えた人の役職", "en": "role that answered"},
    # of the work behind a row
    "label": {"ja": "名前", "en": "name"},
    "steps": {"ja": "流れ", "en": "steps"},
    "reasons": {"ja": "行ごとの理由", "en": "reasons by row"},
    "counter": {"ja": "どの窓口にもある行為", "en": "acts of every counter"},
    "once_a_visit": {"ja": "来庁1回に1度の行為", "en": "acts that one visit needs once"},
    "conditions": {"ja": "行為を行うとき", "en": "when acts are done"},
    # of what the manifest says of all rows
    "names": {"ja": "別の名前", "en": "other names"},
    "desk": {"ja": "引き継ぐ先", "en": "desk that takes over"},
    "printed": {"ja": "印字", "en": "as printed"},
    "kind": {"ja": "場の種類", "en": "kind of channel"},
    "per": {"ja": "欄は何ごとか", "en": "a cell for each"},
    "blank": {"ja": "空欄の呼び方", "en": "what a blank is called"},
    "channel": {"ja": "業務の場", "en": "channel"},
    "same": {"ja": "同じ欄の行為", "en": "acts that share a cell"},
    "headings": {"ja": "見出し", "en": "headings"},
    "means": {"ja": "意味", "en": "meaning"},
    "legend": {"ja": "凡例", "en": "legend"},
    # of the words that people search by
    "about": {"ja": "何の話題か", "en": "what it is about"},
    "patterns": {"ja": "ことば", "en": "words"},
    "due": {"ja": "要る手続き", "en": "due"},
    "not_here": {"ja": "一覧にない用件", "en": "what the list does not have"},
    "belongs": {"ja": "扱う所", "en": "where it is done"},
    "near": {"ja": "近い行", "en": "rows that may be meant"},
    "over": {"ja": "行より先に答える", "en": "goes before any row"},
    # of the edition
    "edition": {"ja": "版の名前", "en": "name of the edition"},
    "effective": {"ja": "期間", "en": "days"},
}
_NONE: Final[Bilingual] = {"ja": "なし", "en": "none"}
_OPEN: Final[Bilingual] = {"ja": "期限なし", "en": "open"}
_CELLS: Final[Mapping[str, Bilingual]] = {
    "row": {"ja": "行", "en": "row"},
    "division": {"ja": "区分", "en": "division"},
    "channel": {"ja": "業務の場", "en": "channel"},
    "act": {"ja": "行為", "en": "act"},
}
# Fields whose values are keys, and of what.
_ACTS: Final = ("act", "acts", "same", "headings", "counter", "once_a_visit", "conditions")
_CHANNELS: Final = ("channel", "channels")
_ROWS: Final = ("rows", "condition_rows", "reasons", "due", "near")
# Of the engine's own words.
_OURS: Final[Mapping[str, Mapping[str, Bilingual]]] = {
    "caveat": {
        "review_due": {"ja": "見直しの時期", "en": "review due"},
        "renamed": {"ja": "名称が変わった", "en": "renamed"},
        "ended": {"ja": "終わった", "en": "ended"},
        "changed": {"ja": "変わった", "en": "changed"},
    },
    "about": {
        "concept": {"ja": "一覧の行", "en": "rows of the list"},
        "event": {"ja": "出来事", "en": "a life event"},
        "outside": {"ja": "一覧にないこと", "en": "what the list does not have"},
        "question": {"ja": "金額や理由の問い", "en": "an amount or a reason"},
    },
    "over": {"True": {"ja": "はい", "en": "yes"}, "False": {"ja": "いいえ", "en": "no"}},
    "per": {key: FIELDS[name] for key, name in (("row", "rows"), ("channel", "channel"), ("act", "act"))},
}
# Of a word that people do not say as it is written.
_ORIGINS: Final[Mapping[str, Bilingual]] = {
    "kana": {"ja": "読み", "en": "reading"},
    "unless": {"ja": "あれば別の話題", "en": "with it something else is meant"},
    "abbreviation": {"ja": "略", "en": "short"},
}
_SEVERAL: Final = (list, tuple, set, frozenset)


class Words:
    """
    What the keys of two editions stand for; a key without a word stands for itself.

    Attributes:
        rows: What a row is called, by its id in one of the editions: an id may be another row in the other.
    """

    def __init__(
        self,
        acts: Mapping[str, Act],
        channels: Mapping[str, Bilingual],
        divisions: Mapping[str, Bilingual],
        holders: Mapping[str, Bilingual],
        rows: Mapping[str, str],
    ) -> None:
        self.rows: Mapping[str, str] = rows
        self._acts = {act.id: act.title for act in acts.values()}
        self._of: dict[str, Mapping[str, Bilingual]] = {
            **dict.fromkeys(_ACTS, self._acts),
            **dict.fromkeys(_CHANNELS, channels),
            "divisions": divisions,
            "holder": holders,
            **_OURS,
        }

    def calling(self, rows: Mapping[str, str]) -> Words:
        """The same words over the rows of the other edition."""
        found = Words({}, {}, {}, {}, rows)
        found._acts, found._of = self._acts, self._of
        return found

    def text(self, fields: Mapping[str, Any], names: Iterable[str]) -> Bilingual:
        """These fields, each with what it is called; of a text in two languages the reader's."""
        names = list(names)
        return {
            "ja": "、".join(f"{_called(name, 'ja')}: {self._value(name, fields[name], 'ja')}" for name in names),
            "en": "; ".join(f"{_called(name, 'en')}: {self._value(name, fields[name], 'en')}" for name in names),
        }

    def acts_named(self, keys: Iterable[str]) -> Bilingual:
        """Acts by their titles."""
        return {lang: self._value("acts", list(keys), lang) for lang in ("ja", "en")}

    def cells(self, when: Mapping[str, str]) -> Bilingual:
        """The cells that a line of the legend is about: 区分「○」; a row, a division, a channel and an act by their names."""
        of = {"row": "rows", "division": "divisions", "channel": "channel", "act": "act"}
        return {
            lang: " ".join(
                f"{_CELLS[name][lang] if name in _CELLS else name}「{self._key(of.get(name, ''), cell, lang)}」"
                for name, cell in when.items()
            )
            for lang in ("ja", "en")
        }

    def _key(self, field: str, key: str, lang: str) -> str:
        if field in _ROWS:
            return self.rows.get(key, key)
        found = self._of.get(field, {}).get(key)
        return key if found is None else found[lang]

    def _value(self, field: str, value: Any, lang: str) -> str:
        if value is None or value == "" or (isinstance(value, (*_SEVERAL, Mapping)) and not value):
            return (_OPEN if field == "until" else _NONE)[lang]
        if field == "steps":
            return " → ".join(self._step(step, lang) for step in value)
        if field == "due":
            return ("、" if lang == "ja" else ", ").join(self._due(each, lang) for each in value)
        if field == "patterns":
            return ("、" if lang == "ja" else ", ").join(_pattern(each, self._of["divisions"], lang) for each in value)
        if field == "when":
            return ("、" if lang == "ja" else ", ").join(condition_said(name, of, lang) for name, of in value.items())
        if isinstance(value, Mapping):
            if set(value) == {"ja", "en"}:
                return str(value[lang])
            return " ".join(
                f"{self._key(field, name, lang)}={self._value(field, each, lang)}" for name, each in value.items()
            )
        if isinstance(value, _SEVERAL):
            return ("・" if lang == "ja" else ", ").join(
                self._value(field, each, lang) for each in value if each not in (None, "")
            )
        return self._key(field, str(value), lang)

    def _due(self, due: tuple[str, Bilingual | None], lang: str) -> str:
        """A row that an event makes due, and for whom."""
        row, when = due
        said = self._key("due", row, lang)
        return said if when is None else f"{said}（{when[lang]}）" if lang == "ja" else f"{said} ({when[lang]})"

    def _step(self, step: list[Any], lang: str) -> str:
        """A step of a chain: the act, the channel, when it is done, and the row that does it if another one does."""
        act, channel, optional, when, row = step
        more = [self._key("channel", channel, lang)]
        if when:
            more.append(str(when[lang]))
        elif optional:
            more.append({"ja": "必要なとき", "en": "if needed"}[lang])
        if row:
            more.append(self._key("rows", row, lang))
        said = self._key("act", act, lang)
        return f"{said}（{'、'.join(more)}）" if lang == "ja" else f"{said} ({', '.join(more)})"


def _called(name: str, lang: str) -> str:
    return FIELDS[name][lang] if name in FIELDS else name


def _pattern(pattern: tuple[str, str, str], divisions: Mapping[str, Bilingual], lang: str) -> str:
    """A word as it is written, and what it is besides: a reading, one that means this in a division alone."""
    origin, text, division = pattern
    more = [_ORIGINS[origin][lang]] if origin in _ORIGINS else []
    more += [divisions[division][lang] if division in divisions else division] if division else []
    if not more:
        return text
    return f"{text}（{'、'.join(more)}）" if lang == "ja" else f"{text} ({', '.join(more)})"
