"""
Columns of several tables that fill one cell of the catalog, each with marks of its own → one set of marks, and tables with their own legend.

One sheet may say ○ and × under 窓口, and another 委託 and 直営: in the catalog both are the counter's cell. Of a table whose column has
another set than the first such column, that set is the table's own legend (`Part.marks`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assign.words import Meaning

from .header import headers, placed
from .mapping import Column, Edition, Mark, Part
from .mapping import Mapping as TheMapping
from .rows import headings
from .scope import in_header, sheets_of
from .sheets import Source


def with_one_set(source: Source, mapping: TheMapping, edition: Edition) -> tuple[TheMapping, Edition]:
    """The mapping and an edition of it; two such columns in one table are left as they are, to be refused."""
    first = _firsts(mapping.of_marks)
    groups = {at: first.get(at, at) for at in (*first, *first.values())}
    if not groups:
        return mapping, edition
    columns = list(mapping.of_marks)
    elsewhere = headings(source, mapping)
    parts = []
    for part in edition.parts:
        of = {}
        for at in _there(source, mapping, part, elsewhere):
            if at not in groups:
                continue
            name = _name(groups[at])
            if name in of:
                return mapping, edition
            if at in first:
                of[name] = _all(_own(columns[at], part, edition), columns[first[at]].marks)
            elif columns[at].set in part.marks:
                of[name] = part.marks[columns[at].set]
        parts.append(part._replace(marks={**part.marks, **of}))
    of_edition = {
        _name(at): edition.marks[columns[at].set] for at in groups.values() if columns[at].set in edition.marks
    }
    made = edition._replace(parts=tuple(parts), marks={**edition.marks, **of_edition})
    for at, base in groups.items():
        columns[at] = columns[at]._replace(set=_name(base), marks=columns[base].marks)
    new = iter(columns)
    return mapping._replace(
        columns=tuple(next(new) if column.role == "mark" else column for column in mapping.columns),
        editions=tuple(made if each is edition else each for each in mapping.editions),
    ), made


def _name(at: int) -> str:
    """What the set of a cell is called, by its first column; no set of a mapping file is called so."""
    return f"cell of column {at + 1}"


def _firsts(columns: Sequence[Column]) -> dict[int, int]:
    """Of each column that fills the cell of an earlier one, the place of the first; of cells whose columns all have the same marks none."""
    found: dict[int, int] = {}
    for at, column in enumerate(columns):
        same = (other for other, earlier in enumerate(columns[:at]) if _one_cell(column, earlier))
        if (other := next(same, None)) is not None:
            found[at] = found.get(other, other)
    apart = {base for at, base in found.items() if _differ(columns[at], columns[base])}
    return {at: base for at, base in found.items() if base in apart}


def _one_cell(one: Column, other: Column) -> bool:
    acts = set(one.acts) & set(other.acts) if one.acts else not other.acts
    apart = one.channel or one.acts  # a row's own marks stand in columns of their own
    return bool(apart and acts) and (one.party, one.channel) == (other.party, other.channel)


def _differ(one: Column, other: Column) -> bool:
    return bool(one.header and other.header) and _plain(one.marks) != _plain(other.marks)


def _plain(marks: Sequence[Mark]) -> list[tuple[object, ...]]:
    """Marks without where each stands in the mapping."""
    return [(*mark[:2], mark.legend and mark.legend[:3], *mark[3:5], mark.channel) for mark in marks]


def _there(source: Source, mapping: TheMapping, part: Part, elsewhere: Collection[str]) -> list[int]:
    """The columns of marks that the tables of a part have."""
    found: set[int] = set()
    for rows, _ in sheets_of(source, mapping, part):
        printed = headers([row for row in rows if in_header(part, row)])
        shifted = mapping.cells == "shifted"
        where = placed(mapping.columns, printed, elsewhere, channel=part.channel, shifted=shifted)
        found |= {at for at, _ in where.marks}
    return sorted(found)


def _own(column: Column, part: Part, edition: Edition) -> tuple[Mark, ...]:
    """The marks of a column as a table means them."""
    found = {mark.printed: mark for mark in (*column.marks, *edition.marks.get(column.set, ()))}
    if column.set in part.marks:
        found = found if part.others else {}
        found |= {mark.printed: mark for mark in part.marks[column.set]}
    return tuple(found.values())


def _all(own: tuple[Mark, ...], base: Sequence[Mark]) -> tuple[Mark, ...]:
    """A table's own marks, and that the others of the set mean nothing in it."""
    known = {mark.printed for mark in own}
    none = (
        mark._replace(means=str(Meaning.UNDEFINED), legend=None, because=None, acts={}, channel="") for mark in base
    )
    return (*own, *(mark for mark in none if mark.printed not in known))
