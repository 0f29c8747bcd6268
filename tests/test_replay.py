"""
Every decision follows again, to the byte, from the log alone: in another process, another Python, another database, another
hash seed, time zone and locale. The short form has 2,000 decisions over 5 editions of the list, `make soak` 100,000 over 20.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assign import Desk
from assign.audit import copy, verify
from assign.catalog.loader import from_edition
from assign.catalog.manifest import FILE
from assign.catalog.model import CATALOG
from assign.log.log import Log
from assign.log.store import open_store
from assign.resources import joined

from .servers import Server, private_server
from .trail import ORIGIN, drafts, grow, recorded, requests
from .trail import _home as _home  # noqa: PLC0414 - a fixture

PLACES = (
    {"PYTHONHASHSEED": "0", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/Los_Angeles", "LC_ALL": "C.UTF-8", "LANG": "ja_JP.UTF-8"},
)


def editions(desk: Desk, number: int) -> list[bytes]:
    """The list, and others of which each has one more channel struck out: rows that both channels have today."""
    lines, found = desk.catalog.rows.decode().split("\n"), [desk.catalog.data]
    names = lines[0].lstrip("\ufeff").split(",")
    mark, counter, backyard = (names.index(name) for name in ("mark", "counter", "backyard"))
    for place in range(1, len(lines)):
        cells = lines[place].split(",")
        if len(found) == number or len(cells) <= backyard:
            break
        if (cells[mark], cells[counter], cells[backyard]) == ("", "○", "○"):
            cells[counter] = ""
            lines[place] = ",".join(cells)
            found.append(joined({FILE: desk.catalog.manifest.data, CATALOG: "\n".join(lines).encode()}))
    assert len(found) == number
    return found


def filled(path: Path, desk: Desk, decisions: int, number: int) -> None:
    """A log of so many decisions over so many editions, each published before it is cited."""
    with closing(Log.make(f"sqlite:///{path}", ORIGIN, desk.editions)) as log:
        each = decisions // number
        for place, data in enumerate(editions(desk, number)):
            asking = Desk(from_edition(data), desk.rules, "table", log)
            log.publish(asking.editions)
            different = requests(asking, min(each, 400), seed=place)
            told = drafts(recorded(asking, different))
            chosen = random.Random(place)
            grow(log, [{**chosen.choice(told), "key": None} for _ in range(each - len(told))])


def replayed(url: str, python: str = sys.executable, **environment: str) -> dict[str, int]:
    """What another process says."""
    words = [python, "-m", "assign", "audit", "replay", "--json", "--audit", url]
    kept = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "TZ")}
    done = subprocess.run(words, env={**kept, **environment}, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    counts: dict[str, int] = json.loads(done.stdout)["outcomes"]
    return {name: number for name, number in counts.items() if number}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL of our own."""
    with private_server() as found:
        yield found


@pytest.mark.slow
def test_what_one_process_wrote_another_decides_anew_to_the_byte(
    tmp_path: Path, table_desk: Desk, server: Server
) -> None:
    """2,000 decisions over 5 editions: two environments, and PostgreSQL, where the log is the same log."""
    path = tmp_path / "audit.db"
    filled(path, table_desk, 2000, 5)
    for place in PLACES:
        assert replayed(f"sqlite:///{path}", **place) == {"same": 2000}
    server.database("replay")
    with (
        closing(Log.open(f"sqlite:///{path}", ORIGIN)) as log,
        closing(open_store(server.url("replay"), create=True)) as store,
    ):
        size, head = copy(log, store), log.head()
        other = Log(store, ORIGIN, store.origins()[ORIGIN])
        assert (other.size, other.head()) == (size, head)
        assert verify(other).findings == []
    assert replayed(server.url("replay"), **PLACES[1]) == {"same": 2000}


@pytest.mark.soak
def test_a_hundred_thousand_decisions_follow_on_every_python_of_this_machine(
    tmp_path: Path, table_desk: Desk, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over 20 editions; other Pythons are those that `make test` has made environments for."""
    path, number = tmp_path / "audit.db", 100_000
    filled(path, table_desk, number, 20)
    server.database("soak")
    with (
        closing(Log.open(f"sqlite:///{path}", ORIGIN)) as log,
        closing(open_store(server.url("soak"), create=True)) as store,
    ):
        copy(log, store)
    root = Path(__file__).parents[1]
    pythons = [sys.executable, *map(str, sorted(root.glob(".venv-3.*/bin/python")))]
    lines = []
    for url in (f"sqlite:///{path}", server.url("soak")):
        for python, place in ((python, place) for python in pythons for place in PLACES):
            counts = replayed(url, python, **place)
            lines.append(f"{url.partition(':')[0]} {python.rpartition('/bin')[0].rpartition('/')[2]} {place}: {counts}")
            assert counts == {"same": number}
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201 - the counts are to be seen
