"""
The words of headers and legends, as `data/intake_words.csv` has them → what a text stands for.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import Final

from assign import resources
from assign.errors import unreadable
from assign.words import normal


@cache
def vocabulary() -> dict[str, dict[str, list[str]]]:
    """What headers and legends say, by what it stands for: `data/intake_words.csv`."""
    path = resources.data_folder() / "intake_words.csv"
    found: dict[str, dict[str, list[str]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["what"], {})[row["value"]] = row["words"].split()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return found


def known(what: str, text: str) -> str:
    """What a header stands for: the longest word of it that is known."""
    word = normal(text)
    hits = [(len(each), value) for value, words in vocabulary()[what].items() for each in words if normal(each) in word]
    return max(hits, key=lambda hit: hit[0])[1] if hits and word else ""


def exactly(what: str, text: str) -> str:
    """What a text stands for that is a known word and nothing more; empty: nothing."""
    word = normal(text)
    return next((value for value, words in vocabulary()[what].items() if word in map(normal, words)), "")


def header_word(text: str) -> bool:
    """Whether a text has a word that headers have."""
    word = normal(text)
    return 0 < len(word) < 20 and any(
        normal(each) in word
        for what in ("role", "channel", "act", "party")
        for words in vocabulary()[what].values()
        for each in words
    )


def means(sentence: str) -> str:
    """
    What a sentence seems to say: the first meaning, in the order of the file, of which a word stands in it; where it names both parties, that
    the work is divided. What stands in brackets is beside the point.

    >>> means("▲：市職員（令和8年10月1日から受託者）"), means("△：受託者と市職員で分ける。分け方は備考"), means("受付は受託者、審査は市職員")
    ('retained', 'part_open', 'part_divided')
    """
    whole, sentence = sentence, _BRACKETS.sub("", sentence)
    word, parties = normal(sentence), vocabulary()["party"]
    found = next(
        (value for value, words in vocabulary()["means"].items() if any(normal(each) in word for each in words)),
        "undefined",
    )
    said = normal(re.split("[:：＝=]", sentence)[-1])
    if found == "undefined" and any(normal(each) == said for each in parties["city"]):
        return "retained"
    both = all(
        re.search(rf"(?:[はを、：:・と]|及び|^\S?\s)(?:{'|'.join(parties[party])})", sentence)
        for party in ("contractor", "city")
    )
    if both and found in ("retained", "consigned"):
        found = "part_divided"
    return "part_open" if found == "part_divided" and _ELSEWHERE.search(whole) else found


_BRACKETS: Final = re.compile(r"[(（][^()（）]*[)）]")
_ELSEWHERE: Final = re.compile("備考|照会|別に定め")  # where it is said whose part is what
