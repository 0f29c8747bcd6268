"""
An answer → at most eight lines of a terminal: who, what next, of what row, why, and what to be careful about.

Nothing is cut off: a warning that does not fit is counted, and the last line says where it stands. What a new clerk need
not know is left to the whole text (`plain_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from assign.catalog.model import is_condition
from assign.columns import labelled, width
from assign.errors import visible
from assign.words import (
    ASSIGNEE_TEXT,
    CERTAINTY_TEXT,
    CONSIGNING,
    ActClass,
    Assignee,
    Bilingual,
    Certainty,
    Meaning,
    sentences,
)

from .in_force import edition_line
from .next_step import OVERTAKEN
from .wording import BASIS_TEXT, OWN_RULE, SHEET, SHEET_ROW, UNNAMED, Answer, _capital, grounded, printed, with_remark

LINES: Final = 8
COLUMNS: Final = 80
Pairs = list[tuple[str, str]]
_LABELS: Final = {
    "who": {"ja": "担当", "en": "Who"},
    "next": {"ja": "次に", "en": "Next"},
    "asked": {"ja": "対象", "en": "Row"},
    "why": {"ja": "理由", "en": "Why"},
    "note": {"ja": "注意", "en": "Note"},
    "edition": {"ja": "版", "en": "Edition"},
    "more": {"ja": "詳細", "en": "More"},
}
_LAST: Final = ("undefined_mark", "judged_reading")  # how the text was read goes behind what has changed
WAITING: Final = "waiting_acts"  # which acts need a ruling goes before all else but the conditions printed
_RESERVED: Final = 5  # acts that it names
_NO_PART: Final = (
    Assignee.CITY_STAFF.value,
    Assignee.NOBODY.value,
)  # whose answers leave the contractor nothing to know the limits of
_WHATEVER_THE_ACT: Final = (Meaning.RETAINED.value, Meaning.OUTSIDE.value, Meaning.NO_STEP.value)


def short_pairs(answer: Answer, lang: str, how: str = "why=True") -> Pairs:
    """
    (label, text) in reading order, of at most `LINES` lines.

    Args:
        answer: The contract's decision object.
        how: What asks for the whole text, as the reader types it.
    """
    reasons = _whys(answer, lang)
    excepts = bool(_conditions(answer, lang, how, whole=True))
    # Before a warning is left out, the reason is shortened, then what the list excepts is only said to be there.
    ways = [
        *((why, True) for why in reasons),
        *([(reasons[-1], False)] if excepts else []),
    ]
    edition = [("edition", text) for text in (edition_line(answer, lang),) if text]
    for why, whole in ways:
        head: Pairs = [
            ("who", _who(answer, [answer["channel_label"][lang]], lang)),
            ("next", answer["next"]["text"][lang]),
            ("asked", asked(answer, lang, apart=True)),
            ("why", why),
        ]
        warnings = [
            *_conditions(answer, lang, how, whole=whole),
            *[caveat["text"][lang] for caveat in answer["caveats"] if caveat["code"] == WAITING],
            *_reserved(answer, lang),
            *_warnings(answer, lang, said=[text for _, text in head]),
        ]
        # What the list excepts is never left out for what else there is to say, nor for itself.
        fewest = 0 if (why, whole) == ways[-1] else 1 if whole and why is reasons[-1] else len(warnings)
        for kept in range(len(warnings), fewest - 1, -1):
            left = len(warnings) - kept
            more = ("more", _more(answer, left, lang, how, conditions=excepts and not kept))
            pairs = [*head, *(("note", text) for text in warnings[:kept]), *edition, more]
            found = [(_LABELS[name][lang], visible(text)) for name, text in pairs]
            if len(labelled(found, COLUMNS, beside=found)) <= LINES:
                return found
    return found


def short_blocks(answers: Sequence[Answer], lang: str, how: str = "why=True") -> list[Pairs]:
    """The short answer of each channel; one for both where nothing but the channel differs."""
    blocks = [short_pairs(answer, lang, how) for answer in answers]
    if len(answers) > 1 and all(
        block[1:] == blocks[0][1:] and summary(answer) == summary(answers[0])
        for block, answer in zip(blocks, answers, strict=True)
    ):
        label = blocks[0][0][0]
        return [
            [(label, _who(answers[0], [answer["channel_label"][lang] for answer in answers], lang)), *blocks[0][1:]]
        ]
    return blocks


def summary(answer: Answer, lang: str = "ja") -> str:
    """One line: who, and how sure."""
    who = ASSIGNEE_TEXT[Assignee(answer["assignee"])][lang]
    sure = CERTAINTY_TEXT[Certainty(answer["certainty"])][lang]
    return f"{who}（{sure}）" if lang == "ja" else f"{who[0].upper()}{who[1:]} ({sure})"


def asked(answer: Answer, lang: str, *, apart: bool = False) -> str:
    """
    The row as the paper prints it: division, number, heading, name, remark; the line of the text in brackets.

    Args:
        apart: A remark that is a condition has a line of its own, and is left out here.
    """
    rows = answer["rows"]
    lines = _spans([row["source"]["line"] for row in rows], lang)
    if all(SHEET in row for row in rows):
        sheets = dict.fromkeys(row[SHEET] for row in rows)
        of = {name: [int(row[SHEET_ROW]) for row in rows if row[SHEET] == name] for name in sheets}
        if lang == "ja":
            return f"{printed_name(answer, apart=apart)}（シート{'、'.join(f'「{name}」{_spans(at, lang)}行' for name, at in of.items())}）"
        return f"{printed_name(answer, apart=apart)} (sheet {', '.join(f'{name}!{_spans(at, lang)}' for name, at in of.items())})"
    where = f"（一覧{lines}行目）" if lang == "ja" else f" ({'lines' if len(rows) > 1 else 'line'} {lines})"
    return f"{printed_name(answer, apart=apart)}{where}"


def printed_name(answer: Answer, *, apart: bool = False) -> str:
    """`国民年金 24 障害基礎年金 相談、請求の受付`; of several rows what they have in common, and the first of their names."""
    rows = answer["rows"]
    first = rows[0]
    group = first["group"] if all(row["group"] == first["group"] for row in rows) else ""
    name = first["name"] if apart and is_condition(first["remark"]) else with_remark(first["name"], first["remark"])
    if len(rows) > 1:
        name = f"{name} ほか{len(rows) - 1}行"
    group = "" if group == first["name"] else group
    return f"{answer['division_label']['ja']} {printed(first['number'], group, name)}"


def _who(answer: Answer, channels: Sequence[str], lang: str) -> str:
    """Who, how sure, on which channel, for which act."""
    channel = ("・" if lang == "ja" else " and ").join(channels)
    act = _short(answer["act"]["label"][lang], lang) if answer["act"] else ""
    if lang == "ja":
        return f"{summary(answer, lang)}【{channel}】{act and f'の「{act}」'}"
    return f"{summary(answer, lang)}, {channel}{act and f': {act}'}"


def _whys(answer: Answer, lang: str) -> list[str]:
    """
    One reason with what it rests on: a ruling, the reason of an act that is not the contractor's anywhere, else what the list says
    and what follows for the act. The last of them is the shortest; a reading that is our judgement is in each.
    """
    ruled = [reason for reason in answer["reasons"] if any(cite["kind"] == "ruling" for cite in reason["cites"])]
    if ruled:
        return [sentences(ruled[0]["text"][lang])[0]]
    rule, *others = answer["reasons"]
    about_act = [reason for reason in others if any(cite["kind"] == "act" for cite in reason["cites"])]
    said = sentences(about_act[0]["text"][lang]) if about_act else []
    if said and answer["act"]["class"] == ActClass.BARRED.value and _holds_for_the_act(answer):
        return [said[1]]
    _, listed, follows, *_ = [*sentences(rule["text"][lang]), "", ""]
    listed = grounded(listed, _bracketed(_citation(answer, lang), lang))
    if answer["act"]:
        follows = grounded(follows, _bracketed(_judgement(answer, follows, said, lang), lang))
    both = f"{listed}{'' if lang == 'ja' else ' '}{follows}"
    if answer["act"] and answer["meaning"] not in _WHATEVER_THE_ACT:
        ours = BASIS_TEXT["judged"][lang]
        return [both] if ours in listed and ours not in follows else [both, follows]
    return [both, listed] if answer["meaning"] == Meaning.PART_OPEN.value else [listed]


def _bracketed(text: str, lang: str) -> str:
    return text and (f"（{text}）" if lang == "ja" else f" ({text})")


def _judgement(answer: Answer, text: str, about_act: Sequence[str], lang: str) -> str:
    """That the class of the act is our judgement, or the city's own rule, where the answer rests on it and the sentence does not say so."""
    if not about_act or not _holds_for_the_act(answer):
        return ""
    if own := _own(answer, about_act, lang):
        return own
    ours = BASIS_TEXT["judged"][lang]
    by_judgement = any(BASIS_TEXT[basis][lang] in sentence for basis in ("judged", "analogy") for sentence in about_act)
    classed = answer["act"]["class"] in (ActClass.FACTUAL.value, ActClass.SHARED.value)
    settled = (
        answer["certainty"] == Certainty.SETTLED.value
    )  # what is open rests on the list's silence, not on the class
    return ours if settled and classed and by_judgement and ours not in text else ""


def _own(answer: Answer, about_act: Sequence[str], lang: str) -> str:
    """That the class of the act, or its place in the row's work, is the city's own rule. Whose authority it is rests on another one."""
    reason = next(each for each in answer["reasons"][1:] if any(cite["kind"] == "act" for cite in each["cites"]))
    holders = [cite["text"] for cite in reason["cites"][1:] if cite["kind"] == "act"]  # the first is the act itself

    def number(words: Bilingual) -> int:
        of_all = sum(words[lang] in sentence for sentence in about_act)
        return of_all - sum(words["ja"] in text for text in holders)

    if number(OWN_RULE) <= 0:
        return ""
    return UNNAMED[lang] if number(UNNAMED) == number(OWN_RULE) else OWN_RULE[lang]


def _holds_for_the_act(answer: Answer) -> bool:
    """Whether it is the act that decides, and not what is printed on one of the rows."""
    return answer["meaning"] in CONSIGNING and len(answer["rules"]) == 1


def _citation(answer: Answer, lang: str) -> str:
    """The line of the legend, where the sentence quotes it."""
    rule = answer["reasons"][0]
    quoted = sentences(rule["text"]["ja"])[1]
    for cite in rule["cites"]:
        if cite["kind"] == "legend" and cite["text"] in quoted:
            text = SHEET in answer["rows"][0]  # that was made of a workbook
            if lang == "ja":
                return f"凡例{'テキスト' if text else ''}{cite['line']}行目"
            return f"legend, line {cite['line']}{' of the text' if text else ''}"
    return ""


def _about(remark: str, conditions: Sequence[str]) -> str:
    """A remark without the notes (※…) that are about other channels or acts than those asked for, and so are none of its conditions."""
    notes = re.split("(?=※)", remark)
    return "".join(each for each in notes if not each.startswith("※") or each.strip() in conditions).strip()


def _conditions(answer: Answer, lang: str, how: str, *, whole: bool) -> list[str]:
    """What the list excepts or asks for, as printed, in a line of its own; what stands in the row's name is read there."""
    name = printed_name(answer, apart=True)
    others = [each["text"] for each in answer["exceptions"]]
    remarks = [_about(row["remark"], others) for row in answer["rows"] if is_condition(row["remark"])]
    texts = dict.fromkeys(
        [*filter(None, remarks), *(text for text in others if not any(text in said for said in (name, *remarks)))]
    )
    if texts and not whole:
        return [f"一覧の条件があります（文は {how}）" if lang == "ja" else f"The list prints a condition (see {how})"]
    return [f"一覧の条件: {' '.join(texts)}" if lang == "ja" else f"As printed: {' '.join(texts)}"] if texts else []


def _reserved(answer: Answer, lang: str) -> list[str]:
    """Of work as a whole that the contractor handles, or a part of it: which steps it does not, by their short names."""
    only_as_ruled = answer["meaning"] == Meaning.PART_OPEN.value
    if answer["act"] or answer["assignee"] in _NO_PART or not answer["reserved"] or only_as_ruled:
        return []
    names = [_short(entry["label"][lang], lang) for entry in answer["reserved"]]
    shown, rest = names[:_RESERVED], len(names[_RESERVED:])
    if lang == "ja":
        return [f"受託者が行わない行為: {'、'.join(shown)}{f'、ほか{rest}件' if rest else ''}。"]
    return [f"Not the contractor's: {'; '.join(shown)}{f'; {rest} more' if rest else ''}."]


def _short(label: str, lang: str) -> str:
    """An act's label without what it says in brackets: `決定（支給・不支給、認定、賦課）` is 決定."""
    return label.partition("（" if lang == "ja" else " (")[0]


def _warnings(answer: Answer, lang: str, said: Sequence[str]) -> list[str]:
    """What to be careful about, in a sentence each, but for what the lines above say."""
    texts = []
    for caveat in sorted(
        answer["caveats"], key=lambda each: _LAST.index(each["code"]) if each["code"] in _LAST else -1
    ):
        told = sentences(caveat["text"][lang])
        if caveat["code"] == WAITING or (caveat["code"] == "condition" and _stays(answer)):
            continue
        if caveat["code"] == "other_row":
            texts.append(
                " ".join(_other_row(answer, told, lang)) if lang == "en" else "".join(_other_row(answer, told, lang))
            )
        elif caveat["code"] not in OVERTAKEN and not any(told[0] in text for text in said):
            texts.append(told[0])
    return texts


def _stays(answer: Answer) -> bool:
    """Whether it is settled that city staff do it: then no condition has to keep the contractor from it."""
    return bool(answer["assignee"] == Assignee.CITY_STAFF.value and answer["certainty"] == Certainty.SETTLED.value)


def _other_row(answer: Answer, told: Sequence[str], lang: str) -> Iterator[str]:
    """That the act is no part of this row's work, unless the reason says so; and of which rows it is."""
    if not _holds_for_the_act(answer):
        yield told[0]
    owners = [f"{owner['item']} {owner['name']}" for owner in answer["elsewhere"]]
    if not owners:
        yield told[-1]
        return
    room = COLUMNS - len("担当  ") * 2
    yield next(
        text for most in range(len(owners), 0, -1) if width(text := _owners(owners, most, lang)) <= room or most == 1
    )


def _owners(owners: Sequence[str], most: int, lang: str) -> str:
    rest = len(owners) - most
    if lang == "ja":
        return f"この行為のある行: {'、'.join(owners[:most])}{f'、ほか{rest}行' if rest else ''}。"
    return f"It is part of {'; '.join(owners[:most])}{f'; and {rest} more rows' if rest > 1 else '; and 1 more row' if rest else ''}."


def _more(answer: Answer, left: int, lang: str, how: str, *, conditions: bool) -> str:
    """How to see everything, how many warnings are left to it (the list's condition among them), the question; and the case's day."""
    if lang == "ja":
        among = "（一覧の条件も）" if conditions else ""
        parts = [f"注意はほかに{left}件{among}。" if left else "", "市への照会の文など、" if answer["question"] else ""]
        return f"{''.join(parts)}くわしくは {how}（{answer['on']}の案件）"
    among = " (with the list's condition)" if conditions else ""
    notes = f"{left} more note{'s' if left > 1 else ''}{among}" if left else ""
    text = ", ".join(filter(None, [notes, "the question" if answer["question"] else ""]))
    return (
        _capital(f"{text} and all details with {how}" if text else f"all details with {how}")
        + f" (case of {answer['on']})"
    )


def _spans(lines: Sequence[int], lang: str) -> str:
    """`30～39`, `151・153`."""
    to, between = ("～", "・") if lang == "ja" else ("-", ", ")
    runs = [[line for _, line in run] for _, run in groupby(enumerate(lines), key=lambda each: each[1] - each[0])]
    return between.join(str(run[0]) if len(run) == 1 else f"{run[0]}{to}{run[-1]}" for run in runs)
