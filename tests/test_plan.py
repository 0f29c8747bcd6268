"""The plan of a row: its steps in order, each answered as `decide` answers it; where the case crosses the contract's line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from assign import Desk
from assign.columns import width
from assign.errors import AmbiguousItem, BadRequest, UnknownChannel, UnknownItem, UnknownRow
from assign.plan.legs import MARKS
from assign.plan.sheet import shown
from assign.resources import rules_folder
from assign.words import ASSIGNEE_TEXT, ActClass, Assignee, Meaning

from .built_in import CHANNELS
from .test_cli import error, run, said
from .test_kinds import PRACTICE, changed_rules, in_order

ON: Final = "2026-11-29"
DESK: Final = Desk.open(engine="table")
ROWS: Final = [task.id for task in DESK.catalog.tasks]
# Who does each act in chains.md: C contractor, T city staff, U the union, M the Pension Service, S shared, c waits for a ruling.
WHO: Final = {
    "kokuho-1": "CCCCCCCCCCCTT CTC",
    "kokuho-13": "CCCCTCCTCC",
    "kokuho-25": "cccccccc TTT cc",
    "kokuho-52": "CCCCCCCCC",
    "nenkin-14": "CCCCCCCC T T C T M C",
    "nenkin-24": "C TTTTT M",
}


@cache
def plan(row: str, channel: str | None = None) -> dict[str, Any]:
    return DESK.planned(row=row, channel=channel, on=ON)


def acts(found: dict[str, Any], row: str | None = None) -> list[str]:
    return [step["act"]["key"] for step in found["steps"] if row in (None, step["row"])]


def codes(found: dict[str, Any]) -> list[str]:
    return [each["code"] for each in found["warnings"]]


@pytest.mark.long
@pytest.mark.parametrize("channel", [None, *CHANNELS])
def test_each_step_is_answered_as_decide_answers_it(channel: str | None) -> None:
    """Over all rows, channels and acts: the same assignee, certainty, rule, sentences and citations."""
    for row in ROWS:
        for step in plan(row, channel)["steps"]:
            asked = {"row": step["row"], "channel": step["channel"], "act": step["act"]["key"], "on": ON}
            [answer] = DESK.answers(**asked, provenance=False)
            for name in ("act", "assignee", "certainty", "reasons"):
                assert step[name] == answer[name], (row, step["act"])
            assert [step["rule"]] == answer["rules"]
            reserved = {each["act"]: each["holder"] for each in answer["reserved"]}
            if step["act"]["class"] in ("authority", "barred"):
                assert step["holder"] == reserved[step["act"]["key"]]
            elif step["act"]["class"] == "factual":
                assert step["holder"] is None
            assert channel in (None, step["channel"])


@pytest.mark.parametrize("row", ROWS)
def test_a_plan_has_every_act_of_its_row_once(row: str) -> None:
    """Nothing that the row's work consists of is lost where a case goes on in other rows."""
    task = DESK.catalog.by_id[row]
    own = {act for act in DESK.rules.acts if DESK.decider.own(task, act)}
    steps = acts(plan(row), row)
    assert set(steps) == own
    assert len(steps) == len(own)
    kind = DESK.rules.work.kind(row)
    assert kind
    assert in_order([step.act for step in kind.steps], steps)


def test_the_chains_of_practice_are_in_the_plans_of_their_rows() -> None:
    """In their order, over the rows that they name, done by those that chains.md names."""
    for words in PRACTICE.values():
        place, chain = "", []
        for word in words.split():
            if word in DESK.catalog.by_id:
                place = word
            else:
                chain.append((place, word))
        name = next(key for key, each in PRACTICE.items() if each == words)
        [course] = [each for each in DESK.rules.work.chains if each.id == name]
        found = plan(course.rows[0])
        steps = iter(found["steps"])
        kept = [next(step for step in steps if (step["row"], step["act"]["key"]) == (row, act)) for row, act in chain]
        letters = WHO.get(course.rows[0], "").replace(" ", "")
        for step, letter in zip(kept, letters, strict=bool(letters)) if letters else ():
            assert step["assignee"] == ("contractor" if letter == "C" else "city_staff"), (name, step["act"])
            assert (step["certainty"] == "needs_ruling") or letter != "c"
            assert letter != "M" or step["holder_label"]["ja"] == "厚生労働大臣（日本年金機構）"


def test_the_union_decides_the_funeral_costs_of_late_stage_care() -> None:
    """What is city staff's at the desk may be another body's to decide."""
    [step] = [each for each in plan("kouki-43")["steps"] if each["act"]["key"] == "decide"]
    assert step["holder"] != "city"
    assert step["holder_label"]["ja"] == "後期高齢者医療広域連合"


@pytest.mark.parametrize("row", ROWS)
def test_the_crossings_are_the_fewest_that_the_steps_allow(row: str) -> None:
    """Worked out here in another way: the cheapest walk over the steps that are always done."""
    found = plan(row)
    cost = {"contractor": 0, "city_staff": 0}
    for step in found["steps"]:
        if step["optional"]:
            continue
        task = DESK.catalog.by_id[step["row"]]
        open_ = DESK.catalog.says(task, step["channel"], step["act"]["key"]).meaning is Meaning.PART_OPEN
        if step["assignee"] == "split" and not (open_ and step["certainty"] == "needs_ruling"):
            walk = {side: min(cost[other] + 1, cost[side] + 2) for side, other in (SIDES, SIDES[::-1])}
        else:
            side = "contractor" if step["assignee"] == "contractor" else "city_staff"
            other = SIDES[1 - SIDES.index(side)]
            walk = {side: min(cost[side], cost[other] + 1), other: 10**6}
        cost = walk
    assert len(found["crossings"]) == min(cost.values())
    for each in found["crossings"]:
        assert {each["from"], each["to"]} == set(SIDES)
        assert not found["steps"][each["step"] - 1]["optional"]
    assert ("to_and_fro" in codes(found)) is (len(found["crossings"]) > 2)


SIDES: Final = ("contractor", "city_staff")


def test_a_step_that_would_need_an_order_is_named() -> None:
    """What the city sets in each case (whom to remind) does not reach a worker by word of mouth; a decision comes back as a result."""
    found = plan("kouki-65-1")
    [warning] = [each for each in found["warnings"] if each["code"] == "order_across_line"]
    assert [found["steps"][number - 1]["act"]["key"] for number in warning["steps"]] == ["print"]
    assert "偽装請負" in warning["text"]["ja"]
    assert "disguised contracting" in warning["text"]["en"]
    for row in ("kokuho-13", "kokuho-52", "kokuho-25", "nenkin-14", "kokuho-8"):
        assert "order_across_line" not in codes(plan(row)), row
    assert "order_across_line" in codes(
        plan("kokuho-21")
    )  # the claim is taken in by the city, and no result comes of that


def test_no_sentence_has_staff_direct_a_worker() -> None:
    """As in every answer (test_laws)."""
    for row in ROWS:
        text = json.dumps([plan(row)["warnings"], shown(plan(row), "ja"), shown(plan(row), "en")], ensure_ascii=False)
        for word in ("指示", "命じてくだ", "従って", "escalat", "確認してもらって"):
            assert word not in text, row


def test_that_the_work_has_ended_is_said_first() -> None:
    """Before anybody begins with its steps."""
    assert codes(plan("kokuho-11"))[0] == "ended"
    assert codes(plan("kokuho-13"))[0] == "renamed"
    assert "printed_condition" in codes(plan("kouki-13"))


def test_on_one_channel_all_of_it_is_answered_there() -> None:
    """A case that comes by post: nobody is guided, and a blank cell is the city's."""
    by_post = plan("kokuho-21", "backyard")
    assert {step["channel"] for step in by_post["steps"]} == {"backyard"}
    assert not {"guide", "explain"} & set(acts(by_post))
    own = [step for step in by_post["steps"] if step["row"] == "kokuho-21"]
    assert {step["assignee"] for step in own} == {"city_staff"}
    assert {step["rule"] for step in own if step["act"]["class"] == "factual"} == {"NOT_LISTED"}
    assert plan("kokuho-2", "counter")["steps"][0]["act"]["key"] == "guide"


def test_where_a_case_only_passes_through_a_row_its_plan_says_of_what_it_is_part() -> None:
    """A clerk at the centre sees that the claim comes from the ward office."""
    assert [each["row"] for each in plan("center-1-1")["part_of"]] == ["kokuho-21"]
    assert plan("kokuho-1")["chain"]["key"] == "qualification_gain"
    assert plan("shomu-9")["chain"] is None


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_plan_fits_a_terminal(lang: str) -> None:
    """24 lines of 80 columns for every row in Japanese; English is longer, and fits for nine rows of ten."""
    long = []
    for row in ROWS:
        lines = shown(plan(row), lang)
        assert max(map(width, lines)) <= 80, row
        long += [row] * (len(lines) > 24)
    assert len(long) <= (0 if lang == "ja" else len(ROWS) // 10), long


def test_who_does_a_step_is_said_by_word_and_mark() -> None:
    """Never by colour alone; and what waits for a ruling says so."""
    assert len(set(MARKS.values())) == len(Assignee)
    text = "\n".join(shown(plan("kokuho-8"), "ja"))
    for assignee in (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT):
        assert f"{MARKS[assignee]} {ASSIGNEE_TEXT[assignee]['ja']}" in text
    assert "■ 市職員（回答待ち）【バックヤード】 公印" in text
    text.encode("cp932")


def test_whose_word_the_steps_are_is_said(tmp_path: Path) -> None:
    """Ours is a judgement; a city's own chain is its own."""
    assert "手順は本システムの判断です。" in "\n".join(shown(plan("shomu-9"), "ja"))
    paper = "    source: {document: 市委託事務取扱要領3条, role: 国保年金課長}"
    chain = "    chain: [{act: carry, channel: backyard}]\n    rows: [shomu-9]"
    folder = changed_rules(tmp_path / "rules", f"    basis: judged\n{chain}", f"{paper}\n{chain}")
    found = Desk.open(rules=folder, engine="table").planned(row="shomu-9", on=ON)
    assert found["basis"] == "own"
    assert "手順はこの市の規則です。" in "\n".join(shown(found, "ja"))


def test_a_row_without_a_kind_has_no_steps_and_says_so(tmp_path: Path) -> None:
    """Nobody has said what its work consists of; nothing is guessed."""
    folder = changed_rules(tmp_path / "rules", "rows: [kokuho-53]", "rows: []")
    found = Desk.open(rules=folder, engine="table").plan(row="kokuho-53", on=ON)
    assert (found.steps, found.kind, found.basis) == ((), None, None)
    assert [each.code for each in found.warnings] == ["no_kind"]
    assert "業務の種類が規則になく" in found.explain()


@pytest.mark.long
def test_rules_without_chains_of_their_own_plan_by_kind_alone(tmp_path: Path) -> None:
    """A city may drop ours, and what opens a visit with them."""
    folder = Path(shutil.copytree(rules_folder(), tmp_path / "rules"))
    kinds = yaml.load((folder / "kinds.yaml").read_text("utf-8"), yaml.BaseLoader)  # noqa: S506
    (folder / "kinds.yaml").write_text(json.dumps({**kinds, "chains": [], "counter": ["phone"]}), "utf-8")
    found = Desk.open(rules=folder, engine="table").planned(row="kokuho-13", on=ON)
    kind = DESK.rules.work.kind("kokuho-13")
    assert kind
    assert acts(found) == ["phone", *(step.act for step in kind.steps)]


# -- what is asked, and what comes out ---------------------------------------------------------------------------------


def test_an_item_of_several_rows_has_one_plan_where_all_have_the_same() -> None:
    """療養費 22 is eight rows of one work and two of another heading; 29 of late-stage care is two works."""
    found = DESK.plan(division="kouki", item="61-1", on=ON)
    assert [row.id for row in found.rows] == ["kouki-61-1"]
    group = DESK.planned(division="国保", item="22", section="療養費", on=ON)
    assert [row["id"] for row in group["rows"]] == [f"kokuho-22-{number}" for number in range(1, 9)]
    with pytest.raises(AmbiguousItem) as caught:
        DESK.plan(division="kouki", item="29")
    assert list(caught.value.candidates) == ["29-1", "29-2"]


def test_the_model_is_the_plain_plan() -> None:
    """Python and the command say the same."""
    for row in ("kokuho-1", "kokuho-34", "center-2-1"):
        model = DESK.plan(row=row, on=ON)
        plain = json.loads(json.dumps(plan(row), ensure_ascii=False))
        assert model.model_dump(mode="json") == plain
        assert model.explain("en").splitlines() == shown(plain, "en")
        printed = json.loads(said(run("plan", "--row", row, "--on", ON, "--json", "--rules", str(rules_folder()))))
        assert {**printed, "provenance": None} == {**plain, "provenance": None}
    assert [*plan("kokuho-1")][:5] == ["rows", "kind", "steps", "crossings", "warnings"]
    assert [*plan("kokuho-1")["steps"][0]][:9] == [
        *("act", "row", "channel", "optional", "condition", "assignee", "certainty", "holder", "rule")
    ]
    with pytest.raises(ValueError, match="frozen"):
        model.on = date.min


def test_a_plan_is_of_its_day() -> None:
    """Before the change there is no warning of it."""
    assert "ended" not in codes(DESK.planned(row="kokuho-11", on="2024-12-01"))
    assert "ended" in codes(DESK.planned(row="kokuho-11", on="2024-12-02"))


def test_what_is_not_understood_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownRow, match="kokuho-9"):
        DESK.plan(row="kokuho-99")
    with pytest.raises(UnknownItem):
        DESK.plan(division="nenkin", item="99")
    with pytest.raises(UnknownChannel):
        DESK.plan(row="kokuho-1", channel="まど")
    wrong: list[dict[str, object]] = [{}, {"row": []}, {"row": "kokuho-1", "division": "kokuho"}, {"rows": "kokuho-1"}]
    for asked in wrong:
        with pytest.raises(BadRequest):
            DESK.plan(**asked)


@pytest.mark.long
def test_the_command_ends_with_the_codes_of_the_contract() -> None:
    for words, code, words_said in (
        (("--row", "kokuho-99"), 3, "kokuho-9"),
        (("--event", "死亡した", "--list", str(rules_folder())), 1, ""),
        (("-d", "kouki", "-i", "29"), 4, "29-1"),
        (("--row", "kokuho-1", "--format", "pdf"), 2, "html"),
        (("--row", "kokuho-1", "--format", "html", "--json"), 2, "--json"),
        ((), 2, "--division"),
        (("年金", "24"), 2, "assign plan -d 年金 -i 24"),
    ):
        done = run("plan", *words)
        assert done.returncode == code, words
        text = error(done)
        assert words_said in text
        assert text.count("\n") <= 1 or code == 4
    assert run("plan", "--row", "kokuho-1", "--on", ON).returncode == 0


def test_the_command_prints_the_plan_into_a_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "plan.txt"
    assert run("plan", "-d", "国保", "-i", "25", "--on", ON, "--out", str(file)).returncode == 0
    assert file.read_text("utf-8").splitlines() == shown(plan("kokuho-25"), "ja")


def test_a_decision_imports_nothing_of_plans() -> None:
    """A cold `decide` does not wait for what it does not use."""
    code = (
        "import sys; sys.argv = ['assign', 'decide', '--row', 'kokuho-1']\n"
        "try:\n from assign.cli import main; main()\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith('assign.plan') or m == 'assign.search.events'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_act_of_authority_is_the_contractor_s_in_any_plan() -> None:
    """公権力の行使 is taken out of everything that the list consigns."""
    for row, channel in product(ROWS, (None, *CHANNELS)):
        for step in plan(row, channel)["steps"]:
            if step["act"]["class"] in (ActClass.AUTHORITY, ActClass.BARRED):
                assert step["assignee"] == "city_staff"


def test_a_clerk_reads_that_the_work_has_ended_before_its_first_step() -> None:
    lines = shown(plan("kokuho-11"), "ja")
    ended = next(i for i, line in enumerate(lines) if "この業務は終わっています" in line)
    assert ended < next(i for i, line in enumerate(lines) if MARKS[Assignee.CONTRACTOR] in line)
    assert sum("この業務は終わっています" in line for line in lines) == 1
