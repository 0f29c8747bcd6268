"""Finding the row: what a query finds, what it never finds, and that no query can do harm."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign import Desk, resources
from assign.catalog import load as load_list
from assign.errors import BadRequest, DataError, RuleFileError, UnknownDivision, UnknownItem
from assign.search import index, lexicon
from assign.search.folding import folded

from .command_line import run

DATA = resources.data_folder()
ROWS = load_list(DATA)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open(engine="table")


def ids(desk: Desk, text: str, division: str | None = None) -> list[str]:
    return [row["id"] for row in desk.found(text, division=division)["rows"]]


# -- what is found -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "division", "row"),
    [
        ("葬祭", "kokuho", "kokuho-25"),
        ("ｿｳｻｲ", "kokuho", "kokuho-25"),
        ("そうさい", "kouki", "kouki-43"),
        ("口振", "nenkin", "nenkin-12"),
        ("種変", "nenkin", "nenkin-5"),
        ("法免", "nenkin", "nenkin-13"),
        ("限度額", "kokuho", "kokuho-18"),
        ("保険証をなくしてしまって", "kokuho", "kokuho-13"),
        ("ほけんしょうなくした", "kouki", "kouki-23"),
        ("国保やめたい", None, "kokuho-2"),
        ("コルセットを作った", "kokuho", "kokuho-22-2"),
        ("古紙", None, "shomu-9"),
        ("24", "nenkin", "nenkin-24"),
        ("kokuho-25", None, "kokuho-25"),
        ("国保 25", "nenkin", "kokuho-25"),
    ],
)
def test_a_word_of_the_counter_finds_its_row_first(desk: Desk, text: str, division: str | None, row: str) -> None:
    assert ids(desk, text, division)[0] == row


def test_every_row_is_found_by_its_printed_name_in_its_division(desk: Desk) -> None:
    lost = []
    for task in ROWS.tasks:
        found = ids(desk, f"{task.group} {task.name}", task.division)
        same = {each.id for each in ROWS.tasks if (each.name, each.group) == (task.name, task.group)}
        if not same & set(found[:3]):
            lost.append((task.id, found[:3]))
    assert not lost


def test_the_counters_division_leads_and_a_named_one_overrules_it(desk: Desk) -> None:
    assert ids(desk, "葬祭費", "kouki")[0] == "kouki-43"
    assert ids(desk, "葬祭費", "kokuho")[0] == "kokuho-25"
    assert ids(desk, "後期の葬祭費", "kokuho")[0] == "kouki-43"


def test_a_life_event_gives_its_rows_in_the_order_of_the_visit(desk: Desk) -> None:
    found = desk.found("夫が亡くなりました、何か手続きは", limit=20)
    assert found["event"]["key"] == "death"
    rows = [row["id"] for row in found["rows"]]
    assert {"kokuho-2", "kouki-10", "kokuho-25", "kouki-43"} <= set(rows)
    assert {row.division for row in map(ROWS.by_id.__getitem__, rows)} >= {"kokuho", "kouki", "nenkin"}


@pytest.mark.parametrize(
    "text", ["住民票がほしい", "介護保険の認定", "犬の登録", "遺族厚生年金", "パスポート", "印鑑登録"]
)
def test_what_the_list_does_not_have_is_said_and_gives_no_row(desk: Desk, text: str) -> None:
    found = desk.found(text)
    assert not found["rows"]
    assert found["elsewhere"]["kind"] == "outside"
    assert found["elsewhere"]["belongs"]["ja"]


def test_a_question_about_a_reason_is_told_from_a_task(desk: Desk) -> None:
    found = desk.found("なんで保険料がこんなに高いの", division="kokuho")
    assert not found["rows"]
    assert found["elsewhere"]["kind"] == "question"


def test_nothing_found_still_names_the_desk_to_ask(desk: Desk) -> None:
    found = desk.found("ふにゃらら", division="nenkin")
    assert not found["rows"]
    assert [each["division"] for each in found["ask"]] == ["nenkin"]
    assert len(desk.found("ふにゃらら")["ask"]) == len(ROWS.manifest.divisions)


def test_a_candidate_says_who_handles_it_as_decide_does(desk: Desk) -> None:
    for text in ("葬祭費", "口座振替", "限度額", "死亡", "転入"):
        for row in desk.search(text, limit=50).rows:
            for handled in row.handled:
                decision = desk.decide(row=row.id, channel=handled.channel)
                assert (decision.assignee, decision.certainty) == (handled.assignee, handled.certainty)


def test_a_reading_fires_on_kana_alone_and_fragments_match_nothing(desk: Desk) -> None:
    for text in ("の", "です", "そう", "ます"):
        assert not ids(desk, text)


# -- no query can do harm ----------------------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_any_text_gives_rows_of_the_list_or_none(text: str) -> None:
    found = Desk_of_this_module.found(text)
    assert {row["id"] for row in found["rows"]} <= set(ROWS.by_id)
    assert bool(found["rows"]) != bool(found["ask"])
    assert json.dumps(found, ensure_ascii=False)


Desk_of_this_module = Desk.open(engine="table")


@given(st.text(alphabet='"*^()-:葬祭費ORNEAT \0%_;' + "'", max_size=40))
def test_the_syntax_of_full_text_and_sql_is_text(text: str) -> None:
    Desk_of_this_module.found(text)


@pytest.mark.parametrize("text", [None, 1, b"x", ["a"]])
def test_what_is_no_text_is_refused(desk: Desk, text: object) -> None:
    with pytest.raises(BadRequest):
        desk.search(text)


@pytest.mark.parametrize("limit", [0, 101, True, "3", None])
def test_a_limit_is_from_1_to_100(desk: Desk, limit: object) -> None:
    with pytest.raises(BadRequest):
        desk.search("葬祭", limit=limit)


def test_an_unknown_division_is_refused_with_the_nearest(desk: Desk) -> None:
    with pytest.raises(UnknownDivision, match="nenkin"):
        desk.search("免除", division="nenkn")


# -- a name in place of a number ---------------------------------------------------------------------------------------


def test_decide_by_a_name_offers_rows_by_their_names_and_decides_nothing(desk: Desk) -> None:
    with pytest.raises(UnknownItem) as caught:
        desk.decide(division="kokuho", item="葬式のお金", channel="counter")
    assert "`25`（葬祭費の支給に関する事）" in caught.value.ja
    assert caught.value.candidates[0] == "25"


def test_decide_neither_imports_search_nor_its_database() -> None:
    code = (
        "import sys; from assign.__main__ import main; sys.argv = ['assign', 'decide', '--division', 'nenkin', '--item', '24'];"
        "\ntry: main()\nexcept SystemExit: pass\nprint([m for m in sys.modules if m.startswith('assign.search') or m == 'sqlite3' and 'coverage' not in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# -- the command -------------------------------------------------------------------------------------------------------


def test_json_is_a_list_of_rows_and_an_empty_one_says_why_on_stderr() -> None:
    done = run("search", "葬祭", "--json")
    rows = json.loads(done.stdout)
    assert {"id", "source", "score", "why"} <= set(rows[0])
    done = run("search", "住民票がほしい", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert "この一覧にはありません" in done.stderr


def test_the_table_groups_by_division_unless_one_is_given() -> None:
    lines = run("search", "口座振替").stdout.splitlines()
    assert sum("国保" in line for line in lines) == 1
    assert all(word in "".join(lines) for word in ("国保", "後期", "年金"))
    assert run("search", "葬祭", "-q").stdout.split()


# -- the lexicon -------------------------------------------------------------------------------------------------------


def test_the_index_that_ships_is_of_the_files_that_ship_and_small() -> None:
    shipped = resources.kept_file().with_name(index.NAME).read_bytes()
    assert len(shipped) <= 500_000
    kept = zlib.decompress(shipped)
    texts = lexicon.files(DATA)
    again = index.database(ROWS, texts)
    for table in ("topic", "pattern", "part", "word"):
        assert _rows(kept, table) == _rows(again, table)


def _rows(database: bytes, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(database)
        return db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a name of ours


@pytest.mark.slow
def test_every_row_has_a_word_and_every_word_finds_its_topic(desk: Desk) -> None:
    words = lexicon.load(lexicon.files(DATA), ROWS.by_id)
    reached = {row for topic in words.topics for row, weight in topic.rows.items() if weight == 3}
    assert reached == set(ROWS.by_id)
    silent = []
    for topic in words.topics:
        for pattern in topic.patterns:
            if pattern.origin == lexicon.UNLESS:
                continue
            found = desk.found("、".join(part[0] for part in pattern.parts), limit=100)
            rows = {row["id"] for row in found["rows"]}
            meant = set(topic.rows) | {due.row for due in topic.due}
            if meant and not meant & rows and not found["elsewhere"]:
                silent.append((topic.id, pattern.text))
    assert not silent


CONCEPT = b"concepts:\n  - id: a\n    label: {ja: a, en: a}\n    rows: {%s}\n    spoken: [%s]\n"


@pytest.mark.parametrize(
    ("rows", "words", "said"),
    [
        (b"kokuho-999: 3", "言葉", "kokuho-9"),
        (b"kokuho-9: 4", "言葉", "重み"),
        (b"kokuho-9: 3", "葬", "短すぎます"),
        (b"kokuho-9: 3", "'葬+'", "短すぎます"),
        (b"kokuho-9: 3", "'!?'", "短すぎます"),
        (b"kokuho-9: 3", "", "語がありません"),
    ],
)
def test_a_wrong_lexicon_is_refused_with_its_line(rows: bytes, words: str, said: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        lexicon.load({"x.yaml": CONCEPT % (rows, words.encode())}, ROWS.by_id)
    assert said in caught.value.ja
    assert "x.yaml" in caught.value.ja


def test_two_topics_of_one_id_are_refused() -> None:
    one = CONCEPT % (b"kokuho-9: 3", "言葉".encode())
    with pytest.raises(RuleFileError, match="twice"):
        lexicon.load({"x.yaml": one, "y.yaml": one}, ROWS.by_id)


def test_a_list_without_a_lexicon_is_searched_by_its_names(tmp_path: Path) -> None:
    for name in ("manifest.yaml", "catalog.csv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    found = Desk.open(list=tmp_path, engine="table").found("葬祭費", division="kokuho")
    assert found["rows"][0]["id"] == "kokuho-25"


@given(st.text(max_size=50))
def test_folding_is_done_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


# -- what a day of trying found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["hello world", "what is the weather", "banana bread", "DROP TABLE rows; --", "foreigner"]
)
def test_pairs_of_latin_letters_find_nothing(desk: Desk, text: str) -> None:
    """Any English sentence shares pairs of letters with any label; words do not."""
    assert ids(desk, text) == []


@pytest.mark.parametrize(("text", "row"), [("funeral costs", "kokuho-25"), ("direct debit", "kokuho-52")])
def test_english_words_of_a_label_find_its_rows(desk: Desk, text: str, row: str) -> None:
    assert row in ids(desk, text)


@pytest.mark.parametrize(
    "text",
    ["国保に入りたい", "資格証", "外国人", "保険料", "保険証", "住所", "ｿｳｼﾂ", "ｺｳｲﾝ", "きゅう"],
)
def test_a_part_of_a_word_names_no_life_event(desk: Desk, text: str) -> None:
    """A checklist for a death is no answer to ｿｳｼﾂ (喪失), nor one for becoming a dependant to 国保に入りたい."""
    assert desk.found(text)["event"] is None


@pytest.mark.parametrize(("text", "event"), [("転入", "move_in"), ("引っ越", "moving"), ("てんにゅ", "move_in")])
def test_a_word_or_most_of_it_names_its_life_event(desk: Desk, text: str, event: str) -> None:
    assert desk.found(text)["event"]["key"] == event


def test_nothing_but_an_event_gives_its_rows_in_the_order_of_the_visit(desk: Desk) -> None:
    due = [each.row for each in next(event for event in desk.events() if event.key == "death").due]
    rows = [row for row in ids(desk, "死亡") if row in due]
    assert rows == [row for row in due if row in rows]
    assert rows[:2] == due[:2]


def test_a_checklist_that_is_cut_says_how_many_rows_are_left() -> None:
    assert "一覧表（ほかに" in run("search", "死亡", "--limit", "3").stdout
    assert "ほかに" not in run("search", "死亡", "--limit", "100").stdout


@pytest.mark.parametrize(
    ("text", "row"),
    [("国保料", "kokuho-62"), ("国保税", "kokuho-62"), ("国民健康保険料", "kokuho-62"), ("後期料", "kouki-60")],
)
def test_a_premium_by_its_everyday_name_finds_rows(desk: Desk, text: str, row: str) -> None:
    """国保料 is a part of what the list does not have (国保料の不納欠損), and is in the list itself."""
    assert desk.found(text)["elsewhere"] is None
    assert row in ids(desk, text)


def test_without_full_text_a_search_says_so_and_decide_by_a_name_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index ships, so a Python whose SQLite has no FTS5 meets the lack when the first query comes."""

    class Bare(sqlite3.Connection):
        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if "MATCH" in statement:
                raise sqlite3.OperationalError("no such module: fts5")
            return super().execute(statement, *values)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Bare))
    bare = Desk.open(engine="table")
    with pytest.raises(DataError, match="FTS5"):
        bare.found("葬祭")
    with pytest.raises(UnknownItem):
        bare.decide(division="kokuho", item="葬祭費")


@pytest.mark.parametrize(("text", "division"), [("国保 22-3", None), ("22-3", "kokuho"), ("２２－３", "kokuho")])
def test_an_item_as_decide_takes_it_finds_its_row(desk: Desk, text: str, division: str | None) -> None:
    """`assign decide --item 22-3` is the third row that carries 22."""
    assert ids(desk, text, division)[0] == "kokuho-22-3"


def test_a_pattern_of_many_parts_is_refused_with_its_line() -> None:
    """The index numbers the parts in one byte, and the patterns in two."""
    text = "+".join(chr(0x4E00 + i) for i in range(lexicon.MOST_PARTS + 1))
    file = f"concepts:\n  - {{id: a, label: {{ja: あ, en: a}}, rows: {{kokuho-25: 3}}, spoken: [葬祭+{text}]}}\n"
    with pytest.raises(RuleFileError, match="parts"):
        lexicon.load({"a.yaml": file.encode()}, ROWS.by_id)


def test_more_patterns_than_the_index_can_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lexicon.MOST_PATTERNS < 2**16
    monkeypatch.setattr(lexicon, "MOST_PATTERNS", 2)
    file = "concepts:\n  - {id: a, label: {ja: あ, en: a}, rows: {kokuho-25: 3}, spoken: [葬祭, 葬式, 葬儀]}\n"
    with pytest.raises(RuleFileError, match="in all"):
        lexicon.load({"a.yaml": file.encode()}, ROWS.by_id)
