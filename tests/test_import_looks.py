"""What a workbook says beside its marks: acts that a name is, colours, comments, remarks. Nothing of it is lost, and nothing of it gives work away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Border, Font, PatternFill, Side

from assign import Desk
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.report import Report
from tests.import_lists import unproved

MAPPING = """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 令和8年度
cells: in_columns
parts:
  - {sheet: 国保係, header: 1-2, rows: 3-20}
divisions:
  - {key: kokuho, label: {ja: 国民健康保険, en: NHI}, names: [国保], printed: 国保係}
channels:
  - {key: desk, label: {ja: 窓口, en: counter}, kind: counter}
  - {key: post, label: {ja: 郵送, en: post}, kind: mail}
columns:
  - {column: A, header: 番号, role: number}
  - {column: B, header: 業務名, role: name}
  - {column: C, header: 取扱い/窓口, role: mark, channel: desk, marks: main}
  - {column: D, header: 取扱い/郵送, role: mark, channel: post, marks: main}
  - {column: E, header: 備考, role: remark}
marks:
  main:
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: ●, means: retained, legend: ●：市職員が行う}
    - {mark: △, means: part_open, legend: △：一部を受託者が行う}
    - {mark: －, means: no_step, legend: －：取り扱わない}
    - {mark: "", means: undefined}
"""
LEGEND = ("○：受託者が行う", "●：市職員が行う", "△：一部を受託者が行う", "－：取り扱わない", "黄色の行：市職員が行う")


def book(path: Path, rows: list[list[Any]], change: Callable[[Any, Any], None] | None = None) -> Path:
    """A workbook with one table, and the legend on a sheet of its own."""
    made = Workbook()
    sheet, legend = made.active, made.create_sheet("凡例")
    sheet.title = "国保係"
    for cell, text in {"A1": "番号", "B1": "業務名", "C1": "取扱い", "E1": "備考", "C2": "窓口", "D2": "郵送"}.items():
        sheet[cell] = text
    sheet.merge_cells("C1:D1")
    for row in rows:
        sheet.append(row)
    for at, text in enumerate(LEGEND, start=1):
        legend.cell(at, 1, text)
    if change:
        change(sheet, legend)
    made.save(path)
    return path


def read(folder: Path, rows: list[list[Any]], more: str = "", change: Callable[[Any, Any], None] | None = None, mapping: str = MAPPING) -> Report:  # fmt: skip
    """What an import of such a workbook reports."""
    said = folder / "m.yaml"
    said.write_text(mapping + more, "utf-8")
    return importing.report_on(book(folder / "list.xlsx", rows, change), said)


def answers(folder: Path, report: Report) -> list[tuple[str, str, str]]:
    """Each row's answers by channel."""
    assert report.fit, [note.text["ja"] for note in report.notes.of("refused")]
    unproved(report, folder / "out")
    desk = Desk.open(list=folder / "out", engine="table")
    return [
        (channel, str(answer.assignee), str(answer.certainty))
        for task in desk.catalog.tasks
        for channel in ("desk", "post")
        for answer in [desk.decide(row=task.id, channel=channel)]
    ]


def codes(report: Report, level: str = "doubtful") -> list[str]:
    return [note.code for note in report.notes.of(level)]


WAITS, GIVEN = ("city_staff", "needs_ruling"), ("contractor", "settled")
POWER = [
    "療養費の支給決定",
    "申請内容の審査",
    "免除申請の承認",
    "障害基礎年金の裁定",
    "資格の認定",
    "保険料の賦課",
    "不服の裁決",
    "負担割合の判定",
    "給付の可否判断",
    "保険料の減免",
    "保険料の収納",
    "保険料の徴収",
    "現金の領収",
    "保険料の徴収猶予",
    "資格の職権喪失",
    "過誤納金の還付",
    "還付金の支払",
    "保険料の減免に関する事（低所得）",
    "決定業務",
]
PAPER = [
    "療養費の申請",
    "減免申請",
    "支給申請の受付",
    "決定通知の発送",
    "保険証の交付",
    "資格取得届",
    "納付相談の予約",
    "審査請求書の受付",
    "年金の相談",
    "県外で受けた治療の払戻し",
    "減免の申請",
    "初めての認定の請求",
    "限度額適用認定証の交付",
    "納付書の再発行",
]


def test_a_name_that_ends_in_an_act_of_power_or_of_money_is_that_act(tmp_path: Path) -> None:
    """A mark gives no decision away, nor the till; the paper around a decision stays what it is."""
    rows = [[at, name, "○", "－"] for at, name in enumerate((*POWER, *PAPER), start=1)]
    report = read(tmp_path, rows, mapping=MAPPING.replace("3-20", "3-"))
    found = [each[1:] for each in answers(tmp_path, report) if each[0] == "desk"]
    assert dict(zip((*POWER, *PAPER), found, strict=True)) == {**dict.fromkeys(POWER, WAITS), **dict.fromkeys(PAPER, GIVEN)}  # fmt: skip
    assert codes(report) == ["authority"] * len(POWER)


ONE = [[1, "資格取得届の受付", "○", "○", None]]
YELLOW = PatternFill("solid", fgColor="FFFFFF00")


def fill(cell: str, what: Any = YELLOW) -> Callable[[Any, Any], None]:
    return lambda sheet, _: setattr(sheet[cell], "fill", what)


def by_condition(sheet: Any, _: Any) -> None:
    rule = FormulaRule(formula=["$A3=1"], fill=PatternFill("solid", bgColor="FFFFFF00"))
    sheet.conditional_formatting.add("C3:C9", rule)


def rich(sheet: Any, _: Any) -> None:
    sheet["C3"] = CellRichText(TextBlock(InlineFont(strike=True), "○"))


def across(sheet: Any, _: Any) -> None:
    sheet["C3"].border = Border(diagonal=Side(style="thin"), diagonalUp=True)


def struck(sheet: Any, _: Any) -> None:
    sheet["C3"].font = Font(strike=True)


LOOKS = {
    "conditional": by_condition,
    "fill FFFF00": fill("C3"),
    "pattern gray125": fill("C3", PatternFill("gray125")),
    "pattern lightUp": fill("C3", PatternFill("lightUp", fgColor="FF000000")),
    "strike": rich,
    "diagonal": across,
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_of_a_mark_needs_a_word_and_without_one_for_it_cannot_be_read(tmp_path: Path, look: str) -> None:
    """A range of conditional formats, a hatch, a line across or through: each may say that the mark does not hold."""
    report = read(tmp_path, ONE, change=LOOKS[look])
    if look == "strike":  # what it is needs no word
        assert codes(report) == ["struck"]
    else:
        (note,) = report.notes.of("refused")
        assert (note.code, look in note.text["ja"], "国保係!C3" in note.text["ja"]) == ("colour", True, True)
    report = read(tmp_path, ONE, "colours: has_meaning\n", LOOKS[look])
    assert [each[1:] for each in answers(tmp_path, report)] == [WAITS, GIVEN]
    if look == "strike":  # it takes something out: it never says nothing
        with pytest.raises(RuleFileError, match="deleted"):
            read(tmp_path, ONE, f"colours: [{{look: {look}, means: no_meaning}}]\n", LOOKS[look])
        return
    report = read(tmp_path, ONE, f"colours: [{{look: {look}, means: no_meaning}}]\n", LOOKS[look])
    unproved(report, tmp_path / "plain")
    assert Desk.open(list=tmp_path / "plain", engine="table").decide(row="kokuho-1", channel="desk").assignee == "contractor"  # fmt: skip


@pytest.mark.parametrize(
    "change", [fill("B3"), lambda sheet, _: setattr(sheet["B3"], "font", Font(strike=True))], ids=["fill", "strike"]
)
def test_the_look_of_a_name_is_that_of_the_whole_row(tmp_path: Path, change: Callable[[Any, Any], None]) -> None:
    """黄色の行, or a row that is struck out: none of its marks is the contractor's by itself."""
    assert {*codes(read(tmp_path, ONE, change=change), "refused"), *codes(read(tmp_path, ONE, change=change))} & {"colour", "struck"}  # fmt: skip
    report = read(tmp_path, ONE, "colours: has_meaning\n", change)
    assert [each[1:] for each in answers(tmp_path, report)] == [WAITS, WAITS]


def test_each_look_means_what_its_own_sentence_says(tmp_path: Path) -> None:
    """Yellow is the city's, grey says nothing; red was left out and is unreadable; a word for colours is none for a line through."""

    def change(sheet: Any, _: Any) -> None:
        for at, what in enumerate((YELLOW, PatternFill("solid", fgColor="FFD9D9D9"), PatternFill("solid", fgColor="FFFF0000")), start=3):  # fmt: skip
            sheet.cell(at, 3).fill = what
        sheet["D3"].font = Font(strike=True)

    rows = [[at, f"届{at}の受付", "○", "○", None] for at in (1, 2, 3)]
    more = """colours:
  - {look: FFFF00, means: retained, legend: 黄色の行：市職員が行う}
  - {look: 塗りつぶし D9D9D9, means: no_meaning}
"""
    report = read(tmp_path, rows, more, change)
    found = answers(tmp_path, report)
    assert [each[1:] for each in found] == [("city_staff", "settled"), WAITS, GIVEN, GIVEN, WAITS, GIVEN]
    answer = Desk.open(list=tmp_path / "out", engine="table").decide(row="kokuho-1", channel="desk")
    assert "黄色の行：市職員が行う" in answer.model_dump_json()
    simple = read(tmp_path, ONE, "colours: no_meaning\n", struck)
    unproved(simple, tmp_path / "simple")
    assert Desk.open(list=tmp_path / "simple", engine="table").decide(row="kokuho-1", channel="desk").certainty == "needs_ruling"  # fmt: skip
    with pytest.raises(RuleFileError):
        read(tmp_path, rows, more.replace("黄色の行：", "青色の行："), change)


REST = MAPPING.replace("marks: main}", "marks: main, rest: in_remark}")


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("○ ●", WAITS), ("○（×）", WAITS), ("○（市職員）", WAITS), ("○ 田中", WAITS), ("○（委託しない）", WAITS), ("○（●夜間）", WAITS),
        ("○（予約制）", GIVEN), ("○20件", GIVEN), ("○ 本人に限る", GIVEN), ("○（市内の方のみ）", GIVEN),
    ],
)  # fmt: skip
def test_what_is_another_mark_or_a_party_is_no_remark(tmp_path: Path, cell: str, answer: tuple[str, str]) -> None:
    """`rest: in_remark` is for a quantity, a condition, a bracket: never for who does the work."""
    report = read(tmp_path, [[1, "資格取得届の受付", cell, "－", None]], mapping=REST)
    assert answers(tmp_path, report)[0][1:] == answer


@pytest.mark.parametrize(
    "remark", ["委託しない", "市職員が行う", "市職員が行う（当面の間）", "準備中のため委託しない", "市が対応する。"]
)
def test_a_remark_that_keeps_the_whole_work_speaks_against_a_mark_that_gives_it(tmp_path: Path, remark: str) -> None:
    """Which of the two is meant, nobody can guess."""
    report = read(tmp_path, [[1, "資格取得届の受付", "○", "－", remark]])
    assert codes(report) == ["against_mark"]
    assert answers(tmp_path, report)[0][1:] == WAITS


@pytest.mark.parametrize(
    "remark",
    ["外国人世帯は市職員が対応", "夜間は国保連が行う", "R9.4〜図書館でも扱う", "夜間は市職員が行う", "同上"],
)
def test_a_remark_about_a_case_or_a_day_is_a_condition_of_the_answer(tmp_path: Path, remark: str) -> None:
    """It is shown with every answer, and who else it names is said in the report."""
    report = read(tmp_path, [[1, "資格取得届の受付", "○", "－", remark]])
    assert ("remark_party" in codes(report)) is (remark[0] not in "R同")
    assert answers(tmp_path, report)[0][1:] == GIVEN
    found = Desk.open(list=tmp_path / "out", engine="table").decide(row="kokuho-1", channel="desk")
    assert remark in " ".join(each.text for each in found.exceptions)


@pytest.mark.parametrize(
    ("remark", "before", "after"),
    [
        ("R9.4〜", WAITS, GIVEN),
        ("令和9年4月から", WAITS, GIVEN),
        ("令和9年3月31日まで", GIVEN, WAITS),
        ("令和9年3月31日までに限る。", GIVEN, WAITS),
        ("窓口：令和9年4月1日から", WAITS, GIVEN),
        ("令和9年3月31日まで受託者、翌日から市職員", GIVEN, WAITS),
    ],
)
def test_a_day_alone_is_how_long_the_mark_holds(tmp_path: Path, remark: str, before: Any, after: Any) -> None:
    """Outside it nobody is told that the contractor does the work."""
    report = read(tmp_path, [[1, "資格取得届の受付", "○", "－", remark]])
    unproved(report, tmp_path / "out")
    desk = Desk.open(list=tmp_path / "out", engine="table")
    said = [desk.decide(row="kokuho-1", channel="desk", on=on) for on in ("2027-03-31", "2027-04-01")]
    assert [(each.assignee, each.certainty) for each in said] == [before, after]


DIVIDED = "parties:\n  divided_by_remark: true\n  names: {contractor: [受託者], city: [市職員]}\n"


def test_a_remark_divides_a_mark_of_a_channel(tmp_path: Path) -> None:
    """受付は受託者、確認は市職員: who does what is said, so it is settled; without such a remark it stays open."""
    rows = [[1, "甲の届", "△", "○", "受付は受託者、確認は市職員"], [2, "乙の届", "△", "－", "分担は協議中"]]
    report = read(tmp_path, rows, DIVIDED)
    both, given, other, _ = (each[1:] for each in answers(tmp_path, report))
    assert (both, given, other) == (("split", "settled"), GIVEN, ("split", "needs_ruling"))
    with pytest.raises(RuleFileError):
        read(tmp_path, rows[1:], DIVIDED)


def test_a_comment_and_a_text_beside_the_table_go_with_the_answer(tmp_path: Path) -> None:
    """Each with its cell."""

    def change(sheet: Any, _: Any) -> None:
        sheet["C3"].comment = Comment("代理人を除く", "a")
        sheet["G4"] = "夜間は市職員"

    report = read(tmp_path, [*ONE, [2, "資格喪失届の受付", "○", "○", None]], change=change)
    assert {note.code: note.place["ja"].rpartition("!")[2] for note in report.notes.of("doubtful")} == {"comment": "C3", "unused_column": "G4", "remark_party": "A4"}  # fmt: skip
    assert answers(tmp_path, report)[0][1:] == GIVEN
    desk = Desk.open(list=tmp_path / "out", engine="table")
    for row, text in (("kokuho-1", "代理人を除く"), ("kokuho-2", "夜間は市職員")):
        assert text in " ".join(each.text for each in desk.decide(row=row, channel="post").exceptions)


TWO = MAPPING.replace(
    "divisions:", "  - {sheet: 年金係, header: 1-2, rows: 3-5}\ndivisions:"
).replace("printed: 国保係}", "printed: 国保係}\n  - {key: nenkin, label: {ja: 国民年金, en: NP}, names: [年金], printed: 年金係}").replace("3-20", "3-5")  # fmt: skip


def second(change: Callable[[Any], None]) -> Callable[[Any, Any], None]:
    """A second sheet with the same table."""

    def made(sheet: Any, _: Any) -> None:
        other = sheet.parent.copy_worksheet(sheet)
        other.title = "年金係"
        sheet["A8"], other["A8"] = "※1　本人に限る。", "※1　代理人を除く。"
        change(other)

    return made


def test_a_footnote_is_that_of_its_sheet(tmp_path: Path) -> None:
    """The sign of one sheet is not explained by the sentence of another."""
    rows = [[1, "甲の受付", "○※1", "○", None]]
    one = "footnotes:\n  - {sign: ※1, text: ※1　本人に限る。}\n"
    report = read(tmp_path, rows, one, second(lambda _: None), TWO)
    assert "footnote" in codes(report)
    assert [each[1:] for each in answers(tmp_path, report)] == [GIVEN, GIVEN, WAITS, GIVEN]
    own = "footnotes:\n  - {sign: ※1, sheet: 国保係, text: ※1　本人に限る。}\n  - {sign: ※1, sheet: 年金係, text: ※1　代理人を除く。}\n"
    importing.write(read(tmp_path, rows, own, second(lambda _: None), TWO), str(tmp_path / "own"))
    desk = Desk.open(list=tmp_path / "own", engine="table")
    for row, text in (("kokuho-1", "本人に限る"), ("nenkin-1", "代理人を除く")):
        answer = desk.decide(row=row, channel="desk")
        assert (str(answer.assignee), [text in each.text for each in answer.exceptions]) == ("contractor", [True])
    with pytest.raises(RuleFileError, match="stands twice"):
        read(tmp_path, rows, f"{one}  - {{sign: ※1, text: ※1　代理人を除く。}}\n", second(lambda _: None), TWO)


def test_a_letter_alone_is_no_column_where_headers_differ(tmp_path: Path) -> None:
    """The sheets have their columns in another order: D is not the same in both."""

    def swapped(other: Any) -> None:
        other["C2"], other["D2"] = "郵送", "窓口"

    lettered = TWO.replace("column: C, header: 取扱い/窓口", "column: C").replace(
        "column: D, header: 取扱い/郵送", "column: D"
    )
    with pytest.raises(RuleFileError, match=r"m\.yaml"):
        read(tmp_path, ONE, change=second(swapped), mapping=lettered)
    assert read(tmp_path, ONE, change=second(lambda _: None), mapping=lettered).fit


def test_the_offer_leaves_no_sheet_of_the_same_columns_out(tmp_path: Path) -> None:
    """In another order, too; a heading column and a hidden one hold no marks, and a cell of the table is no legend."""

    def change(other: Any) -> None:
        other["C2"], other["D2"] = "郵送", "窓口"
        other["C3"] = "○ 田中"
        other.parent["国保係"]["F1"] = other["F1"] = "旧取扱い"
        other.parent["国保係"]["F3"] = "●"
        other.parent["国保係"].column_dimensions["F"].hidden = True

    file = book(tmp_path / "list.xlsx", [[at, f"届{at}の受付", "○", "－", None] for at in (1, 2, 3)], second(change))
    importing.offer(file, str(tmp_path / "m.yaml"))
    offered = yaml.safe_load((tmp_path / "m.yaml").read_text("utf-8"))
    assert [part["sheet"] for part in offered["parts"]] == ["国保係", "年金係"]
    assert [division["printed"] for division in offered["divisions"]] == ["国保係", "年金係"]
    assert {column["header"]: column["role"] for column in offered["columns"]}["旧取扱い"] == "ignored"
    assert not any("column" in column for column in offered["columns"])
    (marks,) = offered["marks"].values()
    assert next(mark for mark in marks if mark["mark"] == "○") == {"mark": "○", "means": "consigned", "legend": "○：受託者が行う"}  # fmt: skip


def test_an_answer_does_not_say_that_columns_have_shifted_where_they_have_not(tmp_path: Path) -> None:
    """A cell whose look is not read is that cell's alone; its column is clear, and the other's answer has nothing to do with it."""
    rows = [[1, "甲の受付", "○", "○", None], [2, "乙の受付", "〇", "○", None]]
    report = read(tmp_path, rows, "colours: has_meaning\n", fill("C3"))
    importing.write(report, str(tmp_path / "out"))
    desk = Desk.open(list=tmp_path / "out", engine="table")
    said = {(row, channel): [each.text.ja for each in desk.decide(row=row, channel=channel).caveats] for row in ("kokuho-1", "kokuho-2") for channel in ("desk", "post")}  # fmt: skip
    assert any("読めない印があります" in text for text in said["kokuho-1", "desk"])
    assert not any("どの欄のもの" in text or "ずれ" in text for texts in said.values() for text in texts)
    assert not any("読めない印" in text for text in said["kokuho-1", "post"])


def test_where_columns_are_acts_a_name_is_the_work(tmp_path: Path) -> None:
    """Post has a column of one act alone: 減免 under it is the work whose papers are taken in; at the desk it is the act itself."""
    by_act = MAPPING.replace("channel: post, marks: main", "channel: post, act: receive, marks: main")
    report = read(tmp_path, [[1, "保険料の減免", "○", "○", None]], mapping=by_act)
    assert "authority" in codes(report)
    importing.write(report, str(tmp_path / "out"))
    desk = Desk.open(list=tmp_path / "out", engine="table")
    found = [desk.decide(row="kokuho-1", channel=channel, act="receive") for channel in ("desk", "post")]
    assert [(str(each.assignee), str(each.certainty)) for each in found] == [WAITS, GIVEN]
