"""
A remark that says from or until which day a party does the work → the days on which that speaks against the printed mark.

What a list prints is what holds; but where its own remark gives the work to the other party for a time, and the case is of that time, the
mark alone no longer tells. Who it is then is not concluded from the remark: the answer is city staff, and needs a ruling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from assign.dates import in_text
from assign.words import CONSIGNING, Meaning

from .parts import Line


class Turn(NamedTuple):
    """Between two days, both among them, a remark says that the city does the work, or else that the contractor does. `said`: its words."""

    since: date
    until: date
    city: bool
    said: str

    def against(self, meaning: Meaning, on: date) -> bool:
        """Whether it speaks on a day against what the mark means."""
        marked = CONSIGNING if self.city else (Meaning.RETAINED, Meaning.OUTSIDE)
        return meaning in marked and self.since <= on <= self.until

    @property
    def after(self) -> date:
        """The first day on which it no longer holds."""
        return self.until + timedelta(days=1) if self.until < date.max else date.max

    @property
    def line(self) -> Line:
        """What the list says then."""
        because = {
            "ja": f"備考に「{self.said}」とあり、案件の日はそれに当たります。印だけでは担当が決まりません",
            "en": f"A remark says 「{self.said}」, which holds on the day of the case: the mark alone does not tell who it is",
        }
        asks = {
            "ja": f"備考の「{self.said}」のとおり変わりましたか。いまは、だれが行いますか。",
            "en": f"Has it changed as the remark 「{self.said}」 says? Who does it now?",
        }
        return Line({}, Meaning.UNDEFINED, None, because, asks=asks)


_WAY: Final = re.compile(
    r"\s*(?:\([^)]*\))?\s*(?:付け?で?)?(から|より|以降|以後|[~〜]|開始|まで|迄|で(?=終了|廃止|中止|休止))"
)
_UNTIL: Final = ("まで", "迄", "で")
_CITY: Final = re.compile(
    r"[市町村区]の?職員|本市|当市|市役所|役場|直営|担当課|所管課|(?<![一-龠])[市町村区](?=[がでにの]?(?:行|対|担|実|取|$|[、)]))"
    r"|(?<![一-龠])職員|委託(?:は|を)?(?:しない|せず|やめ|取りやめ|終了|廃止|中止|解除|の?対象外)|終了|廃止|中止|休止|取り?扱わない"
)
_ENDED: Final = re.compile("終了|廃止|中止|休止")
_CONTRACTOR: Final = re.compile(
    r"受託(?:者|事業者|業者)|委託(?:先|業者|事業者)|(?<!委託)(?<!受託)事業者|委託(?!(?:は|を)?(?:しない|せず|やめ|取りやめ|終了|廃止|中止|解除|の?対象外))"
)


def turns(remark: str) -> tuple[Turn, ...]:
    """
    When a remark says that somebody does the work from a day on, or until one.

    >>> [(each.since.isoformat(), each.city) for each in turns("令和8年4月1日から市職員")]
    [('2026-04-01', True)]
    >>> [(each.since.isoformat(), each.until.isoformat(), each.city) for each in turns("R9.3まで受託者が行う")]
    [('0001-01-01', '2027-03-31', False), ('2027-04-01', '9999-12-31', True)]
    >>> turns("令和8年10月1日から図書館でも扱う"), turns("年間約1,200件"), turns("市職員が行う")
    ((), (), ())
    """
    return tuple(turn for said in re.split(r"[。；;\n※]", remark) if _may_have(said) for turn in _of(said.strip()))


def _may_have(said: str) -> bool:
    return any(letter.isdigit() or letter == "元" for letter in said)


def _of(said: str) -> Iterator[Turn]:
    plain = unicodedata.normalize("NFKC", said)
    since = until = city = None
    for found in in_text(plain):
        way = _WAY.match(plain, found.end)
        if way is None or found.first is None:
            continue
        since, until = (since, found.last) if way[1] in _UNTIL else (found.first, until)
        if city is None:  # of two parties the one that stands next to the day
            city = _by_city(plain[way.end() :].lstrip("、 ").partition("、")[0])
    if city is None:
        city = _by_city(plain)
    if city is None or (since is None and until is None):
        return
    ended = _ENDED.search(plain) is not None  # what the contractor did until then
    if since is None and until is not None:
        if not ended:
            yield Turn(date.min, until, city, said)
        yield Turn(until + timedelta(days=1), date.max, ended or not city, said)
    else:
        yield Turn(since or date.min, until or date.max, city, said)


def _by_city(text: str) -> bool | None:
    """Whether a text names the city, or else the contractor; None where it names neither, or both."""
    city, contractor = _CITY.search(text) is not None, _CONTRACTOR.search(text) is not None
    return None if city is contractor else city
