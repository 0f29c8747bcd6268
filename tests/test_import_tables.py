"""Several tables of one mapping, and remarks that speak against a mark: nothing is taken from a column or a party that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assign.errors import RuleFileError
from assign.intake import importing
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
