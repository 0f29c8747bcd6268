"""
A remark that says from or until which day a party does the work → the days on which that speaks against the printed mark.

What a list prints is what holds; but where its own remark gives the work to the other party for a time, and the case is of that time, the
mark alone no longer tells. Who it is then is not concluded from the remark: the answer is city staff, and needs a ruling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from assign.dates import InText, in_text
from assign.words import CONSIGNING, Meaning

from .parts import Line


class Turn(NamedTuple):
    """
    Between two days, both among them, a remark says that the city does the work (`city`), or that the contractor does (not `city`), or what
    cannot be told: then `city` is None, and a mark that gives the work away does not hold. `said`: its words.
    """

    since: date
    until: date
    city: bool | None
    said: str

    def against(self, meaning: Meaning, on: date) -> bool:
        """Whether it speaks on a day against what the mark means."""
        marked = (Meaning.RETAINED, Meaning.OUTSIDE) if self.city is False else CONSIGNING
        return meaning in marked and self.since <= on <= self.until

    @property
    def narrow(self) -> bool:
        """Whether it is about what it names alone: it excepts nothing, says nothing of all, and either is understood or begins with what it is of."""
        of = re.match(_OF, self.said) or re.match(_OF_ITS_DAY, unicodedata.normalize("NFKC", self.said))
        return re.search(_WIDE, self.said) is None and (self.city is not None or of is not None)

    @property
    def after(self) -> date:
        """The first day on which it no longer holds."""
        return self.until + timedelta(days=1) if self.until < date.max else date.max

    @property
    def line(self) -> Line:
        """What the list says then."""
        because = {
            "ja": f"備考に「{self.said}」とあり、案件の日では、印だけで担当が決まりません",
            "en": f"A remark says 「{self.said}」, and on the day of the case the mark alone does not tell who it is",
        }
        asks = {
            "ja": f"備考の「{self.said}」のとおり変わりましたか。いまは、だれが行いますか。",
            "en": f"Has it changed as the remark 「{self.said}」 says? Who does it now?",
        }
        return Line({}, Meaning.UNDEFINED, None, because, asks=asks)


_OF: Final = r"[^、。:：]{1,15}[:：]"  # 電話: …
_OF_ITS_DAY: Final = r"[^、。:：は]{1,15}は、?(?:令和|平成|[RH]?[0-9])"  # 図書館は令和9年3月31日で終了
# What a sentence adds in brackets of the time before: 令和9年4月1日から受託者（前日までは市職員）.
_TIME_BEFORE: Final = r"\((?:前日|それ|同日前|これ)?(?:まで|以前|より前|前)(?:は|、|の間)?([^()]*)\)"
_NO_MARKS: Final[Mapping[str, bool | None]] = {}
_FOR_A_MARK: Final = {True: "市職員", False: "受託者", None: "市職員又は受託者"}
# Patterns are texts, which `re` compiles where they are met and keeps: a cold start pays for none.
# How a text goes on behind a day, in NFKC, and whether the day is a last one.
_FROM: Final = r"\s*(?:\([^)]*\))?\s*(?:付け?で?)?(?:から|より|以降|以後|[~〜]|開始)は?"
_UNTIL: Final = (
    r"\s*(?:\([^)]*\))?\s*末?(?:まで(?!に)|迄|限り|を?もって|をもち|で(?=(?:委託)?(?:終了|廃止|中止|休止)))は?"
)
_CITY: Final = (
    r"[市町村区]の?職員|本市|当市|市役所|役場|直営|担当課|所管課|[^\s、。()]{1,6}[課係室班](?:員|の?職員)?(?=$|[がでにの、。)])|係員|会計年度任用職員"
    r"|(?<![一-龠])[市町村区](?=[がでにへの]?(?:行|対|担|実|取|移|戻|$|[、)]))|(?<![一-龠])職員"
)
_CONTRACTOR: Final = r"受託(?:者|事業者|業者)|委託|(?<![委受]託)事業者"
# Something short, as marks are, that stands from the day on: ▲とする, Bに変更. Whose that is, nobody here knows.
_CHANGED: Final = r"(?:^|[はをがも、へで・ら~〜\s:])[^\sはをがも、へで・ら~〜:]{1,2}(?:と(?:する|します|なる)|に(?:する|変更|改め|切り?替)|へ(?:変更|切り?替))"
# A day with nothing beside it but what it is of, and that it is a limit.
_ALONE: Final = (
    r"(?:[^、。:]{1,15}[:はも]、?)?\s*[(]?(?:(?:令和|平成|[RH])\s*)?[0-9元]+\s*(?:年度|[年./-]\s*[0-9]+\s*[月./-]?\s*(?:[0-9]+\s*日?)?)"
    r"(?:(?P<from>から|より|以降|以後|[~〜])|まで(?:に限る|に限り|限り|の間)?|限り)(?:の?(?:実施|開始|対応|適用|委託|とする|施行))?[)。]?"
)
_OTHERS: Final = "広域連合|年金事務所|年金機構|国保連|団体連合会"
_ENDED: Final = "終了|廃止|中止|休止|取りやめ|解除|見直|外す|除外|移管|引き?継|戻[すし]|直営化"
_STOPPED: Final = "終了|廃止|中止|休止|取りやめ|直営化"
# What turns a sentence round, so that no word of it alone says who does the work.
_TURNED: Final = r"(?:行|取り?扱|扱)わ(?:ず|ない)|しない|せず|できない|代わ|対象外|不可|から[^、]{0,12}(?:に|へ)(?:変更|移管|移行|切)|又は|または|協議|予定|検討"
# What a day may be beside the work: that of a paper.
_OF_A_PAPER: Final = "実績|件数|[0-9]+件|告示|公告|指定|条例|規則|要綱|契約|通知|施行|現在|改訂|改正|訂正|第[0-9]+号"
# What was before the day is another's, or open.
_BEFORE: Final = "それまで|それ以前|以前|従前|開始|予定|検討|協議"
# A day that nobody here reads: 令和八年四月一日, 20260401.
_OTHER_DAY: Final = r"(?:令和|平成)[〇一二三四五六七八九十]+年|(?<![0-9])20[0-9]{6}(?![0-9])"
# What brackets may say that is not beside the point; what else they say of a paper or a form is.
_TO_THE_POINT: Final = (
    rf"[0-9年月]|{_CITY}|{_CONTRACTOR}|{_OTHERS}|{_ENDED}|予定|検討|協議|又は|または|除|以外|のみ|限|場合|ただし|含"
)
_WIDE: Final = "除|以外|のほか|含|全て|すべて|全部|分は"


def turns(remark: str, marks: Mapping[str, bool | None] = _NO_MARKS) -> tuple[Turn, ...]:
    """
    When a remark says that somebody does the work from a day on, or until one. What has a day and a party, and is not read by these words,
    waits from the first of its days on; where its day cannot be read, always.

    Args:
        marks: The list's own marks, which stand for parties as well (督促は G, ○を◎とする): whether each leaves work with the city.

    >>> [(each.since.isoformat(), each.city) for each in turns("令和8年4月1日から市職員")]
    [('2026-04-01', True)]
    >>> [(each.since.isoformat(), each.until.isoformat(), each.city) for each in turns("R9.3まで受託者が行う")]
    [('0001-01-01', '2027-03-31', False), ('2027-04-01', '9999-12-31', True)]
    >>> [(each.since.isoformat(), each.city) for each in turns("R8.9.30までは受託者、R8.10.1からは市職員")]
    [('0001-01-01', False), ('2026-10-01', True)]
    >>> turns("令和8年4月1日から市職員又は受託者")[0].city is None
    True
    >>> turns("令和8年10月1日から図書館でも扱う"), turns("年間約1,200件"), turns("市職員が行う")
    ((), (), ())
    >>> [(each.since.isoformat(), each.city) for each in turns("令和9年4月1日から受託者が行う（前日までは市職員）")]
    [('0001-01-01', True), ('2027-04-01', False)]
    >>> [each.city for each in turns("令和9年4月1日から受託者が行う（備考には記載しない）")]
    [True, False]
    >>> [each.narrow for each in turns("図書館は令和9年3月31日で終了し、以後は取り扱わない")]
    [True]
    >>> [each.city for each in turns("令和8年10月1日から○を◎とする", {"○": False, "◎": True})]
    [True]
    >>> [(each.since.isoformat(), each.city) for each in turns("令和8年10月1日から▲とする")]
    [('2026-10-01', None)]
    """
    return tuple(
        turn for said in re.split(r"[。；;\n※]", remark) if may_have_a_day(said) for turn in _of(said.strip(), marks)
    )


def _dated(plain: str) -> str:
    """A sentence with the day itself in place of 翌日."""
    for day in reversed([*in_text(plain)]):
        at = plain.find("翌日", day.end)
        if at >= 0 and day.last is not None and day.last < date.max:
            after = day.last + timedelta(days=1)
            plain = f"{plain[:at]}{after.year}年{after.month}月{after.day}日{plain[at + 2 :]}"
    return plain


def _bare(said: str, plain: str, days: Sequence[InText]) -> Turn | None:
    """What says no more than from or until when the mark holds: 令和8年10月1日から, 窓口: R9.3.31まで, 令和9年3月31日までに限る."""
    found = re.fullmatch(_ALONE, plain)
    if found is None or len(days) != 1 or days[0].first is None or days[0].last is None:
        return None
    first, last = days[0].first, days[0].last
    if found["from"]:
        return Turn(date.min, first - timedelta(days=1), city=True, said=said)
    return Turn(last + timedelta(days=1), date.max, city=True, said=said)


def _in_words(plain: str, marks: Mapping[str, bool | None]) -> str:
    """A sentence with the parties in place of the list's marks for them: 「G」 becomes 「職員」 in 督促は G."""
    if not marks:
        return plain
    words = {unicodedata.normalize("NFKC", mark): _FOR_A_MARK[city] for mark, city in marks.items()}
    any_mark = "|".join(re.escape(mark) for mark in sorted(words, key=len, reverse=True))
    before, behind = r"(?:(?<=[はをがも、へで・ら→「\s~〜:])|^)", r"(?=$|[とにへでがを、。)」\s])"
    plain = re.sub(rf"{before}(?:{any_mark})を(?=(?:{any_mark})(?:と|に|へ))", "", plain)
    return re.sub(rf"{before}({any_mark}){behind}", lambda found: words[found[1]], plain)


def may_have_a_day(said: str) -> bool:
    """Whether a date may stand there: looked for without a pattern, since most texts have none."""
    digits = sum(letter.isdigit() for letter in said)
    return (
        "令和" in said
        or "平成" in said
        or digits >= 8
        or (digits > 0 and any(sign in said for sign in "年月./-．／－"))
    )


def _of(said: str, marks: Mapping[str, bool | None]) -> list[Turn]:
    plain = _without_time_before(_in_words(_dated(unicodedata.normalize("NFKC", said)), marks))
    every = [*in_text(plain)]
    if (bare := _bare(said, plain, every)) is not None:
        return [bare]
    days = [each for each in every if _is_meant(plain[each.end :], each)] + [
        InText(None, None, each.end()) for each in re.finditer(_OTHER_DAY, plain)
    ]
    if not days or not any(re.search(pattern, plain) for pattern in (_CITY, _CONTRACTOR, _OTHERS, _STOPPED, _CHANGED)):
        return []
    ways = any(re.match(pattern, plain[each.end :]) for each in days for pattern in (_FROM, _UNTIL))
    if not ways and re.search(_OF_A_PAPER, plain) and not re.search(_ENDED, plain) and not re.search(_CITY, plain):
        return []
    return _read(said, plain, days) or [Turn(_first(plain, days), date.max, None, said)]


def _without_time_before(plain: str) -> str:
    """A sentence without brackets that say nothing of who or when, and without the time before its day where that is the other party's."""
    plain = re.sub(r"\([^()]*\)", lambda found: found[0] if re.search(_TO_THE_POINT, found[0]) else "", plain)
    added = re.search(_TIME_BEFORE, plain)
    if added is None:
        return plain
    rest = plain[: added.start()] + plain[added.end() :]
    before, then = _by_city(added[1]), _by_city(rest)
    return rest if before is not None and then is (not before) else plain


def _is_meant(rest: str, day: InText) -> bool:
    """Whether a date may part two times: none does by which something is done (までに), nor one without a year that nothing begins at."""
    way = re.match(_FROM, rest) or re.match(_UNTIL, rest)
    return re.match(r"\s*末?(?:までに|迄に)", rest) is None and (day.first is not None or way is not None)


def _first(plain: str, days: Sequence[InText]) -> date:
    """The first day on which something may be another's; all of time where a day cannot be told."""
    found = [
        None
        if each.first is None or each.last is None
        else each.last + timedelta(days=1)
        if re.match(_UNTIL, plain[each.end :])
        else each.first
        for each in days
    ]
    return date.min if None in found or re.search(_BEFORE, plain) else min(day for day in found if day is not None)


def _read(said: str, plain: str, days: Sequence[InText]) -> list[Turn]:
    """The turns of a sentence whose every day is a first or a last one, each with one party; none where that is not so."""
    if re.search(_TURNED, plain) or re.search(_OTHERS, plain) or any(each.first is None for each in days):
        return []
    steps: list[tuple[date, date, bool]] = []  # from, until, whether the city does it
    ends = [each.end for each in days[1:]] + [len(plain)]
    since: date | None = None
    for each, end in zip(days, ends, strict=True):
        first, last = each.first or date.min, each.last or date.max
        begins, until = (re.match(pattern, plain[each.end :]) for pattern in (_FROM, _UNTIL))
        if not begins and not until:
            return []
        way = begins or until
        between = plain[each.end + way.end() if way else end : end]
        city = _by_city(re.sub(r"[0-9年月日度./RH令和平成-]+$", "", between)) if between.strip() else None
        if begins and city is None and len(days) > 1 and each is not days[-1]:
            since = first  # a span: 4月1日から9月30日まで
            continue
        if city is None:
            city = _by_city(plain) if len(days) == 1 or since is not None else None
        if city is None:
            return []
        steps.append((first, date.max, city) if begins else (since or date.min, last, city))
    return _in_turn(said, plain, steps)


def _in_turn(said: str, plain: str, steps: Sequence[tuple[date, date, bool]]) -> list[Turn]:
    """Each step until the next begins; what comes before the first and after the last is the other party's, where it says so."""
    found: list[Turn] = []
    for at, (since, until, city) in enumerate(steps):
        following = steps[at + 1][0] if at + 1 < len(steps) else None
        if following is not None and following <= since:
            return []
        last = min(until, following - timedelta(days=1)) if following else until
        ended = re.search(_ENDED, plain) is not None
        if not (ended and since == date.min):
            found.append(Turn(since, last, city, said))
        if following is None and last < date.max and since == date.min:  # until a day: then not any more
            found.append(Turn(last + timedelta(days=1), date.max, ended or not city, said))
    first = found[0] if found else None
    if first is not None and first.city is False and first.since > date.min:  # it begins to be the contractor's
        found.insert(0, Turn(date.min, first.since - timedelta(days=1), city=True, said=said))
    return found


def _by_city(text: str) -> bool | None:
    """Whether a text names the city, or else the contractor; None where it names neither, or both."""
    ended = re.search(_ENDED, text) is not None and "委託" in text  # 委託を終了
    city, contractor = (
        re.search(_CITY, text) is not None or ended,
        re.search(_CONTRACTOR, text) is not None and not ended,
    )
    return None if city is contractor else city
