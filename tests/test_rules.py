"""Rule files: every example holds, and a mistake is refused with file, line and the nearest valid name."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign import Desk, resources
from assign.check.proofs import example_fails
from assign.errors import AssignError, DataError, RuleFileError
from assign.resources import rules_folder
from assign.rules.entries import Entry, every_fact
from assign.rules.kinds import KINDS
from assign.rules.loader import load
from assign.rules.model import FILES, RuleSet
from assign.rules.precompiled import kept_rules, kept_trees, plain, trees_file
from assign.words import ActClass
from assign.yaml_nodes import parse, read

from .built_in import DIVISIONS

RULES = load(rules_folder())
ENTRIES: list[Entry] = [*RULES.rules, *RULES.acts.values(), *RULES.holders, *RULES.notes, *RULES.rulings]
Edit = Callable[[str, str, str], Path]


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """A copy of the rules with one passage of one file replaced."""

    def edited(file: str, old: str, new: str) -> Path:
        folder = tmp_path / "rules"
        shutil.copytree(rules_folder(), folder, dirs_exist_ok=True)
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), "utf-8", newline="")
        return folder

    return edited


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_example_holds(entry: Entry, desk: Desk) -> None:
    """An entry carries its own cases, at least one."""
    assert entry.examples
    for example in entry.examples:
        assert example_fails(desk, entry, example) is None


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_entry_says_why_in_both_languages_and_on_what_ground(entry: Entry) -> None:
    """No sentence without a source."""
    for text in (entry.title, entry.because):
        assert text["ja"].strip()
        assert text["en"].strip()
    assert entry.source.line or entry.source.basis


def test_a_line_that_a_rule_cites_says_so(document: list[str]) -> None:
    """The legend's line, the header's, line 58 and line 64."""
    for entry in ENTRIES:
        if entry.source.line is not None:
            assert entry.source.text in document[entry.source.line - 1]


def test_exactly_one_rule_holds_for_every_combination_of_facts() -> None:
    """UNIQUE, over the whole domain: 4 x 3 x 9 x 4."""
    facts = list(every_fact())
    assert len(facts) == 648
    assert all(sum(rule.holds(each) for rule in RULES.rules) == 1 for each in facts)


def test_the_acts_are_the_domain_s() -> None:
    """domain.md, section 3: 28 factual, 13 authority, 13 barred, 9 shared, and one for what the list does not know."""
    classes = [act.act_class for act in RULES.acts.values()]
    assert [classes.count(kind) for kind in ActClass] == [0, 28, 13, 13, 9, 1]


def test_the_holder_of_a_decision_differs_by_division() -> None:
    """domain.md, 'Whose authority'."""
    assert {division: RULES.holder(division, "decide").holder for division in DIVISIONS} == {
        "kokuho": "city",
        "kouki": "wide_area_union",
        "nenkin": "minister",
        "shomu": "city",
        "center": "city",
    }


RULING = """rulings:
  - id: R1
    title: {ja: 裁定, en: ruling}
    source: {document: 回答第1号, role: 契約担当課長}
    when: {rows: [kokuho-25], channel: counter, act: receive, since: 2026-04-01, until: 2027-03-31}
    then: {assignee: contractor}
    because: {ja: 委託の範囲に入る。, en: It is within the consigned part.}
    examples:
      - {given: {row: kokuho-25, channel: counter, act: receive, on: 2026-04-01}, holds: true}
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "old", "new", "below", "says"),
    [
        ("decision_table.yaml", "when: {meaning: retained}", "when: {meening: retained}", 0, "no fact `meening` (near: `meaning`"),
        ("decision_table.yaml", "when: {meaning: retained}", "when: {meaning: retaind}", 0, "no value of `meaning` `retaind` (near: `retained`"),
        ("decision_table.yaml", "when: {meaning: retained}", "when: {}", 0, "at least one fact"),
        ("decision_table.yaml", "when: {meaning: retained}", "when: {meaning: [retained, retained]}", 0, "repeated"),
        ("decision_table.yaml", "title: {ja: 委託しない業務, en: Work that is not consigned}", "title: {ja: 委託しない業務}", 0, "`en` is missing"),
        ("decision_table.yaml", "certainty: settled}", "certainty: sure}", 0, "no certainty `sure` (near: `settled`"),
        ("decision_table.yaml", "id: NOT_LISTED", "id: RETAINED", 0, "stands at decision_table.yaml, line 17 too"),
        ("decision_table.yaml", "  - id: RETAINED", "  - id: RETAINED\n    note: x", 1, "no field `note`"),
        ("decision_table.yaml", "    question:", "    questoin:", 0, "no field `questoin`"),
        ("decision_table.yaml", "source: {legend: retained}", "source: {legend: retaind}", 0, "no meaning `retaind` (near: `retained`"),
        ("acts.yaml", "then: {class: factual}", "then: {class: factuall}", 0, "no class of act `factuall` (near: `factual`"),
        ("acts.yaml", "id: explain", "id: guide", 0, "stands at line 25 too"),
        ("acts.yaml", "also: [説明,", "also: [案内,", -2, "names `guide` too"),
        ("acts.yaml", "id: refuse", "id: refuse\n    parts: {city: {ja: あ, en: a}, contractor: {ja: い, en: b}}", 0, "parts"),
        ("holders.yaml", "then: {holder: city}", "then: {holder: town}", 0, "no holder `town` (near: `city`"),
        ("holders.yaml", "when: {division: kokuho}", "when: {division: kokuhoo}", -3, "no division `kokuhoo` (near: `kokuho`"),
        ("holders.yaml", "when: {division: [shomu, center]}", "when: {division: [shomu, kokuho]}", -3, "`HOLDER_KOKUHO` already settles"),
        ("holders.yaml", "when: {division: [shomu, center]}", "when: {division: shomu}", None, "`center` has no default holder"),
        ("notes.yaml", "since: 2021-10-01", "since: 2021-13-01", 0, "not a date"),
        ("notes.yaml", "caveat: review_due", "caveat: reviewed", 0, "no caveat `reviewed` (near: `review_due`"),
        ("rulings.yaml", "rulings: []", "rulings: {}", 0, "a list is needed"),
        ("notes.yaml", "rows: [kokuho-28]", "rows: []", 0, "rows are needed"),
        ("notes.yaml", "since: 2021-10-01", "since: 2021-W39-5", 0, "not a date"),
        ("notes.yaml", "holds: true}", "holds: fasle}", 0, "truth value"),
        ("notes.yaml", "{given: {row: kokuho-28, on: 2021-10-01}, holds: true}", "{given: {row: kokuho-28, on: 2021-10-01}}", 0, "not of the right form"),
        ("holders.yaml", "key: wide_area_union", "key: city", 0, "`city` stands twice"),
        ("decision_table.yaml", "ja: 委託しない業務", 'ja: "委託\\x1b[31m"', 0, "without control characters"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_file_line_and_nearest_name(
    edit: Edit, file: str, old: str, new: str, below: int | None, says: str
) -> None:
    """So that who writes rules is told where, and what was meant. `below` counts lines from the passage changed."""
    folder = edit(file, old, new)
    with pytest.raises(RuleFileError) as caught:
        Desk.open(rules=folder)
    if below is not None:
        text = (rules_folder() / file).read_text("utf-8")
        line = text[: text.index(old)].count("\n") + 1 + below
        assert str(caught.value).startswith(f"{folder}/{file}, line {line}: ")
    assert says in str(caught.value)


def test_a_note_or_ruling_on_a_row_that_does_not_exist_is_refused(edit: Edit) -> None:
    """It would be lost in silence."""
    with pytest.raises(RuleFileError, match=r"no row `kokuho-82`"):
        Desk.open(rules=edit("notes.yaml", "rows: [kokuho-28]", "rows: [kokuho-82]"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("act: receive", "act: decide", "cannot give `decide` (authority) to `contractor`"),
        ("act: receive", "act: seal", "cannot give `seal` (barred) to `contractor`"),
        ("act: receive", "act: refund", "cannot give `refund` (shared) to `contractor`"),
        ("act: receive", "act: undetermined", "cannot give `undetermined`"),
        ("until: 2027-03-31", "until: 2026-03-31", "`until` is before `since`"),
        (", role: 契約担当課長", "", "`line` is missing"),
        ("channel: counter", "channel: desk", "no channel `desk`"),
    ],
)
def test_a_ruling_that_the_law_does_not_allow_is_refused(edit: Edit, old: str, new: str, says: str) -> None:
    """A wrong 'contractor' is unlawful, also where a ruling says so."""
    with pytest.raises(RuleFileError, match=r"rulings.yaml") as caught:
        Desk.open(rules=edit("rulings.yaml", "rulings: []", RULING.replace(old, new)))
    assert says in str(caught.value)


def test_a_ruling_of_the_first_and_the_last_day_is_decided(edit: Edit) -> None:
    """No day before or after it is looked for."""
    forever = RULING.replace("since: 2026-04-01, until: 2027-03-31", "since: 0001-01-01, until: 9999-12-31")
    desk = Desk.open(rules=edit("rulings.yaml", "rulings: []", forever))
    assert desk.decide("kokuho", 25, "counter", "receive").assignee == "contractor"
    assert desk.decide("kokuho", 25, "counter").assignee == "split"


def test_two_rulings_on_one_act_at_one_time_are_refused(edit: Edit) -> None:
    """Which of them would hold, a reader could not tell."""
    second = (
        RULING.removeprefix("rulings:\n")
        .replace("R1", "R2")
        .replace("since: 2026-04-01, until: 2027-03-31", "since: 2027-03-31")
    )
    with pytest.raises(RuleFileError, match=r"overlaps with `R1` on `kokuho-25`"):
        Desk.open(rules=edit("rulings.yaml", "rulings: []", RULING + second))


def test_a_ruling_settles_an_act_within_its_dates_and_never_earlier(edit: Edit) -> None:
    """It is dated, attributed, and changes later answers alone."""
    desk = Desk.open(rules=edit("rulings.yaml", "rulings: []", RULING))

    def said(on: str, act: str | None = "receive", channel: str = "counter") -> tuple[str, str]:
        decision = desk.decide("kokuho", 25, channel, act, on)
        return decision.assignee.value, decision.certainty.value

    assert said("2026-03-31") == ("city_staff", "needs_ruling")
    assert said("2026-04-01") == ("contractor", "settled")
    assert said("2027-03-31") == ("contractor", "settled")
    assert said("2027-04-01") == ("city_staff", "needs_ruling")
    assert said("2026-04-01", "data_entry") == ("city_staff", "needs_ruling")
    assert said("2026-04-01", None) == ("split", "needs_ruling")
    assert said("2026-04-01", "receive", "backyard") == ("city_staff", "needs_ruling")
    decision = desk.decide("kokuho", 25, "counter", "receive", date(2026, 4, 1))
    assert decision.rules == ("RULED_CONTRACTOR",)
    cites = [cite for reason in decision.reasons for cite in reason.cites if cite.kind == "ruling"]
    assert [(cite.document, cite.line) for cite in cites] == [("rulings.yaml", 15)]
    for lang in ("ja", "en"):
        short = decision.explain(lang).split("\n")
        assert len(short) <= 8
        assert "契約担当課長" in short[3]
        assert not re.search("疑義照会|事実行為|factual", "".join(short))
    assert {"on": "2027-04-01"} in [change.change for change in decision.would_change]
    asked_whole = desk.decide("kokuho", 25, "counter", None, "2026-04-01")
    assert "ruled_acts" in [caveat.code for caveat in asked_whole.caveats]


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nrulings: [*c]\n"


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (BOMB.encode(), "anchors and aliases"),
        (b"rulings: !!python/object/apply:os.system ['true']\n", "tags"),
        (b"rulings: []\nrulings: []\n", "stands twice"),
        (b"rulings: []\n---\nrulings: []\n", "more than one document"),
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"rulings: [\n", "not YAML"),
        (b"rulings: \xff\n", "not UTF-8"),
        (b"rulings: a\x00b\n", "a hidden character U+0000"),
        (b"? [a, b]\n: c\n", "name must be text"),
        (b"- a\n", "a mapping is needed"),
        (b"rulings: " + b"[" * 40 + b"]" * 40 + b"\n", "nested too deeply"),
        (b"rulings: []\n" + b"#" * 1_000_000, "larger than"),
    ],
)
def test_a_hostile_file_is_refused(edit: Edit, data: bytes, says: str) -> None:
    """Nothing is expanded, nothing constructed."""
    folder = edit("rulings.yaml", "rulings: []", "rulings: []")
    (folder / "rulings.yaml").write_bytes(data)
    with pytest.raises(RuleFileError, match=r"rulings.yaml, line") as caught:
        load(folder)
    assert says in str(caught.value)


def field_of(text: str, c: str) -> str:
    """The register with a ruling, one of whose texts ends in a character, written as it is."""
    assert text in RULING
    return RULING.replace(text, text + c, 1)


HIDDEN = ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\r", "\u202e", "\u2067", "\u200f", "\u061c", "\u200b", "\u2060", "\ufeff", "\u00ad",
          "\u2028", "\u2029", "\ue000", "\u0378", "\u3164", "\u034f", "\U000e0041", "\u00a0"]  # fmt: skip
TEXTS = [
    "ja: 裁定",
    "en: ruling",
    "document: 回答第1号",
    "role: 契約担当課長",
    "委託の範囲に入る",
    "consigned part",
    "id: R1",
    "rulings:",
]


def edited(rulings: str) -> bytes:
    """The register of rulings as it ships, with these in it."""
    return (rules_folder() / "rulings.yaml").read_text("utf-8").replace("rulings: []", rulings, 1).encode()


@pytest.mark.parametrize("c", HIDDEN, ids=ascii)
def test_a_hidden_character_anywhere_in_a_file_is_refused_with_its_line(edit: Edit, c: str) -> None:
    """In any text, as it is or as an escape, and in a comment, which a reviewer reads as well."""
    for text in TEXTS[: 6 if c == "\r" else None]:  # at the end of a line it is half of a CRLF
        with pytest.raises(RuleFileError) as caught:
            parse("rulings.yaml", edited(field_of(text, c)))
        assert f"a hidden character U+{ord(c):04X}" in caught.value.en
        assert f"U+{ord(c):04X}" in caught.value.ja
        assert caught.value.line == 14 + RULING[: RULING.index(text)].count("\n")  # comments stand above
    with pytest.raises(RuleFileError, match=rf"rulings.yaml, line 14: a hidden character U\+{ord(c):04X}"):
        parse("rulings.yaml", edited(f"rulings: []  # seen{c}by"))
    escape = f"\\U{ord(c):08X}"
    with pytest.raises(RuleFileError, match=rf"rulings.yaml, line 20: a hidden character U\+{ord(c):04X}"):
        parse("rulings.yaml", edited(RULING.replace("委託の範囲に入る。", f'"委託{escape}"')))
    with pytest.raises(RuleFileError, match=rf"rulings.yaml, line 14: a hidden character U\+{ord(c):04X}"):
        load(edit("rulings.yaml", "rulings: []", f"rulings: []  # seen{c}by"))


@pytest.mark.parametrize("word", ['[receive, "受\\u200B領"]', '"申請\\u202E書"', "受\u2060領"])
def test_another_name_of_an_act_has_no_hidden_character(edit: Edit, word: str) -> None:
    """Two acts could look alike."""
    with pytest.raises(RuleFileError, match=r"acts.yaml, line \d+: a hidden character U\+2"):
        load(edit("acts.yaml", "also: [", f"also: [{word}, ".replace("[[", "[").replace("], ", ", ")))


FAKE = "委託の範囲に入る。"


@pytest.mark.parametrize(
    "because",
    ['"委託。\\n担当: 受託者（確定）"', "|\n          委託。\n          担当: 受託者", "'委託。\n\n          担当: 受託者'", ">\n          委託。\n\n          担当: 受託者",
     '"a\\r担当: 受託者"', '"a\\N担当"', '"a\\L担当"', '"a\\P担当"', '"a\\t担当"', '"a\\e[2K"'],
)  # fmt: skip
def test_a_text_is_one_line(edit: Edit, because: str) -> None:
    """A line break in a sentence was another paragraph of the answer: 'Who: the contractor'."""
    with pytest.raises(RuleFileError, match=r"rulings.yaml, line 2\d: (a line break within a text|a hidden character)"):
        load(
            edit(
                "rulings.yaml",
                "rulings: []",
                RULING.replace(f"{{ja: {FAKE}, en", f"\n        ja: {because}\n        en").replace(
                    ".}\n    ex", ".\n    ex"
                ),
            )
        )


@pytest.mark.parametrize("style", [">-", ">", "|", "|-"])
def test_a_long_text_may_be_folded(edit: Edit, style: str) -> None:
    """The end of a block is no part of its text."""
    folded = RULING.replace(f"{{ja: {FAKE}, en", f"\n        ja: {style}\n          {FAKE}\n        en").replace(
        ".}\n    ex", ".\n    ex"
    )
    assert load(edit("rulings.yaml", "rulings: []", folded)).rulings[0].because["ja"] == FAKE


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("rulings: []\n".encode("utf-16"), "line 1: UTF-16 (save it as UTF-8)"),
        ("rulings: []\n".encode("utf-32"), "line 1: "),
        ("# 回答\nrulings: []\n".encode("cp932"), "line 1: not UTF-8"),
        (b"# a\n# \xff\nrulings: []\n", "line 2: not UTF-8"),
        (b"rulings:\n\t- a\n", "line 2: not YAML"),
        (b"rulings: []\n...\n---\nrulings: []\n", "more than one document"),
        (b"<<: {rulings: []}\n", "line 1: merge keys"),
        (b"rulings: *a\n", "anchors and aliases"),
        (b"rulings: &a []\n", "anchors and aliases"),
        (b"rulings: !!seq []\n", "tags"),
        (b"rulings: ! []\n", "tags"),
        (b"{rulings: [], rulings: []}\n", "stands twice"),
        (b"rulings: []\nRulings: []\n", "no field `Rulings` (near: `rulings`)"),
        (b"rulings: ~\n", "a list is needed"),
        (b"rulings: null\n", "a list is needed"),
        (b"rulings:\n", "a list is needed"),
        (b"rulings: [~]\n", "a mapping is needed"),
        (b"rulings\n", "a mapping is needed"),
        (b"[[[[[[[[[[[[[[[[[[[[\n", "nested too deeply"),
        (b"rulings:\n" + b"".join(b"  " * n + b"- a:\n" for n in range(1, 40)), "nested too deeply"),
        (b"rulings: " + b"[" * 400_000, "line 1: "),
        (b"? " * 1000 + b"a", "nested too deeply"),
        (b"rulings: [" + b"a, " * 300_000 + b"]", "more than 5,000 entries"),
        (b"a: " + b"x" * 900_000, "no field `a`"),
        (b"x" * 900_000 + b": a", "line 1: "),
        (b'rulings: "\\U00110000"\n', "line 1: not YAML"),
        (b'rulings: "\\ud800"\n', "line 1: "),
        (b"rulings: '\n", "not YAML"),
        (b"%YAML 3.0\n---\nrulings: []\n", "not YAML"),
        (b"rulings: []\n: []\n", "line 2: "),
    ],
)
@pytest.mark.parametrize("libyaml", [True, False])
def test_what_other_readers_take_for_yaml_is_one_line(
    edit: Edit, data: bytes, says: str, libyaml: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Public bug patterns, with libyaml and without: what is refused is named with its line, and nothing else comes out."""
    if not libyaml:
        import yaml

        monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
        if len(data) > 100_000:
            data = data[:20_000] + data[-2:]
    folder = edit("rulings.yaml", "rulings: []", "rulings: []")
    (folder / "rulings.yaml").write_bytes(data)
    with pytest.raises(RuleFileError, match=r"^rulings.yaml, line \d+: ") as caught:
        load(folder)
    assert says in str(caught.value)
    assert "\n" not in caught.value.ja + caught.value.en


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfrulings: []\n", b"# a\r\nrulings: []\r\n", b"---\nrulings: []\n...\n", b"%YAML 1.2\n---\nrulings: []\n", b"{rulings: []}", b"rulings:\t[]\n", b"'rulings': []\n"],
)  # fmt: skip
def test_how_an_editor_saves_a_file_is_no_fault(edit: Edit, data: bytes) -> None:
    """A byte order mark, CRLF, the marks of a document."""
    folder = edit("rulings.yaml", "rulings: []", "rulings: []")
    (folder / "rulings.yaml").write_bytes(data)
    assert load(folder).rulings == ()


def test_what_is_no_regular_file_is_refused(edit: Edit) -> None:
    """A named pipe, a folder, a device, a file without end."""
    folder = edit("rulings.yaml", "rulings: []", "rulings: []")
    path = folder / "rulings.yaml"
    for make in (os.mkfifo, Path.mkdir, lambda path: path.symlink_to(os.devnull), lambda path: path.symlink_to(path)):
        path.rmdir() if path.is_dir() else path.unlink()
        make(path)
        with pytest.raises(RuleFileError, match=r"rulings.yaml, line 1: cannot be read"):
            load(folder)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    with pytest.raises(RuleFileError, match=r"larger than"):
        load(folder)


def test_yaml_1_1_words_stay_words(edit: Edit) -> None:
    """`no` is the word no, also without quotes."""
    rules = load(
        edit("decision_table.yaml", 'named: "no", act: authority}\n    then', "named: no, act: authority}\n    then")
    )
    assert rules.by_id["AUTHORITY"].when["named"] == ("no",)


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_or_folder_is_one_line(edit: Edit, file: str, tmp_path: Path) -> None:
    """Named, with no stack trace."""
    folder = edit("rulings.yaml", "rulings: []", "rulings: []")
    (folder / file).unlink()
    with pytest.raises(RuleFileError, match=f"{file}, line 1: cannot be read"):
        load(folder)
    with pytest.raises(DataError, match=r"no folder of rules"):
        load(tmp_path / "nowhere")


@pytest.mark.slow
@given(
    file=st.sampled_from(FILES),
    at=st.integers(0, 30_000),
    put=st.sampled_from(["", ":", "-", "x", '"', "{", "}", "\n", "\t", "&a ", "*a", "! ", "～", "\x00"]),
    drop=st.integers(0, 30),
)
def test_a_broken_file_is_refused_or_harmless(
    file: str, at: int, put: str, drop: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever a typing error does, nothing but an AssignError comes out."""
    folder = tmp_path_factory.mktemp("broken") / "rules"
    shutil.copytree(rules_folder(), folder)
    text = (folder / file).read_text("utf-8")
    at %= len(text)
    (folder / file).write_text(text[:at] + put + text[at + drop :], "utf-8", newline="")
    try:
        load(folder)
    except AssignError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way out is fine


def test_what_is_kept_of_the_rules_is_what_parsing_them_gives() -> None:
    """The parsed form speeds a cold start up, and can never say something else."""
    parsed = load(rules_folder(), kept=False)
    kept = kept_rules(parsed.data)
    assert kept is not None
    found = RuleSet(**kept, data=parsed.data)
    assert plain(found) == plain(parsed) == plain(load(rules_folder()))
    entries: list[Entry] = [*found.rules, *found.notes, *found.acts.values()]
    twins: list[Entry] = [*parsed.rules, *parsed.notes, *parsed.acts.values()]
    for entry, twin in zip(entries, twins, strict=True):
        assert entry == twin
        assert list(map(type, entry)) == list(map(type, twin)), entry.id
    for name in FILES:
        if name != KINDS:
            data = read(rules_folder() / name)
            assert parse(name, data, kept_trees()) == parse(name, data)
    assert trees_file().exists()


def test_a_folder_of_one_s_own_is_read_with_what_is_kept_of_its_other_files(edit: Edit) -> None:
    """And says what it would say without."""
    folder = edit("notes.yaml", "ja: レセプト点検の見直し", "ja: レセプト点検は見直し中")
    assert plain(load(folder)) == plain(load(folder, kept=False))
    assert plain(load(folder)) != plain(RULES)


KEPT_BY_OTHER_CODE: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "a field fewer": lambda rules, _trees: [act.pop() for act in rules["acts"]],
    "a field more": lambda rules, _trees: [act.append("") for act in rules["acts"]],
    "fields in another order": lambda rules, _trees: [act.reverse() for act in rules["acts"]],
    "no list of notes": lambda rules, _trees: rules.pop("notes"),
    "a word that there no longer is": lambda rules, _trees: rules["rules"][0].__setitem__(7, {"mark": ["retained"]}),
    "nodes of another form": lambda _rules, trees: trees["notes.yaml"].update(tree={}),
    "no nodes": lambda _rules, trees: trees["notes.yaml"].pop("tree"),
    "work of another form": lambda _rules, trees: trees[KINDS]["work"].pop("kinds"),
}


@pytest.mark.parametrize("change", KEPT_BY_OTHER_CODE)
def test_what_other_code_kept_is_never_used(edit: Edit, tmp_path: Path, change: str) -> None:
    """A checkout moves on, and `built_in/*.json` stays: the YAML is read, of the built-in rules and of one's own alike."""
    files = [json.loads(path.read_bytes()) for path in (resources.kept_file(), trees_file())]
    KEPT_BY_OTHER_CODE[change](files[0], files[1])
    own = edit("rulings.yaml", "rulings: []", "rulings: []  # none yet")
    for name, kept in zip(("rules.json", "trees.json"), files, strict=True):
        (tmp_path / name).write_text(json.dumps({**kept, "code": "0" * 64}), "utf-8")
    with mock.patch.object(resources, "kept_file", return_value=tmp_path / "rules.json"):
        assert kept_rules(RULES.data) is None
        assert kept_trees() == {}
        assert plain(load(rules_folder())) == plain(RULES)
        assert plain(load(own))["notes"] == plain(RULES)["notes"]


def test_what_other_code_has_kept_is_not_used(tmp_path: Path) -> None:
    """Its entries may have other fields; each module that reads lists or rules is in the stamp."""
    here = Path(resources.__file__).parent
    shutil.copytree(here, tmp_path / "assign", ignore=shutil.ignore_patterns("__pycache__", "built_in"))
    with mock.patch.object(resources, "__file__", str(tmp_path / "assign" / "resources.py")):
        shipped = resources._code.__wrapped__()
        assert shipped == resources._code()
        for name in (
            "rules/entries.py",
            "catalog/manifest.py",
            "words.py",
            "yaml_nodes.py",
            "dates.py",
            "resources.py",
        ):
            path = tmp_path / "assign" / name
            text = path.read_bytes()
            path.write_bytes(text + b"\n")
            assert resources._code.__wrapped__() not in (shipped, None), name
            path.write_bytes(text)
        (tmp_path / "assign" / "words.py").unlink()  # byte code alone, say
        assert resources._code.__wrapped__() is None


def test_what_is_kept_without_a_stamp_or_with_another_is_not_used(tmp_path: Path) -> None:
    """Also what says of itself that it is of no code known."""
    held = json.loads(resources.kept_file().read_bytes())
    for stamp in (None, 5):
        (tmp_path / "rules.json").write_text(json.dumps({**held, "code": stamp}), "utf-8")
        with mock.patch.object(resources, "kept_file", return_value=tmp_path / "rules.json"):
            assert resources.kept("rules.json") == {}
            assert kept_rules(RULES.data) is None


def test_what_is_kept_is_not_used_for_another_text(edit: Edit) -> None:
    """Only for the very text that it was made from."""
    changed = load(edit("decision_table.yaml", "ja: 委託しない業務", "ja: 委託しないもの"))
    assert changed.rules[0].title["ja"] == "委託しないもの"
    assert changed.sha256 != RULES.sha256
