"""
What does a durable record cost, beside the database alone?

In:   drafts of decisions, made before; a SQLite file in a temporary folder; a private PostgreSQL server where there is one.
Out:  one table, durable records per second, and one line per claim; with --json the same as a file.

    ours     append, alone or with 64 callers waiting: checked, numbered, hashed into the tree, committed, acknowledged
    raw      the same database, table, index, settings and bytes (rows that were made before), inserted and committed

Alone, raw is one commit per row. With 64 callers there are two raws: 64 threads that each commit their row in turn, which is
what callers would do without a group commit, and what the claim is held against; and one connection that inserts batches as
large as ours were on average, with nobody waiting for any of them: what the disk would allow, and no caller can have.

Contestants take turns: each round gives every one of them SAMPLE seconds on the same file, starting with another one each
round. The table shows the median over the rounds; a ratio is taken within each round, and its median shown.

    python bench/audit.py [--rounds 7] [--records 1000000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from random import choice, randrange
from statistics import median
from time import monotonic, perf_counter
from typing import Any, Final

import apsw

from assign import Desk
from assign.audit import prove, verify
from assign.log import merkle
from assign.log.canonical import canonical
from assign.log.draft import Draft
from assign.log.keys import new_key
from assign.log.log import Log
from assign.log.store import postgresql, sqlite_schema
from assign.log.store.schema import TABLES

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import logs
from tests.servers import Server, private_server

CALLERS: Final = 64
SAMPLE: Final = 1.0  # seconds
LEAST: Final = 0.7  # the claims: of the raw database's rate,
TREE: Final = 10.0  # microseconds a record,
COLD: Final = 1.4  # times `assign decide`,
MILLION: Final = 30.0  # seconds to verify a million records
Rate = Callable[[], float]


def draft() -> dict[str, Any]:
    """A decision on one of 430 questions, as many as the list has rows and channels."""
    words = {"division": "nenkin", "item": str(randrange(1, 216)), "channel": choice(("counter", "backyard"))}
    request = {**words, "act": None, "on": "2026-11-25"}
    return logs.draft(given=words, request=request)


def rows() -> Iterator[tuple[int, bytes, bytes, str]]:
    """What the store inserts, made before: number, bytes, hashes, key; as a log of its own, far behind any other."""
    frontier = merkle.Frontier()
    given = {"schema": 1, "origin": logs.ORIGIN, "recorded": "2026-11-25T00:00:00.000Z", "version": "0.1.0"}
    for seq in range(1 << 30):
        made = draft()
        payload = canonical({**made, **given, "seq": seq})
        yield seq, payload, frontier.append(merkle.leaf_hash(payload)), made["key"]


def threads(call: Callable[[], None]) -> float:
    """Calls per second of 64 threads."""
    end, done = monotonic() + SAMPLE, [0] * CALLERS

    def run(each: int) -> None:
        while monotonic() < end:
            call()
            done[each] += 1

    running = [threading.Thread(target=run, args=(each,)) for each in range(CALLERS)]
    begin = perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(done) / (perf_counter() - begin)


def alone(call: Callable[[], int | None]) -> float:
    """Records per second of one caller."""
    begin, end, done = perf_counter(), monotonic() + SAMPLE, 0
    with suppress(IndexError):  # what was made before is used up
        while monotonic() < end:
            done += call() or 1
    return done / (perf_counter() - begin)


def contestants(log: Log, insert: Callable[[list[tuple[int, bytes, bytes, str]]], None]) -> dict[str, Rate]:
    """Ours and the raw ones, over one database."""
    made, drafts, lock = rows(), iter(draft, None), threading.Lock()
    ready: deque[Any] = deque()
    waiting: list[Any] = []
    commits = [0]

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*words: Any) -> Any:
            commits[0] += 1
            return call(*words)

        return calling

    for name in ("writing", "append_if_unchanged"):
        setattr(log.store, name, counted(getattr(log.store, name)))

    def stock() -> None:  # untimed
        ready.extend(islice(made, max(0, 25_000 - len(ready))))
        waiting.extend(islice(drafts, max(0, 25_000 - len(waiting))))

    batch = [1.0]

    def ours() -> float:
        stock()
        return alone(lambda: log.append(waiting.pop()).seq and 1)

    def raw() -> float:
        stock()
        return alone(lambda: insert([ready.popleft()]))  # type: ignore[func-returns-value]  # called for its insert; both sides are timed alike

    def ours_many() -> float:
        stock()
        before, size = commits[0], log.size

        def append() -> None:
            log.append(waiting.pop())

        rate = threads(append)
        batch[0] = (log.size - size) / (commits[0] - before)
        return rate

    def raw_batches() -> float:
        stock()
        number = max(1, round(batch[0]))

        def some() -> int:
            taken = [ready.popleft() for _ in range(number)]
            insert(taken)
            return len(taken)

        return alone(some)

    def raw_turns() -> float:
        stock()

        def one() -> None:
            with lock:
                insert([ready.popleft()])

        return threads(one)

    many = f"{CALLERS} callers"
    return {
        "alone: ours": ours,
        "alone: raw": raw,
        f"{many}: ours": ours_many,
        f"{many}: raw, a commit each": raw_turns,
        "no callers: raw, batches of our size": raw_batches,
    }


@contextmanager
def on_sqlite(folder: Path) -> Iterator[dict[str, Rate]]:
    path = folder / "audit.db"
    with closing(logs.make(logs.sqlite_url(path))) as log, closing(apsw.Connection(str(folder / "raw.db"))) as db:
        for sql in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON"):
            db.execute(f"PRAGMA {sql}").fetchall()
        db.execute(TABLES.format(int="INTEGER", text="TEXT", blob="BLOB"))
        db.execute(sqlite_schema.INDEX)

        def insert(taken: list[tuple[int, bytes, bytes, str]]) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", taken)
            db.execute("COMMIT")

        yield contestants(log, insert)


@contextmanager
def on_postgresql(server: Server) -> Iterator[dict[str, Rate]]:
    server.database("ours")
    server.database("raw")
    with closing(logs.make(server.url("ours"))) as log, closing(server.connect("raw")) as db:
        for statement in TABLES.format(int="bigint", text="text", blob="bytea").split(";"):
            db.execute(statement.encode())
        db.execute(postgresql.INDEX.encode())
        sql = b"INSERT INTO record SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::text[])"

        def insert(taken: list[tuple[int, bytes, bytes, str]]) -> None:
            if len(taken) == 1:
                db.execute(b"INSERT INTO record VALUES (%s, %s, %s, %s)", taken[0])
            else:
                db.execute(sql, [list(column) for column in zip(*taken, strict=True)])

        yield contestants(log, insert)


def compared(name: str, rates: dict[str, Rate], rounds: int) -> dict[str, Any]:
    """Rounds of all, in turns; the table; the two ratios."""
    names = list(rates)
    for rate in rates.values():
        rate()  # untimed
    taken: dict[str, list[float]] = {each: [] for each in names}
    for turn in range(rounds):
        first = turn % len(names)
        for each in (*names[first:], *names[:first]):
            taken[each].append(rates[each]())
    form = "{:<46} {:>9} {:>17}"
    print(form.format(f"{name}, durable", "records/s", "min..max"))
    for each, figures in taken.items():
        print(form.format(each, f"{median(figures):,.0f}", f"{min(figures):,.0f}..{max(figures):,.0f}"))
    ratios = {}
    for who, ours, raw in (("alone", names[0], names[1]), (f"{CALLERS} callers", names[2], names[3])):
        ratio = median(a / b for a, b in zip(taken[ours], taken[raw], strict=True))
        ratios[who] = ratio
        print(f"{who}: at least {LEAST} of raw: {'yes' if ratio >= LEAST else 'no'} ({ratio:.2f})")
    ratios["batches"] = median(a / b for a, b in zip(taken[names[2]], taken[names[4]], strict=True))
    print(f"(of the batches that nobody waited for: {ratios['batches']:.2f})")
    print()
    return {
        "store": name,
        "records_per_second": {each: median(figures) for each, figures in taken.items()},
        "of_raw": ratios,
    }


def tree(number: int = 200_000) -> float:
    """Microseconds that hashing a record into the tree takes; the bytes are there anyway."""
    payloads = [row[1] for row in islice(rows(), 2000)]
    figures = []
    for _ in range(5):
        frontier = merkle.Frontier()
        begin = perf_counter()
        for each in range(number // 5):
            frontier.append(merkle.leaf_hash(payloads[each % 2000]))
        figures.append((perf_counter() - begin) / (number // 5) * 1e6)
    return median(figures)


def verifying(folder: Path, number: int) -> dict[str, float]:
    """Seconds that `audit verify` takes for so many records against a checkpoint; they are grown a thousand at a time."""
    key = new_key(logs.ORIGIN)
    os.environ["ASSIGN_KEY"] = key.text()
    with closing(Log.make(logs.sqlite_url(folder / "million.db"), logs.ORIGIN, logs.EDITIONS)) as log:
        writer = log._writer  # noqa: SLF001 - a thousand in one commit, for which nobody waits
        while (size := log.size) < number:
            with log.store.writing(log.number) as writing:
                writer.begin(writing)
                writer.write(writing, [Draft(logs.draft(), logs.ORIGIN) for _ in range(min(1000, number - size))], {})
        note = log.checkpoint(key)
        begin = perf_counter()
        found = verify(log, [note])
        took = perf_counter() - begin
        if found.findings or found.covered != number:
            raise SystemExit("the log that was grown does not verify")
        begin = perf_counter()
        proof = json.dumps(prove(log, number // 2, note)["path"])
        proved = perf_counter() - begin
    says = "yes" if took / number * 1e6 <= MILLION else "no"
    print(f"verify {number:,} records: {took:.1f} s; at most {MILLION:.0f} s a million: {says}")
    print(f"the path of one of them: {len(proof):,} bytes, found in {proved * 1e3:.0f} ms\n")
    return {"records": number, "verify_s": took, "path_bytes": len(proof), "prove_s": proved}


def crowds(server: Server, seconds: float = 4) -> dict[str, float]:
    """Records per second of 1 and of 8 processes, on one log and on a log each."""
    found = {}
    for name, processes, apart in (
        ("1 process, 1 log", 1, False),
        ("8 processes, 1 log", 8, False),
        ("8 processes, 8 logs", 8, True),
    ):
        database = f"crowd_{processes}_{apart}".lower()
        server.database(database)
        origins = [f"example.city/log-{each if apart else 0}" for each in range(processes)]
        for origin in dict.fromkeys(origins):
            logs.make(server.url(database), origin).close()
        words = [sys.executable, __file__, "--worker", server.url(database)]
        running = [
            subprocess.Popen([*words, origin, str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for origin in origins
        ]
        for each in running:
            assert each.stdout is not None  # noqa: S101 - opened as a pipe just above
            each.stdout.readline()
        done = []
        for each in running:
            assert each.stdin is not None  # noqa: S101 - opened as a pipe just above
            each.stdin.write("go\n")
            each.stdin.flush()
        done = [float(each.communicate()[0]) for each in running]
        found[name] = sum(done) / seconds
        print(f"PostgreSQL, {name}: {found[name]:,.0f} records/s")
    print()
    return found


def work(url: str, origin: str, seconds: float) -> None:
    """One process of a crowd."""
    with closing(Log.open(url, origin)) as log:
        drafts = iter([logs.draft() for _ in range(int(seconds * 4000))])
        print("ready", flush=True)
        sys.stdin.readline()
        end, done = monotonic() + seconds, 0
        while monotonic() < end:
            log.append(next(drafts))
            done += 1
        print(done)


def cold(folder: Path, rounds: int) -> dict[str, float] | None:
    """`assign decide --record` beside `assign decide`, each a new process."""
    script = Path(sys.executable).with_name("assign")
    ask = [str(script), "decide", "--division", "nenkin", "--item", "24", "--channel", "counter"]
    url = logs.sqlite_url(folder / "cold.db")
    with logs.key_of(logs.ORIGIN):
        Log.make(url, logs.ORIGIN, Desk.open().editions).close()
    environment = {**os.environ, "ASSIGN_AUDIT": url}

    def taken(words: list[str]) -> float:
        begin = perf_counter()
        done = subprocess.run(words, env=environment, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} ended with exit code {done.returncode}: {done.stderr.decode()}")
        return (perf_counter() - begin) * 1e3

    if b"--record" not in subprocess.run([*ask[:2], "--help"], capture_output=True, check=False).stdout:
        print("`assign decide --record`: not there yet\n")
        return None
    pairs = []
    for turn in range(rounds * 3 + 1):
        order = [ask, [*ask, "--record"]][:: 1 if turn % 2 else -1]
        figures = {len(words): taken(words) for words in order}
        pairs.append((figures[len(ask)], figures[len(ask) + 1]))
    plain, recorded = (median(pair[each] for pair in pairs[1:]) for each in (0, 1))
    ratio = median(b / a for a, b in pairs[1:])
    print(f"cold start: decide {plain:.0f} ms, decide --record {recorded:.0f} ms")
    print(f"at most {COLD}x: {'yes' if ratio <= COLD else 'no'} ({ratio:.2f}x)\n")
    return {"decide_ms": plain, "record_ms": recorded, "ratio": ratio}


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        work(sys.argv[2], sys.argv[3], float(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description="What does a durable record cost, beside the database alone?")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many are verified")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    os.environ.pop("ASSIGN_KEY", None)
    os.environ["ASSIGN_KEY"] = new_key(logs.ORIGIN).text()
    print(f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, {options.rounds} rounds\n")
    whole: dict[str, Any] = {"python": platform.python_version(), "rounds": options.rounds, "stores": []}
    whole["limits"] = {"of_raw": LEAST, "tree_us": TREE, "cold": COLD, "million_s": MILLION}
    with tempfile.TemporaryDirectory(prefix="assign-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        with on_sqlite(folder) as rates:
            whole["stores"].append(compared("SQLite", rates, options.rounds))
        server = None
        with suppress(BaseException):  # pytest's own words for "there is none"
            server = stack.enter_context(private_server())
        if server is None:
            print("PostgreSQL: left out, there is no server here\n")
        else:
            with on_postgresql(server) as rates:
                whole["stores"].append(compared("PostgreSQL", rates, options.rounds))
            whole["crowds"] = crowds(server)
        whole["tree_us"] = tree()
        says = "yes" if whole["tree_us"] <= TREE else "no"
        print(f"the tree: at most {TREE:.0f} us a record: {says} ({whole['tree_us']:.1f} us)\n")
        whole["cold"] = cold(folder, options.rounds)
        whole["verify"] = verifying(folder, options.records)
    if options.json:
        options.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
