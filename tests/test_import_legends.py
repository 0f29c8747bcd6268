"""Tables of one list with their own columns and their own legends, and marks that point at another cell: each is read by its own table."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font, PatternFill

from assign import Desk
from assign.catalog.parts import NO_COLUMN
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.report import as_json, lines
from assign.register import open_questions
from tests.import_lists import unproved
from tests.test_import import book_of

HEAD: list[Any] = ["番号", "業務", "窓口", "郵送", "備考"]
FIRST = "○：受託者が行う　●：市職員が行う　空欄：市職員が行う"
SECOND = "この表では、○は市職員、●は受託者"
KOKUHO: list[list[Any]] = [["一覧"], HEAD, [1, "申請の受付", "○", "●", None], [2, "届の受付", None, "○", None], [FIRST]]
OTHER: list[list[Any]] = [
    ["一覧"],
    HEAD,
    [1, "証明の交付", "○", "●", None],
    [2, "納付の相談", None, "●", None],
    [SECOND],
]
MAIN = """\
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: ●, means: retained, legend: ●：市職員が行う}
    - {mark: "", means: retained, legend: 空欄：市職員が行う}
"""
OWN = (
    "marks: {main: [{mark: ○, means: retained, legend: ○は市職員}, {mark: ●, means: consigned, legend: ●は受託者},"
    ' {mark: "", means: undefined}]}'
)


def mapped(folder: Path, parts: str, *, marks: str = MAIN, divisions: str = "", remark: str = "") -> Path:
    """A mapping of lists whose channels have columns."""
    text = f"""\
confirmed: true
title: {{ja: 一覧, en: List}}
edition: 一
cells: in_columns
parts:
{parts}
divisions:
{
        divisions
        or '''  - {key: kokuho, label: {ja: 国保, en: NHI}, printed: 国保}
  - {key: zei, label: {ja: 税, en: Tax}, printed: 税}'''
    }
channels:
  - {{key: desk, label: {{ja: 窓口, en: counter}}, kind: counter}}
  - {{key: post, label: {{ja: 郵送, en: post}}, kind: mail}}
columns:
  - {{header: 番号, role: number}}
  - {{header: 業務, role: name}}
  - {{header: 窓口, role: mark, channel: desk, marks: main}}
  - {{header: 郵送, role: mark, channel: post, marks: main}}
  - {{header: 備考, role: remark{remark}}}
marks:
  main:
{marks}"""
    path = folder / "mapping.yaml"
    path.write_text(text, "utf-8")
    return path


def desk_of(folder: Path, book: Path, mapping: Path) -> Desk:
    """The list that it makes."""
    report = importing.report_on(book, mapping)
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    folder.mkdir(exist_ok=True)
    return Desk.open(list=unproved(report, folder / "list"), engine="table")


def said(desk: Desk, row: str, channel: str = "desk", act: str | None = None) -> tuple[str, str]:
    """Who, and how surely."""
    found = desk.decide(row=row, channel=channel, act=act, on="2026-04-01")
    return found.assignee.value, found.certainty.value


CITY, OPEN, CONTRACTOR = ("city_staff", "settled"), ("city_staff", "needs_ruling"), ("contractor", "settled")


def test_a_table_with_its_own_legend_is_read_by_it_and_the_others_by_theirs(tmp_path: Path) -> None:
    """○ and ● are swapped, and a blank is not defined."""
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO, 税=OTHER)
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-4"}}\n  - {{sheet: 税, header: "2", rows: "3-4", {OWN}}}'
    desk = desk_of(tmp_path, book, mapped(tmp_path, parts))
    assert [said(desk, "kokuho-1"), said(desk, "kokuho-1", "post"), said(desk, "kokuho-2")] == [CONTRACTOR, CITY, CITY]
    assert [said(desk, "zei-1"), said(desk, "zei-1", "post"), said(desk, "zei-2")] == [CITY, CONTRACTOR, OPEN]
    assert "○は市職員" in desk.decide(row="zei-1", channel="desk", on="2026-04-01").explain("ja", why=True)
    own = [line for line in desk.catalog.manifest.meanings if "division" in line.when]
    assert {line.when["division"] for line in own} == {"zei"}
    assert not any("row" in line.when for line in desk.catalog.manifest.meanings)


def test_a_table_that_shares_its_division_gives_its_legend_to_its_rows_alone(tmp_path: Path) -> None:
    """Two sheets of one division, the second with marks of its own."""
    second = [OTHER[0], OTHER[1], [11, "証明の交付", "○", "●", None], [12, "納付の相談", None, "●", None], OTHER[4]]
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO, 国保の二=second)
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-4"}}\n  - {{sheet: 国保の二, header: "2", rows: "3-4", {OWN}}}'
    one = "  - {key: kokuho, label: {ja: 国保, en: NHI}, printed: [国保, 国保の二]}"
    desk = desk_of(tmp_path, book, mapped(tmp_path, parts, divisions=one))
    assert [said(desk, "kokuho-1"), said(desk, "kokuho-1", "post"), said(desk, "kokuho-2")] == [CONTRACTOR, CITY, CITY]
    assert [said(desk, "kokuho-11"), said(desk, "kokuho-11", "post")] == [CITY, CONTRACTOR]
    assert said(desk, "kokuho-12") == OPEN


def test_the_report_says_which_table_a_mark_is_read_of(tmp_path: Path) -> None:
    """On the screen and as JSON."""
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO, 税=OTHER)
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-4"}}\n  - {{sheet: 税, header: "2", rows: "3-4", {OWN}}}'
    report = importing.report_on(book, mapped(tmp_path, parts))
    marks = {
        (*each["sheets"], each["column"], each["mark"]): each["means"]
        for each in as_json(report)["editions"][0]["marks"]
    }
    assert (marks["国保", "窓口", "○"], marks["税", "窓口", "○"]) == ("consigned", "retained")
    assert any("シート `税` の" in line for line in lines(report, "ja"))


def test_a_tables_own_mark_must_be_of_a_set_that_there_is(tmp_path: Path) -> None:
    """With the sets that there are."""
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO)
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-4", {OWN.replace("main", "mian")}}}'
    with pytest.raises(RuleFileError, match="main"):
        importing.report_on(book, mapped(tmp_path, parts))


POINTING: list[list[Any]] = [
    ["一覧"],
    HEAD,
    [1, "申請の受付", "○", None, "ただし、代理人は市職員"],
    [2, "届の受付", "〃", "●", "同上"],
    [3, "相談", "〃", None, None],
    ["【証明】"],
    [4, "証明の交付", "〃", "○", "同上"],
    ["○：受託者が行う　●：市職員が行う　〃：上の行と同じ　空欄：窓口と同じ　同上：上の行の備考と同じ"],
]
POINTS = """\
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: ●, means: retained, legend: ●：市職員が行う}
    - {mark: 〃, means: as_above, legend: 〃：上の行と同じ}
    - {mark: "", means: as_channel, channel: desk, legend: 空欄：窓口と同じ}
heading_rows: [{like: "【*】", level: section}]
"""
ABOVE = ", same_as_above: {mark: 同上, legend: 同上：上の行の備考と同じ}"
ONE = "  - {key: kokuho, label: {ja: 国保, en: NHI}}"
WHOLE = '  - {sheet: 一覧, header: "2", rows: "3-7"}'


def test_a_mark_that_points_at_the_row_above_is_that_rows_mark_and_says_what_is_printed(tmp_path: Path) -> None:
    """Also over two rows; below a heading it points nowhere, and waits."""
    book = book_of(tmp_path / "a.xlsx", 一覧=POINTING)
    desk = desk_of(tmp_path, book, mapped(tmp_path, WHOLE, marks=POINTS, divisions=ONE, remark=ABOVE))
    assert [said(desk, f"kokuho-{number}") for number in (1, 2, 3, 4)] == [CONTRACTOR, CONTRACTOR, CONTRACTOR, OPEN]
    assert "〃：上の行と同じ" in desk.decide(row="kokuho-2", channel="desk", on="2026-04-01").explain("ja", why=True)


def test_a_blank_that_points_at_another_channel_is_its_mark(tmp_path: Path) -> None:
    """Which may itself be that of the row above."""
    book = book_of(tmp_path / "a.xlsx", 一覧=POINTING)
    desk = desk_of(tmp_path, book, mapped(tmp_path, WHOLE, marks=POINTS, divisions=ONE, remark=ABOVE))
    assert [said(desk, f"kokuho-{number}", "post") for number in (1, 2, 3)] == [CONTRACTOR, CITY, CONTRACTOR]


def test_a_remark_that_points_above_has_that_rows_condition(tmp_path: Path) -> None:
    """Below a heading it has none, and is shown as it is printed."""
    book = book_of(tmp_path / "a.xlsx", 一覧=POINTING)
    mapping = mapped(tmp_path, WHOLE, marks=POINTS, divisions=ONE, remark=ABOVE)
    desk = desk_of(tmp_path, book, mapping)
    assert "代理人は市職員" in desk.decide(row="kokuho-2", channel="desk", on="2026-04-01").explain("ja")
    assert "代理人" not in desk.decide(row="kokuho-4", channel="desk", on="2026-04-01").explain("ja", why=True)
    codes = [note.code for note in importing.report_on(book, mapping).notes.of("doubtful")]
    assert codes.count("points_nowhere") == 2


def test_without_the_legends_word_nothing_is_borrowed_from_above(tmp_path: Path) -> None:
    """〃 is then a mark that nobody has explained."""
    book = book_of(tmp_path / "a.xlsx", 一覧=POINTING)
    marks = POINTS.replace("    - {mark: 〃, means: as_above, legend: 〃：上の行と同じ}\n", "")
    desk = desk_of(tmp_path, book, mapped(tmp_path, WHOLE, marks=marks, divisions=ONE))
    assert [said(desk, f"kokuho-{number}") for number in (1, 2)] == [CONTRACTOR, OPEN]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("channel: desk, legend", "legend", "channel"),
        ("means: as_above,", "means: as_above, channel: desk,", "channel"),
        ("channel: desk, legend", "channel: night, legend", "desk"),
        ("legend: 〃：上の行と同じ", "legend: ○：受託者が行う", "〃"),
    ],
)
def test_a_mark_that_points_says_where_and_by_which_sentence(tmp_path: Path, old: str, new: str, names: str) -> None:
    """Else the mapping is refused."""
    book = book_of(tmp_path / "a.xlsx", 一覧=POINTING)
    assert old in POINTS
    with pytest.raises(RuleFileError, match=names):
        importing.report_on(book, mapped(tmp_path, WHOLE, marks=POINTS.replace(old, new), divisions=ONE))


# -- columns of other tables -------------------------------------------------------------------------------------------

ACTS = """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts:
  - {sheet: 国保, header: "1", rows: "2-3"}
  - {sheet: 税, header: "1", rows: "2-3"}
  - {sheet: 一般, header: "1", rows: "2-3"}
divisions:
  - {key: kokuho, label: {ja: 国保, en: NHI}, printed: 国保}
  - {key: zei, label: {ja: 税, en: Tax}, printed: 税}
  - {key: ippan, label: {ja: 一般, en: General}, printed: 一般}
channels: [{key: anywhere, label: {ja: すべて, en: anywhere}, kind: other}]
columns:
  - {header: 業務, role: name}
  - {header: 受付, role: mark, act: receive, marks: main}
  - {header: 受取, role: mark, act: receive, marks: main}
  - {header: 入力, role: mark, act: data_entry, marks: main}
  - {header: 発送, role: mark, act: mail, marks: main}
  - {header: 入力・送付, role: mark, act: [data_entry, mail], marks: main}
  - {header: 担当, role: mark, marks: main}
marks:
  main:
    - {mark: 委, means: consigned, legend: 委：受託者}
    - {mark: 市, means: retained, legend: 市：市職員}
    - {mark: "", means: undefined}
"""
SHEETS: dict[str, list[list[Any]]] = {
    "国保": [["業務", "受付", "入力", "発送"], ["加入", "委", "市", "委"], ["喪失", "委", "委", "市"]],
    "税": [["業務", "受取", "入力・送付"], ["申告", "市", "委"], ["相談", "委", None]],
    "一般": [["業務", "担当"], ["案内", "委"], ["支給決定", "委"]],
    "凡例": [["委：受託者　市：市職員"]],
}


def acts_of(folder: Path, text: str = ACTS) -> tuple[Path, Path]:
    """The workbook of three tables, and its mapping."""
    path = folder / "mapping.yaml"
    path.write_text(text, "utf-8")
    return book_of(folder / "a.xlsx", **SHEETS), path


def test_tables_may_have_other_columns_for_one_act(tmp_path: Path) -> None:
    """受付 in one, 受取 in another; 入力 and 発送 apart in one, together in another."""
    desk = desk_of(tmp_path, *acts_of(tmp_path))
    rows = {task.name: task.id for task in desk.catalog.tasks}
    asked = {
        name: [said(desk, rows[name], "anywhere", act) for act in ("receive", "data_entry", "mail")]
        for name in ("加入", "喪失", "申告", "相談")
    }
    assert asked == {
        "加入": [CONTRACTOR, CITY, CONTRACTOR],
        "喪失": [CONTRACTOR, CONTRACTOR, CITY],
        "申告": [CITY, CONTRACTOR, CONTRACTOR],
        "相談": [CONTRACTOR, OPEN, OPEN],
    }
    assert said(desk, rows["申告"], "anywhere", "入力・送付") == CONTRACTOR
    assert said(desk, rows["申告"], "anywhere", "受取") == CITY


def test_a_table_without_columns_of_acts_is_answered_by_its_own_column(tmp_path: Path) -> None:
    """Its rows are not asked for the acts of other tables, and one that is a decision itself is given to nobody."""
    desk = desk_of(tmp_path, *acts_of(tmp_path))
    rows = {task.name: task.id for task in desk.catalog.tasks}
    assert said(desk, rows["案内"], "anywhere") == CONTRACTOR
    assert said(desk, rows["支給決定"], "anywhere") == OPEN
    assert said(desk, rows["加入"], "anywhere") == ("split", "settled")


def test_a_column_that_a_table_has_another_for_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """Only what nothing in the table stands for."""
    report = importing.report_on(*acts_of(tmp_path))
    lacking = [note.text["ja"] for note in report.notes.of("doubtful") if note.code == "no_column"]
    assert len(lacking) == 3
    assert not any(name in lacking[1] for name in ("受付", "入力", "発送"))


def test_one_act_has_one_column_in_a_table(tmp_path: Path) -> None:
    """Else two cells would answer for it."""
    old, new = (
        "{header: 入力・送付, role: mark, act: [data_entry, mail]",
        "{header: 入力・送付, role: mark, act: receive",
    )
    assert old in ACTS
    with pytest.raises(RuleFileError, match="receive"):
        importing.report_on(*acts_of(tmp_path, ACTS.replace(old, new)))


# -- a legend of a table's own ------------------------------------------------------------------------------------------

ONLY = 'marks: {main: [{mark: ●, means: consigned, legend: ●は受託者}, {mark: "", means: undefined}]}'


def test_a_tables_own_legend_is_the_whole_of_it_unless_it_says_that_others_hold(tmp_path: Path) -> None:
    """○ is not among its marks: it means nothing there, and the report says how to keep what it means in the list."""
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO, 税=OTHER)
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-4"}}\n  - {{sheet: 税, header: "2", rows: "3-4", {ONLY}'
    mapping = mapped(tmp_path, parts + "}")
    doubts = [note.text["ja"] for note in importing.report_on(book, mapping).notes.of("doubtful")]
    assert any("other_marks: as_elsewhere" in text for text in doubts)
    assert said(desk_of(tmp_path, book, mapping), "zei-1") == OPEN
    mapping = mapped(tmp_path, parts + ", other_marks: as_elsewhere}")
    assert said(desk_of(tmp_path / "kept", book, mapping), "zei-1") == CONTRACTOR


def test_a_tables_own_legend_says_what_a_blank_is(tmp_path: Path) -> None:
    """As every set of marks."""
    book = book_of(tmp_path / "a.xlsx", 国保=KOKUHO)
    own = "marks: {main: [{mark: ●, means: consigned, legend: ●：市職員が行う}]}"
    with pytest.raises(RuleFileError, match=r"空欄|blank"):
        importing.report_on(book, mapped(tmp_path, f'  - {{sheet: 国保, header: "2", rows: "3-4", {own}}}'))


def test_colours_can_mean_something_in_one_table_alone(tmp_path: Path) -> None:
    """Yellow is the city's in the second."""
    book = load_workbook(book_of(tmp_path / "a.xlsx", 国保=KOKUHO, 税=[*KOKUHO[:4], [FIRST + "　黄色：市職員が行う"]]))
    for name in ("国保", "税"):
        book[name]["C3"].fill = PatternFill("solid", fgColor="FFFFFF00")
    book.save(tmp_path / "a.xlsx")
    yellow = "colours: [{look: FFFF00, means: retained, legend: 黄色：市職員が行う}]"
    parts = f'  - {{sheet: 国保, header: "2", rows: "3-4"}}\n  - {{sheet: 税, header: "2", rows: "3-4", {yellow}}}'
    desk = desk_of(tmp_path, tmp_path / "a.xlsx", mapped(tmp_path, parts, marks=MAIN + "colours: no_meaning\n"))
    assert [said(desk, "kokuho-1"), said(desk, "zei-1")] == [CONTRACTOR, CITY]


# -- struck through ----------------------------------------------------------------------------------------------------


def struck(*parts: tuple[str, bool]) -> CellRichText:
    """A text of which some parts have a line through them."""
    return CellRichText(*(TextBlock(InlineFont(strike=line), text) for text, line in parts))


def test_what_is_struck_through_is_not_there_where_the_legend_says_so(tmp_path: Path) -> None:
    """A mark beside its struck forerunner, a mark that is struck alone, and a row whose name is."""
    path = tmp_path / "a.xlsx"
    rows: list[list[Any]] = [
        ["一覧"],
        HEAD,
        [1, "受付", "○", "●", None],
        [2, "届", "○", "○", None],
        [3, "廃止", "○", "○", None],
    ]
    book = load_workbook(book_of(path, 一覧=[*rows, [FIRST + "　取消線：改正で消えた"]]))
    sheet = book["一覧"]
    sheet["C3"] = struck(("○", True), ("●", False))
    sheet["D3"] = struck(("●", True), ("○", False))
    sheet["C4"].font = Font(strike=True)
    sheet["B5"].font = Font(strike=True)
    book.save(path)
    parts = '  - {sheet: 一覧, header: "2", rows: "3-5"}'
    deleted = "colours: [{look: strike, means: deleted, legend: 取消線：改正で消えた}]\n"
    mapping = mapped(tmp_path, parts, marks=MAIN + deleted, divisions=ONE)
    report = importing.report_on(path, mapping)
    assert [note.code for note in report.notes.of("repaired")].count("struck") == 3
    assert "struck_row" in [note.code for note in report.notes.of("doubtful")]
    desk = desk_of(tmp_path, path, mapping)
    assert [task.name for task in desk.catalog.tasks] == ["受付", "届"]
    assert [said(desk, "kokuho-1"), said(desk, "kokuho-1", "post"), said(desk, "kokuho-2")] == [CITY, CONTRACTOR, CITY]
    without = mapped(tmp_path, parts, divisions=ONE)
    assert said(desk_of(tmp_path / "plain", path, without), "kokuho-1", "post") == OPEN


# -- days --------------------------------------------------------------------------------------------------------------


def one_sheet(folder: Path, *rows: list[Any], legend: str = FIRST, marks: str = MAIN) -> Desk:
    """A list of one division."""
    book = book_of(folder / "a.xlsx", 一覧=[["一覧"], HEAD, *rows, [legend]])
    parts = f'  - {{sheet: 一覧, header: "2", rows: "3-{len(rows) + 2}"}}'
    return desk_of(folder, book, mapped(folder, parts, marks=marks, divisions=ONE))


@pytest.mark.parametrize(
    "remark",
    [
        "郵送は、令和8年10月1日から●とする。",
        "令和8年10月1日から○を●とする",
        "令和8年10月1日から、受付は●",
        "R8.10.1から●",
    ],
)
def test_a_remark_that_changes_the_mark_from_a_day_on_leaves_it_open_from_then(tmp_path: Path, remark: str) -> None:
    """In the list's own marks as in words."""
    desk = one_sheet(tmp_path, [1, "申請の受付", "○", "○", remark])
    for on, wanted in (("2026-09-30", CONTRACTOR), ("2026-10-01", OPEN)):
        found = desk.decide(row="kokuho-1", channel="post", on=on)
        assert (found.assignee.value, found.certainty.value) == wanted


def test_a_remark_about_one_channel_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    """It names it."""
    desk = one_sheet(tmp_path, [1, "申請の受付", "○", "○", "郵送は、令和8年10月1日から●とする。"])
    assert desk.decide(row="kokuho-1", channel="desk", on="2026-10-01").certainty.value == "settled"


def test_a_legend_that_changes_a_mark_from_a_day_on_leaves_it_open_from_then(tmp_path: Path) -> None:
    """Of the cells that have that mark, and of no other."""
    legend = FIRST + "　▲：受託者（令和8年10月1日から市職員）"
    marks = MAIN + "    - {mark: ▲, means: consigned, legend: ▲：受託者（令和8年10月1日から市職員）}\n"
    desk = one_sheet(tmp_path, [1, "申請の受付", "▲", "○", None], legend=legend, marks=marks)
    asked = {
        (channel, on): desk.decide(row="kokuho-1", channel=channel, on=on).certainty.value
        for channel in ("desk", "post")
        for on in ("2026-09-30", "2026-10-01")
    }
    waits = [place for place, certainty in asked.items() if certainty == "needs_ruling"]
    assert waits == [("desk", "2026-10-01")]


# -- other things that a table says ------------------------------------------------------------------------------------


def test_a_footnote_of_one_cell_is_a_condition_of_that_channel_alone(tmp_path: Path) -> None:
    """Beside the sign at a name, which is one of all."""
    marks = MAIN + "footnotes: [{sign: ※1, text: ※1 外国籍の人を除く。}, {sign: ※2, text: ※2 法人を除く。}]\n"
    desk = one_sheet(
        tmp_path,
        [1, "申請の受付※2", "○※1", "○", None],
        ["※1 外国籍の人を除く。"],
        ["※2 法人を除く。"],
        marks=marks.replace("footnotes", 'skip: ["※*"]\nfootnotes'),
    )
    texts = {channel: desk.decide(row="kokuho-1", channel=channel).explain("ja") for channel in ("desk", "post")}
    assert ["外国籍" in text for text in texts.values()] == [True, False]
    assert all("法人を除く" in text for text in texts.values())


def test_work_that_is_the_citys_until_it_is_divided_is_divided_by_its_remark(tmp_path: Path) -> None:
    """△：備考による。備考にないものは市職員."""
    legend = FIRST + "　△：分担は備考による。備考にないものは、照会の回答まで市職員"
    marks = MAIN + (
        "    - {mark: △, means: undefined, legend: △：分担は備考による。備考にないものは、照会の回答まで市職員}\n"
        "parties: {divided_by_remark: true, names: {contractor: [受託者], city: [市職員]}}\n"
    )
    rows = ([1, "申請の受付", "△", "●", "△は、受領が受託者、照合が市職員"], [2, "届の受付", "△", "●", None])
    desk = one_sheet(tmp_path, *rows, legend=legend, marks=marks)
    assert [said(desk, "kokuho-1"), said(desk, "kokuho-2")] == [("split", "settled"), OPEN]


def with_a_telephone(folder: Path) -> tuple[Path, Path]:
    """A list of a row whose counter is the contractor's and whose telephone is the city's, and its mapping."""
    book = book_of(
        folder / "a.xlsx",
        一覧=[["一覧"], ["番号", "業務", "窓口", "電話", "備考"], [1, "受付", "○", "●", None], [FIRST]],
    )
    mapping = mapped(folder, '  - {sheet: 一覧, header: "2", rows: "3-3"}', divisions=ONE)
    text = (
        mapping.read_text("utf-8")
        .replace("郵送", "電話")
        .replace("kind: mail", "kind: phone")
        .replace("en: post", "en: telephone")
    )
    mapping.write_text(text, "utf-8")
    return book, mapping


def test_what_is_done_on_the_telephone_is_answered_by_the_telephones_column(tmp_path: Path) -> None:
    """Whichever channel it is asked on."""
    book, mapping = with_a_telephone(tmp_path)
    desk = desk_of(tmp_path, book, mapping)
    assert [said(desk, "kokuho-1", channel, "phone") for channel in ("desk", "post")] == [CITY, CITY]
    assert said(desk, "kokuho-1", "desk") == CONTRACTOR


def test_a_heading_names_the_act_that_it_is_in_the_rows_own_table(tmp_path: Path) -> None:
    """審査 is an examination in one table, and a look at the papers in another."""
    text = ACTS.replace(
        "{header: 発送, role: mark, act: mail", "{header: 国保の審査/審査, role: mark, act: substantive"
    ).replace(
        "{header: 入力・送付, role: mark, act: [data_entry, mail]",
        "{header: 税の審査/審査, role: mark, act: form_check",
    )
    text = text.replace('header: "1", rows: "2-3"', 'header: "1-2", rows: "3-4"')
    book = load_workbook(acts_of(tmp_path, text)[0])
    for name, column in (("国保", 4), ("税", 3), ("一般", 0)):
        sheet = book[name]
        sheet.insert_rows(1)
        for at in range(1, sheet.max_column + 1):
            sheet.cell(1, at).value = sheet.cell(2, at).value
            if at == column:
                sheet.cell(1, at).value, sheet.cell(2, at).value = f"{name}の審査", "審査"
            else:
                sheet.merge_cells(start_row=1, end_row=2, start_column=at, end_column=at)
    book.save(tmp_path / "a.xlsx")
    desk = desk_of(tmp_path, tmp_path / "a.xlsx", tmp_path / "mapping.yaml")
    rows = {task.name: task.id for task in desk.catalog.tasks}
    acts = [
        desk.decide(row=rows[name], channel="anywhere", act="審査", on="2026-04-01").act for name in ("加入", "申告")
    ]
    assert [act and act.key for act in acts] == ["substantive", "form_check"]


def test_all_that_a_table_has_no_columns_for_is_one_question(tmp_path: Path) -> None:
    """Of each division one, whatever channels the other tables have; and the telephone is asked about where it is."""
    heads = (["番号", "業務", "窓口", "備考"], ["番号", "業務", "郵送", "備考"])
    book = book_of(
        tmp_path / "a.xlsx", 国保=[heads[0], [1, "受付", "○", None], [FIRST]], 税=[heads[1], [1, "受付", "○", None]]
    )
    parts = '  - {sheet: 国保, header: "1", rows: "2-2"}\n  - {sheet: 税, header: "1", rows: "2-2"}'
    desk = desk_of(tmp_path, book, mapped(tmp_path, parts))
    questions = [each for each in open_questions(desk, date(2026, 4, 1)) if each.line is NO_COLUMN]
    assert sorted((each.rows[0], each.channels[0]) for each in questions) == [("kokuho-1", "post"), ("zei-1", "desk")]
