"""A fork is never signed: the last signed tree is kept beside the key, whatever becomes of the database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign.audit import exceptions, verify
from assign.errors import BadRequest
from assign.log import signed
from assign.log.checkpoint import Checkpoint, parse, sign
from assign.log.keys import SecretKey, held_key, key_file, new_key
from assign.log.log import Log
from assign.log.places import beside
from assign.log.store import StoreError

from .logs import EDITIONS, ORIGIN, draft, sqlite_url
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import broken_into, cli


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of two decisions whose key has signed it once (in `note.txt`), its state beside the key; an older copy in `old.db`."""
    monkeypatch.delenv("ASSIGN_KEY_STATE")
    monkeypatch.setenv("ASSIGN_AUDIT", sqlite_url(tmp_path / "audit.db"))
    with closing(Log.make(sqlite_url(tmp_path / "audit.db"), ORIGIN, EDITIONS)) as log:
        log.append(draft())
    shutil.copyfile(tmp_path / "audit.db", tmp_path / "old.db")
    with opened(tmp_path) as log:
        log.append(draft())
        (tmp_path / "note.txt").write_text(log.checkpoint(held_key(ORIGIN)), "utf-8")
    return tmp_path


def opened(place: Path) -> Any:
    return closing(Log.open(sqlite_url(place / "audit.db")))


def restored(place: Path) -> None:
    """The older copy is put back, and the log goes on from it."""
    for each in place.glob("audit.db*"):
        each.unlink()
    shutil.copyfile(place / "old.db", place / "audit.db")
    with opened(place) as log:
        for _ in range(3):
            log.append(draft())


def state_file() -> Path:
    return signed.place_of(held_key(ORIGIN))


def refused(place: Path, words: str, code: int = 1) -> None:
    """Nothing is signed: no file, no row, no other state; one line."""
    with opened(place) as log:
        before = log.store.checkpoints(log.number)
    state = state_file().read_bytes() if state_file().exists() else None
    said = cli("audit", "checkpoint", "--to", place / "new.txt", "--lang", "en")
    assert (said.code, said.err.count("\n")) == (code, 1)
    assert words in said.err
    assert not (place / "new.txt").exists()
    with opened(place) as log:
        assert log.store.checkpoints(log.number) == before
    assert (state_file().read_bytes() if state_file().exists() else None) == state


def test_the_state_beside_the_key_is_the_signed_tree_and_its_owner_s_alone(place: Path) -> None:
    """It says what the note says; the key signs it, too."""
    note, said = parse((place / "note.txt").read_text("utf-8"))[0], json.loads(state_file().read_text("ascii"))
    assert (said["origin"], said["size"]) == (note.origin, note.size)
    assert state_file().name.endswith(".key.signed")
    assert state_file().stat().st_mode & 0o777 == 0o600
    with opened(place) as log:
        log.append(draft())
        again = parse(log.checkpoint(held_key(ORIGIN)))[0]
        assert again.size == note.size + 1 == json.loads(state_file().read_text("ascii"))["size"]
        assert verify(log, [(place / "note.txt").read_text("utf-8")]).findings == []
        assert log.checkpoint(held_key(ORIGIN)) == log.checkpoint(held_key(ORIGIN))


def test_a_restored_older_file_is_not_signed_though_nothing_in_it_is_wrong(place: Path) -> None:
    """It is longer than what was signed, and has no checkpoint in it: only the state beside the key can know."""
    restored(place)
    with opened(place) as log:
        assert log.size > parse((place / "note.txt").read_text("utf-8"))[0].size
        assert verify(log).findings == []
    refused(place, "does not go on from the 6 records that were signed")


def test_a_shorter_log_is_not_signed(place: Path) -> None:
    """The tail is gone, and the checkpoint rows with it."""
    for each in place.glob("audit.db*"):
        each.unlink()
    shutil.copyfile(place / "old.db", place / "audit.db")
    refused(place, "does not go on from the 6 records")


def test_a_log_rewritten_whole_is_not_signed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own tree, all of it made anew, and of the right size."""
    for each in place.glob("audit.db*"):
        each.unlink()
    monkeypatch.setenv("ASSIGN_KEY_STATE", str(place / "elsewhere"))
    with closing(Log.make(sqlite_url(place / "audit.db"), ORIGIN, EDITIONS)) as log:
        for _ in range(4):
            log.append(draft())
    monkeypatch.delenv("ASSIGN_KEY_STATE")
    refused(place, "does not go on")


def test_a_key_that_has_signed_begins_no_second_log(place: Path) -> None:
    """A log whose file has gone is not begun anew in silence."""
    for each in place.glob("audit.db*"):
        each.unlink()
    said = cli("audit", "init", "--origin", ORIGIN, "--lang", "en")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "its key has signed a checkpoint of 6 records" in said.err


def test_what_is_signed_is_what_the_records_say_and_not_their_kept_hashes(place: Path) -> None:
    """The hashes since the last signature were altered: the signed tree is that of the bytes, as `verify` hashes them."""
    with opened(place) as log:
        log.append(draft())
    with apsw.Connection(str(place / "audit.db")) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE record SET nodes = zeroblob(length(nodes)) WHERE at = (SELECT max(at) FROM record)")
        for _, sql in triggers:
            db.execute(str(sql))
    with opened(place) as log:
        note = log.checkpoint(held_key(ORIGIN))
        report = verify(log, [note])
        assert parse(note)[0].root == report.root
        assert report.covered == report.size


DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a smaller size": lambda state: {**state, "size": state["size"] - 1},
    "another root": lambda state: {**state, "root": state["root"][::-1]},
    "another hash": lambda state: {**state, "frontier": [state["frontier"][-1], *state["frontier"][1:]]},
    "another name": lambda state: {**state, "origin": "example.city/other"},
    "no signature": lambda state: {name: value for name, value in state.items() if name != "signature"},
    "another field": lambda state: {**state, "more": 1},
    "a list": lambda _: [],
    "nothing": lambda _: "",
    "a deep one": lambda _: json.loads("[" * 500 + "]" * 500),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_state_is_said_and_nothing_is_signed(place: Path, how: str) -> None:
    """It is never begun anew in silence."""
    state_file().write_text(json.dumps(DAMAGES[how](json.loads(state_file().read_text("ascii")))), "ascii")
    refused(place, "is damaged, or another key's")


def test_a_lost_state_is_said_and_the_last_checkpoint_outside_brings_it_back(place: Path) -> None:
    """Of this log, signed by its key, and the log must go on from it."""
    state_file().unlink()
    refused(place, "is missing")
    with opened(place) as log:
        log.append(draft())
        other = sign(Checkpoint(ORIGIN, 5, bytes(32)), held_key(ORIGIN))
        foreign = sign(Checkpoint(ORIGIN, 6, parse((place / "note.txt").read_text())[0].root), new_key(ORIGIN))
    for wrong in (other, foreign):
        (place / "wrong.txt").write_text(wrong, "utf-8")
        said = cli("audit", "checkpoint", "--to", place / "new.txt", "--last", place / "wrong.txt")
        assert said.code != 0
        assert not (place / "new.txt").exists()
        assert not state_file().exists()
    said = cli("audit", "checkpoint", "--to", place / "new.txt", "--last", place / "note.txt")
    assert said.code == 0
    assert state_file().exists()


def test_a_copy_of_the_state_from_before_does_not_sign_a_fork_of_what_the_log_says_was_signed(place: Path) -> None:
    """Two machines with one key: the larger of the state and the checkpoints beside the log counts."""
    state = state_file().read_bytes()
    with opened(place) as log:
        log.append(draft())
        log.checkpoint(held_key(ORIGIN))
        notes = log.store.checkpoints(log.number)
    state_file().write_bytes(state)  # this machine has not heard of it
    with opened(place) as log:
        log.append(draft())
        assert parse(log.checkpoint(held_key(ORIGIN)))[0].size == 8
    state_file().write_bytes(state)
    tail_gone(place)
    with opened(place) as log:
        assert log.store.checkpoints(log.number) == [*notes, *log.store.checkpoints(log.number)[len(notes) :]]
    refused(place, "8 records")


def tail_gone(place: Path) -> None:
    """After the sixth record, which this machine has signed, there are none; the checkpoints beside the log stay."""
    with apsw.Connection(str(place / "audit.db")) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM record WHERE at >= (SELECT min(at) + 6 FROM record)")
        for _, sql in triggers:
            db.execute(str(sql))


@pytest.mark.parametrize("by", ["file", "variable", "folder"])
@pytest.mark.parametrize("signed_once", [True, False])
def test_a_hole_in_what_was_signed_is_not_filled(
    place: Path, by: str, monkeypatch: pytest.MonkeyPatch, *, signed_once: bool
) -> None:
    """The checkpoints beside the log are gone with the record: a writer that has just begun took the hole for the log's end."""
    if by == "folder":
        monkeypatch.setenv("ASSIGN_KEY_STATE", str(place / "states"))
    elif by == "variable":
        monkeypatch.setenv("ASSIGN_KEY", held_key(ORIGIN).text())
    if not signed_once:
        state_file().unlink(missing_ok=True)
    elif by != "file":
        state_file().parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(beside(key_file(ORIGIN)), state_file())
    with broken_into(place / "audit.db") as db:
        db.execute("DELETE FROM record WHERE at & 255 = 4")
        db.execute("DELETE FROM checkpoint")
    with opened(place) as log:
        if signed_once:
            with pytest.raises(StoreError, match="6 records"):
                log.append(draft())
        else:  # the control: nothing is known, which docs/audit.md says
            assert log.append(draft()).seq == 4


def test_a_row_far_behind_is_no_hole(place: Path) -> None:
    """Whoever may insert stops nobody."""
    with broken_into(place / "audit.db") as db:
        db.execute("INSERT INTO record VALUES ((1 << 40) + 999, x'7b7d', x'', NULL)")
    with opened(place) as log:
        assert log.append(draft()).seq == 6


def test_nonsense_beside_the_log_does_not_stop_its_key(place: Path) -> None:
    """Checkpoints of another key, of another log, in no form: anyone who may insert can put them there."""
    thief = new_key(ORIGIN)
    with opened(place) as log:
        for note in (
            sign(Checkpoint(ORIGIN, 999, bytes(32)), thief),
            sign(Checkpoint("example.city/other", 999, bytes(32)), held_key(ORIGIN)),
            "nonsense",
        ):
            log.store.add_checkpoint(log.number, 999, note)
        log.append(draft())
        assert parse(log.checkpoint(held_key(ORIGIN)))[0].size == 7


def test_after_a_restore_on_purpose_another_key_goes_on_and_it_is_seen(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One way, explicit and recorded: the old key never signs the fork, nor endorses the key that does."""
    restored(place)
    plain = cli("audit", "key", "--rotate", place / "new.key", "--lang", "en")
    assert (plain.code, "--abandon" in plain.err) == (1, True)
    assert not (place / "new.key").exists()
    old = held_key(ORIGIN)
    said = cli("audit", "key", "--rotate", place / "new.key", "--abandon", "--lang", "en")
    assert said.code == 0
    assert "the old key has not signed the new one" in said.out
    refused(place, "has a successor")
    monkeypatch.setenv("ASSIGN_KEY_FILE", str(place / "new.key"))
    assert cli("audit", "checkpoint", "--to", place / "new.txt").code == 0
    with opened(place) as log:
        assert [each.code for each in exceptions(log)].count("key_unendorsed") == 1
        note = (place / "note.txt").read_text("utf-8")
        assert verify(log, [note]).findings
        assert verify(log, [(place / "new.txt").read_text("utf-8")], [old.public()]).findings  # trust does not pass on


def test_a_change_of_the_key_carries_the_tree_on_and_the_old_one_signs_no_more(place: Path) -> None:
    """Not even in a log from before the change."""
    old = held_key(ORIGIN)
    shutil.copyfile(place / "audit.db", place / "old.db")
    assert cli("audit", "key", "--rotate", place / "new.key").code == 0
    carried = json.loads((place / "new.key.signed").read_text("ascii"))
    assert (carried["size"], carried["next"]) == (6, None)
    restored(place)  # in which the old key is the present one
    with opened(place) as log:
        assert str(log.keys()[-1]) == str(old.public())
    refused(place, "has a successor")


@pytest.mark.parametrize("variable", ["ASSIGN_KEY", "ASSIGN_KEY_COMMAND"])
def test_a_key_without_a_file_has_its_state_in_the_data_folder(
    place: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the key's number; ASSIGN_KEY_STATE names another folder."""
    key, file = held_key(ORIGIN), state_file()
    text = key.text()
    monkeypatch.setenv(variable, text if variable == "ASSIGN_KEY" else f"echo {text}")
    refused(place, "is missing")
    other = state_file()
    assert other == place / "data/assign/signed" / f"{key.public().number.hex()}.signed"
    shutil.copyfile(file, other)
    assert cli("audit", "checkpoint", "--to", place / "new.txt").code == 0
    monkeypatch.setenv("ASSIGN_KEY_STATE", str(place / "states"))
    assert state_file().parent == place / "states"


def test_a_retired_key_and_one_of_another_name_are_refused(place: Path) -> None:
    """By `verify`, with or without the auditor's own keys, and by `prove`; the key of its time is let in."""
    old, new = held_key(ORIGIN), SecretKey(ORIGIN, bytes(32))
    with opened(place) as log:
        log.rotate(new, old)
        good = log.checkpoint(new)
        tree = parse(good)[0]
        late = sign(tree, old)  # the old key, after it was replaced
        early = sign(parse((place / "note.txt").read_text("utf-8"))[0], new)  # the new one, before it was named
        other = sign(tree, SecretKey("example.city/other", bytes(32)))
        named = [old.public(), new.public(), SecretKey("example.city/other", bytes(32)).public()]
        assert verify(log, [good, (place / "note.txt").read_text("utf-8")], named).findings == []
        for wrong in (late, early, other):
            for keys in ([], named):
                assert {each.code for each in verify(log, [wrong], keys).findings} == {"signature"}
            (place / "wrong.txt").write_text(wrong, "utf-8")
            assert cli("audit", "prove", "2", "--checkpoint", place / "wrong.txt").code != 0
        with pytest.raises(BadRequest):
            log.checkpoint(old)


def test_a_state_that_cannot_be_written_is_no_signature(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is on the disk before the note leaves."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with opened(place) as log:
        log.append(draft())
        before = log.store.checkpoints(log.number)
        monkeypatch.setattr(signed, "replaced_privately", full)
        with pytest.raises(StoreError):
            log.checkpoint(held_key(ORIGIN))
        assert log.store.checkpoints(log.number) == before
