"""
Open questions → the letter that asks them (疑義照会書), as text and as HTML that Word opens.

From the contractor's manager to the city's manager of the contract. The wording is our draft. What no answer can be registered for
is asked at the end, with what settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final

from assign.desk.desk import Desk
from assign.explanation.wording import CONTRACT_MANAGER, CONTRACTOR_MANAGER
from assign.words import ASSIGNEE_TEXT, Bilingual, today

from .questions import BY_RULING, OF_THE_CITY, Question, asked, counted, in_one, list_named, rows_asked

_TITLE: Final[Bilingual] = {"ja": "疑義照会書", "en": "Request for rulings"}
_TO: Final[Bilingual] = {"ja": "あて先", "en": "To"}
_FROM: Final[Bilingual] = {"ja": "照会する人", "en": "From"}
_DATE: Final[Bilingual] = {"ja": "作成日", "en": "Date"}
_OPENING: Final[Bilingual] = {
    "ja": "委託業務一覧から決まらない次の点について、文書での回答をお願いします。",
    "en": "The list of consigned work does not settle the following. Please answer in writing.",
}
_HOW: Final[Bilingual] = {
    "ja": "回答の選択肢がある問いには、担当、適用開始日、回答の文書、答えた人の役職（氏名は書きません）をお書きください。「両者」は受託者と市職員が分けて行うことで、分け方は理由に書きます。回答は適用開始日からの案件に使い、それより前の案件の扱いは変わりません。",
    "en": "Where possible answers are given, please state who handles it, from which day on, the document, and the answering role (no name). 'Split between both' means that each does a part; say in the reason which. An answer applies to cases from that day on and changes none before it.",
}
_LIST: Final[Bilingual] = {"ja": "一覧と版", "en": "List and edition"}
_FILES: Final[Bilingual] = {
    "ja": "一覧のファイル（下の行番号はこのファイルのもの）",
    "en": "File of the list (its rows or lines are named below)",
}
_AS_OF: Final[Bilingual] = {
    "ja": "基準日（この日の案件について決まっていない点）",
    "en": "As of (what is open for cases of this day)",
}
_PLEASE: Final[Bilingual] = {"ja": "お答えいただくこと", "en": "To be answered"}
_ROWS: Final[Bilingual] = {"ja": "対象", "en": "Rows"}
_ANSWERS: Final[Bilingual] = {"ja": "回答の選択肢", "en": "Possible answers"}
_SETTLES: Final[Bilingual] = {"ja": "この回答で決まるもの", "en": "What the answer settles"}
_VOLUME: Final[Bilingual] = {"ja": "月の件数", "en": "Cases a month"}
_DRAFT: Final[Bilingual] = {
    "ja": "この照会書の文面は、一覧を読むソフトウェア assign が作った案です。",
    "en": "The wording is a draft by assign, the software that has read the list.",
}
_STYLE: Final = (
    "@page { size: A4; margin: 20mm } body { font-family: 'Yu Mincho', 'MS Mincho', serif; font-size: 10.5pt; line-height: 1.6 }"
    " h1 { font-size: 16pt } table { border-collapse: collapse; width: 100% }"
    " td, th { border: 1px solid #000; padding: 3pt 6pt; vertical-align: top; text-align: left; font-weight: normal }"
    " th { width: 9em } h2 { font-size: 11pt; page-break-after: avoid }"
)


def text(desk: Desk, questions: Sequence[Question], on: date, lang: str) -> list[str]:
    """The letter, line by line."""
    lines = [
        _TITLE[lang],
        *(f"{name}: {value}" for name, value in head(desk, on, lang)),
        "",
        _OPENING[lang],
        _HOW[lang],
    ]
    for number, question in enumerate(questions, start=1):
        lines += ["", f"{number}. {asked(desk, question)[lang]}"]
        lines += [f"   {name}: {value}" for name, value in about(desk, question, lang)]
    return [*lines, "", _DRAFT[lang]]


def html(desk: Desk, questions: Sequence[Question], on: date, lang: str) -> str:
    """The same as one HTML file, of elements that a word processor knows: headings, paragraphs and tables."""
    body = [f"<h1>{escape(_TITLE[lang])}</h1>"]
    body.append(f"<p>{'<br>'.join(escape(f'{name}: {value}') for name, value in head(desk, on, lang))}</p>")
    body += [f"<p>{escape(_OPENING[lang])}</p>", f"<p>{escape(_HOW[lang])}</p>"]
    for number, question in enumerate(questions, start=1):
        body.append(f"<h2>{number}. {escape(asked(desk, question)[lang])}</h2>")
        cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in about(desk, question, lang))  # fmt: skip
        body.append(f"<table>{''.join(cells)}</table>")
    body.append(f"<p>{escape(_DRAFT[lang])}</p>")
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n<title>{escape(_TITLE[lang])}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>"
    )


def head(desk: Desk, on: date, lang: str) -> list[tuple[str, str]]:
    """To whom and from whom, about which list, and as of which day."""
    manifest = desk.catalog.manifest
    files = [each.file for each in manifest.documents if not each.sheets or len(manifest.documents) == 1]
    found = [
        (_TO[lang], CONTRACT_MANAGER[lang]),
        (_FROM[lang], CONTRACTOR_MANAGER[lang]),
        (_DATE[lang], today().isoformat()),
        (_LIST[lang], list_named(desk, lang)),
        (_FILES[lang], ("、" if lang == "ja" else ", ").join(files)),
        (_AS_OF[lang], on.isoformat()),
    ]
    return [(name, value) for name, value in found if value]


def opening(lang: str) -> tuple[str, str]:
    """What is asked for, and how to answer."""
    return _OPENING[lang], _HOW[lang]


def about(desk: Desk, question: Question, lang: str) -> list[tuple[str, str]]:
    """What stands below a question."""
    ja = lang == "ja"
    found = [(_ROWS[lang], in_one(rows_asked(desk, question, lang), lang))]
    if len(question.acts) > 1:
        titles = (desk.rules.acts[act].title[lang] for act in question.acts)
        found.append(("行為" if ja else "Acts", in_one(titles, lang)))
    if question.by == BY_RULING:
        who = (ASSIGNEE_TEXT[answer][lang] for answer in question.answers)
        found.append((_ANSWERS[lang], ("・" if ja else ", ").join(who)))
    else:
        found.append((_PLEASE[lang], OF_THE_CITY[question.by][lang]))
    number = f"{len(question.places):,}"
    of = f"{number} 件（行・業務の場・行為の組合せ）" if ja else f"{number} (combinations of row, channel and act)"
    found.append((_SETTLES[lang], of))
    if (volume := counted(question)) is not None:
        found.append((_VOLUME[lang], volume[lang]))
    return found
