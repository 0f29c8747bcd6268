"""
A document's lines and a catalog → the lines that look like a row or a footnote, and of which the list has nothing.

Whoever reads a document by its catalog alone never sees what the catalog lacks: a row that was dropped, a sentence that was added below
a table. What an importer leaves out rightly (a hidden row, an example, the table of another edition) stands as `unread` in the manifest.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from assign.words import normal

from .manifest import BESIDE_CELLS, UNREAD, Manifest
from .model import Catalog
from .parts import ABSENT

_SEPARATORS: Final = ("\t", ",", ";")
_FOOTNOTE: Final = re.compile(r"(?:[※＊]|注[0-9０-９])[0-9０-９]*[\s:：、.．]*")
_FEWEST: Final = 3  # cells of a row: a number or a heading, a name, a mark


class Left(NamedTuple):
    """Numbers of lines: those that look like rows and are none, and the footnotes that nothing cites and no row shows."""

    rows: tuple[int, ...]
    notes: tuple[int, ...]


def cited(manifest: Manifest) -> frozenset[int]:
    """The lines that a legend or a designation of the list quotes."""
    legends = [*(line.legend for line in manifest.meanings), *(each.legend for each in manifest.designations)]
    return frozenset(legend.line for legend in legends if legend)


def left(catalog: Catalog, lines: Sequence[str], cited: Collection[int] = ()) -> Left:
    """What a list leaves of its document. `cited`: the lines that a legend, a designation or a rule quotes."""
    marks = _marks(catalog)
    separator = max(_SEPARATORS, key=lambda each: sum(task.raw.count(each) for task in catalog.tasks))
    taken = {*cited, *_of_rows(catalog, lines)}
    remarks = normal(" ".join(task.remark for task in catalog.tasks))
    rows, notes = [], []
    for number, line in enumerate(lines, start=1):
        if number in taken:
            continue
        cells = [cell for each in line.split(separator) if (cell := each.strip().strip('"').strip())]
        if len(cells) >= _FEWEST and not marks.isdisjoint(cells):
            rows.append(number)
        elif cells and (sign := _FOOTNOTE.match(cells[0])):
            said = normal(" ".join([cells[0][sign.end() :], *cells[1:]]))
            if not said or said not in remarks:
                notes.append(number)
    return Left(tuple(rows), tuple(notes))


def _marks(catalog: Catalog) -> frozenset[str]:
    """All that is printed in the columns of marks, or could be as far as the legend goes."""
    printed = {text for task in catalog.tasks for text in task.cells.values()}
    when = {text for line in catalog.manifest.meanings for name, text in line.when.items() if name not in BESIDE_CELLS}
    return frozenset(printed | when) - {"", UNREAD, ABSENT}


def _of_rows(catalog: Catalog, lines: Sequence[str]) -> Iterator[int]:
    """The lines on which a row stands; of a CSV a cell may go on, up to the line that closes its quotes."""
    for task in catalog.tasks:
        yield (at := task.line)
        odd = task.raw.count('"') % 2 and "line_break" in task.repairs
        while odd and at < len(lines):
            odd = lines[at].count('"') % 2 == 0
            yield (at := at + 1)
