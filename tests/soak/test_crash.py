"""Writers are killed, servers stop in the middle, clients ask again: what was acknowledged is there, once, in one line."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import pytest

from assign import Desk
from assign.log import merkle
from assign.log.canonical import read
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store import StoreError
from assign.words import sha256
from tests.logs import FIRST, ORIGIN, draft, key_of, make, sound, sqlite_url
from tests.servers import Server
from tests.writers import Acknowledged, acknowledged, started, written


@pytest.fixture
def database(durable_server: Server) -> str:
    """An empty database on a server."""
    name = f"soak_{new_id().replace('-', '')}"
    durable_server.database(name)
    return name


class Followed:
    """A log that is looked at again and again: only what is new is read, and it must go on from what was there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.frontier = merkle.Frontier()
        self.rows: dict[int, str] = {}
        self.slowest = 0.0

    def look(self) -> None:
        """Open it anew, as after a crash, and read on."""
        begin = time.perf_counter()
        log = Log.open(self.url)
        head = log.head()
        self.slowest = max(self.slowest, time.perf_counter() - begin)
        with closing(log):
            for row in log.rows(len(self.rows)):
                assert row.seq == read(row.payload)["seq"] == len(self.rows)
                assert row.nodes == self.frontier.append(merkle.leaf_hash(row.payload))
                self.rows[row.seq] = sha256(row.payload)
            assert (head.size, head.root) == (len(self.rows), self.frontier.root())


# Four times a fresh Python is what most of a round would take; a fork of one that has imported all takes none of it.
HANGS: Final = 600.0  # seconds; no more than a guard, far beyond what any machine needs
MORE: Final = 20  # times as many rounds before a control is said to show nothing
FORKS: Final = get_context("forkserver")
FORKS.set_forkserver_preload(["tests.writers", "apsw", "psycopg"])


class Four:
    """Writers on one log, each in its own process, with a file for what it was told."""

    def __init__(self, folder: Path, url: str, *more: str) -> None:
        self._files = [folder / str(number) for number in range(4)]
        self.processes = [
            FORKS.Process(target=written, args=(str(file), "append", url, *more), daemon=True) for file in self._files
        ]
        for process in self.processes:
            process.start()

    def wait(self, least: int = 1) -> None:
        """Until each has been told of so many records, however long that takes."""
        until = time.monotonic() + HANGS
        while not all(file.exists() and file.read_bytes().count(b"\n") >= least for file in self._files):
            assert time.monotonic() < until, "a writer hangs"
            time.sleep(0.002)

    def end(self, seconds: float | None = None) -> list[Acknowledged]:
        """What they were told, when all have ended."""
        for process in self.processes:
            process.join(seconds)
            process.kill()
            process.join()
            process.close()
        return [one for file in self._files if file.exists() for one in acknowledged(file.read_text("ascii"))]


def killed(
    url: str, rounds: int, server: Server | None = None, *more: str, least: int = 0, until_lost: bool = False
) -> Counter[str]:
    """
    Rounds of four writers, each killed at a moment of its own: every fifth time while they open and recover the log. Every
    fourth round a server stops, if there is one.

    Args:
        least: There are more rounds until so many records were acknowledged; a busy machine keeps fewer in each.
        until_lost: A control ends when something is missing; where a machine is slow, a kill seldom falls on the right moment.
    """
    make(url).close()
    followed, found, chance = Followed(url), Counter[str](), random.Random(rounds)
    while (each := found["rounds"]) < rounds or found["acknowledged"] < least:
        with tempfile.TemporaryDirectory() as folder:
            four = Four(Path(folder), url, *more)
            if each % 5 == 4:
                time.sleep(chance.uniform(0, 0.05))
            else:
                four.wait()
                time.sleep(chance.uniform(0, 0.5))
            stops = server if each % 4 == 3 else None
            if stops is not None:
                stops.stop("immediate")
            for writer in chance.sample(four.processes, 4):
                time.sleep(chance.uniform(0, 0.01))
                writer.kill()
            said = four.end()
            if stops is not None:
                stops.start()
        followed.look()
        found["rounds"] += 1
        found["acknowledged"] += len(said)
        found["missing"] += sum(one.seq not in followed.rows for one in said)
        found["changed"] += sum(followed.rows.get(one.seq, one.sha256) != one.sha256 for one in said)
        if until_lost and found["missing"] + found["changed"]:
            break
    found["kept, not acknowledged"] = len(followed.rows) - FIRST - found["acknowledged"]
    with closing(Log.open(url)) as log:
        assert sound(log) == followed.rows
        assert log.append(draft()).seq == len(followed.rows)
    what = f"writers killed {more or ''} on {url.partition(':')[0]}"
    print(f"\n{what}: {dict(found)}, slowest open and root {followed.slowest:.3f} s")
    return found


def kills(url: str, rounds: int, server: Server | None = None, least: int = 0) -> Counter[str]:
    found = killed(url, rounds, server, least=max(least, rounds * 40))
    assert (found["missing"], found["changed"]) == (0, 0)
    return found


def hasty(url: str, rounds: int, server: Server | None = None) -> None:
    """The control: writers which say it before the commit."""
    found = killed(url, rounds * MORE, server, "--hasty", until_lost=True)
    assert found["missing"] + found["changed"] > 0, "nothing is missing even so: this test shows nothing"


@pytest.mark.slow
def test_12_rounds_of_kills_lose_nothing(tmp_path: Path) -> None:
    """The short form, on SQLite."""
    kills(sqlite_url(tmp_path / "audit.db"), 12)
    hasty(sqlite_url(tmp_path / "hasty.db"), 8)


@pytest.mark.slow
def test_4_rounds_of_kills_lose_nothing_on_a_server(durable_server: Server, database: str) -> None:
    """The short form, on PostgreSQL; in the fourth the server itself stops."""
    kills(durable_server.url(database), 4, durable_server)


@pytest.mark.soak
def test_1000_rounds_of_kills_lose_nothing(tmp_path: Path) -> None:
    """At least 200,000 acknowledged records."""
    found = kills(sqlite_url(tmp_path / "audit.db"), 1000, least=200_000)
    assert found["acknowledged"] >= 200_000
    hasty(sqlite_url(tmp_path / "hasty.db"), 20)


@pytest.mark.soak
def test_200_rounds_of_kills_lose_nothing_on_a_server(durable_server: Server, database: str) -> None:
    """In 50 of them the server itself stops."""
    kills(durable_server.url(database), 200, durable_server)
    durable_server.database(f"{database}_hasty")
    hasty(durable_server.url(f"{database}_hasty"), 20, durable_server)


# -- a server that may lose a commit -----------------------------------------------------------------------------------


def cut(server: Server, database: str, rounds: int, setting: str, *, until_lost: bool = False) -> Counter[str]:
    """
    Rounds in which a server ends while four writers write: in turn by its own immediate stop, and by SIGKILL to all of it.

    Args:
        setting: Of `synchronous_commit`, for the writers alone; they don't ask, for either of the two.
    """
    make(url := server.url(database)).close()
    followed, found, chance = Followed(url), Counter[str](), random.Random(rounds)
    for each in range(rounds * MORE if until_lost else rounds):
        with tempfile.TemporaryDirectory() as folder:
            with closing(server.connect(database)) as db:
                db.execute(f"ALTER DATABASE {database} SET synchronous_commit = {setting}")
            four = Four(Path(folder), url, "--trusting")
            four.wait(10)
            time.sleep(chance.uniform(0, 0.5))
            if each % 2:
                server.kill()
            else:
                server.stop("immediate")
            said = four.end(HANGS)
        server.start()
        with closing(server.connect(database)) as db:
            db.execute(f"ALTER DATABASE {database} RESET synchronous_commit")
        followed.look()
        lost = sum(followed.rows.get(one.seq) != one.sha256 for one in said)
        found.update({"rounds": 1, "acknowledged": len(said), "lost": lost, "rounds that lost": lost > 0})
        if until_lost and lost:
            break
    with closing(Log.open(url)) as log:
        assert sound(log) == followed.rows  # what is left is one line, whatever was lost
    print(f"\nserver cut with synchronous_commit={setting}: {dict(found)}")
    return found


def cuts(server: Server, database: str, rounds: int) -> None:
    assert cut(server, database, rounds, "on")["lost"] == 0
    server.database(f"{database}_off")
    assert cut(server, f"{database}_off", rounds, "off", until_lost=True)["rounds that lost"] > 0, (
        "nothing is lost even so: this test shows nothing"
    )


@pytest.mark.soak
def test_a_server_keeps_in_2_cuts_what_it_loses_without_synchronous_commit(
    durable_server: Server, database: str
) -> None:
    """The short form of why the store refuses that setting."""
    cuts(durable_server, database, 2)


@pytest.mark.soak
def test_a_server_keeps_in_20_cuts_what_it_loses_without_synchronous_commit(
    durable_server: Server, database: str
) -> None:
    """Half of them are an immediate stop, half a kill of all its processes."""
    cuts(durable_server, database, 20)


# -- many at once ----------------------------------------------------------------------------------------------------


def together(url: str, processes: int, records: int, *more: str) -> int:
    """So many writers of so many records each → how many of them were given an error; what each call waited is shown."""
    with closing(make(url)) as log, tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(number)) for number in range(processes)]
        writers: list[subprocess.Popen[str]] = []
        for file in files:
            with file.open("wb") as out:
                writers.append(started("append", url, "--records", str(records), *more, out=out))
        codes = []
        for writer in writers:
            writer.communicate()
            codes.append(writer.returncode)
        said = [acknowledged(file.read_text("ascii")) for file in files]
        found = sound(log)
        kept = {one.seq: one.sha256 for each in said for one in each}
        waits = sorted(one.milliseconds for each in said for one in each)
        shown = (
            f"p50 {waits[len(waits) // 2]:.1f} ms, p99 {waits[len(waits) * 99 // 100]:.1f} ms, worst {waits[-1]:.0f} ms"
        )
        shares = f"{min(map(len, said))}-{max(map(len, said))} each"
        print(
            f"\n{processes} processes x {records} records {more or ''} on {url.partition(':')[0]}: {len(waits)} records ({shares}), {shown}"
        )
        errors = sum(map(bool, codes))
        if not errors:
            assert len(kept) == len(waits) == len(found) - FIRST == processes * records
        assert kept == {seq: digest for seq, digest in found.items() if seq in kept}
        return errors


def crowd(url: str, other: str, records: int) -> None:
    assert together(url, 8, records) == 0
    assert together(other, 8, min(records, 500), "--rude") > 0, "no error even so: this test shows nothing"


@pytest.mark.slow
def test_8_processes_of_200_records_are_one_line(tmp_path: Path) -> None:
    """The short form; the longest wait is shown."""
    crowd(sqlite_url(tmp_path / "audit.db"), sqlite_url(tmp_path / "rude.db"), 200)


@pytest.mark.slow
def test_8_processes_of_200_records_are_one_line_on_a_server(durable_server: Server, database: str) -> None:
    """The same on PostgreSQL."""
    durable_server.database(f"{database}_rude")
    crowd(durable_server.url(database), durable_server.url(f"{database}_rude"), 200)


@pytest.mark.soak
def test_8_processes_of_5000_records_are_one_line(tmp_path: Path) -> None:
    """No error reaches a caller, no record is dropped, everybody comes to an end."""
    crowd(sqlite_url(tmp_path / "audit.db"), sqlite_url(tmp_path / "rude.db"), 5000)


@pytest.mark.soak
def test_8_processes_of_5000_records_are_one_line_on_a_server(durable_server: Server, database: str) -> None:
    """The same on PostgreSQL."""
    durable_server.database(f"{database}_rude")
    crowd(durable_server.url(database), durable_server.url(f"{database}_rude"), 5000)


# -- exactly once ----------------------------------------------------------------------------------------------------


class Answering:
    """A process that answers, started anew whenever it was killed."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self.socket = url, folder / "socket"
        self.start()

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self.process = started("answer", self._url, str(self.socket))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    @contextmanager
    def asked(self) -> Iterator[Any]:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(HANGS)
            line.connect(str(self.socket))
            with line.makefile("rw", encoding="utf-8") as file:
                yield file


def client(
    answering: Answering, stop: Event, replies: dict[str, dict[str, Any]], found: Counter[str], *, keyed: bool
) -> None:
    """Asks, and asks again with the same key until it is answered; the control takes a new key each time."""
    while not stop.is_set():
        key = new_id()
        asked = {"division": "nenkin", "item": "24", "channel": "counter"}
        tries = 0
        while key not in replies:
            tries += 1
            try:
                with answering.asked() as file:
                    while key not in replies:
                        file.write(json.dumps({**asked, "key": key if keyed else new_id()}) + "\n")
                        file.flush()
                        if not (line := file.readline()).endswith("\n"):
                            break
                        replies[key] = json.loads(line)
            except OSError:
                time.sleep(0.01)
        found["requests"] += 1
        found["retried"] += tries > 1
        found["answered from the record"] += not replies[key]["created"]


def once(folder: Path, number: int, *, keyed: bool) -> int:
    """Kills of an answering process with four clients → how many records are too many."""
    plain = Desk.open(engine="table")
    url = sqlite_url(folder / f"{keyed}-{new_id()}.db")
    with key_of(ORIGIN):
        Log.make(url, ORIGIN, plain.editions).close()
    answering, stop, chance = Answering(url, folder), Event(), random.Random(number)
    replies: dict[str, dict[str, Any]] = {}
    found: Counter[str] = Counter()
    clients = [
        Thread(target=client, args=(answering, stop, replies, found), kwargs={"keyed": keyed}, daemon=True)
        for _ in range(4)
    ]
    for each in clients:
        each.start()
    for _ in range(number):
        had, until = len(replies), time.monotonic() + HANGS
        while len(replies) <= had + 4:
            assert time.monotonic() < until, "nobody is answered"
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.2))
        answering.kill()
        answering.start()
    stop.set()
    for each in clients:
        each.join(HANGS)
        assert not each.is_alive()
    answering.kill()
    with closing(Log.open(url)) as log:
        rows = sound(log)  # no key is there twice
        keys = {record["key"]: record["seq"] for record in (read(row.payload) for row in log.rows(FIRST))}
    if keyed:
        assert {key: said["seq"] for key, said in replies.items()} == keys
    assert {said["to"] for said in replies.values()} == {"city_staff"}
    more = len(rows) - FIRST - len(replies)
    print(
        f"\n{number} kills, {'one key a request' if keyed else 'control: a new key each time'}: {dict(found)}, {more} too many"
    )
    return more


def twice(folder: Path, number: int) -> bool:
    """The control; where a machine is slow, a kill seldom falls between what is kept and what is said."""
    return any(once(folder, number, keyed=False) > 0 for _ in range(MORE))


@pytest.mark.slow
def test_5_kills_of_an_answering_process_answer_each_request_once(tmp_path: Path) -> None:
    """The short form; without keys, the same kills leave records twice."""
    assert once(tmp_path, 5, keyed=True) == 0
    assert twice(tmp_path, 5)


@pytest.mark.soak
def test_100_kills_of_an_answering_process_answer_each_request_once(tmp_path: Path) -> None:
    """0 twice, 0 lost."""
    assert once(tmp_path, 100, keyed=True) == 0
    assert twice(tmp_path, 20)


def test_a_log_on_a_server_that_is_not_there_is_an_error() -> None:
    """So that the rounds above cannot pass by opening nothing."""
    with pytest.raises(StoreError):
        Followed("postgresql://tester@/none?host=/nowhere").look()
