"""A list whose columns are acts: a whole row follows from its acts, a cell speaks for its act alone, what the list excepts is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from assign import Desk
from assign.check.proofs import check, unproved
from assign.errors import AmbiguousAct
from assign.intake import importing
from tests.command_line import run
from tests.import_lists import unproved as made_of

_ROWS = [
    ["業務一覧"],
    ["番号", "業務", "窓口", None, None, None, "火曜夜間", "備考"],
    [None, None, "案内", "受付", "審査・決定", "収納", "受付", None],
    ["1", "保険税の納付", "C", "委託", "直営", "○", "○", None],
    ["2", "給付の申請", "C", "△", "直営", "－", "－", "ただし、海外の分を除く。"],
    ["3", "届出", "C", "◎", "直営", "－", "○", None],
    ["4", "減免の申請", "C", "委託", "委託", "－", "○", None],
    ["5", "資格の届出", "C", "委託", "広域連合", "－", "○", None],
    ["6", "証の再交付", "C", "委託", "直営", "－", "○", "※1 本人に限る。"],
    ["7", "納付相談", "直営", "直営", "直営", "○", "直営", None],
    ["8", "問合せ", "C", "委託", "－", "－", "○", None],
    ["凡例　C:受託者が行う　委託：受託者に委託する　○：受託者が担当　直営:市職員が行う　△：一部を受託者　－：手順なし"],
]
_MAPPING = """
confirmed: true
title: {ja: 業務一覧, en: Work}
edition: 一
cells: in_columns
parts: [{sheet: 一覧, header: 2-3, rows: 4-11}]
divisions: [{key: kokuho, label: {ja: 国保, en: NHI}}]
channels:
  - {key: desk, label: {ja: 窓口, en: counter}, kind: counter}
  - {key: evening, label: {ja: 火曜夜間, en: Tuesday evening}, kind: counter}
columns:
  - {column: A, header: 番号, role: number}
  - {column: B, header: 業務, role: name}
  - {column: C, header: 窓口/案内, role: mark, channel: desk, act: guide, marks: main}
  - {column: D, header: 窓口/受付, role: mark, channel: desk, act: [receive, receive_notice], marks: main}
  - {column: E, header: 窓口/審査・決定, role: mark, channel: desk, act: [substantive, decide], marks: main}
  - {column: F, header: 窓口/収納, role: mark, channel: desk, act: collect_cash, marks: main}
  - {column: G, header: 火曜夜間/受付, role: mark, channel: evening, act: [receive, receive_notice], marks: main}
  - {column: H, header: 備考, role: remark}
marks:
  main:
    - {mark: 委託, means: consigned, legend: 委託：受託者に委託する}
    - {mark: C, means: consigned, legend: "C:受託者が行う"}
    - {mark: ○, means: consigned, legend: ○：受託者が担当}
    - {mark: 直営, means: retained, legend: "直営:市職員が行う"}
    - {mark: △, means: part_open, legend: △：一部を受託者}
    - {mark: －, means: no_step, legend: －：手順なし}
    - {mark: "", means: undefined}
"""


def book(path: Path) -> Path:
    """The workbook."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "一覧"
    for row in _ROWS:
        sheet.append(row)
    sheet.merge_cells("C2:F2")
    made.save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list's folder."""
    here = tmp_path_factory.mktemp("acts")
    (here / "mapping.yaml").write_text(_MAPPING, "utf-8")
    report = importing.report_on(book(here / "list.xlsx"), here / "mapping.yaml")
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    importing.write(report, str(here / "made"))
    return here / "made"


@pytest.fixture(scope="module", params=["table", "auto"])
def desk(folder: Path, request: pytest.FixtureRequest) -> Desk:
    return Desk.open(list=folder, engine=request.param)


@pytest.mark.parametrize(
    ("item", "expected", "waiting"),
    [
        ("1", ("split", "needs_ruling"), ["窓口収納"]),
        ("2", ("split", "needs_ruling"), ["申請書の受領", "届出の受付"]),
        ("3", ("split", "needs_ruling"), ["申請書の受領", "届出の受付"]),
        ("4", ("split", "needs_ruling"), ["実質審査", "決定"]),
        ("5", ("split", "needs_ruling"), ["実質審査", "決定"]),
        ("6", ("split", "settled"), []),
        ("7", ("city_staff", "needs_ruling"), ["窓口収納"]),
        ("8", ("contractor", "settled"), []),
    ],
)
def test_a_whole_row_waits_where_an_act_of_it_waits(
    desk: Desk, item: str, expected: tuple[str, str], waiting: list[str]
) -> None:
    """And names the acts; as a single act is answered, so is the whole."""
    found = desk.decide(division="国保", item=item, channel="窓口", on="2026-04-01")
    assert (found.assignee, found.certainty) == expected
    named = [caveat.text.ja for caveat in found.caveats if caveat.code == "waiting_acts"]
    assert len(named) == bool(waiting)
    assert all(f"「{act}」" in named[0] for act in waiting)
    assert all(f"「{act}」" in found.explain("ja") for act in waiting)
    brief = desk.brief(division="国保", item=item, channel="窓口", on="2026-04-01")
    assert (brief.assignee, brief.certainty, "waiting_acts" in brief.caveats) == (*expected, bool(waiting))


def test_what_the_law_keeps_is_reserved_where_the_list_prints_it(desk: Desk) -> None:
    """窓口収納 is in no kind of work yet; the list has a cell for it. Where it says that there is no such step, it is not listed."""
    reserved = {
        item: {each.act for each in desk.decide(division="国保", item=item, channel="窓口").reserved} for item in "18"
    }
    assert "collect_cash" in reserved["1"]
    assert "collect_cash" not in reserved["8"]


@pytest.mark.parametrize("act", ["guide", "explain", "data_entry", "phone"])
@pytest.mark.parametrize("item", ["1", "2", "7"])
def test_a_cell_speaks_for_its_act_alone(desk: Desk, item: str, act: str) -> None:
    """Whatever stands in the evening's 受付 (○, －, 直営), another act of the evening is not said: it waits with the city."""
    found = desk.decide(division="国保", item=item, channel="火曜夜間", act=act, on="2026-04-01")
    assert (found.assignee, found.certainty) == ("city_staff", "needs_ruling")
    assert "一覧にこの行為の欄はなく" in found.reasons[0].text.ja
    assert found.question is not None
    assert "だれが行いますか" in found.question.text.ja


def test_a_citation_is_the_sentence_of_the_very_mark(desk: Desk) -> None:
    """Of a cell its own mark's, though others mean the same; of a row those of its marks, and none beside."""
    for item, act, wanted in [
        ("1", "guide", {"C:受託者が行う"}),
        ("1", "receive", {"委託：受託者に委託する"}),
        ("1", "collect_cash", {"○：受託者が担当"}),
        ("4", "decide", {"委託：受託者に委託する"}),
        ("6", None, {"C:受託者が行う", "委託：受託者に委託する", "直営:市職員が行う", "－：手順なし"}),
        ("2", "decide", {"直営:市職員が行う"}),
    ]:
        found = desk.decide(division="国保", item=item, channel="窓口", act=act, on="2026-04-01")
        cited = {cite.text for reason in found.reasons for cite in reason.cites if cite.kind == "legend"}
        assert cited == wanted, (item, act)


def test_a_third_party_is_named_and_never_an_assignee(desk: Desk) -> None:
    """広域連合 in the cell of 決定: the act waits with city staff, and the answer does not say that the city decides."""
    found = desk.decide(division="国保", item="5", channel="窓口", act="決定", on="2026-04-01")
    assert (found.act and found.act.key, found.assignee, found.certainty) == ("decide", "city_staff", "needs_ruling")
    text = found.explain("ja", why=True)
    assert "一覧は「広域連合」としていて" in text
    assert "決める権限は市にあります" not in text


def test_a_third_party_whose_mark_has_a_meaning_is_read_by_it(tmp_path: Path) -> None:
    """The mapping says who does it at this counter."""
    said = "    - {mark: 広域連合, means: retained, because: {ja: 窓口では市職員が行う, en: city staff do it here}}\n"
    (tmp_path / "mapping.yaml").write_text(_MAPPING + said, "utf-8")
    report = importing.report_on(book(tmp_path / "list.xlsx"), tmp_path / "mapping.yaml")
    importing.write(report, str(tmp_path / "made"))
    found = Desk.open(list=tmp_path / "made", engine="table").decide(
        division="国保", item="5", channel="窓口", act="decide", on="2026-04-01"
    )
    assert (found.assignee, found.certainty) == ("city_staff", "settled")


def test_the_list_s_own_headings_are_names_of_its_acts(desk: Desk) -> None:
    """受付 is the act of its column; what is answered names the column as it is printed, with its channel."""
    found = desk.decide(division="国保", item="1", channel="窓口", act="受付", on="2026-04-01")
    assert found.act is not None
    assert found.act.key == "receive"
    assert "窓口の受付欄が「委託」" in found.reasons[0].text.ja
    assert "火曜夜間の受付 ○" in found.rows[0].printed.ja
    assert desk.decide(division="国保", item="1", channel="火曜夜間", act="届出の受付").assignee == "contractor"
    assert desk.decide(division="国保", item="1", channel="窓口", act="収納").act.key == "collect_cash"  # type: ignore[union-attr]


def test_a_heading_of_acts_that_are_answered_differently_names_them_all(tmp_path: Path) -> None:
    """A heading that is an act of another name, too, is never taken for one of them."""
    odd = _MAPPING.replace(
        "窓口/収納, role: mark, channel: desk, act: collect_cash", "窓口/収納, role: mark, channel: desk, act: print"
    )
    (tmp_path / "mapping.yaml").write_text(odd, "utf-8")
    report = importing.report_on(book(tmp_path / "list.xlsx"), tmp_path / "mapping.yaml")
    importing.write(report, str(tmp_path / "made"))
    desk = Desk.open(list=tmp_path / "made", engine="table")
    with pytest.raises(AmbiguousAct, match="collect_cash"):
        desk.decide(division="国保", item="1", channel="窓口", act="収納")


def test_one_heading_of_two_acts_is_offered_as_both(tmp_path: Path) -> None:
    """Taking in an application and a notice are two acts of ours, and one word of a list."""
    importing.offer(book(tmp_path / "list.xlsx"), str(tmp_path / "offered.yaml"))
    assert "act: [receive, receive_notice]" in (tmp_path / "offered.yaml").read_text("utf-8")


def test_what_the_list_excepts_is_seen_wherever_an_answer_is_short(desk: Desk, folder: Path, tmp_path: Path) -> None:
    """In a batch by a caveat and the words, in eight lines by a line of its own, beside one word by a sign."""
    for item, condition in (("2", "ただし、海外の分を除く。"), ("6", "※1 本人に限る。")):
        brief = desk.brief(division="国保", item=item, channel="火曜夜間", act="receive", on="2026-04-01")
        assert "printed_condition" in brief.caveats.split()
        assert f"一覧の条件: {condition}" in brief.reason_ja
        assert f"As printed: {condition}" in brief.reason_en
        found = desk.decide(division="国保", item=item, channel="窓口", on="2026-04-01")
        assert f"一覧の条件: {condition}" in found.explain("ja")
    (tmp_path / "in.csv").write_text("division,item,channel,act\n国保,6,窓口,受付\n国保,8,窓口,受付\n", "utf-8")
    assert run("batch", "--list", str(folder), str(tmp_path / "in.csv"), str(tmp_path / "out.csv")).returncode == 0
    _, with_one, without = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert "printed_condition" in with_one
    assert "※1 本人に限る。" in with_one
    assert "printed_condition" not in without
    asked = ("decide", "--list", str(folder), "--division", "国保", "--channel", "窓口", "-q", "--item")
    assert "一覧の条件あり" in run(*asked, "6").stdout
    assert "一覧の条件あり" not in run(*asked, "8").stdout


def test_an_answer_names_the_sheet_and_the_row_of_the_file_itself(desk: Desk) -> None:
    """Of a text that was made of a workbook the line goes with it, for whoever verifies; without a workbook nothing changes."""
    found = desk.decide(division="国保", item="1", channel="窓口", on="2026-04-01")
    assert "シート「一覧」4行" in found.explain("ja")
    assert "sheet 一覧!4" in found.explain("en")
    assert "シート「一覧」4行、テキスト4行目" in found.explain("ja", why=True)
    assert (found.rows[0].model_extra or {})["source.row"] == "4"
    assert "一覧4行目" not in found.explain("ja", why=True)


def test_the_row_of_a_second_sheet_is_its_own(tmp_path: Path) -> None:
    """The text has the sheets one below the other; who looks into the file counts in each."""
    path = book(tmp_path / "list.xlsx")
    made = load_workbook(path)
    made.create_sheet("表紙", 0)["A1"] = "業務一覧の表紙"
    made.save(path)
    (tmp_path / "mapping.yaml").write_text(_MAPPING, "utf-8")
    importing.write(importing.report_on(path, tmp_path / "mapping.yaml"), str(tmp_path / "made"))
    desk = Desk.open(list=tmp_path / "made", engine="table")
    found = desk.decide(division="国保", item="1", channel="窓口", on="2026-04-01")
    line = found.rows[0].source.line
    assert line > 4
    assert f"シート「一覧」4行、テキスト{line}行目" in found.explain("ja", why=True)
    findings = check(unproved(str(tmp_path / "made"), None, "table"), list_path=tmp_path / "made").findings
    assert {each.kind for each in findings} == {"reserved"}  # which this list gives away


def test_a_day_before_the_list_begins_is_said(tmp_path: Path) -> None:
    """A list that says its first day answers for an earlier one with that warning, in a batch too; from that day on without."""
    (tmp_path / "mapping.yaml").write_text(
        _MAPPING.replace("edition: 一", "edition: 一\neffective: 2026-04-01"), "utf-8"
    )
    importing.write(
        importing.report_on(book(tmp_path / "list.xlsx"), tmp_path / "mapping.yaml"), str(tmp_path / "made")
    )
    desk = Desk.open(list=tmp_path / "made", engine="table")
    for on, said in (("2026-03-31", True), ("2026-04-01", False), ("2026-03-31", True)):
        asked = {"division": "国保", "item": "8", "channel": "窓口", "on": on}
        found = desk.decide(**asked)
        assert ("not_in_force" in [caveat.code for caveat in found.caveats]) is said
        assert ("この一覧が効いているのは 2026-04-01 から" in found.explain("ja")) is said
        assert ("not_in_force" in desk.brief(**asked).caveats.split()) is said


# -- a row's own mark beside cells that mean something themselves; parties and a step that there is not -------------------

_BESIDE = """
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts: [{sheet: 表, header: 1, rows: 2-6}]
divisions: [{key: all, label: {ja: 全体, en: all}}]
channels: [{key: desk, label: {ja: 窓口, en: counter}, kind: counter}, {key: post, label: {ja: 郵送, en: post}, kind: mail}]
columns:
  - {header: 業務, role: name}
  - {header: 区分, role: mark, marks: share}
  - {header: 窓口, role: mark, channel: desk, marks: way}
  - {header: 郵送, role: mark, channel: post, marks: way}
marks:
  share:
    - {mark: 託, means: consigned, legend: 託：受託者が行う}
    - {mark: 直, means: retained, legend: 直：市職員が行う}
    - {mark: "", means: undefined}
  way:
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: ×, means: retained, legend: ×：市職員が行う}
    - {mark: △, means: part_open, legend: △：一部を受託者が行う}
    - {mark: "", means: outside, legend: 空欄：市職員が行う}
"""


def test_a_cell_with_a_meaning_of_its_own_decides_beside_a_row_s_mark(tmp_path: Path) -> None:
    """Unless the row is the city's: what gives it away then is a contradiction, and a ruling is needed."""
    book_of = Workbook()
    book_of.active.title = "表"
    for row in (["業務", "区分", "窓口", "郵送"], ["甲", "託", "○", "×"], ["乙", "託", "△", None], ["丙", "直", "×", "○"], [], ["託：受託者が行う　直：市職員が行う　○：受託者が行う　×：市職員が行う　△：一部を受託者が行う　空欄：市職員が行う"]):  # fmt: skip
        book_of.active.append(row)
    book_of.save(tmp_path / "a.xlsx")
    (tmp_path / "mapping.yaml").write_text(_BESIDE.replace("2-6", "2-4"), "utf-8")
    desk = Desk.open(
        list=made_of(importing.report_on(tmp_path / "a.xlsx", tmp_path / "mapping.yaml"), tmp_path / "list")
    )
    found = [[desk.decide(row=task.id, channel=channel) for channel in ("desk", "post")] for task in desk.catalog.tasks]
    assert [[(each.assignee.value, each.certainty.value) for each in row] for row in found] == [
        [("contractor", "settled"), ("city_staff", "settled")],
        [("split", "needs_ruling"), ("city_staff", "settled")],
        [("city_staff", "settled"), ("city_staff", "needs_ruling")],
    ]
    assert "「直」は市のもので、この欄の「○」は受託者に渡すもの" in found[2][1].explain("ja", why=True)


_PARTIES = """
confirmed: true
title: {ja: 一覧, en: List}
edition: 一
cells: in_columns
parts: [{sheet: 表, header: 1-2, rows: 3-6}]
divisions: [{key: all, label: {ja: 全体, en: all}}]
channels: [{key: anywhere, label: {ja: すべて, en: anywhere}, kind: other}]
columns:
  - {header: 業務, role: name}
  - {header: 受付/受託者, role: mark, act: [receive, receive_notice], party: contractor, marks: who}
  - {header: 受付/市, role: mark, act: [receive, receive_notice], party: city, marks: who}
  - {header: 入力/受託者, role: mark, act: data_entry, party: contractor, marks: who}
  - {header: 入力/市, role: mark, act: data_entry, party: city, marks: who}
  - {header: 決定/市, role: mark, act: decide, party: city, marks: who}
  - {header: 決定/広域連合, role: mark, act: decide, party: other, marks: who}
  - {header: 備考, role: remark}
marks:
  who:
    - {mark: ○, means: does, legend: ○：行う者}
    - {mark: －, means: no_step, legend: －：工程がない}
    - {mark: "", means: does_not, because: {ja: 印のない者は行わない, en: it does not do it}}
parties:
  both: {means: part_open, legend: 両方に○：備考のとおり}
  neither: {means: undefined}
  other: {means: retained, legend: 広域連合の○：広域連合が行い、取次ぎは市職員が行う}
  divided_by_remark: true
  names: {contractor: [受託者], city: [市職員]}
"""


def test_parties_of_each_act_with_a_step_that_there_is_not_and_another_party(tmp_path: Path) -> None:
    """A remark divides the act that it names; an act without a column of the contractor is the city's, or another's."""
    book_of = Workbook()
    sheet = book_of.active
    sheet.title = "表"
    rows = [
        ["業務", "受付", None, "入力", None, "決定", None, "備考"],
        [None, "受託者", "市", "受託者", "市", "市", "広域連合", None],
        ["甲", "○", "○", "○", "○", "○", None, "受付は、窓口の分を受託者、郵送の分を市職員が行う"],
        ["乙", "－", "－", "○", None, None, "○", None],
        ["丙", "○", None, "○", None, "－", "－", None],
        ["丁", None, None, None, "○", "○", None, None],
        ["○：行う者　－：工程がない　両方に○：備考のとおり　広域連合の○：広域連合が行い、取次ぎは市職員が行う"],
    ]
    for row in rows:
        sheet.append(row)
    for merged in ("A1:A2", "B1:C1", "D1:E1", "F1:G1", "H1:H2"):
        sheet.merge_cells(merged)
    book_of.save(tmp_path / "a.xlsx")
    (tmp_path / "mapping.yaml").write_text(_PARTIES, "utf-8")
    desk = Desk.open(
        list=made_of(importing.report_on(tmp_path / "a.xlsx", tmp_path / "mapping.yaml"), tmp_path / "list")
    )
    found = {
        (task.name, act): (answer.assignee.value, answer.certainty.value)
        for task in desk.catalog.tasks
        for act in ("receive", "receive_notice", "data_entry", "decide", None)
        for answer in [desk.decide(row=task.id, channel="anywhere", act=act)]
    }
    assert found["甲", "receive"] == found["甲", "receive_notice"] == ("split", "settled")
    assert found["甲", "data_entry"] == ("city_staff", "needs_ruling")
    assert found["乙", "receive"] == found["丙", "decide"] == ("nobody", "settled")
    assert found["乙", "decide"] == ("city_staff", "settled")
    assert found["丙", None] == ("contractor", "settled")
    assert found["丁", "receive"] == ("city_staff", "needs_ruling")
    assert desk.decide(row=desk.catalog.tasks[2].id, channel="anywhere", act="受付").assignee.value == "contractor"
    text = desk.decide(row=desk.catalog.tasks[2].id, channel="anywhere").explain("ja", why=True)
    assert "受付（受託者） ○" in text
    assert "受付（市） 空欄" in text
