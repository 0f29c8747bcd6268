"""A question list that comes back: each answer lands on its own question and in its own edition, and nothing in it is lost silently."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font

from assign import Desk, files
from assign.errors import AssignError, DataError
from assign.register import RulingRefused, open_questions, sheet, workbook
from assign.register.register import Register, prepared, write
from assign.register.returned import Given, Returned, returned

from .command_line import inside
from .test_editions import effective, two_editions
from .test_questions import ANSWER, HEADS, SINCE, as_csv, filled, of_part

OLD, NEW = "2025-05-01", "2026-05-01"
AT = {head: place for place, head in enumerate(HEADS)}
Rows = list[list[str]]


@pytest.fixture(scope="module")
def rows(desk: Desk) -> Rows:
    """Three questions that go out, and one that no ruling settles; the first and the third are answered."""
    questions = [*of_part(desk)[:3], *[each for each in open_questions(desk, SINCE) if each.by != "ruling"][:1]]
    return filled(sheet.table(desk, questions, "ja"), lambda number: ANSWER if number != 2 else {})


def back(tmp_path: Path, desk: Desk, rows: Rows) -> Returned:
    """Read as a CSV."""
    return returned(as_csv(tmp_path / "back.csv", rows), desk, Given())


def refused(tmp_path: Path, desk: Desk, rows: Rows) -> list[str]:
    """The places that are refused."""
    with pytest.raises(RulingRefused) as error:
        back(tmp_path, desk, rows)
    return [reason.place["en"] for reason in error.value.reasons]


def as_book(path: Path, rows: Rows, change: Callable[[Any], None]) -> Path:
    """As a workbook in which somebody has worked."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book.active)
    book.save(path)
    return path


# -- one question, one answer --------------------------------------------------------------------------------------------


def test_the_questions_of_a_sheet_are_counted(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """Answered, waiting, and settled by no ruling."""
    assert back(tmp_path, desk, rows).as_json() == {"all": 4, "answered": 2, "waiting": 1, "otherwise": 1}


def test_answers_that_were_sorted_without_their_keys_are_refused(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """Columns A to J of two questions change places, and K to O stay: each answer would land on the other question."""
    keys = AT["decisions"]
    mixed = [rows[0], rows[3][:keys] + rows[1][keys:], rows[2], rows[1][:keys] + rows[3][keys:], rows[4]]
    assert refused(tmp_path, desk, mixed) == ["row 2, row ids (M2)", "row 4, row ids (M4)"]
    assert len(back(tmp_path, desk, [rows[0], *reversed(rows[1:])]).drafts) == 2  # whole rows may be sorted


@pytest.mark.parametrize("key", ["rows", "acts", "channels"])
def test_keys_that_are_fewer_than_the_question_has_are_refused(
    tmp_path: Path, desk: Desk, rows: Rows, key: str
) -> None:
    """Of a question on many rows one would be registered, and the others stay open."""
    cut = [[*row] for row in rows]
    words = cut[1][AT[key]].split()
    cut[1][AT[key]] = {"rows": words[-1], "acts": "mail" if words != ["mail"] else "print", "channels": "backyard"}[key]
    assert cut != rows
    assert refused(tmp_path, desk, cut) == ["row 2, row ids (M2)"]


def test_a_question_that_is_answered_in_two_rows_is_refused(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """Whether they say the same or not."""
    assert refused(tmp_path, desk, [*rows, rows[1]]) == ["row 6, row ids (M6)"]


def test_a_sheet_in_english_comes_back_too(tmp_path: Path, desk: Desk) -> None:
    """Its words are held against its keys in its own language."""
    table = filled(sheet.table(desk, of_part(desk)[:2], "en"), lambda _: ANSWER)
    assert len(back(tmp_path, desk, table).drafts) == 2


def test_a_column_that_is_missing_is_named(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """Without that of the last day an answer would have no end."""
    renamed = [["任意" if head == "適用終了日" else head for head in rows[0]], *rows[1:]]
    with pytest.raises(DataError, match="no column `until`"):
        back(tmp_path, desk, renamed)


@pytest.mark.parametrize("key", ["question", "choices"])
def test_what_was_added_to_the_question_of_an_answer_is_refused(
    tmp_path: Path, desk: Desk, rows: Rows, key: str
) -> None:
    """It may be a condition, without which the answer says more than the city did."""
    more = [[*row] for row in rows]
    more[1][AT[key]] += "（急ぐときを除く）"
    assert refused(tmp_path, desk, more) == [f"row 2, {sheet.HEADS[key]['en']} ({'BD'[key == 'choices']}2)"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("number", "1 ※夜間は市職員"),
        ("volume", "※夜間は市職員"),
        ("decisions", "2 夜間は市職員"),
        ("choices", "市職員"),
        ("list", "{} 夜間は市職員"),
    ],
)
def test_no_cell_is_lost_in_which_somebody_wrote(tmp_path: Path, desk: Desk, rows: Rows, key: str, text: str) -> None:
    """In the row of an answer it is refused by its cell; in another row it is said, and the answers are registered."""
    for at, answered in ((1, True), (2, False)):
        more = [[*row] for row in rows]
        more[at][AT[key]] = text.format(more[at][AT[key]])
        where = f"row {at + 1}, {sheet.HEADS[key]['en']} ({chr(ord('A') + AT[key])}{at + 1})"
        if answered:
            assert refused(tmp_path, desk, more) == [where]
        else:
            assert [each.place["en"] for each in back(tmp_path, desk, more).unread] == [where]


@pytest.mark.parametrize("key", ["question", "about", "choices"])
@pytest.mark.parametrize("at", [2, 4])
def test_what_was_added_to_a_question_without_an_answer_is_said(
    tmp_path: Path, desk: Desk, rows: Rows, key: str, at: int
) -> None:
    """Of one that waits, and of one that no ruling settles."""
    more = [[*row] for row in rows]
    more[at][AT[key]] += "（夜間は市職員）"
    assert [each.place["en"].split(" (")[1] for each in back(tmp_path, desk, more).unread] == [f"{'ABCD'[AT[key]]}{at + 1})"]  # fmt: skip


def test_what_may_have_changed_meanwhile_is_said_and_refuses_nothing(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """How many decisions a question settles, and in which words it is asked, depends on what else was answered."""
    more = [[*row] for row in rows]
    more[1][AT["decisions"]] = "1,999"
    more[3][AT["question"]] = more[3][AT["question"]].replace("について。", "について。昼間、", 1)
    found = back(tmp_path, desk, more)
    assert (len(found.drafts), [each.place["en"] for each in found.unread]) == (
        2,
        ["row 2, decisions (K2)", "row 4, question (B4)"],
    )


def test_a_list_of_another_name_is_told_with_both_names(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """Once, by the first of its cells; a name that looks like a person's is not repeated."""
    for name, shows in (("ほかの市の一覧（令和9年版）", True), ("佐藤課長の一覧", False)):
        more = [rows[0], *([*row[:-1], name] for row in rows[1:])]
        [said] = back(tmp_path, desk, more).unread
        assert said.place["en"] == "row 2, list and edition (P2)"
        assert (name in said.text["ja"], desk.catalog.manifest.title["ja"] in said.text["ja"]) == (shows, True)


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("by_act", [False, True])
def test_a_list_that_nobody_has_touched_is_as_it_went_out(tmp_path: Path, desk: Desk, lang: str, by_act: bool) -> None:
    """Every question of the list, with cases a month or without, also as a spreadsheet saves it in cp932: nothing is said of any."""
    some = {task.id: 1234 for task in desk.catalog.tasks[::2]}
    for volumes, encoding in ((None, "utf-8-sig"), (some, "cp932")):
        table = sheet.table(desk, open_questions(desk, SINCE, volumes, by_act=by_act), lang)
        sent = [[cell.encode("cp932", "replace").decode("cp932") for cell in row] for row in table]
        found = returned(as_csv(tmp_path / "q.csv", filled(sent, lambda number: ANSWER if number == 1 else {}), encoding), desk, Given())  # fmt: skip
        assert (len(found.drafts), [each.line("en") for each in found.unread]) == (1, [])


# -- what a workbook has beside its values -------------------------------------------------------------------------------


def _struck(at: Any) -> None:
    at["E2"].font = Font(strike=True)


def _struck_in_part(at: Any) -> None:
    at["E2"] = CellRichText(TextBlock(InlineFont(strike=True), "受託者"), "市職員")


def _merged(at: Any) -> None:
    at["E3"] = at["E4"] = None
    at.merge_cells("E2:E4")


def _commented(at: Any) -> None:
    at["F2"].comment = Comment("急ぐときを除く", "市民課")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_struck, "row 2, answer (who) (E2)"),
        (_struck_in_part, "row 2, answer (who) (E2)"),
        (_merged, "row 2, answer (who) (E2)"),
        (_commented, "row 2 (F2)"),
    ],
)
def test_an_answer_whose_cell_says_more_than_its_text_is_refused(
    tmp_path: Path, desk: Desk, rows: Rows, change: Callable[[Any], None], place: str
) -> None:
    """A line through it takes it out; of merged cells nobody can tell for which questions it is; a comment may be a condition."""
    with pytest.raises(RulingRefused) as error:
        returned(as_book(tmp_path / "back.xlsx", rows, change), desk, Given())
    assert place in [reason.place["en"] for reason in error.value.reasons]


_RUNS = {
    "受託者": '<t>受託者</t><rPh sb="0" eb="3"><t>ジュタクシャ</t></rPh>',
    "市職員": "<r><rPr><strike/></rPr><t>市</t></r><r><t>職員</t></r>",
    "両者": '<r><rPr><strike val="0"/></rPr><t>両</t></r><r><t>者</t></r>',
}


@pytest.mark.parametrize("shared", [True, False])
def test_a_line_through_a_part_of_a_text_is_seen_however_the_text_is_kept(tmp_path: Path, shared: bool) -> None:
    """In the table of texts that Excel keeps, or in the cell; how a word is read aloud (ふりがな) is no part of it."""
    book = openpyxl.Workbook()
    for word in _RUNS:
        book.active.append([word])
    book.save(tmp_path / "plain.xlsx")
    texts = "".join(f"<si>{runs}</si>" for runs in _RUNS.values())
    table = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{texts}</sst>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as old, zipfile.ZipFile(tmp_path / "back.xlsx", "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            for at, (word, runs) in enumerate(_RUNS.items()):
                cell = f"<is>{runs}</is>" if not shared else f"<v>{at}</v>"
                text = text.replace(f"<is><t>{word}</t></is>", cell)
            if shared:
                text = text.replace("inlineStr", "s")
                text = text.replace(
                    "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
                )
            new.writestr(name, text)
        if shared:
            new.writestr("xl/sharedStrings.xml", table)
    (found,) = workbook.read(tmp_path / "back.xlsx")
    first, second, third = (values[0] for _, values in found.rows)
    assert (first, isinstance(second, workbook.Struck), third) == ("受託者", True, "両者")


def test_a_second_list_in_the_workbook_is_refused(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """Its answers may be other ones; a sheet of another kind is said not to be read, and may stand first."""

    def copied(at: Any) -> None:
        at.parent.copy_worksheet(at)["E3"] = "市職員"

    with pytest.raises(DataError, match="2 question lists"):
        returned(as_book(tmp_path / "two.xlsx", rows, copied), desk, Given())

    def noted(at: Any) -> None:
        at.parent.create_sheet("メモ", 0)["A1"] = "市民課で記入"

    found = returned(as_book(tmp_path / "memo.xlsx", rows, noted), desk, Given())
    assert (len(found.drafts), [each.place["ja"] for each in found.unread]) == (2, ["シート `メモ`"])


def test_what_stands_in_the_list_and_is_not_registered_is_said_by_its_cell(
    tmp_path: Path, desk: Desk, rows: Rows
) -> None:
    """A reason beside ※, a comment on a question that stays open, a column of somebody's own, a row below."""
    more = [[*row, "要確認" if at == 2 else ""] for at, row in enumerate(rows)]
    more[4][AT["reason"]] = "10月から市職員に変わりました"
    more.append(["以上"])

    def commented(at: Any) -> None:
        at["E3"].comment = Comment("検討中", "市民課")

    found = returned(as_book(tmp_path / "back.xlsx", more, commented), desk, Given())
    assert [each.place["en"] for each in found.unread] == [
        "row 3 (E3)",
        "row 5, reason (J5)",
        "row 6, number (A6)",
        "row 3 (Sheet!Q3)",
    ]
    assert not any("検討中" in each.line("ja") for each in found.unread)


def test_a_mark_for_no_answer_is_none_where_one_can_be_given(tmp_path: Path, desk: Desk, rows: Rows) -> None:
    """※ in the cell of a question that a ruling settles may mean anything."""
    marked = [[*row] for row in rows]
    marked[2][AT["assignee"]] = sheet.SETTLED_OTHERWISE
    assert "row 3, answer (who) (E3)" in refused(tmp_path, desk, marked)


# -- editions ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_editions(tmp_path_factory.mktemp("city") / "list")


@pytest.fixture
def city(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "city"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """A command of this process: exit code, stdout, stderr."""
    return lambda *words: inside(capsys, *map(str, words))


def asked(run: Any, city: Path, on: str, out: Path, since: str, first: int = 0, **cells: str) -> Path:
    """The question list of a day, one of its questions answered."""
    assert run("questions", "--list", city, "--on", on, "--out", out)[0] == 0
    table = [*csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline=""))]
    able = [at for at, row in enumerate(table[1:], 1) if row[AT["assignee"]] == ""]
    answer = {**ANSWER, "since": since, **cells}
    return as_csv(out, filled(table, lambda number: answer if number == able[first] else {}))


def registers(city: Path) -> dict[str, bytes]:
    return {each: (city / each / "rules" / "rulings.yaml").read_bytes() for each in ("r7", "r8")}


@pytest.mark.parametrize(("on", "since", "folder"), [(OLD, "2025-06-10", "r7"), (NEW, "2026-06-10", "r8")])
def test_an_answer_goes_into_the_edition_of_its_first_day(
    run: Any, city: Path, tmp_path: Path, on: str, since: str, folder: str
) -> None:
    """Whatever edition is in force today: as `rule add` by hand does."""
    before = registers(city)
    code, out, said = run("rule", "add", "--list", city, "--from", asked(run, city, on, tmp_path / "q.csv", since), "--json")  # fmt: skip
    assert code == 0, said
    assert json.loads(out)["files"] == [str(city / folder / "rules" / "rulings.yaml")]
    assert [each for each, text in registers(city).items() if text != before[each]] == [folder]


def test_an_answer_before_the_first_edition_is_refused_at_its_cell(run: Any, city: Path, tmp_path: Path) -> None:
    """By hand it is refused, too."""
    sent = asked(run, city, OLD, tmp_path / "q.csv", "2024-01-01")
    code, _, said = run("rule", "add", "--list", city, "--from", sent)
    assert (code, "（F" in said, "`r7`" in said) == (6, True, True)


def test_answers_of_two_editions_are_registered_in_both_or_in_neither(
    city: Path, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sheet, each row by its own day; where the second register cannot be written the first is put back."""
    register = Register.open(list=city, on=OLD)
    drafts = [
        *returned(asked(run, city, OLD, tmp_path / "a.csv", "2025-06-10"), register.desk, Given()).drafts,
        *returned(asked(run, city, NEW, tmp_path / "b.csv", "2026-06-10"), register.desk, Given()).drafts,
    ]
    before = registers(city)
    wrong = [drafts[0], drafts[1]._replace(role="佐藤課長")]
    with pytest.raises(RulingRefused) as error:
        prepared(register, wrong)
    assert "`r8`" in error.value.reasons[0].line("ja")
    additions = prepared(register, drafts)
    assert [each.register.path.parts[-3] for each in additions] == ["r7", "r8"]
    whole = files.whole_or_not

    def fails(name: str, data: bytes, replaces: bytes | None = None) -> None:
        if "r8" in Path(name).parts:
            raise OSError("no room")
        whole(name, data, replaces)

    monkeypatch.setattr(files, "whole_or_not", fails)
    with pytest.raises(AssignError, match="rulings"):
        write(additions)
    assert registers(city) == before
    monkeypatch.setattr(files, "whole_or_not", whole)
    write(additions)
    assert all(text != before[each] for each, text in registers(city).items())


def test_who_is_added_to_an_edition_that_ends_is_told_so(run: Any, city: Path, tmp_path: Path) -> None:
    """It holds until the edition's last day, whatever its own; the next edition has a register of its own."""
    words = ("rule", "add", "--list", city, "--from")
    over = asked(run, city, OLD, tmp_path / "a.csv", "2026-03-01", until="2027-03-31")
    out = run(*words, over)[1]
    assert "2026-03-31 までです" in out
    assert "--on 2026-04-01" in out
    within = asked(run, city, OLD, tmp_path / "b.csv", "2025-07-01", 1, until="2026-03-31")
    assert "までです" not in run(*words, within)[1]
    assert "までです" not in run(*words, asked(run, city, NEW, tmp_path / "c.csv", "2026-07-01"))[1]


def test_a_year_that_is_none_of_a_case_is_refused_at_its_cell(run: Any, city: Path, tmp_path: Path) -> None:
    """As a day and not as a text, too: a spreadsheet makes a day of both."""
    sent = asked(run, city, NEW, tmp_path / "q.csv", "2206-05-01")
    code, _, said = run("rule", "add", "--list", city, "--from", sent)
    assert (code, "（F" in said, "2206 年" in said) == (6, True, True)


def test_a_first_day_that_may_be_a_typing_error_is_told(run: Any, city: Path, tmp_path: Path) -> None:
    """Before the edition's first day, or more than a year after today; that it is registered is no reason to say nothing."""
    for at, (on, since, says) in enumerate([(NEW, "2062-05-01", "1年より先"), (OLD, "2016-05-01", "一覧の最初の日 2025-04-01 より前")]):  # fmt: skip
        sent = asked(run, city, on, tmp_path / f"{at}.csv", since)
        words = ("rule", "add", "--list", city, "--from", sent, *(("--on", on) if on == OLD else ()))
        code, out, said = run(*words, "--json")
        assert (code, [says in each["ja"] for each in json.loads(out)["remarks"]]) == (0, [True]), said
    code, out, _ = run("rule", "check", "--list", city, "--json")
    assert code == 0
    assert (
        sum("書き誤り" in each["ja"] for each in json.loads(out)["notes"]) == 2
    )  # not of those of r7 that go on in r8
    plain = asked(run, city, NEW, tmp_path / "plain.csv", "2026-06-10", 1)
    assert json.loads(run("rule", "add", "--list", city, "--from", plain, "--json")[1])["remarks"] == []


def test_a_sheet_can_come_back_when_today_has_no_edition(run: Any, city: Path, tmp_path: Path) -> None:
    """Its answers have days of their own."""
    effective(city / "r8", {"since": "2026-04-01", "until": "2026-09-30"})
    code, _, said = run("rule", "add", "--list", city, "--from", asked(run, city, NEW, tmp_path / "q.csv", "2026-06-10"))  # fmt: skip
    assert code == 0, said


# -- the register as it is shown -----------------------------------------------------------------------------------------


def test_rule_list_says_whose_register_it_is_and_which_others_have_rulings(run: Any, city: Path) -> None:
    """All of an empty register are none: who has given `--all` is not told to give it, and finds those of the other edition."""
    (city / "r8" / "rules" / "rulings.yaml").write_text("rulings: []\n", "utf-8")
    code, out, _ = run("rule", "list", "--all", "--list", city)
    assert (code, "`r8`" in out, "`--all`" in out) == (0, True, False)
    assert "`r7` 令和7年度版 の台帳に 2 件（`--on 2026-03-31`）" in out
    shown = run("rule", "list", "--list", city, "--on", OLD.replace("05", "07"))[1]
    assert "令和7年度版 の台帳（2025-04-01 から 2026-03-31 まで）" in shown
    assert ("受領" in shown, "窓口" in shown, " receive " in shown) == (True, True, False)
    assert "another edition" not in run("rule", "list", "--list", city / "r7", "--lang", "en")[1]


def test_a_last_day_before_the_first_is_one_reason(run: Any, city: Path) -> None:
    """Nothing is said of an edition that it would be outside of; nor is a day of the year 9999."""
    words = (
        "--row",
        "kouki-8",
        "--act",
        "receive",
        "-c",
        "counter",
        "--document",
        "回答 第9号",
        "--role",
        "国保年金課長",
    )
    code, _, said = run("rule", "add", "--list", city, *words, "--assignee", "受託者", "--since", NEW, "--until", OLD)
    assert (code, "1 件の理由" in said, "9999" in said) == (6, True, False)
    code, _, said = run("rule", "add", "--list", city, *words, "--assignee", "業者", "--since", NEW)
    assert (code, "`受託者`（contractor）" in said) == (2, True)
