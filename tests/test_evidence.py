"""No command writes over what must not be lost, whatever it is called and whichever way leads there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assign import evidence, files
from assign.errors import BadOption
from assign.log import signed
from assign.log.checkpoint import Checkpoint, sign
from assign.log.keys import NoteError, held_key, new_key, write_key
from assign.log.log import Log

from .logs import EDITIONS, ORIGIN, draft, sqlite_url
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import cli

posix = pytest.mark.skipif(os.name != "posix", reason="owners and links as POSIX has them")


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log, its key in an odd place, and beside them what else must not be lost: none of them named by any option below."""
    monkeypatch.delenv("ASSIGN_KEY_STATE")
    monkeypatch.chdir(tmp_path)
    write_key(tmp_path / "secret.txt", new_key(ORIGIN))
    monkeypatch.setenv("ASSIGN_KEY_FILE", str(tmp_path / "secret.txt"))
    monkeypatch.setenv("ASSIGN_AUDIT", sqlite_url(tmp_path / "audit.db"))
    with closing(Log.make(sqlite_url(tmp_path / "audit.db"), ORIGIN, EDITIONS)) as log:
        log.append(draft())
        (tmp_path / "note.txt").write_text(log.checkpoint(held_key(ORIGIN)), "utf-8")
        log.append(draft())
        for ending in ("", "-wal", "-shm"):
            shutil.copyfile(tmp_path / f"audit.db{ending}", tmp_path / f"copy.db{ending}")
    shutil.copyfile(tmp_path / "copy.db-wal", tmp_path / "wal-alone")
    shutil.copyfile(tmp_path / "secret.txt", tmp_path / "another.txt")
    shutil.copyfile(tmp_path / "secret.txt.signed", tmp_path / "state-copy")
    (tmp_path / "crlf.txt").write_bytes((tmp_path / "note.txt").read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "note.txt").read_bytes())
    (tmp_path / "in.csv").write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
    return tmp_path


KEPT = ("audit.db", "copy.db", "copy.db-wal", "copy.db-shm", "wal-alone", "secret.txt", "secret.txt.signed", "another.txt",
        "state-copy", "note.txt", "crlf.txt", "bom.txt")  # fmt: skip
CASE = ("-d", "nenkin", "-i", "24", "-c", "counter", "--engine", "table")
WRITERS: dict[str, Callable[[str], list[Any]]] = {
    "decide --out": lambda name: ["decide", *CASE, "--out", name],
    "tasks --out": lambda name: ["tasks", "--out", name],
    "schema --out": lambda name: ["schema", "--out", name],
    "batch": lambda name: ["batch", "in.csv", name, "--format", "csv"],
    "export": lambda name: ["audit", "export", "--format", "jsonl", "--out", name],
    "list --out": lambda name: ["audit", "list", "--out", name],
    "verifier": lambda name: ["audit", "verifier", "--out", name],
    "prove --to": lambda name: ["audit", "prove", "1", "--checkpoint", "note.txt", "--to", name],
    "key --rotate": lambda name: ["audit", "key", "--rotate", name],
    "backup": lambda name: ["audit", "backup", name],
    "checkpoint --qr": lambda name: ["audit", "checkpoint", "--to", "new.txt", "--qr", name],
    "checkpoint --to": lambda name: ["audit", "checkpoint", "--to", name],
    "serve --new-key": lambda name: ["serve", "--keys", name, "--new-key", "city_clerk"],
}
ALLOWED = {("checkpoint --to", "note.txt")}  # the log goes on from it


@pytest.mark.parametrize("by", WRITERS)
def test_no_command_writes_over_what_must_not_be_lost(place: Path, by: str) -> None:
    """Under a harmless name, that of a hard link: exit 2, one line, and each byte as it was."""
    spared(place, by, "hard.csv")


@pytest.mark.slow
@pytest.mark.parametrize("by", WRITERS)
def test_no_way_leads_a_command_over_what_must_not_be_lost(place: Path, by: str) -> None:
    """By its name, another spelling, a link."""
    spared(place, by, "{name}", "./{name}", "link.csv")


def spared(place: Path, by: str, *targets: str) -> None:
    before = {name: (place / name).read_bytes() for name in KEPT}
    for name in KEPT:
        (place / "link.csv").unlink(missing_ok=True)
        (place / "hard.csv").unlink(missing_ok=True)
        (place / "link.csv").symlink_to(name)
        (place / "hard.csv").hardlink_to(place / name)
        for target in (each.format(name=name) for each in targets):
            if (by, name) in ALLOWED or (by == "checkpoint --qr" and not target.endswith((".svg", ".png"))):
                continue
            said = cli(*WRITERS[by](target))
            assert (said.code, said.err.count("\n")) == (2, 1), (by, name, target, said)
            assert {each: (place / each).read_bytes() for each in KEPT} == before, (by, name, target)
    assert not [each for each in os.listdir(place) if each.startswith(".assign-")]  # noqa: PTH208


def test_a_harmless_file_is_written_over_and_keeps_its_mode(place: Path) -> None:
    """The control; and one's own link is followed."""
    (place / "out.txt").write_text("old", "utf-8")
    (place / "out.txt").chmod(0o640)
    (place / "own-link").symlink_to("out.txt")
    for target in ("out.txt", "own-link"):
        assert cli("tasks", "--out", target).code == 0
        assert (place / "out.txt").read_text("utf-8") != "old"
        assert (place / "out.txt").stat().st_mode & 0o777 == 0o640
    assert (place / "own-link").is_symlink()


def test_what_takes_the_name_meanwhile_is_not_written_over(place: Path) -> None:
    """It is looked at again at the end, when the new file is there whole."""

    def taken(name: str, replaces: bytes | None, now: bytes) -> None:
        with files.writing(name, replaces) as file:
            file.write(b"an answer")
            (place / name).write_bytes(now)

    note = (place / "note.txt").read_bytes()
    with pytest.raises(BadOption):
        taken("out.txt", None, note)
    assert (place / "out.txt").read_bytes() == (place / "note.txt").read_bytes()
    with pytest.raises(BadOption):
        taken("note.txt", note, b"another")
    assert (place / "note.txt").read_bytes() == b"another"
    assert not [each for each in os.listdir(place) if each.startswith(".assign-")]  # noqa: PTH208


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root makes another's file")
def test_another_user_s_link_is_not_followed(place: Path) -> None:
    """Planted in a shared folder under the name that a schedule writes to."""
    (place / "victim").write_text("mine", "utf-8")
    (place / "planted").symlink_to("victim")
    os.lchown(place / "planted", 65534, 65534)
    for words in (["tasks", "--out", "planted"], ["audit", "checkpoint", "--to", "planted"]):
        said = cli(*words)
        assert (said.code, said.err.count("\n")) == (2, 1), said
        assert (place / "victim").read_text("utf-8") == "mine"


# -- checkpoints outside ---------------------------------------------------------------------------------------------


def state(place: Path) -> tuple[bytes, list[str]]:
    """What was signed last, beside the key and beside the log."""
    with closing(Log.open(sqlite_url(place / "audit.db"))) as log:
        return signed.place_of(held_key(ORIGIN)).read_bytes(), log.store.checkpoints(log.number)


def test_a_checkpoint_is_replaced_by_one_that_goes_on_from_it(place: Path) -> None:
    """With its key and its code, again and again."""
    for _ in range(3):
        with closing(Log.open(sqlite_url(place / "audit.db"))) as log:
            log.append(draft())
        before = (place / "note.txt").read_bytes()
        said = cli("audit", "checkpoint", "--to", "note.txt", "--qr", "code.svg")
        assert said.code == 0, said
        assert (place / "note.txt").read_bytes() != before
    said = cli("audit", "checkpoint", "--to", "note.txt", "--qr", "code.svg")
    assert said.code == 0


OTHER = "example.city/other"
FOREIGN: dict[str, Callable[[Path], bytes]] = {
    "a letter": lambda _: b"Dear auditor,\n",
    "another log's checkpoint": lambda _: sign(Checkpoint(OTHER, 3, bytes(32)), new_key(OTHER)).encode(),
    "signed by a stranger": lambda _: sign(Checkpoint(ORIGIN, 3, bytes(32)), new_key(ORIGIN)).encode(),
    "edited": lambda place: (place / "note.txt").read_bytes().replace(b"\n5\n", b"\n4\n"),
    "CRLF": lambda place: (place / "note.txt").read_bytes().replace(b"\n", b"\r\n"),
    "BOM": lambda place: b"\xef\xbb\xbf" + (place / "note.txt").read_bytes(),
    "no last line feed": lambda place: (place / "note.txt").read_bytes()[:-1],
    "not UTF-8": lambda _: b"\xff\xfe\x00",
}


@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("option", ["--to", ".pub", "--qr"])
def test_a_file_that_is_no_checkpoint_of_this_log_is_not_written_over(place: Path, what: str, option: str) -> None:
    """Nor is its key's place, or its code's; and nothing is signed."""
    data, before = FOREIGN[what](place), state(place)
    name = {"--to": "new.txt", ".pub": "new.txt.pub", "--qr": "code.svg"}[option]
    (place / name).write_bytes(data)
    said = cli("audit", "checkpoint", "--to", "new.txt", "--qr", "code.svg")
    assert (said.code, said.err.count("\n")) == (2, 1), said
    assert (place / name).read_bytes() == data
    assert [each for each in ("new.txt", "new.txt.pub", "code.svg") if (place / each).exists()] == [name]
    assert state(place) == before


def test_the_only_proof_of_what_the_log_was_is_not_written_over(place: Path) -> None:
    """After a restore of an older file: a checkpoint that the log does not go on from, byte for byte as it was; also with --every."""
    with closing(Log.open(sqlite_url(place / "audit.db"))) as log:
        shutil.copyfile("audit.db", "old.db")
        for _ in range(3):
            log.append(draft())
    assert cli("audit", "checkpoint", "--to", "note.txt").code == 0
    kept = (place / "note.txt").read_bytes()
    for each in place.glob("audit.db*"):
        each.unlink()
    shutil.copyfile("old.db", "audit.db")
    with closing(Log.open(sqlite_url(place / "audit.db"))) as log:
        for _ in range(9):
            log.append(draft())
    for more in ([], ["--every", "1"]):
        said = cli("audit", "checkpoint", "--to", "note.txt", *more, "--lang", "en")
        assert (said.code, said.err.count("\n")) == (1, 1), said
        assert more or "The file outside is the only proof; keep it" in said.err
        assert (place / "note.txt").read_bytes() == kept
    assert cli("audit", "verify", "--against", "note.txt").code == 6


# -- whose key -------------------------------------------------------------------------------------------------------


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root makes another's file")
def test_a_key_of_another_user_is_refused(place: Path) -> None:
    """Its file, its folder, a link that another put there; root's own link (a mounted secret) is followed."""
    own = place / "own"
    own.mkdir(mode=0o700)
    shutil.copyfile("secret.txt", own / "key")
    (own / "key").chmod(0o600)
    (own / "link").symlink_to("key")

    def asked(name: str) -> str:
        os.environ["ASSIGN_KEY_FILE"] = str(own / name)
        try:
            return held_key(ORIGIN).name
        except NoteError as error:
            return error.en

    assert asked("key") == asked("link") == ORIGIN
    os.chown(own / "key", 65534, 65534)
    assert "another user's" in asked("key")
    os.chown(own / "key", 0, 0)
    os.lchown(own / "link", 65534, 65534)
    assert "another user put there" in asked("link")
    os.chown(own, 65534, 65534)
    assert "another user's" in asked("key")
    os.chown(own, 0, 0)
    own.chmod(0o777)
    assert "can be written by others" in asked("key")
    own.chmod(0o700)
    (own / "key").chmod(0o640)
    assert "can be read by others" in asked("key")


def test_a_new_key_replaces_nothing_and_follows_no_link(place: Path) -> None:
    """Exclusive, even where the name is a link to nowhere; nor is a state written over that stands there."""
    (place / "nowhere").symlink_to("gone")
    for name in ("nowhere", "in.csv"):
        assert cli("audit", "key", "--rotate", name).code != 0
    assert not (place / "gone").exists()
    (place / "fresh.key.signed").write_text("what another key has signed", "utf-8")
    assert cli("audit", "key", "--rotate", "fresh.key").code != 0
    assert (place / "fresh.key.signed").read_text("utf-8") == "what another key has signed"
    with closing(Log.open(sqlite_url(place / "audit.db"))) as log:
        assert len(log.keys()) == 1


def test_what_must_not_be_lost_is_known_by_its_bytes(place: Path) -> None:
    """And what is none is not taken for it."""
    assert {name: evidence.recognised(name) is not None for name in KEPT} == dict.fromkeys(KEPT, True)
    for data in (b"", b"x", b"PRIVATE KEY", b"a\n1\nb\n", b"{}", b"SQLite", (place / "in.csv").read_bytes()):
        (place / "other").write_bytes(data)
        assert evidence.recognised("other") is None
    assert evidence.recognised("none") is None
    for name in ("audit.db-journal", "copy.db-journal"):  # not there yet: SQLite would take it for the log's own
        assert evidence.recognised(name) is not None
        assert cli("tasks", "--out", name).code == 2
        assert not (place / name).exists()
    assert evidence.recognised("a\0b") is None
    assert evidence.recognised(place) is None
