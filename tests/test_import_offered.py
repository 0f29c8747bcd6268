"""What is offered for two lists in one file, and what is said of numbers, radicals and mistakes of a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from assign.catalog.loader import load
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.radicals import kanji
from tests.command_line import run
from tests.test_import import book_of
from tests.test_import_checked import HEAD, LEGEND, book, doubts, folder_of, mapping, read


def offered(tmp_path: Path, path: Path) -> dict[str, Any]:
    """The mapping that is offered."""
    importing.offer(path, str(tmp_path / "offered.yaml"))
    found: dict[str, Any] = yaml.safe_load((tmp_path / "offered.yaml").read_text("utf-8"))
    return found


ROWS = [[1, "届出", "○", "×", "×", None], [2, "証の交付", "△", "×", "×", None]]


@pytest.mark.parametrize(
    ("names", "titles", "wanted"),
    [
        (("改正前", "改正後"), ("業務一覧", "業務一覧"), [("before", "改正前", None), ("after", "改正後", None)]),
        (
            ("R9.4.1改正後", "R8"),
            ("業務一覧", "業務一覧"),
            [("before", "R8", "2026-04-01"), ("after", "R9.4.1改正後", "2027-04-01")],
        ),
        (
            ("前", "後"),
            ("業務一覧（令和８年４月１日）", "業務一覧（令和8年10月1日から）"),
            [("before", "前", "2026-04-01"), ("after", "後", "2026-10-01")],
        ),
        (("国保係", "年金係"), ("業務一覧", "業務一覧"), None),
        (("前期高齢者", "後期高齢者"), ("業務一覧", "業務一覧"), None),
    ],
)
def test_two_lists_in_one_file_are_offered_as_editions(
    tmp_path: Path, names: tuple[str, str], titles: tuple[str, str], wanted: Any
) -> None:
    """A day is offered where it is printed, and never made up; sheets of divisions are one list."""
    sheets: dict[str, list[list[Any]]] = {
        name: [[title], HEAD, *ROWS, [], [LEGEND]] for name, title in zip(names, titles, strict=True)
    }
    said = offered(tmp_path, book_of(tmp_path / "a.xlsx", **sheets))
    if wanted is None:
        assert [part["sheet"] for part in said["parts"]] == list(names)
        assert [each["printed"] for each in said["divisions"]] == list(names)
        return
    assert [(e["folder"], e["edition"], e.get("effective")) for e in said["editions"]] == wanted
    assert all("printed" not in each for each in said["divisions"])


def test_totals_legends_and_notes_below_a_table_are_no_rows_of_what_is_offered(tmp_path: Path) -> None:
    below: list[list[Any]] = [
        ["", "合計", None, None, None, 2],
        ["※1", "ただし、外国籍の者を除く。"],
        ["○", "受託者が行う"],
    ]
    sheets: dict[str, list[list[Any]]] = {name: [["業務一覧"], HEAD, *ROWS, *below] for name in ("前", "後")}
    said = offered(tmp_path, book_of(tmp_path / "a.xlsx", **sheets))
    assert [part["rows"] for each in said["editions"] for part in each["parts"]] == ["3-4", "3-4"]


def test_every_mark_of_a_legend_in_one_line_is_offered(tmp_path: Path) -> None:
    """With both colons, and however rare the mark is."""
    marks = "委直共ＡＢＣＤＥＦＧ○●△◎"
    legend = "凡例　" + "　".join(f"{mark}{':：'[at % 2]}受託者が行う" for at, mark in enumerate(marks))
    rows = [[at, f"業務{at}", mark, marks[-at], None, None] for at, mark in enumerate(marks[:8], start=1)]
    rows += [[at, f"業務{at}", mark, marks[-1], None, None] for at, mark in enumerate(marks[:4] * 2, start=30)]
    said = offered(
        tmp_path,
        book_of(tmp_path / "a.xlsx", 一覧=[["一覧"], [*HEAD[:2], "受付", "案内", "収納", "備考"], *rows, [], [legend]]),
    )
    found = {each["mark"]: each.get("legend", "")[:1] for each in said["marks"]["main"]}
    assert found == {**{mark: mark for mark in marks}, "": ""}


def test_marks_that_share_a_sentence_and_what_both_or_neither_of_the_parties_marks_say_are_offered(
    tmp_path: Path,
) -> None:
    """A mark that says that there is no such step is never offered as somebody's work."""
    head = ["番号", "業務", "受託者", "市職員", "備考"]
    marks = [("○", None), (None, "○"), ("◎", None), ("○", "○"), ("－", "－"), ("△", "△"), (None, "●")]
    rows = [[at, f"業務{at}", *cells, None] for at, cells in enumerate(marks, start=1)]
    legend = [
        "○・◎：担当する　－：その工程はない　△：協議中　●：担当しない　空欄：担当しない",
        "両方に○：備考のとおり分担する。どちらにも○のない業務は、市職員が行う。",
    ]
    said = offered(
        tmp_path, book_of(tmp_path / "a.xlsx", 一覧=[["一覧"], head, *rows, [], *([each] for each in legend)])
    )
    means = {each["mark"]: (each["means"], each.get("legend")) for each in said["marks"]["by_party"]}
    assert means == {
        "○": ("does", "○・◎：担当する"),
        "◎": ("does", "○・◎：担当する"),
        "－": ("no_step", "－：その工程はない"),
        "△": ("undefined", "△：協議中"),
        "●": ("does_not", "●：担当しない"),
        "": ("does_not", "空欄：担当しない"),
    }
    assert said["parties"] == {
        "both": {"means": "part_open", "legend": "両方に○：備考のとおり分担する。"},
        "neither": {"means": "retained", "legend": "どちらにも○のない業務は、市職員が行う。"},
    }


def test_branches_of_other_widths_are_kept_as_printed_and_said(tmp_path: Path) -> None:
    path = book_of(
        tmp_path / "a.xlsx",
        一覧=[["一覧"], ["番号", "枝番", "業務", "受付"], [1, 1, "届出", "○"], [1, "002", "交付", "○"], ["○：受託者"]],
    )
    said = tmp_path / "m.yaml"
    said.write_text(
        """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts: [{header: 2, rows: 3-4}]
divisions: [{key: kokuho, label: {ja: 国保, en: NHI}}]
channels: [{key: anywhere, label: {ja: すべて, en: anywhere}, kind: other}]
columns:
  - {column: A, role: number}
  - {column: B, role: branch}
  - {column: C, role: name}
  - {column: D, role: mark, act: receive, marks: [{mark: ○, means: consigned, legend: ○：受託者}, {mark: "", means: undefined}]}
""",
        "utf-8",
    )
    report = read(path, said)
    assert "branch_width" in doubts(report)
    assert [task.number for task in load(folder_of(tmp_path, report)).tasks] == ["1-1", "1-002"]


def test_radicals_are_read_as_kanji_and_said(tmp_path: Path) -> None:
    """As text out of a PDF often has them; the file as it came is kept beside."""
    text = "番号,業務,受付\n1,届出の⼊⼒,⼀部\n⼀部：⼀部を受託者が⾏う,,\n"
    (tmp_path / "a.csv").write_text(text, "utf-8")
    assert kanji(text) != text
    said = tmp_path / "m.yaml"
    said.write_text(
        """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts: [{header: 1, rows: "2"}]
divisions: [{key: kokuho, label: {ja: 国保, en: NHI}}]
channels: [{key: anywhere, label: {ja: すべて, en: anywhere}, kind: other}]
columns:
  - {column: A, role: number}
  - {column: B, role: name}
  - {column: C, role: mark, act: receive, marks: [{mark: 一部, means: part_open, legend: 一部：一部を受託者が行う}, {mark: "", means: undefined}]}
""",
        "utf-8",
    )
    report = read(tmp_path / "a.csv", said)
    assert [note.code for note in report.notes.of("repaired")] == ["radical"]
    folder = folder_of(tmp_path, report)
    (task,) = load(folder).tasks
    assert (task.name, list(task.cells.values())) == ("届出の入力", ["一部"])
    assert (folder / "source" / "original-a.csv").read_text("utf-8") == text


def test_a_mistake_that_the_manifest_shows_names_the_mapping_and_its_line(tmp_path: Path) -> None:
    """A person has written the mapping, and never sees the manifest."""
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "×", None])
    old = "channels: [{key: anywhere, label: {ja: すべて, en: anywhere}, kind: other}]"
    twice = "channels:\n  - {key: a, label: {ja: す, en: a}, kind: other}\n  - {key: a, label: {ja: べ, en: b}, kind: other}"
    with pytest.raises(RuleFileError, match=r"^mapping.yaml, line 9: "):
        importing.report_on(path, mapping(tmp_path, 3, old=old, new=twice))


def test_the_seconds_that_reading_may_take_can_be_said(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [1, "届出", "○", "×", "×", None])
    said = mapping(tmp_path, 3)
    assert run("import", str(path), "--mapping", str(said), "--seconds", "30").returncode == 0
    refused = run("import", str(path), "--mapping", str(said), "--seconds", "0", "--lang", "en")
    assert (refused.returncode, "from 1 to 600" in refused.stderr) == (2, True)


@pytest.mark.long
@pytest.mark.parametrize(
    ("of", "sheets", "columns"),
    [
        ("g", ["国民健康保険", "後期高齢者医療", "国民年金"], {"番号": "number", "記号": "number", "図書館": "library", "火曜夜間": "evening"}),
        ("h", ["後期高齢者医療", "国民健康保険", "国民年金", "保険料"], {"審査": "substantive", "収納": "collect_cash", "記号": "number"}),
        ("i", ["後期高齢者医療", "国民健康保険", "戸籍住民"], {"業務名": "name", "枝番": "branch", "第2土曜": "weekend", "備考": "remark"}),
        ("j", ["国保", "後期高齢", "年金"], {"確認": "form_check", "進達": "forward", "前年度": "ignored", "分類": "group"}),
    ],
)  # fmt: skip
def test_sheets_with_other_columns_are_offered_as_one_list(
    tmp_path: Path, of: str, sheets: list[str], columns: dict[str, str]
) -> None:
    """Each with its own header's rows, columns by their headings, whichever sheet has them; a sheet that is left out is named."""
    path = Path(__file__).parent / "lists" / of / "list.xlsx"
    said = offered(tmp_path, path)
    assert [part["sheet"] for part in said["parts"]] == sheets
    assert [each["printed"] for each in said["divisions"]] == sheets
    found = {each["header"].rpartition("/")[2]: each for each in said["columns"]}
    for header, wanted in columns.items():
        assert wanted in (found[header]["role"], found[header].get("channel"), found[header].get("act")), header
    assert all("column" not in each for each in said["columns"] if each["header"])


LISTS = Path(__file__).parent / "lists"


def test_each_sheet_that_has_its_own_legend_is_offered_its_own_marks(tmp_path: Path) -> None:
    """List n: 別表2 to 別表4 each explain their marks below the table, the blank among them, and the offer can be read as it is."""
    said = offered(tmp_path, LISTS / "n" / "list.xlsx")
    own = {
        part["sheet"]: {mark["mark"]: mark["means"] for mark in part["marks"]["main"]}
        for part in said["parts"]
        if "marks" in part
    }
    assert {*own} == {"別表2", "別表3", "別表4"}
    assert (own["別表2"]["ア"], own["別表2"]["イ"], own["別表2"][""]) == ("consigned", "retained", "undefined")
    assert (own["別表3"]["〃"], own["別表3"]["G"], own["別表3"][""]) == ("as_above", "retained", "no_step")
    assert (own["別表4"]["×"], own["別表4"]["△"]) == ("retained", "part_open")
    importing.report_on(LISTS / "n" / "list.xlsx", tmp_path / "offered.yaml")


def test_no_mark_of_one_sheets_legend_is_offered_for_another(tmp_path: Path) -> None:
    """List m: ● is the contractor in 税証明・収納 alone, and △ is cut short by no comma."""
    said = offered(tmp_path, LISTS / "m" / "list.xlsx")
    common = {mark["mark"]: mark["means"] for mark in said["marks"]["main"]}
    (own,) = (part["marks"]["main"] for part in said["parts"] if "marks" in part)
    of_tax = {mark["mark"]: mark["means"] for mark in own}
    assert (common["●"], of_tax["●"], common["○"], of_tax["○"]) == ("retained", "consigned", "consigned", "retained")
    assert (of_tax["△"], of_tax["▲"]) == ("part_divided", "retained")


def test_two_columns_of_one_name_under_other_headings_are_offered_as_two_channels(tmp_path: Path) -> None:
    """窓口 of the main office and of a branch; and a column named after a place is a channel."""
    said = offered(tmp_path, LISTS / "m" / "list.xlsx")
    names = [channel["label"]["ja"] for channel in said["channels"]]
    assert {"窓口", "図書館出張所の窓口", "納税コーナー"} <= {*names}
    assert len({channel["key"] for channel in said["channels"]}) == len(names)
    importing.report_on(LISTS / "m" / "list.xlsx", tmp_path / "offered.yaml")


def test_a_number_of_two_rows_is_pointed_out(tmp_path: Path) -> None:
    """With how each is asked for."""
    path = book(tmp_path / "a.xlsx", [1, "申請", "○", "×", "×", None], [1, "届出", "○", "×", "×", None])
    report = read(path, mapping(tmp_path, 4))
    (note,) = (note for note in report.notes.of("doubtful") if note.code == "number_repeated")
    assert "1-1、1-2" in note.text["ja"]
