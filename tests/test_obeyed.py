"""What stands beside the records is obeyed where a record backs it; a log that is not whole is a finding; files are read one way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign.audit import rebuild, verify
from assign.audit.verifier import main as verifier
from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.keys import held_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store.interface import SHIFT
from assign.words import sha256

from .logs import EDITIONS, FIRST, ORIGIN, draft, make, sqlite_url
from .servers import Server
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import broken_into, cli


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log of two decisions, a checkpoint, and the log's key."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        with closing(Log.make(sqlite_url(folder / "audit.db"), ORIGIN, EDITIONS)) as log:
            for _ in range(2):
                log.append(draft())
            (folder / "note.txt").write_bytes(log.checkpoint(held_key(ORIGIN)).encode())
    return folder


@pytest.fixture
def path(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to be tampered with."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(kept))
    shutil.copyfile(kept / "audit.db", tmp_path / "audit.db")
    return tmp_path / "audit.db"


def audit(path: Path, command: str, *words: object) -> Any:
    return cli("audit", command, *words, "--audit", sqlite_url(path))


# -- rows that no record backs ---------------------------------------------------------------------------------------

PLANTED = [
    "INSERT INTO publication VALUES (1, 'key', 'example.city/test+00000000+AAAA', 999)",
    "INSERT INTO publication VALUES (1, 'key', 'nonsense', 0)",
    "INSERT INTO publication VALUES (1, 'key', x'ff', 5)",
    "INSERT INTO publication VALUES (1, CAST(x'ff' AS TEXT), 'x', 1)",
    "INSERT INTO publication VALUES (1, 'key', 'x', 'a word')",
    "DELETE FROM publication WHERE what = 'key'",
    "INSERT INTO log VALUES (2, 'example.city/two')",
    "INSERT INTO log VALUES (2, CAST(x'ff' AS TEXT))",
    "INSERT INTO log VALUES (0, x'ff')",
    "INSERT INTO log VALUES (9223372036854775807, 'example.city/last')",
    "INSERT INTO record VALUES (9223372036854775807, x'7b7d', x'00', NULL)",
    "INSERT INTO edition VALUES (CAST(x'ff' AS TEXT), x'00')",
]


@pytest.mark.long
@pytest.mark.parametrize("statement", PLANTED)
def test_a_row_that_no_record_backs_stops_nothing_and_is_named(path: Path, statement: str) -> None:
    """INSERT alone was enough to stop every checkpoint for good, or to make each command ask which log was meant."""
    with broken_into(path) as db:
        db.execute(statement)
    found = audit(path, "verify")
    assert found.code == 6
    assert "damaged" not in found.out
    for command in ("list", "key"):
        assert audit(path, command).code == 0
    assert audit(path, "checkpoint", "--to", path.with_name("new.txt")).code == 0
    with closing(Log.open(sqlite_url(path))) as log:
        assert log.append(draft()).seq == FIRST + 2
    assert audit(path, "rebuild").code == 0


def test_an_edition_that_a_planted_row_calls_published_may_not_be_cited_and_can_be_published(path: Path) -> None:
    """The table is derived; the record of that number says something else."""
    new = {**EDITIONS, "list": b"another list"}
    cited = draft()["editions"]
    with broken_into(path) as db:
        db.execute("INSERT INTO publication VALUES (1, 'list', ?, 1)", (sha256(new["list"]),))
    with closing(Log.open(sqlite_url(path))) as log:
        asked = draft(editions={**cited, "list": sha256(new["list"])})
        with pytest.raises(Exception, match="has not published"):
            log.append(asked)
        assert len(log.publish(new)) == 1
        assert log.append(asked).created


# -- a log that is not whole -----------------------------------------------------------------------------------------

BROKEN = [
    *(f"DROP TABLE {name}" for name in ("log", "record", "publication", "edition", "checkpoint")),
    "ALTER TABLE publication RENAME TO other; CREATE VIEW publication AS SELECT * FROM other",
    "ALTER TABLE log RENAME COLUMN origin TO name",
    "ALTER TABLE log RENAME COLUMN id TO name",
    "ALTER TABLE record RENAME COLUMN nodes TO hashes",
    "DELETE FROM log",
    "PRAGMA application_id = 5",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'garbage' WHERE name = 'record'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = NULL WHERE name = 'log'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'log'",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'edition') WHERE name = 'log'",
]


@pytest.mark.long
@pytest.mark.parametrize("statement", BROKEN)
def test_a_log_that_cannot_be_opened_for_what_was_done_to_it_is_a_finding(path: Path, statement: str) -> None:
    """Exit 6, as for whatever else is wrong; 1 is for a verifier that could not look. Nothing is begun anew in its place."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute("DROP TRIGGER log_no_delete")
        db.execute(statement)
    found = audit(path, "verify")
    assert (found.code, found.err) == (6, "")
    assert "SQLError" not in found.out
    told = audit(path, "verify", "--json", "--lang", "en")
    assert told.code == 6
    assert '"findings": [' in told.out
    if "RENAME COLUMN nodes" not in statement:
        again = cli("decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--record", "--audit", sqlite_url(path))
        assert (again.code, again.out) == (1, "")


def test_a_place_without_a_log_is_no_finding(tmp_path: Path) -> None:
    """A typing error is told as one."""
    assert audit(tmp_path / "none.db", "verify").code == 1
    with closing(apsw.Connection(str(tmp_path / "other.db"))) as db:
        db.execute("CREATE TABLE other (x)")
    assert audit(tmp_path / "other.db", "verify").code == 1


@pytest.mark.parametrize("statement", ["VACUUM", "ANALYZE", "REINDEX", "PRAGMA optimize", "PRAGMA user_version = 3"])
def test_what_an_administrator_does_to_any_database_is_no_finding(path: Path, statement: str) -> None:
    """`ANALYZE` leaves two tables of SQLite's own."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute(statement)
    assert audit(path, "verify").code == 0


def test_the_index_of_an_earlier_version_is_named_and_rebuilt(path: Path) -> None:
    """It was over the column `key`."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute("DROP INDEX record_key")
        db.execute("CREATE UNIQUE INDEX record_key ON record ((at >> 40), key) WHERE key IS NOT NULL")
    assert "record_key" in audit(path, "verify").out
    assert audit(path, "rebuild").code == 0
    assert audit(path, "verify").code == 0


def _rewritten(path: Path, seq: int, **other: object) -> None:
    """A record with other values, hashed anew."""
    with broken_into(path) as db:
        at = 1 << SHIFT | seq
        [(payload, nodes)] = db.execute("SELECT payload, nodes FROM record WHERE at = ?", (at,))
        payload = canonical({**read(payload), **other})
        nodes = merkle.leaf_hash(payload) + nodes[32:]
        db.execute("UPDATE record SET payload = ?, nodes = ? WHERE at = ?", (payload, nodes, at))


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59.999Z", "9999-12-31T15:00:00.000Z"])
def test_a_time_that_has_no_day_in_japan_is_no_record(path: Path, when: str) -> None:
    """Nine hours later there is no year: every reader ended as an internal error."""
    _rewritten(path, FIRST, recorded=when)
    for command in (("list",), ("show", FIRST), ("stats",), ("exceptions",), ("export", "--format", "csv")):
        said = audit(path, *command)
        assert (said.code, "recorded" in said.err) == (1, True)
    assert audit(path, "verify").code == 6


@pytest.mark.parametrize("name", ["empty", "unknown field", "hole"])
def test_a_copy_that_is_not_whole_is_not_restored(path: Path, name: str) -> None:
    """What is found is told, with exit 6, and nothing is made."""
    if name == "unknown field":
        _rewritten(path, FIRST, name="x")
    else:
        with broken_into(path) as db:
            db.execute(
                "DELETE FROM record WHERE (at & 255) = 4" if name == "hole" else "UPDATE record SET payload = x''"
            )
    target = path.with_name("new.db")
    said = cli("audit", "restore", path, "--audit", sqlite_url(target))
    assert (said.code, said.out) == (6, "")
    assert said.err
    assert not target.exists()


# -- files that an auditor holds -------------------------------------------------------------------------------------

SPOILT = {
    "as it was": lambda note: note,
    "BOM": lambda note: b"\xef\xbb\xbf" + note,
    "CRLF": lambda note: note.replace(b"\n", b"\r\n"),
    "no last line feed": lambda note: note[:-1],
    "one line feed more": lambda note: note + b"\n",
}


@pytest.mark.parametrize("how", SPOILT)
def test_both_verifiers_take_the_same_checkpoint_files(
    kept: Path, path: Path, how: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """One mended what an editor had done to the file, the other refused it: C2SP's rule is one of bytes."""
    note, proof = path.with_name("note.txt"), path.with_name("proof.json")
    assert audit(path, "prove", 1, "--to", proof, "--checkpoint", kept / "note.txt").code == 0
    note.write_bytes(SPOILT[how]((kept / "note.txt").read_bytes()))
    said = audit(path, "verify", "--against", note)
    theirs = verifier([str(proof), "--checkpoint", str(note)])
    assert (said.code == 0) is (theirs == 0) is (how == "as it was")
    if how in ("BOM", "CRLF"):
        assert how in said.err
    told = capsysbinary.readouterr().err.decode()
    assert "CR" in told or how != "CRLF"


# -- what a person types ---------------------------------------------------------------------------------------------


def test_audit_help_is_the_help_of_audit() -> None:
    """`assign help audit verify` and `assign audit help verify` are one."""
    assert cli("audit", "help").out == cli("audit", "--help").out == cli("help", "audit").out
    assert cli("audit", "help", "verify").out == cli("help", "audit", "verify").out
    wrong = cli("audit", "help", "verfy")
    assert (wrong.code, "verify" in wrong.err) == (2, True)


def test_days_that_end_before_they_begin_are_refused(path: Path) -> None:
    """An empty list would say that nothing was recorded."""
    for command in ("list", "show", "stats", "exceptions", "export"):
        said = audit(path, command, "--from", "令和8年11月26日", "--to", "2026-11-25")
        assert (said.code, said.out) == (2, "")
        assert "2026-11-26" in said.err
    assert audit(path, "list", "--from", "R8.11.25", "--to", "2026/11/25").code == 0


@pytest.mark.long
def test_quiet_is_the_answer_alone_in_audit_too(path: Path) -> None:
    """It was taken, and nothing came of it."""
    new, copy = path.with_name("new.txt"), path.with_name("copy.db")
    for words in (("checkpoint", "--to", new), ("backup", copy), ("rebuild",), ("publish",)):
        if words[0] != "publish":
            assert audit(path, *words, "-q").out == ""
    assert new.exists()
    assert copy.exists()
    assert len(audit(path, "list", "-q").out.splitlines()) + 1 == len(audit(path, "list").out.splitlines())
    assert audit(path, "key", "-q").out.count("\n") == 1
    assert "（" not in audit(path, "key", "-q").out
    assert audit(path, "exceptions", "--kind", "log", "-q").out == ""


@pytest.mark.parametrize(
    "words", [("audit", "verifier"), ("tasks",), ("audit", "export", "--audit", "sqlite:///another.db")]
)
def test_a_log_and_a_key_that_nobody_named_are_not_written_over(
    kept: Path, path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """The command that needs no log wrote the verifier over one: what a file is can be seen in it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path.parent))  # whose keys are elsewhere
    linked, key = path.with_name("linked.db"), next(kept.rglob("*.key"))
    linked.hardlink_to(path)
    for target in (path, linked, Path(f"{path}-wal"), Path(f"{path}-shm"), key):
        before = target.read_bytes() if target.exists() else None
        said = cli(*words, "--out", target)
        assert (said.code, said.out) == (2, "")
        assert (target.read_bytes() if target.exists() else None) == before


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template(durable_server: Server) -> str:
    """A database with such a log."""
    name = f"obeyed_{new_id().replace('-', '')}"
    durable_server.database(name)
    with closing(make(durable_server.url(name))) as log:
        log.append(draft())
    return name


@pytest.fixture
def database(durable_server: Server, template: str) -> Iterator[tuple[str, Any]]:
    """A copy of it, and an administrator's connection, whom no trigger stops."""
    name = f"obeyed_{new_id().replace('-', '')}"
    with closing(durable_server.connect("postgres")) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    with closing(durable_server.connect(name)) as db:
        db.execute("SET session_replication_role = 'replica'")
        yield name, db


@pytest.mark.long
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DROP TABLE publication", 6),
        ("ALTER TABLE edition RENAME TO other; CREATE VIEW edition AS SELECT * FROM other", 6),
        ("ALTER TABLE log RENAME origin TO name", 6),
        ("ALTER TABLE log ALTER id TYPE text", 6),
        ("DELETE FROM log", 6),
        ("INSERT INTO log VALUES (2, 'example.city/two')", 6),
        ("INSERT INTO publication VALUES (1, 'key', 'nonsense', 999)", 6),
        ("ALTER TABLE record SET (fillfactor = 50, autovacuum_enabled = false)", 0),
        ("ALTER DATABASE {} SET bytea_output = escape", 0),
        ("ALTER DATABASE {} SET quote_all_identifiers = on", 0),
        ("ALTER DATABASE {} SET standard_conforming_strings = off", 0),
        ("ALTER DATABASE {} SET default_transaction_read_only = on", 0),
        ("ANALYZE", 0),
        ("COMMENT ON TABLE record IS 'ours'", 0),
        ("CREATE PUBLICATION p FOR TABLE record", 0),
    ],
)
def test_a_server_s_log_is_named_for_what_matters_alone(
    durable_server: Server, database: tuple[str, Any], statement: str, code: int
) -> None:
    """A schema that was altered ended as an error of ours; settings of the server were taken for an altered index."""
    name, db = database
    db.execute(statement.format(name).encode())
    said = cli("audit", "verify", "--audit", durable_server.url(name))
    assert (said.code, said.err) == (code, "")
    if statement.startswith("INSERT"):
        with closing(Log.open(durable_server.url(name))) as log:
            assert log.keys()
            assert log.append(draft()).seq == FIRST + 1
            rebuild(log)
            assert {each.code for each in verify(log).findings} <= {"stray", "publications"}
