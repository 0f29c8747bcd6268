"""A small log to try things on: three editions of a few bytes, decisions that differ in their random ids, a check from payloads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from assign.log import merkle
from assign.log.canonical import read
from assign.log.keys import new_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.words import sha256

ORIGIN: Final = "example.city/test"
EDITIONS: Final = {"list": b"a list", "rules": b"some rules", "rulings": b""}
_NUMBERS: Final = count()
FIRST: Final = 1 + len(EDITIONS)  # records of a log that has answered nothing yet


def draft(**other: Any) -> dict[str, Any]:
    """A decision, as the desk hands it to a log."""
    return {
        "kind": "decision",
        "key": new_id(),
        "case": new_id(),
        "role": "system",
        "engine": "table",
        "editions": {what: sha256(data) for what, data in EDITIONS.items()},
        "on": "2026-11-25",
        "corrects": None,
        "given": {"division": "nenkin", "item": "24", "channel": "counter"},
        "request": {"division": "nenkin", "item": "24", "channel": "counter", "act": None, "on": "2026-11-25"},
        "decision": {
            "assignee": "city_staff",
            "certainty": "settled",
            "rows": ["nenkin-24"],
            "rules": ["RETAINED"],
            "cites": [["list", 41], ["list", 300]],
            "caveats": [],
            "handoff": None,
            "question": None,
        },
        "answer": sha256(b"an answer"),
        **other,
    }


def make(url: str, origin: str = ORIGIN, editions: Mapping[str, bytes] = EDITIONS) -> Log:
    """A log with a key of its own, which is written nowhere."""
    with key_of(origin):
        return Log.make(url, origin, editions)


def unmeasured() -> dict[str, str]:
    """The environment without coverage, whose own lock and file an interrupt or a full disk would hit."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


@contextmanager
def key_of(origin: str) -> Iterator[None]:
    """A new secret key in the environment."""
    before = os.environ.get("ASSIGN_KEY")
    os.environ["ASSIGN_KEY"] = new_key(origin).text()
    try:
        yield
    finally:
        if before is None:
            del os.environ["ASSIGN_KEY"]
        else:
            os.environ["ASSIGN_KEY"] = before


@contextmanager
def own_state() -> Iterator[None]:
    """
    What keys have signed last, in a folder of its own that begins as the present one is: whoever tries things on copies of one log
    signs forks, and no key of ours does. Each test has one (`conftest`); a loop over copies takes one for each.
    """
    before = os.environ["ASSIGN_KEY_STATE"]
    own = f"{before}-{next(_NUMBERS)}"
    if os.path.isdir(before):
        shutil.copytree(before, own)
    os.environ["ASSIGN_KEY_STATE"] = own
    try:
        yield
    finally:
        os.environ["ASSIGN_KEY_STATE"] = before
        shutil.rmtree(own, ignore_errors=True)


def sqlite_url(path: Path) -> str:
    """The address of a file."""
    return f"sqlite:///{path}"


def root_of_bytes(log: Log) -> bytes:
    """The root over a log's records from their bytes alone, whatever its columns say."""
    tree = merkle.Frontier()
    for row in log.rows(0, log.size):
        tree.append(merkle.leaf_hash(row.payload))
    return tree.root()


def sound(log: Log) -> dict[int, str]:
    """
    Every record's number and the SHA-256 of its bytes, after this much was found true from the bytes alone: the numbers are
    one line, each record says its own number and log, no key comes twice, and every tree hash follows from the records.
    """
    frontier = merkle.Frontier()
    found: dict[int, str] = {}
    keys: set[str] = set()
    for row in log.rows():
        record = read(row.payload)
        assert (row.seq, record["seq"], record["origin"]) == (len(found), len(found), log.origin)
        assert row.nodes == frontier.append(merkle.leaf_hash(row.payload)), f"the hashes of record {row.seq}"
        if record.get("key"):
            assert record["key"] not in keys, f"the key of record {row.seq} is there twice"
            keys.add(record["key"])
        found[row.seq] = sha256(row.payload)
    assert len(found) == log.size
    assert log.head().root == frontier.root()
    return found
