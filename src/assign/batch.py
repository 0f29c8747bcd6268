"""
A file of requests → the same file with its answers: order kept, no row lost, whole or not at all.

    source ─ as a frame ─▶ join with the decision table ─▶ words that the table does not know: decided once each ─▶ target

The engine is Polars (extra `batch`): it reads and writes natively, in bounded memory, and keeps the order of the rows
(DuckDB 2.0.1 moved 737,280 of 2 million rows in the same join). Python sees a request only where its words are no words
of the table (`２４`, 国民年金, a typing error), and then once for all rows that say the same.

A CSV file is taken as clean when every byte of it stands in a cell or between two, after the engine has read it. One that
is not (a short row, another encoding in one cell, a quote that never closes) is mended, line by line, and read again:
each such row is an output row that names what is wrong with it.

JSON Lines → JSON Lines never become columns: the engine vouches for a line by a pattern of what JSON like the file's first
lines can be, takes the words out, and writes the answer before the bracket that ends the line.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from . import jsonlines
from .desk import Desk
from .errors import BadRequest, DataError, OutputError, first_line, listed, needs_extra, shown, unreadable
from .table import ANSWERED, ASKED, FORMATS, Answered, Counts, Line, answered, decision_table, of_line
from .terminal import appearing, unwritable
from .words import nearest

if TYPE_CHECKING:
    import polars as pl

ENDINGS: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}
ENCODINGS: Final = ("auto", "utf-8", "cp932")
# Days that the lookup knows as they are written; any other (02-29, the years before 1000) is decided like an odd word.
DAY: Final = (
    r"^[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)$"
)
MOST_WORDS: Final = 500_000  # distinct odd requests held at once; beyond it the file is answered in slices
SLICE: Final = 250_000  # rows
BLOCK: Final = 1 << 17  # bytes looked at at once: they stay in the processor's own memory
LINES: Final = 1 << 22  # bytes of JSON Lines answered at once
LIKE: Final = 1000  # lines of JSON Lines that the others are taken to be like
LONGEST_RECORD: Final = 100  # lines of one CSV record; a quote open for longer is a broken row
LONGEST_RECORD_BYTES: Final = 1 << 25
DAMAGE: Final = "__damage"
BOM: Final = b"\xef\xbb\xbf"


Listener = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """
    How a batch is read and written.

    Attributes:
        lang: Of the short reason and the errors, `ja` or `en`.
        today: The date of a case that names none.
        in_format, out_format: One of `FORMATS`.
        encoding: Of a CSV file: `auto`, `utf-8` or `cp932`. It is written as it was read.
        guard: Whether a CSV cell that a spreadsheet would take for a formula is given a leading `'` (`unguarded` undoes it).
    """

    lang: str
    today: date
    in_format: str
    out_format: str
    encoding: str = "auto"
    guard: bool = True


def ending(name: str) -> str | None:
    """The format that a file's name tells, if it tells one."""
    return ENDINGS.get(Path(name).suffix.lower())


def encoding_of(given: str) -> str:
    """One of `ENCODINGS`. Raises BadRequest."""
    if given not in ENCODINGS:
        raise BadRequest(
            f"文字コード {shown(given)} はありません（{listed(ENCODINGS)}）",
            f"there is no encoding {shown(given)} ({listed(ENCODINGS)})",
            ENCODINGS,
        )
    return given


def need(engine: str) -> None:
    """Raises DataError where the engine's extra is not installed, BadRequest where there is no such engine."""
    packages = {"polars": ("polars", "batch"), "spark": ("pyspark", "spark")}
    if engine not in packages:
        raise BadRequest(
            f"エンジン {shown(engine)} はありません（{listed(packages)}）",
            f"there is no engine {shown(engine)} ({listed(packages)})",
            list(packages),
        )
    package, extra = packages[engine]
    if find_spec(package) is None:
        raise DataError(*needs_extra(package, extra))


def format_of(name: str, given: str | None) -> str:
    """The format of a file, by its name or as given. Raises BadRequest."""
    if given is not None:
        if given not in FORMATS:
            raise BadRequest(
                f"形式 {shown(given)} はありません（{listed(FORMATS)}）",
                f"there is no format {shown(given)} ({listed(FORMATS)})",
                nearest(given, FORMATS) or FORMATS,
            )
        return given
    found = ending(name)
    if found is None:
        raise BadRequest(
            f"{shown(name)} の形式が分かりません（{listed(FORMATS)} を指定してください）",
            f"the format of {shown(name)} is not known (name one of {listed(FORMATS)})",
            FORMATS,
        )
    return found


Finished = Callable[[Path, Path, Counts], None]


def run(
    desk: Desk,
    source: str,
    target: str,
    options: Options,
    listener: Listener | None = None,
    finished: Finished | None = None,
) -> Counts:
    """
    Answer every row of a file.

    Args:
        source, target: Paths, or `-` for stdin and stdout.
        listener: Told (rows done, rows in all) as it goes. Where words are none of the table's, it hears the rows read, then
            the words decided, then the rows read again and written.
        finished: Called with the source, the whole answer and the counts, before the answer appears; if it raises, none does.

    Returns:
        The counts; rows out equal rows in, or nothing is written.

    Raises:
        BadRequest: The columns are not those of requests. DataError: The source cannot be read. OutputError: It could
            not be written; the target is as it was.
    """
    with tempfile.TemporaryDirectory(prefix="assign-") as folder:
        work = Path(folder)
        path = _spooled(source, work)
        with _whole(target, work) as out:
            if options.in_format == options.out_format == "jsonl":
                counts = _json_lines(desk, path, out, options)
            else:
                counts = _answer(desk, _source(path, work, options), out, options, work, listener)
            if counts.rows_in != counts.rows_out:
                raise OutputError(
                    f"入力 {counts.rows_in} 行に対し出力が {counts.rows_out} 行です",
                    f"{counts.rows_out} rows out of {counts.rows_in}",
                )
            if finished is not None:
                finished(path, out, counts)
    return counts


SAID: Final = tuple(name for name in (*ASKED, *ANSWERED) if name not in ("on", "reason"))


def said(path: Path, options: Options) -> Iterator[tuple[tuple[str | None, ...], str | None]]:
    """
    What a file that `run` wrote asks and answers, row by row in order, as text.

    Returns:
        For each row its columns of `SAID`, of which a file has few kinds, and `on`, of which it may have many.

    Raises:
        BadRequest: It has no such columns. DataError: It cannot be read.
    """
    import polars as pl

    try:
        if options.in_format == "jsonl":
            with path.open("rb") as lines:
                for line in lines:
                    words = json.loads(line)
                    _wrote(words)
                    *told, on = (None if words.get(name) is None else str(words[name]) for name in (*SAID, "on"))
                    yield tuple(told), on
            return
        with tempfile.TemporaryDirectory(prefix="assign-") as folder:
            work = Path(folder)
            frame = _source(path, work, options).frame
            there = frame.collect_schema().names()
            _wrote(there)
            kept = work / "said.parquet"
            frame.select(
                (pl.col(name) if name in there else pl.lit(None)).cast(pl.String).alias(name) for name in (*SAID, "on")
            ).sink_parquet(kept)
            rows = pl.scan_parquet(kept)
            for start in range(0, rows.select(pl.len()).collect().item(), SLICE):
                block = rows.slice(start, SLICE).collect()
                kinds = block.select(SAID).unique(maintain_order=True)
                numbered = kinds.with_row_index("__kind")
                found = block.join(numbered, on=SAID, how="left", nulls_equal=True, maintain_order="left")["__kind"]
                yield from zip(map(kinds.rows().__getitem__, found), block["on"], strict=True)
    except (pl.exceptions.PolarsError, OSError, ValueError, TypeError) as error:
        raise DataError(f"読めません（{first_line(error)}）", f"cannot be read ({first_line(error)})") from None


def _wrote(there: Container[str]) -> None:
    for name in ANSWERED:
        if name not in there:
            raise BadRequest(
                f"列 `{name}` がありません（`assign batch` が書いたファイルではありません）",
                f"there is no column `{name}` (not a file that `assign batch` wrote)",
            )


def unguarded(cell: str) -> str:
    """The cell as it was before it was guarded against spreadsheets."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in _FORMULA else cell


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Damaged(Exception):
    """The engine read a CSV file otherwise than it stands there."""


@dataclass
class _Account:
    """
    Every byte of a CSV file against every cell that the engine read: each is in a cell, or between two, or a quote.

    INVARIANT: the engine refuses a row that is too long. So whatever is amiss adds to one side: a short row lacks
    separators that are reckoned with, a carriage return inside a cell is reckoned twice.
    """

    size: int  # bytes after the header, the last line ended
    between: int  # of them, quotes that are no part of a cell, and carriage returns
    columns: int
    cells: int = 0  # bytes in cells
    rows: int = 0

    def add(self, rows: int, cells: int) -> None:
        """A block that the engine has read."""
        self.rows += rows
        self.cells += cells

    @property
    def balanced(self) -> bool:
        """Whether every byte is accounted for: each cell is followed by a separator or a line's end."""
        return self.cells + self.rows * self.columns + self.between == self.size


@dataclass(frozen=True)
class _Source:
    """A file that Polars can read: its frame, its rows, and how its CSV was encoded (to be written likewise)."""

    frame: pl.LazyFrame
    rows: int  # of a file with an account: 0, until it is read
    encoding: str = "utf-8"
    bom: bool = False
    account: _Account | None = None
    mend: Callable[[], _Source] | None = None  # what to read instead, should the engine find it damaged

    def watched(self, listener: Listener | None) -> _Source:
        """The same source, each block told to the account and to the listener as the engine reads it."""
        import polars as pl

        account, rows, done = self.account, self.rows, [0]
        if listener is None and account is None:
            return self
        if listener and account:  # the total is not known yet, and a bar wants one
            with suppress(pl.exceptions.PolarsError):
                rows = self.frame.select(pl.len()).collect(engine="streaming").item()
        one_at_a_time = threading.Lock()

        def seen(block: pl.DataFrame) -> pl.DataFrame:
            cells = sum(int(column.str.len_bytes().sum()) for column in block.get_columns()) if account else 0
            with one_at_a_time:
                done[0] += block.height
                if account:
                    account.add(block.height, cells)
                if listener:
                    listener(done[0], rows)
            return block

        return replace(self, frame=self.frame.map_batches(seen, streamable=True))

    def read(self) -> _Source:
        """The same source after its first reading, its rows known. Raises _Damaged where bytes are not accounted for."""
        if self.account is None:
            return self
        if not self.account.balanced:
            raise _Damaged
        return replace(self, rows=self.account.rows, account=None)


# -- the join --------------------------------------------------------------------------------------------------------


def _answer(desk: Desk, source: _Source, out: Path, options: Options, work: Path, listener: Listener | None) -> Counts:
    import polars as pl

    try:
        return _answered(desk, source, out, options, work, listener)
    except (pl.exceptions.PolarsError, _Damaged) as error:
        if source.mend is None:
            raise DataError(f"読めません（{first_line(error)}）", f"cannot be read ({first_line(error)})") from None
    return _answered(desk, source.mend(), out, options, work, listener)


def _answered(
    desk: Desk, source: _Source, out: Path, options: Options, work: Path, listener: Listener | None
) -> Counts:
    columns = _columns(source.frame)
    table = _Table(desk, options)
    # Every word a word of the table: one pass. Else the odd words are decided, and the file is written again with them.
    # In it the words need no look before they are written, but those of a damaged row, which are not looked up.
    joined = table.joined(source.watched(listener).frame, columns)
    damaged = DAMAGE in source.frame.collect_schema()
    carried = columns if damaged else [name for name in columns if name not in ASKED]
    tally = _written(joined.select(*columns, *table.answer, _OUTCOME), carried, out, options, source)
    source = source.read()
    if odd := tally.pop(_ODD, 0):
        joined = table.joined(source.frame, columns)
        words = _odd_words(joined, odd)
        if words is None:
            final = _in_slices(table, source, columns, work)
        else:
            final = table.with_odd(table.joined(source.watched(listener).frame, columns), words, listener)
        tally = _written(final.select(*columns, *table.answer, _OUTCOME), columns, out, options, source)
    outcomes = {table.outcomes[code]: number for code, number in tally.items() if code != _ODD}
    return Counts(rows_in=source.rows, rows_out=sum(outcomes.values()), outcomes=outcomes)


_ODD: Final = -1  # the outcome of rows that the table does not know


def _columns(frame: pl.LazyFrame) -> list[str]:
    """The file's own columns. Raises BadRequest where they are not those of requests."""
    columns = [name for name in frame.collect_schema().names() if name != DAMAGE]
    for name in ASKED[:3]:
        if name not in columns:
            raise BadRequest(
                f"列 `{name}` がありません（要る列: {listed(ASKED[:3])}、あってよい列: {listed(ASKED[3:])}）",
                f"there is no column `{name}` (needed: {listed(ASKED[:3])}; optional: {listed(ASKED[3:])})",
                nearest(name, columns),
            )
    for name in ANSWERED:
        if name in columns:
            raise BadRequest(
                f"列 `{name}` は答えの列の名前です。名前を変えてください",
                f"the column `{name}` has the name of an answer's column; rename it",
            )
    return columns


class _Table:
    """
    The desk's decision table for one run: a frame of requests → the frame with its answers.

    Each word becomes the place that it has among the words of its column, the places together one number, and the number
    is the place of the answer. So the lookup takes from a list, block by block: it keeps the order of the rows without
    being told to, and takes no longer than the engine's own join, which does not.

    Beside its answer each row gets an outcome, a small number (`outcomes` has their names), so that counting is cheap.

    Attributes:
        answer: The columns of an answer. To be written into a line of text it is one: the answer as it stands there.
    """

    def __init__(self, desk: Desk, options: Options, text: Callable[[Answered], str] | None = None) -> None:
        import polars as pl

        self._desk = desk
        self._options = options
        self._text = text or (_csv_line if options.out_format == "csv" else None)
        self.outcomes: list[str] = []
        self.answer = (_LINE,) if self._text else ANSWERED
        lines = decision_table(desk)
        self._starts = sorted({line.since for line in lines})
        self._words = {
            name: pl.Enum(list(dict.fromkeys(line[at] for line in lines))) for at, name in enumerate(ASKED[:4])
        }
        self._numbers, self._answers = self._by_place(lines)

    def _outcome(self, answer: Answered) -> int:
        """The number of an answer's outcome."""
        if answer.outcome not in self.outcomes:
            self.outcomes.append(answer.outcome)
        return self.outcomes.index(answer.outcome)

    def _place(self, window: pl.Expr) -> pl.Expr:
        """The place of an answer; null where a word is none of the table's."""
        import polars as pl

        number = pl.lit(0, dtype=pl.Int32)
        for name, kind in self._words.items():
            known = pl.col(f"__{name}").cast(kind, strict=False).to_physical().cast(pl.Int32)
            number = number * len(kind.categories) + known
        return number * len(self._starts) + window

    def _by_place(self, lines: list[Line]) -> tuple[pl.Series, pl.DataFrame]:
        """The number of the answer at each place, null where there is none, and the answers: few, so they stay at hand."""
        import polars as pl

        answers: dict[Answered, int] = {}
        rows = [(*line[:6], answers.setdefault(of_line(line, self._options.lang), len(answers))) for line in lines]
        keys = [*(f"__{name}" for name in ASKED[:4]), "since", "until"]
        said = pl.DataFrame(rows, schema={**dict.fromkeys(keys, pl.String), "answer": pl.Int32}, orient="row")
        known = pl.concat(
            said.filter((pl.col("since") <= start) & (pl.col("until") >= start)).select(
                "answer", place=self._place(pl.lit(window, dtype=pl.Int32))
            )
            for window, start in enumerate(self._starts)
        )
        places = pl.DataFrame({"place": pl.int_range(0, max(known["place"]) + 1, dtype=pl.Int32, eager=True)})
        numbers = places.join(known, on="place", how="left", maintain_order="left")["answer"]
        return numbers, pl.DataFrame([self._cells(a) for a in answers], schema=self._schema(), orient="row")

    def _schema(self) -> dict[str, Any]:
        """Of an answer beside its request."""
        import polars as pl

        return {**dict.fromkeys(self.answer, pl.String), _OUTCOME: pl.UInt8}

    def _cells(self, answer: Answered) -> tuple[str | int | None, ...]:
        """A row of that schema."""
        if self._text is None:
            return (*answer, self._outcome(answer))
        return self._text(answer), self._outcome(answer)

    def joined(self, frame: pl.LazyFrame, columns: list[str]) -> pl.LazyFrame:
        """The frame with its words as text beside it, and the table's answer where the table knows them."""
        import polars as pl

        schema = frame.collect_schema()
        text = {}
        for name in ASKED:
            if name not in columns:
                text[f"__{name}"] = pl.lit("")
            elif schema[name].is_nested() or schema[name] == pl.Binary:
                raise BadRequest(
                    f"列 `{name}` の型が文字列ではありません（{schema[name]}）",
                    f"the column `{name}` is not text ({schema[name]})",
                )
            else:
                text[f"__{name}"] = pl.col(name).cast(pl.String).fill_null("")
        today = pl.lit(self._options.today.isoformat())
        text["__on"] = pl.when(text["__on"] == "").then(today).otherwise(text["__on"])
        # A section narrows a number down: not in the table, so decided like an odd word. A damaged row is not looked up.
        damage = pl.col(DAMAGE) if DAMAGE in schema else pl.lit(None, dtype=pl.String)
        day = pl.col("__on")
        window = pl.lit(0, dtype=pl.Int32)
        for start in self._starts[1:]:  # days as they are written, so their order is that of their letters
            window += (day >= start).cast(pl.Int32)
        of_table = (pl.col("__section") == "") & damage.is_null() & day.str.contains(DAY)
        asked = frame.with_columns(**text).with_columns(__place=pl.when(of_table).then(self._place(window)))

        def looked_up(block: pl.DataFrame) -> pl.DataFrame:
            found = self._answers.select(pl.all().gather(self._numbers.gather(block["__place"])))
            return block.drop("__place").hstack(found.get_columns())

        after = {name: kind for name, kind in asked.collect_schema().items() if name != "__place"}
        found = asked.map_batches(looked_up, streamable=True, schema={**after, **self._schema()})
        if DAMAGE not in schema:
            return found
        damaged = self._outcome(Answered(None, None, None, None, None, None, "damaged_row: "))
        error = self.answer[-1]  # the last cell of an answer, or of its line
        said = damage if error == ANSWERED[-1] else pl.lit("," * (len(ANSWERED) - 1)) + _quoted(damage)
        return found.with_columns(
            pl.coalesce(said, error).alias(error),
            pl.when(damage.is_null()).then(_OUTCOME).otherwise(pl.lit(damaged, dtype=pl.UInt8)).alias(_OUTCOME),
        )

    def decided(self, words: tuple[str | None, ...]) -> Answered:
        """The desk's own answer."""
        return answered(self._desk, dict(zip(ASKED, words, strict=True)), self._options.today, self._options.lang)

    def with_odd(
        self,
        joined: pl.LazyFrame,
        odd: pl.DataFrame,
        listener: Listener | None = None,
        decided: Callable[[tuple[str | None, ...]], Answered] | None = None,
    ) -> pl.LazyFrame:
        """The answers of the odd words, decided once each, joined in their place."""
        import polars as pl

        keys = [f"__{name}" for name in ASKED]
        rows = []
        for words in odd.iter_rows():
            rows.append((*words, *self._cells((decided or self.decided)(words))))
            if listener and len(rows) % 1000 == 0:
                listener(len(rows), odd.height)
        given = self._schema()
        schema = {**dict.fromkeys(keys, pl.String), **{f"odd {name}": kind for name, kind in given.items()}}
        answers = pl.DataFrame(rows, schema=schema, orient="row")
        return joined.join(answers.lazy(), on=keys, how="left", maintain_order="left").with_columns(
            **{name: pl.coalesce(pl.col(name), pl.col(f"odd {name}")) for name in given}
        )


_OUTCOME: Final = "__outcome"
_LINE: Final = "__answer"


def _odd_words(joined: pl.LazyFrame, rows: int) -> pl.DataFrame | None:
    """The distinct requests that the table does not know, or None where they are too many to hold."""
    import polars as pl

    keys = [f"__{name}" for name in ASKED]
    odd = joined.filter(pl.col(_OUTCOME).is_null()).select(keys)
    if rows > 4 * MOST_WORDS:
        about = odd.select(pl.struct(keys).hash().approx_n_unique()).collect(engine="streaming").item()
        if about > MOST_WORDS:
            return None
    words = odd.unique().collect(engine="streaming")
    return words if words.height <= MOST_WORDS else None


def _in_slices(table: _Table, source: _Source, columns: list[str], work: Path) -> pl.LazyFrame:
    """A file of more odd requests than can be held: answered slice by slice, then taken together."""
    import polars as pl

    keys = [f"__{name}" for name in ASKED]
    parts = []
    for start in range(0, source.rows, SLICE):
        piece = source.frame.slice(start, SLICE).collect(engine="streaming").lazy()
        joined = table.joined(piece, columns)
        odd = joined.filter(pl.col(_OUTCOME).is_null()).select(keys).unique().collect()
        part = work / f"part-{start:015d}.parquet"
        table.with_odd(joined, odd).sink_parquet(part)
        parts.append(part)
    return pl.scan_parquet(parts)


def _written(final: pl.LazyFrame, carried: list[str], out: Path, options: Options, source: _Source) -> dict[int, int]:
    """Write in the format asked for; the number of rows by outcome. `carried` are the columns that may hold any text."""
    import polars as pl

    schema = {name: kind for name, kind in final.collect_schema().items() if name != _OUTCOME}
    texts: list[str] = []
    if options.out_format == "csv":
        texts = [name for name in carried if schema[name].base_type() in (pl.String, pl.Categorical, pl.Enum)]
        final = final.with_columns(pl.col(texts).cast(pl.String))
        schema.update(dict.fromkeys(texts, pl.String()))
    tally: Counter[int] = Counter()
    one_at_a_time = threading.Lock()

    def counted(block: pl.DataFrame) -> pl.DataFrame:
        found = block[_OUTCOME].value_counts().iter_rows()
        with one_at_a_time:
            tally.update({_ODD if code is None else code: number for code, number in found})
        return _as_csv(block.drop(_OUTCOME), texts, guard=options.guard)

    whole = final.map_batches(counted, streamable=True, schema=schema)
    if options.out_format == "parquet":
        whole.sink_parquet(out)
    elif options.out_format == "csv":
        header = {name: _csv_line([_guarded_name(name) if options.guard else name]) for name in schema}
        whole = whole.rename({**header, _LINE: _csv_line(ANSWERED)})
        whole.sink_csv(out, include_bom=source.bom, quote_style="never")  # each cell is as it is to stand there
        if source.encoding != "utf-8":
            _recode(out, "utf-8", source.encoding)
    else:
        whole.sink_ndjson(out)
    return dict(tally)


# What a spreadsheet takes for a formula: it opens with = @ tab or CR, or with + or - and is no number.
_DANGEROUS: Final = r"^'*[=@\t\r]|^'+[+\-]|^[+\-](?:$|[^0-9]|[0-9]+(?:[^0-9.]|[.](?:$|[^0-9]|[0-9]+[^0-9])))"
_QUOTED: Final = ',"\r\n'  # a cell with one of them stands in quotes


def _as_csv(block: pl.DataFrame, columns: list[str], *, guard: bool) -> pl.DataFrame:
    """
    The cells of these columns as they stand in a line of CSV, if guarded with a `'` before what a spreadsheet would
    take for a formula. Few columns have one, or one to quote; so the others are looked at quickly, and left.
    """
    import polars as pl

    changed = []
    for name in columns:
        column, cell = block[name], pl.col(name)
        # All that is dangerous opens with one of the characters from tab to `-`, or from `=` to `@`.
        if guard and ((column >= "\t") & (column < ".") | (column >= "=") & (column < "A")).any():
            cell = pl.when(cell.str.contains(_DANGEROUS)).then(pl.lit("'") + cell).otherwise(cell)
        text = column.str.join("").item()
        if any(mark in text for mark in _QUOTED):
            cell = _quoted(cell)
        changed.append(cell.alias(name))
    return block.with_columns(changed)


def _quoted(cell: pl.Expr) -> pl.Expr:
    """In quotes where it needs them."""
    import polars as pl

    inside = cell.str.replace_all('"', '""', literal=True)
    return pl.when(cell.str.contains(f"[{_QUOTED}]")).then(pl.lit('"') + inside + '"').otherwise(cell)


def _csv_line(cells: Iterable[str | None]) -> str:
    """As they stand in a line of CSV."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().removesuffix("\r\n")


def _guarded_name(name: str) -> str:
    return f"'{name}" if name.lstrip("'")[:1] in _FORMULA and name.lstrip("'") else name


# -- sources ---------------------------------------------------------------------------------------------------------


def _source(path: Path, work: Path, options: Options) -> _Source:
    import polars as pl

    if options.in_format == "csv":
        return _csv(path, work, options)
    if options.in_format == "jsonl":
        return _objects(path, work)
    try:
        frame = pl.scan_parquet(path, glob=False)
        return _Source(frame, frame.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"Parquet として読めません（{first_line(error)}）", f"not Parquet ({first_line(error)})"
        ) from None


def _csv(path: Path, work: Path, options: Options) -> _Source:
    """A CSV file as a frame of text: as it is where it is clean, else mended row by row."""
    import polars as pl

    with path.open("rb") as file:
        head = file.read(1 << 20)
    if not head.strip():
        raise DataError("ファイルが空です（見出しの行が要ります）", "the file is empty (a header line is needed)")
    bom = head.startswith(BOM)
    encoding = _encoding(head, options.encoding)
    if encoding != "utf-8":
        recoded = work / "utf-8.csv"
        clean = _copy_as_utf_8(path, recoded, encoding)
        path = recoded if clean else path
    else:
        clean = True
    names, start = _header(path, "utf-8" if clean else encoding)
    if clean and (account := _account(path, start, len(names))) is not None:
        frame = pl.scan_csv(path, infer_schema=False, empty_string_is_null=False, glob=False)
        if frame.collect_schema().names() == names:
            mend = partial(_mended, path, work, names, "utf-8", encoding, bom)
            return _Source(frame, 0, encoding, bom, account, mend)
    return _mended(path, work, names, "utf-8" if clean else encoding, encoding, bom)


def _mended(path: Path, work: Path, names: list[str], reading: str, encoding: str, bom: bool) -> _Source:
    import polars as pl

    mended = work / "mended.parquet"
    rows = _mend(path, mended, names, reading)
    return _Source(pl.scan_parquet(mended), rows, encoding, bom)


def _encoding(head: bytes, given: str) -> str:
    """UTF-8 where the beginning of the file is UTF-8, else cp932 where it is that."""
    if given != "auto":
        return given
    lines = head[: head.rfind(b"\n") + 1] or head
    first = lines[: lines.find(b"\n") + 1] or lines
    for text in (lines, first):  # one bad cell does not make a file cp932
        for encoding in ("utf-8", "cp932"):
            with suppress(UnicodeDecodeError):
                if _NOT[encoding].isdisjoint(text.decode(encoding)):
                    return encoding
    return "utf-8"


# What Python makes of bytes that are none of the encoding's.
_NOT: Final = {"utf-8": frozenset[str](), "cp932": frozenset("\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3")}


def _copy_as_utf_8(source: Path, target: Path, encoding: str) -> bool:
    """Whether the whole file is of that encoding; then there is a copy in UTF-8."""
    try:
        with (
            source.open("r", encoding=encoding, newline="") as text,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(text, out, 1 << 20)
    except UnicodeDecodeError:
        return False
    return True


def _recode(path: Path, old: str, new: str) -> None:
    """In place, by a copy beside it; a character that the old encoding of the source lacks becomes `?`."""
    copy = path.with_suffix(".recoded")
    with (
        path.open("r", encoding=old, newline="") as text,
        copy.open("w", encoding=new, errors="replace", newline="") as out,
    ):
        shutil.copyfileobj(text, out, 1 << 20)
    copy.replace(path)


def _header(path: Path, encoding: str) -> tuple[list[str], int]:
    """The names of the columns, and where the rows begin. Raises BadRequest where two are the same or one is empty."""
    record = b""
    with path.open("rb") as file:
        for line in file:
            record += line
            if record.count(b'"') % 2 == 0:
                break
    text, _ = _text(record, encoding)
    names = next(csv.reader(io.StringIO(text.rstrip("\r\n"), newline="")), [])
    for i, name in enumerate(names):
        if not name or name in names[:i]:
            raise BadRequest(
                f"見出しの {i + 1} 列目 {shown(name)} が{'空' if not name else '2度あり'}ます"
                if name
                else f"見出しの {i + 1} 列目が空です",
                f"column {i + 1} of the header is {'named twice: ' + shown(name) if name else 'empty'}",
            )
        _not_ours(name)
    return names, len(record)


_OURS: Final = ("place", "answer", "outcome", "text", "sure", "words")
# Of a line of JSON: itself, whether the engine may read it, its fields.
_TEXT, _SURE, _WORDS = "__text", "__sure", "__words"


def _not_ours(name: str) -> None:
    if name == DAMAGE or (name.startswith("__") and name[2:] in (*ASKED, *ANSWERED, *_OURS)):
        raise BadRequest(f"列の名前 {shown(name)} は使えません", f"a column cannot be named {shown(name)}")


def _account(path: Path, start: int, columns: int) -> _Account | None:
    """
    An account of the rows after the header, to be compared with what the engine reads.

    None where it needs a closer look: a NUL, a quote that should not stand where it does, a carriage return that ends no
    line (of such a cell the engine may drop a byte), or a separator at the very end (it may drop the cell after it).
    """
    between = 0
    last = b"\n"
    rest = b""  # the beginning of a line that has a quote, or whose quote goes on in the next block
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(max(BLOCK, len(rest))):
            if b"\0" in block:
                return None
            if b"\r" in block:
                block += file.read(block.endswith(b"\r"))
                returns = len(block) - len(block.replace(b"\r", b""))  # three times as fast as counting them
                if returns != block.count(b"\r\n"):
                    return None
                between += returns
            last = block[-1:]
            if rest or b'"' in block:
                block = rest + block
                end = block.rfind(b"\n") + 1
                lines, rest = block[:end], block[end:]
                quotes = _quotes(lines)
                if quotes is None:
                    return None
                if quotes < 0:
                    rest = block
                    if len(rest) > LONGEST_RECORD_BYTES:
                        return None
                else:
                    between += quotes
        quotes = _quotes(rest)
        if quotes is None or quotes < 0 or last == b",":
            return None
        return _Account(file.tell() - start + (last != b"\n"), between + quotes, columns)


def _quotes(part: bytes) -> int | None:
    """
    The quotes of these lines that are no part of a cell; -1 where one is still open, None where one stands in a bare cell.

    What is outside of quotes ends with a separator before a cell, and begins with one after it; where nothing is between
    two quoted texts they are one cell with a quote inside, written twice.
    """
    if b'"' not in part:
        return 0
    if part.startswith(b'"'):  # a writer who quotes every cell: nothing but separators between two quotes
        left = part.replace(b'","', b" ").replace(b'"\n"', b" ").replace(b'"\r\n"', b" ").rstrip(b"\r\n")
        if left.endswith(b'"') and left.count(b'"') == 2:
            return part.count(b'"')
    texts = part.split(b'"')
    outside, still_open = texts[::2], len(texts) % 2 == 0
    before = outside if still_open else outside[:-1]
    if not all(text[-1:] in _BEFORE for text in before) or not all(text[:1] in _AFTER for text in outside[1:]):
        return None
    return -1 if still_open else len(texts) - 1 - sum(not text for text in outside[1:-1])


_AFTER: Final = (b",", b"\r", b"\n", b"")  # what follows a quoted cell
_BEFORE: Final = (b",", b"\n", b"")  # what precedes it


def _mend(path: Path, target: Path, names: list[str], encoding: str) -> int:
    """The rows as text in Parquet, what is wrong with a row beside it."""
    import polars as pl

    csv.field_size_limit(1 << 30)
    schema = dict.fromkeys([*names, DAMAGE], pl.String)
    parts: list[Path] = []
    rows: list[tuple[str | None, ...]] = []
    total = 0

    def flush() -> None:
        part = target.with_name(f"mended-{len(parts):09d}.parquet")
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(part)
        parts.append(part)
        rows.clear()

    size = 0
    for cells, found in _records(path, encoding):
        total += 1
        damage = found
        if damage is None and len(cells) != len(names):
            damage = _damage(
                f"{len(cells)} 列です（{len(names)} 列のはず）", f"{len(cells)} columns, expected {len(names)}"
            )
        rows.append((*(cells + [""] * len(names))[: len(names)], damage))
        size += sum(map(len, cells))
        if len(rows) >= 100_000 or size > 64_000_000:
            flush()
            size = 0
    flush()
    pl.scan_parquet(parts).sink_parquet(target)
    return total


def _damage(ja: str, en: str) -> str:
    return f"damaged_row: {ja} / {en}"


def _records(path: Path, encoding: str) -> Iterator[tuple[list[str], str | None]]:
    """Every row after the header: its cells, and what is wrong with it. A quote that never closes spoils one line alone."""
    with path.open("rb") as file:
        yield from islice(_grouped(file, encoding), 1, None)


def _grouped(file: IO[bytes], encoding: str) -> Iterator[tuple[list[str], str | None]]:
    """Every record of the file, the header among them."""
    waiting: list[bytes] = []  # lines that an open quote reached for, and that are looked at again on their own
    while True:
        line = waiting.pop(0) if waiting else file.readline()
        if not line:
            return
        record, quotes, more = line, line.count(b'"'), [line]
        while quotes % 2 and len(more) < LONGEST_RECORD:
            follow = waiting.pop(0) if waiting else file.readline()
            if not follow:
                break
            more.append(follow)
            quotes += follow.count(b'"')
        if quotes % 2:
            waiting[:0] = more[1:]
            yield (
                [_text(line, encoding)[0].rstrip("\r\n")],
                _damage("引用符が閉じていません", "a quote that never closes"),
            )
            continue
        record = b"".join(more)
        text, bad = _text(record, encoding)
        text = text.rstrip("\r\n")
        if not text:
            if waiting or file.peek(1):  # type: ignore[attr-defined]  # a buffered reader
                yield [], _damage("空の行です", "an empty line")
            continue
        try:
            [cells] = (
                csv.reader([text], strict=True)
                if "\n" not in text
                else csv.reader(io.StringIO(text, newline=""), strict=True)
            )
        except (csv.Error, ValueError) as error:
            yield [text], _damage(f"CSV として読めません（{error}）", f"not CSV ({error})")
            continue
        if bad:
            yield cells, _damage(f"{encoding} ではない文字があります", f"a cell that is not {encoding}")
        elif "\0" in text:
            yield cells, _damage("NUL 文字があります", "a cell with a NUL character")
        else:
            yield cells, None


def _text(data: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return data.decode(encoding).removeprefix("\ufeff"), False
    except UnicodeDecodeError:
        return data.decode(encoding, "replace").removeprefix("\ufeff"), True


def _json_lines(desk: Desk, path: Path, out: Path, options: Options) -> Counts:
    """
    One object a line, with the answer's fields after its own, which stay as they stand there, byte for byte; a line that is
    none is kept as `line`, with its error.

    The engine answers each line that is like the first of the file. Python reads a line that is not, and it alone says what
    is damaged. Which of them it was changes no byte.
    """
    import polars as pl

    table = _Table(desk, options, _json_end)
    known: dict[tuple[str | None, ...], Answered] = {}

    def decided(words: tuple[str | None, ...]) -> Answered:
        return known.get(words) or _remember(known, words, table.decided(words))

    like = jsonlines.like(_first_bodies(path))
    rows, tally = 0, Counter[str]()
    with out.open("wb", buffering=0) as sink:
        for block in _blocks(path, LINES):
            rows += block.count(b"\n") + (not block.endswith(b"\n"))
            try:
                said, outcomes = _json_block(table, block, like, decided)
            except pl.exceptions.PolarsError:  # it vouched for JSON that it does not read
                said, outcomes = _one_by_one(io.BytesIO(block), decided)
            said.to_frame().write_csv(sink, include_header=False, quote_style="never")
            tally += outcomes
    return Counts(rows_in=rows, rows_out=tally.total(), outcomes=dict(tally))


def _blocks(path: Path, size: int) -> Iterator[bytes]:
    """A file in pieces of whole lines."""
    with path.open("rb") as file:
        while block := file.read(size):
            yield block + file.readline()


def _first_bodies(path: Path) -> list[dict[str, Any]]:
    """The objects that the first lines hold."""
    first = io.BytesIO(next(_blocks(path, LINES), b""))
    return [
        body
        for body, words in (jsonlines.read(*_text(raw, "utf-8")) for raw in islice(first, LIKE))
        if words is not None
    ]


def _vouched(block: bytes, like: str) -> pl.DataFrame:
    """Lines as text, and whether the engine may read them itself."""
    import polars as pl

    try:
        lines = pl.read_lines(b"\n" + block, name=_TEXT)[1:]  # what begins like a packed file is not unpacked
    except pl.exceptions.PolarsError:  # not UTF-8 somewhere: it gets a mark
        lines = pl.read_lines(b"\n" + block.decode("utf-8", "replace").encode(), name=_TEXT)[1:]
    line = pl.col(_TEXT)
    return lines.with_columns(line.str.strip_chars_end(" \t\r")).with_columns(
        (line.str.contains(like) & line.str.ends_with("}") & ~line.str.contains("\ufffd", literal=True)).alias(_SURE)
    )


def _decoded(frame: pl.DataFrame | pl.LazyFrame, names: Iterable[str]) -> Any:
    """With the fields of the lines that are sure beside them, as text."""
    import polars as pl

    words = pl.when(_SURE).then(_TEXT).str.json_decode(pl.Struct(dict.fromkeys(names, pl.String)))
    return frame.with_columns(words.alias(_WORDS)).unnest(_WORDS)


def _json_block(
    table: _Table, block: bytes, like: str, decided: Callable[[tuple[str | None, ...]], Answered]
) -> tuple[pl.Series, Counter[str]]:
    """Lines → the lines with their answers, and the number of them by outcome."""
    import polars as pl

    keys = [f"__{name}" for name in ASKED]
    line, sure = pl.col(_TEXT), pl.col(_SURE)
    lines = _vouched(block, like)
    joined = table.joined(_decoded(lines.lazy(), ASKED), list(ASKED)).collect()
    odd = joined.filter(sure, pl.col(_OUTCOME).is_null()).select(keys).unique()
    if odd.height:
        joined = table.with_odd(joined.lazy(), odd, decided=decided).collect()
    said = joined.select(line.str.strip_suffix("}") + pl.col(_LINE)).to_series()
    tally = Counter({table.outcomes[at]: n for at, n in joined.filter(sure)[_OUTCOME].value_counts().iter_rows()})
    if tally.total() < lines.height:
        unsure = (~joined[_SURE]).arg_true()
        raws = io.BytesIO(block).readlines()
        others, more = _one_by_one([raws[at] for at in unsure], decided)
        said, tally = said.scatter(unsure, others), tally + more
    return said, tally


def _one_by_one(
    raws: Iterable[bytes], decided: Callable[[tuple[str | None, ...]], Answered]
) -> tuple[pl.Series, Counter[str]]:
    """The same, line by line in Python."""
    import polars as pl

    said: list[str] = []
    tally: Counter[str] = Counter()
    for raw in raws:
        text, bad = _text(raw, "utf-8")
        body, words = jsonlines.read(text, bad)
        answer = decided(words) if words else Answered(None, None, None, None, None, None, body.pop("error"))
        line = text.strip(" \t\r\n")
        if words is None or "\r" in line:  # which some take for the end of a line
            line = json.dumps(body, ensure_ascii=False)
        line = line[:-1] + (_json_end(answer) if body else _json_end(answer)[2:])
        tally[answer.outcome] += 1
        said.append(line.encode("utf-8", "replace").decode())
    return pl.Series("line", said, pl.String), tally


def _json_end(answer: Answered) -> str:
    """An answer as it follows the fields of its request."""
    return ", " + json.dumps(answer._asdict(), ensure_ascii=False)[1:]


def _objects(path: Path, work: Path) -> _Source:
    """JSON Lines for another format: the fields of all objects as columns of text; a line that is none keeps its `line`."""
    import polars as pl

    bodies = _first_bodies(path)
    known = list(dict.fromkeys(name for body in bodies for name in body))
    for name in known:
        _not_ours(name)
    like = jsonlines.like(bodies, plain=True)
    names = dict.fromkeys([*ASKED[:3], *known])
    parts: list[Path] = []
    total = 0
    for block in _blocks(path, 4 * LINES):
        part = _as_columns(block, like, known)
        total += part.height
        names |= dict.fromkeys(part.columns)
        parts.append(work / f"objects-{len(parts):09d}.parquet")
        part.write_parquet(parts[-1])
    schema = dict.fromkeys([*(name for name in names if name != DAMAGE), DAMAGE], pl.String)
    if not parts:
        return _Source(pl.DataFrame(schema=schema).lazy(), 0)
    empty = pl.DataFrame(schema=schema).lazy()
    return _Source(pl.concat([empty, *map(pl.scan_parquet, parts)], how="diagonal"), total)


def _as_columns(block: bytes, like: str, known: list[str]) -> pl.DataFrame:
    """Lines → their fields as text, and what is wrong with a line."""
    import polars as pl

    lines = _vouched(block, like)
    try:
        sure = _decoded(lines.filter(_SURE), known).drop(_TEXT, _SURE) if known else pl.DataFrame()
    except pl.exceptions.PolarsError:  # as in `_json_lines`
        lines, sure = lines.with_columns(pl.lit(False).alias(_SURE)), pl.DataFrame()  # noqa: FBT003 - a value
    unsure = (~lines[_SURE]).arg_true()
    raws = io.BytesIO(block).readlines() if unsure.len() else []
    found = [jsonlines.read(*_text(raws[at], "utf-8")) for at in unsure]
    for name in dict.fromkeys(name for body, _ in found for name in body):
        _not_ours(name)
    rows = [_cells(*each) for each in found]
    names = [*dict.fromkeys(name for row in rows for name in row if name != DAMAGE), DAMAGE]
    others = pl.DataFrame(
        [[row.get(name) for name in names] for row in rows], dict.fromkeys(names, pl.String), orient="row"
    )
    places = pl.concat([lines[_SURE].arg_true(), unsure])
    return pl.concat([sure, others], how="diagonal")[places.arg_sort()]


def _cells(body: dict[str, Any], words: tuple[str | None, ...] | None) -> dict[str, str | None]:
    damage = {DAMAGE: body.pop("error")} if words is None else {}
    words_of = {_encodable(name): jsonlines.word(value) for name, value in body.items()} | damage
    return {name: word and _encodable(word) for name, word in words_of.items()}


def _encodable(text: str) -> str:
    """Half of a pair of surrogates, which JSON lets anybody write, is a question mark in every other format."""
    return text.encode("utf-8", "replace").decode()


def _remember(known: dict[tuple[Any, ...], Answered], words: tuple[Any, ...], answer: Answered) -> Answered:
    if len(known) < MOST_WORDS:
        known[words] = answer
    return answer


# -- files -----------------------------------------------------------------------------------------------------------


def _spooled(source: str, work: Path) -> Path:
    """A path to read: the file itself, or what stdin brought."""
    path = Path(source)
    try:
        if source == "-":
            path = work / "stdin"
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        with path.open("rb"):
            return path
    except OSError as error:
        raise unreadable(source, error) from None


@contextmanager
def _whole(target: str, work: Path) -> Iterator[Path]:
    """A path to write: it becomes the target when everything went well, and is gone where it did not."""
    try:
        if target != "-":
            with appearing(target) as out:
                yield out
            return
        out = work / "stdout"
        yield out
        with out.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer, 1 << 20)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise unwritable(target, error) from None
