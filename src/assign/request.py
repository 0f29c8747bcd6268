"""
What was asked → what is understood: a division, rows, a channel, an act, a date.

Words come in as a person writes them and go out as keys; what is not understood is an error with the nearest choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .catalog import Catalog, Task
from .errors import BadRequest, UnknownAct, UnknownItem, UnknownRow, UnknownSection, listed
from .rules import RuleSet
from .words import DIVISION_TEXT, Channel, Division, channel, date_of_case, division, item_reference, nearest, normal
from .words import LONGEST as LONGEST_WORD


@dataclass(frozen=True, slots=True)
class Request:
    """A request as understood. `tasks` has more than one row where a number names several."""

    division: Division
    item: str
    tasks: tuple[Task, ...]
    channel: Channel
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
    if row_word is not None:
        if division_word is not None or item_word is not None:
            raise BadRequest(
                "`row` と `division`・`item` は同時に指定できません", "give `row`, or `division` and `item`, not both"
            )
        tasks: tuple[Task, ...] = (_row(catalog, row_word),)
    elif division_word is None or item_word is None:
        if division_word is None:
            names = [f"`{each}`（{DIVISION_TEXT[each]['ja']}）" for each in Division]
            raise BadRequest(
                f"区分 `division` を指定してください（{'、'.join(names)}）",
                f"`division` is missing (choose: {listed(Division)})",
                list(Division),
            )
        raise BadRequest(
            "番号 `item` を指定してください（`assign tasks` に一覧があります）",
            "`item` is missing (`assign tasks` lists them)",
        )
    else:
        tasks = _rows(catalog, division(division_word), item_word)
    if section_word is not None:
        tasks = _under(tasks, section_word)
    return Request(
        division=tasks[0].division,
        item=tasks[0].item if len(tasks) == 1 else tasks[0].number,
        tasks=tasks,
        channel=channel(channel_word),
        act=None if act_word is None else act(rules, act_word),
        on=date_of_case(on_word),
    )


def act(rules: RuleSet, given: object) -> str:
    """A key, label or other name of an act → its key. Raises UnknownAct."""
    found = rules.act_words.get(normal(given)) if isinstance(given, str) and len(given) <= LONGEST_WORD else None
    if found is None:
        keys = [rules.act_words[word] for word in nearest(given, rules.act_words, at_most=5)]
        raise UnknownAct(given, {key: rules.acts[key].title["ja"] for key in keys}, list(rules.acts))
    return found


def _row(catalog: Catalog, given: object) -> Task:
    task = catalog.by_id.get(given.strip()) if isinstance(given, str) and len(given) <= LONGEST_WORD else None
    if task is None:
        raise UnknownRow(given, nearest(given, catalog.by_id) or list(catalog.by_id)[:3])
    return task


def _rows(catalog: Catalog, key: Division, given: object) -> tuple[Task, ...]:
    reference = item_reference(given)
    if reference is None and isinstance(given, str) and len(given) <= LONGEST_WORD:
        task = catalog.by_id.get(given.strip())  # a row id is a fine name for an item, too
        if task is not None and task.division is key:
            return (task,)
    number, place = reference or ("", None)
    rows = catalog.by_number.get((key, number), ())
    if rows and (place is None or place <= len(rows)):
        return rows if place is None else (rows[place - 1],)
    numbers = list(dict.fromkeys(task.number for task in catalog.tasks if task.division is key))
    if not numbers:
        raise BadRequest(f"この台帳に `{key}` の行はありません", f"this catalog has no row of `{key}`")
    if rows:
        raise UnknownRow(given, [row.item for row in rows])
    if number:
        closest = min(numbers, key=lambda n: abs(int(n) - int(number)))
        near = list(dict.fromkeys([closest, *nearest(number, numbers)]))[:3]
    else:  # a name in place of a number: the rows of that name, never an answer
        names = {
            f"{task.name} {task.group} {task.section}": task.item for task in catalog.tasks if task.division is key
        }
        near = [names[name] for name in nearest(given, names)]
    raise UnknownItem(given, division=key, span=(numbers[0], max(numbers, key=int)), near=near)


def _under(tasks: tuple[Task, ...], given: object) -> tuple[Task, ...]:
    word = normal(given) if isinstance(given, str) and len(given) <= LONGEST_WORD else None
    found = tuple(task for task in tasks if word in (normal(task.section), normal(task.group)))
    if not found:
        sections = list(dict.fromkeys(name for task in tasks for name in (task.section, task.group)))
        raise UnknownSection(given, item=tasks[0].number, near=sections)
    return found


def candidate_lines(tasks: tuple[Task, ...]) -> list[str]:
    """One line a row, for choosing among several."""
    return [f"{task.item}  {task.section} / {task.group} / {task.name}" for task in tasks]
