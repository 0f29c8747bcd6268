"""The drill: back up, lose or damage the log, restore, and verify against a checkpoint that was held outside. Ten times."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assign import Desk

from .servers import Server, private_server
from .trail import ORIGIN, broken_into, cli
from .trail import _home as _home  # noqa: PLC0414 - a fixture

DAMAGE = (
    "UPDATE record SET payload = CAST(replace(payload, 'city_staff', 'contractor') AS {bytes}) WHERE (at & 1023) > 3",
    "DELETE FROM record WHERE (at & 1023) > 5",
    "DELETE FROM record WHERE (at & 1023) = 4",
    "DELETE FROM edition",
    "DROP TABLE record",
)


def decided(url: str, number: int) -> None:
    """So many answers more."""
    desk = Desk.open(audit=url, origin=ORIGIN, engine="table")
    assert desk.audit is not None
    for place in range(number):
        desk.record(division="nenkin", item=23 + place % 2, channel="counter", on="2026-11-25")
    desk.audit.close()


def held(url: str, outside: Path) -> None:
    """A checkpoint leaves the building."""
    assert cli("audit", "checkpoint", "--to", outside, "--audit", url).code == 0


def whole(url: str, outside: Path) -> bool:
    """Whether it is what it was when that was signed."""
    done = cli("audit", "verify", "--against", outside, "--key", f"{outside}.pub", "--audit", url)
    assert done.code in (0, 1, 6), done
    return done.code == 0


@pytest.mark.slow
def test_the_drill_from_file_to_file(tmp_path: Path) -> None:
    """Five rounds, each with another damage in between; the log goes on where it was."""
    url, size = f"sqlite:///{tmp_path}/audit.db", 4
    for turn, damage in enumerate(DAMAGE):
        decided(url, 2)
        size += 2
        outside, copy = tmp_path / f"outside-{turn}", tmp_path / f"backup-{turn}.db"
        held(url, outside)
        assert cli("audit", "backup", copy, "--audit", url).code == 0
        assert whole(url, outside)
        with broken_into(tmp_path / "audit.db") as db:
            db.execute(damage.format(bytes="BLOB"))
        assert not whole(url, outside)
        assert cli("audit", "backup", tmp_path / f"bad-{turn}.db", "--audit", url).code in (1, 6) or turn == 1
        shutil.rmtree(tmp_path / "lost", ignore_errors=True)
        (tmp_path / "lost").mkdir()
        for each in tmp_path.glob("audit.db*"):
            each.rename(tmp_path / "lost" / each.name)
        done = cli("audit", "restore", copy, "--against", outside, "--audit", url)
        assert done.code == 0, done.err
        assert whole(url, outside)
        assert cli("audit", "replay", "--audit", url).code == 0
        assert f'"records": {size}' in cli("audit", "stats", "--json", "--audit", url).out


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL of our own."""
    with private_server() as found:
        yield found


@pytest.mark.slow
def test_the_drill_through_postgresql(tmp_path: Path, server: Server) -> None:
    """Five rounds: server to file, damage by its administrator, file to a new database."""
    server.database("drill_0")
    for turn, damage in enumerate(DAMAGE):
        url = server.url(f"drill_{turn}")
        decided(url, 2)
        outside, copy = tmp_path / f"outside-{turn}", tmp_path / f"backup-{turn}.db"
        held(url, outside)
        assert cli("audit", "backup", copy, "--audit", url).code == 0
        assert whole(url, outside)
        connection = server.connect(f"drill_{turn}")
        for name in ("record", "edition"):
            connection.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER".encode())
        said = damage.format(bytes="bytea").replace("replace(payload,", "replace(encode(payload, 'escape'),")
        connection.execute(said.encode())
        connection.close()
        assert not whole(url, outside)
        server.database(f"drill_{turn + 1}")
        done = cli("audit", "restore", copy, "--against", outside, "--audit", server.url(f"drill_{turn + 1}"))
        assert done.code == 0, done.err
        assert whole(server.url(f"drill_{turn + 1}"), outside)


@pytest.mark.long
def test_a_backup_that_was_touched_is_not_restored(tmp_path: Path) -> None:
    """The control of the drill: what is brought back is held against the checkpoint first."""
    url, copy, outside = f"sqlite:///{tmp_path}/audit.db", tmp_path / "backup.db", tmp_path / "outside"
    decided(url, 6)
    held(url, outside)
    assert cli("audit", "backup", copy, "--audit", url).code == 0
    chance = random.Random(1)
    for turn in range(5):
        touched, place = tmp_path / f"touched-{turn}.db", chance.randrange(10)
        shutil.copyfile(copy, touched)
        with broken_into(touched) as db:
            db.execute("UPDATE record SET payload = payload || x'20' WHERE at & 255 = ?", (place,))
        new = f"sqlite:///{tmp_path}/new.db"
        assert cli("audit", "restore", touched, "--against", outside, "--audit", new).code == 6
        assert not (tmp_path / "new.db").exists()
