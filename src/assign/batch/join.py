"""
A frame of requests → the frame with its answers, by a lookup that Polars does.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import prod
from typing import TYPE_CHECKING, Any, Final

from assign.desk.desk import Desk
from assign.desk.lookup import ANSWERED, ASKED, Answered, Line, answered, decision_table, of_line
from assign.errors import BadRequest, shown
from assign.rules.changes import FIRST, LAST

from . import columns, cp932, csv_out
from .json_lines import DAY, MOST_OF_WORD
from .options import Listener, Options
from .source import DAMAGE, LINE, OUTCOME, Source

if TYPE_CHECKING:
    import polars as pl

_NONE: Final = -1  # no answer at a place
MOST_WORDS: Final = 500_000  # distinct requests outside the lookup table that are held at once; beyond it the file is answered in slices


class Table:
    """
    The desk's decision table for one run: a frame of requests → the frame with its answers.

    Each word becomes its index among the words of its column; the indices together make one number, which is the index of the
    answer. So the lookup is a gather from a list: it keeps the order of the rows, which the engine's own join does not, and takes
    no longer.

    Each row also gets an outcome, a small number (`outcomes` has their names), so that counting is cheap.

    Attributes:
        answer: The columns of an answer; one alone where the answer is written into a line of text.
    """

    def __init__(self, desk: Desk, options: Options) -> None:
        import polars as pl

        self._desk = desk
        self._options = options
        self._text = csv_out.line if options.out_format == "csv" else None
        self.outcomes: list[str] = []
        self.answer: tuple[str, ...] = (LINE,) if self._text else ANSWERED
        lines = decision_table(desk)
        self._starts = starts(lines)
        self._words = {
            name: pl.Enum(list(dict.fromkeys(column)))
            for name, column in zip(ASKED[:4], zip(*lines, strict=True), strict=False)
        }
        self._numbers, self._answers = self._by_place(lines)

    def _outcome(self, answer: Answered) -> int:
        """The number of an answer's outcome; a new one gets the next."""
        if answer.outcome not in self.outcomes:
            self.outcomes.append(answer.outcome)
        return self.outcomes.index(answer.outcome)

    def _place(self, window: pl.Expr) -> pl.Expr:
        """The index of an answer; null where the table does not know a word."""
        import polars as pl

        number = pl.lit(0, dtype=pl.Int32)
        for name, kind in self._words.items():
            known = pl.col(f"__{name}").cast(kind, strict=False).to_physical().cast(pl.Int32)
            number = number * len(kind.categories) + known
        return number * len(self._starts) + window

    def _by_place(self, lines: Sequence[Line]) -> tuple[pl.Series, pl.DataFrame]:
        """For each index the number of the answer, null where there is none; and the distinct answers, which are few."""
        import polars as pl

        answers: dict[Answered, int] = {}
        known: dict[tuple[str, ...], int] = {}  # by what follows the words and days in a line: few lines differ in it
        words = [{word: at for at, word in enumerate(kind.categories)} for kind in self._words.values()]
        divisions, items, channels, acts = words
        first = {day: at for at, day in enumerate(self._starts)}
        after = {day: bisect_right(self._starts, day) for day in {line.until for line in lines}}
        numbers = array("i", [_NONE]) * (prod(map(len, words)) * len(first))
        for line in lines:
            said = line[6:]
            if said not in known:
                known[said] = answers.setdefault(of_line(line, self._options.lang), len(answers))
            place = divisions[line.division] * len(items) + items[line.item]
            place = (place * len(channels) + channels[line.channel]) * len(acts) + acts[line.act]
            begin, end = first[line.since], after[line.until]
            start = place * len(first)
            numbers[start + begin : start + end] = array("i", [known[said]]) * (end - begin)
        found = pl.Series(numbers, dtype=pl.Int32)
        answered = pl.DataFrame([self._cells(a) for a in answers], schema=self._schema(), orient="row")
        return found.set(found == _NONE, None), answered

    def _schema(self) -> dict[str, Any]:
        """Of an answer beside its request."""
        import polars as pl

        return {**dict.fromkeys(self.answer, pl.String), OUTCOME: pl.UInt8}

    def _cells(self, answer: Answered) -> tuple[str | int | None, ...]:
        """A row of that schema."""
        if self._text is None:
            return (*answer, self._outcome(answer))
        return self._text(answer), self._outcome(answer)

    def joined(self, source: Source) -> pl.LazyFrame:
        """The source's frame with its words as columns of text, and the table's answer where the table knows them."""
        import polars as pl

        frame = source.frame
        schema = frame.collect_schema()
        text = {f"__{name}": _word(name, source, schema) for name in ASKED}
        if columns.GROUP in source.fields and not source.worded:
            text["__section"] = headings(text["__section"], _word(columns.GROUP, source, schema))
        today = pl.lit(self._options.today.isoformat())
        text["__on"] = pl.when(text["__on"] == "").then(today).otherwise(text["__on"])
        # A section narrows a number down; the table has none, so the desk decides such a row. A damaged row is not looked up.
        damage = pl.col(DAMAGE) if DAMAGE in schema else pl.lit(None, dtype=pl.String)
        day = pl.col("__on")
        window = pl.lit(0, dtype=pl.Int32)
        for start in self._starts[1:]:  # ISO dates, which sort as text
            window += (day >= start).cast(pl.Int32)
        of_table = (pl.col("__section") == "") & damage.is_null() & day.str.contains(f"^{DAY.pattern}$")
        asked = frame.with_columns(**text).with_columns(__place=pl.when(of_table).then(self._place(window)))

        def looked_up(block: pl.DataFrame) -> pl.DataFrame:
            found = self._answers.select(pl.all().gather(self._numbers.gather(block["__place"])))
            return block.drop("__place").hstack(found.get_columns())

        after = {name: kind for name, kind in asked.collect_schema().items() if name != "__place"}
        found = asked.map_batches(looked_up, streamable=True, schema={**after, **self._schema()})
        if DAMAGE not in schema:
            return found
        damaged, refused = (
            pl.lit(self._outcome(Answered(None, None, None, None, None, None, f"{code}: ")), dtype=pl.UInt8)
            for code in ("damaged_row", "bad_request")
        )
        error = self.answer[-1]  # the last cell of an answer, or of its line
        said = damage if error == ANSWERED[-1] else pl.lit("," * (len(ANSWERED) - 1)) + csv_out.quoted(damage)
        return found.with_columns(
            pl.coalesce(said, error).alias(error),
            pl.when(damage.is_null())
            .then(OUTCOME)
            .when(damage.str.starts_with("bad_request"))
            .then(refused)
            .otherwise(damaged)
            .alias(OUTCOME),
        )

    def with_others(
        self, joined: pl.LazyFrame, odd: pl.DataFrame, called: dict[str, str], listener: Listener | None = None
    ) -> pl.LazyFrame:
        """The frame with the answers of requests outside the table, each decided once. `called`: the column of each field."""
        import polars as pl

        keys = [f"__{name}" for name in ASKED]
        rows = []
        for words in odd.iter_rows():
            asked = dict(zip(ASKED, words, strict=True))
            answer = answered(self._desk, asked, self._options.today, self._options.lang, called)
            rows.append((*words, *self._cells(answer)))
            if listener and len(rows) % 1000 == 0:
                listener(len(rows), odd.height, "words")
        given = self._schema()
        schema = {**dict.fromkeys(keys, pl.String), **{f"odd {name}": kind for name, kind in given.items()}}
        answers = pl.DataFrame(rows, schema=schema, orient="row")
        joined = joined.with_columns(cut(keys))
        return joined.join(answers.lazy(), on=keys, how="left", maintain_order="left").with_columns(
            **{name: pl.coalesce(pl.col(name), pl.col(f"odd {name}")) for name in given}
        )


def starts(lines: Iterable[Line]) -> list[str]:
    """The first days of the windows in which no answer changes, over all of time: of editions, those without an answer, too."""
    days = {(line.since, line.until) for line in lines}
    ends = {date.fromisoformat(until) for _, until in days}
    after = {(until + timedelta(days=1)).isoformat() for until in ends if until < LAST}
    return sorted({FIRST.isoformat(), *(since for since, _ in days), *after})


def headings(section: pl.Expr, group: pl.Expr) -> pl.Expr:
    """As `columns.headings`, of columns."""
    import polars as pl

    between = pl.when((section == "") | (group == "")).then(pl.lit("")).otherwise(pl.lit(columns.BETWEEN))
    return section + between + group


def _word(name: str, source: Source, schema: pl.Schema) -> pl.Expr:
    """A field of a request as text. A datetime at midnight, Japan's, is a day: spreadsheets and databases export days so."""
    import polars as pl

    if source.worded:
        return pl.col(f"__{name}").fill_null("")
    if name not in source.fields:
        return pl.lit("")
    column, kind = source.fields[name], schema[source.fields[name]]
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Duration, pl.Time):
        raise BadRequest(
            f"列 {shown(column)} の型が文字列ではありません（{kind}）",
            f"the column {shown(column)} is not text ({kind})",
        )
    text = pl.col(column).cast(pl.String)
    if source.twins:
        text = text.str.replace_many(cp932.twins())
    if name == "on" and isinstance(kind, pl.Datetime):
        own = there = pl.col(column).dt.replace_time_zone(None)
        if kind.time_zone is not None:  # a day of the case is Japan's, and a datetime may be in another zone
            there = pl.col(column).dt.convert_time_zone("Asia/Tokyo").dt.replace_time_zone(None)
        midnight = (there == there.dt.truncate("1d")) | (
            (own == own.dt.truncate("1d")) & (own.dt.date() == there.dt.date())
        )
        text = pl.when(midnight).then(there.dt.date().cast(pl.String)).otherwise(text)
    return text.fill_null("")


def cut(keys: list[str]) -> pl.Expr:
    """Words, cut where one is far too long: the beginning is enough for its error, and bounds the memory."""
    import polars as pl

    return pl.col(keys).str.slice(0, MOST_OF_WORD)


def odd_words(joined: pl.LazyFrame, rows: int) -> pl.DataFrame | None:
    """The distinct requests outside the table, or None where they are too many to hold."""
    import polars as pl

    keys = [f"__{name}" for name in ASKED]
    odd = joined.filter(pl.col(OUTCOME).is_null()).select(cut(keys))
    if rows > 4 * MOST_WORDS:
        about = odd.select(pl.struct(keys).hash().approx_n_unique()).collect(engine="streaming").item()
        if about > MOST_WORDS:
            return None
    words = odd.unique().collect(engine="streaming")
    return words if words.height <= MOST_WORDS else None
