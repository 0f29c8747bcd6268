"""
The contract's table, by itself: what is answered for every row, channel and act, told from the files and nothing of `assign`'s.

`told` is our own transcription of the table in the contract ('What the answer is') over `catalog.csv`, `kinds.yaml` and the
classes and sources in `acts.yaml`. It shares no line of code with the decider.
"""

from __future__ import annotations

import csv
from datetime import date
from itertools import product
from typing import Any

import pytest
import yaml

from assign import Desk
from assign.resources import catalog_file, rules_folder

from .built_in import CHANNELS

DESK = Desk.open()
ON = date(2026, 11, 25)
with catalog_file().open(encoding="utf-8-sig", newline="") as file:
    ROWS = {row["id"]: row for row in csv.DictReader(file)}
ACTS = {act["id"]: act for act in yaml.safe_load((rules_folder() / "acts.yaml").read_text("utf-8"))["acts"]}
WORK = yaml.safe_load((rules_folder() / "kinds.yaml").read_text("utf-8"))
CHAIN = {row: {step["act"] for step in kind["chain"]} for kind in WORK["kinds"] for row in kind["rows"]}


def own(row: str, act: str) -> bool:
    """Whether an act is part of a row's work."""
    return act in CHAIN[row] or (ROWS[row]["counter"] == "○" and act in WORK["counter"])


def in_a_text(source: dict[str, Any]) -> bool:
    """Whether a statute, a paper or the list says so; an analogy and our judgement do not."""
    return source.get("basis", "") in ("", "seen", "reported")


def told(row: str, channel: str, act: str | None) -> tuple[str, str]:
    """The table: assignee and certainty."""
    mark, cell = ROWS[row]["mark"], ROWS[row][channel]
    kind = ACTS[act]["then"]["class"] if act else "none"
    reserved = kind in ("authority", "barred")
    if mark == "×" or cell == "":
        return "city_staff", "settled"
    if cell == "?":
        return "city_staff", "settled" if reserved else "needs_ruling"
    if act and reserved:
        return "city_staff", "settled" if in_a_text(ACTS[act]["source"]) else "needs_ruling"
    if act and (kind == "undetermined" or not own(row, act)):
        return "city_staff", "needs_ruling"
    if mark == "△":
        return "city_staff" if kind == "factual" else "split", "needs_ruling"
    return "split" if kind == "shared" else "contractor", "settled" if mark == "" else "needs_ruling"


def test_every_row_channel_and_act_is_answered_as_the_contract_has_it() -> None:
    """215 rows x 2 channels x every act and none, not one left out."""
    seen = set()
    for row, channel, act in product(ROWS, CHANNELS, (None, *ACTS)):
        outcome = DESK.decider.decide(DESK.catalog.by_id[row], channel, act, ON)
        expected = told(row, channel, act)
        assert (outcome.assignee.value, outcome.certainty.value) == expected, (row, channel, act)
        seen.add(expected)
    assert len(ROWS) == 215
    assert len(ACTS) == 64
    assert len(seen) == 6


@pytest.mark.parametrize("act", ACTS)
def test_where_an_act_belongs_is_told_by_rows_of_the_division_that_have_it(act: str) -> None:
    """`elsewhere`, with a caveat `other_row`, where a factual or shared act is no part of the row's work; else neither."""
    consignable = ACTS[act]["then"]["class"] in ("factual", "shared")
    for division in ("kokuho", "kouki", "nenkin", "shomu", "center"):
        rows = [row for row, cells in ROWS.items() if cells["division"] == division]
        owners = {row for row in rows if act in CHAIN[row]}
        for mine in (True, False):
            row = next((row for row in rows if own(row, act) is mine), None)
            if row is None:
                continue
            decision = DESK.decide(row=row, channel="counter", act=act, on=ON)
            strange = consignable and not mine
            assert ("other_row" in [caveat.code for caveat in decision.caveats]) is strange, row
            assert {each.row for each in decision.elsewhere} == (owners if strange else set()), row
            for each in decision.elsewhere:
                assert (each.division, each.name) == (division, ROWS[each.row]["name"] or ROWS[each.row]["group"])


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_reserved_and_shared_is_the_row_s_own(channel: str) -> None:
    """古紙回収 reserves nothing; every other row what its chain has."""
    for row in ROWS:
        decision = DESK.decide(row=row, channel=channel, on=ON)
        kinds = {act: ACTS[act]["then"]["class"] for act in ACTS if own(row, act)}
        assert [each.act for each in decision.reserved] == [
            act for act, kind in kinds.items() if kind in ("authority", "barred")
        ]
        assert [each.act for each in decision.shared] == [act for act, kind in kinds.items() if kind == "shared"]
    assert DESK.decide(row="shomu-9", channel=channel, on=ON).reserved == ()


@pytest.mark.parametrize("act", [None, "receive", "dunning", "decide"])
def test_what_would_change_the_answer_is_an_act_of_the_row(act: str | None) -> None:
    """Whoever asks about 日計照合 is not sent to 催告."""
    for row, channel in product(ROWS, CHANNELS):
        for each in DESK.decide(row=row, channel=channel, act=act, on=ON).would_change:
            other = each.change.get("act")
            assert other is None or own(row, other), (row, other)
