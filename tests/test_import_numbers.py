"""Numbers of rows as cities print them: each is asked for as printed, and two rows never have one id."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from assign import Desk
from assign.catalog.csv_file import is_number
from assign.errors import UnknownRow
from assign.intake import importing
from assign.intake.shifted import number_and_name
from assign.log.fields import is_item
from tests.import_lists import unproved

MAPPING = """
confirmed: true
title: {ja: 町の一覧, en: List}
edition: 一
cells: in_columns
parts: [{header: 1, rows: 2-}]
divisions: [{key: kokuho, label: {ja: 国保, en: NHI}}]
channels: [{key: anywhere, label: {ja: すべて, en: anywhere}, kind: other}]
columns: [{header: 番号, role: number}, {header: 業務, role: name}, {header: 担当, role: mark, marks: main}]
marks:
  main:
    - {mark: ○, means: consigned, because: {ja: 受託者が行う, en: The contractor does it}}
    - {mark: "", means: undefined}
"""


def desk_of(folder: Path, *numbers: str) -> Desk:
    """A list whose rows have these numbers, imported."""
    rows = "".join(f"{number},業務{at},○\n" for at, number in enumerate(numbers, 2))
    (folder / "list.csv").write_text("番号,業務,担当\n" + rows, "utf-8")
    (folder / "mapping.yaml").write_text(dedent(MAPPING), "utf-8")
    unproved(importing.report_on(folder / "list.csv", folder / "mapping.yaml"), folder / "list")
    return Desk.open(list=str(folder / "list"))


def lines(desk: Desk, item: str) -> list[int]:
    """The lines of the rows that are asked for by an item."""
    found = desk.decide(division="kokuho", item=item, channel="anywhere", on="2026-12-01")
    return [desk.catalog.by_id[row.id].line for row in found.rows]


PRINTED = ("1", "01", "9の2", "9の2の3", "1-001", "1-1-1", "1-3-ア", "ア", "(1)", "①", "A-1", "国-1", "22(3)")


def test_a_number_is_asked_for_as_it_is_printed(tmp_path: Path) -> None:
    """With the signs of a Japanese keyboard, too."""
    desk = desk_of(tmp_path, *PRINTED)
    assert [lines(desk, number) for number in PRINTED] == [[at] for at in range(2, 2 + len(PRINTED))]
    assert lines(desk, "（１）") == lines(desk, "(1)")
    assert lines(desk, "１－３－ア") == lines(desk, "1-3-ア")


def test_a_row_numbered_like_the_second_of_another_number_keeps_its_id(tmp_path: Path) -> None:
    """`1-1` is the number of the third row here, and no name of the first."""
    desk = desk_of(tmp_path, "1", "1", "1-1")
    assert [task.id for task in desk.catalog.tasks] == ["kokuho-1-L2", "kokuho-1-2", "kokuho-1-1"]
    assert (lines(desk, "1"), lines(desk, "1-1"), lines(desk, "1-2")) == ([2, 3], [4], [3])


@pytest.mark.parametrize("bent", ["24.0", "+24", "2.4E+01", "1-May", "2026-04-01", "No.1", "-1", "1-", "0", "()"])
def test_what_a_spreadsheet_makes_of_a_number_is_none(bent: str) -> None:
    """It is put before the name, and said."""
    assert not is_number(bent)


@pytest.mark.parametrize("number", PRINTED)
def test_a_record_holds_every_form_of_number(number: str) -> None:
    """Or no answer could be recorded."""
    assert is_number(number)
    assert is_item(number)


@pytest.mark.parametrize("personal", ["123456", "12-3456", "(1234)-56", "山田-1", "()", "-1", "1-"])
def test_a_record_holds_no_number_that_could_be_a_person_s(personal: str) -> None:
    """Six digits, and more than one letter, are none."""
    assert not is_item(personal)


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("②受付", ("②", "受付")), ("（1）受付", ("(1)", "受付")), ("3. 受付", ("3", "受付")), ("1-3-ア 返還", ("1-3-ア", "返還")),
        ("ア　還付", ("ア", "還付")), ("審 査", ("", "審 査")), ("A4 用紙の補充", ("", "A4 用紙の補充")), ("3.5倍の額", ("", "3.5倍の額")),
        ("65歳 到達", ("", "65歳 到達")), ("1、2号の届", ("", "1、2号の届")),
    ],
)  # fmt: skip
def test_a_cell_with_number_and_name_is_parted_only_where_the_number_is_plain(cell: str, read: tuple[str, str]) -> None:
    """A word that happens to begin with a digit is a name."""
    assert number_and_name(cell) == read


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        *((number, at) for at, number in enumerate(PRINTED, 2)),
        ("国保①", 11),
        ("国保 (1)", 10),
        ("（１）", 10),
        ("9-2", 4),
    ],
)
def test_a_number_as_it_is_printed_finds_its_row_first(tmp_path: Path, typed: str, line: int) -> None:
    """`search ①` found nothing: its letters are those of `1`."""
    desk = desk_of(tmp_path, *PRINTED)
    found = desk.search(typed)
    assert desk.catalog.by_id[found[0].id].line == line


@pytest.mark.parametrize(
    ("printed", "typed"), [("①", "1"), ("(1)", "1"), ("01", "1"), ("(ア)", "ア"), ("1-001", "1-1")]
)
def test_a_number_in_its_plain_form_finds_its_row_first(tmp_path: Path, printed: str, typed: str) -> None:
    """Nobody types ① at a counter."""
    desk = desk_of(tmp_path, "7", printed, "8")
    assert desk.catalog.by_id[desk.search(typed)[0].id].number == printed


def test_a_branch_that_the_list_does_not_print_is_not_its_first_row(tmp_path: Path) -> None:
    """Where Excel has made a day of 5-1, `5-1` may not be answered with row 5, which has other work."""
    desk = desk_of(tmp_path, "5", "5-2", "6", "6")
    with pytest.raises(UnknownRow):
        desk.decide(division="kokuho", item="5-1", channel="anywhere")
    assert desk.decide(division="kokuho", item="5-2", channel="anywhere").rows[0].number == "5-2"
    assert desk.decide(division="kokuho", item="6-2", channel="anywhere").rows[0].id == "kokuho-6-2"
