"""
What a mapping says of the printed marks → the manifest's columns and its table of meanings.

A row's own mark and the cell of a channel (or of an act) are read together: where the cell says `as_row`, the row's mark decides. Of
columns by party the combination decides. What is printed and not written down has no line in the table, and so is undefined: the city's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from assign.catalog.manifest import BESIDE_CELLS
from assign.catalog.parts import ABSENT
from assign.words import CONSIGNING, Meaning, normal

from .document import Document
from .headings import of_act
from .mapping import AS_ABOVE, AS_CHANNEL, AS_ROW, DOES, Column, Mark, Quote
from .mapping import Mapping as TheMapping
from .marks import read as read_mark
from .rows import Printed
from .sheets import letters

Entry = dict[str, Any]
_NO_ROLE: Final = (Meaning.UNDEFINED, AS_ROW)
_POINTING: Final = (AS_ABOVE, AS_CHANNEL)  # at another cell, whose mark is read in their place


class Columns(NamedTuple):
    """The manifest's columns, and for each printed column of marks its key and the names of the catalog's cells that it fills."""

    entries: list[Entry]
    cells: Mapping[int, tuple[str, ...]]
    key: Mapping[int, str]

    def filled(self, row: Printed, mapping: TheMapping) -> dict[str, str]:
        """The cells of a row. Raises RuleFileError where two columns of its table would fill one."""
        found = dict.fromkeys((name for names in self.cells.values() for name in names), ABSENT)
        for at, mark in row.marks.items():
            for name in self.cells[at]:
                if found[name] != ABSENT:
                    raise _twice(mapping.of_marks[at])
                found[name] = mark
        return found


def columns_of(mapping: TheMapping) -> Columns:
    """
    The manifest's columns. Tables may have other columns for one channel or act: of those each row has one.

    Raises:
        RuleFileError: Two printed columns would fill one cell, and read it in two ways.
    """
    marks = mapping.of_marks
    taken = {*(channel["key"] for channel in mapping.channels), *BESIDE_CELLS}
    families: dict[tuple[str, str], list[int]] = {}  # (party or nothing, what it is by) → its printed columns
    for index, column in enumerate(marks):
        by = (
            f"act {column.channel}".strip()
            if column.acts
            else f"only {column.channel}"  # elsewhere the channels have columns of acts
            if column.channel and not _everywhere(mapping, column.party)
            else "channel"
            if column.channel
            else f"row {index if not column.party else ''}"
        )
        families.setdefault((column.party, by), []).append(index)
    by_channel = sum(by == "channel" for _, by in families)
    entries: list[Entry] = []
    cells: dict[int, tuple[str, ...]] = {}
    keys: dict[int, str] = {}
    for (party, by), of in families.items():
        first = marks[of[0]]
        key = _key(first, party, by, taken)
        taken.add(key)
        name = _of_channel if by.startswith("only") else _label
        label = first.label or name(mapping, [marks[i] for i in of])
        if any(normal(each["label"]["ja"]) == normal(label["ja"]) for each in entries):
            label = {lang: f"{text} {key}" for lang, text in label.items()}
        entry: Entry = {"key": key, "label": label}
        keys |= dict.fromkeys(of, key)
        if by == "channel":
            entry["per"] = "channel"
            cells |= {i: (marks[i].channel if by_channel == 1 else f"{key}.{marks[i].channel}",) for i in of}
        elif by.startswith("act"):
            sharing = {act: [i for i in of if act in marks[i].acts] for i in of for act in marks[i].acts}
            first_of = {act: next(other for other in sharing if sharing[other] == sharing[act]) for act in sharing}
            same = {act: first for act, first in first_of.items() if act != first}
            entry |= {"per": "act", "acts": list(sharing)}
            entry |= {"same": same} if same else {}
            entry["headings"] = _headings(marks, sharing)
            entry |= {"channel": first.channel} if first.channel else {}
            cells |= {i: tuple(f"{key}.{act}" for act in dict.fromkeys(map(first_of.get, marks[i].acts))) for i in of}
        else:
            entry |= {"channel": first.channel} if by.startswith("only") else {}
            cells |= dict.fromkeys(of, (key,))
        _read_alike(marks, of, cells)
        blank = next((marks[i].blank for i in of if marks[i].blank), None)
        entry |= {"blank": dict(blank)} if blank else {}
        if mapping.cells == "printed_form":
            entry["printed"] = (
                mapping.under_channels["ja"] if by == "channel" and mapping.under_channels else first.header
            )
        entries.append(entry)
    return Columns(entries, cells, keys)


def _headings(marks: Sequence[Column], sharing: Mapping[str, Sequence[int]]) -> dict[str, str | list[str]]:
    """What is printed above the cells of each act; tables may differ in it."""
    below = Counter(of_act(marks[i]) for i in {i for of in sharing.values() for i in of})
    found: dict[str, str | list[str]] = {}
    for act, of in sharing.items():
        printed = [marks[i].header if below[of_act(marks[i])] > 1 else of_act(marks[i]) for i in of if marks[i].header]
        if printed:
            found[act] = printed[0] if len(printed) == 1 else printed
    return found


def _read_alike(marks: Sequence[Column], of: Sequence[int], cells: Mapping[int, tuple[str, ...]]) -> None:
    """Raises RuleFileError where two columns fill one cell, and their marks are not said to mean the same."""
    for at, i in enumerate(of):
        for other in of[:at]:
            if set(cells[i]) & set(cells[other]) and not (marks[i].header and _alike(marks[i], marks[other])):
                raise _twice(marks[i])


def _twice(column: Column) -> Exception:
    ja = f"行為 `{column.acts[0]}`" if column.acts else f"場 `{column.channel}`" if column.channel else "印"
    en = (
        f"the act `{column.acts[0]}`"
        if column.acts
        else f"the channel `{column.channel}`"
        if column.channel
        else "the mark"
    )
    return column.node.fail(
        f"{ja} の列が2度あります（1つの表に1つだけです。表ごとに別の列なら、見出しで書き分けてください）",
        f"{en} has two columns (one table has one; where tables have their own, name each by its header)",
    )


def _everywhere(mapping: TheMapping, party: str) -> bool:
    """Whether each channel has a column that is of no act."""
    plain = {column.channel for column in mapping.of_marks if not column.acts and column.party == party}
    return plain >= {channel["key"] for channel in mapping.channels}


def _key(column: Column, party: str, by: str, taken: set[str]) -> str:
    if column.key:
        return column.key
    name = party or {"r": "mark", "c": "way", "o": "way", "a": "step"}[by[0]]
    if by.startswith(("act ", "only ")):
        name = f"{name}_{by.partition(' ')[2]}"
    while name in taken:
        name += "_"
    return name


def _label(mapping: TheMapping, columns: Sequence[Column]) -> dict[str, str]:
    """What columns are called by what is printed above them: of several what is printed above all, if anything is."""
    above, below = ({column.header.split("/")[at] for column in columns} for at in (0, -1))
    if len(columns) == 1:
        name = columns[0].header.rpartition("/")[2] or "印"
    elif mapping.under_channels and columns[0].channel and not columns[0].acts:
        return dict(mapping.under_channels)
    elif (len(above) == 1 or len(below) == 1) and above | below != {""}:  # letters alone have no header
        name = (above if len(above) == 1 else below).pop()
    else:
        name = "行為ごとの欄" if columns[0].acts else "場ごとの欄"
    english = {"行為ごとの欄": "cells by act", "場ごとの欄": "cells by channel", "印": "mark"}
    return {"ja": name, "en": english.get(name, name)}


def _of_channel(mapping: TheMapping, columns: Sequence[Column]) -> dict[str, str]:
    """What columns of one channel are called: as the channel; those of a party, which have the channel above them, by both."""
    label: Mapping[str, str] = next(each["label"] for each in mapping.channels if each["key"] == columns[0].channel)
    below = [column.header.rpartition("/")[2] for column in columns if column.party]
    said = [text for text in dict.fromkeys(below) if text]
    if not said:
        return dict(label)
    return {"ja": f"{label['ja']}の{'か'.join(said)}", "en": f"{label['en']}, {' or '.join(said)}"}


def meanings_of(
    mapping: TheMapping, columns: Columns, document: Document, rows: Sequence[Printed], keys: Sequence[str]
) -> list[Entry]:
    """
    The table of meanings.

    Args:
        rows: As they were read; `keys` are their ids.

    Raises:
        RuleFileError: A sentence is cited that the document does not have.
    """
    if mapping.meanings:
        return [_explicit(entry, document, mapping) for entry in mapping.meanings]
    marks = mapping.of_marks
    own = [(i, c) for i, c in enumerate(marks) if not (c.channel or c.acts or c.party)]
    cells = [(i, c) for i, c in enumerate(marks) if (c.channel or c.acts) and not c.party]
    lines: list[Entry] = []
    if any(column.party for column in marks):
        lines += _by_party(mapping, columns, document, rows, keys)
    if own and cells:
        for index, column in own:
            lines += _together(columns, document, (index, column), cells)
        if any(not set(row.marks) & {at for at, _ in own} for row in rows):
            lines += _without_own(columns, document, own, cells)
        if all(cell.acts for _, cell in cells) and any(not set(row.marks) & {at for at, _ in cells} for row in rows):
            absent = {columns.key[at]: ABSENT for at, _ in cells}
            for index, column in own:
                for mark in column.marks:
                    lines += _lines({**absent, columns.key[index]: mark.printed}, mark, mark.means, document)
    else:
        for index, column, conditions in _conditions(columns, own or cells):
            for mark in column.marks:
                lines += _lines({**conditions, columns.key[index]: mark.printed}, mark, mark.means, document)
    lines = [*_third_parties(mapping, columns, rows), *_as_printed(mapping, columns, lines, rows)]
    return list({str(line): line for line in lines}.values())


# Who decides or does what a counter does not, by the names that lists print. A mapping adds its own.
_HOLDERS: Final = ("広域連合", "年金事務所", "年金機構", "国保連", "団体連合会", "厚生労働大臣", "都道府県")


def _third_parties(mapping: TheMapping, columns: Columns, rows: Sequence[Printed]) -> Iterator[Entry]:
    """
    Lines for cells in which neither the contractor nor the city is named, but somebody else: nobody has said who does it at this
    counter. Where the mapping says what such a mark means, that holds.
    """
    known = [name for name in dict.fromkeys((*mapping.third_parties, *_HOLDERS)) if name]
    for index, column in enumerate(mapping.of_marks):
        if column.party:
            continue
        open_ = {mark.printed for mark in column.marks if mark.means == Meaning.UNDEFINED and not mark.legend}
        for text in dict.fromkeys(row.marks.get(index, "") for row in rows):
            name = next((name for name in known if normal(name) in normal(text)), None)
            mark = read_mark(text, column, mapping.signs)
            if name is None or (mark is not None and mark.mark not in open_):
                continue
            when = {columns.key[index]: text, **({"channel": column.channel} if column.channel else {})}
            for more in [{"act": act} for act in column.acts] or [{}]:
                yield {"when": {**when, **more}, "means": str(Meaning.UNDEFINED), **_named_there(text)}


def _named_there(name: str) -> Entry:
    """What is said of a cell that names a third party."""
    return {
        "third_party": name,
        "because": {
            "ja": f"一覧は「{name}」としていて、この窓口でだれが行うかを言っていません",
            "en": f"The list has 「{name}」, and does not say who does it at this counter",
        },
    }


def _conditions(columns: Columns, cells: Sequence[tuple[int, Column]]) -> Iterable[tuple[int, Column, dict[str, str]]]:
    """Each column of marks with what its lines must name: the channel or the act, where columns of one key differ in their marks."""
    for index, column in cells:
        others = [other for i, other in cells if columns.key[i] == columns.key[index]]
        if all(_alike(other, column) for other in others):
            if others[0] is column:
                yield index, column, {}
        elif column.acts:
            for act in column.acts:
                yield index, column, {"act": act}
        else:
            yield index, column, {"channel": column.channel}


def _alike(one: Column, other: Column) -> bool:
    return [mark._replace(node=one.node) for mark in one.marks] == [
        mark._replace(node=one.node) for mark in other.marks
    ]


def _together(
    columns: Columns,
    document: Document,
    own: tuple[int, Column],
    cells: Sequence[tuple[int, Column]],
) -> list[Entry]:
    """A row's own mark, read with the cells of channels or acts."""
    index, column = own
    name = columns.key[index]
    lines: list[Entry] = []
    for mark in column.marks:
        if mark.means == Meaning.RETAINED:  # whatever stands in the cells, unless that gives it away
            lines += _lines({name: mark.printed}, mark, mark.means, document)
            for at, cell, conditions in _conditions(columns, cells):
                given = (under.printed for under in cell.marks if under.means in CONSIGNING)
                for printed in given:
                    when = {**conditions, name: mark.printed, columns.key[at]: printed}
                    lines.append(
                        {"when": when, "means": str(Meaning.UNDEFINED), "because": _against(mark.printed, printed)}
                    )
            continue
        if mark.means == Meaning.UNDEFINED and not (mark.legend or mark.because):
            continue
        for at, cell, conditions in _conditions(columns, cells):
            for under in cell.marks:
                when = {**conditions, name: mark.printed, columns.key[at]: under.printed}
                if under.means == AS_ROW:
                    lines += _lines(when, mark, mark.means, document)
                else:  # the cell says it itself
                    lines += _lines(when, under, under.means, document)
        if any(cell.acts for _, cell in cells):  # the work as a whole
            lines += _lines({name: mark.printed}, mark, mark.means, document)
    return lines


def _without_own(
    columns: Columns, document: Document, own: Sequence[tuple[int, Column]], cells: Sequence[tuple[int, Column]]
) -> Iterator[Entry]:
    """Of rows whose table has no column for a mark of the row, the cells of channels or acts that say it themselves."""
    absent = {columns.key[at]: ABSENT for at, _ in own}
    for at, cell, conditions in _conditions(columns, cells):
        for mark in cell.marks:
            if mark.means != AS_ROW:
                yield from _lines({**conditions, **absent, columns.key[at]: mark.printed}, mark, mark.means, document)


def _against(mark: str, cell: str) -> dict[str, str]:
    """Why a row's mark and a cell's leave it open."""
    return {
        "ja": f"行の印「{mark}」は市のもので、この欄の「{cell}」は受託者に渡すものです",
        "en": f"The row's mark 「{mark}」 keeps it with the city, and 「{cell}」 in this cell gives it away",
    }


def _by_party(
    mapping: TheMapping, columns: Columns, document: Document, rows: Sequence[Printed], keys: Sequence[str]
) -> list[Entry]:
    """The combinations of marks under the contractor and under the city, for each channel and act that has its own columns."""
    if mapping.parties is None:
        return []
    both = mapping.parties
    lines: list[Entry] = []
    pairs = _pairs(mapping)
    acts = {of_act(mapping.of_marks[of["city"]]) for of in pairs.values() if mapping.of_marks[of["city"]].acts}
    for of in pairs.values():
        first, second = mapping.of_marks[of["contractor"]] if "contractor" in of else None, mapping.of_marks[of["city"]]
        apart = len(pairs) > 1 and bool(second.acts) and not _same_marks(mapping, pairs)
        own, elsewhere = of_act(second), acts - {of_act(second)}
        wheres = _wheres(mapping, columns, second, apart=apart, alone=first is None)
        for a, b, where in product(first.marks if first else (None,), second.marks, wheres):
            if any(mark is not None and mark.means == Meaning.UNDEFINED for mark in (a, b)):
                continue
            when = {
                **where,
                **({columns.key[of["contractor"]]: a.printed} if a else {}),
                columns.key[of["city"]]: b.printed,
            }
            does = (a is not None and a.means == DOES, b.means == DOES)
            if a is not None and does == (True, False):
                lines += _lines(when, a, str(Meaning.CONSIGNED), document)
            elif does == (False, True):
                lines += _lines(when, b, str(Meaning.RETAINED), document)
            elif all(mark is None or mark.means == Meaning.NO_STEP for mark in (a, b)):
                lines += _lines(when, b, str(Meaning.NO_STEP), document)
            else:
                said = both.both if all(does) else both.neither
                lines += _lines(when, said, said.means, document)
            if a is not None and all(does) and both.by_remark:
                for key, row in zip(keys, rows, strict=True):
                    printed = (row.marks.get(of["contractor"]), row.marks.get(of["city"]))
                    about = own in row.remark or not any(each in row.remark for each in elsewhere)
                    if printed == (a.printed, b.printed) and about and divides(row.remark, both.names):
                        lines += _lines({"row": key, **when}, both.both, str(Meaning.PART_DIVIDED), document)
            for index, column in enumerate(mapping.of_marks):
                if (
                    column.party != "other"
                    or (column.channel, column.acts) != (second.channel, second.acts)
                    or any(does)
                ):
                    continue
                for mark in (mark for mark in column.marks if mark.means == DOES):
                    there = {**when, columns.key[index]: mark.printed}
                    lines += (
                        _lines(there, both.other, both.other.means, document)
                        if both.other
                        else [{"when": there, "means": str(Meaning.UNDEFINED), **_named_there(_heading(column))}]
                    )
    return lines


def _wheres(mapping: TheMapping, columns: Columns, city: Column, *, apart: bool, alone: bool) -> list[dict[str, str]]:
    """
    What the lines of a pair of parties name beside its marks: the act, where pairs differ; of a city's column without the contractor's that
    the row has none of it, where other tables have one.
    """
    beside = {
        act: columns.key[at]
        for at, column in enumerate(mapping.of_marks)
        if alone and column.party == "contractor" and column.channel == city.channel
        for act in (column.acts or ("",))
    }
    acts = city.acts or ("",)
    if not apart and not any(act in beside for act in acts):
        return [{}]
    return [{**({"act": act} if act else {}), **({beside[act]: ABSENT} if act in beside else {})} for act in acts]


def _heading(column: Column) -> str:
    return column.header.rpartition("/")[2] or letters(column.place)


def _pairs(mapping: TheMapping) -> dict[tuple[str, tuple[str, ...]], dict[str, int]]:
    """The columns of the parties, for each channel and act that has such: the city's, and in most the contractor's."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, int]] = {}
    for index, column in enumerate(mapping.of_marks):
        if column.party:
            found.setdefault((column.channel, column.acts), {})[column.party] = index
    for each in found.values():
        if "city" not in each or not {"contractor", "other"} & set(each):
            node = mapping.of_marks[next(iter(each.values()))].node
            raise node.fail(
                "この場・行為には市の列と、受託者かほかの者の列が要ります",
                "this channel or act needs a column of the city, and one of the contractor or another party",
            )
    return found


def _same_marks(mapping: TheMapping, pairs: Mapping[Any, Mapping[str, int]]) -> bool:
    marks, some = mapping.of_marks, next(iter(pairs.values()))
    return all(
        set(of) == set(some) and all(_alike(marks[of[party]], marks[some[party]]) for party in of)
        for of in pairs.values()
    )


# What keeps a remark from saying once and for all whose part is what (judged).
_UNSURE: Final = re.compile(
    r"協議|調整|検討|未定|予定|方向|見込|又は|または|もしくは|若しくは|[?？]|一部|従来|以前は|これまで"
    r"|(?:行|取り扱|扱)わ(?:ず|ない)|(?:対応|担当|実施)(?:せず|しない)|ません|[0-9０-９元]\s*[年月日]\s*(?:から|以降|まで)"
)
_POWER: Final = r"(?:審査|決定|認定|承認|裁定|処分|減免|免除|賦課|徴収|収納|判定|判断|裁決|許可|不許可)"


def divides(remark: str, names: Mapping[str, Sequence[str]]) -> bool:
    """
    Whether a remark says whose part is what, and for all cases: it names a part for the contractor, and one for the city.

    What is still to be agreed, holds from a day on, or is denied divides nothing; nor does a remark that gives the contractor what is
    public power.

    >>> names = {"contractor": ["受託者"], "city": ["市職員"]}
    >>> divides("受付は受託者、内容の審査は市職員", names), divides("分担は協議中", names), divides("ただし、夜は市職員", names)
    (True, False, False)
    >>> [divides(f"受付は受託者{each}", names) for each in ("、審査は市職員の予定", "が行わず、審査は市職員", "又は市職員")]
    [False, False, False]
    >>> divides("受付は市職員、審査は受託者", names), divides("受付は受託者、審査は市職員。ただし、夜は市職員", names)
    (False, True)
    >>> divides("△は、申請書の受領が受託者、照合が市職員", names), divides("審査が受託者、受領が市職員", names)
    (True, False)
    """
    if _UNSURE.search(remark):
        return False

    def has(party: str) -> bool:
        return any(re.search(rf"[^、，。；;\s①-⑳]+[はをが]、?{re.escape(name)}", remark) for name in names[party])

    power = any(re.search(rf"{_POWER}[はをが]、?{re.escape(name)}", remark) for name in names["contractor"])
    return has("contractor") and has("city") and not power


def _lines(when: Mapping[str, str], mark: Mark, means: str, document: Document) -> list[Entry]:
    """A line of the table, and those for single acts; a mark whose meaning nobody knows has none."""
    if means in _POINTING or (means in _NO_ROLE and not (mark.legend or mark.because)):
        return []
    said = _said(mark, document)
    lines: list[Entry] = [{"when": dict(when), "means": means, **said}]
    if "act" not in when:
        lines += [{"when": {**when, "act": act}, "means": of, **said} for act, of in mark.acts.items()]
    return lines


def _said(mark: Mark, document: Document) -> Entry:
    if mark.legend is not None:
        return {"legend": cited(mark.legend, document)}
    because = mark.because or {"ja": "凡例に意味がありません", "en": "The legend does not say what it means"}
    return {"because": dict(because)}


def cited(quote: Quote, document: Document) -> Entry:
    """A sentence with its line. Raises RuleFileError: The document does not have it."""
    found = document.find(quote.text, quote.line)
    if found is None:
        raise quote.node.fail(
            f"この文がありません: 「{quote.text}」", f"the document does not say this: `{quote.text}`"
        )
    line, text = found
    return {"document": document.file, "line": line, "text": text, **({"en": quote.en} if quote.en else {})}


def _explicit(entry: Mapping[str, Any], document: Document, mapping: TheMapping) -> Entry:
    """A line that the mapping writes as the manifest does; its sentence is looked for in the document."""
    found: Entry = dict(entry)
    if isinstance(legend := found.get("legend"), dict):
        quote = Quote(
            str(legend.get("text", "")), str(legend.get("en", "")), int(legend.get("line") or 0), mapping.root
        )
        found["legend"] = cited(quote, document)
    elif isinstance(legend, str):
        found["legend"] = cited(Quote(legend, "", 0, mapping.root), document)
    return found


def _as_printed(mapping: TheMapping, columns: Columns, lines: list[Entry], rows: Sequence[Printed]) -> list[Entry]:
    """A mark with something beside it means what the mark means; what stands beside it is in the row's remark."""
    signs = mapping.signs
    printed: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        for index, text in row.marks.items():
            found = read_mark(text, mapping.of_marks[index], signs)
            if found is not None and found.mark != text:
                printed.setdefault(columns.key[index], {}).setdefault(found.mark, set()).add(text)
    for key, bases in printed.items():
        of = [line for line in lines if key in line["when"]]
        texts = ((line, text) for line in of for text in sorted(bases.get(line["when"][key], ())))
        lines = [*lines, *({**line, "when": {**line["when"], key: text}} for line, text in texts)]
    return lines
