"""Whoever holds a descriptor gives it back: closed, forgotten, failed on the way, in a cycle, in a child, on each store."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from assign import Desk
from assign.audit import replay
from assign.desk import DeskClosed
from assign.errors import AssignError
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store.postgresql import PostgresStore
from assign.log.store.sqlite import SqliteStore

from .logs import ORIGIN, draft, sqlite_url
from .servers import Server
from .writers import ROOT

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted in /proc")
ASKED: Final[dict[str, Any]] = {"division": "nenkin", "item": "24", "channel": "counter", "on": "2026-11-25"}

# Each way that a log is opened, many times in a process that may have few descriptors; they are counted before and after.
BEGIN = (
    f"ASKED = {ASKED}"
    """
import gc, os, resource, sys
url, times, limit, asked = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), ASKED
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
from assign import Desk, cli
from assign.errors import AssignError
from assign.log import Log
from assign.desk import Desk
import io
def count():
    return len(os.listdir("/proc/self/fd"))
def main(*words):
    sys.argv[1:] = words
    try:
        cli.main()
    except SystemExit as end:
        return end.code
    return 0
def once():
    Desk.open(audit=url, engine="table").record(**asked)
"""
)
WAYS = {
    # Without the garbage collector: what nobody holds any longer is given back at once.
    "dropped": "gc.disable()\nfor _ in range(times): once()",
    "closed": "gc.disable()\nfor _ in range(times):\n    desk = Desk.open(audit=url, engine='table')\n    desk.record(**asked)\n    desk.close()",
    "with": "gc.disable()\nfor _ in range(times):\n    with Desk.open(audit=url, engine='table') as desk: desk.record(**asked)",
    "held, and closed": """
kept = []
for _ in range(times):
    with Desk.open(audit=url, engine='table') as desk: desk.record(**asked)
    kept.append(desk)
""",
    "a log": "gc.disable()\nfor _ in range(times): Log.open(url).size",
    "a log that was written": """
gc.disable()
from tests.logs import draft
log = Log.open(url)
editions = {what: value for what, value, _ in log.store.published(log.number) if what != "key"}
for _ in range(times): Log.open(url).append(draft(editions=editions))
log.close()
""",
    "in a cycle": """
class Holder: pass
for _ in range(times):
    holder = Holder()
    holder.me, holder.desk = holder, Desk.open(audit=url, engine='table')
    holder.desk.record(**asked)
del holder
gc.collect()
""",
    # SQLite keeps the file of one that is closed for the next one, as long as another has locks on it.
    "beside one that stays open": """
staying = Desk.open(audit=url, engine="table")
staying.record(**asked)
once()
before = count()
gc.disable()
for _ in range(times): once()
""",
    "an answer that fails": """
gc.disable()
errors = []
for _ in range(times):
    try:
        Desk.open(audit=url, engine='table').record(**{**asked, "item": "99"})
    except AssignError as error:
        errors.append(error.with_traceback(None))
""",
    "a generator that is left": """
gc.disable()
for _ in range(times):
    rows = Log.open(url).rows()
    next(rows)
del rows
""",
    "a log of no such name": """
errors = []
for opening in (lambda: Log.open(url, "example.city/none"), lambda: Desk.open(audit=url, origin="example.city/none")) * (times // 2):
    try:
        opening()
    except AssignError as error:
        errors.append(error)  # with all that its traceback holds
assert len(errors) == times
""",
    "the command line": """
sys.stdout = sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
for _ in range(times):
    assert main("decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--record", "--audit", url, "--engine", "table") == 0
""",
    "the command line, on files": """
sys.stdout = sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
import tempfile
folder = tempfile.mkdtemp()
with open(f"{folder}/in.csv", "w") as file:
    file.write("division,item,channel\\nnenkin,24,counter\\n")
batch = ("batch", f"{folder}/in.csv", f"{folder}/out.csv", "--record", "--audit", url)
assert main(*batch) == 0  # the engine's own threads
before = count()
for _ in range(times // 3):
    os.unlink(f"{folder}/out.csv")
    assert main(*batch) == 0
    assert main("audit", "list", "--audit", url, "--limit", "1") == 0
    assert main("audit", "show", "99999999", "--audit", url) == 3
""",
    "the command line, that fails": """
sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
for _ in range(times):
    assert main("decide", "-d", "nenkin", "-i", "99", "-c", "counter", "--record", "--audit", url, "--engine", "table") == 3
""",
}


def run(url: str, way: str, times: int, limit: int) -> subprocess.CompletedProcess[str]:
    """In a process of its own, every warning an error."""
    code = f"{BEGIN}\nonce()\nbefore = count()\n{way}\nprint(count() - before, file=sys.__stdout__)"
    words = [sys.executable, "-W", "error", "-c", code, url, str(times), str(limit)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log of the built-in editions, on each store."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    url = sqlite_url(tmp_path / "audit.db")
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("durable_server")
        name = f"held_{new_id().replace('-', '')}"
        server.database(name)
        url = server.url(name)
    Desk.open(audit=url, origin=ORIGIN, engine="table").close()
    return url


QUICK: Final = ("dropped", "closed", "a log of no such name", "the command line, that fails")


@pytest.mark.slow
@pytest.mark.parametrize("way", [pytest.param(way, marks=() if way in QUICK else pytest.mark.slow) for way in WAYS])
def test_logs_one_after_another_leave_no_descriptor(any_url: str, way: str) -> None:
    """
    Not one is left after 18: what each leaves, or one in three, is counted. Those in a cycle wait for the garbage collector, which
    is not ours: 60.
    """
    done = run(any_url, WAYS[way], 60 if way == "in a cycle" else 18, 250 if way == "in a cycle" else 48)
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["dropped", "the command line"])
def test_120_logs_fit_into_64_descriptors(any_url: str, way: str) -> None:
    """Each kept two for ever: at the usual limit of 1,024 the 507th record failed; here it would be the 28th or so."""
    done = run(any_url, WAYS[way], 120, 64)
    assert (done.stdout, done.stderr) == ("0\n", "")


@contextmanager
def unchanged() -> Iterator[None]:
    """As many descriptors at its end as at its beginning."""
    gc.collect()
    before = sorted(Path("/proc/self/fd").iterdir())
    yield
    assert sorted(Path("/proc/self/fd").iterdir()) == before


@pytest.mark.long
def test_a_desk_that_is_closed_answers_nothing_and_says_so(any_url: str) -> None:
    """Without its log, it would answer what nobody has written down; a log that opened again by itself would never be closed."""
    with unchanged():
        with Desk.open(audit=any_url, engine="table") as desk:
            desk.decide(**ASKED)
            assert desk.audit is not None
            size = desk.audit.size
        desk.close()
        desk.close()
        asking = (
            lambda: desk.decide(**ASKED), lambda: desk.record(**ASKED), lambda: desk.answers(**ASKED),
            lambda: desk.brief(**ASKED), desk.audit.head, lambda: list(desk.audit.rows()), lambda: desk.audit.size,
            lambda: desk.audit.publish({}), lambda: desk.audit.append(draft()), desk.audit.store.origins,
        )  # fmt: skip
        for ask in asking:
            with pytest.raises(AssignError, match="is closed"):
                ask()
        (answer,) = desk.decide_many([ASKED])
        assert isinstance(answer, DeskClosed)
    with Log.open(any_url) as log:
        assert log.size == size


def test_a_desk_without_a_log_can_be_closed_too() -> None:
    """Closed is closed, whatever it had answered and remembered before."""
    with Desk.open(engine="table") as desk:
        desk.decide(**ASKED)
    for ask in (desk.decide, desk.answers, desk.brief):
        with pytest.raises(DeskClosed):
            ask(**ASKED)


def all_of(url: str) -> None:
    with Log.open(url) as log:
        assert log.size + len(log.keys())


@pytest.mark.long
def test_an_error_on_the_way_in_or_out_leaves_nothing_open(any_url: str, tmp_path: Path) -> None:
    """Each error is held, with its traceback and all that its frames hold."""
    held: list[BaseException] = []
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE other (x)")
    (tmp_path / "text.db").write_text("no database\n" * 100)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with unchanged():
        for url in (
            sqlite_url(other),
            sqlite_url(tmp_path / "text.db"),
            sqlite_url(tmp_path),
            sqlite_url(tmp_path / "no.db"),
        ):
            with pytest.raises(AssignError) as caught:
                Log.open(url)
            held.append(caught.value)
        for where in ("origins", "read", "published"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(SqliteStore, where, interrupted)
                patch.setattr(PostgresStore, where, interrupted)
                with pytest.raises(KeyboardInterrupt) as stopped:
                    all_of(any_url)
            held.append(stopped.value)
    assert len(held) == 7


@pytest.mark.long
def test_a_number_that_was_given_back_is_left_to_whoever_has_it_now(any_url: str, tmp_path: Path) -> None:
    """A log that is closed, and only later forgotten, must not close the file that took its number meanwhile."""
    desk = Desk.open(audit=any_url, engine="table")
    desk.record(**ASKED)
    desk.close()
    files = [(tmp_path / str(number)).open("w") for number in range(8)]
    desk.close()
    del desk
    gc.collect()
    for file in files:
        os.fstat(file.fileno())
        file.close()


@pytest.mark.long
def test_threads_that_come_and_go_leave_nothing_open(any_url: str) -> None:
    """Each with a desk of its own, forgotten in it; and one desk that is closed while others ask it."""
    with unchanged():

        def work(_: int) -> None:
            Desk.open(audit=any_url, engine="table").record(**ASKED)

        for _ in range(3):
            threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
    with Log.open(any_url) as log:
        before = log.size
    assert before >= 12
    desk = Desk.open(audit=any_url, engine="table")
    kept: list[int] = []

    def ask(_: int) -> None:
        with suppress(AssignError):
            while True:
                kept.append(desk.record(**ASKED)[0].kept.seq)

    askers = [threading.Thread(target=ask, args=(each,)) for each in range(4)]
    for each in askers:
        each.start()
    while not kept:
        pass
    desk.close()
    for each in askers:
        each.join(60)
    with Log.open(any_url) as log:
        assert {row.seq for row in log.rows(before)} >= set(kept)


FORK = """
import os, sys
from assign import Desk
desk = Desk.open(audit=sys.argv[1], engine="table")
asked = {"division": "nenkin", "item": "24", "channel": "counter", "on": "2026-11-25"}
desk.record(**asked)
child = os.fork()
if not child:
    mine = os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_RDONLY)
    desk.close()
    del desk
    [os.fstat(each) for each in mine]
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
print(desk.record(**asked)[0].kept.seq)
left = Desk.open(audit=sys.argv[1], engine="table")
left.record(**asked)  # and the interpreter ends
"""


@pytest.mark.long
def test_a_child_that_closes_its_desk_closes_nothing_of_its_parent_s_or_its_own(any_url: str) -> None:
    """And whoever ends with a desk still open ends without a word."""
    words = [sys.executable, "-W", "error", "-c", FORK, any_url]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stderr, done.returncode) == ("", 0)
    assert int(done.stdout) > 4


@pytest.mark.long
def test_decisions_of_many_editions_are_replayed_without_a_descriptor_more(any_url: str) -> None:
    """A desk over a kept edition reads it from the log, and opens nothing of its own."""
    with Desk.open(audit=any_url, engine="table") as desk:
        desk.record(**ASKED)
        assert desk.audit is not None
        assert [each.outcome for each in replay(desk.audit)] == ["same"]
        with unchanged():  # from the second time on: SQLite keeps one handle of an auditor, and gives it to the next, while a writer has the file open
            desks = [Desk.of_edition(desk.audit.store.edition, desk.edition_digests, "table") for _ in range(5)]
            assert [each.outcome for each in replay(desk.audit)] == ["same"]
        assert len(desks) == 5
