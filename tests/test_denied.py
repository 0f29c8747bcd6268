"""Files that one may not open: each command says so in its own language, and never breaks down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from assign.errors import NotRegular, system_reason, unreadable

SRC = Path(__file__).parents[1] / "src" / "assign"
pytestmark = pytest.mark.skipif(not hasattr(os, "setuid"), reason="permissions as POSIX has them")
# Everything is imported before root becomes nobody, who may not be allowed to enter the folder of the checkout.
AS_NOBODY = """
import encodings.ascii, json, os, sys
from pathlib import Path
import assign.cli as cli, assign.cli.audit, assign.cli.batch, assign.batch, assign.batch.pipeline, assign.export.sql, assign.log.store.sqlite
from assign import Desk
commands = json.loads(sys.argv[1])
Desk.open().decide(division="nenkin", item="24", channel="counter")
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
for words in commands:
    if words[0].startswith("ASSIGN_KEY_FILE="):
        os.environ["ASSIGN_KEY_FILE"] = words.pop(0).partition("=")[2]
    try:
        cli.main(words)
    except SystemExit as end:
        sys.stdout.flush(), sys.stderr.write(f"\\0{end.code}\\0"), sys.stderr.flush()
"""


class Place(NamedTuple):
    """A folder of one's own, and one in it that nobody may enter."""

    own: Path
    closed: Path


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name:
        own, closed = Path(name), Path(name, "closed")
        (closed / "in").mkdir(parents=True)
        for file in ("in.csv", "in/in.csv"):
            (closed / file).write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
            (closed / file).chmod(0o600)
        (own / "in.csv").write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
        own.chmod(0o777)
        (closed / "in").chmod(0o777)
        closed.chmod(0)
        yield Place(own, closed)
        closed.chmod(0o700)


def asked(place: Place, *commands: list[str]) -> list[tuple[int, str]]:
    """Each command's exit code and what it says on stderr, run as a user without rights."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSIGN_")}
    here = {"XDG_DATA_HOME": f"{place.own}/data", "XDG_CONFIG_HOME": f"{place.own}/config", "HOME": str(place.own)}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, json.dumps(commands)],
        env={**kept, **here}, capture_output=True, text=True, check=True, cwd=place.own,
    )  # fmt: skip
    parts = done.stderr.split("\0")
    return [(int(code), text) for text, code in zip(parts[:-1:2], parts[1::2], strict=True)]


@pytest.mark.slow
def test_a_folder_that_one_may_not_enter_is_named_with_the_reason(place: Place) -> None:
    """Python 3.11's pathlib raises there where it is asked whether a file is there; each of these was an internal error."""
    log = f"sqlite:///{place.own}/audit.db"
    begin = ["audit", "init", "--audit", log, "--origin", "example.city/assign"]
    commands = [begin]
    for shut in (f"{place.closed}/x", f"{place.closed}/in/x"):
        commands += [
            ["decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--engine", "table", "--out", shut],
            ["tasks", "--out", shut],
            ["export", "sql", "--out", shut],
            ["batch", "in.csv", f"{shut}.csv"],
            ["batch", f"{shut}.csv", "out.csv"],
            ["tasks", "--rules", shut],
            ["audit", "verifier", "--out", shut],
            ["audit", "checkpoint", "--to", shut, "--audit", log],
            ["audit", "prove", "0", "--to", shut, "--audit", log],
            ["audit", "key", "--rotate", shut, "--audit", log],
            ["audit", "backup", shut, "--audit", log],
            ["audit", "verify", "--against", shut, "--audit", log],
            ["audit", "list", "--audit", f"sqlite:///{shut}"],
            ["audit", "init", "--origin", "example.city/assign", "--audit", f"sqlite:///{shut}"],
        ]
    for words, (code, said) in list(zip(commands, asked(place, *commands), strict=True))[1:]:
        lines = said.strip().split("\n")
        assert code in (1, 2), (words, code, said)
        assert len(lines) == 1, (words, said)
        assert str(place.closed) in said, (words, said)
        assert "（権限がありません）" in said, (words, said)


@pytest.mark.long
def test_a_folder_that_one_may_not_write_into_is_named_with_the_reason(place: Place) -> None:
    log = f"sqlite:///{place.own}/audit.db"
    begin = ["audit", "init", "--audit", log, "--origin", "example.city/assign"]
    held = place.own / "held"
    held.mkdir()
    held.chmod(0o555)
    shut = f"{held}/x"
    commands = [
        begin,
        ["tasks", "--out", shut],
        ["batch", "in.csv", f"{shut}.csv"],
        ["audit", "checkpoint", "--to", shut, "--audit", log],
        ["audit", "key", "--rotate", shut, "--audit", log],
        ["audit", "backup", shut, "--audit", log],
    ]
    for words, (code, said) in list(zip(commands, asked(place, *commands), strict=True))[1:]:
        assert code == 1, (words, code, said)
        assert said.count("\n") == 1, (words, said)
        assert shut in said, (words, said)
        assert "（権限がありません）" in said, (words, said)


@pytest.mark.long
def test_a_key_that_one_may_not_read_is_not_called_missing(place: Place) -> None:
    log = f"sqlite:///{place.own}/audit.db"
    begin = ["audit", "init", "--audit", log, "--origin", "example.city/assign"]
    sign = ["audit", "checkpoint", "--to", "note", "--audit", log]
    files = (f"{place.closed}/key", f"{place.own}/no")
    _, denied, missing = asked(place, begin, *([f"ASSIGN_KEY_FILE={file}", *sign] for file in files))
    assert (denied[0], "を読めません（権限がありません）" in denied[1]) == (1, True), denied
    assert (missing[0], "を読めません（ありません）" in missing[1]) == (1, True), missing


def test_pathlib_is_never_asked_whether_a_file_is_there() -> None:
    """
    On Python 3.11 `Path.is_file` and its like raise where one may not look; those of `os.path` never do (`system` is Hadoop's, `entry`
    one of a folder's that was read).
    """
    for path in SRC.rglob("*.py"):
        found = re.findall(
            r"(?<!os\.path)(?<!system)(?<!entry)\.(?:is_file|is_dir|exists|is_symlink|is_mount)\(",
            path.read_text("utf-8"),
        )
        assert not found, path


def test_a_reason_is_in_one_language() -> None:
    """No reason of the system is handed on as it is, and none names both."""
    assert system_reason(NotRegular()) == ("通常のファイルではありません", "not a regular file")
    assert unreadable("x", ValueError("embedded null byte")).ja == "`x` を読めません（ファイルの名前になりえません）"
    for path in SRC.rglob("*.py"):
        if path.name not in ("errors.py", "verifier.py"):
            found = re.search(r"error\.strerror|[\"']strerror[\"']", path.read_text("utf-8"))
            assert not found, path
