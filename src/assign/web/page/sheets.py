"""
The whole list: `/matrix` as on the printed sheets, filtered; `/questions`, what the contract leaves open, with the letter that asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from assign.catalog.model import Task
from assign.desk.desk import Desk
from assign.explanation.wording import Answer
from assign.web.unrecorded import example
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Certainty, date_of_case

from .shell import Page, Shell
from .shell import router as pages

router: Final = pages()
_FILTERS: Final = ("division", "mark", "assignee", "certainty", "kind")


class Line(NamedTuple):
    """A row, and its answer on each channel. Never recorded: it is a table of all, not the answer to a case."""

    task: Task
    answers: tuple[Answer, ...]


@lru_cache(maxsize=4)
def whole_list(desk: Desk, on: str) -> tuple[Line, ...]:
    """Every row in document order, with its answers on a day."""
    channels = desk.catalog.manifest.channels
    return tuple(
        Line(task, tuple(example(desk, task.id, channel, on) for channel in channels)) for task in desk.catalog.tasks
    )


@router.get("/matrix")
def matrix(page: Page) -> Response:
    """The list as printed, and beside each row who handles it."""
    lines = whole_list(page.desk, date_of_case(None).isoformat())
    shown = [line for line in lines if _lets(page, line)]
    columns = page.desk.catalog.manifest.columns
    kinds = {
        line.answers[0]["rows"][0]["kind"]["key"]: line.answers[0]["rows"][0]["kind"]["label"]
        for line in lines
        if line.answers[0]["rows"][0]["kind"]
    }
    return page.page(
        "matrix.html",
        sheets=[
            (division, [line for line in shown if line.task.division == key])
            for key, division in page.desk.catalog.manifest.divisions.items()
            if any(line.task.division == key for line in shown)
        ],
        cells=_cells(page),
        marks=sorted({line.task.cells[columns[0].key] for line in lines})
        if columns and columns[0].per == "row"
        else [],
        kinds=kinds,
        assignees=ASSIGNEE_TEXT,
        certainties=CERTAINTY_TEXT,
        count=len(shown),
        of=len(lines),
        open_rows=_open(shown),
    )


def _cells(page: Shell) -> list[tuple[str, str]]:
    """The printed columns, each with its heading."""
    manifest = page.desk.catalog.manifest
    labels = {column.key: column.label[page.lang] for column in manifest.columns}
    labels |= {key: channel.label[page.lang] for key, channel in manifest.channels.items()}
    return [(name, labels.get(name, name)) for name in manifest.cells]


def _lets(page: Shell, line: Line) -> bool:
    wanted = {name: page.request.query_params[name] for name in _FILTERS if page.request.query_params.get(name)}
    kind = line.answers[0]["rows"][0]["kind"]
    columns = page.desk.catalog.manifest.columns
    mark = line.task.cells[columns[0].key] if columns and columns[0].per == "row" else ""
    return (
        wanted.get("division") in (None, line.task.division)
        and ("mark" not in wanted or wanted["mark"] == (mark or "blank"))
        and ("assignee" not in wanted or any(each["assignee"] == wanted["assignee"] for each in line.answers))
        and ("certainty" not in wanted or any(each["certainty"] == wanted["certainty"] for each in line.answers))
        and ("kind" not in wanted or (kind or {"key": "none"})["key"] == wanted["kind"])
    )


def _open(lines: list[Line]) -> list[Line]:
    return [line for line in lines if any(each["certainty"] == Certainty.NEEDS_RULING for each in line.answers)]


@router.get("/questions")
def questions(page: Page) -> Response:
    """What the list leaves open, by reason; each group is one letter from the contractor's manager to the city's manager of the contract."""
    lines = whole_list(page.desk, date_of_case(None).isoformat())
    groups: dict[tuple[str, str], list[tuple[Line, list[str], Answer]]] = {}
    for line, answer, channels in _asked(page, lines):
        groups.setdefault((answer["rules"][0], line.task.division), []).append((line, channels, answer))
    rules: dict[str, Any] = {}
    for (rule, division), of in groups.items():
        rules.setdefault(rule, []).append((page.desk.catalog.manifest.divisions[division], of))
    titles = {rule.id: rule.title for rule in page.desk.rules.rules}
    return page.page("questions.html", rules=rules, titles=titles, count=sum(len(of) for of in groups.values()))


def _asked(page: Shell, lines: tuple[Line, ...]) -> Iterator[tuple[Line, Answer, list[str]]]:
    """Each question once, with the channels on which it stands."""
    for line in lines:
        by_text: dict[str, tuple[Answer, list[str]]] = {}
        for answer in line.answers:
            if answer["question"]:
                text = answer["question"]["text"][page.lang]
                by_text.setdefault(text, (answer, []))[1].append(answer["channel_label"][page.lang])
        for answer, channels in by_text.values():
            yield line, answer, channels
