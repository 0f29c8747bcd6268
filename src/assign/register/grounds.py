"""
A question → why it is open: what is printed, and what the list makes of it. Who is asked must not have to look it up.

Of an act that only our judgement keeps with the city it is that judgement, whatever is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from assign.catalog.manifest import Manifest
from assign.catalog.parts import Said
from assign.explanation.wording import cell_said, list_sentence
from assign.rules.entries import Act
from assign.words import Bilingual

MOST: Final = 3  # sentences; of many rows under one mark the legend is one
_JOINTS: Final = (("ja", "、"), ("en", ", "))
_JUDGED: Final[Bilingual] = {"ja": "（本システムの判断）", "en": " (our judgement)"}


def of_list(said: Iterable[Said], manifest: Manifest, acts: Mapping[str, Act], *, cells: bool) -> Bilingual:
    """
    What the list says, each once.

    Args:
        cells: Whether what is printed is told, too: of a single row it is, of many only what the list makes of it.
    """
    printed: dict[tuple[str, str], dict[str, Bilingual]] = {}  # what the list makes of them → the cells, each once
    for each in said:
        sentence = list_sentence(each.line)
        of = printed.setdefault((sentence["ja"], sentence["en"]), {})
        for name, glyph in each.cells if cells else ():
            cell = cell_said(name, glyph, manifest, acts)
            of[cell["ja"]] = cell
    told = list(printed.items())[:MOST]
    there = [{lang: joint.join(cell[lang] for cell in of.values()) for lang, joint in _JOINTS} for _, of in told]
    return {
        "ja": "".join(
            (f"{of['ja']}です。" if of["ja"] else "") + ja for of, ((ja, _), _) in zip(there, told, strict=True)
        ),
        "en": " ".join(
            (f"{_capital(of['en'])}. " if of["en"] else "") + _capital(en)
            for of, ((_, en), _) in zip(there, told, strict=True)
        ),
    }


def of_judgement(acts: Sequence[Act]) -> Bilingual:
    """Why acts are read as the city's."""
    return {
        lang: joint.join(f"{act.because[lang].rstrip(stop)}{_JUDGED[lang]}{stop}" for act in acts[:MOST])
        for lang, joint, stop in (("ja", "", "。"), ("en", " ", "."))
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
