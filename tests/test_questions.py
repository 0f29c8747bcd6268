"""Open questions: all of them are asked, one answer settles many, and the answered list comes back as the register."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path

import openpyxl
import pytest

from assign import Desk
from assign.catalog.model import Catalog
from assign.errors import DataError
from assign.register import Question, Register, RulingRefused, letter, open_questions, sheet
from assign.register.questions import BY_KINDS, BY_LIST, BY_RULING, as_plain, list_plain
from assign.register.questions import asked as question_asked
from assign.register.returned import Given, returned
from assign.resources import catalog_file, document_file, rules_folder
from assign.rules.kinds import Work
from assign.rules.loader import load
from assign.words import CONSIGNING, Assignee, Certainty

from .command_line import run
from .test_lists import opened as of_list
from .test_lists_of_other_shapes import opened as of_truth
from .test_lists_of_other_shapes import truth
from .ward_lists import editions_of
from .ward_lists import folder_of as of_ward

SINCE = date(2027, 4, 1)
HEADS = [*sheet.HEADS]
ANSWER = {
    "assignee": "市職員",
    "since": "令和9年4月1日",
    "document": "疑義照会回答 第1号",
    "role": "契約担当課長",
    "reason": "市が行う。",
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A city's copy of the rules."""
    shutil.copytree(rules_folder(), tmp_path / "rules")
    return tmp_path / "rules"


def of_part(desk: Desk) -> list[Question]:
    """The questions on △ rows."""
    return [each for each in open_questions(desk, SINCE) if each.rule.id.startswith("PARTIAL")]


def filled(rows: list[list[str]], answers: Callable[[int], dict[str, str]]) -> list[list[str]]:
    """A question list with answers by the number of the question; what no answer is registered for stays."""
    found = [rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        cells = dict(zip(HEADS, row, strict=True))
        if cells["assignee"] != sheet.SETTLED_OTHERWISE:
            cells |= answers(number)
        found.append([*cells.values()])
    return found


def as_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8-sig") -> Path:
    """As a spreadsheet saves it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def as_workbook(path: Path, rows: list[list[object]]) -> Path:
    """As a spreadsheet saves it."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


# -- what is asked -------------------------------------------------------------------------------------------------------


def test_every_open_decision_of_a_row_s_own_work_is_asked_once(desk: Desk) -> None:
    """Over every row, channel and act: what needs a ruling is in one question, and nothing else is in any."""
    asked = [place for question in open_questions(desk, SINCE) for place in question.places]
    assert len(asked) == len(set(asked))
    wanted = set()
    for task, channel in product(desk.catalog.tasks, desk.catalog.manifest.channels):
        if desk.decider.facts(task, channel, None, SINCE).meaning not in CONSIGNING:
            if desk.decider.decide(task, channel, None, SINCE).certainty is Certainty.NEEDS_RULING:
                wanted.add((task.id, channel, ""))
            continue
        for act in desk.rules.acts:
            if desk.decider.own(task, act):
                outcome = desk.decider.decide(task, channel, act, SINCE)
                if outcome.certainty is Certainty.NEEDS_RULING:
                    wanted.add((task.id, channel, act))
    assert set(asked) == wanted


def test_every_row_of_part_is_asked_about(desk: Desk) -> None:
    """46 △ rows; grouped by kind of work and act, so that one answer settles many."""
    part = {task.id for task in desk.catalog.tasks if task.cells["mark"] == "△"}
    assert len(part) == 46
    questions = open_questions(desk, SINCE)
    of_part = [each for each in questions if each.rule.id.startswith("PARTIAL")]
    assert {row for each in of_part for row in each.rows} == part
    assert all(len(each.acts) == 1 and each.kind for each in of_part)
    assert len(of_part) * 4 < sum(len(each.places) for each in of_part)
    fewer = open_questions(desk, SINCE, by_act=True)
    assert sum(len(each.places) for each in fewer) == sum(len(each.places) for each in questions)
    assert len(fewer) < 50


def test_what_settles_most_comes_first(desk: Desk) -> None:
    """By decisions, or by monthly cases where they are given."""
    sizes = [len(each.places) for each in open_questions(desk, SINCE) if each.by == BY_RULING]
    assert sizes == sorted(sizes, reverse=True)
    weighed = open_questions(desk, SINCE, {"kokuho-25": 120, "kokuho-24": 30})
    assert weighed[0].volume == 150
    assert {"kokuho-25", "kokuho-24"} <= {*weighed[0].rows}


def test_a_question_says_why_it_is_open(tmp_path: Path) -> None:
    """What is printed and what the list makes of it: a mark against its remark, a mark without a meaning, what △ is in the legend."""
    desk = Desk.open(list=of_ward(tmp_path), engine="table")
    found = {question.rows[0]: question_asked(desk, question) for question in open_questions(desk, date(2026, 12, 1))}
    contradicting = (
        "「3 住民票 転出届」（1行、郵送）について。郵送欄が「△」です。印と備考「郵送は市職員が行う」が合いません。"
    )
    assert found["part1-3"]["ja"].startswith(contradicting)
    assert "Post has △. The mark and the remark '郵送は市職員が行う' do not agree." in found["part1-3"]["en"]
    assert "窓口欄が空欄、夜間欄が空欄です。この印の意味は凡例にありません。" in found["part1-12"]["ja"]
    assert "窓口欄が「◇」です。凡例は「◇：協議中のもの」と定めています。" in found["part1-9"]["ja"]
    assert "備考に「令和8年10月1日から市職員」とあり" in found["part1-8"]["ja"]
    assert "凡例は「△：一部を受託者が行う」と定めています。" in found["part1-2"]["ja"]


def test_every_question_says_why_it_is_open(desk: Desk) -> None:
    """Of an act that only our judgement keeps with the city it is that judgement."""
    for question in open_questions(desk, SINCE):
        said = question_asked(desk, question)["ja"].partition("について。")[2]
        assert said.count("。") > 1
        assert question.judged == ("本システムの判断）。この行為は市が行いますか" in said)


def test_what_a_list_gives_away_is_not_said_to_stand_under_an_undefined_mark(tmp_path: Path) -> None:
    """The legend has the mark; it is the act that may not be given away."""
    desk = of_list("acts", tmp_path, "table")
    asked = [question_asked(desk, each)["ja"] for each in open_questions(desk, SINCE)]
    assert not any("凡例にない印の業務" in text for text in asked)


def test_the_letter_has_an_addressee_and_every_question(desk: Desk) -> None:
    """As text, and as HTML that is plain enough for a word processor."""
    questions = open_questions(desk, SINCE)
    for lang, to in (("ja", "市の委託契約の担当"), ("en", "the city's manager of the contract")):
        text = letter.text(desk, questions, SINCE, lang)
        page = letter.html(desk, questions, SINCE, lang)
        assert to in text[1]
        assert sum(line[0].isdigit() and ". " in line[:6] for line in text if line) == len(questions)
        assert page.count("<h2>") == len(questions)
        assert "<script" not in page
        assert "http" not in page


def test_the_letter_names_the_list_its_edition_and_where_each_row_stands(tmp_path: Path) -> None:
    """Rows and lines are those of an edition; a row of a workbook is where who has the file finds it, on the channels asked about."""
    desk = Desk.open(list=of_ward(tmp_path), engine="table")
    day = date(2025, 6, 1)
    questions = open_questions(desk, day)
    named = "窓口業務委託一覧（令和7年度版、2025-04-01 から）"
    text = letter.text(desk, questions, day, "ja")
    assert f"一覧と版: {named}" in text
    assert "一覧のファイル（下の行番号はこのファイルのもの）: list.xlsx" in text
    assert any("2 住民票 転入届（シート「市民課」5行、窓口）、3 住民票 転出届" in line for line in text)
    assert any("4 印鑑 印鑑登録の申請（シート「市民課」7行、窓口・夜間）" in line for line in text)
    assert named in letter.html(desk, questions, day, "ja")
    table = sheet.table(desk, questions, "ja")
    assert {row[HEADS.index("list")] for row in table[1:]} == {named}
    assert list_plain(desk)["effective"] == {"since": "2025-04-01", "until": None}


def test_who_is_asked_reads_nothing_of_our_files(tmp_path: Path, desk: Desk) -> None:
    """The city has the paper: no name of a file of ours, no kind of work that nobody has written, no answer to choose that there is not."""
    for each in (desk, Desk.open(list=of_ward(tmp_path), engine="table")):
        questions = open_questions(each, date(2026, 12, 1))
        text = "\n".join(letter.text(each, questions, SINCE, "ja"))
        cells = "\n".join("".join(row[:4]) for row in sheet.table(each, questions, "ja"))
        for word in ("catalog.csv", "manifest.yaml", "kinds.yaml", "acts.yaml", "種類をまだ書いていない"):
            assert word not in text
            assert word not in cells
        choices = [line for line in text.splitlines() if "回答の選択肢: " in line]
        assert len(choices) == sum(question.by == BY_RULING for question in questions)
        assert text.count("お答えいただくこと: ") == len(questions) - len(choices)


# -- answered ------------------------------------------------------------------------------------------------------------


def mended(tmp_path: Path) -> Catalog:
    """The list with the cell of line 64 as the original has it: what a city writes after it has looked."""
    from assign.catalog import load as load_list

    folder = tmp_path / "list"
    (folder / "source").mkdir(parents=True)
    shutil.copy(document_file(), folder / "source")
    shutil.copy(catalog_file().parent / "manifest.yaml", folder)
    text = catalog_file().read_text("utf-8-sig")
    before = "?,?,unreadable,heading_carried channel_unsettled"
    assert before in text
    text = text.replace(before, "○,,as_printed,heading_carried channel_unsettled original_checked")
    (folder / "catalog.csv").write_text(text, "utf-8")
    return load_list(folder)


@pytest.mark.long
@pytest.mark.parametrize("form", ["csv", "cp932", "xlsx"])
def test_after_all_are_answered_nothing_is_open(rules: Path, tmp_path: Path, form: str) -> None:
    """The question list goes out, comes back filled in, and is the register; what the list itself must say is mended there."""
    register = Register.open(rules=rules)
    questions = open_questions(register.desk, SINCE)
    out = tmp_path / ("out.xlsx" if form == "xlsx" else "out.csv")
    done = run("questions", "--rules", str(rules), "--on", SINCE.isoformat(), "--out", str(out))
    assert done.returncode == 0, done.stderr
    if form == "xlsx":
        book = openpyxl.load_workbook(out)
        rows = [[cell or "" for cell in row] for row in book.active.iter_rows(values_only=True)]
    else:
        rows = [*csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline=""))]
    assert len(rows) == len(questions) + 1

    def answer(number: int) -> dict[str, str]:
        words = [each.value for each in questions[number - 1].answers]
        return {**ANSWER, "assignee": words[number % len(words)]}

    back = filled(rows, answer)
    path = tmp_path / f"answers.{'xlsx' if form == 'xlsx' else 'csv'}"
    if form == "xlsx":
        as_workbook(path, [[*row] for row in back])
    else:
        as_csv(path, back, "cp932" if form == "cp932" else "utf-8-sig")
    done = run("rule", "add", "--rules", str(rules), "--from", str(path), "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    after = Register.open(rules=rules)
    assert [each.by for each in open_questions(after.desk, SINCE)] == [BY_LIST]
    assert [*after.findings()] == []
    for question in questions:  # each is answered as it was ruled
        for place in question.places if question.by == BY_RULING else ():
            outcome = after.desk.decider.decide(after.desk.catalog.by_id[place.row], place.channel, place.act, SINCE)
            assert outcome.certainty is Certainty.SETTLED
    whole = Desk(mended(tmp_path), after.desk.rules, "table")
    assert open_questions(whole, SINCE) == []
    assert len(open_questions(whole, date(2027, 3, 31))) == len(questions) - 1  # before that day all is as it was


@pytest.mark.long
def test_the_same_answers_again_are_counted_and_new_ones_are_added(rules: Path, tmp_path: Path) -> None:
    """The list comes back a second time with one more answer; another answer to an answered question is refused."""
    register = Register.open(rules=rules)
    table = sheet.table(register.desk, of_part(register.desk)[:3], "ja")
    first = as_csv(tmp_path / "answers.csv", filled(table, lambda number: ANSWER if number < 3 else {}))
    assert len(register.add(returned(first, register.desk, Given()).drafts)) == 2
    again = Register.open(rules=rules)
    second = as_csv(tmp_path / "again.csv", filled(table, lambda _number: ANSWER))
    done = again.prepared(returned(second, again.desk, Given()).drafts)
    assert (len(done.made), done.same) == (1, 2)
    other = as_csv(
        tmp_path / "other.csv", filled(table, lambda number: {**ANSWER, "reason": "別の理由。"} if number == 1 else {})
    )
    with pytest.raises(RulingRefused) as refused:
        again.add(returned(other, again.desk, Given()).drafts)
    assert {(reason.code, reason.place["ja"]) for reason in refused.value.reasons} == {("overlap", "2 行目")}
    before = again.path.read_bytes()
    assert again.add(returned(first, again.desk, Given()).drafts) == []
    assert again.path.read_bytes() == before


@pytest.mark.long
def test_what_is_said_once_for_all_stands_where_a_cell_is_empty(rules: Path, tmp_path: Path) -> None:
    """The paper, the role and the day of a letter that answers many; a question without an answer stays open."""
    register = Register.open(rules=rules)
    questions = of_part(register.desk)
    table = sheet.table(register.desk, questions[:3], "en")
    path = as_csv(tmp_path / "a.csv", filled(table, lambda number: {"assignee": "contractor"} if number == 2 else {}))
    words = ("rule", "add", "--rules", str(rules), "--from", str(path), "--json")
    bare = run(*words)
    assert (bare.returncode, "F3" in bare.stderr) == (6, True)
    done = run(*words, "--since", "2027-04-01", "--document", "回答第1号", "--role", "契約担当課長")
    assert done.returncode == 0, done.stderr
    (ruling,) = json.loads(done.stdout)["rulings"]
    assert (ruling["act"], ruling["role"]) == (questions[1].acts[0], "契約担当課長")
    assert len(of_part(Register.open(rules=rules).desk)) == len(questions) - 1


@pytest.mark.parametrize(
    ("cells", "place", "code"),
    [
        ({"assignee": "受託者。ただし急ぐとき"}, "E2", "form"),
        ({"assignee": ""}, "E2", "form"),
        ({"since": "来月"}, "F2", "form"),
        ({"since": ""}, "F2", "form"),
        ({"until": "2027-02-30"}, "G2", "form"),
        ({"until": "2020-01-01"}, "row 2", "form"),
        ({"document": ""}, "H2", "form"),
        ({"role": "佐藤課長"}, "row 2", "person"),
        ({"reason": "山田太郎が決めた。"}, "row 2", "person"),
        ({"document": "電話 090-1234-5678"}, "row 2", "person"),
        ({"rows": "kokuho-25 kokuho-999"}, "M2", "form"),
        ({"rows": ""}, "M2", "form"),
        ({"acts": "decide", "assignee": "受託者"}, "M2", "form"),
        ({"acts": "mial"}, "N2", "form"),
        ({"channels": "window"}, "O2", "form"),
        ({"rows": "kokuho-19", "assignee": "受託者"}, "M2", "form"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_with_its_place(
    rules: Path, tmp_path: Path, cells: dict[str, str], place: str, code: str
) -> None:
    """Nothing is registered then, and what stood in the cell is not repeated."""
    register = Register.open(rules=rules)
    table = sheet.table(register.desk, of_part(register.desk)[1:3], "ja")
    path = as_csv(tmp_path / "a.csv", filled(table, lambda number: {**ANSWER, **cells} if number == 1 else ANSWER))
    with pytest.raises(RulingRefused) as refused:
        register.add(returned(path, register.desk, Given()).drafts)
    assert code in {reason.code for reason in refused.value.reasons}
    assert any(place in reason.place["en"] for reason in refused.value.reasons)
    said = " ".join(reason.line(lang) for reason in refused.value.reasons for lang in ("ja", "en"))
    assert not any(word in said for word in ("佐藤", "山田", "090"))
    assert Register.open(rules=rules).rulings == ()


def test_a_formula_is_no_answer(rules: Path, tmp_path: Path) -> None:
    """It is named with its place."""
    register = Register.open(rules=rules)
    table = sheet.table(register.desk, of_part(register.desk)[1:2], "ja")
    path = as_workbook(tmp_path / "a.xlsx", [[*row] for row in filled(table, lambda _: {**ANSWER, "role": "=A1"})])
    with pytest.raises(RulingRefused) as refused:
        returned(path, register.desk, Given())
    assert [reason.place["en"] for reason in refused.value.reasons] == ["row 2, role (I2)"]


@pytest.mark.long
def test_no_cell_of_the_workbook_is_a_formula(desk: Desk) -> None:
    """Whatever a list prints."""
    book = openpyxl.load_workbook(io.BytesIO(sheet.excel(desk, open_questions(desk, SINCE), "ja")))
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)
    assert book.active.data_validations.dataValidation


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b"0" * 50_000_000)


def _far_cell(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.cell(1_048_576, 16_384).value = "x"
    book.save(path)


@pytest.mark.long
@pytest.mark.parametrize(
    "made",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 no zip"),
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        lambda path: path.write_bytes(bytes(range(256)) * 40),
        lambda path: path.write_bytes(b"a,b\n" * 2_000_000),
        lambda path: path.write_text('"never closed', "utf-8"),
        lambda path: path.write_text("回答,行\n受託者,kokuho-25\n", "utf-8"),
        lambda path: path.mkdir(),
        lambda _path: None,
        _bomb,
        _far_cell,
    ],
)
def test_a_bad_file_ends_in_one_clear_error(rules: Path, tmp_path: Path, made: Callable[[Path], None]) -> None:
    """Whatever it is: a bomb is not unpacked, and of a cell far away only its row is looked for."""
    path = tmp_path / "answers.xlsx"
    made(path)
    with pytest.raises(DataError, match="answers"):
        returned(path, Register.open(rules=rules).desk, Given())


@pytest.mark.long
def test_volumes_are_read_or_refused(tmp_path: Path) -> None:
    """With the line, and the nearest row."""
    path = tmp_path / "volumes.csv"
    path.write_bytes('行,件数\r\nkokuho-25,"1,200"\r\n'.encode("cp932"))
    done = run("questions", "--volumes", str(path), "--json")
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)["questions"][0]
    assert (first["volume"], "kokuho-25" in first["rows"], first["to"]) == (1200, True, "city_contract_manager")
    assert first["without_volume"] == [row for row in first["rows"] if row != "kokuho-25"]
    for text, says in [
        ("id,volume\nkokuho-255,1\n", "line 2: the list has no row"),
        ("id,volume\nkokuho-25,x\n", "no whole number"),
        ("id,volume\nkokuho-25,1\nkokuho-25,2\n", "line 3: the row `kokuho-25` stands twice"),
        ("row\nkokuho-25\n", "the heading needs"),
    ]:
        path.write_text(text, "utf-8")
        done = run("questions", "--volumes", str(path), "--lang", "en")
        assert (done.returncode, says in done.stderr) == (1, True), done.stderr


def test_a_row_without_a_figure_is_not_0_in_a_question(tmp_path: Path) -> None:
    """The sum says how many rows it lacks; a question of which no row has a figure has none; the letter and the list say so, too."""
    desk = Desk.open(list=of_ward(tmp_path), engine="table")
    found = open_questions(desk, date(2025, 4, 1), {"part1-2": 1500})
    part = found[0]
    assert (part.volume, part.rows, part.uncounted) == (1500, ["part1-2", "part1-3", "part1-4"], ("part1-3", "part1-4"))
    assert all(each.volume is None for each in found if "part1-2" not in each.rows)
    assert {"volume": 1500, "without_volume": ["part1-3", "part1-4"]}.items() <= as_plain(desk, part).items()
    text = "\n".join(letter.text(desk, found, SINCE, "ja"))
    assert "月の件数: 1,500（ほか2行は記載なし）" in text
    assert "月の件数: 記載なし" in text
    cells = [row[HEADS.index("volume")] for row in sheet.table(desk, found, "ja")]
    assert cells[:2] == ["月の件数", "1,500（ほか2行は記載なし）"]
    complete = open_questions(desk, date(2025, 4, 1), dict.fromkeys(desk.catalog.by_id, 1500))[0]
    assert (
        sheet.table(desk, [complete], "ja")[1][HEADS.index("volume")] == "4500"
    )  # a figure alone, to be reckoned with


def test_one_file_of_figures_serves_questions_and_diff(tmp_path: Path) -> None:
    """It may have rows of every edition in the folder; those without a figure are named on the screen."""
    editions_of(tmp_path)
    city = tmp_path / "city"
    for name in ("r7", "r8"):
        shutil.copytree(tmp_path / name / "list", city / name)
    figures = tmp_path / "v.csv"
    figures.write_text("id,volume\npart1-2,5\npart1-10,3\n", "utf-8")  # part1-10 is gone in r8
    done = run("questions", "--list", str(city), "--on", "2026-04-01", "--volumes", str(figures))
    assert done.returncode == 0, done.stderr
    assert "月の件数のない行が" in done.stdout
    assert "part1-4 印鑑登録の申請" in done.stdout
    assert run("diff", str(city), "--volumes", str(figures)).returncode == 0


@pytest.mark.long
def test_another_city_s_list_is_asked_about_too(tmp_path: Path) -> None:
    """The template of `assign init`: from its questions to its register without a line of Python."""
    city = tmp_path / "city"
    assert run("init", str(city)).returncode == 0
    out = tmp_path / "q.csv"
    assert run("questions", "--list", str(city), "--out", str(out)).returncode == 0
    rows = [*csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline=""))]
    assert len(rows) > 1
    path = as_csv(tmp_path / "a.csv", filled(rows, lambda _number: ANSWER))
    done = run("rule", "add", "--list", str(city), "--from", str(path))
    assert done.returncode == 0, done.stderr
    assert run("rule", "check", "--list", str(city)).returncode == 0
    left = json.loads(run("questions", "--list", str(city), "--on", "2027-04-01", "--json").stdout)["questions"]
    assert all(each["settled_by"] != BY_RULING for each in left)


def test_the_answers_that_may_be_given_settle(desk: Desk) -> None:
    """No question offers one that would be refused; an act of authority is offered the city alone."""
    for question in open_questions(desk, SINCE):
        if question.by == BY_RULING:
            assert question.answers
            assert Assignee.NOBODY not in question.answers


@pytest.mark.long
@pytest.mark.parametrize("name", ["three", "acts", "b", "d"])
def test_lists_of_other_shapes_are_asked_and_answered(name: str, tmp_path: Path) -> None:
    """What their rulings can settle is settled by them; what is left says that the list must."""
    if name in ("b", "d"):
        rows = truth(f"{name}/{'truth.jsonl' if name == 'b' else 'truth_d1.jsonl'}")
        desk = of_truth(tmp_path, name, rows, "table")
        rules = tmp_path / "rules"
    else:
        desk = of_list(name, tmp_path, "table")
        rules = tmp_path / f"rules of {name}"
    register = Register(rules / "rulings.yaml", desk)
    questions = open_questions(desk, SINCE)
    assert questions
    letter.text(desk, questions, SINCE, "ja")
    table = sheet.table(desk, questions, "ja")
    if any(each.by == BY_RULING for each in questions):
        path = as_csv(tmp_path / "a.csv", filled(table, lambda _number: ANSWER))
        made = register.add(returned(path, desk, Given()).drafts)
        assert made
        desk = Desk(desk.catalog, load(rules), "table")
    assert all(each.by == BY_LIST for each in open_questions(desk, SINCE))
    assert [*Register(register.path, desk).findings()] == []


def test_a_row_of_whose_work_nothing_can_be_asked_is_not_lost() -> None:
    """Nobody has said its kind of work: it is asked about as a whole, with what must be said first."""
    desk = Desk.open()
    plain = desk.rules.work.plain()
    kinds = [{**kind, "rows": [row for row in kind["rows"] if row != "kokuho-25"]} for kind in plain["kinds"]]
    rules = dataclasses.replace(desk.rules, work=Work({**plain, "kinds": kinds, "counter": []}))
    found = [each for each in open_questions(Desk(desk.catalog, rules, "table"), SINCE) if "kokuho-25" in each.rows]
    assert {(each.by, tuple(each.rows), tuple(each.acts)) for each in found} == {(BY_KINDS, ("kokuho-25",), ())}
