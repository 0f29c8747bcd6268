"""
The sentences of a legend, outside the tables → which mark each is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assign.words import Bilingual

from .sheets import Sheet, Source, place
from .vocabulary import vocabulary

Said = tuple[str, Bilingual]  # a sentence, and where it stands


def legends(source: Source, marks: Sequence[str], table: set[int]) -> dict[str, Said]:
    """A sentence for each mark, outside the table: `MARK：…` in a cell, or the mark alone with the sentence beside it."""
    found: dict[str, Said] = {}
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


def of_tables(
    source: Source, sheets: Sequence[Sheet], marks: Sequence[str], table: set[int]
) -> tuple[dict[str, Said], dict[str, dict[str, Said]]]:
    """
    What the list's legend says of each mark, and what the legends of single sheets say that have their own, which is not the same.

    Args:
        sheets: Those with a table.
    """
    shared = legends(replace(source, sheets=tuple(each for each in source.sheets if each not in sheets)), marks, table)
    own = {each.name: legends(replace(source, sheets=(each,)), marks, table) for each in sheets}
    common = dict(shared)
    for found in own.values():
        if not shared:  # the first that has one
            shared = common = dict(found)
    for name, found in own.items():
        own[name] = {mark: said for mark, said in found.items() if mark not in common or said[0] != common[mark][0]}
    alone = [name for name, found in own.items() if found]
    if len(alone) == 1 and not {*own[alone[0]]} & {*common}:  # nothing is said twice: it is of all of them
        return {**common, **own[alone[0]]}, {}
    return common, {name: own[name] for name in alone}


def sentence(text: str, name: str) -> str:
    """The part of a text that begins with a mark and a colon (or a space), up to the next mark with one."""
    at = re.search(rf"(?:^|[\s　「・、。：:]){re.escape(name)}(?:\s*[:：＝=]|[ 　]+(?=\S))", text)
    if at is None:
        return ""
    rest = text[at.start() :].strip().strip("　 「・、。：:").strip()
    colon = re.match(rf"{re.escape(name)}\s*[:：＝=]", rest)
    following = r"(?:[\s　]+|[、，/／;；])[^\s　、，/／;；]{1,8}\s*[:：＝=]"  # another mark with its colon
    ends = re.search(following if colon else rf"{following}|、\S{{1,6}}[ 　]", rest)
    return (rest[: ends.start()] if ends else rest).strip().strip("　 」")
