"""
The schema of a database of logs, and what a database has that is not in it.

The index of idempotency keys takes the key from the record's own bytes, so that no other column can make a retry write a second
record. The column `key` is for people who look at the database with a tool of their own; no code relies on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from assign.commands import command
from assign.errors import shown

NAMES: Final = ("log", "record", "publication", "edition", "checkpoint")
TABLES: Final = """
CREATE TABLE IF NOT EXISTS log (id {int} PRIMARY KEY, origin {text} NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS record (at {int} PRIMARY KEY, payload {blob} NOT NULL, nodes {blob} NOT NULL, key {text});
CREATE TABLE IF NOT EXISTS publication (log {int} NOT NULL, what {text} NOT NULL, value {text} NOT NULL, seq {int} NOT NULL);
CREATE TABLE IF NOT EXISTS edition (sha256 {text} PRIMARY KEY, data {blob} NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (log {int} NOT NULL, size {int} NOT NULL, note {text} NOT NULL)
"""
# The key is read out of the record's bytes. In canonical JSON the seven bytes `"key":"` stand before the value of a member of
# that name and nowhere else, since a quote inside of a text has a backslash before it; it is a UUID, 36 characters long.
KEYS: Final = "CREATE UNIQUE INDEX IF NOT EXISTS record_key ON record ((at >> 40), ({key})) WHERE ({key}) IS NOT NULL"
KEY_INDEX: Final = ("index", "record_key")  # `rebuild` makes it anew


class Strange(NamedTuple):
    """
    A difference between a database and our schema: a code for programs, and a sentence.

    Attributes:
        harmless: Whether it cannot change what is written: a guard against slips is missing, or the index of keys, which no answer
            rests on alone, is not ours.
    """

    code: str
    ja: str
    en: str
    harmless: bool = False


class Part(NamedTuple):
    """A table, an index, a trigger … of a database: what it is, its name, and how it is defined."""

    kind: str
    name: str
    defined: str


KINDS: Final = {
    "table": ("表", "table"),
    "view": ("ビュー", "view"),
    "index": ("索引", "index"),
    "trigger": ("トリガー", "trigger"),
    "column": ("列", "column"),
    "constraint": ("制約", "constraint"),
    "rule": ("ルール", "rule"),
    "policy": ("行ポリシー", "row policy"),
    "function": ("関数", "function"),
    "inheritance": ("継承", "inheritance"),
    "schema": ("スキーマ", "schema"),
}


def differences(there: Iterable[Part], ours: Iterable[Part]) -> list[Strange]:
    """Parts that we did not make, that are missing, or that are defined otherwise."""
    found, made = Counter(there), Counter(ours)
    more, less = found - made, made - found
    told: list[Strange] = []
    for part in sorted(more):
        ja, en = KINDS.get(part.kind, ("もの", "thing"))
        name = shown(part.name, 100)
        if any(part[:2] == other[:2] for other in less):
            told.append(
                Strange(
                    "schema_altered",
                    f"データベースの{ja} {name} が、作った時のものではありません（`{command('audit rebuild')}` が直せるのは索引だけです）",
                    f"the {en} {name} of the database is not as it was made (`{command('audit rebuild')}` mends an index alone)",
                    harmless=part[:2] == KEY_INDEX,
                )
            )
        else:
            told.append(
                Strange(
                    "schema_foreign",
                    f"データベースに、assign が作っていない{ja} {name} があります",
                    f"the database has a {en} {name} that assign did not make",
                )
            )
    for part in sorted(less):
        if not any(part[:2] == other[:2] for other in more):
            ja, en = KINDS.get(part.kind, ("もの", "thing"))
            told.append(
                Strange(
                    "schema_missing",
                    f"データベースの{ja} {shown(part.name, 100)} がなくなっています",
                    f"the {en} {shown(part.name, 100)} of the database is missing",
                    harmless=part.kind in ("trigger", "function") or part[:2] == KEY_INDEX,
                )
            )
    return told
