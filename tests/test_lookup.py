"""The decision table says what the desk says, line by line."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from assign import AssignError, Desk
from assign.desk.lookup import Line, answered, decision_table, of_line
from assign.resources import rules_folder
from assign.rules.changes import FIRST, LAST

from .test_rules import RULING

TODAY = date(2026, 11, 25)


def agrees(desk: Desk, line: Line) -> bool:
    """Whether the desk, asked anew on the first and the last day, gives what the line says."""
    asked = {"division": line.division, "item": line.item, "channel": line.channel, "act": line.act or None}
    for day in (line.since, line.until):
        try:
            decision = desk.decide(**asked, on=day)
        except AssignError as error:
            if (error.code, error.ja, error.en) != (line.error, line.error_ja, line.error_en):
                return False
        else:
            said = (
                decision.assignee,
                decision.certainty,
                " ".join(decision.rules),
                " ".join(row.id for row in decision.rows),
            )
            printed = ["printed_condition"] if decision.exceptions else []
            caveats = " ".join([*(caveat.code for caveat in decision.caveats), *printed])
            if (*said, caveats, "") != (line.assignee, line.certainty, line.rules, line.row, line.caveats, line.error):
                return False
    return True


@pytest.mark.slow
def test_every_line_is_what_the_desk_decides(desk: Desk) -> None:
    """All of them, on their first and last day, whole decisions against lines."""
    lines = decision_table(desk)
    assert len(lines) > 25_000
    assert [line for line in lines if not agrees(desk, line)] == []


@pytest.mark.slow
def test_a_line_made_once_for_a_class_of_acts_is_the_line_of_each_of_them(desk: Desk) -> None:
    """The table is answered by class of act; here each act is asked for itself, on the first and the last day of its line."""
    for line in decision_table(desk):
        asked = {"division": line.division, "item": line.item, "channel": line.channel, "act": line.act or None}
        for day in (line.since, line.until):
            try:
                said: tuple[str, ...] = (*desk.brief(**asked, on=day), "", "", "")
            except AssignError as error:
                said = (*[""] * 7, error.code, error.ja, error.en)
            assert said == line[6:]


def test_the_lines_of_a_request_cover_all_of_time_once(desk: Desk) -> None:
    """No day without an answer, none with two."""
    spans: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for line in decision_table(desk):
        spans[line[:4]].append((line.since, line.until))
    for found in spans.values():
        assert found[0][0] == FIRST.isoformat()
        assert found[-1][1] == LAST.isoformat()
        for (_, until), (since, _) in pairwise(found):
            assert date.fromisoformat(until) + timedelta(days=1) == date.fromisoformat(since)


def test_every_row_channel_and_act_is_in_the_table(desk: Desk) -> None:
    """215 x 2 x 49, and every number that stands on several rows."""
    asked = {line[:4] for line in decision_table(desk)}
    for task in desk.catalog.tasks:
        for channel in ("counter", "backyard"):
            for act in ("", *desk.rules.acts):
                assert (task.division, task.item, channel, act) in asked
                assert (task.division, task.number, channel, act) in asked


@pytest.mark.long
def test_a_ruling_is_in_the_table_between_its_dates(tmp_path: Path) -> None:
    """And a ruling's end begins a line of its own."""
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    path = folder / "rulings.yaml"
    path.write_text(path.read_text("utf-8").replace("rulings: []", RULING), "utf-8", newline="")
    ruled = Desk.open(rules=folder)
    lines = [line for line in decision_table(ruled) if line[:4] == ("kokuho", "25", "counter", "receive")]
    assert [(line.since, line.until, line.assignee) for line in lines] == [
        ("0001-01-01", "2026-03-31", "city_staff"),
        ("2026-04-01", "2027-03-31", "contractor"),
        ("2027-04-01", "9999-12-31", "city_staff"),
    ]
    assert all(agrees(ruled, line) for line in lines)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_words_of_a_file_are_answered_as_the_table_answers_them(desk: Desk, lang: str) -> None:
    """Or with the error's code and message; blank cells are absent."""
    asked = {"division": "国民年金", "item": "２４", "channel": "窓口", "act": "", "on": None, "section": ""}
    line = next(line for line in decision_table(desk) if line[:4] == ("nenkin", "24", "counter", ""))
    assert answered(desk, asked, TODAY, lang) == of_line(line, lang)
    for bad, code in (
        ({"item": "99"}, "unknown_item"),
        ({"division": None}, "bad_request"),
        ({"on": "x"}, "bad_date"),
        ({"channel": None}, "unknown_channel"),
    ):
        found = answered(desk, {**asked, **bad}, TODAY, lang)
        assert found[:-1] == (None,) * 6
        assert str(found.error).startswith(f"{code}: ")
