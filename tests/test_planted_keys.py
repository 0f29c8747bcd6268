"""A record that names a key, which anybody who may insert can write: it turns nobody's signing off, and nobody obeys it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign.audit import exceptions, prove, verifier, verify
from assign.errors import AssignError
from assign.log import merkle
from assign.log.canonical import canonical
from assign.log.checkpoint import Checkpoint, Named, endorse, in_force, line, parse, sign
from assign.log.ending import completed
from assign.log.keys import SecretKey, held_key, new_key
from assign.log.log import Log
from assign.log.reading import record_of

from .logs import EDITIONS, ORIGIN, draft, key_of, sqlite_url
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import cli

START = 4  # records of a new log


@pytest.fixture(name="log")
def _log(tmp_path: Path) -> Any:
    """A log, signed once."""
    with key_of(ORIGIN), Log.make(sqlite_url(tmp_path / "audit.db"), ORIGIN, EDITIONS) as log:
        log.checkpoint(held_key(ORIGIN))
        yield log


def plant(log: Log, key: SecretKey, endorsed: str | None = None, replaces: str | None = None) -> int:
    """INSERT and SELECT are enough: a whole record at the next number, with its hashes, and its row of publications."""
    size, first = log.size, record_of(log.row(0), ORIGIN)
    fresh = {name: first[name] for name in ("schema", "origin", "recorded", "version")}
    said = {"kind": "key", "seq": size, "signer": str(key.public()), "replaces": replaces or first["signer"]}
    payload = canonical({**fresh, **said, "endorsed": endorsed})
    tree = merkle.Frontier(size, [log.node(level, at) for level, at in merkle.edge(size)])
    with closing(apsw.Connection(log.url.removeprefix("sqlite:///"))) as db:
        row = (log.number << 40 | size, payload, tree.append(merkle.leaf_hash(payload)))
        assert len(row[2]) == 32 * (completed(size) + 1)
        db.execute("INSERT INTO record VALUES (?, ?, ?, NULL)", row)
        db.execute("INSERT INTO publication VALUES (?, 'key', ?, ?)", (log.number, str(key.public()), size))
    return size


def bad_signature(new: SecretKey) -> str:
    """Of the new key itself."""
    return endorse(new.public(), new)


@pytest.mark.parametrize("signed", [False, True])
def test_signing_goes_on_and_the_planted_key_is_named(log: Log, tmp_path: Path, *, signed: bool) -> None:
    """It had to be answered by a change of the key."""
    key, theirs = held_key(ORIGIN), new_key(ORIGIN)
    seq = plant(log, theirs, bad_signature(theirs) if signed else None)
    log.append(draft())
    note = log.checkpoint(key)
    assert parse(note)[0].size == seq + 2
    found = verify(log, [note], [key.public()])
    assert [(each.code, each.seq) for each in found.findings] == [("endorsement" if signed else "unendorsed", seq)]
    assert (found.covered, found.contradicted) == (seq + 2, None)
    assert [each.code for each in exceptions(log)].count("key_unendorsed") == (not signed)
    bundle = tmp_path / "bundle.json"
    bundle.write_text(json.dumps(prove(log, seq, note)) + "\n", "utf-8")
    assert verifier.main([str(bundle), "--key", str(key.public())]) == 0
    with Log.open(log.url) as cold:
        cold.append(draft())
        assert parse(cold.checkpoint(key))[0].size == seq + 3
    shown = cli("audit", "key", "--audit", log.url)
    assert f"{key.public()}  （今の鍵）" in shown.out
    assert f"番号 {seq} が示すだけ" in shown.out


def test_a_checkpoint_of_the_planted_key_proves_nothing_against_the_log(log: Log) -> None:
    """Of a size that the log never had, and of one that it had: there is no tail that was deleted, nothing was rewritten."""
    key, theirs = held_key(ORIGIN), new_key(ORIGIN)
    seq = plant(log, theirs)
    log.append(draft())
    for size in (seq + 1, 1 << 39):
        log.store.add_checkpoint(log.number, size, sign(Checkpoint(ORIGIN, size, bytes(32)), theirs))
    alone, trusting = verify(log), verify(log, [log.checkpoint(key)], [key.public()])
    assert {each.code for each in alone.findings} == {"unvouched"}
    assert {each.code for each in trusting.findings} == {"signature", "unendorsed"}
    assert alone.contradicted is trusting.contradicted is None
    log.append(draft())
    with Log.open(log.url) as cold:
        cold.append(draft())


def test_a_change_of_the_key_after_it_is_a_change_of_the_real_one(log: Log) -> None:
    """With the present key at hand, and where it is lost."""
    first, theirs, second, third = held_key(ORIGIN), new_key(ORIGIN), new_key(ORIGIN), new_key(ORIGIN)
    plant(log, theirs)
    log.rotate(second, first)
    assert log.keys() == [first.public(), second.public()]
    with pytest.raises(AssignError):
        log.checkpoint(first)
    note = log.checkpoint(second)
    assert {each.code for each in verify(log, [note], [first.public()]).findings} == {"unendorsed"}
    assert verify(log, [note]).findings == []
    assert log.rotate(third).record["replaces"] == str(second.public())
    log.checkpoint(third)
    plant(log, new_key(ORIGIN), replaces=str(third.public()))
    assert verify(log, [log.checkpoint(third)], [first.public(), third.public()]).covered == log.size


def test_a_key_ends_by_its_own_signature_and_is_named_once() -> None:
    """The rule by itself, of which the sizes are part."""
    a, b, c, planted = (new_key(ORIGIN).public() for _ in range(4))
    named = [Named(0, a, None, endorsed=False), Named(4, planted, a, endorsed=False), Named(5, b, a, endorsed=True)]
    assert [key for _, key in line(named)] == [a, b]
    assert [key for _, key in line(named, b)] == [a, b]
    assert [key for _, key in line(named, planted)] == [a, planted]
    assert [in_force(line(named, b), size) for size in (0, 1, 5, 6)] == [a, a, a, b]
    late = [*named, Named(6, c, a, endorsed=True)]  # whoever has found the key that was replaced
    assert [key for _, key in line(late, c)] == [a, b]
    again = [*named, Named(6, a, b, endorsed=False)]
    assert [key for _, key in line(again, a, [a])] == [a, b]
    assert [key for _, key in line(named, a, [planted])] == [a, planted]
    assert line([], a) == ()
