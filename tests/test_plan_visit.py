"""One plan for a visit: several rows or a life event, each step once, as a checklist on one A4 page; events as data of a list's folder."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assign import Desk, commands
from assign.columns import width
from assign.errors import BadRequest, RuleFileError
from assign.plan import page
from assign.plan.visit import stages
from assign.resources import data_folder
from assign.search.events import UnknownEvent

from .test_cli import error, run, said
from .test_plan import DESK, ON, ROWS, plan

ONCE: Final = DESK.rules.work.once_a_visit
EVENTS: Final = """
events:
  - id: death
    label: {ja: 死亡, en: a death}
    words: [亡くな, 葬式, 葬儀+終わ|済]
    kana: [なくなりました]
    due:
      - {row: kokuho-2, when: {ja: 国保に入っていた人, en: the deceased was in National Health Insurance}}
      - {row: kouki-10}
      - {row: kokuho-25}
      - {row: kouki-43}
      - {row: nenkin-28}
      - {row: nenkin-29}
    not_here: [death_notification]
    basis: judged
    because: {ja: 届、葬祭費、年金の順です。, en: "Notices first, then funeral costs, then pensions."}
  - id: birth
    label: {ja: 出産, en: a birth}
    words: [出産]
    due: [{row: kokuho-1}, {row: kokuho-24}, {row: nenkin-16}]
    basis: judged
    because: {ja: 加入と一時金です。, en: Joining and the lump sum.}
"""
OUTSIDE: Final = """
places:
  register: {ja: 市民課, en: the desk for registers}
outside:
  - {id: death_notification, what: {ja: 死亡届, en: notification of death}, belongs: register, words: [死亡届]}
"""


def list_folder(at: Path, events: str | None = EVENTS, outside: str | None = OUTSIDE) -> Path:
    """The built-in list with life events of its own."""
    folder = Path(shutil.copytree(data_folder(), at, ignore=shutil.ignore_patterns("lexicon")))
    (folder / "lexicon").mkdir()
    for name, text in (("events", events), ("outside", outside)):
        if text is not None:
            (folder / "lexicon" / f"{name}.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return list_folder(tmp_path_factory.mktemp("events") / "list")


@pytest.fixture(scope="module")
def desk(folder: Path) -> Desk:
    return Desk.open(list=folder, engine="table")


def hands(step: dict[str, Any]) -> tuple[str, str, str]:
    return step["act"]["key"], step["channel"], step["assignee"]


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=8, unique=True))
def test_a_visit_has_each_step_of_each_row_once_in_its_order(rows: list[str]) -> None:
    """Nothing is lost or asked twice by the same hands; each row's own order stands, and the counter's part comes first."""
    found = DESK.planned(row=rows, on=ON)
    served = Counter((row, step["act"]["key"]) for step in found["steps"] for row in rows_of(step))
    expected: Counter[tuple[str, str]] = Counter()
    for row in rows:
        whole = DESK.planned(row=[row], on=ON)["steps"]
        expected += Counter((each["row"], each["act"]["key"]) for each in whole)
        own = [each for each in whole if each["act"]["key"] not in ONCE]
        places = iter(found["steps"])
        for each in own:
            assert next((step for step in places if (step["row"], hands(step)) == (each["row"], hands(each))), None)
    assert served == expected
    once = Counter(hands(step) for step in found["steps"] if step["act"]["key"] in ONCE)
    assert set(once.values()) <= {1}
    assert [each["id"] for each in found["rows"]] == rows
    assert len(found["crossings"]) == sum(len(DESK.planned(row=[row], on=ON)["crossings"]) for row in rows)
    for each in (*found["crossings"], *found["warnings"]):
        assert each["row"] in rows
    json.dumps(found)


def rows_of(step: dict[str, Any]) -> list[str]:
    return [step["row"], *(each["row"] for each in step["also"])]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=2, max_size=6, unique=True))
def test_a_step_that_serves_several_rows_is_done_there_by_the_same_hands(rows: list[str]) -> None:
    """Where one row is the contractor's and another the city's, each checks for its own: the contractor never serves a row marked ×."""
    for step in DESK.planned(row=rows, on=ON)["steps"]:
        [answer] = DESK.answers(
            row=step["row"], channel=step["channel"], act=step["act"]["key"], on=ON, provenance=False
        )
        assert (step["assignee"], step["certainty"], [step["rule"]]) == (
            *(answer["assignee"], answer["certainty"]),
            answer["rules"],
        )
        for each in step["also"]:
            asked = {"row": each["row"], "channel": step["channel"], "act": step["act"]["key"], "on": ON}
            [other] = DESK.answers(**asked, provenance=False)
            assert (step["assignee"], each["certainty"], [each["rule"]]) == (
                *(other["assignee"], other["certainty"]),
                other["rules"],
            )
            assert step["certainty"] == "settled" or other["certainty"] != "settled"


def test_the_same_identity_check_is_not_asked_thrice() -> None:
    """By the contractor for its rows, by city staff for theirs."""
    found = DESK.planned(row=["kokuho-2", "kouki-10", "kokuho-25", "kouki-43", "nenkin-28", "nenkin-29"], on=ON)
    checks = [step for step in found["steps"] if step["act"]["key"] == "identify"]
    assert [(step["assignee"], rows_of(step)) for step in checks] == [
        ("contractor", ["kokuho-2", "kouki-10", "kouki-43", "nenkin-29"]),
        ("city_staff", ["nenkin-28", "kokuho-25"]),  # on the row for which it is settled
    ]
    assert not any(step["optional"] for step in checks)


def test_the_counter_comes_first_and_what_is_handed_over_last() -> None:
    """Of every row its part at the counter, then what follows behind it."""
    found = DESK.planned(row=["kokuho-13", "kouki-23"], on=ON)
    channels = [step["channel"] for step in found["steps"]]
    first = channels.index("backyard")
    assert {step["row"] for step in found["steps"][:first]} == {"kokuho-13", "kouki-23"}
    assert stages(plan("kokuho-13")["steps"], {"counter"}) == sorted(stages(plan("kokuho-13")["steps"], {"counter"}))
    assert [step["act"]["key"] for step in found["steps"]].index("hand_over") > first


def test_somebody_at_the_counter_has_had_the_letter_that_came_before() -> None:
    """High-cost care begins with the centre's letter; the visit begins with the claim."""
    assert plan("kokuho-21")["steps"][0]["row"] == "center-3-1"
    assert DESK.planned(row=["kokuho-21"], on=ON)["steps"][0]["row"] == "kokuho-21"
    assert DESK.planned(row=["nenkin-24"], on=ON)["steps"][0]["row"] == "nenkin-34"


def test_a_row_given_twice_is_one_row() -> None:
    assert DESK.planned(row=["kokuho-2", "kokuho-2"], on=ON) == DESK.planned(row=["kokuho-2"], on=ON)
    assert DESK.plan(row=("kokuho-2", "kokuho-25")).kind is None
    assert DESK.plan(row=["kouki-10", "kouki-11"]).kind is not None


# -- events ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["death", "死亡", " Ａ Death ", "葬式"])
def test_an_event_is_named_by_its_key_a_label_or_a_whole_word(desk: Desk, word: str) -> None:
    found = desk.plan(event=word, on=ON)
    assert found.event
    assert found.event.key == "death"
    assert [row.id for row in found.rows] == [each.row for each in found.event.due]
    assert found.event.due[0].when
    assert found.event.due[0].when.ja == "国保に入っていた人"
    assert [(each.key, each.belongs.ja) for each in found.event.not_here] == [("death_notification", "市民課")]
    assert [step.row for step in found.steps[:2]] == ["kokuho-2", "kokuho-2"]


def test_an_unknown_event_is_refused_with_the_nearest(desk: Desk, tmp_path: Path) -> None:
    """A list without events has none; an event and rows are two questions."""
    with pytest.raises(UnknownEvent, match="`death`") as caught:
        desk.plan(event="deaths")
    assert caught.value.exit_code == 3
    assert "`death`（死亡）" in caught.value.ja
    with pytest.raises(UnknownEvent, match="choose: `death`, `birth`"):
        desk.plan(event="引越しそば")
    for nothing in (None, 5, "葬儀+終わ|済"):
        with pytest.raises((UnknownEvent, BadRequest)):
            desk.plan(event=nothing)
    with pytest.raises(BadRequest):
        desk.plan(event="death", row="kokuho-2")
    without = Desk.open(list=list_folder(tmp_path / "list", None, None), engine="table")
    assert without.events() == ()
    with pytest.raises(UnknownEvent, match="no table of events"):
        without.plan(event="death")
    alone = Desk.open(list=data_folder() / "catalog.csv", engine="table")
    assert [each.key for each in desk.events()] == ["death", "birth"]
    assert alone.plan(row="kokuho-2", on=ON).rows


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("row: kouki-10", "row: kouki-100", 9, "`kouki-10`"),
        ("row: kouki-10", "row: kokuho-2", 9, "`kokuho-2` stands twice"),
        ("id: birth", "id: death", 17, "`death` stands twice"),
        ("not_here: [death_notification]", "not_here: [death_notice]", 14, "`death_notification`"),
        ("    words: [出産]\n", "", 17, "`words`"),
        ("due: [{row: kokuho-1}, {row: kokuho-24}, {row: nenkin-16}]", "due: []", 20, "at least one row"),
        ("basis: judged", "basis: seen", 15, "`judged`"),
        ("words: [出産]", "wrods: [出産]", 19, "`words`"),
        ("events:", "event:", 2, "`events`"),
    ],
)
def test_a_mistake_in_an_event_is_refused_by_file_line_and_nearest_name(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    """Whoever corrects a line is told where; a decision does not read the file."""
    assert old in EVENTS
    wrong = Desk.open(list=list_folder(tmp_path / "list", EVENTS.replace(old, new, 1)), engine="table")
    with pytest.raises(RuleFileError) as caught:
        wrong.plan(event="death")
    assert caught.value.line == line
    assert says in caught.value.en
    assert "\n" not in caught.value.ja + caught.value.en
    assert wrong.decide(row="kokuho-2", channel="counter", on=ON).rows


def test_what_is_outside_is_refused_by_its_line_too(tmp_path: Path) -> None:
    text = OUTSIDE.replace("belongs: register", "belongs: registr")
    wrong = Desk.open(list=list_folder(tmp_path / "list", EVENTS, text), engine="table")
    with pytest.raises(RuleFileError, match="`register`"):
        wrong.plan(event="death")
    without = Desk.open(list=list_folder(tmp_path / "other", EVENTS, None), engine="table")
    found = without.plan(event="death", on=ON)
    assert found.event
    assert found.event.not_here == ()


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("event", ["death", "birth"])
def test_a_visit_is_one_page_with_all_that_it_rests_on(desk: Desk, event: str, lang: str) -> None:
    """A box for each item, who, where, the row as printed, the date, both hashes; and that the choice of rows is our judgement."""
    found = desk.planned(event=event, on=ON)
    lines = page.text(found, lang)
    assert len(lines) <= page.LINES
    assert max(map(width, lines)) <= 80
    for text in ("".join(lines), unescape(re.sub(r"<[^>]*>", "", page.html(found, lang)))):
        flat = re.sub(r"\s", "", text)
        assert found["provenance"]["catalog_sha256"] in flat
        assert found["provenance"]["rules_sha256"] in flat
        assert ON in flat
        assert ("本システムの判断" if lang == "ja" else "ourjudgement") in flat
        for row in found["rows"]:
            [source] = [each["text"][lang] for each in found["sources"] if each["row"] == row["id"]]
            assert re.sub(r"\s", "", source) in flat
        assert flat.count(page.BOX) >= len(found["rows"])
    if event == "death":
        assert ("死亡届" if lang == "ja" else "notification of death") in "".join(lines)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=8, unique=True), st.sampled_from(["ja", "en"]))
def test_no_line_of_a_page_is_too_wide_and_every_row_stands_on_it(rows: list[str], lang: str) -> None:
    """However many rows: what does not fit one page goes on, and nothing is cut off."""
    found = DESK.planned(row=rows, on=ON)
    lines = page.text(found, lang)
    assert max(map(width, lines)) <= 80
    flat = re.sub(r"\s", "", "".join(lines))
    always = {row for step in found["steps"] if not step["optional"] for row in [step["row"]]}
    for each in found["sources"]:
        if each["row"] in always:
            assert re.sub(r"\s", "", each["text"][lang]) in flat
    assert page.html(found, lang).startswith("<!DOCTYPE html>")


def test_html_shows_what_is_written_and_runs_nothing(tmp_path: Path) -> None:
    """A label is text, whatever stands in it."""
    text = EVENTS.replace("label: {ja: 出産", 'label: {ja: "<script>alert(1)</script>&"')
    found = Desk.open(list=list_folder(tmp_path / "list", text), engine="table").planned(event="birth", on=ON)
    html = page.html(found, "ja")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in html
    assert "http" not in html
    assert "@page { size: A4" in html


@pytest.mark.long
def test_the_command_prints_the_checklist(desk: Desk, folder: Path, tmp_path: Path) -> None:
    """On the screen, into a file, as HTML and JSON; an unknown event ends with 3."""
    asked = ("plan", "--event", "死亡", "--on", ON, "--list", str(folder))
    found = desk.planned(event="death", on=ON)
    with commands.given({"list": str(folder)}):
        assert said(run(*asked)).splitlines() == page.text(found, "ja")
    file = tmp_path / "plan.html"
    assert run(*asked, "--format", "html", "--out", str(file), "--lang", "en").returncode == 0
    assert file.read_text("utf-8") == page.html(found, "en")
    printed = json.loads(said(run(*asked, "--json")))
    assert {**printed, "provenance": 0} == {**found, "provenance": 0}
    assert desk.plan(event="death", on=ON).model_dump(mode="json") == found
    several = said(run("plan", "--row", "kokuho-2", "--row", "kokuho-25", "--on", ON))
    assert several.splitlines()[:-2] == page.text(DESK.planned(row=["kokuho-2", "kokuho-25"], on=ON), "ja")[:-2]
    done = run(*asked[:2], "引越しそば", *asked[3:])
    assert done.returncode == 3
    assert "`death`（死亡）" in error(done)
    assert run("plan", "--event", "death", "--row", "kokuho-2", "--list", str(folder)).returncode == 2


@pytest.mark.long
def test_every_event_of_the_built_in_list_is_one_page() -> None:
    """In Japanese; English is longer, and goes on to a second page of text for the largest."""
    events = DESK.events()
    assert len(events) > 20
    for event in events:
        found = DESK.planned(event=event.key, on=ON)
        assert [row["id"] for row in found["rows"]] == [each.row for each in event.due]
        assert len(page.text(found, "ja")) <= page.LINES, event.key
        assert max(map(width, page.text(found, "en"))) <= 80, event.key


def test_what_is_to_be_careful_about_on_several_rows_is_said_once() -> None:
    found = DESK.planned(row=["kokuho-1", "nenkin-8"], on=ON)
    crossing = [line for line in page.text(found, "ja") if "契約の境目を3回越え" in line]
    assert len(crossing) == 1
    assert crossing[0].startswith("国民健康保険 1、国民年金 8: ")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_checklist_fits_a_narrow_terminal_and_says_the_same(lang: str) -> None:
    """But for a command, which is to be copied and is never broken."""
    found = DESK.planned(event="death", on=ON)
    narrow, wide = page.text(found, lang, 40), page.text(found, lang)
    assert max(width(line) for line in narrow if "`assign " not in line) <= 40
    squeezed = [re.sub(r"[\s=]", "", "".join(lines)) for lines in (narrow, wide)]
    assert squeezed[0] == squeezed[1]
