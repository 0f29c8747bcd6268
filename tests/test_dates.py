"""Dates as people and Excel in Japan write them: one day, or an error that says what to write."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assign import Desk
from assign.dates import ERAS, day
from assign.errors import BadDate
from assign.words import date_of_case

APRIL = date(2026, 4, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01", "2026/4/1", "2026.4.1", "20260401", "令和8年4月1日", "R8.4.1", "r8/4/1", "R8-4-1", "令和8年4月1日(水)",
        "令和８年４月１日（水）", "２０２６／０４／０１", "２０２６ー４ー１", "2026年4月1日", "2026年04月01日水曜日", "2026/04/01 0:00",
        "2026-04-01 00:00:00", "2026-04-01T00:00:00.000", "2026-04-01T00:00:00+09:00", "㋿8年4月1日", "令和 8 年 4 月 1 日",
        "令8.4.1", "Ｒ８．４．１", "西暦2026年4月1日", "2026/04/01(Wed)", " 2026-04-01\u3000", "2026/4/1(水) 0:00",
        "R080401", "Ｒ０８０４０１", "令080401", "令和080401", "\u200b2026-04-01", "\ufeff令和8年4月1\u200b日",
    ],
)  # fmt: skip
def test_one_day_may_be_written_in_many_ways(text: str) -> None:
    """contract.md, `--on`."""
    assert day(text) == date_of_case(text) == APRIL


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("4/1/2026", "年を先に"), ("01-04-2026", "年を先に"), ("1/4", "年月日"), ("4月1日", "年月日"), ("26-4-1", "4 桁か元号"),
        ("260401", "4 桁か元号"), ("46113", "2026-04-01"), (46113, "2026-04-01"), (46113.0, "2026-04-01"), ("46113.5", "2026-04-01"),
        ("令和8年4月1日(木)", "水曜日"), ("2026-04-01 09:00", "時刻"), ("2026-04-01T00:00:00Z", "時刻"), ("2026/4/1 0:01", "時刻"),
        (datetime(2026, 4, 1, 1), "時刻"), (datetime(2026, 4, 1, tzinfo=timezone.utc), "時刻"), (20260401, "文字列"),
        ("R99.1.1", "2117"), ("1826/4/1", "1826"), ("2026/1 1/1", ""), ("2026/4-1", ""), ("R0.4.1", ""), ("2026/4", ""),
        ("2026-02-30", ""), ("令和8年13月1日", ""), ("大正15年1月1日", ""), ("²026-04-01", ""), ("٢٠٢٦-٠٤-٠١", ""),
        ("2026-04-01\n2026-04-02", ""), ("12026-04-01", ""), ("R8.4.1.1", ""), ("", ""), ("2026" * 99, ""), (float("nan"), ""),
        ("2026年4月", "年月日"), ("令和8年", "年月日"), ("R8.4", "年月日"), ("2026-4-31", "暦に"), ("令和8年2月29日", "暦に"), ("R080231", "暦に"),
        ("大正15年1月1日", "昭和より前"), ("T15.1.1", "昭和より前"), ("令和八年四月一日", "漢数字"), ("2026-04-01Z", "時刻"),
        ("\u202e2026-04-01", "U+202E"), ("20260401.0", "`20260401.0` は日付として読めません。20260401"), ("5080401", "4 桁か元号"),
        ("2026-٤-١", ""), ("R80401", ""), ("R08041", ""), ("RR080401", ""), ("H310501", "令和1年"),
        (float("inf"), ""), (10**400, ""), (True, ""), (b"2026-04-01", ""), ([2026, 4, 1], ""),
    ],
)  # fmt: skip
def test_what_could_be_several_days_or_none_is_refused_with_what_to_write(written: object, says: str) -> None:
    """Never a wrong day."""
    with pytest.raises(BadDate) as caught:
        day(written)
    assert says in caught.value.ja
    assert "`2026-04-01`" in caught.value.ja
    assert "`2026-04-01`" in caught.value.en
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R1.5.1", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("H1/1/8", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("S1.12.25", date(1926, 12, 25)),
        ("平成31年5月1日", None),
        ("R1.4.30", None),
        ("平成元年1月7日", None),
        ("昭和64年1月8日", None),
        ("昭和元年12月24日", None),
    ],
)
def test_an_era_has_its_own_days_alone(text: str, meant: date | None) -> None:
    """Each day stands in one era; the others' names for it are typing errors."""
    if meant is not None:
        assert day(text) == meant
        return
    with pytest.raises(BadDate, match="era has no such day"):
        day(text)


@pytest.mark.long
@settings(max_examples=300)
@given(st.dates(date(1926, 12, 25), date(2100, 12, 31)), st.integers(0, 11))
def test_every_form_of_a_day_is_that_day(meant: date, form: int) -> None:
    """Writing and reading are each other's inverse, over all days and forms."""
    era = next(each for each in ERAS if each.first <= meant < each.end)
    year = meant.year - era.first.year + 1
    weekday = "月火水木金土日"[meant.weekday()]
    forms = [
        f"{meant}", f"{meant:%Y/%m/%d}", f"{meant.year}/{meant.month}/{meant.day}", f"{meant:%Y%m%d}", f"{meant:%Y.%m.%d}",
        f"{era.names[0]}{year}年{meant.month}月{meant.day}日", f"{era.names[2]}{year}.{meant.month}.{meant.day}",
        f"{era.names[2].upper()}{year:02}/{meant:%m/%d}", f"{meant.year}年{meant.month}月{meant.day}日（{weekday}）",
        f"{meant} 00:00:00", f"{era.names[0]}{'元' if year == 1 else year}年{meant.month}月{meant.day}日{weekday}曜日", f"{meant}T00:00",
    ]  # fmt: skip
    assert day(forms[form]) == meant


@pytest.mark.long
@settings(max_examples=500)
@given(st.text(st.sampled_from("0123456789/-.年月日令和平成昭RHS元 　:()（）水T"), max_size=14))
def test_no_text_is_anything_but_a_day_or_a_bad_date(text: str) -> None:
    """No other error, and a day that is read says its own numbers."""
    try:
        found = day(text)
    except BadDate:
        return
    assert str(found.day) in "".join(c for c in text if c.isdigit())


def test_a_datetime_at_midnight_is_its_day() -> None:
    """Databases and pandas have no other."""
    assert day(datetime(2026, 4, 1)) == APRIL
    assert day(datetime(2026, 4, 1, tzinfo=timezone(timedelta(hours=9)))) == APRIL


def test_the_desk_reads_them_all(desk: Desk) -> None:
    """Python, the command line and batch share one reader."""
    asked: dict[str, Any] = {"division": "nenkin", "item": "24", "channel": "counter"}
    assert desk.decide(**asked, on="R8.4.1") is desk.decide(**asked, on=datetime(2026, 4, 1))
