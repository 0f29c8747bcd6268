"""Every byte after a header is a row's, a file says what it is, and what is carried is carried as it stands."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assign import Desk
from assign.batch import columns, format_of, join, kinds, run
from assign.errors import AssignError, DataError, OutputError

from .test_batch import options, read

HEAD = b"division,item,channel"
ROW = b"kokuho,1,counter"
JSON = '"division": "kokuho", "item": 1, "channel": "counter"'


def answer(desk: Desk, tmp_path: Path, data: bytes, kind: str, target: str | None = None, **more: str) -> bytes:
    (tmp_path / "in").write_bytes(data)
    counts = run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options(kind, target or kind, **more))
    assert counts.rows_in == counts.rows_out
    return (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("blank", [0, 3])
def test_line_ends_are_kept_and_blank_lines_at_the_end_are_no_rows(
    desk: Desk, tmp_path: Path, end: bytes, blank: int
) -> None:
    """Of Unix, Windows and Excel's 'CSV (Macintosh)', which was read as a header alone: 0 rows, exit 0."""
    found = answer(
        desk, tmp_path, end.join([HEAD + b",x", ROW + b',"a\rb\nc"', ROW + b",y"]) + end * (blank + 1), "csv"
    )
    assert found.count(b"contractor") == 2
    assert found.replace(b'"a\rb\nc"', b"").split(end)[1].startswith(ROW)
    assert found.count(end) == 3 + (end in (b"\r", b"\n"))
    assert b'"a\rb\nc"' in found


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (HEAD + b',5" disk\n' + ROW + b",x\n", "line 1"),
        (HEAD + b',"open\n' + ROW + b",x\n", "line 1"),
        (HEAD + b",a\rb\n" + ROW + b",x\n", "line 1"),
        (b"division;item;channel\na;b;c\n", "semicolons"),
        (b"division\titem\tchannel\n", "tabs"),
        ("区分，番号，窓口\n国保，1，窓口\n".encode(), "full-width commas"),
        ("区分、番号、窓口\n国保、1、窓口\n".encode("cp932"), "Japanese commas"),
        ("区分；番号；窓口,備考\n".encode(), "full-width semicolons"),
        *(
            (f"division,item,channel,x{end}kokuho,1,counter,y{end}".encode(), f"{ord(end):04X}")
            for end in "\x0b\x0c\x1e\x85\u2028\u2029"
        ),
        (b"sep=,\n" + HEAD + b"\n", "sep="),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        ("division,item,channel\n".encode("utf-16"), "UTF-16"),
        ("division,item,channel\n".encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8brest", "gzip"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><table>", "HTML"),
        (b"PAR1", "Parquet"),
        (b'{"division": "kokuho"}\n', "jsonl"),
        (b"a,b\n1,2\n", "found: `a`, `b`"),
    ],
)
def test_a_csv_that_is_none_says_what_it_is(desk: Desk, tmp_path: Path, data: bytes, says: str) -> None:
    """And nothing is written."""
    with pytest.raises(AssignError, match=says):
        answer(desk, tmp_path, data, "csv")
    assert not (tmp_path / "out").exists()


def test_a_damaged_row_breaks_no_sound_one(desk: Desk, tmp_path: Path) -> None:
    """A cell of 150 lines beside a short row was 151 broken rows: two readers had different limits."""
    long = b'"' + b"line\n" * 150 + b'"'
    data = b"\n".join(
        [HEAD + b",x", ROW + b"," + long, b"kokuho,1", ROW + b',"never closes', ROW + b",y", ROW + b',""', ROW + b","]
    )
    answer(desk, tmp_path, data, "csv", "jsonl")
    found = read(tmp_path / "out", "jsonl")
    assert [(row["error"] or "")[:11] for row in found] == ["", "damaged_row", "damaged_row", "", "", ""]
    assert found[0]["x"] == "line\n" * 150


@pytest.mark.long
@pytest.mark.parametrize("target", ["csv", "parquet", "jsonl"])
def test_a_value_of_json_is_carried_as_it_is_written(desk: Desk, tmp_path: Path, target: str) -> None:
    """`[1.50]` became `[1.5]`, `1e400` Infinity, `-0` 0. One file has them all: a value is no other line's."""
    values = ["[1.50]", '{"a":1e400}', "-0", "1e400", "9" * 5_000, "[ 1,\t2.0 ]", "0.10", "1E+2", "true"]
    lines = [f'{{{JSON}, "x": {value}' for value in values]
    found = answer(desk, tmp_path, "".join(f"{line}}}\n" for line in lines).encode(), "jsonl", target)
    if target == "jsonl":
        told = found.decode().splitlines()
        assert [line for line, out in zip(lines, told, strict=True) if not out.startswith(line)] == []
        assert found.count(b', "assignee": "contractor"') == len(values)
    else:
        assert [row["x"] for row in read(tmp_path / "out", target)] == values


@pytest.mark.long
@pytest.mark.parametrize("target", ["csv", "jsonl"])
def test_json_that_is_none_is_a_damaged_row(desk: Desk, tmp_path: Path, target: str) -> None:
    """And the lines around it are answered."""
    values = ["NaN", "Infinity", "-Infinity", "[NaN]", "01", "1.", ".5", "+1", "'a'", '"\t"', '{"a":1,"a":2}', "[1,]", "[" * 3_000, "nul", '"\\x"']  # fmt: skip
    good = f"{{{JSON}}}\n"
    answer(
        desk, tmp_path, (good + good.join(f'{{{JSON}, "x": {each}}}\n' for each in values) + good).encode(), "jsonl", target
    )  # fmt: skip
    told = [(row["error"] or "").partition(":")[0] for row in read(tmp_path / "out", target)]
    assert dict(zip(values, told[1::2], strict=True)) == dict.fromkeys(values, "damaged_row")
    assert told[::2] == [""] * (len(values) + 1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (f"[\n{{{JSON}}},\n{{{JSON}}}\n]\n", "array"),
        (f"[{{{JSON}}}]", "array"),
        (f"{{\n {JSON}\n}}\n", "several lines"),
        ("\ufeff{\n", "several lines"),
        *(
            (f"{{{JSON}}}{end}" * 3, f"many objects.*{said}")
            for end, said in {
                "\x85": "U.0085",
                "\u2028": "U.2028",
                "\x1e": "U.001E",
                "": "none",
                ", ": "U.002C",
            }.items()
        ),
        (f"\x1e{{{JSON}}}\n" * 3, "RS"),
    ],
)
def test_json_that_is_no_json_lines_says_so(desk: Desk, tmp_path: Path, data: str, says: str) -> None:
    """An array was answered by its last line; lines that end with none of ours were one damaged row."""
    if says == "several lines" and "\n" not in data.strip("\n\ufeff"):
        data += f" {JSON}"
    with pytest.raises(DataError, match=says):
        answer(desk, tmp_path, data.encode(), "jsonl")


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "damaged"),
    [
        # As it comes in, and, with the answer in place of each `|`, as it goes out; a damaged line is told by what is in it.
        ("{J|}\n{J|}\r\n{J|}\r{J|}\n", []),
        ("{J|}\r{J|}\r{J|}\r", []),
        ("{J|}\r{J|}", []),
        ("{J|}\r\n{J|}", []),
        ("{J|}\r\r\n{J|}\r\r\n", []),
        (' \t{J|} \t\r{J|}\r\n{J,\r "x": 1|}\n{\rJ\r|}\r\n\r{J|}\r\n', []),
        ("{J|}\rnone \r{J|}\n{J|}", ["none "]),
        ("{J|}\r\r{J|}\n\n{J|}\n", ["", ""]),
        ("{J|}\rx\f\n{J|}\n", ["x\f"]),
        ('{J|}\n\f\n \n{J,"x":"\u2028\x85"|}\n \r\n\r\t\n', ["\f", " "]),
    ],
)
def test_lines_of_json_end_with_lf_crlf_or_cr_and_keep_their_ends(
    desk: Desk, tmp_path: Path, data: str, damaged: list[str]
) -> None:
    """With a lone CR among them two requests were one damaged row; and other line ends became that of the first."""
    data = data.replace("J", JSON)
    found = answer(desk, tmp_path, data.replace("|", "").encode(), "jsonl")
    counts = run(desk, str(tmp_path / "in"), str(tmp_path / "out.csv"), options("jsonl", "csv"))
    lines = read(tmp_path / "out.csv", "csv")
    assert counts.rows_in == len(lines) == data.count("|") + len(damaged)
    assert [row["line"] or "" for row in lines if row["error"]] == damaged
    answer(desk, tmp_path, found, "jsonl", "csv")  # what is written is read as it was: as many lines
    assert len(read(tmp_path / "out", "csv")) == len(lines)
    said = found[found.index(b', "assignee"') : found.index(b"}")].decode()
    if not damaged:
        first = next(end for end in re.findall("\r*\n|\r", data) if "}" + end in data)
        assert found.decode() == data.replace("|", said) + ("" if data[-1] in "\r\n" else first)
    for line in re.findall(r"[^\r\n]*\|[^\r\n]*[\r\n]?", data.rstrip(" \t\r\n")):
        assert line.replace("|", said).encode() in found


@pytest.mark.long
def test_a_poison_key_is_a_row_and_no_file(desk: Desk, tmp_path: Path) -> None:
    """Half of a surrogate pair is carried in JSON, and is a damaged row where it cannot be written; never changed."""
    data = f'{{{JSON}, "\\ud800": 1}}\n{{{JSON}, "x": "\\udc00"}}\n{{{JSON}}}\n'.encode()
    assert answer(desk, tmp_path, data, "jsonl").count(b"contractor") == 3
    answer(desk, tmp_path, data, "jsonl", "csv")
    assert [(row["error"] or "")[:11] for row in read(tmp_path / "out", "csv")] == ["damaged_row", "damaged_row", ""]


@pytest.mark.long
def test_an_encoding_is_honoured_from_json_lines_to_csv_or_refused(desk: Desk, tmp_path: Path) -> None:
    """It was ignored; and no character is lost in silence."""
    found = answer(desk, tmp_path, f'{{{JSON}, "x": "国保"}}'.encode(), "jsonl", "csv", encoding="cp932")
    assert "国保" in found.decode("cp932")
    with pytest.raises(OutputError, match="cp932 lacks"):
        answer(desk, tmp_path, f'{{{JSON}, "x": "😀"}}'.encode(), "jsonl", "csv", encoding="cp932")
    with pytest.raises(AssignError, match="`--encoding` is of CSV"):
        answer(desk, tmp_path, b"{}", "jsonl", "jsonl", encoding="cp932")


@pytest.mark.long
@pytest.mark.parametrize("cell", ["-", "+", "-1,000", "+5", "-3.5", "-1,234,567.89", "+.5", "-0", "－"])
def test_a_number_or_a_dash_is_no_formula(desk: Desk, tmp_path: Path, cell: str) -> None:
    """Nothing is put before it."""
    answer(
        desk,
        tmp_path,
        json.dumps({"division": "kokuho", "item": 1, "channel": "counter", "x": cell}).encode(),
        "jsonl",
        "csv",
    )
    assert f",{cell}," in (text := (tmp_path / "out").read_text("utf-8")) or f'"{cell}"' in text


@pytest.mark.long
@pytest.mark.parametrize(
    "cell", ["-1+2", "+81-90-1234", "--1", "-1,00+A1", "=1", "@a", "\t=1", "＝1+1", "-cmd|' /C calc'!A0", "-1e5x"]
)
def test_a_formula_is_none_any_more(desk: Desk, tmp_path: Path, cell: str) -> None:
    """However it begins."""
    answer(
        desk,
        tmp_path,
        json.dumps({"division": "kokuho", "item": 1, "channel": "counter", "x": cell}).encode(),
        "jsonl",
        "csv",
    )
    assert f"'{cell}" in (tmp_path / "out").read_text("utf-8")


@pytest.mark.long
@pytest.mark.parametrize(("hour", "code"), [(0, None), (10, "bad_date")])
def test_a_moment_at_midnight_is_a_day(desk: Desk, tmp_path: Path, hour: int, code: str | None) -> None:
    """As spreadsheets and databases export dates; another moment is refused."""
    frame = pl.DataFrame(
        {"division": ["kokuho"], "item": ["1"], "channel": ["counter"], "on": [datetime(2026, 4, 1, hour)]}  # noqa: DTZ001 - as the file has it
    )
    for zone in (None, "Asia/Tokyo"):
        frame.with_columns(pl.col("on").dt.replace_time_zone(zone)).write_parquet(tmp_path / "in")
        run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "jsonl"))
        [found] = read(tmp_path / "out", "jsonl")
        assert (found["error"] and found["error"].partition(":")[0]) == code


@pytest.mark.long
@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", datetime(2026, 3, 31, 15), "2026-04-01"),  # noqa: DTZ001 - midnight in Japan, as Spark and databases keep it
        ("UTC", datetime(2026, 4, 1), "2026-04-01"),  # noqa: DTZ001
        ("America/New_York", datetime(2026, 4, 1), "2026-04-01"),  # noqa: DTZ001
        ("Pacific/Auckland", datetime(2026, 4, 1), None),  # noqa: DTZ001 - the last of March in Japan
        ("UTC", datetime(2026, 3, 31, 16), None),  # noqa: DTZ001
    ],
)
def test_a_day_in_another_zone_is_the_day_in_japan_or_refused(
    desk: Desk, tmp_path: Path, zone: str, moment: datetime, day: str | None
) -> None:
    """A midnight in Japan, kept in UTC, was 'no date'; one in New Zealand was the day after Japan's."""
    row = {"division": ["shomu"], "item": ["1"], "channel": ["counter"], "on": [moment]}
    pl.DataFrame(row).with_columns(pl.col("on").dt.replace_time_zone(zone)).write_parquet(tmp_path / "in")
    table = join.Table(desk, options("parquet", "jsonl"))
    source = kinds.parquet(tmp_path / "in", tmp_path, "jsonl")
    source = replace(source, fields=columns.of_file(source.columns))
    [found] = table.joined(source).select("__on").collect()["__on"]
    assert (found if len(found) == 10 else None) == day
    run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "jsonl"))
    [told] = read(tmp_path / "out", "jsonl")
    assert ((told["error"] or "").partition(":")[0] == "bad_date") is (day is None)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("bytes", "csv"),
        ("bytes", "jsonl"),
        ("list", "csv"),
        ("struct", "csv"),
        ("duration", "csv"),
        ("bytes in a list", "jsonl"),
    ],
)
def test_a_type_that_the_output_lacks_is_refused_with_the_column(
    desk: Desk, tmp_path: Path, kind: str, target: str
) -> None:
    """A panic of the engine is no exception, and passed every handler."""
    value = {
        "bytes": b"\xff",
        "list": [1],
        "struct": {"a": 1},
        "duration": timedelta(days=1),
        "bytes in a list": [b"x"],
    }[kind]
    pl.DataFrame({"division": ["kokuho"], "item": ["1"], "channel": ["counter"], "blob": [value]}).write_parquet(
        tmp_path / "in"
    )
    with pytest.raises(AssignError, match="`blob`"):
        run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", target))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.long
def test_a_parquet_that_is_broken_inside_is_blamed_itself(desk: Desk, tmp_path: Path) -> None:
    """Not the output."""
    frame = pl.DataFrame(
        {
            "division": ["kokuho"] * 9_000,
            "item": ["1"] * 9_000,
            "channel": ["counter"] * 9_000,
            "x": [str(i) * 9 for i in range(9_000)],
        }
    )
    frame.write_parquet(tmp_path / "in", compression="zstd")
    data = bytearray((tmp_path / "in").read_bytes())
    for at in range(2_000, 4_000):
        data[at] ^= 0x5A
    (tmp_path / "in").write_bytes(data)
    with pytest.raises(DataError, match="input cannot be read"):
        run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "csv"))


@pytest.mark.long
def test_more_text_than_a_run_may_hold_is_refused(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Parquet file of 2 kB that is 6.4 GB of text; here with a smaller limit."""
    monkeypatch.setattr(kinds, "MOST_BYTES", 1_000_000)
    n = 3_000
    frame = pl.DataFrame(
        {"division": ["kokuho"] * n, "item": ["1"] * n, "channel": ["counter"] * n, "x": ["x" * 1_000] * n}
    )
    frame.write_parquet(tmp_path / "in")
    with pytest.raises(DataError, match="too large when unpacked"):
        run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "parquet"))


@pytest.mark.long
def test_a_name_over_two_lines_is_carried_as_it_stands_where_lines_end_in_carriage_returns(
    desk: Desk, tmp_path: Path
) -> None:
    """The header's cells are cells: what is exchanged in the file for its reading is exchanged back in them, too."""
    source, target = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_bytes(b'division,item,channel,"two\nlines"\rnenkin,24,counter,"a\nb"\r')
    run(desk, str(source), str(target), options("csv", "parquet"))
    assert pl.read_parquet(target)["two\nlines"].to_list() == ["a\nb"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("in.csv.gz", "unpacked"),
        ("in.ZIP", "unpacked"),
        ("in.xlsx", "workbook"),
        ("in.tsv", "tabs"),
        ("in.txt", "--format csv"),
        ("in.json", "--format jsonl"),
        ("in", "--format"),
        ("in.dat", "--format"),
    ],
)
def test_a_name_that_tells_no_format_says_what_to_do(name: str, says: str) -> None:
    """And any of them can be read when the format is said."""
    with pytest.raises(AssignError, match=says):
        format_of(name, None)
    assert format_of(name, "csv") == "csv"


def test_an_output_that_is_no_file_is_told_in_one_language(desk: Desk, tmp_path: Path) -> None:
    """A device or a pipe cannot be replaced by a whole file."""
    (tmp_path / "in").write_bytes(HEAD + b"\n" + ROW + b"\n")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError) as refused:
        run(desk, str(tmp_path / "in"), str(tmp_path / "pipe"), options("csv", "csv"))
    assert refused.value.message("ja").endswith("（通常のファイルではありません）")
    assert refused.value.message("en").endswith("(not a regular file)")
