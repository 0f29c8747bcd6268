"""
Words that a new clerk need not know → what they mean, said where they first stand.

In the whole text the first of each has its meaning behind it. What stands in quotation marks or brackets is left as it is.
None of these words is on the short answer, but for those of the row's own name and of the act that was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

MEANINGS: Final[dict[str, dict[str, str]]] = {
    "ja": {
        "委託不可項目欄": "委託できるかの印の欄",
        "疑義照会": "一覧の読み方を市の担当に尋ねること",
        "業務責任者": "受託者の側の責任者で、市とのやりとりを受け持つ人",
        "事実行為・補助的行為": "受け取る、写す、送るなど、それだけでは何も決まらない作業",
        "公権力の行使": "法律が与えた権限で、住民の権利や義務を決めること",
        "両者にまたがる行為": "決める部分と、受託者に渡せる事務の部分がある行為",
        "行政庁": "法律で決める権限を持つ役所",
        "処分": "役所が権限で行う決定",
        "審査請求": "決定に不服があるときの申立て",
        "裁定": "年金を受ける権利と額を決めること",
        "実質審査": "条件に当たるかどうかの審査",
        "進達": "受けた書類を年金事務所などへ送り届けること",
        "支出命令": "お金を払うように会計に命じること",
        "職権": "届出がなくても役所の権限で行うこと",
        "交付送達": "書類を本人に直接渡して届けること",
        "公示送達": "届け先の分からない書類を、掲示して届いたものとすること",
        "指定公金事務取扱者": "市の公金を扱ってよいと市が指定した者",
        "理由コード": "決めた規則の名前",
    },
    "en": {
        "not-to-consign column (委託不可項目)": "its mark says whether the work is consigned",
        "factual or auxiliary act": "taking in, copying, sending and the like, which by itself decides nothing",
        "exercise of public authority": "deciding on people's rights and duties by a power that the law gives",
        "shared act": "one part decides, the other is paperwork",
        "administrative act": "a decision that an authority makes by its power",
        "a ruling": "the city's written answer to a question on the contract",
        "operations manager (業務責任者)": "the person through whom the contractor deals with the city",
        "Reason code": "the name of the rule that decided",
    },
}


@lru_cache
def _pattern(lang: str) -> re.Pattern[str]:
    """What is passed over (quoted, in brackets), or a special word, longest first, and a bracket that may explain it already."""
    words = "|".join(sorted(map(re.escape, MEANINGS[lang]), key=len, reverse=True))
    if lang == "ja":
        over = "「[^」]*」|『[^』]*』|（(?:[^（）]|（[^（）]*）)*）"
        return re.compile(f"{over}|(?P<word>{words})(?!（)")
    return re.compile(rf"「[^」]*」|(?<![A-Za-z])'[^']*'(?!\w)|(?P<word>{words})(?! \()|\([^()]*\)")


def explained(pairs: Iterable[tuple[str, str]], lang: str) -> Iterator[tuple[str, str]]:
    """The same paragraphs, each special word with its meaning in brackets where it first stands."""
    left = dict(MEANINGS[lang])

    def meant(found: re.Match[str]) -> str:
        meaning = left.pop(found["word"], "") if found["word"] else ""
        if not meaning:
            return found[0]
        return f"{found[0]}（{meaning}）" if lang == "ja" else f"{found[0]} ({meaning})"

    for label, text in pairs:
        yield label, _pattern(lang).sub(meant, text)
