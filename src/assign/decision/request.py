"""
What was asked → what is understood: a division, rows, a channel, an act, a date.

Words come in as a person writes them and go out as keys; what is not understood is an error with the nearest choices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from assign.catalog.model import Catalog, Task
from assign.commands import command
from assign.dates import serial_day
from assign.errors import (
    AmbiguousAct,
    BadDate,
    BadRequest,
    UnknownAct,
    UnknownItem,
    UnknownRow,
    UnknownSection,
    listed,
    listed_with,
    pasted,
)
from assign.rules.model import RuleSet
from assign.words import LONGEST as LONGEST_WORD
from assign.words import date_of_case, item_reference, nearest, normal, printed_number


class Request(NamedTuple):
    """A request as understood. `tasks` has more than one row where a number names several."""

    division: str
    item: str
    tasks: tuple[Task, ...]
    channel: str
    act: str | None
    on: date


def understand(
    catalog: Catalog,
    rules: RuleSet,
    *,
    division_word: object,
    item_word: object,
    channel_word: object,
    act_word: object,
    on_word: object,
    section_word: object,
    row_word: object,
) -> Request:
    """
    Read a request.

    Raises:
        UnknownDivision, UnknownItem, UnknownSection, UnknownChannel, UnknownAct: With the nearest choices.
        BadDate, BadRequest: It is not of the right form.
    """
    known = catalog.manifest.divisions
    if row_word is not None:
        if division_word is not None or item_word is not None:
            raise BadRequest(
                "`row` と `division`・`item` は同時に指定できません", "give `row`, or `division` and `item`, not both"
            )
        tasks: tuple[Task, ...] = (row(catalog, row_word),)
    elif division_word is None or item_word is None:
        if division_word is None:
            raise BadRequest(
                f"区分 `division` を指定してください（{listed_with({key: each.label['ja'] for key, each in known.items()})}）",
                f"`division` is missing (choose: {listed(known)})",
                list(known),
            )
        raise BadRequest(
            f"番号 `item` を指定してください（`{command('tasks')}` に一覧があります）",
            f"`item` is missing (`{command('tasks')}` lists them)",
        )
    else:
        tasks = _rows(catalog, catalog.manifest.division(division_word), item_word)
    if section_word is not None:
        tasks = _under(tasks, section_word)
    channel = catalog.manifest.channel(channel_word)
    tasks = catalog.on_channel(tasks, channel)
    return Request(
        division=tasks[0].division,
        item=tasks[0].item if len(tasks) == 1 else tasks[0].number,
        tasks=tasks,
        channel=channel,
        act=None
        if act_word is None
        else act(rules, act_word, catalog.manifest.headings_of([task.cells for task in tasks])),
        on=date_of_case(on_word),
    )


def act(rules: RuleSet, given: object, headings: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> str:
    """
    A key, label or other name of an act → its key.

    Args:
        headings: What the list prints above the cells of acts, and the acts that it names there. Acts that share a cell and are of one
            class are answered alike: the heading is then the name of the first.

    Raises:
        UnknownAct: With the nearest.
        AmbiguousAct: The word may be several.
    """
    if isinstance(given, str) and given in rules.acts:  # most words are keys
        return given
    word = normal(given) if isinstance(given, str) and len(given) <= LONGEST_WORD else ""
    found = rules.act_words.get(word)
    if printed := headings.get(word):
        meant = [found] if found else list(rules.words.get(word, ()))
        strange = bool(meant) and not {*meant} & {*printed}  # the word is the name of other acts
        if strange or len({rules.acts[key].fact for key in printed}) > 1:
            several = dict.fromkeys((*printed, *(meant if strange else ())))
            raise AmbiguousAct(given, {key: rules.acts[key].title for key in several})
        return found or printed[0]
    if found is None:
        if word in rules.words:
            raise AmbiguousAct(given, {key: rules.acts[key].title for key in rules.words[word]})
        keys = [rules.act_words[word] for word in rules.act_choices.nearest(given, at_most=5)]
        raise UnknownAct(given, {key: rules.acts[key].title["ja"] for key in keys}, list(rules.acts))
    return found


def row(catalog: Catalog, given: object) -> Task:
    """The row of an id. Raises UnknownRow, with the nearest ids."""
    task = catalog.by_id.get(pasted(given).strip()) if isinstance(given, str) and len(given) <= LONGEST_WORD else None
    if task is None:
        line = re.fullmatch(r"([0-9]{1,6})\s*(行目?)?", _plain(given) or "")
        at = [each.id for each in catalog.tasks if line and each.line == int(line[1])]
        raise UnknownRow(
            given,
            at or nearest(given, catalog.by_id) or list(catalog.by_id)[:3],
            line=str(int(line[1])) if line and at else "",
        )
    return task


def _rows(catalog: Catalog, key: str, given: object) -> tuple[Task, ...]:
    if rows := catalog.by_number.get((key, printed_number(given) or "")):
        return rows
    if (one := catalog.by_item.get((key, printed_number(given) or ""))) is not None:
        return (one,)
    reference = item_reference(given)
    if reference is None and isinstance(given, str) and len(given) <= LONGEST_WORD:
        task = catalog.by_id.get(pasted(given).strip())  # a row id is a fine name for an item, too
        if task is not None and task.division == key:
            return (task,)
        if task is not None:
            raise UnknownRow(
                given,
                [],
                of=catalog.manifest.division_pair(key),
                stands_in=catalog.manifest.division_pair(task.division),
            )
    number, place = reference or ("", None)
    rows = catalog.by_number.get((key, number), ())
    # `5-1` is the first row of several 5; in a list that prints branches it is a branch, and where there is none such, no row.
    branches = len(rows) == 1 and key in catalog.numbers and catalog.numbers[key].has_branches
    if rows and (place is None or (place <= len(rows) and not branches)):
        return rows if place is None else (rows[place - 1],)
    if not rows and (unnumbered := catalog.unnumbered.get((key, normal(given) if isinstance(given, str) else ""))):
        return unnumbered
    name = catalog.manifest.division_pair(key)
    numbers = catalog.numbers.get(key)
    if numbers is None:
        raise BadRequest(f"この台帳に{name[0]}の行はありません", f"this catalog has no row of `{key}`")
    meant = _meant(given, numbers.rows)
    if rows:
        turned = meant.items if meant else []  # `3-22` may have been `22-3`
        raise UnknownRow(given, list(dict.fromkeys([*turned, *(row.item for row in rows)])))
    span = numbers.first, numbers.last
    if meant:
        raise UnknownItem(given, division=name, span=span, near=meant.items, why=meant.why)
    # a name in place of a number: the rows of that name, never an answer
    raise UnknownItem(given, division=name, span=span, near=numbers.near(number) if number else numbers.named(given))


class _Meant(NamedTuple):
    """Items that a spreadsheet or a person may have meant, and how that is said."""

    items: list[str]
    why: tuple[str, str]


_DRESSED: Final = ("番号だけを書いてください", "write the number alone")
_OTHERWISE: Final = ("次のように書いてください", "write it so")
_TURNED: Final = (
    "表計算が番号を日付に変えたようです。列を文字列にして書き直してください",
    "a spreadsheet has turned an item into a date; make the column text and write it anew",
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _meant(given: object, rows: Mapping[str, int]) -> _Meant | None:
    """
    What a text that is no item may have been before it was bent: offered, never taken.

    Args:
        rows: The numbers of the division, and on how many rows each stands.
    """
    text = _plain(given)
    if text is None:
        return None
    numbers = [int(digits) for digits in re.findall(r"\d+", re.sub(r"(?<=\d)\.0*(?!\d)", "", text)) if len(digits) < 9]
    month = [_MONTHS.index(name) + 1 for name in re.findall(r"(?<![a-z])[a-z]{3}", text) if name in _MONTHS]
    if len(numbers) == 1 and not month and str(numbers[0]) in rows:  # `24.0`, `024`, `①`, `24番`, `No.24`
        return _Meant([str(numbers[0])], _DRESSED)
    pairs, a_day = _date_parts(given, text, [*numbers, *month])
    ways = [way for one, other in pairs for way in ((one, other), (other, one))]
    items = [f"{number}-{place}" for number, place in ways if place and 1 < rows.get(str(number), 0) >= place]
    a_day = a_day or re.fullmatch(r"\d{1,4}(?:/\d{1,2}|-0\d)", text) is not None
    turned = a_day or re.search(r"[/.年月]|-0", text) is not None
    if items:
        return _Meant(list(dict.fromkeys(items)), _TURNED if turned else _OTHERWISE)
    return _Meant([], _TURNED) if a_day else None


def _plain(given: object) -> str | None:
    """A text, a number, or a day as text in which its digits can be found; None for anything else."""
    if isinstance(given, str):
        if len(given) > LONGEST_WORD:
            return None
        apart = "".join(f"-{c}" if unicodedata.category(c) == "No" else c for c in given)  # `22③` is not 223
        return unicodedata.normalize("NFKC", apart).casefold().strip()
    if isinstance(given, date):
        return f"{given:%Y-%m-%d}"
    if isinstance(given, bool | bytes) or not hasattr(given, "__float__"):
        return None
    try:  # a number of Python, numpy or pandas
        value = float(given)
    except Exception:  # noqa: BLE001 - somebody else's object
        return None
    return str(int(value)) if value.is_integer() and 0 < value < 10**9 else None


def _date_parts(given: object, text: str, numbers: list[int]) -> tuple[list[tuple[int, int]], bool]:
    """
    The pairs of numbers that may have been `22-3`, the likelier first, and whether they are surely a date's. The century of
    a year is dropped.
    """
    written = given if isinstance(given, date) else f"{text}1日" if text.endswith("月") else text
    try:
        found = serial_day(numbers[0]) if len(numbers) == 1 else date_of_case(written)
    except BadDate:
        found = None
    if found is not None:  # the first of a month is what a spreadsheet adds to a year and a month
        pairs = [(found.year % 100, found.month), (found.month, found.day)]
        return pairs if found.day == 1 else pairs[::-1], True
    short = [number % 100 if number >= 1900 else number for number in numbers[:3]]
    a_day = "月" in text or any(name in text for name in _MONTHS)
    return [(short[i], short[i + 1]) for i in range(len(short) - 1)], a_day


def _under(tasks: tuple[Task, ...], given: object) -> tuple[Task, ...]:
    word = normal(given) if isinstance(given, str) and len(given) <= LONGEST_WORD else None
    found = tuple(
        task
        for task in tasks
        if word in [normal(name) for name in (task.section, task.group, f"{task.section}/{task.group}")]
    )
    if not found:
        sections = list(dict.fromkeys(name for task in tasks for name in (task.section, task.group)))
        raise UnknownSection(given, item=tasks[0].number, near=sections)
    return found


def candidate_lines(tasks: tuple[Task, ...]) -> list[str]:
    """One line a row, for choosing among several."""
    return [f"{task.item}  {task.section} / {task.group} / {task.name}" for task in tasks]
