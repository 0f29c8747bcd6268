"""
A plan → a checklist on one A4 page, as text or HTML: each item with a box to tick, who, where and what, under its row as printed; with the
date of the case, and the hashes of the list and the rules that it was made from.

The richest of a few forms that fits the page is taken: first optional steps are left out (but for those with which a case ends), then what
is done behind the counter is told in one item a row, then what is done at the counter, too; then what follows the first visit is told by
who does it alone; at last of what is done at the counter the first act alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from typing import Final

from assign.columns import width, wrap
from assign.commands import command
from assign.errors import visible
from assign.explanation.in_force import edition_line
from assign.explanation.wording import Answer
from assign.words import Certainty, sentences

from .legs import Leg, acts, legs, who
from .sheet import COLUMNS, basis

LINES: Final = 66  # of an A4 page in a letter of 10 or 11 points
_WIDE: Final = 104  # columns of 8 points between the margins
BOX: Final = "□"
_COMMAND: Final = {
    "ja": "1行ずつの手順は、行ごとに `{}`。",
    "en": "Row by row: `{}`, and so on.",
}
FORMS: Final = ("text", "html")
_HANDS_ALONE: Final = 4  # from this form on, of what follows the first visit who does it is told, and no more
_PLAINEST: Final = 5
# What a page warns of however little room there is; the rest is told on the screen.
_GRAVE: Final = (
    "ended",
    "renamed",
    "printed_condition",
    "uncertain_reading",
    "order_across_line",
    "to_and_fro",
    "no_kind",
)


@dataclass(slots=True)
class OfRow:
    """A row's items within a section."""

    name: str
    items: list[str]  # each one thing to tick: who does what


@dataclass(slots=True)
class Page:
    """What stands on the page, in one language."""

    title: str
    lead: list[str]
    sections: list[tuple[str, list[OfRow]]]
    notes: list[str]
    foot: list[str]


def text(plan: Answer, lang: str, columns: int = COLUMNS) -> list[str]:
    """The page as lines of 80 columns, or of fewer in a narrower terminal; what is left out is the same."""
    how = (
        _COMMAND[lang].format(command("plan", "--row", plan["rows"][0]["id"], "--on", plan["on"]))
        if plan["rows"]
        else ""
    )
    return list(_lines(_fitting(plan, lang, COLUMNS, how), min(columns, COLUMNS)))


def on_a4(plan: Answer, lang: str) -> Page:
    """What stands on the printed page, for a surface that writes its own HTML; it names no command."""
    return _fitting(plan, lang, _WIDE)


def html(plan: Answer, lang: str) -> str:
    """The page as one file of HTML that needs no other, to be printed on A4."""
    return "\n".join(_html(on_a4(plan, lang), lang)) + "\n"


def _fitting(plan: Answer, lang: str, columns: int, how: str = "") -> Page:
    for plainness in range(_PLAINEST + 1):
        page = _page(plan, lang, plainness, how)
        if len(list(_lines(page, columns))) <= LINES:
            break
    return page


def _page(plan: Answer, lang: str, plainness: int, how: str) -> Page:
    ja = lang == "ja"
    event = plan["event"]
    name = f": {event['label'][lang]}" if event else ""
    lead = basis(plan, lang)
    if event:
        lead = (
            "どの行が要るかも、手順も、本システムの判断です。"
            if ja
            else "Which rows are due, and the steps, are our judgement. "
        )
        lead += event["because"][lang]
    return Page(
        title=f"手続のチェックリスト{name}（案件の日 {plan['on']}）"
        if ja
        else f"Checklist{name} (case of {plan['on']})",
        lead=[lead] if lead else [],
        sections=list(_sections(plan, lang, plainness)),
        notes=list(_notes(plan, lang, plainness, how)),
        foot=list(_foot(plan, lang)),
    )


def _sections(plan: Answer, lang: str, plainness: int) -> Iterator[tuple[str, list[OfRow]]]:
    """The part at the counter, what follows behind it, and so on; in each the rows in the plan's order."""
    source = {each["row"]: each["text"][lang] for each in plan["sources"]}
    due = {each["row"]: each["when"] for each in plan["event"]["due"]} if plan["event"] else {}
    short = {each["row"]: each["item"][lang] for each in plan["sources"]}
    told: set[str] = set()
    chosen = _chosen(plan["steps"], plainness)
    parts = _parts(plan["steps"], chosen)
    if plainness >= _HANDS_ALONE and len(parts) > 2:
        parts = [parts[0], _as_one(parts[1:])]
    for number, (place, of) in enumerate(parts, 1):
        together = plainness >= 3 or (plainness == 2 and number > 1)
        rows = []
        for row, numbers in of.items():
            found = legs(plan["steps"], numbers)
            when = due.get(row)
            name = short[row] if row in told else f"{source[row]}{f' … {when[lang]}' if when else ''}"
            told.add(row)
            if plainness >= _HANDS_ALONE and number > 1:
                rows.append(OfRow("", [f"{name}: {_hands_alone(found, lang)}"]))
            elif together:
                each = " → ".join(f"{who(leg.first, lang)}: {_acts(leg, lang, plainness)}" for leg in found)
                rows.append(OfRow("", [f"{name}: {each}"]))
            else:
                rows.append(
                    OfRow(name, [f"{who(leg.first, lang)}: {acts(leg, lang, conditions=False)}" for leg in found])
                )
        yield f"{number} {place[lang]}", rows


def _acts(leg: Leg, lang: str, plainness: int) -> str:
    """What is done in a leg; at last its first act alone, and that others follow."""
    if plainness < _PLAINEST or len(leg.steps) == 1:
        return acts(leg, lang, conditions=False)
    first = acts(replace(leg, steps=leg.steps[:1]), lang, conditions=False)
    return f"{first}ほか" if lang == "ja" else f"{first} and more"


def _hands_alone(found: Sequence[Leg], lang: str) -> str:
    """Who does what follows, one after the other."""
    runs = [list(run) for _, run in groupby((leg.first for leg in found), key=lambda step: step["assignee"])]
    return " → ".join(_sure(run, lang) for run in runs)


def _sure(steps: Sequence[Answer], lang: str) -> str:
    """Who does steps that follow each other; that a part of them waits for a ruling, where the rest does not."""
    settled = [step for step in steps if step["certainty"] == Certainty.SETTLED]
    if len(settled) in (0, len(steps)):
        return who(steps[0], lang)
    return who(settled[0], lang) + ("（一部回答待ち）" if lang == "ja" else ", part of it needs a ruling")


_Part = tuple[Mapping[str, str], dict[str, list[int]]]


def _parts(steps: Sequence[Answer], numbers: Sequence[int]) -> list[_Part]:
    """Steps that follow each other on one channel, and of them those of each row."""
    parts: list[_Part] = []
    place: Mapping[str, str] | None = None
    for number in numbers:
        step = steps[number - 1]
        if place != step["channel_label"]:
            place = step["channel_label"]
            parts.append(({"ja": f"{place['ja']}で", "en": place["en"]}, {}))
        parts[-1][1].setdefault(step["row"], []).append(number)
    return parts


def _as_one(parts: Sequence[_Part]) -> _Part:
    """What follows the first visit, on whichever channel."""
    of: dict[str, list[int]] = {}
    for _, rows in parts:
        for row, numbers in rows.items():
            of.setdefault(row, []).extend(numbers)
    return {"ja": "その後", "en": "after that"}, of


def _chosen(steps: Sequence[Answer], plainness: int) -> list[int]:
    """All steps; those that are always done, and with which a row's case ends (it is handed over, or sent); at last the former alone."""
    last = {step["row"]: number for number, step in enumerate(steps, 1) if not step["optional"]}
    return [
        number
        for number, step in enumerate(steps, 1)
        if not step["optional"] or plainness == 0 or (plainness < _HANDS_ALONE and number > last.get(step["row"], 0))
    ]


def _notes(plan: Answer, lang: str, plainness: int, how: str) -> Iterator[str]:
    ja = lang == "ja"
    short = {each["row"]: each["item"][lang] for each in plan["sources"]}
    several = len(plan["rows"]) > 1
    told: dict[str, list[str]] = {}
    for each in plan["warnings"]:
        if plainness and each["code"] not in _GRAVE:
            continue
        said = each["text"][lang] if plainness == 0 else sentences(each["text"][lang])[0]
        told.setdefault(said, []).append(short[each["row"]])
    for said, rows in told.items():
        yield f"{('、' if ja else ', ').join(dict.fromkeys(rows))}: {said}" if several else said
    if plan["event"] and plan["event"]["not_here"]:
        named = [
            each["what"][lang] if plainness >= _HANDS_ALONE else f"{each['what'][lang]}（{each['belongs'][lang]}）"
            for each in plan["event"]["not_here"]
        ]
        yield f"この一覧にないもの: {'、'.join(named)}" if ja else f"Not in this list: {'; '.join(named)}"
    if plainness:
        left_out = "場合により行う手順は省きました。" if ja else "Steps that are done in some cases are left out. "
        yield f"{left_out}{how}".rstrip()


def _foot(plan: Answer, lang: str) -> Iterator[str]:
    ja = lang == "ja"
    made = plan["provenance"]
    yield f"{made['list']} {edition_line(plan, lang) or made['edition']}  assign {made['assign_version']}"
    yield f"{'一覧' if ja else 'List'}: sha256 {made['catalog_sha256']}"
    yield f"{'規則' if ja else 'Rules'}: sha256 {made['rules_sha256']}"


def _lines(page: Page, columns: int) -> Iterator[str]:
    yield from wrap(page.title, columns)
    for each in page.lead:
        yield from wrap(each, columns)
    for head, rows in page.sections:
        yield f"== {head} {'=' * (columns - width(head) - 4)}"
        for row in rows:
            yield from wrap(row.name, columns) if row.name else ()
            for item in row.items:
                first, *rest = wrap(item, columns - 6)
                yield f"  {BOX}{' ' * (4 - width(BOX))}{first}"
                yield from (" " * 6 + line for line in rest)
    yield "=" * columns
    for each in (*page.notes, *page.foot):
        yield from wrap(each, columns)


_STYLE: Final = """
:root { color-scheme: light } @page { size: A4; margin: 10mm }
body { font: 13px/1.35 "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", "Meiryo", sans-serif; max-width: 48rem; margin: 1rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.3em; margin: 0; border-bottom: 2px solid #1a1a1a } h2 { font-size: 1.05em; margin: .3em 0 .1em; border-bottom: 1px solid #1a1a1a }
h3 { font-size: 1em; margin: .15em 0 0 } p { margin: .1em 0 }
ul { list-style: none; margin: 0; padding: 0 } li { display: grid; grid-template-columns: 1.6em 1fr; break-inside: avoid }
footer { font-size: .85em; color: #333; border-top: 1px solid #1a1a1a; margin-top: .5em; overflow-wrap: anywhere }
@media print { body { font-size: 8pt; margin: 0; max-width: none; padding: 0 } }
"""


def _html(page: Page, lang: str) -> Iterator[str]:
    yield f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield f"<title>{_safe(page.title)}</title><style>{_STYLE}</style></head>\n<body>\n<h1>{_safe(page.title)}</h1>"
    yield from (f"<p>{_safe(each)}</p>" for each in page.lead)
    for head, rows in page.sections:
        yield f"<h2>{_safe(head)}</h2>"
        for row in rows:
            yield f"<h3>{_safe(row.name)}</h3>" if row.name else ""
            yield "<ul>"
            yield from (f"<li><span>{BOX}</span><span>{_safe(item)}</span></li>" for item in row.items)
            yield "</ul>"
    yield "<footer>"
    yield from (f"<p>{_safe(each)}</p>" for each in (*page.notes, *page.foot))
    yield "</footer>\n</body></html>"


def _safe(text_: str) -> str:
    """Text in HTML: escaped, with invisible characters made visible."""
    return escape(visible(text_))
