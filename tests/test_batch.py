"""A file of requests → the same file with its answers: order kept, no row lost, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.batch import Options, csv_in, join, pipeline, run, unguarded
from assign.batch.source import DAMAGE, Damaged
from assign.desk.lookup import ASKED, answered
from assign.errors import BadRequest, DataError, OutputError

pl = pytest.importorskip("polars")
TODAY = date(2026, 11, 25)
COLUMNS = ["id", *ASKED, "memo"]
WORDS: dict[str, list[Any]] = {
    "division": ["nenkin", "kokuho", "国民年金", "後期", " center ", "shomu", "nenkn", "", "ＫＯＵＫＩ"],
    "item": ["24", "1", "２４", "22", "22-3", "51", "4", "99", "", "24.0", "-1", "葬祭費", "²"],
    "channel": ["counter", "backyard", "窓口", "ﾊﾞｯｸﾔｰﾄﾞ", "", "desk"],
    "act": ["", "receive", "decide", "申請書の受領", "undetermined", "recieve"],
    "on": ["", "2026-04-01", "2020-01-01", "２０２４-12-02", "2026-02-30", "yesterday", "1900-01-01"],
    "section": ["", "", "", "国保（給付）", "x"],
}


def requests(number: int, *, odd: float = 0.3, seed: int = 1) -> list[dict[str, str]]:
    rng = random.Random(seed)
    desk = Desk.open(engine="table")
    rows = []
    for i in range(number):
        task = rng.choice(desk.catalog.tasks)
        row = {
            "division": task.division,
            "item": rng.choice([task.item, task.number]),
            "channel": rng.choice(["counter", "backyard"]),
            "act": rng.choice(["", *desk.rules.acts]),
            "on": rng.choice(["", "2026-04-01", "2021-09-30", "2024-12-02"]),
            "section": "",
        }
        if rng.random() < odd:
            name = rng.choice(ASKED)
            row[name] = rng.choice(WORDS[name])
        rows.append({"id": str(i), **row, "memo": f"メモ{i}"})
    return rows


def options(source: str, target: str, **more: Any) -> Options:
    given: dict[str, Any] = {"lang": "ja", "today": TODAY, "in_format": source, "out_format": target}
    return Options(**{**given, **more})


def write(path: Path, kind: str, rows: list[dict[str, str]], encoding: str = "utf-8") -> Path:
    if kind == "csv":
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    else:
        pl.DataFrame(rows).write_parquet(path)
    return path


def read(path: Path, kind: str, encoding: str = "utf-8") -> list[dict[str, Any]]:
    if kind == "csv":
        with path.open("r", encoding=encoding, newline="") as file:
            return [{name: unguarded(cell) or None for name, cell in row.items()} for row in csv.DictReader(file)]
    if kind == "jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    return [dict(row) for row in pl.read_parquet(path).iter_rows(named=True)]


def expected(desk: Desk, row: dict[str, Any], lang: str = "ja") -> dict[str, Any]:
    return {name: value or None for name, value in {**row, **answered(desk, row, TODAY, lang)._asdict()}.items()}


@pytest.mark.long
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_every_row_is_answered_as_the_desk_answers_it(desk: Desk, tmp_path: Path, source: str, target: str) -> None:
    """In its place, odd words and all, from every format to every format."""
    rows = requests(3_000)
    out = tmp_path / f"out.{target}"
    counts = run(desk, str(write(tmp_path / f"in.{source}", source, rows)), str(out), options(source, target))
    found = [{name: value or None for name, value in row.items()} for row in read(out, target)]
    assert found == [expected(desk, row) for row in rows]
    assert (counts.rows_in, counts.rows_out) == (3_000, 3_000)
    assert sum(counts.outcomes.values()) == 3_000
    assert counts.errors == sum(row["error"] is not None for row in found)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.long
def test_a_clean_csv_is_read_by_the_engine_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """No row of it passes through Python."""

    def never(*_: object) -> int:
        pytest.fail("mended, although it is clean")

    monkeypatch.setattr(csv_in, "_mend", never)
    rows = requests(500, odd=0)
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "csv"))
    assert len(read(out, "csv")) == 500


CELLS = (
    (b"a", b"", b" ", b"k l", "あ".encode(), b"'", b'"b"', b'""', b'"c,d"', b'"e\nf"', b'"g""h"', b'"i""""j"', b'""""'),
    (b'"a"', b'""', b'"c,d"', b'"e\nf"', b'"g""h"'),  # a writer who quotes every cell
)
SLIPS = (b",", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b",,", b" ", b"x", b"\n\n", b',"', b'" "', "あ".encode())


def slipped(rng: random.Random) -> bytes:
    """A small CSV file of three columns, in two of three cases with a slip somewhere."""
    cells, end = rng.choice(CELLS), rng.choice([b"\n", b"\r\n"])
    rows = (b",".join(rng.choices(cells, k=3)) for _ in range(rng.randrange(6)))
    body = end.join(rows) + rng.choice([end, end, b"", end * 2, b",", b",,", b'"'])
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(body) + 1)
        body = body[:at] + rng.choice(SLIPS) + body[at + rng.randrange(2) :]
    return b"division,item,channel\n" + body


@pytest.mark.slow
def test_the_engine_reads_a_csv_as_it_is_read_line_by_line_or_it_comes_to_light(tmp_path: Path) -> None:
    """2,000 small files with slips: the bytes balance only where both readings are the same."""
    rng, path = random.Random(4), tmp_path / "in.csv"
    taken = 0
    for _ in range(2_000):
        path.write_bytes(slipped(rng))
        source = csv_in.read(path, tmp_path, options("csv", "csv", encoding="utf-8"))
        if source.byte_check is None:
            continue
        watched = source.watched(None, "read")
        try:
            found = watched.frame.collect(engine="streaming")
            rows = watched.read().rows
        except (pl.exceptions.PolarsError, Damaged):
            continue
        taken += 1
        assert source.mend is not None
        wanted = source.mend().frame.collect()
        assert wanted[DAMAGE].null_count() == wanted.height == rows, path.read_bytes()
        assert found.rows() == wanted.drop(DAMAGE).rows(), path.read_bytes()
    assert taken > 300


@pytest.mark.long
@pytest.mark.parametrize(
    "style",
    [{"lineterminator": "\r\n"}, {"quoting": csv.QUOTE_ALL}, {"quoting": csv.QUOTE_ALL, "lineterminator": "\r\n"}],
)
def test_a_csv_of_any_usual_writer_is_read_by_the_engine_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk, style: dict[str, Any]
) -> None:
    """Windows line ends, every cell quoted, commas, quotes and line breaks in cells; without an end to the last line."""
    monkeypatch.setattr(csv_in, "_mend", lambda *_: pytest.fail("mended, although it is clean"))
    rows = requests(500, odd=0)
    for row, memo in zip(rows[3:], ["a,b", 'a "b" c', "a\nb", '"', "", '""'], strict=False):
        row["memo"] = memo
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, **{"lineterminator": "\n", **style})
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "in.csv").write_bytes(text.getvalue().rstrip("\r\n").encode())
    counts = run(desk, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), options("csv", "csv"))
    assert counts.rows_in == counts.rows_out == 500
    assert read(tmp_path / "out.csv", "csv") == [expected(desk, row) for row in rows]


def test_a_row_that_the_engine_loses_comes_to_light(tmp_path: Path) -> None:
    """Its bytes are not accounted for."""
    source = csv_in.read(write(tmp_path / "in.csv", "csv", requests(50)), tmp_path, options("csv", "csv"))
    assert source.byte_check is not None
    source.watched(None, "read").frame.collect(engine="streaming")
    assert source.read().rows == 50
    source.byte_check.rows, source.byte_check.cells = 0, 0
    lossy = replace(source, frame=source.frame.head(49))
    lossy.watched(None, "read").frame.collect(engine="streaming")
    with pytest.raises(Damaged):
        lossy.read()


@pytest.mark.parametrize(
    "day", ["2024-02-29", "2023-02-29", "2026-04-31", "2026-12-31", "0999-12-31", "9999-12-31", "2026-1-01"]
)
def test_any_day_is_answered_as_the_desk_answers_it(desk: Desk, tmp_path: Path, day: str) -> None:
    """Those of the lookup and those that are none of its, or of no calendar."""
    rows = [{**row, "on": day} for row in requests(40, odd=0)]
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "csv"))
    assert read(out, "csv") == [expected(desk, row) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_csv_comes_out_in_the_encoding_it_came_in(desk: Desk, tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without a byte order mark, and cp932."""
    rows = requests(300)
    rows = [row for row in rows if "²" not in row.values()]
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows, encoding)), str(out), options("csv", "csv"))
    assert read(out, "csv", encoding) == [expected(desk, row) for row in rows]
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") is (encoding == "utf-8-sig")


LINES: list[Callable[[bytes], bytes]] = [  # a line that is no row
    lambda line: b"\xff\xfe" + line,  # not UTF-8
    lambda line: line.replace(",メモ".encode(), "，メモ".encode("cp932") + b","),
    lambda line: line.replace(b",", b"", 1),  # a column short
    lambda _: b"short",
    lambda line: line + b",one,more",
    lambda line: b'"' + line,  # a quote that never closes
    lambda line: line.replace(b",", b',"x"y,', 1),
    lambda _: b"",
    lambda line: line + b"\0",  # NUL in the memo
    lambda line: line.replace(b",", b",\0", 1),  # and in the division
    lambda line: line.replace(b",", b"\r,", 1),
]
CELLS_WRONG: list[tuple[str, dict[str, str]]] = [  # a row that is no request
    ("unknown_division", {"division": "division", "item": "item", "channel": "channel"}),  # the header again
    ("unknown_division", {"division": "nenkn"}),
    ("bad_request", {"division": ""}),
    ("unknown_item", {"division": "nenkin", "item": "99"}),
    ("ambiguous_item", {"division": "kouki", "item": "51", "channel": "counter"}),
    ("unknown_item", {"division": "nenkin", "item": "24.0"}),
    ("unknown_item", {"division": "nenkin", "item": "true"}),
    ("unknown_item", {"division": "nenkin", "item": "2026-04-01"}),
    ("unknown_channel", {"division": "nenkin", "item": "24", "channel": ""}),
    ("unknown_channel", {"division": "nenkin", "item": "24", "channel": "1"}),
    ("unknown_act", {"division": "nenkin", "item": "24", "channel": "counter", "act": "recieve"}),
    ("bad_date", {"division": "nenkin", "item": "24", "channel": "counter", "on": "46113"}),
    ("bad_date", {"division": "nenkin", "item": "24", "channel": "counter", "on": "2026-02-30"}),
]
HUGE = "9" * 10_000_000


def broken(rows: list[dict[str, str]], every: int) -> tuple[bytes, dict[int, str]]:
    """A CSV file in which each `every`-th row is broken in one of many ways, and the codes of what is wrong there."""
    wrong: dict[int, str] = {}
    ways = len(LINES) + len(CELLS_WRONG)
    for number, at in enumerate(range(every // 2, len(rows), every)):
        way = number % ways - len(LINES)
        wrong[at] = "damaged_row"
        if way >= 0:
            wrong[at], cells = CELLS_WRONG[way]
            rows[at].update({"act": "", "on": "", "section": "", **cells})
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    lines = out.getvalue().encode().split(b"\n")[:-1]
    for number, at in enumerate(wrong):
        if number % ways < len(LINES):
            lines[at + 1] = LINES[number % ways](lines[at + 1])
    return b"\n".join(lines) + b"\n", wrong


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "huge"), [(20_000, 0), pytest.param(1_000_000, 3, marks=pytest.mark.soak)], ids=["20,000", "1,000,000"]
)
def test_each_broken_row_is_an_output_row_that_says_so(desk: Desk, tmp_path: Path, number: int, huge: int) -> None:
    """1 % broken in 24 ways (in the soak with words of 10 MB, too): as many rows out, each named, the others right."""
    rows = requests(number, odd=0.01)
    for at in range(5, 5 + huge):
        rows[at].update(division="nenkin", item=HUGE[at:], channel="counter", act="", on="", section="")
    data, wrong = broken(rows, 100)
    wrong.update(dict.fromkeys(range(5, 5 + huge), "unknown_item"))
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(data)
    begin = time.perf_counter()
    counts = run(desk, str(source), str(out), options("csv", "csv"))
    took = time.perf_counter() - begin
    assert (counts.rows_in, counts.rows_out) == (number, number)
    known: dict[tuple[str, ...], dict[str, Any]] = {}
    met: Counter[str] = Counter()
    csv.field_size_limit(1 << 30)
    with out.open("r", encoding="utf-8", newline="") as file:
        for at, (row, found) in enumerate(zip(rows, csv.DictReader(file), strict=True)):
            if at in wrong:
                assert found["error"].partition(":")[0] == wrong[at], (at, found)
                assert (found["assignee"], found["row"]) == ("", "")
                met[wrong[at]] += 1
                continue
            words = tuple(row[name] for name in ASKED)
            if words not in known:
                known[words] = answered(desk, row, TODAY)._asdict()
            assert {name: unguarded(cell) or None for name, cell in found.items()} == {
                name: cell or None for name, cell in {**row, **known[words]}.items()
            }, at
    assert sum(met.values()) == len(wrong) == number // 100 + huge
    print(f"{number:,} rows of which {len(wrong):,} are broken: {took:.1f} s, {dict(sorted(met.items()))}")  # noqa: T201


@pytest.mark.soak
def test_a_million_rows_under_a_header_that_names_a_column_twice_are_refused(desk: Desk, tmp_path: Path) -> None:
    """Before a row is read."""
    (tmp_path / "in.csv").write_bytes(b"division,item,channel,item\n" + b"nenkin,24,counter,25\n" * 1_000_000)
    with pytest.raises(BadRequest, match="twice: `item`"):
        run(desk, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), options("csv", "csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.long
def test_one_bad_cell_in_a_file_of_ascii_does_not_make_it_cp932(desk: Desk, tmp_path: Path) -> None:
    """0xFF is no character of cp932, though Python reads it as one of private use."""
    (tmp_path / "in.csv").write_bytes(b"division,item,channel,memo\nnenkin,24,counter,a\nnenkin,24,counter,\xff\n")
    out = tmp_path / "out.csv"
    counts = run(desk, str(tmp_path / "in.csv"), str(out), options("csv", "csv"))
    assert counts.outcomes == {"city_staff/settled": 1, "error/damaged_row": 1}


@pytest.mark.long
def test_a_huge_cell_is_carried_or_refused_like_any_other(desk: Desk, tmp_path: Path) -> None:
    """10 MB in a word and in a memo."""
    rows = requests(4, odd=0)
    rows[1]["memo"] = "x" * 10_000_000
    rows[2]["item"] = "9" * 10_000_000
    out = tmp_path / "out.parquet"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "parquet"))
    found = read(out, "parquet")
    assert found[1]["memo"] == rows[1]["memo"]
    assert found[2]["error"].startswith("unknown_item: ")
    assert len(found[2]["error"]) < 300


def test_a_quoted_line_break_is_one_row(desk: Desk, tmp_path: Path) -> None:
    """And is carried through."""
    rows = requests(50, odd=0)
    rows[7]["memo"] = 'two\nlines, and a "quote"'
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "csv"))
    assert read(out, "csv") == [expected(desk, row) for row in rows]


@pytest.mark.long
def test_a_formula_is_neutralised_and_can_be_had_back(desk: Desk, tmp_path: Path) -> None:
    """A number is none; what already began with a quote keeps it."""
    cells = ["=1+1", "+cmd", "-x", "@sum", "\ttab", "'=1", "''=1", "-5", "+3.5", "plain", "'plain", "-"]
    rows = requests(2 * len(cells), odd=0)
    for cell, one, two in zip(cells, rows[::2], rows[1::2], strict=True):
        one["memo"] = two["division"] = cell
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "csv"))
    with out.open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    for cell, one, two in zip(cells, raw[::2], raw[1::2], strict=True):
        assert one["memo"][0] not in "=@\t" or cell[0] not in "=@\t"
        assert unguarded(one["memo"]) == cell
        assert unguarded(two["division"]) == cell
    run(desk, str(tmp_path / "in.csv"), str(out), options("csv", "csv", guard=False))
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["memo"] for row in csv.DictReader(file)][::2] == cells


@pytest.mark.long
def test_a_formula_in_a_damaged_row_is_neutralised(desk: Desk, tmp_path: Path) -> None:
    """Its text may stand where a word should, though no word of it is looked up."""
    (tmp_path / "in.csv").write_text("division,item,channel\nnenkin,24,counter\n=1+1\n", "utf-8")
    out = tmp_path / "out.csv"
    run(desk, str(tmp_path / "in.csv"), str(out), options("csv", "csv"))
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["division"] for row in csv.DictReader(file)] == ["nenkin", "'=1+1"]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["String", "Categorical", "Enum"])
@pytest.mark.parametrize("odd", [0, 0.3])
def test_any_text_is_carried_into_csv_and_comes_out_as_it_went_in(
    desk: Desk, tmp_path: Path, kind: str, odd: float
) -> None:
    """Whatever of it needs quotes, or a guard; in cells and in the names of columns, in one reading or in two."""
    rng = random.Random(5)
    rows = requests(300, odd=odd)
    memos = [
        "".join(rng.choices([",", '"', "\r", "\n", "'", "=", "-", "@", "5", "a", "あ", " "], k=rng.randrange(4)))
        for _ in rows
    ]
    name = '=a,"b"'
    dtype = pl.Enum(sorted(set(memos))) if kind == "Enum" else getattr(pl, kind)
    pl.DataFrame(rows).with_columns(pl.Series("memo", memos, dtype=dtype)).rename({"memo": name}).write_parquet(
        tmp_path / "in.parquet"
    )
    out = tmp_path / "out.csv"
    run(desk, str(tmp_path / "in.parquet"), str(out), options("parquet", "csv"))
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [unguarded(row[f"'{name}"]) for row in found] == memos
    assert not [row for row in found if row[f"'{name}"][:1] in {"=", "@", "\r"}]
    assert [row["error"] or None for row in found] == [expected(desk, row)["error"] for row in rows]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("division,item,act", "no column `channel`"),
        ("division,item,channel,channel", "twice: `channel`"),
        ("division,item,channel,", "column 4 of the header is empty"),
        ("division,item,channel,error", "`error` has the name of an answer's column"),
        ("Division,item,channel,ＤＩＶＩＳＩＯＮ", "both mean `division`"),
    ],
)
def test_columns_that_are_not_those_of_requests_are_refused(desk: Desk, tmp_path: Path, header: str, says: str) -> None:
    """Before anything is written."""
    (tmp_path / "in.csv").write_text(f"{header}\nnenkin,24,counter,x\n", "utf-8")
    with pytest.raises(BadRequest, match=says):
        run(desk, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), options("csv", "csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_what_is_no_such_file_is_refused(desk: Desk, tmp_path: Path, kind: str) -> None:
    """Missing, empty, garbage; the target is not touched."""
    out = tmp_path / "out.csv"
    out.write_text("as it was")
    with pytest.raises(DataError, match="cannot read"):
        run(desk, str(tmp_path / "nowhere"), str(out), options(kind, "csv"))
    if kind != "jsonl":
        (tmp_path / "in").write_bytes(b"")
        with pytest.raises(DataError):
            run(desk, str(tmp_path / "in"), str(out), options(kind, "csv"))
    with pytest.raises(OutputError):
        run(
            desk,
            str(write(tmp_path / "good", kind, requests(3))),
            str(tmp_path / "no" / "out.csv"),
            options(kind, "csv"),
        )
    assert out.read_text() == "as it was"


@pytest.mark.long
def test_columns_of_other_types_are_words_like_any_other(desk: Desk, tmp_path: Path) -> None:
    """A number as item, a date as on; a float is no number of the list."""
    frame = pl.DataFrame({
        "division": ["nenkin", "nenkin"], "item": [24, 99], "channel": pl.Series(["counter", "counter"], dtype=pl.Categorical),
        "on": [date(2026, 4, 1), None], "weight": [1.5, None],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    run(desk, str(tmp_path / "in.parquet"), str(out), options("parquet", "parquet"))
    found = pl.read_parquet(out)
    assert found.select(frame.columns).equals(frame)
    assert found["assignee"].to_list() == ["city_staff", None]
    frame.with_columns(item=pl.Series([24.0, 24.5])).write_parquet(tmp_path / "in.parquet")
    run(desk, str(tmp_path / "in.parquet"), str(out), options("parquet", "parquet"))
    assert pl.read_parquet(out)["error"].str.starts_with("unknown_item").all()
    frame.with_columns(item=pl.Series([[24], [1]])).write_parquet(tmp_path / "in.parquet")
    with pytest.raises(BadRequest, match="`item` is not text"):
        run(desk, str(tmp_path / "in.parquet"), str(out), options("parquet", "parquet"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "damaged_row"),
        ("[1]", "not an object"),
        ('{"item": 1, "item": 2}', "twice"),
        ('{"division": "nenkin", "item": "24", "channel": "counter", "error": 1}', "`error` is a field of the answer"),
        ('{"division": "nenkin", "item": 24.0, "channel": "counter"}', "unknown_item"),
        ('{"division": "nenkin", "item": true, "channel": "counter"}', "unknown_item"),
        ('{"division": "nenkin", "item": [24], "channel": "counter"}', "unknown_item"),
        ("[" * 100_000, "damaged_row"),
    ],
)
def test_a_broken_json_line_is_a_row_that_says_so(desk: Desk, tmp_path: Path, line: str, says: str) -> None:
    """And the lines around it are answered."""
    good = '{"division": "nenkin", "item": 24, "channel": "counter", "nested": {"a": [1, "二"]}}'
    (tmp_path / "in.jsonl").write_text(f"{good}\n{line}\n{good}\n", "utf-8")
    out = tmp_path / "out.jsonl"
    counts = run(desk, str(tmp_path / "in.jsonl"), str(out), options("jsonl", "jsonl"))
    found = read(out, "jsonl")
    assert [row["assignee"] for row in found] == ["city_staff", None, "city_staff"]
    assert says in found[1]["error"]
    assert found[0]["nested"] == {"a": [1, "二"]}
    assert counts.rows_in == counts.rows_out == 3


@pytest.mark.parametrize("line", ['{"n": 1.50, "m": 1e400, "k": [1.50]}', '{"m": 1E+2, "n": 100.0}'])
def test_a_number_of_json_stays_as_it_is_written(desk: Desk, tmp_path: Path, line: str) -> None:
    """A column that is carried through is not touched."""
    (tmp_path / "in.jsonl").write_text(line + "\n")
    run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out.csv"), options("jsonl", "csv"))
    [row] = read(tmp_path / "out.csv", "csv")
    for name in ("m", "n"):
        assert f'"{name}": {row[name]}' in line


@pytest.mark.parametrize("name", ["__answer", "__damage", "__item"])
@pytest.mark.parametrize("late", [False, True])
def test_a_name_of_json_that_no_column_can_have_is_refused(
    desk: Desk, tmp_path: Path, name: str, *, late: bool
) -> None:
    """As in the header of a CSV file, also where it comes after the first lines."""
    lines = ['{"n": 1}'] * late + [json.dumps({name: "x"})]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    with pytest.raises(BadRequest, match=f"a column cannot be named `{name}`"):
        run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out.csv"), options("jsonl", "csv"))
    assert not (tmp_path / "out.csv").exists()


def test_json_lines_without_a_name_are_rows(desk: Desk, tmp_path: Path) -> None:
    """Three empty objects, three answers that say what is missing."""
    (tmp_path / "in.jsonl").write_text("{}\n{}\n{}")
    counts = run(desk, str(tmp_path / "in.jsonl"), str(tmp_path / "out.csv"), options("jsonl", "csv"))
    assert counts.rows_in == counts.rows_out == len(read(tmp_path / "out.csv", "csv")) == 3


@pytest.mark.long
def test_a_file_of_too_many_odd_words_is_answered_in_slices(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory does not grow with the number of typing errors."""
    monkeypatch.setattr(join, "MOST_WORDS", 100)
    monkeypatch.setattr(pipeline, "SLICE", 700)
    rows = [{**row, "item": f"{i}x"} if i % 2 else row for i, row in enumerate(requests(3_000))]
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "csv"))
    assert read(out, "csv") == [expected(desk, row) for row in rows]


def test_in_english_reasons_and_errors_are_english(desk: Desk, tmp_path: Path) -> None:
    """--lang en."""
    rows = requests(100)
    out = tmp_path / "out.csv"
    run(desk, str(write(tmp_path / "in.csv", "csv", rows)), str(out), options("csv", "csv", lang="en"))
    assert read(out, "csv") == [expected(desk, row, "en") for row in rows]


def command(*words: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "assign", "batch", *words], capture_output=True, check=False, **more)
