"""Everything in a log's database that is no payload: whatever differs from what the payloads say is named, and a retry is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign import commands
from assign.audit import rebuild, verify
from assign.log.group_commit import Kept
from assign.log.keys import held_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store import StoreError
from assign.words import sha256

from .logs import EDITIONS, FIRST, ORIGIN, draft, make, root_of_bytes, sound, sqlite_url
from .servers import Server
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import broken_into, cli

LAST = FIRST + 2
OTHER = "example.city/other"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of two decisions in a file, with a checkpoint, beside another log."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        path = tmp_path_factory.mktemp("kept") / "audit.db"
        for origin in (ORIGIN, OTHER):
            with closing(Log.make(sqlite_url(path), origin, EDITIONS)) as log:
                for _ in range(2):
                    log.append(draft())
                log.checkpoint(held_key(origin))
    return path


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    """A copy of it, to be tampered with."""
    shutil.copyfile(kept, tmp_path / "audit.db")
    return tmp_path / "audit.db"


def codes(log: Log) -> set[str]:
    return {each.code for each in verify(log).findings}


def found(path: Path, origin: str = ORIGIN) -> set[str]:
    """What `verify` names, and the command says with exit 6."""
    given = {"audit": sqlite_url(path), "origin": origin}
    with commands.given(given), closing(Log.open(sqlite_url(path), origin)) as log:
        said = verify(log).findings
    told = cli("audit", "verify", "--audit", sqlite_url(path), "--origin", origin)
    assert told.code == (6 if said else 0)
    assert all(each.text.ja in told.out for each in said)
    return {each.code for each in said}


def test_an_untouched_database_has_no_finding(path: Path) -> None:
    """The control of all that follows."""
    assert found(path) == found(path, OTHER) == set()


ROWS = [
    ("UPDATE record SET key = 'x' WHERE key IS NOT NULL", "key_altered"),
    ("UPDATE record SET key = NULL", "key_altered"),
    ("UPDATE record SET key = '0b0cf1c2-6b5f-4b62-9d1f-6e5a0c1d2e3f' WHERE (at & 255) = 0", "key_altered"),
    ("UPDATE record SET key = upper(key)", "key_altered"),
    ("UPDATE record SET nodes = nodes || nodes WHERE (at & 255) = 2", "tree_altered"),
    ("INSERT INTO publication SELECT * FROM publication", "publications"),
    ("INSERT INTO publication VALUES (1, 'list', 'x', 999999)", "publications"),
    ("UPDATE publication SET what = 'rules' WHERE what = 'list'", "publications"),
    ("DELETE FROM publication WHERE what = 'key'", "publications"),
    ("INSERT INTO publication VALUES (9, 'list', 'x', 1)", "stray"),
    ("UPDATE checkpoint SET size = size + 1", "checkpoint_altered"),
    ("INSERT INTO checkpoint VALUES (9, 1, 'x')", "stray"),
    ("INSERT INTO checkpoint VALUES (1, 1, 'x')", "checkpoint_damaged"),
]
SQLITE_ROWS = [
    ("UPDATE record SET key = CAST(key AS BLOB) || x'00'", "key_altered"),
    ("UPDATE edition SET data = x'20'", "edition"),
    ("DELETE FROM edition", "edition"),
    (f"INSERT INTO edition VALUES ('{sha256(b'planted')}', CAST('planted' AS BLOB))", "stray"),  # noqa: S608 - a digest
    ("INSERT INTO edition VALUES ('a name', x'00')", "stray"),
    ("INSERT INTO record VALUES ((9 << 40) + 5, x'7b7d', x'00', NULL)", "stray"),
    ("INSERT INTO record VALUES (-5, x'7b7d', x'00', NULL)", "stray"),
    ("INSERT INTO record VALUES ((1 << 40) + (1 << 40) - 1, x'7b7d', x'00', NULL)", "unreadable"),
    ("INSERT INTO record SELECT (1 << 40) + 99, payload, nodes, NULL FROM record WHERE at = (1 << 40) + 1", "moved"),
]
SCHEMA = [
    ("CREATE TRIGGER calm BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END", "schema_foreign"),
    ("CREATE TRIGGER copied AFTER INSERT ON checkpoint BEGIN DELETE FROM checkpoint; END", "schema_foreign"),
    ("CREATE VIEW records AS SELECT * FROM record", "schema_foreign"),
    ("CREATE TABLE people (name)", "schema_foreign"),
    ("CREATE INDEX shadow ON record (at, payload, nodes)", "schema_foreign"),
    ("ALTER TABLE record ADD COLUMN name TEXT", "schema_altered"),
    ("ALTER TABLE checkpoint RENAME COLUMN note TO text", "schema_altered"),
    ("DROP INDEX record_key", "schema_missing"),
    ("DROP INDEX record_key; CREATE UNIQUE INDEX record_key ON record (at) WHERE key > 'z'", "schema_altered"),
    (
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL UNIQUE', 'UNIQUE NOT NULL')",
        "schema_altered",
    ),
]


@pytest.mark.parametrize(("statement", "code"), ROWS + SQLITE_ROWS + SCHEMA)
def test_what_the_payloads_do_not_say_is_named_in_sqlite(path: Path, statement: str, code: str) -> None:
    """Derived columns, rows of the other tables, and what the database is made of were believed."""
    with broken_into(path) as db:
        db.execute(statement)
    assert code in found(path)


@pytest.mark.parametrize("table", ["log", "record", "publication", "edition", "checkpoint"])
def test_a_trigger_of_ours_that_is_gone_or_says_something_else_is_named(path: Path, table: str) -> None:
    """It is for slips; whoever takes it away has something in mind."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute(f"DROP TRIGGER {table}_no_delete")
    assert found(path) == {"schema_missing"}
    with closing(apsw.Connection(str(path))) as db:
        db.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT 1; END")
    assert found(path) == {"schema_altered"}


def test_an_index_that_says_something_else_than_its_table_is_named(path: Path) -> None:
    """A look-up by it would answer from rows that no reader of the table sees: SQLite's own check compares both."""
    with broken_into(path) as db:
        db.execute("CREATE TABLE empty (at INTEGER PRIMARY KEY, payload BLOB NOT NULL, nodes BLOB NOT NULL, key TEXT)")
        [(sql,)] = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'record_key'")
        db.execute(sql.replace("record_key ON record", "no_key ON empty"))
        db.execute("PRAGMA writable_schema=ON")
        swap = "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'no_key') WHERE name = 'record_key'"
        db.execute(swap)
        db.execute("DELETE FROM sqlite_schema WHERE name IN ('empty', 'no_key')")
    assert "damaged" in found(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET key = NULL",
        "UPDATE record SET key = 'another' WHERE (at & 255) = 4",
        "DROP INDEX record_key",
        "DROP INDEX record_key; CREATE UNIQUE INDEX record_key ON record ((at >> 40), key) WHERE key IS NOT NULL; UPDATE record SET key = NULL",
    ],
)
def test_a_retry_is_one_record_whatever_stands_beside_it(tmp_path: Path, statement: str) -> None:
    """The key is read from the record's own bytes; a changed column made a retry write a second one."""
    where, asked = tmp_path / "audit.db", draft()
    with closing(make(sqlite_url(where))) as log:
        first = log.append(asked)
    with broken_into(where) as db:
        db.execute(statement)
    with closing(Log.open(sqlite_url(where))) as log:
        assert log.append(asked) == first._replace(created=False)
        assert log.append(draft()).created
        assert log.append(asked) == first._replace(created=False)  # by the quick way, too
        rebuild(log)
        assert not codes(log) & {"schema_altered", "schema_missing"}
        assert len(sound(log)) == FIRST + 2


@pytest.mark.parametrize("condition", ["1", "NEW.at & 1", "NEW.key IS NOT NULL"])
def test_a_record_that_a_trigger_keeps_out_is_not_acknowledged(path: Path, condition: str) -> None:
    """`RAISE(IGNORE)` leaves the statement without an error: the answer was given, and nothing was stored."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute(f"CREATE TRIGGER calm BEFORE INSERT ON record WHEN {condition} BEGIN SELECT RAISE(IGNORE); END")
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        for _ in range(3):
            size, kept = log.size, _appended(log)
            if isinstance(kept, str):
                assert "a trigger `calm` that assign did not make" in kept
                assert log.size == size
            else:
                assert log.row(kept.seq).payload == kept.payload


def _appended(log: Log) -> Kept | str:
    try:
        return log.append(draft())
    except StoreError as error:
        return error.en


STRAY = "INSERT INTO record VALUES ((1 << 40) + {at}, x'7b7d', zeroblob({nodes}), NULL)"
LAST_OF_ALL = (1 << 40) - 1


@pytest.mark.parametrize(
    ("at", "nodes"), [(LAST_OF_ALL, 1), (LAST_OF_ALL, 41 * 32), (LAST + 1, 32), (99, 64), (LAST, 32)]
)
def test_a_log_goes_on_before_a_row_that_somebody_added_or_after_it(path: Path, at: int, nodes: int) -> None:
    """With a root of the attacker's at the last number, a checkpoint was signed; then such a row stopped a log for good."""
    with broken_into(path) as db:
        db.execute(STRAY.format(at=at, nodes=nodes))
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        assert log.size == (LAST + 1 if at == LAST else LAST)
        numbers = [log.append(draft()).seq for _ in range(3)]
        assert numbers == [seq for seq in range(LAST, LAST + 4) if seq != at][:3]
        assert log.head().root == root_of_bytes(log)
        assert log.publish({**EDITIONS, "list": b"new"})
    assert "unreadable" in found(path)


@pytest.mark.parametrize("number", [(1 << 23) - 1, 1 << 23, (1 << 63) - 1, -1])
def test_a_row_with_a_number_that_no_log_can_have_is_named_and_in_nobodys_way(path: Path, number: int) -> None:
    """The first was an internal error of every command, and each of them kept other logs from being made."""
    with broken_into(path) as db:
        db.execute("INSERT INTO log VALUES (?, 'example.city/planted')", (number,))
        db.execute("INSERT INTO record VALUES ((3 << 40) + 5, x'7b7d', x'00', NULL)")
    assert found(path) == {"stray"}
    with closing(make(sqlite_url(path), "example.city/third")) as log:
        assert (log.number, log.size) == (4, FIRST)  # the third is taken
        assert codes(log) == {"stray"}


def test_an_edition_under_whose_name_another_text_was_planted_is_not_published(path: Path) -> None:
    """The name is the text's digest; `INSERT OR IGNORE` took what was there for it."""
    new = b"another list"
    with closing(apsw.Connection(str(path))) as db:
        db.execute("INSERT INTO edition VALUES (?, x'00')", (sha256(new),))
    with closing(Log.open(sqlite_url(path), ORIGIN)) as log:
        with pytest.raises(StoreError, match="another text"):
            log.publish({"list": new, "rules": b"some rules", "rulings": b""})
        assert log.size == LAST


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template(durable_server: Server) -> str:
    """A database with such a log."""
    name = f"beside_{new_id().replace('-', '')}"
    durable_server.database(name)
    with closing(make(durable_server.url(name))) as log:
        for _ in range(2):
            log.append(draft())
        log.store.add_checkpoint(log.number, 1, "nonsense")
        assert codes(log) == {"checkpoint_damaged"}
    return name


@pytest.fixture
def server_log(durable_server: Server, template: str) -> Iterator[tuple[Log, Any]]:
    """A copy of it, and an administrator's connection."""
    name = f"beside_{new_id().replace('-', '')}"
    with closing(durable_server.connect("postgres")) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    with closing(durable_server.connect(name)) as db, closing(Log.open(durable_server.url(name))) as log:
        yield log, db


CALM = """
CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER calm BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION calm()
"""
POSTGRES = [
    ("INSERT INTO edition VALUES ('a name', 'x')", "stray"),
    ("INSERT INTO record VALUES ((9::bigint << 40) + 5, '{}', 'x', NULL)", "stray"),
    ("INSERT INTO record VALUES ((2::bigint << 40) - 1, '{}', 'x', NULL)", "unreadable"),
    ("CREATE RULE calm AS ON INSERT TO record DO INSTEAD NOTHING", "schema_foreign"),
    ("CREATE RULE twice AS ON INSERT TO record DO ALSO NOTIFY told", "schema_foreign"),
    ("CREATE POLICY hidden ON record USING (at < 5); ALTER TABLE record ENABLE ROW LEVEL SECURITY", "schema_foreign"),
    ("ALTER TABLE edition FORCE ROW LEVEL SECURITY", "schema_altered"),
    ("CREATE TABLE child () INHERITS (record)", "schema_foreign"),
    ("CREATE SCHEMA tester; CREATE VIEW tester.record AS SELECT * FROM public.record", "schema_foreign"),
    ("CREATE SCHEMA tester; CREATE TABLE tester.checkpoint AS SELECT * FROM public.checkpoint", "schema_foreign"),
    ("ALTER TABLE record ADD COLUMN name text", "schema_foreign"),
    ("ALTER TABLE record ALTER COLUMN nodes DROP NOT NULL", "schema_altered"),
    ("ALTER TABLE record ALTER COLUMN key SET DEFAULT 'x'", "schema_altered"),
    ("ALTER TABLE publication ALTER COLUMN seq TYPE numeric", "schema_altered"),
    ("ALTER TABLE log DROP CONSTRAINT log_origin_key", "schema_missing"),
    ("ALTER TABLE checkpoint ADD CHECK (size < 5)", "schema_foreign"),
    ("ALTER TABLE checkpoint ADD CONSTRAINT calm CHECK (size < 5) NOT VALID", "schema_foreign"),
    ("CREATE TABLE visits (id bigint REFERENCES log (id))", "schema_foreign"),
    ("ALTER TABLE edition SET UNLOGGED", "schema_altered"),
    ("DROP INDEX record_key", "schema_missing"),
    ("DROP INDEX record_key; CREATE INDEX record_key ON record (key)", "schema_altered"),
    ("CREATE INDEX shadow ON record (nodes)", "schema_foreign"),
    ("DROP TRIGGER record_only_grows ON record", "schema_missing"),
    ("ALTER TABLE record DISABLE TRIGGER record_only_grows", "schema_altered"),
    ("ALTER TABLE record ENABLE REPLICA TRIGGER record_only_grows", "schema_altered"),
    (
        "CREATE OR REPLACE FUNCTION assign_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "schema_altered",
    ),
    (
        CALM,
        "schema_foreign",
    ),
]


def _unguarded(db: Any, statement: str) -> None:
    """As an administrator, whom no trigger stops."""
    db.execute("SET session_replication_role = 'replica'")
    db.execute(statement.encode())
    db.execute("SET session_replication_role = 'origin'")


@pytest.mark.long
@pytest.mark.parametrize(
    ("statement", "code"), [*(each for each in ROWS if each[1] != "checkpoint_altered"), *POSTGRES]
)
def test_what_the_payloads_do_not_say_is_named_in_postgresql(
    server_log: tuple[Log, Any], statement: str, code: str
) -> None:
    """The same for a server, and what only a server has: rules, policies, schemas that are searched first, child tables."""
    log, db = server_log
    _unguarded(db, statement)
    assert code in codes(log)


def test_other_tables_of_a_database_are_nobodys_business(server_log: tuple[Log, Any]) -> None:
    """A city may keep its own tables beside the log, and views that read it."""
    log, db = server_log
    before = codes(log)
    db.execute("CREATE TABLE visits (id bigint)")
    db.execute("CREATE VIEW decided AS SELECT at, key FROM record")
    assert codes(log) == before


def test_the_role_that_appends_can_verify_as_well(durable_server: Server, server_log: tuple[Log, Any]) -> None:
    """SELECT and INSERT on the five tables are enough to compare all of it; and a schema of another name is as good."""
    log, db = server_log
    name = f"writer_{new_id().replace('-', '')}"
    db.execute(f"CREATE ROLE {name} LOGIN".encode())
    log.store.grant(name)
    with closing(Log.open(durable_server.url(db.info.dbname, name))) as theirs:
        assert codes(theirs) == {"checkpoint_damaged"}
    db.execute(f'CREATE SCHEMA "A b"; ALTER ROLE tester IN DATABASE {db.info.dbname} SET search_path = "A b"'.encode())
    with closing(make(durable_server.url(db.info.dbname))) as elsewhere:
        elsewhere.append(draft())
        assert elsewhere.size == FIRST + 1
        assert not codes(elsewhere)


def test_a_retry_on_a_server_is_one_record_whatever_stands_beside_it(server_log: tuple[Log, Any]) -> None:
    """As in a file."""
    log, db = server_log
    asked = draft()
    first = log.append(asked)
    for statement in ("UPDATE record SET key = NULL", "UPDATE record SET key = at::text", "DROP INDEX record_key"):
        _unguarded(db, statement)
        assert log.append(asked) == first._replace(created=False)
        assert log.append(draft()).created
    rebuild(log)
    assert "key_altered" in codes(log)
    assert not codes(log) & {"schema_altered", "schema_missing"}


def test_strays_on_a_server_are_in_nobodys_way(durable_server: Server, server_log: tuple[Log, Any]) -> None:
    """As in a file."""
    db = server_log[1]
    db.execute("INSERT INTO log VALUES (8388607, 'example.city/planted')")
    db.execute("INSERT INTO record VALUES ((2::bigint << 40) + 5, 'x', 'x', NULL)")
    with closing(make(durable_server.url(db.info.dbname), "example.city/third")) as third:
        assert (third.number, third.size) == (3, FIRST)
    db.execute("INSERT INTO record VALUES ((2::bigint << 40) - 1, '{}', 'x', NULL)")
    with closing(Log.open(durable_server.url(db.info.dbname), ORIGIN)) as again:
        kept = again.append(draft())
        assert (kept.seq, again.size) == (LAST, LAST + 1)
        assert again.head().root == root_of_bytes(again)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE RULE calm AS ON INSERT TO record DO INSTEAD NOTHING",
        CALM,
    ],
)
def test_a_record_that_a_server_keeps_out_is_not_acknowledged(server_log: tuple[Log, Any], statement: str) -> None:
    """By the quick way and in turn."""
    log, db = server_log
    log.append(draft())
    size = log.size
    db.execute(statement.encode())
    for _ in range(2):
        with pytest.raises(StoreError, match=r"nothing is recorded: .*`record\.calm` that assign did not make"):
            log.append(draft())
    assert log.size == size


@pytest.mark.long
@pytest.mark.parametrize(
    "payload", ["{}", "[]", '{"kind":"decision"}', '{"kind":"gossip","origin":"o","seq":5}', "\\x00"]
)
def test_what_is_no_record_is_named_on_a_server(
    durable_server: Server, server_log: tuple[Log, Any], payload: str
) -> None:
    """As in a file: each reader says which, with 1, and `verify` and `replay` with 6."""
    log, db = server_log
    _unguarded(db, f"UPDATE record SET payload = '{payload}' WHERE at & 255 = {FIRST}")  # noqa: S608 - our own
    where = ["--audit", durable_server.url(db.info.dbname), "--origin", log.origin]
    for words in (["list"], ["show", str(FIRST)], ["stats"], ["export"], ["exceptions"], ["rebuild"]):
        told = cli("audit", *words, *where)
        assert (told.code, f"記録 {FIRST} を読めません" in told.err) == (1, True), words
    for word in ("verify", "replay"):
        told = cli("audit", word, *where)
        assert (told.code, f"番号 {FIRST}" in told.out) == (6, True)
