"""A log keeps each record once, in one line, before it says so - for threads, forks and processes, and whoever is interrupted."""

from __future__ import annotations

import gc
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from assign.log import merkle
from assign.log.draft import Draft
from assign.log.errors import NotPublished
from assign.log.fields import RecordError
from assign.log.group_commit import PendingAppend
from assign.log.log import Log
from assign.log.reading import UnknownRecord
from assign.log.store import StoreError, Writing
from assign.words import sha256

from .log_fixtures import Threads, held, waiting
from .log_fixtures import _any_url as _any_url  # noqa: PLC0414 - a fixture
from .log_fixtures import _log as _log  # noqa: PLC0414 - a fixture
from .log_fixtures import _url as _url  # noqa: PLC0414 - a fixture
from .logs import FIRST, draft, make, sound, unmeasured
from .writers import ROOT, started

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
        patch.setattr(log.store, "append_if_unchanged", lambda *_: False)
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


# -- turns -----------------------------------------------------------------------------------------------------------


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
    """From the bytes of their rows, however many; the edge of the tree, as it is kept, is not read."""
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
        assert not read
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
                other._writer.write(writing, [Draft(draft(), log.origin)])
            assert thread.joined()[0].seq == FIRST + 2 * each + 1
        assert len(sound(log)) == FIRST + 8


def test_a_transaction_that_an_interrupt_left_open_holds_no_record(url: str) -> None:
    """A statement inside it would be acknowledged and never committed."""
    with closing(make(url)) as log:
        for _ in range(2):
            log.append(draft())
        log.store._connection().execute("BEGIN IMMEDIATE")  # type: ignore[attr-defined]
        kept = log.append(draft())
        with closing(Log.open(url)) as other:
            assert other.row(kept.seq).payload == kept.payload


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
