"""
The desk → the decision table: every item, channel and act, and the days between which the answer is one.

What a columnar engine, a cluster or a database needs to answer without Python: the lookup is a join. The table is made
by the desk itself, and a test decides every line of it again. It holds the words of the contract alone (keys and printed
numbers); how other spellings are understood stays with the desk.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from assign.decision.request import Request
from assign.errors import AmbiguousItem, AssignError, shown
from assign.explanation.explainer import Brief
from assign.rules.changes import FIRST, LAST, boundaries
from assign.words import LONGEST, normal

from .asked import DeskClosed
from .desk import Desk


class Line(NamedTuple):
    """
    One answer: for `division`, `item`, `channel`, `act` (empty: none asked) and every day from `since` to `until`.

    `error` is empty, or `ambiguous_item` where the item's rows get different answers; then the answer is empty.
    """

    division: str
    item: str
    channel: str
    act: str
    since: str
    until: str
    assignee: str
    certainty: str
    rules: str
    row: str
    caveats: str
    reason_ja: str
    reason_en: str
    error: str
    error_ja: str
    error_en: str


_tables: WeakKeyDictionary[Desk, tuple[Line, ...]] = WeakKeyDictionary()


def decision_table(desk: Desk) -> tuple[Line, ...]:
    """
    Every answer of a desk, made once for it: its rules do not change.

    Returns:
        About 35,000 lines, in document order. For each request the lines' days cover all of time without overlap. Of a folder of
        editions the lines of one after the other, each for its own days alone: what stands in none of them has no answer, or the desk
        says why.

    Raises:
        DeskClosed: The desk answers nothing more.
    """
    if desk.closed:
        raise DeskClosed
    if (known := _tables.get(desk)) is None:
        desks = (desk,) if desk.beside is None else desk.beside.each()
        known = _tables[desk] = tuple(line for each in desks for line in table_of_edition(each))
    return known


def table_of_edition(desk: Desk) -> Iterator[Line]:
    """The lines of a desk's own edition; of a list that has one edition, all of them."""
    return _lines(desk, (FIRST, LAST) if desk.beside is None else desk.beside.days(desk.place))


def windows(days: list[date], of: tuple[date, date] = (FIRST, LAST)) -> list[tuple[date, date]]:
    """Days on which something changes → spans on which nothing does, over all of time, or from a first day to a last."""
    first, last = of
    starts = [first, *(day for day in days if first < day <= last)]
    return [(since, until - timedelta(days=1)) for since, until in pairwise(starts)] + [(starts[-1], last)]


ASKED: Final = (
    "division",
    "item",
    "channel",
    "act",
    "on",
    "section",
)  # columns of a request; the last three may be absent
FORMATS: Final = ("csv", "jsonl", "parquet")  # of files of requests
ANSWERED: Final = ("assignee", "certainty", "rules", "row", "caveats", "reason", "error")  # columns of its answer


class Answered(NamedTuple):
    """One request's answer in columns. Either `error` is None, or everything else is."""

    assignee: str | None
    certainty: str | None
    rules: str | None
    row: str | None
    caveats: str | None
    reason: str | None
    error: str | None

    @property
    def outcome(self) -> str:
        """What it is counted as: `contractor/settled`, …, `error/unknown_item`."""
        return f"{self.assignee}/{self.certainty}" if self.error is None else f"error/{self.error.partition(':')[0]}"


@dataclass
class Counts:
    """What came into a batch and what went out: rows, and rows by `Answered.outcome`."""

    rows_in: int = 0
    rows_out: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """Rows that carry an error."""
        return sum(number for outcome, number in self.outcomes.items() if outcome.startswith("error/"))

    def as_json(self) -> dict[str, Any]:
        """`{rows_in, rows_out, errors, outcomes}`."""
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "errors": self.errors,
            "outcomes": dict(sorted(self.outcomes.items())),
        }


def answered(
    desk: Desk, asked: Mapping[str, str | None], today: date, lang: str = "ja", called: Mapping[str, str] | None = None
) -> Answered:
    """
    Decide one request of words as they stand in a file.

    Args:
        asked: The columns of `ASKED`. None or empty is absent: no act, no section, `today`.
        today: The date of a case that names none; one for a whole run.
        lang: Of the short reason and the error, `ja` or `en`.
        called: What the file calls each of them; by their own names if None.

    Returns:
        The answer, or the error as `code: message`. Nothing is raised for a bad request.
    """
    words: dict[str, object] = {name: asked.get(name) or None for name in ASKED}
    words["channel"] = asked.get("channel") or ""
    words["on"] = words["on"] or today
    try:
        said = desk.brief(**words)
    except AssignError as error:
        names = dict(zip(ASKED, ASKED, strict=True)) if called is None else called
        told = _empty(asked, error.code, names, lang) or error.message(lang)
        return Answered(None, None, None, None, None, None, f"{error.code}: {told}")
    reason = said.reason_en if lang == "en" else said.reason_ja
    return Answered(said.assignee, said.certainty, said.rules, said.row, said.caveats, reason, None)


def of_line(line: Line, lang: str = "ja") -> Answered:
    """The answer that a line of the table gives, in the same columns."""
    if line.error:
        message = line.error_en if lang == "en" else line.error_ja
        return Answered(None, None, None, None, None, None, f"{line.error}: {message}")
    reason = line.reason_en if lang == "en" else line.reason_ja
    return Answered(line.assignee, line.certainty, line.rules, line.row, line.caveats, reason, None)


_AT_FAULT: Final = {
    "bad_request": ASKED[:3],
    "unknown_division": ("division",),
    "unknown_item": ("item",),
    "unknown_channel": ("channel",),
    "unknown_act": ("act",),
    "bad_date": ("on",),
    "unknown_section": ("section",),
}


def _empty(asked: Mapping[str, str | None], code: str, called: Mapping[str, str], lang: str) -> str | None:
    """What is said of cells in which there is nothing to see, where that is what is wrong. None: it is something else."""
    fields = _AT_FAULT.get(code, ())
    names = {
        name: shown(called.get(name, name)) for name in fields if not normal((asked.get(name) or "")[: LONGEST + 1])
    }
    if not names or (code == "bad_request" and not names.keys() & {"division", "item"}):
        return None
    if not any(name in called for name in names):  # an object of JSON has the fields that it has
        ja, en = "がありません", "missing"
    elif any(asked.get(name) for name in names):
        ja, en = "には空白しかありません", "nothing but blanks in"
    else:
        ja, en = "が空です", "empty"
    return f"{en}: {', '.join(names.values())}" if lang == "en" else f"欄 {'、'.join(names.values())} {ja}"


class Refused(NamedTuple):
    """Why a request has no answer."""

    code: str
    ja: str
    en: str


def _lines(desk: Desk, days: tuple[date, date]) -> Iterator[Line]:
    for (division, number), tasks in desk.catalog.by_number.items():
        named = [(number, tasks), *((task.item, (task,)) for task in tasks if len(tasks) > 1)]
        for (item, of_item), channel in product(named, desk.catalog.manifest.channels):
            rows = desk.catalog.on_channel(of_item, channel)
            ids = [task.id for task in rows]
            acts = [(act, desk.explainer.alike(rows, act)) for act in (None, *desk.rules.acts)]
            words = division, item, channel
            known: dict[Hashable, list[tuple[str, ...]]] = {}
            for act, alike in acts:
                if alike not in known:
                    # Only what is asked for: over the days of every ruling the table would grow with the square of their number.
                    spans = windows(boundaries(desk.rules, ids, (channel,), act, of_list=desk.catalog.days(ids)), days)
                    known[alike] = list(_over_time(desk, Request(division, item, rows, channel, act, days[0]), spans))
                for answer in known[alike]:
                    yield Line(*words, act or "", *answer)


def _over_time(desk: Desk, request: Request, spans: list[tuple[date, date]]) -> Iterator[tuple[str, ...]]:
    """The answers of one request over time, equal neighbours made one."""
    since, said = request.on, _said(desk, request)
    for start, _ in spans[1:]:
        if (now := _said(desk, request._replace(on=start))) != said:
            yield _answer(since, start - timedelta(days=1), said)
            since, said = start, now
    yield _answer(since, spans[-1][1], said)


def _said(desk: Desk, request: Request) -> Brief | Refused:
    try:
        return desk.explainer.brief(request)
    except AmbiguousItem as error:
        return Refused(error.code, error.ja, error.en)


def _answer(since: date, until: date, said: Brief | Refused) -> tuple[str, ...]:
    """What follows the words of a request in its line."""
    days = since.isoformat(), until.isoformat()
    if isinstance(said, Refused):
        return (*days, *[""] * len(Brief._fields), *said)
    return (*days, *said, "", "", "")
