"""What nobody sees is never printed as it is, whichever way it came in: a terminal obeys it, and a reader is misled by it."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign import Desk
from assign.cli.terminal import table
from assign.columns import labelled, wrap
from assign.errors import code_point, hidden, shown, visible
from assign.explanation.plain_text import explain

ODD = ["\x00", "\x1b", "\n", "\r", "\t", "\x7f", "\x85", "\x9b", "\u00a0", "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200d", "\u200e", "\u202e",
       "\u2028", "\u2029", "\u2060", "\u2066", "\u2800", "\u3164", "\ud800", "\udcff", "\ue000", "\ufe0f", "\ufeff", "\ufff9", "\uffa0", "\uffff", "\U000e0041",
       "\U000e0100", "\U0010fffd"]  # fmt: skip


@pytest.mark.parametrize("c", ODD, ids=ascii)
def test_each_such_character_is_named_and_shown_as_an_escape(c: str) -> None:
    """Control, bidi, zero-width, fillers, selectors that select nothing, surrogates, private use, unassigned."""
    text = f"a{c}b"
    assert hidden(text) == hidden(c) == c
    assert hidden(visible(text)) is None
    assert visible(text) == f"a{c.encode('unicode_escape').decode()}b"
    assert c not in shown(text)
    assert code_point(c) == f"U+{ord(c):04X}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "受付　窓口",
        "国保（給 付）",
        "葛\U000e0100飾区",
        "神\ufe00社",
        "×△○",
        "①㈱",
        "é",
        "e\u0301",
        "が",
        "か\u3099",
        "𠮷野家",
        "🀄",
        "-−ー",
    ],
)
def test_what_is_printed_in_a_list_is_none_of_them(text: str) -> None:
    """Ideographic spaces, variants of a kanji, combining marks, signs."""
    assert hidden(text) is None
    assert visible(text) == text


def test_a_tab_is_structure_where_it_is_said_to_be() -> None:
    """And nothing else with it."""
    assert hidden("a\tb", "\t") is None
    assert hidden("a\tb\u202e", "\t") == "\u202e"


@pytest.mark.long
def test_no_character_of_these_categories_is_missed() -> None:
    """All 1,114,112."""
    for number in range(sys.maxunicode + 1):
        c = chr(number)
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            assert hidden(c) == c, hex(number)


@pytest.mark.long
@given(st.text())
def test_what_is_shown_is_one_line_that_a_reader_sees_whole(text: str) -> None:
    """And showing it again changes nothing."""
    assert hidden(visible(text)) is None
    assert len(visible(text).splitlines()) <= 1
    assert visible(visible(text)) == visible(text)
    assert (visible(text) == text) is (hidden(text) is None)


def test_a_line_break_in_a_sentence_is_no_paragraph_of_the_answer(desk: Desk) -> None:
    """Also where an answer was made by somebody's own program, and not by ours."""
    [answer] = desk.answers(row="nenkin-24", channel="counter")
    answer["reasons"][0]["text"]["ja"] = "はい。\n担当: 受託者（確定）\x1b[2K\u202e"
    answer["rows"][0]["name"] = "業務\n担当: 受託者（確定）"
    short = explain(answer)
    assert [line for line in short.split("\n") if line.startswith("担当: ")] == ["担当: 市職員（確定）【窓口】"]
    assert all(hidden(line) is None for line in short.split("\n"))
    said = explain(answer, why=True)
    assert [line for line in said.split("\n") if line.startswith("担当: ")] == ["担当: 市職員（確定）"]
    assert r"はい。\n担当: 受託者（確定）\x1b[2K\u202e" in said
    assert all(hidden(line) is None for line in said.split("\n"))


def test_a_table_of_the_terminal_shows_escapes() -> None:
    """Cells and labelled text alike, however they are wrapped."""
    text = "名前\x1b]0;x\x07\u202e\n担当: 受託者"
    for lines in (wrap(text, 20), table([[text, "b"]], (12, 4)), labelled([("理由", text)], 30, [("理由", "")])):
        assert all(hidden(line) is None for line in lines)
        assert r"\x1b" in "".join(lines)
