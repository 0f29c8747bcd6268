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
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

from assign import resources, yaml_nodes
from assign.errors import UnknownChannel, UnknownDivision, shown
from assign.words import LONGEST, Bilingual, Choices, Meaning, normal, once, sentences, sha256
from assign.yaml_nodes import Node

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
    SheetOf,
)

FILE: Final = "manifest.yaml"
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
UNREAD: Final = "?"  # stands in a cell of the catalog where the text cannot tell what is printed
CHANNEL_KINDS: Final = ("counter", "back_office", "mail", "phone", "online", "other")
PER: Final = ("row", "channel", "act")
BESIDE_CELLS: Final = (
    "row",
    "division",
    "channel",
    "act",
)  # what a line of the table of meanings may name beside printed cells
MOST: Final = 200  # divisions, channels, columns; a line of the table for each row of a long list is allowed:
MOST_LINES: Final = 20_000
FIELDS: Final = ("title", "edition", "documents", "divisions", "channels", "meanings")
MORE_FIELDS: Final = ("effective", "columns", "designations")
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
        found: dict[str, tuple[str, ...]] = {}
        for column in self.columns:
            for act, headings in column.headings.items():
                for word in {normal(part) for each in headings for part in (each, each.rpartition("/")[2])}:
                    found[word] = tuple(dict.fromkeys((*found.get(word, ()), act)))
        return found

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
        here = [column for column in self.of_table(cells) if column.channel in ("", channel)]
        if any(column.per != "act" for column in here):
            return ()
        return tuple(dict.fromkeys(act for column in here for act in column.acts))

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
            all(column.per == "row" for column in there)
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


# -- reading -----------------------------------------------------------------------------------------------------------


def load(path: Path) -> Manifest:
    """Read a manifest. Raises RuleFileError, with file, line and the nearest valid name."""
    return from_bytes(yaml_nodes.read(path))


def from_bytes(data: bytes) -> Manifest:
    """A manifest from its file's bytes. Raises RuleFileError."""
    kept = resources.kept("manifest.json")
    if kept.get("sha256") == sha256(data):
        from .kept import manifest_of  # which needs this module

        return manifest_of(kept["manifest"], data)
    return parsed(data)


def parsed(data: bytes) -> Manifest:
    """The same from the bytes alone, whatever is kept parsed. Raises RuleFileError."""
    root = yaml_nodes.parse(FILE, data)
    top = root.fields(FIELDS, MORE_FIELDS)
    divisions = _named(top["divisions"], _division)
    channels = _named(top["channels"], _channel)
    columns = tuple(_named(top["columns"], partial(_column, channels)).values()) if "columns" in top else ()
    if taken := {column.key for column in columns} & {*channels, *BESIDE_CELLS}:
        raise top["columns"].fail(
            f"列の key {shown(min(taken))} は使えません（場の key か、{'・'.join(BESIDE_CELLS)} です）",
            f"{shown(min(taken))} cannot be the key of a column (it is that of a channel, or {', '.join(BESIDE_CELLS)})",
        )
    lines = tuple(_line(node, divisions, channels, columns) for node in _list(top["meanings"], MOST_LINES))
    return Manifest(
        title=top["title"].bilingual(),
        edition=top["edition"].text(),
        effective=_effective(top["effective"]) if "effective" in top else None,
        documents=tuple(_document(node) for node in _list(top["documents"], empty=True)),
        divisions=divisions,
        channels=channels,
        columns=columns,
        meanings=lines,
        designations=tuple(_designation(n) for n in _list(top["designations"], MOST_LINES))
        if "designations" in top
        else (),
        data=data,
    )


def _effective(node: Node) -> Effective:
    """A day alone is the first; with `until` the last day is said, too."""
    if not isinstance(node.value, dict):
        return Effective(node.day(), None)
    fields = node.fields(("since",), ("until",))
    since, until = fields["since"].day(), fields["until"].day() if "until" in fields else None
    if until is not None and until < since:
        raise fields["until"].fail(
            f"終わりの日 {until} が始まりの日 {since} より前です", f"it ends on {until}, before it begins on {since}"
        )
    return Effective(since, until)


def _list(node: Node, most: int = MOST, *, empty: bool = False) -> list[Node]:
    if not isinstance(node.value, list) or not (node.value or empty):
        raise node.fail("一覧（- で始まる項目）が要ります", "a list is needed here")
    if len(node.value) > most:
        raise node.value[most].fail(f"{most:,} 件までです", f"more than {most:,} entries")
    return node.value


def _named(node: Node, read: Callable[[Node], Any]) -> dict[str, Any]:
    """Entries by their keys; no two share a key or a name."""
    found: dict[str, Any] = {}
    words: dict[str, str] = {}
    for entry in _list(node):
        each = read(entry)
        if each.key in found:
            raise entry.fail(f"{shown(each.key)} が2度あります", f"{shown(each.key)} stands twice")
        found[each.key] = each
        for word in {normal(word) for word in (each.key, *each.label.values(), *getattr(each, "names", ()))}:
            if words.setdefault(word, each.key) != each.key:
                raise entry.fail(
                    f"{shown(word)} は `{words[word]}` の名前でもあります", f"{shown(word)} names `{words[word]}` too"
                )
    return found


def _key(node: Node) -> str:
    text = node.text()
    if not KEY.fullmatch(text):
        raise node.fail(
            f"{shown(text)} は key に使えません（英小文字で始まる a-z 0-9 _）",
            f"{shown(text)} cannot be a key (a-z, 0-9 and _, a letter first)",
        )
    return text


def _texts(fields: Mapping[str, Node], name: str) -> tuple[str, ...]:
    return tuple(node.text() for node in fields[name].items()) if name in fields else ()


def _printed(fields: Mapping[str, Node]) -> str:
    return fields["printed"].text() if "printed" in fields else ""


def _division(node: Node) -> Division:
    fields = node.fields(("key", "label"), ("names", "desk", "printed"))
    label = fields["label"].bilingual()
    desk = {"ja": f"市の{label['ja']}の担当", "en": f"the city's desk for {label['en']}"}
    return Division(
        _key(fields["key"]),
        label,
        _texts(fields, "names"),
        fields["desk"].bilingual() if "desk" in fields else desk,
        _printed(fields),
    )


def _channel(node: Node) -> Channel:
    fields = node.fields(("key", "label", "kind"), ("names", "printed"))
    kind = fields["kind"].choice(CHANNEL_KINDS, "場の種類", "kind of channel")
    return Channel(_key(fields["key"]), fields["label"].bilingual(), _texts(fields, "names"), kind, _printed(fields))


def _column(channels: Mapping[str, Channel], node: Node) -> Column:
    fields = node.fields(("key", "label"), ("per", "acts", "blank", "printed", "channel", "same", "headings"))
    per = fields["per"].choice(PER, "単位", "`per`") if "per" in fields else "row"
    if ("acts" in fields) != (per == "act"):
        raise node.fail(
            "`acts` は per: act の列にだけ、必ず要ります", "`acts` is needed for a column per act, and for no other"
        )
    blank = fields["blank"].bilingual() if "blank" in fields else {"ja": "空欄", "en": "blank"}
    if per == "channel" and "channel" in fields:
        raise fields["channel"].fail(
            "`channel` は per: channel の列には書けません", "`channel` is not for a column per channel"
        )
    acts = _texts(fields, "acts")
    same = {
        act: with_.choice([other for other in acts if other != act], "行為", "act")
        for act, with_ in (fields["same"].fields((), acts).items() if "same" in fields else ())
    }
    if chained := next((act for act in same.values() if act in same), None):
        raise fields["same"].fail(f"`{chained}` にも自分の欄がありません", f"`{chained}` has no cell of its own either")
    headings = {
        act: tuple(text.text() for text in texts.items())
        for act, texts in (fields["headings"].fields((), acts).items() if "headings" in fields else ())
    }
    return Column(
        key=_key(fields["key"]),
        label=fields["label"].bilingual(),
        per=per,
        acts=acts,
        blank=blank,
        printed=_printed(fields),
        channel=fields["channel"].choice(channels, "業務の場", "channel") if "channel" in fields else "",
        same=same,
        headings=headings,
    )


def _document(node: Node) -> Document:
    fields = node.fields(("file", "sha256"), ("sheets",))
    digest = fields["sha256"].text()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise fields["sha256"].fail("SHA-256（16進64桁）が要ります", "a SHA-256 of 64 hexadecimal digits is needed")
    sheets = [node.fields(("name", "line")) for node in _list(fields["sheets"])] if "sheets" in fields else []
    return Document(
        fields["file"].text(), digest, tuple(SheetOf(each["name"].text(), _above(each["line"])) for each in sheets)
    )


def _above(node: Node) -> int:
    """The line above the first row of a sheet; 0 where nothing is above it."""
    return 0 if node.value == "0" else node.number()


def _line(
    node: Node, divisions: Mapping[str, Division], channels: Mapping[str, Channel], columns: Sequence[Column]
) -> Line:
    fields = node.fields(("when", "means"), ("legend", "because", "third_party"))
    given = fields["when"].fields((), (*BESIDE_CELLS, *(column.key for column in columns)))
    when = {name: _cell(value) for name, value in given.items()}
    if not when:
        raise fields["when"].fail("`when` には1つ以上の欄が要ります", "`when` needs at least one cell")
    for name, known, ja, en in (
        ("channel", channels, "業務の場", "channel"),
        ("division", divisions, "区分", "division"),
    ):
        if name in given:
            given[name].choice(known, ja, en)
    if ("legend" in fields) == ("because" in fields):
        raise node.fail(
            "`legend`（凡例の行）か `because`（読み方）のどちらか1つが要ります",
            "either `legend` (a line of the document) or `because` (how it is read) is needed",
        )
    means = Meaning(fields["means"].choice(Meaning, "意味", "meaning"))
    if "third_party" in fields and means is not Meaning.UNDEFINED:
        raise fields["third_party"].fail(
            "第三者が印字された欄は `means: undefined` です（担当者は受託者か市職員です）",
            "a cell that names a third party means `undefined`: work is assigned to the contractor or to city staff",
        )
    return Line(
        when,
        means,
        _legend(fields["legend"]) if "legend" in fields else None,
        _reading(fields["because"]) if "because" in fields else None,
        fields["third_party"].text() if "third_party" in fields else "",
    )


def _legend(node: Node) -> Legend:
    cited = node.fields(("document", "line", "text"), ("en",))
    text = cited["text"].text()
    english = _sentence(cited["en"], cited["en"].text()) if "en" in cited else f"「{text.strip('「」')}」"
    return Legend(cited["document"].text(), cited["line"].number(), text, english)


def _designation(node: Node) -> Designation:
    fields = node.fields(("act", "legend"), ("rows",))
    return Designation(
        fields["act"].choice(DESIGNABLE, "指定公金事務取扱者の行為", "act of a designated person"),
        _legend(fields["legend"]),
        tuple(each.text() for each in fields["rows"].items()) if "rows" in fields else (),
    )


def _reading(node: Node) -> Bilingual:
    """How a cell is read: one sentence, which stands alone in the short answer."""
    said = node.bilingual()
    for text in said.values():
        _sentence(node, text)
    return said


def _sentence(node: Node, text: str) -> str:
    if len(sentences(text)) != 1:
        raise node.fail(
            "1つの文で、終わりの句点なしで書いてください（補足は括弧の中に）",
            "write one sentence, without its full stop (what is beside the point goes into brackets)",
        )
    return text


def _cell(node: Node) -> str:
    """What is printed: text, or nothing."""
    return "" if node.value == "" else node.text()
