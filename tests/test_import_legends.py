"""Tables of one list with their own columns and their own legends, and marks that point at another cell: each is read by its own table."""

from __future__ import annotations

from pathlib import Path

import pytest

from assign import Desk
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.report import as_json, lines
from tests.import_lists import unproved
from tests.test_import import book_of

HEAD = ["番号", "業務", "窓口", "郵送", "備考"]
FIRST = "○：受託者が行う　●：市職員が行う　空欄：市職員が行う"
SECOND = "この表では、○は市職員、●は受託者"
KOKUHO = [["一覧"], HEAD, [1, "申請の受付", "○", "●", None], [2, "届の受付", None, "○", None], [FIRST]]
OTHER = [["一覧"], HEAD, [1, "証明の交付", "○", "●", None], [2, "納付の相談", None, "●", None], [SECOND]]
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


POINTING = [
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
SHEETS = {
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


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        (
            "{header: 入力・送付, role: mark, act: [data_entry, mail]",
            "{header: 入力・送付, role: mark, act: receive",
            "receive",
        ),
        (
            "{header: 受取, role: mark, act: receive, marks: main}",
            "{header: 受取, role: mark, act: receive, marks: other}",
            "marks",
        ),
    ],
)
def test_one_act_has_one_column_in_a_table_and_one_reading_in_all(
    tmp_path: Path, old: str, new: str, names: str
) -> None:
    """Else two cells would answer for it."""
    assert old in ACTS
    other = '  other:\n    - {mark: 委, means: retained, because: {ja: 市の読み方, en: as the city reads it}}\n    - {mark: "", means: undefined}\n'
    with pytest.raises(RuleFileError, match=names):
        importing.report_on(*acts_of(tmp_path, ACTS.replace(old, new) + other))
