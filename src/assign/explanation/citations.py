"""
What a sentence stands on: a row, the legend, an act, a ruling, each with its text.
"""

from __future__ import annotations

from assign.catalog.model import Task
from assign.catalog.parts import Legend
from assign.rules.entries import Entry, Ruling

from .wording import Answer, _basis


def _cite(kind: str, document: str, line: int | None, text: str) -> Answer:
    return {"kind": kind, "document": document, "line": line, "text": text}


def _entry_cite(kind: str, entry: Entry) -> Answer:
    """The entry's place in the rules; the city's paper with it, where the rule is the city's own."""
    own = _basis(entry.source, "ja") if entry.source.own else ""
    return _cite(kind, entry.file, entry.line, entry.title["ja"] + own)


def _row_cite(task: Task) -> Answer:
    return _cite("row", task.document, task.line, task.raw)


def _ruling_cite(ruling: Ruling) -> Answer:
    return _cite("ruling", ruling.file, ruling.line, f"{ruling.id} {ruling.title['ja']}（{ruling.source.document}）")


def _legend_cite(legend: Legend) -> Answer:
    return _cite("legend", legend.document, legend.line, legend.text)
