"""
The sentences of a legend, outside the tables → which mark each is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from assign.words import Bilingual

from .legends import disagrees
from .sheets import Sheet, Source, place
from .vocabulary import means, vocabulary

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
    """
    The part of a text that begins with a mark and a colon (or a space), up to the next mark with one; several marks may share a sentence.

    >>> sentence("凡例　○・受託：受託者が行う　●：市が行う", "受託"), sentence("◯（大きい丸）：市が行う", "◯")
    ('○・受託：受託者が行う', '◯（大きい丸）：市が行う')
    """
    one = rf"{re.escape(name)}(?:[（(][^（）()：:]{{1,10}}[）)])?"
    several = rf"(?:[^\s　：:・、，/]{{1,8}}[・、，/])*{one}(?:[・、，/][^\s　：:・、，/]{{1,8}})*\s*[:：＝=]"
    at = re.search(rf"(?:^|[\s　「・、。：:])(?:{several}|{re.escape(name)}[ 　]+(?=\S))", text)
    if at is None:
        return ""
    rest = text[at.start() :].strip().strip("　 「・、。：:").strip()
    colon = re.match(several, rest)
    names = r"[^\s　、，/／;；:：・]{1,8}(?:[・、，/][^\s　、，/／;；:：・]{1,8})*"
    following = rf"(?:[\s　]+|[、，/／;；]){names}\s*[:：＝=]"  # another mark with its colon
    ends = re.search(following if colon else rf"{following}|、\S{{1,6}}[ 　]", rest[colon.end() if colon else 0 :])
    end = (colon.end() if colon else 0) + ends.start() if ends else len(rest)
    return rest[:end].strip().strip("　 」")


def entry(mark: str, sentence: str, of: str) -> dict[str, Any]:
    """A mark of a set with what its sentence seems to say; without a sentence it is undefined."""
    if of == "by_party" and sentence:
        meaning = _of_party(mark, sentence)
    elif (
        not mark and (of == "row") is not sentence.startswith(tuple(vocabulary()["blank"]["of_row"])) and of != "cells"
    ):
        return {"mark": "", "means": "undefined"}
    elif of == "cells" and sentence and not mark:
        meaning = "outside" if means(sentence) == "retained" else "undefined"
    elif of == "cells" and any(word in sentence for word in vocabulary()["row"]["as_row"]):
        meaning = "as_row"
    else:
        meaning = means(sentence) if sentence else "undefined"
    said = sentence and (meaning != "undefined" or means(sentence) == "undefined")
    return {"mark": mark, "means": meaning, **({"legend": sentence} if said else {})}


def _of_party(mark: str, sentence: str) -> str:
    """What a mark in a party's column seems to mean: that this party does it, unless the sentence says that nobody does or knows."""
    if any(word in sentence for word in vocabulary()["means"]["undefined"]):
        return "undefined"
    if means(sentence) in ("no_step", "as_above"):
        return means(sentence)
    return "does" if mark and disagrees(sentence, "does") is None else "does_not"


def combinations(source: Source, table: set[int]) -> dict[str, dict[str, Any]]:
    """What a legend outside the table seems to say where both parties have a mark, and where neither has one."""
    found: dict[str, dict[str, Any]] = {which: {"means": "undefined"} for which in ("both", "neither")}
    cells = (cell for sheet in source.sheets for row in sheet.rows if id(row) not in table for cell in row.cells)
    for piece in (piece.strip() for cell in cells for piece in _PIECES.split(cell.text)):
        which = "neither" if _NEITHER.match(piece) else "both" if _BOTH.match(piece) else ""
        if which and "legend" not in found[which]:
            found[which] = {"means": _MEANS_OF[which](piece), "legend": piece}
    return found


_PIECES: Final = re.compile(r"[\n\u3000]+|(?<=。)")
_COLUMNS: Final = r"※?\s*(?:両方|双方|両者|両欄|どちら|いずれ|どの欄)(?:の欄)?(?:に|とも|も)"
_NEITHER: Final = re.compile(rf"{_COLUMNS}.{{0,8}}(?:ない|なし|無い|空欄|無印|空白)")
_BOTH: Final = re.compile(_COLUMNS)
_MEANS_OF: Final[Mapping[str, Callable[[str], str]]] = {
    "both": lambda said: means(said) if means(said) == "part_divided" else "part_open",
    "neither": lambda said: (
        means(said) if means(said) in ("retained", "no_step") and "まで" not in said else "undefined"
    ),
}
