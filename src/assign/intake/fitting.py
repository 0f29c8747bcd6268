"""
A mapping and one edition → the mapping as it holds of that edition: each sentence is looked for where it may stand, and has to be about its mark.

A sentence that the file does not have, or that is about another mark, is refused. One that stands in another list of the file alone says
nothing of this list: the mark is undefined here, and the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Mapped
from typing import Any

from assign.catalog.manifest import BESIDE_CELLS
from assign.errors import shown
from assign.words import Meaning, normal

from . import legends
from .document import Document
from .mapping import Both, Column, Edition, Footnote, Mapping, Mark, Part, Quote
from .notes import Notes
from .scope import Scope


def fitted(
    mapping: Mapping, edition: Edition, part: Part | None, document: Document, scope: Scope, notes: Notes
) -> Mapping:
    """
    The mapping as it holds of an edition, or of one of its tables.

    Args:
        part: A table that has marks of its own meaning.
        document: The whole of it, where every sentence has to be somewhere.

    Raises:
        RuleFileError: The file does not say a sentence, or says it of another mark.
    """
    fit = _Fit(edition, part, document, document._replace(order=(scope.own, scope.shared)), scope, notes)
    both = _parties(mapping.parties, part.parties if part else None)
    return mapping._replace(
        columns=tuple(fit.column(column) for column in mapping.columns),
        parties=fit.parties(both) if both else None,
        colours=part.colours if part and part.colours else mapping.colours,
        meanings=tuple(entry for entry in mapping.meanings if fit.explicit(entry, mapping)),
        comments=fit.comments(mapping.comments) if mapping.comments else None,
        footnotes=tuple(note for note in _footnotes(mapping, part) if fit.footnote(note, mapping)),
    )


def _footnotes(mapping: Mapping, part: Part | None) -> tuple[Footnote, ...]:
    """Those of a table itself, and of the list those whose signs it does not explain."""
    own = part.footnotes if part else ()
    return (*own, *(note for note in mapping.footnotes if note.sign not in {each.sign for each in own}))


def _parties(common: Both | None, own: Both | None) -> Both | None:
    """What a table says of parties itself, and of what it does not say what the list does: how remarks call them and divide."""
    if own is None or common is None or own.names:
        return own or common
    return own._replace(by_remark=own.by_remark or common.by_remark, names=common.names)


def without_others(mapping: Mapping, document: Document, scope: Scope) -> Scope:
    """The scope without what stands below another list's table, where this list has a legend elsewhere: then that one is the other's."""
    apart = scope.shared - scope.below
    quotes = [mark.legend for column in mapping.of_marks for mark in column.marks if mark.legend]
    mine = document._replace(order=(scope.own, apart))
    if not any(mine.find(quote.text, quote.line) for quote in quotes):
        return scope
    return scope._replace(shared=apart, below=frozenset())


class _Fit:
    def __init__(
        self, edition: Edition, part: Part | None, whole: Document, inside: Document, scope: Scope, notes: Notes
    ) -> None:
        self._edition = edition
        self._part = part
        self._whole = whole
        self._inside = inside
        self._scope = scope
        self._notes = notes

    def column(self, column: Column) -> Column:
        marks = {mark.printed: mark for mark in (*column.marks, *self._edition.marks.get(column.set, ()))}
        if self._part and column.set in self._part.marks:  # its own legend, and no other unless that is said
            marks = marks if self._part.others else {}
            marks |= {mark.printed: mark for mark in self._part.marks[column.set]}
        above = self._mark(column.above) if column.above else None
        return column._replace(marks=tuple(map(self._mark, marks.values())), above=above)

    def parties(self, both: Both) -> Both:
        other = self._combination(both.other) if both.other else None
        return both._replace(both=self._combination(both.both), neither=self._combination(both.neither), other=other)

    def _combination(self, mark: Mark) -> Mark:
        there = mark.legend is None or self._there(mark.legend, "")
        return mark if there else mark._replace(means=str(Meaning.UNDEFINED), legend=None)

    def comments(self, said: Mark) -> Mark | None:
        return said if said.legend is None or self._there(said.legend, "") else None

    def _mark(self, mark: Mark) -> Mark:
        if mark.legend is None:
            return mark
        name = shown(mark.printed) if mark.printed else "空欄"
        if not self._there(mark.legend, name):
            return mark._replace(means=str(Meaning.UNDEFINED), legend=None, acts={})
        self._about(mark.legend, (mark.printed,), name)
        text = next((text for _, text in self._inside.each(mark.legend.text, mark.legend.line)), "")
        said = legends.part_of(text, mark.printed)
        if (why := legends.disagrees(said, mark.means)) is not None:
            self._notes.doubtful(
                mark.node, "disagrees", f"印 {name} を {mark.means} としましたが、{why['ja']}: 「{said}」",
                f"the mark {name} is said to mean {mark.means}, but {why['en']}: `{said}`",
            )  # fmt: skip
        return mark

    def _about(self, quote: Quote, marks: tuple[str, ...], name: str) -> None:
        """Raises RuleFileError where a sentence names none of the marks."""
        texts = [text for _, text in self._inside.each(quote.text, quote.line)]
        if not any(legends.names(text, mark) for text in texts for mark in marks):
            raise quote.node.fail(
                f"「{quote.text}」は印 {name} の文ではありません（その印を名指す凡例の文を写すか、凡例になければ `because` に市の読み方を書いてください）",
                f"`{quote.text}` is not about the mark {name} (copy the sentence that names this very mark; where there is none, write `because`)",
            )

    def _there(self, quote: Quote, name: str) -> bool:
        """Whether this list has a sentence. Raises RuleFileError where no part of the file has it."""
        found = self._inside.find(quote.text, quote.line)
        whose = f"印 {name} の" if name else ""
        if found is None:
            lost(quote, self._whole)
            self._notes.doubtful(
                quote.node, "other_list", f"版 {self._edition.name} には{whose}この文がありません（別の版にだけあります）: 「{quote.text}」。この版では意味なし（市職員・回答待ち）です。この版の文は editions のその版の `marks` に書けます",
                f"the edition {self._edition.name} does not say this; only another one does: `{quote.text}`. Here it says nothing (city staff, needs a ruling); what this edition says goes into `marks` of its entry in `editions`",
            )  # fmt: skip
            return False
        if found[0] in self._scope.below:
            self._notes.doubtful(
                quote.node, "other_list", f"版 {self._edition.name} で引いた文は、別の版の表の下にあります（その版だけの文ではありませんか）: 「{quote.text}」",
                f"what is cited for the edition {self._edition.name} stands below the table of another: `{quote.text}`",
            )  # fmt: skip
        return True

    def explicit(self, entry: Mapped[str, Any], mapping: Mapping) -> bool:
        legend = entry.get("legend")
        if not legend:
            return True
        said = legend if isinstance(legend, dict) else {"text": legend}
        quote = Quote(str(said.get("text", "")), "", int(said.get("line") or 0), mapping.root)
        if not self._there(quote, ""):
            return False
        cells = entry["when"] if isinstance(entry.get("when"), dict) else {}
        marks = tuple(str(text) for name, text in cells.items() if name not in BESIDE_CELLS)
        self._about(quote, marks, "・".join(shown(mark) if mark else "空欄" for mark in marks))
        return True

    def footnote(self, note: Footnote, mapping: Mapping) -> bool:
        if not self._there(note.text, ""):
            return False
        lines = [self._inside.lines[line - 1] for line, _ in self._inside.each(note.text.text, note.text.line)]
        with_sign = [line for line in map(normal, lines) if normal(note.sign) in line]
        if not with_sign:
            raise note.text.node.fail(
                f"「{note.text.text}」は記号 {shown(note.sign)} の注の文ではありません",
                f"`{note.text.text}` is not the footnote of the sign {shown(note.sign)}",
            )
        self._once_in_a_sheet(note, mapping)
        wanted = normal(note.text.text)
        rest = min((line.partition(wanted)[2] for line in with_sign), key=len)
        if rest and not rest.startswith(("※", "*", "注")):
            self._notes.doubtful(
                note.text.node, "footnote_cut", f"注 {shown(note.sign)} の文は途中までです。続き: 「{rest[:60]}」",
                f"the footnote {shown(note.sign)} is cut short; it goes on: `{rest[:60]}`",
            )  # fmt: skip
        return True

    def _once_in_a_sheet(self, note: Footnote, mapping: Mapping) -> None:
        """Note where a sheet explains a sign in two ways: two tables stand there, and each needs its own sentence."""
        said = {line for line, _ in self._inside.each(note.text.text, note.text.line)}
        sheets = {sheet for (sheet, _), line in self._inside.at.items() if line in said}
        own = [each for edition in mapping.editions for part in edition.parts for each in part.footnotes]
        texts = [normal(each.text.text) for each in (*mapping.footnotes, *own) if each.sign == note.sign]
        sign = re.compile(rf"{re.escape(normal(note.sign))}(?![0-9])")
        for (sheet, _), line in self._inside.at.items():
            text = normal(self._inside.lines[line - 1])
            if sheet in sheets and line not in said and sign.match(text) and not any(each in text for each in texts):
                self._notes.doubtful(
                    note.text.node, "footnote_twice", f"記号 {shown(note.sign)} の注がシート {shown(sheet)} にもう1つあります: 「{text[:60]}」（表ごとに違うなら、`parts` のその表に `footnotes` を書いてください）",
                    f"the sheet {shown(sheet)} has another footnote {shown(note.sign)}: `{text[:60]}` (where tables differ, write `footnotes` in the `parts` of each)",
                )  # fmt: skip


def lost(quote: Quote, document: Document) -> None:
    """Raises RuleFileError where the document does not have a sentence."""
    if document.find(quote.text, quote.line) is None:
        where = (f" {quote.line} 行目に", f" on line {quote.line}") if quote.line else ("", "")
        raise quote.node.fail(
            f"文書の{where[0]}この文がありません: 「{quote.text}」（凡例のとおりに写してください）",
            f"the document does not say this{where[1]}: `{quote.text}` (copy it as it is printed)",
        )
