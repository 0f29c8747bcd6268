"""
A row's name → the act that the row is, where its last word is one of public power or of public money.

A Japanese name says by its last word what is done: 療養費の支給決定 is a decision, 減免の申請 is an application, 決定通知の発送 is a sending.
The words are those of the table of acts and of `data/vocabulary.csv` (basis: judged): a row that is such an act cannot be given away
by a mark, and waits for a ruling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from assign.rules.entries import Act
from assign.words import ActClass, normal

from .vocabulary import vocabulary

_MONEY: Final = ("collect_cash", "pay_cash", "pay_order", "refund")
# What follows the word and leaves it the word that it is.
_TAIL: Final = re.compile(
    r"(?:\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|〈[^〈〉]*〉|<[^<>]*>|[※*＊]\d*|注\d+|に?(?:関|係)(?:する|わる)?(?:事務|業務|こと|事|もの)"
    r"|の?(?:業務|事務|処理|実施|手続き?|作業|件|執行|実行|対応|代行)(?:全般|一式)?|(?:を|の)?(?:行う|行なう|する)(?:こと|事|業務|事務)?|すること"
    r"|(?:など|等|ほか|全般|一式|一切|関係|関連|の)|[。.、,・])$"
)


class NamedActs:
    """The acts that a row's name can be, by the words that names end in."""

    def __init__(self, acts: Mapping[str, Act]) -> None:
        words = vocabulary()
        self._not: tuple[str, ...] = tuple(map(normal, words["not_named"][""]))
        self._whole: dict[str, Act] = {
            normal(name): act
            for act in acts.values()
            if act.act_class in (ActClass.AUTHORITY, ActClass.BARRED)
            for name in (act.title["ja"], *act.also)
        }
        ends = {
            name: act for name, act in self._whole.items() if act.act_class is ActClass.AUTHORITY or act.id in _MONEY
        }
        for key, more in words["named"].items():
            ends |= {normal(word): acts[key] for word in more if key in acts}
        self._ends: list[tuple[str, Act]] = sorted(ends.items(), key=lambda each: -len(each[0]))

    def of(self, name: str) -> Act | None:
        """
        The act that a row of this name is; None: it is none of these.

        >>> from assign import resources
        >>> from assign.rules import loader
        >>> named = NamedActs(loader.load(resources.rules_folder()).acts)
        >>> [act.id for act in map(named.of, ("療養費の支給決定", "保険料の減免に関する事（低所得）", "保険料の収納事務")) if act]
        ['decide', 'relief', 'collect_cash']
        >>> [named.of(each) for each in ("減免申請の受付", "決定通知の発送", "納付の相談", "特別徴収", "証の交付")]
        [None, None, None, None, None]
        """
        bare = normal(unicodedata.normalize("NFKC", name))
        while True:
            if bare in self._whole:
                return self._whole[bare]
            if bare.endswith(self._not):
                return None
            if found := next((act for word, act in self._ends if bare.endswith(word)), None):
                return found
            if (shorter := _TAIL.sub("", bare)) == bare:
                return None
            bare = shorter
