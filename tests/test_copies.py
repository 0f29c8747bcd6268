"""Backups and restores against whoever may write files beside them: whole and of one history, or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign import audit
from assign.audit import copies
from assign.errors import BadOption
from assign.log import merkle
from assign.log.keys import held_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store import StoreError, StoreRefused, open_store

from .logs import EDITIONS, ORIGIN, draft, key_of, make, sqlite_url
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import broken_into, cli

RECORDS = 12


@pytest.fixture(name="log")
def _log(tmp_path: Path) -> Any:
    """A log of sixteen records, signed once."""
    with key_of(ORIGIN), Log.make(sqlite_url(tmp_path / "audit.db"), ORIGIN, EDITIONS) as log:
        for _ in range(RECORDS):
            log.append(draft())
        log.checkpoint(held_key(log.origin))
        yield log


def all_of(log: Log) -> tuple[object, ...]:
    """Every byte that a log says."""
    texts = [log.store.edition(value) for what, value, _ in log.store.published(log.number) if what != "key"]
    return [*log.rows()], sorted(log.store.published(log.number)), texts, log.store.checkpoints(log.number)


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith((".", "copy", "new")))


def test_what_comes_back_is_the_log_to_the_byte(log: Log, tmp_path: Path) -> None:
    """Through a backup and back."""
    assert audit.back_up(log, tmp_path / "copy.db").size == log.size
    assert names(tmp_path) == ["copy.db"]
    with Log.open(sqlite_url(tmp_path / "copy.db")) as kept:
        found = audit.restore(kept, sqlite_url(tmp_path / "new.db"), log.store.checkpoints(log.number))
    assert found == (log.size, log.head().root, 0, ())
    with Log.open(sqlite_url(tmp_path / "new.db")) as back:
        assert all_of(back) == all_of(log)


@pytest.mark.parametrize("ending", copies.BESIDE)
def test_what_another_log_left_beside_is_not_mixed_in(log: Log, tmp_path: Path, ending: str) -> None:
    """Beside the backup, beside the file that is restored, and beside the place that it is restored to."""
    left = tmp_path / f"copy.db{ending}"
    left.write_bytes(b"of another day")
    with pytest.raises(StoreRefused, match="mixed in"):
        audit.back_up(log, tmp_path / "copy.db")
    assert names(tmp_path) == [left.name]
    left.unlink()
    left.symlink_to("nowhere")  # SQLite would make what it leads to
    with pytest.raises(StoreRefused, match="mixed in"):
        audit.back_up(log, tmp_path / "copy.db")
    left.unlink()
    audit.back_up(log, tmp_path / "copy.db")
    whole = (tmp_path / "copy.db").read_bytes()
    left.write_bytes(b"of another day")
    said = cli("audit", "restore", tmp_path / "copy.db", "--audit", sqlite_url(tmp_path / "new.db"))
    assert said.code == 1
    assert "混ざる" in said.err
    assert names(tmp_path) == ["copy.db", left.name]
    assert ((tmp_path / "copy.db").read_bytes(), left.read_bytes()) == (whole, b"of another day")
    left.unlink()
    other = tmp_path / f"new.db{ending}"
    other.write_bytes(b"of another day")
    for there in (False, True):  # an empty file is no log yet
        if there:
            (tmp_path / "new.db").touch()
        said = cli("audit", "restore", tmp_path / "copy.db", "--audit", sqlite_url(tmp_path / "new.db"))
        assert said.code == 1
        assert other.read_bytes() == b"of another day"
    other.unlink()
    (tmp_path / "new.db").unlink()
    said = cli("audit", "restore", tmp_path / "copy.db", "--audit", sqlite_url(tmp_path / "new.db"))
    assert said.code == 0
    assert f"{log.size} 件" in said.out


def test_the_wal_of_an_older_life_is_what_it_is_about(log: Log, tmp_path: Path) -> None:
    """The control: SQLite does read such a file with whatever stands under the name."""
    old = tmp_path / "old"
    old.mkdir()
    db = apsw.Connection(str(old / "copy.db"))
    db.execute("PRAGMA journal_mode=WAL").fetchall()
    db.execute("CREATE TABLE another (life); INSERT INTO another VALUES (1)")
    shutil.copy(old / "copy.db-wal", tmp_path / "copy.db-wal")
    db.close()
    with pytest.raises(StoreRefused):
        audit.back_up(log, tmp_path / "copy.db")
    (tmp_path / "copy.db-wal").rename(tmp_path / "apart")
    audit.back_up(log, tmp_path / "copy.db")
    (tmp_path / "apart").rename(tmp_path / "copy.db-wal")
    mixed = apsw.Connection(str(tmp_path / "copy.db"))
    assert mixed.execute("SELECT name FROM sqlite_schema").fetchall() == [("another",)]
    mixed.close()


def test_a_backup_has_no_name_that_no_restore_can_open(log: Log, tmp_path: Path) -> None:
    """What an address reads as an option or an escape."""
    for name in ("a?b.db", "a#b.db", "a%20b.db"):
        with pytest.raises(BadOption):
            audit.back_up(log, tmp_path / name)
    assert names(tmp_path) == []


def test_a_planted_link_catches_nothing(log: Log, tmp_path: Path) -> None:
    """At the target, and at the name that the temporary file had before."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    for at, to in (("copy.db", victim), ("copy.db", tmp_path / "nowhere")):
        (tmp_path / at).symlink_to(to)
        said = cli("audit", "backup", tmp_path / at, "--audit", sqlite_url(tmp_path / "audit.db"))
        assert said.code == 2
        assert "もうあります" in said.err
        said = cli("audit", "restore", tmp_path / "audit.db", "--audit", sqlite_url(tmp_path / at))
        assert said.code != 0
        assert not (tmp_path / "nowhere").exists()
        (tmp_path / at).unlink()
    for ending in ("", "-wal", "-journal"):
        (tmp_path / f".assign-{os.getpid()}-copy.db{ending}").symlink_to(victim)
    assert audit.back_up(log, tmp_path / "copy.db").size == log.size
    assert victim.read_bytes() == b"mine"


def meanwhile(monkeypatch: pytest.MonkeyPatch, name: str, do: Callable[[], object], *, after: bool = False) -> None:
    """Let somebody do something while a copy is made."""
    real = getattr(copies, name)

    def both(*words: object) -> object:
        if not after:
            do()
        found = real(*words)
        if after:
            do()
        return found

    monkeypatch.setattr(copies, name, both)


def test_nobody_else_reaches_what_is_being_written(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of our own, under a name that nobody can know."""
    seen: list[tuple[str, int, list[str]]] = []

    def look() -> None:
        for path in tmp_path.glob(".assign-*"):
            inside = sorted(each.name for each in path.iterdir())
            seen.append((path.name, stat.S_IMODE(path.lstat().st_mode), inside))

    meanwhile(monkeypatch, "_copied", look, after=True)
    for turn in range(2):
        audit.back_up(log, tmp_path / f"copy{turn}.db")
    assert [(mode, inside[0]) for _, mode, inside in seen] == [(0o700, "log")] * 2
    assert seen[0][0] != seen[1][0]


def test_what_stands_there_when_the_copy_is_ready_is_not_replaced(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else was faster; with and without hard links."""
    meanwhile(monkeypatch, "_placed", lambda: (tmp_path / "copy.db").write_bytes(b"theirs"))

    def no_links(*_: object) -> None:
        raise PermissionError

    for _ in range(2):
        with pytest.raises(FileExistsError):
            audit.back_up(log, tmp_path / "copy.db")
        assert names(tmp_path) == ["copy.db"]
        assert (tmp_path / "copy.db").read_bytes() == b"theirs"
        (tmp_path / "copy.db").unlink()
        monkeypatch.setattr(os, "link", no_links)


def test_without_hard_links_it_is_whole_too(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FAT."""

    def no_links(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", no_links)
    audit.back_up(log, tmp_path / "copy.db")
    assert names(tmp_path) == ["copy.db"]
    with Log.open(sqlite_url(tmp_path / "copy.db")) as kept:
        assert all_of(kept) == all_of(log)


def test_a_wal_that_appears_meanwhile_ends_it(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the first look and the name."""
    meanwhile(monkeypatch, "_placed", lambda: (tmp_path / "copy.db-wal").write_bytes(b"theirs"))
    with pytest.raises(StoreRefused):
        audit.back_up(log, tmp_path / "copy.db")
    assert names(tmp_path) == ["copy.db-wal"]


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("_copied", StoreError("いっぱい", "full")), ("verify", StoreError("読めない", "unreadable")),
        ("_synced", OSError(errno.EIO, "I/O error")), ("_placed", OSError(errno.ENOSPC, "full")),
        ("sync_folder", OSError(errno.EIO, "I/O error")),
    ],
)  # fmt: skip
def test_nothing_is_left_of_a_copy_that_fails(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    """A full disk, or one that fails, at each step; the message names the file that was asked for."""

    def fail() -> None:
        raise error

    meanwhile(monkeypatch, where, fail, after=where == "_copied")
    said = cli("audit", "backup", tmp_path / "copy.db", "--audit", sqlite_url(tmp_path / "audit.db"))
    assert said.code == 1
    assert isinstance(error, StoreError) or "copy.db" in said.err
    with pytest.raises(type(error)):
        audit.restore(log, sqlite_url(tmp_path / "new.db"))
    assert names(tmp_path) == []


def test_a_file_without_hard_links_is_not_left_empty(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name was taken first, and then the disk failed."""

    def no(*_: object) -> None:
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(os, "link", no)
    monkeypatch.setattr(Path, "replace", no)
    with pytest.raises(OSError, match="I/O error"):
        audit.back_up(log, tmp_path / "copy.db")
    assert names(tmp_path) == []


def changed(at: Path, sql: str) -> None:
    """What is on the disk becomes another thing."""
    with broken_into(at) as db:
        db.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE record SET payload = replace(CAST(payload AS TEXT), 'city_staff', 'contractor') WHERE at & 1099511627775 = 7",
        "DELETE FROM record WHERE at = (SELECT max(at) FROM record)",
        "DELETE FROM edition",
        "UPDATE edition SET data = x'00'",
        "DELETE FROM publication",
        "DROP INDEX record_key",
        "CREATE TRIGGER own BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END",
    ],
)
def test_a_copy_is_verified_as_it_lies_on_the_disk(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """It is opened anew, hashed whole and compared with what was copied; nothing is left of one that differs."""

    def then_another(url: str, *, create: bool) -> Any:
        store: Any = open_store(url, create=create)
        close: Callable[[], None] = store.close

        def closed() -> None:
            close()
            changed(Path(url.removeprefix("sqlite:///")), sql)

        store.close = closed
        return store

    monkeypatch.setattr(copies, "open_store", then_another)
    with pytest.raises((audit.NotWhole, StoreError)):
        audit.back_up(log, tmp_path / "copy.db")
    with pytest.raises((audit.NotWhole, StoreError)):
        audit.restore(log, sqlite_url(tmp_path / "new.db"))
    assert names(tmp_path) == []


def test_nonsense_beside_the_records_keeps_nobody_from_a_backup(log: Log, tmp_path: Path) -> None:
    """Whoever may insert could end all backups; what they put in is left out, and said."""
    url = sqlite_url(tmp_path / "audit.db")
    before = all_of(log)
    log.store.add_checkpoint(log.number, 5, "no note")
    log.store.add_checkpoint(log.number, 1 << 39, "example.city/test\n549755813888\nAAAA\n")
    with log.store.writing(log.number) as writing:
        writing.lock_and_read_tail()
        writing.add([], [("rules", "0" * 64, 999_999)], [])
    said = cli("audit", "backup", tmp_path / "copy.db", "--audit", url)
    assert said.code == 0
    assert "2 件は写していません" in said.out
    with Log.open(sqlite_url(tmp_path / "copy.db")) as kept:
        assert all_of(kept) == before
    said = cli("audit", "rebuild", "--audit", url)
    assert said.code == 0
    assert "`rules`、番号 `999999`" in said.out
    assert said.out.count("署名のない") == 2
    with Log.open(sqlite_url(tmp_path / "copy.db")):
        assert "使いません" not in cli("audit", "rebuild", "--audit", sqlite_url(tmp_path / "copy.db")).out


def planted_rows(log: Log, tmp_path: Path, *, far: bool) -> list[int]:
    """What INSERT alone can bring about, each with a record of the desk's behind it: the numbers at which it stands."""
    log.publish({**EDITIONS, "list": b"another list"})
    like, places = log.row(5), []

    def another(seq: int) -> bytes:
        return re.sub(rb'"key":"[^"]+"', b'"key":"%s"' % new_id().encode(), like.payload).replace(
            b'"seq":5', b'"seq":%d' % seq
        )

    whole = another(log.size + 8)
    with closing(apsw.Connection(str(tmp_path / "audit.db"))) as db:
        for payload, nodes, key in (
            (b"{}", b"", None),
            (another(5), like.nodes, "x\0y"),
            (b"\0\xff", bytes(32), new_id()),
            (b'{"key":"' + new_id().encode() + b'"}', merkle.leaf_hash(b"") * 41, b"\xff"),
            (whole, merkle.leaf_hash(whole), None),
        ):
            places.append(log.size)
            db.execute("INSERT INTO record VALUES (?, ?, ?, ?)", (1 << 40 | places[-1], payload, nodes, key))
            log.append(draft())
        if far:  # whole records of their places, which nothing leads to
            for seq in (1 << 20, (1 << 40) - 1):
                whole = another(seq)
                db.execute("INSERT INTO record VALUES (?, ?, ?, NULL)", (1 << 40 | seq, whole, merkle.leaf_hash(whole)))
    return places[:-1]  # the last one is a whole record; that others than ours wrote it is not to be seen


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("signed", [False, True])
def test_what_somebody_planted_keeps_nobody_from_a_backup(log: Log, tmp_path: Path, *, far: bool, signed: bool) -> None:
    """It may be the only copy of a good log. The strays are carried as they stand, named, and the end is 6; there and back again."""
    planted = planted_rows(log, tmp_path, far=far)
    note = log.checkpoint(held_key(ORIGIN)) if signed else log.store.checkpoints(log.number)[0]
    before = [(row.seq, row.payload, row.nodes) for row in log.rows()]
    named = {each.seq for each in audit.verify(log).findings}
    assert {*planted} <= named
    held = tmp_path / "note"
    held.write_text(note, "utf-8")
    said = cli("audit", "backup", tmp_path / "copy.db", "--audit", sqlite_url(tmp_path / "audit.db"))
    assert said.code == 6
    assert [seq for seq in planted if f"番号 {seq} " not in said.err] == []
    back = ["restore", tmp_path / "copy.db", "--against", held, "--audit", sqlite_url(tmp_path / "new.db")]
    assert cli("audit", *back).code == 6
    for name in ("copy.db", "new.db"):
        with Log.open(sqlite_url(tmp_path / name)) as kept:
            assert [(row.seq, row.payload, row.nodes) for row in kept.rows()] == before
            found = audit.verify(kept, [note])
            assert {*planted} <= {each.seq for each in found.findings} <= named
            assert found.contradicted is None
            assert kept.append(draft()).seq == log.size, "and it goes on"


def test_a_log_that_grows_meanwhile_is_backed_up_too(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row far behind was a gap of another length when the log itself was looked at."""
    planted_rows(log, tmp_path, far=True)
    meanwhile(monkeypatch, "_copied", lambda: log.append(draft()), after=True)
    assert audit.back_up(log, tmp_path / "copy.db").findings


def test_what_is_wrong_in_the_copy_alone_is_no_backup(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same kind of finding at another record: the control."""
    planted_rows(log, tmp_path, far=False)

    def spoilt() -> None:
        (at,) = tmp_path.glob(".assign-*/log")
        changed(at, "UPDATE record SET nodes = zeroblob(length(nodes)) WHERE at & 1099511627775 = 18")

    def verified(place: Any, *words: Any) -> audit.VerificationReport:
        if place is not log:
            spoilt()
        return audit.verify(place, *words)

    monkeypatch.setattr(copies, "verify", verified)
    with pytest.raises(audit.NotWhole):
        audit.back_up(log, tmp_path / "copy.db")
    assert names(tmp_path) == []


def test_a_signed_checkpoint_that_the_log_no_longer_fits_is_no_nonsense(log: Log, tmp_path: Path) -> None:
    """It is evidence of a tail that is gone: there is no copy that looks whole."""
    assert audit.verify(log).findings == []
    with broken_into(tmp_path / "audit.db") as db:
        db.execute("DELETE FROM record WHERE at = (SELECT max(at) FROM record)")
    with Log.open(sqlite_url(tmp_path / "audit.db")) as shorter, pytest.raises(audit.NotWhole) as found:
        audit.back_up(shorter, tmp_path / "copy.db")
    assert found.value.exit_code == 6
    assert names(tmp_path) == []


def test_a_log_comes_back_beside_another_one_and_never_into_a_strange_database(log: Log, tmp_path: Path) -> None:
    """Five tables hold many logs; a trigger of somebody's would decide what is written."""
    target = sqlite_url(tmp_path / "new.db")
    other = make(target, "another.city/log")
    other.close()
    whole = (tmp_path / "new.db").read_bytes()
    with broken_into(tmp_path / "new.db") as db:
        db.execute("CREATE TRIGGER own BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END")
    with pytest.raises(StoreError):
        audit.restore(log, target)
    (tmp_path / "new.db").write_bytes(whole)
    assert audit.restore(log, target).size == log.size
    with Log.open(target, log.origin) as back, Log.open(target, "another.city/log") as there:
        assert all_of(back) == all_of(log)
        assert audit.verify(there).findings == []
    with pytest.raises(Exception, match="already"):
        audit.restore(log, target)
