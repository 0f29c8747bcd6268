"""What a log knows by a key or a name: the first answer on each retry, the editions that were published, itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.audit import rebuild
from assign.errors import AssignError
from assign.log.errors import KeyReused, NotPublished
from assign.log.fields import RecordError
from assign.log.keys import held_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store import StoreError, StoreMissing
from assign.words import sha256

from .log_fixtures import Threads, held, waiting
from .log_fixtures import _any_url as _any_url  # noqa: PLC0414 - a fixture
from .log_fixtures import _log as _log  # noqa: PLC0414 - a fixture
from .log_fixtures import _url as _url  # noqa: PLC0414 - a fixture
from .logs import EDITIONS, FIRST, ORIGIN, draft, key_of, make, sound, sqlite_url
from .test_rules import RULING, Edit, edit  # noqa: F401 - a fixture
from .writers import started

# -- idempotency keys ------------------------------------------------------------------------------------------------


def test_a_retry_gets_the_first_record_and_writes_nothing(any_url: str) -> None:
    """The same bytes, whoever asks, after the log was opened anew too."""
    log, asked = make(any_url), draft()
    first = log.append(asked)
    again = log.append({**asked, "case": new_id()})
    log.close()
    with closing(Log.open(any_url)) as opened:
        later = opened.append(asked)
        assert len(sound(opened)) == FIRST + 1
    assert (first.created, again.created, later.created) == (True, False, False)
    assert first.payload == again.payload == later.payload


def test_one_key_in_32_threads_at_once_is_one_record(any_url: str) -> None:
    """One of them wrote it; inside one commit, or in several."""
    log, asked = make(any_url), draft()
    kept = Threads(32, lambda _: log.append(asked)).joined()
    assert sum(one.created for one in kept) == 1
    assert len({(one.seq, one.payload) for one in kept}) == 1
    assert len(sound(log)) == FIRST + 1
    log.close()


@pytest.mark.slow
def test_one_key_in_four_processes_at_once_is_one_record(any_url: str) -> None:
    """A client that retried elsewhere."""
    log = make(any_url)
    for _ in range(3):
        key = new_id()
        writers = [started("keyed", any_url, key) for _ in range(4)]
        for each in writers:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        said = [each.communicate("go\n")[0].split() for each in writers]
        assert len({(seq, digest) for seq, digest, _ in said}) == 1
        assert sum(int(fresh) for *_, fresh in said) == 1
    assert len(sound(log)) == FIRST + 3
    log.close()


def test_a_key_of_another_request_is_refused(any_url: str) -> None:
    """The first answer stands; nothing was written - within one commit as well."""
    log, asked = make(any_url), draft()
    log.append(asked)
    other = {**asked, "given": {**asked["given"], "item": "25"}, "request": {**asked["request"], "item": "25"}}
    for wrong in (other, {**asked, "corrects": FIRST}):
        with pytest.raises(KeyReused):
            log.append(wrong)
    assert len(sound(log)) == FIRST + 1
    log.close()


def test_of_two_requests_with_one_key_in_one_commit_the_first_stands(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the queue decides."""
    asked = draft()
    other = {**asked, "given": {**asked["given"], "item": "25"}, "request": {**asked["request"], "item": "25"}}
    with held(log, monkeypatch) as entered:
        Threads(1, lambda _: log.append(draft()))
        entered.wait()
        one = Threads(1, lambda _: log.append(asked))
        waiting(log, 2)
        two = Threads(1, lambda _: log.append(other))
        waiting(log, 3)
    assert one.joined()[0].created
    assert isinstance(two.joined()[0], KeyReused)
    assert len(sound(log)) == FIRST + 2


def test_a_key_is_found_without_its_index_by_a_writer_that_is_alone(url: str) -> None:
    """The index speeds it up; nothing rests on it."""
    with closing(make(url)) as log:
        asked = [draft() for _ in range(3)]
        kept = [log.append(each) for each in asked]
        log.store._rows("DROP INDEX record_key")  # type: ignore[attr-defined]
        assert [log.append(each) for each in asked] == [each._replace(created=False) for each in kept]
        assert len(sound(log)) == FIRST + 3


# -- retries, at the desk --------------------------------------------------------------------------------------------


@pytest.fixture
def editions(edit: Edit, url: str) -> tuple[Desk, Desk]:  # noqa: F811 - the fixture
    """A desk, and one with a ruling that changes its answer from 2026-04-01; both write to one log."""
    plain, ruled = Desk.open(), Desk.open(rules=edit("rulings.yaml", "rulings: []", RULING))
    with key_of(ORIGIN):
        log = Log.make(url, ORIGIN, plain.editions)
    return Desk(plain.catalog, plain.rules, audit=log), Desk(ruled.catalog, ruled.rules, audit=log)


ASKED: dict[str, Any] = {"division": "kokuho", "item": 25, "channel": "counter", "act": "receive"}


def said(desk: Desk, **asked: Any) -> tuple[str, int, bool]:
    """Who, by which record, and whether it was written now."""
    (recorded,) = desk.record(**ASKED, **asked)
    return recorded.answer["assignee"], recorded.kept.seq, recorded.kept.created


@pytest.mark.long
def test_a_retry_after_a_new_edition_gets_the_first_answer(editions: tuple[Desk, Desk]) -> None:
    """It was the answer to this request; a new request gets the new one."""
    old, new = editions
    key = new_id()
    first = said(old, key=key, on="2026-04-01")
    assert old.audit is not None
    old.audit.publish(new.editions)
    assert said(new, key=new_id(), on="2026-04-01")[0] == "contractor" != first[0]
    assert said(new, key=key, on="2026-04-01") == (first[0], first[1], False)
    (again,) = new.record(**ASKED, key=key, on="2026-04-01")
    (before,) = old.record(**ASKED, key=key, on="2026-04-01")
    assert {**again.answer, "provenance": None} == {**before.answer, "provenance": None}


def test_a_retry_after_midnight_gets_the_first_answer(
    editions: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request without a date was for the day on which it was made; the ruling of the next day is not in its answer."""
    old, new = editions
    assert old.audit is not None
    old.audit.publish(new.editions)
    key = new_id()
    monkeypatch.setattr("assign.words.today", lambda: date(2026, 3, 31))
    first = said(new, key=key)
    monkeypatch.setattr("assign.words.today", lambda: date(2026, 4, 1))
    assert said(new, key=new_id())[0] == "contractor" != first[0]
    assert said(new, key=key) == (first[0], first[1], False)


def test_a_key_with_another_date_is_another_request(editions: tuple[Desk, Desk]) -> None:
    """Here the date was given."""
    old, _ = editions
    key = new_id()
    said(old, key=key, on="2026-04-01")
    with pytest.raises(KeyReused):
        said(old, key=key, on="2026-04-02")


@pytest.mark.long
def test_an_edition_that_was_not_published_is_not_cited(editions: tuple[Desk, Desk]) -> None:
    """There is no answer on what nobody has put into force."""
    _, new = editions
    assert new.audit is not None
    size = new.audit.size
    with pytest.raises(NotPublished):
        said(new, on="2026-04-01")
    assert new.audit.size == size


# -- the pages of a log ----------------------------------------------------------------------------------------------


def test_a_log_that_was_not_begun_takes_no_record(url: str) -> None:
    """Its first record names its key."""
    log = make(url)
    log.store.create("example.city/empty")
    empty = Log.open(url, "example.city/empty")
    for call in (lambda: empty.append(draft()), lambda: empty.publish(EDITIONS)):
        with pytest.raises(StoreMissing):
            call()
    log.close()
    empty.close()


def test_a_log_whose_name_is_none_takes_no_record(url: str) -> None:
    """Whoever may insert may insert a person as the name of a log; it does not come into a record."""
    make(url).close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db, db:
        db.execute("INSERT INTO log VALUES (2, '山田太郎')")
    with closing(Log.open(url, "山田太郎")) as log:
        with pytest.raises(RecordError, match="`origin`"):
            log.append(draft())
        assert log.size == 0


def test_two_logs_in_one_database_have_their_own_numbers_and_keys(any_url: str) -> None:
    """What one log knows is nothing to the other."""
    first, second = make(any_url, "example.city/one"), make(any_url, "example.city/two")
    asked = draft()
    for _ in range(3):
        first.append(draft())
    assert [log.append(asked).created for log in (first, second)] == [True, True]
    assert (first.size, second.size) == (FIRST + 4, FIRST + 1)
    for log in (first, second):
        assert [key.name for key in list(log.keys())] == [log.origin]
    sound(first)
    sound(second)
    with pytest.raises(StoreMissing, match=r"there are 2 logs.*example\.city/one"):
        Log.open(any_url)
    for log in (first, second):
        log.close()


def test_publishing_again_writes_nothing(log: Log) -> None:
    """Only what is new gets a record; and a new edition can be cited from then on."""
    assert log.publish(EDITIONS) == []
    other = {**EDITIONS, "list": b"another list"}
    wanted = {what: sha256(data) for what, data in other.items()}
    with pytest.raises(NotPublished):
        log.append(draft(editions=wanted))
    assert [kept.record["what"] for kept in log.publish(other)] == ["list"]
    assert log.append(draft(editions=wanted)).seq == FIRST + 1
    assert log.store.edition(wanted["list"]) == b"another list"


@pytest.mark.parametrize("origin", ["", "UPPER/case", "a b", "名前", "x" * 200])
def test_a_name_that_is_none_is_refused_before_anything_is_made(tmp_path: Path, origin: str) -> None:
    """No file is left behind."""
    with pytest.raises(AssignError):
        Log.make(sqlite_url(tmp_path / "audit.db"), origin, EDITIONS)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_signed_once_the_log_no_longer_fits_its_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that signs whatever stands there would help whoever rewrote it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    desk = Desk.open(audit=f"sqlite:///{tmp_path / 'log.db'}", origin="test.example/log")
    log = desk.audit
    assert log is not None
    key = held_key("test.example/log")
    first = log.checkpoint(key)
    assert log.checkpoint(key) == first  # the same log, the same note
    desk.decide("nenkin", "24", "counter")
    assert log.checkpoint(key) != first
    log.close()
    with sqlite3.connect(tmp_path / "log.db") as raw:
        raw.execute("DROP TRIGGER record_no_update")
        raw.execute("UPDATE record SET payload = CAST(replace(CAST(payload AS TEXT), 'counter', 'backyard') AS BLOB)")
    raw.close()
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as log, pytest.raises(StoreError, match="nothing is signed"):
        log.checkpoint(key)


def test_what_is_derived_from_the_records_is_made_anew_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of keys and the list of publications can be lost; no record is."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    desk = Desk.open(audit=f"sqlite:///{tmp_path / 'log.db'}", origin="test.example/log")
    log, key = desk.audit, new_id()
    assert log is not None
    desk.decide("nenkin", "24", "counter", key=key)
    before = log.store.published(log.number)
    log.close()
    with closing(sqlite3.connect(tmp_path / "log.db")) as raw, raw:
        raw.execute("DROP TRIGGER publication_no_delete")
        raw.execute("DELETE FROM publication WHERE what <> 'key'")
        raw.execute("DROP INDEX record_key")
    with pytest.raises(NotPublished):
        Desk.open(audit=f"sqlite:///{tmp_path / 'log.db'}").decide("nenkin", "25", "counter")
    desk = Desk.open(audit=f"sqlite:///{tmp_path / 'log.db'}")
    log = desk.audit
    assert log is not None
    assert rebuild(log) == len(before) - 1
    assert log.store.published(log.number) == before
    assert rebuild(log) == 0
    desk.decide("nenkin", "24", "counter", key=key)
    desk.decide("nenkin", "25", "counter")
    assert log.size == 6
    with closing(sqlite3.connect(tmp_path / "log.db")) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'record_key'").fetchone() == (1,)
