"""What readers of docs/import.md found who set up lists of others: marks, remarks and conditions are never read for another table, act or case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from assign import Desk
from assign.catalog.loader import load
from assign.errors import RuleFileError
from assign.intake import importing
from tests.test_import import book_of
from tests.test_import_checked import MARKS, book, doubts, folder_of, mapping, read
from tests.test_import_legends import (
    CITY,
    CONTRACTOR,
    FIRST,
    HEAD,
    KOKUHO,
    MAIN,
    ONE,
    OPEN,
    desk_of,
    mapped,
    one_sheet,
    said,
    with_a_telephone,
)


def test_an_act_on_the_telephone_is_answered_alike_whatever_was_asked_before(tmp_path: Path) -> None:
    """In any order of the acts, and in a file of them."""
    book, mapping = with_a_telephone(tmp_path)
    found = []
    for at, acts in enumerate(
        (("phone", "guide", "explain"), ("guide", "phone", "explain"), ("explain", "guide", "phone"))
    ):
        desk = desk_of(tmp_path / str(at), book, mapping)
        found.append({act: said(desk, "kokuho-1", "desk", act) for act in acts})
    assert found[0] == found[1] == found[2]
    assert (found[0]["phone"], found[0]["guide"]) == (CITY, CONTRACTOR)


def test_a_remark_is_read_in_the_marks_of_its_own_table(tmp_path: Path) -> None:
    """A is the contractor in one table and the city in the next: from the day on each row waits where its own mark is taken back."""
    first = [["一覧"], HEAD, [1, "申請の受付", "A", "A", "窓口：R9.1.1からB"], ["A：受託者が行う　B：市職員が行う"]]
    second = [["一覧"], HEAD, [1, "証明の交付", "B", "B", "窓口：R9.1.1からA"], ["この表では、Aは市職員、Bは受託者"]]
    marks = (
        "    - {mark: A, means: consigned, legend: A：受託者が行う}\n    - {mark: B, means: retained, legend: B：市職員が行う}\n"
        '    - {mark: "", means: undefined}\n'
    )
    own = 'marks: {main: [{mark: A, means: retained, legend: Aは市職員}, {mark: B, means: consigned, legend: Bは受託者}, {mark: "", means: undefined}]}'
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-3"}}\n  - {{sheet: 税, header: "2", rows: "3-3", {own}}}'
    desk = desk_of(tmp_path, book_of(tmp_path / "a.xlsx", 国保=first, 税=second), mapped(tmp_path, parts, marks=marks))
    for row in ("kokuho-1", "zei-1"):
        days = [desk.decide(row=row, channel="desk", on=on) for on in ("2026-12-31", "2027-01-01")]
        assert [(each.assignee.value, each.certainty.value) for each in days] == [CONTRACTOR, OPEN]


@pytest.mark.parametrize(
    "remark", ["委託準備中（当分の間、市職員が行う）", "窓口は市職員が行う。郵送は、予約制とする。", "委託検討中"]
)
def test_a_remark_that_denies_the_mark_leaves_it_open_whatever_else_it_says(tmp_path: Path, remark: str) -> None:
    """The reason quotes one sentence of it."""
    assert said(one_sheet(tmp_path, [1, "申請の受付", "○", "●", remark]), "kokuho-1") == OPEN


def test_two_tables_of_one_sheet_have_their_own_footnotes_and_the_report_says_where_they_need_them(
    tmp_path: Path,
) -> None:
    """※1 below each, with another text."""
    rows: list[list[Any]] = [
        *[["一覧"], HEAD, [1, "申請の受付", "○※1", "●", None], ["※1 外国籍の人を除く。"], [FIRST]],
        *[HEAD, [2, "証明の交付", "○※1", "●", None], ["※1 法人を除く。"]],
    ]
    book = book_of(tmp_path / "a.xlsx", 一覧=rows)
    first, second = '{sheet: 一覧, header: "2", rows: "3-3"', '{sheet: 一覧, header: "6", rows: "7-7"'
    note = "footnotes: [{sign: ※1, text: ※1 %s}]"
    marks = MAIN + note % "外国籍の人を除く。" + "\n"
    mapping = mapped(tmp_path, f"  - {first}}}\n  - {second}}}", marks=marks, divisions=ONE)
    assert "footnote_twice" in [each.code for each in importing.report_on(book, mapping).notes.of("doubtful")]
    mapping = mapped(tmp_path, f"  - {first}}}\n  - {second}, {note % '法人を除く。'}}}", marks=marks, divisions=ONE)
    assert "footnote_twice" not in [each.code for each in importing.report_on(book, mapping).notes.of("doubtful")]
    desk = desk_of(tmp_path, book, mapping)
    texts = [desk.decide(row=row, channel="desk").explain("ja") for row in ("kokuho-1", "kokuho-2")]
    assert ["外国籍" in text for text in texts] == [True, False]
    assert ["法人" in text for text in texts] == [False, True]


@pytest.mark.parametrize(
    ("name", "remark", "said_of_it"),
    [
        ("手帳の再交付（紛失の場合は市職員）", None, "それ以外の場合"),
        ("手当の申請（事前の申請に限る）", None, "それに当たる場合"),
        ("証明の交付", "本人と確かめられた場合に限る。", "それに当たる場合"),
        ("証明の申請", "ただし、代理人によるものを除く。", "それ以外の場合"),
    ],
)
def test_a_condition_says_for_which_case_the_answer_is(
    tmp_path: Path, name: str, remark: str | None, said_of_it: str
) -> None:
    """に限る is for that case, を除く for all others; in the brackets of a name, too."""
    desk = one_sheet(tmp_path, [1, name, "○", "●", remark])
    text = desk.decide(row="kokuho-1", channel="desk").explain("ja", why=True)
    assert f"この答えは、{said_of_it}のものです" in text


def test_meanings_and_marks_are_not_written_together(tmp_path: Path) -> None:
    """One of them would be read and the other passed over."""
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO)
    extra = 'meanings: [{when: {way: "○"}, means: consigned, legend: ○：受託者が行う}]\n'
    with pytest.raises(RuleFileError, match="meanings"):
        importing.report_on(book, mapped(tmp_path, '  - {sheet: 国保, header: "2", rows: "3-4"}', marks=MAIN + extra))


def test_a_condition_that_ends_with_a_channel_in_brackets_is_one_of_all_channels(tmp_path: Path) -> None:
    """要予約（郵送）is how to book, and no column."""
    desk = one_sheet(tmp_path, [1, "申請の受付", "○", "○", "要予約（郵送）"])
    assert all("要予約" in desk.decide(row="kokuho-1", channel=channel).explain("ja") for channel in ("desk", "post"))


@pytest.mark.parametrize(
    ("said", "conditions"),
    [
        ("", ["※C3 のコメント: ただし、係長に確認中"]),
        ("comments: {means: no_meaning, legend: コメントは事務用で、この一覧には含まない。}", []),
        ("comments: {means: no_meaning, because: {ja: 係の控え, en: notes of the section}}", []),
    ],
)
def test_comments_go_with_the_answer_unless_the_list_or_the_city_says_that_they_are_none_of_it(
    tmp_path: Path, said: str, conditions: list[str]
) -> None:
    """In either case the report tells of them."""
    path = book(
        tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", None], notes=("コメントは事務用で、この一覧には含まない。",)
    )
    made = openpyxl.load_workbook(path)
    made["一覧"]["C3"].comment = Comment("ただし、係長に確認中", "係")
    made.save(path)
    report = read(path, mapping(tmp_path, 3, more=said))
    assert doubts(report)["comment"] == ["`一覧`!C3"]
    assert load(folder_of(tmp_path, report)).by_id["kokuho-1"].conditions == conditions


def test_comments_are_left_out_by_no_sentence_that_the_list_does_not_have(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", None])
    for wrong in ("legend: コメントは含まない。", "because: {ja: 控え, en: notes}, legend: 一覧"):
        with pytest.raises(RuleFileError):
            read(path, mapping(tmp_path, 3, more=f"comments: {{means: no_meaning, {wrong}}}"))


def test_a_day_in_how_the_city_reads_a_mark_is_one_as_in_a_legend(tmp_path: Path) -> None:
    """From that day on the mark alone gives nothing away."""
    path = book(tmp_path / "a.xlsx", [1, "申請", "◎", "×", "×", None])
    because = "    - {mark: ◎, means: consigned, because: {ja: 受託者が行い令和9年4月1日から市職員, en: the contractor and from 2027-04-01 the city}}\n"
    desk = Desk.open(list=folder_of(tmp_path, read(path, mapping(tmp_path, 3, marks=because + MARKS))))
    found = [
        desk.decide(row="kokuho-1", channel="anywhere", act="receive", on=on) for on in ("2027-03-31", "2027-04-01")
    ]
    assert [(each.assignee.value, each.certainty.value) for each in found] == [
        ("contractor", "settled"),
        ("city_staff", "needs_ruling"),
    ]


def test_a_designation_that_is_limited_says_how_it_may_be_copied(tmp_path: Path) -> None:
    """It is refused with the way out, and not as if it denied it."""
    note = "受託者は指定公金事務取扱者（令和7年4月1日指定。国民健康保険料の窓口での納付に限る。）"
    path = book(tmp_path / "a.xlsx", [1, "納付", "×", "×", "○", note])
    with pytest.raises(RuleFileError, match="limits it"):
        importing.report_on(
            path, mapping(tmp_path, 3, more=f"designations: [{{act: collect_cash, text: {note[:40]}}}]")
        )


def test_an_act_above_its_channels_is_called_as_it_is_printed(tmp_path: Path) -> None:
    """交付 above 窓口 and 郵送: the act is 交付, and no channel is an act."""
    said = tmp_path / "acts.yaml"
    said.write_text(
        """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts: [{sheet: 一覧, header: "1-2", rows: 3-}]
divisions: [{key: kokuho, label: {ja: 国保, en: NHI}}]
channels: [{key: desk, label: {ja: 窓口, en: counter}, kind: counter}, {key: post, label: {ja: 郵送, en: post}, kind: mail}]
columns:
  - {header: 番号, role: number}
  - {header: 業務, role: name}
  - {header: 受付/窓口, role: mark, channel: desk, act: [receive, receive_notice], marks: main}
  - {header: 受付/郵送, role: mark, channel: post, act: [receive, receive_notice], marks: main}
  - {header: 交付/窓口, role: mark, channel: desk, act: hand_over, marks: main}
  - {header: 交付/郵送, role: mark, channel: post, act: hand_over, marks: main}
marks:
  main:
    - {mark: ○, means: consigned, because: {ja: 受託者が行う, en: the contractor does it}}
    - {mark: ×, means: retained, because: {ja: 市が行う, en: the city does it}}
    - {mark: "", means: undefined}
""",
        "utf-8",
    )
    head: list[list[Any]] = [
        ["番号", "業務", "受付", "受付", "交付", "交付"],
        [None, None, "窓口", "郵送", "窓口", "郵送"],
    ]
    path = book_of(tmp_path / "acts.xlsx", 一覧=[*head, [1, "証の交付", "○", "○", "○", "×"]])
    report = importing.report_on(path, said)
    assert "header_act" not in doubts(report)
    desk = Desk.open(list=folder_of(tmp_path, report))
    found = [desk.decide(row="kokuho-1", channel=channel, act="交付") for channel in ("desk", "post")]
    assert [(each.act and each.act.key, each.assignee.value) for each in found] == [
        ("hand_over", "contractor"),
        ("hand_over", "city_staff"),
    ]
