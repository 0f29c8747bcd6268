"""A name of a column is a field's, an answer's or somebody else's, and nothing that looks like a field is passed over."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from assign import Desk
from assign.batch import SAID, columns, run
from assign.batch import said as read_back
from assign.desk.lookup import ANSWERED
from assign.errors import BadRequest

from .test_batch import options, read

ROW = {"division": "kokuho", "item": "1", "channel": "counter"}
SAME = {
    "act": ["Act", "act ", " ACT", "ａｃｔ", "act_", "\ufeffact", "a\u200bct", "act\u00a0", "a-c-t", "行為", "行 為", "act:", "\u2060act", "行為(act)", "act / 行為", "行為\n（ａｃｔ）", "【行為】"],
    "on": ["On", "ＯＮ", "on ", "日付", "案件の日付", "基準日", "日付（on）", "案件日付/基準日", "on\u3164"],
    "section": ["Section", "大分類", "SEC_TION"],
    columns.GROUP: ["中分類", " 中 分類"],
}  # fmt: skip
NEAR = {
    "act": ["acts", "actt", "action", "Actions", "aktion", "act1", "act_name", "act_code", "аct", "áct", "行為コード", "行為区分", "atc", "行為（任意）", "act(optional)", "行為名称", "行為2", "対象行為", "act_label", "act名", "備考（行為）", "コウイ", "④行為", "request.act"],
    "on": ["date", "Day", "on_date", "onn", "on2", "年月日", "日付け", "日付（任意）", "日付2", "案件の年月日", "対象日", "Date(案件)", "date1", "1.日付", "日付ー", "依頼日付"],
    "section": ["sections", "sektion", "secton", "sectoin", "section2", "大分類名", "大分類/中分類", "分類コード"],
    columns.GROUP: ["中分類名", "中分類（任意）"],
    "channel": ["chanel", "channels", "chanell", "Channel1"],
    "division": ["divison", "devision", "divisions"],
}  # fmt: skip
ELSE = ["note", "name", "actor", "action_date", "item_name", "memo", "id", "No.", "氏名", "備考", "受付日", "申請日", "行為者", "date_of_birth", "created_at", "factor", "fact", "contact", "session", "selection", "decision", "change", "items_total", "reaction", "exact", "region", "one", "no", "in", "person_on", "電話番号", "小分類", "担当区分", "区域", "日時", "amount", "address", "section_chief", "status", "rows", "reasons", "第三者行為", "行為日", "on/off", "窓口担当", "備考（日時）", "factor(s)", "update", "1日", "生年月日", "申請日付", "No.1"]  # fmt: skip


@pytest.mark.parametrize(("field", "name"), [(field, name) for field, names in SAME.items() for name in names])
def test_a_name_is_compared_as_words_are(field: str, name: str) -> None:
    """Width, case, spaces, what is invisible and what joins words make no other name; and each has Japanese ones."""
    assert columns.meaning(name) == field


@pytest.mark.parametrize(("field", "name"), [(field, name) for field, names in NEAR.items() for name in names])
def test_what_looks_like_a_missing_field_is_refused_with_the_name_to_use(field: str, name: str) -> None:
    """Carried through as somebody else's it would turn the answer round in silence."""
    with pytest.raises(BadRequest, match=f"looks like `{field}`") as caught:
        columns.understood([*(each for each in ROW if each != field), name])
    assert caught.value.candidates == (field,)


@pytest.mark.parametrize("name", ELSE)
def test_somebody_elses_column_is_theirs(name: str) -> None:
    """A refusal without need would keep people from their own lists."""
    assert columns.understood([*ROW, name]) == dict(zip(ROW, ROW, strict=True))


def test_a_refusal_names_the_japanese_column_and_the_word_of_the_manual_is_one() -> None:
    """`channel` alone was named to a person whose columns are Japanese; README's own word for it, 場, was none."""
    assert columns.meaning("場") == "channel"
    assert all(columns.meaning(names[0]) == field for field, names in columns.JAPANESE.items())
    for names, says in (
        (
            ["区分", "番号"],
            "列`窓口`（`channel`）がありません（要る列: `区分`（`division`）、`番号`（`item`）、`窓口`（`channel`）。",
        ),
        (["区分", "項番", "窓口"], "`番号`（`item`）の書き誤りに見えます。`番号` と書くか"),
        (["区分", "番号", "窓口", "場"], "どちらも`窓口`（`channel`）を指します"),
    ):
        with pytest.raises(BadRequest) as caught:
            columns.of_file(names)
        assert says in caught.value.message("ja")


def test_beside_the_field_itself_a_like_name_is_somebody_elses() -> None:
    """Nothing is passed over then."""
    assert columns.understood([*ROW, "act", "acts", "action"])["act"] == "act"


@pytest.mark.parametrize("names", [["act", "Act"], ["act", "行為"], ["on", "日付"], ["分類", "大分類"], ["Item"]])
def test_two_names_of_one_field_are_refused(names: list[str]) -> None:
    """Nobody can know which of them is meant."""
    with pytest.raises(BadRequest, match="both mean"):
        columns.understood([*ROW, *names])


HEADINGS = [  # 大分類, 中分類, item, and what comes of it
    ("給付", "療養費", "22", None),
    ("給付", "", "22", None),
    ("", "療養費", "22-3", None),
    ("給付", "その他保険給付", "22", None),
    ("給 付", "療養費", "22-3", None),
    ("資格", "療養費", "22", "unknown_section"),
    ("療養費", "給付", "22", "unknown_section"),
    ("給付", "療養費", "1", "unknown_section"),
    ("", "", "1", None),
]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_both_headings_of_the_printed_list_are_read(desk: Desk, tmp_path: Path, kind: str) -> None:
    """A city's spreadsheet has 大分類 and 中分類 as the list has; such files were refused. A row must stand under both."""
    rows = [
        {"大分類": large, "区分": "kokuho", "中分類": middle, "番号": item, "窓口": "counter"}
        for large, middle, item, _ in HEADINGS
    ]
    source = tmp_path / f"in.{kind}"
    if kind == "parquet":
        pl.DataFrame(rows).write_parquet(source)
    elif kind == "csv":
        source.write_text("".join(",".join(cells) + "\n" for cells in [rows[0], *(row.values() for row in rows)]))
    else:  # of lines with one of them, the other may stand in a later line
        rows.insert(0, {"区分": "kokuho", "中分類": "療養費", "番号": "22", "窓口": "counter"})
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for target in ("csv", "parquet", "jsonl"):
        run(desk, str(source), str(tmp_path / f"out.{target}"), options(kind, target))
        found = read(tmp_path / f"out.{target}", target)[-len(HEADINGS) :]
        assert [row["error"] and row["error"].partition(":")[0] for row in found] == [code for *_, code in HEADINGS]
        assert [(row["大分類"] or "", row["中分類"] or "") for row in found] == [
            (each[0], each[1]) for each in HEADINGS
        ]
        told = [
            said[SAID.index("section")] or None
            for said, _ in read_back(tmp_path / f"out.{target}", options(target, target))
        ]
        assert told[-len(HEADINGS) :] == [" / ".join(filter(None, each[:2])) or None for each in HEADINGS]


@pytest.mark.parametrize("name", [*ANSWERED, "Error", "ＲＯＷ", "reason ", "assig_nee"])
def test_a_name_of_the_answer_is_refused_however_it_is_written(name: str) -> None:
    """There would be two of it."""
    with pytest.raises(BadRequest, match="name of an answer"):
        columns.understood([*ROW, name])


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
@pytest.mark.parametrize("name", ["act ", "行為"])
def test_a_near_miss_of_an_optional_column_does_not_turn_the_answer_round(
    desk: Desk, tmp_path: Path, kind: str, name: str
) -> None:
    """`act ` was carried, and a decision by public authority was answered 'contractor, settled'."""
    row = {**ROW, name: "decide"}
    source = tmp_path / f"in.{kind}"
    if kind == "parquet":
        pl.DataFrame([row]).write_parquet(source)
    else:
        source.write_text(json.dumps(row) if kind == "jsonl" else f"{','.join(row)}\n{','.join(row.values())}\n")
    run(desk, str(source), str(tmp_path / "out"), options(kind, kind))
    [found] = read(tmp_path / "out", kind)
    assert (found["assignee"], found[name]) == ("city_staff", "decide")


@pytest.mark.long
def test_a_line_of_json_whose_name_is_a_near_miss_is_a_row_that_says_so(desk: Desk, tmp_path: Path) -> None:
    """Each line has its own names; the other lines are answered, and the line stays as it is."""
    lines = [
        {**ROW, "Act": "decide"},
        {**ROW, "acts": "decide"},
        {**ROW, "act": "a", "ACT": "b"},
        {**ROW, "Error": "x"},
        ROW,
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    counts = run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out"), options("jsonl", "jsonl"))
    found = read(tmp_path / "out", "jsonl")
    codes = [row["error"] and row["error"].partition(":")[0] for row in found]
    assert codes == [None, "bad_request", "bad_request", "damaged_row", None]
    assert [row["assignee"] for row in found] == ["city_staff", None, None, None, "contractor"]
    assert found[1]["acts"] == "decide"
    assert counts.outcomes == {
        "city_staff/settled": 1, "contractor/settled": 1, "error/bad_request": 2, "error/damaged_row": 1,
    }  # fmt: skip
    for target in ("csv", "parquet"):
        assert run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out"), options("jsonl", target)) == counts
        assert [row["error"] and row["error"].partition(":")[0] for row in read(tmp_path / "out", target)] == codes


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_an_empty_cell_is_said_to_be_empty_by_the_name_of_its_column(desk: Desk, tmp_path: Path, kind: str) -> None:
    """`区分 を指定してください` told people to give an option, as if there were one."""
    rows = [
        {"業務区分": division, "番号": item, "場": channel, "行為": act, "日付": on}
        for division, item, channel, act, on in [
            ("", "1", "counter", "", ""),
            ("", "", "", "decide", ""),
            ("kokuho", "", "counter", "", ""),
            ("kokuho", "1", "", "", ""),
            ("　", "1", "counter", "", ""),
            ("kokuho", "1", " \u200b", "", ""),
            ("kokuho", "1", "counter", " ", ""),
            ("kokuho", "1", "counter", "", " "),
            ("kokuho", "1", "x", "", ""),
        ]
    ]
    source = tmp_path / f"in.{kind}"
    if kind == "parquet":
        pl.DataFrame(rows).write_parquet(source)
    elif kind == "csv":
        source.write_text("".join(",".join(cells) + "\n" for cells in [rows[0], *(row.values() for row in rows)]))
    else:
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for target in {kind, "csv"}:
        run(desk, str(source), str(tmp_path / f"out.{target}"), options(kind, target))
        found = [row["error"] for row in read(tmp_path / f"out.{target}", target)]
        assert found[:8] == [
            "bad_request: 欄 `業務区分` が空です",
            "bad_request: 欄 `業務区分`、`番号`、`場` が空です",
            "bad_request: 欄 `番号` が空です",
            "unknown_channel: 欄 `場` が空です",
            "unknown_division: 欄 `業務区分` には空白しかありません",
            "unknown_channel: 欄 `場` には空白しかありません",
            "unknown_act: 欄 `行為` には空白しかありません",
            "bad_date: 欄 `日付` には空白しかありません",
        ]
        assert "`x`" in found[8]
    run(desk, str(source), str(tmp_path / "out"), options(kind, kind, lang="en"))
    assert read(tmp_path / "out", kind)[1]["error"] == "bad_request: empty: `業務区分`, `番号`, `場`"


@pytest.mark.long
def test_a_field_that_a_line_of_json_does_not_have_is_said_to_be_missing(desk: Desk, tmp_path: Path) -> None:
    """It is not empty: there is none."""
    (tmp_path / "in").write_text('{"番号": 1, "場": "窓口"}\n{"区分": null, "番号": 1, "場": "窓口"}\n{}\n')
    run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("jsonl", "jsonl"))
    found = [row["error"] for row in read(tmp_path / "out", "jsonl")]
    assert found == [
        "bad_request: 欄 `division` がありません",
        "bad_request: 欄 `区分` が空です",
        "bad_request: 欄 `division`、`item`、`channel` がありません",
    ]


@pytest.mark.long
def test_too_many_columns_are_refused_before_any_work(desk: Desk, tmp_path: Path) -> None:
    """200,000 in a CSV file took more than 100 s; 20,000 names in JSON Lines 5.5 GB."""
    (tmp_path / "in.csv").write_text(",".join([*ROW, *(f"c{i}" for i in range(200_000))]) + "\n")
    with pytest.raises(BadRequest, match="more than 16,384 columns"):
        run(desk, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), options("csv", "csv"))
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({**ROW, f"k{i}": i}) + "\n" for i in range(2_500)))
    with pytest.raises(BadRequest, match="more than 2,000 columns"):
        run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out.csv"), options("jsonl", "csv"))
    counts = run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out"), options("jsonl", "jsonl"))
    assert counts.rows_in == counts.rows_out == 2_500
    assert counts.errors == 0
