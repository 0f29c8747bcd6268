"""
What a reader of a log says: sentences in both languages, and what a database holds made fit to stand in them.

Whoever owns the database may put anything into it. Each reader makes what it shows harmless by itself, whoever checked it before.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from assign.errors import hidden, visible


class Text(NamedTuple):
    """A sentence in both languages."""

    ja: str
    en: str

    def say(self, lang: str) -> str:
        """In one of them."""
        return self.en if lang == "en" else self.ja


# Never `audit init`: an auditor who has mistyped the place would make an empty log there, and take it for the one looked for.
WHERE: Final = Text(
    "場所（`ASSIGN_AUDIT`、`--audit`）を確かめてください", "check where `ASSIGN_AUDIT` (`--audit`) points"
)
# The hash of a record's bytes as a leaf of the tree: under this one name on the sheet and in `show`; the stand-alone verifier says it, too.
LEAF: Final = Text("この記録のハッシュ", "Hash of this record")
_TAGS: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: Text) -> Text:
    """A finding that names what stands in the database: no tag of HTML in it, and no character that nobody sees."""
    return Text(visible(text.ja).translate(_TAGS), visible(text.en).translate(_TAGS))


def cell(value: object) -> object:
    """
    What stands in a cell of a table: text that a spreadsheet would take for a formula has a `'` before it.

    >>> cell("=1+1"), cell(24), cell("a" + chr(0x202E))
    ("'=1+1", 24, 'a\\\\u202e')
    """
    if not isinstance(value, str):
        return value
    return visible(f"'{value}" if value.startswith(_FORMULA) else value)


def plain_json(text: str) -> str:
    """JSON, in which a character that nobody sees is written as JSON's own escape: the same value, and its digest the same."""
    if hidden(text, "\n") is None:
        return text
    return text.translate({ord(c): json.dumps(c)[1:-1] for c in set(text) - {"\n"} if hidden(c) is not None})
