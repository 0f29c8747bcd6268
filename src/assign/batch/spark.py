"""
A Spark DataFrame of requests → the same frame with its answers: one broadcast join, on whatever cluster Spark has.

    frame ─ left join, the lookup table broadcast ─▶ requests outside the table ─▶ with all answers
                                                     └ distinct, to the driver, decided there, broadcast ┘

    from assign import spark
    spark.decide(frame).write.parquet("answers")

Nothing but tables of strings travels to the executors: no Python function, no file of ours, so an executor needs neither
Python nor `assign` (but for files of JSON Lines, see `batch.spark`). Requests outside the table (`２４`, 国民年金, a typing error) are decided by the desk
on the driver, once for all rows that say the same. To find them the frame is read once more than it is written.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final

from assign.desk.desk import Desk
from assign.desk.lookup import (
    ANSWERED,
    ASKED,
    FORMATS,
    Answered,
    Counts,
    Line,
    answered,
    decision_table,
    of_line,
)
from assign.errors import AssignError, BadOption, BadRequest, DataError, OutputError, listed, needs_extra, shown
from assign.rules.changes import FIRST, LAST, boundaries
from assign.words import LONGEST
from assign.words import today as today_in_japan

from . import columns
from . import spark_files as files

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

MOST_WORDS: Final = (
    200_000  # distinct requests outside the table; the driver holds and broadcasts them, at most about 1 GB
)
CHUNK: Final = 2000  # lines of one literal
_KEY: Final = ("division", "item", "channel", "act")
_SPAN: Final = ("since", "until")
_OURS: Final = "__assign_"  # what our columns are called while they stand beside the user's
_OUTCOME: Final = _OURS + "counted"


class SparkMissing(DataError):
    """PySpark was asked for, and it or its Java is not installed."""

    code = "spark_missing"


class SparkFailed(DataError):
    """Spark could not read the source or finish the job."""

    code = "spark"


class TooManyWords(DataError):
    """More distinct requests outside the table than a driver may hold: not typing errors, but a wrong column."""

    code = "too_many_words"


def decide(df: DataFrame, *, desk: Desk | None = None, lang: str = "ja", today: date | None = None) -> DataFrame:
    """
    Answer every row of a frame.

    Args:
        df: Columns `division`, `item`, `channel` and, where there are any, `act`, `on`, `section`, of any type; they are
            compared as strings. It is read once here and once more by whatever is done with the result, so persist it
            first if it is expensive to compute. It must give the same rows each time it is read.
        desk: Whose answers; the built-in list and rules if absent.
        lang: Of reason and error, `ja` or `en`.
        today: The date of a row that names none; today in Japan, once for the whole frame, if absent.

    Returns:
        Every column of `df`, untouched and in order, then `assignee`, `certainty`, `rules`, `row`, `caveats`, `reason`
        and `error`, all strings: for each row what `assign.desk.lookup.answered` gives. No row is lost or doubled.

    Raises:
        BadRequest: A column is missing, stands there twice, or has the name of an answer; or the frame is a stream.
        TooManyWords: More than `MOST_WORDS` distinct requests outside the table. They are counted, not held: an answer that big would
            have to be broadcast to every executor, and a column of so many words is no column of items or acts.
        SparkMissing: pyspark is not installed.
    """
    need_pyspark()
    return _with_outcomes(df, desk or Desk.open(), lang, today)[0].drop(_OUTCOME)


def _with_outcomes(
    df: DataFrame, desk: Desk, lang: str, today: date | None, fields: Mapping[str, str] | None = None
) -> tuple[DataFrame, list[str]]:
    """The frame with its answers and, at its end, the outcome of each; the outcomes that there can be."""
    today = today or today_in_japan()
    called = fields or _columns(df)
    asked = _Asked(df, called, desk, today)
    lines = [(line, of_line(line, lang)) for line in decision_table(desk)]
    table = _table(df.sparkSession, lines)
    words = asked.odd_words(table)
    own = None if fields else called
    odd = [(each, answered(desk, dict(zip(ASKED, each, strict=True)), today, lang, own)) for each in words]
    return asked.answered_by(table, odd), sorted({answer.outcome for _, answer in (*lines, *odd)})


def run(
    desk: Desk,
    source: str,
    target: str,
    master: str | None = None,
    lang: str = "ja",
    today: date | None = None,
    in_format: str = "parquet",
    out_format: str = "parquet",
    encoding: str = "auto",
    *,
    guard: bool = True,
) -> Counts:
    """
    Answer the files at `source` into files at `target`: what `assign batch --engine spark` calls.

    Args:
        desk, lang, today: As in `decide`.
        source: A file or a folder that every executor reaches (`hdfs://…`, `s3a://…`, a shared disk).
        target: A folder that does not exist yet. Spark writes one file for each part of the source, and `_SUCCESS` last.
        master: `spark://host:7077`, `yarn`, `k8s://…`, `local[2]`; None is what `spark-submit` or the environment says.
            A session that already runs in this process is used as it is, and left running; one made here is stopped.
        in_format, out_format: `csv` (with a header, UTF-8, no line break inside a cell), `jsonl` or `parquet`. JSON Lines
            are written as JSON Lines alone, each line as it came with its answer; their executors need Python and `assign`.
        encoding: Of CSV: `auto` or `utf-8`.
        guard: As in `assign.batch.Options`.

    Returns:
        The rows of the source, the rows that were written, and these by outcome.

    Raises:
        BadOption: Another format or encoding. BadRequest, TooManyWords: As in `decide`.
        DataError: A file is not what it is taken for, or has a line that would not be read as it is written.
        OutputError: The target exists already. Whatever is raised, nothing is left there.
        SparkFailed: The source cannot be read, or the job failed. SparkMissing: There is no pyspark or no Java.
    """
    need_pyspark()
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    for each in (in_format, out_format):
        if each not in FORMATS:
            raise BadOption(
                f"形式 {shown(each)} は使えません（選べるもの: {listed(FORMATS)}）",
                f"there is no format {shown(each)} (choose: {listed(FORMATS)})",
                FORMATS,
            )
    files.consistent(source, target, in_format, out_format, encoding)

    def work(spark: SparkSession) -> Counts:
        given = files.read(spark, source, in_format, lang)
        frame, outcomes = _with_outcomes(given.frame, desk, lang, today, given.fields)
        if in_format == "jsonl":
            frame, outcomes = files.answered_lines(frame, _OUTCOME), sorted({*outcomes, *files.OUTCOMES})
        files.writable(frame, out_format)
        seen = Observation()
        counted = (f.count(f.when(f.col(_OUTCOME) == name, 1)).alias(name) for name in outcomes)
        frame = frame.observe(seen, f.count(f.lit(1)).alias(_OUTCOME), *counted)
        files.write(frame.drop(_OUTCOME), given, target, out_format, guard=guard)
        told = dict(seen.get)
        written = told.pop(_OUTCOME)
        if written != given.rows:
            raise OutputError(
                f"読んだのは {given.rows:,} 行、書いたのは {written:,} 行です。{shown(target)} は消しました",
                f"{given.rows:,} rows were read and {written:,} written; {shown(target)} is removed",
            )
        return Counts(given.rows, written, {name: number for name, number in told.items() if number})

    with _session(master) as spark, _as_written(spark), _spoken(source), _whole(spark, target):
        return _apart(spark, work)


def _apart(spark: SparkSession, work: Callable[[SparkSession], Counts]) -> Counts:
    """
    Run a function in a thread with its own connection to Spark's JVM.

    So a signal interrupts the waiting of the main thread, and not a call to Spark half way: the main thread can still cancel the job.
    """
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(work, spark)
        try:
            return job.result()
        except BaseException as error:
            if not isinstance(error, Exception):
                spark.stop()
            raise


def need_pyspark() -> None:
    """Raise SparkMissing where pyspark cannot be imported."""
    try:
        import pyspark  # noqa: F401 - whether it is there
    except ImportError:
        raise SparkMissing(*needs_extra("pyspark", "spark")) from None


_AS_WRITTEN: Final = {
    "spark.sql.caseSensitive": "true",  # else `act` and `Act` are one column, and one of them is dropped
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # else `item=024` of a folder's name becomes 24
    "spark.sql.session.timeZone": "UTC",  # so that a timestamp is the same day on every machine
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}


class _Asked:
    """A frame whose requests are read: the key and the day of each row as the table holds them, and its words."""

    def __init__(self, df: DataFrame, names: Mapping[str, str], desk: Desk, today: date) -> None:
        from pyspark.sql import functions as f

        self._today = today
        self._changes: list[
            date
        ] = []  # of a folder of editions: an error names the day itself, where no edition is in force
        if desk.beside is None:
            self._changes = [
                FIRST,
                *boundaries(
                    desk.rules,
                    desk.catalog.by_id,
                    desk.catalog.manifest.channels,
                    of_list=desk.catalog.days(desk.catalog.by_id),
                ),
            ]
        text = {name: f.col(f"`{names[name]}`").cast("string") if name in names else f.lit("") for name in ASKED}
        if columns.GROUP in names:
            parts = (text["section"], f.col(f"`{names[columns.GROUP]}`").cast("string"))
            text["section"] = f.concat_ws(columns.BETWEEN, *(f.nullif(part, f.lit("")) for part in parts))
        day = self._day(df, names.get("on"), text["on"])
        # No act is the table's empty act. A row with a section is never of the table: it has no day there.
        key = [text["division"], text["item"], text["channel"], f.coalesce(text["act"], f.lit(""))]
        of_table = (
            f.when(f.coalesce(text["section"], f.lit("")) == "", day)
            if {"section", columns.GROUP} & names.keys()
            else day
        )
        self._key = [*key, of_table]
        self._words = self._request(text, day)
        self._df = df

    def odd_words(self, table: DataFrame) -> list[list[str]]:
        """
        The distinct requests that are not in the table, each as the words of `ASKED`.

        Compared by the hash of the words alone, which saves a third of the time. A collision would fail the job in `answered_by`, where
        the words are compared; it cannot be provoked, since each run hashes with a random seed.

        Raises:
            TooManyWords.
        """
        from pyspark.sql import functions as f

        asked = self._df.select("*", *self._key_columns())
        own = secrets.randbits(62)
        unknown = asked.join(f.broadcast(table), _on_a_day_of(own), "left_anti")
        words = unknown.select(self._words.alias(f"{_OURS}words")).distinct()
        odd = [list(each) for (each,) in words.limit(MOST_WORDS + 1).collect()]
        if len(odd) > MOST_WORDS:
            count = words.count()
            raise TooManyWords(
                f"表にない依頼が {count:,} とおりあります（{MOST_WORDS:,} まで）。`item` や `act` の列が正しいか確かめてください",
                f"{count:,} distinct requests are not in the table (at most {MOST_WORDS:,}); "
                "see whether `item` and `act` are the right columns",
            )
        return odd

    def answered_by(self, table: DataFrame, odd: Sequence[tuple[Sequence[str], Answered]]) -> DataFrame:
        """The frame with its answers: the table's, and for the odd requests the desk's."""
        from pyspark.sql import functions as f

        joined = self._df.select("*", *self._key_columns()).join(*self._joining(table), "left")
        hit = f.col(f"{_OURS}since").isNotNull()
        answers = {name: f.when(hit, f.col(_OURS + name)) for name in (*ANSWERED, "outcome")}
        if odd:
            # One key of six words, null and so not looked up where the table has answered. A blank and a null word are
            # one word, so plain equality does what `<=>` would.
            joined = joined.withColumn(f"{_OURS}words", f.when(~hit, self._words))
            lines = self._decided(odd)
            joined = joined.join(f.broadcast(lines), f.col(f"{_OURS}words") == f.col(f"{_OURS}odd"), "left")
            decided = f.col(f"{_OURS}odd").isNotNull()
            answers = {name: each.when(decided, f.col(f"{_OURS}odd_{name}")) for name, each in answers.items()}
        # INVARIANT: every row is answered. One that neither join knows was not in the frame when the words were read.
        changed = f.raise_error(f.lit("assign: the input gave other rows when it was read again; persist it first"))
        told = [answers[name].otherwise(changed.cast("string")).alias(name) for name in ANSWERED]
        carried = [name for name in joined.columns if name.startswith(_OURS)]
        return joined.select("*", *told, answers["outcome"].alias(_OUTCOME)).drop(*carried)

    def _decided(self, odd: Sequence[tuple[Sequence[str], Answered]]) -> DataFrame:
        from pyspark.sql import functions as f

        lines = ([*words, *answer, answer.outcome] for words, answer in odd)
        names = [*ASKED, *(f"odd_{name}" for name in (*ANSWERED, "outcome"))]
        frame = _local(self._df.sparkSession, names, lines)
        return frame.select(
            f.struct(*(f.col(_OURS + name).alias(name) for name in ASKED)).alias(f"{_OURS}odd"),
            *(_OURS + name for name in names[len(ASKED) :]),
        )

    def _key_columns(self) -> list[Column]:
        return [each.alias(f"{_OURS}key_{name}") for each, name in zip(self._key, (*_KEY, "day"), strict=True)]

    def _joining(self, table: DataFrame) -> tuple[DataFrame, Column]:
        """
        The table and the condition under which a line of it answers a row.

        A join on a number is several times faster than on four words, so the key is the words' hash. The words are compared, too, in a
        form that the planner does not turn into a key; the result would be the same if it did.
        """
        from pyspark.sql import functions as f

        condition = _on_a_day_of()
        for name in _KEY:
            condition &= f.coalesce(f.col(f"{_OURS}key_{name}") == f.col(_OURS + name), f.lit(False))  # noqa: FBT003 - a value, no option
        return f.broadcast(table), condition

    def _day(self, df: DataFrame, name: str | None, text: Column) -> Column:
        """The day that is asked for, as a date; null where the words are no date as the contract writes it."""
        from pyspark.sql import functions as f
        from pyspark.sql.types import DateType, TimestampNTZType, TimestampType

        if name is None:
            return _literal(self._today)
        if isinstance(df.select(f"`{name}`").schema[0].dataType, DateType):
            return f.coalesce(f.col(f"`{name}`"), _literal(self._today))
        if isinstance(df.select(f"`{name}`").schema[0].dataType, (TimestampType, TimestampNTZType)):
            midnight = text.rlike(r"^[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00\z")  # a day, as databases export one
            return f.when(text.isNull(), _literal(self._today)).when(
                midnight, f.substring(text, 1, 10).try_cast("date")
            )
        # Spark also reads `2026-4-1`, ` 2026-04-01` and `2026-04-01T…` as dates.
        canonical = text.rlike(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z")
        return f.when(f.coalesce(text, f.lit("")) == "", _literal(self._today)).when(canonical, text.try_cast("date"))

    def _request(self, text: Mapping[str, Column], day: Column) -> Column:
        """
        The words of a request as one value, made small.

        A day of a list with one edition is replaced by one day of the span with the same answers, and a word that is longer than any known one is cut: an error
        message repeats 40 characters of it.
        """
        from pyspark.sql import functions as f

        since = day
        if self._changes:
            changes = f.array(*(_literal(each) for each in self._changes))
            since = f.array_max(f.filter(changes, lambda change: change <= day))
        words = dict(text)
        words["on"] = f.coalesce(f.when(day <= _literal(LAST), since).cast("string"), text["on"])
        cut = {name: f.substring(f.make_valid_utf8(each), 1, LONGEST + 1) for name, each in words.items()}
        return f.struct(*(f.coalesce(each, f.lit("")).alias(name) for name, each in cut.items()))


def _literal(day: date) -> Column:
    """A date literal for Spark. `lit(day)` fails in the year 1 and reads early years in the Julian calendar."""
    from pyspark.sql import functions as f

    return f.lit(day.isoformat()).cast("date")


def _columns(df: DataFrame) -> dict[str, str]:
    """The columns of `ASKED` that the frame has, as it writes them. Raises BadRequest."""
    names = df.columns
    found = columns.of_file(names)
    if taken := [name for name in names if name.startswith(_OURS)]:
        raise BadRequest(
            f"列 {listed(taken)} は答えの列の名前です（`withColumnRenamed` で名前を変えてください）",
            f"column {listed(taken)} has the name of an answer (rename it with `withColumnRenamed`)",
        )
    for name in found.values():
        if not files.is_word(kind := df.schema[name].dataType):
            raise BadRequest(
                f"列 {shown(name)} の型が文字列ではありません（{kind.simpleString()}）",
                f"the column {shown(name)} is not text ({kind.simpleString()})",
            )
    if df.isStreaming:
        raise BadRequest(
            "ストリームは一度に答えられません（`foreachBatch` で `decide` を呼んでください）",
            "a stream is not answered at once (call `decide` in `foreachBatch`)",
        )
    return found


def _on_a_day_of(*own: int) -> Column:
    """Whether the words' hash is a line's, and the day one of its days. own: A number that is hashed before the words."""
    from pyspark.sql import functions as f

    hashes = (f.xxhash64(*map(f.lit, own), *(f.col(at + name) for name in _KEY)) for at in (f"{_OURS}key_", _OURS))
    day = f.col(f"{_OURS}key_day")
    return (next(hashes) == next(hashes)) & (f.col(f"{_OURS}since") <= day) & (day <= f.col(f"{_OURS}until"))


def _table(spark: SparkSession, lines: Sequence[tuple[Line, Answered]]) -> DataFrame:
    """The decision table as a frame: its keys, days, answers, and the outcome of each."""
    from pyspark.sql import functions as f

    cells = ([*line[: len(_KEY) + 2], *answer, answer.outcome] for line, answer in lines)
    frame = _local(spark, (*_KEY, *_SPAN, *ANSWERED, "outcome"), cells)
    return frame.withColumns({_OURS + name: f.col(_OURS + name).cast("date") for name in _SPAN})


def _local(spark: SparkSession, names: Sequence[str], lines: Iterator[Sequence[str | None]]) -> DataFrame:
    """
    Lines of strings → a frame that needs no Python on an executor, as `createDataFrame` does.

    They are sent as JSON in base64, some thousands to a literal: no character of a user's is part of the statement.
    """
    from pyspark.sql import functions as f

    columns = [_OURS + name for name in names]
    objects = (dict(zip(columns, line, strict=True)) for line in lines)
    chunks = (json.dumps(chunk) for chunk in iter(lambda: list(islice(objects, CHUNK)), []))
    values = ", ".join(f"('{b64encode(chunk.encode()).decode()}')" for chunk in chunks)
    schema = f"array<struct<{', '.join(f'{name}: string' for name in columns)}>>"
    frame = spark.sql(f"SELECT * FROM VALUES {values} AS lines(chunk)")  # noqa: S608  # base64 alone
    return frame.select(f.inline(f.from_json(f.unbase64("chunk").cast("string"), schema)).alias(*columns))


@contextmanager
def _session(master: str | None) -> Iterator[SparkSession]:
    """The session of this process, or a new one that is stopped afterwards."""
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    if (running := SparkSession.getActiveSession()) is not None:
        yield running
        return
    builder = SparkSession.builder.appName("assign batch")
    if master:
        builder = builder.master(master)
    try:
        spark = builder.getOrCreate()
    except PySparkRuntimeError as error:  # the gateway did not start
        raise SparkMissing(
            f"Spark を起動できません（Java 17 以上が必要です。`JAVA_HOME` を確かめてください）: {_first(error)}",
            f"Spark does not start (it needs Java 17 or later; see `JAVA_HOME`): {_first(error)}",
        ) from None
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def _as_written(spark: SparkSession) -> Iterator[None]:
    """Settings by which Spark reads and writes values as they are written; restored afterwards."""
    before = {name: spark.conf.get(name) for name in _AS_WRITTEN}
    try:
        for name, value in _AS_WRITTEN.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, was in before.items():
            spark.conf.set(name, was or "")


@contextmanager
def _whole(spark: SparkSession, target: str) -> Iterator[None]:
    """A new target, removed again on failure. Raises OutputError where it exists already."""
    path = spark._jvm.org.apache.hadoop.fs.Path(target)  # noqa: SLF001 - there is no other way to it
    system = path.getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001 - likewise
    if system.exists(path):
        raise OutputError(
            f"出力先 {shown(target)} は既にあります（無い名前を指定してください）",
            f"{shown(target)} exists already (name a folder that does not)",
        )
    try:
        yield
    except BaseException:
        system.delete(path, True)  # noqa: FBT003 - with what is in it
        raise


@contextmanager
def _spoken(source: str) -> Iterator[None]:
    """Translate Spark's errors into ours, in one line."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except AssignError:
        raise
    except (PySparkException, Py4JJavaError) as error:
        said = _first(error)
        if "No module named 'assign" in str(error) or "Cannot run program" in str(error):
            raise SparkFailed(
                f"JSON Lines を読むには、実行側（executor）にも Python と `assign` が要ります（または `--engine polars`）: {said}",
                f"to read JSON Lines the executors, too, need Python and `assign` (or use `--engine polars`): {said}",
            ) from None
        raise SparkFailed(
            f"Spark が {shown(source)} を処理できませんでした: {said}",
            f"Spark could not answer {shown(source)}: {said}",
        ) from error


def _first(error: Exception) -> str:
    """The line of an error that says why: Java's innermost cause, or else the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return causes[-1].removeprefix("Caused by: ") if causes else lines[0]
