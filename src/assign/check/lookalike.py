"""
A word → what it looks like and what it says, so that one name cannot pass for another.

    folded     the look of a word: widths, spaces, signs, hidden characters, case and look-alikes taken away
    says       the act that a name means, where it is one that decides: 支給の決定 is a decision, 決定通知の発送 is mailing

Both serve `assign check` alone. No word that a person types is understood by them, and nothing is decided.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from assign import resources
from assign.errors import unreadable

# What decides, as the last word of a Japanese name. An act is named by its last word: 決定通知の発送 is a sending.
_DECIDES: Final = (
    "決定", "裁定", "裁決", "審決", "決裁", "判定", "査定", "認定", "認可", "許可", "承認", "承諾", "許諾", "認容", "免許", "却下", "棄却", "不承認", "不支給", "不許可",
    "受理", "不受理", "受付拒否", "拒否", "拒絶", "取消", "取消し", "取り消し", "撤回", "差止", "差止め", "差し止め", "支給停止", "給付停止", "支払停止", "支払いの停止", "支給の停止", "給付の停止", "給付制限", "給付の制限", "剥奪", "はく奪",
    "処分", "差押", "差押え", "差し押え", "差し押さえ", "強制徴収", "賦課", "更正", "命令", "判断", "裁量", "公権力", "可否", "要否", "当否",
    "実質審査", "要件審査", "要件の審査", "内容審査", "内容の審査", "支給審査", "支給の審査", "資格審査", "資格の審査",
    "決める", "定める", "認める", "拒む", "断る", "取り消す", "差し止める", "差し押さえる",
    "けってい", "にんてい", "きょか", "きゃっか", "じゅり", "ふじゅり", "とりけし", "さしとめ", "さしおさえ", "しょぶん",
)  # fmt: skip
# Throwing paper away is no 処分 of an authority.
_OTHER: Final = ("廃棄処分", "廃棄の処分", "廃棄物の処分", "古紙の処分", "古紙処分", "ごみの処分", "不用品の処分")
# What follows a word and leaves it the word that it is: 決定処理, 決定を行うこと.
_TAIL: Final = re.compile(
    "(?:する|すること|した|をする|をすること|(?:の|を)?(?:行う|行なう|行うこと|おこなう)|の?実施|の?処理|の?業務|の?事務|の?手続き?"
    "|の?行為|の?作業|の?代行|の?件|の?担当|の?確定|の?執行|の?発令|の?行使|の?権限?|そのもの|全般|一式|一切|関係|関連|まで|等|など|ほか"
    "|その他|の|を|に)$"
)
# What joins names: 受領・決定, 受領及び決定, 処理（決定）.
_JOINS: Final = re.compile(
    r"[()\[\]{}（）〔〕［］「」『』【】〈〉《》・･、，,;；:：/／＋+&＆]|及び|並びに|または|又は|および|ならびに|かつ|\band\b|\bor\b"
)

_DECISIONS: Final = (
    "decision decisions determination determinations adjudication adjudications denial denials annulment annulments approval approvals refusal refusals rejection rejections revocation revocations recognition assessment"
    " enforcement seizure seizures designation designations order orders ruling permission permit suspension cancellation"
    " kettei nintei kyakka kyoka shobun torikeshi sashitome sashiosae juri fujuri"
)
_DECIDING: Final = (
    "decide decides deciding determine determines determining adjudicate adjudicates adjudicating deny denies denying annul annuls"
    " annulling exempt exempts exempting authorise authorises authorising authorize authorizes authorizing approve approves approving refuse refuses refusing reject rejects rejecting revoke revokes revoking"
    " grant grants granting reclaim reclaiming enforce enforcing seize seizing designate designating cancel cancelling canceling"
    " suspend suspending judge judging"
)
_LIGHT: Final = (
    "make makes making take takes taking give gives giving reach reaching render rendering issue issuing do doing perform"
    " performing the a an final substantive formal"
)
_DOING: Final = (
    "mail send print copy enter receive check file carry explain guide hand look enclose stamp return prepare sort list show"
    " collect pack read scan"
)  # `mail_decision` is a mailing
_PREPOSITION: Final = re.compile(r"\b(?:of|on|for|to|about|by|in|with|from|after|before|that|against|at)\b")


@cache
def _table() -> dict[int, str]:
    """What a character looks like; `data/confusables.txt` says where that is from."""
    found: dict[int, str] = {}
    path = resources.data_folder() / "confusables.txt"
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    for line in text.splitlines():
        if not line.startswith("#"):
            target, *sources = line.split(" ")
            found |= dict.fromkeys((int(source, 16) for source in sources), target)
    return found


@cache
def folded(text: str) -> str:
    """
    A word's look: equal for two words that a reader takes for one.

    >>> folded("dеcide") == folded("ＤＥＣＩＤＥ") == folded("decide_")
    True
    >>> folded("決定\\ufe0f") == folded("决 定") == folded("決定")
    True
    """
    for _ in range(2):  # what a look-alike stands for can have a look-alike of its own: Ι → I, i
        text = "".join(map(_letter, unicodedata.normalize("NFKC", text).translate(_table()))).casefold()
    # Marks, selectors, joiners, spaces and signs are no part of the look; a mark of voicing is part of its kana.
    kept = (
        c
        for c in unicodedata.normalize("NFKC", _bare(text))
        if unicodedata.category(c)[0] in "LN" or c in "\u3099\u309a"
    )
    return "".join(kept).replace("i", "l").translate(_FULL_KANA)


# A small kana passes for the full one: けつてい.
_FULL_KANA: Final = str.maketrans(
    "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ", "あいうえおつやゆよわアイウエオツヤユヨワ"
)
# Letters in another dress that neither NFKC nor Unicode's table undoes: ᴅ, 🅳, 🇩.
_DRESSED: Final = re.compile(
    r"(?:SMALL CAPITAL|(?:SQUARED|CIRCLED) LATIN CAPITAL LETTER|INDICATOR SYMBOL LETTER) ([A-Z])$"
)


@cache
def _letter(c: str) -> str:
    """The letter that a character is by its name, else itself."""
    found = None if c.isascii() else _DRESSED.search(unicodedata.name(c, ""))
    return found[1] if found else c


def _bare(text: str) -> str:
    """Without accents: `décide` is decide."""
    return "".join(
        c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn" or c in "\u3099\u309a"
    )


def says(name: str) -> str:
    """
    The word of a name by which it is an act that decides, empty where it is none.

    >>> says("支給の決定"), says("不支給決定処理"), says("決定通知の発送"), says("making a decision"), says("mailing decisions")
    ('決定', '決定', '', 'decision', '')
    """
    return next((found for part in _parts(name) if (found := _japanese(part) or _english(part))), "")


def _parts(name: str) -> Iterator[str]:
    """A name, and each of the names that are joined in it."""
    text = unicodedata.normalize("NFKC", name)
    yield text
    yield from _JOINS.split(text)


def _japanese(part: str) -> str:
    bare = re.sub(r"\s", "", part)
    while True:
        look = folded(bare)
        if look.endswith(tuple(map(folded, _OTHER))):
            return ""
        if found := next((word for word in _deciding_words() if look.endswith(folded(word))), ""):
            return found
        if (shorter := _TAIL.sub("", bare)) == bare:
            return ""
        bare = shorter


@cache
def _deciding_words() -> tuple[str, ...]:
    """The words, those of kana in both kana, longest first."""
    in_katakana = [
        "".join(chr(ord(c) + 0x60) for c in word) for word in _DECIDES if all("\u3041" <= c <= "\u3096" for c in word)
    ]
    return tuple(sorted((*_DECIDES, *in_katakana), key=len, reverse=True))


def _english(part: str) -> str:
    """The head of an English name or of a key: what stands before its first preposition."""
    head = _PREPOSITION.split(re.sub(r"[_\-\d()\[\].,]+", " ", part).casefold())[0].split()
    looks = [folded(word) for word in head]
    while looks and looks[0] in _looks(_LIGHT):
        head, looks = head[1:], looks[1:]
    if not head:
        return ""
    if looks[0] in _looks(_DECIDING):
        return head[0]
    named_by_its_last = len(head) == 1 or not (looks[0].endswith(folded("ing")) or looks[0] in _looks(_DOING))
    return head[-1] if named_by_its_last and looks[-1] in _looks(_DECISIONS) else ""


@cache
def _looks(words: str) -> frozenset[str]:
    return frozenset(map(folded, words.split()))
