"""
A file as a frame that the engine can read, with what is known of it: its rows, its fields, how its CSV was written.
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
    """The engine read a CSV file otherwise than it stands there."""


@dataclass
class Account:
    """
    Every byte of a CSV file against every cell that the engine read: each is in a cell, or between two, or a quote.

    INVARIANT: the engine refuses a row that is too long. So whatever is amiss adds to one side: a short row lacks
    separators that are reckoned with, a carriage return inside a cell is reckoned twice. And the rows are as many as the
    line ends outside of quotes.
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
    account: Account | None = None
    mend: Callable[[], Source] | None = None  # what to read instead, should the engine find it damaged

    @property
    def columns(self) -> list[str]:
        """The file's own columns."""
        return [name for name in self.frame.collect_schema().names() if name not in _OURS]

    def watched(self, listener: Listener | None, stage: str) -> Source:
        """The same source, each block told to the account and to the listener as the engine reads it."""
        account, done = self.account, [0]
        if listener is None and account is None:
            return self
        one_at_a_time = threading.Lock()

        def seen(block: pl.DataFrame) -> pl.DataFrame:
            cells = sum(int(column.str.len_bytes().sum()) for column in block.get_columns()) if account else 0
            with one_at_a_time:
                done[0] += block.height
                if account:
                    account.add(block.height, cells)
                if listener:
                    listener(done[0], self.rows, stage)
            return block

        return replace(self, frame=self.frame.map_batches(seen, streamable=True))

    def read(self) -> Source:
        """The same source after its first reading. Raises Damaged where bytes are not accounted for."""
        if self.account is None:
            return self
        if not self.account.balanced:
            raise Damaged
        return replace(self, account=None)


def not_ours(name: str) -> None:
    """Raises BadRequest where a column has a name that the run itself needs."""
    if name in _OURS:
        raise BadRequest(f"列の名前 {shown(name)} は使えません", f"a column cannot be named {shown(name)}")


def damage(ja: str, en: str) -> str:
    """What is wrong with a row that is none."""
    return f"damaged_row: {ja} / {en}"
