"""
A small log in a place of its own, the auditor's files outside of it, and the hand of whoever owns the database.

`World` is built once for each kind of database; `site` copies it. The hand works on one copy as an administrator: no trigger of
ours stands in its way, and those that it took away are put back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from assign import Desk
from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.record import new_id

from .servers import Server
from .trail import ORIGIN, at_home, cli

OTHER: Final = "example.city/other"
WRITER: Final = "tamper_writer"  # the role that docs/audit.md grants
SHIFT: Final = 40
OLD, SIZE = 10, 14  # records at the two checkpoints that are outside
BATCH: Final = 9  # the record of a batch of three rows
KEYED: Final = 7  # a decision with an idempotency key; it completes subtrees of four sizes
ASKED: Final[list[dict[str, str]]] = [
    {"row": "nenkin-24", "channel": "counter"},
    {"row": "nenkin-23", "channel": "counter", "act": "receive"},
    {"row": "nenkin-24", "channel": "backyard"},
    {"row": "kokuho-25", "channel": "counter", "act": "data_entry", "key": "0b0cf1c2-6b5f-4b62-9d1f-6e5a0c1d2e3f"},
    {"row": "nenkin-24", "channel": "counter", "act": "decide"},
]
LATER: Final[list[dict[str, Any]]] = [
    {"row": "nenkin-23", "channel": "counter", "act": "decide", "corrects": 5},
    {"row": "shomu-9", "channel": "counter"},
    {"row": "nenkin-24", "channel": "backyard"},
    {"row": "kokuho-28", "channel": "counter"},
]
ON: Final = "2026-11-25"
TABLES: Final = ("log", "record", "publication", "edition", "checkpoint")


class World:
    """One log of fourteen records beside another one, and what the auditor holds: two checkpoints and the public key."""

    def __init__(self, folder: Path, desk: Desk, server: Server | None = None) -> None:
        self.folder, self.desk, self.server = folder, desk, server
        self.database = f"tamper_{new_id().replace('-', '')}"  # the template, on a server
        folder.mkdir()
        if server is not None:
            server.database(self.database)
            with closing(server.connect("postgres")) as db:
                if not db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (WRITER,)).fetchone():
                    db.execute(f"CREATE ROLE {WRITER} LOGIN".encode())
        with pytest.MonkeyPatch.context() as patch:
            at_home(folder, patch)
            patch.delenv("ASSIGN_KEY_STATE", raising=False)  # beside the key, and so a copy's own
            self._write()
        self.originals = Hand(self.url(self.database, owner=True)).payloads()
        assert len(self.originals) == SIZE

    def url(self, database: str, *, owner: bool = False) -> str:
        if self.server is None:
            return f"sqlite:///{self.folder / 'audit.db'}"
        return self.server.url(database, "tester" if owner else WRITER)

    def _write(self) -> None:
        url, folder = self.url(self.database, owner=True), self.folder
        grant = () if self.server is None else ("--grant", WRITER)
        for origin in (ORIGIN, OTHER):
            assert cli("audit", "init", "--audit", url, "--origin", origin, *grant).code == 0
        (folder / "in.csv").write_text(
            "division,item,channel\nnenkin,24,counter\nnenkin,23,counter\nkokuho,22,counter\n"
        )
        for origin, asked in ((ORIGIN, ASKED), (OTHER, ASKED[:3])):
            with closing(Desk.open(audit=url, origin=origin, engine="table")) as desk:
                for each in asked:
                    desk.record(**{"on": ON, **each})
        here = ("--audit", url, "--origin", ORIGIN)
        answered = cli("batch", folder / "in.csv", folder / "out.jsonl", "--record", "--on", ON, *here)
        assert answered.code == 0, answered.err
        assert cli("audit", "checkpoint", "--to", folder / "old.txt", *here).code == 0
        with closing(Desk.open(audit=url, origin=ORIGIN, engine="table")) as desk:
            for each in LATER:
                desk.record(**{"on": ON, **each})
        assert cli("audit", "checkpoint", "--to", folder / "outside.txt", *here).code == 0
        other = ("--audit", url, "--origin", OTHER)
        assert cli("audit", "checkpoint", "--to", folder / "other.txt", *other).code == 0

    @contextmanager
    def site(self, folder: Path) -> Iterator[Site]:
        """A copy of all of it, for a while; keys and logs are looked for in it alone."""
        shutil.copytree(self.folder, folder)
        database = ""
        if self.server is not None:
            database = f"site_{new_id().replace('-', '')}"
            with closing(self.server.connect("postgres")) as db:
                db.execute(f"CREATE DATABASE {database} TEMPLATE {self.database}".encode())
        try:
            with pytest.MonkeyPatch.context() as patch:
                at_home(folder, patch)
                patch.delenv("ASSIGN_KEY_STATE", raising=False)
                yield Site(self, folder, database)
        finally:
            if self.server is not None:
                with closing(self.server.connect("postgres")) as db:
                    db.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())
            shutil.rmtree(folder)


class Site:
    """A copy of a world, to be tampered with."""

    def __init__(self, world: World, folder: Path, database: str) -> None:
        self.world, self.folder, self.database = world, folder, database
        self.path = folder / "audit.db"
        self.against = folder / "outside.txt"  # what the auditor is handed as the checkpoint
        self.trusted = folder / "outside.txt.pub"
        server = world.server
        self.url = f"sqlite:///{self.path}" if server is None else server.url(database, WRITER)
        self.owner = self.url if server is None else server.url(database)

    def cli(self, *words: object) -> Any:
        """A command on this log."""
        return cli(*words, "--audit", self.url, "--origin", ORIGIN)

    @contextmanager
    def hand(self, *, commit: bool = True) -> Iterator[Hand]:
        """
        The owner's hand, in one transaction; without `commit` the same steps are undone at the end, in the files, too.
        """
        before = self.folder.with_name(f"{self.folder.name}-before")
        if not commit:
            shutil.copytree(self.folder, before)
        hand = Hand(self.owner, self)
        try:
            with hand.transaction(commit=commit):
                yield hand
        finally:
            hand.close()
            if not commit:
                shutil.rmtree(self.folder)
                before.rename(self.folder)
                self.against = self.folder / "outside.txt"


class Hand:
    """Whoever owns the database, and the files. Statements are written once for both; `?` stands for a value."""

    def __init__(self, url: str, site: Site | None = None) -> None:
        self.url = url
        self.lite = url.startswith("sqlite:")
        self._site = site
        self._db: Any = None

    @property
    def site(self) -> Site:
        assert self._site is not None
        return self._site

    @property
    def path(self) -> Path:
        """The file of the log; where it is open here, it is closed first."""
        self.close()
        return self.site.path

    @property
    def db(self) -> Any:
        if self._db is None:
            if self.lite:
                self._db = apsw.Connection(self.url.removeprefix("sqlite:///"))
                self._db.execute("PRAGMA synchronous=OFF")
            else:
                import psycopg

                self._db = psycopg.connect(self.url, autocommit=True)
        return self._db

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[None]:
        if self.lite:
            triggers = list(self.db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
            self.db.execute("BEGIN IMMEDIATE")
            self.unguarded = [name for name, _ in triggers]
        else:
            self.db.execute("SET session_replication_role = 'replica'")  # no trigger fires
            self.db.execute("BEGIN")
        yield
        if self._db is None:
            return  # the files were tampered with, not the database
        if self.lite and not self.unguarded:
            for name, sql in triggers:
                self.db.execute(f"DROP TRIGGER IF EXISTS {name}; {sql}")
        self.db.execute("COMMIT" if commit else "ROLLBACK")

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """A statement, and what it gives. In SQLite our triggers go first where one would refuse it; they are put back."""
        if self.lite:
            if text.split(None, 1)[0] in ("UPDATE", "DELETE") and getattr(self, "unguarded", None):
                for name in self.unguarded:
                    self.db.execute(f"DROP TRIGGER IF EXISTS {name}")
                self.unguarded = []
            return list(self.db.execute(text, values))
        done = self.db.execute(text.replace("?", "%s").encode(), values or None)
        return (
            [tuple(bytes(c) if isinstance(c, memoryview) else c for c in row) for row in done]
            if done.description
            else []
        )

    # -- rows of the table of records

    def row(self, seq: int, log: int = 1) -> tuple[bytes, bytes, str | None]:
        [found] = self.sql("SELECT payload, nodes, key FROM record WHERE at = ?", log << SHIFT | seq)
        return found

    def record(self, seq: int, log: int = 1) -> dict[str, Any]:
        return read(self.row(seq, log)[0])

    def put(self, seq: int, *, payload: bytes | None = None, nodes: bytes | None = None, key: Any = ...) -> None:
        for name, value in (("payload", payload), ("nodes", nodes)):
            if value is not None:
                self.sql(f"UPDATE record SET {name} = ? WHERE at = ?", value, 1 << SHIFT | seq)
        if key is not ...:
            self.sql("UPDATE record SET key = ? WHERE at = ?", key, 1 << SHIFT | seq)

    def insert(self, at: int, payload: bytes, nodes: bytes, key: str | None = None) -> None:
        self.sql("INSERT INTO record VALUES (?, ?, ?, ?)", at, payload, nodes, key)

    def delete(self, first: int, last: int) -> None:
        self.sql("DELETE FROM record WHERE at >= ? AND at <= ?", 1 << SHIFT | first, 1 << SHIFT | last)

    def payloads(self, log: int = 1) -> list[bytes]:
        """All bytes of a log's records, in order, with nobody's help."""
        try:
            found = self.sql(
                "SELECT at, payload FROM record WHERE at >= ? AND at < ? ORDER BY at", log << SHIFT, log + 1 << SHIFT
            )
            return [payload.encode() if isinstance(payload, str) else payload for _, payload in found]
        finally:
            if self._site is None:
                self.close()

    def numbered(self, log: int = 1) -> dict[int, bytes]:
        """Number → bytes."""
        try:
            found = self.sql("SELECT at, payload FROM record WHERE at >= ? AND at < ?", log << SHIFT, log + 1 << SHIFT)
            return {at & (1 << SHIFT) - 1: p.encode() if isinstance(p, str) else p for at, p in found}
        finally:
            if self._site is None:
                self.close()

    def rechain(self, records: Sequence[bytes]) -> None:
        """These records in place of all others, with hashes and keys that fit."""
        self.delete(0, (1 << SHIFT) - 1)
        tree = merkle.Frontier()
        for seq, payload in enumerate(records):
            self.insert(1 << SHIFT | seq, payload, tree.append(merkle.leaf_hash(payload)), _key(payload))

    def nodes_for(self, payload: bytes) -> bytes:
        """The hashes of a record that stands at the end."""
        tree = merkle.Frontier()
        for each in self.payloads():
            tree.append(merkle.leaf_hash(each))
        return tree.append(merkle.leaf_hash(payload))

    def append(self, **changes: Any) -> int:
        """A record at the end as a writer would make it: with all that belongs to it. Its number."""
        seq = len(self.payloads())
        record = {**self.record(6), "seq": seq, "key": None, "case": new_id(), **changes}
        payload = canonical({name: value for name, value in record.items() if value is not ...})
        self.insert(1 << SHIFT | seq, payload, self.nodes_for(payload), record["key"])
        return seq

    @cached_property
    def kept(self) -> list[bytes]:
        """The log as it was found."""
        return self.payloads()

    def changed(self, seq: int, **changes: Any) -> list[bytes]:
        """All records, one of them with other values."""
        kept = list(self.payloads())
        kept[seq] = canonical({**read(kept[seq]), **changes})
        return kept

    def uncheckpointed(self) -> None:
        """Without the checkpoints beside the log."""
        self.sql("DELETE FROM checkpoint WHERE log = 1")


def _key(payload: bytes) -> str | None:
    try:
        key = read(payload).get("key")
    except ValueError:
        return None
    return key if isinstance(key, str) else None


def root_of(payloads: Sequence[bytes]) -> bytes:
    """The root of a tree over these."""
    tree = merkle.Frontier()
    for each in payloads:
        tree.append(merkle.leaf_hash(each))
    return tree.root()
