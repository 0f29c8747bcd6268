"""
Text out of a PDF → the same with kanji where the PDF has radicals: ⼀, ⽤, ⻑ are no kanji, and look like 一, 用, 長.

A font of a PDF has one picture for both, and what is taken out of it is either. No list is printed in radicals, so each is read as the kanji;
that is a repair, and is said.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final

from assign.errors import code_point

from .notes import Notes
from .sheets import Cell, Source

RADICAL: Final = re.compile("[\u2e80-\u2fdf]")
# Those of the supplement that Unicode gives no kanji for, and that are one whole.
_WHOLE: Final = dict(
    zip("⺟⺠⻁⻄⻅⻆⻉⻋⻑⻘⻝⻣⻤⻧⻨⻩⻫⻭⻯⻱⻲", "母民虎西見角貝車長青食骨鬼鹵麦黄斉歯竜亀亀", strict=True)
)


def kanji(text: str) -> str:
    """
    A text with the kanji that its radicals look like.

    >>> kanji("⼀部⽤⻑"), kanji("一部")
    ('一部用長', '一部')
    """
    return RADICAL.sub(lambda found: _WHOLE.get(found[0]) or unicodedata.normalize("NFKC", found[0]), text)


def folded(source: Source, notes: Notes) -> Source:
    """A source with kanji for radicals; a repair is noted, at the first of them."""
    found: list[Cell] = [cell for cell in source.cells() if RADICAL.search(cell.text)]
    if not found:
        return source
    first = RADICAL.search(found[0].text)
    said = f"{first[0]}（{code_point(first[0])}）→ {kanji(first[0])}" if first else ""
    notes.repaired(
        found[0], "radical", f"漢字に見える部首の文字を漢字と読みました（{len(found)} か所。{said} など）",
        f"radicals that look like kanji are read as kanji ({len(found)} places; {said} and others)",
    )  # fmt: skip
    sheets = tuple(
        replace(
            sheet,
            rows=tuple(
                replace(
                    row,
                    cells=tuple(replace(cell, text=kanji(cell.text)) for cell in row.cells),
                    raw=kanji(row.raw),
                )
                for row in sheet.rows
            ),
        )
        for sheet in source.sheets
    )
    return replace(source, sheets=sheets)
