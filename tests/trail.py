"""What the tests of the log share: a place of its own, logs made fast, an attacker with the whole database, a server."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import pytest

from assign import Desk
from assign.audit import verify
from assign.catalog.loader import from_edition
from assign.cli import main
from assign.log import merkle
from assign.log.draft import Draft
from assign.log.keys import SecretKey, held_key
from assign.log.kinds import Record
from assign.log.log import Log
from assign.log.store.interface import SHIFT
from assign.log.store.schema import NAMES
from assign.log.store.sqlite_schema import make_triggers
from assign.resources import joined
from assign.rules import loader

from .built_in import CHANNELS

read_once = cache(loader.from_edition)
ORIGIN = "example.city/assign"
GIVEN_BY_THE_LOG = ("schema", "origin", "seq", "recorded", "version")
KEPT = 40
ACTS = (None, None, "receive", "decide", "data_entry", "seal", "undetermined")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Keys and logs of a test are its own, never the user's. An edition is read once for all tests: a rule set is a value, and most
    logs here hold the same one.
    """
    at_home(tmp_path, monkeypatch)
    monkeypatch.setattr(loader, "from_edition", read_once)


KEPT_NAMES: Final = ("ASSIGN_TEST_WITHOUT", "ASSIGN_KEY_STATE")


def at_home(place: Path, patch: pytest.MonkeyPatch) -> None:
    """Keys and logs are looked for in this place alone."""
    for name in [name for name in os.environ if name.startswith("ASSIGN_") and name not in KEPT_NAMES]:
        patch.delenv(name)
    patch.setenv("XDG_CONFIG_HOME", str(place / "config"))
    patch.setenv("XDG_DATA_HOME", str(place / "data"))


class Said(NamedTuple):
    """How a command went."""

    code: int
    out: str
    err: str


def cli(*words: object) -> Said:
    """`assign …` in this process: a command takes milliseconds, and its lines are counted as covered."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    texts = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
    assert "Traceback" not in texts[1]
    return Said(code, *texts)


def requests(desk: Desk, number: int, seed: int = 1) -> list[dict[str, Any]]:
    """Requests that have an answer, all over the list."""
    chosen = random.Random(seed)
    found = []
    for _ in range(number):
        row, channel, act = chosen.choice(desk.catalog.tasks).id, chosen.choice(list(CHANNELS)), chosen.choice(ACTS)
        found.append({"row": row, "channel": channel, "act": act, "on": f"2026-11-{chosen.randint(1, 28):02}"})
    return found


def drafts(records: Iterable[Record]) -> list[Record]:
    """Records as they were before a log numbered them."""
    return [{name: value for name, value in each.items() if name not in GIVEN_BY_THE_LOG} for each in records]


def recorded(desk: Desk, asked: Sequence[dict[str, Any]]) -> list[Record]:
    """What a desk with a log writes down for some requests."""
    return [each.kept.record for request in asked for each in desk.record(**request)]


def grow(log: Log, more: Sequence[Record]) -> None:
    """Append many in one transaction, as a group commit does."""
    with log.store.writing(log.number) as writing:
        log._writer.begin(writing)
        log._writer.write(writing, [Draft(each, log.origin) for each in more])


def made(path: Path, desk: Desk, more: Sequence[Record], sizes: Sequence[int] = ()) -> tuple[list[str], SecretKey]:
    """A log in a new file with these decisions, and signed at those sizes: its notes, and its key."""
    with closing(Log.make(f"sqlite:///{path}", ORIGIN, desk.editions)) as log:
        key = held_key(ORIGIN)
        notes, done = [], log.size
        for size in sorted({*sizes, done + len(more)}):
            if size > log.size:
                begun = log.size - done
                grow(log, more[begun : size - done])
            if size in sizes:
                notes.append(log.checkpoint(key))
    return notes, key


@contextmanager
def opened(path: Path, origin: str | None = ORIGIN) -> Iterator[Log]:
    """A log in a file, for a while."""
    with closing(Log.open(f"sqlite:///{path}", origin)) as log:
        yield log


@pytest.fixture(name="told", scope="module")
def _told(table_desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Forty decisions as a desk writes them down, to be put into logs."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("told")
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        with closing(Log.make(f"sqlite:///{folder}/audit.db", ORIGIN, table_desk.editions)) as log:
            asking = Desk(table_desk.catalog, table_desk.rules, "table", log)
            return drafts(recorded(asking, requests(table_desk, KEPT)))


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "audit.db"


@pytest.fixture(name="notes")
def _notes(path: Path, table_desk: Desk, told: list[dict[str, Any]]) -> list[str]:
    """A log of 44 records, signed at 10, 30 and 44: the notes."""
    return made(path, table_desk, told, [10, 30, 44])[0]


@pytest.fixture(name="log")
def _log(path: Path, notes: list[str]) -> Iterator[Log]:
    """That log, open."""
    assert notes
    with opened(path) as found:
        yield found


def asking(log: Log, desk: Desk) -> Desk:
    """A desk that records in it."""
    return Desk(desk.catalog, desk.rules, "table", log)


def codes(log: Log, *against: str, keys: Any = ()) -> list[tuple[str, int | None]]:
    """What `verify` finds."""
    return [(each.code, each.seq) for each in verify(log, against, keys).findings]


def changed_list(desk: Desk, row: str, **cells: str) -> bytes:
    """The list with some cells of one row changed."""
    lines = desk.catalog.rows.decode().split("\n")
    names = lines[0].split(",")
    for place, line in enumerate(lines):
        if line.split(",")[0] == row:
            words = line.split(",")
            for name, value in cells.items():
                words[names.index(name)] = value
            lines[place] = ",".join(words)
    return joined({"manifest.yaml": desk.catalog.manifest.data, "catalog.csv": "\n".join(lines).encode()})


def of(catalog: bytes, rules: bytes, log: Log | None = None) -> Desk:
    """A desk over other texts."""
    return Desk(from_edition(catalog), read_once(rules), "table", log)


# -- an attacker who holds the whole database ------------------------------------------------------------------------


@contextmanager
def broken_into(path: Path) -> Iterator[apsw.Connection]:
    """
    The file as whoever owns it can write it: no trigger stands in the way, and nothing waits for the disk. The triggers are
    put back, since `verify` names one that is missing.
    """
    with closing(apsw.Connection(str(path))) as db:
        db.execute("PRAGMA synchronous=OFF")
        for name in NAMES:
            for verb in ("update", "delete"):
                db.execute(f"DROP TRIGGER IF EXISTS {name}_no_{verb}")
        with db:
            yield db
        there = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        make_triggers(db, [name for name in NAMES if name in there])


def payloads(db: apsw.Connection, log: int = 1) -> list[bytes]:
    """All records' bytes, in order."""
    found = db.execute("SELECT payload FROM record WHERE at >> 40 = ? ORDER BY at", (log,))
    return [bytes(payload) for (payload,) in found]


def rechain(db: apsw.Connection, records: Sequence[bytes], log: int = 1) -> None:
    """Write these records in place of all others, with hashes that fit."""
    tree = merkle.Frontier()
    db.execute("DELETE FROM record WHERE at >> 40 = ?", (log,))
    rows = [(log << SHIFT | seq, each, tree.append(merkle.leaf_hash(each))) for seq, each in enumerate(records)]
    db.executemany("INSERT INTO record VALUES (?, ?, ?, NULL)", rows)


PYTHON = (sys.executable, "-m", "assign")
