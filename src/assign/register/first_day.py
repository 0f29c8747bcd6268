"""
The first day of a ruling → a remark where it may be a typing error, or why it is refused.

A ruling that begins a hundred years too late changes no answer that anybody asks for, and one that begins before its list speaks of cases that
the list does not answer: whoever wrote it believes otherwise. Nothing is refused that could be meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from assign.dates import YEARS
from assign.desk.desk import Desk
from assign.rules.entries import Ruling
from assign.words import Bilingual

from .refusals import Reason

AHEAD: Final = timedelta(days=366)  # a year: an answer is seldom given longer before it holds


def no_year(since: date) -> Reason | None:
    """The reason that a year is none of a case (`dates.YEARS`), however it was written."""
    if YEARS[0] <= since.year <= YEARS[1]:
        return None
    return Reason(
        "form",
        {
            "ja": f"適用開始日 {since} の {since.year} 年は業務の年ではありません",
            "en": f"the first day {since}: {since.year} is no year of a case",
        },
    )


def remarks(rulings: Iterable[Ruling], desk: Desk, today: date) -> list[Bilingual]:
    """What is said of rulings that begin before the list, after their edition, or more than a year after today and the first day of their edition."""
    by_day: dict[date, list[str]] = {}
    for ruling in rulings:
        by_day.setdefault(ruling.since, []).append(ruling.id)
    found: list[Bilingual] = []
    for since, ids in by_day.items():
        if (why := _odd(since, desk, today)) is not None:
            ja = f"{and_more(ids, 'ja')} の適用開始日 {since} は{why['ja']}。年の書き誤りでないか確かめてください"
            en = f"the first day of {and_more(ids, 'en')}, {since}, is {why['en']}: look whether the year is right"
            found.append({"ja": ja, "en": en})
    return found


def _odd(since: date, desk: Desk, today: date) -> Bilingual | None:
    days = desk.catalog.manifest.effective
    first, last = (date.min, date.max) if days is None else (days.since, days.until or date.max)
    begins = first
    if desk.beside is not None:  # a ruling of an earlier edition may go on in a later one
        begins, (first, last) = desk.beside.found[0].since, desk.beside.days(desk.place)
    if since < begins:
        return {"ja": f"一覧の最初の日 {begins} より前です", "en": f"before the first day of the list, {begins}"}
    if since > last:
        return {"ja": f"版の最後の日 {last} より後です", "en": f"after the last day of the edition, {last}"}
    if since - max(today, first) > AHEAD:
        return {"ja": f"今日（{today}）から1年より先です", "en": f"more than a year after today ({today})"}
    return None


def and_more(ids: Sequence[str], lang: str) -> str:
    """The first of some ids, and how many more there are."""
    more = len(ids) - 1
    return ids[0] + ((f" ほか{more}件" if lang == "ja" else f" and {more} more") if more else "")
