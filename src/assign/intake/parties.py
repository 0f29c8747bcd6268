"""
A row's remark → whether it says that somebody else does the work than the mark says: the whole of it, or a case of it.

A remark whose every word is that the city does it speaks against a mark that gives the work away; one that names a case, a day or another
party is a condition of the answer. Both are judged by a few words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from assign.catalog.turns import turns

_CITY: Final = "(?:本|当)?(?:市役?所?の?職員|市役所|市|職員|町|町職員|区|区職員|担当課|直営|所管課|[一-龠]{1,6}[課係室班](?=が|で|にて))"
_DOES: Final = "(?:行う|行います|行なう|行っている|対応|対応する|対応します|実施|実施する|担当|担当する|処理|処理する|取り扱う|取扱う|で実施)"
_NOT_GIVEN: Final = (
    "委託(?:の)?(?:準備|検討|調整)(?:中)?|委託(?:は|を)?(?:しない|せず|しません|していない|不可|できない|対象外|の対象外|外|から除く|除外|廃止|終了|中止)(?:した|する|済み?)?|非委託"
    "|委託の?(?:対象|範囲|契約)(?:外|と(?:は)?しない|に(?:は)?含(?:まない|まれない|めない)|ではない|から除く)"
    "|受託者(?:は|には|に|では)?(?:不可|行わない|行わせない|取り扱わない|扱わない|行うことができない|行えない|できない|委託しない)"
    "|直営(?:に|へ)(?:戻した|戻す|戻し|変更|切り?替え)(?:た|する)?"
)
_ALL: Final = re.compile(
    rf"(?:ただし、?)?(?:(?:この|本)?(?:業務|事務|行|件)は、?|すべて|全て|全部|当面(?:の間)?は?、?|当分の間は?、?|現在は?、?|今年度は?、?|[^はも、。]*(?:ため|により|につき)、?)*"
    rf"(?:{_CITY}(?:が|で|において|にて|による|の)?(?:{_DOES}|業務|直営|直接対応)?|{_NOT_GIVEN}|{_CITY}(?:が|で)?{_DOES}?ため、?{_NOT_GIVEN})(?:こと|もの|とする|です)?"
)
_CONTRACTOR: Final = re.compile(r"(?:受託者|受託事業者|委託事業者|委託先|事業者)(?:が|は、?|で)")
_BRACKETS: Final = re.compile(r"[(（\[［〔【][^()（）\[\]［］〔〕【】]*[)）\]］〕】]")
_SINCE: Final = re.compile(
    r"(?:[RHＲＨ]|令和|平成)\s*[0-9０-９元]+\s*[.．年/／-]\s*[0-9０-９]+(?:\s*[.．月/／-]\s*[0-9０-９]*)?\s*日?\s*(?:[~〜～]|から|より|まで|以降|以後|開始|迄)"
    r"|[0-9０-９]{1,4}\s*[年月日/／.]\s*(?:[0-9０-９]{1,2}\s*[月日/／.]?\s*){0,2}(?:[~〜～]|から|より|まで|以降|以後|開始|迄)"
)


def all_by_city(remark: str) -> str:
    """
    The sentence of a remark that says of the work as a whole that it is the city's; empty where none does.

    >>> all_by_city("市職員が行う（当面の間）"), all_by_city("件数は年50件。委託しない"), all_by_city("準備中のため委託しない")
    ('市職員が行う（当面の間）', '委託しない', '準備中のため委託しない')
    >>> [all_by_city(each) for each in ("委託の対象としない", "国保係が行う", "直営に戻した", "受託者に行わせない")]
    ['委託の対象としない', '国保係が行う', '直営に戻した', '受託者に行わせない']
    >>> all_by_city("委託準備中（当分の間、市職員が行う）")
    '委託準備中（当分の間、市職員が行う）'
    >>> all_by_city("夜間は市職員が行う"), all_by_city("受付は受託者、審査は市職員"), all_by_city("市内の方のみ")
    ('', '', '')
    """
    for sentence in re.split(r"[。；;\n※]|\s{2,}|　", remark):
        bare = "".join(_BRACKETS.sub("", unicodedata.normalize("NFKC", sentence)).split()).strip("、,:")
        if bare and _ALL.fullmatch(bare):
            return sentence.strip()
    return ""


def by_city_on(remark: str, words: Sequence[str]) -> bool:
    """
    Whether a remark says of a channel or an act, by one of its words, that the city does it, or that it is not given away.

    >>> by_city_on("土曜は市職員が対応", ["土曜"]), by_city_on("郵送分はすべて市職員", ["郵送"]), by_city_on("土曜は予約制", ["土曜"])
    (True, True, False)

    What follows ただし and names a case first speaks of that case alone, and what holds from a day on is looked at on that day (`catalog.turns`).

    >>> by_city_on("ただし、海外での分の受付は市職員", ["受付"]), by_city_on("ただし、土曜は市職員", ["土曜"])
    (False, True)
    >>> by_city_on("受付及び入力は市職員が行う", ["受付"]), by_city_on("受付については委託しない", ["受付"])
    (True, True)

    What names a part of it first is a case as well.

    >>> by_city_on("17時以降の電話は市職員", ["電話"]), by_city_on("この業務の電話は市職員", ["電話"])
    (False, True)
    """
    text = "".join(unicodedata.normalize("NFKC", remark).split())
    named = "|".join(re.escape(unicodedata.normalize("NFKC", each)) for each in words)
    if turns(remark):
        return False
    text = re.sub(r"(?:この|本)(?:業務|事務|件)の", "", text)
    text = re.sub(rf"(?:ただし|但し)(?!、?(?:{named or '$'}))[^。※]*", "", text)
    return (
        bool(named)
        and re.search(
            rf"(?<!の)(?:{named})(?:(?:及び|と|・|、)[^は。、]{{1,12}})*(?:分|の場合|での業務)?(?:は|については|のみ)、?(?:すべて|全て|全部)?(?:{_CITY}|{_NOT_GIVEN})",
            text,
        )
        is not None
    )


def names_another(remark: str, third: Sequence[str]) -> bool:
    """
    Whether a remark says of some of the work that the city or a third party does it, or that it is not given away.

    >>> [names_another(each, ["国保連"]) for each in ("外国人世帯は市職員が対応", "夜間は国保連が行う", "年50件", "年金事務所へ進達")]
    [True, True, False, False]
    """
    text = "".join(unicodedata.normalize("NFKC", remark).split())
    others = "|".join(
        [
            _CITY,
            *(re.escape(unicodedata.normalize("NFKC", each)) for each in third),
            "国保連合?会?",
            "広域連合",
            "年金事務所",
            "年金機構",
        ]
    )
    does = rf"(?:{others})(?:の?(?:窓口|担当|職員))?(?:(?:が|で|において|にて)[^。、]{{0,12}}?{_DOES}|が[^。、]{{0,10}}?$|に?(?:て)?{_DOES})|は、?(?:{others})(?:$|[。、()（）])"
    return re.search(f"{does}|{_NOT_GIVEN}", text) is not None


def names_contractor(remark: str) -> bool:
    """Whether a remark says that the contractor does something."""
    return _CONTRACTOR.search(remark) is not None


def from_a_day(remark: str) -> bool:
    """
    Whether a remark says from or until when something holds.

    >>> [from_a_day(each) for each in ("R9.4〜", "令和9年4月から", "R8.4.1から開始", "年50件")]
    [True, True, True, False]
    """
    return _SINCE.search(remark) is not None
