"""The auditor's door: `verify` and every reader see the same rows of the same tables, at one moment, and write nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from assign.audit import records, verify
from assign.audit.door import opened, reading
from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.keys import held_key
from assign.log.log import Log
from assign.log.record import new_id
from assign.log.store.interface import SHIFT, StoreDamaged
from assign.log.store.schema import NAMES
from assign.log.store.sqlite_schema import make_triggers
from assign.words import sha256

from .logs import EDITIONS, FIRST, ORIGIN, draft, make, sqlite_url
from .servers import Server
from .trail import broken_into, cli

SIZE: Final = FIRST + 3
READERS: Final = (["list"], ["stats"], ["exceptions"], ["export"], ["show", str(FIRST)])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log of three decisions, its key, and a checkpoint."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        with closing(Log.make(sqlite_url(folder / "audit.db"), ORIGIN, EDITIONS)) as log:
            for _ in range(3):
                log.append(draft())
            (folder / "note.txt").write_text(log.checkpoint(held_key(ORIGIN)), "utf-8")
    return folder


@pytest.fixture
def path(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the log, to be tampered with."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(kept))
    shutil.copyfile(kept / "audit.db", tmp_path / "audit.db")
    return tmp_path / "audit.db"


def told(path: Path, *words: object) -> tuple[int, str]:
    """How a command ends, and all that it says."""
    said = cli("audit", *words, "--audit", sqlite_url(path), "--origin", ORIGIN)
    return said.code, said.out + said.err


def rootpage(db: Any, name: str) -> int:
    return int(db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).get)


def stale_index(db: Any) -> None:
    """An index of everything, over the rows as they were; the table is changed behind its back."""
    db.execute("CREATE INDEX shadow ON record (at, payload, nodes, key)")
    row = db.execute("SELECT * FROM sqlite_schema WHERE name = 'shadow'").fetchone()
    db.execute(
        "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'shadow'; PRAGMA writable_schema=RESET"
    )
    db.execute("UPDATE record SET payload = CAST(replace(payload, 'city_staff', 'contractor') AS BLOB)")
    db.execute("PRAGMA writable_schema=ON")
    db.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    db.execute("PRAGMA writable_schema=RESET")


def second_catalogue_row(db: Any) -> None:
    """Two tables of one name; which of them is meant depends on who reads the catalogue how."""
    db.execute("CREATE TABLE other (at INTEGER PRIMARY KEY, payload BLOB NOT NULL, nodes BLOB NOT NULL, key TEXT)")
    page = rootpage(db, "other")
    db.execute("PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'other'")
    row = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name = 'record'").fetchone()
    db.execute("INSERT INTO sqlite_schema (type, name, tbl_name, sql, rootpage) VALUES (?, ?, ?, ?, ?)", (*row, page))
    db.execute("PRAGMA writable_schema=RESET")


def another_root(db: Any) -> None:
    """The table's name leads to an empty tree; its catalogue reads as before."""
    db.execute("CREATE TABLE other (at INTEGER PRIMARY KEY, payload BLOB NOT NULL, nodes BLOB NOT NULL, key TEXT)")
    page = rootpage(db, "other")
    db.execute("PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'other'")
    db.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = 'record' AND type = 'table'", (page,))
    db.execute("PRAGMA writable_schema=RESET")


def view(db: Any) -> None:
    """A view in place of the table of editions."""
    db.execute("ALTER TABLE edition RENAME TO texts; CREATE VIEW edition AS SELECT * FROM texts")


def all_gone(db: Any) -> None:
    """The records are deleted, the log is there."""
    db.execute("DELETE FROM record")


def numbered_otherwise(db: Any) -> None:
    """The log's name leads to another number, which has no records."""
    db.execute("UPDATE log SET id = 2")


def swapped(db: Any) -> None:
    """Two names lead to each other's numbers."""
    db.execute("INSERT INTO log VALUES (2, 'example.city/other')")
    db.execute("INSERT INTO record SELECT at + (1 << 40), payload, nodes, NULL FROM record WHERE at & 255 < 2")
    db.execute(
        "UPDATE log SET id = 3 WHERE id = 1; UPDATE log SET id = 1 WHERE id = 2; UPDATE log SET id = 2 WHERE id = 3"
    )


def far(db: Any) -> None:
    """A record at the last number that a log can have."""
    db.execute("INSERT INTO record SELECT (2 << 40) - 1, payload, nodes, NULL FROM record WHERE at & 255 = 1")


def below(db: Any) -> None:
    """A record below number 0."""
    db.execute("INSERT INTO record SELECT -at, payload, nodes, NULL FROM record WHERE at & 255 = 5")


TAMPERED: Final = {
    stale_index: {"schema_foreign", "damaged"},
    second_catalogue_row: {"log_damaged"},
    another_root: {"damaged", "empty"},
    view: {"log_damaged"},
    all_gone: {"empty", "tail_deleted"},
    numbered_otherwise: {"empty", "stray"},
    swapped: {"tail_deleted"},
    far: {"deleted"},
    below: {"stray"},
}


@pytest.mark.long
@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda each: each.__name__)
def test_what_leads_a_reader_astray_is_named_by_verify(path: Path, kept: Path, tamper: Any) -> None:
    """With the checkpoint and without; and no record is shown as sound that `verify` has not hashed."""
    from json import loads

    with closing(apsw.Connection(str(path))) as db:
        for name in NAMES:
            for verb in ("update", "delete"):
                db.execute(f"DROP TRIGGER {name}_no_{verb}")
        tamper(db)
        with suppress(apsw.Error):
            make_triggers(db)
    for more in ([], ["--against", kept / "note.txt"]):
        code, text = told(path, "verify", "--json", *more)
        assert code == 6
        found = loads(text)
        assert not found["ok"]
        if more:
            assert {each["code"] for each in found["findings"]} >= TAMPERED[tamper]
    shown = [told(path, *words) for words in READERS]
    if tamper is stale_index:
        assert all(
            "contractor" in text or "受託者" in text or code for code, text in shown
        )  # the table's, as `verify` hashed
    if tamper not in (swapped, below):  # a shorter log, which a checkpoint from outside alone can show; a row of no log
        assert all(code for code, _ in shown)


def test_the_control_is_sound(path: Path, kept: Path) -> None:
    """Nothing is named in a log that nobody touched, and the number that was hashed is said."""
    code, text = told(path, "verify", "--against", kept / "note.txt")
    assert code == 0
    assert f"{SIZE} 件中 {SIZE} 件" in text
    assert [told(path, *words)[0] for words in READERS] == [0] * len(READERS)


def test_rows_out_of_order_are_damage(path: Path, kept: Path) -> None:
    """Two cells of the table's leaf change places: who looks for a number finds another row than who reads them all."""
    data = bytearray(path.read_bytes())
    with closing(apsw.Connection(str(path))) as db:
        page = rootpage(db, "record")
        size = int(db.pragma("page_size"))
    for at in range(0, len(data), size):
        if data[at] == 13 and int.from_bytes(data[at + 3 : at + 5]) > 2 and at != (page - 1) * size:
            break
    else:
        at = (page - 1) * size
    cells = at + 8
    data[cells : cells + 2], data[cells + 2 : cells + 4] = data[cells + 2 : cells + 4], data[cells : cells + 2]
    path.write_bytes(data)
    with opened(sqlite_url(path)) as log:
        assert {each.code for each in log.unsound()} == {"damaged"}
    assert told(path, "verify", "--against", kept / "note.txt")[0] == 6


@pytest.mark.parametrize("open_still", [False, True])
def test_nothing_is_written(path: Path, kept: Path, open_still: bool) -> None:
    """The file, what waits in its `-wal`, and the folder: as they were, by bytes and by name."""
    with closing(Log.open(sqlite_url(path))) as log:
        log.append(draft())
        if open_still:
            for name in ("audit.db", "audit.db-wal"):
                shutil.copyfile(path.with_name(name), path.with_name(f"left-{name}"))
    name = "left-audit.db" if open_still else "audit.db"
    here = path.with_name(name)
    before = {each.name: sha256(each.read_bytes()) for each in path.parent.iterdir() if not each.name.endswith("-shm")}
    for words in (*READERS, ["verify", "--against", kept / "note.txt"], ["replay"]):
        told(here, *words)
    after = {each.name: sha256(each.read_bytes()) for each in path.parent.iterdir() if not each.name.endswith("-shm")}
    assert after == before
    with opened(sqlite_url(here)) as snapshot:
        assert snapshot.size == SIZE + 1


def test_a_journal_beside_the_log_is_evidence_and_not_played_back(path: Path) -> None:
    """SQLite would write its pages into the file."""
    journal = path.with_name("audit.db-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    before = path.read_bytes()
    assert told(path, "verify")[0] == 6
    assert all(told(path, *words)[0] == 1 for words in READERS)
    assert path.read_bytes() == before
    assert journal.exists()


def test_a_command_sees_one_moment(path: Path) -> None:
    """Records that are added while it reads are not half of what it says."""
    with closing(Log.open(sqlite_url(path))) as log, reading(log) as snapshot:
        seen = records(snapshot)
        first = next(seen)
        log.append(draft())
        assert [first["seq"], *(each["seq"] for each in seen)] == list(range(SIZE))
        assert (snapshot.size, snapshot.count()) == (SIZE, SIZE)
        assert verify(snapshot).hashed == SIZE
        assert verify(log).hashed == log.size == SIZE + 1


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(durable_server: Server) -> Iterator[tuple[Log, Any, Server]]:
    """A log on a server, and its administrator."""
    name = f"door_{new_id().replace('-', '')}"
    durable_server.database(name)
    with closing(make(durable_server.url(name))) as log:
        for _ in range(3):
            log.append(draft())
        with closing(durable_server.connect(name)) as db:
            yield log, db, durable_server


@pytest.mark.long
def test_an_earlier_schema_changes_nothing_and_is_named(served: tuple[Log, Any, Server]) -> None:
    """Tables of our names, and functions of the system's, in a schema that is searched first."""
    log, db, _ = served
    before = [each["seq"] for each in records(log)]
    assert not verify(log).findings
    db.execute("CREATE SCHEMA early; CREATE VIEW early.record AS SELECT * FROM public.record WHERE at & 255 < 2")
    db.execute("CREATE FUNCTION early.encode(bytea, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$")
    db.execute(
        "CREATE FUNCTION early.current_schemas(boolean) RETURNS name[] LANGUAGE sql AS $$ SELECT '{public}'::name[] $$"
    )
    db.execute(f"ALTER DATABASE {db.info.dbname} SET search_path = early, public, pg_catalog".encode())
    assert [each["seq"] for each in records(log)] == before
    found = verify(log)
    assert (found.hashed, found.size) == (SIZE, SIZE)
    assert {each.code for each in found.findings} == {"schema_foreign"}
    assert any("early" in each.text.en for each in found.findings)


@pytest.mark.long
def test_an_index_that_leaves_a_row_out_is_named(served: tuple[Log, Any, Server]) -> None:
    """A superuser can have a row in the table that its index does not know."""
    log, db, _ = served
    row = db.execute("SELECT payload, nodes FROM record WHERE at = %s", (1 << SHIFT | SIZE - 1,)).fetchone()
    record = read(bytes(row[0]))
    forged = canonical({**record, "seq": SIZE, "key": new_id(), "case": new_id()})
    nodes = merkle.Frontier()
    for each in log.rows():
        nodes.append(merkle.leaf_hash(each.payload))
    at = 1 << SHIFT | SIZE
    db.execute("UPDATE pg_index SET indisready = false WHERE indexrelid = 'record_pkey'::regclass")
    insert = "INSERT INTO record VALUES (%s, %s, %s, %s)"
    db.execute(insert, (at, forged, nodes.append(merkle.leaf_hash(forged)), read(forged)["key"]))
    db.execute("UPDATE pg_index SET indisready = true WHERE indexrelid = 'record_pkey'::regclass")
    codes = {each.code for each in verify(log).findings}
    assert codes >= {"damaged", "not_all_read"}


@pytest.mark.long
def test_rows_that_a_policy_hides_are_an_error(served: tuple[Log, Any, Server]) -> None:
    """Fewer rows would read as a shorter log."""
    _, db, server = served
    role = f"reader_{new_id().replace('-', '')}"
    db.execute(
        f"CREATE ROLE {role} LOGIN; GRANT SELECT ON log, record, publication, edition, checkpoint TO {role}".encode()
    )
    url = server.url(db.info.dbname, role)
    with opened(url) as snapshot:
        assert snapshot.size == SIZE
    db.execute("ALTER TABLE record ENABLE ROW LEVEL SECURITY")
    db.execute("CREATE POLICY first ON record FOR SELECT USING (at & 255 < 3)")
    assert cli("audit", "list", "--audit", url).code == 1
    assert cli("audit", "verify", "--audit", url).code == 6
    assert cli("audit", "verify", "--audit", server.url(db.info.dbname)).code == 6
    assert (
        cli("audit", "list", "--audit", server.url(db.info.dbname)).code == 1
    )  # an administrator sees all, and the policy is named


def test_rows_come_in_order_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a database answers: a row twice, one of another log, one before the last."""
    with opened(sqlite_url(path)) as log:
        page = log._database.page
        for places in ((0, 0), (1, 0), (0, -1), (0, 1 << SHIFT)):
            rows = [(1 << SHIFT | 0) + each for each in places]
            monkeypatch.setattr(log._database, "page", lambda *_, rows=rows: [(at, b"", b"", None) for at in rows])
            with pytest.raises(StoreDamaged):
                list(log.rows())
        monkeypatch.setattr(log._database, "page", page)
        assert [each.seq for each in log.rows()] == list(range(SIZE))


def test_triggers_of_ours_are_made_again(path: Path) -> None:
    """The control of `broken_into`: a log whose triggers were dropped and made again is as it was."""
    with broken_into(path) as db:
        make_triggers(db)
    assert told(path, "verify")[0] == 0


# -- readers hold a record against the tree ---------------------------------------------------------------------------


def _edited(db: Any, seq: int, *, leaf: bool) -> None:
    where = (1 << SHIFT | seq,)
    data, nodes = db.execute("SELECT payload, nodes FROM record WHERE at = ?", where).fetchone()
    new = bytes(data).replace(b"city_staff", b"contractor")
    nodes = merkle.leaf_hash(new) + bytes(nodes)[32:] if leaf else bytes(nodes)
    db.execute("UPDATE record SET payload = ?, nodes = ? WHERE at = ?", (new, nodes, *where))


@pytest.mark.long
@pytest.mark.parametrize("leaf", [False, True])
@pytest.mark.parametrize("seq", [FIRST, FIRST + 1])
def test_an_edited_record_is_not_shown_as_sound(path: Path, seq: int, leaf: bool) -> None:
    """Its bytes do not fit its hash, or its hash does not fit the tree's: each reader says so, without a checkpoint."""
    with broken_into(path) as db:
        _edited(db, seq, leaf=leaf)
    for words in (["list"], ["stats"], ["exceptions"], ["export"], ["export", "--format", "html"], ["show", str(seq)]):
        code, text = told(path, *words)
        assert code == 1, words
        assert "を読めません" in text
    assert told(path, "replay")[0] == 6
    if not leaf:
        assert f"記録 {seq} を読めません: 本文とハッシュが合いません" in told(path, "list")[1]
        assert '"assignee":"contractor"' not in told(path, "export")[1]
    for other in range(seq + 1, SIZE):  # those before it might be corrected by it
        if not leaf:  # else whatever stands under the same subtree is in doubt
            assert told(path, "show", other)[0] == 0


@pytest.mark.long
def test_what_stands_behind_a_gap_is_named_and_shown_as_no_record(path: Path) -> None:
    """A well-formed record far behind the end, which INSERT alone can put there; and an empty log is no sound one."""
    with broken_into(path) as db:
        data = bytes(db.execute("SELECT payload FROM record WHERE at = ?", (1 << SHIFT | FIRST,)).get)
        stray = canonical({**read(data), "seq": SIZE + 5, "key": None})
        db.execute("INSERT INTO record VALUES (?, ?, ?, NULL)", (1 << SHIFT | SIZE + 5, stray, merkle.leaf_hash(stray)))
    for words in (["list"], ["export"], ["exceptions"], ["show", str(SIZE + 5)]):
        code, text = told(path, *words)
        assert code == 1
        assert f"記録 {SIZE + 5} を読めません" in text
    [line] = [each for each in told(path, "export")[1].splitlines() if f'"seq":{SIZE + 5}' in each]
    assert line.startswith('{"kind":"behind_a_gap"'), "apart, and in no record's form"
    with opened(sqlite_url(path)) as log:
        assert (log.length, log.size) == (SIZE, SIZE + 6)
    assert f"0 から {SIZE - 1} まで" in told(path, "show", SIZE + 1)[1]
    assert told(path, "show", FIRST)[0] == 1  # a later record might correct it, and one cannot be read
    with broken_into(path) as db:
        db.execute("DELETE FROM record")
    for words in (["list"], ["stats"], ["exceptions"], ["export"], ["export", "--format", "csv"]):
        assert told(path, *words)[0] == 1, words
    assert told(path, "replay")[0] == 6


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET payload = CAST(payload AS TEXT) WHERE at & 255 = 5",
        "UPDATE record SET nodes = hex(nodes) WHERE at & 255 = 5",
        "UPDATE record SET key = CAST(key AS BLOB) WHERE at & 255 = 5",
        "UPDATE edition SET data = CAST(data AS TEXT)",
        "UPDATE checkpoint SET note = CAST(note AS BLOB)",
    ],
)
def test_a_cell_of_another_type_is_named(path: Path, statement: str) -> None:
    """The same bytes in another storage class: another program reads them otherwise."""
    with broken_into(path) as db:
        db.execute(statement)
    with opened(sqlite_url(path)) as log:
        assert "column_type" in {each.code for each in verify(log).findings}


def test_a_log_that_is_gone_fails_the_checkpoint_that_was_kept(path: Path, kept: Path) -> None:
    """Renamed in the table of logs: 6 in any case. Emptied or gone: 6 for whoever has a checkpoint, else 1 as of any place without one."""
    note = kept / "note.txt"
    with broken_into(path) as db:
        db.execute("UPDATE log SET origin = 'example.city/another'")
    assert told(path, "verify")[0] == told(path, "verify", "--against", note)[0] == 6
    path.write_bytes(b"")
    assert told(path, "verify", "--against", note)[0] == 6
    path.unlink()
    assert told(path, "verify", "--against", note)[0] == 6
    assert told(path, "verify")[0] == 1
