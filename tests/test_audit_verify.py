"""What `verify` finds, and what it says is covered: notes, rows, editions, publications, and keys that were lost, or changed."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.audit import (
    exceptions,
    prove,
    records,
    replay,
    stats,
    verify,
)
from assign.audit.door_sqlite import SqliteReader
from assign.desk.recording import EditionMissing
from assign.errors import BadRequest
from assign.log.canonical import canonical, read
from assign.log.checkpoint import endorse, parse, sign
from assign.log.fields import RecordError, check
from assign.log.keys import NoteError, held_key, key_file, new_key
from assign.log.log import Log
from assign.log.store import StoreError

from .trail import KEPT, ORIGIN, asking, broken_into, codes, drafts, grow, opened, payloads, rechain
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import _log as _log  # noqa: PLC0414 - a fixture
from .trail import _notes as _notes  # noqa: PLC0414 - a fixture
from .trail import _path as _path  # noqa: PLC0414 - a fixture
from .trail import _told as _told  # noqa: PLC0414 - a fixture

# -- verify ----------------------------------------------------------------------------------------------------------


def test_a_whole_log_has_no_findings_and_says_what_is_covered(log: Log, notes: list[str]) -> None:
    """Records after the checkpoint from outside are counted as not covered by it."""
    found = verify(log, notes[1:2])
    assert found.findings == []
    assert (found.size, found.covered, found.notes_outside, found.notes_inside) == (44, 30, 1, 3)
    assert found.root == parse(notes[-1])[0].root == log.head().root
    assert verify(log).covered == 0
    assert found.as_json()["ok"] is True


@pytest.mark.long
def test_a_listener_hears_how_far_it_is(log: Log) -> None:
    """Every 10,000 records."""
    chosen = random.Random(1)
    more = [read(row.payload) for row in log.rows(4)]
    grow(log, [{**chosen.choice(drafts(more)), "key": None} for _ in range(10_000)])
    heard: list[int] = []
    assert verify(log, listener=heard.append).findings == []
    assert heard == [10_000]


def test_a_checkpoint_of_another_log_is_said_to_be(log: Log, notes: list[str]) -> None:
    """A mixed-up file is not taken for a proof, nor for tampering with this log's records."""
    other = new_key("other.city/assign")
    note = sign(parse(notes[0])[0].__class__("other.city/assign", 10, b"\0" * 32), other)
    found = verify(log, [note])
    assert [(each.code, each.seq) for each in found.findings] == [("other_log", None)]
    assert found.covered == 0


def test_a_checkpoint_that_nobody_known_signed_is_a_finding(log: Log, notes: list[str]) -> None:
    """Signed with another key of the same name, or altered after it was signed."""
    forged = sign(parse(notes[-1])[0], new_key(ORIGIN))
    assert codes(log, forged) == [("signature", None)]
    broken = notes[-1].replace("\n44\n", "\n43\n")
    assert ("signature", None) in codes(log, broken)
    with pytest.raises(NoteError):
        verify(log, ["not a checkpoint"])


def test_a_key_that_the_auditor_trusts_counts_and_the_log_s_own_word_does_not(log: Log, notes: list[str]) -> None:
    """Whoever replaces the log names his own key in it."""
    mine = log.keys()
    assert codes(log, notes[-1], keys=mine) == []
    stranger = [new_key(ORIGIN).public()]
    found = verify(log, notes[-1:], stranger)
    assert {each.code for each in found.findings} == {"signature"}
    assert found.covered == 0


def test_a_checkpoint_from_outside_counts_even_where_the_log_has_lost_its_key(path: Path, notes: list[str]) -> None:
    """The record that named the key was overwritten; the root of the note still says what the log was."""
    with broken_into(path) as db:
        kept = payloads(db)
        first = read(kept[0])
        rechain(db, [canonical({**first, "signer": str(new_key(ORIGIN).public())}), *kept[1:]])
    with opened(path) as log:
        found = {code for code, _ in codes(log, notes[-1])}
    assert {"signature", "rewritten"} <= found


def test_damaged_notes_beside_the_log_are_findings_and_nothing_breaks(path: Path, notes: list[str]) -> None:
    """Cut, of another type, not of this world's characters."""
    for value in (notes[0][:40], 5, b"\xff\xfe", "x\x00y"):
        with broken_into(path) as db:
            db.execute("UPDATE checkpoint SET note = ? WHERE size = 30", (value,))
        with opened(path) as log:
            found = codes(log, notes[-1])
            assert (("column_type", None) in found) is isinstance(
                value, bytes
            )  # a column for text makes text of a number
            assert {*found} - {("column_type", None)} == {("checkpoint_damaged", None)}


@pytest.mark.long
@pytest.mark.parametrize("value", ["text", 5, 2**40, 1.5, None, "\ud83d", b""])
@pytest.mark.parametrize("column", ["payload", "nodes"])
def test_a_column_that_holds_another_type_is_a_finding_and_no_accident(
    path: Path, notes: list[str], column: str, value: Any
) -> None:
    """SQLite takes any type in any column; an administrator, too, can put one there."""
    with broken_into(path) as db:
        db.execute("CREATE TABLE loose (at INTEGER PRIMARY KEY, payload, nodes, key)")
        db.execute("INSERT INTO loose SELECT * FROM record")
        db.execute("DROP TABLE record")
        db.execute("ALTER TABLE loose RENAME TO record")
        new, values = ("CAST(x'eda0bd' AS TEXT)", ()) if value == "\ud83d" else ("?", (value,))
        db.execute(f"UPDATE record SET {column} = {new} WHERE at & 255 = 20", values)  # noqa: S608 - our own two
    with opened(path) as log:
        found = verify(log, notes[-1:])
        assert found.first_bad == 20
        assert list(replay(log))


@pytest.mark.parametrize("value", [None, 0, -1, 2**62, "x", b"x"])
@pytest.mark.usefixtures("notes")
def test_a_log_without_a_number_that_a_log_can_have_is_not_there(path: Path, value: Any) -> None:
    """A damaged row of the table of logs: it is said so, and nothing is computed with it."""
    with broken_into(path) as db:
        db.execute("CREATE TABLE loose (id, origin)")
        db.execute("INSERT INTO loose VALUES (?, ?)", (value, ORIGIN))
        db.execute("DROP TABLE log")
        db.execute("ALTER TABLE loose RENAME TO log")
    with pytest.raises(StoreError), opened(path):
        pass


def test_numbers_that_do_not_grow_in_a_damaged_file_do_not_hold_the_auditor_up(
    path: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on from page to page, and ends: such rows are damage."""
    page = SqliteReader.page

    def shuffled(reader: SqliteReader, low: int, high: int, _most: int) -> Any:
        found = page(reader, low, high, 4)
        return [found[0], *found[1:][::-1]] if len(found) == 4 else found

    monkeypatch.setattr(SqliteReader, "page", shuffled)
    with opened(path) as log:
        assert [code for code, _ in codes(log, notes[-1])] == ["unread"]
        with pytest.raises(StoreError):
            list(records(log))


def test_an_edition_that_is_altered_or_gone_is_found(path: Path, notes: list[str], table_desk: Desk) -> None:
    """The texts are under their digests."""
    value = table_desk.provenance["catalog_sha256"]
    for statement in (
        "UPDATE edition SET data = CAST(data || x'20' AS BLOB) WHERE sha256 = ?",
        "DELETE FROM edition WHERE sha256 = ?",
    ):
        with broken_into(path) as db:
            db.execute(statement, (value,))
        with opened(path) as log:
            assert codes(log, notes[-1]) == [("edition", None)]
            outcomes = Counter(each.outcome for each in replay(log))
            assert outcomes == {"cannot": KEPT}
            with pytest.raises(EditionMissing):
                prove(log, 20, notes[-1])


def test_a_table_of_publications_that_says_something_else_than_the_records_is_found(
    path: Path, notes: list[str]
) -> None:
    """It is derived, yet which key signs and where an edition was published are read from it."""
    key = str(new_key(ORIGIN).public())
    for statement, values in [
        ("INSERT INTO publication VALUES (1, 'key', ?, 43)", (key,)),
        ("UPDATE publication SET seq = 30 WHERE what = 'list'", ()),
        ("DELETE FROM publication WHERE what = 'list'", ()),
    ]:
        with broken_into(path) as db:
            db.execute(statement, values)
        with opened(path) as log:
            assert ("publications", None) in codes(log, notes[-1])
    with opened(path) as log, pytest.raises(EditionMissing):
        prove(log, 20, notes[-1])


@pytest.mark.usefixtures("notes")
def test_a_decision_that_cites_what_was_published_after_it_is_found(path: Path) -> None:
    """The publication moved behind it, all hashes made anew."""
    with broken_into(path) as db:
        kept = payloads(db)
        moved = [*kept[:1], *kept[2:5], kept[1], *kept[5:]]
        rechain(db, [canonical({**read(each), "seq": seq}) for seq, each in enumerate(moved)])
    with opened(path) as log:
        assert {("not_published", 3), ("rewritten", 0)} <= set(codes(log))


@pytest.mark.long
def test_records_that_are_no_records_are_found_and_do_not_stop_verify(path: Path, notes: list[str]) -> None:
    """Each with a hash that fits it."""
    bad = [
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"kind":[]}',
        b"\xff",
        b'{"a":' * 100_000,
        b'{"kind":"decision","origin":[],"seq":24}',
    ]
    with broken_into(path) as db:
        kept = payloads(db)
        rechain(db, [*kept[:20], *bad, *kept[28:]])
    with opened(path) as log:
        found = codes(log)
        assert [seq for code, seq in found if code == "unreadable"] == list(range(20, 27))
        assert ("moved", 27) in found
        assert codes(log, notes[0]) == codes(log)  # up to 10 it fits
        assert Counter(each.outcome for each in replay(log))["cannot"] == 8
        with pytest.raises(StoreError):
            list(records(log))
        with pytest.raises(StoreError):
            stats(log)


# -- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_lost_or_wrong_key_never_blocks_reading(path: Path, notes: list[str], table_desk: Desk) -> None:
    """Everything but a new checkpoint works without one."""
    key_file(ORIGIN).unlink()
    with opened(path) as log:
        with pytest.raises(NoteError):
            held_key(ORIGIN)
        assert codes(log, *notes) == []
        assert Counter(each.outcome for each in replay(log)) == {"same": KEPT}
        assert prove(log, 7, notes[-1])["index"] == 7
        assert stats(log)["records"] == 44
        assert asking(log, table_desk).record(row="nenkin-24", channel="counter")[0].kept.seq == 44
        with pytest.raises(BadRequest):
            log.checkpoint(new_key(ORIGIN))


@pytest.mark.long
def test_a_rotation_is_a_record_and_old_checkpoints_stay_good(log: Log, notes: list[str]) -> None:
    """The new key signs from there on; anybody could have written that record, so it counts for whoever holds or is given that key."""
    old, new = held_key(ORIGIN), new_key(ORIGIN)
    assert log.rotate(new).record["replaces"] == str(old.public())
    assert log.keys() == [old.public()]
    assert log.keys(new.public()) == [old.public(), new.public()]
    fresh = log.checkpoint(new)
    assert codes(log, *notes, fresh) == []
    assert codes(log, *notes, fresh, keys=[old.public(), new.public()]) == []
    assert {("signature", None), ("unendorsed", 44)} <= {*codes(log, fresh, keys=[old.public()])}
    late = sign(parse(fresh)[0], old)
    assert codes(log, late, keys=[old.public(), new.public()]) == [("signature", None)], "whoever knows of the new key"
    assert [(each.code, each.seq) for each in exceptions(log) if each.code == "key_unendorsed"] == [
        ("key_unendorsed", 44)
    ]
    for again in (new, old, new_key("other.city/assign")):
        with pytest.raises(BadRequest):
            log.rotate(again)


@pytest.mark.long
def test_who_trusts_a_key_trusts_the_one_that_it_has_named(log: Log, notes: list[str]) -> None:
    """Over two rotations; and no key is named by a signature of another, or by one of another key."""
    old, new, newest = held_key(ORIGIN), new_key(ORIGIN), new_key(ORIGIN)
    with pytest.raises(BadRequest):
        log.rotate(new, newest)
    log.rotate(new, old)
    log.rotate(newest, new)
    fresh = log.checkpoint(newest)
    for trusted in (old, new, newest):
        keys = [trusted.public()]
        assert codes(log, fresh, keys=keys) == ([] if trusted is old else [("signature", None)] * len(notes))
    assert "key_unendorsed" not in [each.code for each in exceptions(log)]
    stranger = new_key(ORIGIN)
    signature = endorse(stranger.public(), stranger)
    log.append(
        {
            "kind": "key",
            "signer": str(stranger.public()),
            "replaces": str(newest.public()),
            "endorsed": signature,
        }
    )
    assert ("endorsement", 46) in codes(log, fresh, keys=[old.public()])
    forged = sign(log.head(), stranger)
    assert ("signature", None) in codes(log, forged, keys=[old.public()])


def test_a_rotation_from_before_it_was_endorsed_is_read(log: Log) -> None:
    """The first logs of format 1 had no such field."""
    record = log.rotate(new_key(ORIGIN)).record
    del record["endorsed"]
    check(record)
    with pytest.raises(RecordError):
        check({**record, "endorsed": "A" * 88 + "="})


def test_a_log_that_lost_its_tail_is_not_signed_anew(path: Path, notes: list[str]) -> None:
    """A checkpoint of a shorter or another past would make the auditor's own a liar; notes of strangers do not stop it."""
    key = held_key(ORIGIN)
    with opened(path) as log:
        log.store.add_checkpoint(
            1, 10**12, sign(parse(notes[0])[0].__class__(ORIGIN, 10**12, b"\1" * 32), new_key(ORIGIN))
        )
        log.store.add_checkpoint(1, 10**13, "nonsense")
        assert log.checkpoint(key) == notes[-1]
    with broken_into(path) as db:
        db.execute("DELETE FROM record WHERE at & 255 > 40")
    with opened(path) as log, pytest.raises(StoreError):
        log.checkpoint(key)
    with broken_into(path) as db:
        kept = payloads(db)
        changed = canonical({**read(kept[20]), "role": "city_clerk"})
        rechain(db, [*kept[:20], changed, *kept[21:], *kept[:9]])
    with opened(path) as log, pytest.raises(StoreError):
        log.checkpoint(key)
