"""
The laws: what every decision keeps, over all rows, both channels and every act.

    retained_beats_everything          authority_never_reaches_the_contractor     reserved_is_never_the_contractor_s
    unreadable_settles_reserved_alone  undefined_is_never_settled_for_anyone_else  a_note_never_changes_an_assignee
    reasons_cite_what_is_there         the_four_voices_agree                       would_change_is_true_and_smallest
    a_hand_over_gives_no_order         a_question_stands_where_a_ruling_is_needed  equal_requests_equal_bytes
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from assign import Assignee, Certainty, Decision, Desk
from assign.catalog.model import Task
from assign.resources import document_file, rules_folder
from assign.rules.loader import load
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, ActClass, ActFact

from .built_in import CHANNELS

DESK = Desk.open()
RULES = DESK.rules
BY_CLASS = {kind: [act.id for act in RULES.acts.values() if act.act_class is kind] for kind in ActClass}
BY_FACT = {fact: [act.id for act in RULES.acts.values() if act.fact is fact] for fact in ActFact}
ONE_OF_EACH = [None, *(acts[0] for acts in BY_FACT.values() if acts)]
RESERVED = {*BY_CLASS[ActClass.AUTHORITY], *BY_CLASS[ActClass.BARRED]}
JUDGED = {act for act in RESERVED if RULES.acts[act].source.basis not in ("", "seen", "reported")}
ON = "2026-11-25"
ROWS = DESK.catalog.tasks


def decide(task: Task, channel: str, act: str | None = None, on: str = ON) -> Decision:
    return DESK.decide(row=task.id, channel=channel, act=act, on=on)


def everything(acts: list[str | None] | None = None) -> Iterator[tuple[Task, str, str | None, Decision]]:
    for task, channel, act in product(ROWS, CHANNELS, ONE_OF_EACH if acts is None else acts):
        yield task, channel, act, decide(task, channel, act)


def test_retained_beats_everything() -> None:
    """×: city staff, settled, whatever is asked."""
    for task, channel, act in product(ROWS, CHANNELS, [None, *RULES.acts]):
        if task.cells["mark"] == "×":
            outcome = DESK.decider.decide(task, channel, act, decide(task, channel).on)
            assert (outcome.assignee, outcome.certainty) == (Assignee.CITY_STAFF, Certainty.SETTLED)


def test_authority_never_reaches_the_contractor() -> None:
    """公権力の行使 is taken out of everything that the list consigns; so are barred and unknown acts."""
    for kind in (ActClass.AUTHORITY, ActClass.BARRED, ActClass.UNDETERMINED):
        for task, channel, act in product(ROWS, CHANNELS, BY_CLASS[kind]):
            assert DESK.decider.decide(task, channel, act, decide(task, channel).on).assignee is Assignee.CITY_STAFF


def test_shared_acts_are_never_the_contractor_s_alone() -> None:
    """The part that decides stays."""
    for task, channel, act in product(ROWS, CHANNELS, BY_CLASS[ActClass.SHARED]):
        assert DESK.decider.decide(task, channel, act, decide(task, channel).on).assignee is not Assignee.CONTRACTOR


@pytest.mark.long
def test_without_a_circle_nothing_leaves_the_city() -> None:
    """A blank or unreadable cell is city staff's."""
    for task, channel, _act, decision in everything():
        if task.cells[channel] != "○":
            assert decision.assignee is Assignee.CITY_STAFF


def test_line_64_settles_what_stays_with_the_city_and_nothing_else() -> None:
    """On neither channel can it be read; under either, an act of authority or barred is city staff's."""
    task = DESK.catalog.by_id["kokuho-34"]
    assert task.line == 64
    for channel, act in product(CHANNELS, [None, *RULES.acts]):
        decision = decide(task, channel, act)
        sure = Certainty.SETTLED if act in RESERVED else Certainty.NEEDS_RULING
        assert (decision.assignee, decision.certainty) == (Assignee.CITY_STAFF, sure)
        assert "uncertain_reading" in [caveat.code for caveat in decision.caveats]


def test_our_judgement_alone_settles_no_act_where_the_list_has_a_circle() -> None:
    """Settled is what a statute, a paper or the list says; where only we say so, the answer asks, and says whose judgement it is."""
    assert JUDGED
    assert RESERVED - JUDGED
    for task, channel, act in product(ROWS, CHANNELS, sorted(RESERVED)):
        if task.cells["mark"] != "×" and task.cells[channel] == "○":
            outcome = DESK.decider.decide(task, channel, act, DESK.decide(row=task.id, channel=channel, on=ON).on)
            assert (outcome.certainty is Certainty.NEEDS_RULING) is (act in JUDGED)
            assert ("本システムの判断です" in outcome.rule.because["ja"]) is (act in JUDGED)


def test_a_single_act_of_a_partial_row_is_city_staff_s_until_there_is_a_ruling() -> None:
    """For one act of the row, 'both' is no answer; a shared act has two parts, and the row as a whole is split."""
    rows = [(task, channel) for task, channel in product(ROWS, CHANNELS) if task.cells["mark"] == "△"]
    rows = [(task, channel) for task, channel in rows if task.cells[channel] == "○"]
    assert rows
    for task, channel in rows:
        for acts, assignee in (
            (BY_CLASS[ActClass.FACTUAL], "city_staff"),
            ([None, *BY_CLASS[ActClass.SHARED]], "split"),
        ):
            for act in acts:
                if act is not None and not DESK.decider.own(task, act):
                    continue
                decision = decide(task, channel, act)
                assert (decision.assignee, decision.certainty) == (assignee, "needs_ruling")
                assert "疑義照会への回答" in decision.reasons[0].text.ja
                assert "ruling" in decision.reasons[0].text.en


@pytest.mark.long
def test_a_phrase_of_judgement_stands_only_on_the_rows_that_it_speaks_of() -> None:
    """Reading △ and ○ rows as the legend reads unmarked ones is our judgement; an unmarked row needs none."""
    for task, channel, _act, decision in everything():
        if task.cells[channel] == "○":
            assert ("同じに読" in decision.reasons[0].text.ja) <= (task.cells["mark"] in ("△", "○"))
            assert ("△" in decision.reasons[0].text.ja) == (task.cells["mark"] == "△")


def test_an_undefined_mark_is_answered_as_unmarked_and_never_as_settled() -> None:
    """Eleven rows: needs_ruling and a caveat, but for the city's own acts; what is no part of the row is city staff's."""
    rows = [task for task in ROWS if task.cells["mark"] == "○"]
    assert len(rows) == 11
    expected = {
        None: ("contractor", "needs_ruling"),
        "receive": ("contractor", "needs_ruling"),
        "decide": ("city_staff", "settled"),
        "collect_cash": ("city_staff", "settled"),
        "seal": ("city_staff", "needs_ruling"),
        "refund": ("split", "needs_ruling"),
        "undetermined": ("city_staff", "needs_ruling"),
    }
    for task in rows:
        for act, (assignee, certainty) in expected.items():
            decision = decide(task, "backyard", act)
            who = "city_staff" if DESK.decider.seen(task, act) is ActFact.OTHER_ROW else assignee
            assert (decision.assignee, decision.certainty) == (who, certainty)
            assert "undefined_mark" in [caveat.code for caveat in decision.caveats]
        assert decide(task, "counter").assignee is Assignee.CITY_STAFF


@pytest.mark.long
def test_a_note_never_changes_an_assignee() -> None:
    """The same rules without notes give the same assignees, certainties, rules and reasons."""
    bare = Desk(DESK.catalog, replace(load(rules_folder()), notes=(), data=b"without notes"), "table")
    with_notes = set()
    for task, channel, act, decision in everything():
        other = bare.decide(row=task.id, channel=channel, act=act, on=ON)
        assert (decision.assignee, decision.certainty, decision.rules) == (other.assignee, other.certainty, other.rules)
        assert decision.reasons == other.reasons
        if decision.caveats != other.caveats:
            with_notes.add(task.id)
    assert with_notes == {row for note in RULES.notes for row in note.rows}


def test_a_date_changes_warnings_alone() -> None:
    """No ruling is shipped: the list says the same on any day. Of a change whose day is not known is always warned."""
    undated = {row for note in RULES.notes if note.since == date.min for row in note.rows}
    for task, channel in product(ROWS, CHANNELS):
        old, new = decide(task, channel, on="2020-01-01"), decide(task, channel)
        assert (old.assignee, old.certainty, old.rules, old.reasons) == (
            new.assignee,
            new.certainty,
            new.rules,
            new.reasons,
        )
        warned = {caveat.code for caveat in old.caveats} & {"review_due", "renamed", "ended", "changed"}
        assert warned == ({"changed"} if task.id in undated else set())


@pytest.mark.long
def test_every_reason_cites_what_is_there(document: list[str]) -> None:
    """Row and legend to the line and the byte; acts and notes to the line of the rule file."""
    files = {path.name: path.read_text("utf-8").split("\n") for path in rules_folder().glob("*.yaml")}
    for task, _channel, _act, decision in everything():
        parts: list[Any] = [*decision.reasons, *decision.caveats]
        cites = [cite for part in parts for cite in part.cites]
        assert {(cite.line, cite.text) for cite in cites if cite.kind == "row"} == {
            (task.line, document[task.line - 1])
        }
        assert (decision.meaning in ("outside", "unreadable")) or any(
            cite.kind == "legend" for cite in decision.reasons[0].cites
        )
        for cite in cites:
            lines = document if cite.document == document_file().name else files[cite.document]
            if cite.kind == "act":
                assert any(cite.text in line for line in lines[cite.line - 1 : cite.line + 2])
            elif cite.document in files:
                assert lines[cite.line - 1].lstrip().startswith("- id:")
            else:
                assert cite.text in lines[cite.line - 1]


def test_the_legend_of_the_row_s_own_mark_is_cited() -> None:
    """「×：業務を委託しない」 for ×, 「△：一部の業務を委託」 for △, 「無印：公権力の行使を除いて委託」 for the rest."""
    says = {"×": "×", "△": "△", "": "無印", "○": "無印"}
    for task, _channel, _act, decision in everything():
        legends = [cite.text for cite in decision.reasons[0].cites if cite.kind == "legend"]
        if decision.meaning in ("outside", "unreadable"):  # how a blank is read, the legend does not say
            assert legends == []
            continue
        assert any(text.startswith(f"「{says[task.cells['mark']]}：") for text in legends)


@pytest.mark.slow
def test_the_four_voices_agree() -> None:
    """Japanese sentence, English sentence, JSON and the terminal's first lines name one assignee and one certainty."""
    for _task, _channel, _act, decision in everything():
        who, sure = decision.assignee, decision.certainty
        answer = decision.model_dump(mode="json")
        assert (answer["assignee"], answer["certainty"]) == (who.value, sure.value)
        for why in (False, True):
            ja, en = decision.explain("ja", why=why).split("\n"), decision.explain("en", why=why).split("\n")
            assert ja[0].partition("【")[0] == f"担当: {ASSIGNEE_TEXT[who]['ja']}（{CERTAINTY_TEXT[sure]['ja']}）"
            assert en[0].lower().partition(", ")[0] == f"who: {ASSIGNEE_TEXT[who]['en']} ({CERTAINTY_TEXT[sure]['en']})"
        because = decision.reasons[0].text
        said_ja = {"contractor": "受託者が行", "city_staff": "市職員が", "split": "両者"}[who.value]
        said_en = {"contractor": "contractor handles", "city_staff": "ity staff handle", "split": r"split|shared"}[
            who.value
        ]
        assert said_ja in because.ja or (
            who is Assignee.SPLIT and "またがる" in because.ja + decision.reasons[-1].text.ja
        )
        assert re.search(said_en, because.en)
        if who is Assignee.CITY_STAFF:
            assert "受託者が行" not in because.ja
            assert "contractor handles" not in because.en


def test_what_a_city_staff_or_split_answer_hands_over_goes_from_manager_to_desk() -> None:
    """domain.md, section 4: the case goes over, with a reason code and the row; a contractor's answer hands nothing over."""
    for task, _channel, _act, decision in everything():
        if decision.assignee is Assignee.CONTRACTOR:
            assert decision.handoff is None
            continue
        assert decision.handoff is not None
        assert (decision.handoff.from_, decision.handoff.to) == ("contractor_manager", "city_desk")
        assert decision.handoff.reason_code in decision.rules
        assert f"{task.line}行目" in decision.handoff.slip.ja
        assert f"line {task.line}" in decision.handoff.slip.en


def test_no_text_gives_or_asks_for_an_order() -> None:
    """偽装請負: nothing tells staff to instruct a worker, or a worker to ask a clerk what to do."""
    forbidden = re.compile(
        r"指示|命じ(てくだ|なさ)|従って|エスカレ|instruct(?!ion)|escalat|(?<!「)聞いてください|確認してもらって"
    )
    for _task, _channel, _act, decision in everything():
        for part in (decision.next, decision.handoff, decision.question, *decision.reasons, *decision.caveats):
            if part is not None:
                assert not forbidden.search(part.text.ja), part.text.ja
                assert not forbidden.search(part.text.en), part.text.en


def test_a_question_stands_where_a_ruling_is_needed_and_nowhere_else() -> None:
    """With its addressee: the city's manager of the contract, never a clerk."""
    for _task, _channel, _act, decision in everything():
        assert (decision.question is not None) is (decision.certainty is Certainty.NEEDS_RULING)
        if decision.question:
            assert decision.question.to == "city_contract_manager"


def test_each_other_outcome_is_excluded_by_the_deciding_rule_for_facts_that_are_so() -> None:
    """`unmet` names, for the nearest rule, values that the facts do not have, and that an act or a ruling would bring."""
    for task, channel, act, decision in everything():
        assert {other.assignee for other in decision.why_not} == {*Assignee} - {decision.assignee, Assignee.NOBODY}
        facts = DESK.decider.facts(task, channel, act, decision.on)
        for other in decision.why_not:
            assert other.rule == decision.rules[0]
            if other.nearest_rule is None:
                assert (task.cells["mark"], task.cells[channel]) not in product(("", "△", "○"), ["○"])
                assert not other.unmet
                continue
            assert RULES.by_id[other.nearest_rule].assignee is other.assignee
            assert other.unmet
            assert {"act", "ruling"} >= set(other.unmet)
            assert all(getattr(facts, name) not in values for name, values in other.unmet.items())
            needed = facts._replace(**{name: _typed(name, values[0]) for name, values in other.unmet.items()})
            assert DESK.decider.outcome(needed).rule.id == other.nearest_rule


def _typed(name: str, value: str) -> Any:
    from assign.words import Ruled

    return {"act": ActFact, "ruling": Ruled}[name](value)


@pytest.mark.long
def test_what_only_the_contract_would_change_is_one_line() -> None:
    """× and blank cells: nobody who asks can make the mark another; line 64 waits for the original."""
    for task, channel, act, decision in everything():
        said = [line for line in decision.explain("ja", why=True).split("\n") if line.startswith("別の答え")]
        if task.cells["mark"] == "×" or task.cells[channel] != "○":
            assert len(said) == 1
            unreadable = task.cells["mark"] != "×" and task.cells[channel] == "?"
            assert ("原本" if unreadable else "契約") in said[0]
        else:
            assert len(said) == 2, (task.id, act)
            assert not [line for line in said if "契約" in line or "欄が" in line]


@pytest.mark.long
def test_a_sentence_begins_with_a_capital_and_none_is_in_mid_sentence() -> None:
    """'Only if  An entry … is no data entry' was one: every text begins a sentence of its own, whatever its label."""
    labels = set()
    for _task, _channel, _act, decision in everything():
        for line in decision.explain("en").split("\n"):
            label, _, text = line.partition(": ")
            labels.add(label)
            assert text[0].isupper() or not text[0].isascii() or label == "More", line
            assert "  " not in text, line
            assert not re.search(r"[a-z]\. [a-z]", text), line
    assert not labels & {"Only if"}


@pytest.mark.slow
def test_every_change_is_true_and_none_is_missing() -> None:
    """Each named change, made, gives the named assignee; to ask for another act of the row's work, or on the other channel, none else."""
    for task, channel, act, decision in everything():
        base = {"row": task.id, "channel": channel, "act": act, "on": ON}
        named = {json.dumps(each.change, sort_keys=True): each.assignee for each in decision.would_change}
        for each in decision.would_change:
            changed = DESK.decide(**{**base, **each.change})
            assert changed.assignee is each.assignee is not decision.assignee
            assert changed.certainty is each.certainty
        other_channel = next(c for c in CHANNELS if c != channel)
        singles: list[dict[str, str | None]] = [
            {"channel": other_channel},
            *({"act": a} for a in (None, *RULES.acts) if a != act and (a is None or DESK.decider.own(task, a))),
        ]
        for change in singles:
            key = {**base, **change}
            outcome = DESK.decider.decide(task, str(key["channel"]), key["act"], decision.on)
            assert named.get(json.dumps(change, sort_keys=True), decision.assignee) is outcome.assignee


def test_two_changes_are_named_only_where_one_is_not_enough() -> None:
    """Smallest first."""
    seen = 0
    for _task, _channel, _act, decision in everything():
        by_size: dict[Assignee, set[int]] = {}
        for each in decision.would_change:
            by_size.setdefault(each.assignee, set()).add(len(each.change))
        assert all(len(sizes) == 1 for sizes in by_size.values())
        seen += any(2 in sizes for sizes in by_size.values())
    assert seen


def test_reserved_acts_are_city_staff_s_wherever_they_are_asked() -> None:
    """The list of reserved acts is what deciding them says."""
    for task, channel in product(ROWS, CHANNELS):
        decision = decide(task, channel)
        own = [act for act in RULES.acts if DESK.decider.own(task, act)]
        assert [each.act for each in decision.reserved] == [act for act in own if act in RESERVED]
        for each in decision.reserved:
            assert DESK.decider.decide(task, channel, each.act, decision.on).assignee is Assignee.CITY_STAFF


@pytest.mark.parametrize(
    ("division", "holder"),
    [("kokuho", "市"), ("kouki", "後期高齢者医療広域連合"), ("nenkin", "厚生労働大臣（日本年金機構）")],
)
def test_an_answer_for_a_decision_names_whose_authority_it_is(division: str, holder: str) -> None:
    """City staff handle it; who decides differs."""
    for task in ROWS:
        if task.division == division and not any(task.id in holder.rows for holder in RULES.holders):
            decision = decide(task, "counter", "decide")
            assert any(f"決める権限は{holder}にあります" in reason.text.ja for reason in decision.reasons)


def test_divisions_do_not_borrow_from_each_other() -> None:
    """Like work differs by division, and is answered so: 葬祭費, 一部負担金減免, 催告."""

    def said(division: str, item: str, channel: str = "backyard") -> str:
        return DESK.decide(division, item, channel, on=ON).assignee.value

    assert (said("kokuho", "25"), said("kouki", "43")) == ("split", "contractor")
    assert (said("kokuho", "19"), said("kouki", "36")) == ("city_staff", "split")
    assert (said("kokuho", "65"), said("kouki", "65-1")) == ("city_staff", "contractor")
    assert (said("nenkin", "23", "counter"), said("nenkin", "24", "counter")) == ("contractor", "city_staff")
