"""What may be wrong with a log's file or its disk is said, not answered over; it is read without an index, a right to write or a key."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from assign.log.log import Log
from assign.log.store import StoreError, StoreMissing, open_store
from assign.log.store.schema import NAMES

from .log_fixtures import _path as _path  # noqa: PLC0414 - a fixture
from .logs import FIRST, draft, make, sound, sqlite_url, unmeasured
from .writers import ROOT

# -- SQLite: what may be wrong with a file ---------------------------------------------------------------------------


def test_a_file_a_folder_or_a_log_that_is_not_there_is_named(tmp_path: Path, path: Path) -> None:
    """Nothing is made by looking."""
    empty = tmp_path / "empty.db"
    empty.touch()
    for wrong, says in (
        (sqlite_url(tmp_path / "none.db"), "there is no log"),
        (sqlite_url(tmp_path), "is not a file"),
        (sqlite_url(tmp_path / "no" / "where.db"), "there is no log"),
        (sqlite_url(empty), "is an empty file"),
    ):
        with pytest.raises(StoreMissing, match=says):
            Log.open(wrong)
    with pytest.raises(StoreMissing, match="there is no folder"):
        open_store(sqlite_url(tmp_path / "no" / "where.db"), create=True)
    with pytest.raises(StoreMissing, match=r"no log of that name.*example\.city/test"):
        Log.open(sqlite_url(path), "example.city/other")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.db", "empty.db"]
    assert empty.stat().st_size == 0


def test_somebody_elses_database_is_not_touched(tmp_path: Path) -> None:
    """Not even its journal mode; the first version turned it to WAL before it looked."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE people (name)")
        db.commit()
    before = other.read_bytes()
    for create in (False, True):
        with pytest.raises(StoreMissing, match="and no log"):
            open_store(sqlite_url(other), create=create)
    assert other.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "text"])
def test_a_damaged_file_is_an_error_that_names_the_backup(path: Path, damage: str) -> None:
    """Never an answer, never a new empty log in its place, and no traceback of a library."""
    whole = path.read_bytes()
    spoilt = {"garbage": bytes(reversed(whole)), "truncated": whole[:5000], "text": b"not a database at all\n" * 200}[
        damage
    ]
    path.write_bytes(spoilt)
    with pytest.raises(StoreError, match="`assign audit restore FILE"), closing(Log.open(sqlite_url(path))) as log:
        list(log.rows())
    assert path.read_bytes()[:100] == spoilt[:100]


def test_a_log_that_is_cut_while_it_is_open_answers_nothing(path: Path) -> None:
    """Its pages are gone; the next append says so."""
    with closing(Log.open(sqlite_url(path))) as log:
        log.append(draft())
        log.store._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
        os.truncate(path, 4096)
        with pytest.raises(StoreError):
            log.append(draft())


def test_a_log_that_is_cut_after_a_while_answers_nothing(path: Path) -> None:
    """Its size is looked at after each commit."""
    with closing(Log.open(sqlite_url(path))) as log:
        log.append(draft())
        before = path.stat().st_size
        for _ in range(100):
            log.append(draft())
        log.store._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[attr-defined]
        log.append(draft())
        assert path.stat().st_size > before + 8192
        os.truncate(path, before + 4096)  # larger than it was when its folder was looked at last
        for _ in range(2):
            with pytest.raises(StoreError, match="moved or replaced"):
                log.append(draft())


@pytest.mark.skipif(os.name != "posix", reason="a folder is synced where the system knows such a thing")
def test_a_folder_that_cannot_be_synced_gives_no_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a new WAL would be gone after a power cut, and its records with it; SQLite takes no notice of that fault."""

    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    asked = draft()
    with closing(Log.open(sqlite_url(path))) as log:
        with monkeypatch.context() as patched:
            patched.setattr("assign.log.store.watch.os.fsync", fails)
            for _ in range(2):
                with pytest.raises(StoreError, match=r"could not be synced .*there is no answer"):
                    log.append(asked)
        assert log.append(asked).seq == FIRST
        assert len(sound(log)) == FIRST + 1


def test_a_handle_that_cannot_be_closed_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is kept, and the handle was only there to look; strace's fault at that call found a traceback."""

    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    log = Log.open(sqlite_url(path))
    kept = log.append(draft())
    with monkeypatch.context() as patched:
        patched.setattr("assign.log.store.watch.os.close", fails)
        log.close()
    with closing(Log.open(sqlite_url(path))) as log:
        assert kept.seq in sound(log)


def test_an_interrupt_while_a_file_is_let_go_closes_nothing_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log went on with a connection that was closed, and a second close took a handle that was somebody else's by then."""
    close, interrupted = os.close, []

    def closes(handle: int) -> None:
        close(handle)
        interrupted.append(handle)
        if len(interrupted) == 1:
            raise KeyboardInterrupt

    log = Log.open(sqlite_url(path))
    log.append(draft())
    with monkeypatch.context() as patched:
        patched.setattr(os, "close", closes)
        with pytest.raises(KeyboardInterrupt):
            log.close()
    others = [os.open(path.parent, os.O_RDONLY) for _ in range(8)]
    log.close()
    log = Log.open(sqlite_url(path))
    assert log.append(draft()).seq == FIRST + 1
    assert len(sound(log)) == FIRST + 2
    log.close()
    for each in others:
        os.fstat(each)
        os.close(each)


@pytest.mark.parametrize("how", ["file removed", "file replaced", "wal removed", "wal replaced"])
def test_a_log_that_is_moved_while_it_is_open_acknowledges_nothing(tmp_path: Path, path: Path, how: str) -> None:
    """The commits of the first version went on, into a file that had no name any more. A copy may set the folder's time back."""
    with closing(Log.open(sqlite_url(path))) as log:
        kept = log.append(draft())
        before = path.parent.stat()
        if how.startswith("wal"):
            Path(f"{path}-wal").unlink()
            if how == "wal replaced":
                Path(f"{path}-wal").touch()
        else:
            for each in ("", "-wal", "-shm"):
                Path(f"{path}{each}").rename(tmp_path / f"moved.db{each}")
        if how == "file replaced":
            make(sqlite_url(tmp_path / "new.db")).close()
            (tmp_path / "new.db").rename(path)
        os.utime(path.parent, ns=(before.st_atime_ns, before.st_mtime_ns))
        for _ in range(3):
            with pytest.raises(StoreError, match="there is no answer"):
                log.append(draft())
            if how.startswith("wal"):  # what was not yet in the file is lost with it, and the log says nothing else
                break
    assert kept.seq == FIRST
    if how == "file replaced":
        with closing(Log.open(sqlite_url(path))) as log:
            assert log.append(draft()).seq == FIRST
            assert len(sound(log)) == FIRST + 1


@pytest.mark.parametrize("what", ["folder above", "folder", "link to the folder", "link to the file"])
def test_a_log_whose_path_leads_elsewhere_answers_nothing(tmp_path: Path, path: Path, what: str) -> None:
    """A rename above the log, or a link that is turned, leaves the open file without its name."""
    here = tmp_path / "above" / "logs"
    here.mkdir(parents=True)
    shutil.copy(path, here / "audit.db")
    shutil.copytree(here, tmp_path / "other")
    (tmp_path / "folder").symlink_to(here)
    (tmp_path / "file.db").symlink_to(here / "audit.db")
    at = {"link to the folder": tmp_path / "folder" / "audit.db", "link to the file": tmp_path / "file.db"}
    with closing(Log.open(sqlite_url(at.get(what, here / "audit.db")))) as log:
        log.append(draft())
        if what == "folder above":
            here.parent.rename(tmp_path / "elsewhere")
            here.parent.mkdir()
            shutil.copytree(tmp_path / "other", here)
        elif what == "folder":
            here.rename(tmp_path / "elsewhere")
        else:
            link = tmp_path / ("folder" if what == "link to the folder" else "file.db")
            link.unlink()
            link.symlink_to(tmp_path / "other" / ("" if what == "link to the folder" else "audit.db"))
        for _ in range(2):
            with pytest.raises(StoreError, match="there is no answer"):
                log.append(draft())


def test_a_process_that_changes_its_folder_goes_on_in_the_same_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log seemed to have been moved; after a fork it would have been another one."""
    monkeypatch.chdir(tmp_path)
    with closing(make("sqlite:///audit.db")) as log:
        log.append(draft())
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        log.append(draft())
        log.store.before_fork()  # type: ignore[attr-defined]  # lets go of the file; the next append opens it anew
        log.store.after_fork(child=False)  # type: ignore[attr-defined]
        log.append(draft())
        assert len(sound(log)) == FIRST + 3
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """SQLite takes UTF-8 alone. It was an internal error."""
    for create in (False, True):
        with pytest.raises(StoreMissing, match="not UTF-8"):
            open_store(sqlite_url(tmp_path / "audit\udcff.db"), create=create)


def test_a_wal_that_cannot_be_watched_gives_no_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a process has no file left to open; afterwards the log goes on."""
    opened = os.open

    def full(name: Any, *words: Any, **more: Any) -> int:
        if str(name).endswith("-wal"):
            raise OSError(errno.EMFILE, "Too many open files")
        return opened(name, *words, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        with pytest.raises(StoreError, match="cannot be watched"):
            Log.open(sqlite_url(path))
    with closing(Log.open(sqlite_url(path))) as log:
        log.append(draft())
        sound(log)


def test_a_lost_index_is_no_loss(path: Path) -> None:
    """Opening, reading and even finding a key again need the records alone."""
    with closing(Log.open(sqlite_url(path))) as log:
        asked = draft()
        first = log.append(asked)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX record_key")
        assert db.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").fetchone() == (
            0,
        )
    with closing(Log.open(sqlite_url(path))) as log:
        assert log.append(asked) == first._replace(created=False)
        assert log.append(draft()).created
        assert len(sound(log)) == FIRST + 2


def test_a_row_without_bytes_is_a_damaged_record_and_no_traceback(path: Path) -> None:
    """A damaged file may hold anything in the place of a record; whoever reads it finds it wrong, and nobody builds on it."""
    with closing(sqlite3.connect(path)) as db:
        at = db.execute("SELECT max(at) FROM record").fetchone()[0]
        db.execute("CREATE TABLE other (at INTEGER PRIMARY KEY, payload, nodes, key)")
        db.execute(
            "INSERT INTO other SELECT at, CASE at WHEN ? THEN NULL ELSE payload END, 'text', key FROM record", (at,)
        )
        db.execute("DROP TABLE record")
        db.execute("ALTER TABLE other RENAME TO record")
        db.commit()
    with closing(Log.open(sqlite_url(path))) as log:
        assert [bool(row.payload) for row in log.rows()] == [True] * (FIRST - 1) + [False]
        with pytest.raises(StoreError, match="the table `record` of the database is not as it was made"):
            log.append(draft())
        assert log.size == FIRST


def test_no_row_can_be_changed_or_deleted_through_sqlite(path: Path) -> None:
    """A trigger says so on each table; it is for slips, not against whoever owns the file."""
    with closing(Log.open(sqlite_url(path))) as log:
        log.append(draft())
        log.store.add_checkpoint(log.number, 1, "a note")
    with closing(sqlite3.connect(path)) as db:
        for name in NAMES:
            column = db.execute(f"SELECT name FROM pragma_table_info('{name}')").fetchone()[0]
            for sql in (f"DELETE FROM {name}", f"UPDATE {name} SET {column} = {column}"):
                with pytest.raises(sqlite3.IntegrityError, match="a log is only ever added to"):
                    db.execute(sql)


# -- SQLite: read only, and full -------------------------------------------------------------------------------------

READ = """
import os, sys
import urllib.parse  # pathlib imports it late, and Python itself may stand where another user cannot read
from tests.logs import draft, sound
from assign.log import Log
from assign.log.store import StoreError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    log = Log.open(sys.argv[1])
except StoreError as error:
    print(error)
    sys.exit()
print(len(sound(log)))
try:
    log.append(draft())
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("left", ["closed", "copied while it was open"])
def test_a_log_that_may_only_be_read_is_read(left: str) -> None:
    """An auditor's copy on a disc, or a file of another user's: every record is there, and no append is pretended."""
    folder = Path(tempfile.mkdtemp(prefix="assign-read-"))
    try:
        log = make(sqlite_url(folder / "work.db"))
        for _ in range(5):
            log.append(draft())
        if left == "closed":
            log.close()
        (folder / "disc").mkdir()
        for file in folder.glob("work.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, folder / "disc" / file.name)
                (folder / "disc" / file.name).chmod(0o444)
        log.close()
        (folder / "disc").chmod(0o555)
        folder.chmod(0o755)
        words = [sys.executable, "-c", READ, sqlite_url(folder / "disc" / "work.db")]
        done = subprocess.run(words, cwd=ROOT, env=unmeasured(), capture_output=True, text=True, check=False)
        assert done.stderr == ""
        if left == "closed":
            assert done.stdout.splitlines()[0] == str(FIRST + 5)
            assert "cannot be written; there is no answer" in done.stdout.splitlines()[1]
        else:  # half of it is in the other file, and reading that takes a file for the readers' own use
            assert "was not closed: copy it, with its `-wal` file" in done.stdout
    finally:
        (folder / "disc").chmod(0o755)
        shutil.rmtree(folder)


@contextmanager
def full_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of that size, where this user may mount one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={kilobytes}k".encode()) != 0:
        pytest.skip("a file system cannot be mounted here (the limit on a file's size is tried instead)")
    try:
        yield folder
    finally:
        libc.umount2(bytes(folder), 2)


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root mounts a file system; the limit on a file's size is tried by all"
)
def test_on_a_full_disk_there_is_no_answer_and_no_repair(tmp_path: Path) -> None:
    """A disk that is really full. With room again the next append works, and nothing that was acknowledged is missing."""
    with full_disk(tmp_path, 400) as folder:
        log = make(sqlite_url(folder / "audit.db"))
        kept = [log.append(draft())]

        def fill() -> None:
            while len(kept) < 10_000:
                kept.append(log.append(draft()))

        with pytest.raises(StoreError, match="disk is full; there is no answer"):
            fill()
        for _ in range(3):
            with pytest.raises(StoreError):
                log.append(draft())
        full = sound(log)
        assert {one.seq: one for one in kept}.keys() <= full.keys()
        ctypes.CDLL(None).mount(b"tmpfs", bytes(folder), b"tmpfs", 32, b"size=4000k")  # a larger disk
        again = log.append(draft())
        found = sound(log)
        assert list(found)[: len(full)] == list(full)
        assert again.seq == len(full) == len(found) - 1
        assert {one.seq for one in kept} <= set(found)
        log.close()


LIMITED = """
import resource, signal, sys
from tests.logs import draft, sound, make
from assign.log.store import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = make(sys.argv[1])
kept = [log.append(draft()).seq]
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
refused = 0
for _ in range(500):
    try:
        kept.append(log.append(draft()).seq)
    except StoreError:
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
kept.append(log.append(draft()).seq)
found = sound(log)
log.close()
print(refused > 100, len(kept) > 20, set(kept) <= set(found), kept[-1] == len(found) - 1)
"""


@pytest.mark.long
def test_at_the_limit_of_a_files_size_there_is_no_answer_and_no_repair(tmp_path: Path) -> None:
    """The full disk of whoever may not mount one."""
    words = [sys.executable, "-c", LIMITED, sqlite_url(tmp_path / "audit.db")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True True True True\n", "")
