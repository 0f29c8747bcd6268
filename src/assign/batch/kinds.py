"""
Parquet's types: whether the output can hold them, checked before the run; and the engine's panics as our errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assign.errors import BadRequest, DataError, OutputError, path_shown, shown
from assign.files import unwritable

from . import arrow, columns
from .recognise import refuse
from .source import Source, first_line, not_ours

if TYPE_CHECKING:
    import polars as pl

MOST_AT_ONCE: Final = 5_000_000  # rows of a file that has less than a byte for each
_NAMES: Final = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}
MOST_BYTES: Final = 1 << 29  # of the text of one block of rows: beyond it a small file is a bomb
MOST_IN_GROUP: Final = 3 << 28  # bytes unpacked
MOST_IN_LISTS: Final = 1 << 25  # values in the lists of one row group, which the engine holds whole


def parquet(path: Path, work: Path, out_format: str) -> Source:
    """
    A Parquet file as a frame.

    Raises:
        DataError: It is none. BadRequest: It has not the columns of requests, or a type that the output cannot hold.
    """
    import polars as pl

    with path.open("rb") as file:
        refuse(file.read(1 << 12), "parquet")
    failed: BaseException | None = None
    try:
        frame = pl.scan_parquet(path, glob=False)
        with arrow.hushed():
            schema = frame.collect_schema()
            rows = frame.select(pl.len()).collect().item()  # by the metadata
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        failed = error
    for name, said in arrow.unknown(path):
        if failed is not None or said.startswith("Decimal"):  # the engine accepts more zones than it lists
            raise BadRequest(
                f"列 {shown(name)} の型 {shown(said)} は扱えません（別の型で書き出すか、要らない列なら除いてください）",
                f"the column {shown(name)} has a type that is not known: {shown(said)} (write it as another, or leave it out)",
            )
    if failed is not None:
        raise _no_parquet(path, failed)
    names = schema.names()
    columns.not_too_many(len(names))
    for name in names:
        not_ours(name)
    fields = columns.of_file(names)
    for name, kind in schema.items():
        if why := _lacking(kind, out_format):
            raise BadRequest(
                f"列 {shown(name)} の型 {kind} は {_NAMES[out_format]} に書けません（{why[0]}）",
                f"the column {shown(name)} ({kind}) cannot be written as {_NAMES[out_format]} ({why[1]})",
            )
    in_lists, unpacked = arrow.fullest(path)
    if in_lists > MOST_IN_LISTS or unpacked > MOST_IN_GROUP:
        raise _too_large()
    if rows > MOST_AT_ONCE and path.stat().st_size < rows:
        frame = _spread(frame, rows, work)
    return Source(frame, rows, fields)


def _no_parquet(path: Path, error: BaseException) -> DataError:
    if twice := re.match(r"column with name '(.*)' has more than one", str(error), re.DOTALL):
        name = shown(twice[1])
        return DataError(f"列 {name} が2度あります", f"the column {name} stands there twice")
    with path.open("rb") as file:
        file.seek(-min(4, path.stat().st_size), 2)
        if file.read() != b"PAR1":
            return DataError(
                "Parquet の終わりがありません（途中で切れています）", "Parquet without its end (it was cut off)"
            )
    return DataError(f"Parquet として読めません（{first_line(error)}）", f"not Parquet ({first_line(error)})")


def _spread(frame: pl.LazyFrame, rows: int, work: Path) -> pl.LazyFrame:
    """The same rows in smaller row groups: the engine holds a whole group, and one group may have all rows."""
    import polars as pl

    parts = []
    for start in range(0, rows, MOST_AT_ONCE):
        parts.append(work / f"spread-{start:015d}.parquet")
        frame.slice(start, MOST_AT_ONCE).sink_parquet(parts[-1], row_group_size=250_000, compression="lz4")
    return pl.scan_parquet(parts, glob=False)


def _lacking(kind: Any, out_format: str) -> tuple[str, str] | None:
    """Why a type cannot be written; None where it can."""
    import polars as pl

    if isinstance(kind, pl.Datetime) and kind.time_zone is not None and not arrow.zone_known(kind.time_zone):
        return f"時間帯 {kind.time_zone} が分かりません", f"the time zone {kind.time_zone} is not known"
    if isinstance(kind, (pl.List, pl.Array)):
        return ("入れ子です", "nested") if out_format == "csv" else _lacking(kind.inner, out_format)
    if isinstance(kind, pl.Struct):
        if out_format == "csv":
            return "入れ子です", "nested"
        return next((why for field in kind.fields if (why := _lacking(field.dtype, out_format))), None)
    if out_format == "parquet":
        return None if kind != pl.Object else ("型が決まっていません", "of no type")
    if kind == pl.Binary:
        return "バイト列です", "bytes"
    if kind == pl.Duration and out_format == "csv":
        return "時間の長さです", "a duration"
    if kind.base_type() in _KNOWN():
        return None
    return "扱えない型です", "of a type that it lacks"


def _KNOWN() -> set[Any]:  # noqa: N802 - a constant, once the engine is there
    import polars as pl

    numbers = {pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64}
    return numbers | {
        pl.Float32, pl.Float64, pl.Decimal, pl.Boolean, pl.String, pl.Categorical, pl.Enum, pl.Date, pl.Time, pl.Datetime,
        pl.Duration, pl.Null,
    }  # fmt: skip


@contextmanager
def spoken(source: Source, target: str) -> Iterator[None]:
    """Translate the engine's errors and panics into ours, which name the file at fault."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        if (reason := _unreadable(source)) is not None:
            raise DataError(f"入力を読めません（{reason}）", f"the input cannot be read ({reason})") from None
        if isinstance(error, OSError):
            raise unwritable(path_shown(target), error) from None
        name = next((name for name in source.columns if shown(name)[1:-1] in str(error)), None)
        column = (f"列 {shown(name)}、", f"column {shown(name)}, ") if name else ("", "")
        raise OutputError(
            f"{path_shown(target)} に書けません（{column[0]}{first_line(error)}）",
            f"cannot write {path_shown(target)} ({column[1]}{first_line(error)})",
        ) from None


def _unreadable(source: Source) -> str | None:
    """Why the source cannot be read from its beginning to its end; None where it can."""
    import polars as pl

    for name in source.columns:
        try:
            source.frame.select(pl.col(name).null_count()).collect(engine="streaming")
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            return f"{shown(name)}: {first_line(error)}"
    return None


def writable(block: pl.DataFrame, floats: list[str]) -> None:
    """
    Raises DataError where a block of rows holds more text than a run may, BadRequest where it holds a number that is none.

    Args:
        floats: The columns that must hold no Infinity. (NaN becomes null in JSON.)
    """
    if sum(map(_unpacked, block.get_columns())) > MOST_BYTES:
        raise _too_large()
    for name in floats:
        if _infinite(block[name]):
            raise BadRequest(
                f"列 {shown(name)} に無限大があります。JSON に無い数です（空にするか、CSV か Parquet に書いてください）",
                f"the column {shown(name)} holds Infinity, which JSON lacks (make it empty, or write CSV or Parquet)",
            )


def _unpacked(column: pl.Series) -> int:
    """The bytes of a column's text, and of what stands in lists: where values are equal the engine holds one of them."""
    import polars as pl

    kind = column.dtype
    if kind == pl.String:
        return int(column.str.len_bytes().sum() or 0)
    if kind == pl.Binary:
        return int(column.bin.size().sum() or 0)
    if isinstance(kind, (pl.List, pl.Array)):
        inner = column.explode()
        return 8 * len(inner) + _unpacked(inner)
    if isinstance(kind, pl.Struct):
        return sum(_unpacked(column.struct.field(field.name)) for field in kind.fields)
    return 0


def _too_large() -> DataError:
    return DataError(
        "展開すると大きすぎます（同じ長い値の繰り返しではありませんか）。小さく分けてください",
        "it is too large when unpacked (the same long value over and over?); split it",
    )


def has_floats(kind: Any) -> bool:
    """Whether a type holds floats, at whatever depth."""
    import polars as pl

    if isinstance(kind, (pl.List, pl.Array)):
        return has_floats(kind.inner)
    if isinstance(kind, pl.Struct):
        return any(has_floats(field.dtype) for field in kind.fields)
    return bool(kind.is_float())


def _infinite(column: pl.Series) -> bool:
    import polars as pl

    if isinstance(column.dtype, (pl.List, pl.Array)):
        return has_floats(column.dtype) and _infinite(column.explode())
    if isinstance(column.dtype, pl.Struct):
        return any(_infinite(column.struct.field(field.name)) for field in column.dtype.fields)
    return bool(column.dtype.is_float() and column.is_infinite().any())
