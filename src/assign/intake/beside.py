"""
What a row says beside its marks → its remark: what stands in the cells of marks, the sentences of footnotes, looks that are conditions.

None of it is lost: it is shown with the row's answers, and never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, Protocol

from assign.catalog.manifest import UNREAD
from assign.catalog.model import is_condition
from assign.catalog.turns import turns
from assign.errors import shown
from assign.words import Meaning

from .document import Document
from .headings import of_act
from .legends import part_of
from .looks import CONDITION, Look
from .mapping import Mapping as TheMapping
from .marks import has_sign, mark_of, signs_of
from .marks import read as read_mark
from .notes import Notes
from .parties import from_a_day, names_another, names_contractor
from .scope import sheets_of
from .sheets import Row, Source, letters, like

SIGN: Final = re.compile(r"(?:※|＊|\*|注)\s?[0-9０-９]{1,2}")
SAME: Final = re.compile('同上|同前|同左|同じ|上に同じ|上記のとおり|[〃々”"]')


_QUANTITY: Final = re.compile(
    r"[（(\[［]?\s*(?:約|年間?|月|延べ|計)*\s*[0-9０-９,，.]+\s*(?:件|名|人|通|回|枚|台|部|世帯|筆)?(?:程度|以上|未満|[/／]年)?\s*[)）\]］]?"
)


class Reading(Protocol):
    """What is read, and by which mapping."""

    @property
    def source(self) -> Source:
        """The file."""

    @property
    def document(self) -> Document:
        """Its text."""

    @property
    def mapping(self) -> TheMapping:
        """What says how it is read."""

    @property
    def notes(self) -> Notes:
        """What a person is to look at."""

    @property
    def sentences(self) -> dict[str, dict[str, str]]:
        """Of each part and sheet met so far, its footnotes by their signs."""

    @property
    def number(self) -> int:
        """Which part of the edition is read."""


def of_looks(mapping: TheMapping, looks: Mapping[int, Look]) -> list[tuple[str, str]]:
    """The sentences of looks that are conditions, each with the headers of the marks that wear it."""
    of: dict[str, list[str]] = {}
    for index, look in looks.items():
        if look.means == CONDITION:
            column = mapping.of_marks[index]
            text = look.legend.text if look.legend else look.because["ja"] if look.because else ""
            of.setdefault(text, []).append(column.header.rpartition("/")[2] or letters(column.place))
    return [("・".join(columns), text) for text, columns in of.items()]


def is_said(remark: str, mapping: TheMapping) -> bool:
    """Whether a remark says who else does some of the work, or from when: all of it is shown with the answer, as a condition."""
    holds = names_another(remark, mapping.third_parties) or names_contractor(remark) or from_a_day(remark)
    return holds or SAME.fullmatch(remark.strip()) is not None  # nothing is borrowed from the row above


def beside_marks(mapping: TheMapping, marks: Mapping[int, str], remark: str) -> str:
    """The remark with what stands beside a mark in its cell, and with a mark that is a condition itself: neither is lost."""
    signs = mapping.signs
    added = []
    for at, text in marks.items():
        column = mapping.of_marks[at]
        found = read_mark(text, column, signs)
        if found is not None and (found.rest or (found.mark == text and len(text) > 2 and is_condition(text))):
            sign = "" if _QUANTITY.fullmatch(found.rest or text) else "※"
            added.append(f"{sign}{column.header or letters(column.place)}: {found.rest or text}")
    return " ".join(filter(None, [remark, *added]))


def of_legends(mapping: TheMapping, marks: Mapping[int, str]) -> list[str]:
    """
    The sentences of the legend, or of how the city reads it, that change a mark from a day on (▲：市職員（令和8年10月1日から受託者）), with what is printed above the marks.
    """
    signs = mapping.signs
    sides = {
        mark.printed: mark.means != Meaning.CONSIGNED for c in mapping.of_marks for mark in c.marks if mark.printed
    }
    wearing: dict[str, list[int]] = {}
    for at, text in marks.items():
        column = mapping.of_marks[at]
        mark = mark_of(text, column, signs)
        if mark is not None and (mark.legend or mark.because):
            said = part_of(mark.legend.text, mark.printed) if mark.legend else (mark.because or {})["ja"]
            if turns(said, sides):
                wearing.setdefault(said, []).append(at)
    whole = {at for at, text in marks.items() if text}
    return [f"※{said}" if whole == set(of) else _about(mapping, of, said, "") for said, of in wearing.items()]


def footnotes(
    reading: Reading, row: Row, name: str, said: str, marks: dict[int, str], remark: str
) -> tuple[str, dict[int, tuple[str, ...]]]:
    """
    The remark with the sentences of the signs that stand in a row, and those of each mark. A sign without a sentence is doubtful, and a
    mark that has one whose sentence is another sheet's cannot be read.

    Args:
        said: What is printed as the row's remark, which `remark` may already add to.
    """
    place = f"{reading.number} {row.sheet}"
    if place not in reading.sentences:
        reading.sentences[place] = _sentences(reading, row.sheet)
    known = reading.sentences[place]
    signs = reading.mapping.signs
    of_marks = {index: signs_of(text, signs) for index, text in marks.items()}
    in_texts = [sign for sign in signs if has_sign(name, sign) or has_sign(said, sign)]
    found = dict.fromkeys([*in_texts, *chain.from_iterable(of_marks.values())])
    loose = [sign for text in (name, *marks.values()) for sign in SIGN.findall(text)]
    for sign in dict.fromkeys((*found, *loose)):
        if sign not in known:
            reading.notes.doubtful(
                row, "footnote", f"注の記号 {shown(sign)} の文が `footnotes` にありません（このシートの記号の文が要ります）",
                f"no sentence in `footnotes` for the sign {shown(sign)} of this sheet",
            )  # fmt: skip
    for index, of in of_marks.items():
        if set(of) - set(known):
            marks[index] = UNREAD
    noted = {index: tuple(known[sign] for sign in of if sign in known) for index, of in of_marks.items() if of}
    added = []
    for sign in (sign for sign in found if sign in known and known[sign] not in remark):
        wearing = [at for at, of in of_marks.items() if sign in of]
        alone = sign not in in_texts and len(wearing) < sum(1 for text in marks.values() if text)
        added.append(
            _about(reading.mapping, wearing, known[sign], sign) if alone else f"※{known[sign].removeprefix('※')}"
        )
        remark = re.sub(rf"[\s　]*{re.escape(sign)}$", "", remark)  # the sentence stands for it
    return " ".join(filter(None, [remark, *added])), noted


def _about(mapping: TheMapping, marks: Sequence[int], text: str, sign: str) -> str:
    """A sentence about some marks of a row alone, with what is printed above them: in front where from a day on it says who does it."""
    columns = [mapping.of_marks[at] for at in marks]
    named = ("" if c.party and not c.acts else of_act(c) if c.party else c.header.rpartition("/")[2] for c in columns)
    heads = "・".join(dict.fromkeys(filter(None, named)))
    if not heads:
        return f"※{text.removeprefix('※')}"
    if turns(text):
        return f"※{heads}: {text.removeprefix(sign).strip('　 :：')}"
    return f"※{text.removeprefix('※')}（{heads}の欄）"


def _sentences(reading: Reading, sheet: str) -> dict[str, str]:
    """
    What each sign means in a sheet. A sentence of the sheet goes before one of all sheets; and one that stands in the sheets of
    other tables alone, and of which nobody has said that it is of this one, is not of this one.
    """
    of_tables = {
        name
        for edition in reading.mapping.editions
        for part in edition.parts
        for _, name in sheets_of(reading.source, reading.mapping, part)
    }
    document = reading.document
    found: dict[str, str] = {}
    for note in sorted(reading.mapping.footnotes, key=lambda note: bool(note.sheet)):
        lines = {line for line, _ in document.each(note.text.text, note.text.line)}
        there = {name for (name, _), line in document.at.items() if line in lines}
        elsewhere = reading.source.kind not in ("text", "csv", "pdf") and sheet not in there and there <= of_tables
        if like(sheet, note.sheet) if note.sheet else not elsewhere:
            found[note.sign] = note.text.text
    return found
