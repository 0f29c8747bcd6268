"""
Tables of one list whose marks do not mean the same → one table of meanings.

A table that has its own legend gives its lines to its divisions alone, or, where it shares a division with another table, to its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Final

from assign.catalog.manifest import BESIDE_CELLS
from assign.catalog.parts import ABSENT
from assign.words import Meaning

from .document import Document
from .mapping import Mapping, Mark
from .meanings import Columns, Entry, meanings_of
from .rows import Printed

_OTHER_LEGEND: Final = {
    "ja": "この表の凡例に、この印の意味はありません",
    "en": "The legend of this table does not say what this mark means",
}


def distinct(mappings: Sequence[Mapping]) -> list[Mapping]:
    """Mappings of tables, those that read alike as one; the first is that of all tables."""
    first: dict[Hashable, Mapping] = {}
    return [first.setdefault(_reads(mapping), mapping) for mapping in mappings]


def _reads(mapping: Mapping) -> Hashable:
    both = mapping.parties
    combined = (both.both, both.neither, both.other) if both else ()
    marks = (*(mark for column in mapping.of_marks for mark in column.marks), *filter(None, combined))
    colours = mapping.colours
    looks = (colours.simple, *((each.look, each.said) for each in colours.listed)) if colours else ()
    notes = tuple((note.sign, note.sheet, note.text.text, note.text.line) for note in mapping.footnotes)
    return (*map(_means, marks), looks, notes)


def _means(mark: Mark) -> Hashable:
    because = tuple(mark.because.values()) if mark.because else ()
    quote = mark.legend
    return (
        mark.printed,
        mark.means,
        quote and (quote.text, quote.line),
        because,
        tuple(mark.acts.items()),
        mark.channel,
    )


def by_tables(
    base: Mapping,
    of_parts: Sequence[Mapping],
    columns: Columns,
    document: Document,
    rows: Sequence[tuple[str, Printed]],
) -> Iterator[Entry]:
    """
    The lines of the table of meanings.

    Args:
        base: The mapping of most tables; `of_parts`: that of each part.
        rows: With their ids.
    """
    common = [each for each in rows if of_parts[each[1].part] is base]
    lines = _lines(base, columns, document, common)
    yield from lines
    for own in {id(each): each for each in of_parts if each is not base}.values():
        mine = [each for each in rows if of_parts[each[1].part] is own]
        others = {row.division for _, row in rows if of_parts[row.part] is not own}
        divisions = dict.fromkeys(row.division for _, row in mine)
        if set(divisions) & others:
            for key, row in mine:
                table = _lines(own, columns, document, [(key, row)])
                met = _met(columns, [row])
                said = [*filter(met, table), *_unsaid(lines, table, met)]
                yield from ({**line, "when": {"row": key, **line["when"]}} for line in said)
            continue
        for division in divisions:
            of = [each for each in mine if each[1].division == division]
            table = _lines(own, columns, document, of)
            for line in (*table, *_unsaid(lines, table, _met(columns, [row for _, row in of]))):
                yield line if "row" in line["when"] else {**line, "when": {"division": division, **line["when"]}}


def _lines(mapping: Mapping, columns: Columns, document: Document, rows: Sequence[tuple[str, Printed]]) -> list[Entry]:
    return meanings_of(mapping, columns, document, [row for _, row in rows], [key for key, _ in rows])


def _met(columns: Columns, rows: Sequence[Printed]) -> Callable[[Entry], bool]:
    """Whether a line can be about what is printed in rows."""
    printed: dict[str, set[str]] = {}
    for row in rows:
        for at, text in row.marks.items():
            printed.setdefault(columns.key[at], set()).add(text)

    def met(line: Entry) -> bool:
        cells = ((name, text) for name, text in line["when"].items() if name not in BESIDE_CELLS)
        return all(text == ABSENT or text in printed.get(name, ()) for name, text in cells)

    return met


def _unsaid(common: Sequence[Entry], own: Sequence[Entry], met: Callable[[Entry], bool]) -> Iterator[Entry]:
    """Of what the others' legend says and a table's own does not, that it is not said."""
    said = [line["when"] for line in own]
    for line in common:
        if "row" not in line["when"] and line["when"] not in said and met(line):
            yield {"when": dict(line["when"]), "means": str(Meaning.UNDEFINED), "because": _OTHER_LEGEND}
