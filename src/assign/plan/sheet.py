"""
A plan → what a clerk reads in a terminal: each leg with who, where and what, and where the case crosses the contract's line.

It fits 24 lines of 80 columns for usual work. Where it would not, of each warning its first sentence is shown, then the conditions of
optional steps are left to `--json`, then warnings that hold for like work anywhere; these are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assign.columns import width, wrap
from assign.commands import command
from assign.explanation.in_force import edition_line
from assign.explanation.wording import Answer
from assign.words import ActClass, Assignee, Certainty, sentences

from .legs import acts, hands, legs, short

COLUMNS: Final = 80
LINES: Final = 24
CROSSES: Final = "▼"
_BACK: Final = {"ja": "もとの行に戻ります。", "en": "back on the first row"}
_BRIEFEST: Final = 3
_ANYWHERE: Final = ("condition", "judged_reading", "changed")  # `assign decide` says them for the step or the row
_BEFORE_ALL: Final = ("ended", "renamed")
_INDENT: Final = "   "  # of what goes on below, beside the mark


def shown(plan: Answer, lang: str, columns: int = COLUMNS) -> list[str]:
    """The lines of a plan."""
    for brevity in range(_BRIEFEST + 1):
        lines = list(_lines(plan, lang, columns, brevity))
        if len(lines) <= LINES:
            break
    return lines


def basis(plan: Answer, lang: str) -> str:
    """Whose word the steps are."""
    if plan["basis"] is None:
        return ""
    own = plan["basis"] == "own"
    if lang == "ja":
        return "手順はこの市の規則です。" if own else "手順は本システムの判断です。"
    return "The steps are this city's own rule." if own else "The steps are our judgement."


def _lines(plan: Answer, lang: str, columns: int, brevity: int) -> Iterator[str]:
    source = {each["row"]: each["text"][lang] for each in plan["sources"]}
    for row in plan["rows"]:
        yield from wrap(source[row["id"]], columns)
    yield from wrap(_about(plan, lang), columns)
    if edition := edition_line(plan, lang):
        yield from wrap(f"版: {edition}" if lang == "ja" else f"Edition: {edition}", columns)
    for text in dict.fromkeys(_warnings(plan, lang, brevity, first=True)):  # before anybody starts on it
        yield from wrap(text, columns)
    crossing = {each["step"]: number for number, each in enumerate(plan["crossings"], 1)}
    left = width(CROSSES) + len(str(len(crossing))) + 1 if crossing else 0
    row = plan["rows"][0]["id"]
    for leg in legs(plan["steps"]):
        if leg.row != row:
            row = leg.row
            back = row == plan["rows"][0]["id"]
            yield from wrap(f"→ {_BACK[lang] if back else source[row]}", columns)
        number = next((crossing[each] for each in leg.numbers if each in crossing), None)
        head = "" if number is None else f"{CROSSES}{number}"
        text = f"{hands(leg, lang)} {acts(leg, lang, conditions=brevity < 2)}"
        first, *rest = wrap(text, columns - left - len(_INDENT))
        yield head + " " * (left - width(head)) + first
        yield from (" " * left + _INDENT + line for line in rest)
    yield from wrap(_foot(plan, lang), columns)
    for text in dict.fromkeys([*_warnings(plan, lang, brevity, first=False), *_parts_of(plan, lang)]):
        yield from wrap(text, columns)


def _about(plan: Answer, lang: str) -> str:
    ja = lang == "ja"
    kind = plan["kind"]
    parts = []
    if kind:
        parts.append(f"業務の種類: {kind['label']['ja']}。" if ja else f"Kind of work: {kind['label']['en']}.")
    if plan["chain"]:
        parts.append(f"流れ: {plan['chain']['label']['ja']}。" if ja else f"Course: {plan['chain']['label']['en']}.")
    parts.append(basis(plan, lang))
    parts.append(f"（{plan['on']}の案件）" if ja else f"(case of {plan['on']})")
    return ("" if ja else " ").join(filter(None, parts))


def _foot(plan: Answer, lang: str) -> str:
    ja = lang == "ja"
    times = len(plan["crossings"])
    parts = []
    if times:
        parts.append(
            f"{CROSSES}は契約の境目を越えるところ（{times}回）。"
            if ja
            else f"{CROSSES} is where it crosses the contract's line ({times})."
        )
    elif plan["steps"]:
        parts.append("契約の境目を越えません。" if ja else "It does not cross the contract's line.")
    if _waits(plan):
        parts.append(
            "回答が出るまで受託者は行いません。"
            if ja
            else "Until there is a ruling the contractor does none of what waits for it."
        )
    if any(step["optional"] for step in plan["steps"]):
        parts.append("〔 〕は場合により行う手順。" if ja else "〔 〕 is done in some cases.")
    if plan["steps"]:
        row, act = plan["rows"][0]["id"], plan["steps"][0]["act"]["key"]
        why = command("decide", "--row", row, "-a", act, "--on", plan["on"])
        parts.append(f"理由は `{why}`" if ja else f"Why: `{why}`")
    return ("" if ja else " ").join(parts)


def _waits(plan: Answer) -> bool:
    """Whether a step waits for a ruling that may give it to the contractor: a factual act that is the city's until then."""
    return any(
        step["assignee"] == Assignee.CITY_STAFF
        and step["certainty"] == Certainty.NEEDS_RULING
        and step["act"]["class"] == ActClass.FACTUAL
        for step in plan["steps"]
    )


def _warnings(plan: Answer, lang: str, brevity: int, *, first: bool) -> Iterator[str]:
    """What to be careful about. first: That the work has ended or has another name; else all the rest."""
    ja = lang == "ja"
    head = "注意" if ja else "Note"
    left = 0
    for each in plan["warnings"]:
        if (each["code"] in _BEFORE_ALL) is not first:
            continue
        if brevity == _BRIEFEST and each["code"] in _ANYWHERE:
            left += 1
            continue
        text = each["text"][lang]
        named = each["code"] == "condition"
        step = short(plan["steps"][each["steps"][0] - 1]["act"]["label"][lang], lang) if named else ""
        about = step and (f"（{step}）" if ja else f" ({step})")
        yield f"{head}{about}: {text if brevity == 0 else sentences(text)[0]}"
    if left:
        yield f"注意はほかに{left}件（--json）。" if ja else f"{left} more note{'s' * (left > 1)} with --json."


def _parts_of(plan: Answer, lang: str) -> Iterator[str]:
    for part in plan["part_of"]:
        whole = command("plan", "--row", part["row"], "--on", plan["on"])
        yield (
            f"「{part['label']['ja']}」の流れの一部です（全体は `{whole}`）。"
            if lang == "ja"
            else f"Part of the course '{part['label']['en']}' (all of it: `{whole}`)."
        )
