"""
A text of a register → whether it looks like a person's name or number.

A register names a role and a paper, never a person. What a text alone can tell is refused; a surname that is also a place cannot
be told, so a reader must still look. What was typed is never repeated in a message.
"""

from __future__ import annotations

import re
from typing import Final

from assign.check.list_floor import names_contractor
from assign.words import Bilingual

LONGEST_ROLE: Final = 60  # characters

# The commonest surnames; whoever has another is told by what stands beside it.
_SURNAMES: Final = "|".join(
    (
        *("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "渡邊", "渡部", "山本", "中村", "小林", "加藤", "吉田", "山田", "佐々木", "山口"),
        *("松本", "井上", "木村", "斎藤", "斉藤", "齋藤", "清水", "山崎", "池田", "阿部", "橋本", "石川", "山下", "森田", "小川", "前田"),
        *("石井", "長谷川", "後藤", "近藤", "村上", "遠藤", "青木", "坂本", "福田", "西村", "太田", "藤井", "岡田", "三浦", "中野", "中島"),
        *("藤原", "岡本", "小野", "田村", "竹内", "金子", "和田", "中山", "石田", "上田", "原田", "柴田", "酒井", "宮崎", "横山", "服部"),
        *("長谷部", "岡部", "磯部", "田所", "高木", "安藤", "谷口", "大野", "丸山", "今井", "工藤", "河野", "藤田", "小山", "杉山", "野口"),
    )
)  # fmt: skip
_RANKS: Final = "課長|係長|部長|局長|室長|所長|次長|主査|主任|主幹|主事|参事|補佐|担当"
_GIVEN: Final = "郎|子|美|男|夫|雄|一|二|三|介|太|香|恵|也|樹|代|江|平|治|司|之|彦|奈|菜|翔|希|実|花"
_ROMAN: Final = (
    "sato|suzuki|takahashi|tanaka|ito|watanabe|yamamoto|nakamura|kobayashi|kato|yoshida|yamada|sasaki|yamaguchi|matsumoto"
    "|inoue|kimura|hayashi|saito|shimizu|yamazaki|mori|ikeda|hashimoto|abe|ishikawa|yamashita|ogawa|ishii|hasegawa|goto"
)
_PERSON: Final = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (rf"(?:{_SURNAMES})(?:\s*(?:{_RANKS})|[ \u3000]+[\u4e00-\u9fff々]{{1,4}}|[\u4e00-\u9fff々]{{0,2}}(?:{_GIVEN})(?![\u4e00-\u9fff]))", 0),
        (r"[\u4e00-\u9fff々ァ-ヶー]\s?(?:様|氏|さん|殿|君)(?![\u4e00-\u9fff])", 0),
        (r"\b(?:mr|mrs|ms|miss|dr|prof)\b\.?\s*\w", re.IGNORECASE),
        (rf"\b(?:{_ROMAN})\b", re.IGNORECASE),
    )
)  # fmt: skip
_NO_PERSON: Final = re.compile(
    "仕様|同様|模様|多様|一様|異様|各氏|(?:お客|皆|本人|者|家族|世帯主|市民|住民|相手|[長当係課部局])(?:様|さん|殿)"
)
# A day may be written in one with the paper's name.
_DAY: Final = re.compile(
    r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?|(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
)
_NUMBER: Final = re.compile(r"\d{7,}|\d{4}[ -]\d{4}[ -]\d{4}|(?<!\d)0\d{1,4}-\d{1,4}-\d{3,4}|\d{4}-\d{6}")
_ROLE: Final = re.compile("(?:長|官|員|監|幹|査|任|事|者|佐|担当|係|課|室|部|局|所|会|班|センター|市|区|町|村)$")
_ROLE_ENGLISH: Final = re.compile(
    r"\b(?:manager|head|director|chief|officer|section|division|department|mayor|clerk|administrator|committee|supervisor"
    r"|leader|office|bureau|desk)\b",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(r"[ \u3000()（）・、,/／]+")


def person(text: str) -> Bilingual | None:
    """
    Why a text looks as if it named a person, or None.

    >>> person("疑義照会回答 第1号（令和8年4月1日）"), person("国保第20260401号")
    (None, None)
    >>> person("佐藤課長の回答")["en"], person("090-1234-5678")["en"]
    ("it looks like a person's name", "it looks like a person's number")
    """
    plain = _NO_PERSON.sub("", text)
    if any(pattern.search(plain) for pattern in _PERSON):
        return {"ja": "人の名前に見えます", "en": "it looks like a person's name"}
    if "@" in plain or _NUMBER.search(_DAY.sub(" ", _ascii(plain))):
        return {"ja": "人の番号か連絡先に見えます", "en": "it looks like a person's number"}
    return None


def no_role(text: str) -> Bilingual | None:
    """
    Why a text is no role that may make a ruling, or None.

    >>> no_role("契約担当課長"), no_role("国保年金課 契約担当課長"), no_role("head of the contract section")
    (None, None, None)
    >>> no_role("契約担当課長 山川")["en"], no_role("受託者の業務責任者")["en"]
    ('a role alone is written here, never a name', 'the contractor makes no ruling of the city')
    """
    if names_contractor(text):
        return {"ja": "受託者は市の回答を出せません", "en": "the contractor makes no ruling of the city"}
    if (found := person(text)) is not None:
        return found
    parts = [part for part in _PARTS.split(text) if part]
    japanese = not text.isascii()
    named = re.fullmatch(_SURNAMES, text) is not None
    fits = all(_ROLE.search(part) for part in parts) if japanese else bool(_ROLE_ENGLISH.search(text))
    if not parts or named or not fits or len(text) > LONGEST_ROLE:
        return {
            "ja": "役職だけを書きます（例: 契約担当課長）。氏名は書きません",
            "en": "a role alone is written here, never a name",
        }
    return None


def _ascii(text: str) -> str:
    """Full-width digits and dashes made plain."""
    return text.translate(_WIDTHS)


_WIDTHS: Final = {ord("０") + at: str(at) for at in range(10)} | dict.fromkeys(map(ord, "－‐‑–—−ー"), "-")
