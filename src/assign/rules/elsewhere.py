"""
The rules that ship → what they are for the list of another city.

What speaks of our document and of its rows is no other city's: an act that leans on a line of it is our judgement there, its
examples are gone, and a condition that was said on some rows is said on all. What a kind of work consists of stays; its rows
are the other list's. Classes, keys, names and laws are what they were (`assign.check.floor`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from assign import resources
from assign.errors import unreadable
from assign.words import Bilingual
from assign.yaml_nodes import parse

from .entries import Act
from .kinds import KINDS, NOT_SAID, Kind, read_work
from .loader import acts_of

# Reasons that say what stands in our list.
_BECAUSE: Final[Mapping[str, Bilingual]] = {
    "forward": {
        "ja": "年金事務所や広域連合への進達と報告は市が行います。",
        "en": "Forwarding and reporting to the pension office or the wide-area union is the city's.",
    },
    "appeal": {"ja": "審査請求への対応は市が行います。", "en": "Dealing with an appeal is the city's."},
}
_OURS: Final = (
    (re.compile(r"^    source: \{document: .*\}$", re.MULTILINE), "    source: {basis: judged}"),
    (re.compile(r"^    examples: \[.*\]$", re.MULTILINE), "    examples: []"),
    (re.compile(r"^      rows: \[.*\]\n", re.MULTILINE), ""),
)
_ENTRY: Final = re.compile(r"^  - id: (\w+)\n(?:(?!  - id: |[a-z#]|  #).*\n)*", re.MULTILINE)
_ROWS: Final = re.compile(r"^    (?:rows|reasons): ?.*\n(?:      .*\n)*", re.MULTILINE)


def acts(text: str) -> str:
    """`acts.yaml` as it ships, without its opening comment → the same for another list."""
    for pattern, by in _OURS:
        text = pattern.sub(by, text)

    def said(entry: re.Match[str]) -> str:
        if (because := _BECAUSE.get(entry[1])) is None:
            return entry[0]
        return re.sub(
            r"(?m)^    because: .*$", f'    because: {{ja: {because["ja"]}, en: "{because["en"]}"}}', entry[0]
        )

    return without_head(_ENTRY.sub(said, text), "acts")


def acts_elsewhere(data: bytes) -> dict[str, Act]:
    """The acts of `acts.yaml` as it ships, as they are for another list."""
    return acts_of(parse("acts.yaml", acts(data.decode("utf-8-sig").replace("\r\n", "\n")).encode()))


def kinds(text: str, rows: Mapping[str, Iterable[str]]) -> str:
    """
    `kinds.yaml` as it ships, without its opening comment → the kinds that another list needs.

    Args:
        rows: The kinds to take, by their ids, each with the rows of that list which are of it; `NOT_SAID` among them, if it is needed.
    """
    before, _, after = without_head(text, "counter").partition("\nkinds:\n")
    found = {entry[1]: entry[0] for entry in _ENTRY.finditer(after.partition("\nchains:\n")[0] + "\n")}
    found[NOT_SAID] = _not_said()
    entries = [f"{_ROWS.sub('', found[kind])}    rows: [{', '.join(of)}]\n" for kind, of in rows.items()]
    return f"{before}\nkinds:\n{''.join(entries)}\nchains: []\n"


def _not_said() -> str:
    """Its entry, but for its rows: `data/kind_not_said.yaml`."""
    path = resources.data_folder() / "kind_not_said.yaml"
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


@cache
def not_said() -> Kind:
    """The kind of a row of which nobody has said it; it ships, for every list but our own."""
    return read_work(
        parse(KINDS, f"counter: [guide]\nkinds:\n{_not_said()}    rows: []\nchains: []\n".encode()), None
    ).kinds[0]


def without_head(text: str, first: str) -> str:
    """A rule file from its first key on."""
    return text[text.index(f"\n{first}:") + 1 :]
