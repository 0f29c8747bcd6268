"""Several logs in one database, one of which somebody began who may only insert: evidence at hand says which one is meant."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from assign.log.canonical import canonical
from assign.log.keys import SecretKey, held_key, key_file, new_key
from assign.log.kinds import Kind
from assign.log.log import Log
from assign.log.merkle import leaf_hash
from assign.log.reading import record_of

from .trail import ORIGIN, cli
from .trail import _home as _home  # noqa: PLC0414 - a fixture

PLANTED = "another.city/log"
ASKED = ("decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--engine", "table", "--record")


@pytest.fixture(name="place")
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log that was signed, with its key at the usual place, and another beside it that INSERT alone has begun."""
    monkeypatch.setenv("ASSIGN_AUDIT", f"sqlite:///{tmp_path}/audit.db")
    monkeypatch.delenv("ASSIGN_ORIGIN", raising=False)
    monkeypatch.chdir(tmp_path)
    assert cli("audit", "init", "--origin", ORIGIN).code == 0
    assert cli(*ASKED).code == 0
    assert cli("audit", "checkpoint", "--to", "note.txt").code == 0
    plant(tmp_path, PLANTED, new_key(PLANTED))
    return tmp_path


def plant(place: Path, name: str, key: SecretKey) -> None:
    """The row of a log, its first record, and its row of publications."""
    with Log.open(os.environ["ASSIGN_AUDIT"], ORIGIN) as log:
        first = record_of(log.row(0), ORIGIN)
    payload = canonical({**first, "origin": name, "kind": Kind.LOG.value, "signer": str(key.public())})
    with closing(apsw.Connection(str(place / "audit.db"))) as db:
        number = db.execute("SELECT max(id) + 1 FROM log").get
        db.execute("INSERT INTO log VALUES (?, ?)", (number, name))
        db.execute("INSERT INTO record VALUES (?, ?, ?, NULL)", (number << 40, payload, leaf_hash(payload)))
        db.execute("INSERT INTO publication VALUES (?, 'key', ?, 0)", (number, str(key.public())))


COMMANDS: dict[str, tuple[str, ...]] = {
    "decide": ASKED,
    **{
        name: ("audit", name)
        for name in ("list", "stats", "exceptions", "replay", "verify", "key", "rebuild", "publish")
    },
    "show": ("audit", "show", "4"),
    "backup": ("audit", "backup", "copy.db"),
    "checkpoint": ("audit", "checkpoint", "--to", "note.txt"),
    "prove": ("audit", "prove", "4", "--to", "bundle.json"),
    "export": ("audit", "export", "--format", "jsonl"),
}


@pytest.mark.usefixtures("place")
def test_with_its_key_here_no_command_needs_the_name() -> None:
    """One row of somebody's made `--origin` necessary for all of them."""
    for name, words in COMMANDS.items():
        said = cli(*words)
        assert (said.code, "--origin" in said.err) == (0, False), (name, said)
    told = json.loads(cli("audit", "verify", "--json").out)
    assert (told["origin"], told["other_logs"]) == (ORIGIN, [f"`{PLANTED}`"])
    assert f"確かめていない別の記録があります（`{PLANTED}`" in cli("audit", "verify").out
    with Log.open(os.environ["ASSIGN_AUDIT"]) as log:
        assert log.origin == ORIGIN


def test_with_a_checkpoint_or_a_public_key_here_the_auditor_needs_no_name(place: Path) -> None:
    """He has no secret key."""
    assert cli("audit", "checkpoint", "--to", "later.txt").code == 0
    shutil.rmtree(key_file(ORIGIN).parent)
    trusted = (place / "note.txt.pub").read_text().strip()
    for words in (
        ["verify", "--against", "note.txt"],
        ["verify", "--key", trusted],
        ["prove", "4", "--checkpoint", "note.txt", "--to", "bundle.json"],
        ["growth", "note.txt", "later.txt", "--to", "growth.json"],
        ["restore", "audit.db", "--against", "note.txt", "--audit", f"sqlite:///{place}/new.db"],
    ):
        said = cli("audit", *words)
        assert said.code == 0, said


def test_where_nothing_tells_which_it_is_asked(place: Path) -> None:
    """No key, a key of neither, and the keys of both."""
    both = {name: held_key(name, make=True) for name in ("other.city/log", ORIGIN)}
    plant(place, "other.city/log", both["other.city/log"])
    assert "記録が 3 あります" in cli("audit", "list").err
    key_file(ORIGIN).rename(place / "apart")
    assert cli("audit", "list").code == 0, "the other's own"
    key_file("other.city/log").unlink()
    for name in ("list", "key", "verify"):
        said = cli("audit", name)
        assert (said.code, "`--origin` で選んでください" in said.err) == (1, True)
    assert "`--origin` で選んでください" in cli(*ASKED).err


def test_a_key_of_the_name_that_the_log_never_named_says_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's key of a log in another database, whose name somebody planted here: nobody signs with it."""
    elsewhere: Any = new_key("third.city/log")
    plant(place, "third.city/log", new_key("third.city/log"))
    key_file("third.city/log").write_text(elsewhere.text() + "\n")
    key_file("third.city/log").chmod(0o600)
    assert cli("audit", "verify").code == 0
    monkeypatch.setenv("ASSIGN_KEY", elsewhere.text())
    assert "`--origin` で選んでください" in cli("audit", "list").err
