"""A table whose channels are headings over one column: what stands under one heading is said of that channel alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from assign import Desk
from assign.desk.lookup import decision_table
from assign.errors import AmbiguousItem, RuleFileError
from assign.intake import importing
from assign.intake.report import lines
from tests.test_import import book_of
from tests.test_import_checked import doubts, folder_of

LEGEND = "受託者：受託者が行う　市：市職員が行う　空欄：市職員が行う"
ROWS: list[list[Any]] = [
    ["一覧", LEGEND],
    ["番号", "業務", "担当", "備考"],
    ["【窓口】"],
    [1, "障害認定の申請の受付", "受託者", None],
    [2, "資格確認書の引渡し", "市", None],
    [3, "届の受付", "受託者", None],
    ["【郵送】"],
    [1, "障害認定の申請の受付", "市", None],
    [2, "届く時期の問合せ", "受託者", None],
    [4, "通知の発送", "受託者", None],
]
MAPPING = """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts:
  - {sheet: 一覧, header: 2, rows: 4-6, channel: desk}
  - {sheet: 一覧, header: 2, rows: 8-, channel: post}
divisions: [{key: kouki, label: {ja: 後期高齢者医療, en: Late-Stage Medical Care}}]
channels: [{key: desk, label: {ja: 窓口, en: counter}, kind: counter}, {key: post, label: {ja: 郵送, en: post}, kind: mail}]
columns:
  - {header: 番号, role: number}
  - {header: 業務, role: name}
  - {header: 担当, role: mark, channel: of_part, marks: who}
  - {header: 備考, role: remark}
marks:
  who:
    - {mark: 受託者, means: consigned, legend: 受託者：受託者が行う}
    - {mark: 市, means: retained, legend: 市：市職員が行う}
    - {mark: "", means: retained, legend: 空欄：市職員が行う}
"""


def written(tmp_path: Path, text: str = MAPPING) -> tuple[Path, Path]:
    said = tmp_path / "mapping.yaml"
    said.write_text(text, "utf-8")
    return book_of(tmp_path / "a.xlsx", 一覧=ROWS), said


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    report = importing.report_on(*written(tmp_path))
    assert "number_repeated" not in doubts(report)
    assert "no_column" not in doubts(report)
    said = "\n".join(lines(report, "ja"))
    assert "「担当」 = mark · desk" in said
    assert "「担当」 = mark · post" in said
    return Desk.open(list=folder_of(tmp_path, report))


def asked(desk: Desk, item: str, channel: str) -> tuple[int, str, str]:
    found = desk.decide(division="後期高齢者医療", item=item, channel=channel)
    return found.rows[0].source.line, str(found.assignee), str(found.certainty)


def test_a_row_that_stands_under_several_channels_is_found_by_the_one_asked_for(desk: Desk) -> None:
    at = [task.line for task in desk.catalog.tasks]
    assert asked(desk, "1", "窓口") == (at[0], "contractor", "settled")
    assert asked(desk, "1", "郵送") == (at[3], "city_staff", "settled")


def test_what_stands_under_one_channel_says_nothing_of_another(desk: Desk) -> None:
    assert asked(desk, "3", "窓口")[1:] == ("contractor", "settled")
    assert asked(desk, "3", "郵送")[1:] == ("city_staff", "needs_ruling")
    assert asked(desk, "4", "郵送")[1:] == ("contractor", "settled")
    assert asked(desk, "4", "窓口")[1:] == ("city_staff", "needs_ruling")


def test_one_number_of_two_tasks_is_not_settled_by_the_channel(desk: Desk) -> None:
    """Which of the two is meant, the channel cannot tell."""
    with pytest.raises(AmbiguousItem):
        asked(desk, "2", "郵送")


def test_the_decision_table_answers_as_the_desk_does(desk: Desk) -> None:
    for line in decision_table(desk):
        if line.act or line.error:
            continue
        found = desk.decide(division=line.division, item=line.item, channel=line.channel)
        assert (line.assignee, line.certainty) == (found.assignee, found.certainty), line
    assert {line.item for line in decision_table(desk) if line.error} == {"2"}


def test_such_a_table_is_offered_so(tmp_path: Path) -> None:
    file, _ = written(tmp_path)
    importing.offer(file, str(tmp_path / "offered.yaml"))
    said = yaml.safe_load((tmp_path / "offered.yaml").read_text("utf-8"))
    assert [(part["rows"], part["channel"]) for part in said["parts"]] == [("4-6", "counter"), ("8-10", "post")]
    assert [each["channel"] for each in said["columns"] if each["role"] == "mark"] == ["of_part"]
    assert [each["key"] for each in said["channels"]] == ["counter", "post"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", channel: post}", "}", "channel"),
        ("channel: of_part, ", "channel: desk, ", "of_part"),
        ("rows: 8-, channel: post", "rows: 8-, channel: mail", "post"),
        (", channel: desk}", "}", "channel"),
    ],
)
def test_a_table_that_does_not_say_its_channel_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    file, at = written(tmp_path, MAPPING.replace(old, new, 1))
    with pytest.raises(RuleFileError, match=said):
        importing.report_on(file, at)


def sheets_with_their_own_words(tmp_path: Path, old: str = "", new: str = "") -> tuple[Path, Path]:
    """Two sheets with a column 窓口 each: ○ is the contractor's in the one, the city's in the other, and 委託 is known to the other alone."""
    said = tmp_path / "two.yaml"
    text = """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts: [{sheet: 国保, header: 1, rows: 2-4}, {sheet: 年金, header: 1, rows: 2-4}]
divisions:
  - {key: kokuho, label: {ja: 国民健康保険, en: Health Insurance}, printed: 国保}
  - {key: nenkin, label: {ja: 国民年金, en: Pension}, printed: 年金}
channels: [{key: desk, label: {ja: 窓口, en: counter}, kind: counter}]
columns:
  - {header: 番号, role: number}
  - {header: 業務, role: name}
  - {header: 窓口の担当, role: mark, channel: desk, marks: signs}
  - {header: 窓口, role: mark, channel: desk, marks: words}
marks:
  signs:
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: "", means: retained, legend: 空欄：市が行う}
  words:
    - {mark: ○, means: retained, legend: ○は市の欄}
    - {mark: 委託, means: consigned, legend: 委託：受託者が行う}
    - {mark: "", means: undefined}
"""
    said.write_text(text.replace(old, new) if old else text, "utf-8")
    kokuho: list[list[Any]] = [["番号", "業務", "窓口の担当"], [1, "申請", "○"], [2, "届", None], [3, "案内", "委託"]]
    nenkin: list[list[Any]] = [["番号", "業務", "窓口"], [1, "申請", "○"], [2, "届", None], [3, "案内", "委託"]]
    legend = [["○：受託者が行う"], ["空欄：市が行う"], ["○は市の欄"], ["委託：受託者が行う"]]
    return book_of(tmp_path / "two.xlsx", 国保=kokuho, 年金=nenkin, 凡例=legend), said


def test_two_columns_of_one_channel_may_have_marks_of_their_own(tmp_path: Path) -> None:
    """What one sheet's legend says of a mark is nothing in the other."""
    report = importing.report_on(*sheets_with_their_own_words(tmp_path))
    desk = Desk.open(list=folder_of(tmp_path, report))
    found = {task.id: desk.decide(row=task.id, channel="desk") for task in desk.catalog.tasks}
    answers = {key: (str(each.assignee), str(each.certainty)) for key, each in found.items()}
    assert answers == {
        "kokuho-1": ("contractor", "settled"),
        "kokuho-2": ("city_staff", "settled"),
        "kokuho-3": ("city_staff", "needs_ruling"),
        "nenkin-1": ("city_staff", "settled"),
        "nenkin-2": ("city_staff", "needs_ruling"),
        "nenkin-3": ("contractor", "settled"),
    }


def test_two_columns_of_one_channel_in_one_table_are_refused(tmp_path: Path) -> None:
    _, said = sheets_with_their_own_words(tmp_path, "rows: 2-4}, {sheet: 年金, header: 1, rows: 2-4}", "rows: 2-4}")
    book = book_of(
        tmp_path / "one.xlsx", 国保=[["番号", "業務", "窓口の担当", "窓口"], [1, "申請", "○", "○"]],
        凡例=[["○：受託者が行う"], ["空欄：市が行う"], ["○は市の欄"], ["委託：受託者が行う"]],
    )  # fmt: skip
    with pytest.raises(RuleFileError, match="two columns"):
        importing.report_on(book, said)
