"""
How a text is written, taken out of it: what two people type for the same word becomes one and the same.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST: Final = 200  # characters of a query that are looked at; a citizen's sentence has 60
_HIRAGANA: Final = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
# Written in two ways in the same sentence of the same office.
_SAME: Final = (
    ("障がい", "障害"),
    ("障碍", "障害"),
    ("才", "歳"),
    ("齡", "齢"),
    ("子供", "子ども"),
    ("振り込", "振込"),
)


def folded(text: str) -> str:
    """Full and half width, capitals, hiragana and katakana, spaces and punctuation: all one. At most LONGEST characters."""
    return weighed(text)[0]


def weighed(text: str) -> tuple[str, tuple[float, ...]]:
    """The same, with what each of its characters tells: a kanji says more than a kana, and a katakana more than an ending."""
    # A character may become 18 when it is normalised; so the text is cut before and after.
    plain = unicodedata.normalize("NFKC", text[: LONGEST * 2]).lower()
    for written, same in _SAME:
        plain = plain.replace(written, same)
    kept = "".join(c for c in plain if c.isalnum())[:LONGEST]
    return kept.translate(_HIRAGANA), tuple(map(tells, kept))


def is_kana(text: str) -> bool:
    """Whether a folded text has kana, and no kanji: a reading is looked for in such a one alone."""
    return any("ぁ" <= c <= "ゖ" for c in text) and all(c < "㐀" for c in text)


def tells(c: str) -> float:
    """What a character tells."""
    if c >= "㐀":
        return 1.0
    if "ァ" <= c <= "ヺ" or c == "ー":
        return 0.7
    return 0.45 if "ぁ" <= c <= "ゖ" else 0.6
