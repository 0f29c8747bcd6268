"""
A file that a run wrote → what each of its rows asks and answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from assign.desk.lookup import ANSWERED, ASKED
from assign.errors import BadRequest, DataError

from . import columns, csv_in, files, join, json_lines
from .options import Options
from .source import Damaged, first_line

SAID: Final = tuple(name for name in (*ASKED, *ANSWERED) if name not in ("on", "reason"))
SLICE: Final = 250_000  # rows


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
        with files.workplace() as work:
            path = files.spooled(str(path), work)
            yield from _of_json(path) if options.in_format == "jsonl" else _of_frame(path, work, options)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, Damaged, OSError, ValueError, TypeError) as error:
        raise DataError(f"読めません（{first_line(error)}）", f"cannot be read ({first_line(error)})") from None


def _of_json(path: Path) -> Iterator[tuple[tuple[str | None, ...], str | None]]:
    for raw, _ in json_lines.lines(path, answered=True):
        body = json_lines.decoded(raw)
        fields = {**_asked(body), **{name: name for name in ANSWERED}}
        _wrote(body)
        told = {
            name: None if body.get(column) is None else json_lines.word(body[column]) for name, column in fields.items()
        }
        told["section"] = columns.headings(told.get("section") or "", told.get(columns.GROUP) or "") or None
        yield tuple(told.get(name) for name in SAID), told.get("on")


def _of_frame(path: Path, work: Path, options: Options) -> Iterator[tuple[tuple[str | None, ...], str | None]]:
    import polars as pl

    if options.in_format == "csv":
        frame = csv_in.read(path, work, options, answered=True).frame
    else:
        frame = pl.scan_parquet(path, glob=False)
    there = frame.collect_schema().names()
    _wrote(there)
    fields = {**_asked(there), **{name: name for name in ANSWERED}}
    kept = work / "said.parquet"
    said = {name: pl.col(fields[name]) if name in fields else pl.lit(None) for name in (*SAID, "on")}
    if columns.GROUP in fields:
        parts = (said["section"], pl.col(fields[columns.GROUP]))
        said["section"] = join.headings(*(part.cast(pl.String).fill_null("") for part in parts))
    frame.select(value.cast(pl.String).alias(name) for name, value in said.items()).sink_parquet(kept)
    rows = pl.scan_parquet(kept, glob=False)
    for start in range(0, rows.select(pl.len()).collect().item(), SLICE):
        block = rows.slice(start, SLICE).collect()
        kinds = block.select(SAID).unique(maintain_order=True)
        numbered = kinds.with_row_index("__kind")
        found = block.join(numbered, on=SAID, how="left", nulls_equal=True, maintain_order="left")["__kind"]
        yield from zip(map(kinds.rows().__getitem__, found), block["on"], strict=True)


def _asked(names: Iterable[str]) -> dict[str, str]:
    """The columns of a request among those of a file that has the answers, too. Of a line that was refused: none."""
    try:
        return columns.understood([name for name in names if name not in ANSWERED])
    except BadRequest:
        return {}


def _wrote(there: Iterable[str]) -> None:
    for name in ANSWERED:
        if name not in there:
            raise BadRequest(
                f"列 `{name}` がありません（`assign batch` が書いたファイルではありません）",
                f"there is no column `{name}` (not a file that `assign batch` wrote)",
            )
