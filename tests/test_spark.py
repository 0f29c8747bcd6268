"""A Spark cluster answers what the desk answers: every row once, also where a machine dies on the way."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assign import Desk
from assign.batch import csv_out, json_lines, spark
from assign.desk.lookup import ANSWERED, ASKED, Counts, answered, decision_table
from assign.errors import AssignError, BadOption, BadRequest, DataError, OutputError
from assign.rules.changes import boundaries

from .built_in import CHANNELS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROOT = Path(__file__).parents[1]
TODAY = date(2026, 11, 25)
COLUMNS = ("id", "division", "item", "channel", "act", "on", "section")
needs_spark = pytest.mark.spark  # run by tools/test.sh in an environment of their own
PARTS = 60  # of the frame in the cluster test; each is a task
ROWS = 900_000

ODD: list[tuple[str | None, ...]] = [
    ("国民年金", "２４", "窓口", None, None, None),
    (" ＮＥＮＫＩＮ ", "24", "ﾊﾞｯｸﾔｰﾄﾞ", "", "", ""),
    ("nenkin", "nenkin-24", "counter", "受付", "2026-04-01", None),
    ("nenkin", "24", "counter", None, None, " "),
    ("nenkin", "24", "counter", None, None, "x"),
    ("kouki", "51", "counter", None, None, None),
    ("kouki", "51", "窓口", None, None, ""),
    ("kouki", "５１－１", "counter", "decide", "2022-10-01", None),
    (None, None, None, None, None, None),
    ("", "24", "counter", None, None, None),
    ("nenkin", "24", None, None, None, None),
    ("nenkin", "99", "counter", None, None, None),
    ("nenkn", "24", "counter", None, None, None),
    ("nenkin", "024", "counter", None, None, None),
    ("nenkin", "24.0", "counter", None, None, None),
    ("nenkin", "24", "Counter", "RECEIVE", None, None),
    ("nenkin", "24", "counter", "no such act", None, None),
    ("x" * 300, "1", "counter", None, None, None),
    ("x" * 200, "1", "counter", None, None, None),
    ("nenkin", "24" + " " * 300, "counter", "y" * 40, None, "z" * 41),
    ("nenkin", "'); DROP\\\n\x01\"", "counter", "受付😀", None, None),
    *(
        ("nenkin", "24", "counter", None, on, None)
        for on in (
            "2026-4-1",
            "2026-4-1  ",
            "2026-04-1 ",
            "2026-04-1T",
            " 2026-04-01",
            "2026-04-01 ",
            "2026-04-01T00:00",
            "2026-02-30",
            "0000-01-01",
            "0001-01-01",
            "9999-12-31",
            "12026-04-01",
            "２０２６－０４－０１",
            "2026/04/01",
            "2021-09-30",
            "2021-10-01",
            "x",
        )
    ),
]


@pytest.fixture(scope="module")
def tools() -> Any:
    """The cluster and the session of the bench."""
    spec = importlib.util.spec_from_file_location("bench_spark", ROOT / "bench" / "spark.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def loopback() -> Iterator[None]:
    """Spark in this process listens on 127.0.0.1 alone, and is stopped in the end."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield
        if (running := SparkSession.getActiveSession()) is not None:
            running.stop()


@pytest.fixture
def session(tools: Any, loopback: None) -> SparkSession:
    """A session in this process, whose executors could not start Python if they tried."""
    del loopback
    made: SparkSession = tools.session("local[2]", **{"spark.pyspark.python": "no-such-python"})
    return made


@pytest.fixture
def with_python(session: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors that have Python and `assign`: JSON Lines need them."""
    monkeypatch.setattr(session.sparkContext, "pythonExec", sys.executable)


def written(target: Path) -> bytes:
    """All that was written, in order."""
    return b"".join(part.read_bytes() for part in sorted(target.glob("part-*")) if part.suffix != ".crc")


def frame_of(session: SparkSession, folder: Path, rows: Sequence[Sequence[str | None]]) -> DataFrame:
    """Rows of `COLUMNS` as a frame of strings."""
    path = folder / "rows.json"
    lines = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return session.read.schema(", ".join(f"`{name}` string" for name in COLUMNS)).json(str(path))


def rows_of(frame: DataFrame) -> list[tuple[Any, ...]]:
    """All rows, by their id."""
    return sorted((tuple(row) for row in frame.collect()), key=lambda row: int(row[0]))


def plan_of(frame: DataFrame) -> str:
    """The plan as it was executed, where it was."""
    return str(frame._jdf.queryExecution().executedPlan().toString())


def test_without_pyspark_the_error_says_what_to_install(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module itself is imported without it."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(spark.SparkMissing, match=r"pip install 'itaku-assign\[spark\]'"):
        spark.decide(None, desk=desk)
    with pytest.raises(spark.SparkMissing):
        spark.run(desk, "in", "out")


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_request_of_the_table_and_every_odd_word_is_answered_as_by_the_desk(
    session: SparkSession, desk: Desk, tmp_path: Path, lang: str
) -> None:
    """Row by row: all keys on the first day of each span, keys without a date, and words that are not the table's."""
    asked = [(*line[:4], line.since if n % 3 else None, None) for n, line in enumerate(decision_table(desk))]
    rows = [(str(n), *request) for n, request in enumerate([*asked, *ODD])]
    frame = spark.decide(frame_of(session, tmp_path, rows), desk=desk, lang=lang, today=TODAY)
    assert frame.columns == [*COLUMNS, *ANSWERED]
    found = rows_of(frame)
    wanted = [(*row, *answered(desk, dict(zip(COLUMNS, row, strict=True)), TODAY, lang)) for row in rows]
    assert len(found) == len(wanted)
    assert [pair for pair in zip(found, wanted, strict=True) if pair[0] != pair[1]] == []


@needs_spark
@pytest.mark.slow
def test_columns_of_other_types_are_read_as_their_words_and_carried_as_they_are(
    session: SparkSession, desk: Desk
) -> None:
    """Ints as digits, dates as ISO, a collated string letter by letter; structs, duplicates and dotted names stay."""
    frame = session.sql(
        "SELECT named_struct('a', id) AS `a.b`, id AS n, id AS n, 'nenkin' AS Division, CAST(id AS INT) AS item, "
        "collate(IF(id = 3, 'COUNTER', 'counter'), 'UNICODE_CI') AS channel, "
        "IF(id = 24, NULL, date_add(DATE'2021-09-30', CAST(id % 2 AS INT))) AS on FROM range(1, 45)"
    )
    found = spark.decide(frame, desk=desk, today=TODAY)
    assert found.columns == [*frame.columns, *ANSWERED]
    assert found.schema.fields[: len(frame.columns)] == frame.schema.fields
    rows = sorted((tuple(row) for row in found.collect()), key=lambda row: int(row[1]))
    assert len(rows) == 44
    for nested, n, again, division, item, channel, on, *answer in rows:
        assert (tuple(nested), again, item) == ((n,), n, n)
        words = {"division": division, "item": str(item), "channel": channel, "on": on.isoformat() if on else None}
        assert tuple(answer) == answered(desk, words, TODAY)


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize("adaptive", ["true", "false"])
def test_the_table_is_joined_by_broadcast_and_no_python_runs(
    session: SparkSession, desk: Desk, tmp_path: Path, adaptive: str
) -> None:
    """In the plan as executed, whether or not Spark may change it on the way."""
    session.conf.set("spark.sql.adaptive.enabled", adaptive)
    try:
        rows = [("0", "nenkin", "24", "counter", None, None, None)]
        frame = spark.decide(frame_of(session, tmp_path, rows), desk=desk, today=TODAY)
        assert len(frame.collect()) == 1
        plan = plan_of(frame)
    finally:
        session.conf.unset("spark.sql.adaptive.enabled")
    assert "BroadcastHashJoin" in plan
    for other in ("SortMergeJoin", "ShuffledHashJoin", "NestedLoop", "Exchange hashpartitioning", "Python"):
        assert other not in plan


@needs_spark
@pytest.mark.slow
def test_a_frame_that_cannot_be_answered_is_refused_with_the_column(session: SparkSession, desk: Desk) -> None:
    """Before anything runs on the cluster."""
    good = "'nenkin' AS division, '24' AS item, 'counter' AS channel"
    for columns, named in (
        ("'nenkin' AS division, '24' AS item", "channel"),
        (f"{good}, 1 AS row", "row"),
        (f"{good}, 1 AS Reason", "Reason"),
        (f"{good}, 1 AS on, 2 AS On", "on"),
    ):
        with pytest.raises(BadRequest, match=f"`{named}`"):
            spark.decide(session.sql(f"SELECT {columns}"), desk=desk)
    stream = session.readStream.format("rate").load().selectExpr("*", *good.split(", "))
    with pytest.raises(BadRequest, match="foreachBatch"):
        spark.decide(stream, desk=desk)


@needs_spark
@pytest.mark.slow
def test_too_many_odd_words_are_counted_and_refused(
    session: SparkSession, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver never holds more than the limit and one."""
    monkeypatch.setattr(spark, "MOST_WORDS", 100)
    frame = session.sql("SELECT 'nenkin' AS division, concat('x', id) AS item, 'counter' AS channel FROM range(1234)")
    with pytest.raises(spark.TooManyWords, match="1,234 distinct"):
        spark.decide(frame, desk=desk)
    assert spark.decide(frame.limit(100), desk=desk).count() == 100


@needs_spark
@pytest.mark.slow
def test_days_between_the_same_changes_are_one_odd_request(
    session: SparkSession, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that says 国民年金 on every row of seven years is not thousands of odd requests."""
    changes = {
        day
        for day in boundaries(desk.rules, [task.id for task in desk.catalog.tasks], CHANNELS)
        if day > date(2020, 1, 1)
    }
    assert len(changes) < 20
    monkeypatch.setattr(spark, "MOST_WORDS", len(changes) + 1)
    frame = session.sql(
        "SELECT id, '国民年金' AS division, '24' AS item, 'counter' AS channel, "
        "CAST(date_add(DATE'2020-01-01', CAST(id AS INT)) AS STRING) AS on FROM range(2500)"
    )
    for row in spark.decide(frame, desk=desk, today=TODAY).collect():
        words = {name: row[name] for name in ("division", "item", "channel", "on")}
        assert tuple(row)[5:] == answered(desk, words, TODAY)


@needs_spark
@pytest.mark.slow
def test_an_input_that_changes_between_its_two_readings_is_an_error_not_an_empty_answer(
    session: SparkSession, desk: Desk, tmp_path: Path
) -> None:
    """A row whose words were not there when they were looked for."""
    from pyspark.errors import PySparkException

    frame = frame_of(session, tmp_path, [("0", "nenkin", "24", "counter", None, None, None)])
    found = spark.decide(frame, desk=desk, today=TODAY)
    frame_of(session, tmp_path, [("0", "nenkin", "9x", "counter", None, None, None)])
    session.catalog.clearCache()
    with pytest.raises(PySparkException, match="persist it first"):
        found.collect()


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


@needs_spark
@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_in_mid_run_gives_every_row_once_and_right(
    tools: Any, loopback: None, desk: Desk, tmp_path: Path
) -> None:
    """
    A master and two workers, processes of their own; SIGKILL to one and its executor while both are at work.

    That the kill landed is asserted, too: the master counts one worker, and Spark counts tasks that failed.
    """
    from pyspark.sql import SparkSession

    del loopback
    if (before := SparkSession.getActiveSession()) is not None:
        before.stop()
    with tools.Cluster(tmp_path / "cluster", memory="1g") as cluster:
        running = tools.session(
            cluster.master,
            **{"spark.executor.cores": "1", "spark.executor.memory": "800m", "spark.cores.max": "2"},
            # The tracker tells of every event. By default it writes once in 100 ms, at the first event after that: while two
            # tasks go in step this is always an end, and it never tells of two at work.
            **{"spark.ui.liveUpdate.period": "0"},
        )
        try:
            _survives(running, cluster, desk, tmp_path)
        finally:
            running.stop()


def _survives(running: SparkSession, cluster: Any, desk: Desk, folder: Path) -> None:
    words = [line[:3] for line in decision_table(desk) if not line.act][::5] + [row[:3] for row in ODD[:2]] * 9
    words = [row for row in words if all(row)]
    arrays = [f"array({', '.join(repr(str(row[n]).strip()) for row in words)})" for n in range(3)]
    picked = (f"element_at({each}, CAST(id % {len(words)} AS INT) + 1)" for each in arrays)
    named = ", ".join(f"{each} AS {name}" for each, name in zip(picked, ("division", "item", "channel"), strict=True))
    # Each part waits a little at its first row, so that the job can't be over before the kill, however fast the machine.
    wait = f"CASE WHEN id % {ROWS // PARTS} = 0 THEN reflect('java.lang.Thread', 'sleep', CAST(200 AS BIGINT)) END"
    frame = running.sql(
        f"SELECT id, {named} FROM range(0, {ROWS}, 1, {PARTS}) WHERE coalesce({wait}, '') <> 'never'"  # noqa: S608
    )
    answers = spark.decide(frame, desk=desk, today=TODAY)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            answers.write.csv(str(folder / "out"), emptyValue="")
        except BaseException as error:  # noqa: BLE001  # told by the test's own thread
            failures.append(error)

    job = threading.Thread(target=write)
    tracker = running.sparkContext.statusTracker()
    seen: dict[int, Any] = {}

    def writing() -> Any:
        """The stage that writes, as it stands."""
        for stage in tracker.getActiveStageIds():
            info = tracker.getStageInfo(stage)
            if info is not None and info.numTasks == PARTS:
                seen[stage] = info
                return info
        return None

    assert cluster.alive() == 2
    executors = running.sparkContext._jsc.sc().getExecutorMemoryStatus  # the driver is one of them
    until = time.monotonic() + 600
    while executors().size() < 3:
        assert time.monotonic() < until, "the second executor did not come"
        time.sleep(0.05)
    info = None
    job.start()
    while job.is_alive() and info is None:
        time.sleep(0.01)
        now = writing()
        if now is not None and now.numCompletedTasks >= 4 and now.numActiveTasks == 2:
            info = now
    assert info is not None, f"no moment was seen at which both worked: {failures}, {seen}"
    assert info.numCompletedTasks < PARTS - 10, "the job was nearly over before the kill"
    cluster.kill(1)
    job.join(240)
    assert not job.is_alive()
    assert failures == []
    last = tracker.getStageInfo(info.stageId)
    assert last is not None
    assert last.numFailedTasks >= 1, "no task was lost with the worker: the kill did not land in mid-run"
    assert cluster.alive() == 1
    assert [worker["state"] for worker in cluster.state()["workers"]].count("DEAD") == 1

    wanted = []
    for row in words:
        asked = tuple(str(word).strip() for word in row)
        answer = answered(desk, dict(zip(("division", "item", "channel"), asked, strict=True)), TODAY)
        wanted.append((*asked, *(word or "" for word in answer)))
    met = bytearray(ROWS)
    for part in sorted((folder / "out").glob("part-*.csv")):
        with part.open(encoding="utf-8", newline="") as file:
            for line in csv.reader(file, doublequote=False, escapechar="\\"):
                number = int(line[0])
                met[number] += 1
                assert tuple(line[1:]) == wanted[number % len(wanted)]
    assert met == b"\x01" * ROWS
