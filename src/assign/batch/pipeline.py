"""
A file of requests → the same file with its answers: order kept, no row lost, whole or not at all.

    source ─ as a frame ─▶ lookup table ─▶ requests outside the table: decided once each ─▶ target

The engine is Polars (extra `batch`): it reads and writes natively, in bounded memory, and keeps the order of the rows
(DuckDB 2.0.1 moved 737,280 of 2 million rows in the same join). Python sees a request only where the
table does not know its words (`２４`, 国民年金, a typing error), and then once for all rows that say the same. JSON Lines → JSON Lines never
become columns (`json_lines`).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assign.desk.desk import Desk
from assign.desk.lookup import ANSWERED, ASKED, Answered, Counts, answered, decision_table
from assign.errors import AssignError, OutputError, path_shown
from assign.files import unwritable

from . import csv_in, csv_out, files, join, json_in, json_lines, kinds
from .options import Listener, Options, consistent
from .source import DAMAGE, LINE, OUTCOME, Damaged, Source

if TYPE_CHECKING:
    import polars as pl

SLICE: Final = 250_000  # rows
_ODD: Final = -1  # the outcome of rows outside the table

Begun = Callable[[str], None]
Finished = Callable[[Path, Counts], None]


def run(
    desk: Desk,
    source: str,
    target: str,
    options: Options,
    listener: Listener | None = None,
    finished: Finished | None = None,
    begun: Begun | None = None,
) -> Counts:
    """
    Answer every row of a file.

    Args:
        source, target: Paths, or `-` for stdin and stdout. A source that is no regular file is copied first.
        listener: Told (rows done, rows in all, the pass) as it goes. Where requests are outside the table: of the rows read,
            then of the requests decided, then of the rows read again and written.
        finished: Called with the whole answer and the counts, before the answer appears; if it raises, none does.
        begun: Called with the SHA-256 of the source before it is answered. With it a copy of our own is answered, made and
            hashed in one reading.

    Returns:
        The counts; rows out equal rows in, or nothing is written.

    Raises:
        BadRequest: The columns are not those of requests, or source and target are one file. DataError: The source cannot
            be read. OutputError: It could not be written; the target is as it was.
    """
    consistent(options)
    files.apart(source, target)
    with files.workplace() as work:
        if begun is None:
            path = files.spooled(source, work)
        else:
            with files.named(source):
                path, digest = files.hashed(source, work)
            begun(digest)
        with files.whole(target, work) as out:
            with files.named(source), files.require_unchanged(path):
                if options.in_format == options.out_format == "jsonl":
                    counts = _json_lines(desk, path, out, target, options, listener)
                else:
                    counts = _answer(desk, opened(path, work, options), out, target, options, work, listener)
            if counts.rows_in != counts.rows_out:
                raise OutputError(
                    f"入力 {counts.rows_in} 行に対し出力が {counts.rows_out} 行です",
                    f"{counts.rows_out} rows out of {counts.rows_in}",
                )
            if finished is not None:
                with files.require_unchanged(out):
                    finished(out, counts)
    return counts


def opened(path: Path, work: Path, options: Options) -> Source:
    """A file of any format as a frame. Raises DataError, BadRequest."""
    if options.in_format == "csv":
        return csv_in.read(path, work, options)
    encoding = options.encoding if options.encoding != "auto" else "utf-8"
    if options.in_format == "jsonl":
        found = json_in.source(path, work, options.lang)
    else:
        found = kinds.parquet(path, work, options.out_format)
    return replace(found, encoding=encoding)


def _json_lines(desk: Desk, path: Path, out: Path, target: str, options: Options, listener: Listener | None) -> Counts:
    def decide(words: json_lines.Words, called: dict[str, str]) -> Answered:
        return answered(desk, dict(zip(ASKED, words, strict=True)), options.today, options.lang, called)

    answers = json_lines.Answers(decision_table(desk), decide, options.today.isoformat(), options.lang)
    total = json_lines.rows_in(path) if listener else 0

    def heard(done: int) -> None:
        if listener:
            listener(done, total, "write")

    try:
        return json_lines.answer(path, out, answers, options.lang, heard)
    except OSError as error:
        raise unwritable(path_shown(target), error) from None


def _answer(
    desk: Desk, source: Source, out: Path, target: str, options: Options, work: Path, listener: Listener | None
) -> Counts:
    import polars as pl

    if source.mend is not None:
        try:
            return _answered(desk, source, out, options, work, listener)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, Damaged, OSError):
            source = source.mend()
    with kinds.spoken(source, target):
        return _answered(desk, source, out, options, work, listener)


def _answered(desk: Desk, source: Source, out: Path, options: Options, work: Path, listener: Listener | None) -> Counts:
    columns = source.columns
    table = join.Table(desk, options)
    # One pass where the table knows all. Else the requests outside it are decided, and the file is written again.
    # Then words need no check before they are written, but for a damaged row, which is not looked up.
    joined = table.joined(source.watched(listener, "read"))
    damaged = DAMAGE in source.frame.collect_schema()
    asked = set(source.fields.values())
    carried = columns if damaged else [name for name in columns if name not in asked]
    tally = _written(joined.select(*columns, *table.answer, OUTCOME), carried, out, options, source, work)
    source = source.read()
    if odd := tally.pop(_ODD, 0):
        words = join.odd_words(table.joined(source), odd)
        if words is None:
            final = _in_slices(table, source, work, listener)
        else:
            final = table.with_others(table.joined(source.watched(listener, "write")), words, source.fields, listener)
        tally = _written(final.select(*columns, *table.answer, OUTCOME), columns, out, options, source, work)
    outcomes = {table.outcomes[code]: number for code, number in tally.items() if code != _ODD}
    return Counts(rows_in=source.rows, rows_out=sum(outcomes.values()), outcomes=outcomes)


def _in_slices(table: join.Table, source: Source, work: Path, listener: Listener | None) -> pl.LazyFrame:
    """A file with too many requests outside the table to hold: answered slice by slice, then put together."""
    import polars as pl

    keys = [f"__{name}" for name in ASKED]
    parts = []
    for start in range(0, source.rows, SLICE):
        if listener:
            listener(start, source.rows, "words")
        piece = source.frame.slice(start, SLICE).collect(engine="streaming").lazy()
        joined = table.joined(replace(source, frame=piece))
        odd = joined.filter(pl.col(OUTCOME).is_null()).select(join.cut(keys)).unique().collect()
        part = work / f"part-{start:015d}.parquet"
        table.with_others(joined, odd, source.fields).sink_parquet(part)
        parts.append(part)
    return pl.scan_parquet(parts, glob=False)


def _written(
    final: pl.LazyFrame, carried: list[str], out: Path, options: Options, source: Source, work: Path
) -> dict[int, int]:
    """Write in the format asked for; the number of rows by outcome. `carried` are the columns that may hold any text."""
    import polars as pl

    schema = {name: kind for name, kind in final.collect_schema().items() if name != OUTCOME}
    texts: list[str] = []
    if options.out_format == "csv":
        texts = [name for name in carried if schema[name].base_type() in (pl.String, pl.Categorical, pl.Enum)]
        final = final.with_columns(pl.col(texts).cast(pl.String))
        schema.update(dict.fromkeys(texts, pl.String()))
    floats = [name for name, kind in schema.items() if kinds.has_floats(kind)] if options.out_format == "jsonl" else []
    tally: Counter[int] = Counter()
    refused: list[AssignError] = []
    one_at_a_time = threading.Lock()

    def counted(block: pl.DataFrame) -> pl.DataFrame:
        try:
            kinds.writable(block, floats)
        except AssignError as error:  # else the engine would raise its own error
            refused.append(error)
            raise
        found = block[OUTCOME].value_counts().iter_rows()
        with one_at_a_time:
            tally.update({_ODD if code is None else code: number for code, number in found})
        return csv_out.as_cells(block.drop(OUTCOME), texts, guard=options.guard)

    whole = final.map_batches(counted, streamable=True, schema=schema)
    plain = out if source.encoding == "utf-8" or options.out_format != "csv" else work / "plain.csv"
    try:
        if options.out_format == "parquet":
            whole.sink_parquet(out)
        elif options.out_format == "csv":
            header = {name: csv_out.line([csv_out.guarded(name) if options.guard else name]) for name in schema}
            whole = whole.rename({**header, LINE: csv_out.line(ANSWERED)})
            # The cells are ready: quoted and guarded.
            whole.sink_csv(plain, include_bom=source.bom, quote_style="never", line_terminator=source.newline)
        else:
            whole.sink_ndjson(out)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, AssignError):
        if refused:
            raise refused[0] from None
        raise
    if plain != out:
        csv_out.recoded(plain, out, source.encoding, twins=source.twins)
    return dict(tally)
