"""Somebody who may INSERT and SELECT, as docs/audit.md grants it, and wants to stop a log or to falsify it: random statements."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.checkpoint import Checkpoint, sign
from assign.log.keys import new_key
from assign.log.record import new_id
from assign.log.store.interface import SEQ, SHIFT
from assign.words import sha256

from .logs import ORIGIN, draft

Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
PLACEHOLDERS: Final = {"log": 2, "record": 4, "publication": 4, "edition": 2, "checkpoint": 3}


class Inserter:
    """
    Random INSERTs into all five tables.

    Attributes:
        keys: Idempotency keys that the desk is going to use, which it tries to use first. texts: Editions that will be published.
        planted: Numbers of log 1 at which it put a row whose bytes are no record of that place, or whose first hash is wrong.
        done: Statements that the database has taken.
    """

    def __init__(self, run: Run, seed: int) -> None:
        self._run = run
        self._chance = random.Random(seed)
        self._key = new_key(ORIGIN)
        self.keys: list[str] = []
        self.texts: list[bytes] = []
        self.planted: set[int] = set()
        self.done = 0
        self._end = 0

    def go(self) -> None:
        """One statement; what the database refuses is no matter."""
        table = self._chance.choices(list(PLACEHOLDERS), (1, 12, 3, 2, 3))[0]
        row, wrong = getattr(self, f"_{table}")()
        marks = ", ".join("?" * PLACEHOLDERS[table])
        with suppress(Exception):
            self._run(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - our own
            self.done += 1
            if wrong is not None:
                self.planted.add(wrong)

    def _size(self) -> int:
        """The end as an attacker sees it: the first free number."""
        found = self._run("SELECT at FROM record WHERE at >= ? ORDER BY at LIMIT 3000", (1 << SHIFT | self._end,))
        for (at,) in found:
            if at != 1 << SHIFT | self._end:
                break
            self._end += 1
        return self._end

    def _record(self) -> tuple[tuple[Any, ...], int | None]:
        chance, size = self._chance, self._size()
        seq = chance.choice(
            [
                size,
                size,
                size + 1,
                size + chance.randrange(8),
                size + chance.randrange(500),
                SEQ,
                SEQ - 1,
                chance.randrange(1 << 40),
            ]
        )
        log = chance.choice([1] * 12 + [2, 3, (1 << 23) - 1, -1])
        like = self._run(
            "SELECT payload, nodes FROM record WHERE at = ?", (1 << SHIFT | chance.randrange(max(1, size)),)
        )
        payload, nodes = (bytes(like[0][0]), bytes(like[0][1])) if like else (b"{}", b"")
        kind = chance.randrange(8)
        if kind == 0:
            payload = chance.choice(
                [b"", b"{}", b"\0", b"null", b"[" * 3000, chance.randbytes(50), b"<script>\x1b[2J" * 99]
            )
        elif kind == 1:
            payload = re.sub(rb'"seq":\d+', b'"seq":%d' % seq, payload)  # as if it were the record of its place
        elif kind == 2:
            payload = re.sub(
                rb'"key":"[^"]+"', b'"key":"%s"' % new_id().encode(), re.sub(rb'"seq":\d+', b'"seq":%d' % seq, payload)
            )
        elif kind == 3 and self.keys:  # a key that is about to be used
            payload = b'{"key":"%s"}' % chance.choice(self.keys).encode()
        elif kind == 4 and self.keys:
            payload = re.sub(rb'"key":"[^"]+"', b'"key":"%s"' % chance.choice(self.keys).encode(), payload)
        elif kind == 5:
            payload = re.sub(rb'"assignee":"\w+"', b'"assignee":"contractor"', payload)
        elif kind == 7:  # a change of the key, to one of its own
            first = read(bytes(self._run("SELECT payload FROM record WHERE at = ?", (1 << SHIFT,))[0][0]))
            fresh = {name: first[name] for name in ("schema", "origin", "recorded", "version")}
            own = {"signer": str(self._key.public()), "replaces": first["signer"], "endorsed": None}
            payload = canonical({**fresh, "kind": "key", "seq": seq, **own})
        leaf = merkle.leaf_hash(payload)
        levels = (~seq & seq + 1).bit_length() - 1
        nodes = chance.choice(
            [
                b"",
                nodes,
                bytes(32),
                chance.randbytes(32 * (levels + 1)),
                leaf,
                leaf + chance.randbytes(32 * levels),
                leaf * 41,
            ]
        )
        key = chance.choice([None, None, "x", new_id(), chance.choice(self.keys) if self.keys else None])
        wrong = kind in (0, 3) or not re.search(rb'"seq":%d,' % seq, payload) or nodes[:32] != leaf
        return (log << SHIFT | seq if log >= 0 else -seq - 1, payload, nodes, key), seq if wrong and log == 1 else None

    def _log(self) -> tuple[tuple[Any, ...], None]:
        chance = self._chance
        number = chance.choice([1, 2, 3, 4, 0, -1, (1 << 23) - 2, 1 << 23, (1 << 63) - 1])
        return (number, chance.choice([ORIGIN, f"example.city/{chance.randrange(99)}", "", "\x1b[2J"])), None

    def _publication(self) -> tuple[tuple[Any, ...], None]:
        chance = self._chance
        what = chance.choice(["key", "list", "rules", "rulings", "gossip"])
        value = chance.choice(
            [
                str(self._key.public()),
                sha256(chance.choice([b"x", *self.texts])),
                "nonsense",
                draft()["editions"]["list"],
            ]
        )
        return (
            chance.choice([1, 1, 1, 2, 9]),
            what,
            value,
            chance.choice([0, 1, 2, 3, 5, 999_999, -1, SEQ, (1 << 63) - 1]),
        ), None

    def _edition(self) -> tuple[tuple[Any, ...], None]:
        chance = self._chance
        return (sha256(chance.randbytes(9)) if chance.random() < 0.9 else "a name", chance.randbytes(9)), None

    def _checkpoint(self) -> tuple[tuple[Any, ...], None]:
        chance = self._chance
        notes = [note for (note,) in self._run("SELECT note FROM checkpoint WHERE log = 1", ())]
        size = chance.choice([0, 1, self._size(), self._size() + 7, 1 << 39, (1 << 63) - 1, -1])
        forged = sign(Checkpoint(ORIGIN, abs(size), chance.randbytes(32)), self._key) if abs(size) < 10**16 else "x"
        note = chance.choice(["nonsense", "", forged, *(note if isinstance(note, str) else "x" for note in notes[-3:])])
        return (chance.choice([1, 1, 1, 2]), size, note if chance.random() < 0.7 else note.replace("1", "2")), None
