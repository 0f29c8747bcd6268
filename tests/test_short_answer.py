"""The short answer and the whole text, for every question: row x channel x act, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import pytest

from assign import Desk
from assign.columns import labelled, width
from assign.errors import AmbiguousItem, AssignError
from assign.explanation.glossary import MEANINGS
from assign.explanation.plain_text import paragraphs
from assign.explanation.short_answer import COLUMNS, LINES, printed_name, short_blocks, short_pairs
from assign.words import sentences

from .built_in import CHANNELS

ON = "2026-11-29"
DESK = Desk.open(engine="table")
ACTS = [None, *DESK.rules.acts]
QUESTIONS = len(DESK.catalog.tasks) * 2 * len(ACTS)
SOME = 97  # every so manieth question is looked at each time; prime, so that rows, channels and acts all turn up

# What a new clerk would not know; each stands in --why, with its meaning.
FORBIDDEN = {
    "ja": ("引継票", "理由コード", "事実行為", "補助的行為", "基準日", "委託不可項目", "疑義照会", "裁定", "行政庁", "処分", "類推",
           "二次資料", "行為表", "両者にまたがる行為", "指定公金事務取扱者", "SHA-256"),
    "en": ("reason code", "slip", "factual", "auxiliary", "not-to-consign", "委託不可項目", "administrative act", "analogy",
           "operations manager", "table of acts (", "edition"),
}  # fmt: skip
PROPER = re.compile(
    r"National|Health|Insurance|Pension|Service|Minister|Labour|Welfare|Japan|General|Affairs|Accounts|Late|Stage|Medical|Care|NHI|"
    r"Processing|Centre|State|Law|Individual|Number|December|August|April|October|September|Ministry|Personal|Information"
)


class Said(NamedTuple):
    """One answer in one language."""

    question: str
    answer: dict[str, Any]
    lang: str
    short: list[tuple[str, str]]
    whole: list[tuple[str, str]]


def said(every: int = 1) -> Iterator[Said]:
    """All answers, or one of so many."""
    for at, (task, channel, act) in enumerate(product(DESK.catalog.tasks, CHANNELS, ACTS)):
        if at % every == 0:
            [answer] = DESK.answers(row=task.id, channel=channel, act=act, on=ON, provenance=False)
            for lang in ("ja", "en"):
                whole = list(paragraphs(answer, lang))
                yield Said(f"{task.id} {channel} {act} {lang}", answer, lang, short_pairs(answer, lang, "--why"), whole)


@lru_cache
def sampled() -> list[Said]:
    return list(said(SOME))


def in_one_screen(each: Said) -> None:
    """Eight lines of 80 columns, an ambiguous character counted as two."""
    lines = labelled(each.short, COLUMNS, beside=each.short)
    assert len(lines) <= LINES
    assert all(width(line) <= COLUMNS for line in lines)
    assert "--why" in each.short[-1][1]


def nothing_lost_in_silence(each: Said) -> None:
    """A warning is on the screen, or counted there. No sentence is cut off in the middle."""
    text = " ".join(text for _, text in each.short)
    settled = (each.answer["assignee"], each.answer["certainty"]) == ("city_staff", "settled")
    left = [caveat for caveat in each.answer["caveats"] if not _is_told(caveat, text, each.lang, settled=settled)]
    found = re.search(r"ほかに(\d+)件" if each.lang == "ja" else r"(\d+) more note", each.short[-1][1])
    counted = int(found[1]) if found else 0
    assert len(left) <= counted
    for _, sentence in each.short[1:2] + each.short[3:-1]:
        assert sentence[-1] == ("。" if each.lang == "ja" else "."), sentence


def _is_told(caveat: dict[str, Any], text: str, lang: str, *, settled: bool) -> bool:
    """A condition keeps the contractor from an act; where it is settled that city staff do it, it says nothing new."""
    told = sentences(caveat["text"][lang])
    if caveat["code"] == "condition" and settled:
        return True
    if caveat["code"] == "other_row":
        return told[-1] in text or ("この行為のある行: " if lang == "ja" else "It is part of ") in text
    return told[0] in text


def no_word_that_a_new_clerk_would_not_know(each: Said) -> None:
    """But for those of the row's own printed name and of the act that was asked, which whoever asks has read or typed."""
    own = [printed_name(each.answer), *(owner["name"] for owner in each.answer["elsewhere"])]
    if each.answer["act"]:
        own += [each.answer["act"]["label"][each.lang], re.split("（| \\(", each.answer["act"]["label"][each.lang])[0]]
    text = " ".join(text for _, text in each.short)
    for name in sorted(own, key=len, reverse=True):
        text = text.replace(name, "")
    for word in FORBIDDEN[each.lang]:
        assert word not in text, (word, text)


def what_ended_or_is_renamed_goes_first(each: Said) -> None:
    """Before who does it, and nobody but the contract's managers goes on."""
    leads = [caveat for caveat in each.answer["caveats"] if caveat["code"] in ("ended", "renamed")]
    step = each.answer["next"]["text"][each.lang]
    if leads:
        assert step.startswith(sentences(leads[0]["text"][each.lang])[0])
        assert ("受託者が進め" if each.lang == "ja" else "The contractor goes on") not in step
    assert each.short[1][1] == step


def what_is_our_judgement_says_so(each: Said) -> None:
    """Where only our judgement has an act stay with the city, or has it handed out, the short answer says it."""
    answer, rule = each.answer, each.answer["rules"][0]
    ours = "本システムの判断" if each.lang == "ja" else "our "
    text = " ".join(text for _, text in each.short)
    act = DESK.rules.acts[answer["act"]["key"]] if answer["act"] else None
    judged = (
        act is not None and act.source.basis in ("judged", "analogy") and rule in ("CONSIGNED_ACT", "CONSIGNED_SHARED")
    )
    if judged or rule in (
        "AUTHORITY_JUDGED",
        "BARRED_JUDGED",
        "OTHER_ROW",
        "NOT_LISTED",
        "AUTHORITY_READ_ALIKE",
        "UNDEFINED",
    ):
        assert ours in text, text


def each_special_word_is_explained_where_it_first_stands(each: Said) -> None:
    """Outside quotation marks and brackets."""
    text = "\n".join(text for _, text in each.whole)
    outside = re.compile("「[^」]*」|（(?:[^（）]|（[^（）]*）)*）")
    if each.lang == "ja":
        plain = outside.sub("", text)
        for row in each.answer["rows"]:
            plain = plain.replace(row["name"], "").replace(row["group"], "")
        for word, meaning in MEANINGS["ja"].items():
            if word in plain:
                assert f"{word}（{meaning}）" in text or re.search(f"{word}（[^（）]+こと）", text), word


def sentences_are_sound(each: Said) -> None:
    """'Only if  An entry … is no data entry': one sentence inside another, with a capital, two blanks and a full stop."""
    for label, text in each.short + each.whole:
        assert text == text.strip()
        assert label
        assert not re.search(
            r"  |[{}]|。。|、、|\.\.|。\.|、。|,,|; ;|,\.| [,.;:](?!\w)|\( | \)|（）|\(\)|None(?! in)", text
        ), text
        if each.lang == "ja":
            assert not re.search(r"。（|：：|: :", text), text
        else:
            assert text[0].isupper() or not text[0].isascii() or text[0].isdigit(), text
            bare = re.sub(r"'[^']*[^\x00-\x7f][^']*'|「[^」]*」|Row .*", "", text)
            for word in re.findall(r"(?<=[a-z,;] )[A-Z][a-z]+", bare):
                assert PROPER.match(word), text
            assert not re.search(r"[a-z]\. [a-z]", text), text


def the_row_is_named_as_printed(each: Said) -> None:
    """`国民年金 24 障害基礎年金 相談、請求の受付`, and the text's line in brackets."""
    [row] = each.answer["rows"]
    name = each.short[2][1]
    for part in (row["number"], row["group"], row["name"], row["remark"]):
        assert part in name
    where = f"（一覧{row['source']['line']}行目）" if each.lang == "ja" else f"(line {row['source']['line']})"
    assert name.endswith(where)


CHECKS: list[Callable[[Said], None]] = [
    in_one_screen, nothing_lost_in_silence, no_word_that_a_new_clerk_would_not_know, what_ended_or_is_renamed_goes_first,
    what_is_our_judgement_says_so, each_special_word_is_explained_where_it_first_stands, sentences_are_sound, the_row_is_named_as_printed,
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_of_some_questions(check: Callable[[Said], None]) -> None:
    """One of 97; more of them in the slow test."""
    for each in sampled():
        try:
            check(each)
        except AssertionError as error:
            raise AssertionError(f"{each.question}: {error}") from None


@pytest.mark.parametrize("every", [pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.soak)])
def test_of_every_question(every: int) -> None:
    """27,950, in both languages; where all would take minutes, one of seven, which are of every row, channel and act."""
    asked = 0
    for each in said(every):
        asked += each.lang == "ja"
        for check in CHECKS:
            try:
                check(each)
            except AssertionError as error:
                raise AssertionError(f"{check.__name__}: {each.question}: {error}") from None
    assert QUESTIONS == 27_950
    assert asked == -(-QUESTIONS // every)


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_both_channels_stand_in_one_screen(lang: str) -> None:
    """24 lines for every row and every number, a blank line between; one block where nothing but the channel differs."""
    merged = 0
    items = {(task.division, task.number) for task in DESK.catalog.tasks}
    asked = [{"row": task.id} for task in DESK.catalog.tasks] + [{"division": d, "item": n} for d, n in sorted(items)]
    for each in asked:
        try:
            answers = DESK.answers(**each, on=ON, provenance=False)
        except AmbiguousItem:
            continue
        blocks = short_blocks(answers, lang, "--why")
        merged += len(blocks) == 1
        lines = [line for block in blocks for line in (*labelled(block, COLUMNS, beside=block), "")][:-1]
        assert len(lines) <= 24
        assert all(width(line) <= COLUMNS for line in lines)
        for channel in ("窓口", "バックヤード") if lang == "ja" else ("counter", "back yard"):
            assert any(channel in block[0][1] for block in blocks)
    assert merged > 50


def test_python_says_the_short_answer_and_why_all_of_it() -> None:
    """`explain()` is what the terminal shows; only what asks for the rest is another word."""
    decision = DESK.decide(row="nenkin-24", channel="counter", on=ON)
    short, whole = decision.explain(), decision.explain(why=True)
    assert len(short.split("\n")) <= LINES
    assert len(whole) > 2 * len(short)
    assert "why=True" in short
    assert "委託不可項目欄（委託できるかの印の欄）" in whole
    with pytest.raises(AssignError, match="fr"):
        decision.explain("fr")
