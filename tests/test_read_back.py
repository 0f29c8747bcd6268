"""What was written is read back before it is said; a log that became shorter is not written to; whatever is attached is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign import Desk
from assign.audit import verify
from assign.log.errors import KeyTaken
from assign.log.keys import SecretKey, held_key, key_file, new_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.signed import place_of
from assign.log.store import StoreError, StoreMissing, StoreRefused
from assign.log.store.sqlite import SqliteStore
from assign.log.store.sqlite_schema import SCHEMA, is_ours
from assign.words import sha256

from .log_fixtures import _any_url as _any_url  # noqa: PLC0414 - a fixture
from .log_fixtures import _log as _log  # noqa: PLC0414 - a fixture
from .log_fixtures import _path as _path  # noqa: PLC0414 - a fixture
from .log_fixtures import _url as _url  # noqa: PLC0414 - a fixture
from .logs import EDITIONS, FIRST, ORIGIN, draft, make, sqlite_url
from .servers import Server
from .trail import broken_into, cli

# Each does something to what is inserted, at the statement or after it.
ATTACHED = {
    "drops": "BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END",
    "deletes": "AFTER INSERT ON record BEGIN DELETE FROM record WHERE at = NEW.at; END",
    "alters the bytes": "AFTER INSERT ON record BEGIN UPDATE record SET payload = CAST('x' AS BLOB) WHERE at = NEW.at; END",
    "alters the hashes": "AFTER INSERT ON record BEGIN UPDATE record SET nodes = zeroblob(32) WHERE at = NEW.at; END",
    "alters the key": "AFTER INSERT ON record BEGIN UPDATE record SET key = 'x' WHERE at = NEW.at; END",
    "makes bytes text": "AFTER INSERT ON record BEGIN UPDATE record SET payload = CAST(payload AS TEXT) WHERE at = NEW.at; END",
}


@pytest.fixture
def believing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the schema: what is read back must be enough."""
    monkeypatch.setattr(SqliteStore, "_require_ours", lambda *_: None)


@pytest.mark.usefixtures("believing")
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in turn"])
@pytest.mark.parametrize("what", ATTACHED)
def test_what_is_not_there_as_it_was_written_is_not_acknowledged(path: Path, what: str, *, alone: bool) -> None:
    """And nothing of it stays."""
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        for _ in range(2):
            log.append(draft())
        with closing(apsw.Connection(str(path))) as db:
            for verb in ("update", "delete"):
                db.execute(f"DROP TRIGGER record_no_{verb}")
            db.execute(f"CREATE TRIGGER t {ATTACHED[what]}")
        log._writer._alone = alone
        with pytest.raises(StoreError, match="has not written it"):
            log.append(draft())
        assert log.size == log.store.size(log.number) == FIRST + 2
        with closing(apsw.Connection(str(path))) as db:
            db.execute("DROP TRIGGER t")
        assert log.append(draft()).seq == FIRST + 2


@pytest.mark.usefixtures("believing")
@pytest.mark.parametrize("table", ["publication", "edition"])
def test_what_is_published_is_read_back_as_well(log: Log, table: str, url: str) -> None:
    """A record without its text, or without its row, is not half published."""
    with closing(apsw.Connection(url.removeprefix("sqlite:///"))) as db:
        db.execute(f"CREATE TRIGGER t BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END")
    with pytest.raises(StoreError):
        log.publish({**EDITIONS, "list": b"new"})
    assert log.size == FIRST


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in turn"])
def test_what_is_attached_while_a_log_is_open_is_refused_by_name(path: Path, *, alone: bool) -> None:
    """SQLite says that the schema is another one; once it is as before, the log goes on."""
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        for _ in range(2):
            log.append(draft())
        with closing(apsw.Connection(str(path))) as db:
            db.execute("CREATE TRIGGER calm AFTER INSERT ON checkpoint BEGIN SELECT 1; END")
        log._writer._alone = alone
        with pytest.raises(StoreRefused, match="trigger `calm` that assign did not make"):
            log.append(draft())
        with closing(apsw.Connection(str(path))) as db:
            db.execute("DROP TRIGGER calm")
        assert log.append(draft()).seq == FIRST + 2


def test_a_desk_does_not_open_what_somebody_attached_something_to(path: Path) -> None:
    """Before the first answer."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute("CREATE VIEW records AS SELECT * FROM record")
    with pytest.raises(StoreRefused, match="view `records`"):
        Log.make(sqlite_url(path), ORIGIN, EDITIONS)


def test_what_is_missing_and_changes_no_record_is_let_through(path: Path) -> None:
    """A guard against slips, the index of keys: `verify` names both."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute("DROP TRIGGER log_no_delete")
        db.execute("DROP INDEX record_key")
    with closing(Log.make(sqlite_url(path), ORIGIN, EDITIONS)) as log:
        assert log.append(draft()).created


def test_our_schema_is_known_to_the_letter(path: Path) -> None:
    """As SQLite keeps it; a letter more is another one."""
    with closing(apsw.Connection(str(path))) as db:
        there = db.execute(SCHEMA).fetchall()
        assert is_ours(there)
        for changed in (
            there[:-1],
            [*there[:-1], there[0]],
            [*there[:-1], (*there[-1][:3], f"{there[-1][3]} ")],
            [*there, there[0]],
        ):
            assert not is_ours(changed)


# -- a log that became shorter ---------------------------------------------------------------------------------------


def test_a_writer_does_not_go_on_before_the_end_that_it_knows(path: Path) -> None:
    """Its own memory is enough; and it does not forget after the first refusal."""
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        for _ in range(3):
            log.append(draft())
        with broken_into(path) as db:
            db.execute("DELETE FROM record WHERE (at & 255) >= ?", (FIRST + 1,))
        for _ in range(2):
            with pytest.raises(StoreError, match=f"the log had {FIRST + 3} records"):
                log.append(draft())


@pytest.mark.parametrize("numbers", ["= 5", ">= 5"], ids=["in the middle", "at the end"])
def test_a_writer_does_not_go_on_before_the_end_that_a_checkpoint_says(
    path: Path, monkeypatch: pytest.MonkeyPatch, numbers: str
) -> None:
    """One that the log's own key has signed; what anybody else put there says nothing."""
    key, where = new_key(ORIGIN), path.with_name("signed.db")
    monkeypatch.setenv("ASSIGN_KEY", key.text())
    with closing(Log.make(sqlite_url(where), ORIGIN, EDITIONS)) as log:
        for _ in range(4):
            log.append(draft())
        note = log.checkpoint(key)
    with broken_into(where) as db:
        db.execute(f"DELETE FROM record WHERE (at & 255) {numbers}")  # noqa: S608 - our own
    with (
        closing(Log.open(sqlite_url(where), ORIGIN)) as log,
        pytest.raises(StoreError, match=f"had {FIRST + 4} records"),
    ):
        log.append(draft())
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:  # whose key is another one
        log.store.add_checkpoint(log.number, FIRST + 4, note)
        assert log.append(draft()).created


# -- places ----------------------------------------------------------------------------------------------------------


def test_a_log_that_is_gone_is_not_begun_anew_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key says that there was one; `audit init` begins another on purpose."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    usual = tmp_path / "XDG_DATA_HOME" / "assign" / "audit.db"
    usual.parent.mkdir(parents=True)
    for place, origin in ((usual, None), (tmp_path / "audit.db", ORIGIN)):
        Desk.open(audit=sqlite_url(place), origin=origin).close()
        place.rename(place.with_name("elsewhere.db"))
        with pytest.raises(StoreMissing, match=r"there is a key of the log .*, and no log at .*audit init"):
            Desk.open(audit=sqlite_url(place), origin=origin)
        assert not place.exists()
        Log.make(sqlite_url(place), origin, EDITIONS).close()
    Desk.open(
        audit=sqlite_url(tmp_path / "a trial.db")
    ).close()  # without a name, at another place: it is said that it was made


@pytest.mark.parametrize(("kind", "said"), [("tmpfs", True), ("ramfs", True), ("ext4", False)])
def test_a_log_in_memory_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, said: bool) -> None:
    """It is not refused: tests and trials want it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("assign.log.store.watch.file_system", lambda _: kind)
    told = cli("audit", "init", "--audit", sqlite_url(tmp_path / "audit.db"))
    assert told.code == 0
    assert (f"メモリ上のファイルシステム（{kind}）" in told.err) is said
    told = cli("audit", "verify", "--audit", sqlite_url(tmp_path / "audit.db"))
    assert (told.code, f"メモリ上のファイルシステム（{kind}）" in told.out) == (0, said)
    told = cli("audit", "verify", "--json", "--audit", sqlite_url(tmp_path / "audit.db"))
    assert json.loads(told.out)["memory"] == (kind if said else None)


REFUSED: dict[str, Callable[[SecretKey], object]] = {
    "a key that others read": lambda key: key_file(key.name).chmod(0o644),
    "a key that has signed a longer log": lambda key: place_of(key).write_text("{}"),
    "a folder that others may write": lambda key: key_file(key.name).parent.chmod(0o777),
}


@pytest.mark.parametrize("why", REFUSED)
def test_an_init_that_is_refused_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """An empty database was left, in which the next one found 'no log' instead of a free place; and no row in one that is there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    key = held_key(ORIGIN, make=True)
    place_of(key).parent.mkdir(parents=True, exist_ok=True)
    REFUSED[why](key)
    for name in ("audit.db", "there.db"):
        if name == "there.db":
            make(sqlite_url(tmp_path / name), "other.city/log").close()
        before = {path: path.read_bytes() for path in tmp_path.glob("*.db*")}
        told = cli("audit", "init", "--origin", ORIGIN, "--audit", sqlite_url(tmp_path / name))
        assert told.code != 0
        assert {path: path.read_bytes() for path in tmp_path.glob("*.db*")} == before


def test_garbage_under_the_name_of_an_edition_to_come_has_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is deleted; a copy leaves behind what no record backs, and goes on as the same log."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    place, fresh, later = tmp_path / "audit.db", tmp_path / "copy.db", {**EDITIONS, "rules": b"rules to come"}
    with Log.make(sqlite_url(place), ORIGIN, EDITIONS) as log:
        note = log.checkpoint(held_key(ORIGIN))
        with closing(apsw.Connection(str(place))) as db:
            db.execute("INSERT INTO edition VALUES (?, ?)", (sha256(b"rules to come"), b"garbage"))
        with pytest.raises(StoreError, match="audit backup"):
            log.publish(later)
    assert cli("audit", "verify", "--audit", sqlite_url(place)).code == 6
    assert cli("audit", "backup", fresh, "--audit", sqlite_url(place)).code == 0
    with Log.open(sqlite_url(fresh)) as log:
        assert len(log.publish(later)) == 1
        assert verify(log, [note, log.checkpoint(held_key(ORIGIN))]).findings == []


# -- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [FIRST, FIRST + 9])
def test_a_key_that_stands_in_a_row_that_is_no_record_is_not_obeyed(path: Path, at: int) -> None:
    """One clear error for that request, none for those that wait with it, and never a number that is not a record's."""
    asked = draft()
    with broken_into(path) as db:
        payload = b'{"key":"%s"}' % asked["key"].encode()
        db.execute("INSERT INTO record VALUES ((1 << 40) + ?, ?, x'', NULL)", (at, payload))
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        for _ in range(2):
            with pytest.raises(KeyTaken, match=f"number {at}"):
                log.append(asked)
            assert log.append(draft(key=new_id())).created


# -- PostgreSQL ------------------------------------------------------------------------------------------------------

ON_SERVER = {
    "deferred": "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''session_replication_role'', ''replica'', true); DELETE FROM record WHERE at = NEW.at; RETURN NULL; END';"
    "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON record DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later()",
    "altered": "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.payload = ''x''; RETURN NEW; END';"
    "CREATE TRIGGER later BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION later()",
    "rule": "CREATE RULE later AS ON INSERT TO record DO INSTEAD NOTHING",
    "harmless, but not ours": "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER later AFTER INSERT ON record FOR EACH ROW EXECUTE FUNCTION later()",
}


@pytest.fixture
def server_log(durable_server: Server) -> Iterator[tuple[Log, Any]]:
    """A log on a server, and an administrator."""
    name = f"back_{new_id().replace('-', '')}"
    durable_server.database(name)
    with closing(make(durable_server.url(name))) as log, closing(durable_server.connect(name)) as db:
        for _ in range(2):
            log.append(draft())
        yield log, db


@pytest.mark.slow
@pytest.mark.parametrize("looks", [True, False], ids=["as it is", "without the catalogue"])
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "in turn"])
@pytest.mark.parametrize("what", ON_SERVER)
def test_a_server_that_changes_what_is_written_gets_no_answer(
    server_log: tuple[Log, Any], monkeypatch: pytest.MonkeyPatch, what: str, *, alone: bool, looks: bool
) -> None:
    """Also at the commit; and when it is taken away, the log goes on."""
    log, db = server_log
    db.execute(ON_SERVER[what].encode())
    if not looks:
        monkeypatch.setattr(
            "assign.log.store.postgresql._INTACT",
            " OR ".join(["true", *["EXISTS (SELECT FROM pg_class WHERE oid {of})"] * 4]),
        )
        monkeypatch.setattr(log.store, "_not_written", lambda: StoreError("", "not written"))
        what_is_read_back = what != "harmless, but not ours"
    log._writer._alone = alone
    if looks or what_is_read_back:
        with pytest.raises(StoreError, match=r"later` that assign did not make|not written"):
            log.append(draft())
        assert log.size == FIRST + 2
    db.execute(b"DROP RULE later ON record" if what == "rule" else b"DROP TRIGGER later ON record")
    assert log.append(draft()).created


@pytest.mark.slow
def test_a_table_that_is_searched_first_is_not_taken_for_ours(
    durable_server: Server, server_log: tuple[Log, Any]
) -> None:
    """Nor is a function; the writer refuses, since whoever reads with another tool sees the other table."""
    log, db = server_log
    name = db.info.dbname
    db.execute("CREATE SCHEMA evil; CREATE TABLE evil.record AS SELECT * FROM public.record")
    db.execute("CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT ''on'''")
    db.execute(f"ALTER DATABASE {name} SET search_path = evil, public, pg_catalog".encode())
    assert log.append(draft()).created  # whose connection was told where to look
    with closing(Log.open(durable_server.url(name), ORIGIN)) as other:
        assert other.size == FIRST + 3
        with pytest.raises(StoreRefused, match="`evil` that assign did not make"):
            other.append(draft())
