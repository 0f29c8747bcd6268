"""A list of another shape is read by a mapping that a person wrote, without Python: every answer is that of its own truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill

from assign import Desk
from assign.catalog import manifest_file
from assign.catalog.loader import load
from assign.check.list_floor import said
from assign.check.proofs import check, unproved
from assign.diff import compare
from assign.errors import RuleFileError
from assign.intake import importing, mapping_schema
from assign.intake.report import as_json
from assign.resources import catalog_file, data_folder, document_file
from tests.command_line import run
from tests.import_lists import acts_as_columns, marks_in_the_channels_cells
from tests.test_diff import said_id

LISTS = Path(__file__).parent / "lists"


def made(folder: Path, file: Path, mapping: Path) -> Path:
    """The folder that `assign import` makes."""
    report = importing.report_on(file, mapping)
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    importing.write(report, str(folder))
    return folder


def truth(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def placed(rows: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Truth by sheet and row, with the line of the text that was made of the workbook."""
    (text,) = (folder / "source").glob("*.txt")
    lines = text.read_text("utf-8").splitlines()
    several = any(line.startswith("== ") for line in lines)
    return [{**row, "line": row["row"] + (lines.index(f"== {row['sheet']}") + 1 if several else 0)} for row in rows]


def other_answers(
    folder: Path, wanted: list[dict[str, Any]], channels: dict[str, str], acts: dict[str, str]
) -> list[Any]:
    """The answers that are not those of the truth, row by row."""
    desk = Desk.open(list=folder, engine="table")
    rows = {task.line: task for task in desk.catalog.tasks}
    wrong: list[Any] = []
    for row in wanted:
        task = rows.pop(row.get("line") or row["lines"][0])
        names = (row["number"], row["name"].replace(" ", ""))
        if (task.number, task.name.replace(" ", "")) != names:
            wrong.append((names, task))
        for answer in row["answers"]:
            for channel in channels.values() if answer["channel"] == "*" else [channels[answer["channel"]]]:
                act = None if answer["act"] == "*" else acts[answer["act"]]
                found = desk.decide(row=task.id, channel=channel, act=act, on=row.get("on", "2025-11-01"))
                if (found.assignee, found.certainty) != (answer["assignee"], answer["certainty"]):
                    wrong.append((task.id, channel, act, found.assignee, found.certainty, answer))
                texts = " ".join(exception.text for exception in found.exceptions)
                lost = [each["when"] for each in answer.get("exceptions", ()) if each["when"] not in texts]
                expected = (*row.get("conditions", ()), *answer.get("conditions", ()))
                lost += [text for text in expected if text not in texts]
                wrong += [(task.id, "lost", text) for text in lost]
                if "changes" in answer and not found.exceptions:
                    wrong.append((task.id, "change lost", answer["changes"]))
    return wrong + list(rows)


@pytest.mark.parametrize(
    ("name", "file", "wanted", "channels"),
    [
        ("b", "list_b.csv", "truth.jsonl", {"*": "desk"}),
        ("d", "list_d1.txt", "truth_d1.jsonl", {"窓口": "desk", "郵送": "post"}),
        ("d", "list_d2.txt", "truth_d2.jsonl", {"窓口": "desk", "郵送": "post"}),
    ],
)
def test_every_answer_is_right_from_the_raw_file(
    tmp_path: Path, name: str, file: str, wanted: str, channels: dict[str, str]
) -> None:
    """From the file as the city has it, by a mapping, with every condition shown."""
    folder = made(tmp_path / "list", LISTS / name / file, LISTS / name / "mapping.yaml")
    assert other_answers(folder, truth(LISTS / name / wanted), channels, {}) == []
    assert check(unproved(str(folder), None, "table"), list_path=folder).findings == []


CHANNELS = {"窓口": "desk", "郵送": "post", "火曜夜間": "evening", "図書館": "library"}
ACTS = {"受付": "receive", "書類の確認": "form_check", "審査": "substantive", "決定": "decide", "証の交付": "hand_over", "収納": "collect_cash"}  # fmt: skip


def test_marks_in_the_channels_own_cells_are_answered(tmp_path: Path) -> None:
    """A time band and a place are channels; 〇 is not ○, nor ー －: neither is folded, both are said."""
    file = marks_in_the_channels_cells(tmp_path / "e.xlsx")
    folder = made(tmp_path / "list", file, LISTS / "e" / "mapping.yaml")
    assert other_answers(folder, placed(truth(LISTS / "e" / "truth.jsonl"), folder), CHANNELS, {}) == []
    report = as_json(importing.report_on(file, LISTS / "e" / "mapping.yaml"))
    assert report["editions"][0]["lookalikes"] == [["○", "〇"], ["ー", "－"]]
    undefined = [note["text"]["en"] for note in report["notes"] if note["code"] == "undefined_mark"]
    assert undefined == ["the mapping does not say what '〇' means (city staff, needs a ruling)", "the mapping does not say what 'ー' means (city staff, needs a ruling)"]  # fmt: skip
    assert check(unproved(str(folder), None, "table"), list_path=folder).findings == []


def test_acts_as_columns_are_answered_and_a_decision_stays_with_the_city(tmp_path: Path) -> None:
    """Two acts can share a printed cell; money is taken by whom the list says is designated; a decision is nobody's to give."""
    file = acts_as_columns(tmp_path / "f.xlsx")
    folder = made(tmp_path / "list", file, LISTS / "f" / "mapping.yaml")
    assert other_answers(folder, placed(truth(LISTS / "f" / "truth.jsonl"), folder), {"*": "anywhere"}, ACTS) == []
    findings = check(unproved(str(folder), None, "table"), list_path=folder).findings
    assert [(each.kind, each.text["en"][:36]) for each in findings] == [
        ("reserved", "the list gives `substantive` of kouk"),
        ("reserved", "the list gives `decide` of kouki-9の2"),
    ]
    desk = Desk.open(list=folder, engine="table")
    text = desk.decide(row="kokuho-イ", channel="anywhere", act="collect_cash", on="2026-04-01").explain("ja", why=True)
    assert "指定公金事務取扱者（令和7年告示第5号）" in text


def test_the_built_in_list_goes_through_the_same_door(tmp_path: Path) -> None:
    """Its text gives its catalog to the byte; a workbook of it, cell by cell, the same rows. Both answer as it does."""
    mapping = LISTS / "built_in" / "mapping.yaml"
    of_text = made(tmp_path / "text", document_file(), mapping)
    assert (of_text / "catalog.csv").read_bytes() == catalog_file().read_bytes()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("一覧")
    for line in document_file().read_text("utf-8").replace("\f", "").split("\n"):
        sheet.append(line.split("\t"))
    book.save(tmp_path / "list.xlsx")
    of_book = made(tmp_path / "book", tmp_path / "list.xlsx", mapping)
    tasks = [load(folder).tasks for folder in (of_text, of_book)]
    bare = [[task._replace(raw=task.raw.rstrip("\t"), document="") for task in each] for each in tasks]
    assert bare[0] == bare[1]
    ours = load(data_folder()).manifest
    assert said(load(of_text).manifest) == said(manifest_file.parsed(ours.data))


@pytest.mark.parametrize("name", ["b", "d", "e", "f", "built_in"])
def test_the_schema_takes_what_the_reader_takes(name: str) -> None:
    """An editor that follows it underlines none of our mappings."""
    text = yaml.load((LISTS / name / "mapping.yaml").read_bytes(), yaml.BaseLoader)  # noqa: S506 - text alone
    jsonschema.Draft202012Validator(mapping_schema.schema()).validate(text)


def test_a_mapping_is_offered_with_what_speaks_for_it_and_never_applied(tmp_path: Path) -> None:
    """The header's words, the legend's lines; nothing is made until a person has confirmed it."""
    file, mapping = marks_in_the_channels_cells(tmp_path / "e.xlsx"), tmp_path / "mapping.yaml"
    done = run("import", str(file), "--write-mapping", str(mapping))
    assert "凡例 `●`: 「● 市が行う」" in done.stdout
    assert "印 `〇` の凡例が見つかりません" in done.stdout
    refused = run("import", str(file), "--mapping", str(mapping), "--out", str(tmp_path / "list"))
    assert (refused.returncode, (tmp_path / "list").exists()) == (2, False)
    assert "confirmed" in refused.stderr
    mapping.write_text(mapping.read_text("utf-8").replace("confirmed: false", "confirmed: true"), "utf-8")
    made_ = run("import", str(file), "--mapping", str(mapping), "--out", str(tmp_path / "list"))
    assert made_.returncode == 0, made_.stderr
    asked = run("decide", "--list", str(tmp_path / "list"), "--row", "part1-1-001", "--channel", "窓口")
    assert "受託者" in asked.stdout
    again = run("import", str(file), "--write-mapping", str(mapping))
    assert again.returncode == 2  # what somebody has written is not written over


def book_of(path: Path, **sheets: list[list[Any]]) -> Path:
    book = Workbook()
    for at, (name, rows) in enumerate(sheets.items()):
        sheet: Any = book.active if not at else book.create_sheet()
        sheet.title = name
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


SMALL = """
confirmed: true
title: {ja: 分担, en: Division}
cells: in_columns
divisions: [{key: all, label: {ja: 全体, en: all}}]
channels: [{key: desk, label: {ja: 窓口, en: counter}, kind: counter}]
columns:
  - {column: A, header: 業務, role: name}
  - {column: B, header: 担当, role: mark, marks: main}
marks:
  main:
    - {mark: 委託, means: consigned, legend: "委託:受託者"}
    - {mark: 直営, means: retained, legend: "直営:市"}
    - {mark: "", means: undefined}
"""


def small(tmp_path: Path, more: str, mapping: str = SMALL) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(mapping + more, "utf-8")
    return path


def test_two_lists_in_one_file_are_two_folders_side_by_side(tmp_path: Path) -> None:
    """Before and after a change of law, as contracts annex them."""
    legend = ["委託:受託者　直営:市"]
    before = [["業務", "担当"], ["証の交付", "委託"], legend]
    after = [["業務", "担当"], ["証の交付", "直営"], ["証の送付", "委託"], legend]
    file = book_of(tmp_path / "two.xlsx", 前=before, 後=after)
    mapping = small(
        tmp_path,
        "editions:\n"
        "  - {folder: before, edition: 改正前, effective: 2026-04-01, parts: [{sheet: 前, header: 1, rows: 2-2}]}\n"
        "  - {folder: after, edition: 改正後, effective: 2026-10-01, parts: [{sheet: 後, header: 1, rows: 2-3}]}\n",
    )
    folder = made(tmp_path / "lists", file, mapping)
    said_ = {
        name: Desk.open(list=folder / name, engine="table")
        .decide(division="all", item="証の交付", channel="desk")
        .assignee
        for name in ("before", "after")
    }
    assert said_ == {"before": "contractor", "after": "city_staff"}
    both = Desk.open(list=folder, engine="table")  # as one list, whose edition the day of the case chooses
    days = {
        on: both.decide(division="all", item="証の交付", channel="desk", on=on).assignee
        for on in ("2026-09-30", "2026-10-01")
    }
    assert days == {"2026-09-30": "contractor", "2026-10-01": "city_staff"}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["証の交付", "委託"], ["※夜は市", None]], "neither a row nor a heading: `※夜は市`"),
        ([["証の交付", "委託"], [None, "委託"]], "neither a row nor a heading"),
    ],
)
def test_a_line_that_is_no_row_is_refused_with_its_place(tmp_path: Path, rows: list[list[Any]], says: str) -> None:
    """What is left out in silence could be a row."""
    file = book_of(tmp_path / "a.xlsx", 表=[["業務", "担当"], *rows, ["委託:受託者　直営:市"]])
    report = importing.report_on(file, small(tmp_path, "edition: 1\nparts: [{sheet: 表, header: 1, rows: 2-3}]\n"))
    refused = report.notes.of("refused")
    assert [says in note.text["en"] for note in refused] == [True]
    assert "`表`!3" in refused[0].place["en"]
    assert not report.fit


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('    - {mark: "", means: undefined}\n', "", "what a blank cell means is missing"),
        ('"直営:市"', '"直営:町"', "the document does not say this: `直営:町`"),
        ("header: 担当", "header: 区分", "the header of column B is `担当`, not `区分`"),
        ("means: retained, ", "means: retaind, ", "no meaning `retaind` (near: `retained`"),
        ("  - {column: B, header: 担当, role: mark, marks: main}\n", "", "no column holds marks"),
        ("role: name", "role: ignored", "no column holds the names"),
        ("means: consigned", "means: does", "`does` is for a column with a `party`"),
        ("marks: main}", "marks: mian}", "no set of marks `mian` (near: `main`"),
        ("marks: main}", "marks: main, act: recieve}", "no act `recieve` (near: `receive`"),
        ('legend: "直営:市"', "because: {ja: 市が行う。ほか, en: a}", "write one sentence"),
    ],
)
def test_a_mistake_in_a_mapping_is_one_line_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    """And with the nearest choice."""
    file = book_of(tmp_path / "a.xlsx", 表=[["業務", "担当"], ["証の交付", "委託"], ["委託:受託者　直営:市"]])
    assert old in SMALL
    mapping = small(tmp_path, "edition: 1\nparts: [{header: 1, rows: 2-2}]\n", SMALL.replace(old, new))
    with pytest.raises(RuleFileError) as caught:
        importing.report_on(file, mapping)
    assert says in str(caught.value)
    assert str(caught.value).startswith("mapping.yaml, line ")


def test_a_column_that_the_mapping_does_not_name_is_refused(tmp_path: Path) -> None:
    """Next year's list may have one more."""
    file = book_of(
        tmp_path / "a.xlsx", 表=[["業務", "担当", "夜間"], ["証の交付", "委託", "直営"], ["委託:受託者　直営:市"]]
    )
    with pytest.raises(RuleFileError, match="columns that the mapping does not name: C"):
        importing.report_on(file, small(tmp_path, "edition: 1\nparts: [{header: 1, rows: 2-2}]\n"))


def test_an_act_of_authority_as_a_row_stays_with_the_city(tmp_path: Path) -> None:
    """A list that gives it away is imported, and says so."""
    rows = [["業務", "担当"], ["支給決定", "委託"], ["証の交付", "委託"], ["委託:受託者　直営:市"]]
    file = book_of(tmp_path / "a.xlsx", 表=rows)
    mapping = small(tmp_path, "edition: 1\nparts: [{header: 1, rows: 2-3}]\n")
    folder = made(tmp_path / "list", file, mapping)
    desk = Desk.open(list=folder, engine="table")
    found = desk.decide(division="all", item="支給決定", channel="desk")
    assert (found.assignee, found.certainty) == ("city_staff", "needs_ruling")
    assert desk.decide(division="all", item="証の交付", channel="desk").assignee == "contractor"
    assert [note.code for note in importing.report_on(file, mapping).notes.of("doubtful")] == ["authority"]


def test_merged_marks_and_colours_need_a_word_of_the_mapping(tmp_path: Path) -> None:
    """Whether a mark holds for all rows that it is merged over, and whether its colour says something, nobody can guess."""
    path = book_of(
        tmp_path / "a.xlsx",
        表=[["業務", "担当"], ["証の交付", "委託"], ["証の送付"], ["案内", "直営"], ["委託:受託者　直営:市"]],
    )
    book = load_workbook(path)
    book["表"].merge_cells("B2:B3")
    book["表"]["B4"].fill = PatternFill("solid", fgColor="FFFF00")
    book["表"]["A2"].font = Font(strike=True)
    book.save(path)
    more = "edition: 1\nparts: [{header: 1, rows: 2-4}]\n"
    report = importing.report_on(path, small(tmp_path, more))
    assert {note.code for note in report.notes.of("refused")} == {"merged", "colour"}
    folder = made(tmp_path / "one", path, small(tmp_path, f"{more}merged_marks: holds_for_all\ncolours: no_meaning\n"))
    assert [task.cells["mark"] for task in load(folder).tasks] == ["?", "委託", "直営"]
    folder = made(
        tmp_path / "two", path, small(tmp_path, f"{more}merged_marks: holds_for_first\ncolours: has_meaning\n")
    )
    assert [task.cells["mark"] for task in load(folder).tasks] == ["?", "", "?"]


def test_a_formula_that_was_never_worked_out_is_an_unreadable_mark(tmp_path: Path) -> None:
    """Its blank text is no blank cell."""
    path = book_of(tmp_path / "a.xlsx", 表=[["業務", "担当"], ["証の交付", '="委"&"託"'], ["委託:受託者　直営:市"]])
    folder = made(tmp_path / "list", path, small(tmp_path, "edition: 1\nparts: [{header: 1, rows: 2-2}]\n"))
    found = Desk.open(list=folder, engine="table").decide(division="all", item="証の交付", channel="desk")
    assert (found.meaning, found.assignee, found.certainty) == ("unreadable", "city_staff", "needs_ruling")


def test_the_diff_of_two_imported_editions_is_that_of_the_truth(tmp_path: Path) -> None:
    """From the raw texts of both: page breaks, shifts and the extraction's spaces are no change."""
    folders = [
        made(tmp_path / name, LISTS / "d" / f"list_{name}.txt", LISTS / "d" / "mapping.yaml") for name in ("d1", "d2")
    ]
    before, after = (Desk.open(list=folder, engine="table") for folder in folders)
    report = compare(before, after)
    wanted = json.loads((LISTS / "d" / "diff.json").read_text("utf-8"))
    found = {
        (c.kind, c.pair and c.pair.old and c.pair.old.id, c.pair and c.pair.new and c.pair.new.id)
        for c in report.changes
    }
    assert found == {(each["kind"], said_id(each["old"]), said_id(each["new"])) for each in wanted["changes"]}
    assert report.unchanged == wanted["summary"]["rows_unchanged"]


def test_what_stands_beside_a_mark_goes_into_the_remark(tmp_path: Path) -> None:
    """A quantity, a name, a condition in the cell: no part of the mark, and lost nowhere."""
    cells = ["委託（年120件）", "委託 本人に限る", "委託しない", "委託(第2号契約)"]
    rows = [[f"業務{at}", cell] for at, cell in enumerate(cells)]
    file = book_of(tmp_path / "a.xlsx", 表=[["業務", "担当"], *rows, ["委託:受託者　直営:市"]])
    more = "edition: 1\nparts: [{header: 1, rows: 2-5}]\n"
    folder = made(
        tmp_path / "list", file, small(tmp_path, more, SMALL.replace("marks: main}", "marks: main, rest: in_remark}"))
    )
    desk = Desk.open(list=folder, engine="table")
    found = [desk.decide(row=task.id, channel="desk") for task in desk.tasks()]
    assert [each.assignee for each in found] == ["contractor", "contractor", "city_staff", "contractor"]
    assert [[one.text for one in each.exceptions] for each in found] == [
        [],
        ["※担当: 本人に限る"],
        [],
        ["※担当: (第2号契約)"],
    ]
    assert [row.remark for row in load(folder).tasks] == [
        "担当: （年120件）",
        "※担当: 本人に限る",
        "",
        "※担当: (第2号契約)",
    ]
    plain = made(
        tmp_path / "plain", file, small(tmp_path, more)
    )  # where the mapping does not say so, it is another mark
    assert {
        Desk.open(list=plain, engine="table").decide(row=f"all-L{at}", channel="desk").assignee for at in (2, 3, 4, 5)
    } == {"city_staff"}


def test_what_is_offered_for_a_text_whose_cells_have_slipped_is_right_once_confirmed(tmp_path: Path) -> None:
    """The legend says it all; a person has only to look."""
    mapping = tmp_path / "mapping.yaml"
    importing.offer(LISTS / "d" / "list_d1.txt", str(mapping))
    mapping.write_text(mapping.read_text("utf-8").replace("confirmed: false", "confirmed: true"), "utf-8")
    folder = made(tmp_path / "list", LISTS / "d" / "list_d1.txt", mapping)
    channels = {"窓口": "counter", "郵送": "post"}
    assert other_answers(folder, truth(LISTS / "d" / "truth_d1.jsonl"), channels, {}) == []


def test_a_sentence_that_cites_no_designation_gives_no_money_away(tmp_path: Path) -> None:
    """That the contractor takes it is not why it may."""
    file = acts_as_columns(tmp_path / "f.xlsx")
    text = (LISTS / "f" / "mapping.yaml").read_text("utf-8")
    old = "収納は、指定公金事務取扱者（令和7年告示第5号）である受託者が行う。"
    assert old in text
    (tmp_path / "mapping.yaml").write_text(text.replace(old, "委託：受託者が行う"), "utf-8")
    with pytest.raises(RuleFileError, match="does not say that anybody is designated"):
        importing.report_on(file, tmp_path / "mapping.yaml")
