"""
Open questions → the question list that goes out (CSV, Excel), to be answered in it (`returned` reads it back).

Who answers fills in six cells a question; the rows, acts and channels that the question is about stand in its last cells, as keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from assign.desk.desk import Desk
from assign.words import ASSIGNEE_TEXT, Assignee, Bilingual

from . import workbook
from .questions import BY_RULING, OF_THE_CITY, Question, asked, counted, in_one, list_named, row_names

SETTLED_OTHERWISE: Final = "※"  # in the cell of the answer, where none can be registered

# What a column is called; each may be found by either name, or by its key.
HEADS: Final[Mapping[str, Bilingual]] = {
    "number": {"ja": "番号", "en": "number"},
    "question": {"ja": "照会", "en": "question"},
    "about": {"ja": "対象の行", "en": "rows asked about"},
    "choices": {"ja": "選択肢", "en": "choices"},
    "assignee": {"ja": "回答（担当）", "en": "answer (who)"},
    "since": {"ja": "適用開始日", "en": "since"},
    "until": {"ja": "適用終了日", "en": "until"},
    "document": {"ja": "回答の文書", "en": "document"},
    "role": {"ja": "答えた人の役職", "en": "role"},
    "reason": {"ja": "理由", "en": "reason"},
    "decisions": {"ja": "決まる判定の数", "en": "decisions"},
    "volume": {"ja": "月の件数", "en": "volume"},
    "rows": {"ja": "行のid", "en": "row ids"},
    "acts": {"ja": "行為の記号", "en": "act keys"},
    "channels": {"ja": "場の記号", "en": "channel keys"},
    "list": {
        "ja": "一覧と版",
        "en": "list and edition",
    },  # of what goes out: it decides nothing, and another name is told
}


def table(desk: Desk, questions: Sequence[Question], lang: str) -> list[list[str]]:
    """The question list, its heading first."""
    rows = [[head[lang] for head in HEADS.values()]]
    for number, question in enumerate(questions, start=1):
        by_ruling = question.by == BY_RULING
        choices = "・".join(ASSIGNEE_TEXT[answer][lang] for answer in question.answers)
        cells = {
            "number": str(number),
            "question": asked(desk, question)[lang],
            "about": in_one(row_names(desk, question.rows, lang), lang),
            "choices": choices if by_ruling else OF_THE_CITY[question.by][lang],
            "assignee": "" if by_ruling else SETTLED_OTHERWISE,
            "decisions": str(len(question.places)),
            "volume": _volume(question, lang),
            "rows": " ".join(question.rows),
            "acts": " ".join(question.acts),
            "channels": " ".join(question.channels),
            "list": list_named(desk, lang),
        }
        rows.append([cells.get(name, "") for name in HEADS])
    return rows


def _volume(question: Question, lang: str) -> str:
    """A figure alone where it is that of all rows, to be reckoned with; else words."""
    said = counted(question)
    return "" if said is None else str(question.volume) if not question.uncounted else said[lang]


def excel(desk: Desk, questions: Sequence[Question], lang: str) -> bytes:
    """The same as a workbook, with the answers to choose from. Raises DataError."""
    words = [ASSIGNEE_TEXT[each][lang] for each in (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT)]
    title = "疑義照会" if lang == "ja" else "questions"
    return workbook.write(table(desk, questions, lang), {[*HEADS].index("assignee"): words}, title)
