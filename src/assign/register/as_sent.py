"""
A row of a question list that came back → which of its cells beside the answer are not as they went out.

Nothing is registered from them; but who answers may write a condition into any cell, without which the answer says more than the city did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from assign.desk.desk import Desk
from assign.errors import shown
from assign.words import ASSIGNEE_TEXT, Assignee, Bilingual, normal

from .list_file import KEYS
from .people import person
from .questions import OF_THE_CITY, Question, asked, in_one, list_named, open_questions, row_names

ASSIGNEES: Final = {
    normal(word): each
    for each in (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT)
    for word in (each.value, *ASSIGNEE_TEXT[each].values())
}
CUT: Final = 32_000  # characters; Excel keeps 32,767 in a cell, and our words lose some blanks
_LOST: Final = re.compile(r"[?~〜\-‐‑–—―−∥‖]")
_COUNT: Final = re.compile(r"([0-9,]+)(?:\.0*)?")  # a spreadsheet may group its digits, or make a fraction of it
_VOLUME: Final = re.compile(rf"記載なし|notgiven|{_COUNT.pattern}(?:\(ほか[0-9,]+行は記載なし\)|\([0-9,]+morerows?:notgiven\))?")  # fmt: skip
_ADDED: Final[Bilingual] = {"ja": "書き足されています（答えは「回答（担当）」に、条件は「理由」に書いてください）", "en": "something was added (the answer goes into its own column, a condition into the reason)"}  # fmt: skip
_OTHER: Final[Bilingual] = {"ja": "照会したときと違います（答えは「回答（担当）」に、条件は「理由」に書いてください）", "en": "it is not as it went out (the answer goes into its own column, a condition into the reason)"}  # fmt: skip


class Differs(NamedTuple):
    """A cell, by the key of its column, that is not as it went out. `words`: Somebody wrote into it; else the list may have changed meanwhile."""

    key: str
    text: Bilingual
    words: bool = True


def bare(text: str) -> str:
    """A text as it is compared: a spreadsheet that saves in cp932 loses some characters, or gives others for them."""
    return _LOST.sub("", normal(text).encode("cp932", "ignore").decode("cp932"))


def choices(text: str) -> list[str]:
    """What stands among the choices, one by one."""
    return [normal(word) for word in re.split("[・,]", text) if word.strip()]


def figures(cells: Mapping[str, str], questions: Sequence[Question]) -> Iterator[Differs]:
    """
    The cells of choices and numbers; one that is empty says nothing that could be lost.

    Args:
        cells: Texts by the keys of their columns. questions: Those that its keys may be of, as the list has them.
    """
    if text := cells.get("choices", ""):
        words = choices(text)
        offered = [[*each.answers] for each in questions]
        if any(word not in ASSIGNEES for word in words):
            if bare(text) not in {bare(said) for each in OF_THE_CITY.values() for said in each.values()}:
                yield Differs("choices", _ADDED)
        elif [ASSIGNEES[word] for word in words] not in offered:
            yield Differs("choices", _OTHER)
    for key, form in (("number", _COUNT), ("volume", _VOLUME)):
        if (text := normal(cells.get(key, ""))) and not form.fullmatch(text):
            yield Differs(key, _OTHER)
    if text := normal(cells.get("decisions", "")):
        count = _COUNT.fullmatch(text)
        if count is None or int(f"0{count[1].replace(',', '')[:9]}") not in {len(each.places) for each in questions}:
            yield Differs("decisions", _OTHER, words=count is None)


def of_answer(desk: Desk, cells: Mapping[str, str], questions: Sequence[Question]) -> list[Differs]:
    """Of a row with an answer, whose keys and first words are of a question already: the cells that are not as it went out."""
    said = bare(cells["question"])
    texts = {bare(text) for each in questions for text in asked(desk, each).values()}
    found = [*figures(cells, questions)]
    if said not in texts:
        behind = any(said.startswith(text) for text in texts)
        found.append(Differs("question", _ADDED if behind else _OTHER, words=behind))
    return found


def of_list(text: str, desk: Desk) -> Differs | None:
    """
    The cell that names list and edition, of an answer that goes into a desk's edition: it decides nothing, and a list of another
    name or edition is told with both names. `words`: More than a name that is known stands in it.
    """
    own = {lang: list_named(desk, lang) for lang in ("ja", "en")}
    said = bare(text)
    if not said or said in map(bare, own.values()):
        return None
    every = [desk] if desk.beside is None else [*desk.beside.each()]
    known = [bare(list_named(each, lang)) for each in every for lang in ("ja", "en")]
    if said not in known and any(name in said for name in known):
        return Differs("list", _ADDED)
    name = {"ja": "（人の名前か連絡先に見えるので表示しません）", "en": "(not shown: it looks like a person's)"}
    if person(text) is None:
        name = dict.fromkeys(("ja", "en"), shown(text, 100))
    return Differs(
        "list",
        {
            "ja": f"照会表の一覧と版は{name['ja']}で、回答の台帳は{shown(own['ja'], 100)}のものです。同じ一覧か確かめてください",
            "en": f"the question list is of {name['en']}, and the register is that of {shown(own['en'], 100)}: look whether it is one list",
        },
        words=False,
    )


class AsAsked:
    """The questions of a desk on a day, each found by its keys."""

    def __init__(self, desk: Desk, on: date) -> None:
        self.desk = desk
        self._found: dict[tuple[frozenset[str], ...], list[Question]] = {}
        for question in (each for by_act in (False, True) for each in open_questions(desk, on, by_act=by_act)):
            self._found.setdefault(_keys(question.rows, question.acts, question.channels), []).append(question)

    def of(self, cells: Mapping[str, str]) -> list[Question]:
        """Those with a row's keys."""
        return self._found.get(_keys(*(cells.get(key, "").split() for key in KEYS)), [])

    def differing(self, cells: Mapping[str, str]) -> list[Differs]:
        """Of a row without an answer, all cells that are not as this desk would send them."""
        if not (questions := self.of(cells)):
            return [Differs("rows", {"ja": "記号がいま未決の問いのものではありません（この行は読みません）", "en": "its keys are of no question that is open (this row is not read)"})]  # fmt: skip
        found = [*figures(cells, questions)]
        first = questions[0]
        names = [in_one(row_names(self.desk, first.rows, lang), lang) for lang in ("ja", "en")]
        for key, texts in (
            ("question", [text for each in questions for text in asked(self.desk, each).values()]),
            ("about", names),
        ):
            text = cells.get(key, "")
            if not (len(text) >= CUT or bare(text) in {"", *map(bare, texts)}):
                found.append(Differs(key, _OTHER))
        return found


def _keys(*each: Iterable[str]) -> tuple[frozenset[str], ...]:
    return tuple(map(frozenset, each))
