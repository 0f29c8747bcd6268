"""Files that Spark answers into files: each row and field as on one machine, or a refusal, and nothing is left behind."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assign import Desk
from assign.batch import csv_out, json_lines, spark
from assign.desk.lookup import ANSWERED, ASKED, Counts, answered, decision_table
from assign.errors import AssignError, BadOption, BadRequest, DataError, OutputError

from .sessions import COLUMNS, ODD, TODAY, frame_of, needs_spark, written
from .sessions import _loopback as _loopback  # noqa: PLC0414 - a fixture
from .sessions import _session as _session  # noqa: PLC0414 - a fixture
from .sessions import _tools as _tools  # noqa: PLC0414 - a fixture
from .sessions import _with_python as _with_python  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@needs_spark
@pytest.mark.slow
@pytest.mark.usefixtures("with_python")
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_files_are_answered_into_files(session: SparkSession, desk: Desk, tmp_path: Path, kind: str) -> None:
    """What the command line calls; an existing target is left as it was."""
    rows = [(str(n), *row) for n, row in enumerate(ODD) if kind != "csv" or "\n" not in "".join(map(str, row))]
    frame = frame_of(session, tmp_path, rows)
    source, target = str(tmp_path / "source"), str(tmp_path / "target")
    writer = frame.write.options(header=True, escape='"') if kind == "csv" else frame.write
    if kind == "csv":
        writer = writer.options(ignoreLeadingWhiteSpace=False, ignoreTrailingWhiteSpace=False)
    writer.format("json" if kind == "jsonl" else kind).save(source)
    counts = spark.run(desk, source, target, today=TODAY, in_format=kind, out_format=kind)
    wanted = {row[0]: answered(desk, dict(zip(COLUMNS, row, strict=True)), TODAY) for row in rows}
    assert counts == Counts(len(rows), len(rows), Counter(answer.outcome for answer in wanted.values()))
    reader = session.read.options(header=True, escape='"', ignoreTrailingWhiteSpace=False)
    found = reader.format("json" if kind == "jsonl" else kind).load(target).collect()
    assert len(found) == len(rows)
    for row in found:
        answer = tuple(row[name] or None for name in ANSWERED)
        assert answer == tuple(word or None for word in wanted[str(row["id"])])
    with pytest.raises(OutputError, match="exists already"):
        spark.run(desk, source, target, in_format=kind, out_format=kind)
    with pytest.raises(BadOption, match="xlsx"):
        spark.run(desk, source, target, in_format="xlsx")
    with pytest.raises(spark.SparkFailed, match="could not answer"):
        spark.run(desk, str(tmp_path / "nowhere"), str(tmp_path / "new"), in_format=kind, out_format=kind)


@needs_spark
@pytest.mark.slow
@pytest.mark.usefixtures("with_python")
def test_a_field_is_read_by_any_of_its_names_or_refused_and_never_dropped(
    session: SparkSession, desk: Desk, tmp_path: Path
) -> None:
    """Spark takes `Act` and `act` of two lines for one column, and drops the second: the answer would turn round."""
    head, row = '{"division":"kokuho","item":1,"channel":"counter"', "kokuho,1,counter,decide\n"
    read = [
        *(("csv", f"division,item,channel,{name}\n{row}") for name in ("act ", "Act", "\u200bact", "行為")),
        ("jsonl", f'{head},"Act":"decide"}}\n'),
        ("jsonl", f'{head},"act":"decide"}}\n{head},"Act":"decide"}}\n'),
        ("jsonl", f'{head},"act":"decide"}}\n{head.replace("1,", "1.5,", 1)},"act":"decide"}}\n'),
    ]
    told = ("error/bad_request", "error/damaged_row")  # one such line is a row that says so, as on one machine
    rows = [
        ("jsonl", f'{head},"acts":"decide"}}\n'),
        ("jsonl", f'{head},"act":"decide","Act":"decide"}}\n'),
        ("jsonl", f'{head},"n":NaN}}\n'),
        ("jsonl", "{'division':'kokuho','item':1,'channel':'counter'}\n"),
    ]
    refused = [
        ("csv", f"division,item,channel,acts\n{row}"),
        ("csv", f"division,item,channel,act,Act\n{row[:-1]},x\n"),
    ]
    for n, (kind, text) in enumerate([*read, *rows, *refused]):
        source, target = tmp_path / f"in-{n}.{kind}", tmp_path / f"out-{n}"
        source.write_text(text, "utf-8")
        if n < len(read):
            counts = spark.run(desk, str(source), str(target), today=TODAY, in_format=kind, out_format=kind)
            assert counts.outcomes["city_staff/settled"] >= 1, text
        elif n < len(read) + len(rows):
            counts = spark.run(desk, str(source), str(target), today=TODAY, in_format=kind, out_format=kind)
            assert set(counts.outcomes) <= set(told), text
        else:
            with pytest.raises(BadRequest):
                spark.run(desk, str(source), str(target), today=TODAY, in_format=kind, out_format=kind)
            assert not target.exists()
    assert session.conf.get("spark.sql.caseSensitive") == "false"


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize(("lines", "counts"), [("", {}), ("nenkin,24,counter\n" * 3, {"city_staff/settled": 3})])
def test_files_without_an_odd_word_and_without_a_row_are_counted(
    session: SparkSession, desk: Desk, tmp_path: Path, lines: str, counts: dict[str, int]
) -> None:
    """What Spark observes of an empty part of a plan never comes."""
    source = tmp_path / "source.csv"
    source.write_text(f"division,item,channel\n{lines}", "utf-8")
    assert session.version
    found = spark.run(desk, str(source), str(tmp_path / "target"), in_format="csv")
    assert found == Counts(sum(counts.values()), sum(counts.values()), counts)


@needs_spark
@pytest.mark.slow
def test_a_csv_cell_that_spans_lines_ends_the_job_and_is_not_two_wrong_rows(
    session: SparkSession, desk: Desk, tmp_path: Path
) -> None:
    """Spark splits a file at line ends; what it cannot read so is refused, with the reason."""
    source, target = tmp_path / "source.csv", tmp_path / "target"
    source.write_text('division,item,channel,note\nnenkin,24,counter,"a\nb"\n', "utf-8")
    assert session.version
    with pytest.raises(DataError, match="a line break in a cell"):
        spark.run(desk, str(source), str(target), in_format="csv")
    assert not target.exists()


HEAD = "division,item,channel,act,note\n"
ROW = "kokuho,1,counter,decide,"
OBJECT = '{"division":"kokuho","item":1,"channel":"counter","act":"decide"'
LINES = [
    f'{OBJECT},"a":1.50, "b":[1.50],"c":1e400,"d":-0,"e":"\\u00e9é","f":"\\ud800"}}',
    f'{OBJECT[:-1]}\\ud800"}}',
    "[1]",
    f"{OBJECT}}} x",
    f"[{OBJECT}}}]",
    "",
    " \t",
    '{"a":NaN}',
    "{ }",
    '"\\ud800"',
    f'{OBJECT},"act":1}}',
    f'{OBJECT},"Act":1}}',
    f'{OBJECT},"assignee":"x"}}',
    f'{OBJECT},"acts":"x"}}'.replace('"act":"decide",', ""),
    f'  {OBJECT},"item":24.50}} ',
    '{"区分":"国保","番号":"１","窓口":"窓口","行為":["decide"],"日付":"令和8年4月1日"}',
    f'{OBJECT},"x":"{"y" * 3000}","on":20260401}}',
]


@needs_spark
@pytest.mark.slow
@pytest.mark.usefixtures("with_python")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_json_lines_go_out_byte_for_byte_and_are_refused_as_on_one_machine(
    session: SparkSession, desk: Desk, tmp_path: Path, end: str
) -> None:
    """Spark's own reader makes `1.5` of `1.50`, a word of `1e400`, and rows of what is no JSON; and cuts a file anywhere."""
    source, target, wanted = tmp_path / "in.jsonl", tmp_path / "out", tmp_path / "wanted"
    bad = f'{OBJECT},"x":"窓口"}}'.encode("cp932")
    lines = [*(line.encode() for line in LINES), bad] * 40
    source.write_bytes(b"\xef\xbb\xbf" + end.encode().join([*lines, b"", b" ", b""]))
    session.conf.set("spark.sql.files.maxPartitionBytes", "20000")
    try:
        counts = spark.run(desk, str(source), str(target), None, "en", TODAY, "jsonl", "jsonl")
    finally:
        session.conf.unset("spark.sql.files.maxPartitionBytes")

    def decide(words: json_lines.Words, _: object) -> Any:  # Spark knows the fields by their own names alone
        return answered(desk, dict(zip(ASKED, words, strict=True)), TODAY, "en")

    table = json_lines.Answers(decision_table(desk), decide, TODAY.isoformat(), "en")
    told = json_lines.answer(source, wanted, table, "en", lambda _: None)
    assert (counts.rows_in, counts.rows_out, counts.outcomes) == (len(lines), len(lines), told.outcomes)
    assert len(list(target.glob("part-*"))) > 1
    split = f', "{ANSWERED[0]}":'.encode()
    pairs = []
    for text in (wanted.read_bytes(), written(target).replace(b'{ }"assignee"', b'{ }, "assignee"')):
        found = text.split(end.encode())[:-1]
        assert len(found) == len(lines)
        pairs.append(
            # Half of a surrogate pair goes to the driver as it is shown, so other acts may be named as near to it.
            sorted(
                (line.rpartition(split)[0], json.dumps(json.loads(line, parse_float=str)).partition(" (near: ")[0])
                for line in found
            )
        )
    assert pairs[0] == pairs[1]


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ((HEAD + ROW + "窓口\n").encode("cp932"), "not UTF-8"),
        ((HEAD + (ROW + "a\n") * 200).encode() + (ROW + "窓口\n").encode("cp932"), "not UTF-8"),
        (HEAD.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04" + b"a" * 20, "xlsx"),
        (b"", "empty"),
        (f"\n{HEAD}{ROW}\n", "header"),
        (f"{HEAD}{ROW}x\n\n{ROW}x\n", "an empty line"),
        (f"{HEAD}{ROW}x\n \n{ROW}x\n", "1 columns, expected 5"),
        (f'{HEAD}{ROW}"x\n{ROW}x\n{ROW}x"\n', "never closes"),
        (f"{HEAD}kokuho,1\n", "2 columns, expected 5"),
        (f"{HEAD}{ROW}x,y\n", "6 columns, expected 5"),
        (f'{HEAD}{ROW}5" disk\n', "a quote"),
        (f"{HEAD}{ROW}x\ry\n", "carriage return"),
        (f"{HEAD}{ROW}x\0y\n", "NUL"),
        (f'division,item,channel,"act\n{ROW}\n', "a quote that never closes"),
        (f'division,item,channel,act,"no\nte"\n{ROW}\n', "a line break in a cell"),
        ((HEAD + ROW).replace(",", ";"), "semicolons"),
        ("act,act,division,item,channel\na,b,kokuho,1,counter\n", "named twice"),
        ("division,item,channel,\nkokuho,1,counter,x\n", "column 4 of the header is empty"),
        ("sep=,\n" + HEAD, "sep="),
    ],
)
def test_a_csv_that_spark_would_not_read_as_it_is_written_is_refused_and_nothing_is_left(
    session: SparkSession, desk: Desk, tmp_path: Path, text: str | bytes, said: str
) -> None:
    """Else bytes become U+FFFD, blank lines vanish, a quote swallows rows, and a second `act` is called `act1`."""
    source, target = tmp_path / "in.csv", tmp_path / "out"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert session.version
    with pytest.raises(AssignError, match=said):
        spark.run(desk, str(source), str(target), None, "en", TODAY, "csv", "csv")
    assert not target.exists()


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize("guard", [True, False])
def test_cells_of_a_csv_come_out_as_they_came_in_and_formulas_are_guarded(
    session: SparkSession, desk: Desk, tmp_path: Path, guard: bool
) -> None:
    """In many parts, with the line ends of the file; the blank lines at its end are no rows."""
    source, target = tmp_path / "a[1].csv", tmp_path / "out"
    cells = [
        "=1+1",
        "-1",
        "-",
        "-1,000",
        "＝1",
        "'=1",
        "@x",
        'a,"b"',
        "",
        " x ",
        "#x",
        "\\",
        "\\N",
        '\\"',
        "null",
        '"' * 5000,
        "é😀",
    ]
    rows = [["kokuho", "1", "counter", "decide", cell] for cell in cells] * 20
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*HEAD.strip().split(",")[:4], "=note"], *rows])
        file.write("\r\n \r\n")
    session.conf.set("spark.sql.files.maxPartitionBytes", "20000")
    try:
        counts = spark.run(desk, str(source), str(target), None, "en", TODAY, "csv", "csv", guard=guard)
    finally:
        session.conf.unset("spark.sql.files.maxPartitionBytes")
    assert counts == Counts(len(rows), len(rows), {"city_staff/settled": len(rows)})
    found = []
    for part in sorted(target.glob("part-*.csv")):
        text = part.read_bytes()
        assert text.count(b"\n") == text.count(b"\r\n")
        with part.open(encoding="utf-8", newline="") as file:
            head, *more = csv.reader(file, strict=True)
        assert head == [*HEAD.strip().split(",")[:4], "'=note" if guard else "=note", *ANSWERED]
        found += more
    wanted = [[*row[:4], csv_out.guarded(row[4]) if guard else row[4]] for row in rows]
    assert sorted(row[:5] for row in found) == sorted(wanted)


@needs_spark
@pytest.mark.slow
def test_what_spark_does_not_do_is_refused_before_work_begins(
    session: SparkSession, desk: Desk, tmp_path: Path
) -> None:
    """With the engine that does it, or the column that cannot be written."""
    source = tmp_path / "in.csv"
    source.write_text(f"{HEAD}{ROW}\n", "utf-8")
    out = str(tmp_path / "out")
    for asked in (
        (str(source), out, "csv", "csv", "cp932"),
        ("-", out, "csv", "csv", "auto"),
        (str(source), "-", "csv", "csv", "auto"),
        (str(source), out, "jsonl", "csv", "auto"),
        (str(source), out, "jsonl", "parquet", "auto"),
    ):
        with pytest.raises(BadOption, match="polars"):
            spark.run(desk, *asked[:2], None, "en", TODAY, *asked[2:])
    (tmp_path / "_in.csv").write_text(f"{HEAD}{ROW}\n", "utf-8")
    with pytest.raises(DataError, match="no file to read"):
        spark.run(desk, str(tmp_path / "_in.csv"), out, None, "en", TODAY, "csv", "csv")
    (tmp_path / "parts" / "act=decide").mkdir(parents=True)
    (tmp_path / "parts" / "act=decide" / "in.jsonl").write_text("{}\n")
    with pytest.raises(BadRequest, match="folders"):
        spark.run(desk, str(tmp_path / "parts"), out, None, "en", TODAY, "jsonl", "jsonl")
    good = "'nenkin' AS division, '24' AS item, 'counter' AS channel"
    for n, (column, kind, said) in enumerate(
        (
            ("X'00ff' AS b", "jsonl", "`b`.*binary"),
            ("X'00ff' AS b", "csv", "`b`.*binary"),
            ("array(1) AS b", "csv", "`b`.*array"),
            ("INTERVAL 1 DAY AS b", "csv", "`b`.*interval"),
            ("array(1, double('-Infinity')) AS b", "jsonl", "`b` holds Infinity"),
            ("struct('decide') AS act", "parquet", "`act` is not text"),
            ("array('decide') AS act", "parquet", "`act` is not text"),
            ("X'00' AS act", "parquet", "`act` is not text"),
        )
    ):
        session.sql(f"SELECT {good}, {column}").write.parquet(str(tmp_path / f"p{n}"))
        with pytest.raises(AssignError, match=said):
            spark.run(desk, str(tmp_path / f"p{n}"), out, None, "en", TODAY, "parquet", kind)
    assert not Path(out).exists()


@needs_spark
@pytest.mark.slow
def test_parquet_is_read_as_it_is_written(session: SparkSession, desk: Desk, tmp_path: Path) -> None:
    """A column that only some of the files have; names of folders; midnights; numbers that are none; line ends in cells."""
    good = "'kokuho' AS division, 'counter' AS channel"
    source, target = tmp_path / "in", tmp_path / "out"
    session.sql(f"SELECT {good}, 'a\rb\nc' AS note, double('NaN') AS n").write.parquet(str(source / "item=1"))
    session.sql(f"SELECT {good}, 'decide' AS act, TIMESTAMP_NTZ'2026-04-01 00:00:00' AS on, 0.5D AS n").write.parquet(
        str(source / "item=01")
    )
    spark.run(desk, str(source), str(target), None, "en", TODAY, "parquet", "jsonl")
    lines = {line["item"]: line for line in map(json.loads, written(target).splitlines())}
    assert sorted(lines) == ["01", "1"]
    assert (lines["1"]["n"], lines["01"]["n"]) == (None, 0.5)
    for item, line in lines.items():
        asked = {"division": "kokuho", "item": item, "channel": "counter", "act": line["act"]}
        asked["on"] = line["on"] and line["on"][:10]
        assert tuple(line[name] for name in ANSWERED) == answered(desk, asked, TODAY, "en")
    spark.run(desk, str(source), str(tmp_path / "csv"), None, "en", TODAY, "parquet", "csv")
    notes = []
    for part in (tmp_path / "csv").glob("part-*.csv"):
        with part.open(encoding="utf-8", newline="") as file:
            notes += [row["note"] for row in csv.DictReader(file, strict=True)]
    assert sorted(notes) == ["", "a\rb\nc"]


@needs_spark
@pytest.mark.slow
def test_json_lines_on_executors_without_python_are_an_error_that_says_so(
    session: SparkSession, desk: Desk, tmp_path: Path
) -> None:
    """They are read there by the reader of one machine."""
    source, target = tmp_path / "in.jsonl", tmp_path / "out"
    source.write_text(f"{OBJECT}}}\n", "utf-8")
    assert session.version
    with pytest.raises(spark.SparkFailed, match="need Python"):
        spark.run(desk, str(source), str(target), None, "en", TODAY, "jsonl", "jsonl")
    assert not target.exists()


@needs_spark
@pytest.mark.slow
def test_a_run_that_is_ended_by_a_signal_leaves_nothing(tmp_path: Path) -> None:
    """As on one machine. The signal comes when Spark has begun to write, and long before it could have ended."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(HEAD + f"{ROW}x\n" * 2_000_000, "utf-8")
    command = [
        sys.executable,
        "-m",
        "assign",
        "batch",
        str(source),
        str(target),
        "--engine",
        "spark",
        "--master",
        "local[1]",
    ]
    with subprocess.Popen(command, env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}, stderr=subprocess.PIPE) as run:
        while run.poll() is None and not target.exists():
            time.sleep(0.01)
        assert run.returncode is None, run.communicate()
        run.terminate()
        run.communicate()
    assert run.returncode == 143
    assert not target.exists()
