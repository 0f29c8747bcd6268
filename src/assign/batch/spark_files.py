"""
Files → frames of Spark with exactly the rows of the files, counted in their text.

    CSV         its first line is read by `csv_in`; every line is checked to be a row, and then read by Spark itself
    JSON Lines  stay text: `json_lines` reads each line, on the executors, for the words that it asks
    Parquet     as Spark reads it

What Spark would read otherwise than it is written is an error before anything is answered.
"""

# ruff: noqa: SLF001 - the rules of `csv_in` and `csv_out` are used here as they stand there, and nowhere else

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assign.desk.lookup import ANSWERED, ASKED
from assign.errors import BadOption, BadRequest, DataError, listed, shown

from . import columns, csv_in, csv_out, json_lines
from .recognise import BOM, refuse

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

LINE: Final = "line"  # columns of a frame of JSON Lines
DAMAGE: Final = "damage"
_WORDS: Final = {name: f"word_{name}" for name in ASKED}
_PLAIN: Final = {"__globPaths__": False}  # `a[1].csv` is one file
_HEAD_LINES: Final = 100
_BLANKS_KEPT: Final = {"ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
_CELL: Final = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",\r\n]*+)'
_OTHER_ENGINE: Final = ("`--engine polars` なら読めます", "`--engine polars` reads it")


@dataclass(frozen=True)
class Given:
    """
    What a source holds.

    Attributes:
        rows: Counted in the text, or as Parquet's metadata say.
        fields: The column of each field of a request, where the frame's own names do not tell it.
        newline: The line end of the first line of text.
    """

    frame: DataFrame
    rows: int
    fields: dict[str, str] | None = None
    newline: str = "\n"


def consistent(source: str, target: str, in_format: str, out_format: str, encoding: str) -> None:
    """Raises BadOption for what Spark does not do; Polars does."""
    for wrong, ja, en in (
        (encoding == "cp932", "`--encoding cp932`", "`--encoding cp932`"),
        ("-" in (source, target), "標準入力・標準出力（`-`）", "stdin and stdout (`-`)"),
        (in_format == "jsonl" != out_format, "JSON Lines から別の形式への変換", "JSON Lines to another format"),
    ):
        if wrong:
            raise BadOption(
                f"Spark エンジンは{ja}を扱いません（`--engine polars` を使ってください）",
                f"the engine spark does not take {en} (use `--engine polars`)",
                ["polars"],
            )


def read(spark: SparkSession, source: str, kind: str, lang: str) -> Given:
    """
    The files at `source`.

    Raises:
        DataError: One of them is no such file, or has a line that Spark would not read as it is written.
        BadRequest: The first line is no header; or folders are named like columns, which text has not.
    """
    if kind == "parquet":
        frame = spark.read.options(mergeSchema=True, **_PLAIN).parquet(source)
        _some(frame)
        return Given(frame, frame.count())
    lines = _lines(spark, source)
    head, newline = _head(lines)
    refuse(head, kind)
    lines = _without_blank_end(lines, r"[ \t\r]*")
    if kind == "jsonl":
        return Given(_words(lines, lang), _json_rows(lines), _WORDS, newline)
    names = _header(head)
    rows = _csv_rows(lines, len(names))
    reader = spark.read.options(
        header=True, escape='"', mode="FAILFAST", enforceSchema=False, maxColumns=columns.MOST_COLUMNS + 1
    )
    reader = reader.options(**_BLANKS_KEPT, **_PLAIN).schema(_texts(names))
    return Given(reader.csv(source).na.fill(""), rows, None, newline)  # a cell of CSV is never null


def _texts(names: Sequence[str]) -> Any:
    from pyspark.sql.types import StringType, StructField, StructType

    return StructType([StructField(name, StringType()) for name in names])


def _some(frame: DataFrame) -> None:
    """Raises DataError where there is no file: Spark ignores names that begin with `_` or `.`."""
    if not frame.inputFiles():
        raise DataError(
            "読めるファイルがありません（Spark は `_` や `.` で始まる名前のファイルを読みません）",
            "there is no file to read (Spark passes over names that begin with `_` or `.`)",
        )


def _lines(spark: SparkSession, source: str) -> DataFrame:
    """The lines of all files, each with its file and a position that grows from line to line."""
    from pyspark.sql import functions as f

    text = spark.read.options(lineSep="\n", **_PLAIN).text(source)
    _some(text)
    if others := text.columns[1:]:
        raise BadRequest(
            f"フォルダの名前が列（{listed(others)}）を表しています。CSV と JSON Lines では列としてファイルに書いてください",
            f"names of folders stand for columns ({listed(others)}); with CSV and JSON Lines, write them into the files",
        )
    place = f.struct(f.col("_metadata.file_block_start").alias("block"), f.monotonically_increasing_id().alias("line"))
    return text.select("value", f.col("_metadata.file_path").alias("file"), place.alias("place"))


def _head(lines: DataFrame) -> tuple[bytes, str]:
    """The beginning of the first file, and the end of its first line."""
    from pyspark.sql import functions as f

    first = lines.agg(f.min("file")).collect()[0][0]
    begin = lines.where((f.col("file") == first) & (f.col("place.block") == 0)).limit(_HEAD_LINES)
    found = [bytes(row[0]) for row in begin.select(f.col("value").cast("binary")).collect()]
    newline = "\r\n" if found and found[0].endswith(b"\r") else "\n"
    return b"\n".join([*found, b""]) if found else b"", newline


def _without_blank_end(lines: DataFrame, blank: str) -> DataFrame:
    """Without the blank lines at the end of each file, which are no rows."""
    from pyspark.sql import functions as f

    empty = f.col("value").rlike(rf"\A{blank}\z")
    if lines.where(empty).isEmpty():
        return lines
    last = lines.where(~empty).groupBy("file").agg(f.max("place").alias("last"))
    return lines.join(f.broadcast(last), "file").where(f.col("place") <= f.col("last")).select(*lines.columns)


# -- CSV -------------------------------------------------------------------------------------------------------------


def _header(head: bytes) -> list[str]:
    """The names of the columns, by the reader of one machine. Raises DataError, BadRequest."""
    head = head.removeprefix(BOM)
    csv_in._newline(head)
    if csv_in._encoding(head, "auto") != "utf-8":
        raise _not_utf_8("cp932", "cp932")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "head.csv"
        path.write_bytes(head)
        names, size = csv_in._header(path, "utf-8")
    if b"\n" in head[: size - 1]:
        raise _no_row(head[:size].splitlines()[0], len(names), 1)
    return names


def _csv_rows(lines: DataFrame, cells: int) -> int:
    """The rows of CSV files, their headers not counted. Raises DataError where a line is no row of so many cells."""
    from pyspark.sql import functions as f

    value = f.col("value")
    row = value.rlike(rf"\A(?:{_CELL},){{{cells - 1}}}+{_CELL}\r?\z")
    wrong = ~(f.is_valid_utf8(value) & ~f.contains(value, f.lit("\0")) & row)
    found = lines.groupBy("file").agg(
        f.count("*").alias("lines"),
        f.count_if(wrong).alias("wrong"),
        f.min_by(value.cast("binary"), f.when(wrong, f.col("place"))).alias("first"),
    )
    told = found.agg(f.sum("lines"), f.count("*"), f.sum("wrong"), f.max("first")).collect()[0]
    total, files, broken, example = told
    if broken:
        raise _no_row(bytes(example), cells, broken)
    return int((total or 0) - files)


def _not_utf_8(ja: str, en: str) -> DataError:
    return DataError(
        f"CSV が UTF-8 ではありません（{ja}）。{_OTHER_ENGINE[0]}。または UTF-8 で保存し直してください",
        f"the CSV is not UTF-8 ({en}); {_OTHER_ENGINE[1]}, or save it as UTF-8",
    )


def _no_row(raw: bytes, cells: int, number: int) -> DataError:
    row = raw.removesuffix(b"\r")
    try:
        text = row.decode()
    except UnicodeDecodeError:
        return _not_utf_8(f"行にならない行が {number:,}", f"{number:,} lines that are no row")
    _, wrong = csv_in._cells(row, "utf-8") if csv_in._ROW.fullmatch(row) else ([], None)
    if csv_in._OPEN.fullmatch(row):
        ja, en = "セルの中の改行か、閉じていない引用符", "a line break in a cell, or a quote that never closes"
    elif csv_in._ROW.fullmatch(row) is None:
        ja, en = "引用符か復帰文字の位置が正しくない", "a quote or a carriage return where none may stand"
    elif wrong is not None:
        ja, _, en = wrong.partition(": ")[2].partition(" / ")
    else:
        found = len(csv_in._cells(row, "utf-8")[0])
        ja, en = f"{found} 列。{cells} 列のはず", f"{found} columns, expected {cells}"
    return DataError(
        f"CSV に行にならない行が {number:,} あります（例: {shown(text)}: {ja}）。{_OTHER_ENGINE[0]}",
        f"the CSV has lines that are no row: {number:,} (for example {shown(text)}: {en}); {_OTHER_ENGINE[1]}",
    )


def guarded(frame: DataFrame) -> DataFrame:
    """Cells of text, and names of columns, with a `'` before what a spreadsheet would take for a formula."""
    from pyspark.sql import functions as f
    from pyspark.sql.types import StringType

    number = csv_out._NUMBER.removesuffix("$") + r"\z"  # Java's `$` matches before a last line end, too
    cells = []
    for each in frame.schema:
        cell = _column(each.name)
        if isinstance(each.dataType, StringType) and each.name not in ANSWERED:
            formula = cell.rlike(csv_out._DANGEROUS) & ~cell.rlike(number)
            cell = f.when(formula, f.concat(f.lit("'"), cell)).otherwise(cell)
        cells.append(cell.alias(csv_out.guarded(each.name)))
    return frame.select(*cells)


def _column(name: str) -> Column:
    from pyspark.sql import functions as f

    return f.col("`" + name.replace("`", "``") + "`")


# -- JSON Lines ------------------------------------------------------------------------------------------------------


def _json_rows(lines: DataFrame) -> int:
    """The lines. Raises DataError where a carriage return alone ends one: to Spark they are one."""
    from pyspark.sql import functions as f

    lone = f.col("value").rlike(r"\}[ \t]*\r\s*\{")
    total, wrong = lines.agg(f.count("*"), f.count_if(lone)).collect()[0]
    if wrong:
        raise DataError(
            f"CR だけで終わる行があります。{_OTHER_ENGINE[0]}。または改行を LF か CRLF にしてください",
            f"lines that end with CR alone; {_OTHER_ENGINE[1]}, or use LF or CRLF",
        )
    return int(total)


def _words(lines: DataFrame, lang: str) -> DataFrame:
    """Each line as it is to be written, its error, and the words of its request."""
    from pyspark.sql import functions as f

    told = f.udf(partial(_read, lang), _texts((LINE, DAMAGE, *_WORDS.values())), useArrow=False)
    return lines.select(told(f.col("value").cast("binary")).alias("read")).select("read.*")


def _read(lang: str, value: bytearray) -> tuple[str | None, ...]:
    raw = bytes(value).rstrip(b"\r")
    line = json_lines.read(raw, lang)
    text = raw.strip(b" \t\r").decode("utf-8", "replace").replace("\r", " ")
    if line.words is not None:
        return (text, None, *(word.encode("utf-8", "backslashreplace").decode() for word in line.words))
    if "line" in line.body and line.error.startswith("damaged_row"):
        text = json.dumps(line.body, ensure_ascii=False)
    return (text, line.error, *("" for _ in ASKED))


def answered_lines(frame: DataFrame, outcome: str) -> DataFrame:
    """A frame of `read` with its answers → the lines to write, and the outcome of each."""
    from pyspark.sql import functions as f

    damaged = f.col(DAMAGE).isNotNull()
    said = [f.when(~damaged, f.col(name)).alias(name) for name in ANSWERED[:-1]]
    answer = f.to_json(
        f.struct(*said, f.coalesce(DAMAGE, ANSWERED[-1]).alias(ANSWERED[-1])), {"ignoreNullFields": "false"}
    )
    body = f.expr(f"substring({LINE}, 1, length({LINE}) - 1)")
    comma = f.when(f.col(LINE).rlike(r"\A\{\s*\}\z"), f.lit("")).otherwise(f.lit(", "))
    kind = f.concat(f.lit("error/"), f.substring_index(DAMAGE, ":", 1))
    return frame.select(
        f.concat(body, comma, f.substring(answer, 2, 1 << 30)).alias("value"),
        f.when(damaged, kind).otherwise(f.col(outcome)).alias(outcome),
    )


OUTCOMES: Final = ("error/damaged_row", "error/bad_request")  # of lines that are no request


# -- types and output ------------------------------------------------------------------------------------------------


def writable(frame: DataFrame, out_format: str) -> None:
    """Raises BadRequest where the output cannot hold a column's type as it is."""
    if out_format == "parquet":
        return
    name_of = {"csv": "CSV", "jsonl": "JSON Lines"}[out_format]
    for each in frame.schema:
        if not _holds(each.dataType, out_format):
            kind = each.dataType.simpleString()
            raise BadRequest(
                f"列 {shown(each.name)} の型 {shown(kind)} は {name_of} に書けません（要らない列なら除いてください）",
                f"the column {shown(each.name)} ({shown(kind)}) cannot be written as {name_of} (leave it out if it is not needed)",
            )


def is_word(kind: Any) -> bool:
    """Whether a value of a type may be a word of a request."""
    return _holds(kind, "csv")


def _holds(kind: Any, out_format: str) -> bool:
    from pyspark.sql import types as t

    if out_format == "jsonl" and isinstance(kind, t.ArrayType):
        return _holds(kind.elementType, out_format)
    if out_format == "jsonl" and isinstance(kind, t.StructType):
        return all(_holds(each.dataType, out_format) for each in kind)
    simple = (t.NumericType, t.StringType, t.BooleanType, t.DateType, t.TimestampType, t.TimestampNTZType, t.NullType)
    return isinstance(kind, simple)


def write(frame: DataFrame, given: Given, target: str, out_format: str, *, guard: bool) -> None:
    """Into files at `target`, which is not there yet."""
    if given.fields:
        frame.write.mode("error").options(lineSep=given.newline).text(target)
    elif out_format == "csv":
        writer = (guarded(frame) if guard else frame).write.mode("error")
        writer.options(header=True, escape='"', emptyValue="", lineSep=given.newline, **_BLANKS_KEPT).csv(target)
    elif out_format == "jsonl":
        _finite(frame).write.mode("error").options(ignoreNullFields=False).json(target)
    else:
        frame.write.mode("error").parquet(target)


def _finite(frame: DataFrame) -> DataFrame:
    """JSON has no Infinity, which ends the job, and no NaN, which is null. (Spark would write them as words.)"""
    return frame.select(
        *(_number(_column(each.name), each.dataType, each.name).alias(each.name) for each in frame.schema)
    )


def _number(value: Column, kind: Any, name: str) -> Column:
    from pyspark.sql import functions as f
    from pyspark.sql import types as t

    if isinstance(kind, t.ArrayType):
        return f.transform(value, lambda each: _number(each, kind.elementType, name)) if _floats(kind) else value
    if isinstance(kind, t.StructType):
        if not _floats(kind):
            return value
        fields = (_number(value.getField(each.name), each.dataType, name).alias(each.name) for each in kind)
        return f.when(value.isNotNull(), f.struct(*fields))
    if not _floats(kind):
        return value
    wrong = f.raise_error(f.lit(f"assign: the column {shown(name)} holds Infinity, which JSON lacks")).cast(kind)
    return f.when(f.abs(value) == float("inf"), wrong).when(~f.isnan(value), value)


def _floats(kind: Any) -> bool:
    from pyspark.sql import types as t

    if isinstance(kind, t.ArrayType):
        return _floats(kind.elementType)
    if isinstance(kind, t.StructType):
        return any(_floats(each.dataType) for each in kind)
    return isinstance(kind, (t.FloatType, t.DoubleType))
