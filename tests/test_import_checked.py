"""A mapping is held against the file: each sentence is about its mark and its list, and nothing that was left out is left out in silence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font

from assign import Desk
from assign.catalog.loader import load
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.report import Report, as_json, lines
from tests.import_lists import unproved
from tests.test_import import book_of

HEAD = ["番号", "業務", "受付", "決定", "収納", "備考"]
LEGEND = "○：受託者が行う　×:市職員が行う　△：一部を受託者が行う"
PAPER = "収納は指定公金事務取扱者の指定（告示第45号）による"
MARKS = """\
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: ×, means: retained, legend: "×:市職員が行う"}
    - {mark: "", means: undefined}
"""


def book(path: Path, *rows: list[Any], notes: tuple[str, ...] = (), title: str = "業務一覧") -> Path:
    """A list of acts as columns, with its legend below."""
    return book_of(path, 一覧=[[title], HEAD, *rows, [], [LEGEND], *([note] for note in notes)])


def mapping(
    folder: Path, last: int, more: str = "", marks: str = MARKS, *, old: str = "", new: str = "", whole: str = ""
) -> Path:
    """Its mapping."""
    text = f"""\
confirmed: true
title: {{ja: 一覧, en: List}}
{whole or f'edition: 一{chr(10)}parts: [{{sheet: 一覧, header: "2", rows: "3-{last}"}}]'}
cells: in_columns
divisions: [{{key: kokuho, label: {{ja: 国保, en: NHI}}}}]
channels: [{{key: anywhere, label: {{ja: すべて, en: anywhere}}, kind: other}}]
columns:
  - {{column: A, header: 番号, role: number}}
  - {{column: B, header: 業務, role: name}}
  - {{column: C, header: 受付, role: mark, act: receive, marks: main}}
  - {{column: D, header: 決定, role: mark, act: decide, marks: main}}
  - {{column: E, header: 収納, role: mark, act: collect_cash, marks: main}}
  - {{column: F, header: 備考, role: remark}}
marks:
  main:
{marks}{more}"""
    assert old in text
    path = folder / "mapping.yaml"
    path.write_text(text.replace(old, new) if old else text, "utf-8")
    return path


def read(path: Path, said: Path) -> Report:
    """A report without anything refused."""
    report = importing.report_on(path, said)
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    return report


def folder_of(tmp_path: Path, report: Report) -> Path:
    """The folder that it makes."""
    return unproved(report, tmp_path / "list")


def doubts(report: Report) -> dict[str, list[str]]:
    """The codes of what is doubtful, with where."""
    found: dict[str, list[str]] = {}
    for note in report.notes.of("doubtful"):
        found.setdefault(note.code, []).append(note.place["en"].rpartition(", ")[2])
    return found


def answer(folder: Path, row: str, act: str) -> tuple[str, str]:
    said = Desk.open(list=folder, engine="table").decide(row=row, channel="anywhere", act=act, on="2026-04-01")
    return said.assignee, said.certainty


def designation(text: str) -> str:
    return f"designations:\n  - {{act: collect_cash, text: {text}}}\n"


# -- designations ------------------------------------------------------------------------------------------------------


def test_a_designation_in_a_rows_remark_opens_that_row_alone(tmp_path: Path) -> None:
    """The next row gives the money away as well, and waits."""
    path = book(tmp_path / "a.xlsx", [1, "窓口納付", "○", "×", "○", PAPER], [2, "手数料", "○", "×", "○", None])
    report = read(path, mapping(tmp_path, 4, designation(PAPER)))
    said = as_json(report)["editions"][0]
    assert [each["row"] for each in said["designated"]] == ["kokuho-1"]
    assert [each["row"] for each in said["not_designated"]] == ["kokuho-2"]
    folder = folder_of(tmp_path, report)
    assert answer(folder, "kokuho-1", "collect_cash") == ("contractor", "settled")
    assert answer(folder, "kokuho-2", "collect_cash") == ("city_staff", "needs_ruling")
    assert load(folder).manifest.designation("collect_cash", "kokuho-2") is None


def test_a_designation_below_the_table_is_about_the_list(tmp_path: Path) -> None:
    """So is one in its title; a footnote opens the rows that have its sign."""
    rows = [1, "窓口納付", "○", "×", "○", None], [2, "手数料", "○", "×", "○", "※2"]
    path = book(tmp_path / "a.xlsx", *rows, notes=(f"※2 {PAPER}",))
    said = as_json(
        read(path, mapping(tmp_path, 4, f"{designation(PAPER)}footnotes:\n  - {{sign: ※2, text: ※2 {PAPER}}}\n"))
    )
    assert [each["row"] for each in said["editions"][0]["designated"]] == ["kokuho-2"]
    path = book(tmp_path / "b.xlsx", *rows, notes=(PAPER,))
    said = as_json(read(path, mapping(tmp_path, 4, designation(PAPER))))
    assert [each["row"] for each in said["editions"][0]["designated"]] == ["kokuho-1", "kokuho-2"]
    path = book(tmp_path / "c.xlsx", *rows, notes=(f"窓口納付の{PAPER}",))
    report = read(path, mapping(tmp_path, 4, designation(PAPER)))
    assert [each["row"] for each in as_json(report)["editions"][0]["designated"]] == ["kokuho-1"]
    assert "designation_of_some" in doubts(report)


@pytest.mark.parametrize(
    ("remark", "text", "says"),
    [
        (PAPER, "収納", "does not say that anybody is designated"),
        ("指定公金事務取扱者の指定は行わない", "指定公金事務取扱者の指定は行わない", "does not say that there is a designation"),
        ("指定公金事務取扱者の指定は行わない", "指定公金事務取扱者の指定", "does not say that there is a designation"),
        ("指定公金事務取扱者の指定を受ける予定", "指定公金事務取扱者の指定を受ける", "does not say that there is a designation"),
    ],
)  # fmt: skip
def test_what_designates_nobody_is_refused(tmp_path: Path, remark: str, text: str, says: str) -> None:
    """A word of a header, a sentence that denies it, the half of one that does."""
    path = book(tmp_path / "a.xlsx", [1, "窓口納付", "○", "×", "○", remark])
    with pytest.raises(RuleFileError, match=says):
        importing.report_on(path, mapping(tmp_path, 3, designation(text)))


def test_a_designation_from_a_later_day_opens_nothing_before_it(tmp_path: Path) -> None:
    """A day before the list begins to hold is no condition."""
    text = "令和8年10月1日から指定公金事務取扱者に指定する"
    path = book(tmp_path / "a.xlsx", [1, "窓口納付", "○", "×", "○", text])
    report = read(
        path, mapping(tmp_path, 3, designation(text), old="edition: 一", new="edition: 一\neffective: 2026-04-01")
    )
    assert "designation_put_off" in doubts(report)
    assert as_json(report)["editions"][0]["designated"] == []
    report = read(
        path, mapping(tmp_path, 3, designation(text), old="edition: 一", new="edition: 一\neffective: 2027-04-01")
    )
    assert [each["row"] for each in as_json(report)["editions"][0]["designated"]] == ["kokuho-1"]


# -- legends -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "marks",
    [
        "    - {mark: ×, means: consigned, legend: ○：受託者が行う}\n",
        "    - {mark: 〇, means: consigned, legend: ○：受託者が行う}\n",
        '    - {mark: ✕, means: retained, legend: "×:市職員が行う"}\n',
        "    - {mark: 行う, means: retained, legend: ○：受託者が行う}\n",
    ],
)
def test_a_sentence_is_about_the_very_mark(tmp_path: Path, marks: str) -> None:
    """Whatever looks like it is another mark; `because` says how the city reads it."""
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "×", None])
    blank = '    - {mark: "", means: undefined}\n'
    with pytest.raises(RuleFileError, match="is not about the mark"):
        importing.report_on(path, mapping(tmp_path, 3, marks=marks + blank))
    because = re.sub(r"legend: [^}]*}", "because: {ja: 市の読み方, en: our reading}}", marks)
    said = "\n".join(lines(read(path, mapping(tmp_path, 3, marks=because + blank)), "ja"))
    assert ("← 市の判断: 市の読み方" in said) is ("{mark: ×" in marks)  # the one that stands in the file


def test_the_blank_cell_is_named_in_words(tmp_path: Path) -> None:
    path = book_of(
        tmp_path / "a.xlsx",
        一覧=[["業務一覧"], HEAD, [1, "届出", "○", None, "×", None], [LEGEND], ["空欄：市職員が行う"]],
    )
    good = MARKS.replace("means: undefined", "means: retained, legend: 空欄：市職員が行う")
    read(path, mapping(tmp_path, 3, marks=good))
    bad = MARKS.replace("means: undefined", 'means: retained, legend: "×:市職員が行う"')
    with pytest.raises(RuleFileError, match="is not about the mark"):
        importing.report_on(path, mapping(tmp_path, 3, marks=bad))


def test_a_sentence_that_says_the_other_party_is_doubtful(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "×", None])
    report = read(path, mapping(tmp_path, 3, old="×, means: retained", new="×, means: consigned"))
    assert "disagrees" in doubts(report)
    assert "disagrees" not in doubts(read(path, mapping(tmp_path, 3)))


def test_one_lists_legend_says_nothing_of_the_others_marks(tmp_path: Path) -> None:
    """There the mark is undefined, and the report says so; what that list says goes into its own `marks`."""
    rows = [[1, "届出", "◎", "×", "×", None]]
    path = book_of(
        tmp_path / "a.xlsx",
        前=[["業務一覧"], HEAD, *rows, [LEGEND]],
        後=[["業務一覧"], HEAD, *rows, [f"{LEGEND}　◎：受託者が行う"]],
    )
    both = """editions:
  - {folder: before, edition: 前, effective: 2026-04-01, parts: [{sheet: 前, header: "2", rows: "3"}]MORE}
  - {folder: after, edition: 後, effective: 2027-04-01, parts: [{sheet: 後, header: "2", rows: "3"}]}"""
    marks = f"    - {{mark: ◎, means: consigned, legend: ◎：受託者が行う}}\n{MARKS}"
    report = read(path, mapping(tmp_path, 3, marks=marks, whole=both.replace("MORE", "")))
    assert "other_list" in doubts(report)
    folder = folder_of(tmp_path, report)
    assert answer(folder / "before", "kokuho-1", "receive") == ("city_staff", "needs_ruling")
    assert answer(folder / "after", "kokuho-1", "receive") == ("contractor", "settled")
    own = ", marks: {main: [{mark: ◎, means: retained, because: {ja: 協議中のため市, en: the city until agreed}}]}"
    report = read(path, mapping(tmp_path, 3, marks=marks, whole=both.replace("MORE", own)))
    assert "other_list" not in doubts(report)
    importing.write(report, str(tmp_path / "own"))
    assert answer(tmp_path / "own" / "before", "kokuho-1", "receive") == ("city_staff", "settled")


@pytest.mark.parametrize("own", [True, False])
def test_of_two_tables_in_one_text_each_has_the_legend_below_it(tmp_path: Path, *, own: bool) -> None:
    """Where the second has none, the first one's may be that of both: it is read, and is doubtful."""
    tables = [
        "番号,業務,受付,決定,収納,備考\n1,届出,◎,×,×,\n",
        "◎：受託者が行う\n○：受託者が行う\n×:市職員が行う\n",
        "×:市職員が行う\n" if own else "",
    ]
    (tmp_path / "a.csv").write_text(tables[0] + tables[1] + tables[0] + tables[2], "utf-8")
    both = """editions:
  - {folder: before, edition: 前, effective: 2026-04-01, parts: [{header: 1, rows: "2"}]}
  - {folder: after, edition: 後, effective: 2027-04-01, parts: [{header: 6, rows: "7"}]}"""
    marks = f"    - {{mark: ◎, means: consigned, legend: ◎：受託者が行う}}\n{MARKS}"
    report = read(tmp_path / "a.csv", mapping(tmp_path, 3, marks=marks, whole=both))
    assert "other_list" in doubts(report)
    folder = folder_of(tmp_path, report)
    assert answer(folder / "before", "kokuho-1", "receive") == ("contractor", "settled")
    assert answer(folder / "after", "kokuho-1", "receive") == (
        ("city_staff", "needs_ruling") if own else ("contractor", "settled")
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [("※1 特になし", "the document does not say this"), ("※2 障害のある者を除く。", "is not the footnote of the sign")],
)
def test_a_footnote_is_the_files_own_sentence_of_its_sign(tmp_path: Path, text: str, says: str) -> None:
    path = book(
        tmp_path / "a.xlsx",
        [1, "届出", "○※1", "×", "×", None],
        notes=("※1 ただし、外国籍の者を除く。", "※2 障害のある者を除く。"),
    )
    with pytest.raises(RuleFileError, match=says):
        importing.report_on(path, mapping(tmp_path, 3, f"footnotes:\n  - {{sign: ※1, text: {text}}}\n"))


def test_a_mark_with_a_known_footnote_is_that_mark_in_the_report_and_the_answer(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "届出", "○※1", "×", "×", None], notes=("※1 ただし、外国籍の者を除く。",))
    report = read(path, mapping(tmp_path, 3, "footnotes:\n  - {sign: ※1, text: ※1 ただし、外国籍の者を除く。}\n"))
    (mark,) = [each for each in as_json(report)["editions"][0]["marks"] if each["mark"] == "○※1"]
    assert mark["means"] == "consigned"
    assert answer(folder_of(tmp_path, report), "kokuho-1", "receive") == ("contractor", "settled")


# -- what is left out --------------------------------------------------------------------------------------------------


def test_a_column_that_is_not_used_is_listed_and_doubtful_where_it_holds_a_condition(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "○", "ただし、外国籍の者を除く。"])
    report = read(path, mapping(tmp_path, 3, old="role: remark", new="role: ignored"))
    assert doubts(report)["unused_column"] == ["`一覧`!F3"]
    assert any("使わない列: F「備考」" in line for line in lines(report, "ja"))
    report = read(path, mapping(tmp_path, 3, old="role: mark, act: collect_cash, marks: main", new="role: ignored"))
    assert doubts(report)["unused_column"] == ["`一覧`!E3"]


def test_lines_and_sheets_that_look_like_rows_are_doubtful_where_they_are_not_read(tmp_path: Path) -> None:
    """A legend and a total do not look like one."""
    path = book_of(
        tmp_path / "a.xlsx",
        一覧=[
            ["業務一覧"],
            HEAD,
            [1, "届出", "○", "×", "×", None],
            [2, "証の交付", "○", "×", "×", None],
            ["", "合計", 2],
            [LEGEND],
        ],
        別=[["別表"], [3, "相談", "○", "×"], [4, "案内", "○", "×"]],
        凡例=[["○", "受託者"], ["×", "市"]],
    )
    report = read(path, mapping(tmp_path, 3))
    assert {code: places for code, places in doubts(report).items() if code.endswith("_left")} == {
        "row_left": ["`一覧`!A4"],
        "sheet_left": ["`別`!A2"],
    }


def test_what_is_hidden_struck_out_or_commented_on_is_named_with_its_cell(tmp_path: Path) -> None:
    """What is struck out is never settled with the contractor; a condition in a comment is shown with the answer."""
    path = book(
        tmp_path / "a.xlsx",
        [1, "届出", "○", "×", "×", None],
        [2, "証の交付", "○", "×", "×", None],
        [3, "証の送付", "○", "×", "×", None],
        [4, "証の印刷", "○", "×", "×", None],
    )
    made = load_workbook(path)
    sheet: Any = made["一覧"]
    sheet["C3"].comment = Comment("ただし、外国籍の者を除く。", "係")
    sheet["B4"].font = Font(strike=True)
    sheet["C5"].font = Font(strike=True)
    sheet.row_dimensions[6].hidden = True
    made.save(path)
    report = read(path, mapping(tmp_path, 6))
    found = doubts(report)
    assert found["comment"] == ["`一覧`!C3"]
    assert found["struck"] == ["`一覧`!B4", "`一覧`!C5"]
    assert found["hidden"] == ["`一覧`!6"]
    folder = folder_of(tmp_path, report)
    rows = ("kokuho-1", "kokuho-2", "kokuho-3", "kokuho-4")
    assert [answer(folder, row, "receive")[0] for row in rows] == [
        "contractor",
        "city_staff",
        "city_staff",
        "contractor",
    ]
    assert load(folder).by_id["kokuho-1"].conditions == ["※C3 のコメント: ただし、外国籍の者を除く。"]


# -- columns -----------------------------------------------------------------------------------------------------------


def test_each_column_is_shown_with_the_files_header_and_its_act(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "×", None])
    said = "\n".join(lines(read(path, mapping(tmp_path, 3, old="header: 決定, ", new="")), "ja"))
    assert "D「決定」 = mark · decide（決定" in said


@pytest.mark.parametrize(
    ("old", "new", "doubtful"),
    [
        ("act: decide", "act: print", True),
        ("act: decide, ", "", True),
        ("act: receive", "act: receive_notice", False),
        ("act: receive", "act: mail", True),
        ("", "", False),
    ],
)
def test_a_header_that_names_another_act_is_doubtful(tmp_path: Path, old: str, new: str, *, doubtful: bool) -> None:
    """A decision above all; a header that may be either of two acts is neither's mistake."""
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "×", None])
    said = mapping(tmp_path, 3, old=old, new=new)
    if old == "act: decide, ":  # a column without an act is the row's own mark, beside which acts' cells say `as_row`
        text = said.read_text("utf-8")
        text = (
            re.sub(r"act: (receive|collect_cash), ", "", text)
            .replace("C, header: 受付, role: mark, marks: main", "C, header: 受付, role: ignored")
            .replace("E, header: 収納, role: mark, marks: main", "E, header: 収納, role: ignored")
        )
        said.write_text(text, "utf-8")
    assert ("header_act" in doubts(read(path, said))) is doubtful
