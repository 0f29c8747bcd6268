"""
The kinds of work and the chains (`rules/kinds.yaml`): every row has one kind, and no act stands where it does not belong.

The file is read with plain YAML here, so that these facts hold of the file itself, whatever reads it later.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from assign import Assignee, Certainty, Desk
from assign.errors import RuleFileError
from assign.resources import rules_folder
from assign.rules.kinds import read_work
from assign.rules.loader import load
from assign.rules.precompiled import kept_trees, kept_work
from assign.words import ActClass
from assign.yaml_nodes import parse

from .built_in import CHANNELS
from .test_cli import run, said

RULES = Path(rules_folder())
FILE = yaml.safe_load((RULES / "kinds.yaml").read_text(encoding="utf-8"))
KINDS: dict[str, dict[str, Any]] = {kind["id"]: kind for kind in FILE["kinds"]}
CHAINS: dict[str, dict[str, Any]] = {chain["id"]: chain for chain in FILE["chains"]}
with (RULES.parent / "data" / "catalog.csv").open(encoding="utf-8-sig", newline="") as file:
    ROWS = {row["id"]: row for row in csv.DictReader(file)}
KIND_OF = {row: kind for kind in KINDS.values() for row in kind["rows"]}

# The second reading of the acts (domain.md 3); they move into acts.yaml, and this stands as long as they have not.
NEW = {
    **dict.fromkeys(("accept", "fix_order", "assets"), "authority"),
    **dict.fromkeys(("forward", "pay_order"), "barred"),
    **dict.fromkeys(("returned_mail", "number_check", "stamp", "copy_return", "hear"), "factual"),
    **dict.fromkeys(("slip", "reconcile", "bank", "pack", "old_card"), "factual"),
    "complaint": "shared",
}
ACTS = NEW | {
    act["id"]: act["then"]["class"] for act in yaml.safe_load((RULES / "acts.yaml").read_text(encoding="utf-8"))["acts"]
}
ADDED = {"guide", "explain", "phone"}  # by the loader, to every row whose counter cell carries ○
RECEIVING = {"receive", "identify", "number_check", "proxy", "form_check", "ask_fix", "fix_order", "refuse"}
RECEIVING |= {"hear", "stamp", "copy_return", "accept"}


def acts_of(row: str) -> list[str]:
    return [step["act"] for step in KIND_OF[row]["chain"]]


def rows_with(act: str) -> set[str]:
    return {row for row in ROWS if act in acts_of(row)}


def in_order(some: list[str], whole: list[str]) -> bool:
    """Whether `some` stand in `whole` in that order, others between them."""
    rest = iter(whole)
    return all(act in rest for act in some)


def test_every_row_has_exactly_one_kind() -> None:
    """A row without a kind has no steps; a row with two has two answers."""
    assert len(ROWS) == 215
    assert Counter(row for kind in KINDS.values() for row in kind["rows"]) == Counter(list(ROWS))


def test_a_kind_is_whole_and_says_why() -> None:
    """What is our judgement says so, in both languages; a reason stands for a row of its own kind alone."""
    assert len(KINDS) == len(FILE["kinds"])
    for name, kind in KINDS.items():
        assert set(kind) - {"reasons"} == {"id", "label", "because", "basis", "chain", "rows"}, name
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), name
        assert kind["rows"], name
        assert kind["chain"], name
        assert kind["basis"] == "judged", name
        assert set(kind.get("reasons", {})) <= set(kind["rows"]), name
    labels = Counter(kind["label"][lang] for kind in KINDS.values() for lang in ("ja", "en"))
    assert max(labels.values()) == 1


def test_everything_that_is_read_stands_in_both_languages() -> None:
    def texts(node: Any) -> list[dict[str, str]]:
        if isinstance(node, list):
            return [text for part in node for text in texts(part)]
        if not isinstance(node, dict):
            return []
        return [node] if {"ja", "en"} & set(node) else [text for part in node.values() for text in texts(part)]

    for text in texts(FILE):
        assert set(text) == {"ja", "en"}, text
        assert re.search(r"[ぁ-ん一-龥]", text["ja"]), text
        assert re.search(r"[a-z]{2}", text["en"]), text


def test_every_step_is_an_act_on_a_channel() -> None:
    """An act stands once in a chain; what the loader adds, and what no row's work is, in none."""
    for name, kind in KINDS.items():
        acts = [step["act"] for step in kind["chain"]]
        assert len(acts) == len(set(acts)), name
        assert set(acts) <= set(ACTS) - ADDED - {"undetermined"}, (name, set(acts) - set(ACTS))
    steps = [step for kind in KINDS.values() for step in kind["chain"]]
    steps += [step for chain in CHAINS.values() for step in chain["steps"]]
    for step in steps:
        assert set(step) <= {"row", "act", "channel", "optional", "when"}, step
        assert step["channel"] in ("counter", "backyard"), step
        assert step.get("optional", True) is True, step
        assert "optional" in step or "when" not in step, step
        assert "optional" not in step or "when" in step or step["act"] in FILE["conditions"], step


def test_every_act_is_some_rows_work() -> None:
    """An act that no row owns could be asked for, and nobody could be told where it belongs."""
    used = {step["act"] for kind in KINDS.values() for step in kind["chain"]}
    assert set(ACTS) - used == ADDED | {"leak_report", "undetermined"}
    assert set(FILE["conditions"]) <= used | set(FILE["counter"])
    assert set(FILE["once_a_visit"]) <= used | set(FILE["counter"])


@pytest.mark.parametrize("row", [row for row, cells in ROWS.items() if cells["mark"] in ("", "○")])
def test_a_consignable_step_stands_on_a_channel_that_the_list_consigns(row: str) -> None:
    """On an unmarked row the contractor's steps are on a channel with ○; line 64 (kokuho 34) cannot be read."""
    for step in KIND_OF[row]["chain"]:
        if ACTS[step["act"]] in ("factual", "shared"):
            assert ROWS[row][step["channel"]] in ("○", "?"), step


@pytest.mark.parametrize(
    ("act", "rows"),
    [
        ("dunning", "kokuho-65 kouki-65-1"),
        ("reminder", "kouki-65-1"),
        ("refund", "kokuho-57 kokuho-58 kouki-61-1 kouki-61-2"),
        ("recover_third", "kokuho-29 kouki-45"),
        ("public_notice", "kokuho-51 kokuho-59 kokuho-60 kouki-58 kouki-65-2"),
        ("designate", "center-5-3 center-6"),
        ("payment_talk", "kouki-64"),
        ("serve_in_person", "kokuho-50 kouki-57"),
        ("disclose", "kokuho-38"),
        ("collect_cash", "kokuho-8 kokuho-56 kouki-66 kokuho-63 kouki-68"),
        ("pay_cash", "kokuho-61 kouki-63"),
        ("appeal", "kokuho-66 kouki-69 center-5-1"),
        ("benefit_stop", "kouki-46"),
        ("inquiry_reply", "kokuho-37 nenkin-36 nenkin-37 nenkin-38 nenkin-40"),
        ("certify", "kokuho-8 kokuho-56 kouki-66"),
        ("direct_debit", "kokuho-52 kokuho-54 kokuho-55 kouki-59 kouki-60 kokuho-62 nenkin-11 nenkin-12"),
        ("reconcile", "kokuho-30 kouki-44 kokuho-53 kokuho-57 kokuho-58 kouki-61-1 kouki-61-2 kokuho-61 kokuho-63 kouki-63 kouki-68 kouki-62 kouki-67 shomu-1 shomu-2"),
    ],
)  # fmt: skip
def test_an_act_is_the_work_of_these_rows_alone(act: str, rows: str) -> None:
    """催告 is the work of kokuho 65 and kouki 65, not of 日計照合; 還付 that of kokuho 57 and 58; and so on."""
    assert rows_with(act) == set(rows.split())


def test_waste_paper_has_no_reserved_act() -> None:
    """証の引渡し is no part of 古紙回収, and nothing in it is an exercise of authority."""
    assert {ACTS[act] for row in ("shomu-8", "shomu-9") for act in acts_of(row)} == {"factual"}
    assert acts_of("shomu-9") == ["carry"]


def test_what_the_list_calls_receiving_is_receiving() -> None:
    """nenkin 10 is 受付 alone; the ward office's part of high-cost care is, too."""
    for row in ("nenkin-10", "nenkin-21", "kokuho-21", "kokuho-26"):
        assert set(acts_of(row)) <= RECEIVING, row


def test_only_the_pension_law_speaks_of_accepting() -> None:
    """受理 is the mayor's under the pension law; elsewhere a notification is complete on arrival."""
    assert {ROWS[row]["division"] for row in rows_with("accept")} == {"nenkin"}


def test_a_premium_notice_is_served_and_not_just_handed_over() -> None:
    """Handing a premium notice over the counter is service in person, which staff do (地方税法20条2項)."""
    for row in ("kokuho-50", "kouki-57"):
        assert "serve_in_person" in acts_of(row)
        assert "hand_over" not in acts_of(row)


def test_a_new_address_or_name_decides_nothing() -> None:
    """Membership goes on; what is left to the city is examining the notification, and refusing it."""
    for row in ("kokuho-4", "kouki-17", "kouki-18", "kouki-19"):
        assert [act for act in acts_of(row) if ACTS[act] in ("authority", "barred")] == ["refuse", "substantive"]


def test_pension_rows_have_no_acts_of_health_insurance() -> None:
    foreign = {
        "designate",
        "pay_order",
        "hand_over",
        "old_card",
        "slip",
        "certify",
        "refund",
        "dunning",
        "collect_cash",
    }
    assert not foreign & {act for row, cells in ROWS.items() if cells["division"] == "nenkin" for act in acts_of(row)}


def test_what_decides_is_reserved_where_something_is_decided() -> None:
    """A claim, a recognition, a relief, an assessment: each has its examination and its decision in the chain."""
    for row, decision in {
        "kokuho-1": "decide", "kokuho-13": "decide", "kokuho-22-5": "pay_order", "kokuho-25": "pay_order", "kouki-43": "decide",
        "kouki-54": "relief", "kouki-56": "relief", "nenkin-14": "relief", "nenkin-24": "decide", "kouki-52": "decide",
        "center-2-1": "pay_order", "kokuho-38": "disclose", "kouki-64": "enforce", "kouki-67": "write_off", "nenkin-36": "forward",
        "nenkin-35": "special_advice", "kokuho-16": "field_visit", "kouki-13": "field_visit", "kokuho-63": "collect_cash",
    }.items():  # fmt: skip
        assert decision in acts_of(row), row


# chains.md, with the acts of our table; `[20]` of 免除申請 is an inquiry, 掲示 (post) is a part of public_notice.
PRACTICE = {
    "qualification_gain": "kokuho-1 guide explain receive_notice identify number_check proxy form_check ask_fix hear lookup data_entry"
    " substantive decide kokuho-13 print seal hand_over",
    "card_replacement": "kokuho-13 explain receive identify form_check decide data_entry print seal hand_over mail",
    "high_cost": "center-3-1 print mail kokuho-21 explain receive identify form_check center-1-1 data_entry lookup"
    " center-2-1 calculate substantive decide pay_order print mail",
    "funeral_costs": "kokuho-25 explain receive identify proxy form_check ask_fix lookup data_entry substantive decide pay_order print mail",
    "direct_debit": "kokuho-52 encourage direct_debit identify form_check bank data_entry lookup print mail",
    "payment_certificate": "kokuho-56 receive identify proxy lookup print certify seal collect_cash hand_over",
    "exemption": "nenkin-14 explain receive identify number_check form_check ask_fix data_entry lookup nenkin-20 request_info"
    " nenkin-14 substantive pack forward relief nenkin-22 data_entry",
    "disability_pension": "nenkin-34 guide nenkin-24 special_advice receive form_check substantive forward decide",
    "public_notice": "kokuho-51 returned_mail lookup request_info field_visit substantive public_notice print seal data_entry",
}  # fmt: skip


def placed(chain: dict[str, Any], row: str) -> list[tuple[str, str]]:
    """The steps of a chain as (row, act), for one of the rows whose plan it is."""
    return [(step.get("row", row), step["act"]) for step in chain["steps"]]


def test_the_nine_chains_of_practice_are_there_in_their_order() -> None:
    for name, practice in PRACTICE.items():
        chain = CHAINS[name]
        steps = placed(chain, chain["rows"][0])
        words = [*steps[0]]
        for (before, _), (row, act) in pairwise(steps):
            words += [row] * (row != before) + [act]
        assert " ".join(words) == practice


def test_a_chain_says_why_and_whose_plan_it_is() -> None:
    """A row has one plan; a chain that stayed on its own row and changed nothing would say what the kind says."""
    assert len(CHAINS) == len(FILE["chains"])
    for name, chain in CHAINS.items():
        assert set(chain) == {"id", "label", "because", "rows", "steps"}
        if name not in PRACTICE:
            assert chain["rows"]
            changed = any(
                "optional" in mine and "optional" not in step
                for row in chain["rows"]
                for step in chain["steps"]
                for mine in KIND_OF[row]["chain"]
                if mine["act"] == step["act"] and "row" not in step
            )
            assert changed or any("row" in step for step in chain["steps"]), name
    assert max(Counter(row for chain in CHAINS.values() for row in chain["rows"]).values()) == 1


def test_a_step_of_a_chain_is_a_step_of_its_row() -> None:
    """In the order of the row's kind; what the loader adds stands on rows whose counter carries ○."""
    for name, chain, own in [(name, each, row) for name, each in CHAINS.items() for row in each["rows"]]:
        for row in {row for row, _ in placed(chain, own)}:
            mine = [step for step in chain["steps"] if step.get("row", own) == row]
            added = [step for step in mine if step["act"] in ADDED]
            assert not added or ROWS[row]["counter"] == "○", (name, row)
            assert all(step["channel"] == "counter" for step in added), (name, row)
            acts = [step["act"] for step in mine if step["act"] not in ADDED]
            assert in_order(acts, acts_of(row)), (name, row, acts)
            for step in mine:
                channels = [one["channel"] for one in KIND_OF[row]["chain"] if one["act"] == step["act"]]
                assert step["act"] in ADDED or channels == [step["channel"]], (name, step)


# -- what is read ------------------------------------------------------------------------------------------------------

WASTE = "chain: [{act: carry, channel: backyard}]\n    rows: [shomu-9]"


def edited(old: str, new: str) -> bytes:
    text = (RULES / "kinds.yaml").read_text("utf-8")
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("old", "new", "at", "near"),
    [
        (WASTE, WASTE.replace("act: carry", "act: cary"), "chain: [{act: cary", "`carry`"),
        (WASTE, WASTE.replace("channel: backyard", "channel: backyard, when: {ja: あるとき, en: at times}"), "chain: [{act: carry, channel: backyard, when", "`when`"),
        (WASTE, WASTE.replace("channel: backyard", "channel: backyard, optional: maybe"), "chain: [{act: carry, channel: backyard, optional: maybe", ""),
        (WASTE, WASTE.replace("channel", "chanel"), "chain: [{act: carry, chanel", "`channel`"),
        (WASTE, WASTE.replace("chain: [{act: carry, channel: backyard}]", "chain: []"), "chain: []", ""),
        ("rows: [shomu-9]", "rows: [shomu-9, shomu-8]", "- id: waste_paper", "`mail_room`"),
        ("id: waste_paper", "id: mail_room", "- id: mail_room", "`mail_room`"),
        ("id: card_replacement", "id: qualification_gain", "- id: qualification_gain", "`qualification_gain`"),
        ("steps: [{row: kouki-63", "steps: [{row: kouki-630", "steps: [{row: kouki-630", "`kouki-63`"),
        ("rows: [kouki-61-1]", "rows: [kouki-61]", "rows: [kouki-61]", "`kouki-61-1`"),
        ("rows: [kouki-61-1]", "rows: [kokuho-58]", "rows: [kokuho-58]", "`refund`"),
        ("once_a_visit: [guide", "once_a_visit: [guid", "once_a_visit: [guid,", "`guide`"),
        ("counter: [guide", "counter: [guid", "counter: [guid,", "`guide`"),
        ("  proxy: {ja", "  prxy: {ja", "  prxy: {ja", "`proxy`"),
        ("    basis: judged\n", "    basis: seen\n", "basis: seen", "`judged`"),
        ("    basis: judged\n", "", "- id: status_notice", "`source`"),
        ("    basis: judged\n", "    basis: judged\n    source: {document: 要領, role: 課長}\n", "basis: judged", "`source`"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_file_line_and_nearest_name(old: str, new: str, at: str, near: str) -> None:
    """Whoever edits the file is told where."""
    data = edited(old, new)
    lines = data.decode().split("\n")
    with pytest.raises(RuleFileError) as caught:
        read_work(parse("kinds.yaml", data), ACTS)
    assert caught.value.file == "kinds.yaml"
    expected = [number for number, line in enumerate(lines, 1) if line.lstrip().startswith(at.lstrip())]
    assert caught.value.line in expected
    assert near in caught.value.ja
    assert near in caught.value.en
    assert "\n" not in caught.value.ja + caught.value.en


def test_a_channel_that_the_list_does_not_have_is_refused_where_both_meet(tmp_path: Path) -> None:
    """Channels are the list's."""
    folder = shutil.copytree(rules_folder(), tmp_path / "rules")
    (folder / "kinds.yaml").write_bytes(edited(WASTE, WASTE.replace("backyard", "backyrd")))
    with pytest.raises(RuleFileError, match=r"the list has no channel `backyrd` \(near: `backyard`"):
        Desk.open(rules=folder)


def test_kinds_kept_from_the_build_are_those_that_are_read() -> None:
    """A cold start reads no YAML; of other bytes, or where an act is gone, nothing is taken from what is kept."""
    trees = kept_trees()
    data = (RULES / "kinds.yaml").read_bytes()
    kept = kept_work(trees, data, ACTS)
    read = read_work(parse("kinds.yaml", data), ACTS)
    assert kept is not None
    assert kept.plain() == read.plain()
    assert (kept.kinds, kept.chains, kept.at_counter) == (read.kinds, read.chains, read.at_counter)
    assert all(kept.acts(row) == read.acts(row) == set(acts_of(row)) for row in ROWS)
    assert kept_work(trees, data + b"\n", ACTS) is None
    assert kept_work(trees, data, set(ACTS) - {"carry"}) is None


def changed_rules(folder: Path, old: str, new: str) -> Path:
    shutil.copytree(RULES, folder)
    (folder / "kinds.yaml").write_bytes(edited(old, new))
    return folder


def test_a_row_without_a_kind_has_no_act_that_is_settled_for_the_contractor(tmp_path: Path) -> None:
    """Nobody has said what its work consists of, and the answer says so; what is reserved stays city staff's."""
    desk = Desk.open(rules=changed_rules(tmp_path / "rules", "rows: [kokuho-53]", "rows: []"), engine="table")
    for act in desk.rules.acts.values():
        if act.act_class in (ActClass.FACTUAL, ActClass.SHARED):
            decision = desk.decide(row="kokuho-53", channel="backyard", act=act.id, on="2026-11-25")
            assert (decision.assignee, decision.certainty) == (Assignee.CITY_STAFF, Certainty.NEEDS_RULING)
            assert decision.rows[0].kind is None
            [caveat] = [each for each in decision.caveats if each.code == "other_row"]
            assert "業務の種類が規則になく" in caveat.text.ja
    decision = desk.decide(row="kokuho-53", channel="backyard", on="2026-11-25")
    assert (decision.assignee, decision.reserved) == (Assignee.CONTRACTOR, ())
    assert desk.decide(row="kokuho-53", channel="backyard", act="decide").assignee is Assignee.CITY_STAFF


def test_a_kind_of_the_city_s_own_is_shown_as_its_own(tmp_path: Path) -> None:
    """Its paper stands where ours says 'our judgement'."""
    paper = "source: {document: 市委託事務取扱要領3条, role: 国保年金課長}"
    folder = changed_rules(tmp_path / "rules", "basis: judged\n    " + WASTE, f"{paper}\n    {WASTE}")
    desk = Desk.open(rules=folder, engine="table")
    decision = desk.decide(row="shomu-9", channel="backyard", act="receive")
    [caveat] = [each for each in decision.caveats if each.code == "other_row"]
    assert "（この市の規則: 市委託事務取扱要領3条、国保年金課長）" in caveat.text.ja
    assert "our judgement" not in caveat.text.en
    [reason] = [
        each
        for each in desk.decide(row="shomu-9", channel="backyard", act="carry").reasons
        if "業務の種類" in each.text.ja
    ]
    assert "「古紙回収」にこの行為があります（この市の規則: 市委託事務取扱要領3条、国保年金課長）。" in reason.text.ja
    assert reason.cites[-1].kind == "chain"
    kinds = {each["key"]: each["basis"] for each in json.loads(run("kinds", "--json", "--rules", str(folder)).stdout)}
    assert (kinds["waste_paper"], kinds["mail_room"]) == ("own", "judged")


# -- what is shown -----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_kinds_are_listed_with_their_acts_in_order() -> None:
    """As JSON, as a table with a line for each, as CSV and TSV."""
    found = json.loads(run("kinds", "--json").stdout)
    assert [each["key"] for each in found] == list(KINDS)
    for each in found:
        kind = KINDS[each["key"]]
        assert list(each) == ["key", "label", "because", "basis", "steps", "rows", "chains"]
        assert (each["label"], each["because"], each["rows"]) == (kind["label"], kind["because"], kind["rows"])
        assert [step["act"] for step in each["steps"]] == [step["act"] for step in kind["chain"]]
        assert {step["channel"] for step in each["steps"]} <= set(CHANNELS)
        assert all(step["when"] is None or step["optional"] for step in each["steps"])
    assert [chain["key"] for chain in found[0]["chains"]] == [
        *("qualification_gain", "notice_with_card", "qualification_loss", "late_stage_join")
    ]
    table = said(run("kinds", "--lang", "en")).splitlines()
    assert len(table) == len(KINDS) + 1
    assert any(line.split()[0] == "waste_paper" and line.endswith("1     carrying") for line in table)
    for form, cut in (("csv", ","), ("tsv", "\t")):
        lines = said(run("kinds", "--format", form)).lstrip("\ufeff").splitlines()
        assert lines[0].split(cut) == ["key", "label_ja", "label_en", "basis", "rows", "acts"]
        assert len(lines) == len(KINDS) + 1
        assert lines[-1].split(cut)[-2:] == acts_last()


def acts_last() -> list[str]:
    """The rows and the acts of the last kind, as a cell of CSV has them."""
    kind = list(KINDS.values())[-1]
    return [" ".join(kind["rows"]), " ".join(step["act"] for step in kind["chain"])]


@pytest.mark.parametrize("row", ["kokuho-65", "kokuho-1", "nenkin-24", "shomu-9", "kokuho-34"])
def test_the_acts_of_a_row_stand_in_the_order_of_its_work(row: str) -> None:
    """Those of every counter first, where it has ○ there; each with its class, channel and whose it is."""
    found = json.loads(run("acts", "--row", row, "--json").stdout)
    common = FILE["counter"] if ROWS[row]["counter"] == "○" else []
    assert [each["key"] for each in found] == [*common, *acts_of(row)]
    assert [each["part"] for each in found] == ["counter"] * len(common) + ["chain"] * len(acts_of(row))
    for each in found:
        assert each["class"] == ACTS[each["key"]]
        assert (each["holder"] is None) is (each["class"] == "factual")
        assert each["optional"] or each["when"] is None
    reserved = Desk.open(engine="table").decide(row=row, channel="counter").reserved
    assert {each.act: each.holder for each in reserved} == {
        each["key"]: each["holder"] for each in found if each["class"] in ("authority", "barred")
    }


def test_an_unknown_row_is_answered_with_the_nearest() -> None:
    """As `decide --row` has it."""
    acts, decide = (run(*words, "--row", "kokuho-650") for words in (["acts"], ["decide"]))
    assert (acts.returncode, acts.stdout, acts.stderr) == (3, b"", decide.stderr)
    assert "`kokuho-65`" in acts.stderr.decode()


def test_a_row_names_its_kind() -> None:
    """In `decide --json` and `tasks --json`; rows of one kind share it in memory."""
    rows = json.loads(run("tasks", "--json").stdout)
    assert {row["id"]: row["kind"]["key"] for row in rows} == {row: KIND_OF[row]["id"] for row in ROWS}
    [answer] = json.loads(run("decide", "--row", "kokuho-53", "--json").stdout)[:1]
    assert answer["rows"][0]["kind"] == {"key": "daily_reconcile", "label": KINDS["daily_reconcile"]["label"]}
    assert len({id(row.kind) for row in Desk.open().tasks()}) == len(KINDS)


def test_every_step_of_a_rule_set_is_an_act_of_it() -> None:
    """What no counter and no chain has, nobody can be asked for."""
    rules = load(RULES)
    assert rules.work.every_act <= set(rules.acts)


def test_the_readmes_name_as_many_kinds_as_there_are() -> None:
    """A figure in a text goes stale in silence."""
    kinds = len(Desk.open().rules.work.kinds)
    for name, text in (("README.md", f"{kinds} kinds of work"), ("README.ja.md", f"を {kinds} の業務の種類")):
        assert text in (Path(__file__).parents[1] / name).read_text("utf-8"), name
