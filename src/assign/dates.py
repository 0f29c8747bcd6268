"""
A date as people and Excel in Japan write it → that day, or an error that says what to write.

A text is read only where it can mean one day: the year in four digits or by era, then month and day. Where the order or
the century would have to be guessed (`4/1/2026`, `26-4-1`, `1/4`), where a time of day stands, or where a weekday or an era
does not fit the day, there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from assign.errors import BadDate, code_point, hidden, pasted

LONGEST: Final = 60  # characters; no date is nearly as long
YEARS: Final = (1926, 2100)  # what a year that is not written as YYYY-MM-DD may be: a typing error is no case of 1826


class Era(NamedTuple):
    """A Japanese era: its first day, and the day on which the next begins."""

    names: tuple[str, ...]
    first: date
    end: date


# Source: 元号を改める政令 of 1989 and 2019, and the notice of 25 December 1926; each day stands in one era alone.
ERAS: Final = (
    Era(("令和", "令", "r"), date(2019, 5, 1), date.max),
    Era(("平成", "平", "h"), date(1989, 1, 8), date(2019, 5, 1)),
    Era(("昭和", "昭", "s"), date(1926, 12, 25), date(1989, 1, 8)),
)
_ERA_OF: Final = {name: era for era in ERAS for name in era.names}

# One way of writing a day is nearly all that a cold start meets; `re` compiles the others when they are needed, and keeps them.
ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# A hyphen that separates, and the signs that a Japanese keyboard gives for it; `ー` only where it stands between digits.
_HYPHENS: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ－", "-"))
_MIDNIGHT: Final = r"(?a)(?<=[0-9日)])(?:[ ]+|t)0{1,2}:00(?::00(?:\.0+)?)?(?:[ ]*(?:\+09:?00|jst))?$"
_TIME: Final = r"(?a)[0-9]{1,2}:[0-9]{2}|[0-9]時|午[前後]|[0-9]z$"
_WEEKDAY: Final = r"[ ]*(?:\(([月火水木金土日])(?:曜日?)?\)|([月火水木金土日])曜日?|\(?(mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?\.?\)?)$"
_WEEKDAYS: Final = "月火水木金土日"
_ENGLISH: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE: Final = r"(?a)(\d{4})(\d{2})(\d{2})"
_YEAR_FIRST: Final = (
    r"(?P<era>[^\W\d_]{0,2})(?P<year>[0-9]{1,4}|元)"
    r"(?:年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日|(?P<sign>[-/.])(?P<m>[0-9]{1,2})(?P=sign)(?P<d>[0-9]{1,2}))"
)
# As systems of city halls print it, two digits each: `R080401`.
_COMPACT: Final = r"(?P<era>[^\W\d_]{1,2})(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
_SERIAL: Final = r"(?a)\d{5}(?:\.\d*)?"
_YEAR_LAST: Final = r"(?a)\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
_SHORT_YEAR: Final = r"(?a)\d{1,2}[-/.]\d{1,2}[-/.]\d{1,2}|[1-5]?\d{6}"  # `5080401`: the era as a digit
_IN_PART: Final = r"[^\W\d_]{0,2}([0-9]{1,4}|元)(年([0-9]{1,2}月?)?)?|[^\W\d_]{0,2}[0-9]{1,4}[-/.][0-9]{1,2}|[0-9]{1,2}月([0-9]{1,2}日?)?"
_BEFORE_SHOWA: Final = r"(大正|明治|大|明|t|m)[0-9元]"
_IN_KANJI: Final = r"[〇一二三四五六七八九十]+[年月日]"


def day(given: object) -> date:
    """
    The day that is meant. A `date` is itself; a `datetime` is its day where it is midnight, in Japan or nowhere in particular.

    >>> day("令和8年4月1日（水）") == day("R8.4.1") == day("2026/4/1 0:00") == day("２０２６０４０１") == date(2026, 4, 1)
    True
    >>> day("46113")
    Traceback (most recent call last):
    assign.errors.BadDate: `46113` is not a date: as a serial number of a spreadsheet it would be 2026-04-01 (write a day of the calendar, for example `2026-04-01`)

    Raises:
        BadDate: With what to write.
    """
    if type(given) is date:
        return given
    if isinstance(given, datetime):
        return _of_midnight(given)
    if isinstance(given, str) and len(given) <= LONGEST:
        with suppress(ValueError):  # a 30 February: its error is made below
            if ISO.fullmatch(given):  # nearly all there are
                return date.fromisoformat(given)
        return _of_text(given)
    if isinstance(given, int | float) and not isinstance(given, bool):
        raise _refused(given, str(given) if abs(given) < 10**9 else "")
    raise BadDate(given)


def serial_day(number: int) -> date | None:
    """The day that a spreadsheet means by a number, if it is of this time (1954 to 2119)."""
    return date(1899, 12, 30) + timedelta(days=number) if 20_000 <= number < 80_500 else None


def _of_midnight(given: datetime) -> date:
    at_midnight = not any(
        (given.hour != 0, given.minute != 0, given.second != 0, given.microsecond != 0, getattr(given, "nanosecond", 0))
    )  # pandas has a moment that is none, whose hour is no number and so is not 0
    zone = given.utcoffset() if at_midnight else None
    if not at_midnight or zone not in (None, timedelta(hours=9)):
        raise BadDate(given, *_TIME_SAID)
    return date(given.year, given.month, given.day)


def _of_text(given: str) -> date:
    if any(unicodedata.category(c) == "No" for c in given):  # `²` and `①` are no digits of a date
        raise BadDate(given)
    text = unicodedata.normalize("NFKC", pasted(given)).casefold().translate(_HYPHENS).strip()
    plain = re.sub(_MIDNIGHT, "", text).removeprefix("西暦")
    if re.search(_TIME, plain):
        raise BadDate(given, *_TIME_SAID)
    said = re.search(_WEEKDAY, plain)
    if said:
        plain = plain[: said.start()]
    if re.search(r"\d\s+\d", plain):  # `2026/1 1/1`: whether a digit is missing there cannot be told
        raise BadDate(given)
    plain = "".join(plain.split())
    found = _written(given, plain)
    if found is None:
        raise _refused(given, plain)
    if said and (named := _named(said)) != found.weekday():
        right = _WEEKDAYS[found.weekday()]
        raise BadDate(
            given,
            f"{found} は{right}曜日で、{_WEEKDAYS[named]}曜日ではありません",
            f"{found} is a {found:%A}, which this does not say",
        )
    return found


def _written(given: str, plain: str) -> date | None:
    """The day, where the text is of a form that means one."""
    try:
        if ISO.fullmatch(plain):
            return date.fromisoformat(plain)
        if whole := re.fullmatch(_WHOLE, plain):
            return _sane(given, date(*map(int, whole.groups())))
        found = re.fullmatch(_YEAR_FIRST, plain) or re.fullmatch(_COMPACT, plain)
        if found is None:
            return None
        month, day_ = int(found["month"] or found["m"]), int(found["day"] or found["d"])
        if not found["era"]:
            return _sane(given, date(int(found["year"]), month, day_)) if len(found["year"]) == 4 else None
        era = _ERA_OF.get(found["era"])
        if era is None or len(found["year"]) > 2 or found["year"] in ("0", "00"):
            return None
        number = 1 if found["year"] == "元" else int(found["year"])
        within = date(era.first.year + number - 1, month, day_)
    except ValueError:  # a month 13, a 30 February
        raise BadDate(given, "暦にその日はありません", "the calendar has no such day") from None
    if not era.first <= within < era.end:
        right = next((each for each in ERAS if each.first <= within < each.end), None)
        proper = f"{right.names[0]}{within.year - right.first.year + 1}年" if right else "?"
        raise BadDate(
            given,
            f"{era.names[0]}にその日はありません（{within} は{proper}）",
            f"the era has no such day; {within} is in another",
        )
    return _sane(given, within)


def _sane(given: str, found: date) -> date:
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise BadDate(
            given,
            f"{found.year} 年は業務の年ではありません",
            f"{found.year} is no year of a case",
        )
    return found


def _named(said: re.Match[str]) -> int:
    return _ENGLISH.index(said[3]) if said[3] else _WEEKDAYS.index(said[1] or said[2])


_TIME_SAID: Final = ("時刻のない日付を書いてください", "leave out the time of day")


def _refused(given: object, plain: str) -> BadDate:
    """The error for what is no date, with the reason where it is a known one."""
    number = plain.partition(".")[0]
    if re.fullmatch(_SERIAL, plain) and (meant := serial_day(int(number))):
        return BadDate(
            given,
            f"表計算の通し番号なら {meant} のことです",
            f"as a serial number of a spreadsheet it would be {meant}",
            [meant.isoformat()],
        )
    if re.fullmatch(_WHOLE, number) and not isinstance(given, str):
        return BadDate(given, "文字列で書いてください", "write it as a text")
    if re.fullmatch(r"[0-9]{8}\.0*", plain):  # as pandas writes a number
        return BadDate(given, f"{number} と書いてください", f"write {number}", [number])
    if re.fullmatch(_YEAR_LAST, plain):
        return BadDate(
            given, "月と日の順が決まりません。年を先に", "month and day could be either; write the year first"
        )
    if re.fullmatch(_SHORT_YEAR, plain):
        return BadDate(given, "年を 4 桁か元号で", "write the year in four digits or by era")
    if re.match(_BEFORE_SHOWA, plain):
        return BadDate(given, "昭和より前は案件の日付ではありません", "a day before Showa is no day of a case")
    if re.fullmatch(_IN_PART, plain):
        return BadDate(given, "年月日がそろっていません", "year, month and day are needed")
    if re.search(_IN_KANJI, plain):
        return BadDate(given, "漢数字ではなく 1、2、3 で書いてください", "write the digits as 1, 2, 3")
    if isinstance(given, str) and (c := hidden(given.strip())) is not None:
        return BadDate(
            given, f"見えない文字 {code_point(c)} を消してください", f"remove the hidden character {code_point(c)}"
        )
    return BadDate(given)


# -- dates within a text -------------------------------------------------------------------------------------------------

_ERA: Final = "(?P<{0}>令和|平成|昭和|[令平昭RHSrhs])"
_YEARS: Final = rf"(?:{_ERA})?(?P<{{1}}>[0-9]{{{{4}}}}|[0-9]{{{{1,2}}}}|元)"
_IN_WORDS: Final = _YEARS.format("era", "year") + (
    r"(?:年(?P<fiscal>度)|年(?:(?P<month>[0-9]{1,2})月(?:(?P<day>[0-9]{1,2})日)?)?)"
)
_IN_SIGNS: Final = _YEARS.format("e", "y") + r"(?P<sign>[-/.])(?P<m>[0-9]{1,2})(?P=sign)(?P<d>[0-9]{1,2})"
_OF_A_MONTH: Final = _ERA.format("of_era") + r"(?P<of_year>[0-9]{1,2}|元)[-/.](?P<of_month>[0-9]{1,2})(?![-/.])"  # R9.4
_IN_TEXT: Final = rf"(?<![0-9])(?:{_IN_SIGNS}|{_IN_WORDS}|{_OF_A_MONTH})(?![0-9間])"
_WITHOUT_YEAR: Final = r"(?<!毎年)(?<![0-9])[0-9]{1,2}月[0-9]{1,2}日"


class InText(NamedTuple):
    """A date in a text: the first and the last day that it can mean, None where nobody can tell, and where it ends in the text, in NFKC."""

    first: date | None
    last: date | None
    end: int


def in_text(text: str) -> Iterator[InText]:
    """
    The dates that a text names, in its order; of a month or a fiscal year (年度) all its days.

    >>> [(str(each.first), str(each.last)) for each in in_text("R9.4から、令和8年度まで、2026年12月1日")]
    [('2027-04-01', '2027-04-30'), ('2026-04-01', '2027-03-31'), ('2026-12-01', '2026-12-01')]
    >>> [each.first for each in in_text("4月1日から（年約3,000件、3年間）")]
    [None]
    """
    plain = unicodedata.normalize("NFKC", text)
    found = [each for match in re.finditer(_IN_TEXT, plain) if (each := _meant(match)) is not None]
    rest = re.sub(_IN_TEXT, lambda match: " " * len(match[0]), plain)
    found += [InText(None, None, match.end()) for match in re.finditer(_WITHOUT_YEAR, rest)]
    return iter(sorted(found, key=lambda each: each.end))


def _meant(found: re.Match[str]) -> InText | None:
    """None of what may be a span of time (`3年`); a date of which no day can be told says so."""
    era = found["era"] or found["e"] or found["of_era"] or ""
    year = found["year"] or found["y"] or found["of_year"]
    month, day_ = found["month"] or found["m"] or found["of_month"], found["day"] or found["d"]
    if not era and len(year) < 4:  # with a month it is a year of an era that is not named
        return InText(None, None, found.end()) if month else None
    try:
        first = _first(era, year, month or ("4" if found["fiscal"] else "1"), day_ or "1", whole=not month)
    except BadDate:
        return InText(None, None, found.end())
    if day_:
        return InText(first, first, found.end())
    after = (first.year + 1, first.month) if not month else (first.year + first.month // 12, first.month % 12 + 1)
    return InText(
        first, date(after[0], after[1] if month or found["fiscal"] else 1, 1) - timedelta(days=1), found.end()
    )


def _first(era: str, year: str, month: str, day_: str, *, whole: bool) -> date:
    """The day. 令和元年 begins in May: of a whole year its first day is that of the era. Raises BadDate."""
    try:
        return day(f"{era}{year}年{month}月{day_}日")
    except BadDate:
        if not whole or year not in ("元", "1"):
            raise
        return day(f"{era}{year}年12月31日").replace(month=5, day=1)
