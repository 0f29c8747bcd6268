"""
An edition of a file → the lines of the document that may speak for it: its own sheets and parts, and what belongs to no edition.

Two lists in one file each have their own legend. A sentence that stands in the other list explains the other list's marks, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .document import Document
from .mapping import Edition, Mapping, Part
from .sheets import Row, Sheet, Source, like


class Scope(NamedTuple):
    """
    Lines of the document.

    Attributes:
        own: Of the edition's own sheets. shared: Of what belongs to no edition.
        headers: Of both, those of the tables' headers.
        below: Those of `shared` that stand below another list's table: it may be that list's own legend.
    """

    own: frozenset[int]
    shared: frozenset[int]
    headers: frozenset[int]
    below: frozenset[int]

    @property
    def lines(self) -> frozenset[int]:
        """All that may be cited."""
        return self.own | self.shared


def scope_of(source: Source, document: Document, mapping: Mapping, edition: Edition) -> Scope:
    """Which lines may speak for an edition."""
    own: set[int] = set()
    shared: set[int] = set()
    headers: set[int] = set()
    below: set[int] = set()
    for sheet in source.sheets:
        parts = [(each, part) for each in mapping.editions for part in each.parts if is_of(sheet, part, mapping)]
        others = any(each is not edition for each, _ in parts)
        mine = any(each is edition for each, _ in parts)
        if others and not mine:
            continue
        above: Edition | None = None
        for row in sheet.rows:
            line = document.at[sheet.name, row.number]
            of = [(each, part) for each, part in parts if holds(part, row)]
            if any(in_header(part, row) for _, part in of):
                headers.add(line)
            if of:
                above = of[0][0]
            if not parts:
                shared.add(line)
            elif not others or any(each is edition for each, _ in of):
                own.add(line)
            elif not of:
                shared.add(line)
                if above is not None and above is not edition:
                    below.add(line)
    if len(mapping.editions) == 1:  # there is no other whose words they could be
        shared |= set(range(1, len(document.lines) + 1)) - own
    return Scope(frozenset(own), frozenset(shared), frozenset(headers), frozenset(below))


def is_of(sheet: Sheet, part: Part, mapping: Mapping) -> bool:
    """Whether a part stands in a sheet: the one it names, or, of those that no part names, one that is like it and is seen."""
    if part.sheet in ("", sheet.name):
        return True
    named = {each.sheet for edition in mapping.editions for each in edition.parts}
    return like(sheet.name, part.sheet) and not sheet.hidden and sheet.name not in named


def holds(part: Part, row: Row) -> bool:
    """Whether a row stands in a part, its header included."""
    number = row.number_in(part.sheet)
    return in_header(part, row) or (number >= part.first and (not part.last or number <= part.last))


def in_header(part: Part, row: Row) -> bool:
    """Whether a row is of a part's header."""
    return part.header[0] <= row.number_in(part.sheet) <= part.header[1]


def sheets_of(source: Source, mapping: Mapping, part: Part) -> Iterator[tuple[list[Row], str]]:
    """The rows of each sheet that a part names; without a name, those of the whole file."""
    if not part.sheet:
        if len(source.sheets) > 1 and source.kind not in ("text", "csv", "pdf"):
            raise part.node.fail(
                "シートが2つ以上あります（`sheet` にシートの名前を書いてください）",
                "there are several sheets (write the name of one as `sheet`)",
                [sheet.name for sheet in source.sheets][:8],
            )
        yield (
            [row for sheet in source.sheets for row in sheet.rows],
            source.sheets[0].name if len(source.sheets) == 1 else "",
        )
        return
    for sheet in source.sheets:
        if is_of(sheet, part, mapping):
            yield list(sheet.rows), sheet.name
