"""Days in remarks, through every door that makes tables ahead: where the mark alone no longer tells, no door says 受託者."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from assign import Desk
from assign.catalog.loader import load
from assign.catalog.turns import turns
from assign.diff.compare import compare
from assign.errors import CatalogDiffers
from assign.export.sql.script import script
from assign.register.questions import asked, open_questions
from assign.words import Meaning
from tests.import_lists import unproved as folder_made
from tests.test_import_checked import book, mapping, read

SAFE = [  # on every day from 2026-04-01 on at the latest, whatever they are read as
    "令和8年4月1日から市職員", "R8.4.1～市職員", "2026年4月1日以降は市職員が対応", "令和8年度は市職員", "4月1日から市職員", "8年4月1日から市職員",
    "令和8年4月1日付で市職員へ移管", "令和8年4月1日から国保年金課で対応", "令和8年4月1日から広域連合が行う", "令和8年4月1日から委託しない",
    "令和8年4月1日から委託の範囲から外す", "令和8年3月31日で委託終了", "令和8年3月31日をもって委託を終了", "委託は令和8年3月末まで",
    "令和8年3月31日まで受託者、以後市職員", "令和8年4月1日から受託者から市職員に変更", "令和8年4月1日に直営化", "令和8年4月1日から受託者は行わない",
    "令和8年4月1日から受託者に代わり市職員が行う", "令和8年3月31日廃止", "令和八年四月一日から市職員", "20260401から市職員", "令和8年2月30日から市職員",
    "令和8年3月31日までは受託者、令和8年4月1日からは市職員", "令和8年4月1日からは、○○課職員が行う", "令和8年4月1日から市職員（郵送を含む）",
    "窓口を除き、令和8年4月1日から市職員",
]  # fmt: skip


@pytest.mark.parametrize("remark", SAFE)
def test_what_takes_work_back_in_any_words_is_never_read_as_the_contractor_s(remark: str) -> None:
    """By a mark that gives it away; what the words do not tell waits."""
    for on in (date(2026, 4, 1), date(2026, 8, 1), date(2030, 1, 1)):
        assert any(turn.against(Meaning.CONSIGNED, on) for turn in turns(remark)), on


@pytest.mark.parametrize(
    "remark",
    ["令和8年10月1日から図書館でも扱う", "年間件数は令和7年4月1日から令和8年3月31日までの実績", "受託者を指定公金事務取扱者に指定（令和7年3月10日告示第5号）",
     "令和3年10月頃業務見直し予定", "夜間は市職員", "第2号契約による", "翌年度4～5月の到達者"],
)  # fmt: skip
def test_a_day_that_takes_nothing_back_is_none(remark: str) -> None:
    """The control."""
    assert not turns(remark)


def desk_of(tmp_path: Path, remark: str, name: str = "a") -> Desk:
    """A list of one row, ○ under 受付."""
    report = read(book(tmp_path / f"{name}.xlsx", [1, "申請", "○", "×", "×", remark]), mapping(tmp_path, 3))
    return Desk.open(list=folder_made(report, tmp_path / name))


def test_two_days_in_one_sentence_are_two_turns(tmp_path: Path) -> None:
    """The contractor's half year, and no day more."""
    desk = desk_of(tmp_path, "令和8年4月1日から受託者、令和8年10月1日から市職員")
    found = {
        on: desk.decide(row="kokuho-1", channel="anywhere", act="receive", on=on).certainty.value
        for on in ("2026-03-31", "2026-04-01", "2026-09-30", "2026-10-01")
    }
    assert list(found.values()) == ["needs_ruling", "settled", "settled", "needs_ruling"]


def test_what_would_change_the_answer_names_the_day_of_the_remark(tmp_path: Path) -> None:
    """On both sides of it, of an act and of the row as a whole; nobody has to ask for it, so the words begin with it."""
    desk = desk_of(tmp_path, "令和9年1月1日から市職員")

    def changes(on: str, act: str | None) -> list[tuple[dict[str, str | None], str]]:
        found = desk.decide(row="kokuho-1", channel="anywhere", act=act, on=on)
        return [(dict(each.change), each.assignee.value) for each in found.would_change]

    for act in ("receive", None):
        assert ({"on": "2027-01-01"}, "city_staff") in changes("2026-12-01", act)
        assert ({"on": "2027-01-01"}, "city_staff") in changes("2026-12-31", act)
    assert ({"on": "2026-12-31"}, "contractor") in changes("2027-01-01", "receive")
    assert not [each for each, _ in changes("2027-02-01", "receive") if each == {"on": "2027-01-01"}]
    said = desk.decide(row="kokuho-1", channel="anywhere", act="receive", on="2026-12-01").explain("ja", why=True)
    assert "変わる例: 2027-01-01の案件" in said


def test_a_table_for_a_database_has_the_days_too(tmp_path: Path) -> None:
    """And a step that nobody does can be loaded."""
    desk = desk_of(tmp_path, "受付は令和8年4月1日から市職員")
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(script(desk, "sqlite"))
        asked = "SELECT DISTINCT assignee, certainty FROM assign_line WHERE act = 'receive' ORDER BY 1"
        rows = base.execute(asked).fetchall()
    assert rows == [("city_staff", "needs_ruling"), ("contractor", "settled")]


def test_a_diff_sees_a_day_that_moved(tmp_path: Path) -> None:
    """Between the two days the answers differ."""
    old, new = (desk_of(tmp_path, f"令和8年{month}月1日から市職員", name) for month, name in ((4, "a"), (7, "b")))
    found = {
        (m.old.assignee.value, m.new.assignee.value, str(m.since), str(m.until))
        for m in compare(old, new).moves
        if m.old and m.new
    }
    assert ("city_staff", "contractor", "2026-04-01", "2026-06-30") in found
    assert {each[2:] for each in found} == {("2026-04-01", "2026-06-30")}


def test_a_remark_that_somebody_took_out_is_found(tmp_path: Path) -> None:
    """The document still says it."""
    desk_of(tmp_path, "令和8年4月1日から市職員")
    catalog = tmp_path / "a" / "catalog.csv"
    text = catalog.read_text("utf-8")
    at = text.index("令和8年4月1日から市職員")
    catalog.write_text(text[:at] + text[at + len("令和8年4月1日から市職員") :], "utf-8")
    with pytest.raises(CatalogDiffers, match="was read with a remark, and has none"):
        load(tmp_path / "a")


def test_the_question_of_such_a_row_says_what_is_asked(tmp_path: Path) -> None:
    """And not what its mark means, which everybody knows."""
    desk = desk_of(tmp_path, "令和8年4月1日から市職員")
    (question,) = open_questions(desk, date(2026, 4, 1))
    assert "のとおり変わりましたか" in asked(desk, question)["ja"]
