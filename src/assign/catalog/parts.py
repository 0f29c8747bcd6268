"""
What a manifest is made of: divisions, channels, columns, documents, the lines of the table of meanings, and what one of them says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from assign.words import Bilingual, Meaning


class Division(NamedTuple):
    """A part of the list, most often a sheet. `desk` takes over what is the city's; `printed` is its heading in the document."""

    key: str
    label: Bilingual
    names: tuple[str, ...]
    desk: Bilingual
    printed: str


class Channel(NamedTuple):
    """Where or how the work is done. `kind` is one of `CHANNEL_KINDS`; `printed` is its heading in the document."""

    key: str
    label: Bilingual
    names: tuple[str, ...]
    kind: str
    printed: str

    @property
    def words(self) -> tuple[str, ...]:
        """What the list calls it."""
        return (self.label["ja"], *self.names)


class Column(NamedTuple):
    """
    A printed column: one cell a row, or one for each channel, or one for each of `acts`. `blank` is what an empty cell is called.
    `channel`: it speaks of that channel alone. `same`: the acts that share a printed cell with another, each with that one.
    `headings`: of its acts, what is printed above the cell of each; tables may differ in it.
    """

    key: str
    label: Bilingual
    per: str
    acts: tuple[str, ...]
    blank: Bilingual
    printed: str
    channel: str
    same: Mapping[str, str]
    headings: Mapping[str, Sequence[str]]


class Effective(NamedTuple):
    """The first day of the list and its last, both among its days; no last day: until another edition begins, if one does."""

    since: date
    until: date | None

    def plain(self) -> dict[str, str | None]:
        """As JSON gives it."""
        return {"since": self.since.isoformat(), "until": None if self.until is None else self.until.isoformat()}


SHEET: Final = "== "  # begins the line that names a sheet, in a text that was made of several


class SheetOf(NamedTuple):
    """A sheet of a workbook, or a page, of which a text was made: its rows stand on the lines after `line`."""

    name: str
    line: int


class Document(NamedTuple):
    """
    A file that the list was read from, and its SHA-256 in hexadecimal. `sheets`: of a text that was made of a workbook, in its order.

    `unread`: its lines that look like a row or a footnote of the list, and rightly are none.
    """

    file: str
    sha256: str
    sheets: tuple[SheetOf, ...] = ()
    unread: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON and the manifest give it."""
        sheets = {"sheets": [sheet._asdict() for sheet in self.sheets]} if self.sheets else {}
        unread = {"unread": list(self.unread)} if self.unread else {}
        return {"file": self.file, "sha256": self.sha256, **sheets, **unread}

    def printed_at(self, line: int) -> tuple[str, int] | None:
        """The sheet and the row of a line; None where the text is the file itself."""
        found = next((sheet for sheet in reversed(self.sheets) if sheet.line < line), None)
        return (found.name, line - found.line) if found else None


class Legend(NamedTuple):
    """A line of a document, and what it says as an English clause."""

    document: str
    line: int
    text: str
    en: str


class Designation(NamedTuple):
    """
    An act that a designated person does with public money where the list gives it away, and the list's own words for that.

    `rows`: what a row's own remark says holds for that row alone; none: the words are about the whole list.
    """

    act: str
    legend: Legend
    rows: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Line:
    """
    A line of the table of meanings; it is what it is by itself, and no two are alike.

    `when` names the cells that it is about, by column, and may name a row, a division, a channel and an act. Either `legend` is what the
    document says, or `because` is how the city reads it. `third_party`: whom the cell names, who is neither the contractor nor the city:
    who does it at this counter is then open, whatever the act. `asks`: what is asked where that is not what the mark means.
    """

    when: Mapping[str, str]
    means: Meaning
    legend: Legend | None
    because: Bilingual | None
    third_party: str = ""
    asks: Bilingual | None = None

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """How much it names: a line on one row goes before all others, then one on a division, then one on an act."""
        return "row" in self.when, "division" in self.when, "act" in self.when, len(self.when)

    @property
    def says(self) -> tuple[Meaning, Legend | None]:
        """What two lines of one rank must agree in."""
        return self.means, self.legend


class Said(NamedTuple):
    """What the list says of a row on a channel, for an act or for the work as a whole: the cells read, and the line that reads them."""

    meaning: Meaning
    line: Line
    cells: tuple[tuple[str, str], ...]  # (column, what is printed), in the order of the columns
    named: bool  # whether the list prints an answer for this very act


_NOT_IN_THE_LEGEND: Final = {"ja": "この印の意味は凡例にありません", "en": "The legend does not say what this means"}
_NOT_READ: Final = {
    "ja": "この欄に何が印字されているかを、文字データからは決められません",
    "en": "The text cannot tell what is printed in this cell",
}
_DIVIDED: Final = {"ja": "一覧は行為ごとに担当を分けています", "en": "The list divides this work by acts"}
_SILENT: Final = {
    "ja": "一覧にこの行為の欄はなく、だれが行うかを言っていません",
    "en": "The list has no column for this act, and does not say who does it",
}
_NO_COLUMN: Final = {
    "ja": "この区分の表にこの欄はなく、だれが行うかを言っていません",
    "en": "The table of this division has no such column, and does not say who does it",
}
ABSENT: Final = (
    "(欄なし)"  # stands in a cell of the catalog where the table that the row is printed in has no such column
)
_PART_OF_IT: Final = {
    "ja": "この行為は、この行の業務に含まれますか。含まれるなら、だれが行いますか。",
    "en": "Is this act part of this row's work? If it is, who does it?",
}
_DONE_THERE: Final = {
    "ja": "この区分の業務をこの欄の場や行為で扱いますか。扱うなら、だれが行いますか。",
    "en": "Is work of this division done so? If it is, who does it?",
}
UNDEFINED: Final = Line({}, Meaning.UNDEFINED, None, _NOT_IN_THE_LEGEND)
UNREADABLE: Final = Line({}, Meaning.UNREADABLE, None, _NOT_READ)
# Of an act, where the list answers for others and for them alone.
SILENT: Final = Line({}, Meaning.UNDEFINED, None, _SILENT, asks=_PART_OF_IT)
DIVIDED: Final = Line({}, Meaning.PART_DIVIDED, None, _DIVIDED)
NO_COLUMN: Final = Line({}, Meaning.UNDEFINED, None, _NO_COLUMN, asks=_DONE_THERE)
