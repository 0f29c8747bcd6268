"""
Workbooks that somebody else made, with their truth, and a mapping that somebody else again wrote from docs/import.md alone.

g, i, m, r: the marks in the channels' own cells; in r, of one sheet, the channels as headings over one column. h, j, k, n: acts as columns; in k and n other columns, and in m and n other legends, by sheet.
Where the truth has `made`, its maker wrote that, and took our answer for as good: of an act of authority that the list gives away or divides
we say city staff, needs a ruling. In r the reader had no word yet for the headings, and the table under them was written after. Several sheets, columns in another order or missing, merged and hidden
cells, colours, footnotes, look-alikes, days in remarks, third parties. The makers had not seen the program, and the readers not the truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.intake import importing
from assign.words import normal
from tests.import_lists import unproved

LISTS = Path(__file__).parent / "lists"
BEFORE = {
    "g": "2025-10-01",
    "h": "2026-04-01",
    "i": "2025-10-01",
    "j": "2025-10-01",
    "k": "2026-04-01",
    "m": "2026-05-01",
    "n": "2026-05-01",
    "r": "2026-04-01",
}  # each list's first day

pytestmark = pytest.mark.long


class Case:
    """A list that was imported, and its truth."""

    def __init__(self, name: str, folder: Path) -> None:
        of = LISTS / name
        report = importing.report_on(of / "list.xlsx", of / "mapping.yaml")
        self.desk = Desk.open(list=unproved(report, folder / "list"))
        manifest = self.desk.catalog.manifest
        paper = manifest.documents[0]
        self.rows = {paper.printed_at(task.line): task for task in self.desk.catalog.tasks}
        self.channels = {channel.label["ja"]: key for key, channel in manifest.channels.items()}
        self.truth = [json.loads(line) for line in (of / "truth.jsonl").read_text("utf-8").splitlines()]
        self.first = BEFORE[name]

    def asked(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Each row and answer of the truth, and what to ask for it."""
        for row in self.truth:
            task = self.rows[row["sheet"], row["line"]]
            headings = self.desk.catalog.manifest.headings_of([task.cells])
            for answer in row["answers"]:
                channel = (
                    next(iter(self.channels.values())) if answer["channel"] == "*" else self.channels[answer["channel"]]
                )
                act = None if answer["act"] == "*" else headings[normal(answer["act"])][0]
                yield row, answer, {"row": task.id, "channel": channel, "act": act}


OLDER = [pytest.param(name, marks=pytest.mark.slow) for name in "ghijkm"]  # of shapes that the others have, too


@pytest.fixture(scope="module", params=[*OLDER, "n", "r"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.slow
@pytest.mark.parametrize("name", BEFORE)
def test_what_is_made_of_each_passes_check(tmp_path: Path, name: str) -> None:
    """Which is what writes it: the proofs over the whole domain, of columns and legends of single tables too."""
    report = importing.report_on(LISTS / name / "list.xlsx", LISTS / name / "mapping.yaml")
    importing.write(report, str(tmp_path / "list"))
    assert report.written == str(tmp_path / "list")
    assert all(finding.kind == "reserved" for finding in report.findings)


def test_every_answer_is_that_of_the_truth(case: Case) -> None:
    """Who, and how surely; 2,311 answers in all, and every row of the file is one of the list."""
    wrong = []
    for row, answer, asked in case.asked():
        found = case.desk.decide(**asked, on=case.first)
        wanted = answer["assignee"].replace("none", "nobody"), answer["certainty"]
        if answer.get(
            "waits"
        ):  # the truth goes by the mark; a remark about another paper has a day, and may be about this work
            wanted = "city_staff", "needs_ruling"
        if (found.assignee.value, found.certainty.value) != wanted:
            wrong.append(
                (row["sheet"], row["line"], answer["channel"], answer["act"], wanted, found.assignee, found.certainty)
            )
    assert not wrong
    assert len(case.rows) == len(case.truth)


def test_no_condition_and_no_other_party_is_lost(case: Case) -> None:
    """Each is in what a person reads who asks for all of it."""
    lost = []
    for row, answer, asked in case.asked():
        said = normal(case.desk.decide(**asked, on=case.first).explain("ja", why=True))
        wanted = [each["when"] for each in answer.get("exceptions", ())] + list(answer.get("other_parties", ()))
        lost += [(row["sheet"], row["line"], answer["act"], text) for text in wanted if normal(text) not in said]
    assert not lost


def test_from_a_printed_day_on_the_mark_alone_gives_nothing_away(case: Case) -> None:
    """The day before it is as the mark says; from that day on nobody is told what the remark says no longer holds."""
    seen = 0
    for _, answer, asked in case.asked():
        for change in answer.get("changes", ()):
            found = case.desk.decide(**asked, on=date.fromisoformat(change["from"]))
            assert (found.assignee.value, found.certainty.value) == ("city_staff", "needs_ruling"), asked
            seen += 1
    assert seen


def test_a_list_that_gives_away_what_it_cannot_is_recorded_all_the_same(tmp_path: Path) -> None:
    """決定 under ○: `check` says it, no answer follows it, and the answers can stand in a log."""
    of = LISTS / "h"
    importing.write(importing.report_on(of / "list.xlsx", of / "mapping.yaml"), str(tmp_path / "list"))
    desk = Desk.open(list=tmp_path / "list", audit=f"sqlite:///{tmp_path}/log.db", engine="table")
    assert desk.audit is not None
    begun = desk.audit.size
    row = next(task for task in desk.catalog.tasks if task.cells["step.decide"] == "○")
    found = desk.decide(row=row.id, channel="anywhere", act="decide", on="2026-04-01")
    assert (found.assignee.value, found.certainty.value) == ("city_staff", "needs_ruling")
    assert desk.audit.size == begun + 1
