"""Several tables of one mapping, and remarks that speak against a mark: nothing is taken from a column or a party that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.report import lines
from tests.test_import import book_of
from tests.test_import_checked import HEAD, LEGEND, answer, book, designation, doubts, folder_of, mapping, read

TWO = (
    "edition: 一\n"
    'parts: [{sheet: 一覧, header: "2", rows: "3-3"}, {sheet: 年金, header: "1", rows: "2-2"}]\n'
    'skip: ["受付の*"]'
)


def two_sheets(path: Path, head: list[str], row: list[object]) -> Path:
    """The list, and a second sheet with a header of its own."""
    return book_of(path, 一覧=[["業務一覧"], HEAD, [1, "申請", "○", "×", "×", None], [], [LEGEND]], 年金=[head, row])


def by_header(folder: Path) -> Path:
    """The mapping whose columns are named by their headers."""
    said = mapping(folder, 3, whole=TWO)
    said.write_text(said.read_text("utf-8").replace("{column: ", "{header: ").replace("header: A, header", "header"))
    text = said.read_text("utf-8")
    for letter in "ABCDEF":
        text = text.replace(f"{{header: {letter}, header: ", "{header: ")
    said.write_text(text, "utf-8")
    return said


def test_a_column_that_one_sheet_lacks_is_not_read_as_blank_there(tmp_path: Path) -> None:
    """Its marks are of no column: city staff, needs a ruling, and the report says so; the other sheet is as before."""
    path = two_sheets(tmp_path / "a.xlsx", ["番号", "業務", "決定", "収納", "備考"], [2, "届", "×", "×", None])
    report = read(path, by_header(tmp_path))
    assert "no_column" in doubts(report)
    folder = folder_of(tmp_path, report)
    assert answer(folder, "kokuho-1", "receive") == ("contractor", "settled")
    assert answer(folder, "kokuho-2", "receive") == ("city_staff", "needs_ruling")


def test_a_column_that_no_sheet_has_is_refused(tmp_path: Path) -> None:
    """As a slip of the pen."""
    path = two_sheets(tmp_path / "a.xlsx", HEAD, [2, "届", "○", "×", "×", None])
    said = by_header(tmp_path)
    said.write_text(said.read_text("utf-8").replace("header: 収納", "header: 出納"), "utf-8")
    with pytest.raises(RuleFileError, match="出納"):
        importing.report_on(path, said)


def test_the_same_headings_in_another_order_are_refused_even_where_they_are_skipped(tmp_path: Path) -> None:
    """Below them each mark would be another column's."""
    swapped = ["番号", "業務", "決定", "受付", "収納", "備考"]
    path = book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", None], swapped, [2, "届", "×", "○", "×", None])
    report = importing.report_on(path, mapping(tmp_path, 5, 'skip: ["番号*"]\n'))
    assert [note.code for note in report.notes.of("refused")] == ["other_header"]


@pytest.mark.parametrize(
    "remark",
    [
        "受付は直営",
        "受付及び収納は市職員が行う",
        "受付については委託しない",
        "委託の対象としない",
        "国保係が行う",
        "受託者に行わせない",
        "直営に戻した",
        "委託契約に含まない",
        "委託を終了した",
    ],
)
def test_a_remark_that_keeps_the_act_with_the_city_speaks_against_its_mark(tmp_path: Path, remark: str) -> None:
    """○ under 受付: city staff, needs a ruling, and the report names the row."""
    report = read(book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", remark]), mapping(tmp_path, 3))
    assert "against_mark" in doubts(report)
    assert answer(folder_of(tmp_path, report), "kokuho-1", "receive") == ("city_staff", "needs_ruling")


@pytest.mark.parametrize("remark", ["年間約1,200件", "本人確認書類を添付", "収納は直営", "国保係へ引き継ぐ"])
def test_a_remark_about_something_else_leaves_the_act_with_the_contractor(tmp_path: Path, remark: str) -> None:
    """The control."""
    report = read(book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", remark]), mapping(tmp_path, 3))
    assert answer(folder_of(tmp_path, report), "kokuho-1", "receive") == ("contractor", "settled")


def test_a_designation_that_is_still_to_come_opens_nothing(tmp_path: Path) -> None:
    """指定を受けたときに限り is no designation."""
    text = "指定公金事務取扱者の指定を受けたときに限り収納を委託する"
    path = book(tmp_path / "a.xlsx", [1, "窓口納付", "○", "×", "○", text])
    with pytest.raises(RuleFileError, match="does not say that"):
        importing.report_on(path, mapping(tmp_path, 3, designation(text)))


def test_a_condition_outside_the_table_is_to_be_looked_at_and_a_header_is_none(tmp_path: Path) -> None:
    """不可 above a column is a heading."""
    head = [*HEAD[:-1], "備考（委託不可の理由）"]
    rows: list[list[Any]] = [
        ["業務一覧"],
        head,
        [1, "申請", "○", "×", "×", None],
        [],
        [LEGEND],
        ["土曜は第2・第4土曜日に限る。"],
    ]
    path = book_of(tmp_path / "a.xlsx", 一覧=rows)
    report = read(path, mapping(tmp_path, 3, old="header: 備考,", new="header: 備考（委託不可の理由）,"))
    left = [note.place["en"] for note in report.notes.of("doubtful") if note.code == "note_left"]
    assert len(left) == 1
    assert left[0].endswith("A6")


# -- columns that one table has and another has not --------------------------------------------------------------------


def test_a_column_of_an_act_that_a_table_lacks_is_no_part_of_its_work(tmp_path: Path) -> None:
    """The work as a whole is settled by the columns that the table has; of the act itself the answer says that there is no such column."""
    path = two_sheets(tmp_path / "a.xlsx", ["番号", "業務", "受付", "収納", "備考"], [2, "届", "○", "○", None])
    folder = folder_of(tmp_path, read(path, by_header(tmp_path)))
    desk = Desk.open(list=folder)
    found = desk.decide(row="kokuho-2", channel="anywhere", act="decide")
    assert (found.assignee.value, found.certainty.value) == ("city_staff", "settled")  # whatever a list prints
    assert "この欄はなく" in found.explain("ja", why=True)
    assert "読めない" not in found.explain("ja", why=True)
    whole = desk.decide(row="kokuho-2", channel="anywhere")
    assert "決定" not in "".join(reason.text.ja for reason in whole.reasons)


def test_a_total_is_no_row_although_another_table_has_one_more_column(tmp_path: Path) -> None:
    """A cell that is not there is no mark."""
    path = two_sheets(
        tmp_path / "a.xlsx", ["番号", "業務", "受付", "収納", "備考"], [None, "※受付の注", None, None, None]
    )
    report = importing.report_on(path, by_header(tmp_path))
    assert [note.code for note in report.notes.of("refused")] == ["line"]


def test_numbers_may_have_another_heading_in_another_sheet(tmp_path: Path) -> None:
    """Each heading has its line in the mapping; two of them in one table are refused."""
    path = two_sheets(tmp_path / "a.xlsx", ["記号", *HEAD[1:]], ["ア", "届", "○", "×", "×", None])
    said = by_header(tmp_path)
    line = "  - {header: 番号, role: number}\n"
    said.write_text(said.read_text("utf-8").replace(line, line + line.replace("番号", "記号")), "utf-8")
    report = read(path, said)
    assert [row.number for row in report.made[0].printed] == ["1", "ア"]
    twice = two_sheets(
        tmp_path / "b.xlsx", ["番号", "業務", "受付", "決定", "収納", "記号"], [2, "届", "○", "×", "×", "ア"]
    )
    with pytest.raises(RuleFileError, match="twice in one table"):
        importing.report_on(twice, said)


def test_a_sheet_that_another_part_names_is_none_that_a_pattern_stands_for(tmp_path: Path) -> None:
    """Or its rows would be read twice."""
    path = two_sheets(tmp_path / "a.xlsx", HEAD, [2, "届", "○", "×", "×", None])
    said = by_header(tmp_path)
    said.write_text(said.read_text("utf-8").replace("sheet: 年金", 'sheet: "*"'), "utf-8")
    assert [row.number for row in read(path, said).made[0].printed] == ["1", "2"]


def test_the_report_names_a_column_of_marks_by_its_own_header(tmp_path: Path) -> None:
    """Where tables have other columns, too: with the letter that it has in each."""
    path = two_sheets(tmp_path / "a.xlsx", ["番号", "業務", "決定", "収納", "備考"], [2, "届", "×", "×", None])
    said = "\n".join(lines(read(path, by_header(tmp_path)), "ja"))
    assert "C「受付」 = mark · receive" in said
    assert "D・C「決定」 = mark · decide" in said
    assert "E・D「収納」 = mark · collect_cash" in said


# -- a day in a remark ---------------------------------------------------------------------------------------------------


def of_a_day(desk: Desk, act: str | None, on: str) -> tuple[str, str]:
    found = desk.decide(row="kokuho-1", channel="anywhere", act=act, on=on)
    return found.assignee.value, found.certainty.value


@pytest.mark.parametrize(
    ("remark", "day_before", "day"),
    [
        ("令和8年4月1日から市職員", "2026-03-31", "2026-04-01"),
        ("令和8年4月1日から、受付は直営", "2026-03-31", "2026-04-01"),
        ("R9.4〜直営", "2027-03-31", "2027-04-01"),
        ("令和９年３月まで受託者が行う", "2027-03-31", "2027-04-01"),
        ("令和8年度から委託を終了", "2026-03-31", "2026-04-01"),
    ],
)
def test_a_remark_that_takes_work_back_from_a_day_on_is_looked_at_on_that_day(
    tmp_path: Path, remark: str, day_before: str, day: str
) -> None:
    """Until then the mark holds; from then on a ruling is needed, the condition is shown on both days, and a record tells them apart."""
    report = read(book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", remark]), mapping(tmp_path, 3))
    desk = Desk.open(list=folder_of(tmp_path, report))
    assert of_a_day(desk, "receive", day_before) == ("contractor", "settled")
    assert of_a_day(desk, "receive", day) == ("city_staff", "needs_ruling")
    assert of_a_day(desk, "decide", day)[0] == "city_staff"
    for on in (day_before, day):
        found = desk.decide(row="kokuho-1", channel="anywhere", act="receive", on=on)
        assert [each.text for each in found.exceptions] == [remark]
    assert found.question is not None
    assert "のとおり変わりましたか" in found.question.text.ja


def test_a_day_of_another_act_leaves_this_one_as_it_is(tmp_path: Path) -> None:
    """収納 is taken back, and 受付 is not."""
    row = [1, "申請", "○", "×", "×", "収納は令和8年4月1日から受託者"]
    desk = Desk.open(list=folder_of(tmp_path, read(book(tmp_path / "a.xlsx", row), mapping(tmp_path, 3))))
    assert of_a_day(desk, "receive", "2026-04-01") == ("contractor", "settled")
    assert of_a_day(desk, "collect_cash", "2026-04-01") == (
        "city_staff",
        "settled",
    )  # it cannot be given away, whoever is named


def test_work_that_is_given_away_from_a_day_on_waits_from_that_day_on(tmp_path: Path) -> None:
    """× says the city, and the remark the contractor: the city's until somebody says so."""
    row = [1, "申請", "×", "×", "×", "受付は令和8年4月1日から受託者"]
    desk = Desk.open(list=folder_of(tmp_path, read(book(tmp_path / "a.xlsx", row), mapping(tmp_path, 3))))
    assert of_a_day(desk, "receive", "2026-03-31") == ("city_staff", "settled")
    assert of_a_day(desk, "receive", "2026-04-01") == ("city_staff", "needs_ruling")


def test_a_remark_is_kept_as_it_is_printed(tmp_path: Path) -> None:
    """What is shown as a condition is the remark, and no sign is put before it."""
    report = read(book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", "夜間は国保連が行う"]), mapping(tmp_path, 3))
    task = report.made[0].catalog.tasks[0]
    assert (task.remark, task.conditions) == ("夜間は国保連が行う", ["夜間は国保連が行う"])


@pytest.mark.parametrize(
    "remark", ["ただし、海外での出産の分の受付は市職員", "ただし、失業の特例による申請の受付及び収納は市職員"]
)
def test_an_exception_that_names_a_case_is_a_condition_and_not_a_contradiction(tmp_path: Path, remark: str) -> None:
    """The contractor does the other cases; the exception is shown."""
    report = read(book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", remark]), mapping(tmp_path, 3))
    folder = folder_of(tmp_path, report)
    assert answer(folder, "kokuho-1", "receive") == ("contractor", "settled")
    assert [each.text for each in Desk.open(list=folder).decide(row="kokuho-1", channel="anywhere").exceptions] == [
        remark
    ]


def test_a_legend_that_excepts_a_column_is_doubted_there(tmp_path: Path) -> None:
    """○ under 収納, explained by a sentence that speaks of the other columns alone."""
    sentence = "○：受託者が行う（収納の欄を除く。）"
    rows: list[list[Any]] = [["業務一覧"], HEAD, [1, "申請", "○", "×", "×", None], [], [f"{sentence}　×:市職員が行う"]]
    path = book_of(tmp_path / "a.xlsx", 一覧=rows)
    report = read(path, mapping(tmp_path, 3, old="legend: ○：受託者が行う", new=f"legend: {sentence}"))
    assert len(doubts(report)["column_excepted"]) == 1
