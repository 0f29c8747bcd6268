"""
The manifest of a list: its documents, divisions and channels, its printed columns, and what their cells mean.

What a cell means is a closed word of the engine (`Meaning`). It is worked out here, from the cells as printed, by a small
decision table of the list's own: of the lines whose conditions all hold, the one that names most; lines that name as many
and do not say the same are refused when the list is read. The engine never sees a glyph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from assign.errors import UnknownChannel, UnknownDivision
from assign.words import LONGEST, Bilingual, Choices, Meaning, normal, once

from .parts import (
    ABSENT,
    DIVIDED,
    NO_COLUMN,
    SILENT,
    UNDEFINED,
    UNREADABLE,
    Channel,
    Column,
    Designation,
    Division,
    Document,
    Effective,
    Legend,
    Line,
    Said,
)

FILE: Final = "manifest.yaml"
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNREAD: Final = "?"  # stands in a cell of the catalog where the text cannot tell what is printed
CHANNEL_KINDS: Final = ("counter", "back_office", "mail", "phone", "online", "other")
PER: Final = ("row", "channel", "act")
ON_THE_PHONE: Final = "phone"  # of the table of acts
# What a line of the table of meanings may name beside printed cells.
BESIDE_CELLS: Final = ("row", "division", "channel", "act")
# What a paper of designation can give away: taking and paying out public money (地方自治法243条の2), and no act beside.
DESIGNABLE: Final = ("collect_cash", "pay_cash")


@dataclass(frozen=True, eq=False, repr=False)
class Manifest:
    """All of it, in the file's order, and the file's bytes. `effective`: on which days the list is in force, where it is known."""

    title: Bilingual
    edition: str
    effective: Effective | None
    documents: tuple[Document, ...]
    divisions: Mapping[str, Division]
    channels: Mapping[str, Channel]
    columns: tuple[Column, ...]
    meanings: tuple[Line, ...]
    designations: tuple[Designation, ...]
    data: bytes

    @once
    def _designated(self) -> Mapping[tuple[str, str], Designation]:
        return {(each.act, row): each for each in self.designations for row in each.rows or ("",)}

    def designation(self, act: str, row: str) -> Designation | None:
        """What the list says of who is designated for an act, of a row or of all of them; None: it says nothing."""
        return self._designated.get((act, row)) or self._designated.get((act, ""))

    @property
    def turns(self) -> tuple[date, ...]:
        """The days on which the list begins and on which it no longer is in force, as far as it says them."""
        if self.effective is None:
            return ()
        since, until = self.effective
        return (since, until + timedelta(days=1)) if until is not None and until < date.max else (since,)

    @once
    def cells(self) -> tuple[str, ...]:
        """The catalog's columns of printed cells, in its order: `mark`, `counter`, …; of an act's column `KEY.ACT`."""
        return tuple(dict.fromkeys(name for column in self.columns for name in self._of_column(column)))

    def _of_column(self, column: Column) -> Iterator[str]:
        """The catalog's cells of a column."""
        by_channel = column.per == "channel"
        for channel, act in product(self.channels if by_channel else ("",), column.acts or ("",)):
            yield self.cell(column, channel, act)

    def of_table(self, cells: Mapping[str, str]) -> tuple[Column, ...]:
        """The columns of the table that a row is printed in: all but those of which the row has no cell."""
        if ABSENT not in cells.values():
            return self.columns
        absent = frozenset(name for name, text in cells.items() if text == ABSENT)
        found = self._of_table.get(absent)
        if found is None:
            there = (column for column in self.columns if not absent.issuperset(self._of_column(column)))
            found = self._of_table[absent] = tuple(there)
        return found

    @once
    def _of_table(self) -> dict[frozenset[str], tuple[Column, ...]]:
        return {}

    def cell(self, column: Column, channel: str, act: str | None) -> str:
        """What the catalog calls the cell of a column on a channel, for an act; of the only column by channel, as the channel."""
        if column.per == "channel":
            alone = sum(each.per == "channel" for each in self.columns) == 1
            return channel if alone else f"{column.key}.{channel}"
        return f"{column.key}.{column.same.get(act or '', act)}" if column.per == "act" else column.key

    @once
    def printed_acts(self) -> tuple[str, ...]:
        """The acts for which the list prints an answer of their own, in its order."""
        columns = [act for column in self.columns for act in column.acts]
        return tuple(dict.fromkeys([*columns, *(line.when["act"] for line in self.meanings if "act" in line.when)]))

    @once
    def act_headings(self) -> Mapping[str, tuple[str, ...]]:
        """What is printed above cells of acts, as it is compared, and the acts that it names in this list."""
        return self._headings(lambda _: True)

    def headings_of(self, rows: Sequence[Mapping[str, str]]) -> Mapping[str, tuple[str, ...]]:
        """The same, where a heading names other acts in other tables, as the tables of some rows mean it; `rows`: their cells."""
        if not any(ABSENT in cells.values() for cells in rows):
            return self.act_headings
        there = self._headings(lambda cell: any(cells[cell] != ABSENT for cells in rows))
        return {**self.act_headings, **there}

    def _headings(self, there: Callable[[str], bool]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for column in self.columns:
            for act, headings in column.headings.items():
                for word in {normal(part) for each in headings for part in (each, each.rpartition("/")[2])}:
                    if there(self.cell(column, "", act)):
                        found[word] = tuple(dict.fromkeys((*found.get(word, ()), act)))
        return found

    def mark_sides(self, row: str, cells: Mapping[str, str]) -> Mapping[str, bool | None]:
        """What is printed in cells, as the table of a row means it: whether that leaves work with the city; None where cells differ in it."""
        whose = {"row": row, "division": division_of(row)}
        table = frozenset(column.key for column in self.of_table(cells))
        key = row if row in self._rows_named else whose["division"], table
        found = self._mark_sides.get(key)
        if found is None:
            of_table = [line for line in self.meanings if table.issuperset(self._cells_of(line))]
            own, common = (
                self._sides([line for line in of_table if self._is_of(line, whose) is named]) for named in (True, False)
            )
            found = self._mark_sides[key] = {**common, **own}
        return found

    @once
    def _mark_sides(self) -> dict[Any, Mapping[str, bool | None]]:
        return {}

    @staticmethod
    def _cells_of(line: Line) -> dict[str, str]:
        """The printed cells that a line names, without those that a table lacks."""
        return {name: text for name, text in line.when.items() if name not in BESIDE_CELLS and text != ABSENT}

    @staticmethod
    def _is_of(line: Line, whose: Mapping[str, str]) -> bool | None:
        """Whether a line names a row or its division; None: it names another."""
        named = {name: line.when[name] for name in whose if name in line.when}
        return bool(named) if named.items() <= whose.items() else None

    def _sides(self, lines: Sequence[Line]) -> dict[str, bool | None]:
        """By lines on the work as a whole; of a mark that has none by those on acts."""
        of_acts: dict[str, set[bool]] = {}
        of_work: dict[str, set[bool]] = {}
        for line in lines:
            into = of_acts if "act" in line.when else of_work
            for text in self._cells_of(line).values():
                if text not in ("", UNREAD):
                    into.setdefault(text, set()).add(line.means is not Meaning.CONSIGNED)
        return {text: sides.pop() if len(sides) == 1 else None for text, sides in {**of_acts, **of_work}.items()}

    def has_its_place(self, act: str) -> bool:
        """Whether an act is answered by the cells of one channel, whichever is asked about."""
        return act == ON_THE_PHONE and self._telephone != ""

    def place_of(self, act: str | None, channel: str) -> str:
        """The channel whose cells speak of an act: of what is done on the telephone that of the telephone, where the list has one."""
        if act != ON_THE_PHONE or self.channels[channel].kind == "phone":
            return channel
        return self._telephone or channel

    @once
    def _telephone(self) -> str:
        """The first channel on the telephone; empty where the list has none."""
        return next((each.key for each in self.channels.values() if each.kind == "phone"), "")

    def place(self, document: str, lines: Sequence[int]) -> Bilingual | None:
        """Where lines of a text that was made of a workbook are printed: the sheet and its rows; None of a text that is the file itself."""
        of = next((each for each in self.documents if each.file == document), None)
        found = [of.printed_at(line) if of else None for line in lines]
        at = [each for each in found if each is not None]
        if len(at) < len(lines):
            return None
        sheets = dict.fromkeys(sheet for sheet, _ in at)
        return {
            "ja": "、".join(f"「{name}」{'・'.join(str(row) for of, row in at if of == name)}行" for name in sheets),
            "en": ", ".join(f"{name}!{', '.join(str(row) for of, row in at if of == name)}" for name in sheets),
        }

    def says(self, row: str, cells: Mapping[str, str], channel: str, act: str | None) -> Said:
        """
        What the list says.

        Args:
            row: The row's id.
            cells: Its printed cells, as `cells` names them.
            channel: A key. act: A key of the table of acts, or None for the work as a whole.

        Returns:
            For an act that the list answers for, that answer. Else that of the row and channel; where the list answers by acts
            alone, what all its answers say, or that it divides the work, and of an act that is none of them nothing.
        """
        if act is not None:
            found = self._said(row, cells, channel, act)
            if found.named:
                return found
            whole = self.says(row, cells, channel, None)
            if not self.by_acts(channel, cells):
                return self.beyond(whole)
            silent = NO_COLUMN if found.line is NO_COLUMN else SILENT
            return Said(silent.means, silent, whole.cells, named=False)
        acts = self.by_acts(channel, cells)
        if not acts:
            return self._said(row, cells, channel, None)
        every = [self._said(row, cells, channel, act) for act in acts]
        each = [one for one in every if one.named] or every  # of those that the row's own table has a column for
        said: list[Meaning] = list(dict.fromkeys(one.meaning for one in each if one.meaning != Meaning.NO_STEP)) or [
            Meaning.NO_STEP
        ]
        cells_read = tuple(dict.fromkeys(cell for one in each for cell in one.cells))
        doubtful = next((one for one in each if one.meaning in (Meaning.UNREADABLE, Meaning.UNDEFINED)), None)
        if len(said) == 1 or doubtful is not None:
            first = doubtful or next(one for one in each if one.meaning is said[0])
            return first._replace(named=False, cells=cells_read)
        return Said(DIVIDED.means, DIVIDED, cells_read, named=False)

    def by_acts(self, channel: str, cells: Mapping[str, str]) -> tuple[str, ...]:
        """The acts for which a row has a cell on a channel, where its table has no other cell there: each speaks for its act alone."""
        if not self._has_acts:
            return ()
        here = [column for column in self.of_table(cells) if column.channel in ("", channel)]
        if any(column.per != "act" for column in here):
            return ()
        return tuple(dict.fromkeys(act for column in here for act in column.acts))

    @once
    def _has_acts(self) -> bool:
        """Whether any column is of acts; most lists have none, and are asked often."""
        return any(column.per == "act" for column in self.columns)

    def beyond(self, said: Said) -> Said:
        """What is said of an act that the list does not name: of work divided by acts, which side it is on stays open."""
        return said._replace(meaning=Meaning.PART_OPEN) if said.meaning is Meaning.PART_DIVIDED else said

    def _said(self, row: str, cells: Mapping[str, str], channel: str, act: str | None) -> Said:
        table, every = self.of_table(cells), self._read(cells, channel, act)
        read = {column.key: printed for column, printed in every}
        line = NO_COLUMN if self._lacking(table, every) else self._line(row, channel, act, read)
        there = [each for each in every if each[1] != ABSENT] or every
        own = "act" in line.when or any(act in column.acts for column in table if column.channel in ("", channel))
        return Said(
            line.means,
            line,
            tuple((self.cell(column, channel, act), printed) for column, printed in there),
            named=act is not None and own and line is not NO_COLUMN,
        )

    def _read(self, cells: Mapping[str, str], channel: str, act: str | None) -> list[tuple[Column, str]]:
        """The columns that speak of an act on a channel, and what is printed in the cell of each."""
        return [
            (column, cells[self.cell(column, channel, act)])
            for column in self.columns
            if column.channel in ("", channel) and (column.per != "act" or act in column.acts)
        ]

    @staticmethod
    def _lacking(table: Sequence[Column], every: Sequence[tuple[Column, str]]) -> bool:
        """
        Whether a row's table has no column for what is asked, and others have. A row's own mark alone then says nothing of a channel or
        an act, where the table has columns for other channels or acts.
        """
        there = [column for column, printed in every if printed != ABSENT]
        if len(there) == len(every):
            return False
        return not there or (
            all(column.per == "row" and not column.channel for column in there)
            and any(column.per != "row" and column in table for column, _ in every)
        )

    def _line(self, row: str, channel: str, act: str | None, read: Mapping[str, str]) -> Line:
        whose = row if row in self._rows_named else division_of(row) if self._by_division else ""
        known = (whose, channel, act if act in self.printed_acts else "", tuple(read.items()))
        found = self._lines.get(known)
        if found is None:
            found = self._lines[known] = self._looked_up(row, channel, act, read)
        return found

    @once
    def _lines(self) -> dict[Any, Line]:
        """The line that reads some cells, as far as it was asked for; there are few combinations."""
        return {}

    @once
    def _rows_named(self) -> frozenset[str]:
        return frozenset(line.when["row"] for line in self.meanings if "row" in line.when)

    @once
    def _by_division(self) -> bool:
        """Whether a mark can mean something else in one division than in another."""
        return any("division" in line.when for line in self.meanings)

    def _holding(self, row: str, channel: str, act: str | None, read: Mapping[str, str]) -> list[Line]:
        facts = {**read, "row": row, "division": division_of(row), "channel": channel, "act": act}
        return [line for line in self.meanings if all(facts.get(name) == value for name, value in line.when.items())]

    def _looked_up(self, row: str, channel: str, act: str | None, read: Mapping[str, str]) -> Line:
        holding = self._holding(row, channel, act, read)
        if UNREAD in read.values() and not any("row" in line.when for line in holding):
            return UNREADABLE
        return max(holding, key=lambda line: line.rank, default=UNDEFINED)

    def clash(self, rows: Iterable[tuple[str, Mapping[str, str]]]) -> tuple[Line, Line] | None:
        """Two lines of one rank that hold for one cell and do not say the same; None where there are none."""
        asked = {
            (row if row in self._rows_named else f"{division_of(row)}-", channel, act, tuple(cells.items()))
            for row, cells in rows
            for channel, act in product(self.channels, (None, *self.printed_acts))
        }
        for row, channel, act, cells in asked:
            said = self._said(row, dict(cells), channel, act)
            read = {column.key: printed for column, printed in self._read(dict(cells), channel, act)}
            for line in self._holding(row, channel, act, read):
                if line.rank == said.line.rank and line.says != said.line.says:
                    return said.line, line
        return None

    # -- words -------------------------------------------------------------------------------------------------------

    def division(self, given: object) -> str:
        """A key or a name → the division's key. Raises UnknownDivision, with the nearest."""
        found = _named_by(given, self._division_words)
        if found is None:
            words = self._division_words
            near = list(dict.fromkeys(words[normal(name)] for name in Choices(words).nearest(given)))
            names = {key: each.label["ja"] for key, each in self.divisions.items()}
            raise UnknownDivision(given, {key: names[key] for key in near} or names)
        return found

    def channel(self, given: object) -> str:
        """A key or a name → the channel's key. Raises UnknownChannel."""
        found = _named_by(given, self._channel_words)
        if found is None:
            raise UnknownChannel(given, {key: each.label["ja"] for key, each in self.channels.items()})
        return found

    def division_pair(self, key: str) -> tuple[str, str]:
        """What a message calls a division: its name in Japanese, its key in English."""
        return self.divisions[key].label["ja"], key

    @once
    def _division_words(self) -> dict[str, str]:
        return dict(_words(self.divisions.values()))

    @once
    def _channel_words(self) -> dict[str, str]:
        return dict(_words(self.channels.values()))

    def legend_of(self, meaning: Meaning) -> Legend | None:
        """The line of the document that defines a meaning, if one does; where several marks have it, no line speaks for the others."""
        found = dict.fromkeys(line.legend for line in self.meanings if line.means is meaning and line.legend)
        return next(iter(found)) if len({legend.text for legend in found}) == 1 else None


def division_of(row: str) -> str:
    """The division of a row, by its id."""
    return row.partition("-")[0]


def _named_by(given: object, words: Mapping[str, str]) -> str | None:
    """What a word names: most are keys, and as they are compared already."""
    if not isinstance(given, str) or len(given) > LONGEST:
        return None
    return words.get(given) or words.get(normal(given))


def _words(named: Iterable[Division | Channel]) -> Iterator[tuple[str, str]]:
    for each in named:
        for word in (each.key, *each.label.values(), *each.names):
            yield normal(word), each.key
