"""A store refuses where it cannot keep its promise, and says what to do; a server, and who may do what on it."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assign.errors import BadOption
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store import StoreError, StoreMissing, StoreRefused, open_store
from assign.log.store.schema import NAMES
from assign.log.store.sqlite import SqliteStore, sound_sqlite
from assign.log.store.watch import network_file_system

from .log_fixtures import _path as _path  # noqa: PLC0414 - a fixture
from .logs import EDITIONS, FIRST, ORIGIN, draft, make, sound, sqlite_url
from .servers import Server, private_server


@pytest.fixture
def database(durable_server: Server) -> str:
    """An empty database on a server."""
    name = f"store_{new_id().replace('-', '')}"
    durable_server.database(name)
    return name


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("3.6.23", True),
        ("3.7.0", False),
        ("3.40.1", False),
        ("3.44.5", False),
        ("3.44.6", True),
        ("3.44.7", False),
        ("3.50.6", False),
        ("3.50.7", True),
        ("3.51.1", False),
        ("3.51.2", False),
        ("3.51.3", True),
        ("3.52.0", True),
        ("3.54.1", True),
        ("4.0.0", True),
    ],
)
def test_a_sqlite_with_the_wal_reset_defect_is_known(version: str, good: bool) -> None:
    """3.7.0 to 3.51.2, but for two that were mended."""
    assert sound_sqlite(version) is good


def test_the_sqlite_that_is_linked_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that the package was made for: a system's own may have been linked in."""
    monkeypatch.setattr("apsw.sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(StoreRefused, match=r"SQLite 3\.51\.2 can lose .*pip install -U apsw"):
        Log.open(sqlite_url(path))


def test_a_file_that_takes_no_write_ahead_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system in memory, here."""
    monkeypatch.setattr(SqliteStore, "vfs", "memdb")
    with pytest.raises(StoreRefused, match="does not take WAL with synchronous=FULL"):
        open_store(sqlite_url(tmp_path / "audit.db"), create=True)


def test_every_connection_syncs_each_commit(path: Path) -> None:
    """NORMAL loses acknowledged records in a power cut; what the file says of itself changes nothing."""
    with closing(open_store(sqlite_url(path))) as store:
        assert isinstance(store, SqliteStore)
        db = store._connection()
        assert [db.pragma(name) for name in ("journal_mode", "synchronous", "fullfsync", "checkpoint_fullfsync")] == [
            "wal",
            2,
            1,
            1,
        ]


MOUNTS = """22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:26 / {folder}/net rw,relatime shared:2 - {kind} server:/export rw
31 30 254:2 / {folder}/net/local rw,relatime - xfs /dev/vdb rw
32 22 0:27 / {folder}/with\\040space rw - nfs4 server:/x rw
"""


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("nfs", True),
        ("nfs4", True),
        ("cifs", True),
        ("smb3", True),
        ("9p", True),
        ("fuse.sshfs", True),
        ("fuse.glusterfs", True),
        ("ceph", True),
        ("virtiofs", True),
        ("ext4", False),
        ("tmpfs", False),
        ("overlay", False),
        ("fuse.lxcfs", False),
        ("autofs", False),
    ],
)
def test_a_network_file_system_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, refused: bool
) -> None:
    """A WAL needs memory that all writers share; the innermost mount of a path decides, through links as well."""
    for name in ("net/deep", "net/local", "with space"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "net")
    said, mounts = Path.read_text, MOUNTS.format(folder=tmp_path, kind=kind)
    monkeypatch.setattr(
        Path, "read_text", lambda path, *more: mounts if path == Path("/proc/self/mountinfo") else said(path, *more)
    )
    expected = kind if refused else None
    assert network_file_system(tmp_path / "audit.db") is None
    assert network_file_system(tmp_path / "net" / "local" / "audit.db") is None
    assert network_file_system(tmp_path / "network.db") is None
    assert network_file_system(tmp_path / "with space" / "audit.db") == "nfs4"
    for name in ("net/audit.db", "net/deep/audit.db", "link/audit.db"):
        assert network_file_system(tmp_path / name) == expected
    if refused:
        with pytest.raises(StoreRefused, match=rf"network file system \({kind}\).*local disk, or PostgreSQL"):
            open_store(sqlite_url(tmp_path / "link" / "audit.db"), create=True)
        assert list((tmp_path / "net").glob("audit*")) == []


@pytest.mark.parametrize("url", ["", "audit.db", "sqlite:", "sqlite:/x", "mysql://x", "file:///x"])
def test_an_address_of_no_store_is_refused(url: str) -> None:
    """With the two that there are."""
    with pytest.raises(BadOption, match="sqlite:///FILE"):
        open_store(url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://audit.db", "sqlite:///FILE"),
        ("sqlite:audit.db", "sqlite:///FILE"),
        ("sqlite:///", "sqlite:///FILE"),
        ("sqlite:///:memory:", "is lost"),
        ("sqlite:////tmp/:memory:", "is lost"),
        ("sqlite:///file::memory:?cache=shared", "is lost"),
        ("sqlite:///audit.db?mode=ro", r"`\?` cannot stand"),
        ("sqlite:///audit.db?", r"`\?` cannot stand"),
        ("sqlite:////tmp/a.db#x", "`#` cannot stand"),
        ("sqlite:///a%20b.db", "`%20` cannot stand"),
        ("sqlite:///a%2Fb.db", "`%2F` cannot stand"),
        ("sqlite:///file:audit.db", "`file:` cannot stand"),
    ],
)
def test_an_address_that_other_programs_read_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    """Options and escapes became part of a file's name, and a new log was begun there in silence."""
    monkeypatch.chdir(tmp_path)
    for create in (False, True):
        with pytest.raises(BadOption, match=says) as told:
            open_store(url, create=create)
        assert "sqlite:///ファイル" in told.value.ja
    assert not list(tmp_path.iterdir())


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
    ids=lambda setting: setting.split("=")[0],
)
def test_a_server_that_may_lose_a_commit_is_refused(setting: str) -> None:
    """With the setting that is to be changed."""
    name = setting.removesuffix("=off")
    with private_server(f"-c {setting}") as server, pytest.raises(StoreRefused, match=f"{name} = off .*set it to on"):
        make(server.url("postgres"))


@pytest.mark.slow
def test_a_role_or_a_database_that_turns_it_off_is_refused(durable_server: Server, database: str) -> None:
    """The setting of this session is what counts."""
    make(durable_server.url(database)).close()
    with closing(durable_server.connect("postgres")) as db:
        db.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    with pytest.raises(StoreRefused, match="synchronous_commit = off"):
        Log.open(durable_server.url(database))


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_setting_that_is_turned_off_while_a_log_is_open_is_noticed(setting: str) -> None:
    """A server reads its settings anew when told; the promise was made for each record."""
    with private_server() as server, closing(make(server.url("postgres"))) as log:
        log.append(draft())
        with closing(server.connect("postgres")) as db:
            db.execute(f"ALTER SYSTEM SET {setting} = off")
            db.execute("SELECT pg_reload_conf()")
            db.execute("SELECT pg_sleep(0.3)")
            assert db.execute(f"SHOW {setting}").fetchone() == ("off",)
        if setting == "synchronous_commit":  # a session's own: ours stays as it was when we looked
            log.append(draft())
            assert log.store._rows(f"SHOW {setting}") == [("on",)]  # type: ignore[attr-defined]
        else:
            with pytest.raises(StoreRefused, match=f"{setting} = off"):
                log.append(draft())


@pytest.mark.slow
def test_a_role_with_insert_and_select_alone_can_keep_a_log(durable_server: Server, database: str) -> None:
    """And can neither change nor delete a row; nor can the owner, by slip: a trigger says so."""
    make(durable_server.url(database)).close()
    psycopg = pytest.importorskip("psycopg")
    role = f"writer_{database}"
    with closing(durable_server.connect(database)) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN")
        for name in NAMES:
            owner.execute(f"GRANT SELECT, INSERT ON {name} TO {role}")
    with closing(Log.open(durable_server.url(database, role))) as log:
        asked = draft()
        assert [log.append(asked).created, log.append(asked).created] == [True, False]
        assert [kept.seq for kept in log.publish({**EDITIONS, "list": b"another"})] == [FIRST + 1]
        log.store.add_checkpoint(log.number, FIRST + 2, "a note")
        assert len(sound(log)) == FIRST + 2
    with closing(make(durable_server.url(database, role), "example.city/second")) as log:
        assert len(sound(log)) == FIRST
    for user, error in ((role, psycopg.errors.InsufficientPrivilege), ("tester", psycopg.errors.RaiseException)):
        with closing(durable_server.connect(database, user)) as db:
            for name, column in zip(NAMES, ("id", "at", "log", "data", "size"), strict=True):
                for sql in (f"DELETE FROM {name}", f"UPDATE {name} SET {column} = {column}", f"TRUNCATE {name}"):
                    with pytest.raises(error):
                        db.execute(sql)


@pytest.mark.slow
def test_a_role_without_them_is_told_what_it_needs(durable_server: Server, database: str) -> None:
    """And the message holds no address."""
    make(durable_server.url(database)).close()
    role = f"reader_{database}"
    with closing(durable_server.connect(database)) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN")
        with pytest.raises(StoreError, match="needs SELECT and INSERT"):
            Log.open(durable_server.url(database, role))
        for name in NAMES:
            owner.execute(f"GRANT SELECT ON {name} TO {role}")
    with closing(Log.open(durable_server.url(database, role))) as log:
        assert len(sound(log)) == FIRST
        with pytest.raises(StoreError, match="needs SELECT and INSERT") as caught:
            log.append(draft())
        assert str(durable_server.folder) not in str(caught.value)


@pytest.mark.slow
def test_a_database_without_tables_is_not_a_log(durable_server: Server, database: str) -> None:
    """Looking makes none; and a server that is not there is no traceback."""
    with pytest.raises(StoreMissing, match="no tables of a log"):
        Log.open(durable_server.url(database))
    with closing(durable_server.connect(database)) as db:
        assert db.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Log.open("postgresql://someone:secret@/none?host=/nowhere")
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_the_driver_of_a_server_says_nothing_on_a_terminal(durable_server: Server, database: str) -> None:
    """It warned a clerk of `<psycopg.Pipeline [BAD] at 0x…>`; an application that keeps logs still gets it."""
    words = (
        "import logging, sys; from assign.log.store import open_store; store = open_store(sys.argv[1], create=True);"
        "logging.getLogger('psycopg').warning('a pipeline')"
    )
    done = subprocess.run([sys.executable, "-c", words, durable_server.url(database)], capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


@pytest.mark.slow
def test_a_lost_index_is_no_loss_on_a_server(durable_server: Server, database: str) -> None:
    """As on SQLite."""
    url, asked = durable_server.url(database), draft()
    with closing(make(url)) as log:
        first = log.append(asked)
    with closing(durable_server.connect(database)) as db:
        db.execute("DROP INDEX record_key")
    with closing(Log.open(url)) as log:
        assert log.append(asked) == first._replace(created=False)
        assert len(sound(log)) == FIRST + 1


@pytest.mark.slow
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in turn"])
def test_the_cost_of_a_record_does_not_grow_with_the_log(durable_server: Server, database: str, *, alone: bool) -> None:
    """A key is looked up, not looked for, though nobody took statistics of the table: the planner read the whole log's keys."""
    url, number = durable_server.url(database), 200
    with closing(make(url)) as log:
        for _ in range(number):
            log._writer._alone = alone
            log.append(draft())
        log.store._rows("SELECT pg_stat_force_next_flush()")  # type: ignore[attr-defined]
    with closing(durable_server.connect(database)) as db:
        read = db.execute("SELECT sum(idx_tup_read) FROM pg_stat_user_indexes").fetchone()
    assert read is not None
    assert read[0] < 5 * number


@pytest.mark.slow
def test_a_server_that_stops_gives_no_answer_and_is_used_again_when_it_is_back() -> None:
    """No restart of ours is needed."""
    with private_server() as server, closing(make(server.url("postgres"))) as log:
        log.append(draft())
        server.stop("immediate")
        for _ in range(2):
            with pytest.raises(StoreError, match="cannot be reached; there is no answer"):
                log.append(draft())
        server.start()
        assert log.append(draft()).seq == FIRST + 1
        server.stop("fast")
        server.start()
        with pytest.raises(StoreError):
            log.append(draft())  # it learns of it by trying
        assert log.append(draft()).seq == FIRST + 2
        assert len(sound(log)) == FIRST + 3


def test_a_log_is_readable_by_its_owner_alone(path: Path) -> None:
    """Nothing in it is of a person; it is the city's all the same."""
    assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0
    assert ORIGIN.encode() in path.read_bytes()
