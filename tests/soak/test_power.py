"""The power is cut at any moment of a log's life, and the disk keeps of it what it likes: nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from assign.errors import AssignError
from assign.log.log import Log
from assign.words import sha256
from tests.logs import draft, make, sound, sqlite_url

from .disk import Cut, Disk, Event

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own is made in it


def recorded(folder: Path, seed: int, synchronous: str = "FULL") -> tuple[list[Event], int]:
    """A log's life on a watched disk: made, written to by one and by four, checkpointed often, closed and opened again."""
    chance = random.Random(seed)
    url = sqlite_url(folder / "audit.db")

    def writes(log: Log, number: int) -> None:
        for _ in range(number):
            kept = log.append(draft())
            disk.said((kept.seq, sha256(kept.payload)))

    with Disk() as disk:
        make(url).close()
        begun = len(disk.events)
        for _ in range(3):
            with closing(Log.open(url)) as log:
                db = log.store._connection()  # type: ignore[attr-defined]
                db.execute(f"PRAGMA synchronous={synchronous}")
                db.wal_autocheckpoint(chance.choice((8, 20, 60)))
                writes(log, chance.randint(5, 15))
                threads = [Thread(target=writes, args=(log, 4)) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
    return disk.events, begun


def cut(folder: Path, events: list[Event], begun: int, points: int, chance: random.Random) -> Counter[str]:
    """So many cuts at moments of one life, and what a log that is opened after each of them is like."""
    found: Counter[str] = Counter()
    moments = sorted(chance.randrange(len(events)) for _ in range(points))
    life, done = Cut(), 0
    for moment in moments:
        for event in events[done:moment]:
            life.add(event)
        done = max(done, moment)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in life.image(chance).items():
            (folder / name).write_bytes(data)
        found[_after(sqlite_url(folder / "audit.db"), dict(life.said), made=moment >= begun)] += 1
        found["acknowledged"] += len(life.said)
    return found


def _after(url: str, said: dict[int, str], *, made: bool) -> str:
    try:
        log = Log.open(url) if made else make(url)
        with closing(log):
            rows = sound(log)
            if any(rows.get(seq) != digest for seq, digest in said.items()):
                return "lost"
            log.append(draft())  # no repair is needed
            sound(log)
    except (AssignError, AssertionError, ValueError):
        return "broken"
    return "sound"


def all_cuts(folder: Path, points: int, lives: int, synchronous: str = "FULL", seed: int = 1) -> Counter[str]:
    """Over several lives."""
    found: Counter[str] = Counter()
    for life in range(lives):
        (folder / "life").mkdir()
        events, begun = recorded(folder / "life", seed + life, synchronous)
        shutil.rmtree(folder / "life")
        found += cut(folder / "after", events, begun, points // lives, random.Random(seed + life))
    print(f"\npower cuts, synchronous={synchronous}: {dict(found)}")
    return found


def check(points: int, lives: int) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:  # whose syncs take no time; the cuts are modelled
        found = all_cuts(Path(folder), points, lives)
        assert found["sound"] == points
        for synchronous in ("NORMAL", "OFF"):  # the controls
            found = all_cuts(Path(folder), points // 5, max(lives // 5, 1), synchronous)
            assert found["lost"] >= points // 100, f"synchronous={synchronous} loses nothing: this test shows nothing"


@pytest.mark.slow
def test_300_power_cuts_lose_nothing_and_with_less_than_full_they_do() -> None:
    """The short form."""
    check(300, 3)


@pytest.mark.soak
def test_10000_power_cuts_lose_nothing_and_with_less_than_full_they_do() -> None:
    """The long one."""
    check(10_000, 100)
