"""
The sentences of a legend, outside the tables → which mark each is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assign.words import Bilingual

from .sheets import Source, place
from .vocabulary import vocabulary


def legends(source: Source, marks: Sequence[str], table: set[int]) -> dict[str, tuple[str, Bilingual]]:
    """A sentence for each mark, outside the table: `MARK：…` in a cell, or the mark alone with the sentence beside it."""
    found: dict[str, tuple[str, Bilingual]] = {}
    blanks = [word for words in vocabulary()["blank"].values() for word in words]
    # A sheet that is a legend by its name goes first; a cell of another table is none.
    sheets = sorted(
        source.sheets, key=lambda sheet: not any(word in sheet.name for word in ("凡例", "記号", "説明", "見方"))
    )
    for row in (row for sheet in sheets for row in sheet.rows if id(row) not in table):
        texts = [(cell, cell.text.strip()) for cell in row.cells if cell.text.strip()]
        beside = [*(text for _, text in texts[1:]), ""]
        for (cell, text), following in zip(texts, beside, strict=False):
            for mark in marks:
                for name in (mark,) if mark else blanks:
                    alone = text == name and len(following) > 2 and len(texts) == 2
                    said = sentence(text, name) or (f"{text} {following}" if alone else "")
                    if said and mark not in found and len(said) > len(name) + 2:
                        found[mark] = (said, place(source.file, cell))
    return found


def sentence(text: str, name: str) -> str:
    """The part of a text that begins with a mark and a colon (or a space), up to the next mark with one."""
    at = re.search(rf"(?:^|[\s　「・、。：:]){re.escape(name)}(?:\s*[:：＝=]|[ 　]+(?=\S))", text)
    if at is None:
        return ""
    rest = text[at.start() :].strip().strip("　 「・、。：:").strip()
    ends = re.search(r"(?:[\s　]+|[、，/／;；])[^\s　、，/／;；]{1,8}\s*[:：＝=]|、\S{1,6}[ 　]", rest)
    return (rest[: ends.start()] if ends else rest).strip().strip("　 」")
