"""
What a row says beside its marks → lines of the table of meanings for that row alone.

The look of a mark or of the row's name, where the mapping says what it means; a remark that says whose part is what; and a remark that
says of the whole work that it is the city's, against a mark that gives it away: who is meant then, a ruling has to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from assign.catalog.manifest import BESIDE_CELLS
from assign.catalog.model import Catalog, Task
from assign.catalog.parts import Said
from assign.words import CONSIGNING, Meaning

from .beside import SAME
from .document import Document
from .headings import of_act
from .looks import Look
from .mapping import Mapping, Mark, Quote
from .marks import mark_of
from .meanings import Columns, cited, divides
from .notes import Notes
from .parties import all_by_city, by_city_on, names_another, names_contractor
from .rows import Printed

Entry = dict[str, Any]
_BY_CITY: Final = (Meaning.RETAINED, Meaning.OUTSIDE)


def of_single_rows(
    catalog: Catalog,
    printed: list[Printed],
    of_parts: Sequence[Mapping],
    columns: Columns,
    document: Document,
    notes: Notes,
) -> Iterator[Entry]:
    """
    The lines.

    Args:
        of_parts: The mapping as it holds of each part of the edition.

    Raises:
        RuleFileError: A sentence about a look is not in the document, or a division by remarks does nothing.
    """
    mapping = of_parts[0]
    for look in mapping.colours.listed if mapping.colours else ():
        if isinstance(look.legend, Quote):
            cited(look.legend, document)
    of = {id(each): _Rows(catalog, each, columns, document, notes) for each in of_parts}
    for task, row in zip(catalog.tasks, printed, strict=True):
        yield from of[id(of_parts[row.part])].lines(task, row)
    both = mapping.parties
    divided = any(each.divided for each in of.values())
    if both is not None and both.by_remark and not any(c.party for c in mapping.of_marks) and not divided:
        raise both.node.fail(
            "備考で分担が決まる行が1つもありません（`divided_by_remark` を消すか、`names` を備考の呼び名に合わせてください）",
            "no row is divided by its remark (leave `divided_by_remark` out, or make `names` what remarks call the parties)",
        )


class _Rows:
    def __init__(self, catalog: Catalog, mapping: Mapping, columns: Columns, document: Document, notes: Notes) -> None:
        self._catalog = catalog
        self._mapping = mapping
        self._columns = columns
        self._document = document
        self._notes = notes
        self._acts = tuple(dict.fromkeys(act for column in mapping.of_marks for act in column.acts))
        self.divided = 0

    def lines(self, task: Task, row: Printed) -> Iterator[Entry]:
        """Those of one row, for each channel, and each act that has its own cells."""
        city = next(filter(None, map(all_by_city, row.said)), "")
        against = ""
        for channel in self._catalog.manifest.channels:
            for act in (None, *self._acts):
                here = self._here(row, channel, act)
                if not here:
                    continue
                said = self._catalog.says(task, channel, act)
                meaning, why = self._look(row, here) or (said.meaning, None)
                words = (*self._words(channel), *(self._headings(here) if act is not None else ()))
                said_of = (part for text in row.said for part in re.split("[。;；\n]", text) if part.strip())
                kept = city or next((part.strip() for part in said_of if by_city_on(part, words)), "")
                if kept and meaning in CONSIGNING:
                    meaning, why, against = Meaning.UNDEFINED, _against(kept), kept
                elif why is None and self._open(row, said, here) and self._divides(row, channel, here):
                    meaning, why = Meaning.PART_DIVIDED, self._mark_says(row, here)
                    self.divided += 1
                if why is not None:
                    yield {"when": self._when(task, row, said, channel, act, here), "means": str(meaning), **why}
        self._remark(task, row, against)

    def _here(self, row: Printed, channel: str, act: str | None) -> list[int]:
        """The columns of marks of a row's table that are read on a channel, for an act that has cells, or for the work as a whole."""
        marks = self._mapping.of_marks
        here = [at for at in sorted(row.marks) if marks[at].channel in ("", channel)]
        if act is not None and not any(act in marks[at].acts for at in here):
            return []
        return [at for at in here if (act in marks[at].acts if marks[at].acts else True)]

    def _look(self, row: Printed, here: list[int]) -> tuple[Meaning, Entry] | None:
        looks = list({row.looks[at].said: row.looks[at] for at in here if at in row.looks}.values())
        if not looks:
            return None
        if len(looks) > 1:
            because = {"ja": "この行の欄の見た目が食い違っています", "en": "The looks of its cells do not agree"}
            return Meaning.UNDEFINED, {"because": because}
        return Meaning(looks[0].means), self._of_look(looks[0])

    def _of_look(self, look: Look) -> Entry:
        if isinstance(look.legend, Quote):
            return {"legend": cited(look.legend, self._document)}
        because = look.because or {
            "ja": f"見た目 {look.look} の意味は決まっていません",
            "en": f"What the look {look.look} means is open",
        }
        return {"because": dict(because)}

    def _words(self, channel: str) -> tuple[str, ...]:
        """What a channel is called."""
        known = self._catalog.manifest.channels
        return known[channel].words if len(known) > 1 else ()

    def _headings(self, here: list[int]) -> tuple[str, ...]:
        """What names the acts above their columns."""
        columns = (self._mapping.of_marks[at] for at in here)
        return tuple(dict.fromkeys(of_act(each) for each in columns if each.acts and each.header))

    def _open(self, row: Printed, said: Said, here: list[int]) -> bool:
        """Whether the legend leaves it to a remark whose part is what: of a part, or of work that is the city's until that is settled."""
        return said.meaning is Meaning.PART_OPEN or (
            said.meaning is Meaning.UNDEFINED and any(mark.legend for mark in self._marks(row, here))
        )

    def _marks(self, row: Printed, here: list[int]) -> Iterator[Mark]:
        signs = self._mapping.signs
        for at in here:
            mark = mark_of(row.marks.get(at, ""), self._mapping.of_marks[at], signs)
            if mark is not None:
                yield mark

    def _divides(self, row: Printed, channel: str, here: list[int]) -> bool:
        """
        Whether a remark says whose part is what here: one that names channels does so on the one that it names, if it is one; and a
        column of an act is divided by a remark that names that act.
        """
        both = self._mapping.parties
        if both is None or not both.by_remark or any(self._mapping.of_marks[at].party for at in here):
            return False
        if any(divides(text, both.names) for at in here for text in row.noted.get(at, ())):  # said of this mark alone
            return True
        acts = self._headings(here)
        for text in row.said:
            if acts and not any(act in text for act in acts):
                continue
            named = [key for key in self._catalog.manifest.channels if any(word in text for word in self._words(key))]
            if divides(text, both.names) and named in ([], [channel]):
                return True
        return False

    def _mark_says(self, row: Printed, here: list[int]) -> Entry:
        """The sentence about the mark that is divided."""
        for mark in self._marks(row, here):
            if mark.means in (Meaning.PART_OPEN, Meaning.UNDEFINED):
                if mark.legend is not None:
                    return {"legend": cited(mark.legend, self._document)}
                if mark.because is not None:
                    return {"because": dict(mark.because)}
        return {"because": {"ja": "備考が分担を言っています", "en": "The remark says whose part is what"}}

    def _when(
        self, task: Task, row: Printed, said: Said, channel: str, act: str | None, here: list[int]
    ) -> dict[str, str]:
        cells = {name: text for name, text in said.line.when.items() if name not in BESIDE_CELLS}
        own = {self._columns.key[at]: row.marks[at] for at in here}
        return {"row": task.id, "channel": channel, **({"act": act} if act else {}), **cells, **own}

    def _remark(self, task: Task, row: Printed, city: str) -> None:
        """What a remark says against the marks, for a person to look at."""
        meanings = {self._catalog.says(task, channel).meaning for channel in self._catalog.manifest.channels}
        text = " ".join(row.said)
        if any(SAME.fullmatch(each.strip()) for each in row.said):
            self._notes.doubtful(
                row.cell, "same_as_above", f"備考が「{text}」です（上の行の備考は借りません。条件として答えに示します）",
                f"the remark is `{text}` (nothing is borrowed from the row above; it is shown with the answer)",
            )  # fmt: skip
        if city:
            self._notes.doubtful(
                row.cell, "against_mark", f"印は受託者に渡していますが、備考は「{city}」です（市職員・回答待ちにしました）",
                f"the mark gives it to the contractor, and the remark says `{city}` (city staff, needs a ruling)",
            )  # fmt: skip
        elif (
            meanings & {Meaning.CONSIGNED, Meaning.CONSIGNED_DOUBTFUL}
            and names_another(text, self._mapping.third_parties)
            and not any(self._divides(row, key, self._here(row, key, None)) for key in self._catalog.manifest.channels)
        ):
            self._notes.doubtful(
                row.cell, "remark_party", f"印は受託者に渡していますが、備考にほかの者が出ます: 「{text}」（条件として答えに示します）",
                f"the mark gives it to the contractor, and the remark names somebody else: `{text}` (shown with the answer)",
            )  # fmt: skip
        elif meanings & set(_BY_CITY) and not meanings & set(CONSIGNING) and names_contractor(text):
            self._notes.doubtful(
                row.cell, "remark_party", f"印は市が行うとしていますが、備考に受託者が出ます: 「{text}」（答えは印のとおり市職員です）",
                f"the mark keeps it with the city, and the remark names the contractor: `{text}` (the mark decides)",
            )  # fmt: skip


def _against(sentence: str) -> Entry:
    return {
        "because": {
            "ja": f"印と備考「{sentence[:60]}」が合いません",
            "en": f"The mark and the remark '{sentence[:60]}' do not agree",
        }
    }
