"""
The whole list: `/matrix` as on the printed sheets, filtered; `/questions`, what the contract and the register leave open: the letter of
`assign questions`, from the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

from starlette.responses import Response

from assign.catalog.manifest import UNREAD
from assign.catalog.model import Task
from assign.catalog.parts import ABSENT
from assign.desk.desk import Desk
from assign.explanation.wording import MEANING_TEXT, Answer, cell_name
from assign.register import letter, open_questions
from assign.register.questions import asked, rows_asked
from assign.web.query import require_one_of
from assign.web.unrecorded import example
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Bilingual, Certainty

from .shell import CELL, DayPage, Shell, taking
from .shell import router as pages

router: Final = pages()
BLANK: Final = "blank"  # nothing is printed
NONE: Final = "none"  # a row without a kind of work


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


OF_ANSWERS: Final[Mapping[str, Mapping[Any, Bilingual]]] = {
    "meaning": MEANING_TEXT,
    "assignee": ASSIGNEE_TEXT,
    "certainty": CERTAINTY_TEXT,
}
Matrix = Annotated[Shell, taking(*OF_ANSWERS, "kind", "on", columns=True)]


@router.get("/matrix")
def matrix(page: Matrix) -> Response:
    """The list as printed, and beside each row who handles it."""
    manifest = page.desk.catalog.manifest
    lines = whole_list(page.desk, page.day.isoformat())
    filters = _filters(page, lines)
    for name, _, choices in filters:
        known = [str(key) for key in OF_ANSWERS[name]] if name in OF_ANSWERS else [key for key, _ in choices]
        require_one_of(name, page.asked.get(name), known)
    shown = [line for line in lines if _lets(page, line)]
    tasks = page.desk.catalog.tasks
    return page.page(
        "matrix.html",
        day=page.day.isoformat(),
        sheets=[
            (division, [line for line in shown if line.task.division == key])
            for key, division in manifest.divisions.items()
            if any(line.task.division == key for line in shown)
        ],
        headings=[name for name in ("section", "group") if any(getattr(task, name) for task in tasks)],
        cells=_cells(page),
        filters=[each for each in filters if len(each[2]) > 1],  # one choice is none
        count=len(shown),
        of=len(lines),
        open_rows=_open(shown),
    )


def _cells(page: Shell) -> list[tuple[str, str]]:
    """The printed columns, each with its heading."""
    manifest = page.desk.catalog.manifest
    return [(name, cell_name(name, manifest, page.desk.rules.acts)[0][page.lang]) for name in manifest.cells]


def _filters(page: Shell, lines: tuple[Line, ...]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """
    What the list can be filtered by: the word of the address, its label, its choices.

    One glyph may mean different things, beside others or in another column: so each printed column is a filter, and what it means is another.
    """
    manifest, lang = page.desk.catalog.manifest, page.lang
    answers = [answer for line in lines for answer in line.answers]
    kinds = {each["key"]: each["label"][lang] for each in map(_kind, lines) if each}
    if not all(map(_kind, lines)):
        kinds[NONE] = page.t("種類なし", "no kind")
    found = [
        ("division", page.t("区分", "Division"), [(key, each.label[lang]) for key, each in manifest.divisions.items()])
    ]
    for name, label in _cells(page):
        blank = cell_name(name, manifest, page.desk.rules.acts)[1][lang]
        words = {"": blank, UNREAD: page.t("未確定", "open"), ABSENT: page.t("欄なし", "no column")}
        printed = dict.fromkeys(line.task.cells[name] for line in lines)
        found.append((CELL + name, label, [(glyph or BLANK, words.get(glyph, glyph)) for glyph in sorted(printed)]))
    labels = {
        "meaning": page.t("意味", "Meaning"),
        "assignee": page.t("担当", "Who"),
        "certainty": page.t("確かさ", "Certainty"),
    }
    for name, texts in OF_ANSWERS.items():
        label, given = labels[name], {answer[name] for answer in answers}
        found.append((name, label, [(str(key), text[lang]) for key, text in texts.items() if key in given]))
    found.append(("kind", page.t("業務の種類", "Kind of work"), list(kinds.items())))
    return found


def _kind(line: Line) -> Answer | None:
    """A row's kind of work."""
    found: Answer | None = line.answers[0]["rows"][0]["kind"]
    return found


def _lets(page: Shell, line: Line) -> bool:
    """Whether a row is as the address wants it; what an answer on a channel is asked for is asked of one channel, not piece by piece."""
    asked = page.asked
    cells = line.task.cells
    kind = _kind(line)
    of_answers = {name: asked[name] for name in OF_ANSWERS if name in asked}
    return (
        asked.get("division") in (None, line.task.division)
        and all((cells[name] or BLANK) == asked[CELL + name] for name in cells if CELL + name in asked)
        and any(all(answer[name] == word for name, word in of_answers.items()) for answer in line.answers)
        and ("kind" not in asked or (kind["key"] if kind else NONE) == asked["kind"])
    )


def _open(lines: list[Line]) -> list[Line]:
    return [line for line in lines if any(each["certainty"] == Certainty.NEEDS_RULING for each in line.answers)]


class Asked(NamedTuple):
    """A question as the letter has it; its rows by id, each with what it is called and the channel that it is first asked about on."""

    text: str
    act: str | None  # where it is about one alone
    rows: list[tuple[str, str, str]]
    about: list[tuple[str, str]]  # the rows first


@lru_cache(maxsize=4)
def letter_of(desk: Desk, on: str, lang: str) -> tuple[Asked, ...]:
    """Every open question on a day, in the words and the order of `assign questions`: what was ruled is asked no more."""
    found = []
    for question in open_questions(desk, date.fromisoformat(on)):
        channels = {place.row: place.channel for place in reversed(question.places)}
        names = zip(question.rows, rows_asked(desk, question, lang), strict=True)
        act = question.acts[0] if len(question.acts) == 1 else None
        rows = [(row, channels[row], name) for row, name in names]
        found.append(Asked(asked(desk, question)[lang], act, rows, letter.about(desk, question, lang)))
    return tuple(found)


@router.get("/questions")
def questions(page: DayPage) -> Response:
    """What the list and the register leave open: the letter from the contractor's manager to the city's manager of the contract."""
    return page.page(
        "questions.html",
        day=page.day.isoformat(),
        head=letter.head(page.desk, page.day, page.lang),
        opening=letter.opening(page.lang),
        questions=letter_of(page.desk, page.day.isoformat(), page.lang),
    )
