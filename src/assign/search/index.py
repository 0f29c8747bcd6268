"""
The index of a list's words, as SQLite (compressed, where it ships): every part of every pattern by its text, and full text (FTS5) over pairs of characters.

It is made when the package is built and ships beside the code; for another list, or where the words were changed since, it is made in
memory when the first query comes. It is read from memory alone: no file stays open, and a forked child has its own.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import zlib
from binascii import crc32
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from struct import Struct
from typing import Any, Final, NamedTuple
from weakref import finalize

from assign import resources
from assign.catalog.model import Catalog, Task
from assign.errors import DataError
from assign.words import sha256

from . import lexicon
from .folding import folded
from .lexicon import Lexicon

NAME: Final = "search.sqlite.zlib"
_PLACE: Final = Struct(">HB")
_EMPTY: Final = re.compile(r"(?:の支給|の交付)?に関する(?:事|こと)$")  # what half of the names end in
_ORIGINS: Final = (*lexicon.ORIGINS, lexicon.UNLESS, "abbreviation", "label", "name", "heading")  # as their places here
ROW: Final = "row"  # beside the kinds of topic: a row's own name
# One query at a time, and none while a process forks: SQLite's own locks would stay locked in the child.
_ASKING: threading.RLock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_ASKING.acquire, after_in_parent=_ASKING.release, after_in_child=_ASKING.release)
# `text` is a folded word; `places` is where it stands: 3 bytes each for the pattern and its part (`_PLACE`); `topic` counts from 0 in the order of the files, then come the rows in the order of the list.
_TABLES: Final = """
CREATE TABLE made (sha256 TEXT, code INTEGER);
CREATE TABLE topic (id INTEGER PRIMARY KEY, kind TEXT, key TEXT, said TEXT);
CREATE TABLE pattern (id INTEGER PRIMARY KEY, topic INTEGER, parts INTEGER, origin INTEGER, division TEXT);
CREATE TABLE part (text TEXT PRIMARY KEY, places BLOB) WITHOUT ROWID;
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT, topic INTEGER, origin INTEGER);
CREATE VIRTUAL TABLE pairs USING fts5 (text, content='', columnsize=0, tokenize="unicode61 remove_diacritics 0");
"""


class Matched(NamedTuple):
    """A pattern of which parts stand in a query: its topic, how many parts it has, and each part found with its number."""

    topic: int
    parts: int
    origin: str
    division: str
    found: tuple[tuple[int, str], ...]


class Alike(NamedTuple):
    """A word that shares pairs of characters with a query."""

    topic: int
    text: str
    origin: str


class Index:
    """A list's words, ready to be asked. `topics`: the kind and key of each, and what an answer needs of it."""

    def __init__(self, database: bytes) -> None:
        # Never a file, and only ever read: two threads take turns (`_ASKING`).
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        finalize(self, self._db.close)  # Python 3.13 warns of one that is left to the garbage collector
        self._db.deserialize(database)
        self._topics: dict[int, tuple[str, str, dict[str, Any]]] = {}

    @property
    def made(self) -> tuple[str, int]:
        """Of which list and words it is, and of which code."""
        return tuple(self._all("SELECT sha256, code FROM made")[0])

    def topic(self, number: int) -> tuple[str, str, dict[str, Any]]:
        """A topic's kind, its key, and what an answer needs of it."""
        if number not in self._topics:
            kind, key, said = self._all("SELECT kind, key, said FROM topic WHERE id = ?", number)[0]
            self._topics[number] = (kind, key, json.loads(said) if said else {})
        return self._topics[number]

    def numbered(self, key: str) -> int:
        """The number of the topic with a key."""
        return int(self._all("SELECT id FROM topic WHERE key = ? AND kind <> 'row'", key)[0][0])

    def of_kind(self, kind: str) -> list[int]:
        """The numbers of the topics of a kind, in the order of the files."""
        return [number for (number,) in self._all("SELECT id FROM topic WHERE kind = ? ORDER BY id", kind)]

    def matched(self, texts: Iterable[str]) -> list[Matched]:
        """The patterns of which at least one part is among these texts; each part with all of its ways of writing found."""
        found = self._all(
            "SELECT text, places FROM json_each(?) AS asked JOIN part ON part.text = asked.value ORDER BY text",
            json.dumps(list(texts)),
        )
        words: dict[int, list[tuple[int, str]]] = {}
        for text, places in found:
            for pattern, at in _PLACE.iter_unpack(places):
                words.setdefault(pattern, []).append((at, text))
        patterns = self._all(
            "SELECT pattern.id, topic, parts, origin, division FROM json_each(?) AS found"
            " JOIN pattern ON pattern.id = found.value ORDER BY pattern.id",
            json.dumps(list(words)),
        )
        return [
            Matched(topic, parts, _ORIGINS[origin], division, tuple(words[number]))
            for number, topic, parts, origin, division in patterns
        ]

    def alike(self, text: str, most: int) -> list[Alike]:
        """The words that share pairs of characters with a text, those that share the rarest first."""
        pairs = " OR ".join(f'"{pair}"' for pair in dict.fromkeys(_pairs(text)))  # folded: letters and digits alone
        if len(text) == 1:
            pairs = f'"{text}" *'
        return [
            Alike(topic, word, _ORIGINS[origin])
            for topic, word, origin in self._all(
                "SELECT topic, word.text, origin FROM pairs JOIN word ON word.id = pairs.rowid WHERE pairs MATCH ?"
                " ORDER BY pairs.rank LIMIT ?",
                pairs,
                most,
            )
        ]

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with _ASKING:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:  # the index that ships was made where there was one
                if "fts5" not in str(error):
                    raise
                raise _without_full_text(error) from None


def open_index(catalog: Catalog, folder: Path | None) -> Index:
    """
    The index of a list: the one that ships where it is of these very rows and words, else one that is made now.

    Args:
        folder: The list's folder, where its lexicon is; None: it has no words but its own names.

    Raises:
        RuleFileError: A lexicon file is wrong, with its line. DataError: This Python's SQLite has no full text.
    """
    texts = lexicon.files(folder) if folder is not None else {}
    stamp = _stamp(catalog, texts)
    kept = resources.kept_file().with_name(NAME)
    try:
        if (index := Index(zlib.decompress(kept.read_bytes()))).made == stamp:
            return index
    except (OSError, zlib.error, sqlite3.Error, IndexError):
        pass
    with lexicon.named_as_given(folder):
        return Index(database(catalog, texts))


def write_kept(catalog: Catalog, folder: Path) -> Path:
    """Make the index that ships, beside the code. Called by the build."""
    file = resources.kept_file().with_name(NAME)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(zlib.compress(database(catalog, lexicon.files(folder)), 9))
    return file


def database(catalog: Catalog, texts: dict[str, bytes]) -> bytes:
    """
    The index of a list and its lexicon files, as the bytes of an SQLite database.

    Raises:
        RuleFileError, DataError: As `open_index`.
    """
    words = lexicon.load(texts, catalog.by_id)
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            raise _without_full_text(error) from None
        db.execute("INSERT INTO made VALUES (?, ?)", _stamp(catalog, texts))
        _fill(db, words, catalog.tasks)
        db.commit()
        db.execute("INSERT INTO pairs (pairs) VALUES ('optimize')")
        db.commit()
        db.execute("VACUUM")
        return db.serialize()


def _without_full_text(error: sqlite3.Error) -> DataError:
    return DataError(
        f"この Python の SQLite には全文検索（FTS5）がありません（{error}）",
        f"the SQLite of this Python has no full text search (FTS5): {error}",
    )


def _fill(db: sqlite3.Connection, words: Lexicon, tasks: Sequence[Task]) -> None:
    said = [
        (t.kind, t.id, json.dumps(lexicon.plain(t), ensure_ascii=False, separators=(",", ":"))) for t in words.topics
    ]
    said += [(ROW, task.id, "") for task in tasks]  # the list has its names
    db.executemany("INSERT INTO topic VALUES (?, ?, ?, ?)", [(at, *each) for at, each in enumerate(said)])
    patterns = [(at, pattern) for at, topic in enumerate(words.topics) for pattern in topic.patterns]
    db.executemany(
        "INSERT INTO pattern VALUES (?, ?, ?, ?, ?)",
        [(i, at, len(p.parts), _ORIGINS.index(p.origin), p.division) for i, (at, p) in enumerate(patterns)],
    )
    places: dict[str, dict[bytes, None]] = {}
    for i, (_, pattern) in enumerate(patterns):
        for n, part in enumerate(pattern.parts):
            for word in part:
                places.setdefault(word, {})[_PLACE.pack(i, n)] = None
    db.executemany("INSERT INTO part VALUES (?, ?)", [(word, b"".join(each)) for word, each in places.items()])
    found = [(*word, origin) for word, origin in {each[:2]: each[2] for each in _searched(words, tasks)}.items()]
    db.executemany(
        "INSERT INTO word VALUES (?, ?, ?, ?)",
        [(i, text, at, _ORIGINS.index(origin)) for i, (text, at, origin) in enumerate(found)],
    )
    db.executemany(
        "INSERT INTO pairs (rowid, text) VALUES (?, ?)",
        [(i, " ".join(_pairs(text))) for i, (text, _, _) in enumerate(found)],
    )


def _searched(words: Lexicon, tasks: Sequence[Task]) -> Iterator[tuple[str, int, str]]:
    """What a query may be the beginning or a part of: words that stand alone, labels, and the names of rows."""
    for at, topic in enumerate(words.topics):
        for pattern in topic.patterns:
            if len(pattern.parts) == 1 and not pattern.division and not topic.over and pattern.origin != lexicon.UNLESS:
                yield from ((word, at, pattern.origin) for word in pattern.parts[0])
        if topic.kind != "event" and not topic.over:
            yield from ((folded(text), at, "label") for text in topic.label.values())
    for at, task in enumerate(tasks, start=len(words.topics)):
        yield folded(_EMPTY.sub("", task.name)), at, "name"
        yield from ((word, at, "heading") for text in (task.group, task.section) if (word := folded(text)))


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)] or [text]


def _stamp(catalog: Catalog, texts: dict[str, bytes]) -> tuple[str, int]:
    """Of which rows and words an index is, and of which code."""
    here = Path(__file__).resolve().parent
    code = 0
    try:
        for path in sorted((*here.glob("*.py"), here.parent / "words.py")):
            code = crc32(path.read_bytes(), code)
    except OSError:  # a zip, byte code alone
        code = -1
    return sha256(catalog.data + resources.joined(texts)), code
