"""Two editions are compared as their truth says, and every decision that moves is found: no more, no less."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.catalog.csv_file import as_csv
from assign.catalog.manifest import Manifest
from assign.catalog.model import Catalog, Task, with_keys
from assign.diff import Report, compare
from assign.diff.fields import FIELDS, Words
from assign.diff.matching import match
from assign.diff.model import Answer
from assign.diff.of_rules import OfRules
from assign.rules.entries import Act, Holder, Note, Rule, Ruling
from assign.rules.model import RuleSet

from .command_line import run as assign
from .editions import CHANNELS, DIVISIONS, D, folder_of
from .ward_lists import OLD, editions_of
from .ward_lists import folder_of as of_ward

DAYS = [date(2025, 5, 31), date(2025, 6, 1), date(2026, 3, 31), date(2026, 4, 1)]  # around those of the rulings


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    at = tmp_path_factory.mktemp("editions")
    return folder_of("1", at / "d1"), folder_of("2", at / "d2")


@pytest.fixture(scope="module")
def desks(folders: tuple[Path, Path]) -> tuple[Desk, Desk]:
    first, second = (Desk.open(list=folder, engine="table") for folder in folders)
    return first, second


@pytest.fixture(scope="module")
def report(desks: tuple[Desk, Desk]) -> Report:
    return compare(*desks)


# -- the truth of list d -----------------------------------------------------------------------------------------------


def said_id(row: dict[str, Any] | None) -> str | None:
    """A row of the truth by our id."""
    if row is None:
        return None
    _, division, rest = row["id"].split("-", 2)
    return f"{DIVISIONS[division]}-{rest}"


def test_the_changes_of_the_two_editions_are_those_of_the_truth(report: Report) -> None:
    """Seven, beside the name and the days of the edition, and no other: of rows whose line, page and shift differ nothing is told but their number."""
    truth = json.loads((D / "diff.json").read_text("utf-8"))
    wanted = {(each["kind"], said_id(each["old"]), said_id(each["new"])) for each in truth["changes"]}
    found = [
        (c.kind, c.pair and c.pair.old and c.pair.old.id, c.pair and c.pair.new and c.pair.new.id)
        for c in report.changes
        if c.kind != "edition_changed"
    ]
    assert len(found) == truth["summary"]["changes"]
    assert set(found) == wanted
    assert report.unchanged == truth["summary"]["rows_unchanged"]
    assert report.no_changes["lines"] == 42


def test_the_decisions_that_move_are_those_of_the_truth(report: Report) -> None:
    """Of the work as a whole, which is what the truth tells of."""
    truth = json.loads((D / "diff.json").read_text("utf-8"))
    wanted = {
        (
            said_id(each["old"]),
            said_id(each["new"]),
            CHANNELS[move["channel"]],
            *(said and tuple(said.values()) for said in (move["old"], move["new"])),
        )
        for each in truth["changes"]
        for move in each["moved"]
    }
    found = {
        (
            place.pair.old and place.pair.old.id,
            place.pair.new and place.pair.new.id,
            place.channel,
            short(move.old),
            short(move.new),
        )
        for move in report.moves
        if None in move.acts
        for place in move.places
    }
    assert found == wanted


def short(answer: Answer | None) -> tuple[str, str] | None:
    return answer and (answer.assignee.value, answer.certainty.value)


# -- every decision ----------------------------------------------------------------------------------------------------


def by_hand(old: Desk, new: Desk) -> Iterator[tuple[Any, ...]]:
    """Each decision of both editions, one by one and by nothing that the comparison uses: those that differ."""
    pairs = [pair for pair in match(old.catalog, new.catalog) if pair.old and pair.new]
    for pair, channel, act, day in product(pairs, old.catalog.manifest.channels, (None, *old.rules.acts), DAYS):
        assert pair.old
        assert pair.new
        said = []
        for desk, task in ((old, pair.old), (new, pair.new)):
            outcome = desk.decider.decide(task, channel, act, day)
            ruling = desk.rules.ruling(task.id, channel, act, day)
            facts = desk.decider.facts(task, channel, act, day)
            said.append(
                (outcome.assignee, outcome.certainty, outcome.rule.id, facts.meaning, facts.act, ruling and ruling.id)
            )
        if said[0] != said[1]:
            yield pair.new.id, channel, act, day, said[0][0], said[1][0]


def told(report: Report) -> Iterator[tuple[Any, ...]]:
    """What the report says of the same days."""
    for move in report.moves:
        for place, act, day in product(move.places, move.acts, DAYS):
            if move.old and move.new and place.pair.new and move.since <= day <= move.until:
                yield place.pair.new.id, place.channel, act, day, move.old.assignee, move.new.assignee


def test_every_decision_that_moves_is_told_and_no_other(desks: tuple[Desk, Desk], report: Report) -> None:
    """Against all decisions made one by one."""
    found = list(told(report))
    assert len(found) == len(set(found))
    assert set(found) == set(by_hand(*desks))


@pytest.mark.parametrize(
    ("file", "old", "new", "kind"),
    [
        ("rulings.yaml", "until: 2026-03-31", "until: 2026-03-30", "ruling_changed"),
        ("rulings.yaml", "since: 2025-06-01}", "since: 2025-06-02}", "ruling_changed"),
        ("rulings.yaml", "channel: counter, act: receive, since: 2025-06-01}", "channel: counter, act: mail, since: 2025-06-01}", "ruling_changed"),
        ("rulings.yaml", "then: {assignee: contractor}", "then: {assignee: city_staff}", "ruling_changed"),
        ("notes.yaml", "since: 2024-12-02}\n", "since: 2024-12-01}\n", "note_changed"),
        ("kinds.yaml", "rows: [kouki-1, ", "rows: [", "kind_changed"),
        ("kinds.yaml", "{act: receive, channel: counter}, ", "", "work_changed"),
        ("holders.yaml", "then: {holder: city}", "then: {holder: minister}", "holder_changed"),
        ("acts.yaml", "class: factual", "class: barred", "act_class_changed"),
        ("decision_table.yaml", "then: {assignee: contractor,", "then: {assignee: split,", "rule_changed"),
    ],
)  # fmt: skip
def test_rules_that_differ_are_told_with_what_moves_by_them(
    folders: tuple[Path, Path], desks: tuple[Desk, Desk], tmp_path: Path, file: str, old: str, new: str, kind: str
) -> None:
    """The change by its kind; the decisions again one by one."""
    folder = shutil.copytree(folders[0], tmp_path / "edited")
    text = (folder / "rules" / file).read_text("utf-8")
    assert old in text
    (folder / "rules" / file).write_text(text.replace(old, new, 1), "utf-8")
    edited = Desk.open(list=folder, engine="table")
    found = compare(desks[0], edited)
    assert kind in {change.kind for change in found.changes}
    by = set(by_hand(desks[0], edited))
    holders = {(m.old and m.old._replace(holder="")) == (m.new and m.new._replace(holder="")) for m in found.moves}
    if kind == "holder_changed":
        assert holders == {True}  # the same answers; another decides
        assert not by
    else:
        assert set(told(found)) == by
    assert bool(found.moves) is (kind != "note_changed")


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("", "●", "mark_changed"),  # city staff have a mark of their own: no work is consigned by it
        ("", "○", "mark_changed"),  # the legend is silent on a blank: it was no end of the contractor's work
        ("－", "○", "channel_added"),
        ("△", "－", "channel_removed"),
        ("－", "●", "mark_changed"),
        ("●", "－", "mark_changed"),
        ("●", "○", "mark_changed"),
    ],
)
def test_a_channel_is_added_where_the_contractor_s_work_begins_and_nowhere_else(
    tmp_path: Path, before: str, after: str, kind: str
) -> None:
    """A committee reads the heading as more being consigned; a blank that becomes the city's own mark is not that."""
    row = OLD[-1]
    old, new = (
        Desk.open(list=of_ward(tmp_path / name, [*OLD[:-1], (*row[:3], glyph, *row[4:])]), engine="table")
        for name, glyph in (("old", before), ("new", after))
    )
    assert [change.kind for change in compare(old, new).changes] == [kind]


# -- equal editions ----------------------------------------------------------------------------------------------------


def test_equal_editions_are_proved_equal_over_every_decision(desks: tuple[Desk, Desk]) -> None:
    """Rows x channels x acts, and one more span of days for each day on which a ruling begins or ends."""
    found = compare(desks[0], Desk(desks[0].catalog, desks[0].rules, "table"))
    assert found.equal
    assert found.compared == 51 * 2 * (1 + len(desks[0].rules.acts)) + 3
    assert (found.moved, found.unchanged, found.no_changes) == (0, 51, {})


def test_the_built_in_list_is_equal_to_itself(table_desk: Desk) -> None:
    """All of it."""
    found = compare(table_desk, table_desk)
    assert found.equal
    assert found.compared == 215 * 2 * (1 + len(table_desk.rules.acts))


# Fields that are no entry of a list or a rule set: what an edition is called, where something stands, or how it was read.
NOT_COMPARED = {
    Task: {"line", "raw", "repairs", "reading", "document", "id", "item"},
    Manifest: {"documents", "data"},
    RuleSet: {"data"},
    Rule: {"file", "line"},
    Act: {"file", "line"},
    Holder: {"file", "line"},
    Note: {"file", "line"},
    Ruling: {"file", "line"},
}
OTHER = {"division": "jido", "cells": {"share": "直", "counter": "", "mail": ""}}


def test_no_field_of_an_entry_is_left_out(desks: tuple[Desk, Desk]) -> None:
    """Whoever adds a field to a rule or a row must say whether the comparison looks at it."""
    first = desks[0]
    for kind in (Rule, Act, Holder, Note, Ruling):
        entry = next(e for e in (*first.rules.rules, *first.rules.acts.values(), *first.rules.holders, *first.rules.notes, *first.rules.rulings) if isinstance(e, kind))  # fmt: skip
        words = Words({}, {}, {}, {}, {})
        fields = OfRules(first.rules, first.rules, {}, [], (words, words))._fields(entry, {})
        assert set(fields) == set(kind._fields) - NOT_COMPARED[kind]
    assert set(Task._fields) - NOT_COMPARED[Task] == {
        "division",
        "section",
        "group",
        "number",
        "name",
        "remark",
        "cells",
    }
    assert set(Manifest.__dataclass_fields__) - NOT_COMPARED[Manifest] == {
        "title",
        "edition",
        "effective",
        "divisions",
        "channels",
        "columns",
        "meanings",
        "designations",
    }
    assert set(RuleSet.__dataclass_fields__) - NOT_COMPARED[RuleSet] == {"rules", "acts", "words", "holder_names", "holders", "notes", "work", "rulings", "read"}  # fmt: skip


def test_every_field_that_is_compared_has_a_name_that_people_read(desks: tuple[Desk, Desk]) -> None:
    """Nobody before a committee knows what `until: -` is."""
    manifest, work = desks[0].catalog.manifest, desks[0].rules.work.plain()
    entries: list[Any] = [*manifest.divisions.values(), *manifest.channels.values(), *manifest.columns]
    fields = {name for entry in entries for name in entry._fields} - {"key"}
    for kind in (Rule, Act, Holder, Note, Ruling):
        fields |= set(kind._fields) - NOT_COMPARED[kind] - {"id"}
    fields |= {"counter", "once_a_visit", "conditions", *work["kinds"][0]} - {"id", "line"}
    assert fields <= set(FIELDS)


def test_a_ruling_is_told_in_words_and_with_the_row_that_the_new_edition_alone_has(tmp_path: Path) -> None:
    """Acts, channels and rows by their names; an entry of one edition alone names all of its rows."""
    old, new = editions_of(tmp_path)
    on = "when: {rows: [part1-2, part1-6の2], channel: counter, act: guide, since: 2026-04-01}"
    register = new / "rules" / "rulings.yaml"
    text = register.read_text("utf-8")
    assert "\nrulings: []" in text
    entry = (
        "\nrulings:\n  - id: R-1\n    title: {ja: 案内, en: guiding}\n"
        f"    source: {{document: 回答 第1号, role: 市民課長}}\n    {on}\n    then: {{assignee: contractor}}\n"
        "    because: {ja: 含む。, en: It is in.}\n"
        "    examples: [{given: {row: part1-2, channel: counter, act: guide, on: 2026-04-01}, holds: true}]\n"
    )
    register.write_text(text.replace("\nrulings: []", entry), "utf-8")
    first, second = (Desk.open(list=folder, engine="table") for folder in (old, new))
    (change,) = [each for each in compare(first, second).changes if each.kind == "ruling_changed"]
    rows = "全体 2 住民票 転入届・全体 6の2 戸籍 戸籍の附票の交付"
    wanted = f"行為: 来庁者案内、担当: 受託者、いつから: 2026-04-01、いつまで: 期限なし、行: {rows}、業務の場: 窓口"
    assert (change.before, change.after and change.after["ja"]) == (None, wanted)
    (back,) = [each for each in compare(second, first).changes if each.kind == "ruling_changed"]
    assert back.before
    assert back.before["ja"] == wanted


# -- which row is which ------------------------------------------------------------------------------------------------


def task(
    number: str,
    name: str,
    group: str = "届",
    share: str = "託",
    way: str = "○",
    division: str = "kouki",
    remark: str = "",
) -> Task:
    from assign.words import Reading

    cells = {"share": share, "counter": way, "mail": ""}
    return Task(division, "資格", group, number, name, remark, cells, 1, "", Reading.JUDGED, ())


def paired(desk: Desk, old: list[Task], new: list[Task]) -> list[tuple[str | None, str | None]]:
    lists = [with_keys((each._replace(line=at) for at, each in enumerate(rows, 1)), "x.txt") for rows in (old, new)]
    one, other = (Catalog(tasks, desk.catalog.manifest, as_csv(tasks, desk.catalog.manifest)) for tasks in lists)
    return [(pair.old and pair.old.id, pair.new and pair.new.id) for pair in match(one, other)]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        # a row is put in, and all below have the next number
        (
            [task("1", "甲の届"), task("2", "乙の届"), task("3", "丙の届")],
            [task("1", "甲の届"), task("2", "丁の申出"), task("3", "乙の届"), task("4", "丙の届")],
            [("kouki-1", "kouki-1"), (None, "kouki-2"), ("kouki-2", "kouki-3"), ("kouki-3", "kouki-4")],
        ),
        # one number on several rows: each by its name, though they changed places
        (
            [task("5", "氏名の届"), task("5", "住所の届", way="")],
            [task("5", "住所の届", way=""), task("5", "氏名の届")],
            [("kouki-5-2", "kouki-5-1"), ("kouki-5-1", "kouki-5-2")],
        ),
        # one name under several headings: each by its heading, though all have other numbers
        (
            [task("1", "相談の受付", "障害"), task("2", "相談の受付", "遺族")],
            [task("8", "相談の受付", "遺族"), task("9", "相談の受付", "障害")],
            [("kouki-2", "kouki-8"), ("kouki-1", "kouki-9")],
        ),
        # one name on several rows of other numbers, and nothing tells which is which: no guess
        (
            [task("1", "相談の受付"), task("2", "相談の受付")],
            [task("8", "相談の受付"), task("9", "相談の受付")],
            [("kouki-1", None), ("kouki-2", None), (None, "kouki-8"), (None, "kouki-9")],
        ),
        # renamed and another mark, by the number and a like name
        ([task("4", "被保険者証の再交付の申請")], [task("4", "資格確認書の再交付の申請", share="共")], [("kouki-4", "kouki-4")]),
        # the number is given to other work under another mark
        ([task("4", "被保険者証の再交付")], [task("4", "窓口の巡回", share="直")], [("kouki-4", None), (None, "kouki-4")]),
        # no numbers: a like name under one heading, and one that moved to another heading
        (
            [task("", "木を切る許可の申請"), task("", "花壇の申請")],
            [task("", "木を切る許可の申込"), task("", "花壇の申請", "庭")],
            [("kouki-L1", "kouki-L1"), ("kouki-L2", "kouki-L2")],
        ),
        # into another division
        ([task("1", "転入の届")], [task("7", "転入の届", division="jido")], [("kouki-1", "jido-7")]),
        # spaces, width and spelling are no other name
        ([task("1", "届に関する事（ ｱ ）")], [task("1", "届に関すること（ア）")], [("kouki-1", "kouki-1")]),
    ],
)  # fmt: skip
def test_rows_are_matched_by_what_they_are(
    desks: tuple[Desk, Desk], old: list[Task], new: list[Task], wanted: list[tuple[str | None, str | None]]
) -> None:
    """Never by where they stand; and where nothing tells which is which, by nothing."""
    assert sorted(paired(desks[0], old, new), key=str) == sorted(wanted, key=str)


def test_rows_in_another_order_are_the_same_rows(desks: tuple[Desk, Desk]) -> None:
    """Nothing moves; the order is counted, and a row that goes by its place among those of its number has another id."""
    first = desks[0].catalog
    rows = list(first.tasks)
    random.Random(3).shuffle(rows)
    tasks = with_keys(rows, first.tasks[0].document)
    found = compare(
        desks[0], Desk(Catalog(tasks, first.manifest, as_csv(tasks, first.manifest)), desks[0].rules, "table")
    )
    assert not found.moves
    assert {change.kind for change in found.changes} <= {"id_changed"}
    assert found.no_changes["order"] > 30


def test_what_moves_one_way_moves_back_the_other(desks: tuple[Desk, Desk], report: Report) -> None:
    """The two editions the other way round: the same rows, the same decisions, old and new changed."""

    def plain(found: Report) -> set[tuple[Any, ...]]:
        return {
            (
                move.old,
                move.new,
                place.pair.old and place.pair.old.id,
                place.pair.new and place.pair.new.id,
                act,
                place.channel,
            )
            for move in found.moves
            for act, place in product(move.acts, move.places)
        }

    back = compare(desks[1], desks[0])
    assert plain(report) == {(new, old, after, before, *rest) for old, new, before, after, *rest in plain(back)}
    assert back.unchanged == report.unchanged


@pytest.mark.long
def test_a_row_less_in_the_built_in_list_is_the_only_one_that_is_missed(table_desk: Desk) -> None:
    """Each of its 215 rows, with its numbers and names that stand on many rows: no other row takes its place."""
    catalog = table_desk.catalog
    for gone in catalog.tasks:
        left = with_keys((each for each in catalog.tasks if each is not gone), gone.document)
        pairs = match(catalog, Catalog(left, catalog.manifest, b""))
        assert {(pair.old and pair.old.line, pair.new and pair.new.line) for pair in pairs} == {
            (each.line, None if each is gone else each.line) for each in catalog.tasks
        }


@pytest.mark.long
def test_numbers_that_all_go_up_by_one_are_renumbered_rows(table_desk: Desk) -> None:
    """As where a row is put in at the top of each sheet. Another row takes the place of one alone where both print one number and name."""
    catalog = table_desk.catalog
    up = with_keys(
        (each._replace(number=str(int(each.number) + 1)) for each in catalog.tasks), catalog.tasks[0].document
    )
    pairs = match(catalog, Catalog(up, catalog.manifest, b""))
    both = [(pair.old, pair.new) for pair in pairs if pair.old and pair.new]
    others = [(old, new) for old, new in both if old.line != new.line]
    assert all((old.number, old.name) == (new.number, new.name) for old, new in others)
    assert len(others) < 5
    assert len(both) > 205


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_says_what_moves_and_how_it_went(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Japanese first; exit 6 as a gate; the same in JSON, HTML and Excel."""
    import openpyxl

    old, new = map(str, folders)
    volumes = tmp_path / "volumes.csv"
    volumes.write_bytes('行,業務,件数\r\nkouki-7,払戻し,120\r\nkouki-12,減額,"1,300"\r\n'.encode("cp932"))
    page, book = tmp_path / "diff.html", tmp_path / "diff.xlsx"
    done = assign("diff", old, new, "--volumes", str(volumes), "--html", str(page), "--xlsx", str(book), "--exit-code")
    assert done.returncode == 6, done.stderr
    assert "■ 受託者 → 市職員: 52 件（2 行、月 1,420 件）" in done.stdout
    assert "名称が変わった" in done.stdout
    assert assign("diff", old, new).returncode == 0
    equal = assign("diff", old, old, "--exit-code")
    assert (equal.returncode, "2つの版は同じです。判断 6,633 件" in equal.stdout) == (0, True)
    assert assign("diff", old, old, "-q").stdout == ""
    found = json.loads(assign("diff", old, new, "--json", "--volumes", str(volumes)).stdout)
    first = found["categories"][0]
    assert (first["category"], first["decisions"], first["volume"]) == ("contractor_to_city_staff", 52, 1420)
    assert sum(move["decisions"] for move in found["moves"] if move["old"] and move["new"]) == found["moved"]
    text = page.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "被保険者証の作り直しの申請" in text
    assert "http" not in text
    read = openpyxl.load_workbook(book)
    assert read.sheetnames == ["まとめ", "動く判断", "変更"]
    assert read["変更"].max_row == 1 + len(found["changes"])
    again = tmp_path / "again.html"
    assign("diff", old, new, "--volumes", str(volumes), "--html", str(again))
    assert again.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["{old}"], 2, "NEW"),
        (["{old}", "{new}x"], 1, "d2x"),
        (["{old}", "{new}", "--volumes", "{old}/none.csv"], 1, "none.csv"),
        (["{old}", "{new}", "--volumes", "{bad}"], 1, "近いもの: `kouki-7`"),
        (["{old}", "{new}", "--html", "{old}/manifest.yaml"], 2, "失ってはならない"),
        (["{old}", "{new}", "--xlsx", "{new}/rules/acts.yaml"], 2, "失ってはならない"),
        (["{old}", "{new}", "--html", "{bad}/x"], 1, "書けません"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    folders: tuple[Path, Path], tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    """With the exit code of the contract, and nothing overwritten."""
    bad = tmp_path / "bad.csv"
    bad.write_text("id,volume\nkouki-70,5\n", "utf-8")
    before = [(folder / "manifest.yaml").read_bytes() for folder in folders]
    done = assign("diff", *(word.format(old=folders[0], new=folders[1], bad=bad) for word in words))
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [(folder / "manifest.yaml").read_bytes() for folder in folders] == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("row;count\n", "見出し"),
        ("id,volume\nkouki-7,five\n", "2 行目: 件数 `five`"),
        ("id,volume\nkouki-7,-5\n", "2 行目: 件数 `-5`"),
        ("id,volume\nkouki-7,1\nkouki-7,2\n", "3 行目: 行 `kouki-7` が2度"),
        ("id,volume\nkouki-7\n", "2 行目: セル"),
        ("id,volume,volume\nkouki-7,1,2\n", "1 行目: 同じ意味の列が2つ"),
        ("id,volume\nkouki-7,1,000\n", "2 行目: 見出しは 2 列なのに 3 列です"),
        ("id,行,件数\nkouki-7,kouki-8,2\n", "同じ意味の列が2つあります（`id`, `行`）"),
        ("", "見出し"),
    ],
)
def test_a_file_of_volumes_is_read_strictly(tmp_path: Path, text: str, says: str) -> None:
    """A weight that is guessed would be a figure before a committee."""
    from assign.desk.volumes import read
    from assign.errors import DataError

    path = tmp_path / "v.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError) as caught:
        read(path, {"kouki-7"})
    assert says in caught.value.ja


def test_a_row_without_a_figure_is_named_and_is_not_0(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """By its id and name, the first ten; the sum of a category says how many rows it lacks."""
    old, new = map(str, folders)
    volumes = tmp_path / "v.csv"
    volumes.write_text("id,volume\nkouki-7,120\n", "utf-8")
    text = assign("diff", old, new, "--volumes", str(volumes)).stdout
    assert "■ 受託者 → 市職員: 52 件（2 行、月 120 件と、件数のない 1 行）" in text
    (said,) = [line for line in text.replace("\n  ", "").splitlines() if line.startswith("月の件数のない行が")]
    missing = json.loads(assign("diff", old, new, "--volumes", str(volumes), "--json").stdout)["without_volume"]
    assert "kouki-12" in missing
    assert f"月の件数のない行が {len(missing)} 行あります" in said
    assert all(each in said for each in missing)


def test_each_figure_of_a_line_of_the_screen_is_named(folders: tuple[Path, Path]) -> None:
    """A number at its end is that of the decisions; a name and its remark stand apart."""
    rows = [
        line
        for line in assign("diff", *map(str, folders)).stdout.splitlines()
        if line.startswith("・") and "｜" in line
    ]
    assert rows
    assert all(line.rpartition("｜")[2].startswith("判断の数 ") for line in rows)


def test_a_name_and_its_remark_stand_apart(tmp_path: Path) -> None:
    """A remark that is a sentence is no part of the name."""
    old, new = (Desk.open(list=folder, engine="table") for folder in editions_of(tmp_path))
    named = {change.name["ja"] for change in compare(old, new).changes}
    assert "全体 3 住民票 転出届 郵送は市職員が行う" in named


def test_what_begins_like_a_formula_stays_text(desks: tuple[Desk, Desk]) -> None:
    """In Excel, and in HTML what looks like a tag."""
    import io

    import openpyxl

    from assign.diff import pages

    first = desks[0].catalog
    tasks = tuple(each._replace(name="=1+1 <b>") if each.id == "kouki-1" else each for each in first.tasks)
    other = Desk(Catalog(tasks, first.manifest, as_csv(tasks, first.manifest)), desks[0].rules, "table")
    found = compare(desks[0], other)
    cells = [
        cell
        for row in openpyxl.load_workbook(io.BytesIO(pages.workbook(found, "ja")))["変更"].iter_rows()
        for cell in row
    ]
    assert [(cell.data_type, cell.value) for cell in cells if cell.value == "=1+1 <b>"] == [("s", "=1+1 <b>")]
    assert "&lt;b&gt;" in pages.html(found, "ja")
    assert "<b>" not in pages.html(found, "ja")
