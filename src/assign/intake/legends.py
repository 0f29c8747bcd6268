"""
A sentence that a mapping cites → whether it is about the very mark, what it says of it, and whether that is what the mapping says.

A sentence names a mark where the mark stands in it, character for character, as a mark and not as a part of another: `○：…`, `○・◎：…`,
`○ …`, `○は…`, `…（○）`. Of a blank cell it says so in words: 空欄, 無印, 印のない. What it says of who does the work is compared with the
mapping by a few words; that is judgement, and only makes a mark doubtful.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from assign.words import Bilingual, Meaning

from .mapping import DOES, DOES_NOT

_LIST: Final = "・、，,／/･"  # between marks of one sentence
_COLON: Final = ":：＝=→⇒…‥"
_LEFT: Final = _LIST + _COLON + "「『（(［[【〔〈《\"“'|｜。；;※"
_RIGHT: Final = _LIST + _COLON + "」』）)］]】〕〉》\"”'|｜。；;"
_DASHES: Final = "-－―—–"
_JOINED: Final = re.compile(r"は|の|が|と|印|欄|を付|をつけ|で示|とある")
_TAKEN_OUT: Final = re.compile(r"\s*[」』）)]?(?:印|欄)?(?:以外|を除|の(?:ない|無い)|が(?:ない|無い)|で(?:ない|無い)|なし|を?付けない|(?:が|の)付いていない)")  # fmt: skip
_BLANK: Final = re.compile(
    r"空欄|空白|ブランク|無印|無記入|未記入|無表示|印なし|印無し|(?:印|記号|記入|記載|表示|何も)[^。、]{0,6}(?:ない|無い|なし|無し)|[^\w\s](?:の|が)(?:ない|無い)"
)
_CITY: Final = re.compile(
    "市職員|町職員|区職員|村職員|(?<!受託者の)(?<!事業者の)職員|直営|[市区町村](?:が|は|で|において|の担当)|本市|当市|担当課|"
    "委託(?:は|を)?(?:しない|せず|不可|していない|できない|外|の?対象外|除外)|非委託"
)
_NOT_GIVEN: Final = re.compile("委託(?:は|を)?(?:しない|せず|不可|していない|できない|外|の?対象外|除外)|非委託")
_CONTRACTOR: Final = re.compile("受託|委託|事業者|業者|外部|請負|民間|派遣")
_IN_PART: Final = re.compile("一部|分担|共同|両者|双方|及び|と")
_NOBODY: Final = re.compile(
    "担当しない|行わない|該当(?:しない|なし|がない)|(?:工程|手順|手続き?|段階|事務|業務|行為)(?:は|が)?(?:ない|無い|なし|無し)|取り?扱わ|実施しない|協議中|未定"
)
_NONE: Final = re.compile("該当|なし|無し|ない|対象外|取り?扱わ|不要|実施しない|廃止|存在しない|―|-")


def names(sentence: str, mark: str) -> bool:
    """
    Whether a sentence is about a mark: a blank cell in words, any other as it is printed.

    >>> names("○：受託者が行う", "○"), names("○：受託者が行う", "×"), names("○・◎：受託者が行う", "◎"), names("G+C：両者", "C")
    (True, False, True, False)
    >>> names("一部委託：分担する", "委託"), names("「委託」は受託者", "委託"), names("○受託者が行う", "○"), names("○のない業務", "○")
    (False, True, True, False)
    >>> names("空欄：市が行う", ""), names("○：市が行う", ""), names("Ｃ：受託者", "C")
    (True, False, False)
    """
    if not mark:
        return _BLANK.search(sentence) is not None
    return any(_whole(sentence, at, end, mark) for at, end in _places(sentence, mark))


def _places(sentence: str, mark: str) -> list[tuple[int, int]]:
    """Where a mark's characters stand; spaces within them are no matter."""
    wanted = r"\s*".join(map(re.escape, "".join(mark.split())))
    return [found.span() for found in re.finditer(wanted, sentence)]


def _whole(sentence: str, at: int, end: int, mark: str) -> bool:
    """Whether what stands there is the mark itself, and not taken out or a part of a longer one."""
    before, after = sentence[at - 1 : at], sentence[end : end + 1]
    if _TAKEN_OUT.match(sentence, end):
        return False
    if _is_sign(mark):
        alone = not (_combines(before) and before not in _LEFT)
        dash = after in _DASHES and mark not in _DASHES  # ○－受託者が行う
        return alone and not (_combines(after) and after not in _RIGHT and not dash)
    left = not before or before.isspace() or before in _LEFT or before in "」』）)］]】〕〉》"
    right = (
        not after
        or after.isspace()
        or after in _RIGHT
        or after in "（(［[【「『"
        or _JOINED.match(sentence, end) is not None
    )
    return left and right


def _is_sign(mark: str) -> bool:
    """Whether a mark is signs alone: ○, △, ①, 〇; no letter or digit goes on with it."""
    return bool(mark.strip()) and all(
        unicodedata.category(c)[0] in "SP" or unicodedata.category(c) in ("No", "Nl", "Mn", "Me") for c in mark.strip()
    )


def _combines(c: str) -> bool:
    """Whether a sign beside a mark makes another mark of both; brackets and stops do not."""
    return c != "" and (unicodedata.category(c)[0] == "S" or unicodedata.category(c) in ("No", "Nl", "Pd"))


_NEXT: Final = re.compile(r"[\s　。、，,/／;；]+(?:[^\s　。、:：＝=]{1,8})(?=\s*[:：＝=])")


def part_of(sentence: str, mark: str) -> str:
    """
    What a sentence says of one mark, where it goes on with others.

    >>> part_of("凡例　○：受託者が行う　●：市が行う", "○"), part_of("○：受託者が行う", "○")
    ('○：受託者が行う', '○：受託者が行う')
    """
    if not mark:
        found = _BLANK.search(sentence)
        at = found.start() if found else 0
    else:
        at = next((at for at, end in _places(sentence, mark) if _whole(sentence, at, end, mark)), 0)
    rest = sentence[at:]
    colon = re.match(rf".{{0,{len(mark) + 10}}}?[{_COLON}]", rest)
    if colon is None:  # no `MARK：…`: the mark stands at the end, or within
        return sentence
    following = _NEXT.search(rest, colon.end())
    return (rest[: following.start()] if following else rest).strip()


def disagrees(said: str, means: str) -> Bilingual | None:
    """
    Why a sentence does not seem to say what the mapping says that a mark means; None: nothing speaks against it.

    >>> disagrees("○：受託者が行う", "consigned"), disagrees("×：委託しない", "retained")
    (None, None)
    >>> disagrees("×：市が行う", "consigned")["ja"], disagrees("－：その工程はない", "does") is None
    ('文は市が行うと読めます', False)
    """
    city = _CITY.search(said) is not None
    contractor = _CONTRACTOR.search(_NOT_GIVEN.sub("", said)) is not None
    if means == Meaning.CONSIGNED and city:
        return {"ja": "文は市が行うと読めます", "en": "the sentence reads as if the city did it"}
    if means == Meaning.CONSIGNED and not contractor:
        return {"ja": "文は受託者とも委託とも言っていません", "en": "the sentence names no contractor"}
    if means in (Meaning.RETAINED, Meaning.OUTSIDE) and contractor and not city:
        return {"ja": "文は受託者が行うと読めます", "en": "the sentence reads as if the contractor did it"}
    if means == Meaning.NO_STEP and (city or contractor) and not _NONE.search(said):
        return {"ja": "文はだれかが行うと読めます", "en": "the sentence reads as if somebody did it"}
    if means in (Meaning.PART_OPEN, Meaning.PART_DIVIDED) and city is not contractor and not _IN_PART.search(said):
        return {"ja": "文は一方だけが行うと読めます", "en": "the sentence reads as if one of them did it all"}
    if means == DOES and _NOBODY.search(said):
        return {
            "ja": "文は担当しない、又は決まっていないと読めます",
            "en": "the sentence reads as if nobody did it, or nobody knows",
        }
    if means == DOES_NOT and not _NONE.search(said):
        return {"ja": "文は担当すると読めます", "en": "the sentence reads as if it did it"}
    return None
