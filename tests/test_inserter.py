"""A log goes on under whoever may INSERT and SELECT; nothing acknowledged is lost, and `verify` names what was put in."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import pytest

from assign.audit import back_up, verify
from assign.log import merkle
from assign.log.errors import KeyTaken
from assign.log.keys import SecretKey, new_key
from assign.log.log import Log
from assign.log.record import new_id

from .inserter import Inserter, Run
from .log_fixtures import _any_url as _any_url  # noqa: PLC0414 - a fixture
from .log_fixtures import _url as _url  # noqa: PLC0414 - a fixture
from .logs import EDITIONS, ORIGIN, draft, root_of_bytes
from .servers import Server

NEVER = {"rewritten", "tail_deleted", "payload_altered", "unread", "not_published", "key_twice"}


@contextmanager
def role(url: str, request: pytest.FixtureRequest) -> Iterator[Run]:
    """A connection with exactly the role that docs/audit.md grants; in SQLite, one that only ever inserts."""
    if url.startswith("sqlite"):
        with closing(apsw.Connection(url.removeprefix("sqlite:///"))) as db:
            db.set_busy_timeout(10_000)
            db.execute("PRAGMA synchronous=OFF")
            yield lambda sql, values: db.execute(sql, values).fetchall()
        return
    server: Server = request.getfixturevalue("durable_server")
    name = re.search(r"/(\w+)\?", url)[1]  # type: ignore[index]
    with closing(Log.open(url)) as log, closing(server.connect("postgres")) as owner:
        owner.execute(f"CREATE ROLE {name}_role LOGIN")
        log.store.grant(f"{name}_role")
    with closing(server.connect(name, f"{name}_role")) as db:

        def run(sql: str, values: Any) -> list[tuple[Any, ...]]:
            done = db.execute(sql.replace("?", "%s").encode(), values)
            return done.fetchall() if done.description else []

        yield run


def attack(url: str, request: pytest.FixtureRequest, statements: int, seed: int) -> None:
    """A desk at work, warm and cold, and so many statements of somebody else's in between."""
    key = new_key(ORIGIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSIGN_KEY", key.text())
        warm = Log.make(url, ORIGIN, EDITIONS)
    with closing(warm), role(url, request) as run:
        _attack(warm, key, run, statements, seed, lambda: Log.open(url, ORIGIN))


def _attack(warm: Log, key: SecretKey, run: Run, statements: int, seed: int, opened: Callable[[], Log]) -> None:
    chance = random.Random(seed)
    attacker = Inserter(run, seed)
    editions = [dict(EDITIONS)]
    kept: dict[int, bytes] = {}
    asked: dict[str, tuple[dict[str, Any], int]] = {}
    notes: list[str] = []
    for _ in range(10 if not statements else 20 * statements):
        if statements and attacker.done >= statements:
            break
        attacker.keys = [new_id() for _ in range(3)]
        for _ in range(chance.randrange(1, 12) if statements else 0):
            attacker.go()
        cold = opened() if chance.random() < 0.3 else None
        log = cold or warm
        for each in (*attacker.keys, None):
            words = draft(key=each)
            try:
                answer = log.append(words)
            except KeyTaken:  # another had it first: one clear error, and the next is recorded
                assert each
                continue
            assert answer.created
            assert answer.seq not in kept
            kept[answer.seq] = answer.payload
            if each:
                asked[each] = words, answer.seq
        if asked:
            words, seq = asked[chance.choice(list(asked))]
            again = log.append(words)
            assert (again.seq, again.created, again.payload) == (seq, False, kept[seq])
        if chance.random() < 0.2:
            editions.append({**EDITIONS, "list": chance.randbytes(12)})
            (made,) = log.publish(editions[-1])
            kept[made.seq] = made.payload
        if chance.random() < 0.2:
            notes.append(log.checkpoint(key))
        if cold:
            cold.close()
    assert attacker.done >= statements
    notes.append(warm.checkpoint(key))
    with closing(opened()) as cold:
        assert cold.size == warm.size
        found = verify(cold, notes, [key.public()])
        named = {each.seq for each in found.findings}
        said = {each.code for each in found.findings}
        assert not said & NEVER
        assert bool(said) is bool(statements)
        assert not kept.keys() & named - {0}, "an acknowledged record is called false"
        assert attacker.planted - kept.keys() <= named
        assert found.covered == warm.size
        assert found.contradicted is None
        with TemporaryDirectory() as folder:
            copied = back_up(cold, Path(folder) / "copy.db", notes)
            assert (copied.size, copied.root) == (cold.size, found.root)
            assert bool(copied.findings) is bool(attacker.planted)
        for seq, payload in kept.items():
            assert cold.row(seq).payload == payload
        head = cold.head()
        assert head.root == root_of_bytes(cold)
        for seq in chance.sample(sorted(kept), min(20, len(kept))):
            path = merkle.inclusion(seq, head.size, cold.node)
            assert merkle.included(seq, head.size, merkle.leaf_hash(kept[seq]), path, head.root)


@pytest.mark.parametrize("seed", range(2))
def test_a_log_goes_on_whatever_is_inserted(any_url: str, request: pytest.FixtureRequest, seed: int) -> None:
    """One row was enough to stop it for good."""
    attack(any_url, request, 60, seed)


def test_without_an_attacker_the_same_desk_leaves_a_clean_log(url: str, request: pytest.FixtureRequest) -> None:
    """The control."""
    attack(url, request, 0, 0)


@pytest.mark.soak
def test_a_log_goes_on_for_ten_thousand_statements(any_url: str, request: pytest.FixtureRequest) -> None:
    """The long form."""
    attack(any_url, request, 10_000, 7)
