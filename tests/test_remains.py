"""A log's file that was broken is evidence (exit 6), any other file is somebody else's (1); neither is written to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from assign.log.log import Log
from assign.log.store.schema import NAMES

from .logs import EDITIONS, ORIGIN, draft, make, sqlite_url
from .servers import Server
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import cli

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a log of two decisions."""
    path = tmp_path_factory.mktemp("whole") / "audit.db"
    with closing(make(sqlite_url(path))) as log:
        for _ in range(2):
            log.append(draft())
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log is looked for."""
    monkeypatch.setenv("ASSIGN_AUDIT", sqlite_url(tmp_path / "audit.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "audit.db"


def _in_sql(*statements: str) -> Callable[[bytes], bytes]:
    def done(data: bytes) -> bytes:
        path = Path("made.db")
        path.write_bytes(data)
        with closing(apsw.Connection(str(path))) as db:
            for each in statements:
                db.execute(each)
        return path.read_bytes()

    return done


RECORD = b'{"answer"'
DROPPED = [f"DROP TABLE {name}" for name in NAMES]
MARK = "先頭にある SQLite の印がありません"
CUT = "途中で切れています"
INSIDE = "中が書き換わっています"
TABLES = "表か、ファイルの印がなくなっています"
BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a header of zeros": (lambda data: bytes(100) + data[100:], MARK),
    "a header of other bytes": (lambda data: b"\xff" * 100 + data[100:], MARK),
    "one byte": (lambda data: b"X" + data[1:], MARK),
    "a page of zeros": (lambda data: bytes(4096) + data[4096:], MARK),
    "most of it": (lambda data: data[data.find(RECORD) :].rjust(len(data), b"\0"), MARK),
    "no size of a page": (lambda data: data[:16] + bytes(2) + data[18:], INSIDE),
    "another format": (lambda data: data[:18] + b"\x09\x09" + data[20:], INSIDE),
    "the second page": (lambda data: data[:4096] + bytes(4096) + data[8192:], INSIDE),
    "half of it": (lambda data: data[: len(data) // 2], CUT),
    "one page": (lambda data: data[:4096], CUT),
    "a header alone": (lambda data: data[:100], CUT),
    "SQLite's mark alone": (lambda data: data[:16], CUT),
    "without its mark": (_in_sql("PRAGMA application_id=0"), TABLES),
    "without a table": (_in_sql(DROPPED[4]), TABLES),
    "without a table and its mark": (_in_sql(DROPPED[4], "PRAGMA application_id=0"), TABLES),
    "without all tables and its mark": (_in_sql(*DROPPED, "PRAGMA application_id=0"), TABLES),
}
OTHERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a text": (lambda _: b"hello\n" * 1000, "SQLite のデータベースではなく"),
    "zeros": (lambda data: bytes(len(data)), "SQLite のデータベースではなく"),
    "exported records": (lambda _: b'{"schema":1,"seq":0}\n', "SQLite のデータベースではなく"),
    "another program's": (
        lambda _: _in_sql("CREATE TABLE people (name)")(b""),
        "別のデータベースで、記録ではありません",
    ),
    "an empty file": (lambda _: b"", "空のファイルで、記録ではありません"),
}
READERS = [["list"], ["show", "0"], ["stats"], ["export"], ["rebuild"], ["backup", "to.db"]]
WRITERS = [["audit", "init"], ["decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--record"]]


def held(path: Path, code: int, why: str, *, writes: bool) -> None:
    """`verify` ends with the code, everything else with 1, in one line that names the file; nothing is changed."""
    there = path.read_bytes()
    told = cli("audit", "verify")
    assert (told.code, why in told.out + told.err, path.name in told.out + told.err) == (code, True, True)
    assert code != 6 or "記録は 1 件も確かめられません" in told.out
    for words in [*(["audit", *words] for words in READERS), *(WRITERS if writes else [])]:
        told = cli(*words)
        assert (told.code, why in told.err, told.err.count("\n")) == (1, True, 1), words
    assert not Path("to.db").exists()
    assert path.read_bytes() == there


@pytest.mark.parametrize("form", BROKEN)
def test_a_log_that_was_broken_is_evidence(path: Path, whole: bytes, form: str) -> None:
    """Without its first bytes it was a file that cannot be read: exit 1, as for a name that was mistyped."""
    spoil, why = BROKEN[form]
    path.write_bytes(spoil(whole))
    held(path, 6, why, writes=True)


@pytest.mark.parametrize("form", OTHERS)
def test_a_file_that_never_was_a_log_is_somebody_elses(path: Path, whole: bytes, form: str) -> None:
    """The place was mistyped, most likely: nothing is said of damage."""
    made, why = OTHERS[form]
    path.write_bytes(made(whole))
    held(path, 1, why, writes=form != "an empty file")


@pytest.mark.parametrize("empty", [True, False])
def test_a_wal_whose_log_is_gone_is_not_thrown_away(path: Path, empty: bool) -> None:
    """SQLite deletes it as it makes the file anew: records that were acknowledged, and not yet in the file itself."""
    with closing(make(sqlite_url(path))) as log:
        log.append(draft())
        shutil.copy(f"{path}-wal", "wal")
    path.unlink()
    shutil.copy("wal", f"{path}-wal")
    if empty:
        path.touch()
    for words, code in ((["audit", "verify"], 6), (["audit", "list"], 1), *((each, 1) for each in WRITERS)):
        told = cli(*words)
        assert (told.code, "`-wal` のファイルだけが残っています" in told.out + told.err) == (code, True)
    assert Path(f"{path}-wal").read_bytes() == Path("wal").read_bytes()
    Path(f"{path}-wal").unlink()
    assert cli("audit", "init").code == 0


def test_a_backup_comes_back_as_the_message_says(path: Path, whole: bytes) -> None:
    """Move the file away, restore."""
    path.write_bytes(bytes(100) + whole[100:])
    Path("backup.db").write_bytes(whole)
    assert cli("audit", "restore", "backup.db").code == 1
    path.rename("away.db")
    assert cli("audit", "restore", "backup.db").code == 0
    assert cli("audit", "verify").code == 0


@pytest.mark.parametrize("left", [(), ("record",), ("log", "edition")])
def test_tables_of_a_server_that_are_gone_leave_our_function(durable_server: Server, left: tuple[str, ...]) -> None:
    """With one table left, or none, it was a database without a log, and the next record began another."""
    name = f"remains_{'_'.join(left) or 'none'}"
    durable_server.database(name)
    url = durable_server.url(name)
    make(url).close()
    with closing(durable_server.connect(name)) as db:
        for table in set(NAMES) - {*left}:
            db.execute(f"DROP TABLE {table}".encode())
    assert cli("audit", "verify", "--audit", url).code == 6
    told = cli("audit", "list", "--audit", url)
    assert (told.code, "assign_log_only_grows を退けてから" in told.err) == (1, True)
    told = cli(*WRITERS[1], "--audit", url)
    assert (told.code, "そろっていません" in told.err) == (1, True)
    with closing(durable_server.connect(name)) as db:
        for table in left:
            db.execute(f"DROP TABLE {table}".encode())
        db.execute(b"DROP FUNCTION assign_log_only_grows")
    with closing(make(url, ORIGIN, EDITIONS)) as log:
        assert isinstance(log, Log)
