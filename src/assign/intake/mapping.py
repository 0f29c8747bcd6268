"""
`Mapping`: how one printed list is to be read, as a person who holds it has said it in a file (`mapping_file` reads it).

Which lines are rows, what each column is, and for each printed mark of a column what it means, with the sentence of the legend that
says so. Nothing has a default that could give work away: a blank cell has its meaning written down, or the mapping is refused; what
is printed and not written down is undefined, and so stays with the city.
"""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from typing import Any, Final, NamedTuple

from assign.words import Bilingual, Meaning
from assign.yaml_nodes import Node

from .looks import Colours

CELLS: Final = ("in_columns", "shifted", "printed_form")
ROLES: Final = (
    *("number", "branch", "number_and_name", "name", "section", "group", "division", "remark", "mark", "quantity", "ignored"),
)  # fmt: skip
PARTIES: Final = ("contractor", "city", "other")
AS_ROW: Final = "as_row"  # of a channel's or an act's cell: what the row's own mark says
AS_ABOVE: Final = "as_above"  # what the row above says in the same column
AS_CHANNEL: Final = "as_channel"  # what the row says on another channel
DOES: Final = "does"  # of a party's cell
DOES_NOT: Final = "does_not"
MEANS: Final = (
    *(str(each) for each in Meaning if each is not Meaning.UNREADABLE),
    *(AS_ROW, AS_ABOVE, AS_CHANNEL, DOES, DOES_NOT),
)
MERGED: Final = ("holds_for_all", "holds_for_first")
LEVELS: Final = ("division", "section", "group", "none")
HOLDERS: Final = ("city", "wide_area_union", "minister")
OTHERS: Final = ("as_elsewhere",)
OF_PART: Final = "of_part"  # in place of a column's channel: the tables say it, each under its own heading
UNSETTLED: Final = ("unsettled", "last_column")


class Quote(NamedTuple):
    """A sentence of the list's own legend, and where it stands, if that was said. `en`: what it says, as an English clause."""

    text: str
    en: str
    line: int
    node: Node


class Mark(NamedTuple):
    """
    What is printed (nothing: a blank cell) → what it means.

    Attributes:
        acts: What it means for single acts, where the legend says so.
        channel: Of a mark that means what stands on another channel, that one.
    """

    printed: str
    means: str
    legend: Quote | None
    because: Bilingual | None
    acts: Mapped[str, str]
    node: Node
    channel: str = ""


class Column(NamedTuple):
    """
    A printed column.

    Attributes:
        place: From 1; 0 where it is found by its header.
        header: What is printed above it; of two rows, both with `/` between.
        key: What it is called in the manifest, where that was said.
        marks: Of a column of marks, each mark that it can hold, a blank cell among them.
        set: The name of its set of marks; empty where they stand in the column itself.
        rest: Whether what stands behind a mark in its cell is no part of it, and goes into the remark.
        node: Where it stands in the mapping.
        above: Of a column of remarks, what stands for the remark of the row above.
        of_part: Whether it is of its channel in the tables of that channel alone.
    """

    place: int
    header: str
    role: str
    key: str
    label: Bilingual | None
    blank: Bilingual | None
    channel: str
    acts: tuple[str, ...]
    party: str
    marks: tuple[Mark, ...]
    set: str
    rest: bool
    node: Node
    above: Mark | None = None
    of_part: bool = False


class Part(NamedTuple):
    """
    Some lines of the file that are a table. Numbers are a sheet's rows; without a sheet, lines of the file. `last` 0: to its end.
    `marks`: by sets, the marks of a table that has a legend of its own, and `others`: whether those that it does not have mean what they
    mean in the list; `parties`, `colours` and `footnotes` are its own as well. `channel`: the one that all of it is of.
    """

    sheet: str
    header: tuple[int, int]  # 0, 0: it has none
    first: int
    last: int
    marks: Mapped[str, tuple[Mark, ...]]
    parties: Both | None
    colours: Colours | None
    others: bool
    footnotes: tuple[Footnote, ...]
    node: Node
    channel: str = ""

    @property
    def has_its_own(self) -> bool:
        """Whether anything means something else in it."""
        return bool(self.marks or self.footnotes) or self.parties is not None or self.colours is not None


class Division(NamedTuple):
    """A division, what is printed where it begins (a sheet's name, a heading row, a cell), and whose authority it is."""

    plain: Mapped[str, Any]
    key: str
    printed: tuple[str, ...]
    holder: str


class Edition(NamedTuple):
    """
    One list of the file: what is printed in it, and when it holds.

    Attributes:
        folder: Of two lists, the name of its folder.
        marks: By sets, the marks that mean something else in this list.
    """

    folder: str
    name: str
    effective: Any
    parts: tuple[Part, ...]
    marks: Mapped[str, tuple[Mark, ...]]


class Both(NamedTuple):
    """What it means that both parties, or neither, have a mark. `by_remark`: whether a remark that says whose part is what divides the work."""

    both: Mark
    neither: Mark
    by_remark: bool
    names: Mapped[str, tuple[str, ...]]
    node: Node
    other: Mark | None = None  # where another party's column alone has a mark


class Footnote(NamedTuple):
    """A sign at a mark or a name, and the sentence that stands for it."""

    sign: str
    text: Quote
    sheet: str  # the sheet whose signs it explains; empty: those of every sheet that may have it


class Designation(NamedTuple):
    """A paper by which somebody may take public money for the city; the act that it is about."""

    act: str
    text: Quote


class Mapping(NamedTuple):
    """All of it."""

    file: str
    confirmed: bool
    title: Bilingual
    cells: str
    editions: tuple[Edition, ...]
    skip: tuple[str, ...]
    heading_rows: tuple[tuple[str, str], ...]  # (pattern, level)
    divisions: tuple[Division, ...]
    channels: tuple[Mapped[str, Any], ...]
    columns: tuple[Column, ...]
    parties: Both | None
    meanings: tuple[Mapped[str, Any], ...]
    footnotes: tuple[Footnote, ...]
    third_parties: tuple[str, ...]
    designations: tuple[Designation, ...]
    merged_marks: str
    colours: Colours | None
    past_last_column: str
    under_channels: Bilingual | None
    root: Node
    comments: Mark | None = (
        None  # what says that comments on cells are no part of the list; else each is shown with its row's answers
    )

    @property
    def elsewhere(self) -> list[Mapped[str, tuple[Mark, ...]]]:
        """The marks, by sets, that mean something else in an edition or a table."""
        return [own for edition in self.editions for own in (edition.marks, *(part.marks for part in edition.parts))]

    @property
    def signs(self) -> list[str]:
        """The signs of its footnotes."""
        return [note.sign for note in self.footnotes]

    @property
    def of_marks(self) -> list[Column]:
        """The columns of marks, in the order of print."""
        return [column for column in self.columns if column.role == "mark"]
