"""A log keeps each record once, in one line, before it says so - for threads, forks and processes, and whoever is interrupted."""

from __future__ import annotations

import gc
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.audit import rebuild
from assign.errors import AssignError
from assign.log import merkle
from assign.log.draft import Draft
from assign.log.errors import KeyReused, NotPublished
from assign.log.fields import RecordError
from assign.log.group_commit import PendingAppend
from assign.log.keys import held_key
from assign.log.log import Log
from assign.log.reading import UnknownRecord
from assign.log.record import new_id
from assign.log.store import StoreError, StoreMissing, Writing
from assign.words import sha256

from .logs import EDITIONS, FIRST, ORIGIN, draft, key_of, make, sound, sqlite_url, unmeasured
from .servers import Server
from .test_rules import RULING, Edit, edit  # noqa: F401 - a fixture
from .writers import ROOT, started


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a log can be."""
    return sqlite_url(tmp_path / "audit.db")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, on each store."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "audit.db")
    server: Server = request.getfixturevalue("durable_server")
    name = f"log_{new_id().replace('-', '')}"
    server.database(name)
    return server.url(name)


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    """A log that has answered nothing yet."""
    made = make(url)
    yield made
    made.close()


class Threads:
    """Calls that run at the same time, and what each gave or raised."""

    def __init__(self, number: int, call: Callable[[int], Any]) -> None:
        self.given: list[Any] = [None] * number
        self._call = call
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True) for each in range(number)]
        for thread in self._threads:
            thread.start()

    def _run(self, each: int) -> None:
        try:
            self.given[each] = self._call(each)
        except BaseException as error:  # noqa: BLE001 - it is looked at
            self.given[each] = error

    def joined(self, seconds: float = 600) -> list[Any]:
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0, end - time.monotonic()))
            assert not thread.is_alive(), "a caller waits for ever"
        return self.given


@contextmanager
def held(log: Log, monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None) -> Iterator[threading.Event]:
    """The next transaction waits until it is let go, and then fails if told so; the ones after it are as ever."""
    entered, go = threading.Event(), threading.Event()
    before, first = log.store.writing, [True]

    @contextmanager
    def slow(number: int) -> Iterator[Writing]:
        with before(number) as writing:
            if first.pop() if first else False:
                entered.set()
                assert go.wait(600)
                if error is not None:
                    raise error
            yield writing

    with monkeypatch.context() as patch:
        patch.setattr(log.store, "writing", slow)
        yield entered
        go.set()


def waiting(log: Log, number: int) -> None:
    """Until so many callers are in the queue."""
    end = time.monotonic() + 600
    while len(log._writer._queue) < number:
        assert time.monotonic() < end
        time.sleep(0.001)


# -- group commit ----------------------------------------------------------------------------------------------------


def test_of_64_threads_each_gets_its_own_record_and_all_are_in_one_line(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledged = rows; the records share commits, and the tree does not show it."""
    log, commits = make(any_url), []
    before = log.store.writing

    def counted(number: int) -> Any:
        commits.append(number)
        return before(number)

    monkeypatch.setattr(log.store, "writing", counted)
    drafts = [[draft() for _ in range(8)] for _ in range(64)]
    given = Threads(64, lambda each: [log.append(one) for one in drafts[each]]).joined()
    kept = [one for each in given for one in each]
    assert [one.record["key"] for one in kept] == [one["key"] for each in drafts for one in each]
    assert all([one.seq for one in each] == sorted(one.seq for one in each) for each in given)
    assert sorted(one.seq for one in kept) == list(range(FIRST, FIRST + 512))
    assert sound(log) == {**dict(list(sound(log).items())[:FIRST]), **{one.seq: sha256(one.payload) for one in kept}}
    assert len(commits) < 512 / 4
    log.close()


def test_one_callers_mistake_is_its_own(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is refused inside a shared commit fails its caller and nobody else."""
    wrong = {"list": sha256(b"another list"), "rules": sha256(b"some rules"), "rulings": sha256(b"")}
    drafts = [draft(), draft(editions=wrong), draft(corrects=99), draft(corrects=FIRST)]
    with held(log, monkeypatch) as entered:
        first = Threads(1, lambda _: log.append(draft()))
        entered.wait()
        others = Threads(4, lambda each: log.append(drafts[each]))
        waiting(log, 5)
    assert first.joined()[0].seq == FIRST
    right, not_published, no_such, correction = others.joined()
    assert isinstance(not_published, NotPublished)
    assert isinstance(no_such, UnknownRecord)
    assert sorted([right.seq, correction.seq]) == [FIRST + 1, FIRST + 2]
    assert len(sound(log)) == FIRST + 3


def test_what_may_not_be_recorded_joins_no_queue_and_is_not_repeated(log: Log) -> None:
    """Refused before anything is written."""
    with pytest.raises(RecordError) as caught:
        log.append(draft(role="山田太郎"))
    assert "山田" not in str(caught.value)
    assert log.size == FIRST


def test_a_commit_that_fails_fails_everyone_who_waited_and_the_next_one_works(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No durable record, no answer; and no repair."""
    with held(log, monkeypatch, OSError("broken")) as entered:
        first = Threads(1, lambda _: log.append(draft()))
        entered.wait()
        others = Threads(8, lambda _: log.append(draft()))
        waiting(log, 9)
    assert [type(each) for each in first.joined()] == [StoreError]
    assert [each.created for each in others.joined()] == [True] * 8  # they had not joined the commit that failed
    writing = log.store.writing

    @contextmanager
    def broken(number: int) -> Iterator[Writing]:
        with writing(number) as each:
            yield each
            time.sleep(0.05)
            raise StoreError("壊れた", "broken")

    with monkeypatch.context() as patch:
        patch.setattr(log.store, "writing", broken)
        errors = Threads(8, lambda _: log.append(draft())).joined()
    assert {type(each) for each in errors} == {StoreError}
    assert len(set(map(id, errors))) == 8, "each caller raises its own"
    assert log.append(draft()).seq == FIRST + 8
    assert len(sound(log)) == FIRST + 9


# -- interrupts ------------------------------------------------------------------------------------------------------


def test_a_waiter_that_is_interrupted_leaves_the_queue(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its record is not written, and the pen goes to the next."""
    with held(log, monkeypatch) as entered:
        first = Threads(1, lambda _: log.append(draft()))
        entered.wait()

        # A signal just before Python begins to wait for a lock is seen only when the wait is over: it is sent until it is
        # seen, and interrupts once.
        seen = threading.Event()

        def interrupted(*_: object) -> None:
            if not seen.is_set():
                seen.set()
                raise KeyboardInterrupt

        def interrupts() -> None:
            waiting(log, 2)
            while not seen.wait(0.05):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

        before = signal.signal(signal.SIGUSR1, interrupted)
        try:
            interrupt = threading.Thread(target=interrupts)
            interrupt.start()
            with pytest.raises(KeyboardInterrupt):
                log.append(draft())
            interrupt.join()
        finally:
            signal.signal(signal.SIGUSR1, before)
        last = Threads(1, lambda _: log.append(draft()))
        waiting(log, 2)
    assert [first.joined()[0].seq, last.joined()[0].seq] == [FIRST, FIRST + 1]
    assert len(sound(log)) == FIRST + 2


def test_a_writer_that_is_interrupted_fails_those_it_wrote_for(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told that there is no record; nobody waits for the pen."""
    with held(log, monkeypatch) as entered:
        first = Threads(1, lambda _: log.append(draft()))
        entered.wait()
        others = Threads(3, lambda _: log.append(draft()))
        waiting(log, 4)
        monkeypatch.setattr(log._writer, "_commit", interrupted := Raises(KeyboardInterrupt(), log._writer._commit))
    given = [type(each) for each in others.joined()]
    assert interrupted.times == 1
    assert sorted(kind.__name__ for kind in given) == ["KeyboardInterrupt", "StoreError", "StoreError"]
    assert first.joined()[0].seq == FIRST
    assert log.append(draft()).seq == FIRST + 1


class Raises:
    """Raises once, then calls."""

    def __init__(self, error: BaseException, call: Callable[..., Any]) -> None:
        self.times, self._error, self._call = 0, error, call

    def __call__(self, *given: Any) -> Any:
        self.times += 1
        if self.times == 1:
            raise self._error
        return self._call(*given)


@pytest.mark.slow
def test_an_interrupt_at_any_moment_leaves_the_log_usable(any_url: str) -> None:
    """
    Ctrl-C has been pressed 250 times, each time somewhere else in an append, while others wrote.

    In a process of its own that is not measured: an interrupt inside coverage's own lock would leave that lock held.
    """
    code = "import sys; from tests.test_log import interrupts; interrupts(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, any_url],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def interrupts(url: str) -> None:
    """What the test above does, in its process."""
    log = make(url)
    kept: list[int] = []
    interrupted = 0
    stop = threading.Event()

    def others(_: int) -> int:
        done = 0
        while not stop.is_set():
            try:
                log.append(draft())
                done += 1
            except StoreError:  # the main thread wrote for this one, and was interrupted
                continue
        return done

    running = Threads(3, others)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    chance = random.Random(7)
    try:
        for _ in range(3000):
            if interrupted > 250:
                break
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 3e-3))
                while True:
                    kept.append(log.append(draft()).seq)
            except KeyboardInterrupt:
                interrupted += 1
            except StoreError:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
        stop.set()
    written = sum(running.joined())
    found = sound(log)
    assert interrupted > 250
    assert set(kept) <= set(found)
    assert len(kept) + written <= len(found) - FIRST
    log.close()


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


def turns(log: Log, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the logs whose turn was waited for, from here on."""
    taken: list[int] = []
    before = log.store.writing

    def writing(number: int) -> Any:
        taken.append(number)
        return before(number)

    monkeypatch.setattr(log.store, "writing", writing)
    return taken


def test_a_writer_that_is_alone_takes_one_statement_and_no_turn(any_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until another writes, or a key is known; then it waits its turn, and the line is one all the same."""
    with closing(make(any_url)) as log, closing(Log.open(any_url)) as other:
        log.append(draft())
        taken = turns(log, monkeypatch)
        asked = draft()
        first = log.append(asked)
        assert [log.append(draft(key=None)).seq, log.append(draft(corrects=first.seq)).seq] == [FIRST + 2, FIRST + 3]
        assert taken == []
        assert log.append(asked) == first._replace(created=False)
        assert len(taken) == 1
        assert [other.append(draft()).seq, log.append(draft()).seq] == [FIRST + 4, FIRST + 5]
        assert len(taken) == 2
        with pytest.raises(UnknownRecord):
            log.append(draft(corrects=FIRST + 6))
        with pytest.raises(NotPublished):
            log.append(draft(editions={**draft()["editions"], "list": sha256(b"of nobody")}))
        assert len(sound(log)) == FIRST + 6


@pytest.mark.long
def test_a_record_that_was_kept_leaves_nothing_to_the_garbage_collector(log: Log) -> None:
    """Its memory is free at once: a ring of references costs the next record more than its hashes do."""
    gc.disable()
    try:
        before = {id(each) for each in gc.get_objects()}
        for _ in range(5):
            log.append(draft())
        kept = [each for each in gc.get_objects() if type(each) in (PendingAppend, Draft)]
        assert not [each for each in kept if id(each) not in before]
    finally:
        gc.enable()


@pytest.mark.parametrize("meanwhile", [1, 3, 64, 70])
def test_a_writer_follows_what_others_have_written_meanwhile(
    any_url: str, monkeypatch: pytest.MonkeyPatch, meanwhile: int
) -> None:
    """From their rows; the edge of the tree is read anew only after very many."""
    with closing(make(any_url)) as log, closing(Log.open(any_url)) as other:
        log.append(draft())
        for _ in range(meanwhile):
            other.append(draft())
        read: list[int] = []
        edge = merkle.edge

        def noted(size: int) -> list[tuple[int, int]]:
            read.append(size)
            return edge(size)

        with monkeypatch.context() as patch:
            patch.setattr(merkle, "edge", noted)
            assert log.append(draft()).seq == FIRST + 1 + meanwhile
        assert bool(read) == (meanwhile > 64)
        assert len(sound(log)) == FIRST + 2 + meanwhile


def test_nobody_goes_before_the_one_whose_turn_it_is(any_url: str) -> None:
    """The statement of a writer that believes itself alone waits for the open transaction of another, or takes a turn."""
    with closing(make(any_url)) as log, closing(Log.open(any_url)) as other:
        for _ in range(2):
            log.append(draft())
        for each in range(1, 4):
            with other.store.writing(other.number) as writing:
                other._writer.begin(writing)
                assert other._writer.size == FIRST + 2 * each
                thread = Threads(1, lambda _: log.append(draft()))
                time.sleep(0.05)
                other._writer.write(writing, [Draft(draft(), log.origin)], {})
            assert thread.joined()[0].seq == FIRST + 2 * each + 1
        assert len(sound(log)) == FIRST + 8


def test_a_key_is_found_without_its_index_by_a_writer_that_is_alone(url: str) -> None:
    """The index speeds it up; nothing rests on it."""
    with closing(make(url)) as log:
        asked = [draft() for _ in range(3)]
        kept = [log.append(each) for each in asked]
        log.store._rows("DROP INDEX record_key")  # type: ignore[attr-defined]
        assert [log.append(each) for each in asked] == [each._replace(created=False) for each in kept]
        assert len(sound(log)) == FIRST + 3


def test_a_log_whose_name_is_none_takes_no_record(url: str) -> None:
    """Whoever may insert may insert a person as the name of a log; it does not come into a record."""
    make(url).close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db, db:
        db.execute("INSERT INTO log VALUES (2, '山田太郎')")
    with closing(Log.open(url, "山田太郎")) as log:
        with pytest.raises(RecordError, match="`origin`"):
            log.append(draft())
        assert log.size == 0


def test_a_transaction_that_an_interrupt_left_open_holds_no_record(url: str) -> None:
    """A statement inside it would be acknowledged and never committed."""
    with closing(make(url)) as log:
        for _ in range(2):
            log.append(draft())
        log.store._connection().execute("BEGIN IMMEDIATE")  # type: ignore[attr-defined]
        kept = log.append(draft())
        with closing(Log.open(url)) as other:
            assert other.row(kept.seq).payload == kept.payload


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


# -- forks, processes ------------------------------------------------------------------------------------------------

FORK = """
import os, sys, threading
from tests.logs import draft, sound
from assign.log import Log
log = Log.open(sys.argv[1])
log.append(draft())
told, tell = os.pipe()
go, gone = os.pipe()
stop = threading.Event()
busy = threading.Thread(target=lambda: [log.append(draft()) for _ in iter(stop.is_set, True)])
busy.start()
child = os.fork()
if not child:
    os.close(told)
    os.close(gone)
    try:
        for each in range(50):
            os.write(tell, b"%d\\n" % log.append(draft()).seq)
        os.read(go, 1)  # the parent has closed its log
        threads = [threading.Thread(target=lambda: os.write(tell, b"%d\\n" % log.append(draft()).seq)) for _ in range(50)]
        [each.start() for each in threads]
        [each.join() for each in threads]
    finally:
        os._exit(0)
os.close(tell)
stop.set()
busy.join()
log.close()
os.write(gone, b"!")
other = Log.open(sys.argv[1])
kept = {int(line) for line in os.fdopen(told).read().split()}
os.waitpid(child, 0)
other.close()
found = sound(Log.open(sys.argv[1]))
print(len(kept), len(kept - set(found)))
"""


def test_a_child_of_a_fork_loses_nothing_when_its_parent_closes(any_url: str) -> None:
    """SQLite's memory of its locks is copied by a fork and its locks are not: 224 of 300 acknowledged records were lost so."""
    make(any_url).close()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK, any_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.stderr == ""
    assert done.stdout == "100 0\n"


def test_a_spawned_process_writes_to_the_same_line(url: str) -> None:
    """And what it was told is what its parent reads."""
    log = make(url)
    log.append(draft())
    writer = started("append", url, "--records", "5")
    lines = writer.communicate()[0].splitlines()
    log.append(draft())
    found = sound(log)
    assert [line.split()[:2] for line in lines] == [[str(seq), found[seq]] for seq in range(FIRST + 1, FIRST + 6)]
    assert len(found) == FIRST + 7
    log.close()


@pytest.mark.slow
def test_of_four_processes_that_make_a_log_at_once_one_begins_it(any_url: str) -> None:
    """One first record, one key; nobody gets an error."""
    makers = [started("make", any_url) for _ in range(4)]
    assert [each.communicate("go\n")[0] for each in makers] == [f"{FIRST}\n"] * 4
    log = Log.open(any_url)
    assert [len(sound(log)), len(log.keys())] == [FIRST, 1]
    log.close()


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
        raw.execute("UPDATE record SET nodes = zeroblob(32) || substr(nodes, 33) WHERE at & 1 = 0")
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
