"""
A value of a workbook and the format of its cell → what is printed, and whether that is sure.

A format can print anything: `[=1]"○";"×"` prints marks for numbers, `;;;` prints nothing. What is not one of the usual forms is
given as the plain value, and said not to be sure.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from assign.dates import ERAS

Value = str | int | float | bool | date | datetime | time | timedelta | None

_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?:.)|\*(?:.)|\[\$(?P<sign>[^\]-]*)(?:-[^\]]*)?\]|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/標準)|(?P<era>g+)|(?P<year>y+|e+)|(?P<month>m+)|(?P<day>d+)|(?P<weekday>a{3,4}(?!/))|(?P<hour>h+)|(?P<second>s+)|(?P<half>AM/PM|A/P)"
    r"|(?P<number>[#0?][#0?,]*(?:\.[#0?]*)?)|(?P<percent>%)|(?P<at>@)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOURS: Final = re.compile(
    r"(?i)(black|blue|cyan|green|magenta|red|white|yellow|黒|青|水|緑|紫|赤|白|黄|color ?[0-9]+|色[0-9]+)"
)
_ERA_SIGNS: Final = {"令和": ("R", "令"), "平成": ("H", "平"), "昭和": ("S", "昭")}
_WEEKDAYS: Final = "月火水木金土日"
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_LONGEST: Final = 255  # characters of a format, Excel's own limit
_FIRST: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's days have no zone


class Printed(NamedTuple):
    """
    What a cell shows.

    Attributes:
        sure: Whether it is what Excel prints.
        day: Whether it is a day or a time, which Excel may have made of a number such as `1-2`.
    """

    text: str
    sure: bool = True
    day: bool = False


def printed(value: Value, code: str, *, since_1904: bool = False) -> Printed:
    """
    The text of a cell.

    >>> printed(24.0, "General"), printed(45748, '[$-411]ggge"年"m"月"d"日"').text, printed(7, "000").text
    (Printed(text='24', sure=True, day=False), '令和7年4月1日', '007')
    >>> printed(1, '[=1]"○";"×"')
    Printed(text='1', sure=False, day=False)
    """
    if value is None or value == "":
        return Printed("")
    if isinstance(value, bool):
        return Printed("TRUE" if value else "FALSE")
    if len(code) > _LONGEST:
        return Printed(
            value if isinstance(value, str) else plain(value) if isinstance(value, float | int) else _iso(value),
            sure=False,
        )
    sections = _sections(code)
    if isinstance(value, str):
        return _text(value, sections)
    if isinstance(value, date | time | timedelta):
        return _moment(value, sections[0])
    if _tokens(sections[0]) and any(token.lastgroup in _OF_DAYS for token in _tokens(sections[0])):
        moment = _of_serial(value, since_1904)
        return Printed(plain(value), sure=False, day=True) if moment is None else _moment(moment, sections[0])
    return _number(value, sections)


def plain(value: float) -> str:
    """
    A number as it is printed without a format: no `.0`, and no digits that a computer adds.

    >>> plain(24.0), plain(0.1 + 0.2), plain(1200.5)
    ('24', '0.3', '1200.5')
    """
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15G}"


_OF_DAYS: Final = frozenset({"era", "year", "month", "day", "weekday", "hour", "second", "half"})


@lru_cache(maxsize=1024)  # a workbook has few formats, each in many cells
def _sections(code: str) -> list[str]:
    """A format's parts: for positive numbers, negative ones, zero, text."""
    parts = [""]
    for token in _TOKEN.finditer(code):
        if token.lastgroup == "other" and token[0] == ";":
            parts.append("")
        else:
            parts[-1] += token[0]
    return parts


@lru_cache(maxsize=1024)
def _tokens(section: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(section))


def _literal(token: re.Match[str]) -> str | None:
    """What a token prints by itself; None where it stands for something."""
    kind = token.lastgroup
    if kind in ("quoted", "escaped", "sign"):
        return token[kind]
    if kind == "other":
        return token[0]
    if kind is None:  # room as wide as a character, and what fills a cell
        return ""
    if kind == "bracket":
        return "" if _COLOURS.fullmatch(token["bracket"]) else None
    return None


def _text(value: str, sections: list[str]) -> Printed:
    if len(sections) < 4 and not (len(sections) == 1 and "@" in sections[0]):
        return Printed(value)
    out = ""
    for token in _tokens(sections[3] if len(sections) > 3 else sections[0]):
        literal = _literal(token)
        if token.lastgroup == "at":
            out += value
        elif literal is None:
            return Printed(value, sure=False)
        else:
            out += literal
    return Printed(out) if value in out else Printed(value, sure=False)


def _number(value: float, sections: list[str]) -> Printed:
    unsure = Printed(plain(value), sure=False)
    usable = sections[:3]
    if value < 0 and len(usable) > 1:
        section, shown = usable[1], abs(value)
    elif value == 0 and len(usable) > 2:
        section, shown = usable[2], value
    else:
        section, shown = usable[0], abs(value)
    sign = "-" if value < 0 and section is usable[0] else ""
    out, digits = "", 0
    tokens = _tokens(section)
    percent = any(token.lastgroup == "percent" for token in tokens)
    for token in tokens:
        literal = _literal(token)
        if token.lastgroup in ("general", "number"):
            digits += 1
            made = plain(shown) if token.lastgroup == "general" else _digits(shown * (100 if percent else 1), token[0])
            if made is None:
                return unsure
            out += made
        elif token.lastgroup == "percent":
            out += "%"
        elif token.lastgroup == "at":
            digits += 1
            out += plain(shown)
        elif literal is None or literal in ("/", "E"):
            return unsure
        else:
            out += literal
    return Printed(sign + out) if digits == 1 or (digits == 0 and out.strip()) else unsure


def _digits(value: float, form: str) -> str | None:
    """`#,##0.00`; None where a comma divides by a thousand, or a `?` leaves room."""
    whole, _, decimals = form.partition(".")
    if (
        whole.endswith(",")
        or "?" in form
        or "," in decimals
        or decimals.rstrip("#") + decimals[len(decimals.rstrip("#")) :] != decimals
    ):
        return None
    text = f"{round(value, len(decimals)):.{len(decimals)}f}"
    left, _, right = text.partition(".")
    least = whole.replace(",", "").count("0")
    left = left.lstrip("0").rjust(least, "0")
    if "," in whole:
        left = re.sub(r"(?<=[0-9])(?=(?:[0-9]{3})+$)", ",", left)
    while right and len(right) > decimals.count("0") and right.endswith("0"):
        right = right[:-1]
    return f"{left}.{right}" if "." in form else left


def _of_serial(value: float, since_1904: bool) -> datetime | None:
    if not 60 < value < 2_958_466:  # 1900-02-29, which Excel has and the calendar has not, to 9999-12-31
        return None
    return _FIRST + timedelta(days=value + (1_462 if since_1904 else 0))


def _moment(value: date | time | timedelta, section: str) -> Printed:
    """A day or a time as its format prints it, where the format is one of the usual ones."""
    tokens = _tokens(section)
    out = ""
    for number, token in enumerate(tokens):
        literal = _literal(token)
        made = literal if literal is not None else _part(value, token, _is_minute(tokens, number))
        if made is None:
            return Printed(_iso(value), sure=False, day=True)
        out += made
    return Printed(out, day=True) if tokens and any(each.lastgroup in _OF_DAYS for each in tokens) else Printed(_iso(value), sure=False, day=True)  # fmt: skip


def _is_minute(tokens: list[re.Match[str]], number: int) -> bool:
    """Whether `m` is a minute: it follows an hour, or a second follows it."""
    kinds = [token.lastgroup for token in tokens if token.lastgroup in _OF_DAYS]
    at = sum(token.lastgroup in _OF_DAYS for token in tokens[:number])
    return (at > 0 and kinds[at - 1] == "hour") or (at + 1 < len(kinds) and kinds[at + 1] == "second")


def _part(value: date | time | timedelta, token: re.Match[str], minute: bool) -> str | None:
    kind, size = token.lastgroup, len(token[0])
    clock = value.time() if isinstance(value, datetime) else value if isinstance(value, time) else time() if isinstance(value, date) else None  # fmt: skip
    if kind in ("hour", "second") or (kind == "month" and minute):
        if clock is None:
            return None
        number = clock.hour if kind == "hour" else clock.second if kind == "second" else clock.minute
        return f"{number:0{min(size, 2)}d}"
    if not isinstance(value, date) or kind == "half":
        return None
    if kind == "month":
        return (
            f"{value.month:0{size}d}"
            if size < 3
            else {3: _MONTHS[value.month - 1][:3], 4: _MONTHS[value.month - 1]}.get(size)
        )
    if kind == "day":
        return f"{value.day:0{size}d}" if size < 3 else None
    if kind == "weekday":
        return _WEEKDAYS[value.weekday()] + ("曜日" if size == 4 else "")
    day = value.date() if isinstance(value, datetime) else value
    era = next((each for each in ERAS if each.first <= day < each.end), None)
    if kind == "year" and token[0][0] in "yY":
        return f"{value.year}" if size > 2 else f"{value.year % 100:02d}"
    if era is None:
        return None
    if kind == "year":
        number = value.year - era.first.year + 1
        return "元" if number == 1 and "gannen" in token.string else f"{number:0{min(size, 2)}d}"
    if kind == "era":
        letter, short = _ERA_SIGNS[era.names[0]]
        return (letter, short, era.names[0])[min(size, 3) - 1]
    return None


def _iso(value: date | time | timedelta) -> str:
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat() if isinstance(value, date | time) else str(value)  # fmt: skip
