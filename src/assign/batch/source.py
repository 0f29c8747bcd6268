"""
A file as a frame that Polars can read, with its rows, its fields, and how its CSV was written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from assign.desk.lookup import ANSWERED, ASKED
from assign.errors import BadRequest, shown

from .options import Listener

if TYPE_CHECKING:
    import polars as pl

DAMAGE: Final = "__damage"  # what is wrong with a row, as `code: message`
WORDS: Final = {name: f"__{name}" for name in ASKED}  # the columns with the words of a request
OUTCOME: Final = "__outcome"
LINE: Final = "__answer"
_OURS: Final = frozenset((DAMAGE, OUTCOME, LINE, "__place", *WORDS.values(), *(f"__{name}" for name in ANSWERED)))


class Damaged(Exception):
    """Polars read a CSV file otherwise than it is written."""


@dataclass
class CsvByteCheck:
    """
    The bytes of a CSV file compared with the cells that Polars read: each byte is in a cell, is a separator or a line end, or a quote.

    INVARIANT: Polars refuses a row that is too long. So every misreading changes the sum in one direction: a short row lacks separators
    that were counted, a carriage return inside a cell is counted twice. And there are as many rows as line ends outside of quotes.
    """

    size: int  # bytes after the header, the last line ended
    between: int  # of them, quotes that are no part of a cell, and carriage returns
    columns: int
    lines: int  # rows, counted in the bytes
    cells: int = 0  # bytes in cells
    rows: int = 0  # rows, as the engine read them

    def add(self, rows: int, cells: int) -> None:
        """A block that the engine has read."""
        self.rows += rows
        self.cells += cells

    @property
    def balanced(self) -> bool:
        """Whether every byte is accounted for: each cell is followed by a separator or a line's end."""
        return self.rows == self.lines and self.cells + self.rows * self.columns + self.between == self.size


@dataclass(frozen=True)
class Source:
    """
    A file that Polars can read.

    Attributes:
        rows: As the file's own bytes or its metadata say.
        fields: The column of each field of a request.
        worded: Whether the words stand in columns of their own (`WORDS`) already.
        encoding, bom, newline: How a CSV file is written; it is written likewise.
        twins: Whether its text has marks for characters of cp932 that came in their other code.
    """

    frame: pl.LazyFrame
    rows: int
    fields: dict[str, str] = field(default_factory=dict)
    worded: bool = False
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    twins: bool = False
    byte_check: CsvByteCheck | None = None
    mend: Callable[[], Source] | None = None  # what to read instead where the byte check fails

    @property
    def columns(self) -> list[str]:
        """The file's own columns."""
        return [name for name in self.frame.collect_schema().names() if name not in _OURS]

    def watched(self, listener: Listener | None, stage: str) -> Source:
        """The same source; each block that the engine reads is reported to the byte check and to the listener."""
        byte_check, done = self.byte_check, [0]
        if listener is None and byte_check is None:
            return self
        one_at_a_time = threading.Lock()

        def seen(block: pl.DataFrame) -> pl.DataFrame:
            cells = sum(int(column.str.len_bytes().sum()) for column in block.get_columns()) if byte_check else 0
            with one_at_a_time:
                done[0] += block.height
                if byte_check:
                    byte_check.add(block.height, cells)
                if listener:
                    listener(done[0], self.rows, stage)
            return block

        return replace(self, frame=self.frame.map_batches(seen, streamable=True))

    def read(self) -> Source:
        """The same source after its first reading. Raises Damaged where the byte check does not balance."""
        if self.byte_check is None:
            return self
        if not self.byte_check.balanced:
            raise Damaged
        return replace(self, byte_check=None)


def not_ours(name: str) -> None:
    """Raises BadRequest where a column has a name that the run itself needs."""
    if name in _OURS:
        raise BadRequest(f"列の名前 {shown(name)} は使えません", f"a column cannot be named {shown(name)}")


def damage(ja: str, en: str) -> str:
    """The error of a damaged row."""
    return f"damaged_row: {ja} / {en}"


def first_line(error: BaseException) -> str:
    """What another's error says, cut to a line."""
    return str(error).strip().split("\n")[0][:200]
