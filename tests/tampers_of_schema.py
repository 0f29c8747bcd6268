"""Kinds of tampering with what a database is made of, with the files of a log, and with what was written lawfully."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apsw

from assign.log.canonical import canonical
from assign.log.checkpoint import Checkpoint, sign
from assign.log.keys import SecretKey, held_key, new_key, secret_key
from assign.log.log import Log
from assign.words import JAPAN

from .databases import ruled
from .tampered import BATCH, SHIFT, SIZE, WRITER, Hand, root_of
from .tampers import tamper
from .trail import ORIGIN

# -- the schema of SQLite ---------------------------------------------------------------------------------------------


def _schema(on: str, name: str, ja: str, en: str, statement: str, **how: Any) -> None:
    def do(hand: Hand) -> None:
        for each in statement.split(";;"):
            hand.db.execute(each if hand.lite else each.encode())

    do.__name__ = name
    tamper("schema", ja, en, on, **how)(do)


_AFTER: Final = "CREATE TRIGGER calm AFTER INSERT ON record BEGIN {}; END"
_GROWS: Final = "DROP TRIGGER record_no_update;; DROP TRIGGER record_no_delete;; "
_schema("sqlite", "trigger_that_ignores", "挿入を捨てるトリガー", "a trigger that drops an insert in silence", "CREATE TRIGGER calm BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END")  # fmt: skip
_schema("sqlite", "trigger_that_changes", "書いた後で変えるトリガー", "a trigger that changes what was written", _GROWS + _AFTER.format("UPDATE record SET payload = replace(payload, 'city_staff', 'contractor') WHERE at = NEW.at"))  # fmt: skip
_schema("sqlite", "trigger_that_deletes", "書いた後で消すトリガー", "a trigger that deletes what was written", _GROWS + _AFTER.format("DELETE FROM record WHERE at = NEW.at"))  # fmt: skip
_schema("sqlite", "trigger_that_deletes_another", "書くたびに前の記録を消すトリガー", "a trigger that deletes an earlier record", _GROWS + _AFTER.format("DELETE FROM record WHERE at = NEW.at - 1"))  # fmt: skip
_schema("sqlite", "trigger_on_checkpoints", "チェックポイントを捨てるトリガー", "a trigger that drops checkpoints", "CREATE TRIGGER calm BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(IGNORE); END")  # fmt: skip
_schema(
    "sqlite",
    "trigger_of_ours_dropped",
    "追記だけにするトリガーを外す",
    "a trigger of ours dropped",
    "DROP TRIGGER record_no_delete",
)
_schema("sqlite", "trigger_of_ours_hollowed", "追記だけにするトリガーの中身を抜く", "a trigger of ours that does nothing", "DROP TRIGGER record_no_delete;; CREATE TRIGGER record_no_delete BEFORE DELETE ON record BEGIN SELECT 1; END")  # fmt: skip
_HIDDEN: Final = f"SELECT at, CASE at WHEN {1 << SHIFT | 6} THEN CAST(replace(payload, 'city_staff', 'contractor') AS BLOB) ELSE payload END payload, nodes, key FROM kept"  # fmt: skip
_schema("sqlite", "view_for_the_records", "記録の表の代わりのビュー", "a view in place of the table of records", f"ALTER TABLE record RENAME TO kept;; CREATE VIEW record AS {_HIDDEN}", bad=6)  # fmt: skip
_schema("sqlite", "view_for_the_publications", "公示の表の代わりのビュー", "a view in place of the table of publications", "ALTER TABLE publication RENAME TO kept;; CREATE VIEW publication AS SELECT * FROM kept WHERE what <> 'rulings'")  # fmt: skip
_schema(
    "sqlite",
    "foreign_view",
    "assign の作っていないビュー",
    "a view that assign did not make",
    "CREATE VIEW records AS SELECT * FROM record",
)
_schema(
    "sqlite",
    "foreign_table",
    "assign の作っていない表",
    "a table that assign did not make",
    "CREATE TABLE people (name)",
)
_schema("sqlite", "covering_index", "記録の本文を持つ別の索引", "another index that holds the records' bytes", "CREATE INDEX shadow ON record (at, payload, nodes, key)")  # fmt: skip
_schema(
    "sqlite",
    "index_dropped",
    "再送を見分ける索引を外す",
    "the index of idempotency keys dropped",
    "DROP INDEX record_key",
)
_schema("sqlite", "index_of_something_else", "索引の式を変える", "the index made over something else", "DROP INDEX record_key;; CREATE UNIQUE INDEX record_key ON record (at) WHERE key > 'z'")  # fmt: skip
_schema("sqlite", "column_added", "列を足す", "a column added", "ALTER TABLE record ADD COLUMN name TEXT")
_schema(
    "sqlite",
    "column_renamed",
    "列の名前を変える",
    "a column renamed",
    "ALTER TABLE checkpoint RENAME COLUMN note TO text",
)
_schema("sqlite", "statistics_planted", "索引の統計の表に嘘を書く", "lies in the planner's statistics", "ANALYZE;; UPDATE sqlite_stat1 SET stat = '1 1 1'", alone=False, lawful="no answer depends on the planner's statistics")  # fmt: skip
_schema("sqlite", "two_tables_renamed", "記録の表を、書き換えた写しに取り替える", "the table of records replaced by an altered copy", f"ALTER TABLE record RENAME TO kept;; CREATE TABLE record (at INTEGER PRIMARY KEY, payload BLOB NOT NULL, nodes BLOB NOT NULL, key TEXT);; INSERT INTO record {_HIDDEN}", bad=6)  # fmt: skip


@tamper(
    "schema",
    "記録の表の定義を、こっそり書き換える",
    "the definition of the table of records changed in the catalogue",
    "sqlite",
)
def definition_rewritten(hand: Hand) -> None:
    hand.db.execute("PRAGMA writable_schema=ON")
    hand.sql(
        "UPDATE sqlite_schema SET sql = replace(sql, 'payload BLOB NOT NULL', 'payload BLOB') WHERE name = 'record'"
    )
    hand.db.execute("PRAGMA writable_schema=OFF")


@tamper(
    "schema",
    "目録に、二つ目の record の表を書く",
    "a second table `record` in the database's catalogue",
    "sqlite",
    bad=6,
)
def second_row_in_the_catalogue(hand: Hand) -> None:
    hand.db.execute("CREATE TABLE kept (at INTEGER PRIMARY KEY, payload BLOB NOT NULL, nodes BLOB NOT NULL, key TEXT)")
    hand.db.execute("INSERT INTO kept SELECT * FROM record")
    hand.sql(
        "UPDATE kept SET payload = CAST(replace(payload, 'city_staff', 'contractor') AS BLOB) WHERE at = ?",
        1 << SHIFT | 6,
    )
    hand.db.execute("PRAGMA writable_schema=ON")
    hand.db.execute(
        "UPDATE sqlite_schema SET name = 'record', tbl_name = 'record', sql = (SELECT sql FROM sqlite_schema WHERE name = 'record') WHERE name = 'kept'"
    )
    hand.db.execute("PRAGMA writable_schema=OFF")


@tamper(
    "schema", "索引の中身を、空の表の索引に取り替える", "the index of keys replaced by that of an empty table", "sqlite"
)
def shadow_index(hand: Hand) -> None:
    hand.db.execute("CREATE TABLE empty (at INTEGER PRIMARY KEY, payload BLOB NOT NULL, nodes BLOB NOT NULL, key TEXT)")
    [(sql,)] = hand.db.execute("SELECT sql FROM sqlite_schema WHERE name = 'record_key'")
    hand.db.execute(sql.replace("record_key ON record", "no_key ON empty"))
    hand.db.execute("PRAGMA writable_schema=ON")
    hand.db.execute(
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'no_key') WHERE name = 'record_key'"
    )
    hand.db.execute("DELETE FROM sqlite_schema WHERE name IN ('empty', 'no_key')")
    hand.db.execute("PRAGMA writable_schema=OFF")


# -- the schema of PostgreSQL -----------------------------------------------------------------------------------------

_RETURNS: Final = "CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS $$ BEGIN {} END $$"  # fmt: skip
_NEWLY: Final = "CREATE TRIGGER calm {} INSERT ON record FOR EACH ROW EXECUTE FUNCTION calm()"
_schema("postgresql", "rule_instead_nothing", "挿入を捨てるルール", "a rule DO INSTEAD NOTHING", "CREATE RULE calm AS ON INSERT TO record DO INSTEAD NOTHING")  # fmt: skip
_schema("postgresql", "before_trigger_null", "挿入を捨てるトリガー", "a trigger that returns NULL", f"{_RETURNS.format('RETURN NULL;')};; {_NEWLY.format('BEFORE')}")  # fmt: skip
_schema("postgresql", "before_trigger_changes", "書く前に変えるトリガー", "a trigger that changes what is written", f"{_RETURNS.format('NEW.nodes := NEW.nodes || NEW.nodes; RETURN NEW;')};; {_NEWLY.format('BEFORE')}")  # fmt: skip
_DELETES: Final = "DELETE FROM record WHERE at = NEW.at; RETURN NULL;"
_schema("postgresql", "after_trigger_deletes", "書いた後で消すトリガー", "a trigger that deletes what was written", f"{_RETURNS.format(_DELETES)};; {_NEWLY.format('AFTER')}")  # fmt: skip
_schema("postgresql", "deferred_trigger_deletes", "確定の時に消す制約トリガー", "a deferred constraint trigger that deletes at the commit", f"{_RETURNS.format(_DELETES)};; CREATE CONSTRAINT TRIGGER calm AFTER INSERT ON record DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION calm()")  # fmt: skip
_schema("postgresql", "policy_that_hides", "行を隠す行ポリシー", "a row policy that hides a record", f"CREATE POLICY hidden ON record USING (at <> {1 << SHIFT | 6}) WITH CHECK (true);; ALTER TABLE record ENABLE ROW LEVEL SECURITY", bad=6)  # fmt: skip
_schema("postgresql", "child_table", "継承で行を足す子の表", "a child table whose rows are read with ours", f"CREATE TABLE child () INHERITS (record);; INSERT INTO child SELECT {(1 << SHIFT | SIZE)}, payload, nodes, NULL FROM record WHERE at = {1 << SHIFT | 6};; GRANT SELECT ON child TO {WRITER}", bad=SIZE)  # fmt: skip
_EARLIER: Final = f"CREATE SCHEMA {WRITER};; GRANT USAGE ON SCHEMA {WRITER} TO {WRITER};; "
_schema("postgresql", "earlier_schema", "先に探されるスキーマに、書き換えた写し", "an altered copy in a schema that is searched first", f"{_EARLIER}CREATE TABLE {WRITER}.record AS SELECT at, CASE at WHEN {1 << SHIFT | 6} THEN convert_to(replace(convert_from(payload, 'utf8'), 'city_staff', 'contractor'), 'utf8') ELSE payload END payload, nodes, key FROM public.record;; GRANT SELECT, INSERT ON {WRITER}.record TO {WRITER}", bad=6)  # fmt: skip
_schema("postgresql", "earlier_schema_checkpoints", "先に探されるスキーマに、チェックポイントの表", "a table of checkpoints in a schema that is searched first", f"{_EARLIER}CREATE TABLE {WRITER}.checkpoint AS SELECT * FROM public.checkpoint WHERE false;; GRANT SELECT, INSERT ON {WRITER}.checkpoint TO {WRITER}")  # fmt: skip
_schema("postgresql", "view_for_records", "記録の表の代わりのビュー", "a view in place of the table of records", f"ALTER TABLE record RENAME TO kept;; CREATE VIEW record AS SELECT * FROM kept WHERE at <> {1 << SHIFT | 6};; GRANT SELECT, INSERT ON record TO {WRITER}", bad=6)  # fmt: skip
_schema(
    "postgresql",
    "only_grows_disabled",
    "追記だけにするトリガーを止める",
    "a trigger of ours disabled",
    "ALTER TABLE record DISABLE TRIGGER record_only_grows",
)
_schema(
    "postgresql",
    "only_grows_dropped",
    "追記だけにするトリガーを外す",
    "a trigger of ours dropped",
    "DROP TRIGGER record_only_grows ON record",
)
_schema("postgresql", "function_hollowed", "追記だけにする関数の中身を抜く", "the body of our function changed", "CREATE OR REPLACE FUNCTION assign_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")  # fmt: skip
_schema(
    "postgresql",
    "key_index_dropped",
    "再送を見分ける索引を外す",
    "the index of idempotency keys dropped",
    "DROP INDEX record_key",
)
_schema("postgresql", "key_index_of_something_else", "索引の式を変える", "the index made over something else", "DROP INDEX record_key;; CREATE UNIQUE INDEX record_key ON record (at, key)")  # fmt: skip
_schema("postgresql", "another_index", "別の索引を足す", "another index", "CREATE INDEX shadow ON record (nodes)")
_schema("postgresql", "another_column", "列を足す", "a column added", "ALTER TABLE record ADD COLUMN name text")
_schema(
    "postgresql",
    "another_type",
    "列の型を変える",
    "the type of a column changed",
    "ALTER TABLE publication ALTER COLUMN seq TYPE numeric",
)
_schema(
    "postgresql",
    "a_default",
    "列に既定の値を付ける",
    "a default for a column",
    "ALTER TABLE record ALTER COLUMN key SET DEFAULT 'x'",
)
_schema(
    "postgresql",
    "a_check",
    "行を拒む制約を足す",
    "a constraint that refuses rows",
    "ALTER TABLE checkpoint ADD CHECK (size < 5) NOT VALID",
)
_schema("postgresql", "primary_key_dropped", "記録の主キーを外し、同じ番号をもう一つ", "the primary key dropped, and a number twice", f"ALTER TABLE record DROP CONSTRAINT record_pkey;; INSERT INTO record SELECT at, convert_to(replace(convert_from(payload, 'utf8'), 'city_staff', 'contractor'), 'utf8'), nodes, NULL FROM record WHERE at = {1 << SHIFT | 6}", bad=6)  # fmt: skip


# -- the files of SQLite ----------------------------------------------------------------------------------------------


def _whole(path: Path) -> None:
    """All in one file, as a log that was closed."""
    with closing(apsw.Connection(str(path))) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@tamper("files", "ファイルを半分に切る", "the file cut in half", "sqlite")
def cut_in_half(hand: Hand) -> None:
    data = hand.path.read_bytes()
    hand.path.write_bytes(data[: len(data) // 2])


@tamper("files", "ファイルの最後の1ページを切る", "the last page of the file cut off", "sqlite")
def cut_by_a_page(hand: Hand) -> None:
    hand.path.write_bytes(hand.path.read_bytes()[:-4096])


@tamper("files", "ファイルを空にする", "the file emptied", "sqlite", alone=False)
def emptied(hand: Hand) -> None:
    hand.path.write_bytes(b"")


@tamper("files", "ファイルを消す", "the file removed", "sqlite", alone=False)
def removed(hand: Hand) -> None:
    hand.path.unlink()


@tamper("files", "ファイルの先頭の印を消す", "the mark at the beginning of the file gone", "sqlite")
def without_its_mark(hand: Hand) -> None:
    hand.path.write_bytes(bytes(16) + hand.path.read_bytes()[16:])


@tamper("files", "記録の本文を、ファイルの中で書き換える", "a record's bytes changed in the file", "sqlite", bad=6)
def changed_in_the_file(hand: Hand) -> None:
    payload = hand.row(6)[0]
    data = hand.path.read_bytes()
    assert payload in data
    hand.path.write_bytes(data.replace(payload, payload.replace(b'"city_staff"', b'"contractor"')))


@tamper("files", "アプリケーションの印を変える", "another application's mark", "sqlite")
def another_application(hand: Hand) -> None:
    hand.db.execute("PRAGMA application_id=1")


def _earlier(hand: Hand) -> Path:
    """The file as it was some records ago: a copy that an operator kept."""
    older = hand.path.with_name("older.db")
    shutil.copyfile(hand.site.path, older)
    with closing(apsw.Connection(str(older))) as db:
        for table in ("record", "checkpoint"):
            db.execute(f"DROP TRIGGER {table}_no_delete")
        db.execute("DELETE FROM record WHERE at >> 40 = 1 AND at >= ?", (1 << SHIFT | SIZE - 2,))
        db.execute("DELETE FROM checkpoint WHERE log = 1 AND size > ?", (SIZE - 2,))
        [texts] = [
            dict(
                apsw.Connection(str(hand.site.path)).execute(
                    "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
                )
            )
        ]
        for table in ("record", "checkpoint"):
            db.execute(texts[f"{table}_no_delete"])
        db.execute("VACUUM")
    _whole(older)
    return older


@tamper("files", "古い写しに戻す", "an older copy brought back", "sqlite", bad=SIZE - 2, coherent=True, alone=False)
def older_copy(hand: Hand) -> None:
    shutil.move(_earlier(hand), hand.path)


@tamper("files", "閉じていない記録の `-wal` を消す", "the `-wal` of a log that was not closed removed", "sqlite", bad=SIZE - 2, coherent=True, alone=False)  # fmt: skip
def wal_removed(hand: Hand) -> None:
    rows = hand.sql("SELECT * FROM record WHERE at >= ? AND at < ?", 1 << SHIFT | SIZE - 2, 2 << SHIFT)
    notes = hand.sql("SELECT * FROM checkpoint WHERE log = 1 AND size = ?", SIZE)
    shutil.move(_earlier(hand), hand.path)
    with closing(apsw.Connection(str(hand.path))) as db:
        db.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0")
        db.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", rows)
        db.executemany("INSERT INTO checkpoint VALUES (?, ?, ?)", notes)
        shutil.copyfile(hand.path, hand.path.with_name("alone.db"))
    for each in hand.path.parent.glob("audit.db*"):
        each.unlink()
    shutil.move(hand.path.with_name("alone.db"), hand.path)


@tamper("files", "別の時の `-wal` を横に置く", "a stale `-wal` beside the file", "sqlite", bad=6)
def stale_wal(hand: Hand) -> None:
    forged = hand.changed(6, answer="0" * 64)[6]
    _whole(hand.path)
    twin = hand.path.with_name("twin.db")
    shutil.copyfile(hand.path, twin)
    with closing(apsw.Connection(str(twin))) as db:
        db.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA writable_schema=OFF")
        sql = dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))["record_no_update"]
        db.execute("BEGIN; DROP TRIGGER record_no_update")
        db.execute("UPDATE record SET payload = ? WHERE at = ?", (forged, 1 << SHIFT | 6))
        db.execute(f"{sql}; COMMIT")
        shutil.copyfile(f"{twin}-wal", f"{hand.site.path}-wal")


@tamper("files", "別の時の `-journal` を横に置く", "a hot `-journal` beside the file", "sqlite", bad=6)
def hot_journal(hand: Hand) -> None:
    forged = hand.changed(6, answer="0" * 64)[6]
    _whole(hand.path)
    truth, twin = hand.path.read_bytes(), hand.path.with_name("twin.db")
    twin.write_bytes(truth)
    with closing(sqlite3.connect(twin, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        [(sql,)] = db.execute("SELECT sql FROM sqlite_master WHERE name = 'record_no_update'")
        db.execute("DROP TRIGGER record_no_update")
        db.execute("UPDATE record SET payload = ? WHERE at = ?", (forged, 1 << SHIFT | 6))
        db.execute(sql)
        db.execute("PRAGMA cache_size=1")  # so that the journal is written before the commit
        db.execute("BEGIN")
        db.execute("DROP TRIGGER record_no_update")
        db.execute("DROP TRIGGER edition_no_update")
        db.execute("UPDATE record SET nodes = nodes || nodes")
        db.execute("UPDATE edition SET data = zeroblob(length(data))")
        journal = Path(f"{twin}-journal").read_bytes()
        db.execute("ROLLBACK")
    twin.unlink()
    header = bytearray(truth)
    header[18:20] = b"\1\1"  # no write-ahead log, so that the journal counts
    hand.site.path.write_bytes(header)
    Path(f"{hand.site.path}-journal").write_bytes(journal)


@tamper(
    "files",
    "同じ名前の、別の記録に取り替える",
    "another log of the same name in its place",
    "sqlite",
    bad=0,
    coherent=True,
    alone=False,
)
def another_log_of_the_name(hand: Hand) -> None:
    records = hand.payloads()
    key = new_key(ORIGIN)
    hand.uncheckpointed()
    hand.rechain([canonical({**hand.record(0), "signer": str(key.public())}), *records[1:12]])
    hand.sql("UPDATE publication SET value = ? WHERE log = 1 AND what = 'key'", str(key.public()))


# -- what was written by whoever may write ----------------------------------------------------------------------------


def _rotated(hand: Hand) -> SecretKey:
    """The key is changed; the note from outside is by the new one. Gives the old one."""
    site = hand.site
    hand.close()
    retired, fresh = held_key(ORIGIN), site.folder / "new.key"
    assert site.cli("audit", "key", "--rotate", fresh).code == 0
    os.environ["ASSIGN_KEY_FILE"] = str(fresh)  # the site's own environment, which ends with it
    _note(hand, secret_key(fresh.read_text("ascii")))
    return retired


def _note(hand: Hand, key: SecretKey) -> None:
    payloads = Hand(hand.site.owner).payloads()
    hand.site.against.write_text(sign(Checkpoint(ORIGIN, len(payloads), root_of(payloads)), key), "utf-8")


@tamper(
    "keys",
    "鍵を替えた後に、前の鍵で署名する",
    "a note signed by the retired key after the key was changed",
    "sqlite",
    alone=False,
    coherent=True,
    control=_rotated,
)
def note_by_a_retired_key(hand: Hand) -> None:
    _note(hand, _rotated(hand))


@tamper(
    "batches", "一括処理の件数を偽る", "false counts in the record of a batch", bad=BATCH, coherent=True, alone=False
)
def batch_outcomes(hand: Hand) -> None:
    hand.rechain(hand.changed(BATCH, outcomes={"contractor/settled": 3}))
    hand.uncheckpointed()


@tamper(
    "batches",
    "一括処理の入力のハッシュを偽る",
    "a false digest of a batch's input",
    bad=BATCH,
    coherent=True,
    alone=False,
)
def batch_input(hand: Hand) -> None:
    hand.rechain(hand.changed(BATCH, input="0" * 64))
    hand.uncheckpointed()


@tamper("batches", "一括処理の行の根を偽る", "a false root of a batch's rows", bad=BATCH, coherent=True, alone=False)
def batch_root(hand: Hand) -> None:
    hand.rechain(hand.changed(BATCH, root="0" * 64))
    hand.uncheckpointed()


@tamper("batches", "一括処理の行数を偽る", "a false number of a batch's rows", bad=BATCH, coherent=True, alone=False)
def batch_rows(hand: Hand) -> None:
    hand.rechain(hand.changed(BATCH, rows=2, outcomes={"contractor/settled": 2}))
    hand.uncheckpointed()


@tamper("lawful", "時計を戻して記録する", "a record written with the clock turned back", bad=SIZE, coherent=True, alone=False, says="clock",
        lawful="written so by the program: exceptions names it", goes_on=True)  # fmt: skip
def clock_backwards(hand: Hand) -> None:
    hand.append(recorded="2026-01-01T00:00:00.000Z")


@tamper("lawful", "遡った日付の案件を記録する", "a case of an earlier day recorded", bad=SIZE, coherent=True, alone=False, says="backdated",
        lawful="written so by the program: exceptions names it", goes_on=True)  # fmt: skip
def case_backdated(hand: Hand) -> None:
    day = "2026-01-05"
    hand.append(on=day, request={**hand.record(6)["request"], "on": day})


RULING: Final = """
rulings:
- id: R-2026-001
  title: {ja: 葬祭費の申請書の受領, en: Receiving applications for funeral costs}
  source: {document: 疑義照会回答 第1号, role: 契約担当課長}
  when: {rows: [kokuho-25], channel: counter, act: receive, since: SINCE}
  then: {assignee: contractor}
  because: {ja: 申請書の受領は委託の範囲に入る。, en: Receiving the application is within the consigned part.}
  examples:
    - {given: {row: kokuho-25, channel: counter, act: receive, on: SINCE}, holds: true}
    - {given: {row: kokuho-25, channel: counter, act: receive, on: 2020-01-01}, holds: false}
"""


def _publish(hand: Hand, since: object) -> None:
    """Rules with a ruling in force from that day are put into use, as any edition is."""
    hand.close()
    desk = ruled(hand.site.folder / f"rules-{since}", "\nrulings: []", RULING.replace("SINCE", str(since)))
    with closing(Log.open(hand.site.url, ORIGIN)) as log:
        log.publish(desk.editions)


def _ruling_of_today(hand: Hand) -> None:
    _publish(hand, datetime.now(JAPAN).date())


@tamper("lawful", "同じ番号の回答を、前の日付で公示し直す", "a ruling published again under its id with an earlier date", bad=SIZE + 2, coherent=True, alone=False, says="ruling",
        lawful="published so: exceptions names it", control=_ruling_of_today)  # fmt: skip
def ruling_republished_earlier(hand: Hand) -> None:
    _ruling_of_today(hand)
    _publish(hand, "2026-04-01")
