"""
Columns of several tables that fill one cell of the catalog, each with marks of its own → one set of marks, and tables with their own legend.

One sheet may say ○ and × under 窓口, and another 委託 and 直営: in the catalog both are the counter's cell. Of a table whose column has
another set than the first such column, that set is the table's own legend (`Part.marks`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assign.words import Meaning

from .header import headers, placed
from .mapping import Column, Edition, Mark, Part
from .mapping import Mapping as TheMapping
from .rows import headings
from .scope import in_header, sheets_of
from .sheets import Source


def with_one_set(source: Source, mapping: TheMapping, edition: Edition) -> tuple[TheMapping, Edition]:
    """The mapping and an edition of it; columns whose sets cannot be told apart by their tables are left as they are, to be refused."""
    first = dict(_firsts(mapping.of_marks))
    if not first:
        return mapping, edition
    sets = {at: column.set or f"column on line {column.node.line}" for at, column in enumerate(mapping.of_marks)}
    marks = [column.marks for column in mapping.of_marks]
    tables = [_there(source, mapping, part) for part in edition.parts]
    parts = []
    for part, there in zip(edition.parts, tables, strict=True):
        own = {at: _own(marks[at], sets[at], part, edition) for at in there if at in first}
        of = {sets[first[at]]: _all(own[at], marks[first[at]]) for at in own}
        shared = any(at not in first and sets[at] in of for at in there)
        if shared or any(_plain(own[at]) != _plain(of[sets[first[at]]][: len(own[at])]) for at in own):
            return mapping, edition
        parts.append(part._replace(marks={**part.marks, **of}))
    columns = iter(
        column._replace(set=sets[first.get(at, at)], marks=marks[first.get(at, at)])
        for at, column in enumerate(mapping.of_marks)
    )
    made = edition._replace(parts=tuple(parts))
    return mapping._replace(
        columns=tuple(next(columns) if column.role == "mark" else column for column in mapping.columns),
        editions=tuple(made if each is edition else each for each in mapping.editions),
    ), made


def _firsts(columns: Sequence[Column]) -> Iterator[tuple[int, int]]:
    """Of each column that fills the cell of an earlier one and has other marks, the place of both."""
    for at, column in enumerate(columns):
        for other, earlier in enumerate(columns[:at]):
            same = (column.party, column.channel) == (earlier.party, earlier.channel)
            acts = set(column.acts) & set(earlier.acts) if column.acts else not earlier.acts
            if same and acts and column.channel + "".join(column.acts) and _differ(column, earlier):
                yield at, other
                break


def _differ(one: Column, other: Column) -> bool:
    return bool(one.header and other.header) and _plain(one.marks) != _plain(other.marks)


def _plain(marks: Sequence[Mark]) -> list[tuple[object, ...]]:
    """Marks without where each stands in the mapping."""
    return [(*mark[:2], mark.legend and mark.legend[:3], *mark[3:5], mark.channel) for mark in marks]


def _there(source: Source, mapping: TheMapping, part: Part) -> list[int]:
    """The columns of marks that the tables of a part have."""
    elsewhere, found = headings(source, mapping), set()
    for rows, _ in sheets_of(source, mapping, part):
        printed = headers([row for row in rows if in_header(part, row)])
        shifted = mapping.cells == "shifted"
        where = placed(mapping.columns, printed, elsewhere, channel=part.channel, shifted=shifted)
        found |= {at for at, _ in where.marks}
    return sorted(found)


def _own(marks: Sequence[Mark], name: str, part: Part, edition: Edition) -> tuple[Mark, ...]:
    """The marks of a column as a table means them."""
    found = {mark.printed: mark for mark in (*marks, *edition.marks.get(name, ()))}
    if name in part.marks:
        found = found if part.others else {}
        found |= {mark.printed: mark for mark in part.marks[name]}
    return tuple(found.values())


def _all(own: tuple[Mark, ...], base: Sequence[Mark]) -> tuple[Mark, ...]:
    """A table's own marks, and that the others of the set mean nothing in it."""
    known = {mark.printed for mark in own}
    none = (
        mark._replace(means=str(Meaning.UNDEFINED), legend=None, because=None, acts={}, channel="") for mark in base
    )
    return (*own, *(mark for mark in none if mark.printed not in known))
